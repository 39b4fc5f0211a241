//! The form of postcodes of the United Kingdom.

use super::text::{TextError, tidy};

/// Letters that no postcode has in its second part.
const NEVER_IN_SECOND_PART: &str = "CIKMOV";
/// Letters that no postcode begins with.
const NEVER_FIRST: [char; 3] = ['Q', 'V', 'X'];
/// Letters that no postcode has as its second character.
const NEVER_SECOND: &str = "IJZ";
/// The only postcode of another form.
const GIROBANK: &str = "GIR0AA";

/// Whether a text in capital letters without spaces can be a postcode: `OL11AA`.
#[must_use]
pub fn is_postcode(plain: &str) -> bool {
    let kinds: String = plain
        .chars()
        .map(|c| match c {
            '0'..='9' => '9',
            'A'..='Z' => 'A',
            _ => ' ',
        })
        .collect();
    let has_form = matches!(
        kinds.as_str(),
        "A99AA" | "A999AA" | "AA99AA" | "AA999AA" | "A9A9AA" | "AA9A9AA"
    );
    let has_letters = !plain.starts_with(NEVER_FIRST)
        && !plain
            .chars()
            .nth(1)
            .is_some_and(|second| NEVER_SECOND.contains(second))
        && !plain
            .chars()
            .rev()
            .take(2)
            .any(|last| NEVER_IN_SECOND_PART.contains(last));
    (has_form && has_letters) || plain == GIROBANK
}

/// Normalises a postcode: capital letters, one space before the last three characters.
pub(super) fn parse_postcode(text: &str) -> Result<String, TextError> {
    const LENGTH_MAX: usize = 20;
    let text = tidy(text);
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect::<String>()
        .to_uppercase();
    if text.len() > LENGTH_MAX || !is_postcode(&plain) {
        return Err(TextError::NotAPostcode);
    }
    let (first, second) = plain.split_at(plain.len() - 3);
    Ok(format!("{first} {second}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_kept_postcode_is_read_unchanged(
            typed in "[a-zA-Z]{1,2}[0-9][0-9a-zA-Z]?[ \u{a0}\u{200b}]{0,2}[0-9][a-zA-Z]{2}",
        ) {
            if let Ok(kept) = parse_postcode(&typed) {
                prop_assert_eq!(parse_postcode(&kept), Ok(kept.clone()));
                let letters = |text: &str| -> String {
                    text.chars().filter(char::is_ascii_alphanumeric).collect()
                };
                prop_assert_eq!(letters(&kept), letters(&typed).to_uppercase());
            }
        }
    }

    #[test]
    fn a_postcode_has_one_form_however_it_is_typed() {
        for (typed, postcode) in [
            ("OL1 1AA", "OL1 1AA"),
            (" ol11aa", "OL1 1AA"),
            ("M1\u{a0}1AE", "M1 1AE"),
            ("m60  1nw", "M60 1NW"),
            ("CR2 6XH", "CR2 6XH"),
            ("DN551PT", "DN55 1PT"),
            ("w1a 1hq", "W1A 1HQ"),
            ("EC1A 1BB", "EC1A 1BB"),
            ("gir 0aa", "GIR 0AA"),
            ("ol1 1a\u{200b}a", "OL1 1AA"),
        ] {
            assert_eq!(parse_postcode(typed), Ok(postcode.to_owned()), "{typed}");
        }
        for typed in [
            "",
            "OL1",
            "1111 1AA",
            "OL1 AAA",
            "OL1 1AAX",
            "\u{d6}L1 1AA",
            "OLI 1AA",
            "0L1 1AA",
            "OL1 1AO",
            "OL1 1IA",
            "OL1 9AM",
            "QL1 1AA",
            "XL1 1AA",
            "OZ1 1AA",
            "O1L1 1AA",
            "OLD1 1AA",
            "OL111 1AA",
            "OL1-1AA",
        ] {
            assert_eq!(
                parse_postcode(typed),
                Err(TextError::NotAPostcode),
                "{typed}"
            );
        }
    }
}
