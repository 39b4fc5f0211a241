//! What was asked for, awarded and reached in each quarter of a year: the postings of its months
//! added up.

use jiff::Span;
use jiff::civil::Date;

use super::{AsAt, ViewError, Views};
use crate::store::postings;

/// The figures of one quarter, by the day on which they were recorded. A figure is below zero if
/// more was taken back in the quarter than was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quarter {
    pub first_day: Date,
    /// What applications asked for, in pence, when they were sent.
    pub requested: i64,
    /// What was awarded, in pence: what was committed, and what groups returned.
    pub awarded: i64,
    /// The people who came, in the reports that were accepted in the quarter.
    pub people: i64,
}

impl Quarter {
    fn starting(first_day: Date) -> Self {
        Self {
            first_day,
            requested: 0,
            awarded: 0,
            people: 0,
        }
    }

    fn add(&mut self, figure: &str, amount: i64) {
        match figure {
            "requested" => self.requested += amount,
            "committed" | "returned" => self.awarded += amount,
            "people" => self.people += amount,
            _ => {}
        }
    }

    /// The quarter in words: "October to December 2026".
    #[must_use]
    pub fn name(&self) -> String {
        let last = self.first_day.saturating_add(Span::new().months(2));
        format!(
            "{} to {}",
            self.first_day.strftime("%B"),
            last.strftime("%B %Y")
        )
    }
}

impl Views {
    /// The figures of each quarter, from that of one day to that of another. `position` is the
    /// last one of the other day.
    pub async fn quarters(
        &self,
        from: Date,
        until: Date,
        position: i64,
    ) -> Result<Vec<Quarter>, ViewError> {
        let first = start_of_quarter(from);
        let before = match first.yesterday() {
            Ok(day) => self.position_as_at(AsAt::Day(day)).await?,
            Err(_) => -1,
        };
        let moved = postings::figures_by_month(
            self.log.store(),
            self.log.organisation(),
            (before.min(position), position),
        )
        .await?;
        Ok(add_up(&moved, first, until))
    }
}

/// Adds up the amounts of months, with one line for each quarter.
fn add_up(moved: &[(String, String, i64)], first: Date, until: Date) -> Vec<Quarter> {
    let mut quarters = Vec::new();
    let mut day = first;
    while day <= until {
        quarters.push(Quarter::starting(day));
        day = day.saturating_add(Span::new().months(3));
    }
    for (month, figure, amount) in moved {
        let Ok(day) = format!("{month}-01").parse::<Date>() else {
            continue;
        };
        let first_day = start_of_quarter(day);
        let quarter = quarters.iter_mut().find(|line| line.first_day == first_day);
        if let Some(quarter) = quarter {
            quarter.add(figure, *amount);
        }
    }
    quarters
}

/// The first day of a day's quarter.
pub(super) fn start_of_quarter(day: Date) -> Date {
    let months = i64::from((day.month() - 1) % 3);
    day.first_of_month()
        .saturating_sub(Span::new().months(months))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn months_add_up_to_quarters() {
        let moved = [
            ("2026-01", "requested", 90_000),
            ("2026-03", "requested", -10_000),
            ("2026-03", "committed", 50_000),
            ("2026-03", "allocated", 400_000),
            ("2026-12", "people", 24),
        ]
        .map(|(month, figure, amount)| (month.to_owned(), figure.to_owned(), amount));

        let quarters = add_up(&moved, date(2026, 1, 1), date(2026, 12, 9));

        let figures: Vec<_> = quarters
            .iter()
            .map(|line| (line.requested, line.awarded, line.people))
            .collect();
        assert_eq!(
            figures,
            [(80_000, 50_000, 0), (0, 0, 0), (0, 0, 0), (0, 0, 24)]
        );
        assert_eq!(quarters[3].name(), "October to December 2026");
    }

    #[test]
    fn a_quarter_begins_with_its_first_month() {
        assert_eq!(start_of_quarter(date(2026, 1, 31)), date(2026, 1, 1));
        assert_eq!(start_of_quarter(date(2026, 9, 30)), date(2026, 7, 1));
        assert_eq!(start_of_quarter(date(2026, 12, 1)), date(2026, 10, 1));
    }
}
