//! Money and results as a spreadsheet: see [`ValueSummary`].

use super::spreadsheets::{Spreadsheet, SpreadsheetCell};
use crate::views::{ValueFigures, ValueSummary};

/// What a line is called that belongs to no fund.
const NO_FUND: &str = "No fund";
/// What the line of everything is called.
const ALL: &str = "Everything";

/// One row for each line of the summary, and a row of totals.
#[must_use]
pub fn value_sheet(value: &ValueSummary) -> Spreadsheet {
    let mut rows: Vec<Vec<SpreadsheetCell>> = value
        .by_fund
        .iter()
        .map(|line| row(line.name.as_deref().unwrap_or(NO_FUND), &line.figures))
        .collect();
    rows.push(row(ALL, &value.all));
    Spreadsheet {
        name: "Value",
        columns: vec![
            "Fund",
            "From funders",
            "Awarded",
            "Paid, less returned",
            "Awards",
            "People who came",
            "People who helped",
            "Sessions held",
            "People at sessions",
            "Minutes given",
            "Introductions made",
            "Introductions welcomed",
            "Changes made",
        ],
        rows,
    }
}

fn row(name: &str, figures: &ValueFigures) -> Vec<SpreadsheetCell> {
    vec![
        name.into(),
        figures.allocated.into(),
        figures.awarded.into(),
        figures.paid_net.into(),
        figures.awards.into(),
        figures.people.into(),
        figures.volunteers.into(),
        figures.sessions.into(),
        figures.people_at_sessions.into(),
        figures.minutes.into(),
        figures.introductions_made.into(),
        figures.introductions_welcomed.into(),
        figures.changes_made.into(),
    ]
}
