//! The words of public pages about gatherings: kinds, days and times of day.

use jiff::civil::{Date, Weekday};

use crate::domain::gathering::{ClockTime, GatheringKind};
use crate::domain::language::Language;
use crate::domain::text::Slug;
use crate::http::pages::i18n::translate;
use crate::http::pages::words::place_name;
use crate::mail::format_day;

/// What people call a kind of gathering.
pub(super) fn kind_name(kind: GatheringKind, language: Language) -> &'static str {
    match kind {
        GatheringKind::CallToAction => translate("Call to action", language),
        GatheringKind::Circle => translate("Circle", language),
        GatheringKind::Workshop => translate("Workshop", language),
        GatheringKind::Conversation => translate("Conversation", language),
        GatheringKind::Community => translate("Learning together", language),
        GatheringKind::Activity => translate("Activity", language),
        GatheringKind::Visit => translate("Visit", language),
        GatheringKind::Training => translate("Training", language),
        GatheringKind::Research => translate("Research", language),
    }
}

/// The key of a kind in addresses, as in the API.
pub(super) fn kind_key(kind: GatheringKind) -> String {
    let key = serde_json::to_value(kind).unwrap_or_default();
    key.as_str().unwrap_or_default().to_owned()
}

/// The name of a theme.
pub(super) fn theme_name(theme: &Slug) -> String {
    place_name(theme.as_str())
}

/// A day with its weekday: "Thursday 3 December 2026".
pub(super) fn long_day(day: Date, language: Language) -> String {
    let weekday = match day.weekday() {
        Weekday::Monday => translate("Monday", language),
        Weekday::Tuesday => translate("Tuesday", language),
        Weekday::Wednesday => translate("Wednesday", language),
        Weekday::Thursday => translate("Thursday", language),
        Weekday::Friday => translate("Friday", language),
        Weekday::Saturday => translate("Saturday", language),
        Weekday::Sunday => translate("Sunday", language),
    };
    format!("{weekday} {}", format_day(day, language))
}

/// From when until when: "6pm to 7:30pm".
pub(super) fn time_span(from: &ClockTime, until: &ClockTime, language: Language) -> String {
    let (from, until) = (time_of_day(from, language), time_of_day(until, language));
    format!("{from} {} {until}", translate("to", language))
}

fn time_of_day(time: &ClockTime, language: Language) -> String {
    if language != Language::En {
        return time.to_string();
    }
    let (hour, minute) = time.hour_and_minute();
    let half = if hour < 12 { "am" } else { "pm" };
    let shown = match hour % 12 {
        0 => 12,
        other => other,
    };
    match (hour, minute) {
        (0, 0) => "midnight".to_owned(),
        (12, 0) => "noon".to_owned(),
        (_, 0) => format!("{shown}{half}"),
        _ => format!("{shown}:{minute:02}{half}"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn times_are_written_as_people_say_them() {
        let span = |from: &str, until: &str, language| {
            let time = |text: &str| text.parse::<ClockTime>().expect("a time");
            time_span(&time(from), &time(until), language)
        };
        assert_eq!(span("18:00", "19:30", Language::En), "6pm to 7:30pm");
        assert_eq!(span("09:05", "12:00", Language::En), "9:05am to noon");
        assert_eq!(span("00:15", "12:45", Language::En), "12:15am to 12:45pm");
        assert_eq!(span("09:05", "12:00", Language::Pl), "09:05 do 12:00");
    }

    #[test]
    fn a_day_has_its_weekday() {
        let day = date(2026, 12, 3);
        assert_eq!(long_day(day, Language::En), "Thursday 3 December 2026");
        assert_eq!(long_day(day, Language::Pl), "czwartek 3.12.2026");
    }
}
