//! The figures of the aims, as at any day: what was counted in a quarter compared with the same
//! quarter a year earlier, and the first answers to each question compared with later ones. No
//! difference is called significant, because groups choose whom they ask.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::quarters::start_of_quarter;
use super::small_numbers::{ShownNumber, shown_counts, tallies_shown};
use super::{AsAt, MovementFigures, MovementSummary, ViewError, Views};
use crate::clock::day_of;
use crate::domain::aim::{Aim, AimCount, AimQuestion};
use crate::domain::language::Language;
use crate::domain::tally::TallyOccasion;
use crate::domain::text::{Line, Slug};
use crate::projections::{
    ChosenStoryRow, GatheringSessionRow, LessonRow, OrganisationRow, TallyCorrection, TallyRow,
};
use crate::store::filter::Filter;

/// What came of the aims in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AimsSummary {
    /// The last position of the log that the figures include.
    pub position: i64,
    /// The version of the aims; 0 before any were adopted.
    pub version: u32,
    /// The first day of the quarter that is counted.
    #[schema(value_type = String, format = "date")]
    pub quarter: Date,
    /// The first day of the same quarter a year before.
    #[schema(value_type = String, format = "date")]
    pub year_before: Date,
    pub aims: Vec<AimLine>,
}

/// What came of one aim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AimLine {
    /// The key of the aim.
    pub aim: Slug,
    pub name: Line,
    /// The name in other languages.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub other_languages: BTreeMap<Language, Line>,
    /// From 1, which is nearest to what the programme does, to 5, which is what lasts.
    pub level: u8,
    pub counts: Vec<AimCountLine>,
    pub questions: Vec<TallyComparison>,
}

/// What was counted in a quarter, and in the same quarter a year before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AimCountLine {
    pub count: AimCount,
    pub quarter: ShownNumber,
    pub year_before: ShownNumber,
}

/// What people answered to a question at the beginning, and later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct TallyComparison {
    pub question: AimQuestion,
    pub baseline: TallySum,
    pub follow_up: TallySum,
}

/// All tallies of a question on one occasion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct TallySum {
    /// How many people answered.
    pub people: ShownNumber,
    /// How many tallies were given. For readers outside the office, the newest are left out until
    /// nobody can tell a small number by comparing the sums of two days.
    pub tallies: i64,
    /// The first and the last day on which people were asked; absent without a tally.
    #[schema(value_type = Option<String>, format = "date")]
    pub asked_from: Option<Date>,
    #[schema(value_type = Option<String>, format = "date")]
    pub asked_until: Option<Date>,
    /// How many chose each option, by its key; null where the number is not shown.
    pub counts: BTreeMap<Slug, Option<i64>>,
}

/// A tally of a group or gathering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct TallyView {
    /// Its number within the group or gathering. A correction names it.
    pub tally: u16,
    /// The version of the aims that has the question.
    pub version: u32,
    /// The key of the question.
    pub question: Slug,
    pub occasion: TallyOccasion,
    #[schema(value_type = String, format = "date")]
    pub asked_on: Date,
    pub people: ShownNumber,
    /// How many chose each option, by its key; null where the number is not shown.
    pub counts: BTreeMap<Slug, Option<i64>>,
    /// What corrections replaced, the oldest first. For the office.
    #[schema(ignore)]
    #[serde(skip)]
    pub corrections: Vec<TallyCorrection>,
}

impl Views {
    /// The day whose quarter a view of the aims counts: the day as at which it is read, that of the
    /// event at a position, or today.
    pub async fn day_counted(&self, as_at: Option<AsAt>, today: Date) -> Result<Date, ViewError> {
        match as_at {
            None => Ok(today),
            Some(AsAt::Day(day)) => Ok(day),
            Some(AsAt::Position(position)) => {
                let event = self.stored_events(position, 1).await?;
                Ok(event
                    .first()
                    .map_or(today, |event| day_of(event.recorded_at)))
            }
        }
    }

    /// What came of the aims, current or as at a position. Readers outside the office do not see
    /// small numbers of people.
    pub async fn aims(
        &self,
        as_at: Option<i64>,
        day: Date,
        sees_small: bool,
    ) -> Result<AimsSummary, ViewError> {
        let next = self.projector.next_position();
        let read = self.read_aims(as_at, day, sees_small);
        let cache = &self.list_cache.aims;
        let key = (day, sees_small);
        cache.read_as_at(as_at, key, next, read).await
    }

    async fn read_aims(
        &self,
        as_at: Option<i64>,
        day: Date,
        sees_small: bool,
    ) -> Result<AimsSummary, ViewError> {
        let movement = self.movement(as_at).await?;
        let organisations: Vec<OrganisationRow> = self.all_rows(as_at, Vec::new()).await?;
        let (version, aims) = organisations
            .into_iter()
            .next()
            .map_or((0, Vec::new()), |row| (row.aims_version, row.aims));
        let figures = AimFigures {
            sessions: self.all_rows(as_at, Vec::new()).await?,
            lessons: self.all_rows(as_at, Vec::new()).await?,
            chosen: self.all_rows(as_at, Vec::new()).await?,
            tallies: self.all_rows(as_at, Vec::new()).await?,
            sees_small,
        };
        let quarter = start_of_quarter(day);
        let year_before = quarter.saturating_sub(Span::new().years(1));
        let line = |aim: Aim| figures.line(aim, &movement, (quarter, year_before));
        Ok(AimsSummary {
            position: movement.position,
            version,
            quarter,
            year_before,
            aims: aims.into_iter().map(line).collect(),
        })
    }

    /// The tallies of a group or gathering, in the order in which they were given.
    pub async fn tallies_of(
        &self,
        of: Uuid,
        as_at: Option<i64>,
        sees_small: bool,
    ) -> Result<Vec<TallyView>, ViewError> {
        let filters = vec![Filter::equals("of_id", of)];
        let rows: Vec<TallyRow> = self.all_rows(as_at, filters).await?;
        Ok(rows
            .into_iter()
            .map(|row| TallyView::new(row, sees_small))
            .collect())
    }
}

/// The rows from which the figures of aims are made.
struct AimFigures {
    sessions: Vec<GatheringSessionRow>,
    lessons: Vec<LessonRow>,
    chosen: Vec<ChosenStoryRow>,
    tallies: Vec<TallyRow>,
    sees_small: bool,
}

impl AimFigures {
    fn line(
        &self,
        aim: Aim,
        movement: &MovementSummary,
        (quarter, year_before): (Date, Date),
    ) -> AimLine {
        let counted = |count: AimCount| AimCountLine {
            count,
            quarter: self.count(count, movement, quarter),
            year_before: self.count(count, movement, year_before),
        };
        let compared = |question: AimQuestion| TallyComparison {
            baseline: self.sum(&question, TallyOccasion::Baseline),
            follow_up: self.sum(&question, TallyOccasion::FollowUp),
            question,
        };
        AimLine {
            aim: aim.aim,
            name: aim.name,
            other_languages: aim.other_languages,
            level: aim.level,
            counts: aim.counts.into_iter().map(counted).collect(),
            questions: aim.questions.into_iter().map(compared).collect(),
        }
    }

    /// What was counted in the quarter that begins on a day.
    fn count(&self, count: AimCount, movement: &MovementSummary, quarter: Date) -> ShownNumber {
        let figures = figures_of_quarter(movement, quarter);
        let is_within = |day: Date| start_of_quarter(day) == quarter;
        let number = match count {
            AimCount::Sessions => figures.sessions,
            AimCount::People if self.sees_small => figures.people,
            AimCount::People => return figures.people_outside(),
            AimCount::HandedOver => figures.handed_over,
            AimCount::Groups => {
                let held = self.sessions.iter().filter(|row| is_within(row.day));
                let groups = held
                    .filter_map(|row| row.came.as_ref())
                    .flat_map(|came| came.groups.iter().map(|from| from.group));
                number_of(groups.collect::<BTreeSet<_>>())
            }
            AimCount::Lessons => {
                let stands =
                    |row: &&LessonRow| row.withdrawn_on.is_none() && is_within(row.published_on);
                number_of(self.lessons.iter().filter(stands))
            }
            AimCount::StoriesChosen => {
                number_of(self.chosen.iter().filter(|row| is_within(row.chosen_on)))
            }
        };
        if count.counts_people() {
            ShownNumber::of_people(number, self.sees_small)
        } else {
            ShownNumber::whole(number)
        }
    }

    /// All tallies of a question on one occasion.
    fn sum(&self, question: &AimQuestion, occasion: TallyOccasion) -> TallySum {
        let is_of = |row: &&TallyRow| row.question == question.question && row.occasion == occasion;
        let mut tallies: Vec<&TallyRow> = self.tallies.iter().filter(is_of).collect();
        tallies.sort_by_key(|row| (row.created_at, row.of, row.tally));
        let options = question.options.iter().map(|one| (one.option.clone(), 0));
        let mut counts: BTreeMap<Slug, i64> = options.collect();
        let all: i64 = tallies
            .iter()
            .flat_map(|row| row.counts.values())
            .map(|count| i64::from(*count))
            .sum();
        if !self.sees_small {
            let given = tallies.iter().map(|row| (row.of, &row.counts));
            let shown = tallies_shown(&counts, given);
            tallies.truncate(shown);
        }
        for (option, count) in tallies.iter().flat_map(|row| &row.counts) {
            *counts.entry(option.clone()).or_default() += i64::from(*count);
        }
        let people: i64 = counts.values().sum();
        TallySum {
            people: if self.sees_small {
                ShownNumber::whole(people)
            } else {
                ShownNumber::of_people_shown(people, all)
            },
            tallies: number_of(tallies.iter()),
            asked_from: tallies.iter().map(|row| row.asked_on).min(),
            asked_until: tallies.iter().map(|row| row.asked_on).max(),
            counts: shown_counts(&counts, self.sees_small),
        }
    }
}

fn figures_of_quarter(movement: &MovementSummary, quarter: Date) -> MovementFigures {
    let quarter = quarter.to_string();
    let mut lines = movement.by_quarter.iter();
    lines
        .find(|line| line.of.as_ref() == Some(&quarter))
        .map(|line| line.figures)
        .unwrap_or_default()
}

fn number_of(counted: impl IntoIterator) -> i64 {
    i64::try_from(counted.into_iter().count()).unwrap_or(i64::MAX)
}

impl TallyView {
    fn new(row: TallyRow, sees_small: bool) -> Self {
        let counts = row.counts.into_iter();
        let counts: BTreeMap<Slug, i64> = counts
            .map(|(option, count)| (option, i64::from(count)))
            .collect();
        Self {
            tally: row.tally,
            version: row.version,
            question: row.question,
            occasion: row.occasion,
            asked_on: row.asked_on,
            people: ShownNumber::of_people(counts.values().sum(), sees_small),
            counts: shown_counts(&counts, sees_small),
            corrections: if sees_small {
                row.corrections
            } else {
                Vec::new()
            },
        }
    }
}
