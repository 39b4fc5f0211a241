//! Charts: bars of money and of outcomes with their figures, as at any day. The day is chosen by a
//! slider that needs no script.

use jiff::civil::Date;

use super::PageError;
use super::days::days_between;
use crate::clock::day_of;
use crate::domain::Money;
use crate::http::AppState;
use crate::views::{AsAt, BudgetLine, GroupBy, OutcomeLine, Sums};

/// Below this number of reports, a page says that there are few.
pub(super) const FEW_REPORTS: i64 = 30;

/// The day that charts are shown as at, and the range from which it can be chosen.
#[derive(Clone, Debug)]
pub struct DaySelection {
    pub first: Date,
    pub today: Date,
    pub chosen: Option<Date>,
    /// The day that was asked for, if it is before the first day or after today.
    pub outside: Option<Date>,
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
        let asked = day.parse::<Date>().ok().or(slid);
        let chosen = asked
            .map(|day| day.clamp(first, today))
            .filter(|day| *day < today);
        let position = match chosen {
            Some(day) => app.views.position_as_at(AsAt::Day(day)).await?,
            None => app.views.projector().next_position() - 1,
        };
        Ok(Self {
            first,
            today,
            chosen,
            outside: asked.filter(|day| !(first..=today).contains(day)),
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

    /// Whether the day that was asked for is before the first day.
    pub fn is_too_early(&self) -> bool {
        self.outside.is_some_and(|day| day < self.first)
    }

    pub fn day(&self) -> Date {
        self.chosen.unwrap_or(self.today)
    }

    /// A day of the month a year before the chosen day, or the first day if that is later.
    pub fn year_start(&self) -> Date {
        let month = self.day().first_of_month();
        month
            .saturating_sub(jiff::Span::new().months(12))
            .max(self.first)
    }

    /// A day in the quarter seven before that of the chosen day, or the first day if that is later.
    pub fn trend_start(&self) -> Date {
        let day = self.day().saturating_sub(jiff::Span::new().months(21));
        day.max(self.first)
    }

    /// The last three ends of a quarter since the first day, the newest first, and whether each is
    /// the chosen day.
    pub fn quarter_ends(&self) -> Vec<(Date, bool)> {
        let mut ends = Vec::new();
        let mut day = self.today.first_of_month();
        while ends.len() < 3 && day > self.first {
            if let Ok(end) = day.yesterday()
                && end.month() % 3 == 0
                && end >= self.first
            {
                ends.push((end, self.chosen == Some(end)));
            }
            day = day.saturating_sub(jiff::Span::new().months(1));
        }
        ends
    }
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
        Self::part_of(whole, name, line)
    }

    /// Puts the bars on one scale. The bar with the most committed money is as wide as the chart.
    pub fn on_one_scale(bars: Vec<Self>) -> Vec<Self> {
        let most = bars.iter().map(|bar| bar.line.committed).max();
        let most = most.unwrap_or_default();
        bars.into_iter()
            .map(|bar| Self::part_of(most, bar.name, bar.line))
            .collect()
    }

    fn part_of(whole: Money, name: String, line: BudgetLine) -> Self {
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
}

/// A bar of outcomes of one sign: the points that groups reported.
pub struct OutcomeBar {
    pub name: String,
    pub line: OutcomeLine,
    pub reported: String,
}

impl OutcomeBar {
    /// The mean of what groups reported, with one decimal. Empty if there is no report.
    pub fn said_mean(&self) -> String {
        mean(self.line.said_points, self.line.said_by)
    }

    /// The mean of what staff assessed.
    pub fn judged_mean(&self) -> String {
        mean(self.line.judged_points, self.line.judged_of)
    }

    /// The position of the groups' mean on a scale from none to strong.
    pub fn said_at(&self) -> String {
        on_scale(self.line.said_points, self.line.said_by)
    }

    pub fn judged_at(&self) -> String {
        on_scale(self.line.judged_points, self.line.judged_of)
    }
}

/// The points of the strongest sign.
const POINTS_MAX: i64 = 2;

/// A mean, rounded to one decimal.
fn mean(points: i64, of: i64) -> String {
    if of == 0 {
        return String::new();
    }
    one_decimal((points * 20 / of + 1) / 2)
}

/// The position of a mean on a scale whose ends are inset in the drawing.
fn on_scale(points: i64, of: i64) -> String {
    let permille = permille(points, of * POINTS_MAX);
    percent(40 + permille * 920 / 1000)
}

/// Bars of outcomes. The longest is as wide as the chart.
pub fn outcome_bars(lines: Vec<(String, OutcomeLine)>) -> Vec<OutcomeBar> {
    let most = lines
        .iter()
        .map(|(_, line)| line.said_points)
        .max()
        .unwrap_or(1)
        .max(1);
    let bar = |(name, line): (String, OutcomeLine)| OutcomeBar {
        reported: percent(permille(line.said_points, most)),
        name,
        line,
    };
    lines.into_iter().map(bar).collect()
}

/// The mean number of days from sending to the decision, over all decided applications of these
/// lines; none without a decision.
pub(super) fn mean_days_to_decide<'a>(
    lines: impl IntoIterator<Item = &'a BudgetLine>,
) -> Option<i64> {
    let (mut decided, mut waited) = (0, 0);
    for line in lines {
        decided += line.decided;
        waited += line.mean_days_to_decision.unwrap_or_default() * line.decided;
    }
    (decided > 0).then(|| waited / decided)
}

/// A part of a whole, in thousandths.
pub(super) fn share(part: Money, whole: Money) -> i64 {
    permille(part.pence(), whole.pence())
}

fn permille(part: i64, whole: i64) -> i64 {
    if whole == 0 {
        0
    } else {
        (part * 1000 / whole).clamp(0, 1000)
    }
}

pub(super) fn percent(permille: i64) -> String {
    format!("{}%", one_decimal(permille))
}

/// A number of tenths.
pub(super) fn one_decimal(tenths: i64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
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

    #[test]
    fn a_mean_has_one_decimal() {
        assert_eq!(mean(5, 4), "1.3");
        assert_eq!(mean(2, 1), "2.0");
        assert_eq!(mean(0, 0), "");
    }
}
