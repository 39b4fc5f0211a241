//! Reads of groups. Members see their own groups.

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::query::{QueryParams, list_own_rows, not_found, only_ids, own_groups, path_id};
use super::response::{Collection, PageEnd, record_response};
use crate::auth::SignedIn;
use crate::domain::Refusal;
use crate::domain::text::Identifier;
use crate::http::AppState;
use crate::http::problem::{ErrorCode, Problem};
use crate::projections::{GroupRow, IdentifierRow, search_key};
use crate::views::{Filter, GroupView, Paged};

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, super::GROUPS_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let mut filters = params.equality_filters(&[("area", "area")])?;
    filters.extend(name_filters(&params)?);
    filters.extend(identifier_filters(&app, &params, as_at).await?);
    let (rows, end) = list_own_rows::<GroupRow>(&app, &signed, &params, filters, "id").await?;
    let items = app
        .views
        .decrypt_groups(&signed.reader, rows, as_at)
        .await?;
    let items = items
        .into_iter()
        .map(|group| redact_for_reader(&signed, group))
        .collect();
    Ok(Collection::new(items, end).to_response())
}

/// The filter by the beginning of a name, without regard to case and accents.
fn name_filters(params: &QueryParams) -> Result<Vec<Filter>, Problem> {
    let Some(text) = params.get("name") else {
        return Ok(Vec::new());
    };
    if text.trim().is_empty() || text.chars().count() > 140 {
        return Err(ErrorCode::InvalidQuery
            .problem("use the beginning of a name, up to 140 characters")
            .with_field("name"));
    }
    let key = search_key(text);
    if key.is_empty() {
        return Ok(vec![Filter::any_of("id", only_ids([]))]);
    }
    let behind = format!("{key}{}", char::MAX);
    Ok(vec![
        Filter::at_least("name_key", key),
        Filter::before("name_key", behind),
    ])
}

/// The filter by charity or company number.
async fn identifier_filters(
    app: &AppState,
    params: &QueryParams,
    as_at: Option<i64>,
) -> Result<Vec<Filter>, Problem> {
    let Some(number) =
        params.parsed::<Identifier>("identifier", "this is a number such as GB-CHC-1234567")?
    else {
        return Ok(Vec::new());
    };
    let row: Option<IdentifierRow> = app.views.find(number.as_str(), as_at).await?;
    Ok(vec![Filter::any_of(
        "id",
        only_ids(row.into_iter().flat_map(|row| row.groups)),
    )])
}

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let as_at = params.as_at(&app).await?;
    group_response(&app, &signed, path_id(&http, "group")?, as_at).await
}

/// The response with a group, as far as the reader may see it.
pub(super) async fn group_response(
    app: &AppState,
    signed: &SignedIn,
    group: Uuid,
    as_at: Option<i64>,
) -> Result<HttpResponse, Problem> {
    let row: GroupRow = app.views.find(group, as_at).await?.ok_or_else(not_found)?;
    // Someone who has left the group does not see it any more, for past days either.
    if own_groups(app, signed)
        .await?
        .is_some_and(|own| !own.contains(&row.id))
    {
        return Err(not_found());
    }
    let seen = app
        .views
        .decrypt_groups(&signed.reader, vec![row], as_at)
        .await?
        .pop()
        .ok_or_else(not_found)?;
    let seen = redact_for_reader(signed, seen);
    record_response(&seen, seen.version)
}

/// Removes the names of staff for members: they see only which members uploaded files and entered
/// the payee.
fn redact_for_reader(signed: &SignedIn, mut group: GroupView) -> GroupView {
    if signed.reader.sees_all() {
        return group;
    }
    let members = &group.members;
    for file in &mut group.files {
        file.kept_by = file.kept_by.filter(|person| members.contains(person));
    }
    if let Some(payee) = &mut group.payee {
        payee.keyed_by = payee.keyed_by.filter(|person| members.contains(person));
        payee.verified_by = None;
        (payee.verified_how, payee.verified_on) = (None, None);
    }
    group
}

pub(super) async fn history(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &super::PAGE_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let group = visible_group(&http, &signed, &app).await?;
    let member_reads_at = if signed.reader.sees_all() {
        None
    } else {
        Some(app.views.last_moment(as_at, app.commands.now()).await?)
    };
    let Paged { items, next } = app
        .views
        .history_page(group, as_at, &params.page_request()?, member_reads_at)
        .await?;
    Ok(Collection::new(items, PageEnd { next, total: None }).to_response())
}

pub(super) async fn links(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["after", "limit"])?;
    if !signed.reader.works_with_groups() {
        return Err(Refusal::NotYours.into());
    }
    let group = visible_group(&http, &signed, &app).await?;
    let Paged { items, next } = Paged::paginate(
        app.views.related_groups(group).await?,
        &params.page_request()?,
        |link| link.group.to_string(),
    );
    Ok(Collection::new(items, PageEnd { next, total: None }).to_response())
}

/// The group in the address, if the reader may see it.
pub(super) async fn visible_group(
    http: &HttpRequest,
    signed: &SignedIn,
    app: &AppState,
) -> Result<Uuid, Problem> {
    let group = path_id(http, "group")?;
    if own_groups(app, signed)
        .await?
        .is_some_and(|own| !own.contains(&group))
    {
        return Err(not_found());
    }
    app.views
        .find::<GroupRow>(&group.to_string(), None)
        .await?
        .map(|_| group)
        .ok_or_else(not_found)
}
