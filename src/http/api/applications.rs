//! Reads of applications. Members of groups see their own, without the assessment. Assessors see
//! the scores of others after they have declared no interest and given their own.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::query::{QueryParams, list_own_rows, list_shown_rows, not_found, own_groups, path_id};
use super::response::{Collection, PageEnd, record_response};
use crate::auth::SignedIn;
use crate::domain::application::{ApplicationState, Interests, REQUESTED};
use crate::domain::reference::Reference;
use crate::http::AppState;
use crate::http::problem::{ErrorCode, Problem};
use crate::projections::{ApplicationRow, Waiting};
use crate::views::{ApplicationView, Filter, Paged, Reader, ViewError};

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, super::APPLICATIONS_PARAMS)?;
    let expand = params.expansions(super::FUND_EXPANSIONS)?;
    let by_state = params.state_filter::<ApplicationState>()?;
    let mut filters = params.place_filters("activity")?;
    if let Some(text) = params.get("reference") {
        let is_one = (6..=18).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
        if !is_one {
            return Err(ErrorCode::InvalidQuery
                .problem("a reference has six to eighteen digits")
                .with_field("reference"));
        }
        // A reference with wrong check digits belongs to no application.
        let reference = Reference::parse(text).map(Reference::digits);
        filters.push(Filter::equals("reference", reference.unwrap_or_default()));
    }
    let (rows, end) = if signed.reader.sees_all() {
        filters.extend(by_state);
        list_own_rows::<ApplicationRow>(&app, &signed, &params, filters, "group_id").await?
    } else {
        let as_at = params.as_at(&app).await?;
        let read_at = app.views.last_moment(as_at, app.commands.now()).await?;
        let shown = |row: ApplicationRow| {
            let row = row.before_held_decision(read_at);
            params.allows_state(row.state.into()).then_some(row)
        };
        list_shown_rows(&app, &signed, &params, filters, shown).await?
    };
    let mut items = application_views(&app, &signed, rows).await?;
    app.views.add_names(&expand, &mut items).await?;
    Ok(Collection::new(items, end).to_response())
}

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["as_at", "min_position", "expand"])?;
    let as_at = params.as_at(&app).await?;
    application_response(
        &app,
        &signed,
        path_id(&http, "application")?,
        as_at,
        &params.expansions(super::FUND_EXPANSIONS)?,
    )
    .await
}

/// The response with an application, as far as the reader may see it.
pub(super) async fn application_response(
    app: &AppState,
    signed: &SignedIn,
    application: Uuid,
    as_at: Option<i64>,
    expand: &BTreeSet<&str>,
) -> Result<HttpResponse, Problem> {
    let row = find_visible(app, signed, application, as_at).await?;
    let version = row.version;
    let mut rows = application_views(app, signed, vec![row]).await?;
    app.views.add_names(expand, &mut rows).await?;
    record_response(&rows.pop().ok_or_else(not_found)?, version)
}

pub(super) async fn answers(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &super::PAGE_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let row = find_visible(&app, &signed, path_id(&http, "application")?, as_at).await?;
    if !signed.reader.may_read_words() {
        return Err(crate::domain::Refusal::NotYours.into());
    }
    let mut answers = app.views.answers(row.id, as_at).await?;
    // An amount that was not finished is replaced by one that is.
    answers.retain(|answer| answer.question.as_str() != REQUESTED || row.is_unfinished(REQUESTED));
    let Paged { items, next } = Paged::paginate(answers, &params.page_request()?, |answer| {
        answer.question.to_string()
    });
    Ok(Collection::new(items, PageEnd { next, total: None }).to_response())
}

/// An application that the reader may see. Members see it as they saw it at that position.
async fn find_visible(
    app: &AppState,
    signed: &SignedIn,
    application: Uuid,
    as_at: Option<i64>,
) -> Result<ApplicationRow, Problem> {
    let row: ApplicationRow = app
        .views
        .find(application, as_at)
        .await?
        .ok_or_else(not_found)?;
    let own = own_groups(app, signed).await?;
    if own.is_some_and(|own| !own.contains(&row.group.0)) {
        return Err(not_found());
    }
    if signed.reader.sees_all() {
        return Ok(row);
    }
    let read_at = app.views.last_moment(as_at, app.commands.now()).await?;
    Ok(row.before_held_decision(read_at))
}

/// The applications, as far as the reader may see them. Members of groups see nothing of the
/// assessment. For staff the present declaration of interest decides, even in a query about a past
/// day.
pub(in crate::http) async fn application_views(
    app: &AppState,
    signed: &SignedIn,
    rows: Vec<ApplicationRow>,
) -> Result<Vec<ApplicationView>, Problem> {
    let reader = &signed.reader;
    if !reader.sees_all() {
        let now = app.commands.now();
        let for_group = |row: ApplicationRow| redact_for_group(row.before_held_decision(now));
        let rows = rows.into_iter().map(for_group).collect();
        return Ok(app.views.decrypt_applications(true, rows).await?);
    }
    let hidden = hidden_scores(
        app,
        reader,
        rows.iter()
            .filter(|row| !row.scores.is_empty())
            .map(|row| row.id),
    )
    .await?;
    let for_staff = |mut row: ApplicationRow| {
        row.scores
            .retain(|score| score.by == reader.person || !hidden.contains(&row.id));
        // It can show where people come from, so only staff who contact them see it.
        if !reader.works_with_groups() {
            row.spoken_language_sealed = None;
        }
        row
    };
    let rows = rows.into_iter().map(for_staff).collect();
    Ok(app
        .views
        .decrypt_applications(reader.may_read_words(), rows)
        .await?)
}

fn redact_for_group(row: ApplicationRow) -> ApplicationRow {
    ApplicationRow {
        scores: Vec::new(),
        help: None,
        rank: None,
        reason: None,
        present: BTreeSet::new(),
        withdrew: BTreeSet::new(),
        recorded_by: None,
        unconfirmed: BTreeSet::new(),
        attendance_waits: Waiting::Nothing,
        help_waits: Waiting::Nothing,
        interests: Interests::default(),
        ..row
    }
}

/// The applications whose scores by others the reader may not see.
pub(in crate::http) async fn hidden_scores(
    app: &AppState,
    reader: &Reader,
    applications: impl Iterator<Item = Uuid>,
) -> Result<BTreeSet<Uuid>, Problem> {
    let ids: BTreeSet<Uuid> = applications.collect();
    if ids.is_empty() {
        return Ok(ids);
    }
    let mut hidden = BTreeSet::new();
    for id in ids {
        let connected = app
            .commands
            .connected_streams(id)
            .await
            .map_err(ViewError::from)?;
        let shown = connected.is_some_and(|streams| {
            streams
                .connections()
                .may_see_scores(reader.person, &reader.granted_roles)
        });
        if !shown {
            hidden.insert(id);
        }
    }
    Ok(hidden)
}
