//! Commands of a barrier.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::application::Channel;
use crate::domain::command::{NoBody, WithReason, commands};
use crate::domain::id::{BarrierId, GatheringId, GroupId, PersonId};
use crate::domain::personal_data::{PersonalField, PersonalInput};
use crate::domain::role::{Permission, Role};
use crate::domain::text::{Line, Prose, Slug};

commands! {
    /// Commands of a barrier.
    BarrierCommand {
        /// Says what gets in people's way: oneself, or by an officer or a connector for somebody
        /// who said so by phone, on paper or in person.
        Raise(RaiseBarrier) = "raise", Permission::Anyone;
        /// Sums it up in words that everyone can read. They replace those before.
        SumUp(BarrierSummary) = "sum-up",
            Permission::Staff(&[Role::Officer, Role::Connector]);
        /// Joins it to another barrier that is about the same. Those who raised it hear what is
        /// answered to the other.
        Join(JoinBarrier) = "join", Permission::Staff(&[Role::Officer, Role::Connector]);
        /// Takes in those who raised a barrier that was joined to this one.
        TakeIn(TakeInBarrier) = "take-in", Permission::FollowUp;
        /// Records to whom it was passed on, with what was asked of them and by when.
        PassOn(PassOnBarrier) = "pass-on",
            Permission::Staff(&[Role::Officer, Role::Connector]);
        /// Records the answer, and what comes of it: again, once what was planned is made.
        RecordAnswer(BarrierAnswer) = "record-answer",
            Permission::Staff(&[Role::Officer, Role::Connector]);
        /// Withdraws what everyone could read of it, for example if somebody could be recognised.
        /// Nobody outside the office reads it any more, for past days either. It can be summed up
        /// and passed on again.
        Withdraw(NoBody) = "withdraw", Permission::Staff(&[Role::Officer, Role::Connector]);
        /// Closes it, with the reason.
        Close(WithReason) = "close", Permission::Staff(&[Role::Officer, Role::Connector]);
        /// Marks it for the office once the day for the answer has passed without one.
        Remind(NoBody) = "remind", Permission::Job;
        /// Deletes the words of those who raised it, two years after that day.
        ForgetWords(NoBody) = "forget-words", Permission::Job;
    }
}

/// What comes of the answer to a barrier.
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
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ComesTo {
    /// Nothing is going to change.
    None,
    /// A change is planned.
    Planned,
    /// The change was made.
    Made,
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RaiseBarrier {
    /// The person who raises it, and hears the answers.
    pub person: PersonId,
    /// The group as whose member they raise it, if they do.
    #[serde(default)]
    pub group: Option<GroupId>,
    /// The key of the area; absent if it is about everywhere.
    #[serde(default)]
    pub area: Option<Slug>,
    /// The key of the theme, if it has one.
    #[serde(default)]
    pub theme: Option<Slug>,
    /// What gets in people's way, in their own words.
    pub words: PersonalInput,
    /// The gathering at which it came up, if it did.
    #[serde(default)]
    pub gathering: Option<GatheringId>,
    /// How it reached the office; absent for those who raise it themselves.
    #[serde(default)]
    pub channel: Option<Channel>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BarrierSummary {
    /// What gets in people's way, in the words of staff. Everyone can read it once it is passed
    /// on. It must not contain names of people.
    pub summary: Prose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinBarrier {
    /// The barrier that is about the same.
    pub into: BarrierId,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeInBarrier {
    pub barrier: BarrierId,
    /// Those who raised it, and those who raised what was joined to it.
    pub raised_by: BTreeSet<PersonId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PassOnBarrier {
    /// The organisation that it is passed on to. Everyone can read it. It must not name a person.
    pub to: Line,
    /// What is asked of them. Everyone can read it. It must not contain names of people.
    pub asked: Prose,
    /// The day by which an answer is asked for.
    #[schema(value_type = String, format = "date")]
    pub due_on: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BarrierAnswer {
    /// The answer, in the words of staff. Everyone can read it. It must not contain names of
    /// people.
    pub answer: Prose,
    pub comes_to: ComesTo,
}

impl BarrierCommand {
    /// The personal values in this command.
    pub fn personal_fields(&mut self) -> Vec<PersonalField<'_>> {
        match self {
            Self::Raise(raise) => vec![PersonalField {
                field: "words",
                value: &mut raise.words,
                index: None,
            }],
            _ => Vec::new(),
        }
    }

    /// The group or person whose key encrypts the personal values in this command.
    #[must_use]
    pub fn subject(&self) -> Option<Uuid> {
        match self {
            Self::Raise(raise) => Some(raise.group.map_or(raise.person.0, |group| group.0)),
            _ => None,
        }
    }

    /// The channel by which its content reached the organisation, if it says so.
    #[must_use]
    pub fn channel(&self) -> Option<Channel> {
        match self {
            Self::Raise(raise) => raise.channel,
            _ => None,
        }
    }
}
