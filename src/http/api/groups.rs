//! Reading groups. A group's member sees their own.

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::answers::{Collection, record};
use super::asked::{Asked, id, list_own, nothing, own_groups};
use crate::domain::Refusal;
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::http::signin::SignedIn;
use crate::projections::GroupRow;
use crate::views::GroupSeen;

pub(super) async fn list(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["after", "limit", "as_at", "min_position", "area"])?;
    let listed = list_own::<GroupRow>(&desk, &signed, &asked, asked.filters(&[("area", "area")])?, "id").await?;
    let as_at = asked.as_at(&desk).await?;
    let items = desk.views.open_groups(&signed.reader, listed.items, as_at).await?;
    let items = items.into_iter().map(|group| for_reader(&signed, group)).collect();
    Ok(Collection { items, next: listed.next }.answer())
}

pub(super) async fn show(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["as_at", "min_position"])?;
    let as_at = asked.as_at(&desk).await?;
    let row: GroupRow = desk.views.find(&id(&http, "group")?.to_string(), as_at).await?.ok_or_else(nothing)?;
    // Whoever has left the group no longer sees it, as at any day.
    if own_groups(&desk, &signed).await?.is_some_and(|own| !own.contains(&row.id)) {
        return Err(nothing());
    }
    let seen = desk.views.open_groups(&signed.reader, vec![row], as_at).await?.pop().ok_or_else(nothing)?;
    let seen = for_reader(&signed, seen);
    Ok(record(&seen, seen.version))
}

/// A member sees who of the group gave something, and not who of the staff did.
fn for_reader(signed: &SignedIn, mut group: GroupSeen) -> GroupSeen {
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
    }
    group
}

pub(super) async fn history(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["as_at", "min_position"])?;
    let as_at = asked.as_at(&desk).await?;
    let group = visible(&http, &signed, &desk).await?;
    Ok(Collection { items: desk.views.history(group, as_at).await?, next: None }.answer())
}

pub(super) async fn links(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    Asked::read(&http, &[])?;
    if !signed.reader.works_with_groups() {
        return Err(Refusal::NotYours.into());
    }
    let group = visible(&http, &signed, &desk).await?;
    Ok(Collection { items: desk.views.links(group).await?, next: None }.answer())
}

/// The group in the address, where the reader may see it.
pub(super) async fn visible(http: &HttpRequest, signed: &SignedIn, desk: &Desk) -> Result<Uuid, Problem> {
    let group = id(http, "group")?;
    if own_groups(desk, signed).await?.is_some_and(|own| !own.contains(&group)) {
        return Err(nothing());
    }
    desk.views.find::<GroupRow>(&group.to_string(), None).await?.map(|_| group).ok_or_else(nothing)
}
