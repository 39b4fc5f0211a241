//! Sessions of gatherings: people are reminded in the two days before a session, places of people
//! whose data was erased are given to those who wait, needs are deleted 30 days after the session,
//! and what leads asked for after two years.

use std::collections::BTreeSet;

use jiff::Span;
use uuid::Uuid;

use super::{DueCommand, JobError, Jobs};
use crate::clock::day_of;
use crate::domain::command::NoBody;
use crate::domain::gathering::{REMINDED_DAYS_BEFORE, SessionRef, SessionState, StepDown};
use crate::domain::{Command, GatheringCommand, GatheringId};
use crate::projections::{GatheringRow, GatheringSessionRow, PersonRow, SignUpRow, SignUpState};
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

    /// Places, and waits for one, at coming sessions of people whose data was erased.
    pub(super) async fn places_of_erased(&self) -> Result<Vec<DueCommand>, JobError> {
        let to_come = vec![
            Filter::in_state([SessionState::Planned]),
            Filter::at_least("day", day_of(self.commands.now())),
        ];
        let sessions = self
            .views
            .all_rows::<GatheringSessionRow>(None, to_come)
            .await?;
        let ids: Vec<String> = sessions
            .iter()
            .map(|row| GatheringSessionRow::id_of(row.gathering, row.session))
            .collect();
        let mut sign_ups: Vec<SignUpRow> = self.views.rows_of("session_id", &ids).await?;
        sign_ups.retain(|row| row.state != SignUpState::GivenUp);
        let people: BTreeSet<Uuid> = sign_ups.iter().map(|row| row.person.0).collect();
        let of_people = vec![Filter::any_of("id", people)];
        let people = self.views.all_rows::<PersonRow>(None, of_people).await?;
        let erased: BTreeSet<Uuid> = people
            .iter()
            .filter(|row| row.erasure.is_done())
            .map(|row| row.id)
            .collect();
        let of_erased = sign_ups.iter().filter(|row| erased.contains(&row.person.0));
        Ok(of_erased.map(give_up).collect())
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

    /// Gatherings whose leads asked for a hand so long ago that what they asked for is forgotten.
    pub(super) async fn hands_to_forget(&self) -> Result<Vec<DueCommand>, JobError> {
        let yesterday = day_of(self.commands.now()).saturating_sub(Span::new().days(1));
        let over = vec![Filter::at_most("hand_kept_until", yesterday)];
        let rows: Vec<GatheringRow> = self.views.all_rows(None, over).await?;
        let forget = |row: &GatheringRow| DueCommand {
            key: format!("forget-hand/{}/{:?}", row.id, row.hand_kept_until),
            command: Command::Gathering(
                GatheringId(row.id),
                GatheringCommand::ForgetHand(NoBody {}),
            ),
        };
        Ok(rows.iter().map(forget).collect())
    }
}

fn give_up(row: &SignUpRow) -> DueCommand {
    let SignUpRow {
        gathering,
        session,
        person,
        joined,
        ..
    } = row;
    let place = StepDown {
        session: *session,
        person: *person,
    };
    DueCommand {
        key: format!("give-up/{gathering}/{session}/{person}/{joined}"),
        command: Command::Gathering(GatheringId(*gathering), GatheringCommand::GiveUp(place)),
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
