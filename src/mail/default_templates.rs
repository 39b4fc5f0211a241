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

/// Key of the template for unproven addresses in `texts/mails.json`.
const UNPROVEN_ADDRESS_KEY: &str = "unknown_address";

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

/// Template of every mail about an application or a grant to an unproven address. It contains
/// nothing that a person typed.
///
/// # Panics
/// If `texts/mails.json` lacks it. A test ensures that it does not.
#[must_use]
pub fn template_for_unproven(language: Language) -> &'static MailTemplate {
    let by_language = DEFAULT_TEMPLATES
        .get(UNPROVEN_ADDRESS_KEY)
        .expect("there are words for whoever is not known");
    by_language
        .get(language.code())
        .or_else(|| by_language.get("en"))
        .expect("every mail has its words in English")
}

/// Example values for the preview of a text before publication.
#[must_use]
pub fn sample_values(kind: MailKind) -> BTreeMap<&'static str, String> {
    let example = |name: &str| match name {
        "name" => "Amina",
        "group" => "Singing for all",
        "organisation" => "our office",
        "link" => "https://grants.example.org/my",
        "reference" => "010 427",
        "round" => "Spring",
        "closes_on" | "due_on" | "changed_on" => "31 March 2027",
        "amount" => "£850",
        "title" => "Singing on Saturdays",
        "code" => "4F7K 9QWZ",
        "minutes" => "30",
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
    fn whoever_is_not_known_reads_nothing_that_somebody_typed() {
        for language in Language::VARIANTS {
            let text = template_for_unproven(*language);
            assert_eq!(
                DEFAULT_TEMPLATES[UNPROVEN_ADDRESS_KEY].get(language.code()),
                Some(text),
                "{language:?} has words of its own"
            );
            assert_eq!(
                check_mail_text(MailKind::Submitted, &text.subject, &text.body),
                Ok(())
            );
            let said = BTreeMap::from([
                ("name", "TYPED"),
                ("group", "TYPED"),
                ("round", "TYPED"),
                ("closes_on", "TYPED"),
            ]);
            assert!(
                !fill_in(&text.subject, &said).contains("TYPED")
                    && !fill_in(&text.body, &said).contains("TYPED")
            );
        }
    }
}
