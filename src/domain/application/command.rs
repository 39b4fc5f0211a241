//! What can be asked of an application, and what can happen to it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Terms;
use crate::domain::command::{Because, Nothing, commands};
use crate::domain::event::events;
use crate::domain::id::{FundId, GroupId, PersonId};
use crate::domain::money::Money;
use crate::domain::role::{Role, Who};
use crate::domain::sealed::{Personal, Sealed, Slot};
use crate::domain::text::{Line, Prose, Slug};

commands! {
    /// What can be asked of an application.
    ApplicationCommand {
        /// Starts an application of a group to a round.
        Start(StartApplication) = "start", Who::StaffOrOwn(&[Role::Officer]);
        /// Saves answers, any number at a time.
        SaveAnswers(Answers) = "save-answers", Who::StaffOrOwn(&[Role::Officer]);
        /// Submits a complete application while its round is open.
        Submit(Submit) = "submit", Who::StaffOrOwn(&[Role::Officer]);
        /// Asks the group to change some answers.
        RequestChanges(RequestChanges) = "request-changes", Who::Staff(&[Role::Officer]);
        /// Hands the application in again after changes were asked for.
        Resubmit(Nothing) = "resubmit", Who::StaffOrOwn(&[Role::Officer]);
        /// Finds the application eligible.
        ConfirmEligibility(Nothing) = "confirm-eligibility", Who::Staff(&[Role::Officer]);
        /// Finds the application ineligible, with the reason.
        RefuseEligibility(Because) = "refuse-eligibility", Who::Staff(&[Role::Officer]);
        /// Scores an eligible application.
        Score(Score) = "score", Who::Staff(&[Role::Panel]);
        /// Writes the public title and description of what would be funded.
        WriteSummary(Summary) = "write-summary", Who::Staff(&[Role::Officer]);
        /// Awards a sum: commits it, and offers the grant, all in one.
        Award(Award) = "award", Who::Staff(&[Role::Panel]);
        /// Declines, with the reason.
        Decline(Because) = "decline", Who::Staff(&[Role::Panel]);
        /// Puts the decision off.
        Defer(Because) = "defer", Who::Staff(&[Role::Panel]);
        /// Puts the application on the reserve list.
        Reserve(Rank) = "reserve", Who::Staff(&[Role::Panel]);
        /// Withdraws the application.
        Withdraw(Nothing) = "withdraw", Who::StaffOrOwn(&[Role::Officer]);
        /// Lapses a draft whose round no longer takes applications.
        Lapse(Nothing) = "lapse", Who::Staff(&[Role::Officer]);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartApplication {
    pub fund: FundId,
    pub round: Slug,
    pub group: GroupId,
    /// A form that came in time on paper or by telephone is being keyed in after the deadline.
    #[serde(default)]
    pub late: bool,
}

/// Answers to the form's questions. What stands in clear is what rules and budgets need.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    #[serde(default)]
    pub requested: Option<Money>,
    #[serde(default)]
    pub area: Option<Slug>,
    /// What kind of activity: arts, food, neighbourhood.
    #[serde(default)]
    pub activity: Option<Slug>,
    /// Free text by question, sealed before it is kept.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub answers: BTreeMap<Slug, Personal>,
}

/// How an application or update reached the organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Channel {
    Web,
    Phone,
    Paper,
    InPerson,
}

/// Who helped the group, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Help {
    pub by: PersonId,
    pub kind: HelpKind,
}

/// Whether the helper chose words, or keyed them in as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HelpKind {
    HelpedToWord,
    KeyedVerbatim,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Submit {
    pub channel: Channel,
    /// The day on which a paper or telephone application was received.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub received_on: Option<Date>,
    /// Why it is keyed in after the deadline.
    #[serde(default)]
    pub late_reason: Option<Prose>,
    #[serde(default)]
    pub help: Option<Help>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestChanges {
    /// The questions to answer again.
    #[schema(min_items = 1)]
    pub questions: BTreeSet<Slug>,
    pub note: Prose,
    #[schema(value_type = String, format = "date")]
    pub due_on: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// From 0 to 5 for each criterion.
    #[schema(value_type = BTreeMap<String, u8>)]
    pub criteria: BTreeMap<Slug, u8>,
    pub note: Prose,
}

/// What the public reads: written by staff, never typed by a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    pub title: Line,
    pub description: Prose,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Award {
    pub amount: Money,
    /// Needed when more is awarded than was asked for.
    #[serde(default)]
    pub reason: Option<Prose>,
    /// The last day of what the money is for.
    #[schema(value_type = String, format = "date")]
    pub ends_on: Date,
    /// The last day for the final update.
    #[schema(value_type = String, format = "date")]
    pub update_due_on: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rank {
    /// 1 is the first to be promoted.
    #[schema(minimum = 1)]
    pub rank: u16,
    pub reason: Prose,
}

impl ApplicationCommand {
    /// The personal values in this command.
    pub fn slots(&mut self) -> Vec<Slot<'_>> {
        match self {
            Self::SaveAnswers(answers) => answers.answers.values_mut().map(|value| Slot { field: "answer", value, index: None }).collect(),
            _ => Vec::new(),
        }
    }
}

events! {
    /// What happened to an application.
    ApplicationEvent {
        ApplicationStarted { fund: FundId, round: Slug, group: GroupId, form: u32 },
        AnswersSaved { requested: Option<Money>, area: Option<Slug>, activity: Option<Slug>, answers: BTreeMap<Slug, Sealed> },
        ApplicationSubmitted {
            requested: Money,
            area: Slug,
            channel: Channel,
            received_on: Date,
            late_reason: Option<Prose>,
            help: Option<Help>,
        },
        ChangesRequested { questions: BTreeSet<Slug>, note: Prose, due_on: Date },
        ApplicationResubmitted { requested: Money, area: Slug },
        EligibilityConfirmed {},
        EligibilityRefused { reason: Prose },
        ScoreGiven { by: PersonId, criteria: BTreeMap<Slug, u8>, note: Prose },
        PublicSummaryWritten { summary: Summary },
        Awarded { terms: Terms, reason: Option<Prose> },
        Declined { reason: Prose },
        Deferred { reason: Prose },
        Reserved { rank: u16, reason: Prose },
        ApplicationWithdrawn {},
        ApplicationLapsed {},
    }
}
