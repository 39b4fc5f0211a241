//! The aims that the organisation adopted, by version. Tallies name the version of their question.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{OrganisationEvent, must_be_distinct, version_number};
use crate::domain::Refusal;
use crate::domain::aim::{AIM_QUESTIONS_MAX, AIMS_MAX, Aim, AimQuestion};
use crate::domain::text::{Line, Slug};

/// The aims of the organisation. They replace all that were adopted before.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdoptAims {
    /// The aims in their order.
    #[schema(min_items = 1, max_items = 20)]
    pub aims: Vec<Aim>,
}

/// The options of each question, by the keys of both.
type OptionsByQuestion = BTreeMap<Slug, BTreeSet<Slug>>;

/// What people read when they were asked: tallies of one question are added up, so it never
/// changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct AskedWords {
    words: Line,
    options: Vec<(Slug, Line)>,
}

impl AskedWords {
    fn of(question: &AimQuestion) -> Self {
        let options = question.options.iter();
        Self {
            words: question.words.clone(),
            options: options
                .map(|one| (one.option.clone(), one.label.clone()))
                .collect(),
        }
    }
}

/// The aims in force, and the questions of every version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AdoptedAims {
    aims: Vec<Aim>,
    versions: Vec<OptionsByQuestion>,
    /// The words of every question that was ever adopted, by its key.
    asked: BTreeMap<Slug, AskedWords>,
}

impl AdoptedAims {
    pub(super) fn adopt(&self, adopted: &AdoptAims) -> Result<OrganisationEvent, Refusal> {
        let aims = &adopted.aims;
        must_be_distinct(
            aims.iter().map(|aim| &aim.aim),
            AIMS_MAX,
            "aim",
            "add at least one aim",
        )?;
        let is_empty = |aim: &Aim| aim.counts.is_empty() && aim.questions.is_empty();
        if aims.iter().any(is_empty) {
            return Err(Refusal::Nothing(
                "choose for each aim what is counted, or what people are asked",
            ));
        }
        let questions: Vec<&AimQuestion> = aims.iter().flat_map(|aim| &aim.questions).collect();
        if !questions.is_empty() {
            must_be_distinct(
                questions.iter().map(|question| &question.question),
                AIM_QUESTIONS_MAX,
                "question",
                "add at least one question",
            )?;
        }
        if !questions.iter().all(|question| has_options(question)) {
            return Err(Refusal::OptionsMissing);
        }
        let has_changed = |question: &&&AimQuestion| {
            let before = self.asked.get(&question.question);
            before.is_some_and(|before| *before != AskedWords::of(question))
        };
        if let Some(changed) = questions.iter().find(has_changed) {
            return Err(Refusal::QuestionChanged(changed.question.to_string()));
        }
        if *aims == self.aims {
            return Err(Refusal::NoChange);
        }
        Ok(OrganisationEvent::AimsAdopted {
            version: version_number(self.versions.len()) + 1,
            aims: aims.clone(),
        })
    }

    /// Refuses with [`Refusal::NotInAims`] a question that is not in the aims of a version, and
    /// options that the question did not have then. The refusal names the field.
    pub(super) fn must_have_answers<'a>(
        &self,
        version: u32,
        question: &Slug,
        mut options: impl Iterator<Item = &'a Slug>,
    ) -> Result<(), Refusal> {
        let unknown = |field, name: String| Refusal::NotInAims { field, name };
        let at = version
            .checked_sub(1)
            .and_then(|at| usize::try_from(at).ok());
        let questions = at
            .and_then(|at| self.versions.get(at))
            .ok_or_else(|| unknown("version", version.to_string()))?;
        let known = questions
            .get(question)
            .ok_or_else(|| unknown("question", question.to_string()))?;
        match options.find(|option| !known.contains(*option)) {
            Some(option) => Err(unknown("counts", option.to_string())),
            None => Ok(()),
        }
    }

    /// Refuses with [`Refusal::NotInAims`] an aim that is not in force.
    pub(super) fn must_have_aim(&self, aim: &Slug) -> Result<(), Refusal> {
        if self.aims.iter().any(|known| known.aim == *aim) {
            Ok(())
        } else {
            Err(Refusal::NotInAims {
                field: "aim",
                name: aim.to_string(),
            })
        }
    }

    pub(super) fn apply(&mut self, aims: &[Aim]) {
        let options = |question: &AimQuestion| {
            let keys = question.options.iter().map(|option| option.option.clone());
            (question.question.clone(), keys.collect())
        };
        let questions = aims.iter().flat_map(|aim| &aim.questions);
        self.versions.push(questions.clone().map(options).collect());
        for question in questions {
            let words = AskedWords::of(question);
            self.asked.insert(question.question.clone(), words);
        }
        self.aims = aims.to_vec();
    }
}

fn has_options(question: &AimQuestion) -> bool {
    let keys: BTreeSet<&Slug> = question.options.iter().map(|one| &one.option).collect();
    (2..=30).contains(&question.options.len()) && keys.len() == question.options.len()
}
