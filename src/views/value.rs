//! Money and results: the budget of each fund next to the people who came, the sessions that were
//! held, the hours given in the time bank, introductions, and changes made in answer to barriers,
//! as at any day.
//!
//! Nothing is converted into pounds that was not recorded as money. Funders have methods of their
//! own for that, and find the figures for them here.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use uuid::Uuid;

use super::budget::{BudgetLine, GroupBy, OutcomeLine, TotalsQuery};
use super::{Filter, ViewError, Views};
use crate::domain::Money;
use crate::domain::barrier::ComesTo;
use crate::domain::gathering::SessionState;
use crate::projections::{
    BarrierRow, ExchangeRow, FundRow, GatheringRow, GatheringSessionRow, IntroductionRow,
};

/// Money next to what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ValueSummary {
    /// The last position of the log that the figures include.
    pub position: i64,
    /// Of everything, also where one fund was asked for.
    pub all: ValueFigures,
    /// By fund. Without a choice of fund these add up to `all`.
    pub by_fund: Vec<ValueLine>,
}

/// What a fund paid, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ValueLine {
    /// The id of the fund. Absent for what belongs to none: all hours, introductions and changes,
    /// and gatherings that no fund pays for.
    pub of: Option<String>,
    /// The name of the fund.
    pub name: Option<String>,
    #[serde(flatten)]
    pub figures: ValueFigures,
}

/// Money, and what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ValueFigures {
    /// From funders.
    pub allocated: Money,
    /// Awarded, with what later changes made of it.
    pub awarded: Money,
    /// Paid, less what came back.
    pub paid_net: Money,
    /// How many awards there were.
    pub awards: i64,
    /// How many people came to what grants paid for, as groups reported.
    pub people: i64,
    /// How many people helped, as groups reported.
    pub volunteers: i64,
    /// How many sessions of gatherings were held.
    pub sessions: i64,
    /// How many people came to these. Somebody who came to two of them counts twice.
    pub people_at_sessions: i64,
    /// How many minutes were given in the time bank.
    pub minutes: i64,
    /// How many introductions were made.
    pub introductions_made: i64,
    /// How many of them were welcomed.
    pub introductions_welcomed: i64,
    /// How many barriers were answered with a change that was made.
    pub changes_made: i64,
}

impl ValueFigures {
    fn add(&mut self, more: &Self) {
        let sum = |one: Money, other: Money| -> Money { [one, other].into_iter().sum() };
        self.allocated = sum(self.allocated, more.allocated);
        self.awarded = sum(self.awarded, more.awarded);
        self.paid_net = sum(self.paid_net, more.paid_net);
        self.awards += more.awards;
        self.people += more.people;
        self.volunteers += more.volunteers;
        self.sessions += more.sessions;
        self.people_at_sessions += more.people_at_sessions;
        self.minutes += more.minutes;
        self.introductions_made += more.introductions_made;
        self.introductions_welcomed += more.introductions_welcomed;
        self.changes_made += more.changes_made;
    }
}

impl Views {
    /// Money next to what came of it, of all funds or of one, current or as at a position. The
    /// current figures are cached until the log moves on.
    pub async fn value(
        &self,
        fund: Option<&str>,
        as_at: Option<i64>,
    ) -> Result<ValueSummary, ViewError> {
        let next = self.projector.next_position();
        let read = self.read_value(as_at);
        let cache = &self.list_cache.value;
        let whole = cache.read_as_at(as_at, (), next, read).await?;
        let mut summary = ValueSummary::clone(&whole);
        if fund.is_some() {
            summary.by_fund.retain(|line| line.of.as_deref() == fund);
        }
        Ok(summary)
    }

    async fn read_value(&self, as_at: Option<i64>) -> Result<Arc<ValueSummary>, ViewError> {
        let position = as_at.unwrap_or_else(|| self.projector.next_position() - 1);
        let query = TotalsQuery {
            by: GroupBy::Fund,
            fund: None,
            area: None,
            position,
            effective_on: None,
        };
        let mut totals = ValueTotals::default();
        totals.add_money(&self.budget(query).await?.lines);
        totals.add_outcomes(&self.outcome_lines(query).await?);
        let gatherings: Vec<GatheringRow> = self.all_rows(as_at, Vec::new()).await?;
        let held = vec![Filter::in_state([SessionState::Held])];
        let sessions: Vec<GatheringSessionRow> = self.all_rows(as_at, held).await?;
        totals.add_sessions(&gatherings, &sessions);
        let exchanges: Vec<ExchangeRow> = self.all_rows(as_at, Vec::new()).await?;
        let introductions: Vec<IntroductionRow> = self.all_rows(as_at, Vec::new()).await?;
        let barriers: Vec<BarrierRow> = self.all_rows(as_at, Vec::new()).await?;
        let made = barriers
            .iter()
            .filter(|row| row.comes_to == Some(ComesTo::Made));
        let changes_made = i64::try_from(made.count()).unwrap_or(i64::MAX);
        totals.add_movement(&exchanges, &introductions, changes_made);
        let funds: Vec<FundRow> = self.all_rows(as_at, Vec::new()).await?;
        Ok(Arc::new(totals.into_summary(position, funds)))
    }
}

/// The figures of each fund, and of what belongs to none.
#[derive(Default)]
struct ValueTotals(BTreeMap<Option<String>, ValueFigures>);

impl ValueTotals {
    /// The figures of a fund. An empty key means none.
    fn of(&mut self, fund: Option<String>) -> &mut ValueFigures {
        let fund = fund.filter(|fund| !fund.is_empty());
        self.0.entry(fund).or_default()
    }

    fn add_money(&mut self, lines: &[BudgetLine]) {
        for line in lines {
            self.of(Some(line.of.clone())).add(&ValueFigures {
                allocated: line.allocated,
                awarded: line.awarded,
                paid_net: line.paid_net,
                awards: line.awards,
                ..ValueFigures::default()
            });
        }
    }

    fn add_outcomes(&mut self, lines: &[OutcomeLine]) {
        for line in lines {
            self.of(Some(line.of.clone())).add(&ValueFigures {
                people: line.people,
                volunteers: line.volunteers,
                ..ValueFigures::default()
            });
        }
    }

    fn add_sessions(&mut self, gatherings: &[GatheringRow], sessions: &[GatheringSessionRow]) {
        let funds: BTreeMap<Uuid, Option<String>> = gatherings
            .iter()
            .map(|row| (row.id, row.fund.map(|fund| fund.to_string())))
            .collect();
        for session in sessions {
            let fund = funds.get(&session.gathering).cloned().flatten();
            self.of(fund).add(&ValueFigures {
                sessions: 1,
                people_at_sessions: session.came.as_ref().map_or(0, |came| came.people.into()),
                ..ValueFigures::default()
            });
        }
    }

    /// What belongs to no fund.
    fn add_movement(
        &mut self,
        exchanges: &[ExchangeRow],
        introductions: &[IntroductionRow],
        changes_made: i64,
    ) {
        let minutes = exchanges.iter().map(|row| i64::from(row.minutes)).sum();
        let made = introductions.iter().filter(|row| row.made_on.is_some());
        let welcomed = introductions.iter().filter(|row| row.welcomed_on.is_some());
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let figures = ValueFigures {
            minutes,
            introductions_made: count(made.count()),
            introductions_welcomed: count(welcomed.count()),
            changes_made,
            ..ValueFigures::default()
        };
        if figures != ValueFigures::default() {
            self.of(None).add(&figures);
        }
    }

    fn into_summary(self, position: i64, funds: Vec<FundRow>) -> ValueSummary {
        let names: BTreeMap<String, String> = funds
            .into_iter()
            .map(|fund| (fund.id.to_string(), fund.name))
            .collect();
        let mut all = ValueFigures::default();
        let line = |(of, figures): (Option<String>, ValueFigures)| {
            all.add(&figures);
            ValueLine {
                name: of.as_ref().and_then(|of| names.get(of).cloned()),
                of,
                figures,
            }
        };
        let mut by_fund: Vec<ValueLine> = self.0.into_iter().map(line).collect();
        // By name, and what belongs to no fund last.
        by_fund.sort_by_cached_key(|line| (line.of.is_none(), line.name.clone(), line.of.clone()));
        ValueSummary {
            position,
            all,
            by_fund,
        }
    }
}
