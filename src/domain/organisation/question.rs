//! Questions of an application form: their kinds, their options, and their translations.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::Refusal;
use crate::domain::language::Language;
use crate::domain::text::{Line, Prose, Slug};

/// How a question is answered.
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
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum QuestionKind {
    /// Some sentences.
    #[default]
    LongText,
    /// One line.
    ShortText,
    /// One of the question's options.
    OneChoice,
    /// Any number of the question's options.
    SeveralChoices,
    Number,
    YesNo,
    Date,
    /// Lines, each with an item and an amount.
    Budget,
    /// Papers or pictures: files of the group.
    File,
}

impl QuestionKind {
    /// Whether the question lists the options that its answer is chosen from.
    #[must_use]
    pub fn has_options(self) -> bool {
        matches!(self, Self::OneChoice | Self::SeveralChoices)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_long_text(&self) -> bool {
        *self == Self::LongText
    }
}

/// A question of the application form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub question: Slug,
    pub label: Line,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Prose>,
    pub required: bool,
    #[serde(default, skip_serializing_if = "QuestionKind::is_long_text")]
    pub kind: QuestionKind,
    /// The options of a question with choices, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 30)]
    pub options: Vec<QuestionOption>,
    /// The same question in other languages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_languages: BTreeMap<Language, QuestionTranslation>,
}

/// An option of a question with choices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionOption {
    /// The option's key within the question.
    pub option: Slug,
    pub label: Line,
    /// The label in other languages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_languages: BTreeMap<Language, Line>,
}

impl QuestionOption {
    /// The label in a language, or in English without a translation.
    #[must_use]
    pub fn in_language(&self, language: Language) -> &str {
        self.other_languages
            .get(&language)
            .map_or(self.label.as_str(), Line::as_str)
    }
}

/// A question in another language than English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionTranslation {
    pub label: Line,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Prose>,
}

impl Question {
    /// The question and its help text in a language, or in English without a translation. A
    /// question without help has an empty one.
    #[must_use]
    pub fn in_language(&self, language: Language) -> (&str, &str) {
        let own_help = self.help.as_ref();
        let (label, help) = match self.other_languages.get(&language) {
            Some(translated) => (&translated.label, translated.help.as_ref().or(own_help)),
            None => (&self.label, own_help),
        };
        (label.as_str(), help.map_or("", Prose::as_str))
    }

    /// Whether the question can be read in a language.
    #[must_use]
    pub fn is_translated(&self, language: Language) -> bool {
        language == Language::En || self.other_languages.contains_key(&language)
    }

    /// The option that a text names: by its key, or by its label in any language.
    #[must_use]
    pub fn option_named(&self, text: &str) -> Option<&QuestionOption> {
        let text = text.trim();
        let is = |label: &Line| label.as_str().eq_ignore_ascii_case(text);
        self.options.iter().find(|option| {
            option.option.as_str() == text
                || is(&option.label)
                || option.other_languages.values().any(is)
        })
    }

    /// Refuses with [`Refusal::OptionsMissing`] a choice question with too few or too many options,
    /// and any other question with options.
    pub(super) fn check_options(&self) -> Result<(), Refusal> {
        let keys: BTreeSet<_> = self.options.iter().map(|option| &option.option).collect();
        let fits = if self.kind.has_options() {
            (2..=30).contains(&self.options.len()) && keys.len() == self.options.len()
        } else {
            self.options.is_empty()
        };
        if fits {
            Ok(())
        } else {
            Err(Refusal::OptionsMissing)
        }
    }
}
