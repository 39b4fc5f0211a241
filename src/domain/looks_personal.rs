//! Words that everyone can read must not say how to reach somebody: an email address, a postcode
//! or a phone number.

use super::postcode::is_postcode;

/// The fewest digits of a phone number in the United Kingdom.
const PHONE_DIGITS_MIN: usize = 10;

/// Endings in small letters of a number that counts or measures: `M60 2nd exit`, `B12 5ft wide`.
const COUNT_ENDINGS: [&str; 8] = ["st", "nd", "rd", "th", "ft", "hr", "yr", "lb"];

/// Whether a text has an email address, a postcode or a phone number.
#[must_use]
pub fn looks_personal(said: &str) -> bool {
    has_email(said) || has_postcode(said) || has_phone(said)
}

/// Whether a word can be an email address.
#[must_use]
pub fn has_email(said: &str) -> bool {
    said.split_whitespace().any(|word| {
        word.split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
    })
}

/// Whether one word, or two adjacent words, can be a postcode: `OL11AA`, `OL1 1AA`.
#[must_use]
pub fn has_postcode(said: &str) -> bool {
    let words: Vec<&str> = said
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let can_be = |word: &str| is_postcode(&word.to_ascii_uppercase());
    let pairs = words.iter().zip(words.iter().skip(1));
    words.iter().any(|word| can_be(word))
        || pairs
            .map(|(first, second)| (format!("{first}{second}"), second))
            .any(|(pair, second)| can_be(&pair) && !is_count(second))
}

fn is_count(word: &str) -> bool {
    COUNT_ENDINGS
        .iter()
        .filter_map(|ending| word.strip_suffix(ending))
        .any(|number| number.len() == 1)
}

/// Whether a text has a phone number: ten digits or more, from a nought or a plus on, with nothing
/// but blanks, brackets, dots and hyphens between them.
fn has_phone(said: &str) -> bool {
    let is_of_number = |c: char| c.is_ascii_digit() || c.is_whitespace() || "+-.()".contains(c);
    said.split(|c: char| !is_of_number(c)).any(|run| {
        let from = run.find(['0', '+']).and_then(|at| run.get(at..));
        from.unwrap_or_default()
            .chars()
            .filter(char::is_ascii_digit)
            .count()
            >= PHONE_DIGITS_MIN
    })
}

#[cfg(test)]
mod tests {
    use super::looks_personal;

    #[test]
    fn a_way_to_reach_somebody_is_noticed() {
        for said in [
            "Ask ann@example.org",
            "Behind OL1 1AA",
            "Ring 0161 496 0000",
            "Ring (0161) 496-0000 after 3",
            "Ring +44 161 496 0000",
            "07700900123",
        ] {
            assert!(looks_personal(said), "{said}");
        }
    }

    #[test]
    fn other_words_are_left_alone() {
        for said in [
            "Thursdays 15:30 to 17:00",
            "Boccia, 12 places, from 1 May 2027",
            "On the M60 2nd exit",
            "Room 101, 2nd floor",
            "Since 1998, @ the hall",
        ] {
            assert!(!looks_personal(said), "{said}");
        }
    }
}
