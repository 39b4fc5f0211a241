//! The domain alone, in memory: a command is decided with its consequences, completely or not at
//! all.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use microgrants::domain::asset::Party;
use microgrants::domain::personal_data::{Encrypted, PersonalInput};
use microgrants::domain::{
    Actor, Application, Asset, AssetCommand, Barrier, Command, DecisionContext, Event, FollowUps,
    Fund, Gathering, Grant, Group, GroupId, Introduction, Organisation, OrganisationId, Person,
    PersonId, ReadDependencies, Refusal, Roles, TrackedRead,
};
use microgrants::eventlog::recorded_event::{Metadata, RecordedEvent};
use uuid::Uuid;

/// All aggregates, and today's date.
#[derive(Clone)]
pub struct InMemoryDomain {
    pub today: Date,
    pub organisation: Organisation,
    pub people: BTreeMap<Uuid, Person>,
    pub funds: BTreeMap<Uuid, Fund>,
    pub groups: BTreeMap<Uuid, Group>,
    pub applications: BTreeMap<Uuid, Application>,
    pub grants: BTreeMap<Uuid, Grant>,
    pub gatherings: BTreeMap<Uuid, Gathering>,
    pub assets: BTreeMap<Uuid, Asset>,
    pub introductions: BTreeMap<Uuid, Introduction>,
    pub barriers: BTreeMap<Uuid, Barrier>,
    /// Every event in order, with the id of its stream.
    pub history: Vec<(Uuid, Event)>,
    /// Every command that was accepted, in order.
    issued: Vec<IssuedCommand>,
}

/// A command that was accepted.
#[derive(Clone)]
struct IssuedCommand {
    actor: Actor,
    roles: Roles,
    on: Date,
    /// The number of events up to its last one.
    until: usize,
}

pub const ORGANISATION: OrganisationId = OrganisationId(Uuid::from_u128(1));

impl InMemoryDomain {
    pub fn new(today: Date) -> Self {
        Self {
            today,
            organisation: Organisation::default(),
            people: BTreeMap::new(),
            funds: BTreeMap::new(),
            groups: BTreeMap::new(),
            applications: BTreeMap::new(),
            grants: BTreeMap::new(),
            gatherings: BTreeMap::new(),
            assets: BTreeMap::new(),
            introductions: BTreeMap::new(),
            barriers: BTreeMap::new(),
            history: Vec::new(),
            issued: Vec::new(),
        }
    }

    /// The events from a place on, as a log has them: recorded when they were decided.
    pub fn recorded_from(&self, first: usize) -> Vec<RecordedEvent> {
        let mut sequences = HashMap::new();
        let mut recorded = Vec::new();
        for (place, (stream, event)) in self.history.iter().enumerate() {
            let kind = std::mem::discriminant(event);
            let sequence: &mut i64 = sequences.entry((kind, *stream)).or_default();
            *sequence += 1;
            if place < first {
                continue;
            }
            let command = self.issued.partition_point(|issued| issued.until <= place);
            let issued = &self.issued[command];
            let facts = DecisionContext::new(issued.actor, issued.on);
            let mut metadata = Metadata::default();
            metadata.set("actor", actor_name(issued.actor));
            metadata.set("decided_at", facts.now.to_string());
            let roles: Vec<&str> = issued.roles.iter().map(|role| (*role).into()).collect();
            if !roles.is_empty() {
                metadata.set("roles", roles.join(" "));
            }
            recorded.push(RecordedEvent {
                position: i64::try_from(place).expect("few events"),
                recorded_at: facts.now,
                stream: *stream,
                sequence: *sequence,
                event: event.clone(),
                metadata,
                command_id: Uuid::from_u128(command as u128 + 1),
            });
        }
        recorded
    }

    /// Decides a command as a consequence of another.
    pub fn issue_consequence(&mut self, actor: Actor, mut command: Command) -> Result<(), Refusal> {
        let introduced = self.subject_of(&command);
        let known = (&self.applications, &self.assets, introduced);
        fill_encrypted(&mut command, known);
        self.decide_all(actor, command, true)
    }

    /// Who is introduced, whose key encrypts the values of an introduction.
    fn subject_of(&self, command: &Command) -> Option<Uuid> {
        let introduction = self.introductions.get(&command.id())?;
        introduction.of().map(Party::id)
    }

    pub fn issue_as(&mut self, person: PersonId, command: Command) -> Result<(), Refusal> {
        self.issue(Actor::Person(person), command)
    }

    /// Decides a command with its consequences. A refusal changes nothing.
    pub fn issue(&mut self, actor: Actor, mut command: Command) -> Result<(), Refusal> {
        let introduced = self.subject_of(&command);
        let known = (&self.applications, &self.assets, introduced);
        fill_encrypted(&mut command, known);
        self.decide_all(actor, command, false)
    }

    fn decide_all(
        &mut self,
        actor: Actor,
        command: Command,
        consequence: bool,
    ) -> Result<(), Refusal> {
        let happened = self.history.len();
        let history = std::mem::take(&mut self.history);
        let issued = std::mem::take(&mut self.issued);
        let before = self.clone();
        (self.history, self.issued) = (history, issued);
        let roles = match actor {
            Actor::Person(person) => self.organisation.roles_of(person),
            Actor::Operator | Actor::Job => Roles::default(),
        };
        let mut waiting = std::collections::VecDeque::from([(command, consequence)]);
        while let Some((next, consequence)) = waiting.pop_front() {
            match self.decide_one(actor, &next, consequence) {
                Ok(following) => following
                    .into_iter()
                    .rev()
                    .for_each(|command| waiting.push_front((command, true))),
                Err(refusal) => {
                    let mut history = std::mem::take(&mut self.history);
                    history.truncate(happened);
                    let issued = std::mem::take(&mut self.issued);
                    *self = Self {
                        history,
                        issued,
                        ..before
                    };
                    return Err(refusal);
                }
            }
        }
        self.issued.push(IssuedCommand {
            actor,
            roles,
            on: self.today,
            until: self.history.len(),
        });
        Ok(())
    }

    fn decide_one(
        &mut self,
        actor: Actor,
        command: &Command,
        consequence: bool,
    ) -> Result<Vec<Command>, Refusal> {
        let facts = self.decision_context(actor, command, consequence);
        command.permit(&facts)?;
        match command {
            Command::Person(id, command) => {
                decide_on(&mut self.people, id.0, command, &facts, &mut self.history)
            }
            Command::Organisation(_, command) => {
                let mut own = BTreeMap::from([(ORGANISATION.0, self.organisation.clone())]);
                let following =
                    decide_on(&mut own, ORGANISATION.0, command, &facts, &mut self.history)?;
                self.organisation = own.remove(&ORGANISATION.0).unwrap();
                Ok(following)
            }
            Command::Fund(id, command) => {
                decide_on(&mut self.funds, id.0, command, &facts, &mut self.history)
            }
            Command::Group(id, command) => {
                decide_on(&mut self.groups, id.0, command, &facts, &mut self.history)
            }
            Command::Application(id, command) => decide_on(
                &mut self.applications,
                id.0,
                command,
                &facts,
                &mut self.history,
            ),
            Command::Grant(id, command) => {
                decide_on(&mut self.grants, id.0, command, &facts, &mut self.history)
            }
            Command::Gathering(id, command) => decide_on(
                &mut self.gatherings,
                id.0,
                command,
                &facts,
                &mut self.history,
            ),
            Command::Asset(id, command) => {
                decide_on(&mut self.assets, id.0, command, &facts, &mut self.history)
            }
            Command::Introduction(id, command) => decide_on(
                &mut self.introductions,
                id.0,
                command,
                &facts,
                &mut self.history,
            ),
            Command::Barrier(id, command) => {
                decide_on(&mut self.barriers, id.0, command, &facts, &mut self.history)
            }
        }
    }

    fn decision_context(
        &self,
        actor: Actor,
        command: &Command,
        consequence: bool,
    ) -> DecisionContext {
        let application = command
            .application_id()
            .and_then(|id| self.applications.get(&id))
            .cloned()
            .unwrap_or_default();
        let related = self.reads(command, &application);
        let mut facts = DecisionContext::new(actor, self.today);
        facts.consequence = consequence;
        facts.organisation = TrackedRead::new(Arc::new(self.organisation.clone()));
        facts.person = stream_of(&self.people, related.person);
        facts.fund = stream_of(&self.funds, related.fund);
        if command.reads_all_funds() {
            let ids = self.funds.keys();
            facts.funds = ids.map(|id| stream_of(&self.funds, Some(*id))).collect();
        }
        facts.group = stream_of(&self.groups, related.group);
        let group = |id: Uuid| self.groups.get(&id);
        let mut next = related.group.and_then(group).and_then(Group::merged_into);
        let mut taken_in: Vec<_> = related
            .group
            .and_then(group)
            .into_iter()
            .flat_map(Group::absorbed_groups)
            .collect();
        let mut met = std::collections::BTreeSet::from_iter(related.group);
        while let Some(heir) = next.filter(|heir| met.insert(heir.0)) {
            facts.heirs.push(stream_of(&self.groups, Some(heir.0)));
            next = group(heir.0).and_then(Group::merged_into);
            taken_in.extend(group(heir.0).into_iter().flat_map(Group::absorbed_groups));
        }
        while let Some(taken) = taken_in.pop() {
            if met.insert(taken.0) {
                facts.taken_in.push(stream_of(&self.groups, Some(taken.0)));
                taken_in.extend(group(taken.0).into_iter().flat_map(Group::absorbed_groups));
            }
        }
        if let Some(own) = related.group.and_then(group) {
            facts.granted = command
                .grants_read(own)
                .map(|id| stream_of(&self.applications, Some(id)))
                .collect();
            self.add_vouchers(&mut facts, own, command.payee_keyer(actor));
        }
        let groups: Vec<_> = std::iter::once(&facts.group)
            .chain(&facts.heirs)
            .filter_map(TrackedRead::peek)
            .collect();
        for person in command.people_read(actor, &self.organisation, &groups) {
            facts
                .people
                .insert(person, stream_of(&self.people, Some(person.0)));
        }
        self.add_records(&mut facts, command, &related);
        facts
    }

    /// The person who keyed the account, and everyone who vouched for them.
    fn add_vouchers(&self, facts: &mut DecisionContext, own: &Group, keyer: Option<PersonId>) {
        let mut waiting: Vec<_> = keyer.into_iter().collect();
        while let Some(next) = waiting.pop() {
            if facts.people.contains_key(&next) {
                continue;
            }
            let relatives: Vec<_> = facts.relatives().collect();
            waiting.extend(own.vouchers_for(relatives.into_iter(), next));
            waiting.extend(
                self.people
                    .get(&next.0)
                    .into_iter()
                    .flat_map(Person::vouched_for_by),
            );
            facts
                .people
                .insert(next, stream_of(&self.people, Some(next.0)));
        }
    }

    /// The records that the decision on the command reads.
    fn reads(&self, command: &Command, application: &Application) -> ReadDependencies {
        let related = self
            .introduction_reads(command)
            .unwrap_or_else(|| command.read_dependencies(application));
        match command {
            Command::Asset(id, _) => match self.assets.get(&id.0) {
                Some(asset) => related.with_holder_of(asset),
                None => related,
            },
            _ => related,
        }
    }

    /// What the decision on an introduction reads, which depends on the introduction.
    fn introduction_reads(&self, command: &Command) -> Option<ReadDependencies> {
        let Command::Introduction(id, command) = command else {
            return None;
        };
        let state = self.introductions.get(&id.0).cloned().unwrap_or_default();
        let asset = state.asset(command).and_then(|id| self.assets.get(&id.0));
        Some(state.reads(command, &asset.cloned().unwrap_or_default()))
    }

    /// Adds the application, the gathering and the other entry of the directory of a command, and
    /// the groups that it names.
    fn add_records(
        &self,
        facts: &mut DecisionContext,
        command: &Command,
        related: &ReadDependencies,
    ) {
        facts.application = stream_of(&self.applications, related.application);
        facts.gathering = stream_of(&self.gatherings, related.gathering);
        facts.grant = stream_of(&self.grants, related.grant);
        facts.barrier = stream_of(&self.barriers, related.barrier);
        facts.asset = stream_of(&self.assets, related.asset);
        let introduced = match command {
            Command::Introduction(id, command) => self
                .introductions
                .get(&id.0)
                .and_then(|introduction| introduction.introduced_group(command)),
            Command::Asset(id, AssetCommand::CorrectExchange(corrected)) => self
                .assets
                .get(&id.0)
                .and_then(|asset| asset.group_that_gave(corrected.exchange)),
            _ => None,
        };
        let named = command.groups_read().into_iter().chain(introduced);
        let heir = |group: &GroupId| self.groups.get(&group.0)?.merged_into();
        facts.named_groups = named
            .flat_map(|group| std::iter::successors(Some(group), heir))
            .map(|group| (group, stream_of(&self.groups, Some(group.0))))
            .collect();
    }
}

fn actor_name(actor: Actor) -> String {
    match actor {
        Actor::Person(person) => person.to_string(),
        Actor::Operator => "operator".to_owned(),
        Actor::Job => "job".to_owned(),
    }
}

fn stream_of<S: FollowUps>(all: &BTreeMap<Uuid, S>, id: Option<Uuid>) -> TrackedRead<S> {
    id.map_or_else(TrackedRead::default, |id| {
        TrackedRead::new(Arc::new(all.get(&id).cloned().unwrap_or_default()))
    })
}

fn decide_on<S: FollowUps>(
    all: &mut BTreeMap<Uuid, S>,
    id: Uuid,
    command: &S::Command,
    facts: &DecisionContext,
    history: &mut Vec<(Uuid, Event)>,
) -> Result<Vec<Command>, Refusal> {
    let before = all.get(&id).cloned().unwrap_or_default();
    let events = before.decide(command, facts)?;
    let mut after = before.clone();
    for event in &events {
        after.apply(event)?;
    }
    history.extend(events.iter().map(|event| (id, event.clone().into())));
    let following = events
        .iter()
        .flat_map(|event| before.follow_ups(id, command, event, &after))
        .collect();
    all.insert(id, after);
    Ok(following)
}

/// The digest of the email address that everybody in memory has.
pub fn email_digest() -> String {
    "ab".repeat(32)
}

/// Fills personal values with dummies, since the rules never read them: two values of one command
/// differ.
fn fill_encrypted(
    command: &mut Command,
    (applications, assets, introduced): (
        &BTreeMap<Uuid, Application>,
        &BTreeMap<Uuid, Asset>,
        Option<Uuid>,
    ),
) {
    let application = command
        .application_id()
        .and_then(|id| applications.get(&id));
    let application = application.cloned().unwrap_or_default();
    let other = match command {
        Command::Application(..) | Command::Grant(..) => {
            command.read_dependencies(&application).group
        }
        Command::Gathering(_, own) => own.subject().map(|person| person.0),
        Command::Asset(id, own) => {
            let holder = assets.get(&id.0).and_then(Asset::holder);
            own.subject(holder).map(Party::id)
        }
        Command::Introduction(..) => introduced,
        Command::Barrier(_, own) => own.subject(),
        _ => None,
    };
    let subject = other.unwrap_or_else(|| command.id());
    for (number, slot) in (0xab_u64..).zip(command.personal_fields()) {
        let digest = match slot.field {
            "email" => email_digest(),
            _ => format!("{number:064x}"),
        };
        *slot.value = PersonalInput::Sealed(Encrypted { subject, digest });
    }
}
