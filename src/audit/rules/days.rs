//! The days in events: those that the program took from its clock, and those that a person entered
//! for something that has happened.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Broken, LogState, RuleRoom};
use crate::clock::day_of;
use crate::domain::{
    ApplicationEvent, AssetEvent, BarrierEvent, Event, FundEvent, GatheringEvent, GrantEvent,
    GroupEvent, IntroductionEvent, OrganisationEvent, PersonEvent, Rule,
};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct DaysOfEvents;

/// A day in an event.
enum DayInEvent {
    /// The program took it from its clock. Earlier programs did not write some of these.
    OfClock(&'static str, Option<Date>),
    /// A person entered it, for something that has happened.
    Entered(&'static str, Date),
}

impl RuleRoom for DaysOfEvents {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::DaysOfTheClock]
    }

    fn check(&mut self, event: &RecordedEvent, _: &LogState, broken: &mut Broken<'_>) {
        let (Some(day), Some(decided_on)) = (day_in(&event.event), decided_on(event)) else {
            return;
        };
        let says = match day {
            DayInEvent::OfClock(name, Some(day)) if day != decided_on => {
                format!("{name} is {day}, and it was decided on {decided_on}")
            }
            DayInEvent::Entered(name, day) if day > decided_on => {
                format!("{name} is {day}, after the day on which it was decided, {decided_on}")
            }
            _ => return,
        };
        broken.report(Rule::DaysOfTheClock, says);
    }
}

/// The day in Europe/London on which the command of an event was decided, by the program's clock.
pub(super) fn decided_on(event: &RecordedEvent) -> Option<Date> {
    let decided_at: Timestamp = event.metadata.get("decided_at")?.parse().ok()?;
    Some(day_of(decided_at))
}

/// The day that an event has of either kind. No event has two.
fn day_in(event: &Event) -> Option<DayInEvent> {
    use DayInEvent as D;
    match event {
        Event::Person(event) => of_person(event),
        Event::Organisation(OrganisationEvent::RoleEnded { ended_on, .. }) => {
            Some(D::OfClock("ended_on", *ended_on))
        }
        Event::Organisation(OrganisationEvent::LessonPublished { published_on, .. }) => {
            Some(D::OfClock("published_on", Some(*published_on)))
        }
        Event::Fund(event) => of_fund(event),
        Event::Group(event) => of_group(event),
        Event::Application(event) => of_application(event),
        Event::Grant(event) => of_grant(event),
        Event::Gathering(event) => of_gathering(event),
        Event::Asset(event) => of_asset(event),
        Event::Introduction(event) => of_introduction(event),
        Event::Barrier(event) => of_barrier(event),
        Event::Organisation(_) => None,
    }
}

fn of_person(event: &PersonEvent) -> Option<DayInEvent> {
    use DayInEvent as D;
    use PersonEvent as E;
    match event {
        E::ConsentGiven { given_on, .. } => Some(D::OfClock("given_on", Some(*given_on))),
        E::ConsentTakenBack { taken_back_on, .. } => {
            Some(D::OfClock("taken_back_on", Some(*taken_back_on)))
        }
        E::PersonRegistered { registered_on, .. } => {
            Some(D::OfClock("registered_on", *registered_on))
        }
        E::ContactChanged { changed_on, .. } => Some(D::OfClock("changed_on", *changed_on)),
        E::PersonTold { told_on, .. } => Some(D::Entered("told_on", *told_on)),
        E::PledgeTaken { taken_on, .. } => Some(D::OfClock("taken_on", Some(*taken_on))),
        E::PledgeKept { kept_on, .. } => Some(D::OfClock("kept_on", Some(*kept_on))),
        _ => None,
    }
}

fn of_fund(event: &FundEvent) -> Option<DayInEvent> {
    use DayInEvent as D;
    use FundEvent as E;
    match event {
        E::FundingWithdrawn { withdrawn_on, .. } => {
            Some(D::OfClock("withdrawn_on", Some(*withdrawn_on)))
        }
        E::FundingAllocated { received_on, .. } => Some(D::Entered("received_on", *received_on)),
        E::PanelMet { met_on, .. } => Some(D::Entered("met_on", *met_on)),
        E::BatchSent { sent_on, .. } => Some(D::Entered("sent_on", *sent_on)),
        _ => None,
    }
}

fn of_group(event: &GroupEvent) -> Option<DayInEvent> {
    use DayInEvent as D;
    use GroupEvent as E;
    match event {
        E::MemberAdded { added_on, .. } => Some(D::OfClock("added_on", *added_on)),
        E::MemberRemoved { removed_on, .. } => Some(D::OfClock("removed_on", *removed_on)),
        E::PayeeProvided { provided_on, .. } => Some(D::OfClock("provided_on", *provided_on)),
        E::PayeeVerified { verified_on, .. } => Some(D::OfClock("verified_on", Some(*verified_on))),
        E::CheckFiled { passed_on, .. } => Some(D::OfClock("passed_on", Some(*passed_on))),
        E::GroupMerged { merged_on, .. } => Some(D::OfClock("merged_on", *merged_on)),
        E::GrantEnded { ended_on, .. } => Some(D::OfClock("ended_on", Some(*ended_on))),
        E::TallyGiven { asked_on, .. } => Some(D::Entered("asked_on", *asked_on)),
        _ => None,
    }
}

fn of_application(event: &ApplicationEvent) -> Option<DayInEvent> {
    use ApplicationEvent as E;
    use DayInEvent as D;
    match event {
        E::ApplicationStarted { started_on, .. } => Some(D::OfClock("started_on", *started_on)),
        E::ReviewRequested { requested_on, .. } => {
            Some(D::OfClock("requested_on", Some(*requested_on)))
        }
        E::ApplicationSubmitted { received_on, .. } => {
            Some(D::Entered("received_on", *received_on))
        }
        _ => None,
    }
}

fn of_grant(event: &GrantEvent) -> Option<DayInEvent> {
    use DayInEvent as D;
    use GrantEvent as E;
    match event {
        E::PaymentPrepared { prepared_on, .. } => {
            Some(D::OfClock("prepared_on", Some(*prepared_on)))
        }
        E::PaymentApproved { approved_on, .. } => Some(D::OfClock("approved_on", *approved_on)),
        E::GrantHeld { held_on, .. } => Some(D::OfClock("held_on", *held_on)),
        E::ReminderSent { sent_on, .. } | E::NewsSent { sent_on, .. } => {
            Some(D::OfClock("sent_on", Some(*sent_on)))
        }
        E::UpdateReceived { received_on, .. } => {
            Some(D::OfClock("received_on", Some(*received_on)))
        }
        E::PaymentSent { sent_on, .. } => Some(D::Entered("sent_on", *sent_on)),
        E::PaymentConfirmed { paid_on, .. } | E::PaymentCorrected { paid_on, .. } => {
            Some(D::Entered("paid_on", *paid_on))
        }
        E::PaymentFailed { failed_on, .. } => Some(D::Entered("failed_on", *failed_on)),
        E::PaymentReversed { reversed_on, .. } => Some(D::Entered("reversed_on", *reversed_on)),
        E::ReturnReceived { received_on, .. } => Some(D::Entered("received_on", *received_on)),
        E::EntrySettled { happened_on, .. } => Some(D::Entered("happened_on", *happened_on)),
        E::EntryUnsettled { details, .. } => Some(D::Entered("happened_on", details.happened_on)),
        E::StoryPublished { consented_on, .. } => Some(D::Entered("consented_on", *consented_on)),
        _ => None,
    }
}

fn of_asset(event: &AssetEvent) -> Option<DayInEvent> {
    use AssetEvent as E;
    use DayInEvent as D;
    match event {
        E::AssetRecorded { recorded_on, .. } => Some(D::OfClock("recorded_on", Some(*recorded_on))),
        E::AssetPublished { published_on, .. } => {
            Some(D::OfClock("published_on", Some(*published_on)))
        }
        E::AssetResumed { resumed_on } => Some(D::OfClock("resumed_on", Some(*resumed_on))),
        E::AssetConfirmed { confirmed_on } => Some(D::OfClock("confirmed_on", Some(*confirmed_on))),
        E::AssetWithdrawn { withdrawn_on } => Some(D::OfClock("withdrawn_on", Some(*withdrawn_on))),
        E::TieMade { tied_on, .. } => Some(D::OfClock("tied_on", Some(*tied_on))),
        E::ExchangeRecorded { on, .. } => Some(D::Entered("on", *on)),
        _ => None,
    }
}

fn of_introduction(event: &IntroductionEvent) -> Option<DayInEvent> {
    use IntroductionEvent as E;
    let (name, day) = match event {
        E::IntroductionAsked { asked_on, .. } => ("asked_on", *asked_on),
        E::IntroductionAgreed { agreed_on, .. } => ("agreed_on", *agreed_on),
        E::IntroductionMade { made_on, .. } => ("made_on", *made_on),
        E::IntroductionWelcomed { welcomed_on, .. } => ("welcomed_on", *welcomed_on),
        E::IntroductionDeclined { declined_on, .. } => ("declined_on", *declined_on),
        E::IntroductionCameTo { said_on, .. } => ("said_on", *said_on),
        E::IntroductionTakenBack { taken_back_on, .. } => ("taken_back_on", *taken_back_on),
        E::IntroductionClosed { closed_on, .. } => ("closed_on", *closed_on),
        E::IntroductionReminded { reminded_on } => ("reminded_on", *reminded_on),
        E::MattersForgotten { .. } => return None,
    };
    Some(DayInEvent::OfClock(name, Some(day)))
}

fn of_gathering(event: &GatheringEvent) -> Option<DayInEvent> {
    use DayInEvent as D;
    use GatheringEvent as E;
    match event {
        E::GatheringPlanned { planned_on, .. } => Some(D::OfClock("planned_on", Some(*planned_on))),
        E::GatheringOpened { opened_on } => Some(D::OfClock("opened_on", Some(*opened_on))),
        E::GatheringEnded { ended_on } => Some(D::OfClock("ended_on", Some(*ended_on))),
        E::HandAskedFor { asked_on, .. } => Some(D::OfClock("asked_on", *asked_on)),
        E::StoryChosen { chosen_on, .. } => Some(D::OfClock("chosen_on", Some(*chosen_on))),
        E::TallyGiven { asked_on, .. } => Some(D::Entered("asked_on", *asked_on)),
        _ => None,
    }
}

fn of_barrier(event: &BarrierEvent) -> Option<DayInEvent> {
    use BarrierEvent as E;
    use DayInEvent as D;
    match event {
        E::BarrierRaised { raised_on, .. } => Some(D::OfClock("raised_on", Some(*raised_on))),
        E::BarrierPassedOn { passed_on, .. } => Some(D::OfClock("passed_on", Some(*passed_on))),
        E::BarrierAnswered { answered_on, .. } => {
            Some(D::OfClock("answered_on", Some(*answered_on)))
        }
        _ => None,
    }
}
