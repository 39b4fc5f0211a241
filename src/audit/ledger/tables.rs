//! The journal, the trial balance and the ledgers of funds as tables: text for people, CSV for
//! spreadsheets.

use std::fmt::Write as _;

use super::accounts::{Restriction, area_part};
use super::books::{Books, RestrictedEntry};
use crate::domain::csv::{CsvCell, write_table};

/// Pence as pounds with two decimals, without separators.
pub(super) fn pounds(pence: i64) -> String {
    let sign = if pence < 0 { "-" } else { "" };
    let pence = pence.unsigned_abs();
    format!("{sign}{}.{:02}", pence / 100, pence % 100)
}

/// A text without line breaks and other control characters.
pub(in crate::audit) fn one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.collect()
}

/// An amount of a table; nothing if it is zero.
fn amount(pence: i64) -> CsvCell {
    CsvCell::Plain(if pence == 0 {
        String::new()
    } else {
        pounds(pence)
    })
}

/// The journal as CSV: a row for each line of an entry.
#[must_use]
pub fn journal_csv(books: &Books) -> String {
    let titles = [
        "date",
        "entry",
        "positions",
        "id",
        "party",
        "text",
        "account",
        "fund",
        "funder",
        "restricted_to",
        "debit",
        "credit",
    ];
    let rows = books.entries.iter().enumerate().flat_map(|(at, entry)| {
        entry.lines.iter().map(move |(account, pence)| {
            let (funder, area) = restriction_cells(account.restriction.as_ref());
            vec![
                CsvCell::Plain(entry.date.to_string()),
                CsvCell::Plain(at.saturating_add(1).to_string()),
                CsvCell::Text(entry.positions_text()),
                CsvCell::Plain(entry.record.to_string()),
                CsvCell::Text(one_line(&entry.party)),
                CsvCell::Text(one_line(&entry.says)),
                CsvCell::Text(account.name(&books.funds)),
                CsvCell::Text(one_line(&books.funds.name(account.fund))),
                funder,
                area,
                amount((*pence).max(0)),
                amount(pence.saturating_neg().max(0)),
            ]
        })
    });
    write_table(&titles, rows)
}

fn restriction_cells(restriction: Option<&Restriction>) -> (CsvCell, CsvCell) {
    let funder = restriction.map(|of| of.funder.to_string());
    let area = restriction.and_then(|of| of.area.as_ref().map(ToString::to_string));
    (
        CsvCell::Text(funder.unwrap_or_default()),
        CsvCell::Text(area.unwrap_or_default()),
    )
}

/// The trial balance as text, with the totals of both columns.
#[must_use]
pub fn trial_balance(books: &Books) -> String {
    let lines = books.trial_balance();
    let width = lines.iter().map(|line| line.account.len()).max();
    let width = width.unwrap_or_default().max(7);
    let mut out = format!(
        "{:width$}  {:>14}  {:>14}\n",
        "Account", "Debit £", "Credit £"
    );
    let (mut debits, mut credits) = (0_i64, 0_i64);
    for line in &lines {
        debits = debits.saturating_add(line.debit);
        credits = credits.saturating_add(line.credit);
        let _ = writeln!(
            out,
            "{:width$}  {:>14}  {:>14}",
            line.account,
            blank_if_zero(line.debit),
            blank_if_zero(line.credit)
        );
    }
    let _ = writeln!(
        out,
        "{:width$}  {:>14}  {:>14}",
        "Total",
        pounds(debits),
        pounds(credits)
    );
    out
}

fn blank_if_zero(pence: i64) -> String {
    if pence == 0 {
        String::new()
    } else {
        pounds(pence)
    }
}

/// The trial balance as CSV.
#[must_use]
pub fn trial_balance_csv(books: &Books) -> String {
    let rows = books.trial_balance().into_iter().map(|line| {
        vec![
            CsvCell::Text(line.account),
            amount(line.debit),
            amount(line.credit),
        ]
    });
    write_table(&["account", "debit", "credit"], rows)
}

/// The running sums of one ledger.
#[derive(Default)]
struct RunningSums {
    received: i64,
    awarded: i64,
    paid: i64,
    to_settle: i64,
}

impl RunningSums {
    fn add(&mut self, entry: &RestrictedEntry<'_>) {
        self.received = self.received.saturating_add(entry.received());
        self.awarded = self.awarded.saturating_add(entry.awarded());
        self.paid = self.paid.saturating_add(entry.paid());
        self.to_settle = self.to_settle.saturating_add(entry.to_settle());
    }

    /// The balance of the fund: received and not awarded.
    fn free(&self) -> i64 {
        self.received.saturating_sub(self.awarded)
    }

    /// Awarded and not paid.
    fn owed(&self) -> i64 {
        self.awarded.saturating_sub(self.paid)
    }
}

fn ledger_title(restriction: Option<&Restriction>) -> String {
    restriction.map_or_else(
        || "entries at the bank, whose money is not known yet".to_owned(),
        |of| format!("{}, {}", of.funder, area_part(of.area.as_ref())),
    )
}

/// The ledger of each fund and restriction as text, with running balances.
#[must_use]
pub fn fund_ledgers(books: &Books) -> String {
    let mut out = String::new();
    for ((fund, restriction), entries) in books.by_restriction() {
        let name = one_line(&books.funds.name(fund));
        let _ = writeln!(out, "{name}: {}", ledger_title(restriction.as_ref()));
        let _ = writeln!(
            out,
            "{:10}  {:>12}  {:>12}  {:>12}  {:>12}  {:>12}  {:>12}  What",
            "Date", "Received £", "Awarded £", "Paid £", "To settle £", "Free £", "Owed £"
        );
        let mut sums = RunningSums::default();
        for restricted in &entries {
            sums.add(restricted);
            let entry = restricted.entry;
            let _ = writeln!(
                out,
                "{}  {:>12}  {:>12}  {:>12}  {:>12}  {:>12}  {:>12}  {}: {} ({})",
                entry.date,
                blank_if_zero(restricted.received()),
                blank_if_zero(restricted.awarded()),
                blank_if_zero(restricted.paid()),
                blank_if_zero(restricted.to_settle()),
                pounds(sums.free()),
                pounds(sums.owed()),
                one_line(&entry.party),
                one_line(&entry.says),
                entry.positions_text()
            );
        }
        out.push('\n');
    }
    out
}

/// The ledgers of all funds and restrictions as one CSV.
#[must_use]
pub fn fund_ledgers_csv(books: &Books) -> String {
    let titles = [
        "fund",
        "funder",
        "restricted_to",
        "date",
        "positions",
        "id",
        "party",
        "text",
        "received",
        "awarded",
        "paid",
        "to_settle",
        "free",
        "owed",
    ];
    let mut rows = Vec::new();
    for ((fund, restriction), entries) in books.by_restriction() {
        let mut sums = RunningSums::default();
        for restricted in &entries {
            sums.add(restricted);
            let entry = restricted.entry;
            let (funder, area) = restriction_cells(restriction.as_ref());
            rows.push(vec![
                CsvCell::Text(one_line(&books.funds.name(fund))),
                funder,
                area,
                CsvCell::Plain(entry.date.to_string()),
                CsvCell::Text(entry.positions_text()),
                CsvCell::Plain(entry.record.to_string()),
                CsvCell::Text(one_line(&entry.party)),
                CsvCell::Text(one_line(&entry.says)),
                amount(restricted.received()),
                amount(restricted.awarded()),
                amount(restricted.paid()),
                amount(restricted.to_settle()),
                amount(sums.free()),
                amount(sums.owed()),
            ]);
        }
    }
    write_table(&titles, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pence_are_written_as_pounds() {
        assert_eq!(pounds(-5), "-0.05");
        assert_eq!(pounds(4_500_000), "45000.00");
        assert_eq!(pounds(i64::MIN), "-92233720368547758.08");
    }
}
