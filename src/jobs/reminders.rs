//! Updates that are due soon, or overdue: the group is reminded once before and once after, until it answers.

use super::{Due, JobError, Jobs};
use crate::domain::grant::{Occasion, RemindUpdate, UpdateState};
use crate::domain::{Command, GrantCommand, GrantId};
use crate::log::record::day_of;
use crate::projections::UpdateRow;

/// The most days before an update is due on which any fund reminds.
const DAYS_MOST: i64 = 60;

impl Jobs {
    pub(super) async fn reminders(&self) -> Result<Vec<Due>, JobError> {
        let today = day_of(self.commands.now());
        let soon = today.saturating_add(jiff::Span::new().days(DAYS_MOST)).to_string();
        let open = [UpdateState::Requested, UpdateState::Queried].map(|state| <&str>::from(state).to_owned()).to_vec();
        let remind = |row: UpdateRow| {
            let occasion = if today > row.due_on { Occasion::Overdue } else { Occasion::Before };
            // A day that was moved is a new one to be reminded of.
            let key = format!("remind/{}/{}/{}/{}/{}", row.grant, row.update, <&str>::from(occasion), row.due_on, row.moved);
            let remind = RemindUpdate { update: row.update, occasion };
            Due { key, command: Command::Grant(GrantId(row.grant), GrantCommand::RemindUpdate(remind)) }
        };
        Ok(self.views.every(None, vec![("state", open), ("due_on <=", vec![soon])]).await?.into_iter().map(remind).collect())
    }
}
