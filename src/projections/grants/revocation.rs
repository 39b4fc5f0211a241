//! What waits for those who were named as present: an offer that has not gone out, and what takes a
//! grant away.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::GrantRow;
use crate::domain::grant::RevocationKind;
use crate::domain::{GrantEvent, Money, PersonId};

/// A revocation that waits for those who were named as present.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Revocation)]
pub struct RevocationRow {
    /// Its number: confirming names it.
    pub proposal: u32,
    pub kind: RevocationKind,
    /// How much is demanded back.
    pub amount: Option<Money>,
    pub reason: String,
    pub recorded_by: Option<PersonId>,
    /// Who was named as present and has not confirmed it.
    pub unconfirmed: BTreeSet<PersonId>,
}

impl GrantRow {
    pub(super) fn revoke(&mut self, happened: &GrantEvent) {
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
            // What was proposed has taken effect, or can no longer.
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
