//! The pages of people and their roles. A role is proposed by one administrator and confirmed by
//! another.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use askama::Template;
use strum::VariantArray as _;

use super::accesses::{self, AccessLine};
use super::action::Action;
use super::assets::{self, HeldEntries};
use super::consents::{ConsentCard, consent_card};
use super::list::{
    List, ListCell, ListColumn, ListDefinition, ListLine, ListRow, ListTab, Neighbours, Tick,
    build_spreadsheet, column, neighbours,
};
use super::next_step::NextStep;
use super::person_actions::{PersonActions, register_action};
use super::setup::role_sentence;
use super::{DeskRequest, HistoryEntry, history};
use crate::auth;
use crate::clock::day_of;
use crate::domain::erasure::Erasure;
use crate::domain::personal_data::mailbox_key;
use crate::domain::{PersonId, Role};
use crate::export::spreadsheets::Spreadsheet;
use crate::http;
use crate::http::pages::days::short_day;
use crate::http::pages::phone::{Phone, phone_text};
use crate::http::pages::words::role_name;
use crate::http::pages::{PageContext, PageError, ownership};
use crate::projections::PersonRow;
use crate::views::{AccessedData, ListPage, ListTotals, PersonColumn as C, PersonView};

pub(super) static LIST: ListDefinition = ListDefinition {
    name: "people",
    title: "People and roles",
    lead: "",
    nouns: ("person", "people"),
    columns: &COLUMNS,
    tabs: &[
        ListTab {
            label: "With a role",
            query: &[],
        },
        ListTab {
            label: "Everyone",
            query: &[("all", "yes")],
        },
    ],
    usual: (None, C::Registered.key()),
    amounts: [None, None],
    search: None,
    filters: |_| Ok(Vec::new()),
    fields: |_, _| Vec::new(),
    has_past: false,
    has_counts: false,
    has_contacts: false,
    bulk: &[],
    purpose: "People are added when they apply, or here when they join the office.",
};

const COLUMNS: [ListColumn; 6] = [
    column("name", "Name", None),
    column("roles", "Roles", None),
    column("email", "Email", None),
    column("phone", "Phone", None),
    column("groups", "Groups", Some(C::Groups.key()))
        .numeric()
        .minor(),
    column("added", "Added", Some(C::Registered.key())).minor(),
];

#[derive(Template)]
#[template(path = "desk/people.html")]
struct PeoplePage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    list: List,
    head_links: Vec<(&'static str, &'static str)>,
    row_button: &'static str,
    role_sentences: Vec<&'static str>,
    act: Option<Action>,
    /// Whether the reader may see requests to erase, and connections to other programs.
    works: bool,
    connects: bool,
    /// Who read the list with everyone's addresses; only for auditors and administrators.
    accesses: Option<Vec<AccessLine>>,
}

pub(super) async fn list(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let all = request.text("all") == "yes";
    let found = if all {
        request.list_rows::<PersonRow>(&LIST).await?
    } else {
        people_with_roles(request).await?
    };
    let people = request
        .app
        .views
        .decrypt_people(&request.signed.reader, found.page.items.clone())
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
    let mut people = mark_similar_addresses(people);
    if !all && request.text("sort").is_empty() {
        people.sort_by_key(|(seen, _)| seen.name.as_deref().map(str::to_lowercase));
    }
    let columns = request.shown_columns(&LIST);
    let (today, from_list) = (request.today(), request.list_suffix());
    let row = |(seen, twin): &(PersonView, bool)| ListRow {
        id: seen.id.to_string(),
        path: format!("/desk/people/{}{from_list}", seen.id),
        name: name_in_list(seen),
        sub: String::new(),
        cells: columns
            .iter()
            .skip(1)
            .map(|column| cell(column.id, seen, *twin, today))
            .collect(),
        ..ListRow::default()
    };
    let page = PeoplePage {
        page: request.page_context(LIST.title).await?,
        accesses: accesses::recent(request, "").await?,
        wrong: forms.error_summary(),
        list: request
            .list(&LIST, &found, people.iter().map(row).collect())
            .await?,
        head_links: Vec::new(),
        row_button: "",
        role_sentences: role_sentences(),
        act,
        works: request.signed.reader.works_with_groups(),
        connects: holds(Role::Administrator) || holds(Role::Auditor),
    };
    request.render(&page)
}

/// What each role may do.
fn role_sentences() -> Vec<&'static str> {
    Role::VARIANTS
        .iter()
        .map(|role| role_sentence(*role))
        .collect()
}

/// The people with a role or a proposed one, who fit on one page.
async fn people_with_roles(request: &DeskRequest<'_>) -> Result<ListLine<PersonRow>, PageError> {
    let mut items = request.people_with_roles().await?;
    let (column, order) = LIST.order(request.text("sort"));
    match column {
        Some("groups") => items.sort_by_key(|row| row.groups.len()),
        _ => items.sort_by_key(|row| row.created_at),
    }
    if order.descending {
        items.reverse();
    }
    let rows = i64::try_from(items.len()).unwrap_or_default();
    Ok(ListLine {
        page: ListPage {
            items,
            previous: None,
            next: None,
        },
        totals: ListTotals {
            rows,
            ..ListTotals::default()
        },
    })
}

fn name_in_list(seen: &PersonView) -> String {
    let name = seen.name.clone();
    name.unwrap_or_else(|| "Name not shown".to_owned())
}

fn cell(column: &str, seen: &PersonView, twin: bool, today: jiff::civil::Date) -> ListCell {
    match column {
        "roles" => {
            let held: Vec<_> = seen.roles.iter().map(|role| role_name(*role)).collect();
            let proposed = seen.proposed.iter().map(|role| role_name(*role));
            let mut waits: Vec<_> = proposed
                .map(|role| format!("{role}: to be confirmed"))
                .collect();
            if seen.proposed_contact.is_some() {
                waits.push("Contact details: to be confirmed".to_owned());
            }
            let waits = waits.join(", ");
            ListCell::text(held.join(", "))
                .late(!waits.is_empty())
                .sub(waits)
        }
        "email" => {
            let sub = if twin {
                "almost the same as another"
            } else {
                ""
            };
            ListCell::text(seen.email.clone().unwrap_or_default())
                .sub(sub)
                .late(twin)
        }
        "phone" => ListCell::text(
            seen.telephone
                .as_deref()
                .map(phone_text)
                .unwrap_or_default(),
        ),
        "groups" => ListCell::text(seen.groups.len().to_string()),
        "added" => ListCell::text(short_day(day_of(seen.created_at.timestamp()), today)),
        _ => ListCell::default(),
    }
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
        ["Name", "Email", "Roles", "Id"],
        people,
        |person| {
            let roles: Vec<&str> = person.roles.iter().map(|role| role_name(*role)).collect();
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
    phone: Option<Phone>,
    twins: Vec<String>,
    /// Who proposed the contact details that wait for confirmation.
    proposed_by: String,
    takes_held: bool,
    /// The reader may read how the person can be reached.
    sees_contact: bool,
    /// Who read the person's subject access report; only for auditors and administrators.
    accesses: Option<Vec<AccessLine>>,
    next: NextStep,
    /// The groups of the person, by id and name, and those that asked them to join.
    groups: Vec<(String, String)>,
    invited_to: Vec<(String, String)>,
    /// What they have in the directory, for a reader who sees that.
    held: Option<HeldEntries>,
    /// The reader may choose to give a role.
    offers_role: bool,
    /// What each role may do, if roles can be given here.
    role_sentences: Vec<&'static str>,
    /// The number of sessions and the names of tokens, for administrators.
    access: Option<String>,
    neighbours: Option<Neighbours>,
    /// What the person agreed to, for those who work with people.
    consents: Option<ConsentCard>,
    history: Vec<HistoryEntry>,
}

impl PersonPage {
    /// What the page shows for contact details that are missing, or that the reader may not see.
    fn no_detail(&self) -> &'static str {
        if self.sees_contact {
            "None"
        } else {
            "Not shown to you"
        }
    }
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
    let groups = request
        .group_names(
            seen.groups
                .iter()
                .chain(&seen.invited_to)
                .map(ToString::to_string),
        )
        .await?;
    let page = PersonPage {
        page: request.page_context(&title).await?,
        wrong: forms.error_summary(),
        phone: seen.telephone.as_deref().map(Phone::of),
        proposed_by: proposed_by.map(|by| names.of(&by)).unwrap_or_default(),
        next: next_step(request, &seen, acts.all().await?),
        groups: with_names(&seen.groups, &groups),
        invited_to: with_names(&seen.invited_to, &groups),
        held: assets::of_person(request, seen.id).await?,
        neighbours: neighbours(request, "people", id).await?,
        consents: consent_card(request, &forms, PersonId(seen.id)).await?,
        offers_role: !acts.shows_roles()
            && !seen.erasure.is_done()
            && request.signed.reader.roles.contains(&Role::Administrator),
        role_sentences: if acts.shows_roles() {
            role_sentences()
        } else {
            Vec::new()
        },
        takes_held,
        sees_contact: sees_contact(request, seen.id),
        accesses: accesses::recent(request, &seen.id.to_string()).await?,
        access: sessions_and_tokens(request, seen.id).await?,
        history: history(request, seen.id).await?,
        twins: people_with_similar_address(request, &seen).await?,
        seen,
    };
    request.render(&page)
}

/// The groups with their names.
fn with_names(
    ids: &BTreeSet<uuid::Uuid>,
    names: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    ids.iter()
        .map(|id| {
            let name = names.get(&id.to_string()).cloned();
            (id.to_string(), name.unwrap_or_else(|| "A group".to_owned()))
        })
        .collect()
}

/// Whether the reader may read how the person can be reached: only people who work with groups, and
/// the person.
fn sees_contact(request: &DeskRequest<'_>, person: uuid::Uuid) -> bool {
    let reader = &request.signed.reader;
    reader.works_with_groups() || reader.person.0 == person
}

fn next_step(request: &DeskRequest<'_>, seen: &PersonView, actions: Vec<Action>) -> NextStep {
    let (title, why, next) = if seen.erasure.is_done() {
        (
            "Nothing to do",
            "We have erased this person’s personal data.",
            "",
        )
    } else if seen.proposed_contact.is_some() {
        (
            "Next: new contact details",
            "We use them once a colleague, or the person, has confirmed them.",
            "confirm-contact",
        )
    } else if seen.erasure == Erasure::Asked {
        (
            "Next: they asked to be erased",
            "Erase their personal data, or say why not.",
            "",
        )
    } else {
        ("This person", "There is nothing for you to do here.", "")
    };
    request.next_step(title, why, next, actions)
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
    Ok(Some(access_in_words(open.sessions, &open.tokens)))
}

/// Where a person is signed in, and which programs may act for them.
fn access_in_words(sessions: usize, tokens: &[String]) -> String {
    let devices = match sessions {
        0 => "Not signed in on any device now".to_owned(),
        1 => "Signed in on 1 device".to_owned(),
        many => format!("Signed in on {many} devices"),
    };
    if tokens.is_empty() {
        format!("{devices}.")
    } else {
        let tokens = tokens.join(", ");
        format!("{devices}. Programs that may act for them: {tokens}.")
    }
}
