//! Commands and events of a grant. The bodies of the commands are declared next to their rules, in
//! the other files of this folder.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::agreement::{AcceptAgreement, Method, Offer};
use super::check::{CheckNote, CheckOf, PassCheck};
use super::dues::{
    AmountOf, ConfirmReturnWaiver, DemandClawback, Owed, ProposeReturnWaiver, ReceiveReturn,
    RequestReturn,
};
use super::entry::{
    BankEntry, ConfirmSettlement, EntryKind, ProposeSettlement, RecordBankEntry, Satisfied,
};
use super::payment::{
    ConfirmPayment, CorrectPayment, FailPayment, InBatch, LeavingMoved, PaymentBecause, PaymentOf,
    PaymentOn, PreparePayment, ReversePayment,
};
use super::revocation::{RevocationKind, Revoke};
use super::schedule::{Instalment, SchedulePayments};
use super::story::{PublishStory, StoryOf};
use super::update::{
    CorrectUpdate, JudgeOutcome, Occasion, OutcomeKept, QueryUpdate, ReceiveUpdate, RemindUpdate,
    RequestUpdate, UpdateBecause, UpdateOf,
};
use super::variation::{ApproveVariation, Grown, RequestVariation, VariationBecause, Varied};
use crate::domain::ChangeMark;
use crate::domain::application::{AttendanceOf, Channel, Condition, Sitting};
use crate::domain::command::{Because, Nothing, ProposalOf, commands};
use crate::domain::event::events;
use crate::domain::file::FileDigest;
use crate::domain::id::{FundId, GrantId, GroupId, PersonId};
use crate::domain::money::Money;
use crate::domain::outcome::Strength;
use crate::domain::payee::Route;
use crate::domain::role::{Role, Who};
use crate::domain::sealed::{Sealed, Slot};
use crate::domain::source::Sources;
use crate::domain::text::{Line, Prose, Slug};

commands! {
    /// Commands of a grant.
    GrantCommand {
        /// Offers the grant of an award.
        Offer(Offer) = "offer", Who::Consequence;
        /// Accepts the agreement on behalf of the named people of the group.
        AcceptAgreement(AcceptAgreement) = "accept-agreement", Who::StaffOrOwn(&[Role::Officer]);
        /// Declines the offer and releases its money.
        DeclineOffer(Nothing) = "decline-offer", Who::StaffOrOwn(&[Role::Officer]);
        /// Lapses an expired offer and releases its money.
        LapseOffer(Nothing) = "lapse-offer", Who::StaffOrJob(&[Role::Officer]);
        /// Sends the offer, once the panel members who decided have confirmed their attendance.
        SendOffer(Nothing) = "send-offer", Who::Consequence;
        /// Withdraws the offer, with the reason. It takes effect once as many panel members have
        /// confirmed it as the award needed. Then the money is released.
        WithdrawOffer(Revoke) = "withdraw-offer", Who::Staff(&[Role::Panel]);
        /// Asks the group for what a check needs. A check that the grant does not have yet is
        /// added.
        RequestCheck(CheckNote) = "request-check", Who::Staff(&[Role::Officer]);
        /// Records that a check passed or a condition was met. A check with a last valid day goes
        /// on file for the group.
        PassCheck(PassCheck) = "pass-check", Who::Staff(&[Role::Officer]);
        /// Records that a check failed.
        FailCheck(CheckNote) = "fail-check", Who::Staff(&[Role::Officer]);
        /// Reuses a valid check that the group has on file.
        ReuseCheck(CheckOf) = "reuse-check", Who::Staff(&[Role::Officer]);
        /// Proposes that a check be waived.
        ProposeWaiver(CheckNote) = "propose-waiver", Who::Staff(&[Role::Officer]);
        /// Confirms, as a second person, that a check is waived.
        ConfirmWaiver(CheckOf) = "confirm-waiver", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Schedules the unpaid money in instalments, each released by a day or a check. A schedule
        /// that ties a condition of the panel to one instalment needs a second person to confirm
        /// it.
        SchedulePayments(SchedulePayments) = "schedule-payments", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Confirms, as a second person, a schedule that ties a condition of the panel to one
        /// instalment.
        ConfirmSchedule(ProposalOf) = "confirm-schedule", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Prepares a payment to the group's verified payee.
        PreparePayment(PreparePayment) = "prepare-payment", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Approves a payment. The approver must neither have prepared it nor have keyed its payee.
        ApprovePayment(PaymentOf) = "approve-payment", Who::Staff(&[Role::Finance]);
        /// Rejects a prepared payment, with the reason.
        RejectPayment(PaymentBecause) = "reject-payment", Who::Staff(&[Role::Finance]);
        /// Cancels a prepared or approved payment that was not sent.
        CancelPayment(PaymentBecause) = "cancel-payment", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Proposes that a payment may leave before the wait after a change at the group is over.
        ProposeEarlyPayment(PaymentBecause) = "propose-early-payment", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Confirms, as a second person, that a payment may leave before the wait is over.
        ConfirmEarlyPayment(PaymentOf) = "confirm-early-payment", Who::Staff(&[Role::Finance]);
        /// Records that an approved payment was sent to the bank.
        SendPayment(PaymentOn) = "send-payment", Who::Staff(&[Role::Finance]);
        /// Sends a payment as part of a batch of its fund.
        SendInBatch(InBatch) = "send-in-batch", Who::Consequence;
        /// Records the day on which the bank made the payment, or on which a purchase was paid.
        ConfirmPayment(ConfirmPayment) = "confirm-payment", Who::Staff(&[Role::Finance]);
        /// Records that the bank did not make the payment. The money can be paid by another
        /// payment.
        FailPayment(FailPayment) = "fail-payment", Who::Staff(&[Role::Finance]);
        /// Records that the bank reversed a confirmed payment. The money can be paid again while
        /// the grant is in force. A sum above the paid balance becomes an entry that two people
        /// settle.
        ReversePayment(ReversePayment) = "reverse-payment", Who::Staff(&[Role::Finance]);
        /// Corrects the day on which the bank made the payment.
        CorrectPayment(CorrectPayment) = "correct-payment", Who::Staff(&[Role::Finance]);
        /// Requests another purpose, other dates or another amount.
        RequestVariation(RequestVariation) = "request-variation", Who::StaffOrOwn(&[Role::Officer]);
        /// Approves a variation. The person must not have requested it. If the award rises more
        /// money is committed, if it falls money is released.
        ApproveVariation(ApproveVariation) = "approve-variation", Who::Staff(&[Role::Panel]);
        /// Refuses a variation, with the reason.
        RefuseVariation(VariationBecause) = "refuse-variation", Who::Staff(&[Role::Panel]);
        /// Adds the money that was committed for a variation.
        Grow(Grown) = "grow", Who::Consequence;
        /// Puts all payments on hold, with the reason.
        Hold(Because) = "hold", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Ends the hold.
        Resume(Nothing) = "resume", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Terminates the grant, with the reason. It takes effect once as many panel members have
        /// confirmed it as the award needed. Then the unpaid money is released.
        Terminate(Revoke) = "terminate", Who::Staff(&[Role::Panel]);
        /// Requests an update in addition to those of the fund's rules.
        RequestUpdate(RequestUpdate) = "request-update", Who::Staff(&[Role::Officer]);
        /// Records that the group was reminded of an update.
        RemindUpdate(RemindUpdate) = "remind-update", Who::Job;
        /// Records the group's update, with outcomes by sign of success.
        ReceiveUpdate(ReceiveUpdate) = "receive-update", Who::StaffOrOwn(&[Role::Officer]);
        /// Accepts an update that was received.
        AcceptUpdate(UpdateOf) = "accept-update", Who::Staff(&[Role::Officer]);
        /// Asks a question about an update. The group answers by submitting the update again.
        QueryUpdate(QueryUpdate) = "query-update", Who::Staff(&[Role::Officer]);
        /// Excuses the group from an update, with the reason.
        ExcuseUpdate(UpdateBecause) = "excuse-update", Who::Staff(&[Role::Officer]);
        /// Corrects the figures of a received update, with the reason.
        CorrectUpdate(CorrectUpdate) = "correct-update", Who::Staff(&[Role::Officer]);
        /// Records staff's own assessment of an outcome. The group's assessment is unchanged.
        JudgeOutcome(JudgeOutcome) = "judge-outcome", Who::Staff(&[Role::Officer]);
        /// Declares that a part of the award will not be spent.
        DeclareUnderspend(AmountOf) = "declare-underspend", Who::StaffOrOwn(&[Role::Officer]);
        /// Asks the group to return money that is due back, by a given day.
        RequestReturn(RequestReturn) = "request-return", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Confirms, as a panel member who was named as present, that an offer is withdrawn, a
        /// grant terminated, or money demanded back.
        ConfirmRevocation(ProposalOf) = "confirm-revocation", Who::Staff(&[Role::Panel]);
        /// Demands paid money back, with the reason. It takes effect once as many panel members
        /// have confirmed it as the award needed.
        DemandClawback(DemandClawback) = "demand-clawback", Who::Staff(&[Role::Panel]);
        /// Records a movement at the bank that no other command describes. Two people settle it;
        /// meanwhile it blocks nothing.
        RecordBankEntry(RecordBankEntry) = "record-bank-entry", Who::Staff(&[Role::Finance]);
        /// Proposes how a bank entry is settled: how much of it counts as returned money.
        ProposeSettlement(ProposeSettlement) = "propose-settlement", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Confirms, as a second person, how a bank entry is settled.
        ConfirmSettlement(ConfirmSettlement) = "confirm-settlement", Who::Staff(&[Role::Finance]);
        /// Confirms, as a panel member who was named as present, that one was there when the award
        /// was raised.
        ConfirmAttendance(AttendanceOf) = "confirm-attendance", Who::Staff(&[Role::Panel]);
        /// Records returned money, in full or in part, and releases it. A sum above the paid
        /// balance becomes an entry that two people settle.
        ReceiveReturn(ReceiveReturn) = "receive-return", Who::Staff(&[Role::Finance]);
        /// Proposes to waive a return or write off a clawback.
        ProposeReturnWaiver(ProposeReturnWaiver) = "propose-return-waiver", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Confirms, as a second person, that a return is waived or a clawback written off.
        ConfirmReturnWaiver(ConfirmReturnWaiver) = "confirm-return-waiver", Who::Staff(&[Role::Finance]);
        /// Publishes a story written by staff, with the group's consent.
        PublishStory(PublishStory) = "publish-story", Who::Staff(&[Role::Officer]);
        /// Withdraws a story.
        WithdrawStory(StoryOf) = "withdraw-story", Who::StaffOrOwn(&[Role::Officer]);
        /// Closes the grant and releases its unpaid money.
        Close(Nothing) = "close", Who::Staff(&[Role::Officer]);
    }
}

impl GrantCommand {
    /// The personal values in this command.
    pub fn slots(&mut self) -> Vec<Slot<'_>> {
        match self {
            Self::AcceptAgreement(accept) => accept
                .names
                .iter_mut()
                .map(|value| Slot {
                    field: "signer",
                    value,
                    index: None,
                })
                .collect(),
            Self::RequestVariation(request) => vec![Slot {
                field: "variation",
                value: &mut request.words,
                index: None,
            }],
            Self::ReceiveUpdate(update) => {
                let mut slots = vec![Slot {
                    field: "words",
                    value: &mut update.words,
                    index: None,
                }];
                slots.extend(update.learned.as_mut().map(|value| Slot {
                    field: "learned",
                    value,
                    index: None,
                }));
                slots.extend(update.outcomes.iter_mut().map(|said| Slot {
                    field: "outcome",
                    value: &mut said.words,
                    index: None,
                }));
                slots
            }
            _ => Vec::new(),
        }
    }
}

events! {
    /// Events of a grant.
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
            conditions: BTreeMap<Slug, Condition>,
            signers: u8,
            eyes: u8,
            update_every_days: Option<u16>,
            expires_on: Date,
            ends_on: Date,
            update_due_on: Date,
            /// The offer goes out once those named as present have confirmed their attendance.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            waits: bool,
        },
        OfferSent { expires_on: Date },
        RevocationProposed { revocation: u32, kind: RevocationKind, amount: Option<Money>, reason: Prose, sitting: Sitting },
        RevocationConfirmed { revocation: u32, by: PersonId },
        AgreementIssued { version: u32, hash: String },
        AgreementAccepted { hash: String, method: Method, names: Vec<Sealed>, read_by: Option<PersonId> },
        OfferDeclined {},
        OfferLapsed {},
        OfferWithdrawn { reason: Prose },
        CheckRequested { check: Slug, note: Prose, by: PersonId },
        CheckPassed { check: Slug, note: Prose, by: PersonId, good_until: Option<Date>, evidence: Option<FileDigest> },
        CheckReused { check: Slug, from: GrantId, good_until: Date },
        CheckFailed { check: Slug, note: Prose, by: PersonId },
        WaiverProposed { check: Slug, reason: Prose, by: PersonId },
        CheckWaived { check: Slug, by: PersonId },
        PaymentsScheduled { first: u16, instalments: Vec<Instalment> },
        ScheduleProposed { proposal: u32, instalments: Vec<Instalment>, by: PersonId },
        PaymentPrepared {
            payment: u16,
            instalment: Option<u16>,
            amount: Money,
            route: Route,
            payee: u32,
            supplier: Option<Line>,
            prepared_by: PersonId,
            eyes: u8,
            prepared_on: Date,
            /// The sources of the money. Old logs name them in `PaymentSent` only.
            #[serde(default, skip_serializing_if = "Sources::is_empty")]
            sources: Sources,
            /// The first day on which it may leave after a change at the group; absent if there is
            /// no wait.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            waits_until: Option<Date>,
        },
        EarlyPaymentProposed { payment: u16, until: Date, mark: ChangeMark, reason: Prose, by: PersonId },
        EarlyPaymentConfirmed { payment: u16, until: Date, mark: ChangeMark, by: PersonId },
        PaymentApproved {
            payment: u16,
            approved_by: PersonId,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            approved_on: Option<Date>,
        },
        PaymentRejected { payment: u16, reason: Prose },
        PaymentCancelled { payment: u16, reason: Prose },
        PaymentSent { payment: u16, sources: Sources, sent_on: Date, batch: Option<Slug> },
        PaymentConfirmed {
            payment: u16,
            paid_on: Date,
            receipt: Option<FileDigest>,
            /// The change of the day on which the money left, if this date moves it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            leaving: Option<LeavingMoved>,
        },
        PaymentFailed { payment: u16, sources: Sources, reason: Prose, failed_on: Date },
        PaymentReversed {
            payment: u16,
            sources: Sources,
            reason: Prose,
            reversed_on: Date,
            /// The part that is no longer committed, because it was due back or the grant has
            /// ended.
            #[serde(default, skip_serializing_if = "Sources::is_empty")]
            released: Sources,
            #[serde(default, skip_serializing_if = "Satisfied::is_empty")]
            #[schema(value_type = BTreeMap<Owed, Money>)]
            satisfied: Satisfied,
        },
        PaymentCorrected {
            payment: u16,
            paid_on: Date,
            reason: Prose,
            corrects: u32,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            leaving: Option<LeavingMoved>,
        },
        VariationRequested { variation: u16, change: Varied, words: Sealed, by: PersonId },
        VariationApproved { variation: u16, change: Varied, released: Sources, more: Money, by: PersonId, sitting: Option<Sitting> },
        VariationRefused { variation: u16, reason: Prose, by: PersonId },
        AwardGrown { sources: Sources },
        GrantHeld {
            reason: Prose,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            held_on: Option<Date>,
        },
        GrantResumed {},
        GrantTerminated { reason: Prose, released: Sources },
        UpdateRequested { update: u16, due_on: Date, last: bool },
        UpdateMoved { update: u16, due_on: Date },
        ReminderSent { update: u16, occasion: Occasion, sent_on: Date },
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
            files: BTreeSet<FileDigest>,
            received_on: Date,
        },
        UpdateAccepted { update: u16 },
        UpdateQueried {
            update: u16,
            question: Prose,
            /// The day by which the group answers.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            due_on: Option<Date>,
        },
        UpdateExcused { update: u16, reason: Prose },
        UpdateCorrected { update: u16, people: u32, volunteers: u32, spent: Money, reason: Prose, corrects: u32 },
        OutcomeJudged { update: u16, sign: Slug, strength: Strength, reason: Prose, by: PersonId },
        UnderspendDeclared { amount: Money, released: Sources, due_back: Money },
        ReturnRequested { owed: Owed, due_on: Date },
        ClawbackDemanded { amount: Money, reason: Prose },
        ReturnReceived {
            owed: Owed,
            sources: Sources,
            received_on: Date,
            /// How much it settles of the money that was due back, by reason. Old events without
            /// this field settle their whole sum, for the reason in `owed`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(value_type = Option<BTreeMap<Owed, Money>>)]
            satisfied: Option<Satisfied>,
        },
        ReturnWaiverProposed { owed: Owed, amount: Money, reason: Prose, by: PersonId },
        ReturnWaived { owed: Owed, amount: Money, by: PersonId },
        EntryUnsettled { entry: u16, kind: EntryKind, details: BankEntry, note: Option<Prose>, by: PersonId },
        SettlementProposed { entry: u16, counts: Money, reason: Prose, by: PersonId },
        EntrySettled {
            entry: u16,
            sources: Sources,
            #[schema(value_type = BTreeMap<Owed, Money>)]
            satisfied: Satisfied,
            happened_on: Date,
            by: PersonId,
        },
        AttendanceConfirmed { decision: u32, person: PersonId, by: PersonId },
        StoryPublished { story: u16, words: Prose, consented_on: Date, consent: Line, photographs: BTreeSet<FileDigest> },
        StoryWithdrawn { story: u16 },
        GrantClosed { released: Sources },
    }
}
