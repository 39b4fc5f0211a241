//! Budgets and outcomes: sums of postings. A sum for a past day costs as much as one for today.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use super::cost_per_person::CostPerPerson;
use super::totals_cache::{FiguresByKey, PostingTotals};
use super::{ViewError, Views};
use crate::domain::Money;
use crate::domain::grant_sums::GrantSums;
pub use crate::store::postings::GroupBy;
use crate::store::postings::SumQuery;

/// A budget, with one line for each fund, funder, area, theme or round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Budget {
    /// The last position of the log that the figures include.
    pub position: i64,
    pub lines: Vec<BudgetLine>,
}

/// The money of one fund, funder, area, theme or round. Everywhere: awarded = committed + returned,
/// and committed = unpaid + paid net. By fund and by funder: allocated = uncommitted + committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BudgetLine {
    /// The id or name of the fund, funder, area, theme or round.
    pub of: String,
    pub allocated: Money,
    pub requested: Money,
    /// Awarded by panels, with what later changes made of it: committed, and what was returned.
    pub awarded: Money,
    /// Held for grants: awarded, less what was returned.
    pub committed: Money,
    /// Committed and not paid: not sent yet, or sent and not confirmed by the bank.
    pub unpaid: Money,
    /// Sent to the bank, less what failed or was taken back by the bank.
    pub sent: Money,
    /// Of the sent money, what the bank confirmed that it paid.
    pub confirmed: Money,
    /// Deprecated: the old name of `sent`.
    pub paid: Money,
    /// Came back from groups.
    pub returned: Money,
    /// Due back, and waived or written off. It still counts as paid.
    pub waived: Money,
    /// Paid, less returned: confirmed, less what groups returned.
    pub paid_net: Money,
    /// Allocated less committed. Absent by area, theme and round, because money is not allocated to
    /// these.
    pub uncommitted: Option<Money>,
    pub applications: i64,
    pub decided: i64,
    pub awards: i64,
    /// Mean number of days from submission to decision, rounded down.
    pub mean_days_to_decision: Option<i64>,
    /// Figures that would be negative as at this day, because events that happened before it were
    /// recorded after it. They are given as 0.00.
    pub out_of_order: Vec<String>,
}

/// Outcomes, with one line for each fund, area, theme, grant or sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Outcome {
    /// The last position of the log that the figures include.
    pub position: i64,
    pub lines: Vec<OutcomeLine>,
    /// Of all grants that the query is about, however it groups them.
    pub cost_per_person: CostPerPerson,
}

/// The outcomes of one fund, area, theme or grant, or for one sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OutcomeLine {
    pub of: String,
    pub grants: i64,
    pub grants_to_new_groups: i64,
    pub updates: i64,
    pub people: i64,
    pub volunteers: i64,
    pub spent: Money,
    /// How many times groups reported the sign, and `said_points` the sum of its points: 0 none, 1
    /// some, 2 strong.
    pub said_by: i64,
    pub said_points: i64,
    /// How many reports saw the sign: those that gave it more than 0 points.
    pub seen_by: i64,
    /// How many times staff assessed the sign, and `judged_points` the sum of its points.
    pub judged_of: i64,
    pub judged_points: i64,
    /// Figures that would be negative as at this day, because events that happened before it were
    /// recorded after it. They are given as 0.00.
    pub out_of_order: Vec<String>,
}

/// A query of sums.
#[derive(Clone, Copy, Debug)]
pub struct TotalsQuery<'a> {
    pub by: GroupBy,
    pub fund: Option<&'a str>,
    pub area: Option<&'a str>,
    pub position: i64,
    pub effective_on: Option<&'a str>,
}

pub(super) type FigureTotals = BTreeMap<String, i64>;

impl Views {
    /// The sums of money.
    pub async fn budget(&self, wanted: TotalsQuery<'_>) -> Result<Budget, ViewError> {
        Ok(budget(wanted, &self.totals(wanted).await?.sums))
    }

    /// A [`Budget`] as JSON, cached for the next equal query.
    pub async fn budget_json(&self, wanted: TotalsQuery<'_>) -> Result<Bytes, ViewError> {
        let totals = self.totals(wanted).await?;
        Ok(totals
            .budget
            .get_or_serialise(|| budget(wanted, &totals.sums)))
    }

    /// The sums of outcomes.
    pub async fn outcomes(&self, wanted: TotalsQuery<'_>) -> Result<Outcome, ViewError> {
        let cost = self.cost_per_person(wanted, |_| true).await?;
        Ok(outcome(wanted, &self.totals(wanted).await?.sums, cost))
    }

    /// The lines of the outcomes alone, for pages that do without the cost for each person: that
    /// reads the sums of every grant.
    pub async fn outcome_lines(
        &self,
        wanted: TotalsQuery<'_>,
    ) -> Result<Vec<OutcomeLine>, ViewError> {
        Ok(outcome_lines(&self.totals(wanted).await?.sums))
    }

    /// An [`Outcome`] as JSON, cached for the next equal query.
    pub async fn outcomes_json(&self, wanted: TotalsQuery<'_>) -> Result<Bytes, ViewError> {
        let totals = self.totals(wanted).await?;
        if let Some(json) = totals.outcome.get() {
            return Ok(json);
        }
        let cost = self.cost_per_person(wanted, |_| true).await?;
        Ok(totals
            .outcome
            .get_or_serialise(|| outcome(wanted, &totals.sums, cost)))
    }

    /// The outcomes of each area by sign. An area without outcomes is left out.
    pub async fn outcomes_by_area(
        &self,
        position: i64,
    ) -> Result<BTreeMap<String, Vec<OutcomeLine>>, ViewError> {
        self.outcomes_by_sign_in(GroupBy::AreaAndSign, position)
            .await
    }

    /// The outcomes of each theme by sign. A theme without outcomes is left out.
    pub async fn outcomes_by_theme(
        &self,
        position: i64,
    ) -> Result<BTreeMap<String, Vec<OutcomeLine>>, ViewError> {
        self.outcomes_by_sign_in(GroupBy::ThemeAndSign, position)
            .await
    }

    /// The outcomes by sign of each area or theme.
    async fn outcomes_by_sign_in(
        &self,
        by: GroupBy,
        position: i64,
    ) -> Result<BTreeMap<String, Vec<OutcomeLine>>, ViewError> {
        let totals = self
            .totals(TotalsQuery {
                by,
                fund: None,
                area: None,
                position,
                effective_on: None,
            })
            .await?;
        let mut by_part: BTreeMap<String, Vec<OutcomeLine>> = BTreeMap::new();
        for (key, figures) in &totals.sums {
            if let Some((part, sign)) = key.split_once('/')
                && !part.is_empty()
                && !sign.is_empty()
            {
                let line = outcome_line(sign.to_owned(), figures);
                by_part.entry(part.to_owned()).or_default().push(line);
            }
        }
        Ok(by_part)
    }

    /// The sums themselves, which may be negative.
    pub(super) async fn totals(
        &self,
        wanted: TotalsQuery<'_>,
    ) -> Result<Arc<PostingTotals>, ViewError> {
        let TotalsQuery {
            by,
            fund,
            area,
            position,
            effective_on,
        } = wanted;
        let sum = SumQuery {
            by,
            fund,
            area,
            after: -1,
            position,
            effective_on,
        };
        Ok(self
            .totals_cache
            .totals(self.log.store(), self.log.organisation(), sum)
            .await?)
    }
}

fn budget(wanted: TotalsQuery<'_>, sums: &FiguresByKey) -> Budget {
    let lines = sums
        .iter()
        .map(|(of, figures)| budget_line(of.clone(), figures, wanted.by))
        .collect();
    Budget {
        position: wanted.position,
        lines,
    }
}

fn outcome(
    wanted: TotalsQuery<'_>,
    sums: &FiguresByKey,
    cost_per_person: CostPerPerson,
) -> Outcome {
    Outcome {
        position: wanted.position,
        lines: outcome_lines(sums),
        cost_per_person,
    }
}

fn outcome_lines(sums: &FiguresByKey) -> Vec<OutcomeLine> {
    sums.iter()
        .map(|(of, figures)| outcome_line(of.clone(), figures))
        .collect()
}

pub(super) fn figure_of(figures: &FigureTotals, figure: &str) -> i64 {
    figures.get(figure).copied().unwrap_or_default()
}

/// The sums of grants among the figures of a key.
pub(super) fn sums_of_grants(figures: &FigureTotals) -> GrantSums {
    let mut sums = GrantSums::default();
    for (figure, pence) in figures {
        sums.add(figure, *pence);
    }
    sums
}

/// The figures of a line that would be negative.
#[derive(Default)]
struct OutOfOrder(Vec<String>);

impl OutOfOrder {
    /// An amount of money. The domain never lets it become negative, but as at a day it may, if an
    /// event of before that day was recorded later.
    fn money(&mut self, figure: &str, pence: i64) -> Money {
        let Ok(pence) = u64::try_from(pence) else {
            self.0.push(figure.to_owned());
            return Money::ZERO;
        };
        Money::from_pence(pence)
    }
}

fn budget_line(of: String, figures: &FigureTotals, by: GroupBy) -> BudgetLine {
    let allocated = figure_of(figures, "allocated");
    let sums = sums_of_grants(figures);
    let decided = figure_of(figures, "decided");
    let mut below = OutOfOrder::default();
    BudgetLine {
        of,
        allocated: below.money("allocated", allocated),
        requested: below.money("requested", figure_of(figures, "requested")),
        awarded: below.money("awarded", sums.awarded()),
        committed: below.money("committed", sums.committed),
        unpaid: below.money("unpaid", sums.unpaid()),
        sent: below.money("sent", sums.sent),
        confirmed: below.money("confirmed", sums.confirmed),
        paid: Money::from_pence(u64::try_from(sums.sent).unwrap_or_default()),
        returned: below.money("returned", sums.returned),
        waived: below.money("waived", figure_of(figures, "waived")),
        paid_net: below.money("paid_net", sums.paid_net()),
        uncommitted: matches!(by, GroupBy::Fund | GroupBy::Funder)
            .then(|| below.money("uncommitted", allocated - sums.committed)),
        applications: figure_of(figures, "submitted"),
        decided,
        awards: figure_of(
            figures,
            if by == GroupBy::Funder {
                "awards_from"
            } else {
                "awards"
            },
        ),
        mean_days_to_decision: (decided > 0).then(|| figure_of(figures, "decision_days") / decided),
        out_of_order: below.0,
    }
}

fn outcome_line(of: String, figures: &FigureTotals) -> OutcomeLine {
    let mut below = OutOfOrder::default();
    OutcomeLine {
        of,
        grants: figure_of(figures, "grants"),
        grants_to_new_groups: figure_of(figures, "grants_to_new_groups"),
        updates: figure_of(figures, "updates"),
        people: figure_of(figures, "people"),
        volunteers: figure_of(figures, "volunteers"),
        spent: below.money("spent", figure_of(figures, "spent")),
        said_by: figure_of(figures, "said_by"),
        said_points: figure_of(figures, "said"),
        seen_by: figure_of(figures, "seen_by"),
        judged_of: figure_of(figures, "judged_of"),
        judged_points: figure_of(figures, "judged"),
        out_of_order: below.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_below_zero_is_named_and_its_line_is_shown() {
        let figures = |all: &[(&str, i64)]| -> FigureTotals {
            all.iter()
                .map(|(figure, pence)| ((*figure).to_owned(), *pence))
                .collect()
        };
        let line = budget_line(
            "a-funder".to_owned(),
            &figures(&[
                ("allocated", 10_000),
                ("committed", 5000),
                ("sent", 7000),
                ("confirmed", 6000),
            ]),
            GroupBy::Funder,
        );
        assert_eq!(
            (line.unpaid, line.paid_net, line.uncommitted),
            (
                Money::ZERO,
                Money::from_pounds(60),
                Some(Money::from_pounds(50))
            )
        );
        assert_eq!((line.sent, line.paid), (line.paid, Money::from_pounds(70)));
        assert_eq!(line.out_of_order, ["unpaid"]);
        let line = outcome_line(
            "a-fund".to_owned(),
            &figures(&[("spent", -1), ("people", 3)]),
        );
        assert_eq!(
            (line.spent, line.people, line.out_of_order),
            (Money::ZERO, 3, vec!["spent".to_owned()])
        );
    }

    #[test]
    fn each_funder_of_an_award_counts_it() {
        let figures: FigureTotals =
            [("awards".to_owned(), 1), ("awards_from".to_owned(), 2)].into();
        let awards = |by| budget_line(String::new(), &figures, by).awards;
        assert_eq!((awards(GroupBy::Fund), awards(GroupBy::Funder)), (1, 2));
    }
}
