//! Reads of people. Somebody without a role sees only themselves.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::answers::{Collection, record};
use super::asked::{Asked, id, list as list_of, nothing, only};
use crate::domain::sealed::{Index, parse_email};
use crate::domain::{Organisation, Refusal, Role, Roles};
use crate::http::problem::{Fault, Problem};
use crate::http::signin::SignedIn;
use crate::http::{Desk, accesses};
use crate::log::LogError;
use crate::projections::PersonRow;
use crate::store::accesses::Looked;

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, super::PEOPLE)?;
    let as_at = asked.as_at(&desk).await?;
    let own = (!signed.reader.sees_all()).then(|| ("id", vec![signed.reader.person.to_string()]));
    let mut filters: Vec<_> = own.into_iter().collect();
    if let Some(address) = asked.text("email") {
        filters.push(("id", holder(&desk, &signed, address).await?));
    }
    if let Some(role) = asked.parsed::<Role>(
        "role",
        "this is administrator, officer, finance, panel or auditor",
    )? {
        filters.push(match as_at {
            // The current holders are few and known from the organisation. For a past position all
            // rows are searched.
            None => ("id", holders(&desk, role).await?),
            Some(_) => ("roles LIKE", vec![format!("%\"{}\"%", <&str>::from(role))]),
        });
    }
    let (rows, end) = list_of::<PersonRow>(&desk, &asked, as_at, filters).await?;
    let rows = rows
        .into_iter()
        .map(|row| for_reader(&signed, row))
        .collect();
    let items = desk.views.open_people(&signed.reader, rows).await?;
    if signed.reader.works_with_groups() {
        accesses::note(&desk, &signed.reader, Looked::Addresses).await?;
    }
    Ok(Collection::of(items, end).answer())
}

/// The ids of people who hold a role now, and the nil id, because an empty list would mean no
/// filter.
async fn holders(desk: &Desk, role: Role) -> Result<Vec<String>, Problem> {
    let organisation = desk
        .commands
        .log()
        .refresh::<Organisation>(desk.commands.organisation().0)
        .await?
        .state;
    let nobody = std::iter::once(Uuid::nil().to_string());
    Ok(organisation
        .holders(role)
        .map(|person| person.to_string())
        .chain(nobody)
        .collect())
}

/// The ids of people with an e-mail address, by its blind index. Refused for staff who may not see
/// addresses. People without a role may use it, but their list contains only themselves.
async fn holder(desk: &Desk, signed: &SignedIn, address: &str) -> Result<Vec<String>, Problem> {
    if signed.reader.sees_all() && !signed.reader.works_with_groups() {
        return Err(Refusal::NotYours.into());
    }
    let address = parse_email(address).map_err(|error| {
        Fault::InvalidQuery
            .problem(error.to_string())
            .about("email")
    })?;
    Ok(only(
        desk.commands
            .log()
            .vault()
            .holder(Index::Email, &address)
            .await
            .map_err(LogError::from)?,
    ))
}

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["as_at", "min_position"])?;
    let as_at = asked.as_at(&desk).await?;
    one(&desk, &signed, id(&http, "person")?, as_at).await
}

/// The response with a person, as far as the reader may see them.
pub(super) async fn one(
    desk: &Desk,
    signed: &SignedIn,
    person: Uuid,
    as_at: Option<i64>,
) -> Result<HttpResponse, Problem> {
    if !signed.reader.sees_all() && signed.reader.person.0 != person {
        return Err(nothing());
    }
    let row: PersonRow = desk
        .views
        .find(&person.to_string(), as_at)
        .await?
        .ok_or_else(nothing)?;
    let row = for_reader(signed, row);
    let seen = desk
        .views
        .open_people(&signed.reader, vec![row])
        .await?
        .pop()
        .ok_or_else(nothing)?;
    record(&seen, seen.version)
}

/// Removes proposed roles for people without a role, also those proposed for themselves.
fn for_reader(signed: &SignedIn, row: PersonRow) -> PersonRow {
    if signed.reader.sees_all() {
        row
    } else {
        PersonRow {
            proposed: Roles::new(),
            proposals: BTreeMap::new(),
            ..row
        }
    }
}
