//! The picture of the network: a numbered circle for each group or entry, and a line for each two
//! that know each other. A table has the same numbers with the names, because names next to sixty
//! circles cannot be read.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;
use uuid::Uuid;

use super::charts::one_decimal;
use super::network_layout::{NodePlace, places};
use super::words::place_name;
use crate::views::{NetworkNode, NetworkNodeKind, NetworkSummary};

/// How far below the centre of a circle its number is, in thousandths of a unit.
const NUMBER_DROP: i64 = 3500;

/// The picture, as SVG.
#[derive(Template)]
#[template(path = "parts/network.html")]
pub struct NetworkDrawing {
    title: String,
    /// What the picture shows, for those who do not see it.
    description: String,
    /// Whether each circle has its number.
    numbered: bool,
    lines: Vec<DrawnLine>,
    pub nodes: Vec<DrawnNode>,
    /// How many more know somebody, and are not drawn.
    pub left_out: usize,
}

impl HtmlSafe for NetworkDrawing {}

/// A group or an entry in the picture, and its row in the table.
pub struct DrawnNode {
    pub number: usize,
    pub name: String,
    pub kind: &'static str,
    /// The name of its area; empty if it has none.
    pub area: String,
    pub others: i64,
    /// The numbers of the others that it knows, as far as they are drawn.
    pub knows: String,
    is_group: bool,
    x: String,
    y: String,
    number_y: String,
}

/// A line between two circles.
struct DrawnLine {
    from: (String, String),
    to: (String, String),
    /// Wider the more often they met or were introduced.
    width: &'static str,
}

impl NetworkDrawing {
    /// The picture, with at most so many circles; `None` if nobody in the network knows anybody.
    pub fn new(title: &str, network: &NetworkSummary, most: usize) -> Option<Self> {
        let tied = tied_nodes(network);
        let drawn: Vec<&NetworkNode> = tied.iter().take(most).copied().collect();
        if drawn.is_empty() {
            return None;
        }
        let numbers: BTreeMap<Uuid, usize> = drawn.iter().map(|node| node.id).zip(0..).collect();
        let weights = pairs(network, &numbers);
        let linked: Vec<(usize, usize)> = weights.keys().copied().collect();
        let at = places(drawn.len(), &linked);
        let nodes: Vec<DrawnNode> = drawn
            .iter()
            .zip(&at)
            .enumerate()
            .map(|(number, (node, place))| DrawnNode {
                number: number + 1,
                name: node.label.clone(),
                kind: kind_word(node.kind),
                area: node.area.as_deref().map(place_name).unwrap_or_default(),
                others: node.others,
                knows: known_numbers(number, &linked),
                is_group: node.kind == NetworkNodeKind::Group,
                x: units(place.x),
                y: units(place.y),
                number_y: units(place.y + NUMBER_DROP),
            })
            .collect();
        let line = |((one, other), weight): (&(usize, usize), &i64)| {
            Some(DrawnLine {
                from: ends(*at.get(*one)?),
                to: ends(*at.get(*other)?),
                width: line_width(*weight),
            })
        };
        Some(Self {
            title: title.to_owned(),
            description: describe(network, drawn.len()),
            numbered: true,
            lines: weights.iter().filter_map(line).collect(),
            nodes,
            left_out: tied.len() - drawn.len(),
        })
    }

    /// The picture without numbers, for a page without the table.
    pub fn without_numbers(self, description: String) -> Self {
        Self {
            description,
            numbered: false,
            ..self
        }
    }
}

/// The nodes that know somebody: those that know most first, then by name.
fn tied_nodes(network: &NetworkSummary) -> Vec<&NetworkNode> {
    let mut tied: Vec<&NetworkNode> = network
        .nodes
        .iter()
        .filter(|node| node.others > 0)
        .collect();
    tied.sort_by_cached_key(|node| (-node.others, node.label.to_lowercase(), node.id));
    tied
}

/// The pairs of drawn nodes by their numbers, each with the weights of its ties.
fn pairs(
    network: &NetworkSummary,
    numbers: &BTreeMap<Uuid, usize>,
) -> BTreeMap<(usize, usize), i64> {
    let mut pairs = BTreeMap::new();
    for tie in &network.ties {
        if let (Some(one), Some(other)) = (numbers.get(&tie.from), numbers.get(&tie.to)) {
            let pair = (*one.min(other), *one.max(other));
            *pairs.entry(pair).or_default() += tie.weight;
        }
    }
    pairs
}

/// The numbers of those that a node is tied to, as in the table.
fn known_numbers(node: usize, ties: &[(usize, usize)]) -> String {
    let mut known: Vec<usize> = ties
        .iter()
        .filter_map(|(one, other)| {
            if node == *one {
                Some(other + 1)
            } else if node == *other {
                Some(one + 1)
            } else {
                None
            }
        })
        .collect();
    known.sort_unstable();
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    known.join(", ")
}

fn line_width(weight: i64) -> &'static str {
    match weight {
        ..=1 => "1",
        2..=3 => "2",
        _ => "3.5",
    }
}

/// A place in units.
fn ends(place: NodePlace) -> (String, String) {
    (units(place.x), units(place.y))
}

/// Thousandths of a unit in units, with one decimal.
fn units(thousandths: i64) -> String {
    one_decimal(thousandths / 100)
}

fn describe(network: &NetworkSummary, drawn: usize) -> String {
    let figures = &network.figures;
    format!(
        "{drawn} circles with numbers. A line joins two that know each other: {} pairs in all. The \
            table has the same numbers, with names and who knows whom.",
        figures.pairs
    )
}

/// What a node is, as a table shows it.
fn kind_word(kind: NetworkNodeKind) -> &'static str {
    match kind {
        NetworkNodeKind::Group => "Group",
        NetworkNodeKind::Organisation => "Organisation",
        NetworkNodeKind::Place => "Place",
        NetworkNodeKind::Thing => "Thing",
    }
}
