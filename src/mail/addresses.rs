//! The address that a mail goes to: the person's present one, with two exceptions. A sign-in link
//! goes to one address only, and the notice of a changed address goes to the replaced one.

use uuid::Uuid;

use super::{Composer, MailError};
use crate::auth::links;
use crate::crypto::vault::DecryptedValue;
use crate::domain::mail::MailKind;
use crate::domain::personal_data::Encrypted;
use crate::domain::{Event, Person, PersonEvent};
use crate::eventlog::LogError;
use crate::outbox::MailRow;
use crate::views::PersonView;

impl Composer {
    /// The address that a mail to a person goes to.
    pub(super) async fn recipient_address(
        &self,
        mail: &MailRow,
        kind: MailKind,
        person: &PersonView,
    ) -> Result<String, MailError> {
        let address = match kind {
            MailKind::SignIn => self.sign_in_address(person.id, &mail.about).await?,
            MailKind::ColleagueInvited => self.invited_address(mail).await?,
            MailKind::ContactChanged => self.replaced_address(&mail.about).await?,
            _ => person.email.clone(),
        };
        address.ok_or(MailError::NoAddress)
    }

    /// Address for a sign-in link: the person's current address in the log. Using the link proves
    /// this address, so the link is never mailed to another one.
    pub(super) async fn sign_in_address(
        &self,
        person: Uuid,
        link: &str,
    ) -> Result<Option<String>, MailError> {
        let log = self.commands.log();
        let person = log.refresh::<Person>(person).await?.state;
        let Some(address) = person.email() else {
            return Ok(None);
        };
        if !links::bind_to_address(log, link, &address.digest).await? {
            return Err(MailError::NotNeeded(
                "the link is gone, or was mailed to an address that was changed since",
            ));
        }
        self.decrypt_address(address).await
    }

    /// The previous address of a person whose contact details changed; none after the person's
    /// erasure.
    async fn replaced_address(&self, position: &str) -> Result<Option<String>, MailError> {
        let event = self.load_event(position).await?;
        let Event::Person(PersonEvent::ContactChanged {
            replaced: Some(replaced),
            ..
        }) = &event.event
        else {
            return Ok(None);
        };
        self.decrypt_address(replaced).await
    }

    /// Whether an address is the person's proven one.
    pub(super) async fn is_proven(
        &self,
        address: &str,
        proven: Option<&Encrypted>,
    ) -> Result<bool, MailError> {
        match proven {
            Some(proven) => Ok(self.decrypt_address(proven).await?.as_deref() == Some(address)),
            None => Ok(false),
        }
    }

    async fn decrypt_address(&self, address: &Encrypted) -> Result<Option<String>, MailError> {
        let decrypted = self
            .commands
            .log()
            .vault()
            .decrypt(&[("email", address)])
            .await
            .map_err(LogError::from)?
            .pop();
        Ok(decrypted.and_then(DecryptedValue::text))
    }
}
