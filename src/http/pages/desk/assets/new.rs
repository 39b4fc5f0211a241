//! The page that records an entry of the directory. Its form is the command itself. Who holds the
//! entry is found by name first.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use askama::Template;
use uuid::Uuid;

use super::{kind_choices, way_choices};
use crate::domain::PersonId;
use crate::domain::asset::AssetKind;
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::action::Choices;
use crate::http::pages::desk::gatherings::{or_none, theme_choices};
use crate::http::pages::desk::list::ListFilter;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::{Form, PageContext, PageError, ownership};
use crate::projections::{GroupRow, PersonRow};

/// The most groups, and the most people, that a search shows.
const FOUND_MAX: usize = 20;

#[derive(Template)]
#[template(path = "desk/assets/new.html")]
struct RecordEntryPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    ways: Choices,
    kinds: Choices,
    areas: Choices,
    themes: Choices,
    /// The group or the person who holds it.
    holder: Option<EntryHolder>,
    search: Form,
    searched: bool,
    /// Those who were found, by the address of this page for them.
    found: Vec<(String, String)>,
}

/// Who holds an entry that is recorded.
struct EntryHolder {
    /// The field of the command that names them.
    field: &'static str,
    id: Uuid,
    name: String,
    is_person: bool,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    if !super::keeps_directory(request) {
        return Err(PageError::forbidden());
    }
    let forms = request.forms();
    let funds = request.funds().await?;
    let holder = holder(request).await?;
    let is_offered = |kind: AssetKind| match &holder {
        Some(holder) => !holder.is_person || kind.is_of_people(),
        None => !kind.is_of_somebody(),
    };
    let text = request.text("q");
    let page = RecordEntryPage {
        page: request.page_context("Record an entry").await?,
        wrong: forms.error_summary(),
        form: forms.form("record").prefill("way", "offer"),
        ways: way_choices(),
        kinds: or_none("Choose a kind", kind_choices(is_offered)),
        areas: or_none("Everywhere", ListFilter::area(&funds).choices),
        themes: theme_choices(&ThemeNames::load(request.app).await?, &BTreeSet::new()),
        holder,
        search: forms.form("search").prefill("q", text),
        searched: !text.is_empty(),
        found: found(request, text).await?,
    };
    request.render(&page)
}

/// The group or the person in the address.
async fn holder(request: &DeskRequest<'_>) -> Result<Option<EntryHolder>, PageError> {
    let (group, person) = (request.text("group"), request.text("person"));
    if !group.is_empty() {
        let row: GroupRow = request.row(ownership::parse_uuid(group)?).await?;
        return Ok(Some(EntryHolder {
            field: "holder.group",
            id: row.id,
            name: row.name,
            is_person: false,
        }));
    }
    if person.is_empty() {
        return Ok(None);
    }
    let row: PersonRow = request.row(ownership::parse_uuid(person)?).await?;
    let person = PersonId(row.id);
    let names = request.names_of_neighbours([person]).await?;
    Ok(Some(EntryHolder {
        field: "holder.person",
        id: row.id,
        name: names.of(&person),
        is_person: true,
    }))
}

/// Groups and people with a text in their name, each with the address that records their entry.
async fn found(request: &DeskRequest<'_>, text: &str) -> Result<Vec<(String, String)>, PageError> {
    let mut found = Vec::new();
    for (group, name) in super::hours::groups_named(request, text, FOUND_MAX).await? {
        found.push((address_for("group", &group), name));
    }
    for (person, name) in super::hours::people_named(request, text, FOUND_MAX).await? {
        found.push((address_for("person", &person), name));
    }
    Ok(found)
}

fn address_for(field: &str, id: &impl std::fmt::Display) -> String {
    format!("/desk/assets/new?{field}={id}")
}
