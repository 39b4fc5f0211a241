//! Parses how often something takes place from a line of free text, such as "Every Tuesday, 2pm to
//! 4pm". A line that cannot be parsed gives no result.

use jiff::civil::Time;

/// The days of the week: how a line names each, and its two letters in calendars and feeds.
const DAYS: [(&str, &str); 7] = [
    ("monday", "MO"),
    ("tuesday", "TU"),
    ("wednesday", "WE"),
    ("thursday", "TH"),
    ("friday", "FR"),
    ("saturday", "SA"),
    ("sunday", "SU"),
];
/// Words that name several days.
const MANY_DAYS: [(&str, &[usize]); 4] = [
    ("daily", &[0, 1, 2, 3, 4, 5, 6]),
    ("everyday", &[0, 1, 2, 3, 4, 5, 6]),
    ("weekdays", &[0, 1, 2, 3, 4]),
    ("weekends", &[5, 6]),
];
/// Words for one of the weeks of a month, with its number in calendars.
const WEEKS: [(&str, &str); 9] = [
    ("first", "1"),
    ("second", "2"),
    ("third", "3"),
    ("fourth", "4"),
    ("last", "-1"),
    ("1st", "1"),
    ("2nd", "2"),
    ("3rd", "3"),
    ("4th", "4"),
];

/// How often something is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// Once a month; otherwise once a week or more often.
    pub is_monthly: bool,
    /// Its days, as calendars write them: `TU,TH`, or `1TU` for the first Tuesday of a month.
    pub days: String,
    /// From when to when on each day, if the line says both.
    pub hours: Option<(Time, Time)>,
}

/// The days of the week that a line names, by their two letters.
#[must_use]
pub fn named_days(line: &str) -> Vec<&'static str> {
    let words = words_of(line);
    let is_daily = words
        .windows(2)
        .any(|pair| matches!(pair, [every, day] if every == "every" && day == "day"));
    let is_named = |at: usize, day: &str| {
        is_daily
            || words.iter().any(|word| word.trim_end_matches('s') == day)
            || MANY_DAYS
                .iter()
                .any(|(many, days)| days.contains(&at) && words.iter().any(|word| word == many))
    };
    DAYS.iter()
        .enumerate()
        .filter(|(at, (day, _))| is_named(*at, day))
        .map(|(_, (_, letters))| *letters)
        .collect()
}

impl Rhythm {
    /// What a line says. None if it names no day, if something is on every second week or less
    /// often than once a month, or if it names days in several weeks of a month.
    #[must_use]
    pub fn of(line: &str) -> Option<Self> {
        let days = named_days(line);
        let words = words_of(line);
        let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
        if days.is_empty()
            || has(&[
                "fortnightly",
                "fortnight",
                "alternate",
                "other",
                "except",
                "yearly",
            ])
        {
            return None;
        }
        let weeks: Vec<&str> = WEEKS
            .iter()
            .filter(|(word, _)| has(&[*word]))
            .map(|(_, week)| *week)
            .collect();
        let hours = hours_of(line);
        match (weeks.as_slice(), days.as_slice()) {
            ([], _) if has(&["month", "monthly"]) => None,
            ([], days) => Some(Self {
                is_monthly: false,
                days: days.join(","),
                hours,
            }),
            ([week], [day]) if is_week_before_day(&words) => Some(Self {
                is_monthly: true,
                days: format!("{week}{day}"),
                hours,
            }),
            _ => None,
        }
    }
}

/// Whether a word for a week comes right before a day, as in "first Tuesday". In "last entry at
/// 4pm" it does not.
fn is_week_before_day(words: &[String]) -> bool {
    words.windows(2).any(|pair| {
        let [week, day] = pair else {
            return false;
        };
        WEEKS.iter().any(|(known, _)| week == known)
            && DAYS
                .iter()
                .any(|(known, _)| day.trim_end_matches('s') == *known)
    })
}

fn words_of(line: &str) -> Vec<String> {
    line.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// The two times of a line, in their order. None if it has more, or fewer.
fn hours_of(line: &str) -> Option<(Time, Time)> {
    let lower = line
        .to_lowercase()
        .replace(" am", "am")
        .replace(" pm", "pm");
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, ':' | '.');
    let mut times = lower
        .split(|letter: char| !is_part(letter))
        .filter_map(|word| time_of(word.trim_matches(['.', ':'])));
    match (times.next(), times.next(), times.next()) {
        (Some(from), Some(to), None) if from < to => Some((from, to)),
        _ => None,
    }
}

/// A time such as `14:00`, `2pm` or `2.30pm`.
fn time_of(word: &str) -> Option<Time> {
    let afternoon = word.strip_suffix("pm");
    let half = afternoon.or_else(|| word.strip_suffix("am"));
    let digits = half.unwrap_or(word);
    let (hour, minute) = match digits.split_once([':', '.']) {
        Some((hour, minute)) if minute.len() == 2 => (hour, minute),
        None if half.is_some() => (digits, "0"),
        _ => return None,
    };
    let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
    let hour = match (half, afternoon) {
        (None, _) => hour,
        (Some(_), _) if !(1..=12).contains(&hour) => return None,
        (Some(_), Some(_)) => hour % 12 + 12,
        (Some(_), None) => hour % 12,
    };
    Time::new(hour, minute, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    #[test]
    fn a_line_says_on_which_days_something_is() {
        assert_eq!(named_days("Every Tuesday and on Thursdays"), ["TU", "TH"]);
        assert_eq!(named_days("Weekends, 10am to 4pm"), ["SA", "SU"]);
        assert_eq!(named_days("Every day").len(), 7);
        assert!(named_days("When we can").is_empty());
    }

    #[test]
    fn a_rhythm_is_weekly_or_monthly() {
        let rhythm = |line: &str| Rhythm::of(line).map(|it| (it.is_monthly, it.days));
        let monthly = Some((true, "1TU".to_owned()));
        assert_eq!(rhythm("Mondays"), Some((false, "MO".to_owned())));
        assert_eq!(rhythm("First Tuesday of the month"), monthly);
        for unknown in [
            "Every other Monday",
            "Fortnightly on Mondays",
            "Monthly, on a Sunday",
            "First and third Monday",
            "Mondays, last entry at 4pm",
            "In the summer",
        ] {
            assert_eq!(rhythm(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn hours_are_read_only_if_both_are_clear() {
        let hours = |line: &str| Rhythm::of(line).and_then(|it| it.hours);
        let two_to_four = Some((time(14, 0, 0, 0), time(16, 0, 0, 0)));
        assert_eq!(hours("Tuesdays, 2pm to 4pm"), two_to_four);
        assert_eq!(hours("Tuesdays 14:00–16:00"), two_to_four);
        assert_eq!(hours("Tuesdays, 2.00 pm to 4 pm"), two_to_four);
        assert_eq!(
            hours("Tuesdays, 12am to 12pm"),
            Some((time(0, 0, 0, 0), time(12, 0, 0, 0)))
        );
        assert_eq!(hours("Tuesdays, 2 to 4pm"), None);
        assert_eq!(hours("Tuesdays, 4pm to 2pm"), None);
        assert_eq!(hours("Tuesdays at 25:00 and 99pm"), None);
    }
}
