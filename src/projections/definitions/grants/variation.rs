//! Variations: changes to a grant that a group asks for and staff decide.

use serde::{Deserialize, Serialize};

use super::GrantRow;
use super::returns::minus_or_zero;
use crate::domain::grant::{VariationChanges, VariationState};
use crate::domain::personal_data::Encrypted;
use crate::domain::{GrantEvent, Money, PersonId};

/// A variation and its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Variation)]
pub struct VariationRow {
    pub state: VariationState,
    pub change: VariationChanges,
    /// Absent for a member of the group.
    pub asked_by: Option<PersonId>,
    /// Absent for a member of the group.
    pub decided_by: Option<PersonId>,
    /// The award when the variation was requested. If it has changed since, the variation must be
    /// requested again.
    #[serde(default)]
    pub against: Money,
    pub reason: Option<String>,
    /// The group's reason, encrypted. The view decrypts it into a field of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub sealed: Option<Encrypted>,
}

impl GrantRow {
    pub(super) fn apply_variation(&mut self, happened: &GrantEvent) {
        use GrantEvent as E;
        match happened {
            E::VariationRequested {
                variation,
                change,
                words,
                by,
                ..
            } => {
                let (state, change, asked_by) =
                    (VariationState::Requested, change.clone(), Some(*by));
                self.variations.insert(
                    *variation,
                    VariationRow {
                        state,
                        change,
                        asked_by,
                        decided_by: None,
                        against: self.award,
                        reason: None,
                        sealed: Some(words.clone()),
                    },
                );
            }
            E::VariationApproved {
                variation,
                change,
                released,
                by,
                sitting,
                ..
            } => {
                if let Some(sitting) = sitting {
                    self.raised_by = u32::from(*variation);
                    self.recorded_by = sitting.recorded_by;
                    let others = sitting.present.iter().copied().filter(|person| {
                        sitting
                            .recorded_by
                            .is_some_and(|recorder| recorder != *person)
                    });
                    self.unconfirmed = others.collect();
                }
                self.award = minus_or_zero(self.award, released.total());
                self.ends_on = change.ends_on.unwrap_or(self.ends_on);
                self.update_due_on = change.update_due_on.unwrap_or(self.update_due_on);
                if let Some(purpose) = &change.purpose {
                    (self.title, self.description) =
                        (purpose.title.to_string(), purpose.description.to_string());
                }
                if change.amount.is_some() {
                    self.drop_unpaid_instalments();
                }
                self.decide_variation(*variation, VariationState::Approved, *by, None);
            }
            E::VariationRefused {
                variation,
                reason,
                by,
                ..
            } => {
                self.decide_variation(
                    *variation,
                    VariationState::Refused,
                    *by,
                    Some(reason.to_string()),
                );
            }
            E::AwardGrown { sources, .. } => self.award = self.award.plus(sources.total()),
            _ => {}
        }
    }

    fn decide_variation(
        &mut self,
        number: u16,
        state: VariationState,
        by: PersonId,
        reason: Option<String>,
    ) {
        if let Some(found) = self.variations.get_mut(&number) {
            (found.state, found.decided_by, found.reason) = (state, Some(by), reason);
        }
    }
}
