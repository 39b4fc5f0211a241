//! The barrier aggregate: a problem that people reported, a summary of it, the organisation that
//! was asked to remove it, and that organisation's answers.

mod command;
mod event;
mod follow_ups;

use std::collections::BTreeSet;

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use command::{
    BarrierAnswer, BarrierCommand, BarrierSummary, ComesTo, JoinBarrier, PassOnBarrier,
    RaiseBarrier, TakeInBarrier,
};
pub use event::BarrierEvent;

use super::id::PersonId;
use super::money::BelowZero;
use super::person::channel_of;
use super::personal_data::Encrypted;
use super::public_words::must_not_look_personal;
use super::role::Role;
use super::text::Prose;
use super::{Aggregate, DecisionContext, Refusal};

/// Years for which the words of those who raised a barrier are kept.
const WORDS_KEPT_YEARS: i64 = 2;

/// State of a barrier.
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
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum BarrierState {
    /// Only staff and those who raised it know of it.
    Raised,
    /// Staff wrote what it is about.
    SummedUp,
    /// Everyone can read it, and an answer is waited for.
    PassedOn,
    Answered,
    Closed,
    /// It is part of another barrier.
    Joined,
}

/// State of the barrier aggregate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Barrier {
    state: Option<BarrierState>,
    /// Those who raised it, and what was joined to it.
    raised_by: BTreeSet<PersonId>,
    raised_on: Option<Date>,
    /// What those who raised it said, until it is deleted.
    words: Option<Encrypted>,
    summary: Option<Prose>,
    /// The day by which an answer is asked for, once it is passed on.
    due_on: Option<Date>,
    comes_to: Option<ComesTo>,
    reminded: bool,
}

/// The last day on which the words of those who raised a barrier on a day are kept.
#[must_use]
pub fn barrier_words_kept_until(raised_on: Date) -> Date {
    raised_on.saturating_add(Span::new().years(WORDS_KEPT_YEARS))
}

impl Barrier {
    #[must_use]
    pub fn exists(&self) -> bool {
        self.state.is_some()
    }

    /// Those who raised it, and those who raised what was joined to it.
    pub fn raised_by(&self) -> impl Iterator<Item = PersonId> {
        self.raised_by.iter().copied()
    }

    /// Refuses a barrier that was joined to another, with [`Refusal::Joined`], and one that is
    /// closed.
    fn must_be_open(&self) -> Result<BarrierState, Refusal> {
        match self.state {
            None => Err(Refusal::Unknown("barrier")),
            Some(BarrierState::Joined) => Err(Refusal::Joined),
            Some(BarrierState::Closed) => {
                Err(Refusal::BarrierNotInState(BarrierState::Closed.into()))
            }
            Some(state) => Ok(state),
        }
    }

    /// Refuses a barrier that was passed on already.
    fn must_be_before_passing_on(&self) -> Result<(), Refusal> {
        match self.must_be_open()? {
            BarrierState::Raised | BarrierState::SummedUp => Ok(()),
            state => Err(Refusal::BarrierNotInState(state.into())),
        }
    }

    /// Raises it. Somebody without a proven address cannot: their words would stay with nobody to
    /// tell the answer to.
    fn raise(
        &self,
        raise: &RaiseBarrier,
        facts: &DecisionContext,
    ) -> Result<BarrierEvent, Refusal> {
        let by = facts.by()?;
        let roles = facts.roles();
        let is_staff = [Role::Officer, Role::Connector]
            .iter()
            .any(|role| roles.contains(role));
        if by != raise.person && !is_staff {
            return Err(Refusal::NotYours);
        }
        if self.exists() {
            return Err(Refusal::Exists("barrier"));
        }
        let person = facts.person()?;
        person.must_be_active()?;
        if by == raise.person && person.unproven().is_some() {
            return Err(Refusal::AddressUnproven);
        }
        if raise.group.is_some() && !facts.is_member(raise.person)? {
            return Err(Refusal::NotOfGroup);
        }
        if let Some(area) = &raise.area {
            facts.has_area(area)?;
        }
        if let Some(theme) = &raise.theme {
            facts.organisation()?.must_have_theme(theme, "theme")?;
        }
        if raise.gathering.is_some() && !facts.gathering()?.is_known_to(by, is_staff) {
            return Err(Refusal::Unknown("gathering"));
        }
        channel_of(raise.channel, Some(by).filter(|by| *by != raise.person))?;
        Ok(BarrierEvent::BarrierRaised {
            person: raise.person,
            group: raise.group,
            area: raise.area.clone(),
            theme: raise.theme.clone(),
            words: raise.words.sealed(),
            gathering: raise.gathering,
            raised_on: facts.today,
        })
    }

    fn sum_up(&self, summed: &BarrierSummary) -> Result<BarrierEvent, Refusal> {
        self.must_be_before_passing_on()?;
        must_not_look_personal("summary", summed.summary.as_str())?;
        if self.summary.as_ref() == Some(&summed.summary) {
            return Err(Refusal::NoChange);
        }
        Ok(BarrierEvent::BarrierSummedUp {
            summary: summed.summary.clone(),
        })
    }

    /// Joins it to a barrier that is not joined to another, and not closed. It cannot be joined to
    /// itself: the context has another barrier only.
    fn join(&self, join: JoinBarrier, facts: &DecisionContext) -> Result<BarrierEvent, Refusal> {
        self.must_be_before_passing_on()?;
        facts.barrier()?.must_be_open()?;
        Ok(BarrierEvent::BarrierJoined { into: join.into })
    }

    fn pass_on(
        &self,
        pass_on: &PassOnBarrier,
        facts: &DecisionContext,
    ) -> Result<BarrierEvent, Refusal> {
        match self.must_be_open()? {
            BarrierState::Raised => return Err(Refusal::NotSummedUp),
            BarrierState::Answered => {
                return Err(Refusal::BarrierNotInState(BarrierState::Answered.into()));
            }
            _ => {}
        }
        must_not_look_personal("to", pass_on.to.as_str())?;
        must_not_look_personal("asked", pass_on.asked.as_str())?;
        if pass_on.due_on < facts.today {
            return Err(Refusal::DatesOutOfOrder(
                "the answer cannot be due before today",
            ));
        }
        Ok(BarrierEvent::BarrierPassedOn {
            to: pass_on.to.clone(),
            asked: pass_on.asked.clone(),
            due_on: pass_on.due_on,
            passed_on: facts.today,
        })
    }

    fn record_answer(
        &self,
        answer: &BarrierAnswer,
        facts: &DecisionContext,
    ) -> Result<BarrierEvent, Refusal> {
        match self.must_be_open()? {
            BarrierState::Answered if self.comes_to == Some(answer.comes_to) => {
                return Err(Refusal::NoChange);
            }
            BarrierState::PassedOn | BarrierState::Answered => {}
            _ => return Err(Refusal::NotPassedOn),
        }
        must_not_look_personal("answer", answer.answer.as_str())?;
        Ok(BarrierEvent::BarrierAnswered {
            answer: answer.answer.clone(),
            comes_to: answer.comes_to,
            answered_on: facts.today,
        })
    }

    /// Withdraws its public words. It can be closed by then.
    fn withdraw(&self) -> Result<BarrierEvent, Refusal> {
        use BarrierState as S;
        match self.state {
            None => Err(Refusal::Unknown("barrier")),
            Some(S::Joined) => Err(Refusal::Joined),
            // A barrier can be closed without being passed on.
            Some(S::PassedOn | S::Answered | S::Closed) if self.due_on.is_some() => {
                Ok(BarrierEvent::BarrierWithdrawn {})
            }
            Some(_) => Err(Refusal::NotPassedOn),
        }
    }

    fn close(&self, reason: &Prose) -> Result<BarrierEvent, Refusal> {
        self.must_be_open()?;
        must_not_look_personal("reason", reason.as_str())?;
        Ok(BarrierEvent::BarrierClosed {
            reason: reason.clone(),
        })
    }

    fn remind(&self, facts: &DecisionContext) -> Result<BarrierEvent, Refusal> {
        let waits = self.must_be_open()? == BarrierState::PassedOn;
        let is_late = self.due_on.is_some_and(|day| day < facts.today);
        if waits && is_late && !self.reminded {
            Ok(BarrierEvent::BarrierReminded {})
        } else {
            Err(Refusal::ReminderNotDue)
        }
    }

    fn forget_words(&self, facts: &DecisionContext) -> Result<BarrierEvent, Refusal> {
        let is_over = self
            .raised_on
            .is_some_and(|day| barrier_words_kept_until(day) < facts.today);
        match &self.words {
            Some(words) if is_over => Ok(BarrierEvent::BarrierWordsForgotten {
                words: words.clone(),
            }),
            _ => Err(Refusal::NoChange),
        }
    }
}

impl Aggregate for Barrier {
    const TYPE: &'static str = "barrier";
    type Command = BarrierCommand;
    type Event = BarrierEvent;

    fn decide(
        &self,
        command: &BarrierCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<BarrierEvent>, Refusal> {
        use BarrierCommand as C;
        let event = match command {
            C::Raise(raise) => self.raise(raise, facts)?,
            C::SumUp(summed) => self.sum_up(summed)?,
            C::Join(join) => self.join(*join, facts)?,
            C::TakeIn(taken) => {
                self.must_be_open()?;
                BarrierEvent::BarrierTakenIn {
                    joined: taken.barrier,
                    raised_by: taken.raised_by.clone(),
                }
            }
            C::PassOn(pass_on) => self.pass_on(pass_on, facts)?,
            C::RecordAnswer(answer) => self.record_answer(answer, facts)?,
            C::Withdraw(_) => self.withdraw()?,
            C::Close(close) => self.close(&close.reason)?,
            C::Remind(_) => self.remind(facts)?,
            C::ForgetWords(_) => self.forget_words(facts)?,
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &BarrierEvent) -> Result<(), BelowZero> {
        use BarrierEvent as E;
        match event {
            E::BarrierRaised {
                person,
                words,
                raised_on,
                ..
            } => {
                self.state = Some(BarrierState::Raised);
                self.raised_by.insert(*person);
                self.raised_on = Some(*raised_on);
                self.words = Some(words.clone());
            }
            E::BarrierSummedUp { summary } => {
                self.state = Some(BarrierState::SummedUp);
                self.summary = Some(summary.clone());
            }
            E::BarrierJoined { .. } => self.state = Some(BarrierState::Joined),
            E::BarrierTakenIn { raised_by, .. } => self.raised_by.extend(raised_by),
            E::BarrierPassedOn { due_on, .. } => {
                self.state = Some(BarrierState::PassedOn);
                self.due_on = Some(*due_on);
                self.reminded = false;
            }
            E::BarrierAnswered { comes_to, .. } => {
                self.state = Some(BarrierState::Answered);
                self.comes_to = Some(*comes_to);
            }
            E::BarrierWithdrawn {} => {
                self.state = Some(BarrierState::Raised);
                (self.summary, self.due_on, self.comes_to) = (None, None, None);
            }
            E::BarrierClosed { .. } => self.state = Some(BarrierState::Closed),
            E::BarrierReminded {} => self.reminded = true,
            E::BarrierWordsForgotten { .. } => self.words = None,
        }
        Ok(())
    }
}
