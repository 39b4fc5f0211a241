//! Commands of an introduction.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::application::Channel;
use crate::domain::asset::Party;
use crate::domain::command::{NoBody, commands};
use crate::domain::id::{AssetId, PersonId};
use crate::domain::personal_data::{PersonalField, PersonalInput};
use crate::domain::role::{Permission, Role};

/// Who brings people together.
const STAFF: &[Role] = &[Role::Officer, Role::Connector];

commands! {
    /// Commands of an introduction.
    IntroductionCommand {
        /// Asks to introduce a person or a group to an entry of the directory: an officer or a
        /// connector for anybody, a person for themselves, a member for their group.
        Ask(AskIntroduction) = "ask", Permission::Anyone;
        /// Records that they agree to this introduction, on the notice that is in force, what they
        /// share and, if they wish, what matters to them. They do so themselves, or an officer or
        /// a connector records it.
        Agree(AgreeToIntroduction) = "agree", Permission::Anyone;
        /// Makes the introduction. From then on, those who hold the entry see what is shared. Staff
        /// can record that the people may be at risk, which those who ask for themselves are not
        /// asked.
        Make(MakeIntroduction) = "make", Permission::Staff(STAFF);
        /// Welcomes them, with the name of a host. This is done by a member of the group that holds
        /// the entry, or by an officer or a connector who heard it from them.
        Welcome(WelcomeIntroduction) = "welcome", Permission::Anyone;
        /// Says that they cannot be welcomed, and why: by a member of the group that holds the
        /// entry, or by an officer or a connector who heard it from them.
        Decline(DeclineIntroduction) = "decline", Permission::Anyone;
        /// Says what came of it. It can be said again when it changes.
        SayHow(SayHow) = "say-how", Permission::Anyone;
        /// Withdraws the consent, at any time. The group sees nothing more, and what matters to
        /// them is deleted.
        TakeBack(TakeBackIntroduction) = "take-back", Permission::Anyone;
        /// Closes the introduction, with a reason that can be counted. The service closes one of a
        /// person or group whose data was erased.
        Close(CloseIntroduction) = "close", Permission::StaffOrJob(STAFF);
        /// Reminds those who hold the entry that we wait for their answer.
        Remind(NoBody) = "remind", Permission::Job;
        /// Deletes what matters to them and the host's name, 12 months after they agreed.
        ForgetMatters(NoBody) = "forget-matters", Permission::Job;
    }
}

/// What a group may see of somebody who is introduced to it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Shared {
    Name,
    Telephone,
    Email,
    /// What matters to them.
    Matters,
}

/// Why somebody cannot be welcomed.
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
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DeclineReason {
    /// There is no room at the moment.
    Full,
    /// Nobody can be their host.
    NoHost,
    /// It is not for them.
    NotRight,
    Other,
}

/// What came of an introduction.
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
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CameTo {
    /// They went.
    Went,
    /// They keep going.
    GoesOn,
    DidNotGo,
    /// They went for a while.
    Stopped,
}

/// Why an introduction is closed.
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
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CloseReason {
    /// There is nothing more to do.
    Done,
    /// Nobody answered.
    NoAnswer,
    /// They could not be reached.
    NotReached,
    /// They found something else.
    FoundOther,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskIntroduction {
    /// Who is introduced.
    pub of: Party,
    /// The entry of the directory.
    pub to: AssetId,
    /// Whether they may be at risk, as children and some adults are. Then only a group whose
    /// safeguarding check is in date can welcome them.
    #[serde(default)]
    pub at_risk: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeIntroduction {
    /// Whether the people may be at risk. If it was recorded when the introduction was asked for,
    /// it stays so.
    #[serde(default)]
    pub at_risk: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreeToIntroduction {
    /// The version of the notice that they were given.
    #[schema(minimum = 1)]
    pub notice: u32,
    /// How it reached the office; absent for those who agree themselves.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// Whether what was recorded was read back to them. It must be if they agreed by phone or in
    /// person.
    #[serde(default)]
    pub read_back: bool,
    /// What matters to them, if they want to say so.
    #[serde(default)]
    pub matters: Option<PersonalInput>,
    /// What those who hold the entry may see.
    #[serde(default)]
    pub shares: BTreeSet<Shared>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WelcomeIntroduction {
    /// The member of the group who welcomes them.
    #[serde(default)]
    pub host: Option<PersonId>,
    /// Who welcomes them, where no group here holds the entry.
    #[serde(default)]
    pub host_name: Option<PersonalInput>,
    /// How it reached the office; absent for those who answer themselves.
    #[serde(default)]
    pub channel: Option<Channel>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineIntroduction {
    pub reason: DeclineReason,
    /// How it reached the office; absent for those who answer themselves.
    #[serde(default)]
    pub channel: Option<Channel>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SayHow {
    pub how: CameTo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeBackIntroduction {
    /// How it reached the office; absent for those who take it back themselves.
    #[serde(default)]
    pub channel: Option<Channel>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseIntroduction {
    pub reason: CloseReason,
}

impl IntroductionCommand {
    /// The personal values in this command.
    pub fn personal_fields(&mut self) -> Vec<PersonalField<'_>> {
        let (field, value) = match self {
            Self::Agree(AgreeToIntroduction {
                matters: Some(matters),
                ..
            }) => ("matters", matters),
            Self::Welcome(WelcomeIntroduction {
                host_name: Some(name),
                ..
            }) => ("host_name", name),
            _ => return Vec::new(),
        };
        vec![PersonalField {
            field,
            value,
            index: None,
        }]
    }

    /// The channel by which its content reached the organisation, if it says so.
    #[must_use]
    pub fn channel(&self) -> Option<Channel> {
        match self {
            Self::Agree(agreed) => agreed.channel,
            Self::Welcome(welcomed) => welcomed.channel,
            Self::Decline(declined) => declined.channel,
            Self::TakeBack(taken) => taken.channel,
            _ => None,
        }
    }
}
