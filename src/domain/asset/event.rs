//! Events of an entry of the directory. Their doc comments are the descriptions in
//! `docs/events.md`.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::command::{AssetKind, AssetListing, AssetWay, Party, TieKind};
use crate::domain::aggregate::events;
use crate::domain::id::{AssetId, PersonId};
use crate::domain::personal_data::Encrypted;
use crate::domain::text::{Line, Prose, Slug};

events! {
    /// Events of an entry of the directory.
    AssetEvent {
        /// What a place has or wishes for was recorded.
        AssetRecorded {
            /// Whether it is an offer or a wish.
            way: AssetWay,
            /// What kind of thing it is.
            kind: AssetKind,
            /// Who holds it; absent if nobody here does.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            holder: Option<Party>,
            /// Its name; absent if a person holds it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            name: Option<Line>,
            /// What it is; absent unless a person holds it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            words: Option<Encrypted>,
            /// The key of the area; absent if it is for everyone.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            area: Option<Slug>,
            /// The keys of its themes.
            #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
            themes: BTreeSet<Slug>,
            /// Who looks after the entry.
            keeper: PersonId,
            /// The day on which it was recorded.
            recorded_on: Date,
        },
        /// Words for the entry were proposed.
        WordsProposed {
            /// What the entry should say.
            words: Encrypted,
        },
        /// The entry was published, or its words were replaced. This confirms it.
        AssetPublished {
            /// What the directory says of it from now on.
            listing: AssetListing,
            /// The day on which it was published.
            published_on: Date,
        },
        /// The entry was taken out of the directory for a while.
        AssetPaused {},
        /// The entry was put back into the directory. This confirms it.
        AssetResumed {
            /// The day on which it was put back.
            resumed_on: Date,
        },
        /// Somebody said that what the entry says is still right.
        AssetConfirmed {
            /// The day on which they said so.
            confirmed_on: Date,
        },
        /// The entry was withdrawn for good.
        AssetWithdrawn {
            /// The day on which it was withdrawn.
            withdrawn_on: Date,
        },
        /// It was recorded that the entry and another one know each other.
        TieMade {
            /// The other entry.
            to: AssetId,
            /// How they know each other.
            how: TieKind,
            /// The day on which it was recorded.
            tied_on: Date,
        },
        /// A tie ended.
        TieEnded {
            /// The other entry.
            to: AssetId,
        },
        /// Another person looks after the entry.
        KeeperChanged {
            /// Who looks after it from now on.
            keeper: PersonId,
        },
        /// Time that was given was recorded.
        ExchangeRecorded {
            /// The number of the exchange within the entry: 1, 2, 3 …
            exchange: u32,
            /// Who gave the time.
            giver: Party,
            /// Who received it.
            receiver: Party,
            /// How many minutes.
            minutes: u32,
            /// The day on which it was.
            on: Date,
        },
        /// The minutes of an exchange were corrected.
        ExchangeCorrected {
            /// The number of the exchange within the entry.
            exchange: u32,
            /// The minutes from now on; 0 if it did not happen.
            minutes: u32,
            /// What was wrong.
            reason: Prose,
        },
        /// Those who hold the entry were reminded to confirm it.
        AssetReminded {
            /// The months since it was last confirmed: 10, 11 or 12.
            months: u8,
        },
        /// What people wrote about the entry was deleted.
        WordsForgotten {
            /// The values that were deleted.
            words: Vec<Encrypted>,
        },
    }
}
