//! When two people count as two.
//!
//! Software cannot see people, only who vouched for whom. A person with a role counts as a second
//! person once two administrators gave it (one proposed, another confirmed what was proposed), or
//! the operator named them when the log began. Until then everything that makes them somebody here,
//! their registration, their address and their role, may be the work of one colleague, who would
//! then act twice. Groups' people are held to [`super::Connection`] instead.

use super::id::PersonId;
use super::role::Role;
use super::{Facts, Person, Refusal};

impl Facts {
    /// Refuses a pair that does not count as two people.
    ///
    /// # Errors
    /// [`Refusal::SamePerson`]; [`Refusal::KnownToOne`] where one of them holds a role that one
    /// administrator gave alone.
    pub fn are_two(&self, first: PersonId, second: PersonId) -> Result<(), Refusal> {
        if first == second {
            return Err(Refusal::SamePerson);
        }
        [first, second]
            .into_iter()
            .try_for_each(|person| self.is_known_to_two(person))
    }

    /// Refuses to go on before two administrators proved their addresses. Nobody here can vouch for
    /// the first two: each shows by a mailed link that there is a mailbox of their own behind them.
    ///
    /// # Errors
    /// [`Refusal::AdministratorsNotSignedIn`].
    pub fn two_administrators_signed_in(&self) -> Result<(), Refusal> {
        let administrators = self.organisation()?.holders(Role::Administrator);
        let proven = administrators
            .filter(|person| self.known(*person).is_some_and(Person::has_proven_address));
        if proven.count() >= 2 {
            Ok(())
        } else {
            Err(Refusal::AdministratorsNotSignedIn)
        }
    }

    /// Refuses somebody who holds a role that one administrator gave alone.
    ///
    /// # Errors
    /// [`Refusal::KnownToOne`].
    pub fn is_known_to_two(&self, person: PersonId) -> Result<(), Refusal> {
        let known_to_one = self.organisation()?.is_known_to_one(person);
        if known_to_one {
            Err(Refusal::KnownToOne)
        } else {
            Ok(())
        }
    }
}
