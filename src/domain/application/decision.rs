//! Judging an application: eligibility, scores, the public summary, and the decision.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Application, ApplicationCommand, ApplicationEvent, ApplicationState as S, Award, Score, Summary};
use crate::domain::money::Money;
use crate::domain::text::Slug;
use crate::domain::{Facts, Refusal};

/// What an award says: the sum, the area, and the day by which the group reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub amount: Money,
    pub area: Slug,
    /// The last day of what the money is for.
    pub ends_on: Date,
    /// The last day for the final update.
    pub update_due_on: Date,
}

impl Application {
    pub(super) fn judge(&self, command: &ApplicationCommand, facts: &Facts) -> Result<ApplicationEvent, Refusal> {
        use ApplicationCommand as C;
        match command {
            C::ConfirmEligibility(_) => {
                self.must_be(&[S::Submitted])?;
                Ok(ApplicationEvent::EligibilityConfirmed {})
            }
            C::RefuseEligibility(because) => {
                self.must_be(&[S::Submitted])?;
                Ok(ApplicationEvent::EligibilityRefused { reason: because.reason.clone() })
            }
            C::Score(score) => self.score(score, facts),
            C::WriteSummary(summary) => self.write_summary(summary),
            C::Award(award) => self.award(award, facts),
            C::Decline(because) => {
                self.decidable()?;
                Ok(ApplicationEvent::Declined { reason: because.reason.clone() })
            }
            C::Defer(because) => {
                self.decidable()?;
                Ok(ApplicationEvent::Deferred { reason: because.reason.clone() })
            }
            C::Reserve(rank) => {
                self.decidable()?;
                Ok(ApplicationEvent::Reserved { rank: rank.rank, reason: rank.reason.clone() })
            }
            _ => Err(Refusal::ApplicationNotInState(self.state.into())),
        }
    }

    fn decidable(&self) -> Result<(), Refusal> {
        self.must_be(&[S::Eligible, S::InAssessment, S::ReserveList, S::Deferred])
    }

    fn score(&self, score: &Score, facts: &Facts) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[S::Eligible, S::InAssessment])?;
        let by = facts.by()?;
        if self.scores.contains_key(&by) {
            return Err(Refusal::Exists("score"));
        }
        if score.criteria.is_empty() || score.criteria.values().any(|value| *value > 5) {
            return Err(Refusal::ScoreOutOfRange);
        }
        Ok(ApplicationEvent::ScoreGiven { by, criteria: score.criteria.clone(), note: score.note.clone() })
    }

    fn write_summary(&self, summary: &Summary) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[S::Submitted, S::ChangesRequested, S::Eligible, S::InAssessment, S::ReserveList, S::Deferred])?;
        if summary.title.as_str() == summary.description.as_str() {
            return Err(Refusal::SummaryRepeats);
        }
        Ok(ApplicationEvent::PublicSummaryWritten { summary: summary.clone() })
    }

    fn award(&self, award: &Award, facts: &Facts) -> Result<ApplicationEvent, Refusal> {
        self.decidable()?;
        let (Some(requested), Some(area)) = (self.requested, &self.area) else {
            return Err(Refusal::RequestIncomplete);
        };
        facts.fund()?.within_bounds(award.amount)?;
        if award.amount > requested && award.reason.is_none() {
            return Err(Refusal::AboveAsked(requested));
        }
        if self.summary.is_none() {
            return Err(Refusal::SummaryMissing);
        }
        if award.update_due_on < award.ends_on || award.ends_on < facts.today {
            return Err(Refusal::DatesOutOfOrder);
        }
        let terms = Terms { amount: award.amount, area: area.clone(), ends_on: award.ends_on, update_due_on: award.update_due_on };
        Ok(ApplicationEvent::Awarded { terms, reason: award.reason.clone() })
    }
}
