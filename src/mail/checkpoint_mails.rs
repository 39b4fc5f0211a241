//! Mails with signed checkpoints, to configured outside parties.
//!
//! Outside parties are addresses of people who store checkpoints, so that they can detect later
//! changes of the log. They get the newest checkpoint once a day and when a round completes, and an
//! alarm if the log contradicts the last checkpoint.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::compose::{ComposedMail, Email, EmailAttachment, render_html};
use super::{MailError, Mailer};
use crate::clock::day_of;
use crate::domain::language::Language;
use crate::domain::{Event, FundEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::store::Tx;
use crate::store::outbox::{self, MailRow, NewMail};
use crate::store::tlog as stored;

/// Kinds of these mails in the outbox. Their `person` is the index of the outside party in the
/// configuration.
pub(super) const CHECKPOINT_KIND: &str = "signed_head";
pub(super) const ALARM_KIND: &str = "seal_alarm";

impl Mailer {
    /// Enqueues the checkpoint of the day, or the alarm if the checkpoint signer has stopped. Ids
    /// are derived from the day or the alarm, so repeated calls and other processes insert nothing;
    /// the last key is remembered to save the database round trip.
    pub(super) async fn enqueue_daily_checkpoint(&self) -> Result<(), MailError> {
        if self.checkpoint_recipients.is_empty() {
            return Ok(());
        }
        let log = self.commands.log();
        let Some(known) = stored::find(log.store(), log.organisation()).await? else {
            return Ok(());
        };
        let size = stored::newest_checkpoint(log.store(), log.organisation())
            .await?
            .map_or(0, |head| head.size);
        let (kind, which) = match &known.stopped {
            Some(why) => (ALARM_KIND, format!("{size}/{why}")),
            None => (CHECKPOINT_KIND, day_of(self.commands.now()).to_string()),
        };
        let key = format!("{kind}/{which}");
        if self.last_checkpoint_mail.lock().await.as_ref() == Some(&key) {
            return Ok(());
        }
        let mut tx = log.store().begin().await?;
        self.enqueue_checkpoint_mails(&mut tx, kind, &which, "0")
            .await?;
        tx.commit().await?;
        *self.last_checkpoint_mail.lock().await = Some(key);
        Ok(())
    }

    /// Enqueues the checkpoint for a completed round. It is sent once a checkpoint covers the
    /// event.
    pub(super) async fn enqueue_round_checkpoint(
        &self,
        tx: &mut Tx,
        event: &RecordedEvent,
    ) -> Result<(), MailError> {
        if !matches!(event.event, Event::Fund(FundEvent::RoundCompleted { .. })) {
            return Ok(());
        }
        let position = event.position.to_string();
        self.enqueue_checkpoint_mails(tx, CHECKPOINT_KIND, &format!("at/{position}"), &position)
            .await
    }

    async fn enqueue_checkpoint_mails(
        &self,
        tx: &mut Tx,
        kind: &str,
        which: &str,
        about: &str,
    ) -> Result<(), MailError> {
        let now = self.commands.now().as_microsecond();
        for number in 0..self.checkpoint_recipients.len() {
            let id = Uuid::new_v5(
                &self.commands.organisation().0,
                format!("mail/{kind}/{which}/{number}").as_bytes(),
            );
            let mail = NewMail {
                id: id.to_string(),
                kind: kind.to_owned(),
                person: number.to_string(),
                about: about.to_owned(),
            };
            outbox::insert(tx, self.commands.log().organisation(), &mail, now).await?;
        }
        Ok(())
    }

    /// Composes a checkpoint mail or an alarm; none if the mail is of another kind.
    pub(super) async fn compose_checkpoint_mail(
        &self,
        mail: &MailRow,
    ) -> Result<Option<ComposedMail>, MailError> {
        if ![CHECKPOINT_KIND, ALARM_KIND].contains(&mail.kind.as_str()) {
            return Ok(None);
        }
        let Some(to) = mail
            .person
            .parse()
            .ok()
            .and_then(|number: usize| self.checkpoint_recipients.get(number))
        else {
            return Ok(Some(ComposedMail::NotNeeded(
                "this outside party is not configured any more",
            )));
        };
        let log = self.commands.log();
        let known = stored::find(log.store(), log.organisation())
            .await?
            .ok_or(MailError::ViewsBehind)?;
        let head = stored::newest_checkpoint(log.store(), log.organisation())
            .await?
            .ok_or(MailError::ViewsBehind)?;
        let address = format!("{}/log/checkpoint", self.address);
        let (subject, plain) = if mail.kind == ALARM_KIND {
            let Some(why) = known.stopped else {
                return Ok(Some(ComposedMail::NotNeeded(
                    "the log is again what was signed",
                )));
            };
            (
                format!("ALARM: the log of {} is not what was signed", known.origin),
                alarm_text(&why, head.size, &address),
            )
        } else {
            if mail
                .about
                .parse()
                .is_ok_and(|position: i64| head.size <= position)
            {
                return Err(MailError::ViewsBehind);
            }
            (
                format!("Signed head of the log: {} events", head.size),
                checkpoint_text(&head.note, head.size, &known.verifier, &address),
            )
        };
        let name = format!("head-{}.txt", head.size);
        Ok(Some(ComposedMail::Email(Email {
            id: mail.id.clone(),
            to: to.clone(),
            language: Language::En.code(),
            html: render_html(&plain, &address, &subject, Language::En),
            subject,
            plain,
            attachment: Some(EmailAttachment {
                name,
                text: head.note,
            }),
        })))
    }
}

fn checkpoint_text(note: &str, size: i64, key: &str, address: &str) -> String {
    let digest = hex::encode(Sha256::digest(note));
    let fingerprint = digest.as_bytes()[..16]
        .chunks(4)
        .fold(String::new(), |mut text, part| {
            let _ = write!(text, "{} ", String::from_utf8_lossy(part));
            text
        });
    format!(
        "Please keep the attached file, head-{size}.txt, where the grants office cannot reach it.\n\nIt says what the office's log was \
         when it held {size} events. Whoever holds it can tell later whether anything before was changed, removed or put in:\n\n\
         microgrants audit verify FOLDER --head head-{size}.txt\n\nIts fingerprint is {}.\n\nThe key that signed it is {key}\n\n\
         The newest head is always at\n\n{address}\n\nThis mail came by itself, every day and when a round completes. You need not answer.",
        fingerprint.trim_end()
    )
}

fn alarm_text(why: &str, size: i64, address: &str) -> String {
    format!(
        "The grants office's service holds its log against what it signed. It is not the same:\n\n{why}.\n\nNothing more is signed until \
         it is. The last head, over {size} events, is attached. Somebody may have changed the database, or a disk may be failing. \
         Please ask the office what happened, and rely on no figure until you know.\n\nThe last head is also at\n\n{address}"
    )
}
