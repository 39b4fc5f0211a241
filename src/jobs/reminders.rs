//! Updates that are due soon, or overdue: the group is reminded once before and once after, until it answers.

use super::{Due, JobError, Jobs};
use crate::domain::grant::{Occasion, RemindUpdate, UpdateState};
use crate::domain::{Command, GrantCommand, GrantId};
use crate::log::record::day_of;
use crate::projections::UpdateRow;
use crate::views::Page;

/// The most days before an update is due on which any fund reminds.
const DAYS_MOST: i64 = 60;

impl Jobs {
    pub(super) async fn reminders(&self) -> Result<Vec<Due>, JobError> {
        let today = day_of(self.commands.now());
        let soon = today.saturating_add(jiff::Span::new().days(DAYS_MOST)).to_string();
        let open = [UpdateState::Requested, UpdateState::Queried].map(|state| <&str>::from(state).to_owned()).to_vec();
        let mut page = Page { after: None, most: 500 };
        let mut due = Vec::new();
        loop {
            let filters = vec![("state", open.clone()), ("due_on <=", vec![soon.clone()])];
            let updates = self.views.list::<UpdateRow>(None, filters, &page).await?;
            for row in updates.items {
                let occasion = if today > row.due_on { Occasion::Overdue } else { Occasion::Before };
                let remind = RemindUpdate { update: row.update, occasion };
                let key = format!("remind/{}/{}/{}/{}/{}", row.grant, row.update, <&str>::from(occasion), row.due_on, row.moved);
                due.push(Due { key, command: Command::Grant(GrantId(row.grant), GrantCommand::RemindUpdate(remind)) });
            }
            match updates.next {
                Some(next) => page.after = Some(next),
                None => return Ok(due),
            }
        }
    }
}
