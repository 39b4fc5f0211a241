//! Watches a history of events for one thing: money that fewer than two people brought about, or
//! somebody who is connected with the group. It is written apart from the rules that it checks.

use std::collections::{BTreeMap, BTreeSet};

use microgrants::domain::{ApplicationEvent, Event, GrantEvent, GroupEvent, OrganisationEvent, PersonEvent, PersonId};
use uuid::Uuid;

/// What is known of people, groups and payments so far.
#[derive(Default)]
pub struct Watch {
    seen: usize,
    roles: BTreeMap<PersonId, u32>,
    registered_by: BTreeMap<PersonId, PersonId>,
    groups: BTreeMap<Uuid, Members>,
    /// The group of each application, and after how many events it began.
    applications: BTreeMap<Uuid, (Uuid, usize)>,
    payments: BTreeMap<(Uuid, u16), People>,
}

#[derive(Default)]
struct Members {
    /// Each member, with who brought them in.
    now: BTreeMap<PersonId, Option<PersonId>>,
    left: BTreeMap<PersonId, usize>,
    merged_with: BTreeSet<Uuid>,
    payee: Option<Payee>,
}

#[derive(Clone, Default)]
struct Payee {
    /// The keyer, and those on whose word the keyer is known.
    keyers: BTreeSet<PersonId>,
    verified_by: Option<PersonId>,
}

/// Who acted on a payment.
struct People {
    prepared_by: PersonId,
    approved_by: BTreeSet<PersonId>,
    payee: Payee,
}

impl Watch {
    /// Takes the events that were appended since the last look.
    pub fn take(&mut self, history: &[(Uuid, Event)]) -> Result<(), String> {
        for (id, event) in &history[self.seen..] {
            self.seen += 1;
            self.one(*id, event).map_err(|wrong| format!("event {}: {wrong}", self.seen))?;
        }
        Ok(())
    }

    fn one(&mut self, id: Uuid, event: &Event) -> Result<(), String> {
        match event {
            Event::Person(PersonEvent::PersonRegistered { registered_by: Some(by), .. }) => {
                self.registered_by.insert(PersonId(id), *by);
            }
            Event::Person(PersonEvent::ContactChanged { changed_by: Some(changed), confirmed_by, .. }) => {
                let alone = confirmed_by.is_none_or(|confirmed| confirmed == *changed);
                if alone && self.registered_by.get(&PersonId(id)) != Some(changed) {
                    return Err(format!("{changed} changed the address of {id} alone"));
                }
            }
            Event::Organisation(event) => self.organisation(event),
            Event::Group(event) => return self.group(id, event),
            Event::Application(ApplicationEvent::ApplicationStarted { group, .. }) => {
                self.applications.insert(id, (group.0, self.seen));
            }
            Event::Grant(event) => return self.grant(id, event),
            _ => {}
        }
        Ok(())
    }

    fn organisation(&mut self, event: &OrganisationEvent) {
        match event {
            OrganisationEvent::FounderNamed { person, roles } => {
                *self.roles.entry(*person).or_default() += u32::try_from(roles.len()).expect("few");
            }
            OrganisationEvent::RoleGiven { person, .. } | OrganisationEvent::RoleConfirmed { person, .. } => {
                *self.roles.entry(*person).or_default() += 1;
            }
            OrganisationEvent::RoleEnded { person, .. } => *self.roles.entry(*person).or_default() -= 1,
            _ => {}
        }
    }

    /// A person and, unless they are staff, those on whose word they are known in a group.
    fn word_of(&self, group: Uuid, person: PersonId) -> BTreeSet<PersonId> {
        let (mut all, mut next) = (BTreeSet::new(), vec![person]);
        while let Some(person) = next.pop() {
            if all.insert(person) && self.roles.get(&person).is_none_or(|roles| *roles == 0) {
                let brought_in = self.groups.get(&group).and_then(|group| group.now.get(&person).copied().flatten());
                next.extend(brought_in.into_iter().chain(self.registered_by.get(&person).copied()));
            }
        }
        all
    }

    fn group(&mut self, id: Uuid, event: &GroupEvent) -> Result<(), String> {
        let seen = self.seen;
        match event {
            GroupEvent::MemberAdded { person, added_by } => {
                self.groups.entry(id).or_default().now.insert(*person, *added_by);
            }
            GroupEvent::MemberRemoved { person, .. } => {
                let group = self.groups.entry(id).or_default();
                group.now.remove(person);
                group.left.insert(*person, seen);
            }
            GroupEvent::GroupMerged { into, .. } => {
                self.groups.entry(id).or_default().merged_with.insert(into.0);
                self.groups.entry(into.0).or_default().merged_with.insert(id);
            }
            GroupEvent::PayeeProvided { keyed_by, .. } => {
                let payee = Payee { keyers: self.word_of(id, *keyed_by), verified_by: None };
                self.groups.entry(id).or_default().payee = Some(payee);
            }
            GroupEvent::PayeeVerified { verified_by, .. } => {
                self.independent(id, 0, *verified_by, "verified the payee")?;
                let payee = self.groups.entry(id).or_default().payee.as_mut().ok_or("a payee was verified that nobody keyed")?;
                if payee.keyers.contains(verified_by) {
                    return Err(format!("{verified_by} verified a payee that rests on their own word"));
                }
                payee.verified_by = Some(*verified_by);
            }
            _ => {}
        }
        Ok(())
    }

    /// Refuses somebody who is a member of the group or of one that it was merged with, or was since.
    fn independent(&self, group: Uuid, since: usize, person: PersonId, did: &str) -> Result<(), String> {
        let (mut met, mut next) = (BTreeSet::new(), vec![group]);
        while let Some(group) = next.pop() {
            let Some(found) = self.groups.get(&group).filter(|_| met.insert(group)) else { continue };
            if found.now.contains_key(&person) || found.left.get(&person).is_some_and(|left| *left > since) {
                return Err(format!("{person} {did}, and belongs to the group"));
            }
            next.extend(&found.merged_with);
        }
        Ok(())
    }

    fn grant(&mut self, id: Uuid, event: &GrantEvent) -> Result<(), String> {
        let Some((group, began)) = self.applications.get(&id).copied() else { return Ok(()) };
        match event {
            GrantEvent::PaymentPrepared { payment, prepared_by, .. } => {
                self.independent(group, began, *prepared_by, "prepared a payment")?;
                let payee = self.groups.get(&group).and_then(|group| group.payee.clone()).ok_or("a payment to nobody")?;
                let people = People { prepared_by: *prepared_by, approved_by: BTreeSet::new(), payee };
                self.payments.insert((id, *payment), people);
            }
            GrantEvent::PaymentApproved { payment, approved_by, .. } => {
                self.independent(group, began, *approved_by, "approved a payment")?;
                let people = self.payments.get_mut(&(id, *payment)).ok_or("an approval of nothing")?;
                people.approved_by.insert(*approved_by);
            }
            GrantEvent::PaymentSent { payment, .. } => {
                let People { prepared_by, approved_by, payee } = self.payments.get(&(id, *payment)).ok_or("nothing was sent")?;
                let verified_by = payee.verified_by.ok_or("money went to a payee that nobody verified")?;
                if approved_by.is_empty() || approved_by.contains(prepared_by) {
                    return Err(format!("{prepared_by} prepared and approved a payment"));
                }
                if let Some(keyer) = payee.keyers.iter().find(|keyer| approved_by.contains(keyer) || **keyer == verified_by) {
                    return Err(format!("{keyer} keyed the payee, and approved or verified"));
                }
            }
            GrantEvent::ReturnWaived { by, .. } | GrantEvent::CheckWaived { by, .. } | GrantEvent::EntrySettled { by, .. } => {
                self.independent(group, began, *by, "gave something up")?;
            }
            _ => {}
        }
        Ok(())
    }
}
