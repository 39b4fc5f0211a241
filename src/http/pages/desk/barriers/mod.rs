//! Barriers at the desk: the list, the page of each, and raising one for somebody who spoke to the
//! office.

mod actions;
mod raise;
mod record;
mod table;

use actix_web::HttpResponse;
use uuid::Uuid;

pub(super) use raise::raise_for;
pub(super) use table::{LIST, spreadsheet};

use super::{DeskRequest, history};
use crate::domain::Role;
use crate::domain::barrier::{BarrierState, ComesTo};
use crate::domain::language::Language;
use crate::http::pages::PageError;
use crate::mail::format_day;
use crate::projections::BarrierRow;

/// A page below `/desk/barriers`.
pub(super) async fn show_page(
    request: &DeskRequest<'_>,
    steps: &[&str],
) -> Result<HttpResponse, PageError> {
    match steps {
        [] => table::show(request).await,
        ["new"] => raise::show(request).await,
        [id] => record::show(request, id).await,
        _ => Err(PageError::not_found()),
    }
}

pub(super) fn path_of(barrier: Uuid) -> String {
    format!("/desk/barriers/{barrier}")
}

/// Whether the reader carries barriers up: officers and connectors.
pub(super) fn carries_up(request: &DeskRequest<'_>) -> bool {
    let roles = &request.signed.reader.roles;
    roles.contains(&Role::Officer) || roles.contains(&Role::Connector)
}

/// The most letters of a summary that is a title.
const TITLE_MAX: usize = 90;

/// What a barrier is called at the desk: how its summary begins, or the day on which it was raised.
pub(super) fn name_of(row: &BarrierRow) -> String {
    match &row.summary {
        Some(summary) => shortened(summary),
        None => format!("Raised on {}", format_day(row.raised_on, Language::En)),
    }
}

/// The first words of a text, in one line.
pub(super) fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= TITLE_MAX {
        return line;
    }
    let cut: String = line.chars().take(TITLE_MAX).collect();
    let whole = cut
        .rsplit_once(' ')
        .map_or(cut.as_str(), |(words, _)| words);
    format!("{whole}…")
}

/// The states in which a barrier waits for the office or for an answer.
const OPEN_STATES: [BarrierState; 3] = [
    BarrierState::Raised,
    BarrierState::SummedUp,
    BarrierState::PassedOn,
];

/// What staff call what comes of an answer.
fn comes_to_name(comes_to: ComesTo) -> &'static str {
    match comes_to {
        ComesTo::None => "No change",
        ComesTo::Planned => "A change is planned",
        ComesTo::Made => "The change was made",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_summary_is_cut_after_a_word() {
        assert_eq!(shortened("Clinics close\nearly."), "Clinics close early.");
        let cut = shortened(&"never open ".repeat(20));
        assert!(
            cut.chars().count() <= TITLE_MAX + 1 && cut.ends_with("open…"),
            "{cut}"
        );
    }
}
