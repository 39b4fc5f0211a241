//! Mails to groups and to people: a follower of the log says which are due, and each is claimed,
//! written and sent.
//!
//! A mail's id follows from what it is about and whom it is for, and is its Message-ID for ever. It
//! is claimed before it is sent, so nothing is lost; it can be sent twice only when the process
//! ends after the mail server took it and before that was noted, and then under the same
//! Message-ID.

mod concerns;
mod heads;
mod letter;
pub mod links;
mod news;
mod recipients;
mod texts;
mod transport;
pub mod warnings;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use crate::commands::Commands;
use crate::domain::mail::MailKind;
use crate::log::LogError;
use crate::log::record::Recorded;
use crate::store::mails::{self, Became, MailRow, NewMail};
use crate::store::{StoreError, Tx, followers};
use crate::views::{ViewError, Views};
pub use letter::{Letter, Written, day};
pub use texts::{own_text, sample};
pub use transport::{Outbox, OutboxError};

const FOLLOWER: &str = "mail";
/// How often to look what is due, when nothing was appended.
const LOOK: Duration = Duration::from_secs(1);
/// How many events are read at once, and how many mails are sent before the log is looked at again.
const EVENTS: i64 = 200;
const MAILS: usize = 20;
/// How long a claim holds: longer than a mail server may take.
pub const CLAIM: Duration = Duration::from_mins(5);
/// After how many tries a mail is left to staff.
const TRIES: i64 = 10;
const MINUTE: i64 = 60_000_000;

/// What stopped the post.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    View(#[from] ViewError),
    #[error("the mail cannot be written: {0}")]
    Text(String),
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    #[error("the views have not come to what it is about")]
    TooEarly,
}

/// Writes and sends the mails of one organisation.
#[derive(Clone)]
pub struct Post {
    commands: Commands,
    views: Views,
    outbox: Outbox,
    claim: Duration,
    /// Whether the process is about to end.
    stop: watch::Receiver<bool>,
    /// The outside parties that are sent the log's heads, and what they were told last.
    outside: Arc<[String]>,
    told: Arc<Mutex<Option<String>>>,
    /// Where the pages are found from outside, without a slash at its end.
    address: String,
}

impl Post {
    #[must_use]
    pub fn new(commands: Commands, views: Views, outbox: Outbox, address: &str) -> Self {
        Self {
            commands,
            views,
            outbox,
            claim: CLAIM,
            stop: watch::channel(false).1,
            outside: Arc::default(),
            told: Arc::default(),
            address: address.trim_end_matches('/').to_owned(),
        }
    }

    /// Sends the log's heads to these addresses as well.
    #[must_use]
    pub fn telling(self, outside: Vec<String>) -> Self {
        Self {
            outside: outside.into(),
            ..self
        }
    }

    /// Claims mails for another time: as long as a mail server may take.
    #[must_use]
    pub fn claiming_for(self, claim: Duration) -> Self {
        Self { claim, ..self }
    }

    /// Follows the log and sends what is due, until it is told to stop: what it took in hand by
    /// then is finished.
    pub async fn run(mut self, stop: watch::Receiver<bool>) {
        self.stop = stop.clone();
        let mut stop = stop;
        while !*stop.borrow() {
            let pause = match self.once().await {
                Ok(false) => LOOK,
                Ok(true) => continue,
                Err(error) => {
                    tracing::error!(%error, "the mails could not be seen to; trying again");
                    LOOK * 5
                }
            };
            if let Ok(Err(_)) = tokio::time::timeout(pause, stop.changed()).await {
                return;
            }
        }
    }

    /// Reads what was appended, and sends what is due; whether there may be more of either.
    ///
    /// # Errors
    /// When the database does not answer. A mail that cannot be sent is tried again later, and is
    /// no error here.
    pub async fn once(&self) -> Result<bool, MailError> {
        // What is due goes out also while the views are behind: a link to sign in is.
        let read = self.follow().await;
        self.tell().await?;
        let sent = self.send_due().await?;
        Ok(read? == EVENTS || sent == MAILS)
    }

    /// Begins where the log stands when mail is first switched on: nobody is written to about what
    /// happened before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin(&self) -> Result<(), MailError> {
        let length = self.commands.log().length().await?;
        self.begin_at(length).await
    }

    /// Begins at a position, unless it began before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin_at(&self, position: i64) -> Result<(), MailError> {
        let log = self.commands.log();
        let mut tx = log.store().begin().await?;
        followers::lock(&mut tx, log.organisation(), FOLLOWER, position).await?;
        Ok(tx.commit().await?)
    }

    /// Puts in the mails that the next events bring about.
    async fn follow(&self) -> Result<i64, MailError> {
        let log = self.commands.log();
        let seen = self.views.projector().stored_position().await?;
        let mut tx = log.store().begin().await?;
        let next = followers::lock(&mut tx, log.organisation(), FOLLOWER, seen).await?;
        let events: Vec<_> = log
            .page(next, EVENTS)
            .await?
            .into_iter()
            .take_while(|event| event.position < seen)
            .collect();
        if events.is_empty() {
            return Ok(0);
        }
        let now = self.commands.now().as_microsecond();
        for event in &events {
            self.tell_of(&mut tx, event).await?;
            self.put_in_news(&mut tx, event, now).await?;
            let Some(concern) = concerns::of(event) else {
                continue;
            };
            for person in self.readers(&concern.readers, event.recorded_on()).await? {
                let name = format!("mail/{}/{person}", event.position);
                let id = Uuid::new_v5(&self.commands.organisation().0, name.as_bytes());
                let kind = <&str>::from(concern.kind).to_owned();
                let mail = NewMail {
                    id: id.to_string(),
                    kind,
                    person: person.to_string(),
                    about: event.position.to_string(),
                };
                mails::insert(&mut tx, log.organisation(), &mail, now).await?;
            }
        }
        let read = i64::try_from(events.len()).unwrap_or_default();
        followers::advance(&mut tx, log.organisation(), FOLLOWER, next + read).await?;
        tx.commit().await?;
        Ok(read)
    }

    /// Puts in the mails about who may act here. A first payee, and a member's first address, are
    /// news as well.
    async fn put_in_news(&self, tx: &mut Tx, event: &Recorded, now: i64) -> Result<(), MailError> {
        for (news, told) in news::of(event) {
            let kind = <&str>::from(news);
            for person in self.told(told, event.recorded_on()).await? {
                let name = format!("mail/{}/{kind}/{person}", event.position);
                let id = Uuid::new_v5(&self.commands.organisation().0, name.as_bytes());
                let (id, about) = (id.to_string(), event.position.to_string());
                let mail = NewMail {
                    id,
                    kind: kind.to_owned(),
                    person: person.to_string(),
                    about,
                };
                mails::insert(tx, self.commands.log().organisation(), &mail, now).await?;
            }
        }
        Ok(())
    }

    /// Claims and sends mails one by one: a claim is for the time that one takes.
    async fn send_due(&self) -> Result<usize, MailError> {
        let log = self.commands.log();
        let claim = i64::try_from(self.claim.as_micros()).unwrap_or(i64::MAX / 2);
        for sent in 0..MAILS {
            let now = self.commands.now().as_microsecond();
            if *self.stop.borrow() {
                return Ok(sent);
            }
            let Some(mail) =
                mails::claim(log.store(), log.organisation(), now, now + claim).await?
            else {
                return Ok(sent);
            };
            let became = self.send(&mail).await;
            let now = self.commands.now().as_microsecond();
            mails::note(log.store(), log.organisation(), &mail, &became, now).await?;
        }
        Ok(MAILS)
    }

    /// Writes and sends one mail that was claimed.
    async fn send(&self, mail: &MailRow) -> Became {
        let sent = match self.write(mail).await {
            Ok(Written::Letter(letter)) => self.outbox.send(&letter).await.map_err(MailError::from),
            Ok(Written::NotNeeded(why)) => return Became::Dropped(why.to_owned()),
            Err(error) => Err(error),
        };
        let Err(error) = sent else {
            return Became::Sent;
        };
        let at = self.commands.now().as_microsecond() + pause(mail.tries);
        match &error {
            MailError::TooEarly => Became::NotYet {
                at: self.commands.now().as_microsecond() + MINUTE / 60,
                error: error.to_string(),
            },
            MailError::Outbox(OutboxError::Refused(_)) | MailError::Text(_) => {
                Became::Failed(error.to_string())
            }
            _ if mail.tries >= TRIES => Became::Failed(error.to_string()),
            _ => {
                tracing::warn!(mail = %mail.id, tries = mail.tries, %error, "a mail could not be sent; it is tried again");
                Became::Again {
                    at,
                    error: error.to_string(),
                }
            }
        }
    }

    async fn write(&self, mail: &MailRow) -> Result<Written, MailError> {
        if let Some(written) = self.write_head(mail).await? {
            return Ok(written);
        }
        if let Some(written) = self.write_news(mail).await? {
            return Ok(written);
        }
        if let Some(written) = self.write_warning(mail).await? {
            return Ok(written);
        }
        let kind: MailKind = mail
            .kind
            .parse()
            .map_err(|_| MailError::Text(format!("there is no mail {}", mail.kind)))?;
        letter::write(self, mail, kind).await
    }
}

/// How long to wait after so many tries: a minute, then twice as long each time, at most six hours.
fn pause(tries: i64) -> i64 {
    let doubled = u32::try_from(tries.clamp(1, 10) - 1).unwrap_or_default();
    MINUTE.saturating_mul(2_i64.pow(doubled)).min(360 * MINUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_twice_as_long_up_to_six_hours() {
        assert_eq!([1, 2, 3].map(|tries| pause(tries) / MINUTE), [1, 2, 4]);
        assert_eq!(pause(10) / MINUTE, 360);
        assert_eq!(pause(99) / MINUTE, 360);
    }
}
