//! Numbers of people as somebody outside the office may read them. Where few people are counted,
//! somebody could know who they are.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

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
    pub(super) fn whole(number: i64) -> Self {
        Self {
            number: Some(number),
            fewer_than_five: false,
        }
    }

    /// A number of people for a reader who sees small ones, or does not.
    pub(super) fn of_people(number: i64, sees_small: bool) -> Self {
        if is_few(number) && !sees_small {
            Self {
                number: None,
                fewer_than_five: true,
            }
        } else {
            Self::whole(number)
        }
    }
}

fn is_few(number: i64) -> bool {
    (1..FEW_PEOPLE).contains(&number)
}

/// The numbers of a tally for a reader who sees small ones, or does not. If the sum or one number
/// is small, enough numbers are left out that none of them is the sum less the others.
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
    if hidden.len() == 1 {
        let others = counts.iter().filter(|(option, _)| !hidden.contains(option));
        let smallest = others.min_by_key(|(_, count)| **count);
        hidden.extend(smallest.map(|(option, _)| option));
    }
    hidden
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
        ] {
            assert_eq!(shown(&counts), seen, "{counts:?}");
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
