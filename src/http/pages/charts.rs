//! Charts: bars of money and of outcomes with their figures, as at any day. The day is chosen by a
//! slider that needs no script.

use jiff::civil::Date;

use super::PageError;
use crate::clock::day_of;
use crate::domain::Money;
use crate::http::AppState;
use crate::views::{AsAt, BudgetLine, GroupBy, OutcomeLine, Sums};

/// The day that charts are shown as at, and the range from which it can be chosen.
#[derive(Clone, Debug)]
pub struct DaySelection {
    pub first: Date,
    pub today: Date,
    pub chosen: Option<Date>,
    /// The last position that counts on that day.
    pub position: i64,
}

impl DaySelection {
    /// Parses the query of a page: `day` is a date, `slide` a number of days since the first day.
    /// `day` wins. Without either, or for today, the charts show the newest position.
    pub async fn from_query(app: &AppState, day: &str, slide: &str) -> Result<Self, PageError> {
        let today = day_of(app.commands.now());
        let first = app.commands.log().read_events(0, 1).await?.first().map_or(
            today,
            crate::eventlog::recorded_event::RecordedEvent::recorded_on,
        );
        let slid = slide.parse::<i32>().ok().map(|days| {
            first.saturating_add(jiff::Span::new().days(i64::from(days.clamp(0, 40_000))))
        });
        let asked = day
            .parse::<Date>()
            .ok()
            .or(slid)
            .map(|day| day.clamp(first, today))
            .filter(|day| *day < today);
        let position = match asked {
            Some(day) => app.views.position_as_at(AsAt::Day(day)).await?,
            None => app.views.projector().next_position() - 1,
        };
        Ok(Self {
            first,
            today,
            chosen: asked,
            position,
        })
    }

    /// The number of days from the first day to today: the slider's maximum.
    pub fn slider_max(&self) -> i32 {
        days_between(self.first, self.today)
    }

    /// The slider's value, in days since the first day.
    pub fn slider_value(&self) -> i32 {
        days_between(self.first, self.chosen.unwrap_or(self.today))
    }

    pub fn day(&self) -> Date {
        self.chosen.unwrap_or(self.today)
    }
}

fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

/// A bar of money: paid, committed and not paid, and free, as shares of the allocated sum.
pub struct MoneyBar {
    pub name: String,
    pub line: BudgetLine,
    pub paid: String,
    pub unpaid: String,
    /// Where the unpaid part begins, in percent of the bar.
    pub unpaid_from: String,
}

impl MoneyBar {
    /// A bar for a budget line. It is as wide as the allocated sum, or as the committed sum if
    /// nothing is allocated.
    pub fn new(name: String, line: BudgetLine) -> Self {
        let whole = if line.allocated.is_zero() {
            line.committed
        } else {
            line.allocated
        };
        let paid = share(line.paid_net, whole);
        let unpaid = share(line.unpaid, whole);
        Self {
            name,
            unpaid_from: percent(paid),
            paid: percent(paid),
            unpaid: percent(unpaid),
            line,
        }
    }

    /// The requested sum as a share of the larger of the allocated and the requested sum.
    pub fn requested(&self) -> String {
        percent(share(
            self.line.requested,
            self.line.allocated.max(self.line.requested),
        ))
    }
}

/// A bar of outcomes of one sign: points that groups reported, and points that staff assessed.
pub struct OutcomeBar {
    pub name: String,
    pub line: OutcomeLine,
    pub reported: String,
    pub judged: String,
}

/// Bars of outcomes. The longest is as wide as the chart.
pub fn outcome_bars(lines: Vec<(String, OutcomeLine)>) -> Vec<OutcomeBar> {
    let most = lines
        .iter()
        .map(|(_, line)| line.said_points.max(line.judged_points))
        .max()
        .unwrap_or(1)
        .max(1);
    let bar = |(name, line): (String, OutcomeLine)| OutcomeBar {
        reported: percent(permille(line.said_points, most)),
        judged: percent(permille(line.judged_points, most)),
        name,
        line,
    };
    lines.into_iter().map(bar).collect()
}

/// A part of a whole, in thousandths.
fn share(part: Money, whole: Money) -> i64 {
    permille(part.pence(), whole.pence())
}

fn permille(part: i64, whole: i64) -> i64 {
    if whole == 0 {
        0
    } else {
        (part * 1000 / whole).clamp(0, 1000)
    }
}

fn percent(permille: i64) -> String {
    format!("{}.{}%", permille / 10, permille % 10)
}

/// A query for the totals as at the chosen day.
pub(super) fn totals_query<'a>(
    by: GroupBy,
    fund: Option<&'a str>,
    area: Option<&'a str>,
    days: &DaySelection,
) -> Sums<'a> {
    Sums {
        by,
        fund,
        area,
        position: days.position,
        effective_on: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_a_share_of_the_whole() {
        assert_eq!(
            percent(share(Money::from_pounds(1), Money::from_pounds(3))),
            "33.3%"
        );
        assert_eq!(percent(share(Money::from_pounds(1), Money::ZERO)), "0.0%");
        assert_eq!(percent(permille(7, 5)), "100.0%");
    }
}
