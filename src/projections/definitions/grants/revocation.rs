//! Confirmations by the people named as present: of an offer before it is sent, and of a revocation
//! before it takes effect.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::GrantRow;
use crate::domain::grant::RevocationKind;
use crate::domain::{GrantEvent, Money, PersonId};

/// A revocation that awaits the people named as present.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Revocation)]
pub struct RevocationRow {
    /// Its number, needed to confirm it.
    pub proposal: u32,
    pub kind: RevocationKind,
    /// The amount demanded back.
    pub amount: Option<Money>,
    pub reason: String,
    pub recorded_by: Option<PersonId>,
    /// People named as present who have not confirmed it yet.
    pub unconfirmed: BTreeSet<PersonId>,
}

impl GrantRow {
    pub(super) fn apply_revocation(&mut self, happened: &GrantEvent) {
        use GrantEvent as E;
        match happened {
            E::OfferSent { expires_on } => {
                (self.offer_waits, self.expires_on) = (false, *expires_on);
            }
            E::RevocationProposed {
                revocation,
                kind,
                amount,
                reason,
                sitting,
            } => {
                let others = sitting
                    .present
                    .iter()
                    .copied()
                    .filter(|person| Some(*person) != sitting.recorded_by);
                self.revocation = Some(RevocationRow {
                    proposal: *revocation,
                    kind: *kind,
                    amount: *amount,
                    reason: reason.to_string(),
                    recorded_by: sitting.recorded_by,
                    unconfirmed: others.collect(),
                });
            }
            E::RevocationConfirmed { by, .. } => {
                if let Some(found) = &mut self.revocation {
                    found.unconfirmed.remove(by);
                }
            }
            // The proposal has taken effect, or can no longer do so.
            E::OfferWithdrawn { .. }
            | E::OfferDeclined {}
            | E::OfferLapsed {}
            | E::GrantTerminated { .. }
            | E::ClawbackDemanded { .. }
            | E::GrantClosed { .. } => self.revocation = None,
            E::AgreementAccepted { .. } => {
                self.revocation
                    .take_if(|found| found.kind == RevocationKind::WithdrawOffer);
            }
            _ => {}
        }
    }
}
