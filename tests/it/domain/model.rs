//! Random commands compared with a simple reference model: after each, domain and model must agree
//! on whether it was accepted, and on every pound.

use std::collections::{BTreeMap, BTreeSet};

use microgrants::domain::command::{NoBody, WithReason};
use microgrants::domain::fund::Allocate;
use microgrants::domain::funding_source::FundingSource;
use microgrants::domain::grant::{
    AcceptAgreement, AcceptanceMethod, ApproveVariation, ConfirmReturnWaiver, DeclareUnderspend,
    DemandClawback, FailPayment, GrantState, PaymentReason, PaymentRef, ProposeReturnWaiver,
    ReceiveReturn, RequestVariation, ReturnReason, ReversePayment, Revoke, SendPayment,
    UpdateReason, VariationChanges,
};
use microgrants::domain::group::VerifyPayee;
use microgrants::domain::organisation::sha256_hex;
use microgrants::domain::{
    Command, FundCommand, GrantCommand, GrantId, GroupCommand, Money, PersonId,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::fixtures::{
    AGREEMENT_TEXT, confirm, gbp, open, pass_check, prepare, provide_payee, text,
};
use crate::support::scenario::{FUND, Scenario};

/// Number of groups that apply.
const GROUPS: usize = 4;

#[derive(Clone, Debug)]
enum Action {
    Allocate(u32),
    Withdraw(u32),
    Award(usize, u32),
    Accept(usize),
    DeclineOffer(usize),
    PassCheck(usize),
    ProvidePayee(usize, usize),
    VerifyPayee(usize, usize),
    Prepare(usize, u32, usize),
    Approve(usize, u16, usize),
    Cancel(usize, u16),
    Send(usize, u16),
    Confirm(usize, u16),
    Fail(usize, u16),
    Excuse(usize),
    Underspend(usize, u32),
    Clawback(usize, u32),
    Return(usize, ReturnReason, u32),
    ProposeWaiver(usize, ReturnReason, u32, usize),
    ConfirmWaiver(usize, ReturnReason, usize),
    Reverse(usize, u16),
    Vary(usize, u32),
    ApproveVariation(usize, u16, usize),
    Hold(usize),
    Resume(usize),
    Terminate(usize),
    Close(usize),
}

fn actions() -> impl Strategy<Value = Action> {
    let grant = 0..GROUPS;
    let person = 0..3_usize;
    let payment = 1..4_u16;
    let pounds = prop_oneof![1..3_000_u32, Just(500), Just(2500), Just(250)];
    prop_oneof![
        1 => (1..4_000_u32).prop_map(Action::Allocate),
        1 => pounds.clone().prop_map(Action::Withdraw),
        6 => (grant.clone(), 400..2_700_u32).prop_map(|(grant, pounds)| Action::Award(grant, pounds)),
        4 => grant.clone().prop_map(Action::Accept),
        1 => grant.clone().prop_map(Action::DeclineOffer),
        3 => grant.clone().prop_map(Action::PassCheck),
        3 => (grant.clone(), person.clone()).prop_map(|(grant, person)| Action::ProvidePayee(grant, person)),
        5 => (grant.clone(), person.clone()).prop_map(|(grant, person)| Action::VerifyPayee(grant, person)),
        6 => (grant.clone(), pounds.clone(), person.clone()).prop_map(|(grant, pounds, person)| Action::Prepare(grant, pounds, person)),
        8 => (grant.clone(), payment.clone(), person).prop_map(|(grant, payment, person)| Action::Approve(grant, payment, person)),
        1 => (grant.clone(), payment.clone()).prop_map(|(grant, payment)| Action::Cancel(grant, payment)),
        6 => (grant.clone(), payment.clone()).prop_map(|(grant, payment)| Action::Send(grant, payment)),
        3 => (grant.clone(), payment.clone()).prop_map(|(grant, payment)| Action::Confirm(grant, payment)),
        2 => (grant.clone(), payment).prop_map(|(grant, payment)| Action::Fail(grant, payment)),
        1 => grant.clone().prop_map(Action::Excuse),
        2 => (grant.clone(), pounds.clone()).prop_map(|(grant, pounds)| Action::Underspend(grant, pounds)),
        1 => (grant.clone(), pounds.clone()).prop_map(|(grant, pounds)| Action::Clawback(grant, pounds)),
        4 => (grant.clone(), owed(), pounds.clone()).prop_map(|(grant, owed, pounds)| Action::Return(grant, owed, pounds)),
        2 => (grant.clone(), owed(), pounds.clone(), 0..3_usize).prop_map(|(grant, owed, pounds, person)| Action::ProposeWaiver(grant, owed, pounds, person)),
        3 => (grant.clone(), owed(), 0..3_usize).prop_map(|(grant, owed, person)| Action::ConfirmWaiver(grant, owed, person)),
        1 => (grant.clone(), 1..4_u16).prop_map(|(grant, payment)| Action::Reverse(grant, payment)),
        2 => (grant.clone(), 1..3_000_u32).prop_map(|(grant, pounds)| Action::Vary(grant, pounds)),
        3 => (grant.clone(), 1..4_u16, 0..3_usize).prop_map(|(grant, number, person)| Action::ApproveVariation(grant, number, person)),
        1 => grant.clone().prop_map(Action::Hold),
        2 => grant.clone().prop_map(Action::Resume),
        1 => grant.clone().prop_map(Action::Terminate),
        2 => grant.prop_map(Action::Close),
    ]
}

fn owed() -> impl Strategy<Value = ReturnReason> {
    prop_oneof![2 => Just(ReturnReason::Underspend), 1 => Just(ReturnReason::Clawback)]
}

/// The figures of a bookkeeper, in pounds.
#[derive(Clone, Debug, Default)]
struct ReferenceModel {
    allocated: i64,
    grants: [ModelGrant; GROUPS],
}

#[derive(Clone, Debug, Default)]
struct ModelGrant {
    state: &'static str,
    award: i64,
    paid: i64,
    due: BTreeMap<ReturnReason, i64>,
    waivers: BTreeMap<ReturnReason, (i64, usize)>,
    /// The requested amount, and the award at that time. `None` once it is approved.
    variations: Vec<Option<(i64, i64)>>,
    held: bool,
    checked: bool,
    excused: bool,
    payee: Option<ModelPayee>,
    payments: Vec<ModelPayment>,
}

#[derive(Clone, Copy, Debug)]
struct ModelPayee {
    number: usize,
    keyer: usize,
    verified: bool,
}

#[derive(Clone, Debug)]
struct ModelPayment {
    amount: i64,
    state: &'static str,
    preparer: usize,
    payee: usize,
}

impl ReferenceModel {
    fn committed(&self) -> i64 {
        self.grants.iter().map(|grant| grant.award).sum()
    }

    /// Applies the action if it is allowed. Returns whether it was.
    fn apply_if_allowed(&mut self, step: &Action) -> bool {
        let uncommitted = self.allocated - self.committed();
        match *step {
            Action::Allocate(pounds) => {
                self.allocated += i64::from(pounds);
                true
            }
            Action::Withdraw(pounds) => {
                let fits = i64::from(pounds) <= uncommitted;
                self.allocated -= if fits { i64::from(pounds) } else { 0 };
                fits
            }
            Action::Award(grant, pounds) => {
                let pounds = i64::from(pounds);
                let own = &mut self.grants[grant];
                let fits =
                    own.state.is_empty() && (500..=2500).contains(&pounds) && pounds <= uncommitted;
                if fits {
                    (own.state, own.award) = ("offered", pounds);
                }
                fits
            }
            Action::ApproveVariation(grant, number, _) => {
                let own = &mut self.grants[grant];
                let Some(Some((wanted, asked_at))) =
                    own.variations.get(usize::from(number) - 1).copied()
                else {
                    return false;
                };
                let fits = own.is_active()
                    && own.award == asked_at
                    && own.may_vary(wanted)
                    && wanted - own.award <= uncommitted;
                if fits {
                    own.award = wanted;
                    own.variations[usize::from(number) - 1] = None;
                }
                fits
            }
            _ => self.grants[grant_of(step)].apply_if_allowed(step),
        }
    }
}

fn grant_of(step: &Action) -> usize {
    match *step {
        Action::Allocate(_) | Action::Withdraw(_) => 0,
        Action::Award(grant, _)
        | Action::Accept(grant)
        | Action::DeclineOffer(grant)
        | Action::PassCheck(grant)
        | Action::ProvidePayee(grant, _)
        | Action::VerifyPayee(grant, _)
        | Action::Prepare(grant, ..)
        | Action::Approve(grant, ..)
        | Action::Cancel(grant, _)
        | Action::Send(grant, _)
        | Action::Confirm(grant, _)
        | Action::Fail(grant, _)
        | Action::Excuse(grant)
        | Action::Underspend(grant, _)
        | Action::Clawback(grant, _)
        | Action::Return(grant, ..)
        | Action::ProposeWaiver(grant, ..)
        | Action::ConfirmWaiver(grant, ..)
        | Action::Reverse(grant, _)
        | Action::Vary(grant, _)
        | Action::ApproveVariation(grant, ..)
        | Action::Hold(grant)
        | Action::Resume(grant)
        | Action::Terminate(grant)
        | Action::Close(grant) => grant,
    }
}

impl ModelGrant {
    fn is_active(&self) -> bool {
        ["accepted", "live", "reported"].contains(&self.state)
    }

    fn unconfirmed(&self) -> i64 {
        self.payments
            .iter()
            .filter(|payment| ["prepared", "approved"].contains(&payment.state))
            .map(|payment| payment.amount)
            .sum()
    }

    fn is_agreed(&self) -> bool {
        self.is_active() || self.state == "terminated"
    }

    fn payable(&self) -> bool {
        self.is_active() && self.checked && !self.held
    }

    fn due_back(&self) -> i64 {
        self.due.values().sum()
    }

    /// Confirmed by the bank, and not due back.
    fn returnable(&self) -> i64 {
        self.confirmed() - self.due_back()
    }

    fn may_vary(&self, wanted: i64) -> bool {
        wanted != self.award
            && wanted >= self.paid + self.unconfirmed()
            && (wanted <= self.award || wanted <= 2500)
    }

    /// Confirmed by the bank, and not returned.
    fn confirmed(&self) -> i64 {
        let sent: i64 = self
            .payments
            .iter()
            .filter(|payment| payment.state == "sent")
            .map(|payment| payment.amount)
            .sum();
        self.paid - sent
    }

    /// Returned money settles the amount due for its own reason first, then the rest.
    fn settle(&mut self, owed: ReturnReason, amount: i64) {
        let mut left = amount;
        for owed in [owed, ReturnReason::Underspend, ReturnReason::Clawback] {
            let share = left.min(self.due.get(&owed).copied().unwrap_or_default());
            if share > 0 {
                self.reduce_owed(owed, share);
                left -= share;
            }
        }
    }

    fn reduce_owed(&mut self, owed: ReturnReason, amount: i64) {
        *self.due.entry(owed).or_default() -= amount;
        self.waivers.remove(&owed);
    }

    /// The payment, if it is in one of these states.
    fn payment(&mut self, number: u16, states: &[&str]) -> Option<&mut ModelPayment> {
        self.payments
            .get_mut(usize::from(number) - 1)
            .filter(|payment| states.contains(&payment.state))
    }

    fn set(&mut self, number: u16, from: &[&str], to: &'static str) -> Option<i64> {
        let payment = self.payment(number, from)?;
        payment.state = to;
        Some(payment.amount)
    }

    fn apply_if_allowed(&mut self, step: &Action) -> bool {
        match *step {
            Action::Accept(_) if self.state == "offered" => self.state = "accepted",
            Action::DeclineOffer(_) if self.state == "offered" => {
                (self.state, self.award) = ("declined", 0);
            }
            Action::PassCheck(_)
                if (self.is_active() || self.state == "offered") && !self.checked =>
            {
                self.checked = true;
            }
            Action::ProvidePayee(_, person) => {
                let number = self.payee.map_or(1, |payee| payee.number + 1);
                self.payee = Some(ModelPayee {
                    number,
                    keyer: person,
                    verified: false,
                });
            }
            Action::VerifyPayee(_, person) => match &mut self.payee {
                Some(payee) if !payee.verified && payee.keyer != person => payee.verified = true,
                _ => return false,
            },
            Action::Prepare(_, pounds, person) => {
                let amount = i64::from(pounds);
                let Some(payee) = self.payee.filter(|payee| payee.verified) else {
                    return false;
                };
                if !self.payable() || amount > self.award - self.paid - self.unconfirmed() {
                    return false;
                }
                self.payments.push(ModelPayment {
                    amount,
                    state: "prepared",
                    preparer: person,
                    payee: payee.number,
                });
            }
            Action::Approve(_, number, person) => {
                let (payable, payee) = (self.payable(), self.payee);
                let Some(payment) = self.payment(number, &["prepared"]) else {
                    return false;
                };
                let four_eyes = payee.is_some_and(|payee| {
                    payee.verified && payee.number == payment.payee && payee.keyer != person
                });
                if !payable || !four_eyes || payment.preparer == person {
                    return false;
                }
                payment.state = "approved";
            }
            Action::Cancel(_, number) => {
                return self
                    .set(number, &["prepared", "approved"], "cancelled")
                    .is_some();
            }
            Action::Send(_, number) => {
                let (payable, payee) = (self.payable(), self.payee);
                let Some(payment) = self.payment(number, &["approved"]) else {
                    return false;
                };
                if !payable
                    || payee.is_none_or(|payee| !payee.verified || payee.number != payment.payee)
                {
                    return false;
                }
                payment.state = "sent";
                self.paid += self.payments[usize::from(number) - 1].amount;
                if self.state == "accepted" {
                    self.state = "live";
                }
            }
            Action::Confirm(_, number) => {
                return self.set(number, &["sent"], "confirmed").is_some();
            }
            Action::Fail(_, number) => {
                if self.payment(number, &["failed", "reversed"]).is_some() {
                    return true;
                }
                let Some(amount) = self.set(number, &["sent"], "failed") else {
                    return false;
                };
                self.paid -= amount;
            }
            _ => return self.apply_other(step),
        }
        true
    }

    /// Applies actions other than those of payments. Returns whether they are allowed.
    fn apply_other(&mut self, step: &Action) -> bool {
        match *step {
            Action::Excuse(_) if self.is_agreed() && !self.excused => {
                self.excused = true;
                if self.is_active() {
                    self.state = "reported";
                }
            }
            Action::Underspend(_, pounds) => {
                let amount = i64::from(pounds);
                let unpaid = self.award - self.paid - self.unconfirmed();
                if !self.is_agreed() || amount > unpaid + self.returnable() {
                    return false;
                }
                self.award -= amount.min(unpaid);
                *self.due.entry(ReturnReason::Underspend).or_default() +=
                    amount - amount.min(unpaid);
            }
            Action::Clawback(_, pounds) => {
                if !self.is_agreed() || i64::from(pounds) > self.returnable() {
                    return false;
                }
                *self.due.entry(ReturnReason::Clawback).or_default() += i64::from(pounds);
            }
            Action::Return(_, owed, pounds) => {
                // Facts from the bank are always recorded: a return that exceeds the payments is
                // left to be settled, and changes no figure.
                let amount = i64::from(pounds);
                if self.state.is_empty() {
                    return false;
                }
                if amount <= self.confirmed() {
                    self.paid -= amount;
                    self.award -= amount;
                    self.settle(owed, amount);
                }
            }
            Action::ProposeWaiver(_, owed, pounds, person) => {
                let amount = i64::from(pounds);
                if !self.is_agreed() || amount > self.due.get(&owed).copied().unwrap_or_default() {
                    return false;
                }
                self.waivers.insert(owed, (amount, person));
            }
            Action::ConfirmWaiver(_, owed, person) => match self.waivers.get(&owed).copied() {
                Some((amount, proposer)) if self.is_agreed() && proposer != person => {
                    self.reduce_owed(owed, amount);
                }
                _ => return false,
            },
            Action::Reverse(_, number) => {
                // A duplicate fact is left for people to settle, and changes no figure.
                if self.payment(number, &["failed", "reversed"]).is_some() {
                    return true;
                }
                let Some(amount) = self.set(number, &["confirmed"], "reversed") else {
                    return false;
                };
                let back = amount.min(self.confirmed());
                let settled = (self.due_back() - (self.confirmed() - back)).max(0);
                self.paid -= back;
                self.award -= if self.is_active() { settled } else { back };
                self.settle(ReturnReason::Underspend, settled);
            }
            Action::Vary(_, pounds) => {
                if !self.is_active() || !self.may_vary(i64::from(pounds)) {
                    return false;
                }
                self.variations.push(Some((i64::from(pounds), self.award)));
            }
            Action::Hold(_) if self.is_active() && !self.held => self.held = true,
            Action::Resume(_) if self.is_active() && self.held => self.held = false,
            Action::Terminate(_) => {
                let under_way = self
                    .payments
                    .iter()
                    .any(|payment| ["prepared", "approved", "sent"].contains(&payment.state));
                if !self.is_active() || under_way {
                    return false;
                }
                (self.state, self.award) = ("terminated", self.paid);
            }
            Action::Close(_) => {
                let under_way = self
                    .payments
                    .iter()
                    .any(|payment| ["prepared", "approved", "sent"].contains(&payment.state));
                if !self.is_agreed() || !self.excused || under_way || self.due_back() > 0 {
                    return false;
                }
                (self.state, self.award) = ("closed", self.paid);
            }
            _ => return false,
        }
        true
    }
}

fn command(setting: &Scenario, step: &Action) -> (PersonId, Command) {
    let Scenario { staff, members, .. } = setting;
    let on_grant = |command: GrantCommand| {
        Command::Grant(GrantId(setting.application(grant_of(step)).0), command)
    };
    let on_group = |command: GroupCommand| Command::Group(setting.group(grant_of(step)), command);
    let day = setting.world.today;
    match *step {
        Action::Allocate(pounds) => (
            staff[0],
            Command::Fund(FUND, FundCommand::Allocate(setting.allocate(pounds))),
        ),
        Action::Withdraw(pounds) => (
            staff[0],
            Command::Fund(FUND, FundCommand::WithdrawFunding(setting.withdraw(pounds))),
        ),
        Action::Award(grant, pounds) => (staff[0], setting.award(grant, gbp(pounds))),
        Action::Accept(grant) => {
            let accept = AcceptAgreement {
                hash: sha256_hex(AGREEMENT_TEXT),
                method: AcceptanceMethod::Web,
                names: vec![open("A"), open("B")],
            };
            (
                members[grant],
                on_grant(GrantCommand::AcceptAgreement(accept)),
            )
        }
        Action::DeclineOffer(grant) => (
            members[grant],
            on_grant(GrantCommand::DeclineOffer(NoBody {})),
        ),
        Action::PassCheck(_) => (staff[0], on_grant(pass_check("identity"))),
        Action::ProvidePayee(_, person) => {
            (staff[person], on_group(provide_payee("12-34-56 12345678")))
        }
        Action::VerifyPayee(grant, person) => {
            let payee = setting
                .world
                .groups
                .get(&setting.group(grant).0)
                .and_then(|group| group.payee())
                .map_or(1, |payee| payee.number);
            (
                staff[person],
                on_group(GroupCommand::VerifyPayee(VerifyPayee {
                    payee,
                    method: text("Statement"),
                })),
            )
        }
        Action::Prepare(_, pounds, person) => (staff[person], on_grant(prepare(pounds))),
        Action::Approve(_, payment, person) => (
            staff[person],
            on_grant(GrantCommand::ApprovePayment(PaymentRef { payment })),
        ),
        Action::Cancel(_, payment) => (
            staff[0],
            on_grant(GrantCommand::CancelPayment(PaymentReason {
                payment,
                reason: text("No"),
            })),
        ),
        Action::Send(_, payment) => (
            staff[0],
            on_grant(GrantCommand::SendPayment(SendPayment {
                payment,
                happened_on: day,
            })),
        ),
        Action::Confirm(_, payment) => (staff[0], on_grant(confirm(payment, day))),
        Action::Fail(_, payment) => (
            staff[0],
            on_grant(GrantCommand::FailPayment(FailPayment {
                payment,
                reason: text("No"),
                happened_on: None,
            })),
        ),
        Action::Excuse(_) => (
            staff[0],
            on_grant(GrantCommand::ExcuseUpdate(UpdateReason {
                update: 1,
                reason: text("Ended"),
            })),
        ),
        Action::Underspend(_, pounds) => (
            staff[0],
            on_grant(GrantCommand::DeclareUnderspend(DeclareUnderspend {
                amount: gbp(pounds),
            })),
        ),
        Action::Return(_, owed, pounds) => (
            staff[0],
            on_grant(GrantCommand::ReceiveReturn(ReceiveReturn {
                owed,
                amount: gbp(pounds),
                received_on: day,
            })),
        ),
        Action::Clawback(_, pounds) => (
            staff[0],
            on_grant(GrantCommand::DemandClawback(DemandClawback {
                amount: gbp(pounds),
                reason: text("Spent otherwise"),
                present: BTreeSet::new(),
            })),
        ),
        Action::ProposeWaiver(_, owed, pounds, person) => {
            let waiver = ProposeReturnWaiver {
                owed,
                amount: gbp(pounds),
                reason: text("Too little"),
            };
            (
                staff[person],
                on_grant(GrantCommand::ProposeReturnWaiver(waiver)),
            )
        }
        Action::ConfirmWaiver(grant, owed, person) => {
            let amount = proposed(setting, grant, owed);
            (
                staff[person],
                on_grant(GrantCommand::ConfirmReturnWaiver(ConfirmReturnWaiver {
                    owed,
                    amount,
                })),
            )
        }
        Action::Reverse(_, payment) => {
            let reverse = ReversePayment {
                payment,
                happened_on: day,
                reason: text("Taken back"),
            };
            (staff[0], on_grant(GrantCommand::ReversePayment(reverse)))
        }
        Action::Vary(grant, pounds) => {
            let change = VariationChanges {
                amount: Some(gbp(pounds)),
                ..VariationChanges::default()
            };
            (
                members[grant],
                on_grant(GrantCommand::RequestVariation(RequestVariation {
                    change,
                    words: open("Costs changed"),
                })),
            )
        }
        Action::ApproveVariation(_, variation, person) => (
            staff[person],
            on_grant(GrantCommand::ApproveVariation(ApproveVariation {
                variation,
                present: BTreeSet::new(),
            })),
        ),
        Action::Hold(_) => (staff[0], on_grant(GrantCommand::Hold(because()))),
        Action::Resume(_) => (staff[0], on_grant(GrantCommand::Resume(NoBody {}))),
        Action::Terminate(_) => (
            staff[0],
            on_grant(GrantCommand::Terminate(Revoke {
                reason: text("A reason"),
                present: BTreeSet::new(),
            })),
        ),
        Action::Close(_) => (staff[0], on_grant(GrantCommand::Close(NoBody {}))),
    }
}

/// The amount proposed to be waived, as the confirming person would read it.
fn proposed(setting: &Scenario, grant: usize, owed: ReturnReason) -> Money {
    let grant = setting
        .world
        .grants
        .get(&setting.application(grant).0)
        .map(|grant| serde_json::to_value(grant).expect("JSON"));
    let amount = grant.and_then(|grant| {
        grant["dues"][<&str>::from(owed)]["waiver"][0]
            .as_str()
            .map(str::to_owned)
    });
    amount
        .and_then(|amount| amount.parse().ok())
        .unwrap_or(gbp(1))
}

fn because() -> WithReason {
    WithReason {
        reason: text("A reason"),
    }
}

fn pounds(amount: i64) -> Money {
    gbp(u32::try_from(amount).expect("plain figures never fall below zero"))
}

/// Asserts that domain and model have the same figures.
fn compare_with_domain(setting: &Scenario, plain: &ReferenceModel) -> Result<(), TestCaseError> {
    let budget = setting.world.funds[&FUND.0].budget();
    prop_assert_eq!(budget.allocated().total(), pounds(plain.allocated));
    prop_assert_eq!(budget.committed().total(), pounds(plain.committed()));
    prop_assert!(
        budget.allocated().minus(budget.committed()).is_ok(),
        "no source is overspent"
    );
    for (number, own) in plain.grants.iter().enumerate() {
        let id = setting.application(number).0;
        let Some(grant) = setting.world.grants.get(&id) else {
            prop_assert!(own.state.is_empty());
            continue;
        };
        prop_assert_eq!(grant.award().total(), pounds(own.award));
        prop_assert_eq!(grant.paid().total(), pounds(own.paid));
        prop_assert_eq!(grant.due_back(), pounds(own.due_back()));
        prop_assert_eq!(budget.committed_for(GrantId(id)), pounds(own.award));
        prop_assert!(
            grant.award().minus(grant.paid()).is_ok(),
            "no source is overpaid"
        );
        prop_assert!((grant.state() == GrantState::Closed) == (own.state == "closed"));
    }
    Ok(())
}

/// Two funding sources, one payment from each. Money is returned while the second payment can still
/// fail, and then it fails.
#[test]
fn what_comes_back_is_never_taken_from_a_payment_that_may_still_fail() {
    let mut setting = Scenario::ready(1);
    let restricted = FundingSource {
        funder: text("council"),
        area: Some(text("oldham")),
    };
    let allocate = FundCommand::Allocate(Allocate {
        source: restricted.clone(),
        ..setting.allocate(500)
    });
    setting.issue_ok(0, Command::Fund(FUND, allocate));
    for step in [
        Action::Award(0, 1000),
        Action::Accept(0),
        Action::PassCheck(0),
        Action::ProvidePayee(0, 2),
        Action::VerifyPayee(0, 0),
        Action::Prepare(0, 500, 0),
        Action::Approve(0, 1, 1),
        Action::Send(0, 1),
        Action::Confirm(0, 1),
        Action::Prepare(0, 500, 0),
        Action::Approve(0, 2, 1),
        Action::Send(0, 2),
        Action::Underspend(0, 100),
        Action::Return(0, ReturnReason::Underspend, 100),
        Action::Fail(0, 2),
    ] {
        let (person, command) = command(&setting, &step);
        setting
            .world
            .issue_as(person, command)
            .unwrap_or_else(|refusal| panic!("{step:?}: {refusal}"));
    }
    let grant = &setting.world.grants[&setting.application(0).0];
    assert_eq!(
        (
            grant.paid().total(),
            grant.paid().from(&restricted),
            grant.award().total()
        ),
        (gbp(400), gbp(400), gbp(900))
    );
}

#[test]
fn random_histories_agree_with_plain_figures() {
    let config = Config {
        cases: 600,
        failure_persistence: None,
        ..Config::default()
    };
    let history = proptest::collection::vec(actions(), 1..150);
    let taken = std::cell::Cell::new(0_u32);
    let mut runner = TestRunner::new(config);
    let result = runner.run(&history, |history| {
        let mut setting = Scenario::ready(GROUPS);
        let mut plain = ReferenceModel {
            allocated: 10_000,
            ..ReferenceModel::default()
        };
        for step in &history {
            let (person, command) = command(&setting, step);
            let really = setting.world.issue_as(person, command);
            let allowed = plain.apply_if_allowed(step);
            prop_assert_eq!(
                really.is_ok(),
                allowed,
                "{:?}: the rules say {:?}, the figures {:?}",
                step,
                really,
                plain
            );
            taken.set(taken.get() + u32::from(allowed));
            compare_with_domain(&setting, &plain)?;
        }
        crate::operations::open_data::assert_sums_agree(&setting.world);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(taken.get() > 5_000, "{} commands were taken", taken.get());
}
