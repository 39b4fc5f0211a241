//! What a panel decides on an application: a verdict, and the conditions of an award. A meeting of
//! a fund and the application that it is about both use it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Refusal;
use super::id::PersonId;
use super::money::Money;
use super::text::{Line, Prose, Slug};

/// A condition of the award that must be met before money is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// What must be met, as the group reads it.
    pub text: Prose,
    /// Whether it holds back only the instalment that is tied to it. Otherwise it holds back every
    /// payment.
    #[serde(default)]
    pub one_instalment: bool,
}

/// The public title and description. Staff write them; they never come from a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    pub title: Line,
    pub description: Prose,
}

impl Summary {
    pub(in crate::domain) fn must_differ_from_title(&self) -> Result<(), Refusal> {
        if self.title.as_str() == self.description.as_str() {
            Err(Refusal::SummaryRepeats)
        } else {
            Ok(())
        }
    }
}

/// The letter about a decision that waits for its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeldLetter {
    /// The day of the meeting. All its letters are released together.
    #[schema(value_type = String, format = "date")]
    pub met_on: Date,
    /// The day on which the letter goes out. Until then the group sees nothing of the decision.
    #[schema(value_type = String, format = "date")]
    pub letters_on: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Award {
    /// The awarded amount. If it differs from the requested amount, the award needs a reason.
    pub amount: Money,
    /// Needed if the amount differs from the requested one, or if an application is promoted before
    /// one with a better rank on the reserve list.
    #[serde(default)]
    pub reason: Option<Prose>,
    /// The last day of the activity that the money pays for.
    #[schema(value_type = String, format = "date")]
    pub ends_on: Date,
    /// The day by which the final update is due.
    #[schema(value_type = String, format = "date")]
    pub update_due_on: Date,
    /// Conditions that must be met before money is paid, by key.
    #[serde(default)]
    pub conditions: BTreeMap<Slug, Condition>,
    /// The title and description that the public reads. Required if the application has none.
    #[serde(default)]
    pub summary: Option<Summary>,
    /// The panel members who were present, other than the one who records it.
    #[serde(default)]
    pub present: BTreeSet<PersonId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decline {
    /// For the record.
    pub reason: Prose,
    /// The feedback that the group receives.
    pub feedback: Prose,
    /// The panel members who were present, other than the one who records it.
    #[serde(default)]
    pub present: BTreeSet<PersonId>,
    /// Whether it can be taken back for ten minutes. The group hears of it after that. A letter
    /// that is held until a day makes it needless.
    #[serde(default)]
    pub can_be_taken_back: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Defer {
    /// Why, for the record. The group reads it if there is no `message`.
    pub reason: Prose,
    /// What the group reads instead of the reason.
    #[serde(default)]
    pub message: Option<Prose>,
    /// The panel members who were present, other than the one who records it.
    #[serde(default)]
    pub present: BTreeSet<PersonId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reserve {
    /// Rank on the round's reserve list, unique in the round. Rank 1 is promoted first.
    #[schema(minimum = 1, maximum = 65535)]
    pub rank: u16,
    /// Why, for the record. The group reads it if there is no `message`.
    pub reason: Prose,
    /// What the group reads instead of the reason.
    #[serde(default)]
    pub message: Option<Prose>,
    /// The panel members who were present, other than the one who records it.
    #[serde(default)]
    pub present: BTreeSet<PersonId>,
}

/// A decision of the panel on one application.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema, strum::EnumDiscriminants)]
#[serde(rename_all = "snake_case")]
#[strum_discriminants(
    name(Decision),
    doc = "What a panel can decide.",
    derive(
        strum::IntoStaticStr,
        strum::VariantArray,
        Serialize,
        Deserialize,
        utoipa::ToSchema
    )
)]
#[strum_discriminants(strum(serialize_all = "snake_case"), serde(rename_all = "snake_case"))]
pub enum Verdict {
    Award(Award),
    Promote(Award),
    Decline(Decline),
    Defer(Defer),
    Reserve(Reserve),
}
