//! Roles: two administrators give each one, some exclude others, and administrators remain.

use std::collections::BTreeMap;

use super::{Broken, LogState, RuleRoom};
use crate::domain::{Event, OrganisationEvent, PersonEvent, PersonId, Role, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

/// A proposed role.
struct ProposedRole {
    proposed_by: PersonId,
    /// How often the person's contact details had changed then. Absent in old events.
    contact: Option<u32>,
}

#[derive(Default)]
pub(super) struct RoleGiving {
    /// By person and role: the newest proposal.
    proposed: BTreeMap<(PersonId, &'static str), ProposedRole>,
    /// How often the contact details of each person have changed.
    contact_changes: BTreeMap<PersonId, u32>,
}

impl RuleRoom for RoleGiving {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::RoleByTwo, Rule::RolesExclude, Rule::TwoAdministrators]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        if let Event::Person(PersonEvent::ContactChanged { .. }) = &event.event {
            let changes = self.contact_changes.entry(PersonId(event.stream));
            let changes = changes.or_default();
            *changes = changes.saturating_add(1);
        }
        let Event::Organisation(happened) = &event.event else {
            return;
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
                let of = (*person, <&str>::from(*role));
                let proposed = ProposedRole {
                    proposed_by: *proposed_by,
                    contact: *contact,
                };
                self.proposed.insert(of, proposed);
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
    fn check_confirmation(
        &mut self,
        person: PersonId,
        role: Role,
        confirmed_by: PersonId,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        let Some(ProposedRole {
            proposed_by,
            contact,
        }) = self.proposed.remove(&(person, role.into()))
        else {
            let says = format!("{confirmed_by} confirmed a role that nobody had proposed");
            return broken.report(Rule::RoleByTwo, says);
        };
        let says = format!("{confirmed_by} proposed a role and confirmed it");
        broken.unless(proposed_by != confirmed_by, Rule::RoleByTwo, says);
        let are_administrators = [proposed_by, confirmed_by]
            .iter()
            .all(|one| before.holds_role(*one, Role::Administrator));
        let says = "a person who is no administrator gave a role";
        broken.unless(are_administrators, Rule::RoleByTwo, says);
        let changes = self.contact_changes.get(&person).copied().unwrap_or(0);
        let is_unchanged = contact.is_none_or(|then| then == changes);
        let says = "a role was confirmed after the person's contact details had changed";
        broken.unless(is_unchanged, Rule::RoleByTwo, says);
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
