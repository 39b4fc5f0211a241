//! Pledges that someone took with another person's email address. The link that is mailed to the
//! address transfers them to its owner.

use std::collections::BTreeSet;

use super::pledge_words;
use crate::auth::links::{LinkPurpose, LinkRow};
use crate::commands::{Caller, CommandRequest};
use crate::domain::language::Language;
use crate::domain::person::{PledgeRef, TakePledges};
use crate::domain::text::Slug;
use crate::domain::{Actor, Command, PersonCommand, PersonId};
use crate::http::AppState;
use crate::http::pages::{PageError, ownership};
use crate::projections::{OrganisationRow, PledgeState, TakenPledgesRow};

/// What a stranger took with an address, as far as it is still there.
struct PledgesOfStranger {
    stranger: PersonId,
    keys: BTreeSet<Slug>,
    own: OrganisationRow,
}

impl PledgesOfStranger {
    async fn of_link(app: &AppState, link: &LinkRow) -> Result<Option<Self>, PageError> {
        let Some((LinkPurpose::TakePledges, stranger)) = LinkPurpose::of(link) else {
            return Ok(None);
        };
        let taken: Option<TakenPledgesRow> = app.views.find(stranger, None).await?;
        let organisation = app.commands.organisation();
        let own: Option<OrganisationRow> = app.views.find(organisation, None).await?;
        let (Some(taken), Some(own)) = (taken, own) else {
            return Ok(None);
        };
        let stands = |key: &Slug| own.pledges.iter().any(|pledge| pledge.pledge == *key);
        let keys: BTreeSet<Slug> = taken
            .pledges
            .into_iter()
            .filter(|(key, taken)| taken.state == PledgeState::Taken && stands(key))
            .map(|(key, _)| key)
            .collect();
        if keys.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            stranger,
            keys,
            own,
        }))
    }
}

/// The words of the pledges that were taken with the address of a link's person.
pub(in crate::http::pages) async fn promised(
    app: &AppState,
    link: &LinkRow,
    language: Language,
) -> Result<Option<String>, PageError> {
    let found = PledgesOfStranger::of_link(app, link).await?;
    Ok(found.map(|found| {
        let words = |key: &Slug| pledge_words(&found.own, key, language);
        let words: Vec<String> = found.keys.iter().map(words).collect();
        words.join(" ")
    }))
}

/// Gives a link's person the pledges that were taken with their address. Returns the address of
/// their page; `None` if there were none.
pub(in crate::http::pages) async fn take_over(
    app: &AppState,
    link: &LinkRow,
    person: PersonId,
) -> Result<Option<String>, PageError> {
    let Some(found) = PledgesOfStranger::of_link(app, link).await? else {
        return Ok(None);
    };
    let take = TakePledges {
        pledges: found.keys.clone(),
        version: found.own.pledges_version,
    };
    let caller = Caller {
        actor: Actor::Person(person),
        role_scope: None,
    };
    // Somebody who has taken them already is refused, and keeps them.
    execute_unless_refused(app, caller, person, PersonCommand::Pledge(take)).await?;
    for pledge in found.keys {
        let drop = PersonCommand::DropPledge(PledgeRef { pledge });
        execute_unless_refused(app, Caller::job(), found.stranger, drop).await?;
    }
    Ok(Some("/my/pledges?done=pledged".to_owned()))
}

async fn execute_unless_refused(
    app: &AppState,
    caller: Caller,
    person: PersonId,
    command: PersonCommand,
) -> Result<(), PageError> {
    let request = CommandRequest::new(caller, Command::Person(person, command));
    match ownership::execute_and_wait(app, request).await {
        Ok(_) | Err(PageError::Refused(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
