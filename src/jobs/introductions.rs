//! Introductions: those who hold an entry are reminded of their answer, what matters to people is
//! deleted 12 months after they agreed, and introductions of people and groups whose data was
//! erased are closed.

use std::collections::BTreeSet;

use jiff::Span;
use uuid::Uuid;

use super::{DueCommand, JobError, Jobs};
use crate::clock::day_of;
use crate::domain::command::NoBody;
use crate::domain::introduction::{CloseIntroduction, CloseReason, IntroductionState};
use crate::domain::{Command, IntroductionCommand, IntroductionId};
use crate::projections::{GroupRow, IntroductionRow, PersonRow};
use crate::views::Filter;

impl Jobs {
    /// Introductions that wait for an answer, those whose words are kept no longer, and those of
    /// people and groups that were erased.
    pub(super) async fn introductions(&self) -> Result<Vec<DueCommand>, JobError> {
        let today = day_of(self.commands.now());
        let yesterday = today.saturating_sub(Span::new().days(1));
        let waiting = vec![Filter::at_most("answer_due", today)];
        let over = vec![Filter::at_most("kept_until", yesterday)];
        let waiting: Vec<IntroductionRow> = self.views.all_rows(None, waiting).await?;
        let over: Vec<IntroductionRow> = self.views.all_rows(None, over).await?;
        let of_erased = self.introductions_of_erased().await?;
        let erased: BTreeSet<Uuid> = of_erased.iter().map(|row| row.id).collect();
        let close = of_erased.iter().map(|row| {
            let reason = CloseReason::Other;
            DueCommand {
                key: format!("close-introduction/{}", row.id),
                command: on(
                    row,
                    IntroductionCommand::Close(CloseIntroduction { reason }),
                ),
            }
        });
        let waiting = waiting.iter().filter(|row| !erased.contains(&row.id));
        let remind = waiting.map(|row| DueCommand {
            key: format!("remind-introduction/{}", row.id),
            command: on(row, IntroductionCommand::Remind(NoBody {})),
        });
        let forget = over.iter().map(|row| DueCommand {
            key: format!("forget-matters/{}/{}", row.id, row.version),
            command: on(row, IntroductionCommand::ForgetMatters(NoBody {})),
        });
        Ok(close.chain(remind).chain(forget).collect())
    }

    /// Introductions for which somebody still waits, though the person or group that is introduced
    /// was erased.
    async fn introductions_of_erased(&self) -> Result<Vec<IntroductionRow>, JobError> {
        let open = vec![Filter::in_state([
            IntroductionState::Asked,
            IntroductionState::Agreed,
            IntroductionState::Made,
            IntroductionState::Welcomed,
        ])];
        let mut rows: Vec<IntroductionRow> = self.views.all_rows(None, open).await?;
        let ids = |of: fn(&IntroductionRow) -> Option<Uuid>| -> Vec<String> {
            let ids: BTreeSet<Uuid> = rows.iter().filter_map(of).collect();
            ids.iter().map(Uuid::to_string).collect()
        };
        let people = ids(|row| row.person.map(|person| person.0));
        let people: Vec<PersonRow> = self.views.rows_of("id", &people).await?;
        let groups = ids(|row| row.group.map(|group| group.0));
        let groups: Vec<GroupRow> = self.views.rows_of("id", &groups).await?;
        let people = people.iter().filter(|row| row.erasure.is_done());
        let groups = groups.iter().filter(|row| row.erasure.is_done());
        let erased: BTreeSet<Uuid> = people
            .map(|row| row.id)
            .chain(groups.map(|row| row.id))
            .collect();
        rows.retain(|row| {
            let of = row.person.map(|person| person.0);
            let of = of.or(row.group.map(|group| group.0));
            of.is_some_and(|of| erased.contains(&of))
        });
        Ok(rows)
    }
}

fn on(row: &IntroductionRow, command: IntroductionCommand) -> Command {
    Command::Introduction(IntroductionId(row.id), command)
}
