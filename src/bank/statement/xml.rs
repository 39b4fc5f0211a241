//! Streaming reader of the elements of an XML statement. A document type is refused, so that only
//! the entities of XML itself exist. The depth and the size of an element are limited.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::StatementError;

/// Maximum depth of elements.
const DEPTH_MAX: usize = 64;
/// Maximum number of elements within one that is read.
const SIZE_MAX: usize = 200_000;

/// An element with its text and its elements. Names have no prefix.
#[derive(Debug, Default)]
pub(super) struct XmlElement {
    name: String,
    /// The attribute `Ccy` of an amount.
    pub currency: Option<String>,
    text: String,
    children: Vec<Self>,
}

impl XmlElement {
    fn of_tag(tag: &BytesStart<'_>) -> Result<Self, StatementError> {
        let currency = tag
            .try_get_attribute("Ccy")
            .map_err(|_| StatementError::UnknownFormat)?
            .map(|attribute| attribute.value.into_owned());
        Ok(Self {
            name: tag.local_name().into_inner().to_owned(),
            currency,
            ..Self::default()
        })
    }

    /// Its own text, without that of its elements.
    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }

    /// All elements at a path of names.
    pub(super) fn find_all<'e>(&'e self, path: &[&str]) -> Vec<&'e Self> {
        let mut found = vec![self];
        for name in path {
            let mut deeper = Vec::new();
            for one in found {
                deeper.extend(one.children.iter().filter(|child| child.name == *name));
            }
            found = deeper;
        }
        found
    }

    /// The first element at a path of names.
    pub(super) fn find(&self, path: &[&str]) -> Option<&Self> {
        self.find_all(path).into_iter().next()
    }
}

/// Reads the elements of one name, in the order of the text.
pub(super) struct XmlElements<'t> {
    text: &'t str,
    reader: Reader<&'t [u8]>,
    wanted: &'static str,
    /// How the namespace of the elements begins, and whether it was declared so far.
    namespace: &'static str,
    is_declared: bool,
    /// How many elements are open.
    depth: usize,
    /// How many bytes were searched for line ends, and the line after them.
    searched: usize,
    line: usize,
}

impl<'t> XmlElements<'t> {
    pub(super) fn new(text: &'t str, wanted: &'static str, namespace: &'static str) -> Self {
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Self {
            text,
            reader,
            wanted,
            namespace,
            is_declared: false,
            depth: 0,
            searched: 0,
            line: 1,
        }
    }

    /// The next element, and the line on which it begins. Fails if the text is not XML, or not of
    /// the namespace.
    pub(super) fn read_next(&mut self) -> Result<Option<(usize, XmlElement)>, StatementError> {
        let mut open: Vec<XmlElement> = Vec::new();
        let (mut size, mut line) = (0_usize, 0);
        loop {
            let event = self.reader.read_event();
            match event.map_err(|_| StatementError::UnknownFormat)? {
                Event::Start(tag) => {
                    self.enter(&tag)?;
                    if open.is_empty() {
                        if tag.local_name().into_inner() != self.wanted {
                            continue;
                        }
                        line = self.current_line();
                    }
                    size += 1;
                    if size > SIZE_MAX {
                        return Err(StatementError::TooLong);
                    }
                    open.push(XmlElement::of_tag(&tag)?);
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    let Some(done) = open.pop() else {
                        continue;
                    };
                    match open.last_mut() {
                        Some(parent) => parent.children.push(done),
                        None if self.is_declared => return Ok(Some((line, done))),
                        None => return Err(StatementError::UnknownFormat),
                    }
                }
                Event::Text(text) => append(&mut open, &text.xml10_content()),
                Event::CData(text) => append(&mut open, &text.xml10_content()),
                Event::GeneralRef(reference) => append_reference(&mut open, &reference)?,
                Event::Eof if self.depth == 0 => return Ok(None),
                Event::Eof | Event::DocType(_) => return Err(StatementError::UnknownFormat),
                _ => {}
            }
        }
    }

    /// Counts an element that begins, and looks for the namespace among its attributes.
    fn enter(&mut self, tag: &BytesStart<'_>) -> Result<(), StatementError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(StatementError::UnknownFormat);
        }
        if self.is_declared {
            return Ok(());
        }
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|_| StatementError::UnknownFormat)?;
            let key = attribute.key.into_inner();
            if (key == "xmlns" || key.starts_with("xmlns:"))
                && attribute.value.starts_with(self.namespace)
            {
                self.is_declared = true;
            }
        }
        Ok(())
    }

    /// The line of the tag that was read last.
    fn current_line(&mut self) -> usize {
        let end = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
        let end = end.min(self.text.len());
        let passed = self.text.get(self.searched..end).unwrap_or_default();
        self.line += passed.matches('\n').count();
        self.searched = end;
        self.line
    }
}

fn append(open: &mut [XmlElement], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// Adds the character that a reference means. One that XML does not define is an error.
fn append_reference(
    open: &mut [XmlElement],
    reference: &BytesRef<'_>,
) -> Result<(), StatementError> {
    let character = reference
        .resolve_char_ref()
        .map_err(|_| StatementError::UnknownFormat)?;
    match character {
        Some(character) => append(open, character.encode_utf8(&mut [0; 4])),
        None => append(
            open,
            resolve_xml_entity(reference).ok_or(StatementError::UnknownFormat)?,
        ),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Result<Option<(usize, XmlElement)>, StatementError> {
        XmlElements::new(text, "a", "urn:n").read_next()
    }

    #[test]
    fn an_element_has_its_line_its_text_and_its_elements() {
        let text = "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n\
            <p:r xmlns:p=\"urn:n.1\">\n<p:b>x</p:b>\n<p:a>\
            <p:c Ccy=\"GBP\">1 &amp; <![CDATA[<2>]]>&#x33;</p:c><p:c/></p:a></p:r>";
        let (line, element) = first(text).unwrap().unwrap();
        assert_eq!(line, 4);
        let inner = element.find(&["c"]).unwrap();
        assert_eq!(inner.text(), "1 & <2>3");
        assert_eq!(inner.currency.as_deref(), Some("GBP"));
        assert_eq!(element.find_all(&["c"]).len(), 2);
        assert!(element.find(&["c", "d"]).is_none());
    }

    #[test]
    fn a_text_that_is_not_xml_of_the_namespace_is_refused() {
        let deep = format!("<r xmlns=\"urn:n\"><a>{}", "<b>".repeat(DEPTH_MAX));
        let long = format!("<a xmlns=\"urn:n\">{}</a>", "<b/>".repeat(SIZE_MAX));
        for (text, error) in [
            ("<r xmlns=\"urn:m\"><a/></r>", StatementError::UnknownFormat),
            ("<r><a/></r>", StatementError::UnknownFormat),
            (
                "<!DOCTYPE r [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>\
                    <r xmlns=\"urn:n\"><a>&e;</a></r>",
                StatementError::UnknownFormat,
            ),
            (
                "<r xmlns=\"urn:n\"><a>&e;</a></r>",
                StatementError::UnknownFormat,
            ),
            (
                "<r xmlns=\"urn:n\"><a>&#xD800;</a></r>",
                StatementError::UnknownFormat,
            ),
            (
                "<r xmlns=\"urn:n\"><a></b></r>",
                StatementError::UnknownFormat,
            ),
            ("<r xmlns=\"urn:n\"><a>", StatementError::UnknownFormat),
            ("<r xmlns=\"urn:n\"><a", StatementError::UnknownFormat),
            ("<r xmlns=\"urn:n\">", StatementError::UnknownFormat),
            (deep.as_str(), StatementError::UnknownFormat),
            (long.as_str(), StatementError::TooLong),
        ] {
            let shown: String = text.chars().take(80).collect();
            assert_eq!(first(text).map(|_| ()), Err(error), "{shown}");
        }
        assert!(first("<r xmlns=\"urn:n\"><b/></r>").unwrap().is_none());
    }
}
