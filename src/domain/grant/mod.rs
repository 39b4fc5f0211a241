//! An award's agreement and everything after it: offer, checks, payments, updates, money back, close.
//!
//! The law that holds: 0 ≤ paid ≤ award, for each source, at every event.

mod agreement;
mod change;
mod command;
mod payment;
mod update;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use command::{
    AcceptAgreement, AmountOf, CheckNote, CheckOf, GrantCommand, GrantEvent, JudgeOutcome, Method, Offer, OutcomeKept, PaymentBecause,
    PaymentOf, PaymentOn, PreparePayment, ReceiveReturn, ReceiveUpdate, RequestUpdate, UpdateBecause, UpdateOf,
};
pub use payment::PaymentState;
pub use update::UpdateState;

use super::id::{FundId, GroupId, PersonId};
use super::money::Money;
use super::source::Sources;
use super::text::Slug;
use super::{Facts, Refusal, Stream};
use payment::Payment;
use update::Update;

/// Where a grant stands. What is due, or overdue, follows from its dates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::EnumString, utoipa::ToSchema)]
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
    OfferDeclined,
    OfferLapsed,
    OfferWithdrawn,
}

/// A grant's state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Grant {
    state: GrantState,
    fund: Option<FundId>,
    group: Option<GroupId>,
    /// What is committed for it now.
    award: Sources,
    /// What was paid and has not come back.
    paid: Sources,
    /// What is due back from the group.
    due_back: Money,
    checks: BTreeMap<Slug, CheckState>,
    agreement: String,
    signers: u8,
    eyes: u8,
    expires_on: Option<Date>,
    update_due_on: Option<Date>,
    payments: BTreeMap<u16, Payment>,
    updates: BTreeMap<u16, Update>,
}

/// Where a check stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum CheckState {
    Outstanding,
    Passed,
    Failed,
    WaiverProposed(PersonId),
    Waived,
}

impl Grant {
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

    /// What is committed for the grant now: the award less what was released and returned.
    #[must_use]
    pub fn award(&self) -> &Sources {
        &self.award
    }

    /// What was paid and has not come back.
    #[must_use]
    pub fn paid(&self) -> &Sources {
        &self.paid
    }

    /// The SHA-256 of the issued agreement.
    #[must_use]
    pub fn agreement(&self) -> &str {
        &self.agreement
    }

    fn must_be(&self, states: &[GrantState]) -> Result<(), Refusal> {
        if states.contains(&self.state) { Ok(()) } else { Err(Refusal::GrantNotInState(self.state.into())) }
    }

    /// The agreement is accepted, and the grant not over.
    fn must_run(&self) -> Result<(), Refusal> {
        match self.state {
            GrantState::Offered => Err(Refusal::AgreementNotAccepted),
            _ => self.must_be(&[GrantState::Accepted, GrantState::Live, GrantState::Reported]),
        }
    }

    /// What is neither paid nor on its way.
    fn unpaid(&self) -> Money {
        let under_way: Money = self.payments.values().filter(|payment| payment.is_reserved()).map(|payment| payment.amount).sum();
        let spoken_for = self.paid.total().plus(under_way);
        self.award.total().minus(spoken_for).unwrap_or_default()
    }

    fn offer(&self, offer: &Offer, facts: &Facts) -> Result<Vec<GrantEvent>, Refusal> {
        if self.state != GrantState::Blank {
            return Err(Refusal::Exists("grant"));
        }
        let application = facts.application()?;
        let (Some(place), Some(terms), Some(summary)) = (application.place(), application.terms(), application.summary()) else {
            return Err(Refusal::ApplicationNotInState(application.state().into()));
        };
        let rules = facts.fund()?.rules();
        let (version, hash) = facts.organisation()?.agreement().ok_or(Refusal::NoAgreement)?;
        let stands = jiff::Span::new().days(i64::from(rules.offer_days));
        let offered = GrantEvent::GrantOffered {
            fund: place.fund,
            round: place.round.clone(),
            group: place.group,
            area: terms.area.clone(),
            sources: offer.sources.clone(),
            title: summary.title.clone(),
            description: summary.description.clone(),
            checks: rules.checks.clone(),
            signers: rules.signers,
            eyes: rules.eyes,
            expires_on: facts.today.checked_add(stands).map_err(|_| Refusal::DatesOutOfOrder)?,
            ends_on: terms.ends_on,
            update_due_on: terms.update_due_on,
        };
        Ok(vec![offered, GrantEvent::AgreementIssued { version, hash: hash.to_owned() }])
    }

    fn offered(&mut self, event: &GrantEvent) {
        if let GrantEvent::GrantOffered { fund, group, sources, checks, signers, eyes, expires_on, update_due_on, .. } = event {
            *self = Self {
                state: GrantState::Offered,
                fund: Some(*fund),
                group: Some(*group),
                award: sources.clone(),
                checks: checks.iter().map(|check| (check.clone(), CheckState::Outstanding)).collect(),
                signers: *signers,
                eyes: *eyes,
                expires_on: Some(*expires_on),
                update_due_on: Some(*update_due_on),
                ..Self::default()
            };
        }
    }
}

impl Stream for Grant {
    const TYPE: &'static str = "grant";
    type Command = GrantCommand;
    type Event = GrantEvent;

    fn decide(&self, command: &GrantCommand, facts: &Facts) -> Result<Vec<GrantEvent>, Refusal> {
        use GrantCommand as C;
        if let C::Offer(offer) = command {
            return self.offer(offer, facts);
        }
        if self.state == GrantState::Blank {
            return Err(Refusal::Unknown("grant"));
        }
        match command {
            C::Offer(_) => Err(Refusal::Exists("grant")),
            C::AcceptAgreement(_) | C::DeclineOffer(_) | C::LapseOffer(_) | C::WithdrawOffer(_) => self.answer_offer(command, facts),
            C::PassCheck(_) | C::FailCheck(_) | C::ProposeWaiver(_) | C::ConfirmWaiver(_) => {
                self.check(command, facts).map(|event| vec![event])
            }
            C::PreparePayment(_)
            | C::ApprovePayment(_)
            | C::RejectPayment(_)
            | C::CancelPayment(_)
            | C::SendPayment(_)
            | C::ConfirmPayment(_)
            | C::FailPayment(_) => self.pay(command, facts).map(|event| vec![event]),
            C::RequestUpdate(_) | C::ReceiveUpdate(_) | C::AcceptUpdate(_) | C::ExcuseUpdate(_) | C::JudgeOutcome(_) => {
                self.follow_up(command, facts).map(|event| vec![event])
            }
            C::DeclareUnderspend(_) | C::ReceiveReturn(_) | C::Close(_) => self.give_back(command, facts).map(|event| vec![event]),
        }
    }

    fn apply(&mut self, event: &GrantEvent) {
        match event {
            GrantEvent::GrantOffered { .. } => self.offered(event),
            GrantEvent::AgreementIssued { .. }
            | GrantEvent::AgreementAccepted { .. }
            | GrantEvent::OfferDeclined { .. }
            | GrantEvent::OfferLapsed { .. }
            | GrantEvent::OfferWithdrawn { .. }
            | GrantEvent::CheckPassed { .. }
            | GrantEvent::CheckFailed { .. }
            | GrantEvent::WaiverProposed { .. }
            | GrantEvent::CheckWaived { .. } => self.agreement_changed(event),
            GrantEvent::PaymentPrepared { .. }
            | GrantEvent::PaymentApproved { .. }
            | GrantEvent::PaymentRejected { .. }
            | GrantEvent::PaymentCancelled { .. }
            | GrantEvent::PaymentSent { .. }
            | GrantEvent::PaymentConfirmed { .. }
            | GrantEvent::PaymentFailed { .. } => self.paid_or_not(event),
            GrantEvent::UpdateRequested { .. }
            | GrantEvent::UpdateReceived { .. }
            | GrantEvent::UpdateAccepted { .. }
            | GrantEvent::UpdateExcused { .. }
            | GrantEvent::OutcomeJudged { .. } => self.followed_up(event),
            GrantEvent::UnderspendDeclared { .. } | GrantEvent::ReturnReceived { .. } | GrantEvent::GrantClosed { .. } => {
                self.gave_back(event);
            }
        }
    }
}
