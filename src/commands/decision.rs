//! The decision on a command and on the commands that its events trigger, over the streams that
//! were loaded for it.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use super::loaded_streams::LoadedStreams;
use super::{Caller, CommandError, RefusedRecord};
use crate::domain::role::{Permission, Roles};
use crate::domain::{
    Aggregate, Application, Asset, Barrier, Command, DomainEvent, Event, EventPermission,
    FollowUps, Fund, Gathering, Grant, Group, Introduction, Organisation, Person, created_number,
};
use crate::eventlog::append::{Batch, NewEvent};
use crate::eventlog::recorded_event::StreamKey;
use crate::eventlog::{LoadedAggregate, Log, LogError};

/// The types of streams. A stream whose type is missing here would be cached as another one.
macro_rules! with_stream_types {
    ($then:ident!($($with:tt)*)) => {
        $then!($($with)*; Person, Organisation, Fund, Group, Application, Grant, Gathering, Asset,
            Introduction, Barrier)
    };
}

/// Evaluates an expression with the aggregate of a stream of this type as `$state`.
macro_rules! of_stream_type {
    ($kind:expr, $state:ident => $body:expr) => {
        with_stream_types!(of_stream_type!(@ $kind, $state => $body))
    };
    (@ $kind:expr, $state:ident => $body:expr; $($type:ident),+) => {
        match $kind {
            $($type::TYPE => {
                type $state = $type;
                $body
            })+
            _ => {
                type $state = Grant;
                $body
            }
        }
    };
}

/// The outcome of a decision: new events by stream, in the order in which they were decided, and
/// the streams that were loaded.
pub(super) struct Decision<'a> {
    streams: LoadedStreams<'a>,
    builder: DecisionBuilder,
}

impl<'a> Decision<'a> {
    /// Decides the command, then every command that the policies derive from its events. If one is
    /// refused, all are. A command about many records reports every refused record: after a refusal
    /// the other records are still decided. An error comes with the loaded streams, so that the
    /// caller can check whether they have changed.
    pub(super) async fn decide(
        mut met: LoadedStreams<'a>,
        caller: &Caller,
        now: Timestamp,
        command: &Command,
    ) -> Result<Self, (CommandError, LoadedStreams<'a>)> {
        let mut reached = DecisionBuilder::default();
        let mut waiting = VecDeque::from([(command.clone(), None)]);
        let mut refused: Vec<RefusedRecord> = Vec::new();
        while let Some((next, record)) = waiting.pop_front() {
            match reached
                .decide_one(&mut met, caller, now, &next, record.is_some())
                .await
            {
                // Depth first: the consequences of one command are decided before the next command.
                Ok(following) => following.rev().for_each(|command| {
                    let record = record.unwrap_or((command.aggregate_type(), command.id()));
                    waiting.push_front((command, Some(record)));
                }),
                Err(CommandError::Refused(refusal)) if command.is_bulk() && record.is_some() => {
                    let (noun, id) = record.unwrap_or((next.aggregate_type(), next.id()));
                    refused.push(RefusedRecord { refusal, noun, id });
                    while waiting.front().is_some_and(|(_, of)| *of == record) {
                        waiting.pop_front();
                    }
                }
                Err(error) => return Err((error, met)),
            }
        }
        if !refused.is_empty() {
            return Err((CommandError::RefusedFor(refused), met));
        }
        Ok(Self {
            streams: met,
            builder: reached,
        })
    }

    /// Gives the loaded streams back, for a decision that is refused later.
    pub(super) fn into_streams(self) -> LoadedStreams<'a> {
        self.streams
    }

    pub(super) fn batches(&self) -> &[Batch] {
        &self.builder.batches
    }

    /// Whether the decision only proposes a change of contact details. A proposed address must not
    /// enter the blind index, by which people are found.
    pub(super) fn only_proposes(&self) -> bool {
        let mut events = self.builder.batches.iter().flat_map(|batch| &batch.events);
        events.any(|event| event.name == "ContactChangeProposed")
    }

    /// The events that the table of permissions does not name for the command that was given.
    pub(super) fn undeclared_events(&self, command: &Command) -> Vec<&'static str> {
        let command = command.full_name();
        let is_declared = |stream: &str, event: &str| {
            EventPermission::of(stream, event)
                .is_some_and(|permission| permission.has_command(&command))
        };
        let mut undeclared = Vec::new();
        for batch in &self.builder.batches {
            let names = batch.events.iter().map(|event| event.name);
            undeclared.extend(names.filter(|name| !is_declared(batch.stream.kind, name)));
        }
        undeclared
    }

    pub(super) fn created_number(&self) -> Option<u32> {
        self.builder.created_number
    }

    /// The roles of the caller that the decision counted.
    pub(super) fn roles(&self) -> &Roles {
        &self.builder.roles
    }

    /// The group on whose behalf the caller acted without being a member of it.
    pub(super) fn on_behalf_of(&self) -> Option<uuid::Uuid> {
        self.builder.on_behalf_of
    }

    /// The streams that the decision read, with the sequence at which each was loaded.
    pub(super) fn reads(&self) -> Vec<(StreamKey, i64)> {
        recorded_reads(&self.streams)
    }

    /// Caches the new states of the written streams. Only correct after the append succeeded, which
    /// proves that no other command had changed them.
    pub(super) fn cache_states(self, log: &Log) {
        let written: BTreeMap<_, _> = self
            .builder
            .batches
            .iter()
            .map(|batch| (batch.stream, batch.events.len()))
            .collect();
        for (key, met) in self.streams.streams() {
            let Some(count) = written.get(key) else {
                continue;
            };
            let sequence = met.loaded_sequence + i64::try_from(*count).unwrap_or_default();
            of_stream_type!(key.kind, S => cache_state::<S>(log, *key, &met.state, sequence));
        }
    }
}

/// The streams that a decision or a refusal read, with the sequence at which each was loaded.
pub(super) fn recorded_reads(met: &LoadedStreams<'_>) -> Vec<(StreamKey, i64)> {
    met.streams()
        .iter()
        .filter(|(_, met)| met.was_read)
        .map(|(key, met)| (*key, met.loaded_sequence))
        .collect()
}

/// Loads these streams from the database. Returns whether one has another sequence than it had.
pub(super) async fn any_changed(log: &Log, reads: &[(StreamKey, i64)]) -> Result<bool, LogError> {
    let mut moved = false;
    for (key, seen) in reads {
        let sequence = of_stream_type!(key.kind, S => log.refresh::<S>(key.id).await?.sequence);
        moved |= sequence != *seen;
    }
    Ok(moved)
}

fn cache_state<S: Aggregate>(
    log: &Log,
    key: StreamKey,
    state: &std::sync::Arc<dyn std::any::Any + Send + Sync>,
    sequence: i64,
) {
    if let Ok(state) = std::sync::Arc::clone(state).downcast() {
        log.cache_state::<S>(key.id, &LoadedAggregate { state, sequence });
    }
}

#[derive(Default)]
struct DecisionBuilder {
    batches: Vec<Batch>,
    created_number: Option<u32>,
    roles: Roles,
    on_behalf_of: Option<uuid::Uuid>,
}

impl DecisionBuilder {
    /// Decides one command and collects its events. Returns the commands that follow from them.
    async fn decide_one(
        &mut self,
        met: &mut LoadedStreams<'_>,
        caller: &Caller,
        now: Timestamp,
        command: &Command,
        consequence: bool,
    ) -> Result<impl DoubleEndedIterator<Item = Command> + use<>, CommandError> {
        let facts = met
            .decision_context(caller, now, consequence, command)
            .await?;
        if !consequence {
            self.roles = facts.roles();
            let for_a_group = matches!(command.permission(), Permission::StaffOrMember(_))
                && !facts.of_group().unwrap_or(true);
            self.on_behalf_of = if for_a_group {
                met.subject(command).await?
            } else {
                None
            };
        }
        let following = self.dispatch(met, command, &facts).await;
        met.record_reads(command, &facts);
        Ok(following?.into_iter())
    }

    async fn dispatch(
        &mut self,
        met: &mut LoadedStreams<'_>,
        command: &Command,
        facts: &crate::domain::DecisionContext,
    ) -> Result<Vec<Command>, CommandError> {
        let may = command.permit(facts);
        match command {
            Command::Person(id, inner) => {
                self.decide_on::<Person>(met, id.0, inner, may, facts).await
            }
            Command::Organisation(id, inner) => {
                self.decide_on::<Organisation>(met, id.0, inner, may, facts)
                    .await
            }
            Command::Fund(id, inner) => self.decide_on::<Fund>(met, id.0, inner, may, facts).await,
            Command::Group(id, inner) => {
                self.decide_on::<Group>(met, id.0, inner, may, facts).await
            }
            Command::Application(id, inner) => {
                self.decide_on::<Application>(met, id.0, inner, may, facts)
                    .await
            }
            Command::Grant(id, inner) => {
                self.decide_on::<Grant>(met, id.0, inner, may, facts).await
            }
            Command::Gathering(id, inner) => {
                self.decide_on::<Gathering>(met, id.0, inner, may, facts)
                    .await
            }
            Command::Asset(id, inner) => {
                self.decide_on::<Asset>(met, id.0, inner, may, facts).await
            }
            Command::Introduction(id, inner) => {
                self.decide_on::<Introduction>(met, id.0, inner, may, facts)
                    .await
            }
            Command::Barrier(id, inner) => {
                self.decide_on::<Barrier>(met, id.0, inner, may, facts)
                    .await
            }
        }
    }

    async fn decide_on<S: FollowUps>(
        &mut self,
        met: &mut LoadedStreams<'_>,
        id: uuid::Uuid,
        command: &S::Command,
        may: Result<(), crate::domain::Refusal>,
        facts: &crate::domain::DecisionContext,
    ) -> Result<Vec<Command>, CommandError> {
        let before = met.load::<S>(id).await?;
        met.mark_read::<S>(id);
        may?;
        let events = before.decide(command, facts)?;
        let mut after = (*before).clone();
        for event in &events {
            after.apply(event).map_err(crate::domain::Refusal::from)?;
        }
        let following = events
            .iter()
            .flat_map(|event| before.follow_ups(id, command, event, &after))
            .collect();
        self.record_events::<S>(id, events)?;
        met.replace_state::<S>(id, after);
        Ok(following)
    }

    fn record_events<S: FollowUps>(
        &mut self,
        id: uuid::Uuid,
        events: Vec<S::Event>,
    ) -> Result<(), CommandError> {
        // A command that follows from another may have no events: there was nothing to change.
        if events.is_empty() {
            return Ok(());
        }
        let mut new = Vec::with_capacity(events.len());
        for event in events {
            let payload = serde_json_canonicalizer::to_string(&event)
                .map_err(|cause| CommandError::Unwritable(cause.to_string()))?;
            new.push(NewEvent {
                name: event.name(),
                version: event.version(),
                payload,
            });
            let event: Event = event.into();
            self.created_number = self.created_number.or_else(|| created_number(&event));
        }
        if new.is_empty() {
            return Ok(());
        }
        let stream = StreamKey::of::<S>(id);
        match self.batches.iter_mut().find(|batch| batch.stream == stream) {
            Some(batch) => batch.events.extend(new),
            None => self.batches.push(Batch {
                stream,
                events: new,
            }),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EVENT_NAMES;

    macro_rules! types {
        (; $($type:ident),+) => { [$($type::TYPE),+] };
    }

    #[test]
    fn every_type_of_stream_is_cached_as_its_own() {
        let known: Vec<&str> = with_stream_types!(types!()).into_iter().collect();
        let all: Vec<&str> = EVENT_NAMES.iter().map(|(stream, _)| *stream).collect();
        assert_eq!(known, all);
    }
}
