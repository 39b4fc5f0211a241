//! What a decision may look at besides its own stream. Looking at a fact names it among the
//! decision's reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::civil::Date;

use super::file::FileDigest;
use super::group::Payee;
use super::id::PersonId;
use super::role::{Actor, Role, Roles};
use super::{Act, Application, Connections, Fund, Group, Organisation, Person, Refusal};

/// A stream's state as it was seen, and whether anybody looked.
#[derive(Debug, Default)]
pub struct Seen<S> {
    state: Option<Arc<S>>,
    looked: AtomicBool,
}

impl<S> Seen<S> {
    #[must_use]
    pub fn new(state: Arc<S>) -> Self {
        Self {
            state: Some(state),
            looked: AtomicBool::new(false),
        }
    }

    #[must_use]
    pub fn looked(&self) -> bool {
        self.looked.load(Ordering::Relaxed)
    }

    /// The state, for gathering what else a decision may look at.
    #[must_use]
    pub fn peek(&self) -> Option<&S> {
        self.state.as_deref()
    }

    fn look(&self, noun: &'static str) -> Result<&S, Refusal> {
        self.looked.store(true, Ordering::Relaxed);
        self.state.as_deref().ok_or(Refusal::Unknown(noun))
    }
}

/// A change at the group after which money waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayeeWait {
    pub changed_on: Date,
    /// The first day on which money may leave.
    pub until: Date,
    /// Which change it is: another one makes money wait anew, on the same day as well.
    pub mark: ChangeMark,
}

/// How often payees and memberships, and members' addresses, had changed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub struct ChangeMark {
    pub group: u32,
    pub addresses: u32,
}

impl PayeeWait {
    /// Whether money that leaves on a day leaves too early. What left before the change did not.
    #[must_use]
    pub fn holds_back(&self, day: Date) -> bool {
        (self.changed_on..self.until).contains(&day)
    }
}

/// Outside facts for one decision: who acts, the day, and the streams that it may read.
#[derive(Debug)]
pub struct Facts {
    pub actor: Actor,
    /// The roles that the caller's token leaves; none given means all that the log gives.
    pub narrowed: Option<BTreeSet<Role>>,
    /// Today in Europe/London.
    pub today: Date,
    /// The command follows from another, in the same append.
    pub consequence: bool,
    pub organisation: Seen<Organisation>,
    pub person: Seen<Person>,
    pub fund: Seen<Fund>,
    pub group: Seen<Group>,
    /// The groups that it was merged into, one after another.
    pub heirs: Vec<Seen<Group>>,
    /// The groups that were merged into it or into its heirs.
    pub taken_in: Vec<Seen<Group>>,
    /// The people on whose identity the decision rests, besides [`Facts::person`].
    pub people: BTreeMap<PersonId, Seen<Person>>,
    pub application: Seen<Application>,
    /// The applications from which the open grants of the group came.
    pub granted: Vec<Seen<Application>>,
}

impl Facts {
    /// Facts about nothing but who and when; the streams are filled in by the caller.
    #[must_use]
    pub fn new(actor: Actor, today: Date) -> Self {
        Self {
            actor,
            narrowed: None,
            today,
            consequence: false,
            organisation: Seen::default(),
            person: Seen::default(),
            fund: Seen::default(),
            group: Seen::default(),
            heirs: Vec::new(),
            taken_in: Vec::new(),
            people: BTreeMap::new(),
            application: Seen::default(),
            granted: Vec::new(),
        }
    }

    #[must_use]
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// The person who acts.
    ///
    /// # Errors
    /// [`Refusal::NotYours`] for the operator and for jobs: rules about people need a person.
    pub fn by(&self) -> Result<PersonId, Refusal> {
        match self.actor {
            Actor::Person(person) => Ok(person),
            Actor::Operator | Actor::Job => Err(Refusal::NotYours),
        }
    }

    #[must_use]
    pub fn is_consequence(&self) -> bool {
        self.consequence
    }

    /// The roles that count now: held according to the log, and not narrowed away by the token.
    #[must_use]
    pub fn roles(&self) -> Roles {
        let Actor::Person(person) = self.actor else {
            return Roles::new();
        };
        let held = self
            .organisation()
            .map(|organisation| organisation.roles_of(person))
            .unwrap_or_default();
        match &self.narrowed {
            Some(left) => held.intersection(left).copied().collect(),
            None => held,
        }
    }

    /// Whether the actor is a member of the group concerned.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when there is no such group.
    pub fn of_group(&self) -> Result<bool, Refusal> {
        match self.actor {
            Actor::Person(person) => self.is_member(person),
            Actor::Operator | Actor::Job => Ok(false),
        }
    }

    /// Whether a person is a member of the group concerned, or of one that it was merged into.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when there is no such group.
    pub fn is_member(&self, person: PersonId) -> Result<bool, Refusal> {
        let own = self.group()?.has_member(person);
        Ok(own
            || self
                .heirs
                .iter()
                .any(|heir| heir.look("group").is_ok_and(|heir| heir.has_member(person))))
    }

    /// The groups that the group concerned was merged into or took in, one after another.
    pub fn relatives(&self) -> impl Iterator<Item = &Group> {
        self.heirs
            .iter()
            .chain(&self.taken_in)
            .filter_map(|group| group.look("group").ok())
    }

    /// Who is connected with the group concerned, and with an application of it.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when there is no such group.
    pub fn connections<'a>(
        &'a self,
        application: Option<&'a Application>,
    ) -> Result<Connections<'a>, Refusal> {
        Ok(Connections::new(
            self.group()?,
            self.relatives().collect(),
            application.into_iter().collect(),
        ))
    }

    /// Who is connected with the group concerned, and with the grants of it that are open.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when there is no such group.
    pub fn connections_of_grants(&self) -> Result<Connections<'_>, Refusal> {
        let granted = self
            .granted
            .iter()
            .filter_map(|application| application.look("application").ok())
            .collect();
        Ok(Connections::new(
            self.group()?,
            self.relatives().collect(),
            granted,
        ))
    }

    /// Lets a person act on the grant of the application concerned, or names the connection that is
    /// against it.
    ///
    /// # Errors
    /// The refusal that [`Connections::permit`] gives.
    pub fn permit(&self, person: PersonId, act: Act) -> Result<(), Refusal> {
        self.connections(Some(self.application()?))?
            .permit(person, act)
    }

    /// Refuses to confirm what somebody proposed who may no longer propose it.
    ///
    /// # Errors
    /// [`Refusal::ProposerGone`].
    pub fn still_holds(&self, proposed_by: PersonId, roles: &[Role]) -> Result<(), Refusal> {
        let held = self.organisation()?.roles_of(proposed_by);
        if roles.iter().any(|role| held.contains(role)) {
            Ok(())
        } else {
            Err(Refusal::ProposerGone)
        }
    }

    /// Refuses to confirm what somebody proposed on the grant of the application concerned who may
    /// no longer propose it: for want of the role, or as they have come to stand behind the group.
    ///
    /// # Errors
    /// [`Refusal::ProposerGone`].
    pub fn proposal_holds(&self, proposed_by: PersonId, roles: &[Role]) -> Result<(), Refusal> {
        self.still_holds(proposed_by, roles)?;
        self.permit(proposed_by, Act::Prepare)
            .map_err(|_| Refusal::ProposerGone)
    }

    /// The payee that money of the application's grant may go to: whoever verified it stands behind
    /// neither the group nor the application.
    ///
    /// # Errors
    /// [`Refusal::PayeeNotVerified`].
    pub fn independently_verified_payee(&self) -> Result<&Payee, Refusal> {
        let payee = self.group()?.verified_payee()?;
        let verifier = payee.verified_by.ok_or(Refusal::PayeeNotVerified)?;
        self.permit(verifier, Act::VerifyPayee)
            .map_err(|_| Refusal::PayeeNotVerified)?;
        Ok(payee)
    }

    /// One of the people on whose identity the decision rests.
    #[must_use]
    pub fn known(&self, person: PersonId) -> Option<&Person> {
        self.people
            .get(&person)
            .and_then(|person| person.look("person").ok())
    }

    /// Those on whose word a person is known here, where that is known.
    pub fn known_by(&self, person: PersonId) -> impl Iterator<Item = PersonId> {
        self.known(person).into_iter().flat_map(Person::known_by)
    }

    /// The first day on which money may leave after the payee, the membership or a member's address
    /// changed: an intruder's change then comes to light in time. Nothing where none of them
    /// changed.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] when there is no such group or fund.
    pub fn payee_waits(&self) -> Result<Option<PayeeWait>, Refusal> {
        let group = self.group()?;
        let days = i64::from(self.fund()?.rules().payee_wait_days());
        let groups = || {
            std::iter::once(group)
                .chain(self.heirs.iter().filter_map(|heir| heir.look("group").ok()))
        };
        let addresses = groups()
            .flat_map(Group::members)
            .filter_map(|member| self.known(member)?.contact_changed_on());
        let changed_on = groups()
            .filter_map(Group::payee_or_members_changed_on)
            .chain(addresses)
            .max();
        let mark = ChangeMark {
            group: groups().map(Group::payee_or_member_changes).sum(),
            addresses: groups()
                .flat_map(Group::members)
                .filter_map(|member| Some(self.known(member)?.contact_changes()))
                .sum(),
        };
        let wait = |changed_on: Date| {
            let until = changed_on.saturating_add(jiff::Span::new().days(days));
            PayeeWait {
                changed_on,
                until,
                mark,
            }
        };
        Ok(changed_on.filter(|_| days > 0).map(wait))
    }

    /// # Errors
    /// [`Refusal::Unknown`] when the organisation has not been founded.
    pub fn organisation(&self) -> Result<&Organisation, Refusal> {
        self.organisation.look("organisation")
    }

    /// # Errors
    /// [`Refusal::Unknown`] when there is no such person.
    pub fn person(&self) -> Result<&Person, Refusal> {
        self.person.look("person")
    }

    /// # Errors
    /// [`Refusal::Unknown`] when there is no such fund.
    pub fn fund(&self) -> Result<&Fund, Refusal> {
        self.fund.look("fund")
    }

    /// # Errors
    /// [`Refusal::Unknown`] when there is no such group.
    pub fn group(&self) -> Result<&Group, Refusal> {
        self.group.look("group")
    }

    /// # Errors
    /// [`Refusal::Unknown`] when there is no such application.
    pub fn application(&self) -> Result<&Application, Refusal> {
        self.application.look("application")
    }

    /// Refuses a file that is not among the group's.
    ///
    /// # Errors
    /// [`Refusal::Unknown`].
    pub fn has_file(&self, file: Option<&FileDigest>) -> Result<(), Refusal> {
        match file {
            Some(file) if !self.group()?.has_file(file) => Err(Refusal::Unknown("file")),
            _ => Ok(()),
        }
    }

    /// Refuses a day that has not come.
    ///
    /// # Errors
    /// [`Refusal::DateInFuture`].
    pub fn not_future(&self, day: Date) -> Result<(), Refusal> {
        if day > self.today {
            Err(Refusal::DateInFuture(day))
        } else {
            Ok(())
        }
    }
}
