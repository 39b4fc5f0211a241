//! The network in the format GraphML, which Gephi, networkx and igraph read.
//!
//! Every value has a declared key, because programs drop values without one. The keys for a node's
//! name and a tie's weight are `label` and `weight`, which Gephi expects.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::domain::text::Slug;
use crate::views::{NetworkNode, NetworkSummary, NetworkTie};

/// The media type of GraphML, which has none of its own.
pub const GRAPHML: &str = "text/xml; charset=utf-8";
const NAMESPACE: &str = "http://graphml.graphdrawing.org/xmlns";

/// The keys: the id, what it is for, the name of the attribute, and its type. An id is used once
/// only, so the first day of a tie has another one than that of a node.
const KEYS: [[&str; 4]; 8] = [
    ["label", "node", "label", "string"],
    ["kind", "node", "kind", "string"],
    ["area", "node", "area", "string"],
    ["themes", "node", "themes", "string"],
    ["since", "node", "since", "string"],
    ["weight", "edge", "weight", "int"],
    ["tie", "edge", "tie", "string"],
    ["tie_since", "edge", "since", "string"],
];

type GraphWriter = Writer<Vec<u8>>;

/// The network as a file. The same network gives the same bytes.
#[must_use]
pub fn to_graphml(network: &NetworkSummary) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 1);
    let written = write_document(&mut xml, network);
    written
        .ok()
        .and_then(|()| String::from_utf8(xml.into_inner()).ok())
        .unwrap_or_default()
}

fn write_document(xml: &mut GraphWriter, network: &NetworkSummary) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("graphml")
        .with_attribute(("xmlns", NAMESPACE))
        .write_inner_content(|xml| {
            for [id, of, name, kind] in KEYS {
                xml.create_element("key")
                    .with_attribute(("id", id))
                    .with_attribute(("for", of))
                    .with_attribute(("attr.name", name))
                    .with_attribute(("attr.type", kind))
                    .write_empty()?;
            }
            write_graph(xml, network)
        })?;
    Ok(())
}

fn write_graph(xml: &mut GraphWriter, network: &NetworkSummary) -> io::Result<()> {
    xml.create_element("graph")
        .with_attribute(("id", "network"))
        .with_attribute(("edgedefault", "undirected"))
        .write_inner_content(|xml| {
            for node in &network.nodes {
                write_node(xml, node)?;
            }
            for (number, tie) in (1..).zip(&network.ties) {
                write_tie(xml, number, tie)?;
            }
            Ok(())
        })?;
    Ok(())
}

fn write_node(xml: &mut GraphWriter, node: &NetworkNode) -> io::Result<()> {
    let themes: Vec<&str> = node.themes.iter().map(Slug::as_str).collect();
    let id = node.id.to_string();
    xml.create_element("node")
        .with_attribute(("id", id.as_str()))
        .write_inner_content(|xml| {
            write_value(xml, "label", &node.label)?;
            write_value(xml, "kind", node.kind.into())?;
            if let Some(area) = &node.area {
                write_value(xml, "area", area)?;
            }
            if !themes.is_empty() {
                write_value(xml, "themes", &themes.join(" "))?;
            }
            write_value(xml, "since", &node.since.to_string())
        })?;
    Ok(())
}

fn write_tie(xml: &mut GraphWriter, number: usize, tie: &NetworkTie) -> io::Result<()> {
    let (id, from, to) = (
        format!("t{number}"),
        tie.from.to_string(),
        tie.to.to_string(),
    );
    xml.create_element("edge")
        .with_attribute(("id", id.as_str()))
        .with_attribute(("source", from.as_str()))
        .with_attribute(("target", to.as_str()))
        .write_inner_content(|xml| {
            write_value(xml, "weight", &tie.weight.to_string())?;
            write_value(xml, "tie", tie.tie.into())?;
            write_value(xml, "tie_since", &tie.since.to_string())
        })?;
    Ok(())
}

fn write_value(xml: &mut GraphWriter, key: &str, value: &str) -> io::Result<()> {
    xml.create_element("data")
        .with_attribute(("key", key))
        .write_text_content(BytesText::new(value))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::views::{NetworkFigures, NetworkNodeKind, NetworkTieKind};

    fn node(id: u128, label: &str) -> NetworkNode {
        NetworkNode {
            id: Uuid::from_u128(id),
            kind: NetworkNodeKind::Group,
            label: label.to_owned(),
            area: None,
            themes: BTreeSet::new(),
            since: date(2026, 3, 1),
            component: 1,
            others: 1,
        }
    }

    #[test]
    fn every_value_has_a_key_and_names_are_escaped() {
        let network = NetworkSummary {
            position: 7,
            figures: NetworkFigures::default(),
            nodes: vec![node(1, "Pots & Pans <Oldham>"), node(2, "Książki")],
            ties: vec![NetworkTie {
                from: Uuid::from_u128(1),
                to: Uuid::from_u128(2),
                tie: NetworkTieKind::GrewFrom,
                weight: 1,
                since: date(2026, 4, 1),
            }],
        };
        let text = to_graphml(&network);
        assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
        assert!(text.contains("<data key=\"label\">Pots &amp; Pans &lt;Oldham&gt;</data>"));
        assert!(
            text.contains("<data key=\"tie\">grew_from</data>"),
            "{text}"
        );
        for part in text.split("<data key=\"").skip(1) {
            let key = part.split('"').next().expect("a key");
            assert!(KEYS.iter().any(|[id, ..]| *id == key), "{key}");
        }
    }
}
