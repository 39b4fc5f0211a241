//! Handing over a booking to the owner of the email address that was entered for it.
//!
//! Someone can book without signing in, with an address that belongs to an existing account. The
//! link that is mailed to the address hands the booking over. There remains one booking: the place
//! goes to the owner of the address even if others wait, and an owner who has booked already keeps
//! a single place.

use super::session::agreed;
use super::{Gathering, GatheringEvent, GatheringState, HandOver, StepDown};
use crate::domain::{DecisionContext, Refusal};

impl Gathering {
    pub(super) fn hand_over(
        &self,
        hand_over: &HandOver,
        facts: &DecisionContext,
    ) -> Result<Vec<GatheringEvent>, Refusal> {
        self.must_be(GatheringState::Open)?;
        let session = self.session(hand_over.session)?;
        session.must_be_to_come(facts)?;
        let owner = facts.person()?;
        owner.must_be_active()?;
        if owner.unproven().is_some() {
            return Err(Refusal::AddressUnproven);
        }
        let (number, from, to) = (hand_over.session, hand_over.from, hand_over.to);
        if from == to {
            return Err(Refusal::NoChange);
        }
        let has_place = session.has_place(from);
        if !has_place && !session.waits(from) {
            return Err(Refusal::NotSignedUp);
        }
        if session.has_place(to) || (session.waits(to) && !has_place) {
            return Ok(session.without(&StepDown {
                session: number,
                person: from,
            }));
        }
        let needs = hand_over.needs.as_ref().map(agreed).transpose()?;
        if !has_place {
            let waiting = u32::try_from(session.waiting().count()).unwrap_or(u32::MAX);
            let left = GatheringEvent::WaitingLeft {
                session: number,
                person: from,
            };
            let joined = GatheringEvent::WaitingJoined {
                session: number,
                person: to,
                rank: waiting,
                group: None,
                needs,
            };
            return Ok(vec![left, joined]);
        }
        let waited = session.waits(to).then_some(GatheringEvent::WaitingLeft {
            session: number,
            person: to,
        });
        let given_up = GatheringEvent::PlaceGivenUp {
            session: number,
            person: from,
        };
        let taken = GatheringEvent::PlaceTaken {
            session: number,
            person: to,
            group: None,
            needs,
            waited: false,
        };
        Ok(waited.into_iter().chain([given_up, taken]).collect())
    }
}
