//! Commands of an entry of the directory.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Website;
use crate::domain::command::{NoBody, commands};
use crate::domain::id::{AssetId, GroupId, PersonId};
use crate::domain::personal_data::{PersonalField, PersonalInput};
use crate::domain::role::{Permission, Role};
use crate::domain::text::{Line, Prose, Slug};

/// Who looks after the directory.
const STAFF: &[Role] = &[Role::Officer, Role::Connector];

commands! {
    /// Commands of an entry of the directory.
    AssetCommand {
        /// Records what a place offers or wants. Nobody but staff and those who hold it sees it
        /// until it is published. Who records it is its keeper.
        Record(RecordAsset) = "record", Permission::Staff(STAFF);
        /// Proposes words for the entry. A member of the group that holds it does so, or the
        /// person who does; for them, staff can.
        Propose(ProposeWords) = "propose", Permission::Anyone;
        /// Publishes the entry with the words of staff, or replaces the words that are there. What
        /// a person holds is never published.
        Publish(AssetListing) = "publish", Permission::Staff(STAFF);
        /// Takes the entry out of the directory for a while. Those who hold it do so, or staff.
        Pause(NoBody) = "pause", Permission::Anyone;
        /// Puts the entry back in the directory, as it was. Those who hold it do so, or staff.
        Resume(NoBody) = "resume", Permission::Anyone;
        /// Confirms that what the entry says is still right. Those who hold it do so, or staff.
        Confirm(NoBody) = "confirm", Permission::Anyone;
        /// Withdraws the entry for good. Those who hold it do so, or staff.
        Withdraw(NoBody) = "withdraw", Permission::Anyone;
        /// Records that the entry and another one know each other.
        Tie(TieTo) = "tie", Permission::Staff(STAFF);
        /// Ends a tie.
        Untie(TieRef) = "untie", Permission::Staff(STAFF);
        /// Becomes the keeper of the entry, who looks after it.
        TakeOver(NoBody) = "take-over", Permission::Staff(STAFF);
        /// Records the minutes that one party gave to another. They are added for the one and
        /// taken off for the other, so that all balances add up to nought. Staff do so, or those
        /// who received the time from or for the entry and gave none of it: nobody adds to their
        /// own balance.
        RecordExchange(RecordExchange) = "record-exchange", Permission::Anyone;
        /// Corrects the minutes of an exchange, with the reason. 0 minutes say that it did not
        /// happen.
        CorrectExchange(CorrectExchange) = "correct-exchange", Permission::Staff(STAFF);
        /// Reminds those who hold the entry to confirm it, 10, 11 and 12 months after it was last
        /// confirmed.
        Remind(NoBody) = "remind", Permission::Job;
        /// Deletes what people wrote about an entry once it is withdrawn. An entry of a person who
        /// withdrew their consent, or of a holder who was erased, is withdrawn by it.
        ForgetWords(NoBody) = "forget-words", Permission::Job;
    }
}

/// Whether the entry offers something or wants it.
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
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AssetWay {
    Offer,
    Wish,
}

/// What kind of thing the entry is about.
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
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AssetKind {
    /// What a group does.
    Group,
    /// A partner, such as a surgery or a care home.
    Organisation,
    /// A room, a garden or another place.
    Place,
    /// Something that can be lent or given.
    Thing,
    /// What somebody can do or teach.
    Skill,
    /// What somebody would like to do or learn.
    Interest,
}

impl AssetKind {
    /// Whether a person can hold an entry of this kind.
    #[must_use]
    pub fn is_of_people(self) -> bool {
        matches!(self, Self::Thing | Self::Skill | Self::Interest)
    }

    /// Whether an entry of this kind is always that of a person or a group.
    #[must_use]
    pub fn is_of_somebody(self) -> bool {
        matches!(self, Self::Skill | Self::Interest)
    }
}

/// A person or a group: who holds an entry, or has given or received time.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    Person(PersonId),
    Group(GroupId),
}

impl Party {
    #[must_use]
    pub fn person(self) -> Option<PersonId> {
        match self {
            Self::Person(person) => Some(person),
            Self::Group(_) => None,
        }
    }

    #[must_use]
    pub fn group(self) -> Option<GroupId> {
        match self {
            Self::Group(group) => Some(group),
            Self::Person(_) => None,
        }
    }

    #[must_use]
    pub fn id(self) -> uuid::Uuid {
        match self {
            Self::Person(person) => person.0,
            Self::Group(group) => group.0,
        }
    }
}

/// How two entries know each other.
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
pub enum TieKind {
    /// They work together.
    Partner,
    /// They were introduced to each other, and have met.
    Introduced,
    /// The one grew from the other.
    GrewFrom,
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordAsset {
    pub way: AssetWay,
    pub kind: AssetKind,
    /// Who holds it; absent for an organisation outside, or a place that nobody here holds.
    #[serde(default)]
    pub holder: Option<Party>,
    /// Its name, unless a person holds it. It must not contain names of people.
    #[serde(default)]
    pub name: Option<Line>,
    /// What it is, if a person holds it. Only staff and they themselves read it.
    #[serde(default)]
    pub words: Option<PersonalInput>,
    /// The key of the area; absent if it is for everyone.
    #[serde(default)]
    pub area: Option<Slug>,
    /// The keys of its themes, which are among those that the organisation has adopted, if it has
    /// adopted any.
    #[serde(default)]
    pub themes: BTreeSet<Slug>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeWords {
    /// What the entry should say, in the words of those who hold it. They are encrypted under the
    /// key of the holder.
    pub words: PersonalInput,
}

/// What the directory says about an entry. Everyone can read it while the entry is published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssetListing {
    /// Its name. It must not contain names of people.
    pub name: Line,
    /// What it is, and for whom. It must not contain names of people or how to reach them.
    pub description: Prose,
    /// The key of the area; absent if it is for everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Slug>,
    /// The keys of its themes, which are among those that the organisation has adopted, if it has
    /// adopted any.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub themes: BTreeSet<Slug>,
    /// When it is on, in a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Line>,
    /// What to know for people who find it hard to get there or to take part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Prose>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<Website>,
    /// Whether those who hold it welcome people who are introduced to them.
    #[serde(default)]
    pub welcomes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TieTo {
    /// The other entry.
    pub to: AssetId,
    pub how: TieKind,
}

/// A tie by the other entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TieRef {
    pub to: AssetId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordExchange {
    /// Who gave the time.
    pub giver: Party,
    /// Who received it.
    pub receiver: Party,
    #[schema(minimum = 1, maximum = 10000)]
    pub minutes: u32,
    /// The day on which it was.
    #[schema(value_type = String, format = "date")]
    pub on: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectExchange {
    /// The number of the exchange within the entry.
    #[schema(minimum = 1)]
    pub exchange: u32,
    /// The minutes from now on.
    #[schema(minimum = 0, maximum = 10000)]
    pub minutes: u32,
    /// What was wrong. It must not contain names of people.
    pub reason: Prose,
}

impl AssetCommand {
    /// The personal values in this command.
    pub fn personal_fields(&mut self) -> Vec<PersonalField<'_>> {
        let value = match self {
            Self::Record(RecordAsset {
                words: Some(words), ..
            }) => words,
            Self::Propose(proposed) => &mut proposed.words,
            _ => return Vec::new(),
        };
        vec![PersonalField {
            field: "words",
            value,
            index: None,
        }]
    }

    /// The person or group whose key encrypts the personal values in this command, given who holds
    /// the entry.
    #[must_use]
    pub fn subject(&self, holder: Option<Party>) -> Option<Party> {
        match self {
            Self::Record(recorded) => recorded.words.as_ref().and(recorded.holder),
            Self::Propose(_) => holder,
            _ => None,
        }
    }

    /// The parties that the command names as those who gave or received time.
    pub fn parties(&self) -> impl Iterator<Item = Party> {
        let parties = match self {
            Self::RecordExchange(exchange) => Some([exchange.giver, exchange.receiver]),
            _ => None,
        };
        parties.into_iter().flatten()
    }
}
