//! Mails with signed checkpoints, to configured outside parties.
//!
//! Outside parties are addresses of people who store checkpoints, so that they can detect later
//! changes of the log. They get the newest checkpoint once a day and when a round completes, and an
//! alarm if the log contradicts the last checkpoint.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::letter::{Attached, Letter, Written, html};
use super::{MailError, Post};
use crate::domain::language::Language;
use crate::domain::{Event, FundEvent};
use crate::log::keys::to_hex;
use crate::log::record::{Recorded, day_of};
use crate::store::Tx;
use crate::store::mails::{self, MailRow, NewMail};
use crate::store::tree as stored;

/// Kinds of these mails in the outbox. Their `person` is the index of the outside party in the
/// configuration.
pub(super) const HEAD: &str = "signed_head";
pub(super) const ALARM: &str = "seal_alarm";

impl Post {
    /// Enqueues the checkpoint of the day, or the alarm if the checkpoint signer has stopped. Ids
    /// are derived from the day or the alarm, so repeated calls and other processes insert nothing;
    /// the last key is remembered to save the database round trip.
    pub(super) async fn tell(&self) -> Result<(), MailError> {
        if self.outside.is_empty() {
            return Ok(());
        }
        let log = self.commands.log();
        let Some(known) = stored::find(log.store(), log.organisation()).await? else {
            return Ok(());
        };
        let size = stored::newest(log.store(), log.organisation())
            .await?
            .map_or(0, |head| head.size);
        let (kind, which) = match &known.stopped {
            Some(why) => (ALARM, format!("{size}/{why}")),
            None => (HEAD, day_of(self.commands.now()).to_string()),
        };
        let key = format!("{kind}/{which}");
        if self.told.lock().await.as_ref() == Some(&key) {
            return Ok(());
        }
        let mut tx = log.store().begin().await?;
        self.put_in(&mut tx, kind, &which, "0").await?;
        tx.commit().await?;
        *self.told.lock().await = Some(key);
        Ok(())
    }

    /// Enqueues the checkpoint for a completed round. It is sent once a checkpoint covers the
    /// event.
    pub(super) async fn tell_of(&self, tx: &mut Tx, event: &Recorded) -> Result<(), MailError> {
        if !matches!(event.event, Event::Fund(FundEvent::RoundCompleted { .. })) {
            return Ok(());
        }
        let position = event.position.to_string();
        self.put_in(tx, HEAD, &format!("at/{position}"), &position)
            .await
    }

    async fn put_in(
        &self,
        tx: &mut Tx,
        kind: &str,
        which: &str,
        about: &str,
    ) -> Result<(), MailError> {
        let now = self.commands.now().as_microsecond();
        for number in 0..self.outside.len() {
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
            mails::insert(tx, self.commands.log().organisation(), &mail, now).await?;
        }
        Ok(())
    }

    /// Composes a checkpoint mail or an alarm; none if the mail is of another kind.
    pub(super) async fn write_head(&self, mail: &MailRow) -> Result<Option<Written>, MailError> {
        if ![HEAD, ALARM].contains(&mail.kind.as_str()) {
            return Ok(None);
        }
        let Some(to) = mail
            .person
            .parse()
            .ok()
            .and_then(|number: usize| self.outside.get(number))
        else {
            return Ok(Some(Written::NotNeeded(
                "this outside party is not configured any more",
            )));
        };
        let log = self.commands.log();
        let known = stored::find(log.store(), log.organisation())
            .await?
            .ok_or(MailError::TooEarly)?;
        let head = stored::newest(log.store(), log.organisation())
            .await?
            .ok_or(MailError::TooEarly)?;
        let address = format!("{}/log/checkpoint", self.address);
        let (subject, plain) = if mail.kind == ALARM {
            let Some(why) = known.stopped else {
                return Ok(Some(Written::NotNeeded("the log is again what was signed")));
            };
            (
                format!("ALARM: the log of {} is not what was signed", known.origin),
                alarm(&why, head.size, &address),
            )
        } else {
            if mail
                .about
                .parse()
                .is_ok_and(|position: i64| head.size <= position)
            {
                return Err(MailError::TooEarly);
            }
            (
                format!("Signed head of the log: {} events", head.size),
                kept(&head.note, head.size, &known.verifier, &address),
            )
        };
        let name = format!("head-{}.txt", head.size);
        Ok(Some(Written::Letter(Letter {
            id: mail.id.clone(),
            to: to.clone(),
            language: Language::En.code(),
            html: html(&plain, &address, &subject, Language::En),
            subject,
            plain,
            attached: Some(Attached {
                name,
                text: head.note,
            }),
        })))
    }
}

fn kept(note: &str, size: i64, key: &str, address: &str) -> String {
    let digest = to_hex(&Sha256::digest(note));
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

fn alarm(why: &str, size: i64, address: &str) -> String {
    format!(
        "The grants office's service holds its log against what it signed. It is not the same:\n\n{why}.\n\nNothing more is signed until \
         it is. The last head, over {size} events, is attached. Somebody may have changed the database, or a disk may be failing. \
         Please ask the office what happened, and rely on no figure until you know.\n\nThe last head is also at\n\n{address}"
    )
}
