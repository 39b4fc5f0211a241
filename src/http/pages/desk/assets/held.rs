//! What a group or a person has in the directory, on their own page at the desk.

use askama::Template;
use askama::filters::HtmlSafe;
use uuid::Uuid;

use super::{keeps_directory, name_of, path_of, sees_people};
use crate::http::pages::PageError;
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::words::{Tag, Tagged as _};
use crate::projections::AssetRow;
use crate::views::Filter;

#[derive(Template)]
#[template(path = "desk/assets/held.html")]
pub(in crate::http::pages::desk) struct HeldEntries {
    /// The entries, by address, name and state.
    entries: Vec<(String, String, Tag)>,
    /// The address that records another one, for those who look after the directory.
    new: Option<String>,
}

impl HtmlSafe for HeldEntries {}

/// The entries of a group.
pub(in crate::http::pages::desk) async fn of_group(
    request: &DeskRequest<'_>,
    group: Uuid,
) -> Result<HeldEntries, PageError> {
    let held = vec![Filter::equals("group_id", group)];
    held_entries(request, held, &format!("group={group}")).await
}

/// The entries of a person. None for a reader who does not see what people have.
pub(in crate::http::pages::desk) async fn of_person(
    request: &DeskRequest<'_>,
    person: Uuid,
) -> Result<Option<HeldEntries>, PageError> {
    if !sees_people(request) {
        return Ok(None);
    }
    let held = vec![Filter::equals("person", person)];
    let entries = held_entries(request, held, &format!("person={person}")).await?;
    Ok(Some(entries))
}

async fn held_entries(
    request: &DeskRequest<'_>,
    held: Vec<Filter>,
    holder: &str,
) -> Result<HeldEntries, PageError> {
    let rows: Vec<AssetRow> = request.list_all(held).await?;
    let entry = |row: &AssetRow| (path_of(row.id), name_of(row), row.state.tag());
    Ok(HeldEntries {
        entries: rows.iter().map(entry).collect(),
        new: keeps_directory(request).then(|| format!("/desk/assets/new?{holder}")),
    })
}
