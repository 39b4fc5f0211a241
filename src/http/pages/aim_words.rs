//! Words and numbers for pages about aims and tallies. Small numbers of people are replaced by
//! words where the reader may not see them.

use super::i18n::translate;
use crate::domain::aim::AimCount;
use crate::domain::language::Language;
use crate::domain::tally::TallyOccasion;
use crate::domain::text::Slug;
use crate::domain::thousands;
use crate::views::{ShownNumber, TallySum};

/// What people call something that is counted for an aim.
pub fn count_name(count: AimCount, language: Language) -> &'static str {
    match count {
        AimCount::Sessions => translate("times people met", language),
        AimCount::People => translate("people came, added up", language),
        AimCount::Groups => translate("groups from which people came", language),
        AimCount::HandedOver => translate("times the office handed over the lead", language),
        AimCount::Lessons => translate("lessons that we published", language),
        AimCount::StoriesChosen => translate("stories that people chose", language),
    }
}

/// When people were asked, as a heading.
pub fn occasion_name(occasion: TallyOccasion, language: Language) -> &'static str {
    match occasion {
        TallyOccasion::Baseline => translate("At the beginning", language),
        TallyOccasion::FollowUp => translate("Later", language),
    }
}

/// A number, or "fewer than five".
pub fn shown_number(number: ShownNumber, language: Language) -> String {
    match number.number {
        Some(number) => thousands(number),
        None if number.fewer_than_five => translate("fewer than five", language).to_owned(),
        None => translate("not shown", language).to_owned(),
    }
}

/// How many chose an option, with their share where it is known. Nobody chose it before the
/// question was asked: then there is a dash.
pub fn shown_answer(sum: &TallySum, option: &Slug, language: Language) -> String {
    if sum.tallies == 0 {
        return "–".to_owned();
    }
    match sum.counts.get(option).copied().flatten() {
        Some(count) => match share(count, sum.people.number) {
            Some(share) => format!("{} ({share}%)", thousands(count)),
            None => thousands(count),
        },
        None => hidden_answer(sum.people, language),
    }
}

/// The words in place of a number that is not shown.
pub fn hidden_answer(people: ShownNumber, language: Language) -> String {
    if people.fewer_than_five {
        translate("fewer than five", language).to_owned()
    } else {
        translate("not shown", language).to_owned()
    }
}

/// A share in whole percent.
fn share(count: i64, people: Option<i64>) -> Option<i64> {
    let people = people.filter(|people| *people > 0)?;
    (count * 200 + people).checked_div(people * 2)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn number(number: Option<i64>) -> ShownNumber {
        ShownNumber {
            number,
            fewer_than_five: number.is_none(),
        }
    }

    #[test]
    fn an_answer_has_its_share_or_says_that_few_gave_it() {
        let option: Slug = "never".parse().expect("a key");
        let sum = |people: Option<i64>, count: Option<i64>| TallySum {
            people: number(people),
            tallies: 1,
            asked_from: None,
            asked_until: None,
            counts: BTreeMap::from([(option.clone(), count)]),
        };
        let says = |sum: &TallySum| shown_answer(sum, &option, Language::En);
        assert_eq!(says(&sum(Some(12), Some(5))), "5 (42%)");
        assert_eq!(says(&sum(Some(12), None)), "not shown");
        assert_eq!(says(&sum(None, None)), "fewer than five");
        let nobody = TallySum {
            tallies: 0,
            ..sum(Some(0), Some(0))
        };
        assert_eq!(says(&nobody), "–");
    }
}
