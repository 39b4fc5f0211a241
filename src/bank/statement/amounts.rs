//! Amounts as banks write them. An amount that can be read in two ways is refused.

use super::Direction;
use super::decimals::to_pence;

/// The largest amount in pence: the same as for all amounts of the service.
const PENCE_MAX: u64 = 9_999_999_900;

/// An amount with the mark of its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SignedAmount {
    pub pence: u64,
    pub sign: AmountSign,
}

/// What an amount says about its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AmountSign {
    Unmarked,
    /// A minus sign, or brackets.
    Minus,
    Plus,
    /// The letters DR, or D.
    Debit,
    /// The letters CR, or C.
    Credit,
    /// The sign and the letters disagree.
    Contradictory,
}

impl AmountSign {
    /// The direction that the sign alone gives.
    pub(super) fn direction(self) -> Option<Direction> {
        match self {
            Self::Minus | Self::Debit => Some(Direction::Out),
            Self::Plus | Self::Credit => Some(Direction::In),
            Self::Unmarked | Self::Contradictory => None,
        }
    }
}

/// What may be written before or after the digits.
#[derive(Clone, Copy)]
enum Mark {
    Pounds,
    Symbol(AmountSign),
    Letters(AmountSign),
}

/// The marks, in capitals. Longer ones come first.
const MARKS: [(&str, Mark); 9] = [
    ("GBP", Mark::Pounds),
    ("£", Mark::Pounds),
    ("DR", Mark::Letters(AmountSign::Debit)),
    ("DB", Mark::Letters(AmountSign::Debit)),
    ("CR", Mark::Letters(AmountSign::Credit)),
    ("D", Mark::Letters(AmountSign::Debit)),
    ("C", Mark::Letters(AmountSign::Credit)),
    ("-", Mark::Symbol(AmountSign::Minus)),
    ("+", Mark::Symbol(AmountSign::Plus)),
];

/// The marks of an amount, at most one of each kind.
#[derive(Default)]
struct Marks {
    pounds: bool,
    sign: Option<AmountSign>,
    letters: Option<AmountSign>,
}

impl Marks {
    /// Adds a mark. `None` if there is one of its kind.
    fn add(&mut self, mark: Mark) -> Option<()> {
        let is_first = match mark {
            Mark::Pounds => !std::mem::replace(&mut self.pounds, true),
            Mark::Symbol(sign) => self.sign.replace(sign).is_none(),
            Mark::Letters(sign) => self.letters.replace(sign).is_none(),
        };
        is_first.then_some(())
    }

    fn sign(&self) -> AmountSign {
        match (self.sign, self.letters) {
            (None, None) => AmountSign::Unmarked,
            (Some(only), None) | (None, Some(only)) => only,
            (Some(sign), Some(letters)) if sign.direction() == letters.direction() => letters,
            (Some(_), Some(_)) => AmountSign::Contradictory,
        }
    }
}

/// Parses an amount in pounds: `-1,850.00`, `£25.5`, `(25.00)`, `1800.00 DR`, `1.800,00`. `None` if
/// it is not an amount, or can be read in two ways, such as `1.800`.
pub(super) fn parse_amount(written: &str) -> Option<SignedAmount> {
    let plain: String = written.chars().map(plain_character).collect();
    let plain = plain.to_uppercase();
    // Spreadsheets write an apostrophe before a number that is kept as text.
    let mut rest = plain.trim().trim_start_matches('\'').trim();
    let mut marks = Marks::default();
    while let Some((mark, inner)) = strip_mark(rest) {
        marks.add(mark)?;
        rest = inner.trim();
    }
    Some(SignedAmount {
        pence: parse_pence(rest)?,
        sign: marks.sign(),
    })
}

/// Replaces all kinds of minus signs and spaces by the plain ones.
fn plain_character(c: char) -> char {
    match c {
        '\u{2212}' | '\u{2010}'..='\u{2013}' => '-',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

/// The first mark at either end of the text, and the text without it.
fn strip_mark(text: &str) -> Option<(Mark, &str)> {
    let bracketed = text
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    if let Some(inner) = bracketed {
        return Some((Mark::Symbol(AmountSign::Minus), inner));
    }
    MARKS.iter().find_map(|(written, mark)| {
        let inner = text
            .strip_prefix(*written)
            .or_else(|| text.strip_suffix(*written))?;
        Some((*mark, inner))
    })
}

/// Parses digits with a point or a comma before the pence, and the other one, or spaces, between
/// thousands.
fn parse_pence(text: &str) -> Option<u64> {
    let (pounds, fraction) = match text.rfind(['.', ',']) {
        None => (text, ""),
        Some(at) => {
            let (before, after) = (&text[..at], &text[at + 1..]);
            let mark = &text[at..=at];
            if is_between_thousands(text, before, mark, after)? {
                (text, "")
            } else {
                (before, after)
            }
        }
    };
    let pence = to_pence(pounds, fraction, &['.', ',', ' '])?;
    (pence <= PENCE_MAX && !pounds.is_empty()).then_some(pence)
}

/// Whether the last mark of an amount is between thousands. `None` if it can be either.
fn is_between_thousands(text: &str, before: &str, mark: &str, after: &str) -> Option<bool> {
    if text.matches(mark).count() > 1 {
        return Some(true);
    }
    let has_other_mark = before.contains(['.', ',', ' ']);
    let looks_like_thousands = after.len() == 3 && (1..=3).contains(&before.len());
    match (looks_like_thousands, mark) {
        // 1.800 is 1,800 to some, and 1.80 to others.
        (true, ".") => None,
        (true, _) => Some(true),
        // 1.234,567 and 1,234.567 have fractions of a penny; 1800,000 has no separated thousands.
        (false, _) if (has_other_mark || mark == ",") && after.len() == 3 => None,
        (false, _) => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(written: &str) -> Option<(u64, AmountSign)> {
        parse_amount(written).map(|amount| (amount.pence, amount.sign))
    }

    #[test]
    fn amounts_of_banks_are_read() {
        use AmountSign::{Contradictory, Credit, Debit, Minus, Plus, Unmarked};
        for (written, pence, sign) in [
            ("1800", 180_000, Unmarked),
            ("1800.5", 180_050, Unmarked),
            ("£1,800.00", 180_000, Unmarked),
            ("1,234,567.89", 123_456_789, Unmarked),
            ("1,800", 180_000, Unmarked),
            ("1 800,00", 180_000, Unmarked),
            ("1\u{a0}800.00", 180_000, Unmarked),
            ("1.800,00", 180_000, Unmarked),
            ("1.234.567,8", 123_456_780, Unmarked),
            ("-1800,00", 180_000, Minus),
            ("\u{2212}£1800.00", 180_000, Minus),
            ("£-1800.00", 180_000, Minus),
            ("1800.00-", 180_000, Minus),
            ("(1,800.00)", 180_000, Minus),
            ("£(1,800.00)", 180_000, Minus),
            ("+25.50", 2_550, Plus),
            ("1800.00 DR", 180_000, Debit),
            ("1800.00dr", 180_000, Debit),
            ("DR 1800.00", 180_000, Debit),
            ("25.50 Cr", 2_550, Credit),
            ("GBP 25.50 C", 2_550, Credit),
            ("-1800.00 DR", 180_000, Debit),
            ("-1800.00 CR", 180_000, Contradictory),
            ("1800.0000", 180_000, Unmarked),
            ("'-1800.00", 180_000, Minus),
            ("99,999,999.00", 9_999_999_900, Unmarked),
        ] {
            assert_eq!(read(written), Some((pence, sign)), "{written}");
        }
    }

    #[test]
    fn a_text_that_is_not_an_amount_or_could_be_two_is_refused() {
        for written in [
            "",
            "one",
            "-",
            "£",
            "1.800",
            "1.234,567",
            "1 234,500",
            "1800,000",
            "1,80.00",
            "12,34,567.00",
            "1800.005",
            "1,,800",
            "1.800.00",
            "--5",
            "(-5)",
            "££5",
            "5 DR CR",
            "€5",
            "5 EUR",
            ".50",
            "5/2",
            "1e3",
            "100,000,000.00",
            "99999999999999999999",
        ] {
            assert_eq!(read(written), None, "{written}");
        }
    }

    /// An amount with separators, as banks of different countries write it.
    fn spelled(pence: u64, thousands: &str, decimal: &str) -> String {
        let pounds = (pence / 100).to_string();
        let groups: Vec<_> = pounds
            .as_bytes()
            .rchunks(3)
            .rev()
            .map(|group| String::from_utf8_lossy(group).into_owned())
            .collect();
        format!("{}{decimal}{:02}", groups.join(thousands), pence % 100)
    }

    proptest! {
        #[test]
        fn every_spelling_of_an_amount_is_that_amount(
            pence in 0..=PENCE_MAX,
            marks in prop::sample::select(vec![
                ("", "."), (",", "."), (" ", "."), ("", ","), (".", ","), (" ", ","),
            ]),
            around in prop::sample::select(vec![
                ("", "", AmountSign::Unmarked),
                ("£", "", AmountSign::Unmarked),
                ("-", "", AmountSign::Minus),
                ("", "-", AmountSign::Minus),
                ("-£", "", AmountSign::Minus),
                ("(", ")", AmountSign::Minus),
                ("+", "", AmountSign::Plus),
                ("", " DR", AmountSign::Debit),
                ("", "CR", AmountSign::Credit),
            ]),
        ) {
            let (before, after, sign) = around;
            let written = format!("{before}{}{after}", spelled(pence, marks.0, marks.1));
            prop_assert_eq!(read(&written), Some((pence, sign)), "{}", written);
        }

        #[test]
        fn no_text_is_read_as_other_digits(written in "[-+(£]?[0-9., ]{1,12}( DR|CR|\\))?") {
            if let Some((pence, _)) = read(&written) {
                let digits = |text: &str| -> String {
                    let kept: String = text.chars().filter(char::is_ascii_digit).collect();
                    kept.trim_matches('0').to_owned()
                };
                prop_assert_eq!(digits(&pence.to_string()), digits(&written), "{}", written);
            }
        }
    }
}
