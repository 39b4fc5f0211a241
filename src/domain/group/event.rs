//! Events of a group. Their doc comments are the descriptions in `docs/events.md`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::command::{GroupMaturity, PastGrant};
use crate::domain::aggregate::events;
use crate::domain::file::{FileDigest, FilePurpose, MediaType};
use crate::domain::id::{ApplicationId, GrantId, GroupId, PersonId};
use crate::domain::payee::EncryptedPayee;
use crate::domain::personal_data::Encrypted;
use crate::domain::tally::TallyOccasion;
use crate::domain::text::{Identifier, Line, Prose, Slug};

events! {
    /// Events of a group.
    GroupEvent {
        /// A group was registered.
        GroupRegistered {
            /// The group's name.
            name: Line,
            /// The key of the area where it works.
            area: Slug,
            /// Whether the group existed before the programme.
            standing: GroupMaturity,
        },
        /// The group's name or area was corrected.
        GroupCorrected {
            /// The name from now on.
            name: Line,
            /// The key of the area from now on.
            area: Slug,
            /// Why it was wrong.
            reason: Encrypted,
            /// The sequence of this group's event that it corrects.
            corrects: u32,
        },
        /// A correction was proposed that staff must confirm.
        GroupCorrectionProposed {
            proposal: u32,
            /// The proposed name.
            name: Line,
            /// The key of the proposed area.
            area: Slug,
            /// Why it is wrong.
            reason: Encrypted,
            by: PersonId,
        },
        /// A proposed correction was refused or withdrawn.
        GroupCorrectionRefused { reason: Prose, by: PersonId },
        /// The group's contact details were set.
        ContactSet {
            /// The postcode; null if there is none.
            postcode: Option<Encrypted>,
            /// The phone number; null if there is none.
            telephone: Option<Encrypted>,
        },
        /// A registered number of the group was recorded.
        IdentifierRecorded {
            /// The number.
            identifier: Identifier,
        },
        /// A person was invited to become a member of the group.
        MemberInvited {
            /// The person who was invited.
            person: PersonId,
            /// The person who invited them.
            invited_by: PersonId,
        },
        /// A person did not accept the invitation, or it was withdrawn.
        InvitationRefused {
            /// The person who was invited.
            person: PersonId,
        },
        /// A person became a member of the group.
        MemberAdded {
            /// The new member.
            person: PersonId,
            /// The person who invited them; absent if they registered the group themselves.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            added_by: Option<PersonId>,
            /// The day on which they became a member. Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            added_on: Option<Date>,
        },
        /// A person is not a member of the group any more.
        MemberRemoved {
            /// The member who left.
            person: PersonId,
            /// The day on which they left. Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            removed_on: Option<Date>,
        },
        /// Bank details were entered. They replace those before, and are not verified yet.
        PayeeProvided {
            /// The number of the bank details within the group: 1, 2, 3 …
            payee: u32,
            /// The bank details.
            details: EncryptedPayee,
            /// The person who entered them.
            keyed_by: PersonId,
            /// The people on whose word the keyer is known. They count as keyers, too.
            #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
            behind: BTreeSet<PersonId>,
            /// The day on which they were entered. Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            provided_on: Option<Date>,
        },
        /// A second person verified the bank details.
        PayeeVerified {
            /// The number of the bank details within the group.
            payee: u32,
            /// How they were verified.
            method: Line,
            /// The person who verified them.
            verified_by: PersonId,
            /// The day on which they were verified.
            verified_on: Date,
        },
        /// A file of the group was stored.
        FileKept {
            /// The file.
            file: FileDigest,
            /// The type of the file.
            media: MediaType,
            /// The size of the file before its encryption, in bytes.
            bytes: u64,
            /// What the file is.
            purpose: FilePurpose,
            /// The person who uploaded it.
            kept_by: PersonId,
            /// The application with which it was handed in; absent if it came in another way.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            application: Option<ApplicationId>,
        },
        /// A file was removed before its application was sent. Its bytes were deleted.
        FileRemoved {
            /// The file.
            file: FileDigest,
            /// The person who removed it.
            removed_by: PersonId,
        },
        /// A check that passed for a grant can be used again for the group's next grants.
        CheckFiled {
            check: Slug,
            /// The grant for which it passed.
            grant: GrantId,
            /// The day on which it passed.
            passed_on: Date,
            /// The last day on which it is valid.
            good_until: Date,
        },
        /// The group was found to be the same as another. It takes no further part.
        GroupMerged {
            /// The group that goes on.
            into: GroupId,
            reason: Prose,
            /// The person who merged them. Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            merged_by: Option<PersonId>,
            /// The day on which they were merged. Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            merged_on: Option<Date>,
        },
        /// Another group was merged into this one.
        GroupTakenIn {
            /// The group that was merged into it.
            group: GroupId,
        },
        /// A grant of the group began with its offer.
        GrantOpened { grant: GrantId },
        /// A grant of the group is over.
        GrantEnded {
            grant: GrantId,
            /// Whether any money of it was paid.
            paid: bool,
            /// The day on which it ended.
            ended_on: Date,
        },
        /// A grant from before this log, or of another funder, was recorded.
        PastGrantRecorded {
            /// The grant.
            past: PastGrant,
        },
        /// It was recorded how many people of the group chose each answer to a question of the
        /// aims.
        TallyGiven {
            /// The number of the tally of this group: 1, 2, 3 …
            tally: u16,
            /// The version of the aims that has the question.
            version: u32,
            /// The key of the question.
            question: Slug,
            /// How many people chose each option, by its key.
            counts: BTreeMap<Slug, u32>,
            /// The day on which people were asked.
            asked_on: Date,
            /// When in the life of the group they were asked.
            occasion: TallyOccasion,
        },
        /// The numbers of a tally were corrected.
        TallyCorrected {
            /// The number of the tally.
            tally: u16,
            /// How many people chose each option. They replace all numbers of the tally.
            counts: BTreeMap<Slug, u32>,
            /// What was wrong.
            reason: Prose,
        },
        /// The group asked to have its personal data erased.
        ErasureRequested {},
        /// The request was refused.
        ErasureRefused { reason: Prose },
        /// The group's key was destroyed. No one can read its personal values any more.
        PersonalDataErased { reason: Prose },
    }
}
