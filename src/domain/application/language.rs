//! The language in which a group is written to, and its helper with English.

use serde::Deserialize;

use super::{Application, ApplicationEvent, ApplicationState as S};
use crate::domain::Refusal;
use crate::domain::language::Language;
use crate::domain::personal_data::PersonalInput;

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChooseLanguage {
    pub language: Language,
    /// Name of a person who helps the group with English. Staff may ask for them.
    #[serde(default)]
    #[schema(value_type = Option<PersonalInput>)]
    pub helper: Option<PersonalInput>,
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
        })
    }
}
