//! Mails that cannot be sent by email. Staff phone the person or write a letter, from the list of
//! people to phone or write to.

use uuid::Uuid;

use super::new_address::NEW_ADDRESS;
use super::{MINUTE_US, MailError, Mailer};
use crate::commands::{Caller, CommandError, CommandRequest};
use crate::domain::mail::MailKind;
use crate::domain::person::WaitingMail;
use crate::domain::text::Line;
use crate::domain::{Command, Event, PersonCommand, PersonEvent, PersonId, Refusal};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::outbox::{ByHandChange, DeliveryOutcome, MailByHand, MailRow};

const NO_ADDRESS: &str = "the person has no email address";
const ERASED: &str = "the person was erased";

impl Mailer {
    /// Hands a mail without an address to staff. A mail that works only as an email, such as a
    /// sign-in link, is marked as not needed.
    pub(super) async fn leave_to_staff(&self, mail: &MailRow) -> DeliveryOutcome {
        match self.await_telling(mail).await {
            Ok(true) => DeliveryOutcome::ByHand(NO_ADDRESS.to_owned()),
            Ok(false) => DeliveryOutcome::Dropped(NO_ADDRESS.to_owned()),
            Err(MailError::NotNeeded(why)) => DeliveryOutcome::Dropped(why.to_owned()),
            Err(error) => {
                tracing::warn!(
                    mail = %mail.id, %error,
                    "a mail could not be handed to staff; it is tried again"
                );
                DeliveryOutcome::Postponed {
                    at: self.commands.now().as_microsecond() + MINUTE_US,
                    error: error.to_string(),
                }
            }
        }
    }

    /// Hands a mail that failed permanently to staff.
    pub(super) async fn offer_to_staff(&self, mail: &MailRow) -> Result<(), MailError> {
        match self.await_telling(mail).await {
            Ok(_) | Err(MailError::NotNeeded(_) | MailError::InvalidMail(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Records that a mail waits for staff. Returns `false` for a mail that is not about an event
    /// or is useless without its link.
    async fn await_telling(&self, mail: &MailRow) -> Result<bool, MailError> {
        let email_only = mail.kind == NEW_ADDRESS
            || matches!(
                mail.kind.parse(),
                Ok(MailKind::SignIn | MailKind::ContactChanged)
            );
        let (Ok(id), Ok(person), Ok(about)) = (
            mail.id.parse::<Uuid>(),
            mail.person.parse::<Uuid>(),
            mail.about.parse::<i64>(),
        ) else {
            return Ok(false);
        };
        if email_only {
            return Ok(false);
        }
        let caused_on = self.composer.load_event(&mail.about).await?.recorded_on();
        let kind = mail
            .kind
            .parse::<Line>()
            .map_err(|error| MailError::InvalidMail(error.to_string()))?;
        let waiting = WaitingMail {
            mail: id,
            about,
            kind,
            caused_on,
        };
        let command = Command::Person(PersonId(person), PersonCommand::AwaitTelling(waiting));
        match self
            .commands
            .execute(CommandRequest::new(Caller::job(), command))
            .await
        {
            Ok(_) | Err(CommandError::Refused(Refusal::NoChange)) => Ok(true),
            Err(CommandError::Refused(Refusal::Erased)) => Err(MailError::NotNeeded(ERASED)),
            Err(CommandError::Refused(_)) => Ok(false),
            Err(error) => {
                tracing::warn!(%error, "a waiting mail could not be recorded");
                Err(MailError::ViewsBehind)
            }
        }
    }
}

/// What staff did with a mail that waited for them.
pub(super) fn mail_by_hand(event: &RecordedEvent) -> Option<MailByHand> {
    let (id, change) = match &event.event {
        Event::Person(PersonEvent::PersonTold { mail, how, .. }) => {
            (mail, ByHandChange::PassedOn((*how).into()))
        }
        Event::Person(PersonEvent::TellingTakenBack { mail, .. }) => {
            (mail, ByHandChange::WaitsAgain)
        }
        Event::Person(PersonEvent::EmailedInstead { mail, .. }) => (mail, ByHandChange::Emailed),
        _ => return None,
    };
    Some(MailByHand {
        id: id.to_string(),
        change,
    })
}
