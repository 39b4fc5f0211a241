//! The days of rounds: applications are started, submitted and resubmitted only while their round
//! accepts them. A round does not close before the end of its last day, and its last day never
//! moves earlier.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::LogState;
use super::days::decided_on;
use crate::domain::application::Channel;
use crate::domain::text::Slug;
use crate::domain::{ApplicationEvent, Event, FundEvent};
use crate::eventlog::recorded_event::RecordedEvent;

/// A fund, and the key of one of its rounds.
type RoundKey = (Uuid, Slug);

#[derive(Default)]
pub(super) struct RoundCalendar {
    /// The rounds that have opened and are not completed.
    running: BTreeSet<RoundKey>,
    /// Those of them that have not closed.
    open: BTreeSet<RoundKey>,
    /// By application: the last day for the changes that were requested last.
    changes_due: BTreeMap<Uuid, Date>,
}

impl RoundCalendar {
    /// Whether a round has opened and is not completed.
    pub(super) fn is_running(&self, fund: Uuid, round: &Slug) -> bool {
        self.running.contains(&(fund, round.clone()))
    }

    /// What is wrong with the day of an event, if it is about a round or comes in one. Keeps what
    /// later events need. Logs of the first programs are not checked.
    pub(super) fn check(
        &mut self,
        event: &RecordedEvent,
        before: &LogState,
    ) -> Option<&'static str> {
        let says = match &event.event {
            Event::Fund(happened) => fault_of_round(event, happened, before),
            Event::Application(happened) => self.fault_of_application(event, happened, before),
            _ => None,
        };
        self.follow(event);
        says.filter(|_| before.has_people_rules())
    }

    fn fault_of_application(
        &self,
        event: &RecordedEvent,
        happened: &ApplicationEvent,
        before: &LogState,
    ) -> Option<&'static str> {
        use ApplicationEvent as E;
        let today = decided_on(event)?;
        if let E::ApplicationResubmitted { .. } = happened {
            let is_overdue = self
                .changes_due
                .get(&event.stream)
                .is_some_and(|due| *due < today);
            return is_overdue.then_some("changes came after the day that was set for them");
        }
        let key = round_of(event.stream, happened, before)?;
        let round = before.fund(key.0)?.round(&key.1)?;
        let accepts = |day: Date| (round.opens_on()..=round.closes_on()).contains(&day);
        let is_open = self.open.contains(&key) && accepts(today);
        match happened {
            E::ApplicationStarted { late: false, .. } if !accepts(today) => {
                Some("an application was started on a day that is none of its round")
            }
            E::ApplicationSubmitted { received_on, .. } if !accepts(*received_on) => {
                Some("an application was received on a day that is none of its round")
            }
            E::ApplicationSubmitted {
                channel,
                late_reason,
                ..
            } if !is_open && (*channel == Channel::Web || late_reason.is_none()) => {
                Some("an application was sent after its round was over")
            }
            E::DraftReopened {} if !is_open => Some("a draft came back after its round was over"),
            E::ApplicationLapsed {} if self.running.contains(&key) && accepts(today) => {
                Some("a draft lapsed on a day of its round")
            }
            _ => None,
        }
    }

    fn follow(&mut self, event: &RecordedEvent) {
        let key = |round: &Slug| (event.stream, round.clone());
        match &event.event {
            Event::Fund(FundEvent::RoundOpened { round }) => {
                self.running.insert(key(round));
                self.open.insert(key(round));
            }
            Event::Fund(FundEvent::RoundClosed { round }) => drop(self.open.remove(&key(round))),
            Event::Fund(FundEvent::RoundCompleted { round }) => {
                self.running.remove(&key(round));
                self.open.remove(&key(round));
            }
            Event::Application(ApplicationEvent::ChangesRequested { due_on, .. }) => {
                self.changes_due.insert(event.stream, *due_on);
            }
            _ => {}
        }
    }
}

/// The round of an application; for one that starts, the round that it names.
fn round_of(id: Uuid, event: &ApplicationEvent, before: &LogState) -> Option<RoundKey> {
    if let ApplicationEvent::ApplicationStarted { fund, round, .. } = event {
        return Some((fund.0, round.clone()));
    }
    let origin = before.application(id)?;
    Some((origin.fund.0, origin.round.clone()))
}

/// What is wrong with the days of a round that closes or is extended.
fn fault_of_round(
    event: &RecordedEvent,
    happened: &FundEvent,
    before: &LogState,
) -> Option<&'static str> {
    let last_day = |round: &Slug| Some(before.fund(event.stream)?.round(round)?.closes_on());
    match happened {
        FundEvent::RoundClosed { round } if last_day(round)? >= decided_on(event)? => {
            Some("a round was closed before its last day was over")
        }
        FundEvent::RoundExtended {
            round, closes_on, ..
        } if last_day(round)? >= *closes_on => {
            Some("a round was extended to a day that is not later than its last")
        }
        _ => None,
    }
}
