//! Mails with signed checkpoints, to configured outside parties.
//!
//! Outside parties are addresses of people who store checkpoints, so that they can detect later
//! changes of the log. They get the newest checkpoint once a day and when a round completes, and an
//! alarm if the log contradicts the last checkpoint.

use askama::Template;
use sha2::{Digest as _, Sha256};

use super::letter::{Email, EmailAttachment, Letter};
use super::{MailError, Mailer, derive_id};
use crate::clock::day_of;
use crate::domain::language::Language;
use crate::domain::{Event, FundEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::outbox::{self, MailRow, NewMail};
use crate::transparency::{self, CheckpointRow, TlogState};

/// Kinds of these mails in the outbox. Their `person` is the index of the outside party in the
/// configuration.
const CHECKPOINT_KIND: &str = "signed_head";
const ALARM_KIND: &str = "seal_alarm";

#[derive(Template)]
#[template(path = "mails/checkpoint.txt")]
struct CheckpointLetter<'a> {
    size: i64,
    fingerprint: String,
    key: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "mails/alarm.txt")]
struct AlarmLetter<'a> {
    why: &'a str,
    size: i64,
    link: &'a str,
}

impl Mailer {
    /// Enqueues the checkpoint of the day, or the alarm if the checkpoint signer has stopped. Ids
    /// are derived from the day or the alarm, so repeated calls and other processes insert nothing;
    /// the last key is remembered to save the database round trip.
    pub(super) async fn enqueue_daily_checkpoint(&self) -> Result<(), MailError> {
        if self.checkpoint_recipients.is_empty() {
            return Ok(());
        }
        let log = self.commands.log();
        let Some(state) = transparency::find_log(log).await? else {
            return Ok(());
        };
        let size = transparency::newest_checkpoint(log)
            .await?
            .map_or(0, |checkpoint| checkpoint.size);
        let (kind, which) = match &state.stopped {
            Some(why) => (ALARM_KIND, format!("{size}/{why}")),
            None => (CHECKPOINT_KIND, day_of(self.commands.now()).to_string()),
        };
        let key = format!("{kind}/{which}");
        if self.last_checkpoint_mail.lock().await.as_ref() == Some(&key) {
            return Ok(());
        }
        let mails = self.checkpoint_mails(kind, &which, "0");
        outbox::enqueue(log, &mails, self.commands.now().as_microsecond()).await?;
        *self.last_checkpoint_mail.lock().await = Some(key);
        Ok(())
    }

    /// The mails to enqueue for a completed round. They are sent once a checkpoint covers the
    /// event.
    pub(super) fn round_checkpoint_mails(&self, event: &RecordedEvent) -> Vec<NewMail> {
        if !matches!(event.event, Event::Fund(FundEvent::RoundCompleted { .. })) {
            return Vec::new();
        }
        let position = event.position.to_string();
        self.checkpoint_mails(CHECKPOINT_KIND, &format!("at/{position}"), &position)
    }

    /// One mail for each outside party.
    fn checkpoint_mails(&self, kind: &str, which: &str, about: &str) -> Vec<NewMail> {
        let mail = |number: usize| NewMail {
            id: derive_id(&self.commands, &format!("{kind}/{which}/{number}")),
            kind: kind.to_owned(),
            person: number.to_string(),
            about: about.to_owned(),
        };
        (0..self.checkpoint_recipients.len()).map(mail).collect()
    }

    /// Composes a checkpoint mail or an alarm, with links to an address; none if the mail is of
    /// another kind.
    pub(super) async fn compose_checkpoint_mail(
        &self,
        mail: &MailRow,
        address: &str,
    ) -> Result<Option<Email>, MailError> {
        if ![CHECKPOINT_KIND, ALARM_KIND].contains(&mail.kind.as_str()) {
            return Ok(None);
        }
        let to = mail
            .person
            .parse()
            .ok()
            .and_then(|number: usize| self.checkpoint_recipients.get(number))
            .ok_or(MailError::NotNeeded(
                "this outside party is not configured any more",
            ))?;
        let log = self.commands.log();
        let state = transparency::find_log(log)
            .await?
            .ok_or(MailError::ViewsBehind)?;
        let checkpoint = transparency::newest_checkpoint(log)
            .await?
            .ok_or(MailError::ViewsBehind)?;
        let link = format!("{address}/log/checkpoint");
        let letter = if mail.kind == ALARM_KIND {
            alarm_letter(&state, &checkpoint, link)?
        } else {
            let position = mail.about.parse::<i64>();
            if position.is_ok_and(|position| checkpoint.size <= position) {
                return Err(MailError::ViewsBehind);
            }
            checkpoint_letter(&state, &checkpoint, link)?
        };
        Ok(Some(Email {
            attachment: Some(EmailAttachment {
                name: format!("head-{}.txt", checkpoint.size),
                text: checkpoint.note,
            }),
            ..letter.into_email(&mail.id, to.clone())?
        }))
    }
}

fn checkpoint_letter(
    state: &TlogState,
    checkpoint: &CheckpointRow,
    link: String,
) -> Result<Letter, MailError> {
    let digest = hex::encode(Sha256::digest(&checkpoint.note));
    let text = CheckpointLetter {
        size: checkpoint.size,
        fingerprint: [0, 4, 8, 12].map(|at| &digest[at..at + 4]).join(" "),
        key: &state.verifier,
        link: &link,
    };
    Ok(Letter {
        language: Language::En,
        subject: format!("Signed head of the log: {} events", checkpoint.size),
        plain: text.render()?,
        link,
        ..Letter::default()
    })
}

fn alarm_letter(
    state: &TlogState,
    checkpoint: &CheckpointRow,
    link: String,
) -> Result<Letter, MailError> {
    let why = state
        .stopped
        .as_deref()
        .ok_or(MailError::NotNeeded("the log is again what was signed"))?;
    let text = AlarmLetter {
        why,
        size: checkpoint.size,
        link: &link,
    };
    Ok(Letter {
        language: Language::En,
        subject: format!("ALARM: the log of {} is not what was signed", state.origin),
        plain: text.render()?,
        link,
        ..Letter::default()
    })
}
