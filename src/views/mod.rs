//! Views: read-only queries for a reader with roles, current or as at a past day or position. Lists
//! with filters and pages, budgets, outcomes and statements, and records with personal values
//! decrypted.

mod accesses;
mod aims;
mod as_at;
mod budget;
mod contacts;
mod cost_per_person;
mod cursor;
mod decrypted;
mod directory;
mod duplicates;
mod event_search;
mod gatherings;
mod heard;
mod library;
mod list_cache;
mod lists;
mod money_by_month;
mod movement;
mod names;
mod nested_rows;
mod network;
mod network_parts;
mod pledges;
mod progress;
mod published;
mod quarters;
mod queries;
mod related_groups;
mod saved_views;
mod search;
mod search_index;
mod small_numbers;
mod statement;
mod subject_access;
mod subject_movement;
mod told_grants;
mod totals_cache;
mod value;

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::domain::{PersonId, Role, Roles};
use crate::eventlog::{Log, LogError};
use crate::projections::{GroupRow, PersonRow, ProjectionError, Projector};
use crate::store::StoreError;
pub use crate::store::filter::Filter;
pub use crate::store::row_query::{SortKey, SortOrder};

pub use accesses::{AccessFilter, AccessRow, AccessedData};
pub use aims::{AimCountLine, AimLine, AimsSummary, TallyComparison, TallySum, TallyView};
pub use as_at::{AsAt, ParseAsAtError};
pub use budget::{Budget, BudgetLine, GroupBy, Outcome, OutcomeLine, TotalsQuery as Sums};
pub use contacts::MemberContact;
pub use cost_per_person::CostPerPerson;
pub use cursor::Cursor;
pub use decrypted::{
    Answer, ApplicationView, AssetView, BarrierView, GatheringView, GrantView, GroupView,
    IntroductionReader, IntroductionView, NewsWords, OutcomeView, PayeeView, PaymentView,
    PersonView, ProposedContactView, SignUpView, UpdateDraftView, UpdateView,
};
pub use directory::{HoursSummary, PartyBalance};
pub use duplicates::LikelyDuplicate;
pub use event_search::{EventSearch, StoredEvent};
pub use heard::{HeardBarrier, HeardBarriers};
pub use library::{Library, LibraryEntry, LibraryFilter, LibrarySource};
pub use lists::{
    ApplicationColumn, AssetColumn, BarrierColumn, GatheringColumn, GrantColumn, GroupColumn,
    ListAmount, ListCursor, ListKey, ListNeighbours, ListOrder, ListPage, ListSelection,
    ListTotals, PaymentColumn, PersonColumn, UpdateColumn,
};
pub use money_by_month::MonthEnd;
pub use movement::{MovementFigures, MovementLine, MovementSummary, SignSources};
pub use names::{HasNames, Names};
pub use nested_rows::{FundView, OrganisationView};
pub use network::{
    NetworkFigures, NetworkNode, NetworkNodeKind, NetworkSummary, NetworkTie, NetworkTieKind,
};
pub use pledges::{PledgeFigures, PledgeFiguresLine};
pub use progress::ProjectionPosition;
pub use published::{Published, PublishedFund, PublishedGroup};
pub use quarters::Quarter;
pub use queries::{COUNT_MAX, PAGE_MAX, PageRequest, Paged, TableRow};
pub use related_groups::{HistoryLine, RelatedGroup};
pub use saved_views::{NewSavedView, SavedViewRefusal, SavedViewRow, VIEW_NAME_MAX};
pub use search::{HitKind, HitState, SearchHit, SearchResult};
pub use small_numbers::ShownNumber;
pub use statement::{Balances, Statement, StatementLine, StatementSubject};
pub use subject_access::{SubjectAccessReport, SubjectAccessSection};
pub use value::{ValueFigures, ValueLine, ValueSummary};

/// How long a request waits for the views to include a position.
pub const READ_WAIT_MAX: Duration = Duration::from_millis(1500);

/// Why a view cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    #[error("a stored row of {table} cannot be read: {row}: {cause}")]
    Unreadable {
        table: &'static str,
        row: String,
        cause: serde_json::Error,
    },
    #[error("we cannot find this record")]
    NotFound,
    #[error("this change is not on the pages yet")]
    Behind,
    #[error("the log does not reach this position yet")]
    BeyondLog,
}

impl From<StoreError> for ViewError {
    fn from(error: StoreError) -> Self {
        Self::Log(error.into())
    }
}

impl From<crate::crypto::vault::VaultError> for ViewError {
    fn from(error: crate::crypto::vault::VaultError) -> Self {
        Self::Log(error.into())
    }
}

/// The person who reads, with their roles.
#[derive(Clone, Debug)]
pub struct Reader {
    pub person: PersonId,
    /// The roles that count for this request.
    pub roles: Roles,
    /// All roles of the person, including those that a token leaves out.
    pub granted_roles: Roles,
}

impl Reader {
    /// The service itself, when it composes mails.
    #[must_use]
    pub fn service() -> Self {
        let roles = Roles::from([Role::Officer]);
        Self {
            person: PersonId(Uuid::nil()),
            granted_roles: roles.clone(),
            roles,
        }
    }

    /// Staff and auditors see all records, others only those of their groups. A connector sees none
    /// but what [`Reader::works_with_people`] opens.
    #[must_use]
    pub fn sees_all(&self) -> bool {
        self.roles.iter().any(|role| *role != Role::Connector)
    }

    /// Whether the reader works with people to reach, gatherings, the directory and introductions:
    /// officers and connectors.
    #[must_use]
    pub fn works_with_people(&self) -> bool {
        self.roles.contains(&Role::Officer) || self.roles.contains(&Role::Connector)
    }

    /// The texts of a group are for staff who work with groups, for the panel, and for the group
    /// itself. An auditor sees figures only.
    #[must_use]
    pub fn may_read_words(&self) -> bool {
        !self.sees_all() || self.works_with_groups() || self.roles.contains(&Role::Panel)
    }

    /// What a lead asks the office for is for those who can help: staff who work with groups or
    /// people, and leads. Other staff see that somebody asks.
    #[must_use]
    pub fn reads_calls_for_a_hand(&self) -> bool {
        !self.sees_all() || self.works_with_groups() || self.works_with_people()
    }

    /// The words of those who raised a barrier are for officers, connectors and administrators.
    #[must_use]
    pub fn hears_barriers(&self) -> bool {
        [Role::Officer, Role::Connector, Role::Administrator]
            .iter()
            .any(|role| self.roles.contains(role))
    }

    /// Who may get all data on a person: the person, and staff who work with groups; on a
    /// colleague, who has or was proposed for a role, only an administrator.
    #[must_use]
    pub fn may_take_subject_access(&self, row: &PersonRow) -> bool {
        let colleague = !row.roles.is_empty() || !row.proposed.is_empty();
        let may = if colleague {
            self.roles.contains(&Role::Administrator)
        } else {
            self.works_with_groups()
        };
        may || self.person.0 == row.id
    }

    /// Whether the reader works with groups: officers, finance and administrators. They see the
    /// personal values of all groups; members see those of their own.
    #[must_use]
    pub fn works_with_groups(&self) -> bool {
        [Role::Officer, Role::Finance, Role::Administrator]
            .iter()
            .any(|role| self.roles.contains(role))
    }
}

/// The views of one organisation.
#[derive(Clone)]
pub struct Views {
    log: Log,
    projector: Projector,
    totals_cache: Arc<totals_cache::TotalsCache>,
    list_cache: Arc<list_cache::ListCache>,
    told_grants: Arc<told_grants::ToldGrants>,
    search_index: Arc<search_index::SearchIndex>,
}

impl Views {
    #[must_use]
    pub fn new(log: Log, projector: Projector) -> Self {
        Self {
            log,
            projector,
            totals_cache: Arc::default(),
            list_cache: Arc::default(),
            told_grants: Arc::default(),
            search_index: Arc::default(),
        }
    }

    #[must_use]
    pub fn projector(&self) -> &Projector {
        &self.projector
    }

    /// Waits, at most [`READ_WAIT_MAX`], until the views include a position. [`ViewError::Behind`]
    /// if they do not. [`ViewError::BeyondLog`], without waiting, if the log has no such position.
    pub async fn wait_for_position(&self, position: i64) -> Result<(), ViewError> {
        if position >= self.projector.next_position() && position >= self.log.length().await? {
            return Err(ViewError::BeyondLog);
        }
        if self
            .projector
            .wait_for_position(position, READ_WAIT_MAX)
            .await
        {
            Ok(())
        } else {
            Err(ViewError::Behind)
        }
    }

    /// Waits, at most [`READ_WAIT_MAX`], until the views include a position that was just appended.
    /// Returns whether they do.
    pub async fn wait_until_shown(&self, position: i64) -> bool {
        self.projector
            .wait_for_position(position, READ_WAIT_MAX)
            .await
    }

    /// The groups of which a person is a member, and all groups that were merged into them.
    pub async fn groups_of(&self, person: PersonId) -> Result<Vec<Uuid>, ViewError> {
        let row: Option<PersonRow> = self.find(person, None).await?;
        let mut own: Vec<Uuid> = row
            .map(|row| row.groups.into_iter().collect())
            .unwrap_or_default();
        let mut from = 0;
        while from < own.len() {
            let rows = self
                .groups(own[from..].iter().map(ToString::to_string).collect())
                .await?;
            from = own.len();
            let more: Vec<_> = rows
                .iter()
                .flat_map(|row| &row.took_in)
                .map(|group| group.0)
                .filter(|group| !own.contains(group))
                .collect();
            own.extend(more);
        }
        Ok(own)
    }

    /// The groups of which a person is a member, without those that were merged into another.
    pub async fn active_groups_of(&self, person: PersonId) -> Result<Vec<GroupRow>, ViewError> {
        let own = self.groups_of(person).await?;
        let mut rows = self
            .groups(own.iter().map(Uuid::to_string).collect())
            .await?;
        rows.retain(|row| row.merged_into.is_none());
        Ok(rows)
    }
}
