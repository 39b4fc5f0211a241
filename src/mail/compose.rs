//! Composition of a mail whose text staff can edit: recipient, values of the template, and text.
//!
//! The newest text that staff published for the fund or for all funds is used, or the default
//! template. An address that its person has not proven to be theirs gets a neutral text, because
//! the person who typed it may have typed a stranger's address.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::default_templates::template_for_unproven;
use super::letter::{Email, Letter};
use super::{MailError, Mailer, default_template};
use crate::auth::links::{self, MAILED_LINK_MINUTES, SignInSecret};
use crate::domain::FundId;
use crate::domain::language::Language;
use crate::domain::mail::{MailKind, fill_in};
use crate::domain::text::contains_url;
use crate::outbox::MailRow;
use crate::views::PersonView;

pub(super) type TemplateValues = BTreeMap<&'static str, String>;

/// Values for the template, and the page that the mail links to.
pub(super) struct MailContext {
    pub(super) values: TemplateValues,
    /// Path of the page, with its leading slash.
    pub(super) path: String,
    pub(super) fund: Option<FundId>,
    pub(super) language: Language,
}

impl Mailer {
    /// Composes a mail from the template of its kind.
    pub(super) async fn compose_from_template(
        &self,
        mail: &MailRow,
        kind: MailKind,
    ) -> Result<Email, MailError> {
        let (person, proven_address) = self.load_person(&mail.person).await?;
        let to = self.recipient_address(mail, kind, &person).await?;
        let MailContext {
            mut values,
            path,
            fund,
            language,
        } = match kind {
            MailKind::SignIn => self.sign_in_context(&mail.about, &person).await?,
            MailKind::ContactChanged => self.contact_changed_context(&mail.about, &person).await?,
            _ => self.event_context(&mail.about, kind).await?,
        };
        let organisation = self.load_organisation().await?;
        if !kind.may_reach_unproven() {
            values.insert("name", without_address(person.name.unwrap_or_default()));
        }
        values.insert("organisation", organisation.name.clone());
        let link = format!("{}{path}", self.address);
        values.insert("link", link.clone());
        let (subject, body) =
            if kind.may_reach_unproven() || self.is_proven(&to, proven_address.as_ref()).await? {
                let default = default_template(kind, language);
                let published = organisation
                    .mail_text(kind, fund, language)
                    .filter(|text| text.unused_reason().is_none());
                published.map_or((&default.subject, &default.body), |text| {
                    (&text.subject, &text.body)
                })
            } else {
                // The address is unproven and may belong to a stranger.
                let neutral = template_for_unproven(language);
                (&neutral.subject, &neutral.body)
            };
        let letter = Letter {
            language,
            subject: on_one_line(&fill_in(subject, &values)),
            plain: fill_in(body, &values),
            link,
        };
        Ok(letter.into_email(&mail.id, to)?)
    }

    async fn sign_in_context(
        &self,
        link: &str,
        person: &PersonView,
    ) -> Result<MailContext, MailError> {
        let log = self.commands.log();
        let now = self.commands.now().as_microsecond();
        let stored = links::find(log, link).await?;
        if stored.is_none_or(|link| link.used_at.is_some() || link.expires_at <= now) {
            return Err(MailError::NotNeeded("the link was used or has run out"));
        }
        let secret = SignInSecret::derive(log.vault(), link);
        Ok(MailContext {
            values: BTreeMap::from([
                ("code", secret.code),
                ("minutes", MAILED_LINK_MINUTES.to_string()),
            ]),
            path: format!("/sign-in/{}", secret.token),
            fund: None,
            language: self.language_of(person).await?,
        })
    }

    /// Values of the notice to a replaced address. The address may belong to somebody else by now,
    /// so the mail links to the home page only.
    async fn contact_changed_context(
        &self,
        position: &str,
        person: &PersonView,
    ) -> Result<MailContext, MailError> {
        let event = self.load_event(position).await?;
        let language = self.language_of(person).await?;
        Ok(MailContext {
            values: BTreeMap::from([("changed_on", format_day(event.recorded_on(), language))]),
            path: "/".to_owned(),
            fund: None,
            language,
        })
    }
}

/// Drops a name that contains an address. Such names exist in old events; new ones are refused.
pub(super) fn without_address(name: String) -> String {
    if contains_url(&name) {
        String::new()
    } else {
        name
    }
}

fn on_one_line(subject: &str) -> String {
    subject.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Formats a day in a language: `31 March 2026`, `31.03.2026`.
#[must_use]
pub fn format_day(day: Date, language: Language) -> String {
    match language {
        Language::En => day.strftime("%-d %B %Y").to_string(),
        Language::Pl => day.strftime("%-d.%m.%Y").to_string(),
    }
}
