//! A cell of a table: its text, its type in the file, and its place.

use std::fmt::Display;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::line::RowError;

/// Maximum length of a cell's text in a message, in characters.
const QUOTED_CHARS_MAX: usize = 60;
/// A spreadsheet keeps 15 digits of a number: from here on it has replaced digits by zeros.
const NUMBER_MAX: f64 = 1e15;
/// Errors that spreadsheet programs write into cells, also those in Polish.
const ERRORS: [&str; 18] = [
    "#N/A",
    "#REF!",
    "#NAME?",
    "#VALUE!",
    "#DIV/0!",
    "#NULL!",
    "#NUM!",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#BLOCKED!",
    "#CONNECT!",
    "#GETTING_DATA",
    "#DATA!",
    "#ADR!",
    "#ARG!",
    "#NAZWA?",
    "#DZIEL/0!",
];

/// The type of a cell in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum CellKind {
    #[default]
    Text,
    Number,
    Date,
    Faulty(CellFault),
}

/// Why a cell has no value that can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(super) enum CellFault {
    #[error("the spreadsheet shows an error here: correct its formula, or clear the cell")]
    Error,
    #[error(
        "this formula has no result: open the file in a spreadsheet program, save it there, and \
            try again"
    )]
    NoResult,
    #[error(
        "a spreadsheet keeps only 15 digits of a number: format the cell as text, and type it again"
    )]
    TooManyDigits,
    #[error(
        "a spreadsheet has shortened this number: format the cell as text, type it again, and save"
    )]
    Shortened,
    #[error("the column was too narrow when the file was saved: make it wider, and save it again")]
    TooNarrow,
    #[error("this is a time, not a date or a text: format the cell as text, and type it again")]
    Time,
    #[error(
        "a spreadsheet has turned this into TRUE or FALSE: format the cell as text, and type it \
            again"
    )]
    Logical,
    #[error("a letter was lost here: type it again, and save the file as “CSV UTF-8”")]
    LostLetter,
    #[error("this is not text or a number")]
    NotPlain,
    #[error("there are several values here: split the grant, so that each has one")]
    Several,
}

/// A cell. An empty one has no text and no fault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TableCell {
    pub text: String,
    pub kind: CellKind,
    /// Where it is: `B7`, or the name of a field in JSON.
    pub place: String,
}

impl TableCell {
    pub fn new(text: impl Into<String>, kind: CellKind) -> Self {
        Self {
            text: text.into(),
            kind,
            place: String::new(),
        }
    }

    pub fn faulty(text: impl Into<String>, fault: CellFault) -> Self {
        Self::new(text, CellKind::Faulty(fault))
    }

    /// A cell that a person typed as text, or a cell of a CSV file.
    pub fn typed(text: &str) -> Self {
        let text = text.trim();
        match fault_of_text(text) {
            Some(fault) => Self::faulty(text, fault),
            None => Self::new(text, CellKind::Text),
        }
    }

    /// A number of a workbook. It is rounded to 15 digits, as spreadsheet programs show it.
    pub fn number(number: f64) -> Self {
        if number.abs() >= NUMBER_MAX {
            return Self::faulty(number.to_string(), CellFault::TooManyDigits);
        }
        let text = Decimal::from_scientific(&format!("{number:.14e}")).map_or_else(
            |_| number.to_string(),
            |exact| exact.normalize().to_string(),
        );
        Self::new(text, CellKind::Number)
    }

    #[must_use]
    pub fn at(self, place: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            ..self
        }
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && !matches!(self.kind, CellKind::Faulty(_))
    }

    /// An error that names the cell and quotes its text.
    pub fn error(&self, why: impl Display) -> RowError {
        let text: String = self.text.chars().take(QUOTED_CHARS_MAX).collect();
        let more = if text.len() < self.text.len() {
            "…"
        } else {
            ""
        };
        if text.is_empty() {
            RowError(format!("{}: {why}", self.place))
        } else {
            RowError(format!("{} “{text}{more}”: {why}", self.place))
        }
    }
}

fn fault_of_text(text: &str) -> Option<CellFault> {
    let is_error = ERRORS.contains(&text)
        || text
            .strip_prefix("Err:")
            .is_some_and(|code| code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit()));
    if is_error {
        Some(CellFault::Error)
    } else if text.len() > 1 && text.bytes().all(|b| b == b'#') {
        Some(CellFault::TooNarrow)
    } else if text.contains('\u{fffd}') {
        Some(CellFault::LostLetter)
    } else if is_shortened(text) {
        Some(CellFault::Shortened)
    } else {
        None
    }
}

/// Whether a text is a number as spreadsheet programs shorten it: `1.23457E+11`.
fn is_shortened(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once("E+").is_some_and(|(number, power)| {
        let (whole, part) = number.split_once(['.', ',']).unwrap_or((number, "0"));
        digits(whole) && digits(part) && digits(power)
    })
}

/// The letters of a column, counted from 0: `A`, `Z`, `AA`.
pub(super) fn column_letters(column: usize) -> String {
    let mut letters = String::new();
    let mut left = column + 1;
    while left > 0 {
        let letter = u8::try_from((left - 1) % 26).unwrap_or_default();
        letters.insert(0, char::from(b'A' + letter));
        left = (left - 1) / 26;
    }
    letters
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Money;
    use crate::domain::money::AmountFault;

    proptest! {
        #[test]
        fn an_amount_in_a_cell_is_that_amount(pence in 0_u64..9_999_999_900) {
            let money = Money::from_pence(pence);
            let plain = String::from(money);
            let number: f64 = plain.parse().unwrap();
            for cell in [
                TableCell::number(number),
                TableCell::typed(&plain),
                TableCell::typed(&money.to_string()),
                TableCell::typed(&format!(" {} ", money.to_string().replace(',', " "))),
            ] {
                prop_assert_eq!(AmountFault::parse(&cell.text), Ok(money), "{}", cell.text);
            }
            let comma = TableCell::typed(&plain.replace('.', ","));
            prop_assert_eq!(
                AmountFault::parse(&comma.text),
                Err(AmountFault::CommaBeforePence(money))
            );
        }
    }

    #[test]
    fn columns_are_named_as_in_a_spreadsheet() {
        for (column, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (701, "ZZ")] {
            assert_eq!(column_letters(column), letters);
        }
        assert_eq!(column_letters(702), "AAA");
    }

    #[test]
    fn a_number_is_as_the_spreadsheet_shows_it() {
        for (number, text) in [
            (2000.0, "2000"),
            (850.5, "850.5"),
            (0.300_000_000_000_000_04, "0.3"),
            (1234.1, "1234.1"),
            (-500.0, "-500"),
            (1_234_567.0, "1234567"),
            (999_999_999_999_999.0, "999999999999999"),
        ] {
            let cell = TableCell::number(number);
            assert_eq!((cell.text.as_str(), cell.kind), (text, CellKind::Number));
        }
        assert_eq!(
            TableCell::number(1e15).kind,
            CellKind::Faulty(CellFault::TooManyDigits)
        );
    }

    #[test]
    fn values_that_a_spreadsheet_spoiled_are_refused_in_csv_too() {
        for (text, fault) in [
            ("#N/A", CellFault::Error),
            (" #REF! ", CellFault::Error),
            ("#DIV/0!", CellFault::Error),
            ("Err:502", CellFault::Error),
            ("########", CellFault::TooNarrow),
            ("1.23457E+11", CellFault::Shortened),
            ("1E+15", CellFault::Shortened),
            ("Caf\u{fffd}", CellFault::LostLetter),
        ] {
            assert_eq!(
                TableCell::typed(text).kind,
                CellKind::Faulty(fault),
                "{text}"
            );
        }
        for text in ["#1 friends", "#", "N/A", "E+ club", "Err: none", "B2E+4U"] {
            assert_eq!(TableCell::typed(text).kind, CellKind::Text, "{text}");
        }
    }

    #[test]
    fn an_error_names_the_cell() {
        let cell = TableCell::typed("850,50").at("B7");
        assert_eq!(cell.error("no").0, "B7 “850,50”: no");
        let long = TableCell::typed(&"x".repeat(90)).at("A2");
        assert_eq!(long.error("no").0, format!("A2 “{}…”: no", "x".repeat(60)));
        let none = TableCell::faulty("", CellFault::NoResult).at("D2");
        assert_eq!(none.error("no").0, "D2: no");
    }
}
