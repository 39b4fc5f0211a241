//! Finding the group of an assisted entry: by a search, and by a name that is entered again.

use uuid::Uuid;

use super::super::DeskRequest;
use crate::http::pages::words::place_name;
use crate::http::pages::{PageError, ownership};
use crate::projections::GroupRow;

/// The most groups that a search shows.
const FOUND_MAX: usize = 20;

/// A group on record, to choose from.
pub(super) struct FoundGroup {
    pub id: Uuid,
    pub name: String,
    /// Its area and its people.
    pub about: String,
}

/// The group that the form is for, with its people to choose from.
pub(super) struct KnownGroup {
    pub id: Uuid,
    pub name: String,
    pub area: String,
    /// Its people by name, and an option for someone else.
    pub people: Vec<(String, String)>,
}

/// The groups whose names begin with a text.
pub(super) async fn groups_like(
    request: &DeskRequest<'_>,
    text: &str,
) -> Result<Vec<FoundGroup>, PageError> {
    let mut rows = request.app.views.find_groups(text, FOUND_MAX).await?;
    rows.retain(|row| row.merged_into.is_none());
    described(request, rows).await
}

pub(super) async fn described(
    request: &DeskRequest<'_>,
    rows: Vec<GroupRow>,
) -> Result<Vec<FoundGroup>, PageError> {
    let people = rows.iter().flat_map(|row| row.members.iter().copied());
    let names = request.names_of_people(people).await?;
    let found = rows.into_iter().map(|row| {
        let mut about = vec![place_name(&row.area)];
        about.extend(row.members.iter().map(|person| names.of(person)));
        FoundGroup {
            id: row.id,
            about: about.join(", "),
            name: row.name,
        }
    });
    Ok(found.collect())
}

/// The group with an id.
pub(super) async fn known_group(
    request: &DeskRequest<'_>,
    id: &str,
) -> Result<KnownGroup, PageError> {
    let row: GroupRow = request.row(ownership::parse_uuid(id)?).await?;
    let people = || row.members.iter().chain(&row.invited).copied();
    let names = request.names_of_people(people()).await?;
    let people = people().map(|person| (person.to_string(), names.of(&person)));
    let somebody_else = ("other".to_owned(), "Someone else".to_owned());
    Ok(KnownGroup {
        id: row.id,
        people: people.chain([somebody_else]).collect(),
        area: row.area,
        name: row.name,
    })
}
