//! The domain alone, in memory: a command is decided with its consequences, completely or not at
//! all.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use microgrants::domain::{
    Actor, Application, Command, Event, Facts, Fund, Grant, Group, Organisation, OrganisationId,
    Person, PersonId, Refusal, Seen, Stream,
};
use uuid::Uuid;

/// All aggregates, and today's date.
#[derive(Clone)]
pub struct World {
    pub today: Date,
    pub organisation: Organisation,
    pub people: BTreeMap<Uuid, Person>,
    pub funds: BTreeMap<Uuid, Fund>,
    pub groups: BTreeMap<Uuid, Group>,
    pub applications: BTreeMap<Uuid, Application>,
    pub grants: BTreeMap<Uuid, Grant>,
    /// Every event in order, with the id of its stream.
    pub history: Vec<(Uuid, Event)>,
}

pub const ORGANISATION: OrganisationId = OrganisationId(Uuid::from_u128(1));

impl World {
    pub fn new(today: Date) -> Self {
        Self {
            today,
            organisation: Organisation::default(),
            people: BTreeMap::new(),
            funds: BTreeMap::new(),
            groups: BTreeMap::new(),
            applications: BTreeMap::new(),
            grants: BTreeMap::new(),
            history: Vec::new(),
        }
    }

    /// Decides a command as a consequence of another.
    pub fn follow(&mut self, actor: Actor, mut command: Command) -> Result<(), Refusal> {
        seal(&mut command);
        self.all(actor, command, true)
    }

    pub fn by(&mut self, person: PersonId, command: Command) -> Result<(), Refusal> {
        self.issue(Actor::Person(person), command)
    }

    /// Decides a command with its consequences. A refusal changes nothing.
    pub fn issue(&mut self, actor: Actor, mut command: Command) -> Result<(), Refusal> {
        seal(&mut command);
        self.all(actor, command, false)
    }

    fn all(&mut self, actor: Actor, command: Command, consequence: bool) -> Result<(), Refusal> {
        let happened = self.history.len();
        let history = std::mem::take(&mut self.history);
        let before = self.clone();
        self.history = history;
        let mut waiting = std::collections::VecDeque::from([(command, consequence)]);
        while let Some((next, consequence)) = waiting.pop_front() {
            match self.step(actor, &next, consequence) {
                Ok(following) => following
                    .into_iter()
                    .rev()
                    .for_each(|command| waiting.push_front((command, true))),
                Err(refusal) => {
                    let mut history = std::mem::take(&mut self.history);
                    history.truncate(happened);
                    *self = Self { history, ..before };
                    return Err(refusal);
                }
            }
        }
        Ok(())
    }

    fn step(
        &mut self,
        actor: Actor,
        command: &Command,
        consequence: bool,
    ) -> Result<Vec<Command>, Refusal> {
        let facts = self.facts(actor, command, consequence);
        command.permit(&facts)?;
        match command {
            Command::Person(id, command) => {
                on(&mut self.people, id.0, command, &facts, &mut self.history)
            }
            Command::Organisation(_, command) => {
                let mut own = BTreeMap::from([(ORGANISATION.0, self.organisation.clone())]);
                let following = on(&mut own, ORGANISATION.0, command, &facts, &mut self.history)?;
                self.organisation = own.remove(&ORGANISATION.0).unwrap();
                Ok(following)
            }
            Command::Fund(id, command) => {
                on(&mut self.funds, id.0, command, &facts, &mut self.history)
            }
            Command::Group(id, command) => {
                on(&mut self.groups, id.0, command, &facts, &mut self.history)
            }
            Command::Application(id, command) => on(
                &mut self.applications,
                id.0,
                command,
                &facts,
                &mut self.history,
            ),
            Command::Grant(id, command) => {
                on(&mut self.grants, id.0, command, &facts, &mut self.history)
            }
        }
    }

    fn facts(&self, actor: Actor, command: &Command, consequence: bool) -> Facts {
        let application = command
            .about()
            .and_then(|id| self.applications.get(&id))
            .cloned()
            .unwrap_or_default();
        let related = command.related(&application);
        let mut facts = Facts::new(actor, self.today);
        facts.consequence = consequence;
        facts.organisation = Seen::new(Arc::new(self.organisation.clone()));
        facts.person = seen(&self.people, related.person);
        facts.fund = seen(&self.funds, related.fund);
        facts.group = seen(&self.groups, related.group);
        let group = |id: Uuid| self.groups.get(&id);
        let mut next = related.group.and_then(group).and_then(Group::merged_into);
        let mut taken_in: Vec<_> = related
            .group
            .and_then(group)
            .into_iter()
            .flat_map(Group::took_in)
            .collect();
        let mut met = std::collections::BTreeSet::from_iter(related.group);
        while let Some(heir) = next.filter(|heir| met.insert(heir.0)) {
            facts.heirs.push(seen(&self.groups, Some(heir.0)));
            next = group(heir.0).and_then(Group::merged_into);
            taken_in.extend(group(heir.0).into_iter().flat_map(Group::took_in));
        }
        while let Some(taken) = taken_in.pop() {
            if met.insert(taken.0) {
                facts.taken_in.push(seen(&self.groups, Some(taken.0)));
                taken_in.extend(group(taken.0).into_iter().flat_map(Group::took_in));
            }
        }
        if let Some(own) = related.group.and_then(group) {
            facts.granted = command
                .grants_of(own)
                .map(|id| seen(&self.applications, Some(id)))
                .collect();
            let mut waiting: Vec<_> = command.keyer(actor).into_iter().collect();
            while let Some(next) = waiting.pop() {
                if facts.people.contains_key(&next) {
                    continue;
                }
                let relatives: Vec<_> = facts.relatives().collect();
                waiting.extend(own.word_for(relatives.into_iter(), next));
                waiting.extend(
                    self.people
                        .get(&next.0)
                        .into_iter()
                        .flat_map(Person::known_by),
                );
                facts.people.insert(next, seen(&self.people, Some(next.0)));
            }
        }
        let groups: Vec<_> = std::iter::once(&facts.group)
            .chain(&facts.heirs)
            .filter_map(Seen::peek)
            .collect();
        for person in command.looks_at(&self.organisation, &groups) {
            facts
                .people
                .insert(person, seen(&self.people, Some(person.0)));
        }
        facts.application = seen(&self.applications, related.application);
        facts
    }
}

fn seen<S: Stream>(all: &BTreeMap<Uuid, S>, id: Option<Uuid>) -> Seen<S> {
    id.map_or_else(Seen::default, |id| {
        Seen::new(Arc::new(all.get(&id).cloned().unwrap_or_default()))
    })
}

fn on<S: Stream>(
    all: &mut BTreeMap<Uuid, S>,
    id: Uuid,
    command: &S::Command,
    facts: &Facts,
    history: &mut Vec<(Uuid, Event)>,
) -> Result<Vec<Command>, Refusal> {
    let before = all.get(&id).cloned().unwrap_or_default();
    let events = before.decide(command, facts)?;
    let mut after = before.clone();
    for event in &events {
        after.apply(event);
    }
    history.extend(events.iter().map(|event| (id, event.clone().into())));
    let following = events
        .iter()
        .flat_map(|event| before.obliges(id, command, event, &after))
        .collect();
    all.insert(id, after);
    Ok(following)
}

/// Fills personal values with a dummy digest, since the rules never read them.
fn seal(command: &mut Command) {
    let subject = command.id();
    for slot in command.slots() {
        *slot.value =
            microgrants::domain::sealed::Personal::Sealed(microgrants::domain::sealed::Sealed {
                subject,
                digest: "ab".repeat(32),
            });
    }
}
