//! Reports for people who audit, from an exported folder: the books, a sample of grants, and the
//! story of one grant.

use std::path::Path;

use super::TaskError;
use super::audit::not_checked;
use super::folder_verdict::FolderVerdict;
use crate::audit::ledger::books::Books;
use crate::audit::{self, FolderCheck, GrantSample, GrantStory, ledger};
use crate::config::JournalFormat;
use crate::views::AsAt;

/// What to print of the books.
#[derive(Clone, Copy, Debug)]
pub(super) enum LedgerReport {
    Journal,
    TrialBalance,
    ByFund,
}

impl LedgerReport {
    /// The report that the options ask for: the journal, unless one asks for another.
    pub(super) fn chosen(trial_balance: bool, by_fund: bool) -> Self {
        match (trial_balance, by_fund) {
            (true, _) => Self::TrialBalance,
            (_, true) => Self::ByFund,
            _ => Self::Journal,
        }
    }
}

pub(super) fn ledger(
    folder: &Path,
    report: LedgerReport,
    format: JournalFormat,
    as_at: Option<&str>,
) -> Result<(), TaskError> {
    let as_at = as_at
        .map(str::parse::<AsAt>)
        .transpose()
        .map_err(|error| not_checked(format!("--as-at: {error}")))?;
    let check = FolderCheck::of(folder).map_err(not_checked)?;
    let verdict = FolderVerdict::of_findings(folder, &check.findings);
    let warning = check.warning();
    let printed = ledger::books_of(folder, as_at)
        .map(|books| print_books(&books, report, format, warning.as_deref()));
    verdict.and_answer(printed.map_err(not_checked))
}

fn print_books(books: &Books, report: LedgerReport, format: JournalFormat, warning: Option<&str>) {
    let printed = match (report, format) {
        (LedgerReport::Journal, JournalFormat::Beancount) => ledger::beancount(books, warning),
        (LedgerReport::Journal, JournalFormat::Hledger) => ledger::hledger(books, warning),
        (LedgerReport::Journal, JournalFormat::Csv) => ledger::journal_csv(books),
        (LedgerReport::TrialBalance, JournalFormat::Csv) => ledger::trial_balance_csv(books),
        (LedgerReport::TrialBalance, _) => ledger::trial_balance(books),
        (LedgerReport::ByFund, JournalFormat::Csv) => ledger::fund_ledgers_csv(books),
        (LedgerReport::ByFund, _) => ledger::fund_ledgers(books),
    };
    print_line!("{}", printed.trim_end());
}

/// Draws grants and prints the evidence of each.
pub(super) fn sample(folder: &Path, count: usize, json: bool) -> Result<(), TaskError> {
    let check = FolderCheck::of(folder).map_err(not_checked)?;
    let verdict = FolderVerdict::of_findings(folder, &check.findings);
    let sample = audit::sample(folder, &check, count).map_err(not_checked);
    verdict.and_answer(sample.and_then(|sample| print_sample(&sample, json)))
}

fn print_sample(sample: &GrantSample, json: bool) -> Result<(), TaskError> {
    if json {
        let text = serde_json::to_string_pretty(sample).map_err(not_checked)?;
        print_line!("{text}");
    } else {
        print_line!("{}", sample.to_string().trim_end());
    }
    Ok(())
}

/// Prints the story of a grant, as text or as a page.
pub(super) fn explain(folder: &Path, grant: &str, html: bool) -> Result<(), TaskError> {
    let check = FolderCheck::of(folder).map_err(not_checked)?;
    let verdict = FolderVerdict::of_findings(folder, &check.findings);
    let story = audit::explain(folder, &check, grant).map_err(not_checked);
    let printed = story.and_then(|story| {
        let unknown = || not_checked(format!("nothing in this log is about {grant}"));
        print_story(&story.ok_or_else(unknown)?, html)
    });
    verdict.and_answer(printed)
}

fn print_story(story: &GrantStory, html: bool) -> Result<(), TaskError> {
    if html {
        print_line!("{}", story.to_html().map_err(not_checked)?.trim_end());
    } else {
        print_line!("{}", story.to_string().trim_end());
    }
    Ok(())
}
