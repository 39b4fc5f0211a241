//! The changes that a group asked for, and the actions that decide on them.

use std::collections::BTreeSet;

use super::GrantActions;
use crate::domain::grant::{ApproveVariation, VariationChanges, VariationReason, VariationState};
use crate::domain::language::Language;
use crate::domain::{GrantCommand as C, PersonId};
use crate::http::pages::PageError;
use crate::http::pages::desk::action::{Action, ActionSpec, Availability, sample};
use crate::http::pages::desk::application::unconflicted;
use crate::http::pages::desk::application_actions::declarations_on;
use crate::http::pages::words::{Tag, Tagged};
use crate::mail::format_day;
use crate::projections::ApplicationRow;
use crate::views::GrantView;

/// A change that the group asked for.
pub(in crate::http::pages::desk) struct VariationView {
    pub number: u16,
    pub state: VariationState,
    pub tag: Tag,
    pub words: Option<String>,
    pub asks: Vec<String>,
    pub reason: Option<String>,
    /// The reader first declares whether they have a conflict of interest.
    pub needs_declaration: bool,
}

impl GrantActions<'_> {
    /// The changes that the group asked for, and the actions that decide on those that wait.
    pub async fn variations(
        &self,
        seen: &GrantView,
    ) -> Result<(Vec<VariationView>, Vec<Action>), PageError> {
        let (mut found, mut table) = (Vec::new(), Vec::new());
        let waiting = seen
            .row
            .variations
            .values()
            .filter(|variation| variation.state == VariationState::Requested)
            .count();
        let waits = waiting > 0;
        let (present, declarations) = if waits {
            let present = unconflicted(self.request, self.row.id, self.panel).await?;
            (present, self.missing_declarations().await?)
        } else {
            (BTreeSet::new(), Vec::new())
        };
        for (number, variation) in &seen.row.variations {
            let asks = requested_changes(&variation.change);
            if variation.state == VariationState::Requested {
                let raises = variation
                    .change
                    .amount
                    .is_some_and(|amount| amount > self.row.award);
                let title = if waiting == 1 {
                    "Agree to the change".to_owned()
                } else {
                    format!("Agree to: {}", asks.join("; "))
                };
                table.extend(self.decide(*number, raises, title, &present));
            }
            found.push(VariationView {
                number: *number,
                state: variation.state,
                tag: variation.state.tag(),
                words: seen.variation_words.get(number).cloned(),
                asks,
                reason: variation.reason.clone(),
                needs_declaration: !declarations.is_empty(),
            });
        }
        let mut actions = declarations;
        actions.extend(self.offered(table).await?);
        Ok((found, actions))
    }

    /// Declaring a conflict of interest with the application or none, if the reader has to do so
    /// before they decide.
    async fn missing_declarations(&self) -> Result<Vec<Action>, PageError> {
        let application: ApplicationRow = self.request.row(self.row.id).await?;
        let person = self.request.signed.reader.person;
        if application.interests.has_declared(person) {
            return Ok(Vec::new());
        }
        let mut actions = self.offered(declarations_on(self.row.id).into()).await?;
        actions.retain(|action| matches!(action.availability, Availability::Available));
        Ok(actions)
    }

    fn decide(
        &self,
        number: u16,
        raises: bool,
        title: String,
        present: &BTreeSet<PersonId>,
    ) -> [ActionSpec; 2] {
        let approve = C::ApproveVariation(ApproveVariation {
            variation: number,
            present: if raises {
                present.clone()
            } else {
                BTreeSet::new()
            },
        });
        let refuse = C::RefuseVariation(VariationReason {
            variation: number,
            reason: sample("why"),
        });
        let approve = self
            .spec(title, approve)
            .button("Agree to the change")
            .form(format!("approve-{number}"))
            .hidden_number("variation", number);
        let approve = if raises {
            approve.checkboxes("present", "Who else was there?", self.panel.to_vec())
        } else {
            approve
        };
        [
            approve,
            self.spec("Do not agree to the change", refuse)
                .form(format!("refuse-{number}"))
                .hidden_number("variation", number)
                .text_area("reason", "Why")
                .hint("The group reads this."),
        ]
    }
}

fn requested_changes(change: &VariationChanges) -> Vec<String> {
    let amount = change.amount.map(|amount| format!("{amount} in all"));
    let ends_on = change
        .ends_on
        .map(|day| format!("end date {}", format_day(day, Language::En)));
    let update = change
        .update_due_on
        .map(|day| format!("final report by {}", format_day(day, Language::En)));
    let purpose = change
        .purpose
        .as_ref()
        .map(|purpose| format!("spend it on “{}”", purpose.title));
    [amount, ends_on, update, purpose]
        .into_iter()
        .flatten()
        .collect()
}
