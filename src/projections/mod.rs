//! Projections: pure folds from events to the rows of read models, and the engine that stores these
//! rows, inline with an append or in the background.
//!
//! A projection states which row an event affects, and what the row is after the event. Live,
//! catching up or rebuilding, it is the same fold. Rows contain personal values only in encrypted
//! form.

mod agreements;
mod answers;
mod applications;
mod batch;
mod batches;
mod catch_up;
mod corrections;
mod days;
mod files;
mod fold;
mod follow;
mod funds;
mod grants;
mod groups;
mod identifiers;
mod kept;
mod moment;
mod organisations;
mod past_grants;
mod payments;
mod people;
mod places;
mod published;
mod rebuild;
mod updates;
mod waiting;

use std::any::Any;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use agreements::AgreementRow;
pub use answers::AnswersRow;
pub use applications::{ApplicationRow, ScoreRow};
pub use batches::{BankFileRow, BatchRow};
pub use corrections::CorrectionRow;
pub use days::DayRow;
pub use files::FileRow;
pub use follow::{ProjectionError, Projector};
pub use funds::{FundRow, RoundRow};
pub use grants::{
    CheckRow, EntryRow, GrantRow, ScheduleRow, SettlementRow, StoryRow, VariationRow,
};
pub use groups::{GroupRow, OnFileRow, PayeeRow, ProposedCorrectionRow, name_key};
pub use identifiers::IdentifierRow;
pub use moment::Moment;
pub use organisations::{MailTextRow, OrganisationRow, ProposedMailTextRow, ReportRow};
pub use past_grants::PastGrantRow;
pub use payments::PaymentRow;
pub use people::{PersonRow, ProposedContactRow};
pub use published::{Movement, PublishedGrant, PublishedOffer, PublishedRow, UpdateSigns};
pub use updates::{OutcomeRow, UpdateRow};
pub use waiting::Waiting;

use crate::log::record::Recorded;
use crate::store::postings::PostingRow;

/// The rows that an event affects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touches {
    /// The id of the row that may change.
    pub row: String,
    /// The id of a second row, which is only read.
    pub beside: Option<String>,
    /// Whether no earlier event affected the row, so that it need not be loaded.
    pub first: bool,
}

impl Touches {
    fn one(row: &impl std::fmt::Display) -> Self {
        Self {
            row: row.to_string(),
            beside: None,
            first: false,
        }
    }

    /// The row of the event's stream, for projections whose rows are affected by that stream only.
    fn of_stream(event: &Recorded) -> Self {
        Self {
            first: event.sequence == 1,
            ..Self::one(&event.stream)
        }
    }
}

/// A pure fold from events to the rows of one table.
pub trait Projection {
    /// The name of the projection. Its table is `view_` followed by the name.
    const NAME: &'static str;
    /// The schema version of the rows. Raise it when the rows change; the next start then rebuilds
    /// them.
    const SHAPE: i64 = 1;
    type Row: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;

    /// The rows that the event affects, if any.
    fn touches(event: &Recorded) -> Option<Touches>;

    /// The row after the event. `None` leaves it unchanged.
    fn project(
        event: &Recorded,
        row: Option<Self::Row>,
        beside: Option<Self::Row>,
    ) -> Option<Self::Row>;

    /// The postings that the event adds, given the row before it.
    fn post(_event: &Recorded, _before: Option<&Self::Row>) -> Vec<PostingRow> {
        Vec::new()
    }
}

/// A row of any projection.
type AnyRow = Arc<dyn Any + Send + Sync>;

/// The effect of one event on a projection.
struct Projected {
    row: Option<AnyRow>,
    postings: Vec<PostingRow>,
}

/// A projection without its row type, so that all can be in one list.
#[derive(Clone, Copy)]
struct Registered {
    name: &'static str,
    shape: i64,
    touches: fn(&Recorded) -> Option<Touches>,
    project: fn(&Recorded, Option<&AnyRow>, Option<&AnyRow>) -> Projected,
    read: fn(&str) -> serde_json::Result<AnyRow>,
    write: fn(&AnyRow) -> serde_json::Result<String>,
}

impl Registered {
    const fn of<P: Projection>() -> Self {
        Self {
            name: P::NAME,
            shape: P::SHAPE,
            touches: P::touches,
            project: project::<P>,
            read: read::<P>,
            write: write::<P>,
        }
    }

    fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|one| one.name == name)
    }
}

fn project<P: Projection>(
    event: &Recorded,
    row: Option<&AnyRow>,
    beside: Option<&AnyRow>,
) -> Projected {
    let before = row.and_then(own::<P>);
    let postings = P::post(event, before);
    let row = P::project(event, before.cloned(), beside.and_then(own::<P>).cloned());
    Projected {
        row: row.map(|row| Arc::new(row) as AnyRow),
        postings,
    }
}

fn read<P: Projection>(body: &str) -> serde_json::Result<AnyRow> {
    Ok(Arc::new(serde_json::from_str::<P::Row>(body)?))
}

fn write<P: Projection>(row: &AnyRow) -> serde_json::Result<String> {
    serde_json::to_string(&own::<P>(row))
}

/// A projection only gets rows that it made or read, so the cast succeeds.
fn own<P: Projection>(row: &AnyRow) -> Option<&P::Row> {
    row.downcast_ref()
}

/// All projections.
const ALL: [Registered; 18] = [
    Registered::of::<agreements::Agreements>(),
    Registered::of::<answers::Answers>(),
    Registered::of::<applications::Applications>(),
    Registered::of::<batches::Batches>(),
    Registered::of::<corrections::Corrections>(),
    Registered::of::<days::Days>(),
    Registered::of::<files::Files>(),
    Registered::of::<funds::Funds>(),
    Registered::of::<grants::Grants>(),
    Registered::of::<groups::Groups>(),
    Registered::of::<identifiers::Identifiers>(),
    Registered::of::<organisations::Organisations>(),
    Registered::of::<past_grants::PastGrants>(),
    Registered::of::<payments::Payments>(),
    Registered::of::<people::People>(),
    Registered::of::<places::Places>(),
    Registered::of::<published::Published>(),
    Registered::of::<updates::Updates>(),
];

/// The names of all projections.
pub fn names() -> impl Iterator<Item = &'static str> {
    shapes().map(|(name, _)| name)
}

/// The names of all projections, each with its schema version.
pub fn shapes() -> impl Iterator<Item = (&'static str, i64)> {
    ALL.iter()
        .map(|projection| (projection.name, projection.shape))
}
