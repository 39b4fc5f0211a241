//! Offers: when their letters go out, and how long they can be accepted. One lapses only after its
//! last day.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Span};
use uuid::Uuid;

use super::days::decided_on;
use super::{Broken, LogState, RuleRoom};
use crate::clock::day_of;
use crate::domain::{Event, Fund, GrantEvent, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

/// By how much the clocks of a program and of its database may differ.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_secs(60);

#[derive(Default)]
pub(super) struct Offers {
    /// By grant: its newest offer.
    newest: BTreeMap<Uuid, OfferLetter>,
}

struct OfferLetter {
    /// The last day on which it can be accepted.
    last_day: Date,
    is_held: bool,
    /// Whether it has not gone out yet.
    waits: bool,
}

impl RuleRoom for Offers {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::LettersInOrder, Rule::LapsedAfterLastDay]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        use GrantEvent as E;
        let Event::Grant(happened) = &event.event else {
            return;
        };
        let newest = self.newest.get(&event.stream);
        let (is_held, waits) = newest.map_or((false, false), |of| (of.is_held, of.waits));
        let wrong = match happened {
            E::LetterMoved { .. } | E::LetterReleased {} if !is_held => {
                Some("a letter was moved or released that was not held")
            }
            E::OfferSent { .. } if is_held || !waits => {
                Some("an offer was sent that was held or had gone out")
            }
            E::AgreementSigned { .. } | E::AgreementAccepted { .. } | E::OfferDeclined {}
                if waits =>
            {
                Some("a group answered an offer that had not gone out")
            }
            E::AgreementSigned { .. } | E::AgreementAccepted { .. } | E::OfferDeclined {}
                if before.has_people_rules() && is_over(newest, event) =>
            {
                Some("a group answered an offer after its last day")
            }
            _ => None,
        };
        if let Some(says) = wrong {
            broken.report(Rule::LettersInOrder, says);
        }
        if let E::OfferLapsed {} = happened {
            self.check_lapse(event, broken);
        }
        self.follow(event, happened, before, broken);
    }
}

impl Offers {
    /// Follows an offer, and checks the days that its letter has.
    fn follow(
        &mut self,
        event: &RecordedEvent,
        happened: &GrantEvent,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        let (last_day, letters_on, waits) = match happened {
            GrantEvent::GrantOffered {
                expires_on,
                letters_on,
                waits,
                ..
            } => (*expires_on, *letters_on, *waits),
            GrantEvent::LetterMoved {
                letters_on,
                expires_on,
            } => (*expires_on, Some(*letters_on), true),
            GrantEvent::OfferSent { expires_on } => (*expires_on, None, false),
            GrantEvent::LetterReleased {} => {
                if let Some(newest) = self.newest.get_mut(&event.stream) {
                    newest.is_held = false;
                }
                return;
            }
            _ => return,
        };
        check_days(event, last_day, letters_on, before, broken);
        let offer = OfferLetter {
            last_day,
            is_held: letters_on.is_some(),
            waits,
        };
        self.newest.insert(event.stream, offer);
    }

    fn check_lapse(&self, event: &RecordedEvent, broken: &mut Broken<'_>) {
        let newest = self.newest.get(&event.stream);
        let moment = event.recorded_at.checked_add(CLOCKS_DIFFER);
        let today = moment.map_or_else(|_| event.recorded_on(), day_of);
        broken.unless(
            newest.is_some_and(|newest| today > newest.last_day),
            Rule::LapsedAfterLastDay,
            "an offer lapsed that could still be accepted",
        );
    }
}

/// Whether the last day of an offer is over.
fn is_over(newest: Option<&OfferLetter>, event: &RecordedEvent) -> bool {
    let today = decided_on(event);
    newest
        .zip(today)
        .is_some_and(|(newest, today)| today > newest.last_day)
}

/// Checks that a held letter goes out on a later day, and that the group has the days of its fund
/// to accept the offer.
fn check_days(
    event: &RecordedEvent,
    last_day: Date,
    letters_on: Option<Date>,
    before: &LogState,
    broken: &mut Broken<'_>,
) {
    let Some(today) = decided_on(event) else {
        return;
    };
    broken.unless(
        letters_on.is_none_or(|letters_on| letters_on > today),
        Rule::LettersInOrder,
        "a letter was held until a day that had come",
    );
    let Some(rules) = before.fund_of(event.stream).map(Fund::rules) else {
        return;
    };
    let goes_out_on = letters_on.unwrap_or(today);
    let least = goes_out_on.saturating_add(Span::new().days(i64::from(rules.offer_days)));
    broken.unless(
        last_day >= least,
        Rule::LettersInOrder,
        format!("an offer of {goes_out_on} can be accepted until {last_day}, before {least}"),
    );
}
