//! The bank details of groups: two people enter and verify them, and payments go to those that were
//! verified last.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::group::Payee;
use crate::domain::{
    Event, GatheringEvent, GrantEvent, Group, GroupEvent, OrganisationEvent, PersonEvent, PersonId,
    Rule,
};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Payees {
    /// By person: who registered them.
    registered_by: BTreeMap<PersonId, PersonId>,
    groups: BTreeMap<Uuid, MembersByInviter>,
    /// By grant and payment: the number of the bank details that it goes to.
    payments: BTreeMap<(Uuid, u16), u32>,
    /// Grants, each with the number of bank details from which the bank returned a payment of it.
    bounced: BTreeSet<(Uuid, u32)>,
    /// Whether an event has occurred that the programs did not write which paid to such bank
    /// details again.
    is_later_program: bool,
}

/// On whose word the members of a group are known there.
#[derive(Default)]
struct MembersByInviter {
    /// The current members, each with the person who invited them.
    members: BTreeMap<PersonId, Option<PersonId>>,
    merged_by: Option<PersonId>,
}

impl RuleRoom for Payees {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::PayeeByTwo, Rule::PayeeVerified]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        self.is_later_program |= is_of_later_program(&event.event);
        match &event.event {
            Event::Person(PersonEvent::PersonRegistered {
                registered_by: Some(by),
                ..
            }) => {
                self.registered_by.insert(PersonId(event.stream), *by);
            }
            Event::Group(happened) => self.check_group(event.stream, happened, before, broken),
            Event::Grant(GrantEvent::PaymentPrepared { payment, payee, .. }) => {
                self.payments.insert((event.stream, *payment), *payee);
                self.must_be_payable(event.stream, Some(*payee), before, broken);
            }
            Event::Grant(GrantEvent::PaymentApproved { payment, .. }) => {
                let payee = self.payments.get(&(event.stream, *payment)).copied();
                self.must_be_payable(event.stream, payee, before, broken);
            }
            Event::Grant(
                GrantEvent::PaymentFailed { payment, .. }
                | GrantEvent::PaymentReversed { payment, .. },
            ) => {
                let payee = self.payments.get(&(event.stream, *payment));
                self.bounced
                    .extend(payee.map(|payee| (event.stream, *payee)));
            }
            _ => {}
        }
    }
}

impl Payees {
    /// Checks that a payment goes to the newest bank details of the group, that these are verified,
    /// and that the bank has returned no payment of the grant from them.
    fn must_be_payable(
        &self,
        grant: Uuid,
        payee: Option<u32>,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        must_be_verified(grant, payee, before, broken);
        let has_bounced = payee.is_some_and(|payee| self.bounced.contains(&(grant, payee)));
        let says = "a payment was for bank details from which the bank had returned one";
        let is_checked = self.is_later_program;
        broken.unless(!(has_bounced && is_checked), Rule::PayeeVerified, says);
    }

    fn check_group(
        &mut self,
        id: Uuid,
        event: &GroupEvent,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        match event {
            GroupEvent::MemberAdded {
                person, added_by, ..
            } => {
                let group = self.groups.entry(id).or_default();
                group.members.insert(*person, added_by.or(group.merged_by));
            }
            GroupEvent::MemberRemoved { person, .. } => {
                self.groups.entry(id).or_default().members.remove(person);
            }
            GroupEvent::GroupMerged { merged_by, .. } => {
                self.groups.entry(id).or_default().merged_by = *merged_by;
            }
            // Earlier programs did not write the day, nor the people behind the one who entered.
            GroupEvent::PayeeProvided {
                keyed_by,
                behind,
                provided_on: Some(_),
                ..
            } => {
                let vouchers = self.vouchers_of(id, *keyed_by, before);
                let says = "bank details leave out a person who let in the one who entered them";
                broken.unless(vouchers.is_subset(behind), Rule::PayeeByTwo, says);
            }
            GroupEvent::PayeeVerified {
                payee, verified_by, ..
            } => {
                let newest = before.group(id).and_then(Group::payee);
                check_verification(newest, *payee, *verified_by, broken);
            }
            _ => {}
        }
    }

    /// Everyone on whose word a person is known in a group: who registered them and who invited
    /// them, and so on for each of these. The search ends at people with a role, which two people
    /// gave them.
    fn vouchers_of(&self, group: Uuid, person: PersonId, before: &LogState) -> BTreeSet<PersonId> {
        let (mut all, mut next) = (BTreeSet::new(), vec![person]);
        while let Some(person) = next.pop() {
            if all.insert(person) && before.organisation().roles_of(person).is_empty() {
                next.extend(self.inviter_of(group, person));
                next.extend(self.registered_by.get(&person));
            }
        }
        all.remove(&person);
        all
    }

    /// Who invited a person to a group. For a person who is no member, who merged the group: they
    /// act through the group that it was merged into.
    fn inviter_of(&self, group: Uuid, person: PersonId) -> Option<PersonId> {
        let group = self.groups.get(&group)?;
        let invited_by = group.members.get(&person).copied();
        invited_by.unwrap_or(group.merged_by)
    }
}

/// Whether only programs wrote an event that ask for bank details again after a payment came back.
fn is_of_later_program(event: &Event) -> bool {
    matches!(
        event,
        Event::Organisation(OrganisationEvent::ThemesAdopted { .. })
            | Event::Gathering(GatheringEvent::GatheringPlanned { .. })
            | Event::Grant(GrantEvent::PaymentPrepared {
                waits_until: Some(_),
                ..
            })
    )
}

/// Checks that a person other than those who entered the bank details verified them.
fn check_verification(
    newest: Option<&Payee>,
    verified: u32,
    verified_by: PersonId,
    broken: &mut Broken<'_>,
) {
    let Some(newest) = newest.filter(|newest| newest.number == verified) else {
        let says = "bank details were verified that are not the newest of the group";
        return broken.report(Rule::PayeeByTwo, says);
    };
    let says = "one person entered bank details and verified them";
    broken.unless(newest.keyed_by != verified_by, Rule::PayeeByTwo, says);
    let says = "bank details were verified by a person who let in the one who entered them";
    let is_voucher = newest.behind.contains(&verified_by);
    broken.unless(!is_voucher, Rule::PayeeByTwo, says);
}

/// Checks that a payment goes to the newest bank details of the group, and that these are verified.
fn must_be_verified(grant: Uuid, payee: Option<u32>, before: &LogState, broken: &mut Broken<'_>) {
    let newest = before.group_of(grant).and_then(Group::payee);
    let is_newest = newest.is_some_and(|newest| Some(newest.number) == payee);
    let says = "a payment was for other bank details than the newest of the group";
    broken.unless(is_newest, Rule::PayeeVerified, says);
    let is_verified = newest.is_some_and(|newest| newest.verified_by.is_some());
    let says = "a payment was for bank details that nobody had verified";
    broken.unless(is_verified, Rule::PayeeVerified, says);
}
