//! Decisions of the panel: who records them, who is present, and who has confirmed that.

use uuid::Uuid;

use super::sittings::{Presence, Sittings, find_undeclared, quorum_of_fund, wrong_people};
use super::{Broken, LogState, RuleRoom};
use crate::domain::application::PanelSitting;
use crate::domain::panel::Decision;
use crate::domain::{ApplicationEvent, Event, GrantEvent, Money, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Decisions {
    sittings: Sittings,
}

impl RuleRoom for Decisions {
    fn rules(&self) -> &'static [Rule] {
        &[
            Rule::DecisionByPanel,
            Rule::DecisionDeclared,
            Rule::Quorum,
            Rule::QuorumConfirmed,
        ]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        match &event.event {
            Event::Application(happened) => {
                self.check_application(event, happened, before, broken);
            }
            Event::Grant(GrantEvent::VariationApproved { more, sitting, .. }) => {
                self.check_raise(event, *more, sitting.as_ref(), before, broken);
            }
            Event::Grant(GrantEvent::PaymentPrepared { .. }) => {
                self.check_payment(event.stream, broken);
            }
            _ => {}
        }
        self.sittings.follow(event);
    }
}

impl Decisions {
    fn check_application(
        &self,
        event: &RecordedEvent,
        happened: &ApplicationEvent,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        use ApplicationEvent as E;
        match happened {
            E::Awarded { sitting, .. }
            | E::Declined { sitting, .. }
            | E::Deferred { sitting, .. }
            | E::Reserved { sitting, .. } => {
                let needed = quorum_of_fund(event.stream, before);
                check_sitting(event, sitting, needed, before, broken);
            }
            E::DecisionTakenBack {
                decision, sitting, ..
            } => {
                let needed = self.needed_to_take_back(event.stream, *decision, before);
                check_sitting(event, sitting, needed, before, broken);
            }
            _ => {}
        }
    }

    /// How many people take a decision back. An award that its quorum has confirmed needs as many
    /// again.
    fn needed_to_take_back(
        &self,
        application: Uuid,
        decision: Decision,
        before: &LogState,
    ) -> usize {
        let last = self.sittings.decision(application);
        if decision == Decision::Award && last.is_none_or(Presence::has_quorum) {
            self.sittings.needed_to_end(application, before)
        } else {
            1
        }
    }

    /// Checks that the panel sat when more money was awarded, and that those who were named at the
    /// raise before have confirmed it.
    fn check_raise(
        &self,
        event: &RecordedEvent,
        more: Money,
        sitting: Option<&PanelSitting>,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        if let Some(sitting) = sitting {
            let needed = quorum_of_fund(event.stream, before);
            check_sitting(event, sitting, needed, before, broken);
        }
        if more.is_zero() {
            return;
        }
        let says = format!("{more} more was awarded, and nobody is named as present");
        broken.unless(sitting.is_some(), Rule::Quorum, says);
        if let Some(raise) = self.sittings.raise(event.stream) {
            must_be_confirmed(raise, "an award was raised again", broken);
        }
    }

    fn check_payment(&self, grant: Uuid, broken: &mut Broken<'_>) {
        match self.sittings.decision(grant) {
            Some(award) => must_be_confirmed(award, "money was to be paid", broken),
            None => broken.report(
                Rule::QuorumConfirmed,
                "money was to be paid that nobody had awarded",
            ),
        }
        if let Some(raise) = self.sittings.raise(grant) {
            must_be_confirmed(raise, "money was to be paid", broken);
        }
    }
}

fn must_be_confirmed(presence: &Presence, then: &str, broken: &mut Broken<'_>) {
    let (confirmed, needed) = (presence.confirmed(), presence.quorum());
    broken.unless(
        presence.has_quorum(),
        Rule::QuorumConfirmed,
        format!("{then} when {confirmed} of the {needed} people whom it needs had confirmed it"),
    );
}

fn check_sitting(
    event: &RecordedEvent,
    sitting: &PanelSitting,
    needed: usize,
    before: &LogState,
    broken: &mut Broken<'_>,
) {
    if let Some(says) = wrong_people(sitting, event, before) {
        broken.report(Rule::DecisionByPanel, says);
    }
    if let Some(person) = find_undeclared(event.stream, sitting, before) {
        let says = format!(
            "{person} is named as present at a decision, and had not declared that they have \
             no interest"
        );
        broken.report(Rule::DecisionDeclared, says);
    }
    let present = sitting.present.len();
    broken.unless(
        present >= needed,
        Rule::Quorum,
        format!("{present} people are named as present at a decision that needs {needed}"),
    );
    let is_as_needed = match sitting.quorum {
        Some(quorum) => usize::from(quorum) == needed,
        None => !before.has_people_rules(),
    };
    let says = format!("a decision needs {needed} people, and says another number");
    broken.unless(is_as_needed, Rule::Quorum, says);
}
