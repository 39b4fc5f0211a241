//! Conflicts of interest: who declared what, who helped with the words, who keyed it in, and what follows from that.
//!
//! The law that holds: nobody scores, decides or sees the assessment of an application before declaring that they
//! have no interest in it. Aggregate and view fold the same events into the same [`Interests`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Application, ApplicationEvent, ApplicationState as S, Help, HelpKind};
use crate::domain::id::PersonId;
use crate::domain::role::{Role, Roles};
use crate::domain::text::Prose;
use crate::domain::{Facts, Refusal};

/// What somebody declares before they score or decide.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Declare {
    /// The interest; without it, the declaration says that there is none.
    #[serde(default)]
    pub interest: Option<Interest>,
}

/// An interest in an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Interest {
    pub kind: InterestKind,
    /// For the record; names of people do not belong here.
    pub note: Prose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InterestKind {
    /// On the group's committee or board.
    Committee,
    Employment,
    Family,
    Friendship,
    /// Would supply something that the grant pays for.
    Supply,
    HelpedToWord,
    Other,
}

/// Where the people around an application stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Interests {
    /// Who declared, and whether they have an interest.
    #[schema(value_type = BTreeMap<String, bool>)]
    declared: BTreeMap<PersonId, bool>,
    /// Who helped with the words: interested by that alone.
    helped: BTreeSet<PersonId>,
    /// Who keyed it in as it was.
    keyed: BTreeSet<PersonId>,
}

impl Interests {
    #[must_use]
    pub fn is_interested(&self, person: PersonId) -> bool {
        self.helped.contains(&person) || self.declared.get(&person) == Some(&true)
    }

    #[must_use]
    pub fn keyed_by(&self, person: PersonId) -> bool {
        self.keyed.contains(&person)
    }

    /// Whether staff keyed any of it in.
    #[must_use]
    pub fn was_keyed(&self) -> bool {
        !self.keyed.is_empty()
    }

    /// Refuses whoever has an interest, and whoever has not said.
    ///
    /// # Errors
    /// [`Refusal::Interested`], [`Refusal::NotDeclared`].
    pub fn none_of(&self, person: PersonId) -> Result<(), Refusal> {
        if self.is_interested(person) {
            return Err(Refusal::Interested);
        }
        if self.declared.contains_key(&person) { Ok(()) } else { Err(Refusal::NotDeclared) }
    }

    /// Whether a reader may see what others scored, given the roles that the log gives them. Whoever is an auditor and
    /// nothing else sees the record as it is; everybody else declares first, and whoever may score gives their own first.
    #[must_use]
    pub fn shows_others_scores(&self, person: PersonId, held: &Roles, scored: bool) -> bool {
        let only_audits = held.len() == 1 && held.contains(&Role::Auditor);
        if only_audits {
            return !self.is_interested(person);
        }
        self.none_of(person).is_ok() && (scored || !held.contains(&Role::Panel))
    }

    fn interested(&self) -> impl Iterator<Item = PersonId> {
        self.declared.iter().filter(|(_, interested)| **interested).map(|(person, _)| *person).chain(self.helped.iter().copied())
    }

    /// Folds one event in.
    pub fn apply(&mut self, event: &ApplicationEvent) {
        match event {
            ApplicationEvent::NoInterestDeclared { by } => {
                self.declared.insert(*by, false);
            }
            ApplicationEvent::InterestDeclared { by, .. } => {
                self.declared.insert(*by, true);
            }
            ApplicationEvent::AnswersSaved { keyed_by: Some(by), .. } => {
                self.keyed.insert(*by);
            }
            ApplicationEvent::ApplicationSubmitted { help: Some(Help { by, kind }), .. } => match kind {
                HelpKind::HelpedToWord => {
                    self.helped.insert(*by);
                }
                HelpKind::KeyedVerbatim { .. } => {
                    self.keyed.insert(*by);
                }
            },
            _ => {}
        }
    }
}

/// Who was there when it was decided, and who had left because of an interest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sitting {
    pub present: BTreeSet<PersonId>,
    pub withdrew: BTreeSet<PersonId>,
}

impl Application {
    pub(super) fn declare(&self, declare: &Declare, facts: &Facts) -> Result<Vec<ApplicationEvent>, Refusal> {
        if matches!(self.state, S::Draft | S::Withdrawn | S::Lapsed) {
            return Err(Refusal::ApplicationNotInState(self.state.into()));
        }
        let by = facts.by()?;
        let interested = self.interests.is_interested(by);
        let Some(interest) = &declare.interest else {
            if interested {
                return Err(Refusal::InterestStands);
            }
            if facts.of_group()? {
                return Err(Refusal::Interested);
            }
            return match self.interests.none_of(by) {
                Ok(()) => Err(Refusal::NoChange),
                Err(_) => Ok(vec![ApplicationEvent::NoInterestDeclared { by }]),
            };
        };
        if interested {
            return Err(Refusal::NoChange);
        }
        let declared = ApplicationEvent::InterestDeclared { by, interest: interest.clone() };
        let counts = self.scores.get(&by).is_some_and(|score| !score.set_aside);
        let undecided = matches!(self.state, S::InAssessment | S::ReserveList | S::Deferred);
        let set_aside = (counts && undecided).then(|| ApplicationEvent::ScoreSetAside { of: by, reason: interest.note.clone(), by });
        Ok(std::iter::once(declared).chain(set_aside).collect())
    }

    /// The people named as present, with whoever decides, if they may decide together.
    pub(in crate::domain) fn sitting(&self, present: &BTreeSet<PersonId>, facts: &Facts) -> Result<Sitting, Refusal> {
        let mut present = present.clone();
        present.insert(facts.by()?);
        let organisation = facts.organisation()?;
        for person in &present {
            if !organisation.roles_of(*person).contains(&Role::Panel) {
                return Err(Refusal::NotOnPanel);
            }
            self.unconflicted(*person, facts)?;
        }
        let needed = usize::from(facts.fund()?.rules().quorum);
        if present.len() < needed {
            return Err(Refusal::QuorumMissing { needed, present: present.len() });
        }
        if present.iter().all(|person| self.interests.keyed_by(*person)) {
            return Err(Refusal::KeyerAlone);
        }
        // Whoever sits on the panel and is of the group is interested without a word.
        let own = organisation.holders(Role::Panel).filter(|person| facts.is_member(*person).unwrap_or_default());
        Ok(Sitting { present, withdrew: self.interests.interested().chain(own).collect() })
    }

    /// Refuses whoever has an interest, declared or by being of the group, and whoever has not declared.
    ///
    /// # Errors
    /// [`Refusal::Interested`], [`Refusal::NotDeclared`].
    pub(in crate::domain) fn unconflicted(&self, person: PersonId, facts: &Facts) -> Result<(), Refusal> {
        if facts.is_member(person)? {
            return Err(Refusal::Interested);
        }
        self.interests.none_of(person)
    }

    /// Whether somebody may approve or waive money of the grant that came of it.
    ///
    /// # Errors
    /// [`Refusal::Interested`].
    pub fn not_interested(&self, person: PersonId) -> Result<(), Refusal> {
        if self.interests.is_interested(person) { Err(Refusal::Interested) } else { Ok(()) }
    }
}
