//! The time bank: minutes that one party gave to another. They count for the giver and against the
//! receiver, so the balances of all parties together are nought.

use super::{
    Asset, AssetEvent, AssetState, CorrectExchange, Party, RecordExchange, is_staff, out_of_reach,
};
use crate::domain::person::ConsentPurpose;
use crate::domain::{DecisionContext, Refusal};

/// The most minutes of an exchange: about a week.
pub const MINUTES_MAX: u32 = 10_000;

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

    /// Refuses an actor who did not receive the time, or who gave it too: as the person, or as a
    /// member of the group. Nobody knows yet who is behind an address that is not proven.
    fn must_be_received_by_actor(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        let by = facts.by()?;
        let is_actor = |party| -> Result<bool, Refusal> {
            Ok(match party {
                Party::Person(person) => person == by,
                Party::Group(group) => facts.named_group(group)?.has_member(by),
            })
        };
        if !is_actor(self.receiver)? || is_actor(self.giver)? {
            return Err(Refusal::NotYours);
        }
        // The members of a group that was merged are those of another one now.
        if let Party::Group(giver) = self.giver {
            facts.named_group(giver)?.must_be_active()?;
        }
        let is_unproven = facts
            .known(by)
            .is_none_or(|person| person.unproven().is_some());
        if is_unproven {
            return Err(Refusal::AddressUnproven);
        }
        Ok(())
    }

    /// Refuses time that a group gave to itself, also under the name of a group that was merged
    /// into it.
    fn must_have_two_sides(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        let heir = |party: Party| -> Result<Party, Refusal> {
            let Some(group) = party.group() else {
                return Ok(party);
            };
            let merged_into = facts.named_group(group)?.merged_into();
            Ok(merged_into.map_or(party, Party::Group))
        };
        if heir(self.giver)? == heir(self.receiver)? {
            return Err(Refusal::SameParty);
        }
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
    /// Time counts for those who gave it, so outside staff only those who received it record it,
    /// and only between them and those who hold the entry.
    fn must_be_theirs_to_record(
        &self,
        exchange: &RecordExchange,
        facts: &DecisionContext,
    ) -> Result<(), Refusal> {
        if is_staff(facts) {
            return Ok(());
        }
        if self.state != Some(AssetState::Published) && !self.is_held_by_actor(facts)? {
            return Err(out_of_reach(facts));
        }
        let parties = [Some(exchange.giver), Some(exchange.receiver)];
        let theirs = if parties.contains(&self.holder) {
            exchange.must_be_received_by_actor(facts)
        } else {
            Err(Refusal::NotYours)
        };
        match theirs {
            Err(Refusal::NotYours) if !self.is_held_by_actor(facts)? => Err(out_of_reach(facts)),
            theirs => theirs,
        }
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
    ) -> Result<AssetEvent, Refusal> {
        must_be_countable(corrected.minutes)?;
        let minutes = self
            .minutes_of(corrected.exchange)
            .ok_or(Refusal::Unknown("exchange"))?;
        if minutes == corrected.minutes {
            return Err(Refusal::NoChange);
        }
        Ok(AssetEvent::ExchangeCorrected {
            exchange: corrected.exchange,
            minutes: corrected.minutes,
            reason: corrected.reason.clone(),
        })
    }

    fn minutes_of(&self, exchange: u32) -> Option<u32> {
        let at = usize::try_from(exchange.checked_sub(1)?).ok()?;
        self.exchanges.get(at).copied()
    }

    pub(super) fn apply_exchange(&mut self, event: &AssetEvent) {
        match event {
            AssetEvent::ExchangeRecorded { minutes, .. } => self.exchanges.push(*minutes),
            AssetEvent::ExchangeCorrected {
                exchange, minutes, ..
            } => {
                let at = exchange
                    .checked_sub(1)
                    .and_then(|at| usize::try_from(at).ok());
                if let Some(known) = at.and_then(|at| self.exchanges.get_mut(at)) {
                    *known = *minutes;
                }
            }
            _ => {}
        }
    }
}
