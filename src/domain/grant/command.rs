//! What can be asked of a grant, and what can happen to it. What each command says stands beside
//! its rule.

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
    /// What can be asked of a grant.
    GrantCommand {
        /// Offers the grant that an award makes.
        Offer(Offer) = "offer", Who::Consequence;
        /// Accepts the agreement, by the named people of the group.
        AcceptAgreement(AcceptAgreement) = "accept-agreement", Who::StaffOrOwn(&[Role::Officer]);
        /// Declines the offer; the money is uncommitted at once.
        DeclineOffer(Nothing) = "decline-offer", Who::StaffOrOwn(&[Role::Officer]);
        /// Lapses an offer that ran out; the money is uncommitted at once.
        LapseOffer(Nothing) = "lapse-offer", Who::StaffOrJob(&[Role::Officer]);
        /// Sends the offer out, once those who decided it have confirmed that they did.
        SendOffer(Nothing) = "send-offer", Who::Consequence;
        /// Takes the offer back, with the reason. It takes effect once as many panel members as
        /// awarded the grant have confirmed it; then the money is uncommitted.
        WithdrawOffer(Revoke) = "withdraw-offer", Who::Staff(&[Role::Panel]);
        /// Asks the group for what a check needs; a check that was not asked for at the offer is
        /// added.
        RequestCheck(CheckNote) = "request-check", Who::Staff(&[Role::Officer]);
        /// Records that a check passed, or a condition is met. One that is good for longer goes on
        /// file for the group.
        PassCheck(PassCheck) = "pass-check", Who::Staff(&[Role::Officer]);
        /// Records that a check failed.
        FailCheck(CheckNote) = "fail-check", Who::Staff(&[Role::Officer]);
        /// Rests a check on one that the group has on file, still in date.
        ReuseCheck(CheckOf) = "reuse-check", Who::Staff(&[Role::Officer]);
        /// Proposes that a check be waived.
        ProposeWaiver(CheckNote) = "propose-waiver", Who::Staff(&[Role::Officer]);
        /// Confirms, as a second person, that a check is waived.
        ConfirmWaiver(CheckOf) = "confirm-waiver", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Schedules what is still to be paid, in instalments that a day or a check releases. One
        /// that ties a condition of the panel to an instalment waits for a second person.
        SchedulePayments(SchedulePayments) = "schedule-payments", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Confirms, as a second person, a schedule that ties a condition of the panel to an
        /// instalment.
        ConfirmSchedule(ProposalOf) = "confirm-schedule", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Prepares a payment to the group's verified payee.
        PreparePayment(PreparePayment) = "prepare-payment", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Approves a payment, as somebody who neither prepared it nor keyed its payee.
        ApprovePayment(PaymentOf) = "approve-payment", Who::Staff(&[Role::Finance]);
        /// Rejects a prepared payment, with the reason.
        RejectPayment(PaymentBecause) = "reject-payment", Who::Staff(&[Role::Finance]);
        /// Cancels a payment that was not sent.
        CancelPayment(PaymentBecause) = "cancel-payment", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Proposes that a payment leave before the days have passed that follow a change at the
        /// group.
        ProposeEarlyPayment(PaymentBecause) = "propose-early-payment", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Confirms, as a second person, that the payment leaves before those days have passed.
        ConfirmEarlyPayment(PaymentOf) = "confirm-early-payment", Who::Staff(&[Role::Finance]);
        /// Records that an approved payment was sent to the bank.
        SendPayment(PaymentOn) = "send-payment", Who::Staff(&[Role::Finance]);
        /// Sends a payment in a batch of its fund.
        SendInBatch(InBatch) = "send-in-batch", Who::Consequence;
        /// Records the day on which the bank paid, or what was bought was paid for.
        ConfirmPayment(ConfirmPayment) = "confirm-payment", Who::Staff(&[Role::Finance]);
        /// Records that the bank did not pay; the payment can be prepared again.
        FailPayment(FailPayment) = "fail-payment", Who::Staff(&[Role::Finance]);
        /// Records that the bank took a confirmed payment back; it can be prepared again while the
        /// grant runs. What is more than was paid is to be settled.
        ReversePayment(ReversePayment) = "reverse-payment", Who::Staff(&[Role::Finance]);
        /// Corrects the day on which the bank paid.
        CorrectPayment(CorrectPayment) = "correct-payment", Who::Staff(&[Role::Finance]);
        /// Asks for another purpose, other dates or another amount.
        RequestVariation(RequestVariation) = "request-variation", Who::StaffOrOwn(&[Role::Officer]);
        /// Approves a variation, as somebody who did not ask for it: what is more is committed,
        /// what is less is released.
        ApproveVariation(ApproveVariation) = "approve-variation", Who::Staff(&[Role::Panel]);
        /// Refuses a variation, with the reason.
        RefuseVariation(VariationBecause) = "refuse-variation", Who::Staff(&[Role::Panel]);
        /// Adds what was committed for a variation.
        Grow(Grown) = "grow", Who::Consequence;
        /// Holds all payments, with the reason.
        Hold(Because) = "hold", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Ends the hold.
        Resume(Nothing) = "resume", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Ends the grant before its time, with the reason. It takes effect once as many panel
        /// members as awarded the grant have confirmed it; then what is unpaid is uncommitted.
        Terminate(Revoke) = "terminate", Who::Staff(&[Role::Panel]);
        /// Asks the group for an update besides those that the fund's rules ask for.
        RequestUpdate(RequestUpdate) = "request-update", Who::Staff(&[Role::Officer]);
        /// Records that the group was reminded of an update.
        RemindUpdate(RemindUpdate) = "remind-update", Who::Job;
        /// Receives the group's update, with outcomes by sign.
        ReceiveUpdate(ReceiveUpdate) = "receive-update", Who::StaffOrOwn(&[Role::Officer]);
        /// Accepts an update that was received.
        AcceptUpdate(UpdateOf) = "accept-update", Who::Staff(&[Role::Officer]);
        /// Asks something about an update; the group answers by handing it in again.
        QueryUpdate(QueryUpdate) = "query-update", Who::Staff(&[Role::Officer]);
        /// Excuses the group from an update, with the reason.
        ExcuseUpdate(UpdateBecause) = "excuse-update", Who::Staff(&[Role::Officer]);
        /// Corrects the figures of an update that was received, with the reason.
        CorrectUpdate(CorrectUpdate) = "correct-update", Who::Staff(&[Role::Officer]);
        /// Records staff's own judgement of an outcome, apart from what the group says.
        JudgeOutcome(JudgeOutcome) = "judge-outcome", Who::Staff(&[Role::Officer]);
        /// Declares that some of the award will not be spent.
        DeclareUnderspend(AmountOf) = "declare-underspend", Who::StaffOrOwn(&[Role::Officer]);
        /// Asks the group to give back, by a day, what is due.
        RequestReturn(RequestReturn) = "request-return", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Confirms, as a panel member who was named as present, that the offer is taken back, the
        /// grant ended or money demanded back.
        ConfirmRevocation(ProposalOf) = "confirm-revocation", Who::Staff(&[Role::Panel]);
        /// Demands money back that was paid, with the reason. It takes effect once as many panel
        /// members as awarded the grant have confirmed it.
        DemandClawback(DemandClawback) = "demand-clawback", Who::Staff(&[Role::Panel]);
        /// Records what the bank did and nothing else here can say: it is to be settled by two
        /// people, and holds up nothing.
        RecordBankEntry(RecordBankEntry) = "record-bank-entry", Who::Staff(&[Role::Finance]);
        /// Proposes how an entry of the bank is settled: how much of it counts as money back.
        ProposeSettlement(ProposeSettlement) = "propose-settlement", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Confirms, as a second person, how an entry of the bank is settled.
        ConfirmSettlement(ConfirmSettlement) = "confirm-settlement", Who::Staff(&[Role::Finance]);
        /// Confirms, as a panel member who was named as present, that they were there when the
        /// award was raised.
        ConfirmAttendance(AttendanceOf) = "confirm-attendance", Who::Staff(&[Role::Panel]);
        /// Receives money back, whole or in part; only then is it uncommitted. What is more than
        /// was paid is to be settled.
        ReceiveReturn(ReceiveReturn) = "receive-return", Who::Staff(&[Role::Finance]);
        /// Proposes to waive a return, or to write a clawback off.
        ProposeReturnWaiver(ProposeReturnWaiver) = "propose-return-waiver", Who::Staff(&[Role::Officer, Role::Finance]);
        /// Confirms, as a second person, that a return is waived or a clawback written off.
        ConfirmReturnWaiver(ConfirmReturnWaiver) = "confirm-return-waiver", Who::Staff(&[Role::Finance]);
        /// Publishes a story that staff wrote, with the group's consent.
        PublishStory(PublishStory) = "publish-story", Who::Staff(&[Role::Officer]);
        /// Takes a story back.
        WithdrawStory(StoryOf) = "withdraw-story", Who::StaffOrOwn(&[Role::Officer]);
        /// Closes the grant.
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
            conditions: BTreeMap<Slug, Condition>,
            signers: u8,
            eyes: u8,
            update_every_days: Option<u16>,
            expires_on: Date,
            ends_on: Date,
            update_due_on: Date,
            /// The offer goes out once those named as present have confirmed that they decided it.
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
            /// Where the money comes from. A log from before says it when the payment is sent.
            #[serde(default, skip_serializing_if = "Sources::is_empty")]
            sources: Sources,
            /// Until when a change at the group holds it back.
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
            /// Where that moves the day on which the money left.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            leaving: Option<LeavingMoved>,
        },
        PaymentFailed { payment: u16, sources: Sources, reason: Prose, failed_on: Date },
        PaymentReversed {
            payment: u16,
            sources: Sources,
            reason: Prose,
            reversed_on: Date,
            /// What of it is no longer committed: it was due back, or the grant is over.
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
            /// By when the group answers.
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
            /// How much of what was due it settles; a log from before means all of it, for `owed`.
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
