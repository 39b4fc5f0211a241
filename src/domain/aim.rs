//! Aims: long-term changes that the programme works towards, each with the figures that are counted
//! for it and the questions that people are asked.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::language::Language;
use super::text::{Line, Prose, Slug};

/// The number of aims that can be adopted.
pub const AIMS_MAX: usize = 20;
/// The number of questions of all aims.
pub const AIM_QUESTIONS_MAX: usize = 40;

/// A change that the programme wants over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Aim {
    /// The aim's key.
    pub aim: Slug,
    pub name: Line,
    /// How far it is from what the programme does: 1 is nearest, 5 is what lasts.
    #[serde(deserialize_with = "level")]
    #[schema(minimum = 1, maximum = 5)]
    pub level: u8,
    /// What is counted for it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub counts: BTreeSet<AimCount>,
    /// What people are asked for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 40)]
    pub questions: Vec<AimQuestion>,
    /// The name in other languages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_languages: BTreeMap<Language, Line>,
}

fn level<'de, D: serde::Deserializer<'de>>(input: D) -> Result<u8, D::Error> {
    let level = u8::deserialize(input)?;
    if (1..=5).contains(&level) {
        Ok(level)
    } else {
        Err(serde::de::Error::custom("a level is from 1 to 5"))
    }
}

/// What is counted for an aim. The figures come from the log; nobody types them.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AimCount {
    /// Sessions of gatherings that were held.
    Sessions,
    /// People who came to sessions. Somebody who came to two of them counts twice.
    People,
    /// Groups from which people came to a session.
    Groups,
    /// Leads that staff left to people who have no role.
    HandedOver,
    /// Lessons that were published and not withdrawn.
    Lessons,
    /// Stories that were chosen at a gathering.
    StoriesChosen,
}

impl AimCount {
    /// Whether it counts people, so that small numbers are not said outside the office.
    #[must_use]
    pub fn counts_people(self) -> bool {
        self == Self::People
    }
}

/// A question for an aim, as it is asked. People choose one of its options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AimQuestion {
    /// The question's key among all questions of the aims.
    pub question: Slug,
    pub words: Line,
    /// The options in their order.
    #[schema(min_items = 2, max_items = 30)]
    pub options: Vec<AimOption>,
    /// Who wrote the question, and where it is printed.
    pub source: Prose,
    /// Under which licence it may be asked.
    pub licence: Line,
    /// The words in other languages. A question whose wording is fixed has only those that its
    /// source prints.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_languages: BTreeMap<Language, Line>,
}

/// An answer that people choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AimOption {
    /// The option's key within the question.
    pub option: Slug,
    pub label: Line,
    /// The label in other languages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_languages: BTreeMap<Language, Line>,
}

impl Aim {
    /// The name in a language, or in English without a translation.
    #[must_use]
    pub fn name_in(&self, language: Language) -> &str {
        in_language(&self.other_languages, &self.name, language)
    }
}

impl AimQuestion {
    /// The words in a language, or in English without a translation.
    #[must_use]
    pub fn words_in(&self, language: Language) -> &str {
        in_language(&self.other_languages, &self.words, language)
    }
}

impl AimOption {
    /// The label in a language, or in English without a translation.
    #[must_use]
    pub fn label_in(&self, language: Language) -> &str {
        in_language(&self.other_languages, &self.label, language)
    }
}

fn in_language<'a>(
    others: &'a BTreeMap<Language, Line>,
    english: &'a Line,
    language: Language,
) -> &'a str {
    others.get(&language).unwrap_or(english).as_str()
}

/// Aims to begin with: the official questions on loneliness, belonging and influence, with their
/// sources. An administrator reads them, changes what does not fit, and adopts them.
#[must_use]
pub fn starter_aims() -> Vec<Aim> {
    serde_json::from_str(include_str!("../../texts/aims.json")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_aims_to_begin_with_have_the_official_questions() {
        let aims = starter_aims();
        let questions: Vec<&AimQuestion> = aims.iter().flat_map(|aim| &aim.questions).collect();
        let keys: Vec<&str> = questions.iter().map(|one| one.question.as_str()).collect();
        assert_eq!(
            keys,
            [
                "companionship",
                "left-out",
                "isolated",
                "lonely",
                "belonging",
                "influence"
            ]
        );
        for question in questions {
            assert!(question.options.len() >= 3, "{:?}", question.question);
            assert!(
                question.source.as_str().contains("https://"),
                "{:?}",
                question.question
            );
        }
    }

    #[test]
    fn a_level_is_from_one_to_five() {
        for (level, is_one) in [(0, false), (1, true), (5, true), (6, false)] {
            let written = serde_json::json!({ "aim": "a", "name": "A", "level": level });
            let read = serde_json::from_value::<Aim>(written);
            assert_eq!(read.is_ok(), is_one, "{level}");
        }
    }
}
