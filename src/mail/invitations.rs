//! Mails that let a colleague in: the invitation of a person with a new role, and the test message
//! that an administrator sends to themselves. Each has a sign-in link of its own. Using it proves
//! the address.

use super::compose::{Composer, MailContext, MailDraft};
use super::fixed_text::FixedText;
use super::{MailError, derive_id};
use crate::auth::links::{self, SignInSecret};
use crate::clock;
use crate::commands::Commands;
use crate::domain::language::Language;
use crate::domain::mail::MailKind;
use crate::domain::{PersonId, Role};
use crate::eventlog::LogError;
use crate::outbox::{self, MailRow, NewMail};
use crate::views::PersonView;

/// The kind of the test message.
pub const TEST_MESSAGE: &str = "test_message";
/// Lifetime of the link in an invitation, in minutes: three days, over a weekend.
const INVITATION_MINUTES: i64 = 3 * 24 * 60;
/// Lifetime of the link in a test message, in minutes.
const TEST_MINUTES: i64 = 24 * 60;

/// Enqueues the invitation of a person who has roles.
pub async fn invite(commands: &Commands, person: PersonId) -> Result<(), LogError> {
    let mail = NewMail {
        // A new id, so that an invitation can be sent again.
        id: clock::new_id().to_string(),
        kind: <&str>::from(MailKind::ColleagueInvited).to_owned(),
        person: person.to_string(),
        about: String::new(),
    };
    outbox::enqueue(commands.log(), &[mail], commands.now().as_microsecond()).await
}

/// Enqueues a test message to a person.
pub async fn send_test_message(commands: &Commands, person: PersonId) -> Result<(), LogError> {
    let mail = NewMail {
        id: derive_id(commands, &format!("{TEST_MESSAGE}/{}", clock::new_id())),
        kind: TEST_MESSAGE.to_owned(),
        person: person.to_string(),
        about: String::new(),
    };
    outbox::enqueue(commands.log(), &[mail], commands.now().as_microsecond()).await
}

impl Composer {
    /// The address for a mail with a link of its own, which is made if it does not exist yet.
    pub(super) async fn invitation_address(
        &self,
        mail: &MailRow,
        minutes: i64,
    ) -> Result<Option<String>, MailError> {
        let person: uuid::Uuid = mail
            .person
            .parse()
            .map_err(|_| MailError::InvalidMail("it is to nobody".to_owned()))?;
        links::issue_for_mail(&self.commands, &mail.id, PersonId(person), minutes).await?;
        self.sign_in_address(person, &mail.id).await
    }

    pub(super) async fn invited_address(
        &self,
        mail: &MailRow,
    ) -> Result<Option<String>, MailError> {
        self.invitation_address(mail, INVITATION_MINUTES).await
    }

    /// Path of the page of a mail's own link. An error if the link was used or has run out.
    async fn own_link_path(&self, mail: &MailRow) -> Result<String, MailError> {
        let log = self.commands.log();
        let now = self.commands.now().as_microsecond();
        let stored = links::find(log, &mail.id).await?;
        if stored.is_none_or(|link| link.used_at.is_some() || link.expires_at <= now) {
            return Err(MailError::NotNeeded("the link was used or has run out"));
        }
        let secret = SignInSecret::derive(log.vault(), &mail.id);
        Ok(format!("/sign-in/{}", secret.token))
    }

    /// Values of an invitation.
    pub(super) async fn invitation_context(
        &self,
        mail: &MailRow,
        person: &PersonView,
    ) -> Result<MailContext, MailError> {
        if person.roles.is_empty() {
            return Err(MailError::NotNeeded("the person has no role"));
        }
        let invited = PersonId(person.id);
        links::issue_for_mail(&self.commands, &mail.id, invited, INVITATION_MINUTES).await?;
        let language = self.language_of(person).await?;
        let roles: Vec<_> = person
            .roles
            .iter()
            .map(|role| role_title(*role, language))
            .collect();
        Ok(MailContext {
            values: std::collections::BTreeMap::from([("roles", roles.join(", "))]),
            answers: Vec::new(),
            path: self.own_link_path(mail).await?,
            fund: None,
            language,
        })
    }

    /// Composes a test message; none if the mail is of another kind.
    pub(super) async fn compose_test_message(
        &self,
        mail: &MailRow,
    ) -> Result<Option<MailDraft>, MailError> {
        if mail.kind != TEST_MESSAGE {
            return Ok(None);
        }
        let address = self.invitation_address(mail, TEST_MINUTES).await?;
        let mut reader = self.load_fixed_text_reader(mail).await?;
        reader.to = Some(address.ok_or(MailError::NoAddress)?);
        let path = self.own_link_path(mail).await?;
        let text = match reader.language {
            Language::En => FixedText {
                subject: "Test message: your email works",
                words: "Hello\n\nThis is the test message you asked for. Emails from your grants \
                    service are reaching you.\n\nOpen this link to confirm that it arrived. It \
                    signs you in. It works once, within a day:",
                path,
            },
            Language::Pl => FixedText {
                subject: "Wiadomość próbna: poczta działa",
                words: "Dzień dobry!\n\nTo wiadomość próbna wysłana na Twoją prośbę. Wiadomości z \
                    serwisu dotacji docierają.\n\nOtwórz ten link, aby to potwierdzić. Link \
                    loguje, działa jeden raz i przez jeden dzień:",
                path,
            },
        };
        self.write_fixed_text(reader, &text).await.map(Some)
    }
}

/// What a role is called in an invitation.
fn role_title(role: Role, language: Language) -> &'static str {
    match (role, language) {
        (Role::Administrator, Language::En) => "administrator",
        (Role::Officer, Language::En) => "grants officer",
        (Role::Finance, Language::En) => "finance",
        (Role::Panel, Language::En) => "panel member",
        (Role::Auditor, Language::En) => "auditor",
        (Role::Connector, Language::En) => "connector",
        (Role::Administrator, Language::Pl) => "administracja",
        (Role::Officer, Language::Pl) => "obsługa dotacji",
        (Role::Finance, Language::Pl) => "finanse",
        (Role::Panel, Language::Pl) => "udział w panelu",
        (Role::Auditor, Language::Pl) => "audyt",
        (Role::Connector, Language::Pl) => "łączenie ludzi z grupami",
    }
}
