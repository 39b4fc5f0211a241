//! Payment file in a bank's layout: CSV with CRLF line ends.

use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::layout::{ColumnValue, Layout};
use crate::domain::Money;

/// One payment of a payment file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentLine {
    /// Six digits, without hyphens.
    pub sort_code: String,
    /// Eight digits.
    pub account_number: String,
    /// Name on the account, as the group gave it.
    pub holder: String,
    pub amount: Money,
    pub reference: String,
}

/// Contents of a payment file, and the totals that are recorded with the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankFile {
    pub text: String,
    /// Number of payments.
    pub payments: u32,
    pub total: Money,
    /// SHA-256 of the text, in hexadecimal.
    pub digest: String,
}

/// Writes a payment file. `on` is the day on which the bank should pay.
#[must_use]
pub fn write_payment_file(layout: &Layout, lines: &[PaymentLine], on: Date) -> BankFile {
    let mut csv = csv::WriterBuilder::new()
        .delimiter(u8::try_from(layout.separator).unwrap_or(b','))
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    if layout.titles {
        let _ = csv.write_record(layout.columns.iter().map(|column| &column.title));
    }
    for line in lines {
        let _ = csv.write_record(layout.columns.iter().map(|column| {
            let said = column_text(&column.value, line, on);
            said.chars()
                .take(column.most.unwrap_or(usize::MAX))
                .collect::<String>()
                .trim_end()
                .to_owned()
        }));
    }
    let text = csv
        .into_inner()
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default();
    BankFile {
        digest: hex::encode(Sha256::digest(&text)),
        payments: u32::try_from(lines.len()).unwrap_or(u32::MAX),
        total: lines.iter().map(|line| line.amount).sum(),
        text,
    }
}

fn column_text(value: &ColumnValue, line: &PaymentLine, on: Date) -> String {
    match value {
        ColumnValue::SortCode => line.sort_code.clone(),
        ColumnValue::SortCodeWithHyphens => line
            .sort_code
            .as_bytes()
            .chunks(2)
            .map(String::from_utf8_lossy)
            .collect::<Vec<_>>()
            .join("-"),
        ColumnValue::AccountNumber => line.account_number.clone(),
        ColumnValue::Payee => to_bank_characters(&line.holder),
        ColumnValue::Pounds => line.amount.into(),
        ColumnValue::Pence => line.amount.pence().to_string(),
        ColumnValue::Reference => line.reference.clone(),
        ColumnValue::Day => on.to_string(),
        ColumnValue::DayWithSlashes => on.strftime("%d/%m/%Y").to_string(),
        ColumnValue::DayOfDigits => on.strftime("%Y%m%d").to_string(),
        ColumnValue::Text(text) => text.clone(),
    }
}

/// Transliterates a name to the characters that bank payments allow (Ł becomes L): capitals,
/// digits, full stop, ampersand, hyphen, slash and space. Leading punctuation is removed, so that
/// no spreadsheet reads the name as a formula.
fn to_bank_characters(name: &str) -> String {
    let kept = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '&' | '-' | '/') {
            c.to_ascii_uppercase()
        } else {
            ' '
        }
    };
    let words: String = deunicode::deunicode(name).chars().map(kept).collect();
    words
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .trim_start_matches(['-', '.', '&', '/'])
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(holder: &str) -> PaymentLine {
        PaymentLine {
            sort_code: "123456".into(),
            account_number: "00345678".into(),
            holder: holder.into(),
            amount: "850.5".parse().expect("an amount"),
            reference: "GR000018P1".into(),
        }
    }

    #[test]
    fn a_file_has_a_line_a_payment_and_says_what_it_adds_up_to() {
        let file = write_payment_file(
            &Layout::plain(),
            &[
                line("=Soup & Song, CIC"),
                line("Łódź friends of the long name"),
            ],
            jiff::civil::date(2026, 3, 1),
        );
        assert_eq!(
            file.text,
            "Sort code,Account number,Name,Amount,Reference\r\n123456,00345678,SOUP & SONG \
                CIC,850.50,GR000018P1\r\n123456,00345678,LODZ FRIENDS OF TH,850.50,GR000018P1\r\n"
        );
        assert_eq!((file.payments, file.total), (2, Money::from_pounds(1701)));
        assert_eq!(file.digest.len(), 64);
    }
}
