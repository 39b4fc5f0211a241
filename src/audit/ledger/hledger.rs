//! The journal in the syntax of hledger.

use std::fmt::Write as _;

use super::beancount::{OpenedAccount, heading, opened_accounts};
use super::books::{Books, JournalEntry};
use super::tables::{one_line, pounds};

/// The journal for hledger. `warning` is written at its top.
#[must_use]
pub fn hledger(books: &Books, warning: Option<&str>) -> String {
    let mut out = String::new();
    for line in heading(books, warning) {
        let _ = writeln!(out, "; {}", one_line(&line));
    }
    out.push_str("commodity GBP 1000.00\n\n");
    for (account, OpenedAccount { fund, .. }) in opened_accounts(books) {
        let _ = match fund {
            Some(fund) => writeln!(out, "account {account}  ; fund-id:{fund}"),
            None => writeln!(out, "account {account}"),
        };
    }
    for entry in &books.entries {
        out.push('\n');
        write_entry(&mut out, books, entry);
    }
    out
}

fn write_entry(out: &mut String, books: &Books, entry: &JournalEntry) {
    let _ = writeln!(
        out,
        "{} * ({}) {} | {}",
        entry.date,
        entry.positions_text(),
        plain(&entry.party),
        plain(&entry.says)
    );
    let _ = writeln!(out, "    ; id:{}", entry.record);
    for (account, pence) in &entry.lines {
        let _ = write!(
            out,
            "    {}  GBP {}",
            account.name(&books.funds),
            pounds(*pence)
        );
        if account.kind.is_bank() {
            let fund = books.funds.name(account.fund);
            let _ = write!(out, "  ; fund:{}", plain(&fund).replace(',', " "));
        }
        out.push('\n');
    }
}

/// A text on one line without the characters that begin something else: a comment, the part after
/// the payee, or a date. hledger has no way to escape them.
fn plain(text: &str) -> String {
    let replaced = |c| match c {
        ';' => ',',
        '|' => '/',
        '[' => '(',
        ']' => ')',
        c => c,
    };
    one_line(text).chars().map(replaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_begin_a_comment() {
        assert_eq!(
            plain("Tea; cake | songs [1-99]\n2026-01-01 x"),
            "Tea, cake / songs (1-99) 2026-01-01 x"
        );
    }
}
