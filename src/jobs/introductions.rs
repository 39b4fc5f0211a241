//! Introductions: those who hold an entry are reminded of their answer, and what matters to people
//! is deleted 12 months after they agreed.

use jiff::Span;

use super::{DueCommand, JobError, Jobs};
use crate::clock::day_of;
use crate::domain::command::NoBody;
use crate::domain::{Command, IntroductionCommand, IntroductionId};
use crate::projections::IntroductionRow;
use crate::views::Filter;

impl Jobs {
    /// Introductions that wait for an answer, and those whose words are kept no longer.
    pub(super) async fn introductions(&self) -> Result<Vec<DueCommand>, JobError> {
        let today = day_of(self.commands.now());
        let yesterday = today.saturating_sub(Span::new().days(1));
        let waiting = vec![Filter::at_most("answer_due", today)];
        let over = vec![Filter::at_most("kept_until", yesterday)];
        let waiting: Vec<IntroductionRow> = self.views.all_rows(None, waiting).await?;
        let over: Vec<IntroductionRow> = self.views.all_rows(None, over).await?;
        let remind = waiting.iter().map(|row| DueCommand {
            key: format!("remind-introduction/{}", row.id),
            command: on(row, IntroductionCommand::Remind(NoBody {})),
        });
        let forget = over.iter().map(|row| DueCommand {
            key: format!("forget-matters/{}/{}", row.id, row.version),
            command: on(row, IntroductionCommand::ForgetMatters(NoBody {})),
        });
        Ok(remind.chain(forget).collect())
    }
}

fn on(row: &IntroductionRow, command: IntroductionCommand) -> Command {
    Command::Introduction(IntroductionId(row.id), command)
}
