//! Spreadsheets of lists, as CSV and as XLSX with typed cells. The same rows give the same bytes.

mod csv;
mod xlsx;

use jiff::civil::Date;

use crate::domain::Money;
use crate::domain::csv::BYTE_ORDER_MARK;

pub use xlsx::SpreadsheetError;

/// A spreadsheet: columns and rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spreadsheet {
    /// Name of the file and of the tab.
    pub name: &'static str,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<SpreadsheetCell>>,
}

/// Value of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpreadsheetCell {
    Empty,
    Text(String),
    Number(i64),
    Money(Money),
    /// Difference in pence; may be negative.
    MoneyChange(i64),
    Day(Date),
}

impl Spreadsheet {
    /// Serialises as CSV with a byte order mark: money in pounds with two decimals, days as
    /// 2026-03-31, texts escaped against formulas by [`crate::domain::csv`].
    #[must_use]
    pub fn to_csv(&self) -> String {
        format!("{BYTE_ORDER_MARK}{}", csv::write(self))
    }

    /// Serialises as an XLSX workbook with one sheet. More rows than a worksheet can have are an
    /// error.
    pub fn to_xlsx(&self) -> Result<Vec<u8>, SpreadsheetError> {
        xlsx::write(self)
    }
}

impl From<&str> for SpreadsheetCell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for SpreadsheetCell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Money> for SpreadsheetCell {
    fn from(amount: Money) -> Self {
        Self::Money(amount)
    }
}

impl From<Date> for SpreadsheetCell {
    fn from(day: Date) -> Self {
        Self::Day(day)
    }
}

impl From<i64> for SpreadsheetCell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for SpreadsheetCell {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u16> for SpreadsheetCell {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

/// Formats signed pence as pounds with two decimals.
fn signed_pounds(pence: i64) -> String {
    format!(
        "{}{}",
        if pence < 0 { "-" } else { "" },
        String::from(Money::from_pence(pence.unsigned_abs()))
    )
}

impl<T: Into<SpreadsheetCell>> From<Option<T>> for SpreadsheetCell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Spreadsheet {
        let amount: Money = "1234.5".parse().expect("an amount");
        let row = vec![
            "=HYPERLINK(\"x\")".into(),
            amount.into(),
            jiff::civil::date(2026, 3, 31).into(),
            7_u16.into(),
            SpreadsheetCell::MoneyChange(-50),
        ];
        Spreadsheet {
            name: "Grants",
            columns: vec!["Group", "Award", "Offered", "Payments", "Change"],
            rows: vec![row],
        }
    }

    #[test]
    fn a_text_is_never_a_formula_and_money_has_two_decimals() {
        let (titles, row) = (
            r#""Group","Award","Offered","Payments","Change""#,
            r#""'=HYPERLINK(""x"")",1234.50,"2026-03-31",7,-0.50"#,
        );
        assert_eq!(sheet().to_csv(), format!("\u{feff}{titles}\r\n{row}\r\n"));
    }

    #[test]
    fn a_day_that_workbooks_do_not_know_is_a_text() {
        for day in [
            jiff::civil::Date::MIN,
            jiff::civil::date(0, 1, 1),
            jiff::civil::date(1899, 12, 30),
        ] {
            let sheet = Spreadsheet {
                rows: vec![vec![day.into()]],
                ..sheet()
            };
            assert!(sheet.to_xlsx().is_ok(), "{day}");
        }
    }

    #[test]
    fn the_same_rows_give_the_same_bytes() {
        let bytes = sheet().to_xlsx().expect("it fits");
        assert_eq!(bytes, sheet().to_xlsx().expect("it fits"));
        assert!(bytes.starts_with(b"PK"));
    }
}
