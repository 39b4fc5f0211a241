//! Reads of grants, payments and updates. Members of groups see their own, without internal notes.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::query::{
    QueryParams, list_own_rows, list_rows as list_of, list_shown_rows, not_found, own_groups,
    path_id, require_staff,
};
use super::response::{Collection, record_response};
use crate::auth::SignedIn;
use crate::domain::grant::{GrantState, PaymentState, UpdateState};
use crate::http::AppState;
use crate::http::problem::Problem;
use crate::projections::{GrantRow, PaymentRow, UpdateRow, Waiting};
use crate::views::{Filter, PaymentView};

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, super::GRANTS_PARAMS)?;
    let expand = params.expansions(super::FUND_EXPANSIONS)?;
    let filters = params.record_filters::<GrantState>("theme")?;
    let (rows, end) = if signed.reader.sees_all() {
        list_own_rows::<GrantRow>(&app, &signed, &params, filters, "group_id").await?
    } else {
        let shown = |row: GrantRow| row.is_shown_to_group().then(|| redact_for_group(row));
        list_shown_rows(&app, &signed, &params, filters, shown).await?
    };
    let mut items = app
        .views
        .decrypt_grants(signed.reader.may_read_words(), rows)
        .await?;
    app.views.add_names(&expand, &mut items).await?;
    Ok(Collection::new(items, end).to_response())
}

fn redact_for_reader(signed: &SignedIn, row: GrantRow) -> GrantRow {
    if signed.reader.sees_all() {
        row
    } else {
        redact_for_group(row)
    }
}

/// Removes the parts for staff: notes of checks, proposals, unsettled entries, what payments wait
/// for, and who asked for or decided variations. What an outstanding check asks of the group stays,
/// and so does the reason why a grant was ended.
pub(in crate::http) fn redact_for_group(mut row: GrantRow) -> GrantRow {
    for check in row.checks.values_mut() {
        if check.state == "waiver_proposed" {
            "outstanding".clone_into(&mut check.state);
            check.note = None;
        }
        // The note of an outstanding check is addressed to the group: it states what it must send.
        if check.state != "outstanding" {
            check.note = None;
        }
    }
    (row.recorded_by, row.unconfirmed, row.revocation) = (None, BTreeSet::new(), None);
    (row.unsettled, row.entries_wait, row.proposed_schedule) =
        (BTreeMap::new(), Waiting::Nothing, None);
    for variation in row.variations.values_mut() {
        (variation.asked_by, variation.decided_by) = (None, None);
    }
    row.reason = row.reason.filter(|_| {
        matches!(
            row.state,
            GrantState::Terminated | GrantState::OfferWithdrawn
        )
    });
    row
}

/// Removes who prepared and approved a payment, its batch, and internal reasons.
fn redact_payment_for_group(row: PaymentRow) -> PaymentRow {
    PaymentRow {
        prepared_by: None,
        approved_by: BTreeSet::new(),
        batch: None,
        reason: None,
        early_proposed_by: None,
        early_reason: None,
        ..row
    }
}

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["as_at", "min_position", "expand"])?;
    let as_at = params.as_at(&app).await?;
    grant_response(
        &app,
        &signed,
        path_id(&http, "grant")?,
        as_at,
        &params.expansions(super::FUND_EXPANSIONS)?,
    )
    .await
}

/// The response with a grant, as far as the reader may see it.
pub(super) async fn grant_response(
    app: &AppState,
    signed: &SignedIn,
    grant: Uuid,
    as_at: Option<i64>,
    expand: &BTreeSet<&str>,
) -> Result<HttpResponse, Problem> {
    let row = redact_for_reader(signed, find_visible(app, signed, grant, as_at).await?);
    let version = row.version;
    let mut rows = app
        .views
        .decrypt_grants(signed.reader.may_read_words(), vec![row])
        .await?;
    app.views.add_names(expand, &mut rows).await?;
    record_response(&rows.pop().ok_or_else(not_found)?, version)
}

pub(super) async fn grant_payments(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let (params, as_at, grant) = parse_grant_items(&http, &signed, &app).await?;
    let filters = vec![Filter::equals("grant_id", grant)];
    list_payments(&app, &signed, &params, as_at, filters).await
}

/// A page of payments, as far as the reader may see them.
async fn list_payments(
    app: &AppState,
    signed: &SignedIn,
    params: &QueryParams,
    as_at: Option<i64>,
    filters: Vec<Filter>,
) -> Result<HttpResponse, Problem> {
    let expand = params.expansions(super::GRANT_EXPANSIONS)?;
    let (rows, end) = list_of::<PaymentRow>(app, params, as_at, filters).await?;
    let for_reader = |row| {
        if signed.reader.sees_all() {
            row
        } else {
            redact_payment_for_group(row)
        }
    };
    let mut items: Vec<PaymentView> = rows
        .into_iter()
        .map(for_reader)
        .map(PaymentView::from)
        .collect();
    app.views.add_names(&expand, &mut items).await?;
    Ok(Collection::new(items, end).to_response())
}

/// A page of updates, as far as the reader may see them.
async fn list_updates(
    app: &AppState,
    signed: &SignedIn,
    params: &QueryParams,
    as_at: Option<i64>,
    filters: Vec<Filter>,
) -> Result<HttpResponse, Problem> {
    let expand = params.expansions(super::GRANT_EXPANSIONS)?;
    let (rows, end) = list_of::<UpdateRow>(app, params, as_at, filters).await?;
    let mut items = app
        .views
        .decrypt_updates(
            signed.reader.may_read_words(),
            signed.reader.sees_all(),
            rows,
        )
        .await?;
    app.views.add_names(&expand, &mut items).await?;
    Ok(Collection::new(items, end).to_response())
}

pub(super) async fn grant_updates(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let (params, as_at, grant) = parse_grant_items(&http, &signed, &app).await?;
    let filters = vec![Filter::equals("grant_id", grant)];
    list_updates(&app, &signed, &params, as_at, filters).await
}

pub(super) async fn payments(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, super::PAYMENTS_PARAMS)?;
    require_staff(&signed)?;
    let as_at = params.as_at(&app).await?;
    let mut filters = params.grant_item_filters::<PaymentState>()?;
    filters.extend(params.equality_filters(&[("batch", "batch")])?);
    list_payments(&app, &signed, &params, as_at, filters).await
}

pub(super) async fn updates(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, super::UPDATES_PARAMS)?;
    require_staff(&signed)?;
    let as_at = params.as_at(&app).await?;
    let mut filters = params.grant_item_filters::<UpdateState>()?;
    if let Some(day) = params.day("due_by")? {
        filters.push(Filter::at_most("due_on", day));
    }
    list_updates(&app, &signed, &params, as_at, filters).await
}

async fn parse_grant_items(
    http: &HttpRequest,
    signed: &SignedIn,
    app: &AppState,
) -> Result<(QueryParams, Option<i64>, Uuid), Problem> {
    let params = QueryParams::parse(http, super::GRANT_ITEMS_PARAMS)?;
    let as_at = params.as_at(app).await?;
    let grant = find_visible(app, signed, path_id(http, "grant")?, as_at).await?;
    Ok((params, as_at, grant.id))
}

async fn find_visible(
    app: &AppState,
    signed: &SignedIn,
    grant: Uuid,
    as_at: Option<i64>,
) -> Result<GrantRow, Problem> {
    let row: GrantRow = app.views.find(grant, as_at).await?.ok_or_else(not_found)?;
    match own_groups(app, signed).await? {
        Some(own) if !own.contains(&row.group.0) || !row.is_shown_to_group() => Err(not_found()),
        _ => Ok(row),
    }
}
