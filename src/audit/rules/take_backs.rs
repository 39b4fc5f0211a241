//! Steps that are taken back: only before the group could learn of them, and with all of their
//! effects.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::panel::Decision;
use crate::domain::take_back::TakeBackUntil;
use crate::domain::{ApplicationEvent, Event, FundEvent, GrantEvent, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

/// How long a step can be taken back, and some seconds, as the clocks of a program and of its
/// database differ.
const TAKE_BACK_MAX: SignedDuration = SignedDuration::from_secs(10 * 60 + 10);

/// How long after it was decided a command may be recorded.
const RECORDING_MAX: SignedDuration = SignedDuration::from_secs(60);

#[derive(Default)]
pub(super) struct TakeBacks {
    /// By application: the decision whose letter is held.
    held: BTreeMap<Uuid, Decision>,
    /// By application: its last step that can be taken back, and until when.
    steps: BTreeMap<Uuid, (UndoableStep, Timestamp)>,
    /// Awards that the current command takes back, each with the position.
    ended: BTreeSet<(i64, Uuid)>,
}

/// A step that can be taken back for minutes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum UndoableStep {
    Eligibility,
    Decline,
}

impl RuleRoom for TakeBacks {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::TakenBackInTime]
    }

    fn check(&mut self, event: &RecordedEvent, _: &LogState, broken: &mut Broken<'_>) {
        match &event.event {
            Event::Application(happened) => {
                self.check_letter(event, happened, broken);
                self.check_step(event, happened, broken);
            }
            // The group has heard of an award whose offer went out.
            Event::Grant(GrantEvent::OfferSent { .. } | GrantEvent::LetterReleased {}) => {
                self.held.remove(&event.stream);
            }
            Event::Grant(GrantEvent::AwardTakenBack {}) => {
                self.check_award(event.stream, broken);
            }
            Event::Fund(FundEvent::CommitmentTakenBack { grant, .. }) => {
                self.check_award(grant.0, broken);
            }
            _ => {}
        }
    }

    /// Checks that the money of an award that was taken back is free again, and that nothing is
    /// left of its grant.
    fn end_command(&mut self, after: &LogState, broken: &mut Broken<'_>) {
        for (position, id) in std::mem::take(&mut self.ended) {
            let committed = after.committed_for(id);
            if !committed.is_zero() || !after.award_of(id).is_zero() {
                let says = format!(
                    "{committed} stays committed for the grant {id}, whose award was taken back"
                );
                broken.report_at(position, id, Rule::TakenBackInTime, says);
            }
        }
    }
}

impl TakeBacks {
    /// Checks that an award, or its commitment, is taken back only in the command that takes back
    /// the decision.
    fn check_award(&self, grant: Uuid, broken: &mut Broken<'_>) {
        let is_taken_back = self.ended.iter().any(|(_, ended)| *ended == grant);
        let says = format!("the award of the grant {grant} was taken back, and no decision was");
        broken.unless(is_taken_back, Rule::TakenBackInTime, says);
    }

    /// Checks that a decision is taken back only while its letter is held, or a decline within
    /// minutes.
    fn check_letter(
        &mut self,
        event: &RecordedEvent,
        happened: &ApplicationEvent,
        broken: &mut Broken<'_>,
    ) {
        use ApplicationEvent as E;
        let id = event.stream;
        match happened {
            E::Awarded { letter, .. } => self.hold(id, letter.is_some(), Decision::Award),
            E::Declined { letter, .. } => self.hold(id, letter.is_some(), Decision::Decline),
            E::Deferred { letter, .. } => self.hold(id, letter.is_some(), Decision::Defer),
            E::Reserved { letter, .. } => self.hold(id, letter.is_some(), Decision::Reserve),
            E::LetterReleased { .. } => drop(self.held.remove(&id)),
            E::DecisionTakenBack { decision, .. } => {
                let is_held = self.held.remove(&id) == Some(*decision);
                let is_in_time = self.ends_in_time(event, UndoableStep::Decline);
                broken.unless(
                    is_held || (*decision == Decision::Decline && is_in_time),
                    Rule::TakenBackInTime,
                    "a decision was taken back that the group could have heard of",
                );
                if *decision == Decision::Award {
                    self.ended.insert((event.position, id));
                }
            }
            _ => {}
        }
    }

    fn hold(&mut self, application: Uuid, is_held: bool, decision: Decision) {
        if is_held {
            self.held.insert(application, decision);
        } else {
            self.held.remove(&application);
        }
    }

    /// Follows the steps that can be taken back for minutes, and checks that an eligibility is
    /// taken back within them, before the group could hear of it and the panel began.
    fn check_step(
        &mut self,
        event: &RecordedEvent,
        happened: &ApplicationEvent,
        broken: &mut Broken<'_>,
    ) {
        use ApplicationEvent as E;
        match happened {
            E::EligibilityConfirmed {
                take_back_until, ..
            }
            | E::EligibilityRefused {
                take_back_until, ..
            } => self.begin_step(event, UndoableStep::Eligibility, *take_back_until, broken),
            E::Declined {
                take_back_until, ..
            } => self.begin_step(event, UndoableStep::Decline, *take_back_until, broken),
            E::EligibilityTakenBack { .. } => {
                let is_in_time = self.ends_in_time(event, UndoableStep::Eligibility);
                broken.unless(
                    is_in_time,
                    Rule::TakenBackInTime,
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
        broken: &mut Broken<'_>,
    ) {
        let until = until.map(TakeBackUntil::timestamp);
        let lasts = until.map(|until| until.duration_since(event.recorded_at));
        broken.unless(
            lasts.is_none_or(|lasts| lasts <= TAKE_BACK_MAX),
            Rule::TakenBackInTime,
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
}
