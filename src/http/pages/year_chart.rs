//! The chart of the money through the year, drawn from the figures at the end of each month. A
//! table has the same figures.

use std::fmt::Write as _;

use super::charts::one_decimal;
use crate::domain::Money;
use crate::views::MonthEnd;

/// The edges of the drawing inside its 460 by 250 units: labels are outside of them.
const LEFT: i64 = 42;
const RIGHT: i64 = 388;
const TOP: i64 = 10;
const BOTTOM: i64 = 224;
/// The spaces between the lines of the grid.
const GRID_STEPS: i64 = 3;
/// The least distance between the names of two lines.
const NAME_HEIGHT: i64 = 14;
/// The largest number of months that are all named. If there are more, every second month is named.
const NAMED_MONTHS_MAX: usize = 7;

/// A text of the chart and where it is.
pub struct ChartLabel {
    pub at: String,
    pub text: String,
}

/// Lines of what funders gave, what was awarded and what was paid, by month.
pub struct YearChart {
    pub ends: Vec<MonthEnd>,
    /// The lines of the grid, by their height.
    pub grid: Vec<ChartLabel>,
    /// The names of the months, by their distance from the left.
    pub months: Vec<ChartLabel>,
    /// The names of the three lines, by their height.
    pub names: Vec<ChartLabel>,
    pub funded: String,
    pub awarded: String,
    pub awarded_area: String,
    pub paid_area: String,
}

impl YearChart {
    /// The chart; `None` until there are two months and some money.
    pub fn new(ends: Vec<MonthEnd>) -> Option<Self> {
        let last = *ends.last().filter(|_| ends.len() > 1)?;
        let sums = ends
            .iter()
            .flat_map(|end| [end.allocated, end.awarded, end.paid_net]);
        let most = sums.max().filter(|most| !most.is_zero())?;
        let plot = Plot::new(ends.len(), most);
        let points = |of: fn(&MonthEnd) -> Money| -> Vec<(i64, i64)> {
            let point = |(month, end): (usize, &MonthEnd)| (plot.x(month), plot.y(of(end)));
            ends.iter().enumerate().map(point).collect()
        };
        let awarded = points(|end| end.awarded);
        Some(Self {
            grid: plot.grid(),
            months: plot.months(&ends),
            names: plot.names([
                ("Funded", last.allocated),
                ("Awarded", last.awarded),
                ("Paid net", last.paid_net),
            ]),
            funded: stairs(&points(|end| end.allocated)),
            awarded: line(&awarded),
            awarded_area: area(&awarded),
            paid_area: area(&points(|end| end.paid_net)),
            ends,
        })
    }

    /// The chart in words.
    pub fn summary(&self) -> String {
        self.ends.last().map_or_else(String::new, |end| {
            format!(
                "Money by month. At the end: {} from funders, {} awarded, {} paid, less returned",
                end.allocated, end.awarded, end.paid_net
            )
        })
    }
}

/// The scales of a chart. Places are in tenths of a unit.
struct Plot {
    /// The number of spaces between months.
    spaces: i64,
    /// Pounds between two lines of the grid.
    step: i64,
}

impl Plot {
    fn new(months: usize, most: Money) -> Self {
        Self {
            spaces: to_i64(months) - 1,
            step: grid_step(most),
        }
    }

    fn x(&self, month: usize) -> i64 {
        LEFT * 10 + (RIGHT - LEFT) * 10 * to_i64(month) / self.spaces
    }

    fn y(&self, money: Money) -> i64 {
        let top = self.step * GRID_STEPS * 100;
        BOTTOM * 10 - (BOTTOM - TOP) * 10 * money.pence() / top
    }

    fn grid(&self) -> Vec<ChartLabel> {
        let label = |step: i64| {
            let pounds = u32::try_from(self.step * step).unwrap_or(u32::MAX);
            ChartLabel {
                at: one_decimal(self.y(Money::from_pounds(pounds))),
                text: short_pounds(pounds),
            }
        };
        (0..=GRID_STEPS).map(label).collect()
    }

    fn months(&self, ends: &[MonthEnd]) -> Vec<ChartLabel> {
        let every = if ends.len() > NAMED_MONTHS_MAX { 2 } else { 1 };
        let named = ends
            .iter()
            .enumerate()
            .filter(|(month, _)| (ends.len() - 1 - month).is_multiple_of(every));
        named
            .map(|(month, end)| ChartLabel {
                at: one_decimal(self.x(month)),
                text: end.month.strftime("%b").to_string(),
            })
            .collect()
    }

    /// Names at the ends of lines, from the top, none over another.
    fn names(&self, lines: [(&str, Money); 3]) -> Vec<ChartLabel> {
        let mut least = 0;
        let name = |(name, money): (&str, Money)| {
            let at = (self.y(money) + 40).max(least);
            least = at + NAME_HEIGHT * 10;
            ChartLabel {
                at: one_decimal(at),
                text: name.to_owned(),
            }
        };
        lines.into_iter().map(name).collect()
    }
}

fn to_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or_default()
}

/// The pounds between two lines of the grid: 1, 2, 3 or 5 with zeros.
fn grid_step(most: Money) -> i64 {
    let pounds = (most.pence() + 99) / 100;
    let mut zeros = 1;
    loop {
        let steps = [1, 2, 3, 5].map(|digit| digit * zeros);
        if let Some(step) = steps.into_iter().find(|step| step * GRID_STEPS >= pounds) {
            return step;
        }
        zeros *= 10;
    }
}

/// An amount as a scale names it: "£30k", "£1,500".
fn short_pounds(pounds: u32) -> String {
    if pounds >= 1000 && pounds.is_multiple_of(1000) {
        format!("£{}k", pounds / 1000)
    } else {
        Money::from_pounds(pounds).to_string()
    }
}

/// A path through points.
fn line(points: &[(i64, i64)]) -> String {
    let mut path = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let pen = if index == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{pen}{} {}", one_decimal(*x), one_decimal(*y));
    }
    path
}

/// The area below a line.
fn area(points: &[(i64, i64)]) -> String {
    format!("{}L{RIGHT} {BOTTOM}L{LEFT} {BOTTOM}Z", line(points))
}

/// A path that goes to the next month and then up or down.
fn stairs(points: &[(i64, i64)]) -> String {
    let mut path = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let (x, y) = (one_decimal(*x), one_decimal(*y));
        let _ = if index == 0 {
            write!(path, "M{x} {y}")
        } else {
            write!(path, "H{x}V{y}")
        };
    }
    path
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn end(month: i8, [allocated, awarded, paid_net]: [u32; 3]) -> MonthEnd {
        MonthEnd {
            month: date(2026, month, 1),
            allocated: Money::from_pounds(allocated),
            awarded: Money::from_pounds(awarded),
            paid_net: Money::from_pounds(paid_net),
        }
    }

    #[test]
    fn a_chart_goes_from_corner_to_corner() {
        let ends = vec![end(1, [3000, 0, 0]), end(2, [3000, 1500, 0])];
        let chart = YearChart::new(ends).expect("a chart");
        assert_eq!(chart.funded, "M42.0 10.0H388.0V10.0");
        assert_eq!(chart.awarded, "M42.0 224.0L388.0 117.0");
        assert_eq!(
            chart.awarded_area,
            "M42.0 224.0L388.0 117.0L388 224L42 224Z"
        );
        let grid: Vec<_> = chart.grid.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(grid, ["£0", "£1k", "£2k", "£3k"]);
        assert_eq!(
            chart.summary(),
            "Money by month. At the end: £3,000 from funders, £1,500 awarded, £0 paid, less \
             returned"
        );
    }

    #[test]
    fn names_do_not_cover_each_other() {
        let ends = vec![end(1, [0; 3]), end(2, [2500, 2490, 2490])];
        let chart = YearChart::new(ends).expect("a chart");
        let tenths =
            |name: &ChartLabel| -> i64 { name.at.replace('.', "").parse().expect("a number") };
        let places: Vec<_> = chart.names.iter().map(tenths).collect();
        assert!(
            places.windows(2).all(|two| two[1] - two[0] >= 140),
            "{places:?}"
        );
    }

    #[test]
    fn a_long_year_names_every_other_month_and_the_last() {
        let ends = (1..=12).map(|month| end(month, [90, 0, 0])).collect();
        let chart = YearChart::new(ends).expect("a chart");
        let months: Vec<_> = chart.months.iter().map(|name| name.text.as_str()).collect();
        assert_eq!(months, ["Feb", "Apr", "Jun", "Aug", "Oct", "Dec"]);
    }

    #[test]
    fn without_two_months_and_money_there_is_no_chart() {
        assert!(YearChart::new(vec![end(1, [3000, 0, 0])]).is_none());
        assert!(YearChart::new(vec![end(1, [0; 3]), end(2, [0; 3])]).is_none());
        assert!(YearChart::new(Vec::new()).is_none());
    }

    #[test]
    fn a_scale_has_round_amounts() {
        let step = |pounds| grid_step(Money::from_pounds(pounds));
        assert_eq!([step(3), step(4), step(83_000)], [1, 2, 30_000]);
        assert_eq!(step(150_001), 100_000);
        assert_eq!(short_pounds(1500), "£1,500");
    }
}
