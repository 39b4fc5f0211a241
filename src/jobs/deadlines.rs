//! Deadlines: letters that are held go out; offers lapse; groups are reminded of drafts before the
//! round closes; drafts lapse when it has closed, and reopen when its deadline is moved.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::Date;
use uuid::Uuid;

use super::{DueCommand, JobError, Jobs};
use crate::clock::day_of;
use crate::domain::application::ApplicationState;
use crate::domain::command::NoBody;
use crate::domain::fund::{FundState, ReleaseLetters, RoundState};
use crate::domain::grant::GrantState;
use crate::domain::{
    ApplicationCommand, ApplicationId, Command, FundCommand, FundId, GrantCommand, GrantId,
};
use crate::projections::{ApplicationRow, FundRow, GrantRow, RoundRow};
use crate::views::Filter;

/// The number of days before its round closes on which a group is reminded of a draft.
const REMIND_DAYS: i64 = 3;

type FundsById = BTreeMap<Uuid, FundRow>;

impl Jobs {
    pub(super) async fn deadlines(&self) -> Result<Vec<DueCommand>, JobError> {
        let mut due = self.lapsing_offers().await?;
        let funds: FundsById = self
            .views
            .all_rows::<FundRow>(None, Vec::new())
            .await?
            .into_iter()
            .map(|fund| (fund.id, fund))
            .collect();
        due.extend(due_letters(&funds, day_of(self.commands.now())));
        due.extend(self.due_drafts(&funds).await?);
        due.extend(self.reopenable_drafts(&funds).await?);
        Ok(due)
    }

    async fn lapsing_offers(&self) -> Result<Vec<DueCommand>, JobError> {
        let yesterday = day_of(self.commands.now()).saturating_sub(Span::new().days(1));
        let ran_out = vec![
            Filter::in_state([GrantState::Offered]),
            Filter::at_most("expires_on", yesterday),
        ];
        let lapse = |grant: GrantRow| DueCommand {
            key: format!("lapse-offer/{}/{}", grant.id, grant.expires_on),
            command: Command::Grant(GrantId(grant.id), GrantCommand::LapseOffer(NoBody {})),
        };
        Ok(self
            .views
            .all_rows(None, ran_out)
            .await?
            .into_iter()
            .map(lapse)
            .collect())
    }

    async fn due_drafts(&self, funds: &FundsById) -> Result<Vec<DueCommand>, JobError> {
        let today = day_of(self.commands.now());
        let drafts = vec![Filter::in_state([ApplicationState::Draft])];
        let due = |draft: ApplicationRow| {
            let round = funds.get(&draft.fund.0)?.rounds.get(&draft.round)?;
            let remind_from = round
                .closes_on
                .saturating_sub(Span::new().days(REMIND_DAYS));
            if round.closes_on < today {
                Some(draft_command(
                    "lapse",
                    draft.id,
                    round,
                    ApplicationCommand::Lapse(NoBody {}),
                ))
            } else if is_open(round, today) && remind_from <= today {
                Some(draft_command(
                    "remind-draft",
                    draft.id,
                    round,
                    ApplicationCommand::RemindDraft(NoBody {}),
                ))
            } else {
                None
            }
        };
        Ok(self
            .views
            .all_rows(None, drafts)
            .await?
            .into_iter()
            .filter_map(due)
            .collect())
    }

    /// Lapsed drafts of rounds that are open today. Drafts of erased groups cannot reopen: their
    /// answers are destroyed.
    async fn reopenable_drafts(&self, funds: &FundsById) -> Result<Vec<DueCommand>, JobError> {
        let today = day_of(self.commands.now());
        let mut due = Vec::new();
        for fund in funds.values().filter(|fund| fund.state == FundState::Open) {
            for (key, round) in fund
                .rounds
                .iter()
                .filter(|(_, round)| is_open(round, today))
            {
                let lapsed = vec![
                    Filter::in_state([ApplicationState::Lapsed]),
                    Filter::equals("fund", fund.id),
                    Filter::equals("round", key),
                ];
                let reopen = |draft: ApplicationRow| {
                    draft_command(
                        "reopen-draft",
                        draft.id,
                        round,
                        ApplicationCommand::ReopenDraft(NoBody {}),
                    )
                };
                let drafts: Vec<ApplicationRow> = self.views.all_rows(None, lapsed).await?;
                let groups = self
                    .views
                    .groups(drafts.iter().map(|draft| draft.group.to_string()).collect())
                    .await?;
                let erased: BTreeSet<_> = groups
                    .iter()
                    .filter(|group| group.erasure.is_done())
                    .map(|group| group.id)
                    .collect();
                due.extend(
                    drafts
                        .into_iter()
                        .filter(|draft| !erased.contains(&draft.group.0))
                        .map(reopen),
                );
            }
        }
        Ok(due)
    }
}

/// The letters of meetings whose day has come.
fn due_letters(funds: &FundsById, today: Date) -> Vec<DueCommand> {
    let mut due = Vec::new();
    for fund in funds.values() {
        for (key, round) in &fund.rounds {
            let ready = round
                .letters
                .iter()
                .filter(|(_, held)| held.letters_on <= today);
            due.extend(ready.map(|(met_on, held)| DueCommand {
                key: format!(
                    "release-letters/{}/{key}/{met_on}/{}",
                    fund.id, held.letters_on
                ),
                command: Command::Fund(
                    FundId(fund.id),
                    FundCommand::ReleaseLetters(ReleaseLetters {
                        round: key.clone(),
                        met_on: *met_on,
                    }),
                ),
            }));
        }
    }
    due
}

fn is_open(round: &RoundRow, today: Date) -> bool {
    round.state == RoundState::Open && (round.opens_on..=round.closes_on).contains(&today)
}

/// A command about a draft. The key contains the deadline, so a moved deadline makes a new command.
fn draft_command(
    name: &str,
    draft: Uuid,
    round: &RoundRow,
    command: ApplicationCommand,
) -> DueCommand {
    let key = format!("{name}/{draft}/{}", round.closes_on);
    DueCommand {
        key,
        command: Command::Application(ApplicationId(draft), command),
    }
}
