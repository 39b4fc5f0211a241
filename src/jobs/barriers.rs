//! Pledges and barriers: people who kept no pledge are asked about theirs, the office sees which
//! answers are late, and the words of those who raised a barrier are deleted after two years.

use jiff::Span;

use super::{DueCommand, JobError, Jobs};
use crate::clock::day_of;
use crate::domain::barrier::BarrierState;
use crate::domain::command::NoBody;
use crate::domain::{BarrierCommand, BarrierId, Command, PersonCommand, PersonId};
use crate::projections::{BarrierRow, TakenPledgesRow};
use crate::views::Filter;

impl Jobs {
    /// People who took a pledge that is due, and kept none. Each of them is asked once.
    pub(super) async fn pledge_reminders(&self) -> Result<Vec<DueCommand>, JobError> {
        let today = day_of(self.commands.now());
        let due = vec![Filter::at_most("remind_on", today)];
        let rows = self.views.all_rows::<TakenPledgesRow>(None, due).await?;
        Ok(rows
            .iter()
            .map(|row| DueCommand {
                // A pledge that was dropped and taken again is due on another day.
                key: format!("remind-of-pledges/{}/{:?}", row.id, row.remind_on),
                command: Command::Person(
                    PersonId(row.id),
                    PersonCommand::RemindOfPledges(NoBody {}),
                ),
            })
            .collect())
    }

    /// Barriers whose answer did not come in time.
    pub(super) async fn late_answers(&self) -> Result<Vec<DueCommand>, JobError> {
        let late = vec![
            Filter::in_state([BarrierState::PassedOn]),
            Filter::at_most("due_on", self.yesterday()),
        ];
        let rows = self.views.all_rows::<BarrierRow>(None, late).await?;
        let due = rows.iter().filter(|row| row.reminded_on.is_none());
        Ok(due
            .map(|row| barrier_command("remind-barrier", row, BarrierCommand::Remind))
            .collect())
    }

    /// Barriers that were raised so long ago that the words of those who raised them are deleted.
    pub(super) async fn barriers_to_forget(&self) -> Result<Vec<DueCommand>, JobError> {
        let over = vec![Filter::at_most("kept_until", self.yesterday())];
        let rows = self.views.all_rows::<BarrierRow>(None, over).await?;
        Ok(rows
            .iter()
            .map(|row| barrier_command("forget-words", row, BarrierCommand::ForgetWords))
            .collect())
    }

    fn yesterday(&self) -> jiff::civil::Date {
        day_of(self.commands.now()).saturating_sub(Span::new().days(1))
    }
}

/// The key changes when the barrier is passed on again: then another answer is waited for.
fn barrier_command(
    name: &str,
    row: &BarrierRow,
    command: fn(NoBody) -> BarrierCommand,
) -> DueCommand {
    DueCommand {
        key: format!("{name}/{}/{:?}/{:?}", row.id, row.passed_on, row.due_on),
        command: Command::Barrier(BarrierId(row.id), command(NoBody {})),
    }
}
