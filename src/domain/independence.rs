//! The definition of two people: when two accounts count as two different persons.
//!
//! Software cannot see people, only who vouched for them. A person with a role counts as a second
//! person once two administrators gave it (one proposed, another confirmed), or the operator named
//! them when the log began. Before that, their registration, address and role could all be the work
//! of one colleague, who would then act twice. People without a role, such as members of groups,
//! are covered by [`super::Connection`] instead.

use super::id::PersonId;
use super::role::Role;
use super::{DecisionContext, Person, Refusal};

impl DecisionContext {
    /// Refuses two ids that do not count as two people: with [`Refusal::SamePerson`], or with
    /// [`Refusal::KnownToOne`] if one administrator alone gave one of them their role.
    pub fn must_be_two_people(&self, first: PersonId, second: PersonId) -> Result<(), Refusal> {
        if first == second {
            return Err(Refusal::SamePerson);
        }
        [first, second]
            .into_iter()
            .try_for_each(|person| self.must_be_known_to_two(person))
    }

    /// Refuses with [`Refusal::AdministratorsNotSignedIn`] until two administrators have signed in
    /// by a mailed link. Nobody can vouch for the first two, so each proves that they have a
    /// mailbox of their own.
    pub fn two_administrators_must_have_signed_in(&self) -> Result<(), Refusal> {
        let administrators = self.organisation()?.holders(Role::Administrator);
        let proven = administrators
            .filter(|person| self.known(*person).is_some_and(Person::has_proven_address));
        if proven.count() >= 2 {
            Ok(())
        } else {
            Err(Refusal::AdministratorsNotSignedIn)
        }
    }

    /// Refuses with [`Refusal::KnownToOne`] a person whose roles one administrator gave alone.
    pub fn must_be_known_to_two(&self, person: PersonId) -> Result<(), Refusal> {
        let known_to_one = self.organisation()?.is_known_to_one(person);
        if known_to_one {
            Err(Refusal::KnownToOne)
        } else {
            Ok(())
        }
    }
}
