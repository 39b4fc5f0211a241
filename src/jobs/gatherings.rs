//! Sessions of gatherings: people are reminded in the two days before one, and what they need there
//! is forgotten 30 days after it.

use jiff::Span;

use super::{DueCommand, JobError, Jobs};
use crate::clock::day_of;
use crate::domain::gathering::{REMINDED_DAYS_BEFORE, SessionRef, SessionState};
use crate::domain::{Command, GatheringCommand, GatheringId};
use crate::projections::GatheringSessionRow;
use crate::views::Filter;

impl Jobs {
    /// Reminders of sessions that are near.
    pub(super) async fn session_reminders(&self) -> Result<Vec<DueCommand>, JobError> {
        let today = day_of(self.commands.now());
        let near = vec![
            Filter::in_state([SessionState::Planned]),
            Filter::at_least("day", today),
            Filter::at_most(
                "day",
                today.saturating_add(Span::new().days(REMINDED_DAYS_BEFORE)),
            ),
        ];
        let rows = self
            .views
            .all_rows::<GatheringSessionRow>(None, near)
            .await?;
        let due = rows.iter().filter(|row| row.reminded_on.is_none());
        Ok(due
            .map(|row| session_command("remind-session", row, GatheringCommand::Remind))
            .collect())
    }

    /// Sessions that are so long over that it is forgotten who signed up and what they need.
    pub(super) async fn sessions_to_forget(&self) -> Result<Vec<DueCommand>, JobError> {
        let yesterday = day_of(self.commands.now()).saturating_sub(Span::new().days(1));
        let over = vec![Filter::at_most("kept_until", yesterday)];
        let rows = self
            .views
            .all_rows::<GatheringSessionRow>(None, over)
            .await?;
        Ok(rows
            .iter()
            .map(|row| session_command("forget-needs", row, GatheringCommand::ForgetNeeds))
            .collect())
    }
}

/// The key changes when the session is moved: then people are reminded again.
fn session_command(
    name: &str,
    row: &GatheringSessionRow,
    command: fn(SessionRef) -> GatheringCommand,
) -> DueCommand {
    let GatheringSessionRow {
        gathering,
        session,
        day,
        changes,
        ..
    } = row;
    let of = SessionRef { session: *session };
    DueCommand {
        key: format!("{name}/{gathering}/{session}/{day}/{changes}"),
        command: Command::Gathering(GatheringId(*gathering), command(of)),
    }
}
