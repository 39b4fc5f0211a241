//! Logs that earlier programs began. Those programs did not write every field that the rules need.
//! This file lists the fields and the program that first wrote each; once an event shows that
//! program, the field must be present.

use std::collections::BTreeMap;

use super::{Broken, LogState, RuleRoom};
use crate::domain::{
    ApplicationEvent, Event, GatheringEvent, GrantEvent, GroupEvent, OrganisationEvent,
    PersonEvent, Rule,
};
use crate::eventlog::recorded_event::RecordedEvent;

/// A field that earlier programs did not write, in one event.
struct LaterField {
    /// The names of the event and of the field.
    name: &'static str,
    /// The program that wrote it first. Programs count from 1 here: each wrote what those before
    /// it wrote.
    program: u8,
    /// A rule that cannot be checked without it.
    rule: Rule,
    is_there: bool,
}

impl LaterField {
    fn new(name: &'static str, program: u8, rule: Rule, is_there: bool) -> Self {
        Self {
            name,
            program,
            rule,
            is_there,
        }
    }
}

/// The fields of an event that this program always writes, and earlier ones did not.
fn later_fields(event: &Event) -> Vec<LaterField> {
    use LaterField as F;
    use OrganisationEvent as O;
    match event {
        // A person who registers themselves, or is registered by the operator, has no such day.
        Event::Person(PersonEvent::PersonRegistered {
            registered_by,
            registered_on,
            ..
        }) if registered_by.is_some() || registered_on.is_some() => vec![F::new(
            "PersonRegistered.registered_on",
            1,
            Rule::DaysOfTheClock,
            registered_on.is_some(),
        )],
        Event::Person(PersonEvent::ContactChanged { changed_on, .. }) => vec![F::new(
            "ContactChanged.changed_on",
            3,
            Rule::PaymentWaits,
            changed_on.is_some(),
        )],
        Event::Organisation(O::RoleEnded { ended_on, .. }) => vec![F::new(
            "RoleEnded.ended_on",
            1,
            Rule::DaysOfTheClock,
            ended_on.is_some(),
        )],
        Event::Organisation(O::RoleProposed {
            proposal, contact, ..
        }) => vec![
            F::new(
                "RoleProposed.proposal",
                3,
                Rule::RoleByTwo,
                proposal.is_some(),
            ),
            F::new(
                "RoleProposed.contact",
                3,
                Rule::RoleByTwo,
                contact.is_some(),
            ),
        ],
        Event::Group(event) => of_group(event),
        Event::Application(event) => of_application(event),
        Event::Grant(event) => of_grant(event),
        _ => Vec::new(),
    }
}

fn of_group(event: &GroupEvent) -> Vec<LaterField> {
    use GroupEvent as E;
    use LaterField as F;
    match event {
        E::MemberAdded { added_on, .. } => vec![F::new(
            "MemberAdded.added_on",
            3,
            Rule::PaymentWaits,
            added_on.is_some(),
        )],
        E::MemberRemoved { removed_on, .. } => vec![F::new(
            "MemberRemoved.removed_on",
            1,
            Rule::PaymentWaits,
            removed_on.is_some(),
        )],
        E::PayeeProvided { provided_on, .. } => vec![F::new(
            "PayeeProvided.provided_on",
            2,
            Rule::PayeeByTwo,
            provided_on.is_some(),
        )],
        E::GroupMerged {
            merged_by,
            merged_on,
            ..
        } => vec![
            F::new(
                "GroupMerged.merged_by",
                2,
                Rule::ActorNamed,
                merged_by.is_some(),
            ),
            F::new(
                "GroupMerged.merged_on",
                4,
                Rule::PaymentWaits,
                merged_on.is_some(),
            ),
        ],
        _ => Vec::new(),
    }
}

fn of_application(event: &ApplicationEvent) -> Vec<LaterField> {
    use ApplicationEvent as E;
    use LaterField as F;
    match event {
        E::ApplicationStarted { started_on, .. } => vec![F::new(
            "ApplicationStarted.started_on",
            1,
            Rule::DaysOfTheClock,
            started_on.is_some(),
        )],
        E::EligibilityConfirmed {
            take_back_until, ..
        } => vec![F::new(
            "EligibilityConfirmed.take_back_until",
            5,
            Rule::TakenBackInTime,
            take_back_until.is_some(),
        )],
        E::EligibilityRefused {
            take_back_until, ..
        } => vec![F::new(
            "EligibilityRefused.take_back_until",
            5,
            Rule::TakenBackInTime,
            take_back_until.is_some(),
        )],
        _ => Vec::new(),
    }
}

fn of_grant(event: &GrantEvent) -> Vec<LaterField> {
    use GrantEvent as E;
    use LaterField as F;
    match event {
        E::PaymentPrepared { sources, .. } => vec![F::new(
            "PaymentPrepared.sources",
            1,
            Rule::PaymentAmount,
            !sources.is_empty(),
        )],
        E::PaymentApproved { approved_on, .. } => vec![F::new(
            "PaymentApproved.approved_on",
            1,
            Rule::PaymentOrder,
            approved_on.is_some(),
        )],
        E::GrantHeld { held_on, .. } => vec![F::new(
            "GrantHeld.held_on",
            1,
            Rule::NotOnHold,
            held_on.is_some(),
        )],
        E::ReturnReceived { satisfied, .. } => vec![F::new(
            "ReturnReceived.satisfied",
            1,
            Rule::ReturnCovered,
            satisfied.is_some(),
        )],
        _ => Vec::new(),
    }
}

/// The program that first wrote events of this name; 0 if the name does not identify a program.
fn program_of_name(event: &Event) -> u8 {
    use ApplicationEvent as A;
    use GrantEvent as G;
    use OrganisationEvent as O;
    use PersonEvent as P;
    match event {
        Event::Application(A::AttendanceConfirmed { .. })
        | Event::Grant(G::AttendanceConfirmed { .. }) => 1,
        Event::Person(P::AddressProven { .. }) => 2,
        Event::Group(GroupEvent::MemberInvited { .. })
        | Event::Grant(G::OfferSent { .. } | G::RevocationConfirmed { .. }) => 3,
        Event::Organisation(O::SettingsSet { .. })
        | Event::Person(P::PersonToTell { .. })
        | Event::Application(A::DecisionTakenBack { .. } | A::LetterReleased { .. })
        | Event::Grant(G::LetterReleased {} | G::NewsSent { .. }) => 4,
        Event::Organisation(O::StatementShared { .. } | O::CheckpointKeyRotated { .. })
        | Event::Person(P::MailLanguageChosen { .. })
        | Event::Group(GroupEvent::FileRemoved { .. })
        | Event::Grant(G::AgreementSigned { .. })
        | Event::Gathering(GatheringEvent::GatheringPlanned { .. }) => 5,
        _ => 0,
    }
}

/// Whether one of [`RULES_ABOUT_PEOPLE`] would be checked for the event.
fn concerns_people(event: &Event) -> bool {
    use ApplicationEvent as A;
    use GrantEvent as G;
    match event {
        Event::Organisation(OrganisationEvent::RoleGiven { .. })
        | Event::Person(PersonEvent::ContactChanged { .. })
        | Event::Group(GroupEvent::PayeeVerified { .. }) => true,
        Event::Application(event) => matches!(
            event,
            A::Awarded { .. }
                | A::Declined { .. }
                | A::Deferred { .. }
                | A::Reserved { .. }
                | A::DecisionTakenBack { .. }
        ),
        Event::Grant(event) => matches!(
            event,
            G::GrantOffered { .. }
                | G::PaymentPrepared { .. }
                | G::PaymentApproved { .. }
                | G::PaymentSent { .. }
                | G::EarlyPaymentConfirmed { .. }
                | G::CheckWaived { .. }
                | G::EntrySettled { .. }
                | G::ReturnWaived { .. }
                | G::VariationApproved { .. }
                | G::OfferWithdrawn { .. }
                | G::GrantTerminated { .. }
                | G::UnderspendDeclared { .. }
                | G::ClawbackDemanded { .. }
        ),
        _ => false,
    }
}

/// The rules that are not checked, or only in part, until an event shows a later program than those
/// in which one person could give a role.
const RULES_ABOUT_PEOPLE: [Rule; 12] = [
    Rule::RoleByTwo,
    Rule::ContactByTwo,
    Rule::DecisionByPanel,
    Rule::Quorum,
    Rule::QuorumConfirmed,
    Rule::AgreementSigners,
    Rule::ChecksPassed,
    Rule::PaymentByTwo,
    Rule::Unconnected,
    Rule::PaymentWaits,
    Rule::RevocationByPanel,
    Rule::ReturnCovered,
];

/// Events for which something was not checked.
#[derive(Default)]
struct NotChecked {
    events: usize,
    last: i64,
}

impl NotChecked {
    fn count(&mut self, position: i64) {
        self.events += 1;
        self.last = position;
    }

    fn counted(&self) -> String {
        match self.events {
            1 => "one event".to_owned(),
            events => format!("{events} events"),
        }
    }
}

/// What the events so far say about the programs that wrote them.
#[derive(Default)]
pub(super) struct EarlierPrograms {
    /// The newest program that an event identifies; 0 if the first programs could have written all
    /// events.
    newest: u8,
    /// Events for which the rules about people were not checked.
    people: NotChecked,
    /// By field that an event of an earlier program does not have: the rule, and these events.
    left_out: BTreeMap<&'static str, (Rule, NotChecked)>,
}

impl EarlierPrograms {
    /// Notes an event before it is checked: rules hold for the first event of a program, too.
    pub(super) fn count(&mut self, event: &RecordedEvent) {
        let fields = later_fields(&event.event);
        let shown = fields
            .iter()
            .filter(|field| field.is_there)
            .map(|field| field.program);
        let shown = shown.chain([program_of_name(&event.event)]);
        self.newest = shown.fold(self.newest, u8::max);
        if !self.has_people_rules() && concerns_people(&event.event) {
            self.people.count(event.position);
        }
        for field in fields.iter().filter(|field| !field.is_there) {
            if field.program > self.newest {
                let (_, events) = self
                    .left_out
                    .entry(field.name)
                    .or_insert_with(|| (field.rule, NotChecked::default()));
                events.count(event.position);
            }
        }
    }

    /// Whether an event has occurred that only programs write in which two people give a role.
    pub(super) fn has_people_rules(&self) -> bool {
        self.newest > 0
    }

    /// Whether an event has occurred that only this program and newer ones wrote.
    pub(super) fn shows(&self, program: u8) -> bool {
        self.newest >= program
    }

    /// What was not checked, because the log was judged as one of an earlier program.
    pub(super) fn not_checked(&self) -> Vec<String> {
        let mut open = Vec::new();
        if self.people.events > 0 {
            let rules: Vec<&str> = RULES_ABOUT_PEOPLE.into_iter().map(<&str>::from).collect();
            open.push(format!(
                "{} in full, for {} up to position {}: the log was judged as one of an earlier \
                 program, because no event until then has what only later programs write. If the \
                 log is not as old as that, it was changed",
                rules.join(", "),
                self.people.counted(),
                self.people.last
            ));
        }
        for (field, (rule, events)) in &self.left_out {
            open.push(format!(
                "{} in full, for {} up to position {}, with no {field}: they were judged as those \
                 of an earlier program. If the log is not as old as that, they were changed",
                <&str>::from(*rule),
                events.counted(),
                events.last
            ));
        }
        open
    }
}

#[derive(Default)]
pub(super) struct CompleteFields;

impl RuleRoom for CompleteFields {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::FieldsComplete]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        for field in later_fields(&event.event) {
            if !field.is_there && field.program <= before.earlier_programs().newest {
                let says = format!(
                    "it has no {}, and an event before it is of a program that writes one",
                    field.name
                );
                broken.report(Rule::FieldsComplete, says);
            }
        }
    }
}
