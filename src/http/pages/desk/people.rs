//! The pages of people and their roles. A role is proposed by one administrator and confirmed by
//! another.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;

use super::accesses::{self, AccessLine};
use super::action::Action;
use super::list::build_spreadsheet;
use super::person_actions::{PersonActions, register_action};
use super::{DeskRequest, HistoryEntry, history};
use crate::auth;
use crate::domain::personal_data::mailbox_key;
use crate::domain::{PersonId, Role};
use crate::export::spreadsheets::Spreadsheet;
use crate::http;
use crate::http::pages::{PageContext, PageError, ownership};
use crate::projections::PersonRow;
use crate::views::{AccessedData, PersonView};

/// People per page of the list of all.
const PAGE_SIZE: i64 = 50;

#[derive(Template)]
#[template(path = "desk/people.html")]
struct PeoplePage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    /// Each person, and whether somebody else on the page has a similar address.
    people: Vec<(PersonView, bool)>,
    all: bool,
    act: Option<Action>,
    next: Option<String>,
    /// Who read the list with everybody's addresses; only for auditors and administrators.
    accesses: Option<Vec<AccessLine>>,
    sheets: [(&'static str, String); 2],
}

pub(super) async fn list(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let all = request.text("all") == "yes";
    let (rows, next) = if all {
        let part = request.page_request(PAGE_SIZE);
        let views = &request.app.views;
        let listed = views.list::<PersonRow>(None, Vec::new(), &part).await?;
        (listed.items, listed.next)
    } else {
        (request.people_with_roles().await?, None)
    };
    let people = request
        .app
        .views
        .decrypt_people(&request.signed.reader, rows)
        .await?;
    let forms = request.forms();
    let holds = |role| request.signed.reader.roles.contains(&role);
    let act = if holds(Role::Administrator) || holds(Role::Officer) {
        Some(request.action(&forms, register_action()).await?)
    } else {
        None
    };
    if all && request.signed.reader.works_with_groups() {
        http::accesses::record_access(request.app, &request.signed.reader, AccessedData::Addresses)
            .await?;
    }
    let page = PeoplePage {
        page: request.page_context("People").await?,
        accesses: accesses::recent(request, "").await?,
        wrong: forms.error_summary(),
        people: mark_similar_addresses(people),
        all,
        act,
        sheets: request.spreadsheet_links(),
        next: request.link_to_next(next),
    };
    request.render(&page)
}

pub(super) fn has_roles(row: &PersonRow) -> bool {
    !row.roles.is_empty() || !row.proposed.is_empty()
}

/// Marks people whose addresses may belong to one mailbox. A person with two addresses must not
/// count as two people.
fn mark_similar_addresses(people: Vec<PersonView>) -> Vec<(PersonView, bool)> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for email in people.iter().filter_map(|seen| seen.email.as_deref()) {
        *times.entry(mailbox_key(email)).or_default() += 1;
    }
    let is_twin = |seen: &PersonView| {
        seen.email.as_deref().is_some_and(|email| {
            times
                .get(&mailbox_key(email))
                .is_some_and(|times| *times > 1)
        })
    };
    let mark = |seen: PersonView| {
        let twin = is_twin(&seen);
        (seen, twin)
    };
    people.into_iter().map(mark).collect()
}

/// The names of others with a role or a proposed role whose address may belong to the same mailbox.
async fn people_with_similar_address(
    request: &DeskRequest<'_>,
    seen: &PersonView,
) -> Result<Vec<String>, PageError> {
    let Some(own) = seen.email.as_deref().map(mailbox_key) else {
        return Ok(Vec::new());
    };
    let mut others = request.people_with_roles().await?;
    others.retain(|row| row.id != seen.id);
    let others = request
        .app
        .views
        .decrypt_people(&request.signed.reader, others)
        .await?;
    let like = |other: &PersonView| {
        other
            .email
            .as_deref()
            .is_some_and(|email| mailbox_key(email) == own)
    };
    Ok(others
        .into_iter()
        .filter(like)
        .filter_map(|other| other.name)
        .collect())
}

/// The list as a spreadsheet, with the personal values that the reader may see.
pub(super) async fn spreadsheet(request: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let all = request.text("all") == "yes";
    let rows = request.list_all::<PersonRow>(Vec::new()).await?;
    let rows = rows
        .into_iter()
        .filter(|row| all || has_roles(row))
        .collect();
    let people = request
        .app
        .views
        .decrypt_people(&request.signed.reader, rows)
        .await?;
    if request.signed.reader.works_with_groups() {
        http::accesses::record_access(request.app, &request.signed.reader, AccessedData::Addresses)
            .await?;
    }
    Ok(build_spreadsheet(
        "People",
        ["Name", "E-mail", "Roles", "Id"],
        people,
        |person| {
            let roles: Vec<&str> = person.roles.iter().map(|role| (*role).into()).collect();
            [
                person.name.into(),
                person.email.into(),
                roles.join(", ").into(),
                person.id.to_string().into(),
            ]
        },
    ))
}

#[derive(Template)]
#[template(path = "desk/person.html")]
struct PersonPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    seen: PersonView,
    twins: Vec<String>,
    /// Who proposed the contact details that wait for confirmation.
    proposed_by: String,
    takes_held: bool,
    /// Who read the person's subject access report; only for auditors and administrators.
    accesses: Option<Vec<AccessLine>>,
    contact_acts: Vec<Action>,
    acts: Vec<Action>,
    /// The number of sessions and the names of tokens, for administrators.
    access: Option<String>,
    history: Vec<HistoryEntry>,
}

/// The person's subject access report. The access is recorded, unless it is the reader's own.
pub(super) async fn subject_access(
    request: &DeskRequest<'_>,
    id: &str,
) -> Result<HttpResponse, PageError> {
    let row: PersonRow = request
        .app
        .views
        .find(ownership::parse_uuid(id)?, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let reader = &request.signed.reader;
    if !reader.may_take_subject_access(&row) {
        return Err(PageError::forbidden());
    }
    let held = request
        .app
        .views
        .subject_access_for_person(PersonId(row.id))
        .await?;
    if reader.person.0 != row.id {
        http::accesses::record_access(
            request.app,
            reader,
            AccessedData::SubjectAccess(&row.id.to_string()),
        )
        .await?;
    }
    crate::http::pages::subject_access::render_report(request.app, "this person", &[held]).await
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let row: PersonRow = request
        .app
        .views
        .find(ownership::parse_uuid(id)?, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let takes_held = request.signed.reader.may_take_subject_access(&row);
    let seen = request
        .app
        .views
        .decrypt_people(&request.signed.reader, vec![row])
        .await?
        .pop()
        .ok_or_else(PageError::not_found)?;
    let forms = request.forms();
    let proposed_by = seen
        .proposed_contact
        .as_ref()
        .and_then(|proposed| proposed.by);
    let names = request.names_of_colleagues(proposed_by).await?;
    let title = seen.name.clone().unwrap_or_else(|| "A person".to_owned());
    let acts = PersonActions {
        request,
        forms: &forms,
        seen: &seen,
    };
    let page = PersonPage {
        page: request.page_context(&title).await?,
        wrong: forms.error_summary(),
        proposed_by: proposed_by.map(|by| names.of(&by)).unwrap_or_default(),
        contact_acts: acts.contact().await?,
        acts: acts.others().await?,
        takes_held,
        accesses: accesses::recent(request, &seen.id.to_string()).await?,
        access: sessions_and_tokens(request, seen.id).await?,
        history: history(request, seen.id).await?,
        twins: people_with_similar_address(request, &seen).await?,
        seen,
    };
    request.render(&page)
}

/// The number of a person's sessions and the names of their tokens that are still valid; only for
/// administrators.
async fn sessions_and_tokens(
    request: &DeskRequest<'_>,
    person: uuid::Uuid,
) -> Result<Option<String>, PageError> {
    if !request.signed.reader.roles.contains(&Role::Administrator) {
        return Ok(None);
    }
    let open = auth::open_access(&request.app.commands, PersonId(person)).await?;
    let tokens = if open.tokens.is_empty() {
        "none".to_owned()
    } else {
        open.tokens.join(", ")
    };
    Ok(Some(format!(
        "sessions: {}; tokens: {tokens}",
        open.sessions
    )))
}
