//! The grant aggregate: an award's agreement and everything after it: offer, checks, payments,
//! updates, returns, close.
//!
//! Invariant: 0 ≤ paid ≤ award, for each source, after every event.

mod agreement;
mod check;
mod command;
mod draft;
mod entry;
mod event;
mod news;
mod payment;
mod returns;
mod revocation;
mod schedule;
mod story;
mod update;
mod variation;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use agreement::{AcceptAgreement, AcceptanceMethod, Offer, OfferDay};
pub use check::{CheckNote, CheckRef, PassCheck};
pub use command::GrantCommand;
pub use draft::{DraftField, SaveUpdate};
pub use entry::{
    BankEntry, ConfirmSettlement, EntryKind, ProposeSettlement, RecordBankEntry, SettledAmounts,
};
pub use event::GrantEvent;
pub use news::SendNews;
pub use payment::{
    BatchedPayment, ConfirmPayment, CorrectPayment, FailPayment, PaymentDateMoved, PaymentReason,
    PaymentRef, PaymentState, PreparePayment, ReversePayment, SendPayment,
};
pub use returns::{
    ConfirmReturnWaiver, DeclareUnderspend, DemandClawback, ProposeReturnWaiver, ReceiveReturn,
    RequestReturn, ReturnReason,
};
pub use revocation::{RevocationKind, Revoke};
pub use schedule::{Instalment, ReleaseCondition, SchedulePayments};
pub use story::{PublishStory, StoryRef};
pub use update::{
    CorrectUpdate, EncryptedOutcome, JudgeOutcome, QueryUpdate, ReceiveUpdate, RemindNow,
    RemindUpdate, ReminderKind, RequestUpdate, UpdateReason, UpdateRef, UpdateState,
};
pub use variation::{
    ApproveVariation, AwardIncrease, RequestVariation, VariationChanges, VariationReason,
    VariationState,
};

use super::application::Attendance;
use super::funding_source::FundingSplit;
use super::id::{FundId, GroupId, PersonId};
use super::money::{BelowZero, Money};
use super::personal_data::Encrypted;
use super::text::Slug;
use super::{Aggregate, DecisionContext, Refusal};
use check::CheckState;
use entry::PendingEntry;
use payment::Payment;
use returns::AmountOwed;
use revocation::Revocation;
use update::Update;
use variation::Variations;

/// State of a grant. Whether something is due or overdue follows from its dates.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::VariantNames,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum GrantState {
    #[default]
    Blank,
    Offered,
    /// The agreement is accepted.
    Accepted,
    /// Money has been sent.
    Live,
    /// The final update has been received.
    Reported,
    Closed,
    /// Ended early. Money that is due back may still be received.
    Terminated,
    OfferDeclined,
    OfferLapsed,
    OfferWithdrawn,
    /// The award was taken back before the group had heard of it.
    TakenBack,
}

/// State of the grant aggregate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Grant {
    /// The number of events so far. A correction refers to the corrected event by it.
    events: u32,
    state: GrantState,
    held: bool,
    held_on: Option<Date>,
    fund: Option<FundId>,
    round: Option<Slug>,
    group: Option<GroupId>,
    area: Option<Slug>,
    /// The money that is committed for it now.
    award: FundingSplit,
    /// The money that was paid and has not been returned. Sent payments are included.
    paid: FundingSplit,
    /// The amounts due back from the group, by reason.
    dues: BTreeMap<ReturnReason, AmountOwed>,
    checks: BTreeMap<Slug, CheckState>,
    conditions: BTreeSet<Slug>,
    /// The checks and conditions that hold back every payment.
    for_every_payment: BTreeSet<Slug>,
    /// Returned money, with the bank's dates.
    returns: Vec<(Date, FundingSplit)>,
    /// Bank entries that two people have not settled yet.
    unsettled: BTreeMap<u16, PendingEntry>,
    entries_made: u16,
    /// Attendance at the last decision to raise the award.
    attendance: Attendance,
    agreement: String,
    /// The offer has not been sent: those named as present have not confirmed their attendance.
    offer_waits: bool,
    /// The day on which the offer goes out, while its letter is held.
    #[serde(default)]
    letters_on: Option<Date>,
    /// A revocation that waits for those named as present to confirm it.
    revocation: Option<Revocation>,
    revocations: u32,
    signers: u8,
    /// The names of those who signed the agreement for themselves.
    #[serde(default)]
    signed: BTreeMap<PersonId, Encrypted>,
    eyes: u8,
    update_every_days: Option<u16>,
    expires_on: Option<Date>,
    ends_on: Option<Date>,
    update_due_on: Option<Date>,
    instalments: BTreeMap<u16, Instalment>,
    /// A schedule that waits for a second person, with its proposer.
    proposed_schedule: Option<(Vec<Instalment>, PersonId)>,
    schedules_proposed: u32,
    /// Boxed, like the updates: most grants have one entry, and a B-tree node reserves space for
    /// eleven.
    payments: BTreeMap<u16, Box<Payment>>,
    updates: BTreeMap<u16, Box<Update>>,
    variations: Variations,
    /// By number, whether the story is published; `false` after it was withdrawn.
    stories: BTreeMap<u16, bool>,
    /// How often the group sent news.
    #[serde(default)]
    news: u16,
}

/// The next number of a numbered list. Refuses when the numbers are exhausted.
fn next_number(last: Option<u16>) -> Result<u16, Refusal> {
    last.map_or(Some(1), |last| last.checked_add(1))
        .ok_or(Refusal::TooManyItems(u16::MAX.into()))
}

impl Grant {
    /// Whether a grant was offered, and the award was not taken back.
    #[must_use]
    pub fn exists(&self) -> bool {
        !matches!(self.state, GrantState::Blank | GrantState::TakenBack)
    }

    #[must_use]
    pub fn state(&self) -> GrantState {
        self.state
    }

    #[must_use]
    pub fn fund(&self) -> Option<FundId> {
        self.fund
    }

    #[must_use]
    pub fn group(&self) -> Option<GroupId> {
        self.group
    }

    /// The area and the round of the award.
    #[must_use]
    pub fn area_and_round(&self) -> Option<(&Slug, &Slug)> {
        self.area.as_ref().zip(self.round.as_ref())
    }

    /// The money that is committed for the grant now: the award less released and returned money.
    #[must_use]
    pub fn award(&self) -> &FundingSplit {
        &self.award
    }

    /// Whether money ever left for the group, even if it came back.
    #[must_use]
    pub fn has_ever_been_paid(&self) -> bool {
        self.payments
            .values()
            .any(|payment| payment.has_ever_left())
    }

    /// The money that was paid and has not been returned. Sent payments are included.
    #[must_use]
    pub fn paid(&self) -> &FundingSplit {
        &self.paid
    }

    /// The SHA-256 of the issued agreement.
    #[must_use]
    pub fn agreement(&self) -> &str {
        &self.agreement
    }

    fn must_be(&self, states: &[GrantState]) -> Result<(), Refusal> {
        if states.contains(&self.state) {
            Ok(())
        } else {
            Err(Refusal::GrantNotInState(self.state.into()))
        }
    }

    /// Refuses unless the agreement is accepted and the grant has neither been closed nor
    /// terminated.
    fn must_be_in_force(&self) -> Result<(), Refusal> {
        match self.state {
            GrantState::Offered => Err(Refusal::AgreementNotAccepted),
            _ => self.must_be(&[GrantState::Accepted, GrantState::Live, GrantState::Reported]),
        }
    }

    /// Refuses unless the agreement is accepted and the grant is not closed. A terminated grant
    /// passes.
    fn must_be_in_force_or_terminated(&self) -> Result<(), Refusal> {
        if self.state == GrantState::Terminated {
            Ok(())
        } else {
            self.must_be_in_force()
        }
    }

    /// By source, the award less the paid money and the money reserved for prepared or approved
    /// payments.
    fn unreserved(&self) -> Result<FundingSplit, Refusal> {
        let mut reserved = self
            .payments
            .values()
            .filter(|payment| payment.is_reserved());
        Ok(
            reserved.try_fold(self.award.minus(&self.paid)?, |left, payment| {
                left.minus(&payment.sources)
            })?,
        )
    }

    /// The amount that is neither paid nor reserved for prepared or approved payments.
    fn unpaid(&self) -> Money {
        let under_way: Money = self
            .payments
            .values()
            .filter(|payment| payment.is_reserved())
            .map(|payment| payment.amount)
            .sum();
        let spoken_for = self.paid.total().plus(under_way);
        self.award.total().minus(spoken_for).unwrap_or_default()
    }
}

impl Aggregate for Grant {
    const TYPE: &'static str = "grant";
    type Command = GrantCommand;
    type Event = GrantEvent;

    fn decide(
        &self,
        command: &GrantCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<GrantEvent>, Refusal> {
        use GrantCommand as C;
        let is_absent = matches!(self.state, GrantState::Blank | GrantState::TakenBack);
        if is_absent && !matches!(command, C::Offer(_)) {
            return Err(Refusal::Unknown("grant"));
        }
        self.must_not_disclose(command, facts)?;
        let event = match command {
            C::Offer(offer) => return self.offer(offer, facts),
            C::AcceptAgreement(_) | C::DeclineOffer(_) | C::LapseOffer(_) | C::SendOffer(_) => {
                return self.answer_offer(command, facts);
            }
            C::ReleaseLetter(_) | C::MoveLetter(_) | C::TakeBackAward(_) => {
                return self.decide_letter(command, facts);
            }
            C::WithdrawOffer(_)
            | C::Terminate(_)
            | C::DemandClawback(_)
            | C::ConfirmRevocation(_) => {
                return self.revoke(command, facts);
            }
            C::RequestCheck(_)
            | C::PassCheck(_)
            | C::FailCheck(_)
            | C::ReuseCheck(_)
            | C::ProposeWaiver(_)
            | C::ConfirmWaiver(_) => self.decide_check(command, facts)?,
            C::SchedulePayments(_) | C::ConfirmSchedule(_) => {
                self.decide_schedule(command, facts)?
            }
            C::ConfirmAttendance(of) => self.confirm_attendance(*of, facts)?,
            C::ReversePayment(reverse) => return self.reverse_payment(reverse, facts),
            C::PreparePayment(_)
            | C::ApprovePayment(_)
            | C::RejectPayment(_)
            | C::CancelPayment(_)
            | C::SendPayment(_)
            | C::SendInBatch(_)
            | C::ProposeEarlyPayment(_)
            | C::ConfirmEarlyPayment(_)
            | C::ConfirmPayment(_)
            | C::FailPayment(_)
            | C::CorrectPayment(_) => self.decide_payment(command, facts)?,
            C::RequestVariation(_)
            | C::ApproveVariation(_)
            | C::RefuseVariation(_)
            | C::Grow(_) => return self.decide_variation(command, facts),
            C::Hold(_) | C::Resume(_) => self.decide_hold(command, facts)?,
            C::RequestUpdate(_)
            | C::RemindUpdate(_)
            | C::RemindNow(_)
            | C::SaveUpdate(_)
            | C::ReceiveUpdate(_)
            | C::AcceptUpdate(_)
            | C::QueryUpdate(_)
            | C::ExcuseUpdate(_)
            | C::CorrectUpdate(_)
            | C::JudgeOutcome(_) => self.decide_update(command, facts)?,
            C::DeclareUnderspend(_)
            | C::RequestReturn(_)
            | C::ReceiveReturn(_)
            | C::RecordBankEntry(_)
            | C::ProposeSettlement(_)
            | C::ConfirmSettlement(_)
            | C::ProposeReturnWaiver(_)
            | C::ConfirmReturnWaiver(_)
            | C::Close(_) => self.decide_return(command, facts)?,
            C::SendNews(news) => self.send_news(news, facts)?,
            C::PublishStory(_) | C::WithdrawStory(_) => self.decide_story(command, facts)?,
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &GrantEvent) -> Result<(), BelowZero> {
        use GrantEvent as E;
        self.events += 1;
        match event {
            E::GrantOffered { .. } => self.apply_offered(event),
            E::AgreementIssued { .. }
            | E::OfferSent { .. }
            | E::LetterMoved { .. }
            | E::LetterReleased {}
            | E::AwardTakenBack {}
            | E::AgreementSigned { .. }
            | E::AgreementAccepted { .. }
            | E::OfferDeclined { .. }
            | E::OfferLapsed { .. }
            | E::OfferWithdrawn { .. } => self.apply_offer_event(event),
            E::CheckRequested { .. }
            | E::CheckPassed { .. }
            | E::CheckReused { .. }
            | E::CheckFailed { .. }
            | E::WaiverProposed { .. }
            | E::CheckWaived { .. } => self.apply_check_event(event),
            E::PaymentsScheduled { .. } | E::ScheduleProposed { .. } => self.apply_schedule(event),
            E::AttendanceConfirmed { person, .. } => self.attendance.confirm(*person),
            E::EntryUnsettled { .. } | E::SettlementProposed { .. } | E::EntrySettled { .. } => {
                return self.apply_entry(event);
            }
            E::PaymentPrepared { .. }
            | E::EarlyPaymentProposed { .. }
            | E::EarlyPaymentConfirmed { .. }
            | E::PaymentApproved { .. }
            | E::PaymentRejected { .. }
            | E::PaymentCancelled { .. }
            | E::PaymentSent { .. }
            | E::PaymentConfirmed { .. }
            | E::PaymentFailed { .. }
            | E::PaymentReversed { .. }
            | E::PaymentCorrected { .. } => return self.apply_payment_event(event),
            E::VariationRequested { .. }
            | E::VariationApproved { .. }
            | E::VariationRefused { .. }
            | E::AwardGrown { .. }
            | E::GrantHeld { .. }
            | E::GrantResumed {}
            | E::GrantTerminated { .. } => return self.apply_variation_event(event),
            E::UpdateRequested { .. }
            | E::UpdateMoved { .. }
            | E::ReminderSent { .. }
            | E::UpdateReceived { .. }
            | E::UpdateAccepted { .. }
            | E::UpdateQueried { .. }
            | E::UpdateExcused { .. }
            | E::UpdateCorrected { .. }
            | E::OutcomeJudged { .. } => self.apply_update_event(event),
            E::UpdateSaved { update, .. } => self.count_save(*update),
            E::UnderspendDeclared { .. }
            | E::ReturnRequested { .. }
            | E::ClawbackDemanded { .. }
            | E::ReturnReceived { .. }
            | E::ReturnWaiverProposed { .. }
            | E::ReturnWaived { .. }
            | E::GrantClosed { .. } => return self.apply_return_event(event),
            E::RevocationProposed { .. } | E::RevocationConfirmed { .. } => {
                self.apply_revocation(event);
            }
            E::NewsSent { news, .. } => self.news = *news,
            E::StoryPublished { story, .. } => drop(self.stories.insert(*story, true)),
            E::StoryWithdrawn { story } => drop(self.stories.insert(*story, false)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_before_they_would_begin_again() {
        assert_eq!((next_number(None), next_number(Some(1))), (Ok(1), Ok(2)));
        assert_eq!(
            next_number(Some(u16::MAX)),
            Err(Refusal::TooManyItems(u16::MAX.into()))
        );
    }
}
