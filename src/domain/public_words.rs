//! The check that public texts contain no contact details.

use super::Refusal;
use super::postcode::is_postcode;

/// The fewest digits of a phone number in the United Kingdom.
const PHONE_DIGITS_MIN: usize = 10;

/// Refuses with [`Refusal::LooksPersonal`] a public text with an email address, a postcode or a
/// phone number. The refusal names the field.
pub fn must_not_look_personal(field: &'static str, text: &str) -> Result<(), Refusal> {
    if has_postcode(text) {
        return Err(Refusal::LooksPersonal { field });
    }
    must_not_have_contact(field, text)
}

/// The same for a text that may have a postcode, such as the place of a session.
pub fn must_not_have_contact(field: &'static str, text: &str) -> Result<(), Refusal> {
    if has_email(text) || has_phone(text) {
        Err(Refusal::LooksPersonal { field })
    } else {
        Ok(())
    }
}

/// Whether a word of the text can be an email address.
#[must_use]
pub fn has_email(said: &str) -> bool {
    said.split_whitespace().any(|word| {
        word.split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
    })
}

/// Endings in small letters of a number that counts or measures: `M60 2nd exit`, `B12 5ft wide`.
const COUNT_ENDINGS: [&str; 8] = ["st", "nd", "rd", "th", "ft", "hr", "yr", "lb"];

/// Whether one word, or two adjacent words, can be a postcode: `OL11AA`, `OL1 1AA`.
#[must_use]
pub fn has_postcode(said: &str) -> bool {
    let words: Vec<&str> = said
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let can_be = |word: &str| is_postcode(&word.to_ascii_uppercase());
    words.iter().any(|word| can_be(word))
        || words
            .windows(2)
            .any(|pair| can_be(&pair.concat()) && !is_count(pair[1]))
}

fn is_count(word: &str) -> bool {
    COUNT_ENDINGS
        .iter()
        .filter_map(|ending| word.strip_suffix(ending))
        .any(|number| number.len() == 1)
}

/// Whether a text has a phone number: ten digits or more from a nought or a plus on that begins a
/// word, with nothing but blanks, brackets, dots and hyphens between them.
fn has_phone(said: &str) -> bool {
    let is_of_number = |c: char| c.is_ascii_digit() || c.is_whitespace() || "+-.()".contains(c);
    said.split(|c: char| !is_of_number(c)).any(|run| {
        let mut before = ' ';
        run.char_indices().any(|(at, c)| {
            let begins = "0+".contains(c) && (before.is_whitespace() || before == '(');
            before = c;
            begins && run.get(at..).is_some_and(has_digits_of_phone)
        })
    })
}

fn has_digits_of_phone(text: &str) -> bool {
    text.chars().filter(char::is_ascii_digit).count() >= PHONE_DIGITS_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_somebody_is_found() {
        for text in [
            "Write to amina@example.org.",
            "Ring 0161 496 0000 after six",
            "Ring (0161) 496-0000.",
            "Her number is +44 161 496 0000",
            "She lives at OL1 1AA",
            "In 2027 ring 0161 496 0000",
            "07700900123",
        ] {
            assert_eq!(
                must_not_look_personal("words", text),
                Err(Refusal::LooksPersonal { field: "words" }),
                "{text}"
            );
        }
    }

    #[test]
    fn ordinary_words_pass() {
        for text in [
            "Begin with a meal, not with a form.",
            "In 2018 and 2019 we met on 12 Thursdays from 15.30",
            "£1,200 paid for 28 walks, 10 000 steps each",
            "A kettle @ the door",
            "Thursdays 15:30 to 17:00, from 1 May 2027",
            "From 2026-06-01 - 2026-07-01",
            "On the M60 2nd exit, room 101, 2nd floor",
        ] {
            assert_eq!(must_not_look_personal("words", text), Ok(()), "{text}");
        }
    }
}
