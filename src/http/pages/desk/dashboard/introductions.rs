//! Work on introductions: people to ask whether they agree, introductions to make, answers that
//! are waited for, and people to ask how it went.

use jiff::Span;
use jiff::civil::Date;

use super::super::DeskRequest;
use super::super::introductions::{NamedIntroduction, path_of, waits_since, with_names};
use super::work::WorkRow;
use crate::domain::introduction::{IntroductionState, answer_due_on};
use crate::domain::language::day_text;
use crate::http::pages::PageError;
use crate::projections::IntroductionRow;
use crate::views::Filter;

/// The most introductions in one state that have a row each.
const ROWS_MAX: usize = 8;
/// So many days after somebody was welcomed they are asked how it went.
const ASKED_AFTER_DAYS: i64 = 28;

/// What waits with introductions.
pub(super) async fn work(request: &DeskRequest<'_>) -> Result<Vec<WorkRow>, PageError> {
    let today = request.today();
    let mut work = Vec::new();
    for state in [
        IntroductionState::Asked,
        IntroductionState::Agreed,
        IntroductionState::Made,
        IntroductionState::Welcomed,
    ] {
        let waiting = waiting(request, state).await?;
        let row = |one: &NamedIntroduction| work_row(one, today);
        work.extend(waiting.iter().map(row));
    }
    Ok(work)
}

/// The introductions in a state for which something is to be done, the longest waiting first.
async fn waiting(
    request: &DeskRequest<'_>,
    state: IntroductionState,
) -> Result<Vec<NamedIntroduction>, PageError> {
    let views = &request.app.views;
    let mut rows: Vec<IntroductionRow> = views
        .all_rows(None, vec![Filter::in_state([state])])
        .await?;
    if state == IntroductionState::Welcomed {
        let today = request.today();
        rows.retain(|row| asked_how_on(waits_since(row)) <= today);
    }
    rows.sort_by_key(|row| (waits_since(row), row.id));
    rows.truncate(ROWS_MAX);
    with_names(request, rows).await
}

fn asked_how_on(welcomed_on: Date) -> Date {
    welcomed_on.saturating_add(Span::new().days(ASKED_AFTER_DAYS))
}

fn work_row(one: &NamedIntroduction, today: Date) -> WorkRow {
    let row = &one.seen.row;
    let (path, since) = (path_of(row.id), waits_since(row));
    let to = &one.entry;
    let who = &one.who;
    match row.state {
        IntroductionState::Asked => WorkRow::new(
            "phone",
            format!("Ask {who} if they agree"),
            path,
            "Ask them",
        )
        .about(format!("They would like to go to {to}."))
        .since(Some(since), today),
        IntroductionState::Agreed => {
            let title = format!("Introduce {who} to {to}");
            WorkRow::new("hand", title, path, "Make it")
                .about("They agreed.")
                .today(since)
        }
        IntroductionState::Made => answer_row(one, path, today),
        _ => WorkRow::new("talk", format!("Ask {who} how it went"), path, "Note it")
            .about(format!(
                "{to} said they are welcome on {}.",
                day_text(since)
            ))
            .no_rush(),
    }
}

/// An answer that is waited for. It is late from the day on which those who hold the entry are
/// reminded.
fn answer_row(one: &NamedIntroduction, path: String, today: Date) -> WorkRow {
    let since = waits_since(&one.seen.row);
    let title = format!("{} is waiting for an answer", one.who);
    let row = WorkRow::new("people", title, path, "Look at it");
    let due = answer_due_on(since);
    if due <= today {
        row.about(format!("Phone {}, and note what they say.", one.entry))
            .late(due, today)
    } else {
        row.about(format!("{} can answer online.", one.entry))
            .since(Some(since), today)
    }
}
