//! Offers: one lapses only after its last day.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::civil::Date;
use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::clock::day_of;
use crate::domain::{Event, GrantEvent, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

/// By how much the clocks of a program and of its database may differ.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_secs(60);

#[derive(Default)]
pub(super) struct Offers {
    /// By grant: the last day of its offer.
    last_days: BTreeMap<Uuid, Date>,
}

impl RuleRoom for Offers {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::LapsedAfterLastDay]
    }

    fn check(&mut self, event: &RecordedEvent, _: &LogState, broken: &mut Broken<'_>) {
        let Event::Grant(happened) = &event.event else {
            return;
        };
        match happened {
            GrantEvent::GrantOffered { expires_on, .. }
            | GrantEvent::OfferSent { expires_on }
            | GrantEvent::LetterMoved { expires_on, .. } => {
                self.last_days.insert(event.stream, *expires_on);
            }
            GrantEvent::OfferLapsed {} => {
                let last_day = self.last_days.get(&event.stream);
                let moment = event.recorded_at.checked_add(CLOCKS_DIFFER);
                let today = moment.map_or_else(|_| event.recorded_on(), day_of);
                broken.unless(
                    last_day.is_some_and(|last_day| today > *last_day),
                    Rule::LapsedAfterLastDay,
                    "an offer lapsed that could still be accepted",
                );
            }
            _ => {}
        }
    }
}
