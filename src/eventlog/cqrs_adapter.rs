//! Adapter to cqrs-es: our aggregates as theirs, in event-store mode, and loading of their events.
//!
//! Its snapshot and aggregate stores are not used, because they apply each event twice;
//! `tests/it/log/cqrs_es_compat.rs` demonstrates it.

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};

use super::recorded_event::StreamKey;
use super::upcast;
use crate::domain::{Aggregate, DecisionContext, DomainEvent, Refusal};
use crate::store::{Store, StoreError, StoreResult, events};

/// One of our aggregates as an aggregate of cqrs-es.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent, bound = "S: Aggregate")]
pub struct CqrsAggregate<S>(pub S);

/// One of our events as an event of cqrs-es.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent, bound = "E: DomainEvent")]
pub struct CqrsEvent<E>(pub E);

impl<E: DomainEvent> cqrs_es::DomainEvent for CqrsEvent<E> {
    fn event_type(&self) -> String {
        self.0.name().to_owned()
    }

    fn event_version(&self) -> String {
        self.0.version().to_owned()
    }
}

/// A command and the decision context.
pub struct CqrsCommand<S: Aggregate> {
    pub command: S::Command,
    pub facts: DecisionContext,
}

impl<S: Aggregate> cqrs_es::Aggregate for CqrsAggregate<S> {
    const TYPE: &'static str = S::TYPE;
    type Command = CqrsCommand<S>;
    type Event = CqrsEvent<S::Event>;
    type Error = Refusal;
    type Services = ();

    async fn handle(
        &mut self,
        issued: CqrsCommand<S>,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        for event in self.0.decide(&issued.command, &issued.facts)? {
            sink.write(CqrsEvent(event), self).await;
        }
        Ok(())
    }

    /// # Panics
    ///
    /// If the event takes more money than there is. cqrs-es has no error for it, and applies only
    /// events that `decide` has just made.
    fn apply(&mut self, event: CqrsEvent<S::Event>) {
        self.0
            .apply(&event.0)
            .expect("a decision takes no more than there is");
    }
}

/// The events of a stream after a sequence. PostgreSQL is read through postgres-es, SQLite through
/// `store`.
///
/// Fails with [`StoreError::Unreadable`] if a stored event cannot be parsed.
pub(super) async fn load_events_after<S: Aggregate>(
    store: &Store,
    organisation: &str,
    stream: StreamKey,
    after: i64,
) -> StoreResult<Vec<S::Event>> {
    let id = stream.stored_id(organisation);
    let Some(pool) = store.postgres_pool() else {
        let rows = events::stream_events(store, organisation, S::TYPE, &id, after).await?;
        return rows
            .iter()
            .map(|row| {
                parse_event::<S>(
                    row.sequence,
                    &row.aggregate_id,
                    &row.event_type,
                    &row.event_version,
                    &row.payload,
                )
            })
            .collect();
    };
    let repository = PostgresEventRepository::new(pool.clone());
    let seen = usize::try_from(after).unwrap_or_default();
    let stored = repository
        .get_last_events::<CqrsAggregate<S>>(&id, seen)
        .await
        .map_err(|cause| match cause {
            PersistenceError::DeserializationError(_) => unreadable::<S>(&id, after + 1, &cause),
            // A cut connection or a server that is shutting down does not mean that the stored data
            // is bad.
            passing => StoreError::StreamNotLoaded(passing.to_string()),
        })?;
    let steps = upcast::upcasters();
    stored
        .into_iter()
        .map(|event| {
            let sequence = i64::try_from(event.sequence).unwrap_or(i64::MAX);
            serde_json::from_value(upcast::upcast_event(event, &steps).payload)
                .map_err(|cause| unreadable::<S>(&id, sequence, &cause))
        })
        .collect()
}

fn parse_event<S: Aggregate>(
    sequence: i64,
    id: &str,
    event_type: &str,
    version: &str,
    payload: &str,
) -> StoreResult<S::Event> {
    let event = upcast::upcast_payload(event_type, version, payload)
        .and_then(|payload| serde_json::from_str(&payload));
    event.map_err(|cause| unreadable::<S>(id, sequence, &cause))
}

fn unreadable<S: Aggregate>(id: &str, sequence: i64, cause: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unreadable {
        what: "an event",
        stream: format!("{}/{id}", S::TYPE),
        position: sequence,
        cause: cause.to_string(),
    }
}
