//! Work on gatherings: sessions of which nobody said who came, risk checks that end soon, leads who
//! ask for a hand, leads that are offered and not taken, and leads who have gone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::Date;
use uuid::Uuid;

use super::super::DeskRequest;
use super::super::gatherings::{ends_soon, is_fresh, path_of, path_of_session};
use super::work::{WorkRow, named};
use crate::clock::day_of;
use crate::domain::PersonId;
use crate::domain::gathering::{GatheringState, SessionState};
use crate::domain::language::day_text;
use crate::http::pages::PageError;
use crate::projections::{GatheringRow, GatheringSessionRow, PersonRow};
use crate::views::Filter;

/// What waits with the gatherings that have not ended.
pub(super) async fn work(request: &DeskRequest<'_>) -> Result<Vec<WorkRow>, PageError> {
    let gatherings = request.app.views.running_gatherings().await?;
    let mut work = over(request, &gatherings).await?;
    let today = request.today();
    let with_hand: Vec<&GatheringRow> = gatherings
        .iter()
        .filter(|row| row.hand_asked_on.is_some_and(|day| is_fresh(day, today)))
        .collect();
    work.extend(named(&with_hand, |row| hand(row, today)));
    let to_check: Vec<&GatheringRow> = gatherings.iter().filter(|row| ends(row, today)).collect();
    work.extend(named(&to_check, |row| check(row, today)));
    let offered: Vec<&GatheringRow> = gatherings
        .iter()
        .filter(|row| row.offered_to.is_some())
        .collect();
    work.extend(named(&offered, |row| offer(row, today)));
    let gone = with_lead_who_has_gone(request, &gatherings).await?;
    work.extend(named(&gone, |row| left(row)));
    Ok(work)
}

/// Gatherings with a lead who was staff when they took the lead and has no role any more, or whose
/// data were erased. A lead reads names and needs, and an open gathering needs one.
async fn with_lead_who_has_gone<'a>(
    request: &DeskRequest<'_>,
    gatherings: &'a [GatheringRow],
) -> Result<Vec<&'a GatheringRow>, PageError> {
    let ids: BTreeSet<PersonId> = gatherings
        .iter()
        .flat_map(|row| row.leads.keys().copied())
        .collect();
    let of_leads = vec![Filter::any_of("id", ids)];
    let people: Vec<PersonRow> = request.app.views.all_rows(None, of_leads).await?;
    let people: BTreeMap<PersonId, PersonRow> = people
        .into_iter()
        .map(|row| (PersonId(row.id), row))
        .collect();
    let has_gone = |(person, was_staff): (&PersonId, &bool)| {
        people
            .get(person)
            .is_some_and(|row| row.erasure.is_done() || (*was_staff && row.roles.is_empty()))
    };
    Ok(gatherings
        .iter()
        .filter(|row| row.leads.iter().any(has_gone))
        .collect())
}

/// Sessions on days before today of which nobody said who came.
async fn over(
    request: &DeskRequest<'_>,
    gatherings: &[GatheringRow],
) -> Result<Vec<WorkRow>, PageError> {
    let today = request.today();
    let open = gatherings
        .iter()
        .filter(|row| row.state == GatheringState::Open);
    let titles: BTreeMap<Uuid, &str> = open.map(|row| (row.id, row.title.as_str())).collect();
    let yesterday = today.saturating_sub(Span::new().days(1));
    let planned = vec![
        Filter::in_state([SessionState::Planned]),
        Filter::at_most("day", yesterday),
    ];
    let mut sessions: Vec<GatheringSessionRow> = request.app.views.all_rows(None, planned).await?;
    sessions.retain(|session| titles.contains_key(&session.gathering));
    sessions.sort_by_key(|session| session.day);
    Ok(named(&sessions, |session| {
        let title = titles.get(&session.gathering).copied().unwrap_or_default();
        let record = path_of(session.gathering);
        WorkRow::new("day", format!("Who came? {title}"), record, "Say who came")
            .leading_to("Say who came", path_of_session(session, "attendance"))
            .about(format!("The session on {} is over.", day_text(session.day)))
            .late(session.day, today)
    }))
}

fn hand(row: &GatheringRow, today: Date) -> WorkRow {
    let title = format!("A lead asks for a hand: {}", row.title);
    WorkRow::new("hand", title, path_of(row.id), "Read it")
        .about("They told us what would help.")
        .since(row.hand_asked_on, today)
}

/// Whether the risk check of an open gathering ends soon, or has ended.
fn ends(row: &GatheringRow, today: Date) -> bool {
    row.state == GatheringState::Open
        && row.risk_check
        && row
            .checked_until
            .is_some_and(|until| ends_soon(until, today))
}

fn check(row: &GatheringRow, today: Date) -> WorkRow {
    let until = row.checked_until.unwrap_or(today);
    let path = format!("{}?do=pass-risk-check#next", path_of(row.id));
    let work = WorkRow::new(
        "flag",
        format!("Make the risk check again: {}", row.title),
        path_of(row.id),
        "Record it",
    )
    .leading_to("Record it", path);
    if until < today {
        work.about(format!("It was valid until {}.", day_text(until)))
            .late(until, today)
    } else {
        work.about(format!("It is valid until {}.", day_text(until)))
    }
}

fn offer(row: &GatheringRow, today: Date) -> WorkRow {
    let title = format!("Lead offered, not taken: {}", row.title);
    let changed = day_of(row.updated_at.timestamp());
    WorkRow::new("people", title, path_of(row.id), "Look at it")
        .about("Ask if they want to lead it.")
        .since(Some(changed), today)
}

fn left(row: &GatheringRow) -> WorkRow {
    let title = format!("A lead has left: {}", row.title);
    WorkRow::new("people", title, path_of(row.id), "Look at it").about(
        "They have no role in the office any more, or we erased their details. End their lead.",
    )
}
