//! Layout of a bank's payment file and of its statements, which the operator describes in JSON
//! (docs/integrations/bank.md).

use std::path::Path;

use serde::Deserialize;

use super::credit_transfer::{CreditTransfer, FileFormat, RollNumbers};

/// Layout of a payment file: the columns of a line per payment, or a message of ISO 20022.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// The office's name for the layout.
    pub name: String,
    /// CSV by default.
    #[serde(default)]
    pub format: FileFormat,
    /// The settings of a message.
    #[serde(default)]
    pub credit_transfer: CreditTransfer,
    /// Whether the first line contains the titles of the columns. True by default.
    #[serde(default = "yes")]
    pub titles: bool,
    #[serde(default = "comma")]
    /// Separator of columns; a comma by default.
    pub separator: char,
    /// The columns of a CSV file.
    #[serde(default)]
    pub columns: Vec<Column>,
    /// The layout of the bank's CSV statements, for files without known titles.
    #[serde(default)]
    pub statement: Option<StatementLayout>,
}

/// Layout of a statement as CSV: one line per movement.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementLayout {
    /// Separator of columns; a comma by default.
    #[serde(default = "comma")]
    pub separator: char,
    /// What the columns contain, from left to right.
    pub columns: Vec<StatementColumn>,
}

/// What a column of a statement contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatementColumn {
    Day,
    /// The amount, with a minus sign or the letters DR for money out.
    Amount,
    MoneyOut,
    MoneyIn,
    /// A word such as `debit`, or DR and CR.
    Direction,
    /// Whether the bank has booked the movement.
    State,
    Currency,
    /// Text that may contain the payment's reference.
    Description,
    /// Not read.
    Ignore,
}

fn yes() -> bool {
    true
}

fn comma() -> char {
    ','
}

/// One column of the file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    pub title: String,
    pub value: ColumnValue,
    /// Maximum number of characters; longer values are cut.
    #[serde(default)]
    pub most: Option<usize>,
}

/// The value that a column contains.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ColumnValue {
    /// Six digits.
    SortCode,
    /// `12-34-56`.
    SortCodeWithHyphens,
    /// Eight digits.
    AccountNumber,
    /// The roll number of a building society's account; empty for any other.
    RollNumber,
    /// The name on the account.
    Payee,
    /// Pounds with two decimals: `850.00`.
    Pounds,
    /// Whole pence: `85000`.
    Pence,
    /// The payment's reference, by which the bank statement is reconciled.
    Reference,
    /// The roll number of a building society's account, or else the payment's reference. Banks
    /// whose file has no column for roll numbers want it so.
    ReferenceOrRollNumber,
    /// `2026-03-31`.
    Day,
    /// `31/03/2026`.
    DayWithSlashes,
    /// `20260331`.
    DayOfDigits,
    /// The same text in every line.
    Text(String),
}

impl ColumnValue {
    /// The fewest characters for which a column needs room, so that no value is cut by which the
    /// bank pays, or by which the statement is matched.
    fn room(&self) -> Option<usize> {
        match self {
            Self::SortCode => Some(6),
            Self::SortCodeWithHyphens | Self::AccountNumber | Self::DayOfDigits => Some(8),
            Self::Day | Self::DayWithSlashes => Some(10),
            // `999999999.99`
            Self::Pounds | Self::Pence => Some(12),
            Self::RollNumber | Self::Reference | Self::ReferenceOrRollNumber => Some(18),
            Self::Payee | Self::Text(_) => None,
        }
    }
}

/// Why a layout cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    #[error("the file cannot be read: {0}")]
    File(std::io::Error),
    #[error("the file is not a layout in JSON: {0}")]
    Json(serde_json::Error),
    #[error(
        "{0} has columns, but a message of ISO 20022 has none: leave them out, or choose the \
            format csv"
    )]
    ColumnsOfMessage(String),
    #[error("{0}: a service level is a code of up to 4, or a word of up to 35 letters and digits")]
    ServiceLevel(String),
    #[error(
        "{0} needs a column with {1}: without it the bank cannot pay, or you cannot match the \
            payment later"
    )]
    Missing(String, &'static str),
    #[error("{0}: the separator is a comma, a semicolon, a tab or another plain character")]
    Separator(String),
    #[error(
        "{0}: the column {1:?} needs room for {2} characters, or the bank would read a part of its \
            value: leave out \"most\", or make it larger"
    )]
    CutShort(String, String, usize),
    #[error("the statement of {0} needs {1}")]
    Statement(String, &'static str),
}

impl Layout {
    /// Reads a layout from a JSON file. A layout without a column for the sort code, the account
    /// number, the amount or the reference is an error, and so is a column that would cut them.
    pub fn read(file: &Path) -> Result<Self, LayoutError> {
        Self::parse(&std::fs::read_to_string(file).map_err(LayoutError::File)?)
    }

    fn parse(text: &str) -> Result<Self, LayoutError> {
        let layout: Self = serde_json::from_str(text).map_err(LayoutError::Json)?;
        layout
            .require_message()?
            .require_payment_columns()?
            .require_whole_values()?
            .require_statement_columns()
    }

    /// Returns the layout if it is CSV, or a message without columns and with valid settings.
    fn require_message(self) -> Result<Self, LayoutError> {
        if self.format != FileFormat::Csv && !self.columns.is_empty() {
            Err(LayoutError::ColumnsOfMessage(self.name))
        } else if self.credit_transfer.is_valid() {
            Ok(self)
        } else {
            Err(LayoutError::ServiceLevel(self.name))
        }
    }

    /// Returns the layout if it contains every column that a payment needs. A message always
    /// contains these values.
    fn require_payment_columns(self) -> Result<Self, LayoutError> {
        use ColumnValue as V;
        let needed: [(&'static str, &[V]); 4] = [
            ("the sort code", &[V::SortCode, V::SortCodeWithHyphens]),
            ("the account number", &[V::AccountNumber]),
            ("the amount", &[V::Pounds, V::Pence]),
            ("the reference", &[V::Reference, V::ReferenceOrRollNumber]),
        ];
        for (says, values) in needed {
            let mut columns = self.columns.iter();
            let is_column = columns.any(|column| values.contains(&column.value));
            if self.format == FileFormat::Csv && !is_column {
                return Err(LayoutError::Missing(self.name, says));
            }
        }
        Ok(self)
    }

    /// Returns the layout if its separator can be written, and no column cuts a number or a day.
    fn require_whole_values(self) -> Result<Self, LayoutError> {
        if !self.separator.is_ascii() || matches!(self.separator, '"' | '\r' | '\n') {
            return Err(LayoutError::Separator(self.name));
        }
        let cut = self.columns.iter().find_map(|column| {
            let (most, room) = (column.most?, column.value.room()?);
            (most < room).then(|| (column.title.clone(), room))
        });
        match cut {
            Some((title, room)) => Err(LayoutError::CutShort(self.name, title, room)),
            None => Ok(self),
        }
    }

    /// Returns the layout if its statement layout, if any, has the columns that a movement needs.
    fn require_statement_columns(self) -> Result<Self, LayoutError> {
        match self.statement.as_ref().and_then(StatementLayout::fault) {
            Some(says) => Err(LayoutError::Statement(self.name, says)),
            None => Ok(self),
        }
    }

    /// Whether the file has a place for the roll number of a building society account.
    #[must_use]
    pub fn has_roll_numbers(&self) -> bool {
        use ColumnValue as V;
        match self.format {
            FileFormat::Csv => self
                .columns
                .iter()
                .any(|column| matches!(column.value, V::RollNumber | V::ReferenceOrRollNumber)),
            FileFormat::Pain00103 | FileFormat::Pain00109 => {
                self.credit_transfer.roll_numbers == RollNumbers::AsReference
            }
        }
    }

    /// The built-in layout, used if the operator configures none. It is not the layout of a
    /// particular bank.
    #[must_use]
    pub fn plain() -> Self {
        let column = |title: &str, value, most| Column {
            title: title.to_owned(),
            value,
            most,
        };
        let columns = vec![
            column("Sort code", ColumnValue::SortCode, None),
            column("Account number", ColumnValue::AccountNumber, None),
            column("Name", ColumnValue::Payee, Some(18)),
            column("Amount", ColumnValue::Pounds, None),
            column("Reference", ColumnValue::Reference, Some(18)),
        ];
        Self {
            name: "plain".to_owned(),
            format: FileFormat::Csv,
            credit_transfer: CreditTransfer::default(),
            titles: true,
            separator: ',',
            columns,
            statement: None,
        }
    }
}

impl StatementLayout {
    /// What is missing, repeated or invalid.
    fn fault(&self) -> Option<&'static str> {
        use StatementColumn as C;
        let count = |wanted: C| {
            self.columns
                .iter()
                .filter(|column| **column == wanted)
                .count()
        };
        let amounts = (count(C::Amount), count(C::MoneyOut), count(C::MoneyIn));
        if !self.separator.is_ascii() {
            Some("a separator that is a comma, a semicolon or another plain character")
        } else if count(C::Day) != 1 {
            Some("one column for the day")
        } else if !matches!(amounts, (1, 0, 0) | (0, 1, 1)) {
            Some("one column for the amount, or one for money out and one for money in")
        } else if count(C::Description) == 0 {
            Some("a column for the description")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::{Direction, read_statement_with};

    #[test]
    fn the_examples_of_the_document_can_be_used() {
        let document = include_str!("../../docs/integrations/bank.md");
        let examples = document.split("```json\n").skip(1);
        let examples = examples.filter_map(|rest| rest.split("```").next());
        let layouts: Vec<Layout> = examples
            .map(|example| Layout::parse(example).expect(example))
            .collect();
        assert_eq!(layouts.len(), 3);
        let statement = layouts[2].statement.as_ref();
        let read = read_statement_with(b"26/11/2026,FPO GR013782P1,-1800.00,100.00\n", statement);
        let entries = read.expect("a statement").entries;
        assert_eq!(entries.len(), 1);
        assert_eq!(
            (entries[0].pence, entries[0].direction),
            (180_000, Some(Direction::Out))
        );
    }

    #[test]
    fn a_message_has_no_columns() {
        let read = |text: &str| -> Result<Layout, LayoutError> {
            serde_json::from_str::<Layout>(text)
                .unwrap()
                .require_message()?
                .require_payment_columns()
        };
        let layout = read(
            r#"{ "name": "ours", "format": "pain.001.001.09", "credit_transfer": {
                 "service": "bacs", "accounts": "bban",
                 "service_level": { "proprietary": "FAST" },
                 "from": { "holder": "Our office", "numbers": "12-34-56 12345678" } } }"#,
        )
        .unwrap();
        assert_eq!(layout.format, FileFormat::Pain00109);
        assert_eq!(
            layout
                .credit_transfer
                .from
                .map(|from| from.numbers.to_string()),
            Some("123456 12345678".to_owned())
        );
        assert!(read(r#"{ "name": "ours", "format": "pain.001.001.03" }"#).is_ok());
        assert!(matches!(
            read(
                r#"{ "name": "ours", "format": "pain.001.001.03",
                     "columns": [{ "title": "T", "value": "payee" }] }"#
            ),
            Err(LayoutError::ColumnsOfMessage(_))
        ));
        assert!(matches!(
            read(
                r#"{ "name": "ours", "format": "pain.001.001.03",
                     "credit_transfer": { "service_level": { "code": "URGENT" } } }"#
            ),
            Err(LayoutError::ServiceLevel(_))
        ));
        assert!(
            serde_json::from_str::<Layout>(r#"{ "name": "o", "format": "pain.001.001.02" }"#)
                .is_err()
        );
        assert!(matches!(
            read(r#"{ "name": "ours" }"#),
            Err(LayoutError::Missing(..))
        ));
    }

    #[test]
    fn a_layout_names_what_every_payment_needs() {
        assert!(Layout::plain().require_payment_columns().is_ok());
        for left_out in [
            ColumnValue::SortCode,
            ColumnValue::AccountNumber,
            ColumnValue::Pounds,
            ColumnValue::Reference,
        ] {
            let mut layout = Layout::plain();
            layout.columns.retain(|column| column.value != left_out);
            assert!(layout.require_payment_columns().is_err(), "{left_out:?}");
        }
        let told = serde_json::from_str::<Layout>(
            r#"{ "name": "ours",
                 "columns": [{ "title": "T", "value": { "text": "99" }, "most": 2 }] }"#,
        );
        assert_eq!(
            told.unwrap().columns[0].value,
            ColumnValue::Text("99".to_owned())
        );
        assert!(
            serde_json::from_str::<Layout>(
                r#"{ "name": "ours", "columns": [{ "title": "T", "value": "iban" }] }"#
            )
            .is_err()
        );
    }

    #[test]
    fn no_column_cuts_what_the_bank_or_the_statement_needs() {
        let with = |change: fn(&mut Layout)| {
            let mut layout = Layout::plain();
            change(&mut layout);
            layout.require_whole_values()
        };
        assert!(with(|_| {}).is_ok());
        assert!(with(|layout| layout.separator = '\t').is_ok());
        let wrong: [fn(&mut Layout); 2] = [
            |layout| layout.separator = '£',
            |layout| layout.separator = '"',
        ];
        for change in wrong {
            assert!(matches!(with(change), Err(LayoutError::Separator(_))));
        }
        for (column, most) in [(0, 5), (1, 7), (3, 11), (4, 17)] {
            let mut layout = Layout::plain();
            layout.columns[column].most = Some(most);
            let title = layout.columns[column].title.clone();
            let error = layout.require_whole_values().unwrap_err().to_string();
            let says = format!("plain: the column {title:?} needs room for {} ", most + 1);
            assert!(error.starts_with(&says), "{error}");
        }
    }

    #[test]
    fn a_layout_of_statements_has_a_day_an_amount_and_a_text() {
        let fault = |columns: &str| {
            let layout = format!(r#"{{ "columns": [{columns}] }}"#);
            let layout: StatementLayout = serde_json::from_str(&layout).expect(columns);
            layout.fault()
        };
        for columns in [
            r#""day", "description", "amount", "ignore""#,
            r#""day", "ignore", "description", "description", "money_out", "money_in""#,
            r#""state", "day", "direction", "amount", "currency", "description""#,
        ] {
            assert_eq!(fault(columns), None, "{columns}");
        }
        for columns in [
            r#""description", "amount""#,
            r#""day", "day", "description", "amount""#,
            r#""day", "description""#,
            r#""day", "description", "money_out""#,
            r#""day", "description", "amount", "money_in""#,
            r#""day", "amount""#,
        ] {
            assert!(fault(columns).is_some(), "{columns}");
        }
        let unknown = r#"{ "columns": ["day", "iban"] }"#;
        assert!(serde_json::from_str::<StatementLayout>(unknown).is_err());
    }
}
