//! The domain alone, in memory: commands are decided and what follows from them is, all of it or nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use microgrants::domain::{
    Actor, Application, Command, Facts, Fund, Grant, Group, GroupCommand, Organisation, OrganisationCommand, OrganisationId, Person,
    PersonId, Refusal, Seen, Stream, follows,
};
use uuid::Uuid;

/// Every stream, and the day.
#[derive(Clone)]
pub struct World {
    pub today: Date,
    pub organisation: Organisation,
    people: BTreeMap<Uuid, Person>,
    pub funds: BTreeMap<Uuid, Fund>,
    pub groups: BTreeMap<Uuid, Group>,
    applications: BTreeMap<Uuid, Application>,
    pub grants: BTreeMap<Uuid, Grant>,
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
        }
    }

    pub fn by(&mut self, person: PersonId, command: Command) -> Result<(), Refusal> {
        self.issue(Actor::Person(person), command)
    }

    /// Decides a command with what follows from it. A refusal leaves the world as it was.
    pub fn issue(&mut self, actor: Actor, mut command: Command) -> Result<(), Refusal> {
        seal(&mut command);
        let before = self.clone();
        let mut waiting = vec![(command, false)];
        while let Some((next, consequence)) = waiting.pop() {
            match self.step(actor, &next, consequence) {
                Ok(following) => waiting.extend(following.into_iter().map(|command| (command, true))),
                Err(refusal) => {
                    *self = before;
                    return Err(refusal);
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, actor: Actor, command: &Command, consequence: bool) -> Result<Vec<Command>, Refusal> {
        let facts = self.facts(actor, command, consequence);
        command.who().permit(&facts)?;
        Ok(match command {
            Command::Person(id, command) => on(&mut self.people, id.0, command, &facts, |_, _, _| None)?,
            Command::Organisation(_, command) => {
                let mut own = BTreeMap::from([(ORGANISATION.0, self.organisation.clone())]);
                let following = on(&mut own, ORGANISATION.0, command, &facts, |_, _, _| None)?;
                self.organisation = own.remove(&ORGANISATION.0).unwrap();
                following
            }
            Command::Fund(id, command) => on(&mut self.funds, id.0, command, &facts, |_, _, event| follows::of_fund(event))?,
            Command::Group(id, command) => on(&mut self.groups, id.0, command, &facts, |_, _, _| None)?,
            Command::Application(id, command) => {
                on(&mut self.applications, id.0, command, &facts, |_, after, event| follows::of_application(*id, after, event))?
            }
            Command::Grant(id, command) => {
                on(&mut self.grants, id.0, command, &facts, |before, _, event| follows::of_grant(*id, before, event))?
            }
        })
    }

    fn facts(&self, actor: Actor, command: &Command, consequence: bool) -> Facts {
        use microgrants::domain::ApplicationCommand::Start;
        let application = |id: &Uuid| self.applications.get(id).and_then(Application::place);
        let (person, fund, group) = match command {
            Command::Organisation(_, OrganisationCommand::NameFounder(founder)) => (Some(founder.person.0), None, None),
            Command::Organisation(_, OrganisationCommand::GiveRole(of) | OrganisationCommand::ProposeRole(of)) => {
                (Some(of.person.0), None, None)
            }
            Command::Person(..) | Command::Fund(..) | Command::Organisation(..) => (None, None, None),
            Command::Group(id, GroupCommand::Register(register)) => (register.member.map(|person| person.0), None, Some(id.0)),
            Command::Group(id, GroupCommand::AddMember(of)) => (Some(of.person.0), None, Some(id.0)),
            Command::Group(id, _) => (None, None, Some(id.0)),
            Command::Application(_, Start(start)) => (None, Some(start.fund.0), Some(start.group.0)),
            Command::Application(id, _) => {
                (None, application(&id.0).map(|place| place.fund.0), application(&id.0).map(|place| place.group.0))
            }
            Command::Grant(id, _) => (None, application(&id.0).map(|place| place.fund.0), application(&id.0).map(|place| place.group.0)),
        };
        let mut facts = Facts::new(actor, self.today);
        facts.consequence = consequence;
        facts.organisation = Seen::new(Arc::new(self.organisation.clone()));
        facts.person = seen(&self.people, person);
        facts.fund = seen(&self.funds, fund);
        facts.group = seen(&self.groups, group);
        facts.application = seen(&self.applications, matches!(command, Command::Grant(..)).then(|| command.id()));
        facts
    }
}

fn seen<S: Stream>(all: &BTreeMap<Uuid, S>, id: Option<Uuid>) -> Seen<S> {
    id.map_or_else(Seen::default, |id| Seen::new(Arc::new(all.get(&id).cloned().unwrap_or_default())))
}

fn on<S: Stream>(
    all: &mut BTreeMap<Uuid, S>,
    id: Uuid,
    command: &S::Command,
    facts: &Facts,
    follow: impl Fn(&S, &S, &S::Event) -> Option<Command>,
) -> Result<Vec<Command>, Refusal> {
    let before = all.get(&id).cloned().unwrap_or_default();
    let events = before.decide(command, facts)?;
    let mut after = before.clone();
    for event in &events {
        after.apply(event);
    }
    let following = events.iter().filter_map(|event| follow(&before, &after, event)).collect();
    all.insert(id, after);
    Ok(following)
}

/// Seals with nothing: the rules never look inside.
fn seal(command: &mut Command) {
    let subject = command.id();
    for slot in command.slots() {
        *slot.value = microgrants::domain::sealed::Personal::Sealed(microgrants::domain::sealed::Sealed { subject, digest: String::new() });
    }
}
