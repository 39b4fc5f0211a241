//! The words of public pages about gatherings: kinds and days.

use jiff::civil::{Date, Weekday};

use crate::domain::gathering::GatheringKind;
use crate::domain::language::Language;
use crate::http::pages::i18n::translate;
use crate::mail::format_day;

/// What people call a kind of gathering, in public and in the office.
pub(in crate::http::pages) fn kind_name(kind: GatheringKind, language: Language) -> &'static str {
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

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_has_its_weekday() {
        let day = date(2026, 12, 3);
        assert_eq!(long_day(day, Language::En), "Thursday 3 December 2026");
        assert_eq!(long_day(day, Language::Pl), "czwartek 3.12.2026");
    }
}
