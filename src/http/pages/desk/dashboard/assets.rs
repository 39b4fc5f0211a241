//! Work on the directory: entries that nobody looks after any more, entries to check again, and
//! words that those who hold an entry proposed.

use jiff::Span;
use jiff::civil::Date;

use super::super::DeskRequest;
use super::super::assets::{name_of, path_of};
use super::work::{WorkRow, named};
use crate::domain::asset::AssetState;
use crate::domain::language::day_text;
use crate::http::pages::PageError;
use crate::projections::AssetRow;
use crate::views::{Filter, PageRequest};

/// So many months before an entry counts as out of date somebody asks if it is still right.
const CHECK_BEFORE_MONTHS: i64 = 2;

/// What waits with the entries that are not withdrawn.
pub(super) async fn work(request: &DeskRequest<'_>) -> Result<Vec<WorkRow>, PageError> {
    let today = request.today();
    let views = &request.app.views;
    let mut lonely = views.entries_without_keeper(None).await?;
    lonely.sort_by_cached_key(name_of);
    let mut work = named(&lonely, |row| without_keeper(row, today));
    let until = today.saturating_add(Span::new().months(CHECK_BEFORE_MONTHS));
    let due = vec![
        Filter::in_state([AssetState::Published]),
        Filter::at_most("stale_on", until),
    ];
    let page = PageRequest::up_to_max();
    let mut to_check: Vec<AssetRow> = views.list(None, due, &page).await?.items;
    to_check.sort_by_key(|row| row.stale_on);
    work.extend(named(&to_check, |row| check(row, today)));
    let with_words = vec![
        Filter::in_state([AssetState::Recorded, AssetState::Published]),
        Filter::at_most("words_on", today),
    ];
    let mut proposed: Vec<AssetRow> = views.list(None, with_words, &page).await?.items;
    proposed.retain(|row| row.person.is_none() && row.words_on > row.confirmed_on);
    work.extend(named(&proposed, |row| words(row, today)));
    Ok(work)
}

fn without_keeper(row: &AssetRow, today: Date) -> WorkRow {
    let title = format!("No one looks after this entry: {}", name_of(row));
    WorkRow::new("link", title, path_of(row.id), "Look after it")
        .about("The person who did does not work with the directory any more.")
        .wrong(None, today)
}

fn check(row: &AssetRow, today: Date) -> WorkRow {
    let title = format!("Ask if it is still right: {}", name_of(row));
    let checked = row.confirmed_on.unwrap_or(row.recorded_on);
    let work = WorkRow::new("link", title, path_of(row.id), "Check it")
        .about(format!("It was last checked on {}.", day_text(checked)));
    match row.stale_on {
        Some(day) if day <= today => work.late(day, today),
        _ => work,
    }
}

fn words(row: &AssetRow, today: Date) -> WorkRow {
    let title = format!("New words for the directory: {}", name_of(row));
    WorkRow::new("link", title, path_of(row.id), "Read them")
        .about("Those who hold the entry proposed them.")
        .since(row.words_on, today)
}
