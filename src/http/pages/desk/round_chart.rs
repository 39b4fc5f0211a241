//! The rounds of a fund on a line of months: when each takes applications, and when its panel
//! meets. The table of rounds has the same days.

use jiff::Span;
use jiff::civil::Date;

use crate::domain::fund::RoundState;
use crate::http::pages::charts::one_decimal;
use crate::http::pages::days::days_between;
use crate::projections::RoundRow;

/// The edges of the months inside the 840 units of the drawing. Names of rounds are left of them.
const LEFT: i64 = 120;
const RIGHT: i64 = 836;
/// The top of the first bar, and the distance of bars.
const TOP: i64 = 28;
const ROW_HEIGHT: i64 = 34;
/// The space below the lines of months, for the word of today.
const FOOT: i64 = 12;
/// A chart has the newest rounds up to this number.
const ROUNDS_MAX: usize = 6;
/// With more months than these, not every month is named.
const NAMED_MONTHS_MAX: i64 = 16;
/// The longest name that fits to the left of the months.
const NAME_MAX: usize = 15;
/// A day after this distance has its word on its left.
const WORD_TURNS_AT: i64 = 7900;

/// The days of a round.
pub(super) struct RoundDays<'a> {
    name: &'a str,
    state: RoundState,
    opens_on: Date,
    closes_on: Date,
    panel_meets_on: Option<Date>,
}

impl<'a> From<&'a RoundRow> for RoundDays<'a> {
    fn from(row: &'a RoundRow) -> Self {
        Self {
            name: &row.name,
            state: row.state,
            opens_on: row.opens_on,
            closes_on: row.closes_on,
            panel_meets_on: row.panel_meets_on,
        }
    }
}

/// A month's name, and where the month begins.
pub(super) struct MonthMark {
    pub begins_at: String,
    pub name_at: String,
    pub name: String,
}

/// The line of one round.
pub(super) struct RoundMonthBar {
    pub name: String,
    /// The class of its colour.
    pub colour: &'static str,
    pub at: String,
    pub width: String,
    /// The top of the bar, the base of the name, and the middle of the day of the panel.
    pub top: i64,
    pub base: i64,
    pub middle: String,
    pub panel_at: Option<String>,
}

/// The mark of today, with its word on one side.
pub(super) struct TodayMark {
    pub at: String,
    pub word_at: String,
    pub anchor: &'static str,
}

/// The chart: the names of the months, a bar for each round, and today.
pub(super) struct RoundChart {
    pub height: i64,
    pub months: Vec<MonthMark>,
    pub bars: Vec<RoundMonthBar>,
    pub today: TodayMark,
}

impl RoundChart {
    /// The chart of rounds; `None` for a fund without a round.
    pub(super) fn new(mut rounds: Vec<RoundDays<'_>>, today: Date) -> Option<Self> {
        rounds.sort_by_key(|round| round.opens_on);
        let rounds = rounds.split_off(rounds.len().saturating_sub(ROUNDS_MAX));
        let first = rounds.first()?.opens_on.min(today);
        let ends = rounds.iter().flat_map(|round| {
            let panel = round.panel_meets_on.unwrap_or(round.closes_on);
            [round.closes_on, panel]
        });
        let scale = MonthScale::new(first, ends.fold(today, Date::max));
        let tops = (0..).map(|row: i64| TOP + ROW_HEIGHT * row);
        let bars: Vec<RoundMonthBar> = tops
            .zip(&rounds)
            .map(|(top, round)| scale.bar(top, round))
            .collect();
        let height = bars.last()?.top + ROW_HEIGHT + FOOT;
        Some(Self {
            height,
            months: scale.months(),
            bars,
            today: scale.today(today),
        })
    }

    /// The foot of the lines of months.
    pub fn foot(&self) -> i64 {
        self.height - FOOT
    }

    /// The base of the word of today.
    pub fn word_base(&self) -> i64 {
        self.height - 4
    }
}

/// Whole months, and their scale. Places are in tenths of a unit.
struct MonthScale {
    first: Date,
    /// The day after the last month.
    end: Date,
}

impl MonthScale {
    fn new(first: Date, last: Date) -> Self {
        Self {
            first: first.first_of_month(),
            end: next_month(last.first_of_month()),
        }
    }

    fn x(&self, day: Date) -> i64 {
        let days = |until| i64::from(days_between(self.first, until));
        LEFT * 10 + (RIGHT - LEFT) * 10 * days(day) / days(self.end)
    }

    fn months(&self) -> Vec<MonthMark> {
        let number = |day: Date| i64::from(day.year()) * 12 + i64::from(day.month());
        let count = number(self.end) - number(self.first);
        let every = (count + NAMED_MONTHS_MAX - 1) / NAMED_MONTHS_MAX;
        let mut marks = Vec::new();
        let mut month = self.first;
        while month < self.end {
            let next = next_month(month);
            if (number(month) - number(self.first)) % every == 0 {
                let year = if month.month() == 1 { "%b ’%y" } else { "%b" };
                marks.push(MonthMark {
                    begins_at: one_decimal(self.x(month)),
                    name_at: one_decimal(i64::midpoint(self.x(month), self.x(next))),
                    name: month.strftime(year).to_string(),
                });
            }
            month = next;
        }
        marks
    }

    fn bar(&self, top: i64, round: &RoundDays<'_>) -> RoundMonthBar {
        let from = self.x(round.opens_on);
        let until = self.x(round.closes_on.saturating_add(Span::new().days(1)));
        RoundMonthBar {
            name: short_name(round.name),
            colour: match round.state {
                RoundState::Open => "f1",
                RoundState::Planned => "f2",
                RoundState::Closed | RoundState::Deciding | RoundState::Completed => "f3",
            },
            at: one_decimal(from),
            width: one_decimal((until - from).max(10)),
            top,
            base: top + 15,
            middle: one_decimal(top * 10 + 105),
            panel_at: round.panel_meets_on.map(|day| one_decimal(self.x(day))),
        }
    }

    fn today(&self, today: Date) -> TodayMark {
        let at = self.x(today);
        let turns = at > WORD_TURNS_AT;
        TodayMark {
            at: one_decimal(at),
            word_at: one_decimal(if turns { at - 50 } else { at + 50 }),
            anchor: if turns { "end" } else { "start" },
        }
    }
}

fn next_month(first: Date) -> Date {
    first.saturating_add(Span::new().months(1))
}

/// A name that fits, with a sign for what is left out.
fn short_name(name: &str) -> String {
    if name.chars().count() <= NAME_MAX {
        return name.to_owned();
    }
    let kept: String = name.chars().take(NAME_MAX - 1).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn round(name: &str, opens_on: Date, closes_on: Date) -> RoundDays<'_> {
        RoundDays {
            name,
            state: RoundState::Open,
            opens_on,
            closes_on,
            panel_meets_on: None,
        }
    }

    #[test]
    fn a_round_is_as_wide_as_its_days() {
        let january = round("Exploring", date(2026, 1, 1), date(2026, 1, 31));
        let chart = RoundChart::new(vec![january], date(2026, 2, 15)).expect("a chart");
        let bar = &chart.bars[0];
        assert_eq!((bar.at.as_str(), bar.width.as_str()), ("120.0", "376.2"));
        assert_eq!(chart.today.at, "666.1");
        let months: Vec<_> = chart.months.iter().map(|mark| mark.name.as_str()).collect();
        assert_eq!(months, ["Jan ’26", "Feb"]);
    }

    #[test]
    fn the_months_reach_to_the_day_of_the_panel() {
        let mut open = round("Sharing", date(2026, 10, 28), date(2026, 12, 17));
        open.panel_meets_on = Some(date(2027, 1, 13));
        let chart = RoundChart::new(vec![open], date(2026, 11, 28)).expect("a chart");
        let months: Vec<_> = chart.months.iter().map(|mark| mark.name.as_str()).collect();
        assert_eq!(months, ["Oct", "Nov", "Dec", "Jan ’27"]);
        assert!(chart.bars[0].panel_at.is_some());
    }

    #[test]
    fn only_the_newest_rounds_are_drawn_and_long_names_are_cut() {
        let names = ["a", "b", "c", "d", "e", "f", "A round with a long name"];
        let rounds = names
            .iter()
            .zip(2020..)
            .map(|(name, year)| round(name, date(year, 3, 1), date(year, 4, 1)));
        let chart = RoundChart::new(rounds.collect(), date(2026, 5, 1)).expect("a chart");
        let drawn: Vec<_> = chart.bars.iter().map(|bar| bar.name.as_str()).collect();
        assert_eq!(drawn, ["b", "c", "d", "e", "f", "A round with a…"]);
        assert!(chart.months.len() <= 16, "{}", chart.months.len());
        assert!(RoundChart::new(Vec::new(), date(2026, 5, 1)).is_none());
    }
}
