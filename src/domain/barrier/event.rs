//! Events of a barrier. Their doc comments are the descriptions in `docs/events.md`.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::command::ComesTo;
use crate::domain::aggregate::events;
use crate::domain::id::{BarrierId, GatheringId, GroupId, PersonId};
use crate::domain::personal_data::Encrypted;
use crate::domain::text::{Line, Prose, Slug};

events! {
    /// Events of a barrier.
    BarrierEvent {
        /// Somebody said what gets in people's way.
        BarrierRaised {
            /// The person who raised it.
            person: PersonId,
            /// The group as whose member they raised it; absent if they spoke for themselves.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            group: Option<GroupId>,
            /// The key of the area; absent if it is about everywhere.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            area: Option<Slug>,
            /// The key of the theme.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            theme: Option<Slug>,
            /// What gets in people's way, in their own words.
            words: Encrypted,
            /// The gathering at which it came up.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            gathering: Option<GatheringId>,
            /// The day on which it was raised.
            raised_on: Date,
        },
        /// Staff summed it up. The words replace those before.
        BarrierSummedUp {
            /// What gets in people's way, in the words of staff.
            summary: Prose,
        },
        /// It was joined to another barrier that is about the same.
        BarrierJoined {
            /// The other barrier.
            into: BarrierId,
        },
        /// Another barrier was joined to this one.
        BarrierTakenIn {
            /// The other barrier.
            joined: BarrierId,
            /// Those who raised the other, and those who raised what was joined to it.
            raised_by: BTreeSet<PersonId>,
        },
        /// It was passed on.
        BarrierPassedOn {
            /// The body that it was passed on to.
            to: Line,
            /// What was asked of them.
            asked: Prose,
            /// The day by which an answer is asked for.
            due_on: Date,
            /// The day on which it was passed on.
            passed_on: Date,
        },
        /// It was answered, or what was planned was made.
        BarrierAnswered {
            /// The answer, in the words of staff.
            answer: Prose,
            /// What comes of it.
            comes_to: ComesTo,
            /// The day on which the answer was recorded.
            answered_on: Date,
        },
        /// What everyone could read of it was withdrawn: its summary, what was asked and the answers.
        BarrierWithdrawn {},
        /// It was closed.
        BarrierClosed { reason: Prose },
        /// The day of the answer passed without one.
        BarrierReminded {},
        /// The words of those who raised it were deleted.
        BarrierWordsForgotten {
            /// The value that was deleted.
            words: Encrypted,
        },
    }
}
