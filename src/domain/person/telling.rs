//! Messages that cannot be sent by email. Staff pass them on by phone, by letter or in person.
//!
//! The mailer records that a message waits, and a member of staff records that the person was
//! informed. Events contain none of the message's content.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Person, PersonCommand, PersonEvent};
use crate::domain::text::Line;
use crate::domain::{DecisionContext, Refusal};

/// A message that cannot be emailed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitingMail {
    /// The message's id in the outbox.
    pub mail: Uuid,
    /// The position of the event that it is about.
    pub about: i64,
    /// The kind of message.
    pub kind: Line,
    /// The day of that event.
    #[schema(value_type = String, format = "date")]
    pub caused_on: Date,
}

/// How a person was informed.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ToldHow {
    Phone,
    Letter,
    InPerson,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TellPerson {
    /// The message that staff passed on to the person.
    pub mail: Uuid,
    pub how: ToldHow,
    /// The day of the call or the meeting, or the day on which the letter was posted.
    #[schema(value_type = String, format = "date")]
    pub told_on: Date,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitingMailRef {
    pub mail: Uuid,
}

/// The mails of one person that cannot be emailed, by their ids.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct WaitingMails {
    waiting: BTreeMap<Uuid, WaitingMail>,
    /// What the person knows, as staff have recorded it.
    passed_on: BTreeMap<Uuid, WaitingMail>,
}

impl WaitingMails {
    fn find(&self, mail: Uuid) -> Result<&WaitingMail, Refusal> {
        self.waiting.get(&mail).ok_or(Refusal::MailNotWaiting)
    }

    fn find_passed_on(&self, mail: Uuid) -> Result<&WaitingMail, Refusal> {
        self.passed_on.get(&mail).ok_or(Refusal::MailNotPassedOn)
    }

    pub(super) fn apply(&mut self, event: &PersonEvent) {
        match event {
            PersonEvent::PersonToTell {
                mail,
                about,
                kind,
                caused_on,
            } => {
                let waiting = WaitingMail {
                    mail: *mail,
                    about: *about,
                    kind: kind.clone(),
                    caused_on: *caused_on,
                };
                self.passed_on.remove(mail);
                self.waiting.insert(*mail, waiting);
            }
            PersonEvent::PersonTold { mail, .. } => {
                let waiting = self.waiting.remove(mail);
                self.passed_on.extend(waiting.map(|mail| (mail.mail, mail)));
            }
            PersonEvent::TellingTakenBack { mail, .. } => {
                let passed_on = self.passed_on.remove(mail);
                self.waiting.extend(passed_on.map(|mail| (mail.mail, mail)));
            }
            PersonEvent::EmailedInstead { mail, .. } => drop(self.waiting.remove(mail)),
            PersonEvent::PersonalDataErased { .. } => *self = Self::default(),
            _ => {}
        }
    }
}

impl Person {
    /// Whether a mail waits for a call or a letter.
    #[must_use]
    pub fn waits_to_tell(&self, mail: Uuid) -> bool {
        self.waiting_mails.find(mail).is_ok()
    }

    pub(super) fn decide_telling(
        &self,
        command: &PersonCommand,
        facts: &DecisionContext,
    ) -> Result<PersonEvent, Refusal> {
        self.must_be_active()?;
        match command {
            PersonCommand::AwaitTelling(waiting) => self.wait_for_telling(waiting),
            PersonCommand::Tell(told) => self.tell(told, facts),
            PersonCommand::EmailInstead(of) => {
                let waiting = self.waiting_mails.find(of.mail)?;
                if !self.has_email() {
                    return Err(Refusal::NoEmailAddress);
                }
                Ok(PersonEvent::EmailedInstead {
                    mail: waiting.mail,
                    by: facts.by()?,
                })
            }
            // Nobody outside the office learns of it, so it can be corrected at any time.
            PersonCommand::TakeBackTelling(of) => Ok(PersonEvent::TellingTakenBack {
                mail: self.waiting_mails.find_passed_on(of.mail)?.mail,
                by: facts.by()?,
            }),
            _ => Err(Refusal::NoChange),
        }
    }

    fn wait_for_telling(&self, waiting: &WaitingMail) -> Result<PersonEvent, Refusal> {
        if self.waits_to_tell(waiting.mail) {
            return Err(Refusal::NoChange);
        }
        let WaitingMail {
            mail,
            about,
            kind,
            caused_on,
        } = waiting.clone();
        Ok(PersonEvent::PersonToTell {
            mail,
            about,
            kind,
            caused_on,
        })
    }

    fn tell(&self, told: &TellPerson, facts: &DecisionContext) -> Result<PersonEvent, Refusal> {
        let waiting = self.waiting_mails.find(told.mail)?;
        facts.not_future(told.told_on)?;
        if told.told_on < waiting.caused_on {
            return Err(Refusal::DatesOutOfOrder(
                "you cannot have told them before it happened",
            ));
        }
        Ok(PersonEvent::PersonTold {
            mail: waiting.mail,
            about: waiting.about,
            kind: waiting.kind.clone(),
            how: told.how,
            told_on: told.told_on,
            by: facts.by()?,
        })
    }
}
