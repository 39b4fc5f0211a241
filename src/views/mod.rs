//! Read-only queries: lists with filters and pages, budgets and outcomes, and any of them as at a
//! past day or position.

mod as_at;
mod budget;
mod cursor;
mod gathered;
mod held;
mod linked;
mod lists;
mod named;
mod opened;
mod published;
mod running;
mod statement;

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::domain::{PersonId, Role, Roles};
use crate::log::{Log, LogError};
use crate::projections::{PersonRow, ProjectionError, Projector};
use crate::store::StoreError;
pub use crate::store::wanted::{Key, Order};

pub use as_at::{AsAt, NoMoment};
pub use budget::{Budget, BudgetLine, By, Outcome, OutcomeLine, Wanted as Sums};
pub use cursor::Cursor;
pub use gathered::{FundSeen, OrganisationSeen};
pub use held::{Held, HeldPart};
pub use linked::{HistoryLine, Link};
pub use lists::{COUNTED, InTable, Listed, Page};
pub use named::{Named, Names};
pub use opened::{
    Answer, ApplicationSeen, ContactSeen, GrantSeen, GroupSeen, OutcomeSeen, PayeeSeen,
    PaymentSeen, PersonSeen, UpdateSeen,
};
pub use published::{Published, PublishedFund, PublishedGroup};
pub use statement::{Balances, Statement, StatementLine, StatementOf};

/// How long a reader waits for the views to pass a position.
pub const WAIT: Duration = Duration::from_millis(1500);

/// Why a view could not be shown.
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
    #[error("there is nothing with this id")]
    NotFound,
    #[error("the views have not come to this position yet")]
    Behind,
    #[error("the log has not come to this position yet")]
    BeyondLog,
}

impl From<StoreError> for ViewError {
    fn from(error: StoreError) -> Self {
        Self::Log(error.into())
    }
}

impl From<crate::log::vault::VaultError> for ViewError {
    fn from(error: crate::log::vault::VaultError) -> Self {
        Self::Log(error.into())
    }
}

/// Who reads.
#[derive(Clone, Debug)]
pub struct Reader {
    pub person: PersonId,
    /// The roles that count now.
    pub roles: Roles,
    /// The roles that the log gives, whether or not a token leaves them away.
    pub held: Roles,
}

impl Reader {
    /// The service itself, when it writes to people.
    #[must_use]
    pub fn service() -> Self {
        let roles = Roles::from([Role::Officer]);
        Self {
            person: PersonId(Uuid::nil()),
            held: roles.clone(),
            roles,
        }
    }

    /// Staff and auditors see every record; groups see their own.
    #[must_use]
    pub fn sees_all(&self) -> bool {
        !self.roles.is_empty()
    }

    /// A group's words are for those who work with groups, for the panel, and for the group; an
    /// auditor sees figures.
    #[must_use]
    pub fn reads_words(&self) -> bool {
        !self.sees_all() || self.works_with_groups() || self.roles.contains(&Role::Panel)
    }

    /// What is held on somebody is handed to them by those who work with groups; on a colleague,
    /// who holds or was proposed a role, by administrators only.
    #[must_use]
    pub fn takes_what_is_held_on(&self, row: &PersonRow) -> bool {
        let colleague = !row.roles.is_empty() || !row.proposed.is_empty();
        let may = if colleague {
            self.roles.contains(&Role::Administrator)
        } else {
            self.works_with_groups()
        };
        may || self.person.0 == row.id
    }

    /// Personal values are for those who work with groups, and for the group itself.
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
    running: Arc<running::Running>,
}

impl Views {
    #[must_use]
    pub fn new(log: Log, projector: Projector) -> Self {
        Self {
            log,
            projector,
            running: Arc::default(),
        }
    }

    #[must_use]
    pub fn projector(&self) -> &Projector {
        &self.projector
    }

    /// Waits, briefly, until the views have passed a position.
    ///
    /// # Errors
    /// [`ViewError::Behind`] when they have not; [`ViewError::BeyondLog`] at once when there is no
    /// such position.
    pub async fn passed(&self, position: i64) -> Result<(), ViewError> {
        if position >= self.projector.next_position() && position >= self.log.length().await? {
            return Err(ViewError::BeyondLog);
        }
        if self.projector.passed(position, WAIT).await {
            Ok(())
        } else {
            Err(ViewError::Behind)
        }
    }

    /// Waits, briefly, until the views show what was just appended, and says whether they do; when
    /// they are slow nobody waits for ever.
    pub async fn shown(&self, position: i64) -> bool {
        self.projector.passed(position, WAIT).await
    }

    /// The groups that a person is a member of, with those that were merged into them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn groups_of(&self, person: PersonId) -> Result<Vec<Uuid>, ViewError> {
        let row: Option<PersonRow> = self.find(&person.to_string(), None).await?;
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
}
