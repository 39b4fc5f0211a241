//! Phone numbers as pages show them: in groups, on one line, and to be dialled by a press.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::domain::phone::PhoneNumber;

/// The fewest digits that a phone can dial.
const DIGITS_MIN: usize = 6;
const NO_BREAK_SPACE: &str = "\u{a0}";

/// A phone number in three parts: the number in groups, with the words before it; the number to
/// dial; and the words after it.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(path = "parts/phone.html")]
pub(super) struct Phone {
    pub number: String,
    /// Empty if it is not a number that can be dialled.
    pub dial: String,
    pub note: String,
}

impl HtmlSafe for Phone {}

impl Phone {
    pub fn of(entered: &str) -> Self {
        let Some(found) = PhoneNumber::parse(entered) else {
            return Self::unread(entered);
        };
        let (before, after) = found.words();
        let number = found.grouped().replace(' ', NO_BREAK_SPACE);
        Self {
            number: format!("{}{number}", before.trim_start()),
            dial: found.e164(),
            note: after.trim_end().to_owned(),
        }
    }

    /// A text without a valid number. One with enough digits can be dialled nevertheless.
    fn unread(entered: &str) -> Self {
        let of_number = |letter: char| letter.is_ascii_digit() || "+ \u{a0}()-./".contains(letter);
        let at = entered
            .find(|letter| !of_number(letter))
            .unwrap_or(entered.len());
        let number = entered[..at].trim_end();
        let digits = |letter: &char| letter.is_ascii_digit() || *letter == '+';
        let dial: String = number.chars().filter(digits).collect();
        if dial.len() < DIGITS_MIN {
            return Self {
                number: entered.to_owned(),
                dial: String::new(),
                note: String::new(),
            };
        }
        Self {
            note: entered[number.len()..].to_owned(),
            number: number.replace(' ', NO_BREAK_SPACE),
            dial,
        }
    }
}

/// A text whose numbers do not break at the end of a line.
pub(super) fn with_whole_numbers(text: &str) -> String {
    let mut letters = text.chars().peekable();
    let (mut whole, mut last) = (String::with_capacity(text.len()), ' ');
    while let Some(letter) = letters.next() {
        let is_digit = |letter: &char| letter.is_ascii_digit();
        if letter == ' ' && is_digit(&last) && letters.peek().is_some_and(is_digit) {
            whole.push_str(NO_BREAK_SPACE);
        } else {
            whole.push(letter);
        }
        last = letter;
    }
    whole
}

/// A phone number as a page shows it, with the words after it.
pub(super) fn phone_text(entered: &str) -> String {
    let Phone { number, note, .. } = Phone::of(entered);
    number + &note
}

/// A phone number as somebody would type it, with the words around it.
pub(super) fn typed_phone(kept: &str) -> String {
    phone_text(kept).replace(NO_BREAK_SPACE, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_a_text_stay_on_one_line() {
        let says = with_whole_numbers("Phone 0161 496 0000 by 5 July");
        assert_eq!(says, "Phone 0161\u{a0}496\u{a0}0000 by 5 July");
    }

    #[test]
    fn a_number_is_dialled_without_the_words_after_it() {
        let phone = Phone::of("07700 900 112, after 3pm");
        assert_eq!(
            (
                phone.number.as_str(),
                phone.dial.as_str(),
                phone.note.as_str()
            ),
            ("07700\u{a0}900\u{a0}112", "+447700900112", ", after 3pm")
        );
        assert_eq!(Phone::of("01632 96001, evenings").dial, "0163296001");
        assert_eq!(Phone::of("+44 161 496 0177").dial, "+441614960177");
        assert_eq!(Phone::of("ask next door").dial, "");
        assert_eq!(Phone::of("").number, "");
    }

    #[test]
    fn a_number_is_shown_in_its_usual_groups() {
        for (entered, shown) in [
            ("07700900352", "07700 900 352"),
            ("07700 900352", "07700 900 352"),
            ("0161 4960000", "0161 496 0000"),
            ("(0114) 496 0000", "0114 496 0000"),
            ("02079460000", "020 7946 0000"),
            ("01632-960001", "01632 960 001"),
            ("0808 1570000", "0808 157 0000"),
            ("+44 7700 900352", "07700 900 352"),
            ("+447700900352", "07700 900 352"),
            ("+441614960000 ext 12", "0161 496 0000 ext 12"),
            ("+448001111", "0800 1111"),
            ("+48225100000", "+48 22 510 00 00"),
            ("Home: +441614960000", "Home: 0161 496 0000"),
            ("+48 22 510 00 00", "+48 22 510 00 00"),
            ("01632 96001, evenings", "01632 96001, evenings"),
        ] {
            let plain = phone_text(entered).replace(NO_BREAK_SPACE, " ");
            assert_eq!(plain, shown, "{entered}");
        }
        assert_eq!(phone_text("ask next door"), "ask next door");
        assert_eq!(
            typed_phone("+447700900112, after 3pm"),
            "07700 900 112, after 3pm"
        );
    }
}
