//! Permissions: the actor of each event is allowed to give it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::introductions::{groups_of_introduction, person_introduced};
use super::{Broken, LogState, RuleRoom};
use crate::domain::asset::Party;
use crate::domain::{
    ApplicationEvent, AssetEvent, BarrierEvent, Event, FundEvent, GatheringEvent, Giver,
    GroupEvent, PersonEvent, PersonId, Roles, Rule,
};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Permissions {
    /// The command of the last event, and the roles of its actor before its first event.
    command: Option<(Uuid, Roles)>,
    /// The person who gave up a place at a session last in this command.
    gave_up: Option<PersonId>,
    /// By stream and name of an event: who may give it.
    givers: BTreeMap<(&'static str, &'static str), BTreeSet<Giver>>,
}

impl RuleRoom for Permissions {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::ActorAllowed]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        if self.command.as_ref().map(|(id, _)| *id) != Some(event.command_id) {
            let actor = LogState::actor(event);
            let held = actor.map(|actor| before.organisation().roles_of(actor));
            self.command = Some((event.command_id, held.unwrap_or_default()));
            self.gave_up = None;
        }
        if let Event::Gathering(GatheringEvent::PlaceGivenUp { person, .. }) = &event.event {
            self.gave_up = Some(*person);
        }
        let about =
            person_of(event, self.gave_up, before).or_else(|| person_introduced(event, before));
        let roles = self.command.as_ref().map(|(_, roles)| roles);
        let permission = event.event.permission();
        let of = event.event.kind();
        let givers = self.givers.entry(of).or_insert_with(|| permission.givers());
        let earlier = permission.earlier().iter();
        let earlier = earlier.filter(|_| !before.has_people_rules());
        let is_allowed = givers
            .iter()
            .chain(earlier)
            .any(|giver| is_giver(*giver, event, about, roles, before));
        if !is_allowed {
            let actor = event.metadata.get("actor").unwrap_or("nobody");
            let says = format!("{actor} gave the event {}, and may not", of.1);
            broken.report(Rule::ActorAllowed, says);
        }
    }
}

/// Whether the actor of an event is such a giver. The event is about this person, if it is about
/// one.
fn is_giver(
    giver: Giver,
    event: &RecordedEvent,
    about: Option<PersonId>,
    roles: Option<&Roles>,
    before: &LogState,
) -> bool {
    let actor = LogState::actor(event);
    match giver {
        Giver::Job => event.metadata.get("actor") == Some("job"),
        Giver::Operator => event.metadata.get("actor") == Some("operator"),
        Giver::Anybody => actor.is_some(),
        Giver::Person => actor.is_some() && actor == about,
        Giver::Member => actor.is_some_and(|actor| {
            let groups = groups_of_introduction(event, before);
            let mut groups = groups.into_iter().chain(group_of(event, before));
            groups.any(|group| before.is_member(actor, group))
        }),
        Giver::Lead => actor
            .zip(gathering_of(event))
            .is_some_and(|(actor, gathering)| before.is_lead(actor, gathering)),
        Giver::Administrator
        | Giver::Officer
        | Giver::Finance
        | Giver::Panel
        | Giver::Connector => giver
            .role()
            .is_some_and(|role| roles.is_some_and(|roles| roles.contains(&role))),
    }
}

/// The person whom an event is about. A place that was waited for comes free by the person who gave
/// it up in the same command.
fn person_of(
    event: &RecordedEvent,
    gave_up: Option<PersonId>,
    before: &LogState,
) -> Option<PersonId> {
    use GatheringEvent as E;
    match &event.event {
        Event::Person(_) => Some(PersonId(event.stream)),
        Event::Asset(_) => party_of_entry(event, before).and_then(Party::person),
        Event::Gathering(E::PlaceTaken { waited: true, .. }) => gave_up,
        Event::Group(
            GroupEvent::MemberAdded { person, .. } | GroupEvent::InvitationRefused { person },
        )
        | Event::Gathering(
            E::PlaceTaken { person, .. }
            | E::WaitingJoined { person, .. }
            | E::PlaceGivenUp { person, .. }
            | E::WaitingLeft { person, .. }
            | E::LeadTaken { person, .. },
        )
        | Event::Barrier(BarrierEvent::BarrierRaised { person, .. }) => Some(*person),
        _ => None,
    }
}

/// The party that an event of an entry is about: who holds it, or who received time.
fn party_of_entry(event: &RecordedEvent, before: &LogState) -> Option<Party> {
    match &event.event {
        Event::Asset(AssetEvent::ExchangeRecorded { receiver, .. }) => Some(*receiver),
        _ => before.holder_of(event.stream),
    }
}

/// The gathering that an event is about.
fn gathering_of(event: &RecordedEvent) -> Option<Uuid> {
    match &event.event {
        Event::Gathering(_) => Some(event.stream),
        Event::Person(PersonEvent::SignUpBegun { gathering, .. }) => Some(gathering.0),
        _ => None,
    }
}

/// The group that an event is about.
fn group_of(event: &RecordedEvent, before: &LogState) -> Option<Uuid> {
    let application = match &event.event {
        Event::Group(_) => return Some(event.stream),
        Event::Asset(_) => {
            let group = party_of_entry(event, before).and_then(Party::group);
            return group.map(|group| group.0);
        }
        Event::Application(ApplicationEvent::ApplicationStarted { group, .. }) => {
            return Some(group.0);
        }
        Event::Application(_) | Event::Grant(_) => event.stream,
        Event::Fund(
            FundEvent::CommitmentReduced { grant, .. }
            | FundEvent::CommitmentReleased { grant, .. },
        ) => grant.0,
        Event::Fund(FundEvent::ReserveUnlisted { application, .. }) => application.0,
        _ => return None,
    };
    before.application(application).map(|origin| origin.group)
}
