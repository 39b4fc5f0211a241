//! The rules of a fund: their bounds, the two people who agree to a change, and what needs an open
//! fund.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::rounds::RoundCalendar;
use super::{Broken, LogState, RuleRoom, programme};
use crate::domain::fund::Rules;
use crate::domain::{ApplicationEvent, Event, FundEvent, PersonId, Role, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Funds {
    /// Funds that take applications and commit money now.
    open: BTreeSet<Uuid>,
    /// Funds that have opened, also if they were paused or closed since.
    opened: BTreeSet<Uuid>,
    rounds: RoundCalendar,
    /// By fund: the rules that were proposed last, and who proposed them.
    proposed: BTreeMap<Uuid, (Rules, PersonId)>,
}

impl RuleRoom for Funds {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::FundBounds, Rule::FundRulesByTwo, Rule::FundOpen]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        match &event.event {
            Event::Fund(happened) => self.check_fund(event.stream, happened, before, broken),
            Event::Application(
                ApplicationEvent::ApplicationSubmitted { .. }
                | ApplicationEvent::ApplicationResubmitted { .. },
            ) => {
                let is_open = before
                    .application(event.stream)
                    .is_some_and(|origin| self.open.contains(&origin.fund.0));
                let says = "an application was sent to a fund that was not open";
                broken.unless(is_open, Rule::FundOpen, says);
            }
            Event::Application(ApplicationEvent::ApplicationStarted {
                fund, round, late, ..
            }) if before.has_people_rules() => {
                let has_round = before
                    .fund(fund.0)
                    .is_some_and(|fund| fund.round(round).is_some());
                let is_running = self.rounds.is_running(fund.0, round);
                let says = "an application was started in a round that had not opened or was over";
                let may_start = has_round && (*late || is_running) && self.open.contains(&fund.0);
                broken.unless(may_start, Rule::FundOpen, says);
            }
            _ => {}
        }
        if let Some(says) = self.rounds.check(event, before) {
            broken.report(Rule::FundOpen, says);
        }
    }
}

impl Funds {
    fn check_fund(
        &mut self,
        fund: Uuid,
        event: &FundEvent,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        match event {
            FundEvent::FundCreated { rules, .. } => must_be_within_programme(rules, broken),
            FundEvent::RulesSet { rules } => {
                must_be_within_programme(rules, broken);
                let says = "one person changed the rules of a fund that had opened";
                broken.unless(!self.opened.contains(&fund), Rule::FundRulesByTwo, says);
            }
            FundEvent::RulesProposed { rules, proposed_by } => {
                must_be_within_programme(rules, broken);
                self.proposed.insert(fund, (rules.clone(), *proposed_by));
            }
            FundEvent::RulesConfirmed {
                rules,
                confirmed_by,
            } => {
                must_be_within_programme(rules, broken);
                self.check_confirmation(fund, rules, *confirmed_by, before, broken);
            }
            FundEvent::RulesRefused { .. } => drop(self.proposed.remove(&fund)),
            FundEvent::FundOpened {} | FundEvent::FundResumed {} => {
                self.open.insert(fund);
                self.opened.insert(fund);
            }
            FundEvent::FundPaused { .. }
            | FundEvent::FundClosed {}
            | FundEvent::FundArchived {} => drop(self.open.remove(&fund)),
            FundEvent::RoundOpened { .. }
            | FundEvent::Committed { .. }
            | FundEvent::CommitmentIncreased { .. } => {
                let says = "a round opened, or money was committed, in a fund that was not open";
                broken.unless(self.open.contains(&fund), Rule::FundOpen, says);
            }
            _ => {}
        }
    }

    fn check_confirmation(
        &mut self,
        fund: Uuid,
        rules: &Rules,
        confirmed_by: PersonId,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        let Some((proposed, proposed_by)) = self.proposed.remove(&fund) else {
            let says = "rules of a fund were confirmed that nobody had proposed";
            return broken.report(Rule::FundRulesByTwo, says);
        };
        let says = "one person proposed the rules of a fund and confirmed them";
        broken.unless(proposed_by != confirmed_by, Rule::FundRulesByTwo, says);
        let says = "other rules of a fund were confirmed than were proposed";
        broken.unless(proposed == *rules, Rule::FundRulesByTwo, says);
        let are_administrators = [proposed_by, confirmed_by]
            .iter()
            .all(|person| before.holds_role(*person, Role::Administrator));
        let says = "a person who is no administrator agreed to the rules of a fund";
        broken.unless(are_administrators, Rule::FundRulesByTwo, says);
    }
}

fn must_be_within_programme(rules: &Rules, broken: &mut Broken<'_>) {
    let (floor, ceiling) = programme();
    let is_within = (floor..=ceiling).contains(&rules.minimum)
        && (rules.minimum..=ceiling).contains(&rules.maximum);
    broken.unless(
        is_within,
        Rule::FundBounds,
        format!(
            "the rules of a fund allow awards from {} to {}, outside {floor} to {ceiling}",
            rules.minimum, rules.maximum
        ),
    );
    let people = rules.people_per_payment();
    broken.unless(
        (2..=3).contains(&people),
        Rule::FundBounds,
        format!("the rules of a fund ask for {people} people for each payment"),
    );
    broken.unless(
        rules.quorum >= 1,
        Rule::FundBounds,
        "the rules of a fund ask for no panel member at a decision",
    );
}
