//! Answering an offer, and the checks that gate payment. A waiver takes two people.

use super::{CheckState, Grant, GrantCommand, GrantEvent, GrantState};
use crate::domain::text::Slug;
use crate::domain::{Facts, Refusal};

impl Grant {
    pub(super) fn answer_offer(&self, command: &GrantCommand, facts: &Facts) -> Result<Vec<GrantEvent>, Refusal> {
        self.must_be(&[GrantState::Offered])?;
        let expires_on = self.expires_on.ok_or(Refusal::GrantNotInState("blank"))?;
        let expired = facts.today > expires_on;
        match command {
            GrantCommand::AcceptAgreement(_) | GrantCommand::DeclineOffer(_) if expired => Err(Refusal::OfferExpired(expires_on)),
            GrantCommand::LapseOffer(_) if !expired => Err(Refusal::OfferStands(expires_on)),
            GrantCommand::AcceptAgreement(accept) => {
                if accept.hash != self.agreement {
                    return Err(Refusal::AgreementDiffers);
                }
                if accept.names.len() < usize::from(self.signers) {
                    return Err(Refusal::TooFewSigners(usize::from(self.signers)));
                }
                let due_on = self.update_due_on.ok_or(Refusal::GrantNotInState("blank"))?;
                let names = accept.names.iter().map(crate::domain::sealed::Personal::sealed).collect();
                Ok(vec![
                    GrantEvent::AgreementAccepted { hash: accept.hash.clone(), method: accept.method, names },
                    GrantEvent::UpdateRequested { update: 1, due_on, last: true },
                ])
            }
            GrantCommand::DeclineOffer(_) => Ok(vec![GrantEvent::OfferDeclined {}]),
            GrantCommand::LapseOffer(_) => Ok(vec![GrantEvent::OfferLapsed {}]),
            GrantCommand::WithdrawOffer(because) => Ok(vec![GrantEvent::OfferWithdrawn { reason: because.reason.clone() }]),
            _ => Err(Refusal::GrantNotInState(self.state.into())),
        }
    }

    pub(super) fn check(&self, command: &GrantCommand, facts: &Facts) -> Result<GrantEvent, Refusal> {
        self.must_be(&[GrantState::Offered, GrantState::Accepted, GrantState::Live, GrantState::Reported])?;
        let by = facts.by()?;
        match command {
            GrantCommand::PassCheck(passed) => {
                self.outstanding(&passed.check)?;
                Ok(GrantEvent::CheckPassed { check: passed.check.clone(), note: passed.note.clone(), by })
            }
            GrantCommand::FailCheck(failed) => {
                self.outstanding(&failed.check)?;
                Ok(GrantEvent::CheckFailed { check: failed.check.clone(), note: failed.note.clone(), by })
            }
            GrantCommand::ProposeWaiver(waiver) => {
                self.outstanding(&waiver.check)?;
                Ok(GrantEvent::WaiverProposed { check: waiver.check.clone(), reason: waiver.note.clone(), by })
            }
            GrantCommand::ConfirmWaiver(of) => match self.checks.get(&of.check).ok_or(Refusal::Unknown("check"))? {
                CheckState::WaiverProposed(proposed_by) if *proposed_by == by => Err(Refusal::SamePerson),
                CheckState::WaiverProposed(_) => Ok(GrantEvent::CheckWaived { check: of.check.clone(), by }),
                _ => Err(Refusal::NotProposed),
            },
            _ => Err(Refusal::GrantNotInState(self.state.into())),
        }
    }

    fn outstanding(&self, check: &Slug) -> Result<(), Refusal> {
        match self.checks.get(check).ok_or(Refusal::Unknown("check"))? {
            CheckState::Passed => Err(Refusal::CheckNotInState("passed")),
            CheckState::Waived => Err(Refusal::CheckNotInState("waived")),
            CheckState::Outstanding | CheckState::Failed | CheckState::WaiverProposed(_) => Ok(()),
        }
    }

    /// Every check has passed, or two people waived it.
    pub(super) fn checks_clear(&self) -> Result<(), Refusal> {
        let open = self.checks.iter().find(|(_, state)| !matches!(state, CheckState::Passed | CheckState::Waived));
        open.map_or(Ok(()), |(check, _)| Err(Refusal::CheckOutstanding(check.to_string())))
    }

    pub(super) fn agreement_changed(&mut self, event: &GrantEvent) {
        match event {
            GrantEvent::AgreementIssued { hash, .. } => self.agreement.clone_from(hash),
            GrantEvent::AgreementAccepted { .. } => self.state = GrantState::Accepted,
            GrantEvent::OfferDeclined {} => self.state = GrantState::OfferDeclined,
            GrantEvent::OfferLapsed {} => self.state = GrantState::OfferLapsed,
            GrantEvent::OfferWithdrawn { .. } => self.state = GrantState::OfferWithdrawn,
            GrantEvent::CheckPassed { check, .. } => self.set_check(check, CheckState::Passed),
            GrantEvent::CheckFailed { check, .. } => self.set_check(check, CheckState::Failed),
            GrantEvent::WaiverProposed { check, by, .. } => self.set_check(check, CheckState::WaiverProposed(*by)),
            GrantEvent::CheckWaived { check, .. } => self.set_check(check, CheckState::Waived),
            _ => {}
        }
        if matches!(self.state, GrantState::OfferDeclined | GrantState::OfferLapsed | GrantState::OfferWithdrawn) {
            self.award = super::Sources::default();
        }
    }

    fn set_check(&mut self, check: &Slug, state: CheckState) {
        self.checks.insert(check.clone(), state);
    }
}
