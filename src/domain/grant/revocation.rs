//! Revocations: withdrawing an offer, terminating a grant, demanding money back.
//!
//! A revocation needs as many panel members as the award did. One of them records it, and each of
//! the others confirms their own attendance; then it takes effect.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Grant, GrantCommand, GrantEvent, GrantState};
use crate::domain::application::{Attendance, AttendanceRef, PanelSitting};
use crate::domain::command::ProposalRef;
use crate::domain::id::PersonId;
use crate::domain::money::Money;
use crate::domain::role::Role;
use crate::domain::text::Prose;
use crate::domain::{DecisionContext, Refusal, RestrictedAction};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// Why. The group reads it.
    pub reason: Prose,
    /// The panel members who were present, other than the one who records it.
    #[serde(default)]
    pub present: BTreeSet<PersonId>,
}

/// The kind of revocation.
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
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RevocationKind {
    WithdrawOffer,
    Terminate,
    DemandClawback,
}

/// A revocation that waits for confirmations.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Revocation {
    kind: RevocationKind,
    amount: Option<Money>,
    reason: Prose,
    recorded_by: PersonId,
    attendance: Attendance,
}

impl Grant {
    pub(super) fn revoke(
        &self,
        command: &GrantCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<GrantEvent>, Refusal> {
        let (kind, amount, reason, present) = match command {
            GrantCommand::WithdrawOffer(revoke) => (
                RevocationKind::WithdrawOffer,
                None,
                &revoke.reason,
                &revoke.present,
            ),
            GrantCommand::Terminate(revoke) => (
                RevocationKind::Terminate,
                None,
                &revoke.reason,
                &revoke.present,
            ),
            GrantCommand::DemandClawback(demand) => (
                RevocationKind::DemandClawback,
                Some(demand.amount),
                &demand.reason,
                &demand.present,
            ),
            GrantCommand::ConfirmRevocation(of) => return self.confirm_revocation(*of, facts),
            _ => return Err(Refusal::GrantNotInState(self.state.into())),
        };
        let effect = self.revocation_event(kind, amount, reason)?;
        facts.permit(facts.by()?, RestrictedAction::End)?;
        let sitting = facts
            .application()?
            .sitting_for_revocation(present, facts)?;
        let revocation = self.revocations + 1;
        if Attendance::new(revocation, &sitting)
            .must_have_quorum()
            .is_ok()
        {
            return Ok(vec![effect]);
        }
        Ok(vec![GrantEvent::RevocationProposed {
            revocation,
            kind,
            amount,
            reason: reason.clone(),
            sitting,
        }])
    }

    /// The event by which the revocation takes effect. Refuses if the grant's state does not allow
    /// it.
    fn revocation_event(
        &self,
        kind: RevocationKind,
        amount: Option<Money>,
        reason: &Prose,
    ) -> Result<GrantEvent, Refusal> {
        let reason = reason.clone();
        match kind {
            RevocationKind::WithdrawOffer => {
                self.must_be(&[GrantState::Offered])?;
                Ok(GrantEvent::OfferWithdrawn { reason })
            }
            RevocationKind::Terminate => {
                self.must_be_in_force()?;
                if self.payments.values().any(|payment| payment.is_under_way()) {
                    return Err(Refusal::PaymentUnderWay);
                }
                Ok(GrantEvent::GrantTerminated {
                    reason,
                    released: self.award.minus(&self.paid)?,
                })
            }
            RevocationKind::DemandClawback => {
                self.must_be_in_force_or_terminated()?;
                let amount = amount
                    .filter(|amount| !amount.is_zero())
                    .ok_or(Refusal::Nothing("enter an amount of more than £0"))?;
                let left = self.paid_not_due_back()?;
                if left.covers(amount) {
                    Ok(GrantEvent::ClawbackDemanded { amount, reason })
                } else {
                    Err(Refusal::ClawbackTooLarge {
                        asked: amount,
                        left,
                    })
                }
            }
        }
    }

    fn confirm_revocation(
        &self,
        of: ProposalRef,
        facts: &DecisionContext,
    ) -> Result<Vec<GrantEvent>, Refusal> {
        let by = facts.by()?;
        let found = self
            .revocation
            .as_ref()
            .filter(|found| self.revocations == of.proposal && !found.has_taken_effect())
            .ok_or(Refusal::NotProposed)?;
        let attended = AttendanceRef {
            person: by,
            decision: of.proposal,
        };
        if found.recorded_by == by {
            return Err(Refusal::SamePerson);
        }
        found.attendance.must_be_confirmable(
            attended,
            facts,
            &facts.connections(Some(facts.application()?))?,
        )?;
        facts.still_holds(found.recorded_by, &[Role::Panel])?;
        facts
            .permit(found.recorded_by, RestrictedAction::End)
            .map_err(|_| Refusal::ProposerGone)?;
        let confirmed = GrantEvent::RevocationConfirmed {
            revocation: of.proposal,
            by,
        };
        let mut attendance = found.attendance.clone();
        attendance.confirm(by);
        if attendance.must_have_quorum().is_err() {
            return Ok(vec![confirmed]);
        }
        Ok(vec![
            confirmed,
            self.revocation_event(found.kind, found.amount, &found.reason)?,
        ])
    }

    pub(super) fn apply_revocation(&mut self, event: &GrantEvent) {
        match event {
            GrantEvent::RevocationProposed {
                revocation,
                kind,
                amount,
                reason,
                sitting,
            } => {
                self.revocations = *revocation;
                self.revocation =
                    Revocation::from_proposal(*revocation, *kind, *amount, reason, sitting);
            }
            GrantEvent::RevocationConfirmed { by, .. } => {
                if let Some(found) = &mut self.revocation {
                    found.attendance.confirm(*by);
                }
            }
            _ => {}
        }
    }
}

impl Revocation {
    /// Whether enough people have confirmed it. More than were needed can be named as present, and
    /// it does not take effect again for each of them.
    fn has_taken_effect(&self) -> bool {
        self.attendance.must_have_quorum().is_ok()
    }

    fn from_proposal(
        number: u32,
        kind: RevocationKind,
        amount: Option<Money>,
        reason: &Prose,
        sitting: &PanelSitting,
    ) -> Option<Self> {
        let (reason, attendance) = (reason.clone(), Attendance::new(number, sitting));
        sitting.recorded_by.map(|recorded_by| Self {
            kind,
            amount,
            reason,
            recorded_by,
            attendance,
        })
    }
}
