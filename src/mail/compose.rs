//! Composition of a mail whose text staff can edit: recipient, values of the template, and text.
//!
//! The newest text that staff published for the fund or for all funds is used, or the default
//! template. An address that its person has not proven to be theirs gets a neutral text, because
//! the person who typed it may have typed a stranger's address.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::default_templates::{sample_values, template_for_unproven};
use super::letter::{Email, Letter, SpokenLetter};
use super::signature::OfficeContact;
use super::{MailError, default_template};
use crate::auth::links::{self, MAILED_LINK_MINUTES, SignInSecret};
use crate::commands::Commands;
use crate::domain::FundId;
use crate::domain::language::{Language, day_text};
use crate::domain::mail::{MailKind, fill_in};
use crate::domain::text::contains_url;
use crate::outbox::MailRow;
use crate::projections::{GroupRow, OrganisationRow};
use crate::views::{PersonView, Views};

pub(super) type TemplateValues = BTreeMap<&'static str, String>;

/// Composes mails: looks up their values, and writes their texts.
#[derive(Clone)]
pub struct Composer {
    pub(super) commands: Commands,
    pub(super) views: Views,
    /// Public base URL of the pages, without a trailing slash.
    pub(super) address: String,
    pub(super) office: OfficeContact,
}

/// Values for the template, and the page that the mail links to.
pub(super) struct MailContext {
    pub(super) values: TemplateValues,
    /// The group's own answers, by question.
    pub(super) answers: Vec<(String, String)>,
    /// Path of the page, with its leading slash.
    pub(super) path: String,
    pub(super) fund: Option<FundId>,
    pub(super) language: Language,
}

/// A composed mail, and the address that it goes to, if there is one.
pub(super) struct MailDraft {
    pub(super) to: Option<String>,
    pub(super) letter: Letter,
}

/// How a mail reaches its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Email,
    /// By phone, by letter or in person. No address is needed.
    ByHand,
}

impl Composer {
    #[must_use]
    pub fn new(commands: Commands, views: Views, address: &str, office: OfficeContact) -> Self {
        Self {
            commands,
            views,
            address: address.trim_end_matches('/').to_owned(),
            office,
        }
    }

    /// The subject and the text of a mail with example values, as it would arrive from this office.
    #[must_use]
    pub fn example(
        &self,
        kind: MailKind,
        language: Language,
        organisation: &OrganisationRow,
        (subject, body): (&str, &str),
    ) -> (String, String) {
        let signature = self.office.signature(organisation, language);
        let link = format!("{}/my", self.address);
        let mut values = sample_values(kind);
        for (name, own) in [
            ("organisation", organisation.name.clone()),
            ("phone", signature.phone_in_words(language)),
            ("link", link.clone()),
        ] {
            if let Some(value) = values.get_mut(name) {
                *value = own;
            }
        }
        let letter = Letter {
            language,
            subject: on_one_line(&fill_in(subject, &values)),
            plain: fill_in(&body.replace("\r\n", "\n"), &values),
            link,
            facts: facts(&values, language),
            signature: Some(signature),
            ..Letter::default()
        };
        let plain = letter.render_plain();
        (letter.subject, plain)
    }

    /// Composes a mail. Fails with [`MailError::NoAddress`] if it cannot go by email.
    pub(super) async fn compose(&self, mail: &MailRow) -> Result<Email, MailError> {
        let MailDraft { to, letter } = self.draft(mail, Route::Email).await?;
        Ok(letter.into_email(&mail.id, to.ok_or(MailError::NoAddress)?)?)
    }

    /// The words of a mail without links, for a call or a letter on paper.
    pub async fn spoken(&self, mail: &MailRow) -> Result<SpokenLetter, MailError> {
        Ok(self.draft(mail, Route::ByHand).await?.letter.into_spoken())
    }

    async fn draft(&self, mail: &MailRow, route: Route) -> Result<MailDraft, MailError> {
        if let Some(notice) = self.compose_access_notice(mail).await? {
            return Ok(notice);
        }
        if let Some(warning) = self.compose_warning(mail).await? {
            return Ok(warning);
        }
        if let Some(test) = self.compose_test_message(mail).await? {
            return Ok(test);
        }
        if let Some(link) = self.compose_new_address(mail).await? {
            return Ok(link);
        }
        let kind: MailKind = mail
            .kind
            .parse()
            .map_err(|_| MailError::InvalidMail(format!("there is no mail {}", mail.kind)))?;
        self.compose_from_template(mail, kind, route).await
    }

    /// What a mail of this kind may say, read from what it is about.
    async fn context_of(
        &self,
        mail: &MailRow,
        kind: MailKind,
        person: &PersonView,
    ) -> Result<MailContext, MailError> {
        match kind {
            MailKind::SignIn => self.sign_in_context(&mail.about, person).await,
            MailKind::ColleagueInvited => self.invitation_context(mail, person).await,
            MailKind::ContactChanged => self.contact_changed_context(&mail.about, person).await,
            MailKind::ErasureAsked => self.own_context(person).await,
            MailKind::PaperReceived => self.paper_context(&mail.about, person).await,
            MailKind::AssetDue => self.asset_context(&mail.about, person).await,
            kind if kind.is_about_gathering() || kind.is_about_own_words() => {
                self.person_context(&mail.about, kind, person).await
            }
            kind if kind.is_about_introduction() => {
                self.introduction_context(&mail.about, kind, person).await
            }
            _ => {
                let chosen = person.mail_language;
                self.event_context(&mail.about, kind, chosen).await
            }
        }
    }

    /// Composes a mail from the template of its kind.
    async fn compose_from_template(
        &self,
        mail: &MailRow,
        kind: MailKind,
        route: Route,
    ) -> Result<MailDraft, MailError> {
        let (person, proven_address) = self.load_person(&mail.person).await?;
        let MailContext {
            mut values,
            answers,
            path,
            fund,
            language,
        } = self.context_of(mail, kind, &person).await?;
        let to = match route {
            Route::Email => Some(self.recipient_address(mail, kind, &person).await?),
            Route::ByHand => None,
        };
        let organisation = self.load_organisation().await?;
        let signature = self.office.signature(&organisation, language);
        if !kind.may_reach_unproven() {
            values.insert("name", without_address(person.name.unwrap_or_default()));
        }
        values.insert("organisation", organisation.name.clone());
        values.insert("phone", signature.phone_in_words(language));
        let link = format!("{}{path}", self.address);
        values.insert("link", link.clone());
        let default = default_template(kind, language);
        let known = match &to {
            Some(to) => self.is_proven(to, proven_address.as_ref()).await?,
            None => true,
        };
        let letter = |subject: &str, body: &str, button: &str| Letter {
            language,
            subject: on_one_line(&fill_in(subject, &values)),
            plain: fill_in(body, &values),
            link: link.clone(),
            button: button.to_owned(),
            signature: Some(signature.clone()),
            look: self.look_of(&organisation),
            translated: self.translated_page(kind, &path, language),
            ..Letter::default()
        };
        let letter = if kind.may_reach_unproven() || known {
            let published = organisation
                .mail_text(kind, fund, language)
                .filter(|text| text.unused_reason().is_none());
            let (subject, body) = published.map_or((&default.subject, &default.body), |text| {
                (&text.subject, &text.body)
            });
            Letter {
                facts: facts(&values, language),
                answers,
                ..letter(subject, body, &default.button)
            }
        } else {
            // The address is unproven and may belong to a stranger.
            let neutral = template_for_unproven(kind, language)
                .ok_or(MailError::NotNeeded("the address was not proven"))?;
            letter(&neutral.subject, &neutral.body, &neutral.button)
        };
        Ok(MailDraft { to, letter })
    }

    /// The linked page in the other language of the pages. A link to sign in is secret and works
    /// once, so its mail has no second address.
    fn translated_page(
        &self,
        kind: MailKind,
        path: &str,
        language: Language,
    ) -> Option<(Language, String)> {
        if matches!(kind, MailKind::SignIn | MailKind::ColleagueInvited) {
            return None;
        }
        let other = match language {
            Language::En => Language::Pl,
            Language::Pl => Language::En,
        };
        let address = format!("{}/language/{}?to={path}", self.address, other.code());
        Some((other, address))
    }

    /// Context of a mail to a person about themselves.
    async fn own_context(&self, person: &PersonView) -> Result<MailContext, MailError> {
        Ok(MailContext {
            values: TemplateValues::new(),
            answers: Vec::new(),
            path: "/account".to_owned(),
            fund: None,
            language: self.language_of(person).await?,
        })
    }

    /// Context of a mail about a paper that a member of a group sent.
    async fn paper_context(
        &self,
        position: &str,
        person: &PersonView,
    ) -> Result<MailContext, MailError> {
        let event = self.load_event(position).await?;
        let group: Option<GroupRow> = self.views.find(event.stream, None).await?;
        let name = group.ok_or(MailError::ViewsBehind)?.name;
        Ok(MailContext {
            values: BTreeMap::from([("group", without_address(name))]),
            answers: Vec::new(),
            path: "/my".to_owned(),
            fund: None,
            language: self.language_of(person).await?,
        })
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
            answers: Vec::new(),
            path: format!("/sign-in/{}", secret.token),
            fund: None,
            language: self.language_of(person).await?,
        })
    }

    /// Values of the notice to a replaced address. The address may belong to someone else by now,
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
            answers: Vec::new(),
            path: "/".to_owned(),
            fund: None,
            language,
        })
    }
}

/// The values that a small table below the text repeats.
fn facts(values: &TemplateValues, language: Language) -> Vec<(&'static str, String)> {
    let label = |name: &str| match (name, language) {
        ("amount", Language::En) => "Amount",
        ("amount", Language::Pl) => "Kwota",
        ("reference", Language::En) => "Your number",
        ("reference", Language::Pl) => "Twój numer",
        ("due_on", Language::En) => "Please do this by",
        ("due_on", Language::Pl) => "Termin",
        (_, Language::En) => "Closing date",
        (_, Language::Pl) => "Koniec naboru",
    };
    ["amount", "reference", "due_on", "closes_on"]
        .into_iter()
        .filter_map(|name| {
            let value = values.get(name).filter(|value| !value.is_empty())?;
            Some((label(name), value.clone()))
        })
        .collect()
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
        Language::En => day_text(day),
        Language::Pl => day.strftime("%-d.%m.%Y").to_string(),
    }
}
