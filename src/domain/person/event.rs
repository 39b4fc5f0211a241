//! Events of a person. Their doc comments are the descriptions in `docs/events.md`.

use jiff::civil::Date;
use uuid::Uuid;

use super::consent::{ConsentBasis, ConsentPurpose};
use super::telling::ToldHow;
use crate::domain::PersonId;
use crate::domain::aggregate::events;
use crate::domain::application::Channel;
use crate::domain::id::{ApplicationId, GatheringId, GroupId};
use crate::domain::language::Language;
use crate::domain::personal_data::Encrypted;
use crate::domain::text::{Line, Prose, Slug};

events! {
    /// Events of a person.
    PersonEvent {
        /// A person was registered.
        PersonRegistered {
            /// The person's name.
            name: Encrypted,
            /// The email address, by which the person signs in.
            email: Option<Encrypted>,
            /// The phone number.
            telephone: Option<Encrypted>,
            /// The postal address. Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            postal_address: Option<Encrypted>,
            /// An address that the person entered on a public page, although it belongs to someone
            /// else.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            typed_email: Option<Encrypted>,
            /// The person who registered them; absent if they did it themselves, and in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            registered_by: Option<PersonId>,
            /// The day on which they were registered. Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            registered_on: Option<Date>,
            /// Whether the person entered their name on a public page and has not proved an
            /// address.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            unproven: bool,
        },
        /// The person, whose address is not proven, registered a group.
        GroupBegun { group: GroupId },
        /// The person, whose address is not proven, began an application.
        DraftBegun { application: ApplicationId },
        /// The person, whose address is not proven, signed up for a session of a gathering.
        SignUpBegun {
            /// The gathering.
            gathering: GatheringId,
            /// The number of the session within the gathering.
            session: u16,
        },
        /// New contact details were proposed for the person.
        ContactChangeProposed {
            proposal: u32,
            /// The proposed name.
            name: Encrypted,
            /// The proposed email address.
            email: Option<Encrypted>,
            /// The proposed phone number.
            telephone: Option<Encrypted>,
            /// The proposed postal address. Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            postal_address: Option<Encrypted>,
            proposed_by: PersonId,
        },
        /// Proposed contact details were refused or withdrawn.
        ContactChangeRefused { reason: Prose, by: PersonId },
        /// The person's contact details changed. All of them are in the event.
        ContactChanged {
            /// The name from now on.
            name: Encrypted,
            /// The email address from now on.
            email: Option<Encrypted>,
            /// The phone number from now on.
            telephone: Option<Encrypted>,
            /// The postal address from now on. Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            postal_address: Option<Encrypted>,
            /// An address that the person entered on a public page, although it belongs to someone
            /// else.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            typed_email: Option<Encrypted>,
            /// The officer who proposed it; absent if the person changed it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            changed_by: Option<PersonId>,
            /// The second person who confirmed it; absent if none was needed.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            confirmed_by: Option<PersonId>,
            /// The previous address. It receives an email about the change.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            replaced: Option<Encrypted>,
            /// The day of the change. Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            changed_on: Option<Date>,
        },
        /// The emails to the person are in this language from now on; without one, in that of
        /// their newest application.
        MailLanguageChosen {
            /// The language; absent if it follows the newest application.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            language: Option<Language>,
        },
        /// The person signed in by a link or code that was emailed to this address.
        AddressProven {
            /// The address.
            email: Encrypted,
        },
        /// The person cannot sign in any more.
        AccessEnded { reason: Prose },
        /// A message cannot be emailed, so staff phone the person or write a letter.
        PersonToTell {
            /// The id of the message.
            mail: Uuid,
            /// The position of the event that the message is about.
            about: i64,
            /// The kind of message.
            kind: Line,
            /// The day of that event.
            caused_on: Date,
        },
        /// The person knows what the message says.
        PersonTold {
            /// The id of the message.
            mail: Uuid,
            /// The position of the event that the message is about.
            about: i64,
            /// The kind of message.
            kind: Line,
            /// How the person was informed.
            how: ToldHow,
            /// The day of the call or the meeting, or the day on which the letter was posted.
            told_on: Date,
            by: PersonId,
        },
        /// The person does not know it after all: it was recorded by mistake, and waits again.
        TellingTakenBack {
            /// The id of the message.
            mail: Uuid,
            by: PersonId,
        },
        /// The message is sent by email after all.
        EmailedInstead {
            /// The id of the message.
            mail: Uuid,
            by: PersonId,
        },
        /// The person agreed to a purpose.
        ConsentGiven {
            /// What they agreed to.
            purpose: ConsentPurpose,
            /// On which ground.
            basis: ConsentBasis,
            /// The version of the notice that they were given.
            notice: u32,
            /// How it reached the office.
            channel: Channel,
            /// Who recorded it; absent if they did it themselves.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            keyed_by: Option<PersonId>,
            /// The day on which they agreed.
            given_on: Date,
        },
        /// The person took back what they had agreed to.
        ConsentTakenBack {
            /// What they had agreed to.
            purpose: ConsentPurpose,
            /// How it reached the office.
            channel: Channel,
            /// Who recorded it; absent if they did it themselves.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            keyed_by: Option<PersonId>,
            /// The day on which they took it back.
            taken_back_on: Date,
        },
        /// The person took a pledge.
        PledgeTaken {
            /// The key of the pledge.
            pledge: Slug,
            /// The version of the pledges that has it.
            version: u32,
            /// The day on which it was taken.
            taken_on: Date,
            /// The day from which the person is asked about it.
            due_on: Date,
        },
        /// The person kept a pledge.
        PledgeKept {
            /// The key of the pledge.
            pledge: Slug,
            /// The day on which this was recorded.
            kept_on: Date,
        },
        /// The person dropped a pledge, or never proved an address.
        PledgeDropped {
            /// The key of the pledge.
            pledge: Slug,
        },
        /// The person was asked about their pledges.
        PledgesReminded {},
        /// The person asked to have their personal data erased.
        ErasureRequested {},
        /// The request was refused.
        ErasureRefused { reason: Prose },
        /// The person's key was destroyed. No one can read their personal values any more.
        PersonalDataErased { reason: Prose },
    }
}
