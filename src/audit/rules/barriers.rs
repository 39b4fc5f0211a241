//! The rules of pledges and barriers: which pledges a person can take, and that a barrier was
//! passed on before it is answered.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::barrier::ComesTo;
use crate::domain::text::Slug;
use crate::domain::{BarrierEvent, Event, OrganisationEvent, PersonEvent, PersonId, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct PledgesAndBarriers {
    /// The version of the pledges in force.
    version: u32,
    /// The pledges in force.
    pledges: BTreeSet<Slug>,
    /// By person: the pledges that they took, and neither kept nor dropped.
    open: BTreeMap<Uuid, BTreeSet<Slug>>,
    barriers: BTreeMap<Uuid, SeenBarrier>,
    /// A barrier that was joined to another in this command, which has not taken it in yet.
    joining: Option<(Uuid, Uuid)>,
}

/// What the events of a barrier say so far.
#[derive(Default)]
struct SeenBarrier {
    was_passed_on: bool,
    comes_to: Option<ComesTo>,
    raised_by: BTreeSet<PersonId>,
}

impl RuleRoom for PledgesAndBarriers {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::PledgeInForce, Rule::AnswerAfterPassingOn]
    }

    fn check(&mut self, event: &RecordedEvent, _: &LogState, broken: &mut Broken<'_>) {
        match &event.event {
            Event::Organisation(happened) => self.check_publication(happened, broken),
            Event::Person(happened) => self.check_pledge(event.stream, happened, broken),
            Event::Barrier(happened) => {
                if let Err(says) = self.check_barrier(event.stream, happened) {
                    broken.report(Rule::AnswerAfterPassingOn, says);
                }
                self.follow_barrier(event.stream, happened);
            }
            _ => {}
        }
    }

    fn end_command(&mut self, _: &LogState, broken: &mut Broken<'_>) {
        if self.joining.take().is_some() {
            let says = "a barrier was joined to another one that did not take it in";
            broken.report(Rule::AnswerAfterPassingOn, says);
        }
    }
}

impl PledgesAndBarriers {
    fn check_publication(&mut self, event: &OrganisationEvent, broken: &mut Broken<'_>) {
        let OrganisationEvent::PledgesPublished {
            version, pledges, ..
        } = event
        else {
            return;
        };
        let keys: BTreeSet<_> = pledges.iter().map(|pledge| pledge.pledge.clone()).collect();
        broken.unless(
            self.version.checked_add(1) == Some(*version),
            Rule::PledgeInForce,
            "the pledges are not the next version",
        );
        broken.unless(
            keys.len() == pledges.len(),
            Rule::PledgeInForce,
            "two pledges have the same key",
        );
        (self.version, self.pledges) = (*version, keys);
    }

    fn check_pledge(&mut self, person: Uuid, event: &PersonEvent, broken: &mut Broken<'_>) {
        match event {
            PersonEvent::PledgeTaken {
                pledge, version, ..
            } => {
                broken.unless(
                    *version == self.version && self.pledges.contains(pledge),
                    Rule::PledgeInForce,
                    format!("the pledge {pledge} does not stand in version {version}"),
                );
                let open = self.open.entry(person).or_default();
                open.insert(pledge.clone());
            }
            PersonEvent::PledgeKept { pledge, .. } | PersonEvent::PledgeDropped { pledge } => {
                let open = self.open.entry(person).or_default();
                broken.unless(
                    open.remove(pledge),
                    Rule::PledgeInForce,
                    format!("the person has no open pledge {pledge}"),
                );
            }
            _ => {}
        }
    }

    fn check_barrier(&self, barrier: Uuid, event: &BarrierEvent) -> Result<(), &'static str> {
        let seen = self.barriers.get(&barrier);
        match event {
            BarrierEvent::BarrierAnswered { comes_to, .. } => {
                let was_passed_on = seen.is_some_and(|seen| seen.was_passed_on);
                if !was_passed_on {
                    return Err("a barrier was answered before it was passed on");
                }
                if seen.is_some_and(|seen| seen.comes_to == Some(*comes_to)) {
                    return Err("a barrier was answered again, and the same comes of it");
                }
                Ok(())
            }
            BarrierEvent::BarrierWithdrawn {} if !seen.is_some_and(|seen| seen.was_passed_on) => {
                Err("a barrier was withdrawn that nobody could read")
            }
            BarrierEvent::BarrierTakenIn { joined, raised_by } => {
                let other = self.barriers.get(&joined.0);
                if self.joining != Some((joined.0, barrier)) {
                    return Err("a barrier took in one that was not joined to it");
                }
                if other.is_some_and(|other| other.raised_by == *raised_by) {
                    Ok(())
                } else {
                    Err("a barrier did not take in those who raised the other one")
                }
            }
            _ => Ok(()),
        }
    }

    fn follow_barrier(&mut self, barrier: Uuid, event: &BarrierEvent) {
        use BarrierEvent as E;
        let seen = self.barriers.entry(barrier).or_default();
        match event {
            E::BarrierRaised { person, .. } => {
                seen.raised_by.insert(*person);
            }
            E::BarrierPassedOn { .. } => seen.was_passed_on = true,
            E::BarrierWithdrawn {} => (seen.was_passed_on, seen.comes_to) = (false, None),
            E::BarrierAnswered { comes_to, .. } => seen.comes_to = Some(*comes_to),
            E::BarrierJoined { into } => self.joining = Some((barrier, into.0)),
            E::BarrierTakenIn { raised_by, .. } => {
                seen.raised_by.extend(raised_by);
                self.joining = None;
            }
            _ => {}
        }
    }
}
