//! What came of gatherings: sessions that were held, people who came, leads that were handed over,
//! and the signs that were seen, as at any day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::budget::{GroupBy, OutcomeLine, TotalsQuery};
use super::quarters::start_of_quarter;
use super::small_numbers::{FEW_PEOPLE, ShownNumber};
use super::{ViewError, Views};
use crate::domain::text::Slug;
use crate::projections::{GatheringRow, GatheringSessionRow};

/// The figures of gatherings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct MovementSummary {
    /// The last position of the log that the figures include.
    pub position: i64,
    pub all: MovementFigures,
    /// By the key of the area. These add up to `all`.
    pub by_area: Vec<MovementLine>,
    /// By the key of the theme. A gathering with several themes counts for each.
    pub by_theme: Vec<MovementLine>,
    /// By kind of gathering. These add up to `all`.
    pub by_kind: Vec<MovementLine>,
    /// By the first day of the quarter in which it happened. These add up to `all`.
    pub by_quarter: Vec<MovementLine>,
    /// The signs of success that were seen, by their source.
    pub signs: Vec<SignSources>,
}

/// What came of some gatherings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct MovementFigures {
    /// How many sessions were held.
    pub sessions: i64,
    /// How many people came to these. Somebody who came to two of them counts twice.
    pub people: i64,
    /// How many people came to the sessions of five people or more. Outside the office only these
    /// are counted: a total of all sessions less those that are shown one by one would tell a small
    /// number.
    #[serde(skip)]
    pub people_shown: i64,
    /// How often staff left a lead to people who have no role.
    pub handed_over: i64,
}

/// What came of the gatherings of an area, a theme, a kind or a quarter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct MovementLine {
    /// Absent for gatherings that are for every area, or that have no theme.
    pub of: Option<String>,
    #[serde(flatten)]
    pub figures: MovementFigures,
}

/// How often a sign of success was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SignSources {
    /// The key of the sign.
    pub sign: String,
    /// How many reports of groups on their grants saw it.
    pub grants: i64,
    /// In the notes of how many sessions it was seen.
    pub gatherings: i64,
}

impl MovementFigures {
    /// The number of people who came, for readers outside the office.
    #[must_use]
    pub fn people_outside(self) -> ShownNumber {
        if self.people == 0 || self.people_shown > 0 {
            ShownNumber::whole(self.people_shown)
        } else if self.people < FEW_PEOPLE {
            ShownNumber::FEW
        } else {
            ShownNumber::HIDDEN
        }
    }

    /// Whether people came to sessions of so few that these are not counted outside the office.
    #[must_use]
    pub fn leaves_people_out(self) -> bool {
        self.people_shown < self.people
    }

    fn add(&mut self, more: Self) {
        self.sessions += more.sessions;
        self.people += more.people;
        self.people_shown += more.people_shown;
        self.handed_over += more.handed_over;
    }
}

impl Views {
    /// The figures of gatherings, current or as at a position.
    pub async fn movement(&self, as_at: Option<i64>) -> Result<Arc<MovementSummary>, ViewError> {
        let next = self.projector.next_position();
        let read = self.read_movement(as_at, next);
        let cache = &self.list_cache.movement;
        cache.read_as_at(as_at, (), next, read).await
    }

    async fn read_movement(
        &self,
        as_at: Option<i64>,
        next: i64,
    ) -> Result<Arc<MovementSummary>, ViewError> {
        let position = as_at.unwrap_or(next - 1);
        let gatherings: Vec<GatheringRow> = self.all_rows(as_at, Vec::new()).await?;
        let sessions: Vec<GatheringSessionRow> = self.all_rows(as_at, Vec::new()).await?;
        let reports = TotalsQuery {
            by: GroupBy::Sign,
            fund: None,
            area: None,
            position,
            effective_on: None,
        };
        let reports = self.outcome_lines(reports).await?;
        let mut totals = MovementTotals::default();
        totals.add_all(&gatherings, &sessions);
        Ok(Arc::new(totals.into_movement(position, &reports)))
    }
}

type FiguresByName = BTreeMap<Option<String>, MovementFigures>;

#[derive(Default)]
struct MovementTotals {
    all: MovementFigures,
    areas: FiguresByName,
    themes: FiguresByName,
    kinds: FiguresByName,
    quarters: FiguresByName,
    /// In the notes of how many sessions each sign was seen.
    signs: BTreeMap<String, i64>,
}

impl MovementTotals {
    fn add_all(&mut self, gatherings: &[GatheringRow], sessions: &[GatheringSessionRow]) {
        let by_id: BTreeMap<Uuid, &GatheringRow> =
            gatherings.iter().map(|row| (row.id, row)).collect();
        for session in sessions {
            let (Some(gathering), Some(came)) = (by_id.get(&session.gathering), &session.came)
            else {
                continue;
            };
            let people = i64::from(came.people);
            let held = MovementFigures {
                sessions: 1,
                people,
                people_shown: if people < FEW_PEOPLE { 0 } else { people },
                handed_over: 0,
            };
            self.add(gathering, session.day, held);
            for sign in &session.signs {
                *self.signs.entry(sign.to_string()).or_default() += 1;
            }
        }
        for gathering in gatherings {
            for day in &gathering.handed_over_on {
                let handed = MovementFigures {
                    handed_over: 1,
                    ..MovementFigures::default()
                };
                self.add(gathering, *day, handed);
            }
        }
    }

    fn add(&mut self, gathering: &GatheringRow, day: Date, figures: MovementFigures) {
        self.all.add(figures);
        let area = gathering.area.as_ref().map(Slug::to_string);
        let quarter = start_of_quarter(day).to_string();
        for (of, name) in [
            (&mut self.areas, area),
            (&mut self.kinds, Some(gathering.kind.key().to_owned())),
            (&mut self.quarters, Some(quarter)),
        ] {
            of.entry(name).or_default().add(figures);
        }
        let mut themes: BTreeSet<Option<String>> = BTreeSet::new();
        themes.extend(gathering.themes.iter().map(|theme| Some(theme.to_string())));
        if themes.is_empty() {
            themes.insert(None);
        }
        for theme in themes {
            self.themes.entry(theme).or_default().add(figures);
        }
    }

    fn into_movement(self, position: i64, reports: &[OutcomeLine]) -> MovementSummary {
        let mut signs: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for line in reports {
            signs.entry(line.of.clone()).or_default().0 += line.seen_by;
        }
        for (sign, seen) in self.signs {
            signs.entry(sign).or_default().1 += seen;
        }
        let source = |(sign, (grants, gatherings))| SignSources {
            sign,
            grants,
            gatherings,
        };
        MovementSummary {
            position,
            all: self.all,
            by_area: lines(self.areas),
            by_theme: lines(self.themes),
            by_kind: lines(self.kinds),
            by_quarter: lines(self.quarters),
            signs: signs
                .into_iter()
                .filter(|(sign, seen)| !sign.is_empty() && *seen != (0, 0))
                .map(source)
                .collect(),
        }
    }
}

fn lines(totals: FiguresByName) -> Vec<MovementLine> {
    let line = |(of, figures)| MovementLine { of, figures };
    totals.into_iter().map(line).collect()
}
