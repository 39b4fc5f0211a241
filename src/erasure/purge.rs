//! Follows the log and completes each erasure outside the database. It also deletes the bytes of
//! files that a group removed, and the encrypted values that events declare forgotten, such as
//! needs at past sessions and what mattered to introduced people.

use std::path::PathBuf;
use std::time::Duration;

use uuid::Uuid;

use super::{ErasureList, ErasureRecord};
use crate::domain::personal_data::Encrypted;
use crate::domain::{Event, Group, GroupEvent, PersonEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::eventlog::{Log, LogError};
use crate::files::{FileError, FileStore};
use crate::store::{StoreError, kept_files, outbox, personal_data, saved_views, subscriptions};

const SUBSCRIPTION: &str = "erasure";
/// Long, because each advance of the subscription is a transaction.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
const PAGE_EVENTS: i64 = 500;

/// Why an erasure could not be completed. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum PurgeError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the list of erasures, or a mail in the folder: {0}")]
    Disk(#[from] std::io::Error),
}

/// Completes the erasures of one organisation.
#[derive(Clone)]
pub struct Purger {
    log: Log,
    files: FileStore,
    /// The folder of mails that is used when there is no mail server.
    mails: PathBuf,
    list: ErasureList,
}

impl Purger {
    #[must_use]
    pub fn new(log: Log, files: FileStore, mails: PathBuf, list: ErasureList) -> Self {
        Self {
            log,
            files,
            mails,
            list,
        }
    }

    /// Follows the log for as long as the process runs.
    pub async fn run(self) {
        loop {
            // Another process may have erased their subjects.
            self.log.vault().evict_expired();
            match self.run_once().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%error, "an erasure could not be finished; it is tried again");
                }
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Reads the next events and completes their erasures. Returns whether there may be more to
    /// read.
    ///
    /// After an error the subscription has not advanced, so the same events are read again.
    pub async fn run_once(&self) -> Result<bool, PurgeError> {
        let (store, organisation) = (self.log.store(), self.log.organisation());
        let next = subscriptions::next_position(store, organisation, SUBSCRIPTION).await?;
        let events = self.log.read_events(next, PAGE_EVENTS).await?;
        let Some(last) = events.last() else {
            return Ok(false);
        };
        let mut erased = false;
        for event in &events {
            if let Event::Group(GroupEvent::FileRemoved { file, .. }) = &event.event {
                self.files.remove(file).await?;
            }
            let forgotten = event.event.forgotten_values();
            if !forgotten.is_empty() {
                self.delete_values(forgotten).await?;
                erased = true;
            }
            erased |= self.finish_erasure(event).await?;
        }
        if erased {
            store.purge_deleted().await?;
        }
        let mut tx = store.begin().await?;
        subscriptions::lock(&mut tx, organisation, SUBSCRIPTION, 0).await?;
        subscriptions::advance(&mut tx, organisation, SUBSCRIPTION, last.position + 1).await?;
        tx.commit().await?;
        Ok(i64::try_from(events.len()).unwrap_or_default() == PAGE_EVENTS)
    }

    /// Completes the erasure if the event is one, and returns whether it is. It is listed first,
    /// because the other steps can be repeated.
    async fn finish_erasure(&self, event: &RecordedEvent) -> Result<bool, PurgeError> {
        let kind = match &event.event {
            Event::Person(PersonEvent::PersonalDataErased { .. }) => "person",
            Event::Group(GroupEvent::PersonalDataErased { .. }) => "group",
            _ => return Ok(false),
        };
        let organisation = self.log.organisation().to_owned();
        self.list.add(&ErasureRecord {
            organisation,
            kind: kind.to_owned(),
            subject: event.stream,
            position: event.position,
        })?;
        self.log.vault().evict(event.stream);
        if kind == "person" {
            self.remove_mails(event.stream).await?;
            let (store, person) = (self.log.store(), event.stream.to_string());
            saved_views::remove_of_person(store, self.log.organisation(), &person).await?;
            let typist = self.log.vault().typist(event.stream);
            kept_files::remove_of_person(store, self.log.organisation(), &typist).await?;
            return Ok(true);
        }
        for file in self.log.refresh::<Group>(event.stream).await?.state.files() {
            self.files.remove(file).await?;
        }
        Ok(true)
    }

    async fn delete_values(&self, values: &[Encrypted]) -> Result<(), PurgeError> {
        let digests: Vec<_> = values.iter().map(|value| value.digest.clone()).collect();
        let (store, organisation) = (self.log.store(), self.log.organisation());
        personal_data::delete_values(store, organisation, &digests).await?;
        Ok(())
    }

    async fn remove_mails(&self, person: Uuid) -> Result<(), PurgeError> {
        for id in outbox::ids_of_person(
            self.log.store(),
            self.log.organisation(),
            &person.to_string(),
        )
        .await?
        {
            for ending in ["eml", "part"] {
                match tokio::fs::remove_file(self.mails.join(format!("{id}.{ending}"))).await {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(error.into());
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}
