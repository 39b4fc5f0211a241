//! The streams that a decision reads, loaded from the event log and never from read models, and the
//! decision context made of them.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::Caller;
use crate::clock::day_of;
use crate::domain::asset::Party;
use crate::domain::fund::MakeBankFile;
use crate::domain::{
    Aggregate, Application, Asset, AssetCommand, Barrier, Command, DecisionContext, Fund, FundId,
    Gathering, Grant, GrantId, Group, Introduction, Organisation, Person, PersonId,
    ReadDependencies, TrackedRead,
};
use crate::eventlog::recorded_event::StreamKey;
use crate::eventlog::{LoadedAggregate, Log, LogError};

/// The streams that one command has loaded so far. Their states include the events decided so far.
pub(super) struct LoadedStreams<'a> {
    log: &'a Log,
    organisation: Uuid,
    streams: BTreeMap<StreamKey, LoadedStream>,
}

/// A loaded stream: its sequence in the log when it was loaded, whether it is one of the command's
/// reads, and its state, which includes the events decided so far.
pub(super) struct LoadedStream {
    pub(super) loaded_sequence: i64,
    pub(super) was_read: bool,
    pub(super) state: Arc<dyn Any + Send + Sync>,
}

impl<'a> LoadedStreams<'a> {
    pub(super) fn new(log: &'a Log, organisation: Uuid) -> Self {
        Self {
            log,
            organisation,
            streams: BTreeMap::new(),
        }
    }

    pub(super) fn streams(&self) -> &BTreeMap<StreamKey, LoadedStream> {
        &self.streams
    }

    /// Loads an aggregate, or returns the state that it has within this command.
    pub(super) async fn load<S: Aggregate>(&mut self, id: Uuid) -> Result<Arc<S>, LogError> {
        let key = StreamKey::of::<S>(id);
        if let Some(known) = self.streams.get(&key)
            && let Ok(state) = Arc::clone(&known.state).downcast()
        {
            return Ok(state);
        }
        let LoadedAggregate { state, sequence } = self.log.load::<S>(id).await?;
        self.streams.insert(
            key,
            LoadedStream {
                loaded_sequence: sequence,
                was_read: false,
                state: Arc::clone(&state) as _,
            },
        );
        Ok(state)
    }

    /// Replaces the state of an aggregate after new events were decided.
    pub(super) fn replace_state<S: Aggregate>(&mut self, id: Uuid, state: S) {
        if let Some(met) = self.streams.get_mut(&StreamKey::of::<S>(id)) {
            met.was_read = true;
            met.state = Arc::new(state);
        }
    }

    /// Marks the stream that a command addresses as read.
    pub(super) fn mark_read<S: Aggregate>(&mut self, id: Uuid) {
        if let Some(met) = self.streams.get_mut(&StreamKey::of::<S>(id)) {
            met.was_read = true;
        }
    }

    /// Builds the decision context of a command.
    pub(super) async fn decision_context(
        &mut self,
        caller: &Caller,
        now: Timestamp,
        consequence: bool,
        command: &Command,
    ) -> Result<DecisionContext, LogError> {
        let related = self.read_dependencies(command).await?;
        let mut facts = DecisionContext::new(caller.actor, day_of(now));
        facts.now = now;
        facts.narrowed.clone_from(&caller.role_scope);
        facts.consequence = consequence;
        facts.organisation = TrackedRead::new(self.load::<Organisation>(self.organisation).await?);
        if let Some(person) = related.person {
            facts.person = TrackedRead::new(self.load::<Person>(person).await?);
        }
        if let Some(fund) = related.fund {
            facts.fund = TrackedRead::new(self.load::<Fund>(fund).await?);
        }
        if command.reads_all_funds() {
            for fund in self.log.ids_of::<Fund>().await? {
                facts
                    .funds
                    .push(TrackedRead::new(self.load::<Fund>(fund).await?));
            }
        }
        if let Some(group) = related.group {
            let state = self.load::<Group>(group).await?;
            self.load_relatives(&mut facts, group, &state).await?;
            for grant in command.grants_read(&state) {
                facts
                    .granted
                    .push(TrackedRead::new(self.load::<Application>(grant).await?));
            }
            let keyer = command.payee_keyer(caller.actor);
            self.load_people(&mut facts, &state, keyer).await?;
            facts.group = TrackedRead::new(state);
        }
        self.load_consulted_people(&mut facts, command).await?;
        if let Some(application) = related.application {
            facts.application = TrackedRead::new(self.load::<Application>(application).await?);
        }
        if let Some(gathering) = related.gathering {
            facts.gathering = TrackedRead::new(self.load::<Gathering>(gathering).await?);
        }
        if let Some(asset) = related.asset {
            facts.asset = TrackedRead::new(self.load::<Asset>(asset).await?);
        }
        if let Some(barrier) = related.barrier {
            facts.barrier = TrackedRead::new(self.load::<Barrier>(barrier).await?);
        }
        if let Some(grant) = related.grant {
            facts.grant = TrackedRead::new(self.load::<Grant>(grant).await?);
        }
        self.load_named_groups(&mut facts, command).await?;
        Ok(facts)
    }

    /// Loads the groups that a decision reads besides the one concerned, with the groups that they
    /// were merged into.
    async fn load_named_groups(
        &mut self,
        facts: &mut DecisionContext,
        command: &Command,
    ) -> Result<(), LogError> {
        let mut groups = command.groups_read();
        match command {
            Command::Introduction(id, inner) => {
                let state = self.load::<Introduction>(id.0).await?;
                groups.extend(state.introduced_group(inner));
            }
            Command::Asset(id, AssetCommand::CorrectExchange(corrected)) => {
                let state = self.load::<Asset>(id.0).await?;
                groups.extend(state.group_that_gave(corrected.exchange));
            }
            _ => {}
        }
        for group in groups {
            let mut next = Some(group);
            while let Some(id) = next.filter(|id| !facts.named_groups.contains_key(id)) {
                let state = self.load::<Group>(id.0).await?;
                next = state.merged_into();
                facts.named_groups.insert(id, TrackedRead::new(state));
            }
        }
        Ok(())
    }

    /// Loads the groups that a group was merged into, and all groups that were merged into it or
    /// into one of these.
    async fn load_relatives(
        &mut self,
        facts: &mut DecisionContext,
        group: Uuid,
        state: &Group,
    ) -> Result<(), LogError> {
        // Within a command that will be refused, two groups can be merged into each other: each
        // group is visited once.
        let mut met = BTreeSet::from([group]);
        let mut taken_in: Vec<_> = state.absorbed_groups().collect();
        let mut next = state.merged_into();
        while let Some(heir) = next.filter(|heir| met.insert(heir.0)) {
            let state = self.load::<Group>(heir.0).await?;
            next = state.merged_into();
            taken_in.extend(state.absorbed_groups());
            facts.heirs.push(TrackedRead::new(state));
        }
        while let Some(taken) = taken_in.pop() {
            if met.insert(taken.0) {
                let state = self.load::<Group>(taken.0).await?;
                taken_in.extend(state.absorbed_groups());
                facts.taken_in.push(TrackedRead::new(state));
            }
        }
        Ok(())
    }

    /// Loads the person who keys in account details, and those who vouched for their identity, and
    /// so on.
    async fn load_people(
        &mut self,
        facts: &mut DecisionContext,
        group: &Group,
        keyer: Option<PersonId>,
    ) -> Result<(), LogError> {
        let mut waiting: Vec<_> = keyer.into_iter().collect();
        while let Some(next) = waiting.pop() {
            if facts.people.contains_key(&next) {
                continue;
            }
            let state = self.load::<Person>(next.0).await?;
            let relatives: Vec<_> = facts.relatives().collect();
            waiting.extend(group.vouchers_for(relatives.into_iter(), next));
            waiting.extend(state.vouched_for_by());
            facts.people.insert(next, TrackedRead::new(state));
        }
        Ok(())
    }

    /// Loads the people whose own streams the rules of this command may read: administrators where
    /// a fund opens, members of the groups where money leaves.
    async fn load_consulted_people(
        &mut self,
        facts: &mut DecisionContext,
        command: &Command,
    ) -> Result<(), LogError> {
        let groups: Vec<_> = std::iter::once(&facts.group)
            .chain(&facts.heirs)
            .filter_map(TrackedRead::peek)
            .collect();
        let people = facts
            .organisation
            .peek()
            .map(|organisation| command.people_read(facts.actor(), organisation, &groups));
        for person in people.unwrap_or_default() {
            let state = self.load::<Person>(person.0).await?;
            facts
                .people
                .entry(person)
                .or_insert_with(|| TrackedRead::new(state));
        }
        Ok(())
    }

    /// Marks the streams that a decision read through its context. The granularity is the kind of
    /// stream: if one person was read, all loaded people count as read.
    pub(super) fn record_reads(&mut self, command: &Command, related: &DecisionContext) {
        let mut look = |looked: bool, kind: &'static str| {
            for (_, met) in self
                .streams
                .iter_mut()
                .filter(|(key, _)| looked && key.kind == kind)
            {
                met.was_read = true;
            }
        };
        look(related.organisation.looked(), Organisation::TYPE);
        look(
            related.person.looked() || related.people.values().any(TrackedRead::looked),
            Person::TYPE,
        );
        look(
            related.fund.looked() || related.funds.iter().any(TrackedRead::looked),
            Fund::TYPE,
        );
        let named = related.named_groups.values().any(TrackedRead::looked);
        look(related.group.looked() || named, Group::TYPE);
        look(related.gathering.looked(), Gathering::TYPE);
        look(related.asset.looked(), Asset::TYPE);
        look(related.barrier.looked(), Barrier::TYPE);
        look(related.grant.looked(), Grant::TYPE);
        // The application determines the fund and group of a grant.
        let granted = related.granted.iter().any(TrackedRead::looked);
        look(
            related.application.looked() || granted || command.application_id().is_some(),
            Application::TYPE,
        );
        look(true, command.aggregate_type());
    }

    async fn read_dependencies(&mut self, command: &Command) -> Result<ReadDependencies, LogError> {
        if let Command::Introduction(id, command) = command {
            let state = self.load::<Introduction>(id.0).await?;
            let asset = match state.asset(command) {
                Some(asset) => self.load::<Asset>(asset.0).await?,
                None => Arc::default(),
            };
            return Ok(state.reads(command, &asset));
        }
        let application = match command.application_id() {
            Some(id) => self.load::<Application>(id).await?,
            None => Arc::default(),
        };
        let reads = command.read_dependencies(&application);
        match command {
            Command::Asset(id, _) => {
                let asset = self.load::<Asset>(id.0).await?;
                Ok(reads.with_holder_of(&asset))
            }
            _ => Ok(reads),
        }
    }

    /// The groups whose accounts are in a bank file, and those that they were merged into.
    pub(super) async fn groups_of_bank_file(
        &mut self,
        fund: FundId,
        made: &MakeBankFile,
    ) -> Result<BTreeSet<Uuid>, LogError> {
        let mut grants: BTreeSet<GrantId> = made.grants.iter().copied().collect();
        grants.extend(made.lines.iter().map(|line| line.grant));
        if made.lines.is_empty() {
            let state = self.load::<Fund>(fund.0).await?;
            grants.extend(state.unsent_grants(&made.batch));
        }
        let mut groups = BTreeSet::new();
        for grant in grants {
            let application = self.load::<Application>(grant.0).await?;
            let mut next = application.target().map(|target| target.group);
            while let Some(group) = next.filter(|group| groups.insert(group.0)) {
                next = self.load::<Group>(group.0).await?.merged_into();
            }
        }
        Ok(groups)
    }

    /// The person or group whose key encrypts the personal values of a command.
    pub(super) async fn subject(&mut self, command: &Command) -> Result<Option<Uuid>, LogError> {
        Ok(match command {
            Command::Person(person, _) => Some(person.0),
            Command::Group(group, _) => Some(group.0),
            Command::Gathering(_, command) => command.subject().map(|person| person.0),
            Command::Asset(id, command) => {
                let holder = self.load::<Asset>(id.0).await?.holder();
                command.subject(holder).map(Party::id)
            }
            Command::Introduction(id, _) => {
                self.load::<Introduction>(id.0).await?.of().map(Party::id)
            }
            Command::Barrier(_, command) => command.subject(),
            Command::Organisation(..) | Command::Fund(..) => None,
            Command::Application(..) | Command::Grant(..) => {
                self.read_dependencies(command).await?.group
            }
        })
    }
}
