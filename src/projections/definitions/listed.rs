//! Public entries of the directory. Only the fields of this row are public: neither the keeper nor
//! a person is in it, and its texts are those that staff published.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::asset::{
    AssetKind, AssetListing, AssetState, AssetWay, Party, Website, stale_on,
};
use crate::domain::text::Slug;
use crate::domain::{AssetEvent, Event, GroupId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// An entry of the public directory. Readers show it only while its state is `published`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryRow {
    pub id: Uuid,
    pub created_at: Moment,
    pub updated_at: Moment,
    pub state: AssetState,
    pub way: AssetWay,
    pub kind: AssetKind,
    /// The group that holds it.
    pub group: Option<GroupId>,
    /// Empty until it is published.
    pub name: String,
    pub description: String,
    pub area: Option<Slug>,
    pub themes: BTreeSet<Slug>,
    /// When it is on.
    pub when: Option<String>,
    pub access: Option<String>,
    pub website: Option<Website>,
    /// Whether those who hold it welcome people who are introduced to them.
    pub welcomes: bool,
    /// The day on which it was published first.
    pub published_on: Option<Date>,
    /// The day on which it was published, put back or confirmed last.
    pub confirmed_on: Option<Date>,
    /// The day from which it counts as out of date.
    pub stale_on: Option<Date>,
}

impl DirectoryRow {
    /// Whether it has not been confirmed for so long that it counts as out of date on a day.
    #[must_use]
    pub fn is_stale(&self, today: Date) -> bool {
        self.stale_on.is_some_and(|day| day <= today)
    }

    #[must_use]
    pub fn is_wish(&self) -> bool {
        self.way == AssetWay::Wish
    }

    fn publish(&mut self, listing: &AssetListing) {
        self.name = listing.name.to_string();
        self.description = listing.description.to_string();
        self.area.clone_from(&listing.area);
        self.themes.clone_from(&listing.themes);
        self.when = listing.when.as_ref().map(ToString::to_string);
        self.access = listing.access.as_ref().map(ToString::to_string);
        self.website.clone_from(&listing.website);
        self.welcomes = listing.welcomes;
    }

    fn confirm(&mut self, day: Date) {
        self.state = AssetState::Published;
        (self.confirmed_on, self.stale_on) = (Some(day), Some(stale_on(day)));
    }
}

pub(in crate::projections) struct ListedProjection;

impl Projection for ListedProjection {
    const NAME: &'static str = "listed";
    type Row = DirectoryRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        use AssetEvent as E;
        let is_shown = matches!(
            &event.event,
            Event::Asset(
                E::AssetRecorded { .. }
                    | E::AssetPublished { .. }
                    | E::AssetPaused {}
                    | E::AssetResumed { .. }
                    | E::AssetConfirmed { .. }
                    | E::AssetWithdrawn { .. }
            )
        );
        is_shown.then(|| AffectedRows::of_stream(event))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<DirectoryRow>,
        _: Option<DirectoryRow>,
    ) -> Option<DirectoryRow> {
        use AssetEvent as E;
        let Event::Asset(happened) = &event.event else {
            return None;
        };
        let mut row = match row {
            Some(row) => row,
            None => unpublished_row(event, happened)?,
        };
        row.updated_at = Moment::of(event);
        match happened {
            E::AssetPublished {
                listing,
                published_on,
            } => {
                row.publish(listing);
                row.published_on = row.published_on.or(Some(*published_on));
                row.confirm(*published_on);
            }
            E::AssetPaused {} => row.state = AssetState::Paused,
            E::AssetResumed { resumed_on: day } | E::AssetConfirmed { confirmed_on: day } => {
                row.confirm(*day);
            }
            E::AssetWithdrawn { .. } => row.state = AssetState::Withdrawn,
            _ => {}
        }
        Some(row)
    }
}

/// None for an entry that a person holds: it is never public.
fn unpublished_row(event: &RecordedEvent, happened: &AssetEvent) -> Option<DirectoryRow> {
    let AssetEvent::AssetRecorded {
        way, kind, holder, ..
    } = happened
    else {
        return None;
    };
    if holder.and_then(Party::person).is_some() {
        return None;
    }
    Some(DirectoryRow {
        id: event.stream,
        created_at: Moment::of(event),
        updated_at: Moment::of(event),
        state: AssetState::Recorded,
        way: *way,
        kind: *kind,
        group: holder.and_then(Party::group),
        name: String::new(),
        description: String::new(),
        area: None,
        themes: BTreeSet::new(),
        when: None,
        access: None,
        website: None,
        welcomes: false,
        published_on: None,
        confirmed_on: None,
        stale_on: None,
    })
}
