//! Numbers of people as readers outside the office see them. Small numbers are hidden, because the
//! people could be identified.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use uuid::Uuid;

use crate::domain::text::Slug;

/// Fewer people than this are not counted outside the office.
pub(super) const FEW_PEOPLE: i64 = 5;

/// A number as the reader may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ShownNumber {
    /// Absent if it is not shown.
    pub number: Option<i64>,
    /// Whether it is not shown because it is from one to four.
    pub fewer_than_five: bool,
}

impl ShownNumber {
    pub(super) const FEW: Self = Self {
        number: None,
        fewer_than_five: true,
    };

    /// A number that is not small, and is not shown because small ones follow from it.
    pub(super) const HIDDEN: Self = Self {
        number: None,
        fewer_than_five: false,
    };

    pub(super) fn whole(number: i64) -> Self {
        Self {
            number: Some(number),
            fewer_than_five: false,
        }
    }

    /// A number of people for a reader who sees small ones, or does not.
    pub(super) fn of_people(number: i64, sees_small: bool) -> Self {
        if is_few(number) && !sees_small {
            Self::FEW
        } else {
            Self::whole(number)
        }
    }
}

fn is_few(number: i64) -> bool {
    (1..FEW_PEOPLE).contains(&number)
}

/// The numbers of a tally as a reader sees them. If the reader does not see small numbers and the
/// sum or one number is small, further numbers are hidden so that none can be computed from the
/// others.
pub(super) fn shown_counts(
    counts: &BTreeMap<Slug, i64>,
    sees_small: bool,
) -> BTreeMap<Slug, Option<i64>> {
    let hidden = if sees_small {
        BTreeSet::new()
    } else {
        hidden_options(counts)
    };
    let shown = |(option, count): (&Slug, &i64)| {
        let count = (!hidden.contains(option)).then_some(*count);
        (option.clone(), count)
    };
    counts.iter().map(shown).collect()
}

fn hidden_options(counts: &BTreeMap<Slug, i64>) -> BTreeSet<&Slug> {
    if is_few(counts.values().sum()) {
        return counts.keys().collect();
    }
    let small = counts.iter().filter(|(_, count)| is_few(**count));
    let mut hidden: BTreeSet<&Slug> = small.map(|(option, _)| option).collect();
    if hidden.is_empty() {
        return hidden;
    }
    // What is hidden together follows from the sum, so it must not be small either.
    let mut others: Vec<_> = counts
        .iter()
        .filter(|(_, count)| !is_few(**count))
        .collect();
    others.sort_by_key(|(_, count)| **count);
    for (option, _) in others {
        let together: i64 = hidden.iter().filter_map(|option| counts.get(*option)).sum();
        if hidden.len() > 1 && together >= FEW_PEOPLE {
            break;
        }
        hidden.insert(option);
    }
    hidden
}

/// The number of tallies, in the order in which they were given, that the sum shown outside the
/// office includes. `none` has a count of zero for every option of the question, and a tally comes
/// with its giver. New tallies are included only together with enough others that the
/// difference between two days reveals no small number, nor does the sum without one's own.
pub(super) fn tallies_shown<'a>(
    none: &BTreeMap<Slug, i64>,
    tallies: impl Iterator<Item = (Uuid, &'a BTreeMap<Slug, u32>)>,
) -> usize {
    let mut sum = none.clone();
    let mut by_giver: BTreeMap<Uuid, BTreeMap<Slug, i64>> = BTreeMap::new();
    let mut last: Option<BTreeMap<Slug, i64>> = None;
    let (mut given, mut shown) = (0, 0);
    for (giver, counts) in tallies {
        given += 1;
        let own = by_giver.entry(giver).or_insert_with(|| none.clone());
        for (option, count) in counts {
            *sum.entry(option.clone()).or_default() += i64::from(*count);
            *own.entry(option.clone()).or_default() += i64::from(*count);
        }
        if last.is_none() && is_few(sum.values().sum()) {
            // The sum of so few people is not shown in any case.
            shown = given;
        }
        let hides_others = by_giver.values().all(|own| hides_others(&sum, own));
        if hides_others && may_follow(last.as_ref(), &sum) {
            last = Some(sum.clone());
            shown = given;
        }
    }
    shown
}

/// Whether those who know their own numbers learn no small number of the others from the sum.
fn hides_others(sum: &BTreeMap<Slug, i64>, own: &BTreeMap<Slug, i64>) -> bool {
    let rest = |option: &Slug, count: i64| count - own.get(option).copied().unwrap_or_default();
    let people: i64 = sum.iter().map(|(option, count)| rest(option, *count)).sum();
    let shown = shown_counts(sum, false);
    let mut told = shown
        .iter()
        .filter_map(|(option, count)| Some(rest(option, (*count)?)));
    !is_few(people) && !told.any(is_few)
}

/// Whether a sum can be shown once the one before was: no difference is a small number.
fn may_follow(last: Option<&BTreeMap<Slug, i64>>, next: &BTreeMap<Slug, i64>) -> bool {
    let people = |counts: &BTreeMap<Slug, i64>| counts.values().sum::<i64>();
    let Some(last) = last else {
        return !is_few(people(next));
    };
    let (before, after) = (shown_counts(last, false), shown_counts(next, false));
    let is_told = |(option, count): (&Slug, &Option<i64>)| {
        let earlier = before.get(option).copied().flatten();
        count
            .zip(earlier)
            .is_some_and(|(count, earlier)| is_few(count - earlier))
    };
    let more = people(next) - people(last);
    let told: i64 = after
        .iter()
        .filter_map(|(option, count)| {
            let earlier = before.get(option).copied().flatten()?;
            Some((*count)? - earlier)
        })
        .sum();
    // The rest is the difference of all options that are hidden on one of the two days.
    more >= FEW_PEOPLE && !is_few(more - told) && !after.iter().any(is_told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(counts: &[(&str, i64)]) -> Vec<Option<i64>> {
        let counts = counts
            .iter()
            .map(|(option, count)| (option.parse().expect("a key"), *count))
            .collect();
        shown_counts(&counts, false).into_values().collect()
    }

    #[test]
    fn no_small_number_follows_from_the_others() {
        for (counts, seen) in [
            (
                vec![("a", 7), ("b", 9), ("c", 0)],
                vec![Some(7), Some(9), Some(0)],
            ),
            (
                vec![("a", 7), ("b", 3), ("c", 2)],
                vec![Some(7), None, None],
            ),
            (
                vec![("a", 7), ("b", 3), ("c", 9)],
                vec![None, None, Some(9)],
            ),
            (vec![("a", 4), ("b", 0)], vec![None, None]),
            (vec![("a", 11), ("b", 1), ("c", 0)], vec![None, None, None]),
            (
                vec![("a", 11), ("b", 1), ("c", 0), ("d", 6)],
                vec![Some(11), None, None, None],
            ),
        ] {
            assert_eq!(shown(&counts), seen, "{counts:?}");
        }
    }

    #[test]
    fn no_small_number_is_the_difference_of_two_days() {
        let counts = |counts: [u32; 2]| -> BTreeMap<Slug, u32> {
            let options = ["a", "b"].map(|option| option.parse().expect("a key"));
            options.into_iter().zip(counts).collect()
        };
        let shown = |tallies: &[[u32; 2]]| {
            let tallies: Vec<_> = tallies.iter().copied().map(counts).collect();
            let none = counts([0, 0]).into_keys().map(|option| (option, 0));
            // Each is of another group.
            let groups = (1..).map(Uuid::from_u128);
            tallies_shown(&none.collect(), groups.zip(tallies.iter()))
        };
        // Nothing of four people is shown, and all of twelve.
        assert_eq!(shown(&[[3, 1]]), 1);
        assert_eq!(shown(&[[5, 7]]), 1);
        // Two more people, or one more answer, would be known by the difference.
        assert_eq!(shown(&[[5, 7], [1, 1]]), 1);
        assert_eq!(shown(&[[5, 7], [1, 8]]), 1);
        assert_eq!(shown(&[[5, 7], [1, 1], [4, 5]]), 3);
        assert_eq!(shown(&[[5, 7], [0, 6], [1, 1]]), 2);
        // The second group would know the one answer of the first.
        assert_eq!(shown(&[[1, 8], [9, 9]]), 1);
        assert_eq!(shown(&[[1, 8], [9, 9], [7, 9]]), 3);
    }

    #[test]
    fn no_small_number_is_the_difference_of_what_is_hidden() {
        let sum = |counts: [i64; 3]| -> BTreeMap<Slug, i64> {
            let options = ["a", "b", "c"].map(|option| option.parse().expect("a key"));
            options.into_iter().zip(counts).collect()
        };
        for (last, next, may) in [
            ([6, 3, 2], [11, 4, 2], false),
            ([7, 5, 0], [12, 6, 1], false),
            ([6, 3, 2], [11, 3, 2], true),
            ([6, 3, 2], [11, 6, 4], true),
        ] {
            let follows = may_follow(Some(&sum(last)), &sum(next));
            assert_eq!(follows, may, "{last:?} {next:?}");
        }
    }

    #[test]
    fn the_office_sees_every_number() {
        assert_eq!(ShownNumber::of_people(4, true).number, Some(4));
        assert_eq!(ShownNumber::of_people(0, false).number, Some(0));
        assert!(ShownNumber::of_people(4, false).fewer_than_five);
        assert_eq!(ShownNumber::of_people(5, false), ShownNumber::whole(5));
    }
}
