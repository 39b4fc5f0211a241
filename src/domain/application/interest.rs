//! Conflicts of interest: who declared an interest, who helped with the words and who keyed in the
//! form.
//!
//! Invariant: nobody scores, decides or sees the assessment of an application before declaring that
//! they have no interest in it. The aggregate and the views fold the same events into the same
//! [`Interests`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Application, ApplicationEvent, ApplicationHelp, ApplicationState as S, HelpKind};
use crate::domain::id::PersonId;
use crate::domain::role::Role;
use crate::domain::text::Prose;
use crate::domain::{DecisionContext, Refusal, RestrictedAction};

/// A declaration of interest, made before scoring or deciding.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclareInterest {
    /// The interest. If it is absent, the person declares that they have none.
    #[serde(default)]
    pub interest: Option<Interest>,
}

/// An interest in an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Interest {
    /// What ties the person to the group.
    pub kind: InterestKind,
    /// A note for the record, without names of people.
    pub note: Prose,
}

/// The kind of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InterestKind {
    /// On the group's committee or board.
    Committee,
    Employment,
    Family,
    Friendship,
    /// The person would supply something that the grant pays for.
    Supply,
    HelpedToWord,
    Other,
}

/// A helper whom the group named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HelperRef {
    pub helper: PersonId,
}

/// Declarations, helpers and keyers of one application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Interests {
    /// Those who declared; true if they declared an interest.
    declared: BTreeMap<PersonId, bool>,
    /// Those who helped with the words. Helping is an interest.
    helped: BTreeSet<PersonId>,
    /// Those who keyed in the form unchanged.
    keyed: BTreeSet<PersonId>,
    /// Helpers named by the group whom neither they nor an officer have confirmed. They are
    /// excluded from nothing until then.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    named: BTreeMap<PersonId, HelpKind>,
    /// For each declaration without an interest, whether the person was not on the panel at that
    /// time. Such a person sees scores and cannot score.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    observers: BTreeMap<PersonId, bool>,
}

impl Interests {
    #[must_use]
    pub fn has_declared_interest(&self, person: PersonId) -> bool {
        self.declared.get(&person) == Some(&true)
    }

    #[must_use]
    pub fn has_declared(&self, person: PersonId) -> bool {
        self.declared.contains_key(&person)
    }

    /// Those who declared, and whether they declared an interest.
    pub fn declarations(&self) -> impl Iterator<Item = (PersonId, bool)> {
        self.declared
            .iter()
            .map(|(person, interested)| (*person, *interested))
    }

    #[must_use]
    pub fn helped_to_word(&self, person: PersonId) -> bool {
        self.helped.contains(&person)
    }

    #[must_use]
    pub fn keyed_by(&self, person: PersonId) -> bool {
        self.keyed.contains(&person)
    }

    /// Whether staff keyed in any part of the application.
    #[must_use]
    pub fn was_keyed(&self) -> bool {
        !self.keyed.is_empty()
    }

    /// Helpers named by the group who are not confirmed.
    pub fn named_helpers(&self) -> impl Iterator<Item = PersonId> {
        self.named.keys().copied()
    }

    /// Whether a person may see scores without giving one. Old declarations do not record it, so
    /// they do not count; the person can declare again.
    #[must_use]
    pub fn observes(&self, person: PersonId) -> bool {
        self.observers.get(&person) == Some(&true)
    }

    fn interested(&self) -> impl Iterator<Item = PersonId> {
        self.declared
            .iter()
            .filter(|(_, interested)| **interested)
            .map(|(person, _)| *person)
            .chain(self.helped.iter().copied())
    }

    fn record_help(&mut self, by: PersonId, kind: &HelpKind) {
        match kind {
            HelpKind::HelpedToWord => self.helped.insert(by),
            HelpKind::KeyedVerbatim { .. } => self.keyed.insert(by),
        };
    }

    /// Applies one event.
    pub fn apply(&mut self, event: &ApplicationEvent) {
        match event {
            ApplicationEvent::NoInterestDeclared { by, observes } => {
                self.declared.insert(*by, false);
                if let Some(observes) = observes {
                    self.observers.insert(*by, *observes);
                }
            }
            ApplicationEvent::InterestDeclared { by, .. } => {
                self.declared.insert(*by, true);
            }
            ApplicationEvent::AnswersSaved {
                keyed_by: Some(by), ..
            } => {
                self.keyed.insert(*by);
            }
            ApplicationEvent::ApplicationSubmitted {
                help: Some(ApplicationHelp { by, kind }),
                help_agreed: false,
                ..
            }
            | ApplicationEvent::ApplicationResubmitted {
                help: Some(ApplicationHelp { by, kind }),
                help_agreed: false,
                ..
            } => {
                self.named.insert(*by, kind.clone());
            }
            ApplicationEvent::ApplicationSubmitted {
                help: Some(ApplicationHelp { by, kind }),
                ..
            }
            | ApplicationEvent::ApplicationResubmitted {
                help: Some(ApplicationHelp { by, kind }),
                ..
            } => self.record_help(*by, kind),
            ApplicationEvent::HelpConfirmed { helper, .. } => {
                if let Some(kind) = self.named.remove(helper) {
                    self.record_help(*helper, &kind);
                }
            }
            ApplicationEvent::HelpRefused { helper, .. } => drop(self.named.remove(helper)),
            _ => {}
        }
    }
}

/// Who sat when the decision was made, and who had withdrawn because of an interest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PanelSitting {
    /// The people who decided.
    pub present: BTreeSet<PersonId>,
    /// The people who had withdrawn because of an interest.
    pub withdrew: BTreeSet<PersonId>,
    /// Who recorded the decision. The others confirm their attendance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_by: Option<PersonId>,
    /// How many people the fund's rules required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<u8>,
    /// The last day on which the others can confirm their attendance; absent if the rules set none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_by: Option<Date>,
}

impl Application {
    #[must_use]
    pub fn interests(&self) -> &Interests {
        &self.interests
    }

    /// Whether a person could see the scores of others without having one that counts: as an
    /// observer, or because their own score was set aside. Former auditors are handled by
    /// `may_score`.
    #[must_use]
    pub fn saw_scores(&self, person: PersonId) -> bool {
        self.interests.observes(person)
            || self
                .scores
                .get(&person)
                .is_some_and(|score| score.set_aside)
    }

    fn is_undecided(&self) -> bool {
        matches!(self.state, S::InAssessment | S::ReserveList | S::Deferred)
    }

    /// Whether the person has a score that was not set aside.
    #[must_use]
    pub fn has_scored(&self, person: PersonId) -> bool {
        self.counting_score(person).is_some()
    }

    /// Confirms or denies help. Only the helper may do so, or an officer who is not a member of the
    /// group. If the helper chose words and the application is undecided, their score is set aside.
    pub(super) fn answer_help(
        &self,
        of: HelperRef,
        is_so: bool,
        facts: &DecisionContext,
    ) -> Result<Vec<ApplicationEvent>, Refusal> {
        let by = facts.by()?;
        let kind = self
            .interests
            .named
            .get(&of.helper)
            .ok_or(Refusal::NotProposed)?;
        if by != of.helper && (!facts.roles().contains(&Role::Officer) || facts.of_group()?) {
            return Err(Refusal::NotYours);
        }
        let helper = of.helper;
        if !is_so {
            return Ok(vec![ApplicationEvent::HelpRefused { helper, by }]);
        }
        facts.person()?.must_be_active()?;
        let mut events = vec![ApplicationEvent::HelpConfirmed { helper, by }];
        if *kind == HelpKind::HelpedToWord && self.is_undecided() && self.has_scored(helper) {
            let reason = "Helped with the wording of the application."
                .parse()
                .map_err(|_| Refusal::Nothing("give a reason"))?;
            events.push(ApplicationEvent::ScoreSetAside {
                of: helper,
                reason,
                by,
            });
        }
        Ok(events)
    }

    pub(super) fn declare(
        &self,
        declare: &DeclareInterest,
        facts: &DecisionContext,
    ) -> Result<Vec<ApplicationEvent>, Refusal> {
        if matches!(self.state, S::Draft | S::Withdrawn | S::Lapsed) {
            return Err(Refusal::ApplicationNotInState(self.state.into()));
        }
        let by = facts.by()?;
        let interested =
            self.interests.has_declared_interest(by) || self.interests.helped_to_word(by);
        let Some(interest) = &declare.interest else {
            if interested {
                return Err(Refusal::InterestStands);
            }
            if facts
                .connections(Some(self))?
                .of(by)
                .any(|connection| connection.excludes_from(RestrictedAction::Decide))
            {
                return Err(Refusal::Interested);
            }
            return self.declare_no_interest(by, facts);
        };
        if interested {
            return Err(Refusal::NoChange);
        }
        let declared = ApplicationEvent::InterestDeclared {
            by,
            interest: interest.clone(),
        };
        let counts = self.scores.get(&by).is_some_and(|score| !score.set_aside);
        let set_aside = (counts && self.is_undecided()).then(|| ApplicationEvent::ScoreSetAside {
            of: by,
            reason: interest.note.clone(),
            by,
        });
        Ok(std::iter::once(declared).chain(set_aside).collect())
    }

    /// Checks that the named people and the actor may decide together, and returns them with the
    /// quorum and the last day for confirming attendance.
    pub(in crate::domain) fn sitting(
        &self,
        present: &BTreeSet<PersonId>,
        facts: &DecisionContext,
    ) -> Result<PanelSitting, Refusal> {
        let rules = facts.fund()?.rules();
        let days = rules
            .confirm_days
            .map(|days| jiff::Span::new().days(i64::from(days)));
        self.sitting_with_quorum(
            present,
            usize::from(rules.quorum),
            days.map(|days| facts.today.saturating_add(days)),
            facts,
        )
    }

    pub(super) fn sitting_with_quorum(
        &self,
        present: &BTreeSet<PersonId>,
        needed: usize,
        confirm_by: Option<Date>,
        facts: &DecisionContext,
    ) -> Result<PanelSitting, Refusal> {
        let mut present = present.clone();
        present.insert(facts.by()?);
        let organisation = facts.organisation()?;
        let connections = facts.connections(Some(self))?;
        for person in &present {
            if !organisation.roles_of(*person).contains(&Role::Panel) {
                return Err(Refusal::NotOnPanel);
            }
            facts.must_be_known_to_two(*person)?;
            connections.permit(*person, RestrictedAction::Decide)?;
        }
        if present.len() < needed {
            return Err(Refusal::QuorumMissing {
                needed,
                present: present.len(),
            });
        }
        if present
            .iter()
            .all(|person| self.interests.keyed_by(*person))
        {
            return Err(Refusal::KeyerAlone);
        }
        // Panel members who are connected with the group withdraw even if they declared nothing.
        let own = connections.excluded_from_deciding(organisation.holders(Role::Panel));
        let withdrew = self.interests.interested().chain(own).collect();
        let (recorded_by, quorum) = (Some(facts.by()?), u8::try_from(needed).ok());
        Ok(PanelSitting {
            present,
            withdrew,
            recorded_by,
            quorum,
            confirm_by,
        })
    }

    /// Declares that there is no interest. A second declaration is accepted only from a person who
    /// has left the panel since: from then on they see scores and cannot score.
    fn declare_no_interest(
        &self,
        by: PersonId,
        facts: &DecisionContext,
    ) -> Result<Vec<ApplicationEvent>, Refusal> {
        let observes = !facts.organisation()?.roles_of(by).contains(&Role::Panel);
        let known = self.interests.observers.get(&by).copied();
        if known.is_some_and(|known| known || known == observes) {
            return Err(Refusal::NoChange);
        }
        Ok(vec![ApplicationEvent::NoInterestDeclared {
            by,
            observes: Some(observes),
        }])
    }
}
