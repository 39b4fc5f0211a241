//! Adapter to cqrs-es: our aggregates as theirs, in event-store mode, and loading of their events.
//!
//! Its snapshot and aggregate stores are not used, because they apply each event twice;
//! `tests/it/crates.rs` demonstrates it.

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};

use super::record::StreamKey;
use super::upcast;
use crate::domain::{Facts, Refusal, Stream, StreamEvent};
use crate::store::{Store, StoreError, Stored, events};

/// One of our aggregates as an aggregate of cqrs-es.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent, bound = "S: Stream")]
pub struct Aggregated<S>(pub S);

/// One of our events as an event of cqrs-es.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent, bound = "E: StreamEvent")]
pub struct Fact<E>(pub E);

impl<E: StreamEvent> cqrs_es::DomainEvent for Fact<E> {
    fn event_type(&self) -> String {
        self.0.name().to_owned()
    }

    fn event_version(&self) -> String {
        self.0.version().to_owned()
    }
}

/// A command and the decision context.
pub struct Issued<S: Stream> {
    pub command: S::Command,
    pub facts: Facts,
}

impl<S: Stream> cqrs_es::Aggregate for Aggregated<S> {
    const TYPE: &'static str = S::TYPE;
    type Command = Issued<S>;
    type Event = Fact<S::Event>;
    type Error = Refusal;
    type Services = ();

    async fn handle(
        &mut self,
        issued: Issued<S>,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        for event in self.0.decide(&issued.command, &issued.facts)? {
            sink.write(Fact(event), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Fact<S::Event>) {
        self.0.apply(&event.0);
    }
}

/// The events of a stream after a sequence. PostgreSQL is read through postgres-es, SQLite through
/// `store`.
///
/// Fails with [`StoreError::Unreadable`] if a stored event cannot be parsed.
pub(super) async fn tail<S: Stream>(
    store: &Store,
    organisation: &str,
    stream: StreamKey,
    after: i64,
) -> Stored<Vec<S::Event>> {
    let id = stream.stored_id(organisation);
    let Some(pool) = store.postgres() else {
        let rows = events::stream(store, organisation, S::TYPE, &id, after).await?;
        return rows
            .iter()
            .map(|row| {
                read::<S>(
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
        .get_last_events::<Aggregated<S>>(&id, seen)
        .await
        .map_err(|cause| match cause {
            PersistenceError::DeserializationError(_) => unreadable::<S>(&id, after + 1, &cause),
            // A cut connection or a server that is shutting down does not mean that the stored data
            // is bad.
            passing => StoreError::NotLoaded(passing.to_string()),
        })?;
    let steps = upcast::upcasters();
    stored
        .into_iter()
        .map(|event| {
            let sequence = i64::try_from(event.sequence).unwrap_or(i64::MAX);
            serde_json::from_value(upcast::newest(event, &steps).payload)
                .map_err(|cause| unreadable::<S>(&id, sequence, &cause))
        })
        .collect()
}

fn read<S: Stream>(
    sequence: i64,
    id: &str,
    event_type: &str,
    version: &str,
    payload: &str,
) -> Stored<S::Event> {
    let event = upcast::current(event_type, version, payload)
        .and_then(|payload| serde_json::from_str(&payload));
    event.map_err(|cause| unreadable::<S>(id, sequence, &cause))
}

fn unreadable<S: Stream>(id: &str, sequence: i64, cause: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unreadable {
        what: "an event",
        stream: format!("{}/{id}", S::TYPE),
        position: sequence,
        cause: cause.to_string(),
    }
}
