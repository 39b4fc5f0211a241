//! The organisation's settings: its name, the look of its pages, its contact details, and the
//! languages of its area. Two administrators change them: one proposes, another confirms. Until
//! there is a second administrator, the first changes them alone.
//!
//! All values are unencrypted, because they are about an organisation. All are public but the
//! account for returns and how emails are sent: see [`Settings::only_public`]. The account always
//! takes two administrators.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Accent, OrganisationCommand, OrganisationEvent, ReturnAccount, Sending};
use crate::domain::command::ProposalRef;
use crate::domain::email::{parse_email, parse_kept_email};
use crate::domain::file::FileDigest;
use crate::domain::id::PersonId;
use crate::domain::language::Language;
use crate::domain::phone::PhoneNumber;
use crate::domain::postcode::parse_postcode;
use crate::domain::role::Role;
use crate::domain::text::{Document, Line, Prose, TEXT_PATTERN, TextError, normalise, text_type};
use crate::domain::{DecisionContext, Refusal};

/// The most languages of an area.
pub const LANGUAGES_MAX: usize = 12;
/// The most lines of a postal address.
const ADDRESS_LINES_MAX: usize = 6;
/// The placeholder for the phone number in a line of help.
const PHONE_PLACEHOLDER: &str = "{phone}";

text_type!(
    /// The office's phone number, written as people read it.
    OfficePhone, parse_phone, "A phone number as people read it", "^[+()0-9 -]+$", 40,
    "0161 496 0000"
);
text_type!(
    /// The office's email address.
    OfficeEmail, parse_office_email, "An email address", "^[^@ ]+@[^@ ]+$", 254,
    "office@example.org"
);
text_type!(
    /// The office's postal address, one line for each part.
    PostalAddress, parse_address, "A postal address of at most six lines", TEXT_PATTERN, 300,
    "12 Example Street\nStockport SK3 9ZZ"
);
text_type!(
    /// The tag of a language as BCP 47 defines it, such as `ur` or `zh-Hant`.
    LanguageTag, parse_tag, "The tag of a language, as in HTML", "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
    35, "ur"
);
text_type!(
    /// One line in a language that says how to get help, with `{phone}` for the number.
    HelpLine, parse_help_line, "One line of at most 140 characters that has {phone} once",
    TEXT_PATTERN, 140, "Zadzwoń: {phone}."
);

/// Reads an address on record, by the rules of its time, or as people type and paste one.
fn parse_office_email(text: &str) -> Result<String, TextError> {
    parse_kept_email(text).or_else(|_| parse_email(text))
}

/// Reads a number on record, by the rules of its time, or as people type one.
fn parse_phone(text: &str) -> Result<String, TextError> {
    let text = normalise(text, 40, false)?;
    let written = |c: char| c.is_ascii_digit() || "+()- ".contains(c);
    let dialled = dialled(&text);
    let fits = match dialled.strip_prefix('+') {
        Some(digits) => (8..=15).contains(&digits.len()),
        None => dialled.starts_with('0') && (7..=14).contains(&dialled.len()),
    };
    if fits && text.chars().all(written) {
        Ok(text)
    } else {
        write_phone(&text)
    }
}

/// A phone number in the groups in which people write it. Refuses words around it.
fn write_phone(text: &str) -> Result<String, TextError> {
    PhoneNumber::parse(text)
        .filter(PhoneNumber::is_bare)
        .map(|number| number.grouped())
        .ok_or(TextError::NotATelephone)
}

/// The lines of an address without blanks at their ends and without empty lines, and with a
/// postcode on a line of its own in its usual form.
fn tidy_address(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let tidied = lines.map(|line| parse_postcode(line).unwrap_or_else(|_| line.to_owned()));
    tidied.collect::<Vec<_>>().join("\n")
}

fn parse_address(text: &str) -> Result<String, TextError> {
    let text = normalise(text, 300, true)?;
    if text.lines().count() > ADDRESS_LINES_MAX {
        Err(TextError::TooManyLines(ADDRESS_LINES_MAX))
    } else {
        Ok(text)
    }
}

fn parse_tag(text: &str) -> Result<String, TextError> {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    let fits = (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && text.len() <= 35
        && parts.all(|part| {
            (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
    if fits {
        Ok(text.to_owned())
    } else {
        Err(TextError::NotALanguage)
    }
}

fn parse_help_line(text: &str) -> Result<String, TextError> {
    let text = normalise(text, 140, false)?;
    if text.matches(PHONE_PLACEHOLDER).count() == 1 {
        Ok(text)
    } else {
        Err(TextError::NoPhonePlaceholder)
    }
}

/// A phone number for a link that calls it: digits, with a plus sign if it begins with one.
#[must_use]
pub fn dialled(telephone: &str) -> String {
    let telephone = telephone.trim();
    let plus = if telephone.starts_with('+') { "+" } else { "" };
    let digits: String = telephone.chars().filter(char::is_ascii_digit).collect();
    format!("{plus}{digits}")
}

impl OfficePhone {
    /// The number as people write it.
    #[must_use]
    pub fn written(&self) -> String {
        write_phone(self.as_str()).unwrap_or_else(|_| self.to_string())
    }
}

impl HelpLine {
    /// The words before and after the number.
    #[must_use]
    pub fn around_phone(&self) -> (&str, &str) {
        self.as_str()
            .split_once(PHONE_PLACEHOLDER)
            .unwrap_or((self.as_str(), ""))
    }
}

/// The direction in which a language is written.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum WritingDirection {
    /// From left to right.
    #[default]
    Ltr,
    /// From right to left.
    Rtl,
}

impl WritingDirection {
    /// The value of the attribute `dir`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A language that people of the area speak, with one line of help in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaLanguage {
    pub tag: LanguageTag,
    /// The language's name in that language.
    pub own_name: Line,
    #[serde(default)]
    pub direction: WritingDirection,
    pub line: HelpLine,
    /// Whether a speaker of the language has checked the line.
    #[serde(default)]
    pub checked: bool,
}

/// The settings of the organisation. A change replaces all of them, and removes those that it
/// leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The name that the pages and emails show.
    pub name: Line,
    /// The digest of the logo, a PNG in the file store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<FileDigest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<Accent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telephone: Option<OfficePhone>,
    /// When someone answers the phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Line>,
    /// The same hours in other languages of the pages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hours_in: BTreeMap<Language, Line>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<PostalAddress>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<OfficeEmail>,
    /// The privacy notice: how the organisation uses people's information.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<Document>,
    /// The accessibility statement: how people with a disability can use the site, and which parts
    /// they cannot use well yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accessibility: Option<Document>,
    /// The line about its registration, such as the charity number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charity: Option<Line>,
    /// The languages of the area, besides English.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 12)]
    pub languages: Vec<AreaLanguage>,
    /// The account to which groups return money. It is not public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_account: Option<ReturnAccount>,
    /// The mail server, the sender of emails and the service's address. They are not public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sending: Option<Box<Sending>>,
}

impl Settings {
    /// When someone answers the phone, in a language, or in English without a translation.
    #[must_use]
    pub fn hours_in_language(&self, language: Language) -> Option<&Line> {
        self.hours_in.get(&language).or(self.hours.as_ref())
    }

    /// The public settings.
    #[must_use]
    pub fn only_public(self) -> Self {
        Self {
            return_account: None,
            sending: None,
            ..self
        }
    }

    /// The settings with the contact details in the form in which they are kept. Refuses an email
    /// address or a phone number at which nobody can be reached. What is in force stays as it is,
    /// because it may be older than these rules.
    fn with_kept_contact(&self, in_force: Option<&Self>) -> Result<Self, Refusal> {
        let sender =
            |settings: &Self| Some(settings.sending.as_ref()?.sender.as_ref()?.email.clone());
        let sender_known = in_force.and_then(sender);
        let mut kept = self.clone();
        if let Some(phone) = &mut kept.telephone {
            let known = in_force.and_then(|known| known.telephone.as_ref());
            *phone = kept_contact("telephone", phone, known, write_phone)?;
        }
        if let Some(email) = &mut kept.email {
            let known = in_force.and_then(|known| known.email.as_ref());
            *email = kept_contact("email", email, known, parse_email)?;
        }
        if let Some(sender) = kept
            .sending
            .as_mut()
            .and_then(|sending| sending.sender.as_mut())
        {
            let field = "sending.sender.email";
            sender.email = kept_contact(field, &sender.email, sender_known.as_ref(), parse_email)?;
        }
        if let Some(address) = &mut kept.address
            && let Ok(tidied) = PostalAddress::try_from(tidy_address(address.as_str()))
        {
            *address = tidied;
        }
        Ok(kept)
    }

    /// Refuses an accent on which white text is not readable, too many languages, and a language
    /// that is listed twice.
    fn must_be_valid(&self) -> Result<(), Refusal> {
        if let Some(accent) = &self.accent {
            accent.must_be_readable()?;
        }
        if self.languages.len() > LANGUAGES_MAX {
            return Err(Refusal::TooManyItems(LANGUAGES_MAX));
        }
        let tags: BTreeSet<_> = self.languages.iter().map(|one| &one.tag).collect();
        if tags.len() < self.languages.len() {
            Err(Refusal::NamedTwice)
        } else {
            Ok(())
        }
    }
}

/// A contact detail in the form in which it is kept, unless it is the known one.
fn kept_contact<T>(
    field: &'static str,
    entered: &T,
    known: Option<&T>,
    parse: fn(&str) -> Result<String, TextError>,
) -> Result<T, Refusal>
where
    T: Clone + PartialEq + ToString + TryFrom<String, Error = TextError>,
{
    if known == Some(entered) {
        return Ok(entered.clone());
    }
    parse(&entered.to_string())
        .and_then(T::try_from)
        .map_err(|why| Refusal::ContactUnfit {
            field,
            why: why.to_string(),
        })
}

/// Proposed settings by their number, and why they are refused.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseSettings {
    #[schema(minimum = 1)]
    pub proposal: u32,
    pub reason: Prose,
}

/// The settings in force, and the proposal that waits for a second administrator. A newer proposal
/// replaces it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct SettingsHistory {
    version: u32,
    proposals: u32,
    in_force: Option<Settings>,
    proposed: Option<SettingsProposal>,
    /// Whether there have ever been two administrators. From then on it takes two to change them.
    had_two_administrators: bool,
}

/// Settings that wait for a second administrator.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SettingsProposal {
    number: u32,
    settings: Settings,
    by: PersonId,
}

impl SettingsHistory {
    /// Whether one administrator may still set them alone.
    pub(super) fn may_be_set_alone(&self) -> bool {
        !self.had_two_administrators
    }

    /// How emails leave the service, by the settings in force.
    pub(super) fn sending(&self) -> Option<&Sending> {
        self.in_force.as_ref()?.sending.as_deref()
    }

    /// Records that there are two administrators.
    pub(super) fn end_founding(&mut self) {
        self.had_two_administrators = true;
    }

    pub(super) fn decide(
        &self,
        command: &OrganisationCommand,
        facts: &DecisionContext,
    ) -> Result<OrganisationEvent, Refusal> {
        use OrganisationCommand as C;
        match command {
            C::SetSettings(settings) => {
                if self.had_two_administrators || settings.return_account.is_some() {
                    return Err(Refusal::NeedsTwoPeople);
                }
                let settings = settings.with_kept_contact(self.in_force.as_ref())?;
                self.set(&settings, None, facts.by()?)
            }
            C::ProposeSettings(settings) => {
                let settings = settings.with_kept_contact(self.in_force.as_ref())?;
                self.must_be_new(&settings)?;
                Ok(OrganisationEvent::SettingsProposed {
                    proposal: self.proposals + 1,
                    settings,
                    proposed_by: facts.by()?,
                })
            }
            C::ConfirmSettings(ProposalRef { proposal }) => {
                let (proposed, by) = (self.must_find_proposal(*proposal)?, facts.by()?);
                facts.must_be_two_people(proposed.by, by)?;
                facts.still_holds(proposed.by, &[Role::Administrator])?;
                self.set(&proposed.settings, Some(proposed.by), by)
            }
            C::RefuseSettings(RefuseSettings { proposal, reason }) => {
                self.must_find_proposal(*proposal)?;
                Ok(OrganisationEvent::SettingsRefused {
                    proposal: *proposal,
                    reason: reason.clone(),
                    by: facts.by()?,
                })
            }
            _ => Err(Refusal::NoChange),
        }
    }

    fn must_find_proposal(&self, proposal: u32) -> Result<&SettingsProposal, Refusal> {
        self.proposed
            .as_ref()
            .filter(|proposed| proposed.number == proposal)
            .ok_or(Refusal::NotProposed)
    }

    fn must_be_new(&self, settings: &Settings) -> Result<(), Refusal> {
        settings.must_be_valid()?;
        if self.in_force.as_ref() == Some(settings) {
            Err(Refusal::NoChange)
        } else {
            Ok(())
        }
    }

    fn set(
        &self,
        settings: &Settings,
        proposed_by: Option<PersonId>,
        set_by: PersonId,
    ) -> Result<OrganisationEvent, Refusal> {
        self.must_be_new(settings)?;
        Ok(OrganisationEvent::SettingsSet {
            version: self.version + 1,
            settings: settings.clone(),
            proposed_by,
            set_by,
        })
    }

    pub(super) fn apply(&mut self, event: &OrganisationEvent) {
        match event {
            OrganisationEvent::SettingsProposed {
                proposal,
                settings,
                proposed_by,
            } => {
                self.proposals = *proposal;
                self.proposed = Some(SettingsProposal {
                    number: *proposal,
                    settings: settings.clone(),
                    by: *proposed_by,
                });
            }
            OrganisationEvent::SettingsSet {
                version, settings, ..
            } => {
                self.version = *version;
                self.in_force = Some(settings.clone());
                self.proposed = None;
            }
            OrganisationEvent::SettingsRefused { .. } => self.proposed = None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_without_a_translation_are_those_in_english() {
        let mut settings: Settings = serde_json::from_value(serde_json::json!({
            "name": "An anchor",
            "hours": "10am to 3pm",
            "hours_in": { "pl": "od 10 do 15" },
        }))
        .unwrap();
        let hours = |settings: &Settings, language| {
            settings
                .hours_in_language(language)
                .map(Line::as_str)
                .map(str::to_owned)
        };
        assert_eq!(
            hours(&settings, Language::Pl).as_deref(),
            Some("od 10 do 15")
        );
        assert_eq!(
            hours(&settings, Language::En).as_deref(),
            Some("10am to 3pm")
        );
        settings.hours_in.clear();
        assert_eq!(
            hours(&settings, Language::Pl).as_deref(),
            Some("10am to 3pm")
        );
    }

    #[test]
    fn a_number_is_kept_as_people_read_it() {
        let phone: OfficePhone = " 0161 496 0000 ".parse().unwrap();
        assert_eq!(
            (phone.as_str(), dialled(phone.as_str()).as_str()),
            ("0161 496 0000", "01614960000")
        );
        let abroad: OfficePhone = "+44 (161) 496-0000".parse().unwrap();
        assert_eq!(dialled(abroad.as_str()), "+441614960000");
        for text in ["", "call us", "123", "0161 496 0000 ext. 4"] {
            assert!(text.parse::<OfficePhone>().is_err(), "{text:?}");
        }
    }

    /// The settings that are recorded if these contact details are entered.
    fn recorded(
        mut entered: serde_json::Value,
        before: Option<&Settings>,
    ) -> Result<Settings, Refusal> {
        entered["name"] = "An anchor".into();
        let settings: Settings = serde_json::from_value(entered).unwrap();
        settings.with_kept_contact(before)
    }

    #[test]
    fn contact_details_are_kept_in_one_form() {
        for typed in [
            "0161 496 0000",
            "01614960000",
            "(0161) 496-0000",
            "0161.496.0000",
            "+44 (0)161 496 0000",
            "0044 161 496 0000",
        ] {
            let kept = recorded(serde_json::json!({ "telephone": typed }), None).unwrap();
            let phone = kept.telephone.as_ref().map(OfficePhone::as_str);
            assert_eq!(phone, Some("0161 496 0000"), "{typed}");
            assert_eq!(kept.with_kept_contact(None).as_ref(), Ok(&kept), "{typed}");
        }
        let abroad = recorded(
            serde_json::json!({ "telephone": "0048 22 510 00 00" }),
            None,
        );
        let abroad = abroad.unwrap().telephone.map(String::from);
        assert_eq!(abroad.as_deref(), Some("+48 22 510 00 00"));
        for typed in [
            "Office@Example.ORG",
            "mailto:office@example.org",
            "An office <office@example.org>",
            "office@example.org.",
        ] {
            let sending = serde_json::json!({ "sender": { "name": "An office", "email": typed } });
            let entered = serde_json::json!({ "email": typed, "sending": sending });
            let kept = recorded(entered, None).unwrap();
            let email = kept.email.map(String::from);
            assert_eq!(email.as_deref(), Some("office@example.org"), "{typed}");
            let sender = kept.sending.unwrap().sender.unwrap().email;
            assert_eq!(sender.as_str(), "office@example.org", "{typed}");
        }
        let address = "12 Example Street \n\n Stockport\nsk39ax";
        let kept = recorded(serde_json::json!({ "address": address }), None).unwrap();
        let address = kept.address.map(String::from);
        assert_eq!(
            address.as_deref(),
            Some("12 Example Street\nStockport\nSK3 9AX")
        );
    }

    #[test]
    fn contact_details_that_reach_nobody_are_refused_with_the_field() {
        let sender = |email: &str| {
            let sender = serde_json::json!({ "name": "An office", "email": email });
            serde_json::json!({ "sending": { "sender": sender } })
        };
        for (entered, field, why) in [
            (
                serde_json::json!({ "telephone": "0161 496 000" }),
                "telephone",
                TextError::NotATelephone,
            ),
            (
                serde_json::json!({ "email": ".x@example.org" }),
                "email",
                TextError::EmailDots,
            ),
            (
                serde_json::json!({ "email": "x@-example.org" }),
                "email",
                TextError::EmailServer,
            ),
            (
                sender("x@192.0.2.1"),
                "sending.sender.email",
                TextError::EmailServer,
            ),
        ] {
            let refusal = Refusal::ContactUnfit {
                field,
                why: why.to_string(),
            };
            assert_eq!(recorded(entered.clone(), None), Err(refusal), "{entered}");
            // What is in force was recorded before these rules. It is read, and may stay.
            let mut old = entered.clone();
            old["name"] = "An anchor".into();
            let old: Settings = serde_json::from_value(old).unwrap();
            assert_eq!(recorded(entered, Some(&old)), Ok(old.clone()));
        }
    }

    #[test]
    fn a_line_of_help_holds_the_number_once() {
        let line: HelpLine = "Zadzwoń: {phone}. Oddzwonimy.".parse().unwrap();
        assert_eq!(line.around_phone(), ("Zadzwoń: ", ". Oddzwonimy."));
        for text in ["Zadzwoń", "{phone} {phone}", "{ phone }"] {
            assert_eq!(
                text.parse::<HelpLine>(),
                Err(TextError::NoPhonePlaceholder),
                "{text}"
            );
        }
    }

    #[test]
    fn tags_are_those_of_html() {
        for text in ["ur", "pa", "zh-Hant", "rom", "pt-BR"] {
            assert!(text.parse::<LanguageTag>().is_ok(), "{text}");
        }
        for text in ["", "u", "Urdu", "urdu", "ur_PK", "ur-", "ur\"", "ur-x"] {
            assert_eq!(
                text.parse::<LanguageTag>(),
                Err(TextError::NotALanguage),
                "{text}"
            );
        }
    }

    #[test]
    fn an_address_has_few_lines() {
        assert!("1\n2\n3\n4\n5\n6".parse::<PostalAddress>().is_ok());
        assert_eq!(
            "1\n2\n3\n4\n5\n6\n7".parse::<PostalAddress>(),
            Err(TextError::TooManyLines(6))
        );
    }
}
