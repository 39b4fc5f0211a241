//! The directory at the desk: the list of entries, recording one, its page, the entries that know
//! it, and the hours that were given.

mod actions;
mod balances;
mod held;
mod hours;
mod new;
mod record;
mod table;
mod tie;

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use uuid::Uuid;

pub(super) use held::{HeldEntries, of_group, of_person};
pub(super) use table::{LIST, spreadsheet, without_keeper_filter};

use super::{DeskRequest, HistoryEntry, PersonNames, history};
use crate::domain::asset::{AssetKind, AssetWay, Party};
use crate::domain::language::Language;
use crate::domain::{PersonId, Role};
use crate::http::pages::PageError;
use crate::http::pages::directory;
use crate::projections::AssetRow;

/// A page below `/desk/assets`.
pub(super) async fn show_page(
    request: &DeskRequest<'_>,
    steps: &[&str],
) -> Result<HttpResponse, PageError> {
    match steps {
        [] => table::show(request).await,
        ["new"] => new::show(request).await,
        ["hours"] => balances::show(request).await,
        [id] => record::show(request, id).await,
        [id, "tie"] => tie::show(request, id).await,
        [id, "hours"] => hours::show(request, id).await,
        _ => Err(PageError::not_found()),
    }
}

/// Whether the reader looks after the directory: officers and connectors.
pub(super) fn keeps_directory(request: &DeskRequest<'_>) -> bool {
    let roles = &request.signed.reader.roles;
    roles.contains(&Role::Officer) || roles.contains(&Role::Connector)
}

/// Whether the reader sees what people wrote about entries, and which people hold one.
fn sees_people(request: &DeskRequest<'_>) -> bool {
    request.signed.reader.works_with_groups() || keeps_directory(request)
}

fn kind_name(kind: AssetKind) -> &'static str {
    directory::kind_name(kind, Language::En)
}

fn way_name(way: AssetWay) -> &'static str {
    directory::way_name(way, Language::En)
}

/// The kinds of entry that are offered for a choice.
fn kind_choices(is_offered: impl Fn(AssetKind) -> bool) -> Vec<(String, String)> {
    directory::KINDS
        .into_iter()
        .filter(|kind| is_offered(*kind))
        .map(|kind| (<&str>::from(kind).to_owned(), kind_name(kind).to_owned()))
        .collect()
}

fn way_choices() -> Vec<(String, String)> {
    [AssetWay::Offer, AssetWay::Wish]
        .map(|way| (<&str>::from(way).to_owned(), way_name(way).to_owned()))
        .into()
}

/// What an entry is called. One that a person holds has no name.
pub(super) fn name_of(row: &AssetRow) -> String {
    row.name
        .clone()
        .unwrap_or_else(|| format!("{} of one person", kind_name(row.kind)))
}

pub(super) fn path_of(asset: Uuid) -> String {
    format!("/desk/assets/{asset}")
}

/// The names of people and groups who hold entries, or gave or received time.
struct PartyNames {
    people: PersonNames,
    groups: BTreeMap<String, String>,
    sees_people: bool,
}

impl PartyNames {
    async fn load(
        request: &DeskRequest<'_>,
        parties: impl Iterator<Item = Party> + Clone,
    ) -> Result<Self, PageError> {
        let people: Vec<PersonId> = parties.clone().filter_map(Party::person).collect();
        let groups = parties
            .filter_map(Party::group)
            .map(|group| group.to_string());
        Ok(Self {
            people: request.names_of_neighbours(people).await?,
            groups: request.group_names(groups).await?,
            sees_people: sees_people(request),
        })
    }

    fn of(&self, party: Party) -> String {
        match party {
            Party::Person(person) if self.sees_people => self.people.of(&person),
            Party::Person(_) => "Someone".to_owned(),
            Party::Group(group) => {
                let name = self.groups.get(&group.to_string());
                name.cloned().unwrap_or_else(|| "A group".to_owned())
            }
        }
    }

    /// The address of the party's page, for a reader who may open it.
    fn path_of(request: &DeskRequest<'_>, party: Party) -> Option<String> {
        if !request.signed.reader.works_with_groups() {
            return None;
        }
        Some(match party {
            Party::Person(person) => format!("/desk/people/{person}"),
            Party::Group(group) => format!("/desk/groups/{group}"),
        })
    }
}
