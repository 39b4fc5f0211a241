//! Commands and events of a group.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::command::{NoBody, ProposalRef, WithReason, commands};
use crate::domain::file::{KeepFile, RemoveFile};
use crate::domain::id::{GrantId, GroupId, PersonId};
use crate::domain::money::Money;
use crate::domain::payee::PayeeInput;
use crate::domain::personal_data::{
    BlindIndexKind, PersonalField, PersonalInput, deserialize_optional, parse_telephone,
};
use crate::domain::postcode::parse_postcode;
use crate::domain::role::{Permission, Role};
use crate::domain::tally::{CorrectTally, GiveTally};
use crate::domain::text::{Identifier, Line, Name, Prose, Slug};

commands! {
    /// Commands of a group.
    GroupCommand {
        /// Registers a group. A person without a role becomes its first member.
        Register(RegisterGroup) = "register", Permission::Anyone;
        /// Corrects a group's public name or its area, with the reason. A correction by a member
        /// waits until an officer adopts it.
        Correct(CorrectGroup) = "correct", Permission::StaffOrMember(&[Role::Officer]);
        /// Adopts the name and area that a member proposed. They become public.
        TakeCorrection(ProposalRef) = "take-correction", Permission::Staff(&[Role::Officer]);
        /// Refuses the name and area that a member proposed, with the reason.
        RefuseCorrection(WithReason) = "refuse-correction", Permission::Staff(&[Role::Officer]);
        /// Sets the group's postcode and phone number. Staff see groups that share one of them.
        SetContact(SetContact) = "set-contact", Permission::StaffOrMember(&[Role::Officer]);
        /// Records the number of a charity, company or society. Open data identifies the group by
        /// it from then on.
        RecordIdentifier(RecordIdentifier) = "record-identifier",
            Permission::Staff(&[Role::Officer]);
        /// Invites a person to act for the group. They become a member once they accept.
        AddMember(MemberRef) = "add-member", Permission::StaffOrMember(&[Role::Officer]);
        /// Accepts an invitation to act for the group. The invited person does so; for someone
        /// without an email address, an officer records it.
        Join(MemberRef) = "join", Permission::Anyone;
        /// Declines an invitation to act for the group, as the invited person.
        RefuseInvitation(MemberRef) = "refuse-invitation", Permission::Anyone;
        /// Ends a membership, or withdraws an invitation.
        RemoveMember(MemberRef) = "remove-member", Permission::StaffOrMember(&[Role::Officer]);
        /// Sets where the group's money is paid. A new payee is unverified, and unpaid payments
        /// wait.
        ProvidePayee(PayeeInput) = "provide-payee",
            Permission::StaffOrMember(&[Role::Officer, Role::Finance]);
        /// Verifies the payee. The person must not have keyed it.
        VerifyPayee(VerifyPayee) = "verify-payee",
            Permission::Staff(&[Role::Officer, Role::Finance]);
        /// Adds a file to the group's files.
        KeepFile(KeepFile) = "keep-file", Permission::Upload(&[Role::Officer, Role::Finance]);
        /// Removes a file that was handed in with an application that was not sent yet. Its bytes
        /// are deleted.
        RemoveFile(RemoveFile) = "remove-file", Permission::StaffOrMember(&[Role::Officer]);
        /// Puts a check that a grant of the group passed on file, until its last valid day.
        FileCheck(PassedCheck) = "file-check", Permission::FollowUp;
        /// Merges the group into another. Both keep their own records.
        Merge(MergeGroup) = "merge", Permission::Staff(&[Role::Officer]);
        /// Notes that another group was merged into this one.
        TakeIn(AbsorbGroup) = "take-in", Permission::FollowUp;
        /// Notes that a grant was offered to the group.
        OpenGrant(GrantRef) = "open-grant", Permission::FollowUp;
        /// Notes that a grant of the group ended.
        EndGrant(GrantEnd) = "end-grant", Permission::FollowUp;
        /// Records a grant that the group received before, from any funder. It counts in no budget
        /// or limit.
        RecordPastGrant(PastGrant) = "record-past-grant", Permission::Staff(&[Role::Officer]);
        /// Records how many people of the group chose each answer to a question of the aims.
        GiveTally(GiveTally) = "give-tally",
            Permission::StaffOrMember(&[Role::Officer, Role::Connector]);
        /// Corrects the numbers of a tally, with the reason.
        CorrectTally(CorrectTally) = "correct-tally",
            Permission::StaffOrMember(&[Role::Officer, Role::Connector]);
        /// Requests that the group's personal data be erased.
        RequestErasure(NoBody) = "request-erasure", Permission::StaffOrMember(&[Role::Officer]);
        /// Refuses to erase the personal data, with the reason.
        RefuseErasure(WithReason) = "refuse-erasure", Permission::Staff(&[Role::Administrator]);
        /// Erases the group's personal data: answers, accounts, signers, texts and files. It cannot
        /// be undone.
        Erase(WithReason) = "erase", Permission::Staff(&[Role::Administrator]);
        /// Erases personal data again that a restored backup brought back.
        EraseAgain(WithReason) = "erase-again", Permission::Operator;
        /// Erases the personal data of a group that was registered by a person who never proved an
        /// address.
        Expire(MemberRef) = "expire", Permission::FollowUp;
    }
}

/// A published grant that the group received before this log began, or from another funder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PastGrant {
    /// Its own reference, unique for the group: a 360Giving identifier, or the funder's number.
    pub reference: Line,
    /// The published title.
    pub title: Line,
    /// The published description.
    pub description: Prose,
    /// The amount that was awarded.
    pub amount: Money,
    /// The day of the award.
    #[schema(value_type = String, format = "date")]
    pub awarded_on: Date,
    /// The funder's name.
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
pub struct GrantRef {
    pub grant: GrantId,
}

/// A grant of the group that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantEnd {
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
pub enum GroupMaturity {
    Existing,
    New,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterGroup {
    /// The group's public name. It must not be a person's name.
    pub name: Name,
    pub area: Slug,
    pub standing: GroupMaturity,
    /// The first member, if staff register the group for someone.
    #[serde(default)]
    pub member: Option<PersonId>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectGroup {
    pub name: Name,
    pub area: Slug,
    /// The mistake that is corrected. It is stored encrypted.
    #[schema(value_type = PersonalInput)]
    pub reason: PersonalInput,
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetContact {
    #[serde(default, deserialize_with = "postcode")]
    #[schema(value_type = Option<String>, max_length = 20, pattern = "^ *[A-Za-z]( \
        *[A-Za-z0-9]){1,3} *[0-9]( *[A-Za-z]){2} *$", example = "OL1 1AA")]
    pub postcode: Option<PersonalInput>,
    #[serde(default, deserialize_with = "telephone")]
    #[schema(value_type = Option<String>, max_length = 80, example = "0161 496 0000")]
    pub telephone: Option<PersonalInput>,
}

fn postcode<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<PersonalInput>, D::Error> {
    deserialize_optional(input, parse_postcode)
}

fn telephone<'de, D: serde::Deserializer<'de>>(
    input: D,
) -> Result<Option<PersonalInput>, D::Error> {
    deserialize_optional(input, parse_telephone)
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordIdentifier {
    pub identifier: Identifier,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberRef {
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
pub struct PassedCheck {
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
pub struct AbsorbGroup {
    pub group: GroupId,
}

impl GroupCommand {
    /// The personal values in this command.
    pub fn personal_fields(&mut self) -> Vec<PersonalField<'_>> {
        match self {
            Self::ProvidePayee(payee) => payee.personal_fields(),
            Self::Correct(correct) => vec![PersonalField {
                field: "reason",
                value: &mut correct.reason,
                index: None,
            }],
            Self::SetContact(contact) => {
                let postcode = contact.postcode.as_mut().map(|value| PersonalField {
                    field: "postcode",
                    value,
                    index: Some(BlindIndexKind::Postcode),
                });
                let telephone = contact.telephone.as_mut().map(|value| PersonalField {
                    field: "telephone",
                    value,
                    index: Some(BlindIndexKind::Telephone),
                });
                postcode.into_iter().chain(telephone).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The blind indexes of which the group no longer has a value after this command.
    #[must_use]
    pub fn dropped_indexes(&self) -> Vec<BlindIndexKind> {
        match self {
            Self::SetContact(contact) => {
                let postcode = contact
                    .postcode
                    .is_none()
                    .then_some(BlindIndexKind::Postcode);
                let telephone = contact
                    .telephone
                    .is_none()
                    .then_some(BlindIndexKind::Telephone);
                postcode.into_iter().chain(telephone).collect()
            }
            Self::ProvidePayee(PayeeInput::PurchaseForGroup {}) => vec![BlindIndexKind::Account],
            _ => Vec::new(),
        }
    }
}
