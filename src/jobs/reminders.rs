//! Reminders of updates that are due soon or overdue: one before the day, then one every two weeks,
//! three in all, until the group answers. When staff ask a question or move the day, the reminders
//! start afresh.

use super::{DueCommand, JobError, Jobs};
use crate::clock::day_of;
use crate::domain::grant::{RemindUpdate, ReminderKind, UpdateState};
use crate::domain::{Command, GrantCommand, GrantId};
use crate::projections::UpdateRow;
use crate::views::Filter;

/// The most days before the due day on which any fund reminds.
const REMIND_DAYS_MAX: i64 = 60;
/// The number of days before its answer is due on which a group is reminded of a question. The
/// question itself was mailed.
const ANSWER_DAYS: i64 = 3;

impl Jobs {
    pub(super) async fn reminders(&self) -> Result<Vec<DueCommand>, JobError> {
        let today = day_of(self.commands.now());
        let soon = today.saturating_add(jiff::Span::new().days(REMIND_DAYS_MAX));
        let open_and_due = vec![
            Filter::in_state([UpdateState::Requested, UpdateState::Queried]),
            Filter::at_most("due_on", soon),
        ];
        let remind = |row: UpdateRow| {
            let occasion = if today > row.due_on {
                ReminderKind::Overdue
            } else {
                ReminderKind::Before
            };
            let remind = RemindUpdate {
                update: row.update,
                occasion,
            };
            DueCommand {
                key: reminder_key(&row, occasion),
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
        let rows = self.views.all_rows::<UpdateRow>(None, open_and_due).await?;
        Ok(rows
            .into_iter()
            .filter(|row| !asked_lately(row))
            .map(remind)
            .collect())
    }
}

/// The key of a reminder. It changes with everything after which the group is reminded again: a
/// moved day, a question, the previous reminder.
fn reminder_key(row: &UpdateRow, occasion: ReminderKind) -> String {
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
