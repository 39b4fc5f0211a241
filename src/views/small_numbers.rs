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

    /// The people of the tallies that are shown outside the office, given those of all tallies.
    pub(super) fn of_people_shown(number: i64, all: i64) -> Self {
        match Self::of_people(number, false) {
            Self::FEW if !is_few(all) => Self::HIDDEN,
            shown => shown,
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
    let mut next = SummedTallies {
        sum: none.clone(),
        by_giver: BTreeMap::new(),
    };
    let mut last: Option<SummedTallies> = None;
    let mut shown = 0;
    for (before, (giver, counts)) in tallies.enumerate() {
        next.add(giver, counts);
        // The sum of so few people is not shown in any case.
        let is_small = last.is_none() && is_few(next.sum.values().sum());
        let may_follow = next.may_follow(last.as_ref());
        if may_follow {
            last = Some(next.clone());
        }
        if may_follow || is_small {
            shown = before + 1;
        }
    }
    shown
}

/// Tallies added up, as a whole and by giver.
#[derive(Clone)]
struct SummedTallies {
    sum: BTreeMap<Slug, i64>,
    by_giver: BTreeMap<Uuid, BTreeMap<Slug, i64>>,
}

impl SummedTallies {
    fn add(&mut self, giver: Uuid, counts: &BTreeMap<Slug, u32>) {
        let own = self.by_giver.entry(giver).or_default();
        for (option, count) in counts {
            *self.sum.entry(option.clone()).or_default() += i64::from(*count);
            *own.entry(option.clone()).or_default() += i64::from(*count);
        }
    }

    /// Whether nobody learns a small number of others if this is shown after `last`: neither the
    /// public nor a giver, who knows their own numbers.
    fn may_follow(&self, last: Option<&Self>) -> bool {
        let givers = self.by_giver.keys().copied().map(Some);
        std::iter::once(None)
            .chain(givers)
            .all(|reader| self.tells_no_few(last, reader))
    }

    fn tells_no_few(&self, last: Option<&Self>, reader: Option<Uuid>) -> bool {
        let (now, rest) = (shown_counts(&self.sum, false), self.without(reader));
        let is_told = |option: &Slug| now.get(option).is_some_and(Option::is_some);
        if !hides_few(&rest, is_told) {
            return false;
        }
        let Some(last) = last else {
            return true;
        };
        let (before, earlier) = (shown_counts(&last.sum, false), last.without(reader));
        let was_told = |option: &Slug| before.get(option).is_some_and(Option::is_some);
        let more = |(option, count): (&Slug, &i64)| {
            let earlier = earlier.get(option).copied().unwrap_or_default();
            (option.clone(), count - earlier)
        };
        let more: BTreeMap<Slug, i64> = rest.iter().map(more).collect();
        hides_few(&more, |option| is_told(option) && was_told(option))
    }

    /// The sum without what a reader gave. The public gave nothing.
    fn without(&self, reader: Option<Uuid>) -> BTreeMap<Slug, i64> {
        let own = reader.and_then(|giver| self.by_giver.get(&giver));
        let rest = |(option, count): (&Slug, &i64)| {
            let own = own.and_then(|own| own.get(option)).copied();
            (option.clone(), count - own.unwrap_or_default())
        };
        self.sum.iter().map(rest).collect()
    }
}

/// Whether nothing that is shown is small: no number, not their sum with the rest, nor the rest.
fn hides_few(counts: &BTreeMap<Slug, i64>, is_told: impl Fn(&Slug) -> bool) -> bool {
    let all: i64 = counts.values().sum();
    let told: Vec<i64> = counts
        .iter()
        .filter(|(option, _)| is_told(option))
        .map(|(_, count)| *count)
        .collect();
    let rest = all - told.iter().sum::<i64>();
    !is_few(all) && !is_few(rest) && !told.into_iter().any(is_few)
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
        // Each of two that are new would know the numbers of the other.
        assert_eq!(shown(&[[5, 7], [1, 1], [4, 5]]), 1);
        assert_eq!(shown(&[[5, 7], [1, 1], [6, 6], [7, 8]]), 4);
        assert_eq!(shown(&[[5, 7], [0, 6], [1, 1]]), 2);
        // The second group would know the one answer of the first.
        assert_eq!(shown(&[[1, 8], [9, 9]]), 1);
        assert_eq!(shown(&[[1, 8], [9, 9], [7, 9]]), 3);
        // The fourth would know the two answers of the third, by the difference of two days.
        assert_eq!(shown(&[[9, 9], [9, 9], [2, 9], [9, 9]]), 2);
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
            let [before, after] = [last, next].map(|counts| SummedTallies {
                sum: sum(counts),
                by_giver: BTreeMap::new(),
            });
            let follows = after.may_follow(Some(&before));
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
