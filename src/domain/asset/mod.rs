//! The asset aggregate: an entry of the directory, which is something that a group, place or person
//! offers or wants. It has a keeper, ties to other entries, and the hours that were exchanged.

mod command;
mod event;
mod exchange;
mod website;

use std::collections::BTreeSet;

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use command::{
    AssetCommand, AssetKind, AssetListing, AssetWay, CorrectExchange, Party, ProposeWords,
    RecordAsset, RecordExchange, TieKind, TieRef, TieTo,
};
pub use event::AssetEvent;
pub use exchange::MINUTES_MAX;
use exchange::RecordedTime;
pub use website::Website;

use super::id::{AssetId, PersonId};
use super::money::BelowZero;
use super::person::ConsentPurpose;
use super::personal_data::{Encrypted, PersonalInput};
use super::public_words::must_not_look_personal;
use super::role::{Actor, Role};
use super::text::Slug;
use super::{Aggregate, DecisionContext, Refusal};

/// The months after an entry was confirmed at which those who hold it are reminded. After the last
/// of them it counts as out of date, and comes last in lists.
pub const REMINDED_AFTER_MONTHS: [u8; 3] = [10, 11, 12];
/// The most entries that an entry can be tied to.
const TIES_MAX: usize = 200;
/// The most words of those who hold it that are kept of an entry.
const WORDS_MAX: usize = 100;

/// State of an entry of the directory.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::VariantNames,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AssetState {
    /// Only staff and those who hold it see it.
    Recorded,
    /// Everyone sees it.
    Published,
    /// It was published, and is not for a while.
    Paused,
    Withdrawn,
}

/// State of the asset aggregate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Asset {
    state: Option<AssetState>,
    holder: Option<Party>,
    keeper: Option<PersonId>,
    welcomes: bool,
    /// The day on which it was published, put back or confirmed last.
    confirmed_on: Option<Date>,
    /// The months of the newest reminder since it was confirmed.
    reminded: u8,
    ties: BTreeSet<AssetId>,
    /// Who gave the time of each exchange, and its minutes, in the order of their numbers.
    exchanges: Vec<RecordedTime>,
    /// What people wrote about it, and was not forgotten.
    words: Vec<Encrypted>,
}

/// The first day on which those who hold an entry are reminded, these months after it was
/// confirmed.
#[must_use]
pub fn reminder_due_on(confirmed_on: Date, months: u8) -> Date {
    confirmed_on.saturating_add(Span::new().months(i64::from(months)))
}

/// The day from which an entry counts as out of date.
#[must_use]
pub fn stale_on(confirmed_on: Date) -> Date {
    reminder_due_on(confirmed_on, 12)
}

/// The months of the reminder that is due on a day, if one is.
#[must_use]
pub fn reminder_due(confirmed_on: Date, reminded: u8, today: Date) -> Option<u8> {
    let due = |months: &u8| *months > reminded && reminder_due_on(confirmed_on, *months) <= today;
    REMINDED_AFTER_MONTHS.into_iter().rev().find(due)
}

impl Asset {
    #[must_use]
    pub fn exists(&self) -> bool {
        self.state.is_some()
    }

    #[must_use]
    pub fn state(&self) -> Option<AssetState> {
        self.state
    }

    /// Who holds it; `None` if nobody here does.
    #[must_use]
    pub fn holder(&self) -> Option<Party> {
        self.holder
    }

    /// Who looks after it.
    #[must_use]
    pub fn keeper(&self) -> Option<PersonId> {
        self.keeper
    }

    /// Whether those who hold it welcome people who are introduced to them.
    #[must_use]
    pub fn welcomes(&self) -> bool {
        self.welcomes
    }

    /// Refuses an entry that does not exist or was withdrawn, with [`Refusal::Unknown`] or
    /// [`Refusal::ListingWithdrawn`].
    pub fn must_stand(&self) -> Result<(), Refusal> {
        match self.state {
            None => Err(Refusal::Unknown("entry")),
            Some(AssetState::Withdrawn) => Err(Refusal::ListingWithdrawn),
            Some(_) => Ok(()),
        }
    }

    fn must_be(&self, state: AssetState) -> Result<(), Refusal> {
        self.must_stand()?;
        match self.state {
            Some(now) if now != state => Err(Refusal::AssetNotInState(now.into())),
            _ => Ok(()),
        }
    }

    /// Whether the actor holds it: as the person, or as a member of the group.
    fn is_held_by_actor(&self, facts: &DecisionContext) -> Result<bool, Refusal> {
        match (self.holder, facts.actor()) {
            (Some(Party::Person(person)), Actor::Person(by)) => Ok(person == by),
            (Some(Party::Group(_)), Actor::Person(_)) => facts.of_group(),
            _ => Ok(false),
        }
    }

    /// Refuses an actor who neither looks after the directory nor holds the entry.
    fn must_be_within_reach(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        if self.exists() && (is_staff(facts) || self.is_held_by_actor(facts)?) {
            Ok(())
        } else {
            Err(out_of_reach(facts))
        }
    }

    fn record(recorded: &RecordAsset, facts: &DecisionContext) -> Result<AssetEvent, Refusal> {
        must_have_places(recorded.area.as_ref(), &recorded.themes, facts)?;
        match recorded.holder {
            Some(Party::Person(_)) => recorded.must_be_agreed(facts)?,
            Some(Party::Group(_)) => facts.group()?.must_be_active()?,
            None => {}
        }
        if recorded.holder.and_then(Party::person).is_none() {
            recorded.must_be_named()?;
        }
        Ok(AssetEvent::AssetRecorded {
            way: recorded.way,
            kind: recorded.kind,
            holder: recorded.holder,
            name: recorded.name.clone(),
            words: recorded.words.as_ref().map(PersonalInput::sealed),
            area: recorded.area.clone(),
            themes: recorded.themes.clone(),
            keeper: facts.by()?,
            recorded_on: facts.today,
        })
    }

    fn propose(&self, words: &PersonalInput) -> Result<AssetEvent, Refusal> {
        self.must_stand()?;
        if self.holder.is_none() {
            return Err(Refusal::Nothing(
                "no one here holds this entry, so publish the words yourself",
            ));
        }
        if self.words.len() >= WORDS_MAX {
            return Err(Refusal::TooManyItems(WORDS_MAX));
        }
        Ok(AssetEvent::WordsProposed {
            words: words.sealed(),
        })
    }

    fn publish(
        &self,
        listing: &AssetListing,
        facts: &DecisionContext,
    ) -> Result<AssetEvent, Refusal> {
        self.must_stand()?;
        if self.state == Some(AssetState::Paused) {
            return Err(Refusal::AssetNotInState(AssetState::Paused.into()));
        }
        if self.holder.and_then(Party::person).is_some() {
            return Err(Refusal::Private);
        }
        listing.must_be_impersonal()?;
        must_have_places(listing.area.as_ref(), &listing.themes, facts)?;
        Ok(AssetEvent::AssetPublished {
            listing: listing.clone(),
            published_on: facts.today,
        })
    }

    /// Ties this entry to another one. The context never contains the entry itself as the other
    /// one, so a tie to itself is refused.
    fn tie(&self, tie: TieTo, facts: &DecisionContext) -> Result<AssetEvent, Refusal> {
        self.must_stand()?;
        let Ok(other) = facts.asset() else {
            return Err(Refusal::SameParty);
        };
        other.must_stand()?;
        if self.holder.is_some() && self.holder == other.holder {
            return Err(Refusal::SameParty);
        }
        if self.ties.contains(&tie.to) {
            return Err(Refusal::NoChange);
        }
        if self.ties.len() >= TIES_MAX {
            return Err(Refusal::TooManyItems(TIES_MAX));
        }
        Ok(AssetEvent::TieMade {
            to: tie.to,
            how: tie.how,
            tied_on: facts.today,
        })
    }

    fn untie(&self, to: AssetId) -> Result<AssetEvent, Refusal> {
        if !self.ties.contains(&to) {
            return Err(Refusal::NoChange);
        }
        Ok(AssetEvent::TieEnded { to })
    }

    fn take_over(&self, facts: &DecisionContext) -> Result<AssetEvent, Refusal> {
        self.must_stand()?;
        let keeper = facts.by()?;
        if self.keeper == Some(keeper) {
            return Err(Refusal::NoChange);
        }
        Ok(AssetEvent::KeeperChanged { keeper })
    }

    fn remind(&self, today: Date) -> Result<AssetEvent, Refusal> {
        self.must_be(AssetState::Published)?;
        let months = self
            .confirmed_on
            .and_then(|confirmed_on| reminder_due(confirmed_on, self.reminded, today))
            .ok_or(Refusal::ReminderNotDue)?;
        Ok(AssetEvent::AssetReminded { months })
    }

    /// Whether the holder's data may still be stored: the person consents to it, or the group was
    /// not erased. True for an entry without a holder.
    fn has_standing_holder(&self, facts: &DecisionContext) -> Result<bool, Refusal> {
        Ok(match self.holder {
            Some(Party::Person(_)) => {
                let person = facts.person()?;
                person.must_be_active().is_ok() && person.has_agreed(ConsentPurpose::Skills)
            }
            Some(Party::Group(_)) => facts.group()?.must_be_active_or_merged().is_ok(),
            None => true,
        })
    }

    fn forget_words(&self, facts: &DecisionContext) -> Result<Vec<AssetEvent>, Refusal> {
        let is_withdrawn = self.state == Some(AssetState::Withdrawn);
        if !is_withdrawn && self.has_standing_holder(facts)? {
            return Err(Refusal::NotExpired);
        }
        let withdrawn = (!is_withdrawn).then_some(AssetEvent::AssetWithdrawn {
            withdrawn_on: facts.today,
        });
        let forgotten = (!self.words.is_empty()).then(|| AssetEvent::WordsForgotten {
            words: self.words.clone(),
        });
        let events: Vec<_> = withdrawn.into_iter().chain(forgotten).collect();
        if events.is_empty() {
            return Err(Refusal::NoChange);
        }
        Ok(events)
    }

    /// Decides what those who hold the entry may do as well as staff.
    fn decide_for_holder(
        &self,
        command: &AssetCommand,
        facts: &DecisionContext,
    ) -> Result<AssetEvent, Refusal> {
        use AssetCommand as C;
        self.must_be_within_reach(facts)?;
        Ok(match command {
            C::Propose(proposed) => self.propose(&proposed.words)?,
            C::Pause(_) => {
                self.must_be(AssetState::Published)?;
                AssetEvent::AssetPaused {}
            }
            C::Resume(_) => {
                self.must_be(AssetState::Paused)?;
                AssetEvent::AssetResumed {
                    resumed_on: facts.today,
                }
            }
            C::Confirm(_) => {
                self.must_be(AssetState::Published)?;
                if self.confirmed_on == Some(facts.today) {
                    return Err(Refusal::NoChange);
                }
                AssetEvent::AssetConfirmed {
                    confirmed_on: facts.today,
                }
            }
            _ => {
                self.must_stand()?;
                AssetEvent::AssetWithdrawn {
                    withdrawn_on: facts.today,
                }
            }
        })
    }

    fn confirm(&mut self, day: Date) {
        (self.confirmed_on, self.reminded) = (Some(day), 0);
    }
}

/// To those without a role, an entry of somebody else is one that does not exist.
fn out_of_reach(facts: &DecisionContext) -> Refusal {
    if is_staff(facts) || facts.roles().is_empty() {
        Refusal::Unknown("entry")
    } else {
        Refusal::NotYours
    }
}

/// Whether the actor looks after the directory.
fn is_staff(facts: &DecisionContext) -> bool {
    let roles = facts.roles();
    roles.contains(&Role::Officer) || roles.contains(&Role::Connector)
}

/// Refuses an area that no fund covers, and a theme that is not adopted.
fn must_have_places(
    area: Option<&Slug>,
    themes: &BTreeSet<Slug>,
    facts: &DecisionContext,
) -> Result<(), Refusal> {
    if let Some(area) = area {
        facts.has_area(area)?;
    }
    for theme in themes {
        facts.organisation()?.must_have_theme(theme, "themes")?;
    }
    Ok(())
}

impl RecordAsset {
    /// Refuses what a person holds if it is named in public words, or they have not agreed that it
    /// is kept.
    fn must_be_agreed(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        let person = facts.person()?;
        person.must_be_active()?;
        if !person.has_agreed(ConsentPurpose::Skills) {
            return Err(Refusal::ConsentMissing);
        }
        if self.name.is_some() {
            return Err(Refusal::Private);
        }
        if !self.kind.is_of_people() || self.words.is_none() {
            return Err(Refusal::Nothing(
                "say which thing, skill or interest the person has",
            ));
        }
        Ok(())
    }

    /// Refuses an entry that no person holds if it has no name, or words of a person, or if it is a
    /// skill or an interest of nobody: it would be that of a person who did not agree.
    fn must_be_named(&self) -> Result<(), Refusal> {
        if self.holder.is_none() && self.kind.is_of_somebody() {
            return Err(Refusal::Nothing("say whose skill or interest it is"));
        }
        if self.words.is_some() {
            return Err(Refusal::Nothing(
                "give it a name: only what a person holds has words of its own",
            ));
        }
        match &self.name {
            Some(name) => must_not_look_personal("name", name.as_str()),
            None => Err(Refusal::Nothing("give it a name")),
        }
    }
}

impl AssetListing {
    /// Refuses public words that look as if they said how to reach somebody.
    fn must_be_impersonal(&self) -> Result<(), Refusal> {
        must_not_look_personal("name", self.name.as_str())?;
        must_not_look_personal("description", self.description.as_str())?;
        if let Some(when) = &self.when {
            must_not_look_personal("when", when.as_str())?;
        }
        match &self.access {
            Some(access) => must_not_look_personal("access", access.as_str()),
            None => Ok(()),
        }
    }
}

impl Aggregate for Asset {
    const TYPE: &'static str = "asset";
    type Command = AssetCommand;
    type Event = AssetEvent;

    fn decide(
        &self,
        command: &AssetCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<AssetEvent>, Refusal> {
        use AssetCommand as C;
        if let C::Record(recorded) = command {
            return if self.exists() {
                Err(Refusal::Exists("entry"))
            } else {
                Ok(vec![Self::record(recorded, facts)?])
            };
        }
        if !self.exists() {
            return Err(out_of_reach(facts));
        }
        let event = match command {
            C::Record(_) => return Err(Refusal::Exists("entry")),
            C::Publish(listing) => self.publish(listing, facts)?,
            C::Tie(tie) => self.tie(*tie, facts)?,
            C::Untie(of) => self.untie(of.to)?,
            C::TakeOver(_) => self.take_over(facts)?,
            C::Remind(_) => self.remind(facts.today)?,
            C::ForgetWords(_) => return self.forget_words(facts),
            C::RecordExchange(exchange) => self.record_exchange(exchange, facts)?,
            C::CorrectExchange(corrected) => self.correct_exchange(corrected, facts)?,
            C::Propose(_) | C::Pause(_) | C::Resume(_) | C::Confirm(_) | C::Withdraw(_) => {
                self.decide_for_holder(command, facts)?
            }
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &AssetEvent) -> Result<(), BelowZero> {
        use AssetEvent as E;
        match event {
            E::AssetRecorded {
                holder,
                words,
                keeper,
                ..
            } => {
                self.state = Some(AssetState::Recorded);
                (self.holder, self.keeper) = (*holder, Some(*keeper));
                self.words.extend(words.clone());
            }
            E::WordsProposed { words } => self.words.push(words.clone()),
            E::AssetPublished {
                listing,
                published_on,
            } => {
                self.state = Some(AssetState::Published);
                self.welcomes = listing.welcomes;
                self.confirm(*published_on);
            }
            E::AssetPaused {} => self.state = Some(AssetState::Paused),
            E::AssetResumed { resumed_on } => {
                self.state = Some(AssetState::Published);
                self.confirm(*resumed_on);
            }
            E::AssetConfirmed { confirmed_on } => self.confirm(*confirmed_on),
            E::AssetWithdrawn { .. } => self.state = Some(AssetState::Withdrawn),
            E::TieMade { to, .. } => drop(self.ties.insert(*to)),
            E::TieEnded { to } => drop(self.ties.remove(to)),
            E::KeeperChanged { keeper } => self.keeper = Some(*keeper),
            E::ExchangeRecorded { .. } | E::ExchangeCorrected { .. } => self.apply_exchange(event),
            E::AssetReminded { months } => self.reminded = *months,
            E::WordsForgotten { .. } => self.words.clear(),
        }
        Ok(())
    }
}
