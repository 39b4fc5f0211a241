//! Roles. Each takes two administrators: one proposes it, another confirms it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    ConfirmRole, NameFounder, Organisation, OrganisationCommand, OrganisationEvent, RoleRef,
};
use crate::domain::id::PersonId;
use crate::domain::role::{Role, Roles};
use crate::domain::{DecisionContext, Person, Refusal};

/// A role that was proposed and is not confirmed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RoleProposal {
    /// The number of the proposal; `None` in old logs. A confirmation can name the proposal that
    /// was read.
    pub(super) number: Option<u32>,
    pub(super) by: PersonId,
    /// How often the person's contact details had changed when it was proposed; `None` in old logs.
    pub(super) contact: Option<u32>,
}

impl Organisation {
    /// Whether two administrators, or the operator, gave the person a role, and the person has had
    /// a role ever since. Only such a person counts as a second person.
    #[must_use]
    pub fn is_known_to_two(&self, person: PersonId) -> bool {
        self.known_to_two.contains(&person)
    }

    /// Whether the person has roles, but none that two administrators gave. Earlier versions of the
    /// program let one administrator give roles that move no money.
    #[must_use]
    pub fn is_known_to_one(&self, person: PersonId) -> bool {
        !self.roles_of(person).is_empty() && !self.is_known_to_two(person)
    }

    /// Whether the person has a role, or one was proposed for them.
    #[must_use]
    pub fn has_or_awaits_role(&self, person: PersonId) -> bool {
        let proposed = self
            .proposed
            .get(&person)
            .is_some_and(|roles| !roles.is_empty());
        proposed || !self.roles_of(person).is_empty()
    }

    fn proposal(&self, of: RoleRef) -> Option<&RoleProposal> {
        self.proposed.get(&of.person)?.get(&of.role)
    }

    /// Refuses a role that the person has already, or that another of their roles excludes. A role
    /// that one administrator gave alone can be proposed again.
    fn must_be_able_to_hold(&self, RoleRef { person, role }: RoleRef) -> Result<(), Refusal> {
        let held = self.roles_of(person);
        if held.contains(&role) && !self.is_known_to_one(person) {
            return Err(Refusal::RoleHeld);
        }
        let excluded = held.iter().any(|other| other.excludes(role));
        if excluded {
            Err(Refusal::RolesExclude)
        } else {
            Ok(())
        }
    }

    pub(super) fn name_founder(&self, founder: &NameFounder) -> Result<OrganisationEvent, Refusal> {
        let NameFounder { person, roles } = founder;
        if self.holders(Role::Administrator).count() >= 2 {
            return Err(Refusal::FoundingOver);
        }
        if roles.is_empty() {
            return Err(Refusal::NoChange);
        }
        let mut trial = self.clone();
        for role in roles {
            trial.must_be_able_to_hold(RoleRef {
                person: *person,
                role: *role,
            })?;
            trial.roles.entry(*person).or_default().insert(*role);
            trial.known_to_two.insert(*person);
        }
        Ok(OrganisationEvent::FounderNamed {
            person: *person,
            roles: roles.clone(),
        })
    }

    /// A restored backup may bring back the roles of a person who was erased. They are erased
    /// again, and all their roles and proposals end.
    pub(super) fn end_roles_of_erased(
        &self,
        person: PersonId,
        facts: &DecisionContext,
    ) -> Result<Vec<OrganisationEvent>, Refusal> {
        if !facts.person()?.erasure().is_done() {
            return Err(Refusal::StillInRole);
        }
        let proposed = self
            .proposed
            .get(&person)
            .into_iter()
            .flat_map(BTreeMap::keys)
            .copied();
        let roles: Roles = self.roles_of(person).into_iter().chain(proposed).collect();
        if roles.is_empty() {
            return Err(Refusal::NoChange);
        }
        let ended_on = Some(facts.today);
        let end = |role| OrganisationEvent::RoleEnded {
            person,
            role,
            ended_on,
        };
        Ok(roles.into_iter().map(end).collect())
    }

    pub(super) fn change_role(
        &self,
        command: &OrganisationCommand,
        facts: &DecisionContext,
    ) -> Result<OrganisationEvent, Refusal> {
        match command {
            OrganisationCommand::ProposeRole(of) => self.propose_role(*of, facts),
            OrganisationCommand::ConfirmRole(confirm) => self.confirm_role(*confirm, facts),
            OrganisationCommand::EndRole(of) => self.end_role(*of, facts),
            _ => Err(Refusal::NoChange),
        }
    }

    fn propose_role(
        &self,
        of: RoleRef,
        facts: &DecisionContext,
    ) -> Result<OrganisationEvent, Refusal> {
        facts.person()?.must_be_active()?;
        self.must_be_able_to_hold(of)?;
        Ok(OrganisationEvent::RoleProposed {
            person: of.person,
            role: of.role,
            proposed_by: facts.by()?,
            proposal: Some(self.role_proposals + 1),
            contact: Some(facts.person()?.contact_changes()),
        })
    }

    /// Confirms a role as proposed: the person's contact details must be unchanged since the
    /// proposal, and the proposer must still be an administrator.
    fn confirm_role(
        &self,
        confirm: ConfirmRole,
        facts: &DecisionContext,
    ) -> Result<OrganisationEvent, Refusal> {
        let ConfirmRole {
            person,
            role,
            proposal,
        } = confirm;
        facts.person()?.must_be_active()?;
        let by = facts.by()?;
        let of = RoleRef { person, role };
        let proposed = self.proposal(of).ok_or(Refusal::NotProposed)?;
        if proposal.is_some_and(|read| proposed.number != Some(read)) {
            return Err(Refusal::NotProposed);
        }
        facts.must_be_two_people(proposed.by, by)?;
        facts.still_holds(proposed.by, &[Role::Administrator])?;
        if proposed
            .contact
            .is_some_and(|then| then != facts.person().map_or(0, Person::contact_changes))
        {
            return Err(Refusal::ContactChangedSince);
        }
        self.must_be_able_to_hold(of)?;
        Ok(OrganisationEvent::RoleConfirmed {
            person,
            role,
            confirmed_by: by,
        })
    }

    /// Ends a role, or withdraws a proposed one.
    fn end_role(&self, of: RoleRef, facts: &DecisionContext) -> Result<OrganisationEvent, Refusal> {
        let RoleRef { person, role } = of;
        let held = self.roles_of(person).contains(&role);
        if !held && self.proposal(of).is_none() {
            return Err(Refusal::RoleNotHeld);
        }
        if held && role == Role::Administrator && self.holders(role).count() <= 2 {
            return Err(Refusal::LastAdministrators);
        }
        Ok(OrganisationEvent::RoleEnded {
            person,
            role,
            ended_on: Some(facts.today),
        })
    }

    pub(super) fn apply_role(&mut self, event: &OrganisationEvent) {
        match event {
            OrganisationEvent::RoleGiven { person, role } => {
                self.roles.entry(*person).or_default().insert(*role);
            }
            OrganisationEvent::FounderNamed { person, roles } => {
                self.known_to_two.insert(*person);
                self.roles.entry(*person).or_default().extend(roles);
            }
            OrganisationEvent::RoleProposed {
                person,
                role,
                proposed_by,
                proposal,
                contact,
            } => {
                self.role_proposals += 1;
                let proposed = RoleProposal {
                    number: *proposal,
                    by: *proposed_by,
                    contact: *contact,
                };
                self.proposed
                    .entry(*person)
                    .or_default()
                    .insert(*role, proposed);
            }
            OrganisationEvent::RoleConfirmed { person, role, .. } => {
                self.known_to_two.insert(*person);
                self.proposed.entry(*person).or_default().remove(role);
                self.roles.entry(*person).or_default().insert(*role);
            }
            OrganisationEvent::RoleEnded {
                person,
                role,
                ended_on,
            } => {
                match (role, ended_on) {
                    (Role::Auditor, Some(day)) => drop(self.audited_until.insert(*person, *day)),
                    (Role::Administrator, Some(day)) => {
                        self.administrator_until.insert(*person, *day);
                    }
                    _ => {}
                }
                self.proposed.entry(*person).or_default().remove(role);
                let roles = self.roles.entry(*person).or_default();
                if roles.remove(role) {
                    *self
                        .roles_ended
                        .entry(*person)
                        .or_default()
                        .entry(*role)
                        .or_default() += 1;
                }
                // Without a role, officers may change the person's address. A later role must be
                // given by two administrators again.
                if roles.is_empty() {
                    self.known_to_two.remove(person);
                }
            }
            _ => {}
        }
    }
}
