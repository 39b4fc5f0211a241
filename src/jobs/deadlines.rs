//! Offers that ran out, and drafts whose round takes no more applications.

use std::collections::BTreeMap;

use super::{Due, JobError, Jobs};
use crate::domain::application::ApplicationState;
use crate::domain::command::Nothing;
use crate::domain::grant::GrantState;
use crate::domain::{ApplicationCommand, ApplicationId, Command, GrantCommand, GrantId};
use crate::log::record::day_of;
use crate::projections::{ApplicationRow, FundRow, GrantRow};

impl Jobs {
    pub(super) async fn deadlines(&self) -> Result<Vec<Due>, JobError> {
        let mut due = self.offers().await?;
        due.extend(self.drafts().await?);
        Ok(due)
    }

    async fn offers(&self) -> Result<Vec<Due>, JobError> {
        let yesterday = day_of(self.commands.now()).saturating_sub(jiff::Span::new().days(1)).to_string();
        let ran_out = vec![("state", vec![<&str>::from(GrantState::Offered).to_owned()]), ("expires_on <=", vec![yesterday])];
        let lapse = |grant: GrantRow| Due {
            key: format!("lapse-offer/{}/{}", grant.id, grant.expires_on),
            command: Command::Grant(GrantId(grant.id), GrantCommand::LapseOffer(Nothing {})),
        };
        Ok(self.views.every(None, ran_out).await?.into_iter().map(lapse).collect())
    }

    async fn drafts(&self) -> Result<Vec<Due>, JobError> {
        let today = day_of(self.commands.now());
        let funds: BTreeMap<_, _> = self.views.every::<FundRow>(None, vec![]).await?.into_iter().map(|fund| (fund.id, fund)).collect();
        let drafts = vec![("state", vec![<&str>::from(ApplicationState::Draft).to_owned()])];
        let lapse = |draft: ApplicationRow| {
            let closes_on = funds.get(&draft.fund.0)?.rounds.get(&draft.round)?.closes_on;
            let command = Command::Application(ApplicationId(draft.id), ApplicationCommand::Lapse(Nothing {}));
            (closes_on < today).then(|| Due { key: format!("lapse/{}/{closes_on}", draft.id), command })
        };
        Ok(self.views.every(None, drafts).await?.into_iter().filter_map(lapse).collect())
    }
}
