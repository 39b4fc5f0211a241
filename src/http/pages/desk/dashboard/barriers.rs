//! Work on barriers: those to sum up, those to pass on, and answers that are late.

use std::collections::BTreeMap;

use jiff::civil::Date;
use uuid::Uuid;

use super::super::DeskRequest;
use super::super::barriers::{name_of, path_of, shortened};
use super::work::{WorkRow, named};
use crate::domain::barrier::BarrierState;
use crate::domain::language::day_text;
use crate::http::pages::PageError;
use crate::projections::BarrierRow;
use crate::views::{Filter, PageRequest};

/// What waits for the office with barriers, the oldest first.
pub(super) async fn work(request: &DeskRequest<'_>) -> Result<Vec<WorkRow>, PageError> {
    let open = vec![Filter::in_state([
        BarrierState::Raised,
        BarrierState::SummedUp,
        BarrierState::PassedOn,
    ])];
    let page = PageRequest::up_to_max();
    let views = &request.app.views;
    let mut rows: Vec<BarrierRow> = views.list(None, open, &page).await?.items;
    rows.sort_by_key(|row| (row.raised_on, row.id));
    let today = request.today();
    let of_state = |state: BarrierState| -> Vec<&BarrierRow> {
        rows.iter().filter(|row| row.state == state).collect()
    };
    let raised = of_state(BarrierState::Raised);
    let words = own_words(request, &raised).await?;
    let mut work = named(&raised, |row| sum_up(row, words.get(&row.id), today));
    work.extend(named(&of_state(BarrierState::SummedUp), |row| {
        pass_on(row, today)
    }));
    let late: Vec<(&BarrierRow, Date)> = rows
        .iter()
        .filter(|row| row.state == BarrierState::PassedOn)
        .filter_map(|row| Some((row, row.due_on.filter(|due| *due < today)?)))
        .collect();
    work.extend(named(&late, |(row, due)| answer(row, *due, today)));
    Ok(work)
}

/// How the words of those who raised barriers begin, by barrier, if the reader may see them.
async fn own_words(
    request: &DeskRequest<'_>,
    rows: &[&BarrierRow],
) -> Result<BTreeMap<Uuid, String>, PageError> {
    let hears = request.signed.reader.hears_barriers();
    let rows = rows.iter().copied().cloned().collect();
    let seen = request.app.views.decrypt_barriers(|_| hears, rows).await?;
    let seen = seen.into_iter();
    let words = seen.filter_map(|one| Some((one.row.id, shortened(&one.words?))));
    Ok(words.collect())
}

fn sum_up(row: &BarrierRow, words: Option<&String>, today: Date) -> WorkRow {
    let told_on = format!("They told us on {}.", day_text(row.raised_on));
    WorkRow::new(
        "talk",
        "Write a summary of what someone told us",
        path_of(row.id),
        "Write a summary",
    )
    .about(words.map_or_else(|| told_on.clone(), |words| format!("“{words}” {told_on}")))
    .since(Some(row.raised_on), today)
}

fn pass_on(row: &BarrierRow, today: Date) -> WorkRow {
    let title = format!("Pass on: {}", name_of(row));
    WorkRow::new("talk", title, path_of(row.id), "Pass it on")
        .about("Say who can change it, and what we ask of them.")
        .since(Some(row.raised_on), today)
}

fn answer(row: &BarrierRow, due: Date, today: Date) -> WorkRow {
    let to = row.passed_on_to.as_deref().unwrap_or("They");
    let title = format!("An answer is late: {}", name_of(row));
    WorkRow::new("talk", title, path_of(row.id), "Record it")
        .about(format!("{to} should have answered. Ask again."))
        .late(due, today)
}
