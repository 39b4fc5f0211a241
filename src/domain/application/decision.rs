//! Judging an application: eligibility, scores, the public summary, and the decision.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Application, ApplicationCommand, ApplicationEvent, ApplicationState as S, Given};
use crate::domain::id::{FundId, PersonId};
use crate::domain::money::Money;
use crate::domain::role::Role;
use crate::domain::text::{Line, Prose, Slug};
use crate::domain::{Act, Facts, Refusal};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// From 0 to 5 for each criterion.
    pub criteria: BTreeMap<Slug, u8>,
    pub note: Prose,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviseScore {
    /// From 0 to 5 for each criterion.
    pub criteria: BTreeMap<Slug, u8>,
    pub note: Prose,
    /// Why it is revised.
    pub reason: Prose,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAsideScore {
    /// Whose score.
    pub of: PersonId,
    pub reason: Prose,
}

/// What the public reads: written by staff, never typed by a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    pub title: Line,
    pub description: Prose,
}

impl Summary {
    pub(in crate::domain) fn says_more(&self) -> Result<(), Refusal> {
        if self.title.as_str() == self.description.as_str() {
            Err(Refusal::SummaryRepeats)
        } else {
            Ok(())
        }
    }
}

/// What must be fulfilled before money is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    pub text: Prose,
    /// It holds back the one instalment that is tied to it, and not every payment.
    #[serde(default)]
    pub one_instalment: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Award {
    pub amount: Money,
    /// Needed when another sum is awarded than was asked for, or out of turn from the reserve list.
    #[serde(default)]
    pub reason: Option<Prose>,
    /// The last day of what the money is for.
    #[schema(value_type = String, format = "date")]
    pub ends_on: Date,
    /// The last day for the final update.
    #[schema(value_type = String, format = "date")]
    pub update_due_on: Date,
    /// What must be fulfilled before money is paid, each under a key of its own.
    #[serde(default)]
    pub conditions: BTreeMap<Slug, Condition>,
    /// Who was present besides whoever records it.
    #[serde(default)]
    pub present: BTreeSet<PersonId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decline {
    /// For the record.
    pub reason: Prose,
    /// What the group is told.
    pub feedback: Prose,
    /// Who was present besides whoever records it.
    #[serde(default)]
    pub present: BTreeSet<PersonId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Defer {
    /// Why: the group reads it.
    pub reason: Prose,
    /// Who was present besides whoever records it.
    #[serde(default)]
    pub present: BTreeSet<PersonId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reserve {
    /// 1 is the first to be promoted; no two of a round have the same.
    #[schema(minimum = 1, maximum = 65535)]
    pub rank: u16,
    /// Why: the group reads it.
    pub reason: Prose,
    /// Who was present besides whoever records it.
    #[serde(default)]
    pub present: BTreeSet<PersonId>,
}

/// One line of what a panel's meeting decided.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema, strum::EnumDiscriminants)]
#[serde(rename_all = "snake_case")]
#[strum_discriminants(
    name(Decision),
    doc = "What a panel can decide.",
    derive(strum::IntoStaticStr, strum::VariantArray)
)]
#[strum_discriminants(strum(serialize_all = "snake_case"))]
pub enum Verdict {
    Award(Award),
    Promote(Award),
    Decline(Decline),
    Defer(Defer),
    Reserve(Reserve),
}

impl Decision {
    /// The states of an application in which it can be decided so.
    #[must_use]
    pub fn open_in(self) -> &'static [S] {
        match self {
            Self::Award | Self::Reserve => &[S::Eligible, S::InAssessment, S::Deferred],
            Self::Promote => &[S::ReserveList],
            Self::Decline => &[S::Eligible, S::InAssessment, S::Deferred, S::ReserveList],
            Self::Defer => &[S::Eligible, S::InAssessment, S::ReserveList],
        }
    }
}

/// A verdict on its way from the meeting to the application.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct AtMeeting {
    pub fund: FundId,
    pub round: Slug,
    pub verdict: Verdict,
}

/// What an award says: the sum, the area, and the day by which the group reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Terms {
    pub amount: Money,
    pub area: Slug,
    /// The last day of what the money is for.
    pub ends_on: Date,
    /// The last day for the final update.
    pub update_due_on: Date,
    pub conditions: BTreeMap<Slug, Condition>,
    pub people_at_risk: bool,
}

impl Application {
    pub(super) fn judge(
        &self,
        command: &ApplicationCommand,
        facts: &Facts,
    ) -> Result<ApplicationEvent, Refusal> {
        use ApplicationCommand as C;
        match command {
            C::ConfirmEligibility(_) => {
                self.must_be_checkable(facts)?;
                facts
                    .connections(Some(self))?
                    .permit(facts.by()?, Act::Prepare)?;
                Ok(ApplicationEvent::EligibilityConfirmed { by: facts.by()? })
            }
            C::RefuseEligibility(because) => {
                self.must_be_checkable(facts)?;
                facts
                    .connections(Some(self))?
                    .permit(facts.by()?, Act::Prepare)?;
                Ok(ApplicationEvent::EligibilityRefused {
                    reason: because.reason.clone(),
                    by: facts.by()?,
                })
            }
            C::Score(score) => self.score(score, facts),
            C::ReviseScore(revise) => self.revise(revise, facts),
            C::SetAsideScore(aside) => self.set_aside(aside, facts),
            C::WriteSummary(summary) => self.write_summary(summary, facts),
            C::Award(award) => self.decide_on(&Verdict::Award(award.clone()), facts),
            C::Promote(award) => self.decide_on(&Verdict::Promote(award.clone()), facts),
            C::Decline(decline) => self.decide_on(&Verdict::Decline(decline.clone()), facts),
            C::Defer(defer) => self.decide_on(&Verdict::Defer(defer.clone()), facts),
            C::Reserve(reserve) => self.decide_on(&Verdict::Reserve(reserve.clone()), facts),
            C::DecideAtMeeting(at) => {
                let place = self.started()?;
                if place.fund != at.fund || place.round != at.round {
                    return Err(Refusal::NotInRound);
                }
                self.decide_on(&at.verdict, facts)
            }
            _ => Err(Refusal::ApplicationNotInState(self.state.into())),
        }
    }

    fn decide_on(&self, verdict: &Verdict, facts: &Facts) -> Result<ApplicationEvent, Refusal> {
        self.must_be(Decision::from(verdict).open_in())?;
        match verdict {
            Verdict::Award(award) => self.award(award, facts),
            Verdict::Promote(award) => {
                let first = facts.fund()?.first_reserve(&self.started()?.round);
                match first {
                    Some(first)
                        if self.rank.is_some_and(|own| first < own) && award.reason.is_none() =>
                    {
                        Err(Refusal::OutOfTurn(first))
                    }
                    _ => self.award(award, facts),
                }
            }
            Verdict::Decline(decline) => {
                let sitting = self.sitting(&decline.present, facts)?;
                Ok(ApplicationEvent::Declined {
                    reason: decline.reason.clone(),
                    feedback: decline.feedback.clone(),
                    sitting,
                })
            }
            Verdict::Defer(defer) => {
                let sitting = self.sitting(&defer.present, facts)?;
                Ok(ApplicationEvent::Deferred {
                    reason: defer.reason.clone(),
                    sitting,
                })
            }
            Verdict::Reserve(reserve) => {
                let sitting = self.sitting(&reserve.present, facts)?;
                facts
                    .fund()?
                    .rank_is_free(&self.started()?.round, reserve.rank)?;
                Ok(ApplicationEvent::Reserved {
                    rank: reserve.rank,
                    reason: reserve.reason.clone(),
                    sitting,
                })
            }
        }
    }

    fn score(&self, score: &Score, facts: &Facts) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[S::Eligible, S::InAssessment])?;
        let by = facts.by()?;
        self.may_score(by, facts)?;
        if self.counting(by).is_some() {
            return Err(Refusal::Exists("score"));
        }
        in_range(&score.criteria)?;
        Ok(ApplicationEvent::ScoreGiven {
            by,
            criteria: score.criteria.clone(),
            note: score.note.clone(),
        })
    }

    fn revise(&self, revise: &ReviseScore, facts: &Facts) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[S::InAssessment])?;
        let by = facts.by()?;
        self.may_score(by, facts)?;
        self.counting(by).ok_or(Refusal::Unknown("score"))?;
        in_range(&revise.criteria)?;
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

    fn set_aside(&self, aside: &SetAsideScore, facts: &Facts) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[S::InAssessment])?;
        let by = facts.by()?;
        if aside.of != by && !facts.roles().contains(&Role::Administrator) {
            return Err(Refusal::NotYours);
        }
        if aside.of != by {
            facts.connections(Some(self))?.permit(by, Act::Decide)?;
        }
        self.counting(aside.of).ok_or(Refusal::Unknown("score"))?;
        Ok(ApplicationEvent::ScoreSetAside {
            of: aside.of,
            reason: aside.reason.clone(),
            by,
        })
    }

    /// An auditor who read the scores of an application does not score it later.
    fn may_score(&self, by: PersonId, facts: &Facts) -> Result<(), Refusal> {
        facts.connections(Some(self))?.permit(by, Act::Score)?;
        let audited_until = facts.organisation()?.audited_until(by);
        let audited = audited_until
            .is_some_and(|until| self.started_on.is_none_or(|started| until >= started));
        if audited {
            Err(Refusal::SawScores)
        } else {
            Ok(())
        }
    }

    pub(super) fn counting(&self, person: PersonId) -> Option<&Given> {
        self.scores.get(&person).filter(|given| !given.set_aside)
    }

    fn write_summary(&self, summary: &Summary, facts: &Facts) -> Result<ApplicationEvent, Refusal> {
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
            .permit(facts.by()?, Act::Prepare)?;
        summary.says_more()?;
        Ok(ApplicationEvent::PublicSummaryWritten {
            summary: summary.clone(),
        })
    }

    fn award(&self, award: &Award, facts: &Facts) -> Result<ApplicationEvent, Refusal> {
        let (Some(requested), Some(area)) = (self.requested, &self.area) else {
            return Err(Refusal::RequestIncomplete);
        };
        facts.fund()?.within_bounds(award.amount)?;
        if award.amount != requested && award.reason.is_none() {
            return Err(Refusal::NotAsAsked(requested));
        }
        if self.summary.is_none() {
            return Err(Refusal::SummaryMissing);
        }
        if award.update_due_on < award.ends_on || award.ends_on < facts.today {
            return Err(Refusal::DatesOutOfOrder(
                "the update is due before the activity ends, or the activity ends before today",
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
        })
    }
}

fn in_range(criteria: &BTreeMap<Slug, u8>) -> Result<(), Refusal> {
    if criteria.is_empty() || criteria.values().any(|value| *value > 5) {
        Err(Refusal::ScoreOutOfRange)
    } else {
        Ok(())
    }
}
