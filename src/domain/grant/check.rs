//! Checks and conditions that must be clear before money is paid. Waiving one takes two people. A
//! check that another grant of the group passed can be reused until it expires.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Grant, GrantCommand, GrantEvent, GrantState};
use crate::domain::file::FileDigest;
use crate::domain::id::PersonId;
use crate::domain::role::Role;
use crate::domain::text::{Prose, Slug};
use crate::domain::{DecisionContext, Refusal, RestrictedAction};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckNote {
    pub check: Slug,
    /// Evidence or reason, for the record.
    pub note: Prose,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PassCheck {
    pub check: Slug,
    /// The evidence that was seen, for the record.
    pub note: Prose,
    /// The last day on which the check is valid. If it is given, the check is stored for the group,
    /// and the group's next grant can reuse it.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub good_until: Option<Date>,
    /// The document that was seen. It must be one of the group's files.
    #[serde(default)]
    pub evidence: Option<FileDigest>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckRef {
    pub check: Slug,
}

/// State of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum CheckState {
    Outstanding,
    Passed { good_until: Option<Date> },
    Failed,
    WaiverProposed(PersonId),
    Waived,
}

impl CheckState {
    /// Whether it is waived, or passed and valid on this day.
    fn is_clear(&self, today: Date) -> bool {
        match self {
            Self::Passed { good_until } => good_until.is_none_or(|until| today <= until),
            Self::Waived => true,
            Self::Outstanding | Self::Failed | Self::WaiverProposed(_) => false,
        }
    }
}

impl Grant {
    pub(super) fn decide_check(
        &self,
        command: &GrantCommand,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        self.must_be(&[
            GrantState::Offered,
            GrantState::Accepted,
            GrantState::Live,
            GrantState::Reported,
        ])?;
        let by = facts.by()?;
        match command {
            GrantCommand::RequestCheck(request) => self.request_check(request, by, facts),
            GrantCommand::PassCheck(passed) => self.pass_check(passed, by, facts),
            GrantCommand::FailCheck(failed) => {
                self.must_be_outstanding(&failed.check, facts)?;
                facts.permit(by, RestrictedAction::Prepare)?;
                Ok(GrantEvent::CheckFailed {
                    check: failed.check.clone(),
                    note: failed.note.clone(),
                    by,
                })
            }
            GrantCommand::ReuseCheck(of) => {
                self.must_be_outstanding(&of.check, facts)?;
                facts.permit(by, RestrictedAction::Prepare)?;
                let reused = Self::reusable_checks(&BTreeSet::from([of.check.clone()]), facts)?;
                reused.into_iter().next().ok_or(Refusal::CheckNotOnFile)
            }
            GrantCommand::ProposeWaiver(waiver) => {
                self.must_be_outstanding(&waiver.check, facts)?;
                facts.permit(by, RestrictedAction::Prepare)?;
                Ok(GrantEvent::WaiverProposed {
                    check: waiver.check.clone(),
                    reason: waiver.note.clone(),
                    by,
                })
            }
            GrantCommand::ConfirmWaiver(of) => self.confirm_waiver(&of.check, by, facts),
            _ => Err(Refusal::GrantNotInState(self.state.into())),
        }
    }

    fn request_check(
        &self,
        request: &CheckNote,
        by: PersonId,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        facts.permit(by, RestrictedAction::Prepare)?;
        if self.checks.contains_key(&request.check) {
            self.must_be_outstanding(&request.check, facts)?;
        }
        Ok(GrantEvent::CheckRequested {
            check: request.check.clone(),
            note: request.note.clone(),
            by,
        })
    }

    fn pass_check(
        &self,
        passed: &PassCheck,
        by: PersonId,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        self.must_be_outstanding(&passed.check, facts)?;
        facts.permit(by, RestrictedAction::Prepare)?;
        facts.has_file(passed.evidence.as_ref())?;
        if passed.good_until.is_some_and(|until| until < facts.today) {
            return Err(Refusal::DatesOutOfOrder(
                "the check cannot end before today",
            ));
        }
        let PassCheck {
            check,
            note,
            good_until,
            evidence,
        } = passed.clone();
        Ok(GrantEvent::CheckPassed {
            check,
            note,
            by,
            good_until,
            evidence,
        })
    }

    fn confirm_waiver(
        &self,
        check: &Slug,
        by: PersonId,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        match self.checks.get(check).ok_or(Refusal::Unknown("check"))? {
            CheckState::WaiverProposed(proposed_by) => {
                facts.must_be_two_people(*proposed_by, by)?;
                facts.proposal_holds(*proposed_by, &[Role::Officer])?;
                facts.permit(by, RestrictedAction::Waive)?;
                Ok(GrantEvent::CheckWaived {
                    check: check.clone(),
                    by,
                })
            }
            _ => Err(Refusal::NotProposed),
        }
    }

    /// Events that reuse the checks which the group has on file and which are still valid.
    pub(super) fn reusable_checks(
        checks: &BTreeSet<Slug>,
        facts: &DecisionContext,
    ) -> Result<Vec<GrantEvent>, Refusal> {
        let group = facts.group()?;
        let reused = checks.iter().filter_map(|check| {
            let on_file = group.check_on_file(check, facts.today)?;
            Some(GrantEvent::CheckReused {
                check: check.clone(),
                from: on_file.grant,
                good_until: on_file.good_until,
            })
        });
        Ok(reused.collect())
    }

    fn must_be_outstanding(&self, check: &Slug, facts: &DecisionContext) -> Result<(), Refusal> {
        match self.checks.get(check).ok_or(Refusal::Unknown("check"))? {
            CheckState::Waived => Err(Refusal::CheckNotInState("waived")),
            state if state.is_clear(facts.today) => Err(Refusal::CheckNotInState("passed")),
            _ => Ok(()),
        }
    }

    /// Refuses unless every check is clear. Checks that only release another instalment are
    /// ignored.
    pub(super) fn checks_must_be_clear(
        &self,
        instalment: Option<u16>,
        today: Date,
    ) -> Result<(), Refusal> {
        let others = self.checks_of_other_instalments(instalment);
        let open = self
            .checks
            .iter()
            .find(|(check, state)| !others.contains(check) && !state.is_clear(today));
        open.map_or(Ok(()), |(check, _)| {
            Err(Refusal::CheckOutstanding(check.to_string()))
        })
    }

    /// Whether the check is a condition of this award and not a check of the fund.
    pub(in crate::domain) fn is_condition(&self, check: &Slug) -> bool {
        self.conditions.contains(check)
    }

    pub(super) fn apply_check_event(&mut self, event: &GrantEvent) {
        let (check, state) = match event {
            GrantEvent::CheckRequested { check, .. } => (check, CheckState::Outstanding),
            GrantEvent::CheckPassed {
                check, good_until, ..
            } => (
                check,
                CheckState::Passed {
                    good_until: *good_until,
                },
            ),
            GrantEvent::CheckReused {
                check, good_until, ..
            } => (
                check,
                CheckState::Passed {
                    good_until: Some(*good_until),
                },
            ),
            GrantEvent::CheckFailed { check, .. } => (check, CheckState::Failed),
            GrantEvent::WaiverProposed { check, by, .. } => {
                (check, CheckState::WaiverProposed(*by))
            }
            GrantEvent::CheckWaived { check, .. } => (check, CheckState::Waived),
            _ => return,
        };
        self.checks.insert(check.clone(), state);
    }
}
