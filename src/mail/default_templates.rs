//! Default templates of mails, from `texts/mails.json`, by kind and language. Staff can publish
//! other texts.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::domain::language::Language;
use crate::domain::mail::MailKind;

/// Template of a mail.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MailTemplate {
    pub subject: String,
    pub body: String,
    /// Label of the button in place of the link.
    pub button: String,
}

/// Keys of the templates for unproven addresses in `texts/mails.json`: about an application, about
/// the person's own details, about a gathering, and about an introduction.
const UNPROVEN_ADDRESS_KEY: &str = "unknown_address";
const UNPROVEN_PERSON_KEY: &str = "unknown_person";
const UNPROVEN_SIGN_UP_KEY: &str = "unknown_sign_up";
/// About something that the person said or promised.
const UNPROVEN_NEWS_KEY: &str = "unknown_news";
const UNPROVEN_INTRODUCTION_KEY: &str = "unknown_introduction";

static DEFAULT_TEMPLATES: LazyLock<BTreeMap<String, BTreeMap<String, MailTemplate>>> =
    LazyLock::new(|| {
        serde_json::from_str(include_str!("../../texts/mails.json"))
            .expect("the texts of mails are whole")
    });

/// Default template of a kind of mail, in English if the language has none.
///
/// # Panics
/// If `texts/mails.json` lacks a kind of mail. A test ensures that it does not.
#[must_use]
pub fn default_template(kind: MailKind, language: Language) -> &'static MailTemplate {
    let by_language = DEFAULT_TEMPLATES
        .get(<&str>::from(kind))
        .expect("every kind of mail has its words");
    by_language
        .get(language.code())
        .or_else(|| by_language.get("en"))
        .expect("every mail has its words in English")
}

/// Template of a mail to an unproven address: one for everything about an application or a grant,
/// one for everything about gatherings, one about introductions, and one about the person's own
/// details; only the first has a number. It contains nothing that a person typed. None for a mail
/// that only people with a proven address cause.
///
/// # Panics
/// If `texts/mails.json` lacks it. A test ensures that it does not.
#[must_use]
pub fn template_for_unproven(kind: MailKind, language: Language) -> Option<&'static MailTemplate> {
    let by_language = DEFAULT_TEMPLATES
        .get(unproven_key(kind)?)
        .expect("there are words for people who are not known");
    let template = by_language
        .get(language.code())
        .or_else(|| by_language.get("en"));
    Some(template.expect("every mail has its words in English"))
}

fn unproven_key(kind: MailKind) -> Option<&'static str> {
    match kind {
        MailKind::PaperReceived => None,
        MailKind::ErasureAsked => Some(UNPROVEN_PERSON_KEY),
        MailKind::PledgeDue | MailKind::BarrierAnswered => Some(UNPROVEN_NEWS_KEY),
        kind if kind.is_about_gathering() || kind == MailKind::AssetDue => {
            Some(UNPROVEN_SIGN_UP_KEY)
        }
        kind if kind.is_about_introduction() => Some(UNPROVEN_INTRODUCTION_KEY),
        _ => Some(UNPROVEN_ADDRESS_KEY),
    }
}

/// Example values for the preview of a text before publication.
pub(super) fn sample_values(kind: MailKind) -> BTreeMap<&'static str, String> {
    let example = |name: &str| match name {
        "name" => "Amina",
        "group" => "Singing for all",
        "organisation" => "our office",
        "link" => "https://grants.example.org/my",
        "reference" => "010 427",
        "round" => "Spring",
        "closes_on" | "due_on" | "changed_on" | "day" => "31 March 2027",
        "amount" => "£850",
        "title" => "Singing on Saturdays",
        "pay_to" => "pay it to our office, sort code 12-34-56, account number 12345678.",
        "time" => "1:30pm to 4pm",
        "place" => "The hall in Mill Lane",
        "code" => "4F7K 9QWZ",
        "minutes" => "30",
        "passed_on_to" => "The hospital trust",
        "answer" => "The clinic opens on Thursday evenings from May.",
        "outcome" => "A change is planned. We will tell you once it is made.",
        "phone" => "0161 496 0000",
        "roles" => "grants officer, panel member",
        _ => "Here the group reads what you wrote to them.",
    };
    kind.names()
        .map(|name| (name, example(name).to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mail::{check_mail_text, fill_in};
    use strum::VariantArray as _;

    #[test]
    fn every_mail_can_be_written_in_every_language() {
        for kind in MailKind::VARIANTS {
            for language in Language::VARIANTS {
                let own = DEFAULT_TEMPLATES
                    .get(<&str>::from(*kind))
                    .and_then(|texts| texts.get(language.code()));
                let text = own.unwrap_or_else(|| panic!("{kind:?} has no words in {language:?}"));
                assert_eq!(
                    check_mail_text(*kind, &text.subject, &text.body),
                    Ok(()),
                    "{kind:?} in {language:?}"
                );
                assert!(
                    fill_in(&text.body, &sample_values(*kind))
                        .contains("https://grants.example.org/my"),
                    "{kind:?} leads to the pages"
                );
            }
        }
    }

    #[test]
    fn people_who_are_not_known_read_nothing_that_somebody_typed() {
        let kinds = [
            MailKind::Submitted,
            MailKind::ErasureAsked,
            MailKind::SignedUp,
            MailKind::Introduced,
        ];
        for (kind, language) in kinds
            .into_iter()
            .flat_map(|kind| Language::VARIANTS.iter().map(move |of| (kind, *of)))
        {
            let text = template_for_unproven(kind, language).unwrap();
            assert_eq!(
                DEFAULT_TEMPLATES[unproven_key(kind).unwrap()].get(language.code()),
                Some(text),
                "{language:?} has words of its own"
            );
            assert_eq!(check_mail_text(kind, &text.subject, &text.body), Ok(()));
            let said = BTreeMap::from([
                ("name", "TYPED"),
                ("group", "TYPED"),
                ("title", "TYPED"),
                ("place", "TYPED"),
                ("round", "TYPED"),
                ("closes_on", "TYPED"),
            ]);
            assert!(
                !fill_in(&text.subject, &said).contains("TYPED")
                    && !fill_in(&text.body, &said).contains("TYPED")
            );
        }
    }

    /// Only a mail about an application or a grant has the number of one.
    #[test]
    fn a_mail_about_a_persons_details_has_no_number() {
        for language in Language::VARIANTS {
            let numbered = |kind| {
                template_for_unproven(kind, *language)
                    .unwrap()
                    .subject
                    .contains("{{ reference }}")
            };
            assert!(numbered(MailKind::Declined) && !numbered(MailKind::ErasureAsked));
            assert!(!numbered(MailKind::PlaceFree));
        }
    }
}
