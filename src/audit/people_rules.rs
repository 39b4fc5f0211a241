//! Checks the rules about people and money: no money moves by fewer than two people, or by a person
//! who is connected with the group.
//!
//! The rules are written here once more, independently of `domain::connection` and
//! `domain::independence`, which decide: a fault in those must not hide itself.
//! `docs/security/people-rules.md` has the rules.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use crate::domain::organisation::Settings;
use crate::domain::personal_data::Encrypted;
use crate::domain::{
    ApplicationEvent, Event, GrantEvent, GroupEvent, OrganisationEvent, PersonEvent, PersonId, Role,
};

/// The state of people, groups and payments after the events so far.
#[derive(Default)]
pub struct PeopleRulesChecker {
    event_count: usize,
    /// Whether an event with the fields of these rules has occurred. Events of programs from before
    /// the rules are not checked.
    rules_apply: bool,
    proposed_roles: BTreeMap<(PersonId, &'static str), PersonId>,
    roles: BTreeMap<PersonId, usize>,
    administrators: BTreeSet<PersonId>,
    /// Whether there have ever been two administrators.
    had_two_administrators: bool,
    /// The settings that were proposed last, and who proposed them.
    proposed_settings: Option<(PersonId, Settings)>,
    registered_by: BTreeMap<PersonId, PersonId>,
    /// By person: the address that they have proven, while it is theirs.
    proven: BTreeMap<Uuid, Encrypted>,
    groups: BTreeMap<Uuid, GroupMembers>,
    /// By application: its group, and the event count when it began.
    applications: BTreeMap<Uuid, (Uuid, usize)>,
    /// By application: who declared an interest.
    interested: BTreeMap<Uuid, BTreeSet<PersonId>>,
    /// By grant and bank entry: who proposed how it is settled.
    settlements: BTreeMap<(Uuid, u16), PersonId>,
    payments: BTreeMap<(Uuid, u16), PaymentActors>,
    /// By person and mail: the day of its cause, while it waits for a call or a letter.
    waiting_mails: BTreeMap<(Uuid, Uuid), Date>,
    /// Likewise, once staff have recorded that the person knows.
    passed_on_mails: BTreeMap<(Uuid, Uuid), Date>,
}

#[derive(Default)]
struct GroupMembers {
    /// The current members, each with the person who added them.
    current: BTreeMap<PersonId, Option<PersonId>>,
    left_at: BTreeMap<PersonId, usize>,
    merged_with: BTreeSet<Uuid>,
    merged_by: Option<PersonId>,
    payee: Option<PayeeKeying>,
}

#[derive(Clone, Default)]
struct PayeeKeying {
    /// The person who entered the payee, and everyone on whose word that person is known.
    keyers: BTreeSet<PersonId>,
    verified_by: Option<PersonId>,
}

/// The people who acted on a payment.
struct PaymentActors {
    prepared_by: PersonId,
    approved_by: BTreeSet<PersonId>,
    approved_on: Option<Date>,
    payee: PayeeKeying,
}

/// Where a grant comes from. It has the id of its application.
#[derive(Clone, Copy)]
struct GrantOrigin {
    id: Uuid,
    group: Uuid,
    /// The event count when the application began.
    began: usize,
}

impl PeopleRulesChecker {
    /// Checks and applies the next event of a stream. The error describes the broken rule.
    pub fn process(&mut self, id: Uuid, event: &Event) -> Result<(), String> {
        self.event_count += 1;
        self.rules_apply |= has_fields_of_people_rules(event);
        let found = self.check_event(id, event);
        if self.rules_apply { found } else { Ok(()) }
    }

    fn check_event(&mut self, id: Uuid, event: &Event) -> Result<(), String> {
        match event {
            Event::Person(PersonEvent::PersonRegistered {
                registered_by: Some(by),
                ..
            }) => {
                self.registered_by.insert(PersonId(id), *by);
            }
            Event::Person(PersonEvent::AddressProven { email }) => {
                self.proven.insert(id, email.clone());
            }
            Event::Person(PersonEvent::ContactChanged {
                email,
                changed_by,
                confirmed_by,
                ..
            }) => {
                let loses_proof = self.loses_proof(id, email.as_ref());
                return match changed_by {
                    Some(changed) => self.check_change_by_staff(id, *changed, *confirmed_by),
                    None if loses_proof && self.has_role(PersonId(id)) => {
                        Err(format!("{id} has a role, and changed a proven address"))
                    }
                    None => Ok(()),
                };
            }
            Event::Person(event) => return self.check_telling(id, event),
            Event::Organisation(event) => return self.check_organisation_event(event),
            Event::Group(event) => return self.check_group_event(id, event),
            Event::Application(ApplicationEvent::ApplicationStarted { group, .. }) => {
                self.applications.insert(id, (group.0, self.event_count));
            }
            Event::Application(ApplicationEvent::InterestDeclared { by, .. }) => {
                self.interested.entry(id).or_default().insert(*by);
            }
            Event::Grant(event) => return self.check_grant_event(id, event),
            _ => {}
        }
        Ok(())
    }

    /// Whether a person had proven their address, and has another one or none from now on.
    fn loses_proof(&mut self, id: Uuid, email: Option<&Encrypted>) -> bool {
        let proven = self.proven.get(&id);
        let loses = proven.is_some_and(|proven| Some(proven) != email);
        if loses {
            self.proven.remove(&id);
        }
        loses
    }

    fn check_change_by_staff(
        &self,
        id: Uuid,
        changed: PersonId,
        confirmed: Option<PersonId>,
    ) -> Result<(), String> {
        let alone = confirmed.is_none_or(|confirmed| confirmed == changed);
        if alone && self.registered_by.get(&PersonId(id)) != Some(&changed) {
            Err(format!("{changed} changed the address of {id} alone"))
        } else {
            Ok(())
        }
    }

    fn has_role(&self, person: PersonId) -> bool {
        self.roles.get(&person).is_some_and(|roles| *roles > 0)
    }

    /// Checks that staff inform a person of a waiting mail once only, unless it was taken back,
    /// and not before the event that caused it.
    fn check_telling(&mut self, id: Uuid, event: &PersonEvent) -> Result<(), String> {
        match event {
            PersonEvent::PersonToTell {
                mail, caused_on, ..
            } => {
                self.passed_on_mails.remove(&(id, *mail));
                self.waiting_mails.insert((id, *mail), *caused_on);
            }
            PersonEvent::PersonTold {
                mail, told_on, by, ..
            } => {
                let caused_on = self.waiting_mails.remove(&(id, *mail));
                let Some(caused_on) = caused_on.filter(|caused_on| *told_on >= *caused_on) else {
                    return Err(format!("{id} was told what did not wait for it"));
                };
                self.passed_on_mails.insert((id, *mail), caused_on);
                self.require_staff(*by, "passed a message on")?;
            }
            PersonEvent::TellingTakenBack { mail, by } => {
                let Some(caused_on) = self.passed_on_mails.remove(&(id, *mail)) else {
                    return Err(format!("nobody had told {id} what was taken back"));
                };
                self.waiting_mails.insert((id, *mail), caused_on);
                self.require_staff(*by, "took back that a message was passed on")?;
            }
            PersonEvent::EmailedInstead { mail, .. }
                if self.waiting_mails.remove(&(id, *mail)).is_none() =>
            {
                return Err(format!("{id} was emailed what did not wait for it"));
            }
            _ => {}
        }
        Ok(())
    }

    /// Rejects a person who has no role.
    fn require_staff(&self, person: PersonId, did: &str) -> Result<(), String> {
        if self.has_role(person) {
            Ok(())
        } else {
            Err(format!("{person} {did}, and has no role"))
        }
    }

    fn check_organisation_event(&mut self, event: &OrganisationEvent) -> Result<(), String> {
        self.count_administrators(event);
        match event {
            OrganisationEvent::FounderNamed { person, roles } => {
                *self.roles.entry(*person).or_default() += roles.len();
            }
            OrganisationEvent::RoleGiven { person, .. } => {
                *self.roles.entry(*person).or_default() += 1;
            }
            OrganisationEvent::RoleProposed {
                person,
                role,
                proposed_by,
                ..
            } => {
                self.proposed_roles
                    .insert((*person, (*role).into()), *proposed_by);
            }
            OrganisationEvent::RoleConfirmed {
                person,
                role,
                confirmed_by,
            } => {
                *self.roles.entry(*person).or_default() += 1;
                if self
                    .proposed_roles
                    .remove(&(*person, (*role).into()))
                    .is_none_or(|proposed_by| proposed_by == *confirmed_by)
                {
                    return Err(format!("{confirmed_by} proposed and confirmed a role"));
                }
            }
            OrganisationEvent::MailTextPublished {
                proposed_by: Some(proposed),
                confirmed_by: Some(confirmed),
                ..
            } if proposed == confirmed => {
                return Err(format!(
                    "{confirmed} proposed and confirmed the words of a mail"
                ));
            }
            OrganisationEvent::SettingsProposed {
                settings,
                proposed_by,
                ..
            } => self.proposed_settings = Some((*proposed_by, settings.clone())),
            OrganisationEvent::SettingsRefused { .. } => self.proposed_settings = None,
            OrganisationEvent::SettingsSet {
                settings,
                proposed_by,
                set_by,
                ..
            } => return self.check_settings(settings, *proposed_by, *set_by),
            OrganisationEvent::RoleEnded { person, .. } => {
                let roles = self.roles.entry(*person).or_default();
                *roles = roles.saturating_sub(1);
            }
            _ => {}
        }
        Ok(())
    }

    fn count_administrators(&mut self, event: &OrganisationEvent) {
        match event {
            OrganisationEvent::FounderNamed { person, roles }
                if roles.contains(&Role::Administrator) =>
            {
                self.administrators.insert(*person);
            }
            OrganisationEvent::RoleGiven { person, role }
            | OrganisationEvent::RoleConfirmed { person, role, .. }
                if *role == Role::Administrator =>
            {
                self.administrators.insert(*person);
            }
            OrganisationEvent::RoleEnded { person, role, .. } if *role == Role::Administrator => {
                self.administrators.remove(person);
            }
            _ => {}
        }
        self.had_two_administrators |= self.administrators.len() >= 2;
    }

    /// Checks settings that come into force: a second person confirms them as they were proposed,
    /// unless there has only ever been one administrator and no account for returns.
    fn check_settings(
        &mut self,
        settings: &Settings,
        proposed_by: Option<PersonId>,
        set_by: PersonId,
    ) -> Result<(), String> {
        let proposed = self.proposed_settings.take();
        let Some(first) = proposed_by else {
            return if self.had_two_administrators || settings.return_account.is_some() {
                Err(format!("{set_by} set the settings alone"))
            } else {
                Ok(())
            };
        };
        if first == set_by {
            return Err(format!("{set_by} proposed and confirmed the settings"));
        }
        match proposed {
            Some((by, same)) if by == first && same == *settings => Ok(()),
            _ => Err(format!(
                "{set_by} confirmed settings that {first} had not proposed"
            )),
        }
    }

    /// A person and everyone on whose word that person is known in a group: who registered them
    /// and who added them, and so on for each of these. Staff end the chain, because two people
    /// gave them their role.
    fn vouchers_of(&self, group: Uuid, person: PersonId) -> BTreeSet<PersonId> {
        let (mut all, mut next) = (BTreeSet::new(), vec![person]);
        while let Some(person) = next.pop() {
            if all.insert(person) && self.roles.get(&person).is_none_or(|roles| *roles == 0) {
                next.extend(
                    self.brought_in_by(group, person)
                        .into_iter()
                        .chain(self.registered_by.get(&person).copied()),
                );
            }
        }
        all
    }

    /// Who added a person to a group. For a person who is no member, who merged the group: they act
    /// through its heir.
    fn brought_in_by(&self, group: Uuid, person: PersonId) -> Option<PersonId> {
        let group = self.groups.get(&group)?;
        group
            .current
            .get(&person)
            .copied()
            .unwrap_or(group.merged_by)
    }

    /// The event count when the newest application of the group began. Members who left before it
    /// do not count as connected.
    fn newest_application_start(&self, group: Uuid) -> usize {
        self.applications
            .values()
            .filter(|(of, _)| *of == group)
            .map(|(_, began)| *began)
            .max()
            .unwrap_or_default()
    }

    fn check_group_event(&mut self, id: Uuid, event: &GroupEvent) -> Result<(), String> {
        let seen = self.event_count;
        match event {
            GroupEvent::MemberAdded {
                person, added_by, ..
            } => {
                let group = self.groups.entry(id).or_default();
                group.current.insert(*person, added_by.or(group.merged_by));
            }
            GroupEvent::MemberRemoved { person, .. } => {
                let group = self.groups.entry(id).or_default();
                group.current.remove(person);
                group.left_at.insert(*person, seen);
            }
            GroupEvent::GroupMerged {
                into, merged_by, ..
            } => {
                let group = self.groups.entry(id).or_default();
                group.merged_with.insert(into.0);
                group.merged_by = *merged_by;
                self.groups
                    .entry(into.0)
                    .or_default()
                    .merged_with
                    .insert(id);
            }
            GroupEvent::PayeeProvided { keyed_by, .. } => {
                let payee = PayeeKeying {
                    keyers: self.vouchers_of(id, *keyed_by),
                    verified_by: None,
                };
                self.groups.entry(id).or_default().payee = Some(payee);
            }
            GroupEvent::PayeeVerified { verified_by, .. } => {
                self.require_independent(
                    id,
                    self.newest_application_start(id),
                    *verified_by,
                    "verified the payee",
                )?;
                let payee = self
                    .groups
                    .entry(id)
                    .or_default()
                    .payee
                    .as_mut()
                    .ok_or("a payee was verified that nobody keyed")?;
                if payee.keyers.contains(verified_by) {
                    return Err(format!(
                        "{verified_by} verified a payee that rests on their own word"
                    ));
                }
                payee.verified_by = Some(*verified_by);
            }
            _ => {}
        }
        Ok(())
    }

    /// Rejects a member of the group or of any group that it was merged with, current or left after
    /// `since`.
    fn require_independent(
        &self,
        group: Uuid,
        since: usize,
        person: PersonId,
        did: &str,
    ) -> Result<(), String> {
        let (mut met, mut next) = (BTreeSet::new(), vec![group]);
        while let Some(group) = next.pop() {
            let Some(found) = self.groups.get(&group).filter(|_| met.insert(group)) else {
                continue;
            };
            if found.current.contains_key(&person)
                || found.left_at.get(&person).is_some_and(|left| *left > since)
            {
                return Err(format!("{person} {did}, and belongs to the group"));
            }
            next.extend(&found.merged_with);
        }
        Ok(())
    }

    /// Rejects a member, or a person who declared an interest in the application.
    fn require_unconnected(
        &self,
        grant: GrantOrigin,
        person: PersonId,
        did: &str,
    ) -> Result<(), String> {
        if self
            .interested
            .get(&grant.id)
            .is_some_and(|interested| interested.contains(&person))
        {
            return Err(format!("{person} {did}, and declared an interest"));
        }
        self.require_independent(grant.group, grant.began, person, did)
    }

    fn check_grant_event(&mut self, id: Uuid, event: &GrantEvent) -> Result<(), String> {
        let Some((group, began)) = self.applications.get(&id).copied() else {
            return Ok(());
        };
        let grant = GrantOrigin { id, group, began };
        match event {
            GrantEvent::PaymentPrepared {
                payment,
                prepared_by,
                ..
            } => self.check_preparation(grant, *payment, *prepared_by)?,
            GrantEvent::PaymentApproved {
                payment,
                approved_by,
                approved_on,
            } => self.check_approval(grant, *payment, *approved_by, *approved_on)?,
            GrantEvent::PaymentSent {
                payment, sent_on, ..
            } => self.check_sending(id, *payment, *sent_on)?,
            GrantEvent::SettlementProposed { entry, by, .. } => {
                self.settlements.insert((id, *entry), *by);
            }
            GrantEvent::EntrySettled { entry, by, .. } => {
                if self
                    .settlements
                    .remove(&(id, *entry))
                    .is_none_or(|proposed_by| proposed_by == *by)
                {
                    return Err(format!("{by} settled an entry of the bank alone"));
                }
                self.require_independent(group, began, *by, "settled an entry of the bank")?;
            }
            GrantEvent::ReturnWaived { by, .. } | GrantEvent::CheckWaived { by, .. } => {
                self.require_independent(group, began, *by, "gave something up")?;
            }
            _ => {}
        }
        Ok(())
    }

    fn check_preparation(
        &mut self,
        grant: GrantOrigin,
        payment: u16,
        prepared_by: PersonId,
    ) -> Result<(), String> {
        self.require_unconnected(grant, prepared_by, "prepared a payment")?;
        let people = PaymentActors {
            prepared_by,
            approved_by: BTreeSet::new(),
            approved_on: None,
            payee: self.payee_of(grant.group)?,
        };
        self.payments.insert((grant.id, payment), people);
        Ok(())
    }

    fn check_approval(
        &mut self,
        grant: GrantOrigin,
        payment: u16,
        approved_by: PersonId,
        approved_on: Option<Date>,
    ) -> Result<(), String> {
        self.require_unconnected(grant, approved_by, "approved a payment")?;
        let people = self
            .payments
            .get(&(grant.id, payment))
            .ok_or("an approval of nothing")?;
        self.require_unconnected(
            grant,
            people.prepared_by,
            "prepared a payment that was approved",
        )?;
        let payee = self.payee_of(grant.group)?;
        if let Some(verified_by) = payee.verified_by {
            self.require_unconnected(grant, verified_by, "verified the payee of a payment")?;
        }
        let people = self
            .payments
            .get_mut(&(grant.id, payment))
            .ok_or("an approval of nothing")?;
        people.payee = payee;
        people.approved_by.insert(approved_by);
        people.approved_on = people.approved_on.max(approved_on);
        Ok(())
    }

    /// Checks a payment that was sent against the people who acted on it.
    fn check_sending(&self, grant: Uuid, payment: u16, sent_on: Date) -> Result<(), String> {
        let PaymentActors {
            prepared_by,
            approved_by,
            approved_on,
            payee,
        } = self
            .payments
            .get(&(grant, payment))
            .ok_or("nothing was sent")?;
        let verified_by = payee
            .verified_by
            .ok_or("money went to a payee that nobody verified")?;
        if approved_on.is_some_and(|approved_on| sent_on < approved_on) {
            return Err("money left before it was approved".to_owned());
        }
        if approved_by.is_empty() || approved_by.contains(prepared_by) {
            return Err(format!("{prepared_by} prepared and approved a payment"));
        }
        if let Some(keyer) = payee
            .keyers
            .iter()
            .find(|keyer| approved_by.contains(keyer) || **keyer == verified_by)
        {
            return Err(format!("{keyer} keyed the payee, and approved or verified"));
        }
        Ok(())
    }

    fn payee_of(&self, group: Uuid) -> Result<PayeeKeying, &'static str> {
        self.groups
            .get(&group)
            .and_then(|group| group.payee.clone())
            .ok_or("a payment to nobody")
    }
}

/// Whether the event has a field that programs from before these rules did not write.
fn has_fields_of_people_rules(event: &Event) -> bool {
    match event {
        Event::Person(PersonEvent::PersonRegistered { registered_on, .. }) => {
            registered_on.is_some()
        }
        Event::Application(ApplicationEvent::ApplicationStarted { started_on, .. }) => {
            started_on.is_some()
        }
        Event::Group(GroupEvent::MemberRemoved { removed_on, .. }) => removed_on.is_some(),
        Event::Grant(GrantEvent::PaymentApproved { approved_on, .. }) => approved_on.is_some(),
        Event::Grant(GrantEvent::PaymentPrepared { sources, .. }) => !sources.is_empty(),
        Event::Organisation(OrganisationEvent::SettingsSet { .. })
        | Event::Person(PersonEvent::PersonToTell { .. }) => true,
        _ => false,
    }
}
