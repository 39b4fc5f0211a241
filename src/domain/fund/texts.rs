//! The texts of a fund: what groups read about it, the questions before they apply, and the
//! criteria by which the panel scores. They are part of the fund's rules and change in the same
//! way.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::Refusal;
use crate::domain::language::Language;
use crate::domain::text::{Line, Prose, Slug};
use crate::domain::theme::Theme;

/// The number of scores of a criterion, 0 to 5. Each can have a text.
const POINTS: usize = 6;

/// The fund's own texts. Pages show a default for each that is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FundTexts {
    /// Who the fund is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Prose>,
    /// The fund's name, purpose and whom it is for, in other languages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_languages: BTreeMap<Language, FundTranslation>,
    /// The kinds of activity to choose from. Once the organisation has adopted themes, only those
    /// that are themes count, and without one all themes can be chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 12)]
    pub activities: Vec<ActivityKind>,
    /// The questions on eligibility that follow those on area and amount.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 8)]
    pub eligibility: Vec<EligibilityQuestion>,
    /// The criteria by which the panel scores, each from 0 to 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 8)]
    pub criteria: Vec<Criterion>,
}

/// A fund in another language than English. What is absent is shown in English.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FundTranslation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Line>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Prose>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Prose>,
}

/// A kind of activity that a group chooses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivityKind {
    /// The kind's key, as applications keep it.
    pub activity: Slug,
    pub label: Line,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_languages: BTreeMap<Language, Line>,
}

/// A question whose answer decides whether the fund fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EligibilityQuestion {
    /// The question. Those who answer yes go on.
    pub question: Line,
    /// What is shown to someone who answers no.
    pub if_no: Prose,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_languages: BTreeMap<Language, EligibilityTranslation>,
}

/// An eligibility question in another language than English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EligibilityTranslation {
    pub question: Line,
    pub if_no: Prose,
}

/// A criterion by which the panel scores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// The criterion's key, as scores keep it.
    pub criterion: Slug,
    pub label: Line,
    /// What 0, 1, 2, 3, 4 and 5 points mean. All six, or none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 6)]
    pub anchors: Vec<Line>,
}

impl FundTexts {
    /// Whether the fund has no words of its own.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The translation into a language, if there is one.
    #[must_use]
    pub fn translation(&self, language: Language) -> Option<&FundTranslation> {
        self.other_languages.get(&language)
    }

    /// The fund's own kinds of activity that a group can choose. Once the organisation has adopted
    /// themes, only kinds that are among them.
    #[must_use]
    pub fn kinds_among(&self, themes: &[Theme]) -> Vec<&ActivityKind> {
        let is_theme = |kind: &&ActivityKind| {
            themes.is_empty() || themes.iter().any(|theme| theme.theme == kind.activity)
        };
        self.activities.iter().filter(is_theme).collect()
    }

    /// Refuses with [`Refusal::Unknown`] a kind of activity that is not among the fund's own. A
    /// fund without its own takes any.
    pub fn must_list_activity(&self, activity: &Slug, themes: &[Theme]) -> Result<(), Refusal> {
        let own = self.kinds_among(themes);
        if own.is_empty() || own.iter().any(|kind| kind.activity == *activity) {
            Ok(())
        } else {
            Err(Refusal::Unknown("kind of activity"))
        }
    }

    /// Refuses with [`Refusal::Unknown`] a criterion that is not among the fund's own. A fund
    /// without its own takes any.
    pub fn must_list_criteria<'a>(
        &self,
        mut said: impl Iterator<Item = &'a Slug>,
    ) -> Result<(), Refusal> {
        let own: BTreeSet<_> = self.criteria.iter().map(|one| &one.criterion).collect();
        if own.is_empty() || said.all(|criterion| own.contains(criterion)) {
            Ok(())
        } else {
            Err(Refusal::Unknown("criterion"))
        }
    }

    /// Refuses texts that could not be asked or scored, with [`Refusal::RulesIncomplete`].
    pub(super) fn validate(&self) -> Result<(), Refusal> {
        let distinct = |keys: Vec<&Slug>, most: usize| {
            keys.len() <= most && keys.iter().collect::<BTreeSet<_>>().len() == keys.len()
        };
        let activities = self.activities.iter().map(|kind| &kind.activity).collect();
        if !distinct(activities, 12) || self.activities.len() == 1 {
            return Err(Refusal::RulesIncomplete(
                "use 2 to 12 different kinds of activity, or none",
            ));
        }
        if self.eligibility.len() > 8 {
            return Err(Refusal::RulesIncomplete(
                "use at most 8 questions before someone applies",
            ));
        }
        let criteria = self.criteria.iter().map(|one| &one.criterion).collect();
        if !distinct(criteria, 8) {
            return Err(Refusal::RulesIncomplete(
                "use at most 8 criteria, each with a different name",
            ));
        }
        let anchored = |criterion: &Criterion| [0, POINTS].contains(&criterion.anchors.len());
        if !self.criteria.iter().all(anchored) {
            return Err(Refusal::RulesIncomplete(
                "say for each score from 0 to 5 what it means, or leave all six empty",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(text: &str) -> Slug {
        text.parse().expect("a slug")
    }

    #[test]
    fn a_fund_with_its_own_lists_takes_nothing_else() {
        let usual = FundTexts::default();
        let label: Line = "A label".parse().expect("a line");
        let own = FundTexts {
            activities: vec![ActivityKind {
                activity: slug("choirs"),
                label: label.clone(),
                other_languages: BTreeMap::new(),
            }],
            criteria: vec![Criterion {
                criterion: slug("warmth"),
                label,
                anchors: Vec::new(),
            }],
            ..FundTexts::default()
        };
        let (food, choirs) = (slug("food"), slug("choirs"));
        assert_eq!(usual.must_list_activity(&food, &[]), Ok(()));
        assert_eq!(own.must_list_activity(&choirs, &[]), Ok(()));
        let refused = Err(Refusal::Unknown("kind of activity"));
        assert_eq!(own.must_list_activity(&food, &[]), refused);
        let theme = |key: &str| Theme {
            theme: slug(key),
            name: "A theme".parse().expect("a line"),
            other_languages: BTreeMap::new(),
        };
        let both = [theme("food"), theme("choirs")];
        assert_eq!(own.must_list_activity(&food, &both), refused);
        assert_eq!(own.must_list_activity(&food, &both[..1]), Ok(()));

        let said = [slug("warmth"), slug("need")];
        assert_eq!(usual.must_list_criteria(said.iter()), Ok(()));
        assert_eq!(own.must_list_criteria(said[..1].iter()), Ok(()));
        let refused = Err(Refusal::Unknown("criterion"));
        assert_eq!(own.must_list_criteria(said.iter()), refused);
    }
}
