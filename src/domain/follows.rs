//! What an event obliges other streams to do in the same append: an award commits money and offers a grant.

use jiff::civil::Date;

use super::fund::{Commit, Uncommit};
use super::grant::Offer;
use super::source::Sources;
use super::{Application, ApplicationId};
use super::{ApplicationEvent, Command, Event, FundCommand, FundEvent, FundId, Grant, GrantCommand, GrantEvent, GrantId};

/// The commands that follow from an application's event.
#[must_use]
pub fn of_application(id: ApplicationId, state: &Application, event: &ApplicationEvent) -> Option<Command> {
    let (ApplicationEvent::Awarded { terms, .. }, Some(place)) = (event, state.place()) else { return None };
    let commit = Commit { grant: id.into(), area: terms.area.clone(), round: place.round.clone(), amount: terms.amount };
    Some(Command::Fund(place.fund, FundCommand::Commit(commit)))
}

/// The commands that follow from a fund's event.
#[must_use]
pub fn of_fund(event: &FundEvent) -> Option<Command> {
    let FundEvent::Committed { grant, sources, .. } = event else { return None };
    Some(Command::Grant(*grant, GrantCommand::Offer(Offer { sources: sources.clone() })))
}

/// The commands that follow from a grant's event, given the state before it.
#[must_use]
pub fn of_grant(id: GrantId, before: &Grant, event: &GrantEvent) -> Option<Command> {
    let fund = before.fund()?;
    let release = |sources: &Sources| Some(uncommit(fund, FundCommand::Release, id, sources, None));
    let reduce = |sources: &Sources, effective_on| {
        (!sources.total().is_zero()).then(|| uncommit(fund, FundCommand::Reduce, id, sources, effective_on))
    };
    match event {
        GrantEvent::OfferDeclined {} | GrantEvent::OfferLapsed {} | GrantEvent::OfferWithdrawn { .. } => release(before.award()),
        GrantEvent::GrantClosed { released } => release(released),
        GrantEvent::UnderspendDeclared { released, .. } => reduce(released, None),
        GrantEvent::ReturnReceived { sources, received_on } => reduce(sources, Some(*received_on)),
        _ => None,
    }
}

fn uncommit(fund: FundId, command: fn(Uncommit) -> FundCommand, grant: GrantId, sources: &Sources, effective_on: Option<Date>) -> Command {
    Command::Fund(fund, command(Uncommit { grant, sources: sources.clone(), effective_on }))
}

/// The number that an event gave to something new within its stream: a payment, an update, a version.
#[must_use]
pub fn made(event: &Event) -> Option<u32> {
    use super::{GroupEvent, OrganisationEvent};
    match event {
        Event::Grant(GrantEvent::PaymentPrepared { payment, .. }) => Some(u32::from(*payment)),
        Event::Grant(GrantEvent::UpdateRequested { update, .. }) => Some(u32::from(*update)),
        Event::Group(GroupEvent::PayeeProvided { payee, .. }) => Some(*payee),
        Event::Organisation(
            OrganisationEvent::SignsAdopted { version, .. }
            | OrganisationEvent::FormPublished { version, .. }
            | OrganisationEvent::AgreementPublished { version, .. },
        ) => Some(*version),
        _ => None,
    }
}
