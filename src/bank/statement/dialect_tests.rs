//! Statements of random movements, in every dialect and format, are read as exactly these.

use jiff::civil::date;
use proptest::prelude::*;
use uuid::Uuid;

use super::tests::utf_16;
use super::*;
use crate::bank::layout::StatementColumn;
use crate::bank::{ExpectedPayment, MatchOutcome, reconcile};
use crate::domain::Money;
use crate::domain::grant::PaymentState;

/// How a bank writes a statement as CSV.
#[derive(Clone, Debug)]
struct Dialect {
    separator: char,
    decimal: char,
    day: &'static str,
    amounts: AmountForm,
    newest_first: bool,
    surrounded: bool,
    encoding: TextEncoding,
}

#[derive(Clone, Copy, Debug)]
enum AmountForm {
    Minus,
    Brackets,
    TwoColumns,
    Letters,
    Column,
}

#[derive(Clone, Copy, Debug)]
enum TextEncoding {
    Utf8,
    Utf8WithMark,
    Utf16,
    Windows,
}

impl Dialect {
    fn write(&self, entries: &[StatementEntry]) -> Vec<u8> {
        let titles: &[&str] = match self.amounts {
            AmountForm::TwoColumns => &["Date", "Details", "Paid out (£)", "Paid in (£)"],
            AmountForm::Column => &["Date", "Details", "Amount (£)", "DR/CR"],
            _ => &["Date", "Details", "Amount (£)"],
        };
        let mut lines: Vec<Vec<String>> = entries.iter().map(|entry| self.line(entry)).collect();
        if self.newest_first {
            lines.reverse();
        }
        lines.insert(0, titles.iter().map(|title| (*title).to_owned()).collect());
        if self.surrounded {
            lines.insert(0, vec!["Account".to_owned(), "****1234".to_owned()]);
            let closing = ["", "Closing balance", "100"].map(str::to_owned);
            lines.push(closing.to_vec());
        }
        let separator = self.separator.to_string();
        let quoted = |field: &String| format!("\"{field}\"");
        let text: String = lines
            .iter()
            .map(|line| line.iter().map(quoted).collect::<Vec<_>>().join(&separator) + "\r\n")
            .collect();
        match self.encoding {
            TextEncoding::Utf8 => text.into_bytes(),
            TextEncoding::Utf8WithMark => format!("\u{feff}{text}").into_bytes(),
            TextEncoding::Utf16 => utf_16(&text),
            TextEncoding::Windows => encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
        }
    }

    fn line(&self, entry: &StatementEntry) -> Vec<String> {
        let is_out = entry.direction == Some(Direction::Out);
        let (pounds, pence) = (entry.pence / 100, entry.pence % 100);
        let plain = format!("{pounds}{}{pence:02}", self.decimal);
        let amounts = match (self.amounts, is_out) {
            (AmountForm::Minus, true) => vec![format!("-{plain}")],
            (AmountForm::Brackets, true) => vec![format!("({plain})")],
            (AmountForm::Minus, false) => vec![format!("+{plain}")],
            (AmountForm::Letters, true) => vec![format!("{plain} DR")],
            (AmountForm::Letters | AmountForm::Brackets, false) => vec![format!("{plain} CR")],
            (AmountForm::TwoColumns, true) => vec![plain, String::new()],
            (AmountForm::TwoColumns, false) => vec![String::new(), plain],
            (AmountForm::Column, true) => vec![plain, "DR".to_owned()],
            (AmountForm::Column, false) => vec![plain, "CR".to_owned()],
        };
        let day = entry.on.strftime(self.day).to_string();
        [vec![day, entry.description.clone()], amounts].concat()
    }
}

fn dialect() -> impl Strategy<Value = Dialect> {
    use prop::sample::select;
    let forms = vec![
        AmountForm::Minus,
        AmountForm::Brackets,
        AmountForm::TwoColumns,
        AmountForm::Letters,
        AmountForm::Column,
    ];
    let encodings = vec![
        TextEncoding::Utf8,
        TextEncoding::Utf8WithMark,
        TextEncoding::Utf16,
        TextEncoding::Windows,
    ];
    let days = vec![
        "%Y-%m-%d",
        "%d/%m/%Y",
        "%d/%m/%y",
        "%d.%m.%Y",
        "%d-%b-%y",
        "%d %B %Y",
        "%d/%m/%Y 00:00",
        "%Y%m%d",
    ];
    let marks = (select(vec![',', ';', '\t', '|']), select(vec!['.', ',']));
    let order = (any::<bool>(), any::<bool>());
    (marks, select(days), select(forms), order, select(encodings)).prop_map(
        |((separator, decimal), day, amounts, (newest_first, surrounded), encoding)| Dialect {
            separator,
            decimal,
            day,
            amounts,
            newest_first,
            surrounded,
            encoding,
        },
    )
}

fn movements() -> impl Strategy<Value = Vec<StatementEntry>> {
    let movement = (0_i32..700, 1_u64..1_000_000_000, any::<bool>());
    prop::collection::vec(movement, 1..20).prop_map(|movements| {
        let to_entry = |(place, (days, pence, is_out)): (usize, (i32, u64, bool))| StatementEntry {
            on: date(2026, 1, 1).saturating_add(jiff::Span::new().days(days)),
            pence,
            direction: Some(if is_out {
                Direction::Out
            } else {
                Direction::In
            }),
            description: format!("FPO GR {place:06} P1 £ 26NOV"),
        };
        movements.into_iter().enumerate().map(to_entry).collect()
    })
}

/// The payments that the movements are about, all of them at the bank.
fn payments(movements: &[StatementEntry]) -> Vec<ExpectedPayment> {
    let payment = |(place, movement): (usize, &StatementEntry)| ExpectedPayment {
        grant: Uuid::from_u128(place as u128),
        payment: 1,
        amount: Money::from_pence(movement.pence),
        state: PaymentState::Sent,
        paid_on: None,
        reference: format!("GR{place:06}P1"),
    };
    movements.iter().enumerate().map(payment).collect()
}

/// A format other than CSV, and how a bank writes it.
#[derive(Clone, Debug)]
enum OtherFormat {
    Ofx {
        is_xml: bool,
        decimal: char,
        day: &'static str,
    },
    Camt053 {
        version: u8,
        has_details: bool,
    },
    Mt940 {
        has_entry_day: bool,
    },
}

impl OtherFormat {
    fn write(&self, entries: &[StatementEntry]) -> String {
        let lines: String = entries.iter().map(|entry| self.entry(entry)).collect();
        match self {
            Self::Ofx { is_xml, .. } => {
                let end = if *is_xml { "</CURDEF>" } else { "\n" };
                format!(
                    "<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>GBP{end}<BANKTRANLIST>\n{lines}\
                        </BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
                )
            }
            Self::Camt053 { version, .. } => format!(
                "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version:02}\">\n\
                    <BkToCstmrStmt><Stmt>\n{lines}</Stmt></BkToCstmrStmt></Document>"
            ),
            Self::Mt940 { .. } => format!(
                ":20:S\r\n:25:1\r\n:28C:1\r\n:60F:C260101GBP1,00\r\n{lines}\
                    :62F:C260101GBP1,00\r\n-\r\n"
            ),
        }
    }

    fn entry(&self, entry: &StatementEntry) -> String {
        let is_out = entry.direction == Some(Direction::Out);
        let (pounds, pence) = (entry.pence / 100, entry.pence % 100);
        let (on, text) = (entry.on, &entry.description);
        match self {
            Self::Ofx {
                is_xml,
                decimal,
                day,
            } => {
                let (kind, sign) = if is_out {
                    ("DEBIT", "-")
                } else {
                    ("CREDIT", "")
                };
                let field = |tag: &str, value: &str| {
                    let end = if *is_xml {
                        format!("</{tag}>")
                    } else {
                        String::new()
                    };
                    format!("<{tag}>{value}{end}\n")
                };
                let fields = [
                    field("TRNTYPE", kind),
                    field("DTPOSTED", &on.strftime(*day).to_string()),
                    field("TRNAMT", &format!("{sign}{pounds}{decimal}{pence:02}")),
                    field("MEMO", text),
                ];
                format!("<STMTTRN>\n{}</STMTTRN>\n", fields.concat())
            }
            Self::Camt053 { has_details, .. } => {
                let indicator = if is_out { "DBIT" } else { "CRDT" };
                let words = if *has_details {
                    let remittance = format!("<RmtInf><Ustrd>{text}</Ustrd></RmtInf>");
                    format!("<NtryDtls><TxDtls>{remittance}</TxDtls></NtryDtls>")
                } else {
                    format!("<AddtlNtryInf>{text}</AddtlNtryInf>")
                };
                format!(
                    "<Ntry><Amt Ccy=\"GBP\">{pounds}.{pence:02}</Amt>\
                        <CdtDbtInd>{indicator}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
                        <BookgDt><Dt>{on}</Dt></BookgDt>{words}</Ntry>\n"
                )
            }
            Self::Mt940 { has_entry_day } => {
                let day = if *has_entry_day {
                    "%y%m%d%m%d"
                } else {
                    "%y%m%d"
                };
                let (day, mark) = (on.strftime(day), if is_out { "D" } else { "C" });
                format!(":61:{day}{mark}{pounds},{pence:02}NTRFNONREF\r\n:86:{text}\r\n")
            }
        }
    }
}

fn other_format() -> impl Strategy<Value = OtherFormat> {
    use prop::sample::select;
    let days = vec!["%Y%m%d", "%Y%m%d120000", "%Y%m%d120000.000[0:GMT]"];
    let ofx =
        (any::<bool>(), select(vec!['.', ',']), select(days)).prop_map(|(is_xml, decimal, day)| {
            OtherFormat::Ofx {
                is_xml,
                decimal,
                day,
            }
        });
    let camt053 =
        (2_u8..=8, any::<bool>()).prop_map(|(version, has_details)| OtherFormat::Camt053 {
            version,
            has_details,
        });
    let mt940 = any::<bool>().prop_map(|has_entry_day| OtherFormat::Mt940 { has_entry_day });
    prop_oneof![ofx, camt053, mt940]
}

/// Fails unless the entries of a statement are these movements, and each is matched with its
/// payment.
fn check_match(
    read: Vec<StatementEntry>,
    movements: &[StatementEntry],
) -> Result<(), TestCaseError> {
    prop_assert_eq!(read.as_slice(), movements);
    let payments = payments(movements);
    let mut matched = reconcile(read, payments.clone());
    matched.sort_by_key(|one| one.payment);
    prop_assert_eq!(matched.len(), payments.len());
    for (place, one) in matched.iter().enumerate() {
        let is_out = movements[place].direction == Some(Direction::Out);
        let expected = if is_out {
            MatchOutcome::Confirm
        } else {
            MatchOutcome::Fail
        };
        prop_assert_eq!(one.payment, Some((payments[place].grant, 1)));
        prop_assert_eq!(&one.outcome, &expected);
        prop_assert_eq!(&one.entry, &movements[place]);
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_statement_in_any_dialect_matches_its_payments_exactly(
        movements in movements(),
        dialect in dialect(),
    ) {
        let statement = read_statement(&dialect.write(&movements));
        let mut read = statement.expect("a statement").entries;
        if dialect.newest_first {
            read.reverse();
        }
        check_match(read, &movements)?;
    }

    #[test]
    fn a_statement_in_any_other_format_matches_its_payments_exactly(
        movements in movements(),
        format in other_format(),
        newest_first in any::<bool>(),
        in_windows in any::<bool>(),
    ) {
        let mut written = movements.clone();
        if newest_first {
            written.reverse();
        }
        let text = format.write(&written);
        let bytes = if in_windows {
            encoding_rs::WINDOWS_1252.encode(&text).0.into_owned()
        } else {
            text.into_bytes()
        };
        let mut read = read_statement(&bytes).expect("a statement").entries;
        if newest_first {
            read.reverse();
        }
        check_match(read, &movements)?;
    }

    #[test]
    fn a_statement_in_the_layout_of_an_operator_matches_its_payments_exactly(
        movements in movements(),
        columns in Just(vec![
            StatementColumn::Ignore,
            StatementColumn::Day,
            StatementColumn::Amount,
            StatementColumn::Description,
        ]).prop_shuffle(),
        separator in prop::sample::select(vec![',', ';', '\t', '|']),
    ) {
        let field = |entry: &StatementEntry, column: StatementColumn| match column {
            StatementColumn::Day => entry.on.strftime("%d/%m/%Y").to_string(),
            StatementColumn::Description => entry.description.clone(),
            StatementColumn::Amount => {
                let is_out = entry.direction == Some(Direction::Out);
                let sign = if is_out { '-' } else { '+' };
                format!("{sign}{}.{:02}", entry.pence / 100, entry.pence % 100)
            }
            _ => "x".to_owned(),
        };
        let line = |entry: &StatementEntry| {
            let fields = columns.iter().map(|column| field(entry, *column));
            fields.collect::<Vec<_>>().join(&separator.to_string()) + "\n"
        };
        let text: String = movements.iter().map(line).collect();
        let layout = StatementLayout { separator, columns: columns.clone() };
        let read = read_statement_with(text.as_bytes(), Some(&layout));
        check_match(read.expect("a statement").entries, &movements)?;
    }
}
