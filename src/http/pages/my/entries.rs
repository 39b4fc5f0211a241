//! The directory on the overview: the entries of a group and of the visitor, what others nearby
//! offer and wish for, and the hours that were given and received.

use std::collections::BTreeSet;

use jiff::civil::Date;
use uuid::Uuid;

use crate::clock::day_of;
use crate::domain::asset::{AssetState, Party};
use crate::domain::language::Language;
use crate::domain::text::Slug;
use crate::domain::{GroupId, PersonId};
use crate::http::AppState;
use crate::http::pages::PageError;
use crate::http::pages::directory::{kind_name, way_name};
use crate::http::pages::i18n::translate;
use crate::http::pages::words::{Tag, TagKind, hours_text};
use crate::mail::format_day;
use crate::projections::{AssetRow, DirectoryRow, ExchangeRow, GroupRow};
use crate::views::Filter;

/// The most entries of others that are listed.
const NEAR_MAX: usize = 6;

/// The entries of a group or of a person, and the hours that they gave and received.
#[derive(Default)]
pub(super) struct OwnEntries {
    pub entries: Vec<OwnEntry>,
    /// What others nearby have, by path, name and a line about it.
    pub near: Vec<(String, String, String)>,
    pub hours: Option<OwnHours>,
}

/// An entry on the overview.
pub(super) struct OwnEntry {
    pub name: String,
    pub path: String,
    pub state: Tag,
    pub line: String,
}

/// Time that was given and received, as hours and minutes.
pub(super) struct OwnHours {
    pub given: String,
    pub received: String,
}

impl OwnEntries {
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.hours.is_none()
    }

    /// What the visitor has as a person.
    pub async fn of_person(
        app: &AppState,
        person: PersonId,
        language: Language,
    ) -> Result<Self, PageError> {
        let held = vec![Filter::equals("person", person)];
        let rows = app.views.all_rows::<AssetRow>(None, held).await?;
        let party = Party::Person(person);
        Ok(Self {
            entries: own_entries(&rows, language),
            near: Vec::new(),
            hours: OwnHours::of(app, party).await?,
        })
    }

    /// What a group has, and others near it that are about its themes.
    pub async fn of_group(
        app: &AppState,
        group: &GroupRow,
        language: Language,
    ) -> Result<Self, PageError> {
        let held = vec![Filter::equals("group_id", group.id)];
        let rows = app.views.all_rows::<AssetRow>(None, held).await?;
        let themes: BTreeSet<&Slug> = rows.iter().flat_map(|row| &row.themes).collect();
        let today = day_of(app.commands.now());
        let all = app.views.directory(today).await?;
        let near = all
            .iter()
            .filter(|row| is_near(row, group, &themes))
            .take(NEAR_MAX);
        Ok(Self {
            entries: own_entries(&rows, language),
            near: near.map(|row| near_line(row, language)).collect(),
            hours: OwnHours::of(app, Party::Group(GroupId(group.id))).await?,
        })
    }
}

impl OwnHours {
    /// None for a party that neither gave nor received any time.
    async fn of(app: &AppState, party: Party) -> Result<Option<Self>, PageError> {
        let rows = app.views.hours_of(party, None).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let sum = |is_side: fn(&ExchangeRow, Party) -> bool| {
            let own = rows.iter().filter(|row| is_side(row, party));
            hours_text(own.map(|row| i64::from(row.minutes)).sum())
        };
        Ok(Some(Self {
            given: sum(|row, party| row.giver == party),
            received: sum(|row, party| row.receiver == party),
        }))
    }
}

/// Whether an entry of others is in the group's area and about one of its themes. A group without
/// themes sees all in its area.
fn is_near(row: &DirectoryRow, group: &GroupRow, themes: &BTreeSet<&Slug>) -> bool {
    let is_there = |area: &Slug| area.as_str() == group.area;
    row.group != Some(GroupId(group.id))
        && row.area.as_ref().is_none_or(is_there)
        && (themes.is_empty() || row.themes.iter().any(|theme| themes.contains(theme)))
}

fn near_line(row: &DirectoryRow, language: Language) -> (String, String, String) {
    let mut parts = vec![way_name(row.way, language), kind_name(row.kind, language)];
    parts.extend(row.when.as_deref());
    let path = format!("/directory/{}", row.id);
    (path, row.name.clone(), parts.join(" · "))
}

/// The entries that are not withdrawn.
fn own_entries(rows: &[AssetRow], language: Language) -> Vec<OwnEntry> {
    let shown = |row: &AssetRow| OwnEntry {
        name: name_of(row, language),
        path: path_of(row.id),
        state: state_tag(row.state, language),
        line: format!(
            "{} · {}",
            way_name(row.way, language),
            checked_text(row.confirmed_on.unwrap_or(row.recorded_on), language)
        ),
    };
    rows.iter()
        .filter(|row| row.state != AssetState::Withdrawn)
        .map(shown)
        .collect()
}

fn checked_text(day: Date, language: Language) -> String {
    let day = format_day(day, language);
    translate("Last checked on {}", language).replacen("{}", &day, 1)
}

/// What an entry is called. One of a person has no name.
pub(super) fn name_of(row: &AssetRow, language: Language) -> String {
    row.name
        .clone()
        .unwrap_or_else(|| kind_name(row.kind, language).to_owned())
}

/// The state of an entry, for those who hold it.
pub(super) fn state_tag(state: AssetState, language: Language) -> Tag {
    let (kind, word) = match state {
        AssetState::Recorded => (TagKind::Wait, "Not published"),
        AssetState::Published => (TagKind::Good, "In the directory"),
        AssetState::Paused => (TagKind::Quiet, "Hidden for now"),
        AssetState::Withdrawn => (TagKind::Quiet, "Withdrawn"),
    };
    Tag::new(kind, translate(word, language))
}

pub(super) fn path_of(asset: Uuid) -> String {
    format!("/my/entries/{asset}")
}
