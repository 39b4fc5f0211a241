//! What is set up, read from the log and the read models.

use super::super::DeskRequest;
use super::super::texts::organisation;
use crate::domain::fund::RoundState;
use crate::domain::{Organisation, Person, PersonId, Role};
use crate::http::pages::PageError;
use crate::http::pages::charts::{DaySelection, totals_query};
use crate::projections::{FundRow, OrganisationRow};
use crate::views::{GroupBy, Reader};

/// An administrator.
pub(super) struct Colleague {
    pub(super) id: PersonId,
    pub(super) name: String,
    pub(super) email: String,
    /// They have signed in by a link that was mailed to their address.
    pub(super) proven: bool,
}

pub(super) struct SetupState {
    pub(super) own: OrganisationRow,
    pub(super) administrators: Vec<Colleague>,
    pub(super) funds: Vec<FundRow>,
    pub(super) has_money: bool,
}

pub(super) fn was_a_round_opened(funds: &[FundRow]) -> bool {
    funds
        .iter()
        .flat_map(|fund| fund.rounds.values())
        .any(|round| round.state != RoundState::Planned)
}

impl SetupState {
    pub(super) async fn load(request: &DeskRequest<'_>) -> Result<Self, PageError> {
        let days = DaySelection::from_query(request.app, "", "").await?;
        let lines = request
            .app
            .views
            .budget(totals_query(GroupBy::Fund, None, None, &days))
            .await?
            .lines;
        Ok(Self {
            own: organisation(request).await?,
            administrators: administrators(request).await?,
            funds: request.funds().await?,
            has_money: lines.iter().any(|line| !line.allocated.is_zero()),
        })
    }

    /// A round was opened, so the set-up is over.
    pub(super) fn is_over(&self) -> bool {
        was_a_round_opened(&self.funds)
    }

    /// Two administrators have each shown that they have a mailbox of their own. Without them no
    /// fund opens.
    pub(super) fn has_second(&self) -> bool {
        self.administrators.len() >= 2 && self.unproven().next().is_none()
    }

    pub(super) fn unproven(&self) -> impl Iterator<Item = &Colleague> {
        self.administrators.iter().filter(|one| !one.proven)
    }

    pub(super) fn email_works(&self) -> bool {
        self.administrators.iter().any(|one| one.proven)
    }

    pub(super) fn has_fund(&self) -> bool {
        !self.funds.is_empty() && self.has_money
    }

    pub(super) fn second_in_words(&self) -> String {
        if self.administrators.len() < 2 {
            return "Important changes need two of you".to_owned();
        }
        let names = |waiting: bool| {
            let of = self
                .administrators
                .iter()
                .filter(|one| !waiting || !one.proven);
            of.map(|one| one.name.as_str())
                .collect::<Vec<_>>()
                .join(" and ")
        };
        if self.has_second() {
            format!("{}. Important changes need two of you", names(false))
        } else {
            format!(
                "Waiting until the link in their email is opened: {}",
                names(true)
            )
        }
    }

    pub(super) fn email_in_words(&self, has_server: bool) -> String {
        let reached = self.administrators.iter().find(|one| one.proven);
        match reached {
            Some(one) => format!("An email reached {}", one.email),
            None if has_server => "Send yourself a test message".to_owned(),
            None => "Not set up yet: nobody gets an email".to_owned(),
        }
    }

    pub(super) fn fund_in_words(&self) -> String {
        match self.funds.first() {
            Some(fund) if self.has_money => fund.name.clone(),
            Some(fund) => format!("{}: no money is recorded yet", fund.name),
            None => "Purpose, areas, smallest and largest grant, who gives the money".to_owned(),
        }
    }
}

/// The administrators, in the order in which they came.
async fn administrators(request: &DeskRequest<'_>) -> Result<Vec<Colleague>, PageError> {
    let log = request.app.commands.log();
    let organisation = log
        .refresh::<Organisation>(request.app.commands.organisation().0)
        .await?
        .state;
    let ids: Vec<PersonId> = organisation.holders(Role::Administrator).collect();
    let views = &request.app.views;
    let rows = views
        .people(ids.iter().map(ToString::to_string).collect())
        .await?;
    let seen = views.decrypt_people(&Reader::service(), rows).await?;
    let mut found = Vec::new();
    for person in ids {
        let of = seen.iter().find(|seen| seen.id == person.0);
        let known = log.refresh::<Person>(person.0).await?.state;
        found.push(Colleague {
            id: person,
            name: of
                .and_then(|seen| seen.name.clone())
                .unwrap_or_else(|| "a colleague".to_owned()),
            email: of.and_then(|seen| seen.email.clone()).unwrap_or_default(),
            proven: known.has_proven_address(),
        });
    }
    Ok(found)
}
