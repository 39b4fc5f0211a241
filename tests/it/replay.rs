//! Replays a whole log, and holds each decision against the state that its own prefix gives.
//!
//! Written apart from the code that decides: it knows the rules, and none of the deciding functions.

use std::collections::BTreeMap;

use microgrants::domain::{
    Application, ApplicationEvent, Event, Fund, FundEvent, Grant, GrantEvent, Group, Money, Organisation, PersonId, Role, Stream,
};
use microgrants::log::record::Recorded;
use uuid::Uuid;

use crate::house::House;

/// What was found in a log.
#[derive(Debug, Default)]
pub struct Found {
    pub awards: usize,
    pub events: usize,
}

#[derive(Default)]
struct State {
    organisation: Organisation,
    funds: BTreeMap<Uuid, Fund>,
    groups: BTreeMap<Uuid, Group>,
    applications: BTreeMap<Uuid, Application>,
    grants: BTreeMap<Uuid, Grant>,
    payments: BTreeMap<(Uuid, u16), (u32, PersonId)>,
    /// Who declared of an application whether they have an interest.
    declared: BTreeMap<(Uuid, PersonId), bool>,
    /// Who asked for a variation, and who proposed to waive what.
    asked: BTreeMap<(Uuid, u16), PersonId>,
    waivers: BTreeMap<(Uuid, String), PersonId>,
}

/// Replays the whole log of a house.
pub async fn whole(house: &House) -> Found {
    let mut state = State::default();
    let mut found = Found::default();
    let mut by_command: BTreeMap<Uuid, Vec<&'static str>> = BTreeMap::new();
    let all = house.log.page(0, 1_000_000).await.expect("the log can be read");
    for (event, position) in all.iter().zip(0..) {
        assert_eq!(event.position, position, "positions are dense");
        state.hold(event);
        state.take(event);
        state.balance(event);
        found.events += 1;
        let part = match &event.event {
            Event::Application(ApplicationEvent::Awarded { .. }) => "awarded",
            Event::Fund(FundEvent::Committed { .. }) => "committed",
            Event::Grant(GrantEvent::GrantOffered { .. }) => "offered",
            _ => continue,
        };
        by_command.entry(event.command_id).or_default().push(part);
    }
    for parts in by_command.values() {
        let count = |part| parts.iter().filter(|one| **one == part).count();
        let awards = count("awarded");
        assert_eq!((awards, awards), (count("committed"), count("offered")), "an award is all of it or nothing: {parts:?}");
        found.awards += awards;
    }
    found
}

fn actor(event: &Recorded) -> PersonId {
    event.metadata.get("actor").and_then(|actor| actor.parse().ok()).expect("a person acted")
}

impl State {
    /// Holds a decision against the state before it.
    fn hold(&self, event: &Recorded) {
        let at = event.position;
        match &event.event {
            Event::Application(ApplicationEvent::Awarded { terms, sitting, .. }) => {
                assert!(self.organisation.roles_of(actor(event)).contains(&Role::Panel), "{at}: who awarded sat on the panel");
                for person in &sitting.present {
                    assert_eq!(self.declared.get(&(event.stream, *person)), Some(&false), "{at}: nobody present had an interest");
                }
                assert!(Money::of_pounds(500) <= terms.amount && terms.amount <= Money::of_pounds(2500), "{at}: the bounds hold");
            }
            Event::Application(ApplicationEvent::ScoreGiven { by, .. }) => {
                let declared = self.declared.get(&(event.stream, *by));
                assert_eq!(declared, Some(&false), "{at}: who scores has declared that there is no interest");
            }
            Event::Grant(GrantEvent::VariationApproved { variation, by, .. }) => {
                assert_ne!(self.asked.get(&(event.stream, *variation)), Some(by), "{at}: two people varied it");
            }
            Event::Grant(GrantEvent::CheckWaived { check, by }) => {
                assert_ne!(self.waivers.get(&(event.stream, check.to_string())), Some(by), "{at}: two people waived it");
            }
            Event::Grant(GrantEvent::ReturnWaived { owed, by, .. }) => {
                assert_ne!(self.waivers.get(&(event.stream, format!("{owed:?}"))), Some(by), "{at}: two people gave it up");
            }
            Event::Fund(FundEvent::Committed { sources, area, .. }) => {
                let free = self.funds[&event.stream].budget().uncommitted_in(area);
                free.minus(sources).unwrap_or_else(|error| panic!("{at}: more is committed than is free: {error}"));
            }
            Event::Grant(GrantEvent::PaymentPrepared { payee, prepared_by, .. }) => {
                let group = &self.groups[&self.grants[&event.stream].group().expect("a group").0];
                assert!(group.payee().is_some_and(|own| own.verified && own.number == *payee), "{at}: the payee is verified");
                assert_eq!(*prepared_by, actor(event));
            }
            Event::Grant(GrantEvent::PaymentApproved { payment, approved_by }) => {
                let (payee, prepared_by) = self.payments[&(event.stream, *payment)];
                let group = &self.groups[&self.grants[&event.stream].group().expect("a group").0];
                let own = group.payee().expect("a payee");
                assert!(own.verified && own.number == payee, "{at}: the payee is the one that the payment was prepared for");
                assert!(*approved_by != prepared_by && *approved_by != own.keyed_by, "{at}: two people acted");
                assert!(self.organisation.roles_of(*approved_by).contains(&Role::Finance), "{at}: the approver holds the role");
            }
            _ => {}
        }
    }

    fn take(&mut self, event: &Recorded) {
        let id = event.stream;
        match &event.event {
            Event::Person(_) => {}
            Event::Organisation(happened) => self.organisation.apply(happened),
            Event::Fund(happened) => self.funds.entry(id).or_default().apply(happened),
            Event::Group(happened) => self.groups.entry(id).or_default().apply(happened),
            Event::Application(happened) => {
                match happened {
                    ApplicationEvent::NoInterestDeclared { by } => drop(self.declared.insert((id, *by), false)),
                    ApplicationEvent::InterestDeclared { by, .. } => drop(self.declared.insert((id, *by), true)),
                    _ => {}
                }
                self.applications.entry(id).or_default().apply(happened);
            }
            Event::Grant(happened) => {
                if let GrantEvent::PaymentPrepared { payment, payee, prepared_by, .. } = happened {
                    self.payments.insert((id, *payment), (*payee, *prepared_by));
                }
                match happened {
                    GrantEvent::VariationRequested { variation, by, .. } => drop(self.asked.insert((id, *variation), *by)),
                    GrantEvent::WaiverProposed { check, by, .. } => drop(self.waivers.insert((id, check.to_string()), *by)),
                    GrantEvent::ReturnWaiverProposed { owed, by, .. } => drop(self.waivers.insert((id, format!("{owed:?}")), *by)),
                    _ => {}
                }
                self.grants.entry(id).or_default().apply(happened);
            }
        }
    }

    /// The money of every fund adds up: what is committed covers what the grants hold, and they what was paid.
    fn balance(&self, event: &Recorded) {
        if !matches!(event.event, Event::Fund(_) | Event::Grant(_)) {
            return;
        }
        for fund in self.funds.values() {
            fund.budget().allocated().minus(fund.budget().committed()).expect("no source is overspent");
        }
        for grant in self.grants.values() {
            grant.award().minus(grant.paid()).expect("no grant is overpaid");
        }
    }
}
