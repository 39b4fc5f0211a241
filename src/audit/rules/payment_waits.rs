//! When money may not leave: while a grant is on hold, and for some days after a change of the
//! bank details or the people of a group.

use std::collections::BTreeMap;

use jiff::civil::Date;
use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::{
    ChangeMark, Event, Fund, GrantEvent, Group, PersonEvent, PersonId, Role, Rule,
};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct PaymentWaits {
    /// By grant on hold: the day on which the hold began; earlier programs did not write it.
    held: BTreeMap<Uuid, Option<Date>>,
    /// By person: how often their contact details changed, and the day of the last change.
    contacts: BTreeMap<PersonId, (u32, Option<Date>)>,
    /// By grant and payment: the change after which two people let it leave early, or one proposed
    /// it.
    early: BTreeMap<(Uuid, u16), EarlyPayment>,
}

#[derive(Default)]
struct EarlyPayment {
    proposed: Option<(ChangeMark, PersonId)>,
    confirmed: Option<ChangeMark>,
}

/// The days on which money may not leave after the last change at a group.
struct WaitingDays {
    from: Date,
    /// The first day on which it may leave again.
    until: Date,
    mark: ChangeMark,
}

impl RuleRoom for PaymentWaits {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::NotOnHold, Rule::PaymentWaits]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        match &event.event {
            Event::Person(PersonEvent::ContactChanged { changed_on, .. }) => {
                let person = PersonId(event.stream);
                let (changes, last) = self.contacts.entry(person).or_default();
                (*changes, *last) = (changes.saturating_add(1), *changed_on);
            }
            Event::Grant(happened) => {
                self.check_hold(event.stream, happened, broken);
                self.check_wait(event.stream, happened, before, broken);
            }
            _ => {}
        }
    }
}

impl PaymentWaits {
    fn check_hold(&mut self, grant: Uuid, event: &GrantEvent, broken: &mut Broken<'_>) {
        let held = self.held.get(&grant).copied();
        match event {
            GrantEvent::GrantHeld { held_on, .. } => {
                self.held.insert(grant, *held_on);
            }
            GrantEvent::GrantResumed {} => drop(self.held.remove(&grant)),
            GrantEvent::PaymentPrepared { .. } | GrantEvent::PaymentApproved { .. } => {
                let says = "a payment was prepared or approved while its grant was on hold";
                broken.unless(held.is_none(), Rule::NotOnHold, says);
            }
            // A payment that left before the hold is recorded on its own day.
            GrantEvent::PaymentSent { sent_on, batch, .. } => {
                let left_before = |held_on: Option<Date>| {
                    batch.is_none() && held_on.is_some_and(|held_on| *sent_on < held_on)
                };
                let says = "a payment was sent while its grant was on hold";
                broken.unless(held.is_none_or(left_before), Rule::NotOnHold, says);
            }
            _ => {}
        }
    }

    fn check_wait(
        &mut self,
        grant: Uuid,
        event: &GrantEvent,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        match event {
            GrantEvent::PaymentPrepared { payment, .. } => {
                self.early
                    .insert((grant, *payment), EarlyPayment::default());
            }
            GrantEvent::EarlyPaymentProposed {
                payment, mark, by, ..
            } => {
                let is_of_change = self.mark_of(grant, before) == *mark;
                let early = self.early.entry((grant, *payment)).or_default();
                early.proposed = is_of_change.then_some((*mark, *by));
            }
            GrantEvent::EarlyPaymentConfirmed {
                payment, mark, by, ..
            } => {
                let early = self.early.entry((grant, *payment)).or_default();
                early.confirm(*mark, *by, before, broken);
                let says = "a payment was let out early by a person who does not hold the finance \
                            role";
                let is_of_finance = before.holds_role(*by, Role::Finance);
                broken.unless(is_of_finance, Rule::PaymentWaits, says);
            }
            GrantEvent::PaymentSent {
                payment, sent_on, ..
            } if before.has_people_rules() => {
                let early = self.early.get(&(grant, *payment));
                let allowed = early.and_then(|early| early.confirmed);
                let waiting = self
                    .waiting_days(grant, before)
                    .filter(|wait| (wait.from..wait.until).contains(sent_on))
                    .filter(|wait| allowed != Some(wait.mark));
                if let Some(wait) = waiting {
                    let says = format!(
                        "a payment left on {sent_on} that waits until {}",
                        wait.until
                    );
                    broken.report(Rule::PaymentWaits, says);
                }
            }
            _ => {}
        }
    }

    /// The days for which the payments of a grant wait: from the last change of the bank details
    /// or members of its group, or of a member's contact details. None if nothing changed, or if
    /// the fund asks for no wait.
    fn waiting_days(&self, grant: Uuid, before: &LogState) -> Option<WaitingDays> {
        let days = before.fund_of(grant).map(Fund::rules)?.payee_wait_days();
        let groups = before.group_and_heirs(grant);
        let at_groups = groups
            .iter()
            .filter_map(|group| group.payee_or_members_changed_on());
        let at_members = self.contacts_of(&groups).filter_map(|(_, last)| last);
        let from = at_groups.chain(at_members).max().filter(|_| days > 0)?;
        let mark = self.mark_of(grant, before);
        let until = from.saturating_add(jiff::Span::new().days(i64::from(days)));
        Some(WaitingDays { from, until, mark })
    }

    /// How often the group of a grant and its heirs changed, and the contact details of their
    /// members.
    fn mark_of(&self, grant: Uuid, before: &LogState) -> ChangeMark {
        let groups = before.group_and_heirs(grant);
        let changes = groups.iter().map(|group| group.payee_or_member_changes());
        let addresses = self.contacts_of(&groups).map(|(changes, _)| changes);
        ChangeMark {
            group: changes.fold(0, u32::saturating_add),
            addresses: addresses.fold(0, u32::saturating_add),
        }
    }

    /// How often the contact details of each member changed, and when last.
    fn contacts_of(&self, groups: &[&Group]) -> impl Iterator<Item = (u32, Option<Date>)> {
        let members = groups.iter().flat_map(|group| group.members());
        members.filter_map(move |member| self.contacts.get(&member).copied())
    }
}

impl EarlyPayment {
    fn confirm(
        &mut self,
        mark: ChangeMark,
        by: PersonId,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        let proposed = self.proposed.take().filter(|(of, _)| *of == mark);
        let says = match proposed {
            Some((_, proposed_by)) if proposed_by != by => {
                self.confirmed = Some(mark);
                if before.still_holds(proposed_by, &[Role::Officer, Role::Finance]) {
                    return;
                }
                "the person who proposed that a payment leaves early had lost the role for it"
            }
            Some(_) => "one person proposed that a payment leaves early, and confirmed it",
            None => "a payment was let out early, and nobody had proposed it since the change",
        };
        broken.report(Rule::PaymentWaits, says);
    }
}
