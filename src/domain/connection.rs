//! Who is connected with a group or with one of its applications, and what each connection shuts a
//! person out of. Conflicts of interest and the rules about two people ask here, and nowhere else.

use std::collections::BTreeSet;

use super::application::{Application, Interests};
use super::group::Group;
use super::id::PersonId;
use super::refusal::Refusal;
use super::role::{Role, Roles};

/// How a person is connected with a group, or with the application that it made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::VariantArray)]
pub enum Connection {
    /// A member of the group or of one that it was merged with, now or since the application began.
    Member,
    /// Declared an interest in the application.
    Interest,
    /// Helped with the words of the application.
    Wording,
    /// Keyed the group's payee, or brought its keyer in on their own word.
    Payee,
    /// Could see what others scored without having scored.
    SawScores,
}

/// What a connection may shut a person out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::VariantArray)]
pub enum Act {
    /// To score, or to revise a score.
    Score,
    /// To see what others scored.
    SeeScores,
    /// To sit when it is decided, and to decide a review or a variation.
    Decide,
    /// To end the grant or the offer, or to demand money back.
    End,
    /// To prepare a payment, to judge what it waits for, and to propose what somebody else
    /// confirms.
    Prepare,
    /// To approve a payment.
    Approve,
    /// To give up a check or money that is due, or to settle what does not fit.
    Waive,
    /// To verify the group's payee.
    VerifyPayee,
}

impl Connection {
    /// Whether a person with this connection must leave the act to others.
    #[must_use]
    pub fn shuts_out(self, act: Act) -> bool {
        match self {
            Self::Member | Self::Interest => true,
            Self::Wording => act != Act::Prepare,
            Self::Payee => matches!(act, Act::Approve | Act::VerifyPayee),
            Self::SawScores => act == Act::Score,
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

impl Act {
    /// Whether a person must have declared that they have no interest before they do it.
    #[must_use]
    pub fn needs_declaration(self) -> bool {
        matches!(
            self,
            Self::Score | Self::SeeScores | Self::Decide | Self::End
        )
    }
}

/// Everybody who is connected with a group, and with one of its applications.
#[derive(Clone, Debug)]
pub struct Connections<'a> {
    group: &'a Group,
    /// The groups that it was merged into, and those that were merged into it or into these.
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

    /// Whether a person is a member, or was one since an application began. Without an application
    /// every former member counts.
    fn is_member(&self, person: PersonId) -> bool {
        let mut groups = std::iter::once(self.group).chain(self.relatives.iter().copied());
        groups.any(|group| match self.applications.as_slice() {
            [] => group.has_member_since(person, None),
            all => all
                .iter()
                .any(|application| group.has_member_since(person, application.started_on())),
        })
    }

    fn has(&self, person: PersonId, connection: Connection) -> bool {
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
                .is_some_and(|payee| payee.rests_on(person)),
            Connection::SawScores => self
                .applications
                .iter()
                .any(|application| application.saw_scores(person)),
        }
    }

    /// How a person is connected, the strongest connection first.
    pub fn of(&self, person: PersonId) -> impl Iterator<Item = Connection> {
        let all = <Connection as strum::VariantArray>::VARIANTS;
        all.iter()
            .copied()
            .filter(move |connection| self.has(person, *connection))
    }

    /// Lets a person do something, or names the connection that is against it.
    ///
    /// # Errors
    /// [`Refusal::Interested`], [`Refusal::KeyedPayee`], [`Refusal::SawScores`], and
    /// [`Refusal::NotDeclared`] where a declaration comes first.
    pub fn permit(&self, person: PersonId, act: Act) -> Result<(), Refusal> {
        if let Some(connection) = self.of(person).find(|connection| connection.shuts_out(act)) {
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

    /// Whether a reader may see what others scored, given the roles that the log gives them. A
    /// reader who is an auditor and nothing else sees the record. Everybody else declares first,
    /// and who declared as a panel member gives their own score first.
    #[must_use]
    pub fn sees_scores(&self, person: PersonId, held: &Roles) -> bool {
        if held.len() == 1 && held.contains(&Role::Auditor) {
            return !self
                .of(person)
                .any(|connection| connection.shuts_out(Act::SeeScores));
        }
        let own = self
            .applications
            .iter()
            .any(|application| application.has_scored(person));
        let observes = self.interests().any(|interests| interests.observes(person));
        self.permit(person, Act::SeeScores).is_ok() && (own || observes)
    }

    /// Those of these people who must not decide.
    #[must_use]
    pub fn among(&self, people: impl Iterator<Item = PersonId>) -> BTreeSet<PersonId> {
        people
            .filter(|person| {
                self.of(*person)
                    .any(|connection| connection.shuts_out(Act::Decide))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    /// The table of `docs/security/people-rules.md`.
    #[test]
    fn a_connection_shuts_a_person_out_of_what_is_written_down() {
        let table = |connection: Connection| {
            Act::VARIANTS
                .iter()
                .map(|act| if connection.shuts_out(*act) { '-' } else { '+' })
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
