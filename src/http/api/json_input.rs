//! Checks and normalises JSON before it is deserialised into a command: lists are bounded, texts
//! get their normal form, and numbers such as `3.0` become the integers that they are in JSON
//! Schema.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::domain::text::tidy;

/// The most entries of any list or map in a body. The contract states it where a command sets no
/// smaller limit.
pub(in crate::http) const ENTRIES_MAX: usize = 500;

/// Deserialises from any JSON, and fails on a list or map with more than [`ENTRIES_MAX`] entries.
pub(super) struct BoundedJson;

impl<'de> Deserialize<'de> for BoundedJson {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for BoundedJson {
    type Value = Self;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        let mut count = 0;
        while items.next_element::<Self>()?.is_some() {
            count += 1;
            check_entry_count::<A::Error>(count)?;
        }
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self, A::Error> {
        let mut count = 0;
        while entries.next_entry::<IgnoredAny, Self>()?.is_some() {
            count += 1;
            check_entry_count::<A::Error>(count)?;
        }
        Ok(self)
    }
}

fn check_entry_count<E: Error>(count: usize) -> Result<(), E> {
    if count > ENTRIES_MAX {
        Err(E::custom(format_args!(
            "a list has at most {ENTRIES_MAX} entries"
        )))
    } else {
        Ok(())
    }
}

/// Rewrites texts in their normal form. Names of fields stay. The body must be valid JSON.
pub(super) fn tidy_texts(body: &[u8]) -> Cow<'_, [u8]> {
    let (mut written, mut copied, mut at) = (Vec::new(), 0, 0);
    while let Some(offset) = body[at..].iter().position(|byte| *byte == b'"') {
        let begins = at + offset;
        let ends = end_of_string(body, begins);
        at = ends;
        let is_name = body[ends..].trim_ascii_start().first() == Some(&b':');
        if is_name {
            continue;
        }
        if let Some(tidied) = tidied_string(&body[begins..ends]) {
            written.extend_from_slice(&body[copied..begins]);
            written.extend_from_slice(tidied.as_bytes());
            copied = ends;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(body);
    }
    written.extend_from_slice(&body[copied..]);
    Cow::Owned(written)
}

/// The JSON of a text in its normal form; `None` if it is in that form already.
fn tidied_string(json: &[u8]) -> Option<String> {
    let text: String = serde_json::from_slice(json).ok()?;
    let tidied = tidy(&text);
    (tidied != text).then(|| serde_json::Value::from(tidied.into_owned()).to_string())
}

/// Rewrites whole numbers as plain digits: `3.0`, `3e0` and `-0` are integers in JSON Schema, but
/// not to serde. The body must be valid JSON.
pub(super) fn normalise_integers(body: &[u8]) -> Cow<'_, [u8]> {
    let (mut written, mut copied, mut at) = (Vec::new(), 0, 0);
    while let Some(byte) = body.get(at) {
        match byte {
            b'"' => at = end_of_string(body, at),
            b'-' | b'0'..=b'9' => {
                let rest = &body[at..];
                let end = at
                    + rest
                        .iter()
                        .take_while(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte))
                        .count();
                if let Some(whole) = integer_digits(&body[at..end]) {
                    written.extend_from_slice(&body[copied..at]);
                    written.extend_from_slice(whole.as_bytes());
                    copied = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(body);
    }
    written.extend_from_slice(&body[copied..]);
    Cow::Owned(written)
}

/// The index after the closing quote of the string that starts at `begins`.
fn end_of_string(body: &[u8], begins: usize) -> usize {
    let mut at = begins + 1;
    while let Some(byte) = body.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    body.len()
}

/// The digits of a whole number that has a point or an exponent, or is `-0`; `None` for other
/// numbers.
fn integer_digits(number: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(number).ok()?;
    if text != "-0" && !text.contains(['.', 'e', 'E']) {
        return None;
    }
    let number = Decimal::from_scientific(text)
        .or_else(|_| Decimal::from_str_exact(text))
        .ok()?
        .normalize();
    if number.is_zero() {
        return Some("0".to_owned());
    }
    (number.scale() == 0).then(|| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_integers_however_they_are_written() {
        let body =
            br#"{"a":3.0,"b":[-0,1e2,-2.50,0.0],"c":"3.0 \" 4.0","d":7,"e":1.5e1,"f":1e400}"#;
        let written = normalise_integers(body);
        assert_eq!(
            std::str::from_utf8(&written).unwrap(),
            r#"{"a":3,"b":[0,100,-2.50,0],"c":"3.0 \" 4.0","d":7,"e":15,"f":1e400}"#
        );
        assert!(matches!(
            normalise_integers(br#"{"a":3,"c":"3.0"}"#),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn texts_are_in_their_normal_form_and_names_of_fields_stay() {
        let body = br#"{"a\u0009" : "Soup\u0009Club", "b":["x","It\u0092s \"ours\""], "c":3.0}"#;
        let written = tidy_texts(body);
        assert_eq!(
            std::str::from_utf8(&written).unwrap(),
            "{\"a\\u0009\" : \"Soup Club\", \"b\":[\"x\",\"It\u{2019}s \\\"ours\\\"\"], \"c\":3.0}"
        );
        assert_eq!(tidy_texts(&written), written);
        assert!(matches!(
            tidy_texts(br#"{"a":"3.0","b":{}}"#),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn no_list_is_longer_than_the_contract_says() {
        let list =
            |length: usize| format!("{{\"a\":[{{\"b\":[{}]}}]}}", vec!["1"; length].join(","));
        assert!(serde_json::from_str::<BoundedJson>(&list(ENTRIES_MAX)).is_ok());
        assert!(serde_json::from_str::<BoundedJson>(&list(ENTRIES_MAX + 1)).is_err());
    }
}
