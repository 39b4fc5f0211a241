//! The rules of the directory: what a person holds stays private and has their consent, and hours
//! add up.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::asset::Party;
use crate::domain::person::ConsentPurpose;
use crate::domain::{AssetEvent, Event, PersonEvent, PersonId, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Assets {
    /// The entries that a person holds.
    held_by_people: BTreeSet<Uuid>,
    /// By entry: the sides and the minutes of each exchange, in the order of their numbers.
    exchanges: BTreeMap<Uuid, Vec<SeenExchange>>,
    /// What each party gave less what it received.
    balances: BTreeMap<Party, i64>,
    /// The people who agree to be asked for what they can do.
    agree_to_skills: BTreeSet<PersonId>,
    /// The people who agree to be in the time bank.
    agree_to_time_bank: BTreeSet<PersonId>,
}

#[derive(Clone, Copy)]
struct SeenExchange {
    giver: Party,
    receiver: Party,
    minutes: u32,
}

impl RuleRoom for Assets {
    fn rules(&self) -> &'static [Rule] {
        &[
            Rule::DirectoryPrivate,
            Rule::DirectoryConsent,
            Rule::HoursBalanced,
            Rule::HoursReceived,
        ]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        let happened = match &event.event {
            Event::Asset(happened) => happened,
            Event::Person(happened) => {
                self.follow_consent(PersonId(event.stream), happened);
                return;
            }
            _ => return,
        };
        if let Err(says) = self.check_privacy(event.stream, happened) {
            broken.report(Rule::DirectoryPrivate, says);
        }
        if let Err(says) = self.check_consent(happened) {
            broken.report(Rule::DirectoryConsent, says);
        }
        if let Err(says) = self.check_exchange(event.stream, happened) {
            broken.report(Rule::HoursBalanced, says);
        }
        if let Err(says) = check_sides(happened, before) {
            broken.report(Rule::HoursReceived, says);
        }
        let counts_for_self = self
            .giver_in(event.stream, happened)
            .zip(LogState::actor(event))
            .is_some_and(|(giver, actor)| gave(actor, giver, before));
        let says = "somebody who gave time recorded or corrected it";
        broken.unless(!counts_for_self, Rule::HoursReceived, says);
    }
}

impl Assets {
    fn follow_consent(&mut self, person: PersonId, event: &PersonEvent) {
        let (purpose, agrees) = match event {
            PersonEvent::ConsentGiven { purpose, .. } => (*purpose, true),
            PersonEvent::ConsentTakenBack { purpose, .. } => (*purpose, false),
            PersonEvent::PersonalDataErased { .. } => {
                self.agree_to_skills.remove(&person);
                self.agree_to_time_bank.remove(&person);
                return;
            }
            _ => return,
        };
        let who_agree = match purpose {
            ConsentPurpose::Skills => &mut self.agree_to_skills,
            ConsentPurpose::TimeBank => &mut self.agree_to_time_bank,
            ConsentPurpose::Invitations => return,
        };
        if agrees {
            who_agree.insert(person);
        } else {
            who_agree.remove(&person);
        }
    }

    fn check_privacy(&mut self, entry: Uuid, event: &AssetEvent) -> Result<(), &'static str> {
        match event {
            AssetEvent::AssetRecorded {
                kind,
                holder,
                name,
                words,
                ..
            } => {
                if holder.is_none() && kind.is_of_somebody() {
                    return Err("a skill or an interest is nobody's");
                }
                let is_of_person = holder.and_then(Party::person).is_some();
                if is_of_person {
                    self.held_by_people.insert(entry);
                }
                if is_of_person == name.is_some() || is_of_person != words.is_some() {
                    return Err("what a person holds has a public name, or another entry has none");
                }
                Ok(())
            }
            AssetEvent::AssetPublished { .. } if self.held_by_people.contains(&entry) => {
                Err("what a person holds was published")
            }
            _ => Ok(()),
        }
    }

    fn check_consent(&self, event: &AssetEvent) -> Result<(), &'static str> {
        match event {
            AssetEvent::AssetRecorded {
                holder: Some(Party::Person(person)),
                ..
            } if !self.agree_to_skills.contains(person) => {
                Err("what a person holds was recorded without their consent")
            }
            AssetEvent::ExchangeRecorded {
                giver, receiver, ..
            } => {
                let mut people = [*giver, *receiver].into_iter().filter_map(Party::person);
                if people.all(|person| self.agree_to_time_bank.contains(&person)) {
                    Ok(())
                } else {
                    Err("a person gave or received time who had not agreed to it")
                }
            }
            _ => Ok(()),
        }
    }

    fn check_exchange(&mut self, entry: Uuid, event: &AssetEvent) -> Result<(), &'static str> {
        match event {
            AssetEvent::ExchangeRecorded {
                exchange,
                giver,
                receiver,
                minutes,
                ..
            } => {
                let seen = SeenExchange {
                    giver: *giver,
                    receiver: *receiver,
                    minutes: *minutes,
                };
                let of_entry = self.exchanges.entry(entry).or_default();
                let is_next = usize::try_from(*exchange).ok() == of_entry.len().checked_add(1);
                of_entry.push(seen);
                self.count(seen, 1);
                if !is_next {
                    return Err("an exchange has not the next number of its entry");
                }
                if *minutes == 0 {
                    return Err("an exchange has no minutes");
                }
            }
            AssetEvent::ExchangeCorrected {
                exchange, minutes, ..
            } => {
                let at = exchange
                    .checked_sub(1)
                    .and_then(|at| usize::try_from(at).ok());
                let of_entry = self.exchanges.entry(entry).or_default();
                let Some(seen) = at.and_then(|at| of_entry.get_mut(at)) else {
                    return Err("an exchange was corrected that was not recorded");
                };
                let before = *seen;
                seen.minutes = *minutes;
                let after = *seen;
                self.count(before, -1);
                self.count(after, 1);
            }
            _ => return Ok(()),
        }
        let sum: i64 = self.balances.values().copied().fold(0, i64::saturating_add);
        if sum == 0 {
            Ok(())
        } else {
            Err("the balances of the time bank do not add up to nought")
        }
    }

    /// Who gave the time that an event records or corrects.
    fn giver_in(&self, entry: Uuid, event: &AssetEvent) -> Option<Party> {
        match event {
            AssetEvent::ExchangeRecorded { giver, .. } => Some(*giver),
            AssetEvent::ExchangeCorrected { exchange, .. } => {
                let at = usize::try_from(exchange.checked_sub(1)?).ok()?;
                Some(self.exchanges.get(&entry)?.get(at)?.giver)
            }
            _ => None,
        }
    }

    /// Counts an exchange once, or takes it back.
    fn count(&mut self, exchange: SeenExchange, sign: i64) {
        let minutes = i64::from(exchange.minutes).saturating_mul(sign);
        let given = self.balances.entry(exchange.giver).or_default();
        *given = given.saturating_add(minutes);
        let received = self.balances.entry(exchange.receiver).or_default();
        *received = received.saturating_sub(minutes);
    }
}

/// Checks that time has two sides.
fn check_sides(event: &AssetEvent, before: &LogState) -> Result<(), &'static str> {
    match event {
        AssetEvent::ExchangeRecorded {
            giver, receiver, ..
        } if before.heir_of(*giver) == before.heir_of(*receiver) => {
            Err("a group or a person gave time to itself")
        }
        _ => Ok(()),
    }
}

/// Whether a person gave time, as the person or as a member of the group, or of one that it was
/// merged into.
fn gave(person: PersonId, giver: Party, before: &LogState) -> bool {
    match giver {
        Party::Person(giver) => giver == person,
        Party::Group(group) => before.is_member(person, group.0),
    }
}
