//! Roles: two administrators give each one, some exclude others, and administrators remain.

use std::collections::BTreeMap;

use super::{Broken, LogState, RuleRoom};
use crate::domain::{Event, OrganisationEvent, PersonEvent, PersonId, Role, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct RoleGiving {
    /// By person and role: the newest proposal.
    proposed: BTreeMap<(PersonId, &'static str), RoleProposed>,
    /// By person who is registered and was not erased: how often their contact details changed.
    contacts: BTreeMap<PersonId, u32>,
}

/// A proposal of a role.
struct RoleProposed {
    by: PersonId,
    /// How often the person's contact details had changed; earlier programs did not write it.
    contact: Option<u32>,
}

impl RuleRoom for RoleGiving {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::RoleByTwo, Rule::RolesExclude, Rule::TwoAdministrators]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        let Event::Organisation(happened) = &event.event else {
            return self.follow_person(event);
        };
        let administrators = before.administrators();
        match happened {
            OrganisationEvent::FounderNamed { person, roles } => {
                let is_operator = event.metadata.get("actor") == Some("operator");
                let says = "a founder was named who was not the operator's";
                broken.unless(is_operator && administrators < 2, Rule::RoleByTwo, says);
                for role in roles {
                    check_exclusion(*person, *role, before, broken);
                }
                let is_both = roles.contains(&Role::Auditor) && roles.contains(&Role::Panel);
                let says = format!("{person} is named as auditor and panel member");
                broken.unless(!is_both, Rule::RolesExclude, says);
            }
            OrganisationEvent::RoleGiven { .. } => {
                // Programs from before the rules about people let one administrator give some.
                let says = "one person gave a role alone";
                broken.unless(!before.has_people_rules(), Rule::RoleByTwo, says);
            }
            OrganisationEvent::RoleProposed {
                person,
                role,
                proposed_by,
                contact,
                ..
            } => {
                let is_administrator = before.holds_role(*proposed_by, Role::Administrator);
                let says = format!("{proposed_by} proposed a role, and is no administrator");
                broken.unless(is_administrator, Rule::RoleByTwo, says);
                self.must_be_known(*person, *contact, broken);
                let of = (*person, <&str>::from(*role));
                let (by, contact) = (*proposed_by, *contact);
                self.proposed.insert(of, RoleProposed { by, contact });
            }
            OrganisationEvent::RoleConfirmed {
                person,
                role,
                confirmed_by,
            } => {
                self.check_confirmation(*person, *role, *confirmed_by, before, broken);
                check_exclusion(*person, *role, before, broken);
            }
            OrganisationEvent::RoleEnded { person, role, .. } => {
                self.proposed.remove(&(*person, <&str>::from(*role)));
                let leaves = *role == Role::Administrator && before.holds_role(*person, *role);
                let is_erased = before.is_erased(person.0);
                let says = "the end of a role left fewer than two administrators";
                broken.unless(
                    !leaves || !before.had_two_administrators() || administrators > 2 || is_erased,
                    Rule::TwoAdministrators,
                    says,
                );
            }
            _ => {}
        }
    }
}

impl RoleGiving {
    fn follow_person(&mut self, event: &RecordedEvent) {
        let person = PersonId(event.stream);
        match &event.event {
            Event::Person(PersonEvent::PersonRegistered { .. }) => {
                self.contacts.insert(person, 0);
            }
            Event::Person(PersonEvent::ContactChanged { .. }) => {
                if let Some(changes) = self.contacts.get_mut(&person) {
                    *changes = changes.saturating_add(1);
                }
            }
            Event::Person(PersonEvent::PersonalDataErased { .. }) => {
                self.contacts.remove(&person);
            }
            _ => {}
        }
    }

    /// Checks that a person is registered, and that their contact details have changed so often.
    fn must_be_known(&self, person: PersonId, contact: Option<u32>, broken: &mut Broken<'_>) {
        let changes = self.contacts.get(&person).copied();
        let says = format!("a role is for {person}, who is not registered or was erased");
        broken.unless(changes.is_some(), Rule::RoleByTwo, says);
        let is_unchanged = contact.is_none() || contact == changes;
        let says = "the contact details of a person have changed since a role was proposed";
        broken.unless(is_unchanged, Rule::RoleByTwo, says);
    }

    fn check_confirmation(
        &mut self,
        person: PersonId,
        role: Role,
        confirmed_by: PersonId,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        let Some(proposed) = self.proposed.remove(&(person, role.into())) else {
            let says = format!("{confirmed_by} confirmed a role that nobody had proposed");
            return broken.report(Rule::RoleByTwo, says);
        };
        let proposed_by = proposed.by;
        self.must_be_known(person, proposed.contact, broken);
        let says = format!("{confirmed_by} proposed a role and confirmed it");
        broken.unless(proposed_by != confirmed_by, Rule::RoleByTwo, says);
        let are_administrators = [proposed_by, confirmed_by]
            .iter()
            .all(|one| before.holds_role(*one, Role::Administrator));
        let says = "a person who is no administrator gave a role";
        broken.unless(are_administrators, Rule::RoleByTwo, says);
    }
}

fn check_exclusion(person: PersonId, role: Role, before: &LogState, broken: &mut Broken<'_>) {
    let other = match role {
        Role::Auditor => Role::Panel,
        Role::Panel => Role::Auditor,
        _ => return,
    };
    let says = format!("{person} is auditor and panel member");
    broken.unless(!before.holds_role(person, other), Rule::RolesExclude, says);
}
