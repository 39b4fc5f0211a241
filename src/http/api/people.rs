//! Reads of people. Somebody without a role sees only themselves.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::query::{QueryParams, list_rows as list_of, not_found, only_ids, path_id};
use super::response::{Collection, record_response};
use crate::domain::personal_data::{BlindIndexKind, parse_email};
use crate::domain::{Organisation, Refusal, Role, Roles};
use crate::eventlog::LogError;
use crate::http::bearer_auth::SignedIn;
use crate::http::problem::{ErrorCode, Problem};
use crate::http::{AppState, accesses};
use crate::projections::PersonRow;
use crate::store::accesses::AccessedData;

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let asked = QueryParams::parse(&http, super::PEOPLE_PARAMS)?;
    let as_at = asked.as_at(&desk).await?;
    let own = (!signed.reader.sees_all()).then(|| ("id", vec![signed.reader.person.to_string()]));
    let mut filters: Vec<_> = own.into_iter().collect();
    if let Some(address) = asked.get("email") {
        filters.push(("id", people_with_email(&desk, &signed, address).await?));
    }
    if let Some(role) = asked.parsed::<Role>(
        "role",
        "this is administrator, officer, finance, panel or auditor",
    )? {
        filters.push(match as_at {
            // The current holders are few and known from the organisation. For a past position all
            // rows are searched.
            None => ("id", people_with_role(&desk, role).await?),
            Some(_) => ("roles LIKE", vec![format!("%\"{}\"%", <&str>::from(role))]),
        });
    }
    let (rows, end) = list_of::<PersonRow>(&desk, &asked, as_at, filters).await?;
    let rows = rows
        .into_iter()
        .map(|row| redact_for_reader(&signed, row))
        .collect();
    let items = desk.views.decrypt_people(&signed.reader, rows).await?;
    if signed.reader.works_with_groups() {
        accesses::record_access(&desk, &signed.reader, AccessedData::Addresses).await?;
    }
    Ok(Collection::new(items, end).to_response())
}

/// The ids of people who hold a role now, and the nil id, because an empty list would mean no
/// filter.
async fn people_with_role(desk: &AppState, role: Role) -> Result<Vec<String>, Problem> {
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
async fn people_with_email(
    desk: &AppState,
    signed: &SignedIn,
    address: &str,
) -> Result<Vec<String>, Problem> {
    if signed.reader.sees_all() && !signed.reader.works_with_groups() {
        return Err(Refusal::NotYours.into());
    }
    let address = parse_email(address).map_err(|error| {
        ErrorCode::InvalidQuery
            .problem(error.to_string())
            .with_field("email")
    })?;
    Ok(only_ids(
        desk.commands
            .log()
            .vault()
            .subject_of(BlindIndexKind::Email, &address)
            .await
            .map_err(LogError::from)?,
    ))
}

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let asked = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let as_at = asked.as_at(&desk).await?;
    person_response(&desk, &signed, path_id(&http, "person")?, as_at).await
}

/// The response with a person, as far as the reader may see them.
pub(super) async fn person_response(
    desk: &AppState,
    signed: &SignedIn,
    person: Uuid,
    as_at: Option<i64>,
) -> Result<HttpResponse, Problem> {
    if !signed.reader.sees_all() && signed.reader.person.0 != person {
        return Err(not_found());
    }
    let row: PersonRow = desk
        .views
        .find(&person.to_string(), as_at)
        .await?
        .ok_or_else(not_found)?;
    let row = redact_for_reader(signed, row);
    let seen = desk
        .views
        .decrypt_people(&signed.reader, vec![row])
        .await?
        .pop()
        .ok_or_else(not_found)?;
    record_response(&seen, seen.version)
}

/// Removes proposed roles for people without a role, also those proposed for themselves.
fn redact_for_reader(signed: &SignedIn, row: PersonRow) -> PersonRow {
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
