//! Pledges that a person took, kept or dropped.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Person, PersonEvent};
use crate::domain::organisation::PLEDGES_MAX;
use crate::domain::role::{Actor, Role};
use crate::domain::text::Slug;
use crate::domain::{DecisionContext, Refusal};

/// The pledges that a person takes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakePledges {
    /// The keys of the pledges.
    #[schema(min_items = 1, max_items = 20)]
    pub pledges: BTreeSet<Slug>,
    /// The version in which the person read them.
    #[schema(minimum = 1)]
    pub version: u32,
}

/// A pledge by its key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PledgeRef {
    pub pledge: Slug,
}

/// The pledges of a person. A pledge that was dropped is not among them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct PersonPledges {
    /// Those that are not kept yet, with the day from which the person is asked about each.
    open: BTreeMap<Slug, Date>,
    kept: BTreeSet<Slug>,
    /// How often the person took a pledge, also those that they dropped.
    times: usize,
    /// Whether the person was asked about their pledges.
    reminded: bool,
}

impl PersonPledges {
    pub(super) fn apply(&mut self, event: &PersonEvent) {
        match event {
            PersonEvent::PledgeTaken { pledge, due_on, .. } => {
                self.open.insert(pledge.clone(), *due_on);
                self.times = self.times.saturating_add(1);
            }
            PersonEvent::PledgeKept { pledge, .. } => {
                self.open.remove(pledge);
                self.kept.insert(pledge.clone());
            }
            PersonEvent::PledgeDropped { pledge } => drop(self.open.remove(pledge)),
            PersonEvent::PledgesReminded {} => self.reminded = true,
            _ => {}
        }
    }

    fn must_be_open(&self, pledge: &Slug) -> Result<(), Refusal> {
        if self.open.contains_key(pledge) {
            Ok(())
        } else if self.kept.contains(pledge) {
            Err(Refusal::NoChange)
        } else {
            Err(Refusal::PledgeUnknown(pledge.to_string()))
        }
    }
}

impl Person {
    /// Refuses with [`Refusal::NotYours`] an actor who may not speak for the person: only they
    /// themselves may, and an officer or a connector for somebody who said so.
    fn must_speak_for_person(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        self.must_be_active()?;
        let roles = facts.roles();
        let is_staff = [Role::Officer, Role::Connector]
            .iter()
            .any(|role| roles.contains(role));
        if facts.actor() == Actor::Person(self.id()) || is_staff {
            Ok(())
        } else {
            Err(Refusal::NotYours)
        }
    }

    /// Takes pledges. Those that the person has taken already are skipped. A person without a
    /// proven address can take at most [`PLEDGES_MAX`] pledges in all, counting those that they
    /// dropped.
    pub(super) fn take_pledges(
        &self,
        take: &TakePledges,
        facts: &DecisionContext,
    ) -> Result<Vec<PersonEvent>, Refusal> {
        self.must_speak_for_person(facts)?;
        let published = facts.organisation()?.pledges();
        let chosen = published.chosen(take.version, &take.pledges)?;
        let is_new =
            |key: &Slug| !self.pledges.open.contains_key(key) && !self.pledges.kept.contains(key);
        let taken: Vec<_> = chosen
            .into_iter()
            .filter(|pledge| is_new(&pledge.pledge))
            .map(|pledge| PersonEvent::PledgeTaken {
                pledge: pledge.pledge.clone(),
                version: take.version,
                taken_on: facts.today,
                due_on: pledge.due_on(facts.today),
            })
            .collect();
        let times = self.pledges.times.saturating_add(taken.len());
        if taken.is_empty() {
            Err(Refusal::NoChange)
        } else if self.unproven().is_some() && times > PLEDGES_MAX {
            Err(Refusal::AddressUnproven)
        } else {
            Ok(taken)
        }
    }

    pub(super) fn keep_pledge(
        &self,
        PledgeRef { pledge }: &PledgeRef,
        facts: &DecisionContext,
    ) -> Result<PersonEvent, Refusal> {
        self.must_speak_for_person(facts)?;
        self.pledges.must_be_open(pledge)?;
        Ok(PersonEvent::PledgeKept {
            pledge: pledge.clone(),
            kept_on: facts.today,
        })
    }

    pub(super) fn drop_pledge(
        &self,
        PledgeRef { pledge }: &PledgeRef,
        facts: &DecisionContext,
    ) -> Result<PersonEvent, Refusal> {
        // The service drops those that were taken with the address of somebody else, who takes them
        // with the link that was mailed there.
        if facts.actor() != Actor::Job || self.unproven().is_none() {
            self.must_speak_for_person(facts)?;
        }
        self.pledges.must_be_open(pledge)?;
        Ok(PersonEvent::PledgeDropped {
            pledge: pledge.clone(),
        })
    }

    /// Asks the person about their pledges: once, once the first of them is due, and only if they
    /// kept none.
    pub(super) fn remind_of_pledges(
        &self,
        facts: &DecisionContext,
    ) -> Result<PersonEvent, Refusal> {
        self.must_be_active()?;
        let is_due = self.pledges.open.values().any(|day| *day <= facts.today);
        if is_due && self.pledges.kept.is_empty() && !self.pledges.reminded {
            Ok(PersonEvent::PledgesReminded {})
        } else {
            Err(Refusal::ReminderNotDue)
        }
    }

    /// The events that end the open pledges of a person who never proved who they are.
    pub(super) fn without_pledges(&self) -> impl Iterator<Item = PersonEvent> {
        self.pledges
            .open
            .keys()
            .map(|pledge| PersonEvent::PledgeDropped {
                pledge: pledge.clone(),
            })
    }
}
