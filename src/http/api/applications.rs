//! Reads of applications. Members of groups see their own, without the assessment. Assessors see
//! the scores of others after they have declared no interest and given their own.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::answers::{Collection, End, record};
use super::asked::{Asked, id, list_own, nothing, own_groups};
use crate::domain::application::{ApplicationState, Interests};
use crate::domain::reference::Reference;
use crate::http::Desk;
use crate::http::problem::{Fault, Problem};
use crate::http::signin::SignedIn;
use crate::projections::{ApplicationRow, Waiting};
use crate::views::{ApplicationSeen, Listed, Reader, ViewError};

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, super::APPLICATIONS)?;
    let expand = asked.expand(super::OF_FUND)?;
    let mut filters = asked.of_records::<ApplicationState>()?;
    if let Some(text) = asked.text("reference") {
        let is_one = (6..=18).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
        if !is_one {
            return Err(Fault::InvalidQuery
                .problem("a reference has six to eighteen digits")
                .about("reference"));
        }
        // A reference with wrong check digits belongs to no application.
        filters.push((
            "reference",
            vec![
                Reference::heard(text)
                    .map(Reference::digits)
                    .unwrap_or_default(),
            ],
        ));
    }
    let (rows, end) =
        list_own::<ApplicationRow>(&desk, &signed, &asked, filters, "group_id").await?;
    let mut items = seen(&desk, &signed, rows).await?;
    desk.views.name(&expand, &mut items).await?;
    Ok(Collection::of(items, end).answer())
}

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["as_at", "min_position", "expand"])?;
    let as_at = asked.as_at(&desk).await?;
    one(
        &desk,
        &signed,
        id(&http, "application")?,
        as_at,
        &asked.expand(super::OF_FUND)?,
    )
    .await
}

/// The response with an application, as far as the reader may see it.
pub(super) async fn one(
    desk: &Desk,
    signed: &SignedIn,
    application: Uuid,
    as_at: Option<i64>,
    expand: &BTreeSet<&str>,
) -> Result<HttpResponse, Problem> {
    let row = find(desk, signed, application, as_at).await?;
    let version = row.version;
    let mut rows = seen(desk, signed, vec![row]).await?;
    desk.views.name(expand, &mut rows).await?;
    record(&rows.pop().ok_or_else(nothing)?, version)
}

pub(super) async fn answers(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &super::PAGE)?;
    let as_at = asked.as_at(&desk).await?;
    let row = find(&desk, &signed, id(&http, "application")?, as_at).await?;
    if !signed.reader.reads_words() {
        return Err(crate::domain::Refusal::NotYours.into());
    }
    let answers = desk.views.answers(row.id, as_at).await?;
    let Listed { items, next } = Listed::cut(answers, &asked.page()?, |answer| {
        answer.question.to_string()
    });
    Ok(Collection::of(items, End { next, total: None }).answer())
}

async fn find(
    desk: &Desk,
    signed: &SignedIn,
    application: Uuid,
    as_at: Option<i64>,
) -> Result<ApplicationRow, Problem> {
    let row: ApplicationRow = desk
        .views
        .find(&application.to_string(), as_at)
        .await?
        .ok_or_else(nothing)?;
    match own_groups(desk, signed).await? {
        Some(own) if !own.contains(&row.group.0) => Err(nothing()),
        _ => Ok(row),
    }
}

/// The applications, as far as the reader may see them. Members of groups see nothing of the
/// assessment. For staff the present declaration of interest decides, even in a query about a past
/// day.
pub(in crate::http) async fn seen(
    desk: &Desk,
    signed: &SignedIn,
    rows: Vec<ApplicationRow>,
) -> Result<Vec<ApplicationSeen>, Problem> {
    let reader = &signed.reader;
    if !reader.sees_all() {
        let rows = rows.into_iter().map(for_group).collect();
        return Ok(desk.views.open_applications(true, rows).await?);
    }
    let hidden = hidden_scores(
        desk,
        reader,
        rows.iter()
            .filter(|row| !row.scores.is_empty())
            .map(|row| row.id),
    )
    .await?;
    let for_staff = |mut row: ApplicationRow| {
        row.scores
            .retain(|score| score.by == reader.person || !hidden.contains(&row.id));
        row
    };
    let rows = rows.into_iter().map(for_staff).collect();
    Ok(desk
        .views
        .open_applications(reader.reads_words(), rows)
        .await?)
}

fn for_group(row: ApplicationRow) -> ApplicationRow {
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
    desk: &Desk,
    reader: &Reader,
    applications: impl Iterator<Item = Uuid>,
) -> Result<BTreeSet<Uuid>, Problem> {
    let ids: BTreeSet<Uuid> = applications.collect();
    if ids.is_empty() {
        return Ok(ids);
    }
    let mut hidden = BTreeSet::new();
    for id in ids {
        let connected = desk.commands.connected(id).await.map_err(ViewError::from)?;
        let shown = connected.is_some_and(|streams| {
            streams
                .connections()
                .sees_scores(reader.person, &reader.held)
        });
        if !shown {
            hidden.insert(id);
        }
    }
    Ok(hidden)
}
