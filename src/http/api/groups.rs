//! Reads of groups. Members see their own groups.

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::answers::{Collection, End, record};
use super::asked::{Asked, Filters, id, list_own, nothing, only, own_groups};
use crate::domain::Refusal;
use crate::domain::text::Identifier;
use crate::http::Desk;
use crate::http::problem::{Fault, Problem};
use crate::http::signin::SignedIn;
use crate::projections::{GroupRow, IdentifierRow, name_key};
use crate::views::{GroupSeen, Listed};

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, super::GROUPS)?;
    let as_at = asked.as_at(&desk).await?;
    let mut filters = asked.filters(&[("area", "area")])?;
    filters.extend(named(&asked)?);
    filters.extend(numbered(&desk, &asked, as_at).await?);
    let (rows, end) = list_own::<GroupRow>(&desk, &signed, &asked, filters, "id").await?;
    let items = desk.views.open_groups(&signed.reader, rows, as_at).await?;
    let items = items
        .into_iter()
        .map(|group| for_reader(&signed, group))
        .collect();
    Ok(Collection::of(items, end).answer())
}

/// The filter by the beginning of a name, without regard to case and accents.
fn named(asked: &Asked) -> Result<Filters, Problem> {
    let Some(text) = asked.text("name") else {
        return Ok(Vec::new());
    };
    if text.trim().is_empty() || text.chars().count() > 140 {
        return Err(Fault::InvalidQuery
            .problem("this is how a name begins, of at most 140 characters")
            .about("name"));
    }
    let key = name_key(text);
    if key.is_empty() {
        return Ok(vec![("id", only([]))]);
    }
    let behind = format!("{key}{}", char::MAX);
    Ok(vec![
        ("name_key >=", vec![key]),
        ("name_key <", vec![behind]),
    ])
}

/// The filter by charity or company number.
async fn numbered(desk: &Desk, asked: &Asked, as_at: Option<i64>) -> Result<Filters, Problem> {
    let Some(number) =
        asked.parsed::<Identifier>("identifier", "this is a number such as GB-CHC-1234567")?
    else {
        return Ok(Vec::new());
    };
    let row: Option<IdentifierRow> = desk.views.find(number.as_str(), as_at).await?;
    Ok(vec![(
        "id",
        only(row.into_iter().flat_map(|row| row.groups)),
    )])
}

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["as_at", "min_position"])?;
    let as_at = asked.as_at(&desk).await?;
    one(&desk, &signed, id(&http, "group")?, as_at).await
}

/// The response with a group, as far as the reader may see it.
pub(super) async fn one(
    desk: &Desk,
    signed: &SignedIn,
    group: Uuid,
    as_at: Option<i64>,
) -> Result<HttpResponse, Problem> {
    let row: GroupRow = desk
        .views
        .find(&group.to_string(), as_at)
        .await?
        .ok_or_else(nothing)?;
    // Somebody who has left the group does not see it any more, for past days either.
    if own_groups(desk, signed)
        .await?
        .is_some_and(|own| !own.contains(&row.id))
    {
        return Err(nothing());
    }
    let seen = desk
        .views
        .open_groups(&signed.reader, vec![row], as_at)
        .await?
        .pop()
        .ok_or_else(nothing)?;
    let seen = for_reader(signed, seen);
    record(&seen, seen.version)
}

/// Removes the names of staff for members: they see only which members uploaded files and entered
/// the payee.
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

pub(super) async fn history(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &super::PAGE)?;
    let as_at = asked.as_at(&desk).await?;
    let group = visible(&http, &signed, &desk).await?;
    let Listed { items, next } = desk
        .views
        .history_page(group, as_at, &asked.page()?)
        .await?;
    Ok(Collection::of(items, End { next, total: None }).answer())
}

pub(super) async fn links(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["after", "limit"])?;
    if !signed.reader.works_with_groups() {
        return Err(Refusal::NotYours.into());
    }
    let group = visible(&http, &signed, &desk).await?;
    let Listed { items, next } =
        Listed::cut(desk.views.links(group).await?, &asked.page()?, |link| {
            link.group.to_string()
        });
    Ok(Collection::of(items, End { next, total: None }).answer())
}

/// The group in the address, if the reader may see it.
pub(super) async fn visible(
    http: &HttpRequest,
    signed: &SignedIn,
    desk: &Desk,
) -> Result<Uuid, Problem> {
    let group = id(http, "group")?;
    if own_groups(desk, signed)
        .await?
        .is_some_and(|own| !own.contains(&group))
    {
        return Err(nothing());
    }
    desk.views
        .find::<GroupRow>(&group.to_string(), None)
        .await?
        .map(|_| group)
        .ok_or_else(nothing)
}
