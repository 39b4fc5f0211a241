//! How a person is connected with a group or its applications, and which actions each connection
//! excludes them from. All rules about conflicts of interest use this module; the table is in
//! `docs/security/people-rules.md`.

use std::collections::BTreeSet;

use super::application::{Application, Interests};
use super::group::Group;
use super::id::PersonId;
use super::refusal::Refusal;
use super::role::{Role, Roles};

/// A connection of a person with a group or with one of its applications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::VariantArray)]
pub enum Connection {
    /// A member of the group or of one that it was merged with, now or at any time since the
    /// application was started.
    Member,
    /// Declared an interest in the application.
    Interest,
    /// Helped to word the application.
    Wording,
    /// Entered the group's payee, or brought in the person who did.
    Payee,
    /// Could see the scores of others without having scored.
    SawScores,
}

/// An action that a connection may exclude a person from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::VariantArray)]
pub enum RestrictedAction {
    /// Score, or revise a score.
    Score,
    /// See the scores of others.
    SeeScores,
    /// Sit on the panel for a decision; decide a review or a variation.
    Decide,
    /// Terminate a grant, withdraw an offer, or demand money back.
    End,
    /// Prepare a payment, assess its preconditions, and propose actions that a second person
    /// confirms.
    Prepare,
    /// Approve a payment.
    Approve,
    /// Waive a check or money that is due back, or settle a bank entry that fits nothing.
    Waive,
    /// Verify the group's payee.
    VerifyPayee,
}

impl Connection {
    /// Whether a person with this connection must leave the action to others.
    #[must_use]
    pub fn excludes_from(self, act: RestrictedAction) -> bool {
        match self {
            Self::Member | Self::Interest => true,
            Self::Wording => act != RestrictedAction::Prepare,
            Self::Payee => matches!(
                act,
                RestrictedAction::Approve | RestrictedAction::VerifyPayee
            ),
            Self::SawScores => act == RestrictedAction::Score,
        }
    }

    fn refusal(self) -> Refusal {
        match self {
            Self::Member | Self::Interest | Self::Wording => Refusal::Interested,
            Self::Payee => Refusal::KeyedPayee,
            Self::SawScores => Refusal::SawScores,
        }
    }
}

impl RestrictedAction {
    /// Whether a person must have declared that they have no interest before they may do it.
    #[must_use]
    pub fn needs_declaration(self) -> bool {
        matches!(
            self,
            Self::Score | Self::SeeScores | Self::Decide | Self::End
        )
    }
}

/// The connections of all people with one group and with some of its applications.
#[derive(Clone, Debug)]
pub struct Connections<'a> {
    group: &'a Group,
    /// Groups that it was merged into, and groups that were merged into it or into one of those.
    relatives: Vec<&'a Group>,
    applications: Vec<&'a Application>,
}

impl<'a> Connections<'a> {
    #[must_use]
    pub fn new(
        group: &'a Group,
        relatives: Vec<&'a Group>,
        applications: Vec<&'a Application>,
    ) -> Self {
        Self {
            group,
            relatives,
            applications,
        }
    }

    fn interests(&self) -> impl Iterator<Item = &'a Interests> {
        self.applications
            .iter()
            .map(|application| application.interests())
    }

    /// Whether a person is a member, or was one since one of the applications was started. Without
    /// applications, every former member counts.
    fn is_member(&self, person: PersonId) -> bool {
        let mut groups = std::iter::once(self.group).chain(self.relatives.iter().copied());
        groups.any(|group| match self.applications.as_slice() {
            [] => group.has_member_since(person, None),
            all => all
                .iter()
                .any(|application| group.has_member_since(person, application.started_on())),
        })
    }

    fn has_connection(&self, person: PersonId, connection: Connection) -> bool {
        match connection {
            Connection::Member => self.is_member(person),
            Connection::Interest => self
                .interests()
                .any(|interests| interests.has_declared_interest(person)),
            Connection::Wording => self
                .interests()
                .any(|interests| interests.helped_to_word(person)),
            Connection::Payee => self
                .group
                .payee()
                .is_some_and(|payee| payee.is_keyer_or_voucher(person)),
            Connection::SawScores => self
                .applications
                .iter()
                .any(|application| application.saw_scores(person)),
        }
    }

    /// A person's connections, in the order in which [`Connection`] declares them.
    pub fn of(&self, person: PersonId) -> impl Iterator<Item = Connection> {
        let all = <Connection as strum::VariantArray>::VARIANTS;
        all.iter()
            .copied()
            .filter(move |connection| self.has_connection(person, *connection))
    }

    /// Refuses an action that a connection excludes the person from: with [`Refusal::Interested`],
    /// [`Refusal::KeyedPayee`] or [`Refusal::SawScores`]. Refuses with [`Refusal::NotDeclared`] if
    /// the person must declare first.
    pub fn permit(&self, person: PersonId, act: RestrictedAction) -> Result<(), Refusal> {
        if let Some(connection) = self
            .of(person)
            .find(|connection| connection.excludes_from(act))
        {
            return Err(connection.refusal());
        }
        let declared = self
            .interests()
            .any(|interests| interests.has_declared(person));
        if act.needs_declaration() && !declared {
            Err(Refusal::NotDeclared)
        } else {
            Ok(())
        }
    }

    /// Whether a reader may see the scores of others, given the roles that the log gives them. A
    /// reader whose only role is auditor sees them unless a connection excludes them. Everyone
    /// else must have declared that they have no interest, and panel members must have scored
    /// first.
    #[must_use]
    pub fn may_see_scores(&self, person: PersonId, held: &Roles) -> bool {
        if held.len() == 1 && held.contains(&Role::Auditor) {
            return !self
                .of(person)
                .any(|connection| connection.excludes_from(RestrictedAction::SeeScores));
        }
        let own = self
            .applications
            .iter()
            .any(|application| application.has_scored(person));
        let observes = self.interests().any(|interests| interests.observes(person));
        self.permit(person, RestrictedAction::SeeScores).is_ok() && (own || observes)
    }

    /// Those of these people whom a connection excludes from deciding.
    #[must_use]
    pub fn excluded_from_deciding(
        &self,
        people: impl Iterator<Item = PersonId>,
    ) -> BTreeSet<PersonId> {
        people
            .filter(|person| {
                self.of(*person)
                    .any(|connection| connection.excludes_from(RestrictedAction::Decide))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    /// Checks the table in `docs/security/people-rules.md`.
    #[test]
    fn a_connection_shuts_a_person_out_of_what_is_written_down() {
        let table = |connection: Connection| {
            RestrictedAction::VARIANTS
                .iter()
                .map(|act| {
                    if connection.excludes_from(*act) {
                        '-'
                    } else {
                        '+'
                    }
                })
                .collect::<String>()
        };
        let all: Vec<_> = Connection::VARIANTS
            .iter()
            .map(|connection| (*connection, table(*connection)))
            .collect();
        let expected = [
            (Connection::Member, "--------"),
            (Connection::Interest, "--------"),
            (Connection::Wording, "----+---"),
            (Connection::Payee, "+++++-+-"),
            (Connection::SawScores, "-+++++++"),
        ];
        assert_eq!(
            all,
            expected.map(|(connection, acts)| (connection, acts.to_owned()))
        );
    }
}
