//! The checks of the rules: replays a log and checks each event against the state before it.
//!
//! The rules are implemented here a second time, independently of the decisions in `domain`, so
//! that a fault in those is detected. Only the folds of events are shared with `domain`: they
//! supply the sums and roles of [`LogState`].
//!
//! A [`RuleRoom`] checks the rules of one subject. Its rooms together check every rule of the table
//! ([`Rule`]), each rule in one room.

mod actors;
mod agreements;
mod applications;
mod assets;
mod awards;
mod barriers;
mod budgets;
mod changes;
mod checks;
mod connections;
mod contacts;
mod days;
mod decisions;
mod earlier_programs;
mod funds;
mod gatherings;
mod introductions;
mod learning;
mod memberships;
mod offers;
mod own_keys;
mod payees;
mod payment_waits;
mod payments;
mod permissions;
mod returns;
mod reviews;
mod revocations;
mod roles;
mod rounds;
mod settings;
mod sittings;
mod state;
mod steps;
mod take_backs;
mod themes;

use uuid::Uuid;

use super::derived_tables::GrantsById;
use super::findings::Findings;
use crate::domain::{ApplicationEvent, Event, Money, Rule};
use crate::eventlog::recorded_event::RecordedEvent;
pub(super) use state::LogState;

/// Checks some rules of the table while a log is replayed. No event may make it panic: the log can
/// say anything.
pub(super) trait RuleRoom {
    /// The rules that it checks.
    fn rules(&self) -> &'static [Rule];

    /// Checks an event against the state before it, and keeps what later events need.
    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>);

    /// Checks what must hold after the last event of a command.
    fn end_command(&mut self, _after: &LogState, _broken: &mut Broken<'_>) {}
}

/// The smallest and the largest award of the programme.
fn programme() -> (Money, Money) {
    (Money::from_pounds(500), Money::from_pounds(2500))
}

/// Takes the broken rules of one event.
pub(super) struct Broken<'a> {
    findings: &'a mut Findings,
    position: i64,
    record: Uuid,
    /// The rules of the room that checks.
    rules: &'static [Rule],
}

impl Broken<'_> {
    /// Reports that the event breaks a rule, unless the condition holds.
    pub(super) fn unless(&mut self, holds: bool, rule: Rule, says: impl Into<String>) {
        if !holds {
            self.report(rule, says);
        }
    }

    pub(super) fn report(&mut self, rule: Rule, says: impl Into<String>) {
        self.report_at(self.position, self.record, rule, says);
    }

    /// Reports a rule that an earlier event of a record breaks.
    pub(super) fn report_at(
        &mut self,
        position: i64,
        record: Uuid,
        rule: Rule,
        says: impl Into<String>,
    ) {
        debug_assert!(self.rules.contains(&rule), "{rule:?} is of another room");
        self.findings.add_about(record, position, rule, says);
    }
}

/// Checks all rules over the events of a log, in order.
pub struct RuleChecker {
    state: LogState,
    rooms: Vec<Box<dyn RuleRoom>>,
    /// The last event: its command, position and record.
    last: Option<(Uuid, i64, Uuid)>,
    awards: usize,
    findings: Findings,
}

impl Default for RuleChecker {
    fn default() -> Self {
        Self {
            state: LogState::default(),
            rooms: rooms(),
            last: None,
            awards: 0,
            findings: Findings::default(),
        }
    }
}

/// The rooms, in the order of the table.
fn rooms() -> Vec<Box<dyn RuleRoom>> {
    vec![
        Box::<actors::Actors>::default(),
        Box::<permissions::Permissions>::default(),
        Box::<steps::StepOrder>::default(),
        Box::<own_keys::OwnKeys>::default(),
        Box::<roles::RoleGiving>::default(),
        Box::<contacts::ContactDetails>::default(),
        Box::<memberships::Memberships>::default(),
        Box::<days::DaysOfEvents>::default(),
        Box::<earlier_programs::CompleteFields>::default(),
        Box::<settings::SettingsRoom>::default(),
        Box::<funds::Funds>::default(),
        Box::<budgets::Budgets>::default(),
        Box::<applications::Applications>::default(),
        Box::<themes::Themes>::default(),
        Box::<decisions::Decisions>::default(),
        Box::<reviews::Reviews>::default(),
        Box::<awards::Awards>::default(),
        Box::<take_backs::TakeBacks>::default(),
        Box::<changes::Changes>::default(),
        Box::<revocations::Revocations>::default(),
        Box::<agreements::Agreements>::default(),
        Box::<offers::Offers>::default(),
        Box::<checks::Checks>::default(),
        Box::<payees::Payees>::default(),
        Box::<payments::Payments>::default(),
        Box::<payment_waits::PaymentWaits>::default(),
        Box::<connections::GroupTies>::default(),
        Box::<returns::Returns>::default(),
        Box::<gatherings::Gatherings>::default(),
        Box::<assets::Assets>::default(),
        Box::<introductions::Introductions>::default(),
        Box::<barriers::PledgesAndBarriers>::default(),
        Box::<learning::Learning>::default(),
    ]
}

impl RuleChecker {
    /// Checks and applies the next event.
    pub fn process(&mut self, event: &RecordedEvent) {
        if self
            .last
            .is_some_and(|(command, ..)| command != event.command_id)
        {
            self.end_command();
        }
        self.state.count(event);
        let mut broken = Broken {
            findings: &mut self.findings,
            position: event.position,
            record: event.stream,
            rules: &[],
        };
        for room in &mut self.rooms {
            broken.rules = room.rules();
            room.check(event, &self.state, &mut broken);
        }
        if let Err((rule, says)) = self.state.apply(event) {
            self.findings
                .add_about(event.stream, event.position, rule, says);
        }
        if let Event::Application(ApplicationEvent::Awarded { .. }) = &event.event {
            self.awards += 1;
        }
        self.last = Some((event.command_id, event.position, event.stream));
    }

    fn end_command(&mut self) {
        let Some((_, position, record)) = self.last else {
            return;
        };
        let mut broken = Broken {
            findings: &mut self.findings,
            position,
            record,
            rules: &[],
        };
        for room in &mut self.rooms {
            broken.rules = room.rules();
            room.end_command(&self.state, &mut broken);
        }
    }

    /// Ends the replay, and with it the last command. Returns what was found.
    #[must_use]
    pub fn finish(mut self) -> RuleReport {
        self.end_command();
        RuleReport {
            awards: self.awards,
            not_checked: self.state.earlier_programs().not_checked(),
            grants: self.state.into_grants(),
            findings: self.findings,
        }
    }
}

/// What a replay of the rules found.
pub struct RuleReport {
    /// The number of awards.
    pub awards: usize,
    /// What was not checked, because the log was judged as one of an earlier program.
    pub not_checked: Vec<String>,
    pub(super) grants: GrantsById,
    pub findings: Findings,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use strum::IntoEnumIterator as _;

    use super::{Rule, rooms};

    #[test]
    fn every_rule_is_checked_in_one_room() {
        let (mut checked, mut twice) = (BTreeSet::new(), Vec::new());
        for rule in rooms().iter().flat_map(|room| room.rules()) {
            if !checked.insert(*rule) {
                twice.push(*rule);
            }
        }
        assert_eq!(twice, [], "rules that two rooms check");
        let unchecked: Vec<Rule> = Rule::iter()
            .filter(|rule| !checked.contains(rule))
            .collect();
        assert_eq!(unchecked, [], "rules that no room checks");
    }
}
