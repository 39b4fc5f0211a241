//! Follows the log and completes each erasure outside the database.

use std::path::PathBuf;
use std::time::Duration;

use uuid::Uuid;

use super::{Erased, ErasureList};
use crate::domain::{Event, Group, GroupEvent, PersonEvent};
use crate::files::{FileError, Files};
use crate::log::record::Recorded;
use crate::log::{Log, LogError};
use crate::store::{StoreError, followers, mails};

const FOLLOWER: &str = "erasure";
/// Long, because each advance of the subscription is a transaction.
const LOOK: Duration = Duration::from_secs(2);
const EVENTS: i64 = 500;

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
    files: Files,
    /// The folder of mails that is used when there is no mail server.
    mails: PathBuf,
    list: ErasureList,
}

impl Purger {
    #[must_use]
    pub fn new(log: Log, files: Files, mails: PathBuf, list: ErasureList) -> Self {
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
            self.log.vault().forget_old();
            match self.once().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%error, "an erasure could not be finished; it is tried again");
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Reads the next events and completes their erasures. Returns whether there may be more to
    /// read.
    ///
    /// After an error the subscription has not advanced, so the same events are read again.
    pub async fn once(&self) -> Result<bool, PurgeError> {
        let (store, organisation) = (self.log.store(), self.log.organisation());
        let next = followers::next_of(store, organisation, FOLLOWER).await?;
        let events = self.log.page(next, EVENTS).await?;
        let Some(last) = events.last() else {
            return Ok(false);
        };
        let mut erased = false;
        for event in &events {
            erased |= self.finish(event).await?;
        }
        if erased {
            store.clear_deleted().await?;
        }
        let mut tx = store.begin().await?;
        followers::lock(&mut tx, organisation, FOLLOWER, 0).await?;
        followers::advance(&mut tx, organisation, FOLLOWER, last.position + 1).await?;
        tx.commit().await?;
        Ok(i64::try_from(events.len()).unwrap_or_default() == EVENTS)
    }

    /// Completes the erasure if the event is one, and returns whether it is. It is listed first,
    /// because the other steps can be repeated.
    async fn finish(&self, event: &Recorded) -> Result<bool, PurgeError> {
        let kind = match &event.event {
            Event::Person(PersonEvent::PersonalDataErased { .. }) => "person",
            Event::Group(GroupEvent::PersonalDataErased { .. }) => "group",
            _ => return Ok(false),
        };
        let organisation = self.log.organisation().to_owned();
        self.list.add(&Erased {
            organisation,
            kind: kind.to_owned(),
            subject: event.stream,
            position: event.position,
        })?;
        self.log.vault().forget(event.stream);
        if kind == "person" {
            self.remove_mails(event.stream).await?;
            return Ok(true);
        }
        for file in self.log.refresh::<Group>(event.stream).await?.state.files() {
            self.files.remove(file).await?;
        }
        Ok(true)
    }

    async fn remove_mails(&self, person: Uuid) -> Result<(), PurgeError> {
        for id in mails::of_person(
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
