//! Events of an introduction. Their doc comments are the descriptions in `docs/events.md`.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::command::{CameTo, CloseReason, DeclineReason, Shared};
use crate::domain::aggregate::events;
use crate::domain::application::Channel;
use crate::domain::asset::Party;
use crate::domain::id::{AssetId, GroupId, PersonId};
use crate::domain::personal_data::Encrypted;

events! {
    /// Events of an introduction.
    IntroductionEvent {
        /// It was asked that a person or group be introduced to an entry of the directory.
        IntroductionAsked {
            /// Who is introduced.
            of: Party,
            /// The entry of the directory.
            to: AssetId,
            /// Whether they may be at risk.
            at_risk: bool,
            /// The day on which it was asked.
            asked_on: Date,
        },
        /// They agreed to the introduction.
        IntroductionAgreed {
            /// The version of the notice that they were given.
            notice: u32,
            /// How it reached the office.
            channel: Channel,
            /// Whether what was recorded was read back to them.
            read_back: bool,
            /// Who recorded it; absent if they did it themselves.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            keyed_by: Option<PersonId>,
            /// What matters to them; absent if they did not say.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            matters: Option<Encrypted>,
            /// What those who hold the entry may see.
            shares: BTreeSet<Shared>,
            /// The day on which they agreed.
            agreed_on: Date,
        },
        /// The introduction was made: those who hold the entry see what is shared.
        IntroductionMade {
            /// The entry of the directory.
            to: AssetId,
            /// The group that holds it; absent if none does.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            holder: Option<GroupId>,
            /// Whether staff said here that they may be at risk; absent if not.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            at_risk: bool,
            /// The day on which it was made.
            made_on: Date,
        },
        /// They are welcomed.
        IntroductionWelcomed {
            /// The member of the group who welcomes them; absent where no group holds the entry.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            host: Option<PersonId>,
            /// Who welcomes them where no group holds the entry.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            host_name: Option<Encrypted>,
            /// How it reached the office.
            channel: Channel,
            /// Who recorded it; absent if the group did it itself.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            keyed_by: Option<PersonId>,
            /// The day on which it was said.
            welcomed_on: Date,
        },
        /// They cannot be welcomed.
        IntroductionDeclined {
            /// Why.
            reason: DeclineReason,
            /// How it reached the office.
            channel: Channel,
            /// Who recorded it; absent if the group did it itself.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            keyed_by: Option<PersonId>,
            /// The day on which it was said.
            declined_on: Date,
        },
        /// It was said what came of the introduction. It replaces what was said before.
        IntroductionCameTo {
            /// What came of it.
            how: CameTo,
            /// The day on which it was said.
            said_on: Date,
        },
        /// They withdrew their consent.
        IntroductionTakenBack {
            /// How it reached the office.
            channel: Channel,
            /// Who recorded it; absent if they did it themselves.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            keyed_by: Option<PersonId>,
            /// The values that were deleted: what mattered to them, and the host's name.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            forgotten: Vec<Encrypted>,
            /// The day on which they took it back.
            taken_back_on: Date,
        },
        /// The introduction was closed.
        IntroductionClosed {
            /// Why.
            reason: CloseReason,
            /// The day on which it was closed.
            closed_on: Date,
        },
        /// Those who hold the entry were reminded that an answer is waited for.
        IntroductionReminded {
            /// The day of the reminder.
            reminded_on: Date,
        },
        /// What mattered to them, and the host's name, were deleted.
        MattersForgotten {
            /// The values that were deleted.
            forgotten: Vec<Encrypted>,
        },
    }
}
