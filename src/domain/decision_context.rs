//! Decision context: everything that a decision may read in addition to its own aggregate.
//!
//! Reading an aggregate through it marks it as read. The append then succeeds only if every
//! aggregate that was read is unchanged (optimistic concurrency).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::file::FileDigest;
use super::group::Payee;
use super::id::{GroupId, PersonId};
use super::person::ContactMethod;
use super::role::{Actor, Role, Roles};
use super::text::Slug;
use super::{
    Application, Asset, Barrier, Connections, Fund, Gathering, Grant, Group, Organisation, Person,
    Refusal, RestrictedAction,
};

/// An aggregate's loaded state, and whether the decision has read it.
#[derive(Debug, Default)]
pub struct TrackedRead<S> {
    state: Option<Arc<S>>,
    looked: AtomicBool,
}

impl<S> TrackedRead<S> {
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

    /// The state, without marking it as read. For loading further aggregates only.
    #[must_use]
    pub fn peek(&self) -> Option<&S> {
        self.state.as_deref()
    }

    fn look(&self, noun: &'static str) -> Result<&S, Refusal> {
        self.looked.store(true, Ordering::Relaxed);
        self.state.as_deref().ok_or(Refusal::Unknown(noun))
    }
}

/// A change of a group's payee, members or addresses, and the wait for payments that follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayeeWait {
    pub changed_on: Date,
    /// The first day on which money may leave.
    pub until: Date,
    /// Identifies the change. A later change has another mark, even on the same day, and the wait
    /// starts again.
    pub mark: ChangeMark,
}

/// Counters of the changes of payees and memberships, and of members' contact details.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub struct ChangeMark {
    /// How often the group's members and bank details had changed.
    pub group: u32,
    /// How often the members' contact details had changed.
    pub addresses: u32,
}

impl PayeeWait {
    /// Whether a payment on this day would fall within the wait. Days before the change do not.
    #[must_use]
    pub fn applies_on(&self, day: Date) -> bool {
        (self.changed_on..self.until).contains(&day)
    }
}

/// Context of one decision: the actor, the day, and the aggregates that it may read.
#[derive(Debug)]
pub struct DecisionContext {
    pub actor: Actor,
    /// The roles to which the caller's token is restricted; `None` if it has every role of the
    /// person.
    pub narrowed: Option<BTreeSet<Role>>,
    /// Today in Europe/London.
    pub today: Date,
    /// The moment of the decision.
    pub now: Timestamp,
    /// Whether the command is a follow-up of another command in the same append.
    pub consequence: bool,
    pub organisation: TrackedRead<Organisation>,
    pub person: TrackedRead<Person>,
    pub fund: TrackedRead<Fund>,
    /// All funds, for a command that names a funder or an area of any of them.
    pub funds: Vec<TrackedRead<Fund>>,
    pub group: TrackedRead<Group>,
    /// The groups that the group was merged into, directly or through others.
    pub heirs: Vec<TrackedRead<Group>>,
    /// The groups that were merged into the group, or into one of `heirs`.
    pub taken_in: Vec<TrackedRead<Group>>,
    /// Other people whom the decision needs, such as members of the group.
    pub people: BTreeMap<PersonId, TrackedRead<Person>>,
    pub application: TrackedRead<Application>,
    /// The applications of the group's open grants.
    pub granted: Vec<TrackedRead<Application>>,
    /// The gathering that the command concerns; for a new one, that which it grew from.
    pub gathering: TrackedRead<Gathering>,
    /// The grant that a lesson grew from, or that a chosen story is of.
    pub grant: TrackedRead<Grant>,
    /// The barrier that another one is joined to.
    pub barrier: TrackedRead<Barrier>,
    /// Another entry of the directory that the command names.
    pub asset: TrackedRead<Asset>,
    /// The groups that the command names as those whose people came to a gathering, or which gave
    /// or received time.
    pub named_groups: BTreeMap<GroupId, TrackedRead<Group>>,
}

impl DecisionContext {
    /// A context with the actor and the day only. The caller fills in the aggregates, and the
    /// moment if it is not noon.
    #[must_use]
    pub fn new(actor: Actor, today: Date) -> Self {
        Self {
            actor,
            narrowed: None,
            today,
            now: TimeZone::UTC
                .to_timestamp(today.at(12, 0, 0, 0))
                .unwrap_or(Timestamp::UNIX_EPOCH),
            consequence: false,
            organisation: TrackedRead::default(),
            person: TrackedRead::default(),
            fund: TrackedRead::default(),
            funds: Vec::new(),
            group: TrackedRead::default(),
            heirs: Vec::new(),
            taken_in: Vec::new(),
            people: BTreeMap::new(),
            application: TrackedRead::default(),
            granted: Vec::new(),
            gathering: TrackedRead::default(),
            asset: TrackedRead::default(),
            barrier: TrackedRead::default(),
            grant: TrackedRead::default(),
            named_groups: BTreeMap::new(),
        }
    }

    #[must_use]
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// The acting person. Refuses the operator and jobs with [`Refusal::NotYours`], since rules
    /// about people need a person.
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

    /// The actor's effective roles: those that the log gives them, restricted by the token.
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

    /// Whether the actor works with people to reach: officers and connectors.
    #[must_use]
    pub fn works_with_people(&self) -> bool {
        let roles = self.roles();
        roles.contains(&Role::Officer) || roles.contains(&Role::Connector)
    }

    /// Whether the actor is a member of the group. Refuses with [`Refusal::Unknown`] if there is no
    /// group.
    pub fn of_group(&self) -> Result<bool, Refusal> {
        match self.actor {
            Actor::Person(person) => self.is_member(person),
            Actor::Operator | Actor::Job => Ok(false),
        }
    }

    /// Whether a person is a member of the group, or of a group that it was merged into. Refuses
    /// with [`Refusal::Unknown`] if there is no group.
    pub fn is_member(&self, person: PersonId) -> Result<bool, Refusal> {
        let own = self.group()?.has_member(person);
        Ok(own
            || self
                .heirs
                .iter()
                .any(|heir| heir.look("group").is_ok_and(|heir| heir.has_member(person))))
    }

    /// The group that the group is now part of; `None` if it was not merged.
    pub fn heir(&self) -> Result<Option<&Group>, Refusal> {
        self.heirs.last().map(|heir| heir.look("group")).transpose()
    }

    /// The groups that the group was merged into, and those that were merged into it or into one of
    /// these.
    pub fn relatives(&self) -> impl Iterator<Item = &Group> {
        self.heirs
            .iter()
            .chain(&self.taken_in)
            .filter_map(|group| group.look("group").ok())
    }

    /// Connections of people with the group and, if given, with an application. Refuses with
    /// [`Refusal::Unknown`] if there is no group.
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

    /// Connections of people with the group and with the applications of its open grants. Refuses
    /// with [`Refusal::Unknown`] if there is no group.
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

    /// Refuses an action on the application's grant that a connection excludes the person from, as
    /// [`Connections::permit`] does.
    pub fn permit(&self, person: PersonId, act: RestrictedAction) -> Result<(), Refusal> {
        self.connections(Some(self.application()?))?
            .permit(person, act)
    }

    /// Refuses with [`Refusal::ProposerGone`] to confirm a proposal whose proposer holds none of
    /// these roles any more.
    pub fn still_holds(&self, proposed_by: PersonId, roles: &[Role]) -> Result<(), Refusal> {
        let held = self.organisation()?.roles_of(proposed_by);
        if roles.iter().any(|role| held.contains(role)) {
            Ok(())
        } else {
            Err(Refusal::ProposerGone)
        }
    }

    /// Refuses with [`Refusal::ProposerGone`] to confirm a proposal on the application's grant if
    /// the proposer holds none of these roles any more, or is connected with the group now.
    pub fn proposal_holds(&self, proposed_by: PersonId, roles: &[Role]) -> Result<(), Refusal> {
        self.still_holds(proposed_by, roles)?;
        self.permit(proposed_by, RestrictedAction::Prepare)
            .map_err(|_| Refusal::ProposerGone)
    }

    /// The payee that the application's grant may be paid to. Refuses with
    /// [`Refusal::PayeeNotVerified`] unless it was verified by a person who is not connected with
    /// the group or the application.
    pub fn independently_verified_payee(&self) -> Result<&Payee, Refusal> {
        let payee = self.group()?.verified_payee()?;
        let verifier = payee.verified_by.ok_or(Refusal::PayeeNotVerified)?;
        self.permit(verifier, RestrictedAction::VerifyPayee)
            .map_err(|_| Refusal::PayeeNotVerified)?;
        Ok(payee)
    }

    /// One of the [`DecisionContext::people`], marked as read.
    #[must_use]
    pub fn known(&self, person: PersonId) -> Option<&Person> {
        self.people
            .get(&person)
            .and_then(|person| person.look("person").ok())
    }

    /// Those on whose word the person is known: who registered them or requested a change of their
    /// contact details. Empty if the person is not among [`DecisionContext::people`].
    pub fn known_by(&self, person: PersonId) -> impl Iterator<Item = PersonId> {
        self.known(person)
            .into_iter()
            .flat_map(Person::vouched_for_by)
    }

    /// How the people of the group, or of a group that it was merged into, can be reached. Refuses
    /// with [`Refusal::NobodyReached`] if none of them can.
    pub fn reached_by(&self) -> Result<BTreeSet<ContactMethod>, Refusal> {
        let group = self.group()?;
        let methods: BTreeSet<_> = std::iter::once(group)
            .chain(self.heirs.iter().filter_map(|heir| heir.look("group").ok()))
            .flat_map(Group::people_to_reach)
            .filter_map(|person| self.known(person))
            .flat_map(Person::reached_by)
            .collect();
        if methods.is_empty() {
            Err(Refusal::NobodyReached)
        } else {
            Ok(methods)
        }
    }

    /// The wait for payments after the last change of the payee, the members or a member's address.
    /// It gives the group time to notice an intruder's change. `None` if nothing changed, or if the
    /// fund has no wait.
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

    /// Refuses with [`Refusal::Unknown`] until the organisation is founded.
    pub fn organisation(&self) -> Result<&Organisation, Refusal> {
        self.organisation.look("organisation")
    }

    /// Refuses with [`Refusal::Unknown`] if there is no such person.
    pub fn person(&self) -> Result<&Person, Refusal> {
        self.person.look("person")
    }

    /// Refuses with [`Refusal::Unknown`] if there is no such fund.
    pub fn fund(&self) -> Result<&Fund, Refusal> {
        self.fund.look("fund")
    }

    /// Refuses with [`Refusal::Unknown`] a funder who gave no fund any money.
    pub fn has_funder(&self, funder: &Slug) -> Result<(), Refusal> {
        if self
            .all_funds()
            .any(|fund| fund.budget().has_funder(funder))
        {
            Ok(())
        } else {
            Err(Refusal::Unknown("funder"))
        }
    }

    /// Refuses with [`Refusal::Unknown`] an area that no fund covers.
    pub fn has_area(&self, area: &Slug) -> Result<(), Refusal> {
        if self.all_funds().any(|fund| fund.has_area(area)) {
            Ok(())
        } else {
            Err(Refusal::Unknown("place"))
        }
    }

    fn all_funds(&self) -> impl Iterator<Item = &Fund> {
        self.funds.iter().filter_map(|fund| fund.look("fund").ok())
    }

    /// Refuses with [`Refusal::Unknown`] if there is no such group.
    pub fn group(&self) -> Result<&Group, Refusal> {
        self.group.look("group")
    }

    /// Refuses with [`Refusal::Unknown`] if there is no such gathering.
    pub fn gathering(&self) -> Result<&Gathering, Refusal> {
        self.gathering.look("gathering")
    }

    /// Refuses with [`Refusal::Unknown`] if the command names no other entry of the directory.
    pub fn asset(&self) -> Result<&Asset, Refusal> {
        self.asset.look("entry")
    }

    /// Refuses with [`Refusal::Unknown`] if there is no such barrier.
    pub fn barrier(&self) -> Result<&Barrier, Refusal> {
        self.barrier.look("barrier")
    }

    /// Refuses with [`Refusal::Unknown`] if there is no such grant.
    pub fn grant(&self) -> Result<&Grant, Refusal> {
        self.grant.look("grant")
    }

    /// Whether the actor leads the gathering. Refuses with [`Refusal::Unknown`] if there is none.
    pub fn leads_gathering(&self) -> Result<bool, Refusal> {
        match self.actor {
            Actor::Person(person) => Ok(self.gathering()?.is_led_by(person)),
            Actor::Operator | Actor::Job => Ok(false),
        }
    }

    /// One of the [`DecisionContext::named_groups`]. Refuses with [`Refusal::Unknown`] if there is
    /// no such group.
    pub fn named_group(&self, group: GroupId) -> Result<&Group, Refusal> {
        self.named_groups
            .get(&group)
            .ok_or(Refusal::Unknown("group"))?
            .look("group")
    }

    /// The group that one of [`DecisionContext::named_groups`] is part of now, after all merges.
    pub fn named_heir(&self, group: GroupId) -> Result<GroupId, Refusal> {
        let mut heir = group;
        // As many steps as there are groups end at the last one.
        for _ in 0..self.named_groups.len() {
            heir = self.named_group(heir)?.merged_into().unwrap_or(heir);
        }
        Ok(heir)
    }

    /// Refuses with [`Refusal::Unknown`] if there is no such application.
    pub fn application(&self) -> Result<&Application, Refusal> {
        self.application.look("application")
    }

    /// Refuses with [`Refusal::Unknown`] a file that is not one of the group's.
    pub fn has_file(&self, file: Option<&FileDigest>) -> Result<(), Refusal> {
        match file {
            Some(file) if !self.group()?.has_file(file) => Err(Refusal::Unknown("file")),
            _ => Ok(()),
        }
    }

    /// Refuses a later day than today with [`Refusal::DateInFuture`].
    pub fn not_future(&self, day: Date) -> Result<(), Refusal> {
        if day > self.today {
            Err(Refusal::DateInFuture(day))
        } else {
            Ok(())
        }
    }
}
