//! Parser of bank statements: CSV with a line of titles, or OFX. Only the day, the amount and the
//! description of each movement are read.

use jiff::civil::Date;

use crate::domain::Money;

/// Maximum number of lines of a CSV statement, and of movements of any statement.
const LINES_MAX: usize = 50_000;

/// A movement on the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementEntry {
    pub on: Date,
    /// Amount in pence; negative if money left the account.
    pub pence: i64,
    /// Reference, description and name from the statement, joined by spaces.
    pub description: String,
}

/// Why a statement cannot be read. The messages quote nothing from the statement, which contains
/// personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    #[error("we cannot read this file: use a CSV file with column titles, or an OFX file")]
    UnknownFormat,
    #[error("this file needs a column for {0}")]
    MissingColumn(&'static str),
    #[error("line {0}: {1}")]
    UnreadableLine(usize, &'static str),
    #[error("there are no payments in this file")]
    Empty,
    #[error("a statement can have up to {LINES_MAX} lines: upload it in parts")]
    TooLong,
}

/// Parses a statement. If one line cannot be read the whole statement is rejected.
pub fn read_statement(text: &str) -> Result<Vec<StatementEntry>, StatementError> {
    let text = text.trim_start_matches('\u{feff}');
    let entries = if text.contains("<STMTTRN>") {
        read_ofx(text)?
    } else {
        read_csv(text)?
    };
    match entries.len() {
        0 => Err(StatementError::Empty),
        count if count > LINES_MAX => Err(StatementError::TooLong),
        _ => Ok(entries),
    }
}

/// Titles that banks use for the column of the day, in lower case.
const DAY_TITLES: [&str; 5] = [
    "date",
    "transaction date",
    "posting date",
    "posted",
    "value date",
];
/// Titles of a single column of amounts, negative for money out.
const AMOUNT_TITLES: [&str; 3] = ["amount", "value", "transaction amount"];
/// Titles of the column of money out, where the statement has two columns of amounts.
const MONEY_OUT_TITLES: [&str; 7] = [
    "paid out",
    "money out",
    "debit",
    "debit amount",
    "withdrawn",
    "out",
    "payments",
];
/// Titles of the column of money in.
const MONEY_IN_TITLES: [&str; 7] = [
    "paid in",
    "money in",
    "credit",
    "credit amount",
    "paid into",
    "in",
    "receipts",
];
/// Titles of columns whose text may contain the payment's reference. All that exist are read.
const DESCRIPTION_TITLES: [&str; 9] = [
    "reference",
    "description",
    "transaction description",
    "details",
    "narrative",
    "memo",
    "name",
    "payee",
    "counter party",
];

fn read_csv(text: &str) -> Result<Vec<StatementEntry>, StatementError> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let lines = reader
        .records()
        .take(LINES_MAX + 1)
        .collect::<Result<Vec<csv::StringRecord>, _>>()
        .map_err(|_| StatementError::UnknownFormat)?;
    if lines.len() > LINES_MAX {
        return Err(StatementError::TooLong);
    }
    // Some banks write the account number above the line of titles.
    let head = lines
        .iter()
        .position(|line| {
            line.iter()
                .any(|field| DAY_TITLES.contains(&title(field).as_str()))
        })
        .ok_or(StatementError::UnknownFormat)?;
    let columns = CsvColumns::find(&lines[head])?;
    lines
        .iter()
        .skip(head + 1)
        .filter(|line| line.iter().any(|field| !field.trim().is_empty()))
        .map(|line| columns.read_entry(line))
        .collect()
}

/// A field of the line of titles, as the lists of titles write it.
fn title(field: &str) -> String {
    field.trim().to_lowercase()
}

/// The columns of a CSV statement from which an entry is read, by their number.
struct CsvColumns {
    day: usize,
    amount: AmountColumns,
    description: Vec<usize>,
}

enum AmountColumns {
    /// One column, negative for money out.
    Signed(usize),
    /// A column of money out and one of money in. Their signs do not count.
    OutAndIn(usize, usize),
}

impl CsvColumns {
    /// Finds the columns by the line of titles.
    fn find(line: &csv::StringRecord) -> Result<Self, StatementError> {
        let titles: Vec<String> = line.iter().map(title).collect();
        let column = |name: &&str| titles.iter().position(|title| title == name);
        let day = DAY_TITLES
            .iter()
            .find_map(column)
            .ok_or(StatementError::MissingColumn("the date"))?;
        let amount = AMOUNT_TITLES.iter().find_map(column);
        let out = MONEY_OUT_TITLES.iter().find_map(column);
        let into = MONEY_IN_TITLES.iter().find_map(column);
        let amount = match (amount, out, into) {
            (Some(amount), ..) => AmountColumns::Signed(amount),
            (None, Some(out), Some(into)) => AmountColumns::OutAndIn(out, into),
            _ => {
                return Err(StatementError::MissingColumn(
                    "the amount, or for money out and money in",
                ));
            }
        };
        let description: Vec<usize> = DESCRIPTION_TITLES.iter().filter_map(column).collect();
        if description.is_empty() {
            return Err(StatementError::MissingColumn(
                "the reference or the description",
            ));
        }
        Ok(Self {
            day,
            amount,
            description,
        })
    }

    fn read_entry(&self, line: &csv::StringRecord) -> Result<StatementEntry, StatementError> {
        let field = |column: usize| line.get(column).unwrap_or_default().trim();
        let number = line
            .position()
            .and_then(|position| usize::try_from(position.line()).ok())
            .unwrap_or_default();
        let wrong = |says| StatementError::UnreadableLine(number, says);
        let on = parse_day(field(self.day)).ok_or_else(|| wrong("we cannot read the date"))?;
        let pence = |column: usize| match field(column) {
            "" => Ok(0),
            written => parse_pence(written).ok_or_else(|| wrong("we cannot read the amount")),
        };
        let pence = match self.amount {
            AmountColumns::Signed(amount) => pence(amount)?,
            AmountColumns::OutAndIn(out, into) => pence(into)?.abs() - pence(out)?.abs(),
        };
        let description = self
            .description
            .iter()
            .map(|column| field(*column))
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        Ok(StatementEntry {
            on,
            pence,
            description,
        })
    }
}

/// Parses OFX 1, whose fields end with the line, and OFX 2, whose fields have XML end tags. In both
/// a value ends at the next tag or line break.
fn read_ofx(text: &str) -> Result<Vec<StatementEntry>, StatementError> {
    let mut entries = Vec::new();
    for (at, block) in text.split("<STMTTRN>").skip(1).enumerate() {
        let block = block.split("</STMTTRN>").next().unwrap_or_default();
        let value = |tag: &str| {
            let rest = block.split(&format!("<{tag}>")).nth(1)?;
            Some(
                rest.split(['<', '\n', '\r'])
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .replace("&amp;", "&"),
            )
        };
        let wrong = |says| StatementError::UnreadableLine(at + 1, says);
        let on = value("DTPOSTED")
            .and_then(|day| parse_day(day.get(..8)?))
            .ok_or_else(|| wrong("we cannot read the date"))?;
        let pence = value("TRNAMT")
            .and_then(|sum| parse_pence(&sum))
            .ok_or_else(|| wrong("we cannot read the amount"))?;
        let says: Vec<_> = ["NAME", "MEMO", "REFNUM", "CHECKNUM"]
            .into_iter()
            .filter_map(value)
            .filter(|text| !text.is_empty())
            .collect();
        entries.push(StatementEntry {
            on,
            pence,
            description: says.join(" "),
        });
    }
    Ok(entries)
}

/// Parses a day as British banks write it: `2026-03-31`, `31/03/2026`, `31 Mar 2026`, `20260331`.
/// Only years from 2000 to 2099 are accepted.
fn parse_day(written: &str) -> Option<Date> {
    let formats = [
        "%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y",
        "%Y%m%d",
    ];
    let read = |format: &&str| {
        Date::strptime(format, written)
            .ok()
            .filter(|day| (2000..2100).contains(&day.year()))
    };
    formats.iter().find_map(read)
}

/// Parses an amount as banks write it: `-1,850.00`, `£25.5`, `(25.00)`. Brackets mean a negative
/// amount.
fn parse_pence(written: &str) -> Option<i64> {
    let (inside, bracketed) = written
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'))
        .map_or((written, false), |text| (text, true));
    let inside = inside.trim_start_matches(['£', ' ']);
    let (minus, digits) = match inside.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest),
        None => (false, inside.strip_prefix('+').unwrap_or(inside)),
    };
    let amount = Money::parse_formatted(digits).ok()?;
    Some(if minus || bracketed {
        -amount.pence()
    } else {
        amount.pence()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(pence: i64, says: &str) -> StatementEntry {
        StatementEntry {
            on: jiff::civil::date(2026, 3, 31),
            pence,
            description: says.to_owned(),
        }
    }

    #[test]
    fn statements_of_several_shapes_say_the_same() {
        let same = vec![entry(-85_000, "GR000018P1"), entry(2550, "RETURNED")];
        for text in [
            "Date,Amount,Reference\n2026-03-31,-850.00,GR000018P1\n31/03/2026,25.50,RETURNED\n",
            "\u{feff}Account,12345678\n\nDate,Description,Paid out,Paid in\n\
                31 Mar 2026,GR000018P1,850.00,\n31/03/26,RETURNED,,25.50\n\n",
            "Transaction Date,Debit Amount,Credit Amount,Transaction Description\n\
                31/03/2026,\"£850.00\",,GR000018P1\n31/03/2026,,25.5,RETURNED\n",
            "OFXHEADER:100\n<OFX><STMTTRN>\n<TRNTYPE>DEBIT\n\
                <DTPOSTED>20260331120000[0:GMT]\n<TRNAMT>-850.00\n<NAME>GR000018P1\n\
                </STMTTRN><STMTTRN><DTPOSTED>20260331</DTPOSTED><TRNAMT>25.50</TRNAMT>\
                <MEMO>RETURNED</MEMO></STMTTRN></OFX>",
        ] {
            assert_eq!(read_statement(text).as_ref(), Ok(&same), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_names_its_line_and_nothing_of_it() {
        for (text, says) in [
            ("", "cannot read this file"),
            ("hello", "cannot read this file"),
            ("Date,Reference\n2026-03-31,x\n", "amount"),
            ("Date,Amount\n2026-03-31,1\n", "reference"),
            (
                "Date,Amount,Reference\nyesterday,1.00,x\n",
                "line 2: we cannot read the date",
            ),
            (
                "Date,Amount,Reference\n2026-03-31,1.00,x\n2026-03-31,one,x\n",
                "line 3: we cannot read the amount",
            ),
            ("Date,Amount,Reference\n", "no payments"),
            (
                "<STMTTRN><DTPOSTED>2026<TRNAMT>1</STMTTRN>",
                "line 1: we cannot read the date",
            ),
            (
                "<STMTTRN><DTPOSTED>20260331<TRNAMT>-10,00</STMTTRN>",
                "line 1: we cannot read the amount",
            ),
            (
                "Date,Amount,Reference\n2026-03-31,\"-1800,00\",x\n",
                "line 2: we cannot read the amount",
            ),
            (
                "Date,Paid out,Paid in,Reference\n2026-03-31,\"1,5\",,x\n",
                "line 2: we cannot read the amount",
            ),
            ("x\n".repeat(LINES_MAX + 1).as_str(), "up to 50000 lines"),
        ] {
            let told = read_statement(text).expect_err(text).to_string();
            assert!(told.contains(says), "{text}: {told}");
        }
    }
}
