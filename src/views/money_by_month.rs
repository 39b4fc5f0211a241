//! The money of all funds at the end of each month, for a chart of the year.
//!
//! The sums on the last day are read first. The sums at the end of each earlier month are computed
//! backwards from them with the postings of the months, which the database adds up.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;

use super::{AsAt, GroupBy, Sums, ViewError, Views};
use crate::domain::Money;
use crate::domain::grant_sums::GrantSums;
use crate::store::postings;

/// The money of all funds at the end of a month; of the last month, at the end of the day that was
/// asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthEnd {
    /// The first day of the month.
    pub month: Date,
    pub allocated: Money,
    pub awarded: Money,
    /// Paid, less returned.
    pub paid_net: Money,
}

impl MonthEnd {
    /// The month in words: "November 2026".
    #[must_use]
    pub fn name(&self) -> String {
        self.month.strftime("%B %Y").to_string()
    }
}

/// Sums in pence. As at a day they may be negative, see [`super::BudgetLine::out_of_order`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct MoneyFigures {
    allocated: i64,
    of_grants: GrantSums,
}

impl MoneyFigures {
    /// Adds an amount of one of the figures of postings.
    fn add(&mut self, figure: &str, pence: i64) {
        if figure == "allocated" {
            self.allocated += pence;
        } else {
            self.of_grants.add(figure, pence);
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            allocated: self.allocated + other.allocated,
            of_grants: self.of_grants.plus(other.of_grants),
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            allocated: self.allocated - other.allocated,
            of_grants: self.of_grants.minus(other.of_grants),
        }
    }

    fn at_end_of(self, month: Date) -> MonthEnd {
        let money = |pence: i64| Money::from_pence(u64::try_from(pence).unwrap_or_default());
        MonthEnd {
            month,
            allocated: money(self.allocated),
            awarded: money(self.of_grants.awarded()),
            paid_net: money(self.of_grants.paid_net()),
        }
    }
}

impl Views {
    /// The money at the end of each month, from the month of one day to that of another.
    /// `position` is the last one of the other day.
    pub async fn money_by_month(
        &self,
        from: Date,
        until: Date,
        position: i64,
    ) -> Result<Vec<MonthEnd>, ViewError> {
        let first = from.first_of_month();
        let end_of_first = self.position_as_at(AsAt::Day(from.last_of_month())).await?;
        let moved = postings::figures_by_month(
            self.log.store(),
            self.log.organisation(),
            (end_of_first.min(position), position),
        )
        .await?;
        let mut by_month: BTreeMap<String, MoneyFigures> = BTreeMap::new();
        for (month, figure, pence) in moved {
            by_month.entry(month).or_default().add(&figure, pence);
        }
        let query = Sums {
            by: GroupBy::Fund,
            fund: None,
            area: None,
            position,
            effective_on: None,
        };
        let mut closing = MoneyFigures::default();
        for (figure, pence) in self.totals(query).await?.sums.values().flatten() {
            closing.add(figure, *pence);
        }
        Ok(month_ends(closing, &by_month, first, until))
    }
}

/// The ends of the months, from the sums at the last one and what moved in each.
fn month_ends(
    closing: MoneyFigures,
    moved: &BTreeMap<String, MoneyFigures>,
    first: Date,
    until: Date,
) -> Vec<MonthEnd> {
    let mut sums = moved
        .values()
        .fold(closing, |sums, change| sums.minus(*change));
    let mut ends = Vec::new();
    let mut month = first;
    while month <= until {
        let change = moved.get(&month.strftime("%Y-%m").to_string());
        sums = sums.plus(change.copied().unwrap_or_default());
        ends.push(sums.at_end_of(month));
        month = month.saturating_add(Span::new().months(1));
    }
    ends
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn figures(of: &[(&str, i64)]) -> MoneyFigures {
        let mut figures = MoneyFigures::default();
        for (figure, pence) in of {
            figures.add(figure, *pence);
        }
        figures
    }

    #[test]
    fn months_lead_back_from_the_last_sums() {
        let closing = figures(&[
            ("allocated", 900_000),
            ("committed", 50_000),
            ("confirmed", 500),
            ("returned", 200),
        ]);
        let moved = [
            (
                "2026-02".to_owned(),
                figures(&[("allocated", 400_000), ("committed", 60_000)]),
            ),
            (
                "2026-04".to_owned(),
                figures(&[
                    ("committed", -10_000),
                    ("confirmed", 500),
                    ("returned", 200),
                ]),
            ),
        ]
        .into();

        let ends = month_ends(closing, &moved, date(2026, 1, 1), date(2026, 4, 9));

        let pounds = |money: Money| money.pence() / 100;
        let sums: Vec<_> = ends
            .iter()
            .map(|end| (end.name(), pounds(end.allocated), pounds(end.awarded)))
            .collect();
        assert_eq!(
            sums,
            [
                ("January 2026".to_owned(), 5000, 0),
                ("February 2026".to_owned(), 9000, 600),
                ("March 2026".to_owned(), 9000, 600),
                ("April 2026".to_owned(), 9000, 502),
            ]
        );
        assert_eq!(ends[3].paid_net, Money::from_pounds(3));
    }

    #[test]
    fn a_sum_below_zero_is_drawn_as_nothing() {
        let ends = month_ends(
            figures(&[("confirmed", -5)]),
            &BTreeMap::new(),
            date(2026, 4, 1),
            date(2026, 4, 9),
        );
        assert_eq!((ends.len(), ends[0].paid_net), (1, Money::ZERO));
    }
}
