//! Updates that are due soon, or overdue: the group is reminded once before, and then every two
//! weeks, three times in all, until it answers. Where staff ask something or the day moves, it
//! begins anew.

use super::{Due, JobError, Jobs};
use crate::domain::grant::{Occasion, RemindUpdate, UpdateState};
use crate::domain::{Command, GrantCommand, GrantId};
use crate::log::record::day_of;
use crate::projections::UpdateRow;

/// The most days before an update is due on which any fund reminds.
const DAYS_MOST: i64 = 60;
/// How many days before its answer is due a group is reminded of a question: the question itself
/// was mailed when it was asked.
const ANSWER_DAYS: i64 = 3;

impl Jobs {
    pub(super) async fn reminders(&self) -> Result<Vec<Due>, JobError> {
        let today = day_of(self.commands.now());
        let soon = today
            .saturating_add(jiff::Span::new().days(DAYS_MOST))
            .to_string();
        let open = [UpdateState::Requested, UpdateState::Queried]
            .map(|state| <&str>::from(state).to_owned())
            .to_vec();
        let remind = |row: UpdateRow| {
            let occasion = if today > row.due_on {
                Occasion::Overdue
            } else {
                Occasion::Before
            };
            let remind = RemindUpdate {
                update: row.update,
                occasion,
            };
            Due {
                key: key(&row, occasion),
                command: Command::Grant(GrantId(row.grant), GrantCommand::RemindUpdate(remind)),
            }
        };
        let asked_lately = |row: &UpdateRow| {
            row.state == UpdateState::Queried
                && today
                    < row
                        .due_on
                        .saturating_sub(jiff::Span::new().days(ANSWER_DAYS))
        };
        let rows = self
            .views
            .every::<UpdateRow>(None, vec![("state", open), ("due_on <=", vec![soon])])
            .await?;
        Ok(rows
            .into_iter()
            .filter(|row| !asked_lately(row))
            .map(remind)
            .collect())
    }
}

/// Every reminder has a key of its own: a day that was moved, a question, and the reminder before
/// make a new one.
fn key(row: &UpdateRow, occasion: Occasion) -> String {
    let UpdateRow {
        grant,
        update,
        due_on,
        moved,
        asked,
        reminders,
        ..
    } = row;
    format!(
        "remind/{grant}/{update}/{}/{due_on}/{moved}/{asked}/{reminders}",
        <&str>::from(occasion)
    )
}
