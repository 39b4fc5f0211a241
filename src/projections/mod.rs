//! Projections: pure folds from events to the rows of read models, and the engine that stores these
//! rows, inline with an append or in the background.
//!
//! A projection states which row an event affects, and what the row is after the event. Live,
//! catching up or rebuilding, it is the same fold. Rows contain personal values only in encrypted
//! form.

mod definitions;
mod engine;

use std::any::Any;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use definitions::agreements::AgreementRow;
pub use definitions::answers::AnswersRow;
pub use definitions::applications::{ApplicationRow, ScoreRow};
pub use definitions::assets::AssetRow;
pub use definitions::barriers::{BarrierAnswerRow, BarrierRow};
pub use definitions::chosen_stories::ChosenStoryRow;
pub use definitions::consents::{ConsentRow, ConsentState};
pub use definitions::corrections::CorrectionRow;
pub use definitions::day_index::DayRow;
pub use definitions::exchanges::ExchangeRow;
pub use definitions::files::FileRow;
pub use definitions::funds::{FundRow, HeldLettersRow, RoundRow};
pub use definitions::gatherings::GatheringRow;
pub use definitions::grants::{
    CheckRow, GrantRow, NewsRow, ProposedScheduleRow, ProposedSettlementRow, StoryRow,
    UnsettledEntryRow, VariationRow,
};
pub use definitions::groups::{
    CheckOnFileRow, GroupRow, PayeeRow, ProposedCorrectionRow, search_key,
};
pub use definitions::identifiers::IdentifierRow;
pub use definitions::introductions::IntroductionRow;
pub use definitions::lessons::LessonRow;
pub use definitions::listed::DirectoryRow;
pub use definitions::moment::Moment;
pub use definitions::notices::NoticeRow;
pub use definitions::organisations::{
    AreaReportRow, MailTextRow, OrganisationRow, ProposedMailTextRow, ProposedSettingsRow,
    SettingsRow,
};
pub use definitions::past_grants::PastGrantRow;
pub use definitions::payment_batches::{BankFileRow, PaymentBatchRow};
pub use definitions::payments::PaymentRow;
pub use definitions::people::{PersonRow, ProposedContactRow};
pub use definitions::pledges::{PledgeState, TakenPledge, TakenPledgesRow};
pub use definitions::published::{
    Movement, PublishedGrant, PublishedOffer, PublishedRow, UpdateSigns,
};
pub use definitions::sessions::GatheringSessionRow;
pub use definitions::sign_ups::{SignUpRow, SignUpState};
pub use definitions::tallies::{TallyCorrection, TallyRow};
pub use definitions::ties::{TieRow, TieState};
pub use definitions::updates::{OutcomeRow, UpdateDraftRow, UpdateRow};
pub use definitions::waiting::Waiting;
pub use engine::projector::{ProjectionError, Projector};

use crate::eventlog::recorded_event::RecordedEvent;
use crate::store::postings::PostingRow;

/// The rows that an event affects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AffectedRows {
    /// The id of the row that may change.
    pub id: String,
    /// The id of a second row, which is only read.
    pub also_read: Option<String>,
    /// Whether no earlier event affected the row, so that it need not be loaded.
    pub is_new: bool,
}

impl AffectedRows {
    fn one(row: &impl std::fmt::Display) -> Self {
        Self {
            id: row.to_string(),
            also_read: None,
            is_new: false,
        }
    }

    /// The row of the event's stream, for projections whose rows are affected by that stream only.
    fn of_stream(event: &RecordedEvent) -> Self {
        Self {
            is_new: event.sequence == 1,
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
    const SCHEMA_VERSION: i64 = 1;
    type Row: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;

    /// The rows that the event affects, if any.
    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows>;

    /// The row after the event. `None` leaves it unchanged.
    fn project(
        event: &RecordedEvent,
        row: Option<Self::Row>,
        beside: Option<Self::Row>,
    ) -> Option<Self::Row>;

    /// The postings that the event adds, given the row before it.
    fn post(_event: &RecordedEvent, _before: Option<&Self::Row>) -> Vec<PostingRow> {
        Vec::new()
    }
}

/// A row of any projection.
type AnyRow = Arc<dyn Any + Send + Sync>;

/// The effect of one event on a projection.
struct FoldResult {
    row: Option<AnyRow>,
    postings: Vec<PostingRow>,
}

/// A projection without its row type, so that all can be in one list.
#[derive(Clone, Copy)]
struct AnyProjection {
    name: &'static str,
    schema_version: i64,
    affected_rows: fn(&RecordedEvent) -> Option<AffectedRows>,
    project: fn(&RecordedEvent, Option<&AnyRow>, Option<&AnyRow>) -> FoldResult,
    read: fn(&str) -> serde_json::Result<AnyRow>,
    write: fn(&AnyRow) -> serde_json::Result<String>,
}

impl AnyProjection {
    const fn of<P: Projection>() -> Self {
        Self {
            name: P::NAME,
            schema_version: P::SCHEMA_VERSION,
            affected_rows: P::affected_rows,
            project: project::<P>,
            read: read::<P>,
            write: write::<P>,
        }
    }

    fn by_name(name: &str) -> Option<Self> {
        ALL.into_iter().find(|one| one.name == name)
    }
}

fn project<P: Projection>(
    event: &RecordedEvent,
    row: Option<&AnyRow>,
    beside: Option<&AnyRow>,
) -> FoldResult {
    let before = row.and_then(downcast::<P>);
    let postings = P::post(event, before);
    let row = P::project(
        event,
        before.cloned(),
        beside.and_then(downcast::<P>).cloned(),
    );
    FoldResult {
        row: row.map(|row| Arc::new(row) as AnyRow),
        postings,
    }
}

fn read<P: Projection>(body: &str) -> serde_json::Result<AnyRow> {
    Ok(Arc::new(serde_json::from_str::<P::Row>(body)?))
}

fn write<P: Projection>(row: &AnyRow) -> serde_json::Result<String> {
    serde_json::to_string(&downcast::<P>(row))
}

/// A projection only gets rows that it made or read, so the cast succeeds.
fn downcast<P: Projection>(row: &AnyRow) -> Option<&P::Row> {
    row.downcast_ref()
}

/// All projections.
const ALL: [AnyProjection; 33] = [
    AnyProjection::of::<definitions::agreements::AgreementsProjection>(),
    AnyProjection::of::<definitions::answers::AnswersProjection>(),
    AnyProjection::of::<definitions::applications::ApplicationsProjection>(),
    AnyProjection::of::<definitions::assets::AssetsProjection>(),
    AnyProjection::of::<definitions::barriers::BarriersProjection>(),
    AnyProjection::of::<definitions::payment_batches::PaymentBatchesProjection>(),
    AnyProjection::of::<definitions::consents::ConsentsProjection>(),
    AnyProjection::of::<definitions::chosen_stories::ChosenStoriesProjection>(),
    AnyProjection::of::<definitions::corrections::CorrectionsProjection>(),
    AnyProjection::of::<definitions::day_index::DayIndexProjection>(),
    AnyProjection::of::<definitions::exchanges::ExchangesProjection>(),
    AnyProjection::of::<definitions::files::FilesProjection>(),
    AnyProjection::of::<definitions::funds::FundsProjection>(),
    AnyProjection::of::<definitions::gatherings::GatheringsProjection>(),
    AnyProjection::of::<definitions::grants::GrantsProjection>(),
    AnyProjection::of::<definitions::groups::GroupsProjection>(),
    AnyProjection::of::<definitions::identifiers::IdentifiersProjection>(),
    AnyProjection::of::<definitions::listed::ListedProjection>(),
    AnyProjection::of::<definitions::introductions::IntroductionsProjection>(),
    AnyProjection::of::<definitions::notices::NoticesProjection>(),
    AnyProjection::of::<definitions::lessons::LessonsProjection>(),
    AnyProjection::of::<definitions::organisations::OrganisationsProjection>(),
    AnyProjection::of::<definitions::past_grants::PastGrantsProjection>(),
    AnyProjection::of::<definitions::payments::PaymentsProjection>(),
    AnyProjection::of::<definitions::people::PeopleProjection>(),
    AnyProjection::of::<definitions::pledges::PledgesProjection>(),
    AnyProjection::of::<definitions::posting_dimensions::PostingDimensionsProjection>(),
    AnyProjection::of::<definitions::published::PublishedProjection>(),
    AnyProjection::of::<definitions::sessions::SessionsProjection>(),
    AnyProjection::of::<definitions::sign_ups::SignUpsProjection>(),
    AnyProjection::of::<definitions::ties::TiesProjection>(),
    AnyProjection::of::<definitions::tallies::TalliesProjection>(),
    AnyProjection::of::<definitions::updates::UpdatesProjection>(),
];

/// The names of all projections.
pub fn names() -> impl Iterator<Item = &'static str> {
    schema_versions().map(|(name, _)| name)
}

/// The names of all projections, each with its schema version.
pub fn schema_versions() -> impl Iterator<Item = (&'static str, i64)> {
    ALL.iter()
        .map(|projection| (projection.name, projection.schema_version))
}
