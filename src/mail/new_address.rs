//! The mail to an address that a person asks to use. Its link makes the address theirs. The mail
//! may reach a stranger, so it contains nothing that a person typed.

use super::compose::MailDraft;
use super::fixed_text::FixedText;
use super::{Composer, MailError, Mailer, derive_id};
use crate::auth::new_address;
use crate::domain::language::Language;
use crate::eventlog::recorded_event::RecordedEvent;
use crate::outbox::{MailRow, NewMail};

/// The kind of the mail in the outbox.
pub(super) const NEW_ADDRESS: &str = "new_address";

impl Mailer {
    /// The mail to a new address, if an event asks to use one.
    pub(super) fn new_address_mail(&self, event: &RecordedEvent) -> Option<NewMail> {
        new_address::asked_by(event).map(|_| NewMail {
            id: derive_id(&self.commands, &format!("{}/{NEW_ADDRESS}", event.position)),
            kind: NEW_ADDRESS.to_owned(),
            person: event.stream.to_string(),
            about: event.position.to_string(),
        })
    }
}

impl Composer {
    /// Composes the mail; none if it is of another kind.
    pub(super) async fn compose_new_address(
        &self,
        mail: &MailRow,
    ) -> Result<Option<MailDraft>, MailError> {
        if mail.kind != NEW_ADDRESS {
            return Ok(None);
        }
        let event = self.load_event(&mail.about).await?;
        let token = new_address::token(self.commands.log().vault(), event.position);
        let new = new_address::find(&self.commands, &token)
            .await?
            .ok_or(MailError::NotNeeded(
                "the person changed their details since, or the link has run out",
            ))?;
        let mut reader = self.load_fixed_text_reader(mail).await?;
        reader.to = Some(new.address);
        let path = format!("/account/email/{token}");
        let text = match reader.language {
            Language::En => FixedText {
                subject: "Is this your email address?",
                words: "Hello\n\nSomeone asked us to use this email address for their account with \
                    us. If it was you, open this link within a day:",
                path,
            },
            Language::Pl => FixedText {
                subject: "Czy to Twój adres e-mail?",
                words: "Dzień dobry!\n\nKtoś poprosił nas, żebyśmy używali tego adresu na jego \
                    koncie u nas. Jeśli to Ty, otwórz ten link w ciągu jednego dnia:",
                path,
            },
        };
        self.write_fixed_text(reader, &text).await.map(Some)
    }
}
