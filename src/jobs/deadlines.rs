//! Offers that ran out, and drafts whose round takes no more applications.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Due, JobError, Jobs};
use crate::domain::application::ApplicationState;
use crate::domain::command::Nothing;
use crate::domain::grant::GrantState;
use crate::domain::{ApplicationCommand, ApplicationId, Command, GrantCommand, GrantId};
use crate::log::record::day_of;
use crate::projections::{ApplicationRow, FundRow, GrantRow};
use crate::views::Page;

/// How many are looked at in one round; what is left over comes in the next.
const MOST: i64 = 500;

impl Jobs {
    pub(super) async fn deadlines(&self) -> Result<Vec<Due>, JobError> {
        let today = day_of(self.commands.now());
        let yesterday = today.saturating_sub(jiff::Span::new().days(1)).to_string();
        let page = Page { after: None, most: MOST };
        let offered = vec![("state", vec![<&str>::from(GrantState::Offered).to_owned()]), ("expires_on <=", vec![yesterday])];
        let ran_out = self.views.list::<GrantRow>(None, offered, &page).await?.items;
        let lapse_offer = |grant: GrantRow| Due {
            key: format!("lapse-offer/{}/{}", grant.id, grant.expires_on),
            command: Command::Grant(GrantId(grant.id), GrantCommand::LapseOffer(Nothing {})),
        };
        let mut due: Vec<_> = ran_out.into_iter().map(lapse_offer).collect();
        let funds = self.funds().await?;
        let mut page = page;
        loop {
            let drafts = vec![("state", vec![<&str>::from(ApplicationState::Draft).to_owned()])];
            let drafts = self.views.list::<ApplicationRow>(None, drafts, &page).await?;
            for draft in drafts.items {
                let round = funds.get(&draft.fund.0).and_then(|fund| fund.rounds.get(&draft.round));
                if let Some(round) = round.filter(|round| round.closes_on < today) {
                    let key = format!("lapse/{}/{}", draft.id, round.closes_on);
                    due.push(Due { key, command: Command::Application(ApplicationId(draft.id), ApplicationCommand::Lapse(Nothing {})) });
                }
            }
            match drafts.next {
                Some(next) => page.after = Some(next),
                None => return Ok(due),
            }
        }
    }

    async fn funds(&self) -> Result<BTreeMap<Uuid, FundRow>, JobError> {
        let (mut all, mut page) = (BTreeMap::new(), Page { after: None, most: MOST });
        loop {
            let funds = self.views.list::<FundRow>(None, vec![], &page).await?;
            all.extend(funds.items.into_iter().map(|fund| (fund.id, fund)));
            match funds.next {
                Some(next) => page.after = Some(next),
                None => return Ok(all),
            }
        }
    }
}
