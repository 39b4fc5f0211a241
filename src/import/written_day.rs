//! Days as people and spreadsheet programs write them. Days come first, as in the United Kingdom.

use jiff::Timestamp;
use jiff::civil::{Date, Time};

use super::cell::{CellKind, TableCell};
use super::line::ImportLine;
use crate::clock::day_of;
use crate::domain::day_parts::{month_named, number};

/// Two digits of a year from 90 on mean 1990 to 1999; lower ones mean 2000 and later.
const FIRST_SHORT_YEAR_OF_1900: i16 = 90;

/// Why a text is not read as a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DayFault {
    #[error("this is not a date, such as 31/03/2026")]
    Unreadable,
    #[error(
        "here the month comes before the day. Write the day first, such as 31/03/2026, in every \
            row of this column"
    )]
    MonthFirst,
}

/// Reads a day: `2026-03-31`, `31/03/2026`, `31.3.26`, `31-Mar-26`, `31 March 2026`, each with or
/// without a time. An instant with a time zone is read as the day in London.
pub(super) fn read_day(text: &str) -> Result<Date, DayFault> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(day_of(instant));
    }
    let [first, second, third] = day_parts(text).ok_or(DayFault::Unreadable)?;
    let date = |year: i16, month: i8, day: i8| {
        Date::new(year, month, day).map_err(|_| DayFault::Unreadable)
    };
    if first.len() == 4 {
        let (year, month, day) = (number(first, 4), number(second, 2), number(third, 2));
        let (Some(year), Some(month), Some(day)) = (year, month, day) else {
            return Err(DayFault::Unreadable);
        };
        return date(year, month, day);
    }
    let month = number(second, 2).or_else(|| month_named(second));
    let day = number::<i8>(first, 2);
    let (Some(day), Some(month), Some(year)) = (day, month, year_of(third)) else {
        return Err(DayFault::Unreadable);
    };
    if month > 12 && (1..=12).contains(&day) && date(year, day, month).is_ok() {
        return Err(DayFault::MonthFirst);
    }
    date(year, month, day)
}

/// Whether day and month could be the other way round.
fn is_ambiguous(text: &str) -> bool {
    is_numeric(text)
        && day_parts(text).is_some_and(|[first, second, _]| {
            first != second
                && [first, second]
                    .iter()
                    .all(|part| number::<i8>(part, 2) <= Some(12))
        })
}

/// Whether a day is written in numbers with the year last.
fn is_numeric(text: &str) -> bool {
    let is_number = |part: &str| number::<i8>(part, 2).is_some();
    day_parts(text).is_some_and(|[first, second, _]| is_number(first) && is_number(second))
}

/// The three parts of a day, without the time after them.
fn day_parts(text: &str) -> Option<[&str; 3]> {
    let is_time = |time: &str| time.contains(':') && time.parse::<Time>().is_ok();
    let day = match text.rsplit_once(['T', ' ']) {
        Some((day, time)) if is_time(time) => day,
        _ => text,
    };
    let separator = day.chars().find(|c| matches!(c, '/' | '.' | '-' | ' '))?;
    let parts: Vec<&str> = day.split(separator).collect();
    <[&str; 3]>::try_from(parts).ok()
}

fn year_of(part: &str) -> Option<i16> {
    let year: i16 = number(part, 4)?;
    match part.len() {
        4 => Some(year),
        2 if year < FIRST_SHORT_YEAR_OF_1900 => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

/// The cells of a column of days that may be misread, judged by the other cells: days that could be
/// two days if another row has the month first, and texts if other cells are dates, because the
/// spreadsheet program that made those dates may have swapped days and months.
pub(super) fn doubtful_days(lines: &[ImportLine], titles: &[&str]) -> Vec<(usize, String)> {
    let cells: Vec<(usize, &TableCell)> = lines
        .iter()
        .filter_map(|line| Some((line.number, line.find(titles).ok()??)))
        .collect();
    let month_first = cells
        .iter()
        .find(|(_, cell)| read_day(&cell.text) == Err(DayFault::MonthFirst));
    let made_by_program = cells.iter().find(|(_, cell)| cell.kind == CellKind::Date);
    let doubt = |cell: &TableCell| {
        if let Some((_, other)) = month_first.filter(|_| is_ambiguous(&cell.text)) {
            return Some(format!(
                "this could be two days, because {} has the month first. Write the day first in \
                    every row of this column",
                other.place
            ));
        }
        let (_, other) = made_by_program?;
        (cell.kind == CellKind::Text && is_numeric(&cell.text)).then(|| {
            format!(
                "this is a text, but {} is a date: the spreadsheet program may have swapped days \
                    and months. Check this column, and write every date as 31 March 2026",
                other.place
            )
        })
    };
    cells
        .iter()
        .filter(|(_, cell)| cell.kind != CellKind::Date)
        .filter_map(|(line, cell)| Some((*line, cell.error(doubt(cell)?).0)))
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_day_is_read_as_people_write_it() {
        for text in [
            "2025-04-03",
            "2025/04/03",
            "2025-04-03T00:00:00",
            "2025-04-03 09:12:13",
            "2025-04-02T23:30:00Z",
            "2025-04-03T00:00:00+01:00",
            "03/04/2025",
            "3/4/2025",
            "03.04.2025",
            "03-04-2025",
            "03/04/25",
            "03/04/2025 00:00",
            "3-Apr-25",
            "03 Apr 2025",
            "3 April 2025",
            "3 APRIL 25",
        ] {
            assert_eq!(read_day(text), Ok(date(2025, 4, 3)), "{text}");
        }
        assert_eq!(read_day("26/11/26"), Ok(date(2026, 11, 26)));
        assert_eq!(read_day("31/03/98"), Ok(date(1998, 3, 31)));
        assert_eq!(read_day("1 Sept 2025"), Ok(date(2025, 9, 1)));
    }

    #[test]
    fn a_text_that_is_not_a_day_is_refused() {
        for text in [
            "",
            "46000",
            "2025",
            "2025-04-033",
            "2025-04-03x",
            "2025-13-01",
            "31/02/2025",
            "03/04/5",
            "03/04/025",
            "03/04",
            "03/04/2025/1",
            "03-04/2025",
            "3 Ma 2025",
            "April 3 2025",
            "3rd April 2025",
            "soon",
        ] {
            assert_eq!(read_day(text), Err(DayFault::Unreadable), "{text}");
        }
        for text in ["04/25/2025", "4-25-25", "12.31.2025"] {
            assert_eq!(read_day(text), Err(DayFault::MonthFirst), "{text}");
        }
    }

    fn column(cells: &[(&str, CellKind)]) -> Vec<ImportLine> {
        (2..)
            .zip(cells)
            .map(|(number, (text, kind))| {
                let cell = TableCell::new(*text, *kind).at(format!("B{number}"));
                ImportLine::new(number, [("date", cell)])
            })
            .collect()
    }

    fn doubtful(cells: &[(&str, CellKind)]) -> Vec<usize> {
        doubtful_days(&column(cells), &["date"])
            .into_iter()
            .map(|(line, _)| line)
            .collect()
    }

    #[test]
    fn a_column_with_two_orders_is_named_in_each_row_that_could_be_two_days() {
        use CellKind as K;
        let british = [("03/04/2025", K::Text), ("25/12/2025", K::Text)];
        assert!(doubtful(&british).is_empty());
        let mixed = [
            ("03/04/2025", K::Text),
            ("04/25/2025", K::Text),
            ("25/12/2025", K::Text),
            ("04/04/2025", K::Text),
            ("2025-03-04", K::Text),
        ];
        assert_eq!(doubtful(&mixed), [2]);
        let half_converted = [("2025-03-04", K::Date), ("25/12/2025", K::Text)];
        assert_eq!(doubtful(&half_converted), [3]);
        let in_words = [("2025-03-04", K::Date), ("25 December 2025", K::Text)];
        assert!(doubtful(&in_words).is_empty());
    }

    proptest! {
        #[test]
        fn a_day_is_read_exactly_in_each_spelling(
            year in 1990_i16..2080, month in 1_i8..=12, day in 1_i8..=28,
        ) {
            let exact = date(year, month, day);
            for form in [
                "%Y-%m-%d", "%d/%m/%Y", "%-d/%-m/%Y", "%d.%m.%Y", "%d-%b-%Y", "%-d %B %Y",
                "%Y-%m-%dT00:00:00", "%d/%m/%Y 09:30",
            ] {
                let text = exact.strftime(form).to_string();
                prop_assert_eq!(read_day(&text), Ok(exact), "{}", text);
            }
            let short = exact.strftime("%d/%m/%y").to_string();
            prop_assert_eq!(read_day(&short), Ok(exact), "{}", short);
        }
    }
}
