//! Reading grants, payments and updates. A group's member sees their own, without what is noted for
//! the record.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::answers::{Collection, record};
use super::asked::{Asked, id, list_own, nothing, own_groups, staff};
use crate::domain::grant::{GrantState, PaymentState, UpdateState};
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::http::signin::SignedIn;
use crate::projections::{GrantRow, PaymentRow, UpdateRow, Waiting};

pub(super) async fn list(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["after", "limit", "as_at", "min_position", "state", "fund", "round", "group", "area"])?;
    let filters = asked.of_records::<GrantState>()?;
    let listed = list_own::<GrantRow>(&desk, &signed, &asked, filters, "group_id").await?;
    let rows = listed.items.into_iter().map(|row| for_reader(&signed, row)).collect();
    let items = desk.views.open_grants(signed.reader.reads_words(), rows).await?;
    Ok(Collection { items, next: listed.next }.answer())
}

fn for_reader(signed: &SignedIn, row: GrantRow) -> GrantRow {
    if signed.reader.sees_all() { row } else { for_group(row) }
}

/// A grant without what staff noted of its checks for the record, what is only proposed or still to
/// be settled, why payments wait, and who asked for a change, decided on it or was there. What a
/// check asks of the group stays, as does why the grant was ended.
pub(in crate::http) fn for_group(mut row: GrantRow) -> GrantRow {
    for check in row.checks.values_mut() {
        if check.state == "waiver_proposed" {
            "outstanding".clone_into(&mut check.state);
            check.note = None;
        }
        // The note of a check that is outstanding is what the group was asked for.
        if check.state != "outstanding" {
            check.note = None;
        }
    }
    (row.recorded_by, row.unconfirmed, row.revocation) = (None, BTreeSet::new(), None);
    (row.unsettled, row.entries_wait, row.proposed_schedule) = (BTreeMap::new(), Waiting::Nothing, None);
    for variation in row.variations.values_mut() {
        (variation.asked_by, variation.decided_by) = (None, None);
    }
    row.reason = row.reason.filter(|_| matches!(row.state, GrantState::Terminated | GrantState::OfferWithdrawn));
    row
}

/// A payment without who prepared and approved it, and without what was noted of it for the record.
fn payment_for_group(row: PaymentRow) -> PaymentRow {
    PaymentRow { prepared_by: None, approved_by: BTreeSet::new(), batch: None, reason: None, early_proposed_by: None, ..row }
}

pub(super) async fn show(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["as_at", "min_position"])?;
    let as_at = asked.as_at(&desk).await?;
    let row = for_reader(&signed, find(&http, &signed, &desk, as_at).await?);
    let version = row.version;
    let seen = desk.views.open_grants(signed.reader.reads_words(), vec![row]).await?.pop().ok_or_else(nothing)?;
    Ok(record(&seen, version))
}

pub(super) async fn payments_of(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let (asked, as_at, grant) = of_grant(&http, &signed, &desk).await?;
    let listed = desk.views.list::<PaymentRow>(as_at, vec![("grant_id", vec![grant.to_string()])], &asked.page()?).await?;
    let for_reader = |row| if signed.reader.sees_all() { row } else { payment_for_group(row) };
    let items = listed.items.into_iter().map(for_reader).collect();
    Ok(Collection { items, next: listed.next }.answer())
}

pub(super) async fn updates_of(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let (asked, as_at, grant) = of_grant(&http, &signed, &desk).await?;
    let listed = desk.views.list::<UpdateRow>(as_at, vec![("grant_id", vec![grant.to_string()])], &asked.page()?).await?;
    let items = desk.views.open_updates(signed.reader.reads_words(), signed.reader.sees_all(), listed.items).await?;
    Ok(Collection { items, next: listed.next }.answer())
}

pub(super) async fn payments(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["after", "limit", "as_at", "min_position", "state"])?;
    staff(&signed)?;
    let as_at = asked.as_at(&desk).await?;
    let filters = asked.in_state::<PaymentState>()?;
    let listed = desk.views.list::<PaymentRow>(as_at, filters, &asked.page()?).await?;
    Ok(Collection { items: listed.items, next: listed.next }.answer())
}

pub(super) async fn updates(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["after", "limit", "as_at", "min_position", "state", "due_by"])?;
    staff(&signed)?;
    let as_at = asked.as_at(&desk).await?;
    let mut filters = asked.in_state::<UpdateState>()?;
    if let Some(day) = asked.day("due_by")? {
        filters.push(("due_on <=", vec![day.to_string()]));
    }
    let listed = desk.views.list::<UpdateRow>(as_at, filters, &asked.page()?).await?;
    let items = desk.views.open_updates(signed.reader.reads_words(), signed.reader.sees_all(), listed.items).await?;
    Ok(Collection { items, next: listed.next }.answer())
}

async fn of_grant(http: &HttpRequest, signed: &SignedIn, desk: &Desk) -> Result<(Asked, Option<i64>, Uuid), Problem> {
    let asked = Asked::read(http, &super::PAGE)?;
    let as_at = asked.as_at(desk).await?;
    let grant = find(http, signed, desk, as_at).await?;
    Ok((asked, as_at, grant.id))
}

async fn find(http: &HttpRequest, signed: &SignedIn, desk: &Desk, as_at: Option<i64>) -> Result<GrantRow, Problem> {
    let row: GrantRow = desk.views.find(&id(http, "grant")?.to_string(), as_at).await?.ok_or_else(nothing)?;
    match own_groups(desk, signed).await? {
        Some(own) if !own.contains(&row.group.0) => Err(nothing()),
        _ => Ok(row),
    }
}
