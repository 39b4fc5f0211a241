//! The language in which a group is written to, the language that it speaks, and its helper with
//! English.

use serde::Deserialize;

use super::{Application, ApplicationEvent, ApplicationState as S};
use crate::domain::Refusal;
use crate::domain::language::Language;
use crate::domain::personal_data::{PersonalInput, PersonalLine, deserialize_optional};
use crate::domain::text::parse_name;

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChooseLanguage {
    pub language: Language,
    /// Name of a person who helps the group with English. Staff may ask for them.
    #[serde(default)]
    #[schema(value_type = Option<PersonalInput>)]
    pub helper: Option<PersonalInput>,
    /// Any language, by its name: the one that the applicant speaks, such as "Urdu". Without one
    /// the language that is on record stays.
    #[serde(default, deserialize_with = "language_name")]
    #[schema(value_type = Option<PersonalLine>)]
    pub spoken_language: Option<PersonalInput>,
}

fn language_name<'de, D: serde::Deserializer<'de>>(
    input: D,
) -> Result<Option<PersonalInput>, D::Error> {
    deserialize_optional(input, parse_name)
}

impl Application {
    pub(super) fn choose_language(
        &self,
        choose: &ChooseLanguage,
    ) -> Result<ApplicationEvent, Refusal> {
        if matches!(self.state, S::Withdrawn | S::Lapsed) {
            return Err(Refusal::ApplicationNotInState(self.state.into()));
        }
        Ok(ApplicationEvent::LanguageChosen {
            language: choose.language,
            helper: choose.helper.as_ref().map(PersonalInput::sealed),
            spoken_language: choose.spoken_language.as_ref().map(PersonalInput::sealed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::personal_data::Encrypted;

    fn choose(body: &str) -> Result<ChooseLanguage, serde_json::Error> {
        serde_json::from_str(body)
    }

    #[test]
    fn any_language_can_be_named() {
        for name in ["Urdu", "Sylheti", "Kurdish (Sorani)", "українська", "中文"] {
            let body = format!(r#"{{"language":"en","spoken_language":"{name}"}}"#);
            let chosen = choose(&body).unwrap().spoken_language;
            assert_eq!(chosen, Some(PersonalInput::Open(name.to_owned())));
        }
        let without = choose(r#"{"language":"en"}"#).unwrap();
        assert_eq!(without.spoken_language, None);
        let long = format!(
            r#"{{"language":"en","spoken_language":"{}"}}"#,
            "x".repeat(101)
        );
        for body in [
            r#"{"language":"en","spoken_language":""}"#,
            r#"{"language":"en","spoken_language":"www.example.org"}"#,
            &long,
        ] {
            assert!(choose(body).is_err(), "{body}");
        }
    }

    #[test]
    fn events_without_a_spoken_language_are_written_as_before() {
        let before = r#"{"LanguageChosen":{"language":"pl","helper":null}}"#;
        let event: ApplicationEvent = serde_json::from_str(before).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), before);
        let spoken = Encrypted {
            subject: uuid::Uuid::from_u128(1),
            digest: "ab".repeat(32),
        };
        let event = ApplicationEvent::LanguageChosen {
            language: Language::En,
            helper: None,
            spoken_language: Some(spoken),
        };
        let stored = serde_json::to_string(&event).unwrap();
        assert_eq!(
            serde_json::from_str::<ApplicationEvent>(&stored).unwrap(),
            event
        );
    }
}
