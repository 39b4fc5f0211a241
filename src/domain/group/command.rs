//! What can be asked about a group, and what can happen to it.

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
    /// What can be asked about a group.
    GroupCommand {
        /// Registers a group. Whoever is not staff becomes its first member.
        Register(RegisterGroup) = "register", Who::Anyone;
        /// Corrects a group's public name or its area, with the reason. What a member writes waits
        /// for staff.
        Correct(CorrectGroup) = "correct", Who::StaffOrOwn(&[Role::Officer]);
        /// Takes over the name and area that a member wrote: from then on they are public.
        TakeCorrection(ProposalOf) = "take-correction", Who::Staff(&[Role::Officer]);
        /// Refuses the name and area that a member wrote, with the reason.
        RefuseCorrection(Because) = "refuse-correction", Who::Staff(&[Role::Officer]);
        /// Says how the group is reached; groups that share a postcode or a telephone number are
        /// shown to staff.
        SetContact(SetContact) = "set-contact", Who::StaffOrOwn(&[Role::Officer]);
        /// Records a charity or company number, by which open data names the group from then on.
        RecordIdentifier(RecordIdentifier) = "record-identifier", Who::Staff(&[Role::Officer]);
        /// Asks a person to act for the group. They are a member once they have said yes.
        AddMember(MemberOf) = "add-member", Who::StaffOrOwn(&[Role::Officer]);
        /// Says yes to acting for the group: the person who was asked does. For somebody without an
        /// e-mail address an officer records that they said so.
        Join(MemberOf) = "join", Who::Anyone;
        /// Says no to acting for the group, as the person who was asked.
        RefuseInvitation(MemberOf) = "refuse-invitation", Who::Anyone;
        /// Ends a person's acting for the group, or takes back that they were asked.
        RemoveMember(MemberOf) = "remove-member", Who::StaffOrOwn(&[Role::Officer]);
        /// Says where the group's money should go. A change un-verifies, and holds unpaid payments.
        ProvidePayee(PayeeTyped) = "provide-payee", Who::StaffOrOwn(&[Role::Officer, Role::Finance]);
        /// Verifies the payee, as somebody who did not key it.
        VerifyPayee(VerifyPayee) = "verify-payee", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Keeps a file among the group's.
        KeepFile(KeepFile) = "keep-file", Who::Upload(&[Role::Officer, Role::Finance]);
        /// Puts a check that a grant of the group passed on file, for as long as it is good.
        FileCheck(FileCheck) = "file-check", Who::Consequence;
        /// Merges the group into another that it turned out to be; both keep their records as they
        /// are.
        Merge(MergeGroup) = "merge", Who::Staff(&[Role::Officer]);
        /// Takes a merged group in.
        TakeIn(TakeIn) = "take-in", Who::Consequence;
        /// Notes that a grant was offered to the group.
        OpenGrant(GrantOf) = "open-grant", Who::Consequence;
        /// Notes that a grant of the group came to its end.
        EndGrant(GrantEnds) = "end-grant", Who::Consequence;
        /// Records a grant that the group had before, from whomever: history, outside every budget
        /// and bound.
        RecordPastGrant(PastGrant) = "record-past-grant", Who::Staff(&[Role::Officer]);
        /// Asks that what is personal of the group be erased.
        RequestErasure(Nothing) = "request-erasure", Who::StaffOrOwn(&[Role::Officer]);
        /// Refuses to erase, with the reason.
        RefuseErasure(Because) = "refuse-erasure", Who::Staff(&[Role::Administrator]);
        /// Erases what is personal of the group: its answers, accounts, signers, words and files.
        /// It cannot be undone.
        Erase(Because) = "erase", Who::Staff(&[Role::Administrator]);
        /// Erases again what a backup brought back.
        EraseAgain(Because) = "erase-again", Who::Operator;
        /// Erases what is personal of a group that somebody unknown registered and left.
        Expire(MemberOf) = "expire", Who::Consequence;
    }
}

/// A grant that a group had before this log, or from somebody else, as it was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PastGrant {
    /// Its own reference, by which it is recorded once: a 360Giving identifier, or the funder's
    /// number.
    pub reference: Line,
    pub title: Line,
    pub description: Prose,
    pub amount: Money,
    #[schema(value_type = String, format = "date")]
    pub awarded_on: Date,
    pub funder: Line,
    /// The funder's org-id, where it is known.
    #[serde(default)]
    pub funder_id: Option<Line>,
    /// The org-id under which the group got it.
    #[serde(default)]
    pub recipient_id: Option<Line>,
}

/// A grant of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantOf {
    pub grant: GrantId,
}

/// A grant of the group that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantEnds {
    pub grant: GrantId,
    /// Whether any money went to the group.
    pub paid: bool,
}

/// Whether a group stood before the programme.
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
    /// The group's public name: it must not be a person's.
    pub name: Name,
    pub area: Slug,
    pub standing: Standing,
    /// The first member, when staff register the group for somebody.
    #[serde(default)]
    pub member: Option<PersonId>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectGroup {
    pub name: Name,
    pub area: Slug,
    /// What was wrong: sealed, since members write it.
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
    /// The number of the payee that was looked at: another may have been keyed since.
    #[schema(minimum = 1)]
    pub payee: u32,
    /// How it was verified: a bank statement seen, a call to the holding body.
    pub method: Line,
}

/// A check that passed, and until when it is good.
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
    /// The group that goes on.
    pub into: GroupId,
    pub reason: Prose,
}

/// The group that was merged.
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

    /// The look-ups that this command gives up.
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
    /// What happened to a group.
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
            /// Who brought the person in; nothing where they registered the group themselves.
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
            /// Those on whose word the keyer is known here: they count as keyers, too.
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
