//! The journal in the syntax of Beancount.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use uuid::Uuid;

use super::books::{Books, JournalEntry};
use super::tables::{one_line, pounds};

/// The journal for Beancount. `warning` is written at its top.
#[must_use]
pub fn beancount(books: &Books, warning: Option<&str>) -> String {
    let mut out = String::new();
    for line in heading(books, warning) {
        let _ = writeln!(out, ";; {}", one_line(&line));
    }
    out.push_str("option \"title\" \"Grants\"\noption \"operating_currency\" \"GBP\"\n\n");
    for (account, OpenedAccount { on, fund }) in opened_accounts(books) {
        let _ = writeln!(out, "{on} open {account} GBP");
        if let Some(fund) = fund {
            let _ = writeln!(out, "  fund-id: {}", quoted(&fund.to_string()));
        }
    }
    for entry in &books.entries {
        out.push('\n');
        write_entry(&mut out, books, entry);
    }
    out
}

/// The lines of comment above a journal.
pub(super) fn heading(books: &Books, warning: Option<&str>) -> Vec<String> {
    let mut lines: Vec<String> = warning.into_iter().map(str::to_owned).collect();
    lines.push(format!(
        "Grants as double entry, from the events of the log up to position {}",
        books.position
    ));
    lines
}

/// An account of the journal: the day of its first entry, and its fund unless all funds share it.
pub(super) struct OpenedAccount {
    on: Date,
    pub(super) fund: Option<Uuid>,
}

/// The accounts of the journal by their names.
pub(super) fn opened_accounts(books: &Books) -> BTreeMap<String, OpenedAccount> {
    let mut opened: BTreeMap<String, OpenedAccount> = BTreeMap::new();
    for entry in &books.entries {
        for account in entry.lines.keys() {
            let found = opened
                .entry(account.name(&books.funds))
                .or_insert(OpenedAccount {
                    on: entry.date,
                    fund: (!account.kind.is_bank()).then_some(account.fund),
                });
            found.on = found.on.min(entry.date);
        }
    }
    opened
}

fn write_entry(out: &mut String, books: &Books, entry: &JournalEntry) {
    let _ = writeln!(
        out,
        "{} * {} {}",
        entry.date,
        quoted(&entry.party),
        quoted(&entry.says)
    );
    let _ = writeln!(out, "  id: {}", quoted(&entry.record.to_string()));
    let _ = writeln!(out, "  positions: {}", quoted(&entry.positions_text()));
    for (account, pence) in &entry.lines {
        let _ = writeln!(
            out,
            "  {}  {} GBP",
            account.name(&books.funds),
            pounds(*pence)
        );
        if account.kind.is_bank() {
            let fund = books.funds.name(account.fund);
            let _ = writeln!(out, "    fund: {}", quoted(&fund));
        }
    }
}

/// A text in quotes, on one line.
fn quoted(text: &str) -> String {
    let escaped = one_line(text).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(
            quoted("a \"b\" \\ c\n2026-01-01 open Assets:Mine"),
            "\"a \\\"b\\\" \\\\ c 2026-01-01 open Assets:Mine\""
        );
    }
}
