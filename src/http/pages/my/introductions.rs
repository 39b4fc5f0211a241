//! Introductions on the overview: those about the visitor or their groups, and people who would
//! like to meet a group of theirs.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::to_do::ToDo;
use crate::domain::PersonId;
use crate::domain::introduction::IntroductionState;
use crate::domain::language::Language;
use crate::http::AppState;
use crate::http::pages::PageError;
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::words::{Tag, TagKind};
use crate::projections::{AssetRow, GroupRow, IntroductionRow};
use crate::views::{Filter, IntroductionView, Reader};

/// The introductions of a visitor, the newest first.
#[derive(Default)]
pub(super) struct OwnIntroductions {
    /// What the visitor is asked to do about them.
    pub to_do: Vec<ToDo>,
    /// Those about the visitor or a group of theirs.
    pub own: Vec<OwnIntroduction>,
    /// People who would like to meet a group of theirs.
    pub guests: Vec<OwnIntroduction>,
}

/// A line of the overview.
pub(super) struct OwnIntroduction {
    pub title: String,
    pub path: String,
    pub state: Tag,
}

/// How an introduction concerns a visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnPart {
    /// They are introduced, or a group of theirs is.
    Introduced,
    /// A group of theirs holds the entry, and the introduction is in force.
    Host,
}

/// How an introduction concerns a member of these groups; `None` if it does not.
pub(super) fn part_in(row: &IntroductionRow, person: PersonId, groups: &[Uuid]) -> Option<OwnPart> {
    let is_own = |group: Option<crate::domain::GroupId>| {
        group.is_some_and(|group| groups.contains(&group.0))
    };
    if row.person == Some(person) || is_own(row.group) {
        Some(OwnPart::Introduced)
    } else if row.state.is_shared() && is_own(row.holder) {
        Some(OwnPart::Host)
    } else {
        None
    }
}

pub(super) fn path_of(introduction: Uuid) -> String {
    format!("/my/introductions/{introduction}")
}

impl OwnIntroductions {
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.guests.is_empty()
    }

    pub async fn load(
        app: &AppState,
        reader: &Reader,
        language: Language,
    ) -> Result<Self, PageError> {
        let views = &app.views;
        let ids = views.own_introductions(reader).await?;
        if ids.is_empty() {
            return Ok(Self::default());
        }
        let groups = views.groups_of(reader.person).await?;
        let of = vec![Filter::any_of("id", ids)];
        let mut rows: Vec<IntroductionRow> = views.all_rows(None, of).await?;
        rows.sort_by_key(|row| std::cmp::Reverse((row.asked_on, row.id)));
        let names = EntryNames::of(app, &rows).await?;
        let seen = views.introductions_for(reader, rows).await?;
        let mut found = Self::default();
        for one in seen {
            let Some(part) = part_in(&one.row, reader.person, &groups) else {
                continue;
            };
            found.add(&one, part, &names, language);
        }
        Ok(found)
    }

    fn add(
        &mut self,
        seen: &IntroductionView,
        part: OwnPart,
        names: &EntryNames,
        language: Language,
    ) {
        let row = &seen.row;
        let path = path_of(row.id);
        let title = match part {
            OwnPart::Introduced => names.entry(row, language),
            OwnPart::Host => names.guest(seen, language),
        };
        let asks = match (part, row.state) {
            (OwnPart::Host, IntroductionState::Made) => {
                Some("Someone would like to meet your group: {}")
            }
            (OwnPart::Introduced, IntroductionState::Asked) => {
                Some("Would you like us to introduce you? {}")
            }
            _ => None,
        };
        self.to_do.extend(asks.map(|asks| ToDo {
            text: translate_with(asks, &title, language),
            button: translate("Answer", language),
            path: path.clone(),
            due_on: row.answer_due,
        }));
        let line = OwnIntroduction {
            title,
            path,
            state: state_tag(row.state, part, language),
        };
        match part {
            OwnPart::Introduced => self.own.push(line),
            OwnPart::Host => self.guests.push(line),
        }
    }
}

/// The names of entries and of groups that are introduced, by their ids.
pub(super) struct EntryNames {
    entries: BTreeMap<Uuid, String>,
    groups: BTreeMap<Uuid, String>,
}

impl EntryNames {
    pub async fn of(app: &AppState, rows: &[IntroductionRow]) -> Result<Self, PageError> {
        let ids: BTreeSet<Uuid> = rows.iter().map(|row| row.to.0).collect();
        let of = vec![Filter::any_of("id", ids)];
        let entries: Vec<AssetRow> = app.views.all_rows(None, of).await?;
        let ids: BTreeSet<Uuid> = rows
            .iter()
            .filter_map(|row| row.group)
            .map(|group| group.0)
            .collect();
        let of = vec![Filter::any_of("id", ids)];
        let groups: Vec<GroupRow> = app.views.all_rows(None, of).await?;
        let entry = |row: AssetRow| row.name.map(|name| (row.id, name));
        Ok(Self {
            entries: entries.into_iter().filter_map(entry).collect(),
            groups: groups.into_iter().map(|row| (row.id, row.name)).collect(),
        })
    }

    /// The name of the entry.
    pub fn entry(&self, row: &IntroductionRow, language: Language) -> String {
        let name = self.entries.get(&row.to.0).cloned();
        name.unwrap_or_else(|| translate("A place near you", language).to_owned())
    }

    /// Who would like to come, as far as they share it.
    pub fn guest(&self, seen: &IntroductionView, language: Language) -> String {
        let group = seen.row.group.and_then(|group| self.groups.get(&group.0));
        let name = seen.name.as_ref().or(group).cloned();
        name.unwrap_or_else(|| {
            translate("Someone who does not share their name", language).to_owned()
        })
    }
}

/// What people call the state of an introduction that concerns them.
pub(super) fn state_tag(state: IntroductionState, part: OwnPart, language: Language) -> Tag {
    use IntroductionState as S;
    use TagKind::{Good, Hold, Quiet, Todo, Wait};
    let is_host = part == OwnPart::Host;
    let (kind, word) = match state {
        S::Asked => (Todo, "Waiting for your answer"),
        S::Made if is_host => (Todo, "Waiting for your answer"),
        S::Agreed => (Wait, "You said yes"),
        S::Made => (Wait, "We have told them"),
        S::Welcomed | S::CameTo if is_host => (Good, "You said they are welcome"),
        S::Welcomed | S::CameTo => (Good, "You are welcome there"),
        S::Declined => (Hold, "We’re looking for somewhere else"),
        S::TakenBack => (Quiet, "You changed your mind"),
        S::Closed => (Quiet, "Finished"),
    };
    Tag::new(kind, translate(word, language))
}
