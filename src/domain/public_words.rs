//! Words that staff write for everyone: they hold no address, postcode or phone number, which would
//! say who or where somebody is.

use super::Refusal;
use super::phone::PhoneNumber;
use super::postcode::is_postcode;

/// Endings in small letters of a number that counts or measures: `M60 2nd exit`, `B12 5ft wide`.
const COUNT_ENDINGS: [&str; 8] = ["st", "nd", "rd", "th", "ft", "hr", "yr", "lb"];
/// The fewest digits of something that can be a phone number with its area code.
const PHONE_DIGITS_MIN: usize = 10;

/// Refuses with [`Refusal::LooksPersonal`] words of a field that hold an email address, a postcode
/// or a phone number.
pub fn must_name_nobody(field: &'static str, words: &str) -> Result<(), Refusal> {
    if holds_email(words) || holds_postcode(words) || holds_phone(words) {
        Err(Refusal::LooksPersonal(field))
    } else {
        Ok(())
    }
}

/// Whether a word of a text can be an email address.
#[must_use]
pub fn holds_email(said: &str) -> bool {
    said.split_whitespace().any(|word| {
        word.split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
    })
}

/// Whether one word, or two adjacent words, can be a postcode: `OL11AA`, `OL1 1AA`.
#[must_use]
pub fn holds_postcode(said: &str) -> bool {
    let words: Vec<&str> = said
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let can_be = |word: &str| is_postcode(&word.to_ascii_uppercase());
    words.iter().any(|word| can_be(word))
        || words
            .iter()
            .zip(words.iter().skip(1))
            .any(|(first, second)| can_be(&format!("{first}{second}")) && !is_count(second))
}

fn is_count(word: &str) -> bool {
    COUNT_ENDINGS
        .iter()
        .filter_map(|ending| word.strip_suffix(ending))
        .any(|number| number.len() == 1)
}

/// Whether a run of digits, with what people write between them, can be a phone number: `0161 496
/// 0000`, `+44 (0)161 496 0000`.
fn holds_phone(said: &str) -> bool {
    let between = |c: char| c.is_ascii_digit() || " +()-.\u{a0}".contains(c);
    said.split(|c: char| !between(c)).any(|run| {
        let digits = run.chars().filter(char::is_ascii_digit).count();
        let begins = run.trim_start_matches([' ', '(', '.', '-']);
        digits >= PHONE_DIGITS_MIN
            && begins.starts_with(['0', '+'])
            && PhoneNumber::parse(run.trim()).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_say_who_or_where_somebody_is_are_found() {
        for text in [
            "Write to amina@example.org.",
            "She lives at OL1 1AA.",
            "Ring 0161 496 0000 after three.",
            "Ring +44 161 496 0000.",
        ] {
            let refused = Err(Refusal::LooksPersonal("summary"));
            assert_eq!(must_name_nobody("summary", text), refused, "{text}");
        }
    }

    #[test]
    fn numbers_and_days_are_no_phone_numbers() {
        for text in [
            "The 18 bus ends at 7pm, and 2,500 people live there.",
            "From 3 March 2026 to 4 April 2027 there were 12 trips.",
            "The M60 2nd exit is closed.",
            "It costs £1 200 000 a year @ most.",
        ] {
            assert_eq!(must_name_nobody("summary", text), Ok(()), "{text}");
        }
    }
}
