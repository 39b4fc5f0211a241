//! The state of an application before a decision whose letter is held, or before a step that can
//! still be taken back.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::ApplicationRow;
use crate::domain::application::{ApplicationState, Summary};
use crate::domain::panel::HeldLetter;
use crate::domain::take_back::TakeBackUntil;
use crate::domain::{ApplicationEvent, Money, PersonId};

/// The parts of an application's row that a decision changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndecidedRow {
    state: ApplicationState,
    decided_on: Option<Date>,
    note: Option<String>,
    summary: Option<Summary>,
    awarded: Option<Money>,
    rank: Option<u16>,
    reason: Option<String>,
    present: BTreeSet<PersonId>,
    withdrew: BTreeSet<PersonId>,
    decision: u32,
    recorded_by: Option<PersonId>,
    unconfirmed: BTreeSet<PersonId>,
}

impl ApplicationRow {
    /// The row as members of the group see it at a moment: as it was before a decision whose letter
    /// is held, or before a refusal that they may not know yet.
    #[must_use]
    pub fn before_held_decision(mut self, now: Timestamp) -> Self {
        let is_held = self.letter.take().is_some();
        let until = self.take_back_until.take();
        let is_unknown = self.is_refused() && until.is_some_and(|until| !until.is_known(now));
        let before = self.before_letter.take();
        if let Some(before) = before.filter(|_| is_held || is_unknown) {
            self.restore(*before);
        }
        self
    }

    fn is_refused(&self) -> bool {
        use ApplicationState as S;
        matches!(self.state, S::Ineligible | S::Declined)
    }

    fn undecided(&self) -> UndecidedRow {
        UndecidedRow {
            state: self.state,
            decided_on: self.decided_on,
            note: self.note.clone(),
            summary: self.summary.clone(),
            awarded: self.awarded,
            rank: self.rank,
            reason: self.reason.clone(),
            present: self.present.clone(),
            withdrew: self.withdrew.clone(),
            decision: self.decision,
            recorded_by: self.recorded_by,
            unconfirmed: self.unconfirmed.clone(),
        }
    }

    fn restore(&mut self, before: UndecidedRow) {
        (self.state, self.decided_on) = (before.state, before.decided_on);
        (self.note, self.summary) = (before.note, before.summary);
        (self.awarded, self.rank) = (before.awarded, before.rank);
        self.reason = before.reason;
        (self.present, self.withdrew) = (before.present, before.withdrew);
        (self.decision, self.recorded_by) = (before.decision, before.recorded_by);
        self.unconfirmed = before.unconfirmed;
        self.attendance_waits = (!self.unconfirmed.is_empty()).into();
    }

    /// Keeps what the row is now, if the decision that follows is held.
    pub(super) fn hold(&mut self, letter: Option<HeldLetter>) {
        self.before_letter = letter.map(|_| Box::new(self.undecided()));
        self.letter = letter;
        self.take_back_until = None;
    }

    /// Keeps what the row is now, if the step that follows can be taken back.
    pub(super) fn keep_before_step(&mut self, until: Option<TakeBackUntil>) {
        self.before_letter = until.map(|_| Box::new(self.undecided()));
        self.take_back_until = until;
    }

    /// Restores what the row was before something that is taken back. The words of the summary
    /// stay, and a number is given to one decision only.
    pub(super) fn take_back(&mut self) {
        let (summary, decision) = (self.summary.take(), self.decision);
        (self.letter, self.take_back_until) = (None, None);
        if let Some(before) = self.before_letter.take() {
            self.restore(*before);
        }
        (self.summary, self.decision) = (summary, decision);
    }

    /// A group can withdraw while it has not heard of a refusal, which then never reaches it.
    pub(super) fn withdraw(&mut self) {
        if self.is_refused() {
            self.take_back();
            self.rank = None;
        }
        self.state = ApplicationState::Withdrawn;
    }

    pub(super) fn apply_letter(&mut self, happened: &ApplicationEvent) {
        match happened {
            ApplicationEvent::LetterMoved { letters_on } => {
                if let Some(letter) = &mut self.letter {
                    letter.letters_on = *letters_on;
                }
            }
            ApplicationEvent::LetterReleased { .. } => {
                (self.letter, self.before_letter) = (None, None);
            }
            ApplicationEvent::DecisionTakenBack { .. } => self.take_back(),
            _ => {}
        }
    }
}
