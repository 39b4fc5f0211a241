//! Reads of gatherings, their sessions and sign-ups. Everyone who is signed in sees those that have
//! opened; staff and leads see drafts, and who signed up.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::query::{QueryParams, list_rows, not_found, path_id, require_staff};
use super::response::{Collection, record_response};
use crate::auth::SignedIn;
use crate::domain::PersonId;
use crate::domain::gathering::{GatheringState, PlaceAudience, SessionState};
use crate::http::AppState;
use crate::http::problem::Problem;
use crate::projections::{GatheringRow, GatheringSessionRow, SignUpRow, SignUpState};
use crate::views::Filter;

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, super::GATHERINGS_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let mut filters = params.state_filter::<GatheringState>()?;
    filters.extend(params.equality_filters(&[
        ("area", "area"),
        ("fund", "fund"),
        ("group", "group_id"),
    ])?);
    let sees_all = signed.reader.sees_all() || signed.reader.works_with_people();
    if !sees_all {
        let public = [GatheringState::Open, GatheringState::Ended];
        filters.push(Filter::in_state(public));
    }
    let (mut rows, end) = list_rows::<GatheringRow>(&app, &params, as_at, filters).await?;
    if !sees_all {
        if as_at.is_some() {
            app.views.give_words_of_now(&mut rows).await?;
        }
        let own = |row| redact(row, signed.reader.person);
        rows = rows.into_iter().map(own).collect();
    }
    let items = app
        .views
        .decrypt_gatherings(signed.reader.reads_calls_for_a_hand(), rows)
        .await?;
    Ok(Collection::new(items, end).to_response())
}

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let as_at = params.as_at(&app).await?;
    gathering_response(&app, &signed, path_id(&http, "gathering")?, as_at).await
}

/// The response with a gathering, as far as the reader may see it.
pub(super) async fn gathering_response(
    app: &AppState,
    signed: &SignedIn,
    gathering: Uuid,
    as_at: Option<i64>,
) -> Result<HttpResponse, Problem> {
    let found = find_visible(app, signed, gathering, as_at).await?;
    let row = if found.sees_people {
        found.row
    } else {
        redact(found.row, signed.reader.person)
    };
    let version = row.version;
    let mut rows = app
        .views
        .decrypt_gatherings(signed.reader.reads_calls_for_a_hand(), vec![row])
        .await?;
    record_response(&rows.pop().ok_or_else(not_found)?, version)
}

/// A gathering, and whether the reader sees who signed up for it.
struct VisibleGathering {
    row: GatheringRow,
    sees_people: bool,
}

/// The gathering, if the reader may see it. Someone who does not lead it any more does not see its
/// people any more, for past days either.
async fn find_visible(
    app: &AppState,
    signed: &SignedIn,
    gathering: Uuid,
    as_at: Option<i64>,
) -> Result<VisibleGathering, Problem> {
    let mut row: GatheringRow = app
        .views
        .find(gathering, as_at)
        .await?
        .ok_or_else(not_found)?;
    let current: GatheringRow = app
        .views
        .find(gathering, None)
        .await?
        .ok_or_else(not_found)?;
    let person = signed.reader.person;
    let leads = current.is_led_by(person);
    let is_asked = current.offered_to == Some(person);
    let is_staff = signed.reader.sees_all() || signed.reader.works_with_people();
    if !is_staff && !leads {
        row.take_words_of(&current);
    }
    if row.is_public() || is_staff || leads || is_asked {
        Ok(VisibleGathering {
            row,
            sees_people: is_staff || leads,
        })
    } else {
        Err(not_found())
    }
}

/// Removes the leads other than the reader, the offer of the lead to others, and who asked for a
/// hand.
fn redact(mut row: GatheringRow, person: PersonId) -> GatheringRow {
    row.leads.retain(|lead, _| *lead == person);
    row.offered_to = row.offered_to.filter(|offered| *offered == person);
    (row.hand_asked_by, row.hand_asked_on) = (None, None);
    (row.hand_kept_until, row.hand) = (None, None);
    row
}

pub(super) async fn sessions(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, super::GATHERING_ITEMS_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let gathering = path_id(&http, "gathering")?;
    let found = find_visible(&app, &signed, gathering, as_at).await?;
    let mut filters = params.state_filter::<SessionState>()?;
    filters.push(Filter::equals("gathering", gathering));
    let (mut rows, end) = list_rows::<GatheringSessionRow>(&app, &params, as_at, filters).await?;
    if !found.sees_people {
        if as_at.is_some() {
            app.views.give_notes_of_now(&mut rows).await?;
        }
        let own = own_places(&app, &signed, gathering).await?;
        for row in &mut rows {
            redact_session(row, &own);
        }
    }
    Ok(Collection::new(rows, end).to_response())
}

/// The gathering in the address, for staff and its leads.
pub(super) async fn led_gathering(
    http: &HttpRequest,
    signed: &SignedIn,
    app: &AppState,
) -> Result<Uuid, Problem> {
    let gathering = path_id(http, "gathering")?;
    let found = find_visible(app, signed, gathering, None).await?;
    if found.sees_people {
        Ok(gathering)
    } else {
        Err(not_found())
    }
}

/// The figures of gatherings, for staff.
pub(super) async fn movement(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    require_staff(&signed)?;
    let params = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let as_at = params.as_at(&app).await?;
    let movement = app.views.movement(as_at).await?;
    Ok(HttpResponse::Ok().json(&*movement))
}

/// The numbers of the sessions at which the reader has a place now.
async fn own_places(
    app: &AppState,
    signed: &SignedIn,
    gathering: Uuid,
) -> Result<BTreeSet<u16>, Problem> {
    let own = vec![
        Filter::equals("person", signed.reader.person),
        Filter::equals("gathering", gathering),
        Filter::in_state([SignUpState::Place]),
    ];
    let rows = app.views.all_rows::<SignUpRow>(None, own).await?;
    Ok(rows.into_iter().map(|row| row.session).collect())
}

/// The numbers of the sessions whose lists of people are kept. A list is forgotten 30 days after
/// its session, for those who led it too.
async fn with_list(app: &AppState, gathering: Uuid) -> Result<BTreeSet<u16>, Problem> {
    let of_gathering = vec![Filter::equals("gathering", gathering)];
    let rows = app
        .views
        .all_rows::<GatheringSessionRow>(None, of_gathering)
        .await?;
    Ok(rows
        .into_iter()
        .filter(|row| row.kept_until.is_some())
        .map(|row| row.session)
        .collect())
}

/// Removes a place that is only for those who signed up, all details of attendance except the
/// number, and a number so small that people could be identified.
fn redact_session(row: &mut GatheringSessionRow, own: &BTreeSet<u16>) {
    if row.place_for == PlaceAudience::SignedUp && !own.contains(&row.session) {
        row.place = None;
    }
    row.came = row.came.take().filter(|came| !came.is_of_few());
    if let Some(came) = &mut row.came {
        came.named.clear();
        came.groups.clear();
    }
}

pub(super) async fn sign_ups(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, super::GATHERING_ITEMS_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let gathering = path_id(&http, "gathering")?;
    let found = find_visible(&app, &signed, gathering, as_at).await?;
    let mut filters = params.state_filter::<SignUpState>()?;
    filters.push(Filter::equals("gathering", gathering));
    let person = signed.reader.person;
    if !found.sees_people {
        filters.push(Filter::equals("person", person));
    }
    let (mut rows, end) = list_rows::<SignUpRow>(&app, &params, as_at, filters).await?;
    if !signed.reader.sees_all() {
        let kept = with_list(&app, gathering).await?;
        rows.retain(|row| row.person == person || kept.contains(&row.session));
    }
    // Needs may tell of somebody's health or faith: the panel and auditors do not see them.
    let sees_needs =
        signed.reader.works_with_groups() || (found.sees_people && !signed.reader.sees_all());
    let items = app
        .views
        .decrypt_sign_ups(|row| sees_needs || row.person == person, rows)
        .await?;
    Ok(Collection::new(items, end).to_response())
}
