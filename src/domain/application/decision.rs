//! Assessment of an application: scores, the public summary and the decision.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    Application, ApplicationCommand, ApplicationEvent, ApplicationState as S, RecordedScore,
};
use crate::domain::id::{FundId, PersonId};
use crate::domain::money::Money;
use crate::domain::panel::{Award, Condition, Decision, HeldLetter, Summary, Verdict};
use crate::domain::role::Role;
use crate::domain::take_back::TakeBackUntil;
use crate::domain::text::{Prose, Slug};
use crate::domain::{DecisionContext, Refusal, RestrictedAction};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// A value from 0 to 5 for each criterion.
    pub criteria: BTreeMap<Slug, u8>,
    pub note: Prose,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviseScore {
    /// A value from 0 to 5 for each criterion.
    pub criteria: BTreeMap<Slug, u8>,
    pub note: Prose,
    /// Why the score is revised.
    pub reason: Prose,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAsideScore {
    /// The panel member whose score is set aside.
    pub of: PersonId,
    pub reason: Prose,
}

impl Decision {
    /// The states of an application in which the panel can decide this.
    #[must_use]
    pub fn allowed_states(self) -> &'static [S] {
        match self {
            Self::Award | Self::Reserve => &[S::Eligible, S::InAssessment, S::Deferred],
            Self::Promote => &[S::ReserveList],
            Self::Decline => &[S::Eligible, S::InAssessment, S::Deferred, S::ReserveList],
            Self::Defer => &[S::Eligible, S::InAssessment, S::ReserveList],
        }
    }
}

/// A verdict that a meeting of the panel passes on to the application.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct MeetingItem {
    pub fund: FundId,
    pub round: Slug,
    pub verdict: Verdict,
    /// The letter's day, unless it goes out immediately.
    #[serde(default)]
    pub letter: Option<HeldLetter>,
}

/// The terms of an award: the amount, the area, the dates and the conditions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Terms {
    /// The amount of the award.
    pub amount: Money,
    /// The key of the area that it is for.
    pub area: Slug,
    /// The last day of the activity that the money pays for.
    pub ends_on: Date,
    /// The day by which the final update is due.
    pub update_due_on: Date,
    /// The conditions, by key.
    pub conditions: BTreeMap<Slug, Condition>,
    /// Whether children or adults at risk are involved.
    pub people_at_risk: bool,
}

impl Application {
    pub(super) fn assess(
        &self,
        command: &ApplicationCommand,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        use ApplicationCommand as C;
        match command {
            C::ConfirmEligibility(_) | C::RefuseEligibility(_) | C::TakeBackEligibility(_) => {
                self.decide_eligibility(command, facts)
            }
            C::Score(score) => self.score(score, facts),
            C::ReviseScore(revise) => self.revise_score(revise, facts),
            C::SetAsideScore(aside) => self.set_aside_score(aside, facts),
            C::WriteSummary(summary) => self.write_summary(summary, facts),
            _ => Err(Refusal::ApplicationNotInState(self.state.into())),
        }
    }

    /// Decides what a command of the panel or a meeting says.
    pub(super) fn decide_verdict(
        &self,
        command: &ApplicationCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<ApplicationEvent>, Refusal> {
        use ApplicationCommand as C;
        let (verdict, letter) = match command {
            C::Award(award) => (Verdict::Award(award.clone()), None),
            C::Promote(award) => (Verdict::Promote(award.clone()), None),
            C::Decline(decline) => (Verdict::Decline(decline.clone()), None),
            C::Defer(defer) => (Verdict::Defer(defer.clone()), None),
            C::Reserve(reserve) => (Verdict::Reserve(reserve.clone()), None),
            C::DecideAtMeeting(at) => {
                let place = self.must_be_started()?;
                if place.fund != at.fund || place.round != at.round {
                    return Err(Refusal::NotInRound);
                }
                (at.verdict.clone(), at.letter)
            }
            _ => return Err(Refusal::ApplicationNotInState(self.state.into())),
        };
        self.must_be(Decision::from(&verdict).allowed_states())?;
        let decided = self.decide_on(&verdict, letter, facts)?;
        Ok(written_summary(&verdict)
            .into_iter()
            .chain([decided])
            .collect())
    }

    fn decide_on(
        &self,
        verdict: &Verdict,
        letter: Option<HeldLetter>,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        match verdict {
            Verdict::Award(award) => self.award(award, letter, facts),
            Verdict::Promote(award) => {
                let first = facts.fund()?.first_reserve(&self.must_be_started()?.round);
                match first {
                    Some(first)
                        if self.rank.is_some_and(|own| first < own) && award.reason.is_none() =>
                    {
                        Err(Refusal::OutOfTurn(first))
                    }
                    _ => self.award(award, letter, facts),
                }
            }
            Verdict::Decline(decline) => {
                let sitting = self.sitting(&decline.present, facts)?;
                let can_be_taken_back = decline.can_be_taken_back && letter.is_none();
                Ok(ApplicationEvent::Declined {
                    reason: decline.reason.clone(),
                    feedback: decline.feedback.clone(),
                    sitting,
                    letter,
                    take_back_until: can_be_taken_back.then(|| TakeBackUntil::after(facts.now)),
                })
            }
            Verdict::Defer(defer) => {
                let sitting = self.sitting(&defer.present, facts)?;
                Ok(ApplicationEvent::Deferred {
                    reason: defer.reason.clone(),
                    message: defer.message.clone(),
                    sitting,
                    letter,
                })
            }
            Verdict::Reserve(reserve) => {
                let sitting = self.sitting(&reserve.present, facts)?;
                facts
                    .fund()?
                    .rank_must_be_free(&self.must_be_started()?.round, reserve.rank)?;
                Ok(ApplicationEvent::Reserved {
                    rank: reserve.rank,
                    reason: reserve.reason.clone(),
                    message: reserve.message.clone(),
                    sitting,
                    letter,
                })
            }
        }
    }

    fn score(&self, score: &Score, facts: &DecisionContext) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[S::Eligible, S::InAssessment])?;
        let by = facts.by()?;
        self.may_score(by, facts)?;
        if self.counting_score(by).is_some() {
            return Err(Refusal::Exists("score"));
        }
        must_be_scores(&score.criteria, facts)?;
        Ok(ApplicationEvent::ScoreGiven {
            by,
            criteria: score.criteria.clone(),
            note: score.note.clone(),
        })
    }

    fn revise_score(
        &self,
        revise: &ReviseScore,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[S::InAssessment])?;
        let by = facts.by()?;
        self.may_score(by, facts)?;
        self.counting_score(by).ok_or(Refusal::Unknown("score"))?;
        must_be_scores(&revise.criteria, facts)?;
        let ReviseScore {
            criteria,
            note,
            reason,
        } = revise.clone();
        Ok(ApplicationEvent::ScoreRevised {
            by,
            criteria,
            note,
            reason,
        })
    }

    fn set_aside_score(
        &self,
        aside: &SetAsideScore,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[S::InAssessment])?;
        let by = facts.by()?;
        if aside.of != by && !facts.roles().contains(&Role::Administrator) {
            return Err(Refusal::NotYours);
        }
        if aside.of != by {
            facts
                .connections(Some(self))?
                .permit(by, RestrictedAction::Decide)?;
        }
        self.counting_score(aside.of)
            .ok_or(Refusal::Unknown("score"))?;
        Ok(ApplicationEvent::ScoreSetAside {
            of: aside.of,
            reason: aside.reason.clone(),
            by,
        })
    }

    /// Refuses a person who is excluded from scoring, or who was an auditor on or after the day on
    /// which the application was started: auditors read all scores.
    fn may_score(&self, by: PersonId, facts: &DecisionContext) -> Result<(), Refusal> {
        facts
            .connections(Some(self))?
            .permit(by, RestrictedAction::Score)?;
        let audited_until = facts.organisation()?.audited_until(by);
        let audited = audited_until
            .is_some_and(|until| self.started_on.is_none_or(|started| until >= started));
        if audited {
            Err(Refusal::SawScores)
        } else {
            Ok(())
        }
    }

    pub(super) fn counting_score(&self, person: PersonId) -> Option<&RecordedScore> {
        self.scores.get(&person).filter(|given| !given.set_aside)
    }

    fn write_summary(
        &self,
        summary: &Summary,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[
            S::Submitted,
            S::ChangesRequested,
            S::Eligible,
            S::InAssessment,
            S::ReserveList,
            S::Deferred,
        ])?;
        facts
            .connections(Some(self))?
            .permit(facts.by()?, RestrictedAction::Prepare)?;
        summary.must_differ_from_title()?;
        Ok(ApplicationEvent::PublicSummaryWritten {
            summary: summary.clone(),
        })
    }

    fn award(
        &self,
        award: &Award,
        letter: Option<HeldLetter>,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        let (Some(requested), Some(area)) = (self.requested, &self.area) else {
            return Err(Refusal::RequestIncomplete);
        };
        facts.fund()?.must_be_within_bounds(award.amount)?;
        if award.amount != requested && award.reason.is_none() {
            return Err(Refusal::NotAsAsked(requested));
        }
        match &award.summary {
            Some(summary) => summary.must_differ_from_title()?,
            None if self.summary.is_none() => return Err(Refusal::SummaryMissing),
            None => {}
        }
        if award.update_due_on < award.ends_on || award.ends_on < facts.today {
            return Err(Refusal::DatesOutOfOrder(
                "the activity must end today or later, and the final report must be due after that",
            ));
        }
        let sitting = self.sitting(&award.present, facts)?;
        let terms = Terms {
            amount: award.amount,
            area: area.clone(),
            ends_on: award.ends_on,
            update_due_on: award.update_due_on,
            conditions: award.conditions.clone(),
            people_at_risk: self.people_at_risk.unwrap_or_default(),
        };
        Ok(ApplicationEvent::Awarded {
            terms,
            reason: award.reason.clone(),
            sitting,
            letter,
        })
    }
}

/// The public title and description that an award carries. The panel writes them with its award,
/// so that it needs no officer.
fn written_summary(verdict: &Verdict) -> Option<ApplicationEvent> {
    let (Verdict::Award(award) | Verdict::Promote(award)) = verdict else {
        return None;
    };
    let summary = award.summary.clone()?;
    Some(ApplicationEvent::PublicSummaryWritten { summary })
}

/// Refuses scores out of range, and a criterion that is not among the fund's own.
fn must_be_scores(criteria: &BTreeMap<Slug, u8>, facts: &DecisionContext) -> Result<(), Refusal> {
    if criteria.is_empty() || criteria.values().any(|value| *value > 5) {
        Err(Refusal::ScoreOutOfRange)
    } else {
        let texts = &facts.fund()?.rules().texts;
        texts.must_list_criteria(criteria.keys())
    }
}
