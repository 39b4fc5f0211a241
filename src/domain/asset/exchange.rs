//! The time bank: minutes that one party gave to another. They count for the giver and against the
//! receiver, so the balances of all parties together are nought.

use serde::{Deserialize, Serialize};

use super::{
    Asset, AssetEvent, AssetState, CorrectExchange, Party, RecordExchange, is_staff, out_of_reach,
};
use crate::domain::person::ConsentPurpose;
use crate::domain::{DecisionContext, GroupId, Refusal};

/// The most minutes of an exchange: about a week.
pub const MINUTES_MAX: u32 = 10_000;

/// Time that was recorded: who gave it, and the minutes as they were recorded or corrected last.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RecordedTime {
    giver: Party,
    minutes: u32,
}

impl RecordExchange {
    /// Refuses a person who has not agreed to be in the time bank, also one who does not exist, and
    /// a group that is not there any more.
    fn must_be_in_time_bank(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        for party in [self.giver, self.receiver] {
            match party {
                Party::Group(group) => facts.named_group(group)?.must_be_active_or_merged()?,
                Party::Person(person) => {
                    let agreed = facts.known(person).is_some_and(|person| {
                        person.must_be_active().is_ok()
                            && person.has_agreed(ConsentPurpose::TimeBank)
                    });
                    if !agreed {
                        return Err(Refusal::NotInTimeBank);
                    }
                }
            }
        }
        Ok(())
    }

    /// Refuses an actor who did not receive the time. Nobody knows yet who is behind an address
    /// that is not proven.
    fn must_be_received_by_actor(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        if !is_of_actor(self.receiver, facts)? {
            return Err(Refusal::NotYours);
        }
        // The members of a group that was merged are those of another one now.
        if let Party::Group(giver) = self.giver {
            facts.named_group(giver)?.must_be_active()?;
        }
        let is_unproven = facts
            .known(facts.by()?)
            .is_none_or(|person| person.unproven().is_some());
        if is_unproven {
            return Err(Refusal::AddressUnproven);
        }
        Ok(())
    }

    /// Refuses time that a group gave to itself, also under the names of groups that were merged
    /// into it.
    fn must_have_two_sides(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        let heir = |party| match party {
            Party::Person(_) => Ok(party),
            Party::Group(group) => facts.named_heir(group).map(Party::Group),
        };
        if heir(self.giver)? == heir(self.receiver)? {
            return Err(Refusal::SameParty);
        }
        Ok(())
    }
}

/// Whether a party is the actor, or a group of theirs. The group must be there.
fn is_of_actor(party: Party, facts: &DecisionContext) -> Result<bool, Refusal> {
    let by = facts.by()?;
    match party {
        Party::Person(person) => Ok(person == by),
        Party::Group(group) => Ok(facts.named_group(group)?.has_member(by)),
    }
}

/// The same. The members of the group that it is part of now count, too.
fn is_of_actor_now(party: Party, facts: &DecisionContext) -> Result<bool, Refusal> {
    match party {
        Party::Person(_) => is_of_actor(party, facts),
        Party::Group(group) => {
            let heir = Party::Group(facts.named_heir(group)?);
            Ok(is_of_actor(party, facts)? || is_of_actor(heir, facts)?)
        }
    }
}

/// Refuses with [`Refusal::NotYours`] an actor who gave the time, as the person or as a member of
/// the group: nobody adds to their own balance.
fn must_not_be_given_by_actor(giver: Party, facts: &DecisionContext) -> Result<(), Refusal> {
    if is_of_actor_now(giver, facts)? {
        Err(Refusal::NotYours)
    } else {
        Ok(())
    }
}

fn must_be_countable(minutes: u32) -> Result<(), Refusal> {
    if minutes > MINUTES_MAX {
        return Err(Refusal::Nothing("enter at most 10,000 minutes"));
    }
    Ok(())
}

impl Asset {
    /// Time counts for those who gave it, so they do not record it. Outside staff only those who
    /// received it do, between them and those who hold the entry.
    fn must_be_theirs_to_record(
        &self,
        exchange: &RecordExchange,
        facts: &DecisionContext,
    ) -> Result<(), Refusal> {
        if is_staff(facts) {
            return must_not_be_given_by_actor(exchange.giver, facts);
        }
        let holds = self.is_held_by_actor(facts)?;
        if self.state != Some(AssetState::Published) && !holds {
            return Err(out_of_reach(facts));
        }
        let parties = [Some(exchange.giver), Some(exchange.receiver)];
        let theirs = if parties.contains(&self.holder) {
            exchange
                .must_be_received_by_actor(facts)
                .and_then(|()| must_not_be_given_by_actor(exchange.giver, facts))
        } else {
            Err(Refusal::NotYours)
        };
        match theirs {
            Err(Refusal::NotYours) if !holds => Err(out_of_reach(facts)),
            theirs => theirs,
        }
    }

    /// The group that gave the time of an exchange, if a group did.
    #[must_use]
    pub fn group_that_gave(&self, exchange: u32) -> Option<GroupId> {
        self.recorded(exchange)?.giver.group()
    }

    pub(super) fn record_exchange(
        &self,
        exchange: &RecordExchange,
        facts: &DecisionContext,
    ) -> Result<AssetEvent, Refusal> {
        self.must_be_theirs_to_record(exchange, facts)?;
        self.must_stand()?;
        if exchange.giver == exchange.receiver {
            return Err(Refusal::SameParty);
        }
        if exchange.minutes == 0 {
            return Err(Refusal::Nothing("enter the minutes that were given"));
        }
        must_be_countable(exchange.minutes)?;
        facts.not_future(exchange.on)?;
        exchange.must_be_in_time_bank(facts)?;
        exchange.must_have_two_sides(facts)?;
        let last = u32::try_from(self.exchanges.len()).unwrap_or(u32::MAX);
        Ok(AssetEvent::ExchangeRecorded {
            exchange: last.saturating_add(1),
            giver: exchange.giver,
            receiver: exchange.receiver,
            minutes: exchange.minutes,
            on: exchange.on,
        })
    }

    /// An exchange can be corrected after the entry was withdrawn, too.
    pub(super) fn correct_exchange(
        &self,
        corrected: &CorrectExchange,
        facts: &DecisionContext,
    ) -> Result<AssetEvent, Refusal> {
        must_be_countable(corrected.minutes)?;
        let recorded = self
            .recorded(corrected.exchange)
            .ok_or(Refusal::Unknown("exchange"))?;
        must_not_be_given_by_actor(recorded.giver, facts)?;
        if recorded.minutes == corrected.minutes {
            return Err(Refusal::NoChange);
        }
        Ok(AssetEvent::ExchangeCorrected {
            exchange: corrected.exchange,
            minutes: corrected.minutes,
            reason: corrected.reason.clone(),
        })
    }

    fn recorded(&self, exchange: u32) -> Option<&RecordedTime> {
        let at = usize::try_from(exchange.checked_sub(1)?).ok()?;
        self.exchanges.get(at)
    }

    pub(super) fn apply_exchange(&mut self, event: &AssetEvent) {
        match event {
            AssetEvent::ExchangeRecorded { giver, minutes, .. } => {
                self.exchanges.push(RecordedTime {
                    giver: *giver,
                    minutes: *minutes,
                });
            }
            AssetEvent::ExchangeCorrected {
                exchange, minutes, ..
            } => {
                let at = exchange
                    .checked_sub(1)
                    .and_then(|at| usize::try_from(at).ok());
                if let Some(known) = at.and_then(|at| self.exchanges.get_mut(at)) {
                    known.minutes = *minutes;
                }
            }
            _ => {}
        }
    }
}
