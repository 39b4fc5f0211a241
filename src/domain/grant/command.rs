//! Commands and events of a grant. The bodies of the commands are declared next to their rules, in
//! the other files of this folder.

use super::agreement::{AcceptAgreement, Offer, OfferDay};
use super::check::{CheckNote, CheckRef, PassCheck};
use super::draft::SaveUpdate;
use super::entry::{ConfirmSettlement, ProposeSettlement, RecordBankEntry};
use super::news::SendNews;
use super::payment::{
    BatchedPayment, ConfirmPayment, CorrectPayment, FailPayment, PaymentReason, PaymentRef,
    PreparePayment, ReversePayment, SendPayment,
};
use super::returns::{
    ConfirmReturnWaiver, DeclareUnderspend, DemandClawback, ProposeReturnWaiver, ReceiveReturn,
    RequestReturn,
};
use super::revocation::Revoke;
use super::schedule::SchedulePayments;
use super::story::{PublishStory, StoryRef};
use super::update::{
    CorrectUpdate, JudgeOutcome, QueryUpdate, ReceiveUpdate, RemindNow, RemindUpdate,
    RequestUpdate, UpdateReason, UpdateRef,
};
use super::variation::{ApproveVariation, AwardIncrease, RequestVariation, VariationReason};
use crate::domain::application::AttendanceRef;
use crate::domain::command::{NoBody, ProposalRef, WithReason, commands};
use crate::domain::personal_data::{PersonalField, PersonalInput};
use crate::domain::role::{Permission, Role};

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
                let words = news.words.as_mut();
                let words = words.map(|value| personal("words", value));
                let pictured = news.pictured.as_mut();
                let pictured = pictured.map(|value| personal("pictured", value));
                words.into_iter().chain(pictured).collect()
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
