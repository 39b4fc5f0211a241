//! Tallies: how many people of a group, or at a gathering, chose each answer to a question of the
//! aims. Only the numbers are kept, never who chose which.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::text::{Prose, Slug};
use super::{DecisionContext, Refusal};

/// The most people who can have chosen one answer.
const COUNT_MAX: u32 = 10_000;
/// The fewest people in a tally. The tally of one person would be their answer.
const ANSWERS_MIN: u32 = 2;

/// When in the life of a group or gathering people were asked.
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
pub enum TallyOccasion {
    /// Before it began, or near its beginning.
    Baseline,
    /// Some time later.
    FollowUp,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveTally {
    /// The version of the aims that has the question.
    #[schema(minimum = 1)]
    pub version: u32,
    /// The key of the question.
    pub question: Slug,
    /// How many people chose each option, by its key. Options that nobody chose may be left out.
    pub counts: BTreeMap<Slug, u32>,
    /// The day on which people were asked; for slips that were collected over days, the last.
    #[schema(value_type = String, format = "date")]
    pub asked_on: Date,
    pub occasion: TallyOccasion,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectTally {
    #[schema(minimum = 1, maximum = 65535)]
    pub tally: u16,
    /// How many people chose each option. They replace all numbers of the tally.
    pub counts: BTreeMap<Slug, u32>,
    /// What was wrong. It must not contain names of people.
    pub reason: Prose,
}

/// A tally that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct GivenTally {
    version: u32,
    question: Slug,
    counts: BTreeMap<Slug, u32>,
}

/// The tallies of a group or a gathering, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenTallies {
    by_number: BTreeMap<u16, GivenTally>,
}

impl GivenTallies {
    /// The number of a new tally. Refuses one whose question or options are not in the aims of its
    /// version, one of a day to come, and one of nobody or of a single person.
    pub(super) fn number_of_new(
        &self,
        give: &GiveTally,
        facts: &DecisionContext,
    ) -> Result<u16, Refusal> {
        facts.not_future(give.asked_on)?;
        facts.organisation()?.must_have_answers(
            give.version,
            &give.question,
            give.counts.keys(),
        )?;
        must_be_of_several(&give.counts)?;
        let last = self.by_number.keys().next_back();
        last.map_or(Some(1), |last| last.checked_add(1))
            .ok_or(Refusal::TooManyItems(u16::MAX.into()))
    }

    /// Refuses numbers that the tally has already, and those that a new tally could not have.
    pub(super) fn must_be_correctable(
        &self,
        correct: &CorrectTally,
        facts: &DecisionContext,
    ) -> Result<(), Refusal> {
        let given = self
            .by_number
            .get(&correct.tally)
            .ok_or(Refusal::Unknown("tally"))?;
        facts.organisation()?.must_have_answers(
            given.version,
            &given.question,
            correct.counts.keys(),
        )?;
        must_be_of_several(&correct.counts)?;
        if given.counts == correct.counts {
            return Err(Refusal::NoChange);
        }
        Ok(())
    }

    pub(super) fn apply_given(
        &mut self,
        tally: u16,
        version: u32,
        question: &Slug,
        counts: &BTreeMap<Slug, u32>,
    ) {
        let given = GivenTally {
            version,
            question: question.clone(),
            counts: counts.clone(),
        };
        self.by_number.insert(tally, given);
    }

    pub(super) fn apply_corrected(&mut self, tally: u16, counts: &BTreeMap<Slug, u32>) {
        if let Some(given) = self.by_number.get_mut(&tally) {
            given.counts.clone_from(counts);
        }
    }
}

fn must_be_of_several(counts: &BTreeMap<Slug, u32>) -> Result<(), Refusal> {
    if counts.values().any(|count| *count > COUNT_MAX) {
        return Err(Refusal::TooManyItems(10_000));
    }
    match people_in(counts) {
        0 => Err(Refusal::Nothing("enter how many people chose each answer")),
        people if people < u64::from(ANSWERS_MIN) => Err(Refusal::SingleAnswer),
        _ => Ok(()),
    }
}

/// How many people a tally is of.
#[must_use]
pub fn people_in(counts: &BTreeMap<Slug, u32>) -> u64 {
    counts.values().copied().map(u64::from).sum()
}
