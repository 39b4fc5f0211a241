//! Mails to groups and people.
//!
//! # Outbox
//!
//! A subscription reads the event log and inserts the mails that events cause into the outbox.
//! Mails with sign-in links, warnings and daily checkpoints are inserted without an event. Each
//! mail is then claimed, composed and sent. Personal values are decrypted only during composition.
//!
//! # Delivery
//!
//! A mail's id is derived from its event or other cause and its recipient, so that it is inserted
//! once; only sign-in mails have a random id. The id is also the Message-ID. Mails are claimed
//! before they are sent, so none is lost and two processes do not send the same one. A mail is sent
//! twice only if the process ends after the mail server accepted it and before that is recorded,
//! and then under the same Message-ID.

mod access_notices;
mod addresses;
mod assets;
mod barriers;
mod by_hand;
mod checkpoint_mails;
mod compose;
mod default_templates;
mod event_values;
mod fixed_text;
mod gatherings;
mod introductions;
pub mod invitations;
mod letter;
mod look;
mod lookups;
mod new_address;
pub mod passwords;
mod recipients;
mod sending;
mod signature;
mod transport;
mod triggers;
pub mod warnings;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use crate::commands::Commands;
use crate::eventlog::LogError;
use crate::outbox::{self, DeliveryOutcome, MailRow, MailSubscription};
use crate::views::{ViewError, Views};
pub use access_notices::invite_again;
pub use compose::{Composer, format_day};
pub use default_templates::default_template;
pub use gatherings::format_times;
pub use letter::{Email, EmailAttachment, SpokenLetter};
pub use sending::SetByOperator;
use sending::TransportOfSettings;
pub use signature::OfficeContact;
pub use transport::{MailTransport, MailTransportError};
pub use triggers::writes_to_group;

/// Pause between runs when nothing is due.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Maximum number of events that are read in one transaction.
const EVENTS_PER_BATCH: i64 = 200;
/// Maximum number of mails that are sent before new events are read.
const MAILS_PER_RUN: usize = 20;
/// Duration of a claim. It must be longer than the mail server may take.
pub const CLAIM_DURATION: Duration = Duration::from_mins(5);
/// Number of attempts after which a mail counts as failed and is left to staff.
const TRIES_MAX: i64 = 10;
/// A minute in microseconds.
const MINUTE_US: i64 = 60_000_000;

/// Why mails are not enqueued, composed or sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    View(#[from] ViewError),
    #[error("the email cannot be written: {0}")]
    InvalidMail(String),
    #[error("the wording of the email cannot be used: {0}")]
    Template(#[from] askama::Error),
    #[error("the email is not needed any more: {0}")]
    NotNeeded(&'static str),
    /// What it is about can still be taken back.
    #[error("the email is held until {0}")]
    Held(Timestamp),
    #[error("the person has no email address")]
    NoAddress,
    #[error(transparent)]
    Transport(#[from] MailTransportError),
    #[error("the pages do not show yet what it is about")]
    ViewsBehind,
}

/// Enqueues, composes and sends the mails of one organisation.
#[derive(Clone)]
pub struct Mailer {
    commands: Commands,
    views: Views,
    /// The transport of the operator's configuration.
    transport: MailTransport,
    set_by_operator: SetByOperator,
    transport_of_settings: TransportOfSettings,
    claim: Duration,
    /// True once the process should stop.
    stop: watch::Receiver<bool>,
    /// Addresses of the outside parties that receive checkpoints.
    checkpoint_recipients: Arc<[String]>,
    /// Key of the last daily checkpoint or alarm that this process enqueued.
    last_checkpoint_mail: Arc<Mutex<Option<String>>>,
    composer: Composer,
}

impl Mailer {
    #[must_use]
    pub fn new(commands: Commands, views: Views, transport: MailTransport, address: &str) -> Self {
        let office = OfficeContact::default();
        Self {
            composer: Composer::new(commands.clone(), views.clone(), address, office),
            commands,
            views,
            transport,
            set_by_operator: SetByOperator::default(),
            transport_of_settings: TransportOfSettings::default(),
            claim: CLAIM_DURATION,
            stop: watch::channel(false).1,
            checkpoint_recipients: Arc::default(),
            last_checkpoint_mail: Arc::default(),
        }
    }

    /// Sends checkpoints of the log to these addresses.
    #[must_use]
    pub fn sending_checkpoints_to(self, outside: Vec<String>) -> Self {
        Self {
            checkpoint_recipients: outside.into(),
            ..self
        }
    }

    /// Signs mails with this phone number and these hours.
    #[must_use]
    pub fn signed_by(mut self, office: OfficeContact) -> Self {
        self.composer.office = office;
        self
    }

    /// Sets the duration of claims. It must be longer than the mail server may take.
    #[must_use]
    pub fn claiming_for(self, claim: Duration) -> Self {
        Self { claim, ..self }
    }

    /// Enqueues and sends mails until `stop` becomes true. A mail that is being sent is finished.
    pub async fn run(mut self, stop: watch::Receiver<bool>) {
        self.stop = stop.clone();
        let mut stop = stop;
        while !*stop.borrow() {
            let pause = match self.run_once().await {
                Ok(false) => POLL_INTERVAL,
                Ok(true) => continue,
                Err(error) => {
                    tracing::error!(%error, "the mails could not be seen to; trying again");
                    POLL_INTERVAL * 5
                }
            };
            if let Ok(Err(_)) = tokio::time::timeout(pause, stop.changed()).await {
                return;
            }
        }
    }

    /// Enqueues the mails of new events and sends mails that are due. Returns whether more may be
    /// due now. A mail that cannot be sent is retried later and is not an error here.
    pub async fn run_once(&self) -> Result<bool, MailError> {
        // Mails are sent even if the views are behind: sign-in links do not depend on events.
        let read = self.enqueue_new().await;
        self.enqueue_daily_checkpoint().await?;
        let sent = self.send_due().await?;
        Ok(read? == EVENTS_PER_BATCH || sent == MAILS_PER_RUN)
    }

    /// Starts the subscription at the end of the log, unless it exists: no mails are sent about
    /// events before mail was first enabled.
    pub async fn subscribe(&self) -> Result<(), MailError> {
        let length = self.commands.log().length().await?;
        self.subscribe_at(length).await
    }

    /// Starts the subscription at a position, unless it exists.
    pub async fn subscribe_at(&self, position: i64) -> Result<(), MailError> {
        Ok(outbox::subscribe_at(self.commands.log(), position).await?)
    }

    /// Enqueues the mails of the next events, up to the position that the views have reached, and
    /// advances the subscription in the same transaction. Returns the number of events.
    async fn enqueue_new(&self) -> Result<i64, MailError> {
        let log = self.commands.log();
        let seen = self
            .views
            .projector()
            .stored_position()
            .await
            .map_err(LogError::from)?;
        let mut subscription = MailSubscription::lock(log, seen).await?;
        let events: Vec<_> = log
            .read_events(subscription.next_position(), EVENTS_PER_BATCH)
            .await?
            .into_iter()
            .take_while(|event| event.position < seen)
            .collect();
        if events.is_empty() {
            return Ok(0);
        }
        let now = self.commands.now().as_microsecond();
        let mut mails = Vec::new();
        for event in &events {
            mails.extend(self.round_checkpoint_mails(event));
            mails.extend(self.access_notice_mails(event).await?);
            mails.extend(self.triggered_mails(event).await?);
        }
        let read = i64::try_from(events.len()).unwrap_or_default();
        let by_hand: Vec<_> = events.iter().filter_map(by_hand::mail_by_hand).collect();
        subscription.apply_by_hand(&by_hand, now).await?;
        subscription.advance(read, &mails, now).await?;
        Ok(read)
    }

    /// Claims and sends mails one by one, because a claim lasts for the sending of one mail.
    async fn send_due(&self) -> Result<usize, MailError> {
        let log = self.commands.log();
        let claim = i64::try_from(self.claim.as_micros()).unwrap_or(i64::MAX / 2);
        for sent in 0..MAILS_PER_RUN {
            let now = self.commands.now().as_microsecond();
            if *self.stop.borrow() {
                return Ok(sent);
            }
            let Some(mail) = outbox::claim(log, now, now + claim).await? else {
                return Ok(sent);
            };
            let outcome = self.deliver(&mail).await;
            let now = self.commands.now().as_microsecond();
            if matches!(outcome, DeliveryOutcome::Failed(_)) {
                self.offer_to_staff(&mail).await?;
            }
            outbox::record_outcome(log, &mail, &outcome, now).await?;
        }
        Ok(MAILS_PER_RUN)
    }

    /// Composes and sends a claimed mail.
    async fn deliver(&self, mail: &MailRow) -> DeliveryOutcome {
        let Err(error) = self.compose_and_send(mail).await else {
            return DeliveryOutcome::Sent;
        };
        let now = self.commands.now().as_microsecond();
        match &error {
            MailError::NoAddress => self.leave_to_staff(mail).await,
            MailError::NotNeeded(why) => DeliveryOutcome::Dropped((*why).to_owned()),
            MailError::Held(until) => DeliveryOutcome::Postponed {
                at: until.as_microsecond(),
                error: error.to_string(),
            },
            MailError::ViewsBehind => DeliveryOutcome::Postponed {
                at: now + MINUTE_US / 60,
                error: error.to_string(),
            },
            MailError::Transport(MailTransportError::Refused(_)) | MailError::InvalidMail(_) => {
                DeliveryOutcome::Failed(error.to_string())
            }
            _ if mail.tries >= TRIES_MAX => DeliveryOutcome::Failed(error.to_string()),
            _ => {
                tracing::warn!(
                    mail = %mail.id, tries = mail.tries, %error,
                    "a mail could not be sent; it is tried again"
                );
                DeliveryOutcome::Retry {
                    at: now + retry_delay_us(mail.tries),
                    error: error.to_string(),
                }
            }
        }
    }

    async fn compose_and_send(&self, mail: &MailRow) -> Result<(), MailError> {
        let email = self.compose(mail).await?;
        Ok(self.present_transport().await?.send(&email).await?)
    }

    async fn compose(&self, mail: &MailRow) -> Result<Email, MailError> {
        let composer = self.present_composer().await?;
        if let Some(checkpoint) = self
            .compose_checkpoint_mail(mail, &composer.address)
            .await?
        {
            return Ok(checkpoint);
        }
        composer.compose(mail).await
    }
}

/// Id of a mail, derived from its cause, so that the mail is enqueued once.
fn derive_id(commands: &Commands, cause: &str) -> String {
    let name = format!("mail/{cause}");
    Uuid::new_v5(&commands.organisation().0, name.as_bytes()).to_string()
}

/// Delay after a number of attempts, in microseconds: a minute, doubled each time, at most six
/// hours.
fn retry_delay_us(tries: i64) -> i64 {
    let doubled = u32::try_from(tries.clamp(1, 10) - 1).unwrap_or_default();
    MINUTE_US
        .saturating_mul(2_i64.pow(doubled))
        .min(360 * MINUTE_US)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_twice_as_long_up_to_six_hours() {
        assert_eq!(
            [1, 2, 3].map(|tries| retry_delay_us(tries) / MINUTE_US),
            [1, 2, 4]
        );
        assert_eq!(retry_delay_us(10) / MINUTE_US, 360);
        assert_eq!(retry_delay_us(99) / MINUTE_US, 360);
    }
}
