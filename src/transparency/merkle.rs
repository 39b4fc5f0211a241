//! The Merkle tree over the log (RFC 6962): hashes, proofs, and its tiles of 256 hashes (C2SP
//! tlog-tiles).

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The levels of the tree that one tile spans, and the number of hashes in a full tile.
pub const TILE_HEIGHT: u32 = 8;
pub const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;
/// The number of hashes in a full tile.
pub const FULL_TILE_LEN: usize = 1 << TILE_HEIGHT;

/// The root of an empty tree.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The hash of a leaf: SHA-256 of a zero byte and the data.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new()
        .chain_update([0])
        .chain_update(data)
        .finalize()
        .into()
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update([1])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// A full subtree of 2^`height` leaves, the `index`-th of its height from the left, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    pub height: u32,
    pub index: u64,
}

/// Leaves from the first index up to the second, which is excluded.
pub type Range = (u64, u64);

/// The full subtrees that a range consists of, from left to right.
#[must_use]
pub fn full_subtrees((begin, end): Range) -> Vec<Node> {
    let (mut at, mut nodes) = (begin, Vec::new());
    while at < end {
        let most = (end - at).ilog2();
        let height = if at == 0 {
            most
        } else {
            most.min(at.trailing_zeros())
        };
        nodes.push(Node {
            height,
            index: at >> height,
        });
        at += 1 << height;
    }
    nodes
}

/// Where a range of more than one leaf is split: the left part is the largest full subtree that is
/// smaller than the range.
fn split_point((begin, end): Range) -> u64 {
    begin + (1 << (end - begin - 1).ilog2())
}

/// The ranges whose hashes prove that a leaf is in a tree of this size, from the leaf up. `None` if
/// the tree has no such leaf.
#[must_use]
pub fn inclusion_ranges(index: u64, size: u64) -> Option<Vec<Range>> {
    if index >= size {
        return None;
    }
    let (mut range, mut proof) = ((0, size), Vec::new());
    while range.1 - range.0 > 1 {
        let middle = split_point(range);
        if index < middle {
            proof.push((middle, range.1));
            range.1 = middle;
        } else {
            proof.push((range.0, middle));
            range.0 = middle;
        }
    }
    proof.reverse();
    Some(proof)
}

/// The ranges whose hashes prove that a tree of the first size is the beginning of a tree of the
/// second size. `None` if the first tree is empty or larger.
#[must_use]
pub fn consistency_ranges(first: u64, second: u64) -> Option<Vec<Range>> {
    if first == 0 || first > second {
        return None;
    }
    let (mut range, mut proof) = ((0, second), Vec::new());
    while range.1 != first {
        let middle = split_point(range);
        if first <= middle {
            proof.push((middle, range.1));
            range.1 = middle;
        } else {
            proof.push((range.0, middle));
            range.0 = middle;
        }
    }
    if range.0 != 0 {
        proof.push(range);
    }
    proof.reverse();
    Some(proof)
}

/// Verifies an inclusion proof (RFC 9162, 2.1.3.2).
#[must_use]
pub fn is_included(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    let Some(ranges) = inclusion_ranges(index, size).filter(|ranges| ranges.len() == proof.len())
    else {
        return false;
    };
    let climb = |below: Hash, (range, beside): (&Range, &Hash)| {
        if range.0 > index {
            node_hash(&below, beside)
        } else {
            node_hash(beside, &below)
        }
    };
    ranges.iter().zip(proof).fold(leaf, climb) == *root
}

/// Verifies a consistency proof: the first tree is the beginning of the second (RFC 9162, 2.1.4.2).
#[must_use]
pub fn is_consistent(
    (first, first_root): (u64, &Hash),
    (second, second_root): (u64, &Hash),
    proof: &[Hash],
) -> bool {
    if first == second {
        return proof.is_empty() && first_root == second_root;
    }
    let Some(ranges) =
        consistency_ranges(first, second).filter(|ranges| ranges.len() == proof.len())
    else {
        return false;
    };
    let pairs: Vec<_> = ranges.iter().zip(proof).collect();
    // A first tree of a power of two is itself a subtree of the second, so its root is not in the
    // proof. Otherwise the proof begins with the hash of its last full subtree.
    let (begins, rest) = if first.is_power_of_two() {
        (*first_root, &pairs[..])
    } else {
        let Some(((_, begins), rest)) = pairs.split_first() else {
            return false;
        };
        (**begins, rest)
    };
    let (mut old, mut new) = (begins, begins);
    for (range, beside) in rest {
        if range.1 <= first {
            old = node_hash(beside, &old);
            new = node_hash(beside, &new);
        } else {
            new = node_hash(&new, beside);
        }
    }
    old == *first_root && new == *second_root
}

/// The hash of a range, from the hashes of its full subtrees.
fn fold_hashes(hashes: impl DoubleEndedIterator<Item = Hash>) -> Option<Hash> {
    hashes.rev().reduce(|right, left| node_hash(&left, &right))
}

/// A tile: its level, and its number on that level.
pub type TileId = (u32, u64);

/// The tiles of a tree, or those of them that an operation needs.
#[derive(Clone, Debug, Default)]
pub struct Tiles {
    tiles: BTreeMap<TileId, Vec<Hash>>,
    size: u64,
}

impl Tiles {
    /// A tree of this size with the tiles that were read.
    #[must_use]
    pub fn from_tiles(size: u64, tiles: BTreeMap<TileId, Vec<Hash>>) -> Self {
        Self { tiles, size }
    }

    /// The frontier of a tree of this size: the last tile of each level, from which it can be
    /// extended.
    #[must_use]
    pub fn frontier(size: u64) -> Vec<TileId> {
        let on_level = |level: u32| size.checked_shr(TILE_HEIGHT * level).unwrap_or(0);
        let levels = (0..8).map(|level| (level, on_level(level + 1)));
        levels
            .take_while(|(level, _)| *level == 0 || on_level(*level) > 0)
            .collect()
    }

    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn tile(&self, id: TileId) -> Option<&[Hash]> {
        self.tiles.get(&id).map(Vec::as_slice)
    }

    pub fn tiles(&self) -> impl Iterator<Item = (TileId, &[Hash])> {
        self.tiles
            .iter()
            .map(|(id, hashes)| (*id, hashes.as_slice()))
    }

    /// Drops the full tiles. Extending the tree needs the last tile of each level only.
    pub fn drop_full_tiles(&mut self) {
        self.tiles.retain(|_, hashes| hashes.len() < FULL_TILE_LEN);
    }

    pub fn push(&mut self, leaf: Hash) {
        let (mut hash, mut level, mut at) = (leaf, 0, self.size);
        self.size += 1;
        loop {
            let tile = self.tiles.entry((level, at / TILE_WIDTH)).or_default();
            tile.push(hash);
            if tile.len() < FULL_TILE_LEN {
                return;
            }
            hash = subtree_root(tile);
            at /= TILE_WIDTH;
            level += 1;
        }
    }

    /// The hash of a full subtree, or `None` if its tile was not read.
    fn subtree_hash(&self, node: Node) -> Option<Hash> {
        let (level, within) = (node.height / TILE_HEIGHT, node.height % TILE_HEIGHT);
        let first = node.index << within;
        let tile = self.tiles.get(&(level, first / TILE_WIDTH))?;
        let begin = usize::try_from(first % TILE_WIDTH).ok()?;
        tile.get(begin..begin + (1 << within)).map(subtree_root)
    }

    /// The hash of a range, or `None` if a tile was not read.
    #[must_use]
    pub fn range_hash(&self, range: Range) -> Option<Hash> {
        let hashes: Option<Vec<_>> = full_subtrees(range)
            .into_iter()
            .map(|node| self.subtree_hash(node))
            .collect();
        fold_hashes(hashes?.into_iter())
    }

    /// The root over the first `size` leaves, or `None` if a tile was not read.
    #[must_use]
    pub fn root(&self, size: u64) -> Option<Hash> {
        if size == 0 {
            Some(empty_root())
        } else {
            self.range_hash((0, size))
        }
    }

    /// The hashes of a proof, or `None` if a tile was not read.
    #[must_use]
    pub fn proof(&self, ranges: &[Range]) -> Option<Vec<Hash>> {
        ranges.iter().map(|range| self.range_hash(*range)).collect()
    }
}

/// The root over hashes of one level. Their number must be a power of two.
fn subtree_root(hashes: &[Hash]) -> Hash {
    match hashes {
        [one] => *one,
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            node_hash(&subtree_root(left), &subtree_root(right))
        }
    }
}

/// The number of hashes that a tile has in a tree of this size.
#[must_use]
pub fn tile_width((level, tile): TileId, size: u64) -> usize {
    let on_level = size.checked_shr(TILE_HEIGHT * level).unwrap_or(0);
    usize::try_from(on_level.saturating_sub(tile * TILE_WIDTH).min(TILE_WIDTH))
        .unwrap_or(FULL_TILE_LEN)
}

/// The tiles that are needed for the hashes of ranges.
#[must_use]
pub fn tiles_for(ranges: &[Range]) -> Vec<TileId> {
    let nodes = ranges.iter().flat_map(|range| full_subtrees(*range));
    let tile = |node: Node| {
        (
            node.height / TILE_HEIGHT,
            (node.index << (node.height % TILE_HEIGHT)) / TILE_WIDTH,
        )
    };
    let mut ids: Vec<_> = nodes.map(tile).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vectors of Certificate Transparency: leaves, and the roots over the first 0 to 8 of
    /// them.
    const LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn grown(size: u64) -> Tiles {
        let mut tiles = Tiles::default();
        (0..size).for_each(|leaf| tiles.push(leaf_hash(&leaf.to_be_bytes())));
        tiles
    }

    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let mut tiles = Tiles::default();
        for (size, root) in ROOTS.iter().enumerate() {
            assert_eq!(hex::encode(tiles.root(size as u64).unwrap()), *root);
            if let Some(leaf) = LEAVES.get(size) {
                tiles.push(leaf_hash(leaf));
            }
        }
    }

    #[test]
    fn every_leaf_of_every_tree_is_proven_and_no_other() {
        let tiles = grown(70);
        for size in 1..=70 {
            let root = tiles.root(size).unwrap();
            for index in 0..size {
                let proof = tiles
                    .proof(&inclusion_ranges(index, size).unwrap())
                    .unwrap();
                let leaf = leaf_hash(&index.to_be_bytes());
                assert!(
                    is_included(leaf, index, size, &proof, &root),
                    "{index} of {size}"
                );
                assert!(!is_included(
                    leaf_hash(b"other"),
                    index,
                    size,
                    &proof,
                    &root
                ));
                assert!(size == 1 || !is_included(leaf, (index + 1) % size, size, &proof, &root));
            }
            assert_eq!(inclusion_ranges(size, size), None);
        }
    }

    #[test]
    fn every_tree_is_the_beginning_of_every_larger_one() {
        let tiles = grown(70);
        for second in 1..=70 {
            for first in 1..=second {
                let proof = tiles
                    .proof(&consistency_ranges(first, second).unwrap())
                    .unwrap();
                let (old, new) = (tiles.root(first).unwrap(), tiles.root(second).unwrap());
                assert!(
                    is_consistent((first, &old), (second, &new), &proof),
                    "{first} in {second}"
                );
                assert!(!is_consistent(
                    (first, &leaf_hash(b"other")),
                    (second, &new),
                    &proof
                ));
                assert!(!is_consistent(
                    (first, &old),
                    (second, &leaf_hash(b"other")),
                    &proof
                ));
            }
        }
        assert_eq!(
            (consistency_ranges(0, 5), consistency_ranges(6, 5)),
            (None, None)
        );
    }

    #[test]
    fn tiles_make_the_same_root_however_few_are_read() {
        for size in [1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000] {
            let all = grown(size);
            let ranges = [&inclusion_ranges(size / 2, size).unwrap()[..], &[(0, size)]].concat();
            let some = tiles_for(&ranges)
                .into_iter()
                .map(|id| (id, all.tile(id).unwrap().to_vec()))
                .collect();
            let some = Tiles::from_tiles(size, some);
            assert_eq!(some.root(size), all.root(size), "{size}");
            assert!(some.proof(&ranges).is_some());
            let edge = Tiles::frontier(size)
                .into_iter()
                .filter_map(|id| Some((id, all.tile(id)?.to_vec())))
                .collect();
            let mut grows = Tiles::from_tiles(size, edge);
            let mut whole = all.clone();
            for leaf in 0..300_u64 {
                grows.push(leaf_hash(&leaf.to_be_bytes()));
                whole.push(leaf_hash(&leaf.to_be_bytes()));
            }
            for (id, hashes) in grows.tiles() {
                assert_eq!(whole.tile(id), Some(hashes), "{size}: {id:?}");
            }
        }
    }
}
