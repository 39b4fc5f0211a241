//! Commands and events of a grant. The bodies of the commands are declared next to their rules, in
//! the other files of this folder.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::agreement::{AcceptAgreement, AcceptanceMethod, Offer, OfferDay};
use super::check::{CheckNote, CheckRef, PassCheck};
use super::draft::{DraftField, SaveUpdate};
use super::entry::{
    BankEntry, ConfirmSettlement, EntryKind, ProposeSettlement, RecordBankEntry, SettledAmounts,
};
use super::news::SendNews;
use super::payment::{
    BatchedPayment, ConfirmPayment, CorrectPayment, FailPayment, PaymentDateMoved, PaymentReason,
    PaymentRef, PreparePayment, ReversePayment, SendPayment,
};
use super::returns::{
    ConfirmReturnWaiver, DeclareUnderspend, DemandClawback, ProposeReturnWaiver, ReceiveReturn,
    RequestReturn, ReturnReason,
};
use super::revocation::{RevocationKind, Revoke};
use super::schedule::{Instalment, SchedulePayments};
use super::story::{PublishStory, StoryRef};
use super::update::{
    CorrectUpdate, EncryptedOutcome, JudgeOutcome, QueryUpdate, ReceiveUpdate, RemindNow,
    RemindUpdate, ReminderKind, RequestUpdate, UpdateReason, UpdateRef,
};
use super::variation::{
    ApproveVariation, AwardIncrease, RequestVariation, VariationChanges, VariationReason,
};
use crate::domain::ChangeMark;
use crate::domain::aggregate::events;
use crate::domain::application::{AttendanceRef, Channel, PanelSitting};
use crate::domain::command::{NoBody, ProposalRef, WithReason, commands};
use crate::domain::file::FileDigest;
use crate::domain::funding_source::FundingSplit;
use crate::domain::id::{FundId, GrantId, GroupId, PersonId};
use crate::domain::money::Money;
use crate::domain::outcome::Strength;
use crate::domain::panel::Condition;
use crate::domain::payee::PaymentRoute;
use crate::domain::personal_data::{Encrypted, PersonalField, PersonalInput};
use crate::domain::role::{Permission, Role};
use crate::domain::text::{Line, Prose, Slug};

commands! {
    /// Commands of a grant.
    GrantCommand {
        /// Offers the grant of an award.
        Offer(Offer) = "offer", Permission::FollowUp;
        /// Accepts the agreement on behalf of the named people of the group.
        AcceptAgreement(AcceptAgreement) = "accept-agreement",
            Permission::StaffOrMember(&[Role::Officer]);
        /// Declines the offer and releases its money.
        DeclineOffer(NoBody) = "decline-offer", Permission::StaffOrMember(&[Role::Officer]);
        /// Lapses an expired offer and releases its money.
        LapseOffer(NoBody) = "lapse-offer", Permission::StaffOrJob(&[Role::Officer]);
        /// Sends the offer, once the panel members who decided have confirmed their attendance.
        SendOffer(NoBody) = "send-offer", Permission::FollowUp;
        /// Releases the letter of a held offer. The offer goes out, unless it waits for
        /// confirmations.
        ReleaseLetter(NoBody) = "release-letter", Permission::FollowUp;
        /// Moves the day on which a held offer goes out.
        MoveLetter(OfferDay) = "move-letter", Permission::FollowUp;
        /// Takes back an award before the group has heard of it.
        TakeBackAward(NoBody) = "take-back-award", Permission::FollowUp;
        /// Withdraws the offer, with the reason. It takes effect once as many panel members have
        /// confirmed it as the award needed. Then the money is released.
        WithdrawOffer(Revoke) = "withdraw-offer", Permission::Staff(&[Role::Panel]);
        /// Asks the group for what a check needs. A check that the grant does not have yet is
        /// added.
        RequestCheck(CheckNote) = "request-check", Permission::Staff(&[Role::Officer]);
        /// Records that a check passed or a condition was met. A check with a last valid day goes
        /// on file for the group.
        PassCheck(PassCheck) = "pass-check", Permission::Staff(&[Role::Officer]);
        /// Records that a check failed.
        FailCheck(CheckNote) = "fail-check", Permission::Staff(&[Role::Officer]);
        /// Reuses a valid check that the group has on file.
        ReuseCheck(CheckRef) = "reuse-check", Permission::Staff(&[Role::Officer]);
        /// Proposes that a check be waived.
        ProposeWaiver(CheckNote) = "propose-waiver", Permission::Staff(&[Role::Officer]);
        /// Confirms, as a second person, that a check is waived.
        ConfirmWaiver(CheckRef) = "confirm-waiver",
            Permission::Staff(&[Role::Officer, Role::Finance]);
        /// Schedules the unpaid money in instalments, each released by a day or a check. A schedule
        /// that ties a condition of the panel to one instalment needs a second person to confirm
        /// it.
        SchedulePayments(SchedulePayments) = "schedule-payments",
            Permission::Staff(&[Role::Officer, Role::Finance]);
        /// Confirms, as a second person, a schedule that ties a condition of the panel to one
        /// instalment.
        ConfirmSchedule(ProposalRef) = "confirm-schedule",
            Permission::Staff(&[Role::Officer, Role::Finance]);
        /// Prepares a payment to the group's verified payee.
        PreparePayment(PreparePayment) = "prepare-payment",
            Permission::Staff(&[Role::Officer, Role::Finance]);
        /// Approves a payment. The approver must neither have prepared it nor have keyed its payee.
        ApprovePayment(PaymentRef) = "approve-payment", Permission::Staff(&[Role::Finance]);
        /// Rejects a prepared payment, with the reason.
        RejectPayment(PaymentReason) = "reject-payment", Permission::Staff(&[Role::Finance]);
        /// Cancels a prepared or approved payment that was not sent.
        CancelPayment(PaymentReason) = "cancel-payment",
            Permission::Staff(&[Role::Officer, Role::Finance]);
        /// Proposes that a payment may leave before the wait after a change at the group is over.
        ProposeEarlyPayment(PaymentReason) = "propose-early-payment",
            Permission::Staff(&[Role::Officer, Role::Finance]);
        /// Confirms, as a second person, that a payment may leave before the wait is over.
        ConfirmEarlyPayment(PaymentRef) = "confirm-early-payment",
            Permission::Staff(&[Role::Finance]);
        /// Records that an approved payment was sent to the bank.
        SendPayment(SendPayment) = "send-payment", Permission::Staff(&[Role::Finance]);
        /// Sends a payment as part of a batch of its fund.
        SendInBatch(BatchedPayment) = "send-in-batch", Permission::FollowUp;
        /// Records the day on which the bank made the payment, or on which a purchase was paid.
        ConfirmPayment(ConfirmPayment) = "confirm-payment", Permission::Staff(&[Role::Finance]);
        /// Records that the bank did not make the payment. The money can be paid by another
        /// payment.
        FailPayment(FailPayment) = "fail-payment", Permission::Staff(&[Role::Finance]);
        /// Records that the bank reversed a confirmed payment. The money can be paid again while
        /// the grant is in force. An amount above the paid balance becomes an entry that two people
        /// settle.
        ReversePayment(ReversePayment) = "reverse-payment", Permission::Staff(&[Role::Finance]);
        /// Corrects the day on which the bank made the payment.
        CorrectPayment(CorrectPayment) = "correct-payment", Permission::Staff(&[Role::Finance]);
        /// Requests another purpose, other dates or another amount.
        RequestVariation(RequestVariation) = "request-variation",
            Permission::StaffOrMember(&[Role::Officer]);
        /// Approves a variation. The person must not have requested it. If the award rises more
        /// money is committed, if it falls money is released. An officer approves a change of days;
        /// money and purpose are the panel's.
        ApproveVariation(ApproveVariation) = "approve-variation",
            Permission::Staff(&[Role::Officer, Role::Panel]);
        /// Refuses a variation, with the reason. An officer refuses a change of days.
        RefuseVariation(VariationReason) = "refuse-variation",
            Permission::Staff(&[Role::Officer, Role::Panel]);
        /// Adds the money that was committed for a variation.
        Grow(AwardIncrease) = "grow", Permission::FollowUp;
        /// Puts all payments on hold, with the reason.
        Hold(WithReason) = "hold", Permission::Staff(&[Role::Officer, Role::Finance]);
        /// Ends the hold.
        Resume(NoBody) = "resume", Permission::Staff(&[Role::Officer, Role::Finance]);
        /// Terminates the grant, with the reason. It takes effect once as many panel members have
        /// confirmed it as the award needed. Then the unpaid money is released.
        Terminate(Revoke) = "terminate", Permission::Staff(&[Role::Panel]);
        /// Requests an update in addition to those of the fund's rules.
        RequestUpdate(RequestUpdate) = "request-update", Permission::Staff(&[Role::Officer]);
        /// Records that the group was reminded of an update.
        RemindUpdate(RemindUpdate) = "remind-update", Permission::Job;
        /// Sends a reminder of an overdue update now, with a sentence that the sender adds. At most
        /// one a day.
        RemindNow(RemindNow) = "remind-now", Permission::Staff(&[Role::Officer]);
        /// Saves an unfinished update, so that a member can continue it on another day or device.
        /// Staff do not see it, and the update stays due. It replaces the draft before; with
        /// `If-Match` only if the grant has not changed since.
        SaveUpdate(SaveUpdate) = "save-update", Permission::StaffOrMember(&[Role::Officer]);
        /// Records the group's update, with outcomes by sign of success.
        ReceiveUpdate(ReceiveUpdate) = "receive-update",
            Permission::StaffOrMember(&[Role::Officer]);
        /// Sends news of the group, at any time while the grant is in force. It answers no update,
        /// and nobody has to accept it.
        SendNews(SendNews) = "send-news", Permission::StaffOrMember(&[Role::Officer]);
        /// Accepts an update that was received.
        AcceptUpdate(UpdateRef) = "accept-update", Permission::Staff(&[Role::Officer]);
        /// Asks a question about an update. The group answers by submitting the update again.
        QueryUpdate(QueryUpdate) = "query-update", Permission::Staff(&[Role::Officer]);
        /// Excuses the group from an update, with the reason.
        ExcuseUpdate(UpdateReason) = "excuse-update", Permission::Staff(&[Role::Officer]);
        /// Corrects the figures of a received update, with the reason.
        CorrectUpdate(CorrectUpdate) = "correct-update", Permission::Staff(&[Role::Officer]);
        /// Records staff's own assessment of an outcome. The group's assessment is unchanged.
        JudgeOutcome(JudgeOutcome) = "judge-outcome", Permission::Staff(&[Role::Officer]);
        /// Declares that a part of the award will not be spent.
        DeclareUnderspend(DeclareUnderspend) = "declare-underspend",
            Permission::StaffOrMember(&[Role::Officer]);
        /// Asks the group to return money that is due back, by a given day.
        RequestReturn(RequestReturn) = "request-return",
            Permission::Staff(&[Role::Officer, Role::Finance]);
        /// Confirms, as a panel member who was named as present, that an offer is withdrawn, a
        /// grant terminated, or money demanded back.
        ConfirmRevocation(ProposalRef) = "confirm-revocation", Permission::Staff(&[Role::Panel]);
        /// Demands paid money back, with the reason. It takes effect once as many panel members
        /// have confirmed it as the award needed.
        DemandClawback(DemandClawback) = "demand-clawback", Permission::Staff(&[Role::Panel]);
        /// Records a movement at the bank that no other command describes. Two people settle it;
        /// meanwhile it blocks nothing.
        RecordBankEntry(RecordBankEntry) = "record-bank-entry", Permission::Staff(&[Role::Finance]);
        /// Proposes how a bank entry is settled: how much of it counts as returned money.
        ProposeSettlement(ProposeSettlement) = "propose-settlement",
            Permission::Staff(&[Role::Officer, Role::Finance]);
        /// Confirms, as a second person, how a bank entry is settled.
        ConfirmSettlement(ConfirmSettlement) = "confirm-settlement",
            Permission::Staff(&[Role::Finance]);
        /// Confirms, as a panel member who was named as present, that one was there when the award
        /// was raised.
        ConfirmAttendance(AttendanceRef) = "confirm-attendance", Permission::Staff(&[Role::Panel]);
        /// Records returned money, in full or in part, and releases it. An amount above the paid
        /// balance becomes an entry that two people settle.
        ReceiveReturn(ReceiveReturn) = "receive-return", Permission::Staff(&[Role::Finance]);
        /// Proposes to waive a return or write off a clawback.
        ProposeReturnWaiver(ProposeReturnWaiver) = "propose-return-waiver",
            Permission::Staff(&[Role::Officer, Role::Finance]);
        /// Confirms, as a second person, that a return is waived or a clawback written off.
        ConfirmReturnWaiver(ConfirmReturnWaiver) = "confirm-return-waiver",
            Permission::Staff(&[Role::Finance]);
        /// Publishes a story written by staff, with the group's consent.
        PublishStory(PublishStory) = "publish-story", Permission::Staff(&[Role::Officer]);
        /// Withdraws a story.
        WithdrawStory(StoryRef) = "withdraw-story", Permission::StaffOrMember(&[Role::Officer]);
        /// Closes the grant and releases its unpaid money.
        Close(NoBody) = "close", Permission::Staff(&[Role::Officer]);
    }
}

impl GrantCommand {
    /// The personal values in this command.
    pub fn personal_fields(&mut self) -> Vec<PersonalField<'_>> {
        match self {
            Self::AcceptAgreement(accept) => accept
                .names
                .iter_mut()
                .map(|value| personal("signer", value))
                .collect(),
            Self::RequestVariation(request) => vec![personal("variation", &mut request.words)],
            Self::SaveUpdate(save) => save
                .answers
                .values_mut()
                .chain(save.noticed.values_mut())
                .map(|value| personal("draft", value))
                .collect(),
            Self::SendNews(news) => {
                let mut slots = vec![personal("words", &mut news.words)];
                let pictured = news.pictured.as_mut();
                slots.extend(pictured.map(|value| personal("pictured", value)));
                slots
            }
            Self::ReceiveUpdate(update) => {
                let mut slots = vec![personal("words", &mut update.words)];
                let learned = update.learned.as_mut();
                slots.extend(learned.map(|value| personal("learned", value)));
                let pictured = update.pictured.as_mut();
                slots.extend(pictured.map(|value| personal("pictured", value)));
                let outcomes = update.outcomes.iter_mut();
                slots.extend(outcomes.map(|said| personal("outcome", &mut said.words)));
                slots
            }
            _ => Vec::new(),
        }
    }
}

/// A personal value that nobody looks for, by the name of its field.
fn personal<'v>(field: &'static str, value: &'v mut PersonalInput) -> PersonalField<'v> {
    PersonalField {
        field,
        value,
        index: None,
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
            sources: FundingSplit,
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
            /// The day on which the offer goes out, if its letter is held.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            letters_on: Option<Date>,
        },
        OfferSent { expires_on: Date },
        LetterMoved { letters_on: Date, expires_on: Date },
        LetterReleased {},
        AwardTakenBack {},
        RevocationProposed { revocation: u32, kind: RevocationKind, amount: Option<Money>,
            reason: Prose, sitting: PanelSitting },
        RevocationConfirmed { revocation: u32, by: PersonId },
        AgreementIssued { version: u32, hash: String },
        AgreementSigned { hash: String, name: Encrypted, by: PersonId },
        AgreementAccepted { hash: String, method: AcceptanceMethod, names: Vec<Encrypted>,
            read_by: Option<PersonId> },
        OfferDeclined {},
        OfferLapsed {},
        OfferWithdrawn { reason: Prose },
        CheckRequested { check: Slug, note: Prose, by: PersonId },
        CheckPassed { check: Slug, note: Prose, by: PersonId, good_until: Option<Date>,
            evidence: Option<FileDigest> },
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
            route: PaymentRoute,
            payee: u32,
            supplier: Option<Line>,
            prepared_by: PersonId,
            eyes: u8,
            prepared_on: Date,
            /// The sources of the money. Old logs name them in `PaymentSent` only.
            #[serde(default, skip_serializing_if = "FundingSplit::is_empty")]
            sources: FundingSplit,
            /// The first day on which it may leave after a change at the group; absent if there is
            /// no wait.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            waits_until: Option<Date>,
        },
        EarlyPaymentProposed { payment: u16, until: Date, mark: ChangeMark, reason: Prose,
            by: PersonId },
        EarlyPaymentConfirmed { payment: u16, until: Date, mark: ChangeMark, by: PersonId },
        PaymentApproved {
            payment: u16,
            approved_by: PersonId,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            approved_on: Option<Date>,
        },
        PaymentRejected { payment: u16, reason: Prose },
        PaymentCancelled { payment: u16, reason: Prose },
        PaymentSent { payment: u16, sources: FundingSplit, sent_on: Date, batch: Option<Slug> },
        PaymentConfirmed {
            payment: u16,
            paid_on: Date,
            receipt: Option<FileDigest>,
            /// The change of the day on which the money left, if this date moves it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            leaving: Option<PaymentDateMoved>,
        },
        PaymentFailed { payment: u16, sources: FundingSplit, reason: Prose, failed_on: Date },
        PaymentReversed {
            payment: u16,
            sources: FundingSplit,
            reason: Prose,
            reversed_on: Date,
            /// The part that is no longer committed, because it was due back or the grant has
            /// ended.
            #[serde(default, skip_serializing_if = "FundingSplit::is_empty")]
            released: FundingSplit,
            #[serde(default, skip_serializing_if = "SettledAmounts::is_empty")]
            #[schema(value_type = BTreeMap<ReturnReason, Money>)]
            satisfied: SettledAmounts,
        },
        PaymentCorrected {
            payment: u16,
            paid_on: Date,
            reason: Prose,
            corrects: u32,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            leaving: Option<PaymentDateMoved>,
        },
        VariationRequested { variation: u16, change: VariationChanges, words: Encrypted,
            by: PersonId },
        VariationApproved { variation: u16, change: VariationChanges, released: FundingSplit,
            more: Money, by: PersonId, sitting: Option<PanelSitting> },
        VariationRefused { variation: u16, reason: Prose, by: PersonId },
        AwardGrown { sources: FundingSplit },
        GrantHeld {
            reason: Prose,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            held_on: Option<Date>,
        },
        GrantResumed {},
        GrantTerminated { reason: Prose, released: FundingSplit },
        UpdateRequested { update: u16, due_on: Date, last: bool },
        UpdateMoved { update: u16, due_on: Date },
        ReminderSent {
            update: u16,
            occasion: ReminderKind,
            sent_on: Date,
            /// A sentence that the office adds.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            note: Option<Prose>,
            /// The member of staff who sent it; absent if the service did.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            by: Option<PersonId>,
        },
        UpdateSaved {
            update: u16,
            answers: BTreeMap<DraftField, Encrypted>,
            strengths: BTreeMap<Slug, Strength>,
            noticed: BTreeMap<Slug, Encrypted>,
            files: BTreeSet<FileDigest>,
        },
        UpdateReceived {
            update: u16,
            channel: Channel,
            words: Encrypted,
            learned: Option<Encrypted>,
            people: u32,
            volunteers: u32,
            spent: Money,
            signs: u32,
            outcomes: Vec<EncryptedOutcome>,
            files: BTreeSet<FileDigest>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pictured: Option<Encrypted>,
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
        UpdateCorrected { update: u16, people: u32, volunteers: u32, spent: Money, reason: Prose,
            corrects: u32 },
        OutcomeJudged { update: u16, sign: Slug, strength: Strength, reason: Prose, by: PersonId },
        NewsSent { news: u16, channel: Channel, words: Encrypted, pictured: Option<Encrypted>,
            photographs: BTreeSet<FileDigest>, sent_on: Date },
        UnderspendDeclared { amount: Money, released: FundingSplit, due_back: Money },
        ReturnRequested { owed: ReturnReason, due_on: Date },
        ClawbackDemanded { amount: Money, reason: Prose },
        ReturnReceived {
            owed: ReturnReason,
            sources: FundingSplit,
            received_on: Date,
            /// How much it settles of the money that was due back, by reason. Old events without
            /// this field settle their whole amount, for the reason in `owed`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(value_type = Option<BTreeMap<ReturnReason, Money>>)]
            satisfied: Option<SettledAmounts>,
        },
        ReturnWaiverProposed { owed: ReturnReason, amount: Money, reason: Prose, by: PersonId },
        ReturnWaived { owed: ReturnReason, amount: Money, by: PersonId },
        EntryUnsettled { entry: u16, kind: EntryKind, details: BankEntry, note: Option<Prose>,
            by: PersonId },
        SettlementProposed { entry: u16, counts: Money, reason: Prose, by: PersonId },
        EntrySettled {
            entry: u16,
            sources: FundingSplit,
            #[schema(value_type = BTreeMap<ReturnReason, Money>)]
            satisfied: SettledAmounts,
            happened_on: Date,
            by: PersonId,
        },
        AttendanceConfirmed { decision: u32, person: PersonId, by: PersonId },
        StoryPublished { story: u16, words: Prose, consented_on: Date, consent: Line,
            photographs: BTreeSet<FileDigest>,
            /// What the photographs show, for people who cannot see them.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pictured: Option<Line> },
        StoryWithdrawn { story: u16 },
        GrantClosed { released: FundingSplit },
    }
}
