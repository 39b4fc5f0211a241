//! Replays a log and checks each decision against the state just before it.
//!
//! The rules are written here once more, independently of the functions that decide, so that a
//! fault in those is detected. The aggregates of `domain` supply the state only: `apply` and
//! queries of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::derived_tables::GrantsById;
use super::findings::FINDINGS_MAX;
use super::people_rules::PeopleRulesChecker;
use super::reach::ReachChecker;
use super::signatures::SignatureChecker;
use super::{Finding, Rule};
use crate::domain::grant::VariationChanges;
use crate::domain::panel::Decision;
use crate::domain::take_back::TakeBackUntil;
use crate::domain::{
    Aggregate, ApplicationEvent, Event, Fund, FundEvent, GrantEvent, GrantId, Group, Money,
    Organisation, PersonId, Role,
};
use crate::eventlog::recorded_event::RecordedEvent;

/// The state after a position, and the findings up to there.
#[derive(Default)]
pub struct InvariantChecker {
    organisation: Organisation,
    funds: BTreeMap<Uuid, Fund>,
    groups: BTreeMap<Uuid, Group>,
    grants: GrantsById,
    payments: BTreeMap<(Uuid, u16), PreparedPayment>,
    /// By application and person: whether the person declared an interest.
    interest_declared: BTreeMap<(Uuid, PersonId), bool>,
    people: PeopleRulesChecker,
    reach: ReachChecker,
    signatures: SignatureChecker,
    /// Who requested a variation, and who proposed a waiver of a check or a debt.
    variation_requested_by: BTreeMap<(Uuid, u16), PersonId>,
    waiver_proposed_by: BTreeMap<(Uuid, String), PersonId>,
    /// The awards of the command that is being read: the command, the position of its first award
    /// event, and the sums.
    open_awards: Option<(Uuid, i64, AwardSums)>,
    /// By application: the decision whose letter is held.
    held: BTreeMap<Uuid, Decision>,
    /// By application: its last step that can be taken back, and until when.
    steps: BTreeMap<Uuid, (UndoableStep, Timestamp)>,
    /// Awards that the current command took back: the command's id, the position, and the grant.
    taken_back: Vec<(Uuid, i64, Uuid)>,
    pub awards: usize,
    pub findings: Vec<Finding>,
}

/// A step that can be taken back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UndoableStep {
    Eligibility,
    Decline,
}

/// How long a step can be taken back, and some seconds, as the clocks of a program and of
/// its database differ.
const TAKE_BACK_MAX: SignedDuration = SignedDuration::from_secs(10 * 60 + 10);

/// How long after it was decided a command may be recorded.
const RECORDING_MAX: SignedDuration = SignedDuration::from_secs(60);

/// By grant: the amounts of decision, commitment and offer.
type AwardSums = BTreeMap<Uuid, [Option<Money>; 3]>;

/// A payment that was prepared.
struct PreparedPayment {
    payee: u32,
    prepared_by: PersonId,
    amount: Money,
    approved: bool,
}

impl InvariantChecker {
    /// Checks and applies the next event.
    pub fn process(&mut self, event: &RecordedEvent) {
        self.close_taken_back(Some(event.command_id));
        self.collect_award_parts(event);
        self.check_letter(event);
        self.check_steps(event);
        self.check_decision(event);
        if let Err(wrong) = self.people.process(event.stream, &event.event) {
            self.add_finding(event.position, Rule::Independence, wrong);
        }
        if let Err(wrong) = self.reach.process(event.stream, &event.event) {
            self.add_finding(event.position, Rule::Reach, wrong);
        }
        if let Err(wrong) = self.signatures.process(event, &self.organisation) {
            self.add_finding(event.position, Rule::Signature, wrong);
        }
        self.apply(event);
        self.check_balances(event);
    }

    /// Ends the replay, which closes the awards of the last command.
    pub fn end(&mut self) {
        self.close_awards();
        self.close_taken_back(None);
    }

    /// The current state of every grant.
    pub(super) fn grants(&self) -> &GrantsById {
        &self.grants
    }

    fn add_finding(&mut self, position: i64, rule: Rule, says: impl Into<String>) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding {
                position: Some(position),
                rule,
                says: says.into(),
            });
        }
    }

    fn require(&mut self, holds: bool, event: &RecordedEvent, rule: Rule, says: &str) {
        if !holds {
            self.add_finding(event.position, rule, says);
        }
    }

    /// Collects the parts of the awards of one command. The events of a command are consecutive.
    fn collect_award_parts(&mut self, event: &RecordedEvent) {
        if self
            .open_awards
            .as_ref()
            .is_some_and(|(command, ..)| *command != event.command_id)
        {
            self.close_awards();
        }
        let (part, grant, sum) = match &event.event {
            Event::Application(ApplicationEvent::Awarded { terms, .. }) => {
                (0, event.stream, terms.amount)
            }
            Event::Fund(FundEvent::Committed { grant, sources, .. }) => {
                (1, grant.0, sources.total())
            }
            Event::Grant(GrantEvent::GrantOffered { sources, .. }) => {
                (2, event.stream, sources.total())
            }
            _ => return,
        };
        let (.., grants) =
            self.open_awards
                .get_or_insert((event.command_id, event.position, BTreeMap::new()));
        grants.entry(grant).or_default()[part] = Some(sum);
    }

    fn close_awards(&mut self) {
        let Some((_, position, grants)) = self.open_awards.take() else {
            return;
        };
        for (grant, sums) in grants {
            self.awards += usize::from(sums[0].is_some());
            if sums[0].is_none() || sums != [sums[0]; 3] {
                let [awarded, committed, offered] =
                    sums.map(|sum| sum.map_or_else(|| "nothing".to_owned(), |sum| sum.to_string()));
                let says = format!(
                    "of the grant {grant}, {awarded} was awarded, {committed} committed and \
                        {offered} offered together"
                );
                self.add_finding(position, Rule::WholeAward, says);
            }
        }
    }

    /// Checks that a decision is taken back only while its letter is held, or a decline within
    /// minutes.
    fn check_letter(&mut self, event: &RecordedEvent) {
        use ApplicationEvent as E;
        let Event::Application(happened) = &event.event else {
            return;
        };
        let id = event.stream;
        match happened {
            E::Awarded { letter, .. } => self.hold(id, letter.is_some(), Decision::Award),
            E::Declined { letter, .. } => self.hold(id, letter.is_some(), Decision::Decline),
            E::Deferred { letter, .. } => self.hold(id, letter.is_some(), Decision::Defer),
            E::Reserved { letter, .. } => self.hold(id, letter.is_some(), Decision::Reserve),
            E::LetterReleased { .. } => drop(self.held.remove(&id)),
            E::DecisionTakenBack {
                decision, sitting, ..
            } => {
                let held = self.held.remove(&id);
                let in_time = self.ends_in_time(event, UndoableStep::Decline);
                self.require(
                    held == Some(*decision) || (*decision == Decision::Decline && in_time),
                    event,
                    Rule::Award,
                    "a decision was taken back that the group could have heard of",
                );
                let clear = sitting
                    .present
                    .iter()
                    .all(|person| self.interest_declared.get(&(id, *person)) == Some(&false));
                self.require(
                    clear,
                    event,
                    Rule::Award,
                    "somebody who took a decision back had an interest, or had not declared",
                );
                if *decision == Decision::Award {
                    self.taken_back.push((event.command_id, event.position, id));
                }
            }
            _ => {}
        }
    }

    /// Follows the steps that can be taken back, and checks that an eligibility is taken back only
    /// within minutes, before the group could hear of it and the panel began.
    fn check_steps(&mut self, event: &RecordedEvent) {
        use ApplicationEvent as E;
        let Event::Application(happened) = &event.event else {
            return;
        };
        match happened {
            E::EligibilityConfirmed {
                take_back_until, ..
            }
            | E::EligibilityRefused {
                take_back_until, ..
            } => self.begin_step(event, UndoableStep::Eligibility, *take_back_until),
            E::Declined {
                take_back_until, ..
            } => self.begin_step(event, UndoableStep::Decline, *take_back_until),
            E::EligibilityTakenBack { .. } => {
                let in_time = self.ends_in_time(event, UndoableStep::Eligibility);
                self.require(
                    in_time,
                    event,
                    Rule::Award,
                    "an eligibility was taken back that the group could have heard of",
                );
            }
            E::NoInterestDeclared { .. }
            | E::InterestDeclared { .. }
            | E::HelpConfirmed { .. }
            | E::HelpRefused { .. }
            | E::LanguageChosen { .. }
            | E::AttendanceConfirmed { .. }
            | E::PublicSummaryWritten { .. } => {}
            _ => drop(self.steps.remove(&event.stream)),
        }
    }

    fn begin_step(
        &mut self,
        event: &RecordedEvent,
        step: UndoableStep,
        until: Option<TakeBackUntil>,
    ) {
        let until = until.map(TakeBackUntil::timestamp);
        let lasts = until.map(|until| until.duration_since(event.recorded_at));
        self.require(
            lasts.is_none_or(|lasts| lasts <= TAKE_BACK_MAX),
            event,
            Rule::Award,
            "a step could be taken back for longer than ten minutes",
        );
        self.steps.remove(&event.stream);
        let begun = until.map(|until| (event.stream, (step, until)));
        self.steps.extend(begun);
    }

    /// Whether an event takes back the last step, in time.
    fn ends_in_time(&mut self, event: &RecordedEvent, step: UndoableStep) -> bool {
        let last = self.steps.remove(&event.stream);
        last.is_some_and(|(last, until)| {
            last == step && event.recorded_at.duration_since(until) <= RECORDING_MAX
        })
    }

    fn hold(&mut self, application: Uuid, is_held: bool, decision: Decision) {
        if is_held {
            self.held.insert(application, decision);
        } else {
            self.held.remove(&application);
        }
    }

    /// Checks, after the last event of a command, that the money of the awards that it took back is
    /// free again and that nothing is left of their grants.
    fn close_taken_back(&mut self, next: Option<Uuid>) {
        let ended = |(command, ..): &(Uuid, i64, Uuid)| Some(*command) != next;
        if !self.taken_back.iter().any(ended) {
            return;
        }
        for (_, position, id) in std::mem::take(&mut self.taken_back) {
            let committed: Money = self
                .funds
                .values()
                .map(|fund| fund.budget().committed_for(GrantId(id)))
                .sum();
            let award = self
                .grants
                .get(&id)
                .map_or(Money::ZERO, |grant| grant.award().total());
            if !committed.is_zero() || !award.is_zero() {
                let says = format!(
                    "{committed} stays committed for the grant {id}, whose award was taken back"
                );
                self.add_finding(position, Rule::WholeAward, says);
            }
        }
    }

    fn holds_role(&self, person: Option<PersonId>, role: Role) -> bool {
        person.is_some_and(|person| self.organisation.roles_of(person).contains(&role))
    }

    /// Checks a decision against the state before it.
    fn check_decision(&mut self, event: &RecordedEvent) {
        let actor: Option<PersonId> = event
            .metadata
            .get("actor")
            .and_then(|actor| actor.parse().ok());
        match &event.event {
            Event::Application(ApplicationEvent::Awarded { terms, sitting, .. }) => {
                self.check_award(event, actor, terms.amount, &sitting.present);
            }
            Event::Application(ApplicationEvent::ScoreGiven { by, .. }) => {
                let clear = self.interest_declared.get(&(event.stream, *by)) == Some(&false);
                self.require(
                    clear,
                    event,
                    Rule::Score,
                    "who scored had not declared that there is no interest",
                );
            }
            Event::Grant(GrantEvent::VariationApproved {
                variation,
                change,
                by,
                ..
            }) => self.check_variation(event, *variation, change, *by),
            Event::Grant(GrantEvent::CheckWaived { check, by }) => self.check_waiver(
                event,
                check.to_string(),
                *by,
                "one person proposed the waiver and confirmed it",
            ),
            Event::Grant(GrantEvent::ReturnWaived { owed, by, .. }) => self.check_waiver(
                event,
                format!("{owed:?}"),
                *by,
                "one person proposed to give the return up and confirmed it",
            ),
            Event::Fund(FundEvent::Committed { sources, area, .. }) => {
                let fund = self.funds.get(&event.stream);
                let free = fund
                    .is_some_and(|fund| fund.budget().uncommitted_in(area).minus(sources).is_ok());
                self.require(free, event, Rule::Budget, "more is committed than is free");
            }
            Event::Grant(GrantEvent::PaymentPrepared {
                payee, prepared_by, ..
            }) => self.check_preparation(event, actor, *payee, *prepared_by),
            Event::Grant(GrantEvent::PaymentSent {
                payment, sources, ..
            }) => self.check_sending(event, *payment, sources.total()),
            Event::Grant(GrantEvent::PaymentApproved {
                payment,
                approved_by,
                ..
            }) => self.check_approval(event, *payment, *approved_by),
            _ => {}
        }
    }

    /// Checks that two people changed a grant, and that the panel approved money and purpose.
    fn check_variation(
        &mut self,
        event: &RecordedEvent,
        variation: u16,
        change: &VariationChanges,
        by: PersonId,
    ) {
        let key = (event.stream, variation);
        let asked_by = self.variation_requested_by.get(&key).copied();
        self.require(
            asked_by != Some(by),
            event,
            Rule::FourEyes,
            "one person asked for the variation and approved it",
        );
        let is_of_panel = change.amount.is_some() || change.purpose.is_some();
        self.require(
            !is_of_panel || self.holds_role(Some(by), Role::Panel),
            event,
            Rule::Award,
            "who approved another amount or purpose does not sit on the panel",
        );
    }

    fn check_award(
        &mut self,
        event: &RecordedEvent,
        actor: Option<PersonId>,
        amount: Money,
        present: &BTreeSet<PersonId>,
    ) {
        self.require(
            self.holds_role(actor, Role::Panel),
            event,
            Rule::Award,
            "who awarded does not sit on the panel",
        );
        let clear = present
            .iter()
            .all(|person| self.interest_declared.get(&(event.stream, *person)) == Some(&false));
        self.require(
            clear,
            event,
            Rule::Award,
            "somebody present had an interest, or had not declared",
        );
        let bounds = Money::from_pounds(500)..=Money::from_pounds(2500);
        self.require(
            bounds.contains(&amount),
            event,
            Rule::Award,
            "the award is outside the bounds",
        );
    }

    fn check_waiver(&mut self, event: &RecordedEvent, waived: String, by: PersonId, says: &str) {
        let proposed_by = self
            .waiver_proposed_by
            .get(&(event.stream, waived))
            .copied();
        self.require(proposed_by != Some(by), event, Rule::FourEyes, says);
    }

    fn check_preparation(
        &mut self,
        event: &RecordedEvent,
        actor: Option<PersonId>,
        payee: u32,
        prepared_by: PersonId,
    ) {
        let verified = self
            .group_of(event)
            .and_then(Group::payee)
            .is_some_and(|own| own.verified_by.is_some() && own.number == payee);
        self.require(
            verified,
            event,
            Rule::Payee,
            "the payee was not verified when the payment was prepared",
        );
        self.require(
            actor == Some(prepared_by),
            event,
            Rule::FourEyes,
            "somebody else is named as the preparer",
        );
    }

    fn check_sending(&mut self, event: &RecordedEvent, payment: u16, sent: Money) {
        let prepared = self.payments.get(&(event.stream, payment));
        let approved = prepared.is_some_and(|prepared| prepared.approved);
        let same = prepared.is_some_and(|prepared| prepared.amount == sent);
        self.require(
            approved,
            event,
            Rule::FourEyes,
            "money was sent that nobody had approved",
        );
        self.require(
            same,
            event,
            Rule::Budget,
            "another sum was sent than was prepared",
        );
    }

    fn check_approval(&mut self, event: &RecordedEvent, payment: u16, approved_by: PersonId) {
        let prepared = self.payments.get(&(event.stream, payment));
        let payee = self.group_of(event).and_then(Group::payee);
        let verified = payee.is_some_and(|own| {
            own.verified_by.is_some()
                && prepared.is_some_and(|prepared| own.number == prepared.payee)
        });
        let two = prepared.is_some_and(|prepared| prepared.prepared_by != approved_by)
            && payee.is_some_and(|own| own.keyed_by != approved_by);
        self.require(
            verified,
            event,
            Rule::Payee,
            "the payee is not the one that the payment was prepared for, or is not verified",
        );
        self.require(
            two,
            event,
            Rule::FourEyes,
            "who approved the payment prepared it, or keyed its payee",
        );
        self.require(
            self.holds_role(Some(approved_by), Role::Finance),
            event,
            Rule::FourEyes,
            "who approved the payment does not hold the role",
        );
    }

    fn group_of(&self, event: &RecordedEvent) -> Option<&Group> {
        self.groups.get(&self.grants.get(&event.stream)?.group()?.0)
    }

    fn apply(&mut self, event: &RecordedEvent) {
        let id = event.stream;
        match &event.event {
            Event::Organisation(happened) => self.organisation.apply(happened),
            Event::Fund(happened) => self.funds.entry(id).or_default().apply(happened),
            Event::Group(happened) => self.groups.entry(id).or_default().apply(happened),
            Event::Application(ApplicationEvent::NoInterestDeclared { by, .. }) => {
                self.interest_declared.insert((id, *by), false);
            }
            Event::Application(ApplicationEvent::InterestDeclared { by, .. }) => {
                self.interest_declared.insert((id, *by), true);
            }
            Event::Person(_) | Event::Application(_) => {}
            Event::Grant(happened) => {
                match happened {
                    GrantEvent::PaymentPrepared {
                        payment,
                        payee,
                        prepared_by,
                        amount,
                        ..
                    } => {
                        let prepared = PreparedPayment {
                            payee: *payee,
                            prepared_by: *prepared_by,
                            amount: *amount,
                            approved: false,
                        };
                        self.payments.insert((id, *payment), prepared);
                    }
                    GrantEvent::PaymentApproved { payment, .. } => {
                        if let Some(prepared) = self.payments.get_mut(&(id, *payment)) {
                            prepared.approved = true;
                        }
                    }
                    GrantEvent::VariationRequested { variation, by, .. } => {
                        self.variation_requested_by.insert((id, *variation), *by);
                    }
                    GrantEvent::WaiverProposed { check, by, .. } => {
                        self.waiver_proposed_by.insert((id, check.to_string()), *by);
                    }
                    GrantEvent::ReturnWaiverProposed { owed, by, .. } => {
                        self.waiver_proposed_by
                            .insert((id, format!("{owed:?}")), *by);
                    }
                    _ => {}
                }
                self.grants.entry(id).or_default().apply(happened);
            }
        }
    }

    /// Checks sums after an event: a fund has not committed more than was allocated, and a grant
    /// has not paid more than was awarded.
    fn check_balances(&mut self, event: &RecordedEvent) {
        let holds = match &event.event {
            Event::Fund(_) => self.funds.get(&event.stream).is_none_or(|fund| {
                fund.budget()
                    .allocated()
                    .minus(fund.budget().committed())
                    .is_ok()
            }),
            Event::Grant(_) => self
                .grants
                .get(&event.stream)
                .is_none_or(|grant| grant.award().minus(grant.paid()).is_ok()),
            _ => true,
        };
        self.require(
            holds,
            event,
            Rule::Budget,
            "a source is overspent, or a grant overpaid",
        );
    }
}
