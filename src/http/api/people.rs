//! Reads of people. Someone without a role sees only themselves.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::query::{QueryParams, list_rows as list_of, not_found, only_ids, path_id};
use super::response::{Collection, record_response};
use crate::auth::SignedIn;
use crate::domain::personal_data::{BlindIndexKind, parse_email};
use crate::domain::{Organisation, Refusal, Role, Roles};
use crate::eventlog::LogError;
use crate::http::problem::{ErrorCode, Problem};
use crate::http::{AppState, accesses};
use crate::projections::PersonRow;
use crate::views::{AccessedData, Filter};

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, super::PEOPLE_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let own = (!signed.reader.sees_all()).then(|| Filter::equals("id", signed.reader.person));
    let mut filters: Vec<_> = own.into_iter().collect();
    if let Some(address) = params.get("email") {
        filters.push(Filter::any_of(
            "id",
            people_with_email(&app, &signed, address).await?,
        ));
    }
    if let Some(role) = params.parsed::<Role>(
        "role",
        "this is administrator, officer, finance, panel, auditor or connector",
    )? {
        filters.push(match as_at {
            // The current holders are few and known from the organisation. For a past position all
            // rows are searched.
            None => Filter::any_of("id", people_with_role(&app, role).await?),
            Some(_) => Filter::includes("roles", <&str>::from(role)),
        });
    }
    let (rows, end) = list_of::<PersonRow>(&app, &params, as_at, filters).await?;
    let rows = rows
        .into_iter()
        .map(|row| redact_for_reader(&signed, row))
        .collect();
    let items = app.views.decrypt_people(&signed.reader, rows).await?;
    if signed.reader.works_with_groups() {
        accesses::record_access(&app, &signed.reader, AccessedData::Addresses).await?;
    }
    Ok(Collection::new(items, end).to_response())
}

/// The ids of people who hold a role now, and the nil id, because an empty list would mean no
/// filter.
async fn people_with_role(app: &AppState, role: Role) -> Result<Vec<String>, Problem> {
    let organisation = app
        .commands
        .log()
        .refresh::<Organisation>(app.commands.organisation().0)
        .await?
        .state;
    let nobody = std::iter::once(Uuid::nil().to_string());
    Ok(organisation
        .holders(role)
        .map(|person| person.to_string())
        .chain(nobody)
        .collect())
}

/// The ids of people with an email address, by its blind index. Refused for staff who may not see
/// addresses. People without a role may use it, but their list contains only themselves.
async fn people_with_email(
    app: &AppState,
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
        app.commands
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
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let as_at = params.as_at(&app).await?;
    person_response(&app, &signed, path_id(&http, "person")?, as_at).await
}

/// The response with a person, as far as the reader may see them.
pub(super) async fn person_response(
    app: &AppState,
    signed: &SignedIn,
    person: Uuid,
    as_at: Option<i64>,
) -> Result<HttpResponse, Problem> {
    if !signed.reader.sees_all() && signed.reader.person.0 != person {
        return Err(not_found());
    }
    let row: PersonRow = app.views.find(person, as_at).await?.ok_or_else(not_found)?;
    let row = redact_for_reader(signed, row);
    let seen = app
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
