//! Reads of grants, payments and updates. Members of groups see their own, without internal notes.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::answers::{Collection, record};
use super::asked::{Asked, Filters, id, list as list_of, list_own, nothing, own_groups, staff};
use crate::domain::grant::{GrantState, PaymentState, UpdateState};
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::http::signin::SignedIn;
use crate::projections::{GrantRow, PaymentRow, UpdateRow, Waiting};
use crate::views::PaymentSeen;

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, super::GRANTS)?;
    let expand = asked.expand(super::OF_FUND)?;
    let filters = asked.of_records::<GrantState>()?;
    let (rows, end) = list_own::<GrantRow>(&desk, &signed, &asked, filters, "group_id").await?;
    let rows = rows
        .into_iter()
        .map(|row| for_reader(&signed, row))
        .collect();
    let mut items = desk
        .views
        .open_grants(signed.reader.reads_words(), rows)
        .await?;
    desk.views.name(&expand, &mut items).await?;
    Ok(Collection::of(items, end).answer())
}

fn for_reader(signed: &SignedIn, row: GrantRow) -> GrantRow {
    if signed.reader.sees_all() {
        row
    } else {
        for_group(row)
    }
}

/// Removes the parts for staff: notes of checks, proposals, unsettled entries, what payments wait
/// for, and who asked for or decided variations. What an outstanding check asks of the group stays,
/// and so does the reason why a grant was ended.
pub(in crate::http) fn for_group(mut row: GrantRow) -> GrantRow {
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
fn payment_for_group(row: PaymentRow) -> PaymentRow {
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
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["as_at", "min_position", "expand"])?;
    let as_at = asked.as_at(&desk).await?;
    one(
        &desk,
        &signed,
        id(&http, "grant")?,
        as_at,
        &asked.expand(super::OF_FUND)?,
    )
    .await
}

/// The response with a grant, as far as the reader may see it.
pub(super) async fn one(
    desk: &Desk,
    signed: &SignedIn,
    grant: Uuid,
    as_at: Option<i64>,
    expand: &BTreeSet<&str>,
) -> Result<HttpResponse, Problem> {
    let row = for_reader(signed, find(desk, signed, grant, as_at).await?);
    let version = row.version;
    let mut rows = desk
        .views
        .open_grants(signed.reader.reads_words(), vec![row])
        .await?;
    desk.views.name(expand, &mut rows).await?;
    record(&rows.pop().ok_or_else(nothing)?, version)
}

pub(super) async fn payments_of(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let (asked, as_at, grant) = of_grant(&http, &signed, &desk).await?;
    let filters = vec![("grant_id", vec![grant.to_string()])];
    list_payments(&desk, &signed, &asked, as_at, filters).await
}

/// A page of payments, as far as the reader may see them.
async fn list_payments(
    desk: &Desk,
    signed: &SignedIn,
    asked: &Asked,
    as_at: Option<i64>,
    filters: Filters,
) -> Result<HttpResponse, Problem> {
    let expand = asked.expand(super::OF_GRANT)?;
    let (rows, end) = list_of::<PaymentRow>(desk, asked, as_at, filters).await?;
    let for_reader = |row| {
        if signed.reader.sees_all() {
            row
        } else {
            payment_for_group(row)
        }
    };
    let mut items: Vec<PaymentSeen> = rows
        .into_iter()
        .map(for_reader)
        .map(PaymentSeen::from)
        .collect();
    desk.views.name(&expand, &mut items).await?;
    Ok(Collection::of(items, end).answer())
}

/// A page of updates, as far as the reader may see them.
async fn list_updates(
    desk: &Desk,
    signed: &SignedIn,
    asked: &Asked,
    as_at: Option<i64>,
    filters: Filters,
) -> Result<HttpResponse, Problem> {
    let expand = asked.expand(super::OF_GRANT)?;
    let (rows, end) = list_of::<UpdateRow>(desk, asked, as_at, filters).await?;
    let mut items = desk
        .views
        .open_updates(signed.reader.reads_words(), signed.reader.sees_all(), rows)
        .await?;
    desk.views.name(&expand, &mut items).await?;
    Ok(Collection::of(items, end).answer())
}

pub(super) async fn updates_of(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let (asked, as_at, grant) = of_grant(&http, &signed, &desk).await?;
    let filters = vec![("grant_id", vec![grant.to_string()])];
    list_updates(&desk, &signed, &asked, as_at, filters).await
}

pub(super) async fn payments(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, super::PAYMENTS)?;
    staff(&signed)?;
    let as_at = asked.as_at(&desk).await?;
    let mut filters = asked.of_grants::<PaymentState>()?;
    filters.extend(asked.filters(&[("batch", "batch")])?);
    list_payments(&desk, &signed, &asked, as_at, filters).await
}

pub(super) async fn updates(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, super::UPDATES)?;
    staff(&signed)?;
    let as_at = asked.as_at(&desk).await?;
    let mut filters = asked.of_grants::<UpdateState>()?;
    if let Some(day) = asked.day("due_by")? {
        filters.push(("due_on <=", vec![day.to_string()]));
    }
    list_updates(&desk, &signed, &asked, as_at, filters).await
}

async fn of_grant(
    http: &HttpRequest,
    signed: &SignedIn,
    desk: &Desk,
) -> Result<(Asked, Option<i64>, Uuid), Problem> {
    let asked = Asked::read(http, super::OF_ONE_GRANT)?;
    let as_at = asked.as_at(desk).await?;
    let grant = find(desk, signed, id(http, "grant")?, as_at).await?;
    Ok((asked, as_at, grant.id))
}

async fn find(
    desk: &Desk,
    signed: &SignedIn,
    grant: Uuid,
    as_at: Option<i64>,
) -> Result<GrantRow, Problem> {
    let row: GrantRow = desk
        .views
        .find(&grant.to_string(), as_at)
        .await?
        .ok_or_else(nothing)?;
    match own_groups(desk, signed).await? {
        Some(own) if !own.contains(&row.group.0) => Err(nothing()),
        _ => Ok(row),
    }
}
