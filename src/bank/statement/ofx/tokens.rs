//! The tags and texts of an OFX file, by rules that accept both SGML and XML.

/// A part of a file. Names of tags are in capital letters, entities in texts are replaced.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OfxToken {
    Open(String),
    Close(String),
    Text(String),
}

/// The tags and texts of SGML or XML. What cannot be a tag is text.
pub(super) struct OfxTokens<'a> {
    pub(super) rest: &'a str,
}

impl Iterator for OfxTokens<'_> {
    type Item = OfxToken;

    fn next(&mut self) -> Option<OfxToken> {
        loop {
            if let Some(inside) = self.rest.strip_prefix("<![CDATA[") {
                let (text, rest) = inside.split_once("]]>").unwrap_or((inside, ""));
                self.rest = rest;
                return Some(OfxToken::Text(text.to_owned()));
            }
            if let Some(inside) = self.rest.strip_prefix("<!--") {
                self.rest = inside.split_once("-->").map_or("", |(_, rest)| rest);
            } else if self.rest.starts_with("<?") || self.rest.starts_with("<!") {
                self.rest = self.rest.split_once('>').map_or("", |(_, rest)| rest);
            } else {
                return self.tag().or_else(|| self.text());
            }
        }
    }
}

impl OfxTokens<'_> {
    fn tag(&mut self) -> Option<OfxToken> {
        let inside = self.rest.strip_prefix('<')?;
        let (closes, inside) = inside
            .strip_prefix('/')
            .map_or((false, inside), |inside| (true, inside));
        let end = inside.find(['<', '>'])?;
        let (tag, rest) = inside.split_at(end);
        let rest = rest.strip_prefix('>')?;
        let name: String = tag
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
            .collect();
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        self.rest = rest;
        let name = name.to_ascii_uppercase();
        Some(if closes {
            OfxToken::Close(name)
        } else {
            OfxToken::Open(name)
        })
    }

    /// The text up to the next `<`. A `<` at its beginning is part of it, since it begins no tag.
    fn text(&mut self) -> Option<OfxToken> {
        let first = self.rest.chars().next()?.len_utf8();
        let after = self.rest.get(first..)?;
        let end = after.find('<').map_or(self.rest.len(), |at| first + at);
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(OfxToken::Text(replace_entities(text)))
    }
}

/// Replaces entities by their characters. An `&` that begins none stays.
fn replace_entities(text: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        replaced.push_str(before);
        if let Some((character, after)) = read_entity(after) {
            replaced.push(character);
            rest = after;
        } else {
            replaced.push('&');
            rest = after;
        }
    }
    replaced.push_str(rest);
    replaced
}

/// The character that an entity means, and the text after it. Starts after the `&`.
fn read_entity(text: &str) -> Option<(char, &str)> {
    /// Length of the longest entity that is read, `#x10FFFF`.
    const NAME_MAX: usize = 8;
    let end = text
        .bytes()
        .take(NAME_MAX + 1)
        .position(|byte| byte == b';')?;
    let (name, rest) = text.split_at(end);
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "pound" => '£',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((character, rest.strip_prefix(';')?))
}
