//! What can be asked of a grant, and what can happen to it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::application::Channel;
use crate::domain::command::{Because, Nothing, commands};
use crate::domain::event::events;
use crate::domain::id::{FundId, GroupId, PersonId};
use crate::domain::money::Money;
use crate::domain::outcome::{OutcomeSaid, Strength};
use crate::domain::payee::Route;
use crate::domain::role::{Role, Who};
use crate::domain::sealed::{Personal, Sealed, Slot};
use crate::domain::source::Sources;
use crate::domain::text::{Line, Prose, Slug};

commands! {
    /// What can be asked of a grant.
    GrantCommand {
        /// Offers the grant that an award makes.
        Offer(Offer) = "offer", Who::Consequence;
        /// Accepts the agreement, by the named people of the group.
        AcceptAgreement(AcceptAgreement) = "accept-agreement", Who::StaffOrOwn(&[Role::Officer]);
        /// Declines the offer; the money is uncommitted at once.
        DeclineOffer(Nothing) = "decline-offer", Who::StaffOrOwn(&[Role::Officer]);
        /// Lapses an offer that ran out; the money is uncommitted at once.
        LapseOffer(Nothing) = "lapse-offer", Who::Staff(&[Role::Officer]);
        /// Takes the offer back, with the reason; the money is uncommitted at once.
        WithdrawOffer(Because) = "withdraw-offer", Who::Staff(&[Role::Panel]);
        /// Records that a check passed.
        PassCheck(CheckNote) = "pass-check", Who::Staff(&[Role::Officer]);
        /// Records that a check failed.
        FailCheck(CheckNote) = "fail-check", Who::Staff(&[Role::Officer]);
        /// Proposes that a check be waived.
        ProposeWaiver(CheckNote) = "propose-waiver", Who::Staff(&[Role::Officer]);
        /// Confirms, as a second person, that a check is waived.
        ConfirmWaiver(CheckOf) = "confirm-waiver", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Prepares a payment to the group's verified payee.
        PreparePayment(PreparePayment) = "prepare-payment", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Approves a payment, as somebody who neither prepared it nor keyed its payee.
        ApprovePayment(PaymentOf) = "approve-payment", Who::Staff(&[Role::Finance]);
        /// Rejects a prepared payment, with the reason.
        RejectPayment(PaymentBecause) = "reject-payment", Who::Staff(&[Role::Finance]);
        /// Cancels a payment that was not sent.
        CancelPayment(PaymentBecause) = "cancel-payment", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Records that an approved payment was sent to the bank.
        SendPayment(PaymentOn) = "send-payment", Who::Staff(&[Role::Finance]);
        /// Records the day on which the bank paid.
        ConfirmPayment(PaymentOn) = "confirm-payment", Who::Staff(&[Role::Finance]);
        /// Records that the bank did not pay; the payment can be prepared again.
        FailPayment(PaymentBecause) = "fail-payment", Who::Staff(&[Role::Finance]);
        /// Asks the group for an update besides the final one.
        RequestUpdate(RequestUpdate) = "request-update", Who::Staff(&[Role::Officer]);
        /// Receives the group's update, with outcomes by sign.
        ReceiveUpdate(ReceiveUpdate) = "receive-update", Who::StaffOrOwn(&[Role::Officer]);
        /// Accepts an update that was received.
        AcceptUpdate(UpdateOf) = "accept-update", Who::Staff(&[Role::Officer]);
        /// Excuses the group from an update, with the reason.
        ExcuseUpdate(UpdateBecause) = "excuse-update", Who::Staff(&[Role::Officer]);
        /// Records staff's own judgement of an outcome, apart from what the group says.
        JudgeOutcome(JudgeOutcome) = "judge-outcome", Who::Staff(&[Role::Officer]);
        /// Declares that some of the award will not be spent.
        DeclareUnderspend(AmountOf) = "declare-underspend", Who::StaffOrOwn(&[Role::Officer]);
        /// Receives unspent money back; only then is it uncommitted.
        ReceiveReturn(ReceiveReturn) = "receive-return", Who::Staff(&[Role::Finance]);
        /// Closes the grant.
        Close(Nothing) = "close", Who::Staff(&[Role::Officer]);
    }
}

/// The money that was committed, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct Offer {
    #[schema(value_type = Vec<Object>)]
    pub sources: Sources,
}

/// How the agreement was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    Web,
    PaperScan,
    ReadOverTelephone,
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptAgreement {
    /// SHA-256 of the text that was accepted, in hexadecimal: the grant names the issued one.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub hash: String,
    pub method: Method,
    /// The people who sign for the group.
    #[schema(value_type = Vec<String>, min_items = 1)]
    pub names: Vec<Personal>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckNote {
    pub check: Slug,
    /// What was seen, or why: for the record.
    pub note: Prose,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckOf {
    pub check: Slug,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreparePayment {
    pub amount: Money,
}

/// A payment of this grant, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentOf {
    #[schema(minimum = 1)]
    pub payment: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentBecause {
    #[schema(minimum = 1)]
    pub payment: u16,
    pub reason: Prose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentOn {
    #[schema(minimum = 1)]
    pub payment: u16,
    /// The day on which it happened: sent, or paid by the bank.
    #[schema(value_type = String, format = "date")]
    pub happened_on: Date,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestUpdate {
    #[schema(value_type = String, format = "date")]
    pub due_on: Date,
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveUpdate {
    #[schema(minimum = 1)]
    pub update: u16,
    pub channel: Channel,
    /// What happened, in the group's words.
    #[schema(value_type = String)]
    pub words: Personal,
    /// What was hard and what was learned.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub learned: Option<Personal>,
    /// How many people came.
    pub people: u32,
    /// How many people helped.
    pub volunteers: u32,
    pub spent: Money,
    pub outcomes: Vec<OutcomeSaid>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateOf {
    #[schema(minimum = 1)]
    pub update: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateBecause {
    #[schema(minimum = 1)]
    pub update: u16,
    pub reason: Prose,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JudgeOutcome {
    #[schema(minimum = 1)]
    pub update: u16,
    pub sign: Slug,
    pub strength: Strength,
    pub reason: Prose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmountOf {
    pub amount: Money,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveReturn {
    pub amount: Money,
    #[schema(value_type = String, format = "date")]
    pub received_on: Date,
}

impl GrantCommand {
    /// The personal values in this command.
    pub fn slots(&mut self) -> Vec<Slot<'_>> {
        match self {
            Self::AcceptAgreement(accept) => accept.names.iter_mut().map(|value| Slot { field: "signer", value, index: None }).collect(),
            Self::ReceiveUpdate(update) => {
                let mut slots = vec![Slot { field: "words", value: &mut update.words, index: None }];
                slots.extend(update.learned.as_mut().map(|value| Slot { field: "learned", value, index: None }));
                slots.extend(update.outcomes.iter_mut().map(|said| Slot { field: "outcome", value: &mut said.words, index: None }));
                slots
            }
            _ => Vec::new(),
        }
    }
}

/// What a group said of one sign, as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeKept {
    pub sign: Slug,
    pub strength: Strength,
    pub words: Sealed,
}

events! {
    /// What happened to a grant.
    GrantEvent {
        GrantOffered {
            fund: FundId,
            round: Slug,
            group: GroupId,
            area: Slug,
            sources: Sources,
            title: Line,
            description: Prose,
            checks: BTreeSet<Slug>,
            signers: u8,
            eyes: u8,
            expires_on: Date,
            ends_on: Date,
            update_due_on: Date,
        },
        AgreementIssued { version: u32, hash: String },
        AgreementAccepted { hash: String, method: Method, names: Vec<Sealed> },
        OfferDeclined {},
        OfferLapsed {},
        OfferWithdrawn { reason: Prose },
        CheckPassed { check: Slug, note: Prose, by: PersonId },
        CheckFailed { check: Slug, note: Prose, by: PersonId },
        WaiverProposed { check: Slug, reason: Prose, by: PersonId },
        CheckWaived { check: Slug, by: PersonId },
        PaymentPrepared { payment: u16, amount: Money, route: Route, payee: u32, prepared_by: PersonId, eyes: u8, prepared_on: Date },
        PaymentApproved { payment: u16, approved_by: PersonId },
        PaymentRejected { payment: u16, reason: Prose },
        PaymentCancelled { payment: u16, reason: Prose },
        PaymentSent { payment: u16, sources: Sources, sent_on: Date },
        PaymentConfirmed { payment: u16, paid_on: Date },
        PaymentFailed { payment: u16, sources: Sources, reason: Prose, failed_on: Date },
        UpdateRequested { update: u16, due_on: Date, last: bool },
        UpdateReceived {
            update: u16,
            channel: Channel,
            words: Sealed,
            learned: Option<Sealed>,
            people: u32,
            volunteers: u32,
            spent: Money,
            signs: u32,
            outcomes: Vec<OutcomeKept>,
            received_on: Date,
        },
        UpdateAccepted { update: u16 },
        UpdateExcused { update: u16, reason: Prose },
        OutcomeJudged { update: u16, sign: Slug, strength: Strength, reason: Prose, by: PersonId },
        UnderspendDeclared { amount: Money, released: Sources, due_back: Money },
        ReturnReceived { sources: Sources, received_on: Date },
        GrantClosed { released: Sources },
    }
}
