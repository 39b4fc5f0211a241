//! Deadlines: offers lapse; groups are reminded of drafts before the round closes; drafts lapse
//! when it has closed, and reopen when its deadline is moved.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::Date;
use uuid::Uuid;

use super::{Due, JobError, Jobs};
use crate::domain::application::ApplicationState;
use crate::domain::command::Nothing;
use crate::domain::fund::{FundState, RoundState};
use crate::domain::grant::GrantState;
use crate::domain::{ApplicationCommand, ApplicationId, Command, GrantCommand, GrantId};
use crate::log::record::day_of;
use crate::projections::{ApplicationRow, FundRow, GrantRow, RoundRow};

/// The number of days before its round closes on which a group is reminded of a draft.
const REMIND_DAYS: i64 = 3;

type Funds = BTreeMap<Uuid, FundRow>;

impl Jobs {
    pub(super) async fn deadlines(&self) -> Result<Vec<Due>, JobError> {
        let mut due = self.offers().await?;
        let funds: Funds = self
            .views
            .every::<FundRow>(None, vec![])
            .await?
            .into_iter()
            .map(|fund| (fund.id, fund))
            .collect();
        due.extend(self.drafts(&funds).await?);
        due.extend(self.lapsed(&funds).await?);
        Ok(due)
    }

    async fn offers(&self) -> Result<Vec<Due>, JobError> {
        let yesterday = day_of(self.commands.now())
            .saturating_sub(Span::new().days(1))
            .to_string();
        let ran_out = vec![
            ("state", vec![<&str>::from(GrantState::Offered).to_owned()]),
            ("expires_on <=", vec![yesterday]),
        ];
        let lapse = |grant: GrantRow| Due {
            key: format!("lapse-offer/{}/{}", grant.id, grant.expires_on),
            command: Command::Grant(GrantId(grant.id), GrantCommand::LapseOffer(Nothing {})),
        };
        Ok(self
            .views
            .every(None, ran_out)
            .await?
            .into_iter()
            .map(lapse)
            .collect())
    }

    async fn drafts(&self, funds: &Funds) -> Result<Vec<Due>, JobError> {
        let today = day_of(self.commands.now());
        let drafts = vec![(
            "state",
            vec![<&str>::from(ApplicationState::Draft).to_owned()],
        )];
        let due = |draft: ApplicationRow| {
            let round = funds.get(&draft.fund.0)?.rounds.get(&draft.round)?;
            let remind_from = round
                .closes_on
                .saturating_sub(Span::new().days(REMIND_DAYS));
            if round.closes_on < today {
                Some(of_draft(
                    "lapse",
                    draft.id,
                    round,
                    ApplicationCommand::Lapse(Nothing {}),
                ))
            } else if is_open(round, today) && remind_from <= today {
                Some(of_draft(
                    "remind-draft",
                    draft.id,
                    round,
                    ApplicationCommand::RemindDraft(Nothing {}),
                ))
            } else {
                None
            }
        };
        Ok(self
            .views
            .every(None, drafts)
            .await?
            .into_iter()
            .filter_map(due)
            .collect())
    }

    /// Lapsed drafts of rounds that are open today. Drafts of erased groups cannot reopen: their
    /// answers are destroyed.
    async fn lapsed(&self, funds: &Funds) -> Result<Vec<Due>, JobError> {
        let today = day_of(self.commands.now());
        let mut due = Vec::new();
        for fund in funds.values().filter(|fund| fund.state == FundState::Open) {
            for (key, round) in fund
                .rounds
                .iter()
                .filter(|(_, round)| is_open(round, today))
            {
                let state = <&str>::from(ApplicationState::Lapsed).to_owned();
                let lapsed = vec![
                    ("state", vec![state]),
                    ("fund", vec![fund.id.to_string()]),
                    ("round", vec![key.to_string()]),
                ];
                let reopen = |draft: ApplicationRow| {
                    of_draft(
                        "reopen-draft",
                        draft.id,
                        round,
                        ApplicationCommand::ReopenDraft(Nothing {}),
                    )
                };
                let drafts: Vec<ApplicationRow> = self.views.every(None, lapsed).await?;
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

fn is_open(round: &RoundRow, today: Date) -> bool {
    round.state == RoundState::Open && (round.opens_on..=round.closes_on).contains(&today)
}

/// A command about a draft. The key contains the deadline, so a moved deadline makes a new command.
fn of_draft(name: &str, draft: Uuid, round: &RoundRow, command: ApplicationCommand) -> Due {
    let key = format!("{name}/{draft}/{}", round.closes_on);
    Due {
        key,
        command: Command::Application(ApplicationId(draft), command),
    }
}
