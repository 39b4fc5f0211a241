//! The parts that a network falls into, and how many neighbours each of its nodes has.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

/// With how many others each node has a tie. Nodes without one are left out.
pub(super) fn count_others(pairs: &BTreeSet<(Uuid, Uuid)>) -> BTreeMap<Uuid, i64> {
    let mut others: BTreeMap<Uuid, i64> = BTreeMap::new();
    for (one, other) in pairs {
        *others.entry(*one).or_default() += 1;
        *others.entry(*other).or_default() += 1;
    }
    others
}

/// The nodes that are tied to each other, directly or by way of others: the largest part first, and
/// of two as large the one with the lowest id.
pub(super) fn parts(
    nodes: impl Iterator<Item = Uuid>,
    pairs: &BTreeSet<(Uuid, Uuid)>,
) -> Vec<BTreeSet<Uuid>> {
    let mut neighbours: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for (one, other) in pairs {
        neighbours.entry(*one).or_default().push(*other);
        neighbours.entry(*other).or_default().push(*one);
    }
    let (mut parts, mut seen) = (Vec::new(), BTreeSet::new());
    for node in nodes {
        let (mut part, mut waiting) = (BTreeSet::new(), vec![node]);
        while let Some(next) = waiting.pop() {
            if seen.insert(next) {
                part.insert(next);
                waiting.extend(neighbours.get(&next).into_iter().flatten());
            }
        }
        if !part.is_empty() {
            parts.push(part);
        }
    }
    // A stable sort: the nodes come in the order of their ids.
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: &[u128]) -> BTreeSet<Uuid> {
        numbers.iter().map(|id| Uuid::from_u128(*id)).collect()
    }

    #[test]
    fn the_largest_part_is_first() {
        let pair = |one, other| (Uuid::from_u128(one), Uuid::from_u128(other));
        let pairs = BTreeSet::from([pair(2, 5), pair(3, 5)]);
        let nodes = ids(&[1, 2, 3, 4, 5]);
        let found = parts(nodes.into_iter(), &pairs);
        assert_eq!(found, [ids(&[2, 3, 5]), ids(&[1]), ids(&[4])]);
        let others = count_others(&pairs);
        assert_eq!(others.get(&Uuid::from_u128(5)), Some(&2));
        assert_eq!(others.get(&Uuid::from_u128(1)), None);
    }
}
