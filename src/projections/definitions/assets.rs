//! Entries of the directory, as staff and those who hold them see them.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::asset::{AssetKind, AssetListing, AssetState, AssetWay, Party, stale_on};
use crate::domain::personal_data::Encrypted;
use crate::domain::text::Slug;
use crate::domain::{AssetEvent, Event, GroupId, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// An entry of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AssetRecord)]
pub struct AssetRow {
    pub id: Uuid,
    /// The sequence of the newest event of its stream.
    pub version: i64,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    pub state: AssetState,
    pub way: AssetWay,
    pub kind: AssetKind,
    /// The group that holds it.
    pub group: Option<GroupId>,
    /// The person who holds it. Absent for others than staff and this person.
    pub person: Option<PersonId>,
    /// Its name; absent if a person holds it.
    pub name: Option<String>,
    pub area: Option<Slug>,
    pub themes: BTreeSet<Slug>,
    /// What the directory says of it; absent until it is published.
    pub listing: Option<AssetListing>,
    /// Who looks after it. Absent for others than staff.
    pub keeper: Option<PersonId>,
    #[schema(value_type = String, format = "date")]
    pub recorded_on: Date,
    #[schema(value_type = Option<String>, format = "date")]
    pub published_on: Option<Date>,
    /// The day on which it was published, put back or confirmed last.
    #[schema(value_type = Option<String>, format = "date")]
    pub confirmed_on: Option<Date>,
    /// The day from which it counts as out of date.
    #[schema(value_type = Option<String>, format = "date")]
    pub stale_on: Option<Date>,
    /// The day on which those who hold it were last reminded to confirm it.
    #[schema(value_type = Option<String>, format = "date")]
    pub reminded_on: Option<Date>,
    /// The months of the newest reminder since it was confirmed, or 0.
    pub reminded_months: u8,
    #[schema(value_type = Option<String>, format = "date")]
    pub withdrawn_on: Option<Date>,
    /// The day on which those who hold it last wrote something about it that is still kept.
    #[schema(value_type = Option<String>, format = "date")]
    pub words_on: Option<Date>,
    /// What they wrote. It is stored encrypted, and readers get it as `proposed_words`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub words: Option<Encrypted>,
}

impl AssetRow {
    /// Whether everyone who is signed in may see it.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.state == AssetState::Published
    }

    /// Whether it has not been confirmed for so long that it counts as out of date on a day.
    #[must_use]
    pub fn is_stale(&self, today: Date) -> bool {
        self.stale_on.is_some_and(|day| day <= today)
    }

    /// Who holds it.
    #[must_use]
    pub fn holder(&self) -> Option<Party> {
        let person = self.person.map(Party::Person);
        person.or(self.group.map(Party::Group))
    }

    fn publish(&mut self, listing: &AssetListing) {
        self.name = Some(listing.name.to_string());
        self.area.clone_from(&listing.area);
        self.themes.clone_from(&listing.themes);
        self.listing = Some(listing.clone());
    }

    fn confirm(&mut self, day: Date) {
        (self.confirmed_on, self.stale_on) = (Some(day), Some(stale_on(day)));
        self.reminded_months = 0;
    }
}

pub(in crate::projections) struct AssetsProjection;

impl Projection for AssetsProjection {
    const NAME: &'static str = "assets";
    type Row = AssetRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        matches!(event.event, Event::Asset(_)).then(|| AffectedRows::of_stream(event))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<AssetRow>,
        _: Option<AssetRow>,
    ) -> Option<AssetRow> {
        let Event::Asset(happened) = &event.event else {
            return None;
        };
        let mut row = match row {
            Some(row) => row,
            None => recorded_row(event, happened)?,
        };
        (row.version, row.updated_at) = (event.sequence, Moment::of(event));
        row.apply(happened, event);
        Some(row)
    }
}

fn recorded_row(event: &RecordedEvent, happened: &AssetEvent) -> Option<AssetRow> {
    let AssetEvent::AssetRecorded {
        way,
        kind,
        holder,
        name,
        words,
        area,
        themes,
        keeper,
        recorded_on,
    } = happened
    else {
        return None;
    };
    Some(AssetRow {
        id: event.stream,
        version: event.sequence,
        created_at: Moment::of(event),
        updated_at: Moment::of(event),
        state: AssetState::Recorded,
        way: *way,
        kind: *kind,
        group: holder.and_then(Party::group),
        person: holder.and_then(Party::person),
        name: name.as_ref().map(ToString::to_string),
        area: area.clone(),
        themes: themes.clone(),
        listing: None,
        keeper: Some(*keeper),
        recorded_on: *recorded_on,
        published_on: None,
        confirmed_on: None,
        stale_on: None,
        reminded_on: None,
        reminded_months: 0,
        withdrawn_on: None,
        words_on: words.as_ref().map(|_| *recorded_on),
        words: words.clone(),
    })
}

impl AssetRow {
    fn apply(&mut self, happened: &AssetEvent, event: &RecordedEvent) {
        use AssetEvent as E;
        match happened {
            E::WordsProposed { words } => {
                self.words_on = Some(event.recorded_on());
                self.words = Some(words.clone());
            }
            E::AssetPublished {
                listing,
                published_on,
            } => {
                self.publish(listing);
                self.state = AssetState::Published;
                self.published_on = self.published_on.or(Some(*published_on));
                self.confirm(*published_on);
            }
            E::AssetPaused {} => self.state = AssetState::Paused,
            E::AssetResumed { resumed_on } => {
                self.state = AssetState::Published;
                self.confirm(*resumed_on);
            }
            E::AssetConfirmed { confirmed_on } => self.confirm(*confirmed_on),
            E::AssetWithdrawn { withdrawn_on } => {
                (self.state, self.withdrawn_on) = (AssetState::Withdrawn, Some(*withdrawn_on));
            }
            E::KeeperChanged { keeper } => self.keeper = Some(*keeper),
            E::AssetReminded { months } => {
                self.reminded_on = Some(event.recorded_on());
                self.reminded_months = *months;
            }
            E::WordsForgotten { .. } => (self.words_on, self.words) = (None, None),
            E::AssetRecorded { .. }
            | E::TieMade { .. }
            | E::TieEnded { .. }
            | E::ExchangeRecorded { .. }
            | E::ExchangeCorrected { .. } => {}
        }
    }
}
