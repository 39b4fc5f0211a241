//! Payment file in a bank's layout: CSV with CRLF line ends, or a message of ISO 20022.

use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::credit_transfer::{self, FileFormat, MessageVersion};
use super::layout::{ColumnValue, Layout};
use crate::domain::Money;
use crate::domain::organisation::ReturnAccount;

/// One payment of a payment file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentLine {
    /// Six digits, without hyphens.
    pub sort_code: String,
    /// Eight digits.
    pub account_number: String,
    /// Of a building society's account; empty for any other.
    pub roll_number: String,
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
    /// SHA-256 of the text, in hexadecimal. It is not stored as it is: the text has accounts.
    pub digest: String,
}

/// Which batch a file is of, and when it is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentOrder {
    /// Fund and key of the batch.
    pub batch: String,
    /// The day on which the bank should pay.
    pub on: Date,
    /// The day on which the file is made.
    pub made_on: Date,
}

/// The layout is a message, which must name the account that the office pays from, and no account
/// is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "The bank file names the account that you pay from, and we do not know it. Ask an \
        administrator to add the account for returns to the settings"
)]
pub struct NoAccount;

/// Writes a payment file. `own` is the organisation's account from its settings.
pub fn write_payment_file(
    layout: &Layout,
    lines: &[PaymentLine],
    order: &PaymentOrder,
    own: Option<&ReturnAccount>,
) -> Result<BankFile, NoAccount> {
    let message = |version| -> Result<String, NoAccount> {
        let options = &layout.credit_transfer;
        let from = options.from.as_ref().or(own).ok_or(NoAccount)?;
        Ok(credit_transfer::write(version, options, from, lines, order))
    };
    let text = match layout.format {
        FileFormat::Csv => write_csv(layout, lines, order.on),
        FileFormat::Pain00103 => message(MessageVersion::V03)?,
        FileFormat::Pain00109 => message(MessageVersion::V09)?,
    };
    Ok(BankFile {
        digest: hex::encode(Sha256::digest(&text)),
        payments: u32::try_from(lines.len()).unwrap_or(u32::MAX),
        total: lines.iter().map(|line| line.amount).sum(),
        text,
    })
}

fn write_csv(layout: &Layout, lines: &[PaymentLine], on: Date) -> String {
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
    csv.into_inner()
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
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
        ColumnValue::ReferenceOrRollNumber if line.roll_number.is_empty() => line.reference.clone(),
        ColumnValue::RollNumber | ColumnValue::ReferenceOrRollNumber => line.roll_number.clone(),
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
            roll_number: String::new(),
            holder: holder.into(),
            amount: "850.5".parse().expect("an amount"),
            reference: "GR000018P1".into(),
        }
    }

    fn order() -> PaymentOrder {
        PaymentOrder {
            batch: "june".to_owned(),
            on: jiff::civil::date(2026, 3, 1),
            made_on: jiff::civil::date(2026, 3, 1),
        }
    }

    #[test]
    fn a_message_names_the_account_that_is_paid_from() {
        let account = |holder: &str| ReturnAccount {
            holder: holder.parse().expect("a name"),
            numbers: "20-00-00 00112233".parse().expect("an account"),
        };
        let mut layout = Layout::plain();
        layout.format = FileFormat::Pain00109;
        let lines = [line("Soup and Song")];
        let write = |layout: &Layout, own| write_payment_file(layout, &lines, &order(), own);

        assert_eq!(write(&layout, None), Err(NoAccount));
        let own = account("Our office");
        let file = write(&layout, Some(&own)).expect("a file");
        assert!(file.text.contains("<Nm>Our office</Nm>"), "{}", file.text);
        assert_eq!(file.total, Money::from_pence(85_050));
        layout.credit_transfer.from = Some(account("Its grants account"));
        let file = write(&layout, Some(&own)).expect("a file");
        assert!(file.text.contains("<Nm>Its grants account</Nm>"));
        assert!(!file.text.contains("Our office"));
    }

    #[test]
    fn a_file_has_a_line_a_payment_and_says_what_it_adds_up_to() {
        let file = write_payment_file(
            &Layout::plain(),
            &[
                line("=Soup & Song, CIC"),
                line("Łódź friends of the long name"),
            ],
            &order(),
            None,
        )
        .expect("a file");
        assert_eq!(
            file.text,
            "Sort code,Account number,Name,Amount,Reference\r\n123456,00345678,SOUP & SONG \
                CIC,850.50,GR000018P1\r\n123456,00345678,LODZ FRIENDS OF TH,850.50,GR000018P1\r\n"
        );
        assert_eq!((file.payments, file.total), (2, Money::from_pounds(1701)));
        assert_eq!(file.digest.len(), 64);
    }

    #[test]
    fn a_roll_number_is_written_whole_in_its_column() {
        let mut layout = Layout::plain();
        assert!(!layout.has_roll_numbers());
        layout.columns.push(crate::bank::layout::Column {
            title: "Roll".to_owned(),
            value: ColumnValue::RollNumber,
            most: None,
        });
        assert!(layout.has_roll_numbers());
        let of_society = PaymentLine {
            roll_number: "A/123456-7".to_owned(),
            ..line("Soup")
        };
        let lines = [of_society, line("Tea")];
        let file = write_payment_file(&layout, &lines, &order(), None).expect("a file");
        assert_eq!(
            file.text,
            "Sort code,Account number,Name,Amount,Reference,Roll\r\n\
                123456,00345678,SOUP,850.50,GR000018P1,A/123456-7\r\n\
                123456,00345678,TEA,850.50,GR000018P1,\r\n"
        );
    }

    #[test]
    fn a_roll_number_is_written_instead_of_the_reference_where_a_bank_wants_it_so() {
        let mut layout = Layout::plain();
        layout.columns[4].value = ColumnValue::ReferenceOrRollNumber;
        assert!(layout.has_roll_numbers());
        let of_society = PaymentLine {
            roll_number: "A/123456-7".to_owned(),
            ..line("Soup")
        };
        let lines = [of_society, line("Tea")];
        let file = write_payment_file(&layout, &lines, &order(), None).expect("a file");
        assert_eq!(
            file.text,
            "Sort code,Account number,Name,Amount,Reference\r\n\
                123456,00345678,SOUP,850.50,A/123456-7\r\n\
                123456,00345678,TEA,850.50,GR000018P1\r\n"
        );
    }
}
