//! Restoring under a new origin: the event that records it, right after the restored events.

use jiff::Timestamp;
use uuid::Uuid;

use super::RestoreError;
use crate::audit::Report;
use crate::clock::day_of;
use crate::domain::application::Channel;
use crate::domain::organisation::RecordRestore;
use crate::domain::text::Prose;
use crate::domain::{
    Actor, Aggregate as _, DecisionContext, DomainEvent as _, Event, Organisation,
    OrganisationCommand,
};
use crate::eventlog::append::AppendReceipt;
use crate::eventlog::recorded_event::{Metadata, RecordedEvent, StreamKey};
use crate::store::Tx;
use crate::store::events::{self, AppendRows, CommandRow, EventRow};

/// Why a log continues under a new origin.
#[derive(Clone, Debug)]
pub struct NewOrigin {
    /// The id of the command that records the new origin.
    pub command: Uuid,
    /// The number of events under the newest checkpoint that is known outside, if one is.
    pub known_size: Option<u64>,
    pub reason: Prose,
}

/// The organisation's stream in the backup: its id, its state, and the sequence of its last event.
#[derive(Debug, Default)]
pub(super) struct OrganisationStream {
    id: Uuid,
    state: Organisation,
    sequence: i64,
}

impl OrganisationStream {
    /// Applies the next event of the log if it belongs to this stream.
    pub(super) fn process(&mut self, event: &RecordedEvent) {
        if let Event::Organisation(own) = &event.event {
            // An organisation has no money that could fall below zero.
            self.state.apply(own).ok();
            (self.id, self.sequence) = (event.stream, event.sequence);
        }
    }
}

impl NewOrigin {
    /// Decides `organisation/record-restore` and writes its event and reply, as the writer of the
    /// log would. It is written in the transaction of the restored events, so no log is restored
    /// without it.
    pub(super) async fn record(
        &self,
        tx: &mut Tx,
        organisation: &str,
        stream: &OrganisationStream,
        report: &Report,
    ) -> Result<(), RestoreError> {
        let head = events::lock_head(tx, organisation).await?;
        let recorded_at = head.clock.max(head.last_at);
        let now = Timestamp::from_microsecond(recorded_at)?;
        let command = OrganisationCommand::RecordRestore(RecordRestore {
            origin: report.origin.parse().map_err(RestoreError::Origin)?,
            sealed: u64::try_from(report.events).unwrap_or_default(),
            known: self.known_size,
            reason: self.reason.clone(),
        });
        let decided = stream.state.decide(
            &command,
            &DecisionContext::new(Actor::Operator, day_of(now)),
        )?;
        let metadata = serde_json_canonicalizer::to_string(&self.metadata(&command, now))?;
        let mut rows = Vec::new();
        for ((event, sequence), position) in decided
            .iter()
            .zip(stream.sequence + 1..)
            .zip(head.next_position..)
        {
            rows.push(EventRow {
                position,
                recorded_at,
                aggregate_type: Organisation::TYPE.to_owned(),
                aggregate_id: StreamKey::of::<Organisation>(stream.id).stored_id(organisation),
                sequence,
                event_type: event.name().to_owned(),
                event_version: event.version().to_owned(),
                payload: serde_json_canonicalizer::to_string(event)?,
                metadata: metadata.clone(),
                command_id: self.command.to_string(),
            });
        }
        let last = rows.last().map_or(head.next_position, |row| row.position);
        let answer = AppendReceipt {
            id: stream.id,
            first_position: head.next_position,
            last_position: last,
            ..AppendReceipt::default()
        };
        let answer = CommandRow {
            command_id: self.command.to_string(),
            answer: serde_json::to_string(&answer)?,
        };
        let written = AppendRows {
            events: &rows,
            commands: &[answer],
            encrypted: &[],
            next_position: last + 1,
            last_at: recorded_at,
            projections: None,
            expected_head: None,
        };
        events::write(tx, organisation, &written).await?;
        Ok(())
    }

    /// The metadata of an operator's command.
    fn metadata(&self, command: &OrganisationCommand, now: Timestamp) -> Metadata {
        let mut metadata = Metadata::default();
        metadata.set("actor", "operator");
        metadata.set("causation_id", self.command.to_string());
        metadata.set("channel", <&str>::from(Channel::Web));
        metadata.set(
            "command",
            format!("{}/{}", Organisation::TYPE, command.name()),
        );
        metadata.set("command_id", self.command.to_string());
        metadata.set("correlation_id", self.command.to_string());
        metadata.set("decided_at", now.to_string());
        metadata
    }
}
