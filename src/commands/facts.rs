//! The streams that a decision reads, loaded from the event log and never from read models, and the
//! decision context made of them.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use uuid::Uuid;

use super::Caller;
use crate::domain::{
    Application, Command, Facts, Fund, Group, Organisation, Person, PersonId, Related, Seen, Stream,
};
use crate::log::record::StreamKey;
use crate::log::{Loaded, Log, LogError};

/// The streams that one command has loaded so far. Their states include the events decided so far.
pub(super) struct Met<'a> {
    log: &'a Log,
    organisation: Uuid,
    streams: BTreeMap<StreamKey, Meeting>,
}

/// A loaded stream: its sequence in the log when it was loaded, whether it is one of the command's
/// reads, and its state, which includes the events decided so far.
pub(super) struct Meeting {
    pub(super) seen: i64,
    pub(super) looked: bool,
    pub(super) state: Arc<dyn Any + Send + Sync>,
}

impl<'a> Met<'a> {
    pub(super) fn new(log: &'a Log, organisation: Uuid) -> Self {
        Self {
            log,
            organisation,
            streams: BTreeMap::new(),
        }
    }

    pub(super) fn streams(&self) -> &BTreeMap<StreamKey, Meeting> {
        &self.streams
    }

    /// Loads an aggregate, or returns the state that it has within this command.
    pub(super) async fn meet<S: Stream>(&mut self, id: Uuid) -> Result<Arc<S>, LogError> {
        let key = StreamKey::of::<S>(id);
        if let Some(known) = self.streams.get(&key)
            && let Ok(state) = Arc::clone(&known.state).downcast()
        {
            return Ok(state);
        }
        let Loaded { state, sequence } = self.log.load::<S>(id).await?;
        self.streams.insert(
            key,
            Meeting {
                seen: sequence,
                looked: false,
                state: Arc::clone(&state) as _,
            },
        );
        Ok(state)
    }

    /// Replaces the state of an aggregate after new events were decided.
    pub(super) fn replace<S: Stream>(&mut self, id: Uuid, state: S) {
        if let Some(met) = self.streams.get_mut(&StreamKey::of::<S>(id)) {
            met.looked = true;
            met.state = Arc::new(state);
        }
    }

    /// Marks the stream that a command addresses as read.
    pub(super) fn look<S: Stream>(&mut self, id: Uuid) {
        if let Some(met) = self.streams.get_mut(&StreamKey::of::<S>(id)) {
            met.looked = true;
        }
    }

    /// Builds the decision context of a command.
    pub(super) async fn facts(
        &mut self,
        caller: &Caller,
        today: Date,
        consequence: bool,
        command: &Command,
    ) -> Result<Facts, LogError> {
        let related = self.related(command).await?;
        let mut facts = Facts::new(caller.actor, today);
        facts.narrowed.clone_from(&caller.narrowed);
        facts.consequence = consequence;
        facts.organisation = Seen::new(self.meet::<Organisation>(self.organisation).await?);
        if let Some(person) = related.person {
            facts.person = Seen::new(self.meet::<Person>(person).await?);
        }
        if let Some(fund) = related.fund {
            facts.fund = Seen::new(self.meet::<Fund>(fund).await?);
        }
        if let Some(group) = related.group {
            let state = self.meet::<Group>(group).await?;
            self.relatives(&mut facts, group, &state).await?;
            for grant in command.grants_of(&state) {
                facts
                    .granted
                    .push(Seen::new(self.meet::<Application>(grant).await?));
            }
            let keyer = command.keyer(caller.actor);
            self.people(&mut facts, &state, keyer).await?;
            facts.group = Seen::new(state);
        }
        self.looked_at(&mut facts, command).await?;
        if let Some(application) = related.application {
            facts.application = Seen::new(self.meet::<Application>(application).await?);
        }
        Ok(facts)
    }

    /// Loads the groups that a group was merged into, and all groups that were merged into it or
    /// into one of these.
    async fn relatives(
        &mut self,
        facts: &mut Facts,
        group: Uuid,
        state: &Group,
    ) -> Result<(), LogError> {
        // Within a command that will be refused, two groups can be merged into each other: each
        // group is visited once.
        let mut met = BTreeSet::from([group]);
        let mut taken_in: Vec<_> = state.took_in().collect();
        let mut next = state.merged_into();
        while let Some(heir) = next.filter(|heir| met.insert(heir.0)) {
            let state = self.meet::<Group>(heir.0).await?;
            next = state.merged_into();
            taken_in.extend(state.took_in());
            facts.heirs.push(Seen::new(state));
        }
        while let Some(taken) = taken_in.pop() {
            if met.insert(taken.0) {
                let state = self.meet::<Group>(taken.0).await?;
                taken_in.extend(state.took_in());
                facts.taken_in.push(Seen::new(state));
            }
        }
        Ok(())
    }

    /// Loads the person who keys in account details, and those who vouched for their identity, and
    /// so on.
    async fn people(
        &mut self,
        facts: &mut Facts,
        group: &Group,
        keyer: Option<PersonId>,
    ) -> Result<(), LogError> {
        let mut waiting: Vec<_> = keyer.into_iter().collect();
        while let Some(next) = waiting.pop() {
            if facts.people.contains_key(&next) {
                continue;
            }
            let state = self.meet::<Person>(next.0).await?;
            let relatives: Vec<_> = facts.relatives().collect();
            waiting.extend(group.word_for(relatives.into_iter(), next));
            waiting.extend(state.known_by());
            facts.people.insert(next, Seen::new(state));
        }
        Ok(())
    }

    /// Loads the people whose own streams the rules of this command may read: administrators where
    /// a fund opens, members of the groups where money leaves.
    async fn looked_at(&mut self, facts: &mut Facts, command: &Command) -> Result<(), LogError> {
        let groups: Vec<_> = std::iter::once(&facts.group)
            .chain(&facts.heirs)
            .filter_map(Seen::peek)
            .collect();
        let people = facts
            .organisation
            .peek()
            .map(|organisation| command.looks_at(organisation, &groups));
        for person in people.unwrap_or_default() {
            let state = self.meet::<Person>(person.0).await?;
            facts
                .people
                .entry(person)
                .or_insert_with(|| Seen::new(state));
        }
        Ok(())
    }

    /// Marks the streams that a decision read through its context. The granularity is the kind of
    /// stream: if one person was read, all loaded people count as read.
    pub(super) fn note(&mut self, command: &Command, related: &Facts) {
        let mut look = |looked: bool, kind: &'static str| {
            for (_, met) in self
                .streams
                .iter_mut()
                .filter(|(key, _)| looked && key.kind == kind)
            {
                met.looked = true;
            }
        };
        look(related.organisation.looked(), Organisation::TYPE);
        look(
            related.person.looked() || related.people.values().any(Seen::looked),
            Person::TYPE,
        );
        look(related.fund.looked(), Fund::TYPE);
        look(related.group.looked(), Group::TYPE);
        // The application determines the fund and group of a grant.
        let granted = related.granted.iter().any(Seen::looked);
        look(
            related.application.looked() || granted || command.about().is_some(),
            Application::TYPE,
        );
        look(true, command.noun());
    }

    async fn related(&mut self, command: &Command) -> Result<Related, LogError> {
        let application = match command.about() {
            Some(id) => self.meet::<Application>(id).await?,
            None => Arc::default(),
        };
        Ok(command.related(&application))
    }

    /// The person or group whose key encrypts the personal values of a command.
    pub(super) async fn subject(&mut self, command: &Command) -> Result<Option<Uuid>, LogError> {
        Ok(match command {
            Command::Person(person, _) => Some(person.0),
            Command::Group(group, _) => Some(group.0),
            Command::Organisation(..) | Command::Fund(..) => None,
            Command::Application(..) | Command::Grant(..) => self.related(command).await?.group,
        })
    }
}
