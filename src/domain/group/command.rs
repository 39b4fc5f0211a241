//! Commands and events of a group.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::command::{Because, Nothing, ProposalOf, commands};
use crate::domain::event::events;
use crate::domain::file::{FileDigest, FilePurpose, KeepFile, Media};
use crate::domain::id::{GrantId, GroupId, PersonId};
use crate::domain::money::Money;
use crate::domain::payee::{PayeeSealed, PayeeTyped};
use crate::domain::role::{Role, Who};
use crate::domain::sealed::{
    Index, Personal, Sealed, Slot, given, parse_postcode, parse_telephone,
};
use crate::domain::text::{Identifier, Line, Name, Prose, Slug};

commands! {
    /// Commands of a group.
    GroupCommand {
        /// Registers a group. A person without a role becomes its first member.
        Register(RegisterGroup) = "register", Who::Anyone;
        /// Corrects a group's public name or its area, with the reason. A correction by a member
        /// waits until an officer adopts it.
        Correct(CorrectGroup) = "correct", Who::StaffOrOwn(&[Role::Officer]);
        /// Adopts the name and area that a member proposed. They become public.
        TakeCorrection(ProposalOf) = "take-correction", Who::Staff(&[Role::Officer]);
        /// Refuses the name and area that a member proposed, with the reason.
        RefuseCorrection(Because) = "refuse-correction", Who::Staff(&[Role::Officer]);
        /// Sets the group's postcode and telephone number. Staff see groups that share one of them.
        SetContact(SetContact) = "set-contact", Who::StaffOrOwn(&[Role::Officer]);
        /// Records a charity or company number. Open data identifies the group by it from then on.
        RecordIdentifier(RecordIdentifier) = "record-identifier", Who::Staff(&[Role::Officer]);
        /// Invites a person to act for the group. They become a member once they accept.
        AddMember(MemberOf) = "add-member", Who::StaffOrOwn(&[Role::Officer]);
        /// Accepts an invitation to act for the group. The invited person does so; for somebody
        /// without an e-mail address, an officer records it.
        Join(MemberOf) = "join", Who::Anyone;
        /// Declines an invitation to act for the group, as the invited person.
        RefuseInvitation(MemberOf) = "refuse-invitation", Who::Anyone;
        /// Ends a membership, or withdraws an invitation.
        RemoveMember(MemberOf) = "remove-member", Who::StaffOrOwn(&[Role::Officer]);
        /// Sets where the group's money is paid. A new payee is unverified, and unpaid payments
        /// wait.
        ProvidePayee(PayeeTyped) = "provide-payee", Who::StaffOrOwn(&[Role::Officer, Role::Finance]);
        /// Verifies the payee. The person must not have keyed it.
        VerifyPayee(VerifyPayee) = "verify-payee", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Adds a file to the group's files.
        KeepFile(KeepFile) = "keep-file", Who::Upload(&[Role::Officer, Role::Finance]);
        /// Puts a check that a grant of the group passed on file, until its last valid day.
        FileCheck(FileCheck) = "file-check", Who::Consequence;
        /// Merges the group into another. Both keep their own records.
        Merge(MergeGroup) = "merge", Who::Staff(&[Role::Officer]);
        /// Notes that another group was merged into this one.
        TakeIn(TakeIn) = "take-in", Who::Consequence;
        /// Notes that a grant was offered to the group.
        OpenGrant(GrantOf) = "open-grant", Who::Consequence;
        /// Notes that a grant of the group ended.
        EndGrant(GrantEnds) = "end-grant", Who::Consequence;
        /// Records a grant that the group received before, from any funder. It counts in no budget
        /// or limit.
        RecordPastGrant(PastGrant) = "record-past-grant", Who::Staff(&[Role::Officer]);
        /// Requests that the group's personal data be erased.
        RequestErasure(Nothing) = "request-erasure", Who::StaffOrOwn(&[Role::Officer]);
        /// Refuses to erase the personal data, with the reason.
        RefuseErasure(Because) = "refuse-erasure", Who::Staff(&[Role::Administrator]);
        /// Erases the group's personal data: answers, accounts, signers, texts and files. It cannot
        /// be undone.
        Erase(Because) = "erase", Who::Staff(&[Role::Administrator]);
        /// Erases personal data again that a restored backup brought back.
        EraseAgain(Because) = "erase-again", Who::Operator;
        /// Erases the personal data of a group that was registered by a person who never proved an
        /// address.
        Expire(MemberOf) = "expire", Who::Consequence;
    }
}

/// A published grant that the group received before this log began, or from another funder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PastGrant {
    /// Its own reference, unique for the group: a 360Giving identifier, or the funder's number.
    pub reference: Line,
    pub title: Line,
    pub description: Prose,
    pub amount: Money,
    #[schema(value_type = String, format = "date")]
    pub awarded_on: Date,
    pub funder: Line,
    /// The funder's org-id, if known.
    #[serde(default)]
    pub funder_id: Option<Line>,
    /// The org-id under which the group received it.
    #[serde(default)]
    pub recipient_id: Option<Line>,
}

/// A grant of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantOf {
    pub grant: GrantId,
}

/// A grant of the group that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantEnds {
    pub grant: GrantId,
    /// Whether any money was ever paid to the group.
    pub paid: bool,
}

/// Whether a group existed before the programme.
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
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Standing {
    Existing,
    New,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterGroup {
    /// The group's public name. It must not be a person's name.
    pub name: Name,
    pub area: Slug,
    pub standing: Standing,
    /// The first member, if staff register the group for somebody.
    #[serde(default)]
    pub member: Option<PersonId>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectGroup {
    pub name: Name,
    pub area: Slug,
    /// The mistake that is corrected. It is stored encrypted.
    #[schema(value_type = Personal)]
    pub reason: Personal,
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetContact {
    #[serde(default, deserialize_with = "postcode")]
    #[schema(value_type = Option<String>, max_length = 20, pattern = "^ *[A-Za-z]( *[A-Za-z0-9]){1,3} *[0-9]( *[A-Za-z]){2} *$", example = "OL1 1AA")]
    pub postcode: Option<Personal>,
    #[serde(default, deserialize_with = "telephone")]
    #[schema(value_type = Option<String>, max_length = 40, pattern = "^[ ()-]*(0([ ()-]*[0-9]){6,13}|[+]([ ()-]*[0-9]){8,15})[ ()-]*$", example = "0161 496 0000")]
    pub telephone: Option<Personal>,
}

fn postcode<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Personal>, D::Error> {
    given(input, parse_postcode)
}

fn telephone<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Personal>, D::Error> {
    given(input, parse_telephone)
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordIdentifier {
    pub identifier: Identifier,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberOf {
    pub person: PersonId,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyPayee {
    /// The number of the payee that was verified. It is refused if another payee was keyed since.
    #[schema(minimum = 1)]
    pub payee: u32,
    /// How it was verified, such as by a bank statement or a call to the holding body.
    pub method: Line,
}

/// A passed check, and the last day on which it is valid.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct FileCheck {
    pub check: Slug,
    pub grant: GrantId,
    #[schema(value_type = String, format = "date")]
    pub good_until: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeGroup {
    /// The group that remains.
    pub into: GroupId,
    pub reason: Prose,
}

/// The group that was merged into this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct TakeIn {
    pub group: GroupId,
}

impl GroupCommand {
    /// The personal values in this command.
    pub fn slots(&mut self) -> Vec<Slot<'_>> {
        match self {
            Self::ProvidePayee(payee) => payee.slots(),
            Self::Correct(correct) => vec![Slot {
                field: "reason",
                value: &mut correct.reason,
                index: None,
            }],
            Self::SetContact(contact) => {
                let postcode = contact.postcode.as_mut().map(|value| Slot {
                    field: "postcode",
                    value,
                    index: Some(Index::Postcode),
                });
                let telephone = contact.telephone.as_mut().map(|value| Slot {
                    field: "telephone",
                    value,
                    index: Some(Index::Telephone),
                });
                postcode.into_iter().chain(telephone).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The blind indexes of which the group no longer has a value after this command.
    #[must_use]
    pub fn gives_up(&self) -> Vec<Index> {
        match self {
            Self::SetContact(contact) => {
                let postcode = contact.postcode.is_none().then_some(Index::Postcode);
                let telephone = contact.telephone.is_none().then_some(Index::Telephone);
                postcode.into_iter().chain(telephone).collect()
            }
            Self::ProvidePayee(PayeeTyped::PurchaseForGroup {}) => vec![Index::Account],
            _ => Vec::new(),
        }
    }
}

events! {
    /// Events of a group.
    GroupEvent {
        GroupRegistered { name: Line, area: Slug, standing: Standing },
        GroupCorrected { name: Line, area: Slug, reason: Sealed, corrects: u32 },
        GroupCorrectionProposed { proposal: u32, name: Line, area: Slug, reason: Sealed, by: PersonId },
        GroupCorrectionRefused { reason: Prose, by: PersonId },
        ContactSet { postcode: Option<Sealed>, telephone: Option<Sealed> },
        IdentifierRecorded { identifier: Identifier },
        MemberInvited { person: PersonId, invited_by: PersonId },
        InvitationRefused { person: PersonId },
        MemberAdded {
            person: PersonId,
            /// The person who invited them; absent if they registered the group themselves.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            added_by: Option<PersonId>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            added_on: Option<Date>,
        },
        MemberRemoved {
            person: PersonId,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            removed_on: Option<Date>,
        },
        PayeeProvided {
            payee: u32,
            details: PayeeSealed,
            keyed_by: PersonId,
            /// The people on whose word the keyer is known. They count as keyers, too.
            #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
            behind: BTreeSet<PersonId>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            provided_on: Option<Date>,
        },
        PayeeVerified { payee: u32, method: Line, verified_by: PersonId, verified_on: Date },
        FileKept { file: FileDigest, media: Media, bytes: u64, purpose: FilePurpose, kept_by: PersonId },
        CheckFiled { check: Slug, grant: GrantId, passed_on: Date, good_until: Date },
        GroupMerged {
            into: GroupId,
            reason: Prose,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            merged_by: Option<PersonId>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            merged_on: Option<Date>,
        },
        GroupTakenIn { group: GroupId },
        GrantOpened { grant: GrantId },
        GrantEnded { grant: GrantId, paid: bool, ended_on: Date },
        PastGrantRecorded { past: PastGrant },
        ErasureRequested {},
        ErasureRefused { reason: Prose },
        PersonalDataErased { reason: Prose },
    }
}
