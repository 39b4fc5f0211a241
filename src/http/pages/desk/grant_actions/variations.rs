//! Variations, with the actions that approve or refuse them.

use std::collections::BTreeSet;

use super::GrantActions;
use crate::domain::GrantCommand as C;
use crate::domain::grant::{ApproveVariation, VariationChanges, VariationReason, VariationState};
use crate::http::pages::PageError;
use crate::http::pages::desk::action::{Action, ActionSpec, sample};
use crate::http::pages::desk::label_of;
use crate::views::GrantView;

/// A variation, with the actions that approve or refuse it.
pub(in crate::http::pages::desk) struct VariationView {
    pub number: u16,
    pub state: String,
    pub words: Option<String>,
    pub asks: Vec<String>,
    pub reason: Option<String>,
    pub acts: Vec<Action>,
}

impl GrantActions<'_> {
    pub async fn variations(&self, seen: &GrantView) -> Result<Vec<VariationView>, PageError> {
        let mut found = Vec::new();
        for (number, variation) in &seen.row.variations {
            let table = if variation.state == VariationState::Requested {
                self.variation_actions(*number)
            } else {
                Vec::new()
            };
            found.push(VariationView {
                number: *number,
                state: label_of(variation.state),
                words: seen.variation_words.get(number).cloned(),
                asks: requested_changes(&variation.change),
                reason: variation.reason.clone(),
                acts: self.offered(table).await?,
            });
        }
        Ok(found)
    }

    fn variation_actions(&self, number: u16) -> Vec<ActionSpec> {
        let approve = C::ApproveVariation(ApproveVariation {
            variation: number,
            present: BTreeSet::new(),
        });
        let refuse = C::RefuseVariation(VariationReason {
            variation: number,
            reason: sample("why"),
        });
        vec![
            self.spec("Approve the change", approve)
                .form(format!("approve-{number}"))
                .hidden_number("variation", number)
                .checkboxes(
                    "present",
                    "Who else was present, where the award rises",
                    self.panel.to_vec(),
                ),
            self.spec("Refuse the change", refuse)
                .form(format!("refuse-{number}"))
                .hidden_number("variation", number)
                .text_area("reason", "Why"),
        ]
    }
}

fn requested_changes(change: &VariationChanges) -> Vec<String> {
    let amount = change.amount.map(|amount| format!("award: {amount}"));
    let ends_on = change.ends_on.map(|day| format!("ends on: {day}"));
    let update = change
        .update_due_on
        .map(|day| format!("final update by: {day}"));
    let purpose = change
        .purpose
        .as_ref()
        .map(|purpose| format!("purpose: {}", purpose.title));
    [amount, ends_on, update, purpose]
        .into_iter()
        .flatten()
        .collect()
}
