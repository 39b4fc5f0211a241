//! Random commands compared with a simple reference model: after each, domain and model must agree
//! on whether it was accepted, and on every pound.

use std::collections::{BTreeMap, BTreeSet};

use microgrants::domain::command::{Because, Nothing};
use microgrants::domain::fund::Allocate;
use microgrants::domain::grant::{
    AcceptAgreement, AmountOf, ApproveVariation, ConfirmReturnWaiver, DemandClawback, FailPayment,
    GrantState, Method, Owed, PaymentBecause, PaymentOf, PaymentOn, ProposeReturnWaiver,
    ReceiveReturn, RequestVariation, ReversePayment, Revoke, UpdateBecause, Varied,
};
use microgrants::domain::group::VerifyPayee;
use microgrants::domain::organisation::hash_of;
use microgrants::domain::source::Source;
use microgrants::domain::{
    Command, FundCommand, GrantCommand, GrantId, GroupCommand, Money, PersonId,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::cases::Cases;
use crate::office::{AGREEMENT, confirm, gbp, open, passes, prepare, provide_payee, text};
use crate::setting::{FUND, Setting};

pub fn cases(cases: &mut Cases) {
    cases.plain(
        "model::random_histories_agree_with_plain_figures",
        histories,
    );
    cases.plain(
        "model::what_comes_back_is_never_taken_from_a_payment_that_may_still_fail",
        failed_after_a_return,
    );
}

/// Number of groups that apply.
const GROUPS: usize = 4;

#[derive(Clone, Debug)]
enum Move {
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
    Return(usize, Owed, u32),
    ProposeWaiver(usize, Owed, u32, usize),
    ConfirmWaiver(usize, Owed, usize),
    Reverse(usize, u16),
    Vary(usize, u32),
    ApproveVariation(usize, u16, usize),
    Hold(usize),
    Resume(usize),
    Terminate(usize),
    Close(usize),
}

fn moves() -> impl Strategy<Value = Move> {
    let grant = 0..GROUPS;
    let person = 0..3_usize;
    let payment = 1..4_u16;
    let pounds = prop_oneof![1..3_000_u32, Just(500), Just(2500), Just(250)];
    prop_oneof![
        1 => (1..4_000_u32).prop_map(Move::Allocate),
        1 => pounds.clone().prop_map(Move::Withdraw),
        6 => (grant.clone(), 400..2_700_u32).prop_map(|(grant, pounds)| Move::Award(grant, pounds)),
        4 => grant.clone().prop_map(Move::Accept),
        1 => grant.clone().prop_map(Move::DeclineOffer),
        3 => grant.clone().prop_map(Move::PassCheck),
        3 => (grant.clone(), person.clone()).prop_map(|(grant, person)| Move::ProvidePayee(grant, person)),
        5 => (grant.clone(), person.clone()).prop_map(|(grant, person)| Move::VerifyPayee(grant, person)),
        6 => (grant.clone(), pounds.clone(), person.clone()).prop_map(|(grant, pounds, person)| Move::Prepare(grant, pounds, person)),
        8 => (grant.clone(), payment.clone(), person).prop_map(|(grant, payment, person)| Move::Approve(grant, payment, person)),
        1 => (grant.clone(), payment.clone()).prop_map(|(grant, payment)| Move::Cancel(grant, payment)),
        6 => (grant.clone(), payment.clone()).prop_map(|(grant, payment)| Move::Send(grant, payment)),
        3 => (grant.clone(), payment.clone()).prop_map(|(grant, payment)| Move::Confirm(grant, payment)),
        2 => (grant.clone(), payment).prop_map(|(grant, payment)| Move::Fail(grant, payment)),
        1 => grant.clone().prop_map(Move::Excuse),
        2 => (grant.clone(), pounds.clone()).prop_map(|(grant, pounds)| Move::Underspend(grant, pounds)),
        1 => (grant.clone(), pounds.clone()).prop_map(|(grant, pounds)| Move::Clawback(grant, pounds)),
        4 => (grant.clone(), owed(), pounds.clone()).prop_map(|(grant, owed, pounds)| Move::Return(grant, owed, pounds)),
        2 => (grant.clone(), owed(), pounds.clone(), 0..3_usize).prop_map(|(grant, owed, pounds, person)| Move::ProposeWaiver(grant, owed, pounds, person)),
        3 => (grant.clone(), owed(), 0..3_usize).prop_map(|(grant, owed, person)| Move::ConfirmWaiver(grant, owed, person)),
        1 => (grant.clone(), 1..4_u16).prop_map(|(grant, payment)| Move::Reverse(grant, payment)),
        2 => (grant.clone(), 1..3_000_u32).prop_map(|(grant, pounds)| Move::Vary(grant, pounds)),
        3 => (grant.clone(), 1..4_u16, 0..3_usize).prop_map(|(grant, number, person)| Move::ApproveVariation(grant, number, person)),
        1 => grant.clone().prop_map(Move::Hold),
        2 => grant.clone().prop_map(Move::Resume),
        1 => grant.clone().prop_map(Move::Terminate),
        2 => grant.prop_map(Move::Close),
    ]
}

fn owed() -> impl Strategy<Value = Owed> {
    prop_oneof![2 => Just(Owed::Underspend), 1 => Just(Owed::Clawback)]
}

/// The figures of a bookkeeper, in pounds.
#[derive(Clone, Debug, Default)]
struct Plain {
    allocated: i64,
    grants: [PlainGrant; GROUPS],
}

#[derive(Clone, Debug, Default)]
struct PlainGrant {
    state: &'static str,
    award: i64,
    paid: i64,
    due: BTreeMap<Owed, i64>,
    waivers: BTreeMap<Owed, (i64, usize)>,
    /// The requested amount, and the award at that time. `None` once it is approved.
    variations: Vec<Option<(i64, i64)>>,
    held: bool,
    checked: bool,
    excused: bool,
    payee: Option<PlainPayee>,
    payments: Vec<PlainPayment>,
}

#[derive(Clone, Copy, Debug)]
struct PlainPayee {
    number: usize,
    keyer: usize,
    verified: bool,
}

#[derive(Clone, Debug)]
struct PlainPayment {
    amount: i64,
    state: &'static str,
    preparer: usize,
    payee: usize,
}

impl Plain {
    fn committed(&self) -> i64 {
        self.grants.iter().map(|grant| grant.award).sum()
    }

    /// Applies the action if it is allowed. Returns whether it was.
    fn allows(&mut self, step: &Move) -> bool {
        let uncommitted = self.allocated - self.committed();
        match *step {
            Move::Allocate(pounds) => {
                self.allocated += i64::from(pounds);
                true
            }
            Move::Withdraw(pounds) => {
                let fits = i64::from(pounds) <= uncommitted;
                self.allocated -= if fits { i64::from(pounds) } else { 0 };
                fits
            }
            Move::Award(grant, pounds) => {
                let pounds = i64::from(pounds);
                let own = &mut self.grants[grant];
                let fits =
                    own.state.is_empty() && (500..=2500).contains(&pounds) && pounds <= uncommitted;
                if fits {
                    (own.state, own.award) = ("offered", pounds);
                }
                fits
            }
            Move::ApproveVariation(grant, number, _) => {
                let own = &mut self.grants[grant];
                let Some(Some((wanted, asked_at))) =
                    own.variations.get(usize::from(number) - 1).copied()
                else {
                    return false;
                };
                let fits = own.runs()
                    && own.award == asked_at
                    && own.may_vary(wanted)
                    && wanted - own.award <= uncommitted;
                if fits {
                    own.award = wanted;
                    own.variations[usize::from(number) - 1] = None;
                }
                fits
            }
            _ => self.grants[grant_of(step)].allows(step),
        }
    }
}

fn grant_of(step: &Move) -> usize {
    match *step {
        Move::Allocate(_) | Move::Withdraw(_) => 0,
        Move::Award(grant, _)
        | Move::Accept(grant)
        | Move::DeclineOffer(grant)
        | Move::PassCheck(grant)
        | Move::ProvidePayee(grant, _)
        | Move::VerifyPayee(grant, _)
        | Move::Prepare(grant, ..)
        | Move::Approve(grant, ..)
        | Move::Cancel(grant, _)
        | Move::Send(grant, _)
        | Move::Confirm(grant, _)
        | Move::Fail(grant, _)
        | Move::Excuse(grant)
        | Move::Underspend(grant, _)
        | Move::Clawback(grant, _)
        | Move::Return(grant, ..)
        | Move::ProposeWaiver(grant, ..)
        | Move::ConfirmWaiver(grant, ..)
        | Move::Reverse(grant, _)
        | Move::Vary(grant, _)
        | Move::ApproveVariation(grant, ..)
        | Move::Hold(grant)
        | Move::Resume(grant)
        | Move::Terminate(grant)
        | Move::Close(grant) => grant,
    }
}

impl PlainGrant {
    fn runs(&self) -> bool {
        ["accepted", "live", "reported"].contains(&self.state)
    }

    fn on_its_way(&self) -> i64 {
        self.payments
            .iter()
            .filter(|payment| ["prepared", "approved"].contains(&payment.state))
            .map(|payment| payment.amount)
            .sum()
    }

    fn stands(&self) -> bool {
        self.runs() || self.state == "terminated"
    }

    fn payable(&self) -> bool {
        self.runs() && self.checked && !self.held
    }

    fn due_back(&self) -> i64 {
        self.due.values().sum()
    }

    /// Confirmed by the bank, and not due back.
    fn could_return(&self) -> i64 {
        self.confirmed() - self.due_back()
    }

    fn may_vary(&self, wanted: i64) -> bool {
        wanted != self.award
            && wanted >= self.paid + self.on_its_way()
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
    fn settle(&mut self, owed: Owed, amount: i64) {
        let mut left = amount;
        for owed in [owed, Owed::Underspend, Owed::Clawback] {
            let share = left.min(self.due.get(&owed).copied().unwrap_or_default());
            if share > 0 {
                self.owe_less(owed, share);
                left -= share;
            }
        }
    }

    fn owe_less(&mut self, owed: Owed, amount: i64) {
        *self.due.entry(owed).or_default() -= amount;
        self.waivers.remove(&owed);
    }

    /// The payment, if it is in one of these states.
    fn payment(&mut self, number: u16, states: &[&str]) -> Option<&mut PlainPayment> {
        self.payments
            .get_mut(usize::from(number) - 1)
            .filter(|payment| states.contains(&payment.state))
    }

    fn set(&mut self, number: u16, from: &[&str], to: &'static str) -> Option<i64> {
        let payment = self.payment(number, from)?;
        payment.state = to;
        Some(payment.amount)
    }

    fn allows(&mut self, step: &Move) -> bool {
        match *step {
            Move::Accept(_) if self.state == "offered" => self.state = "accepted",
            Move::DeclineOffer(_) if self.state == "offered" => {
                (self.state, self.award) = ("declined", 0);
            }
            Move::PassCheck(_) if (self.runs() || self.state == "offered") && !self.checked => {
                self.checked = true;
            }
            Move::ProvidePayee(_, person) => {
                let number = self.payee.map_or(1, |payee| payee.number + 1);
                self.payee = Some(PlainPayee {
                    number,
                    keyer: person,
                    verified: false,
                });
            }
            Move::VerifyPayee(_, person) => match &mut self.payee {
                Some(payee) if !payee.verified && payee.keyer != person => payee.verified = true,
                _ => return false,
            },
            Move::Prepare(_, pounds, person) => {
                let amount = i64::from(pounds);
                let Some(payee) = self.payee.filter(|payee| payee.verified) else {
                    return false;
                };
                if !self.payable() || amount > self.award - self.paid - self.on_its_way() {
                    return false;
                }
                self.payments.push(PlainPayment {
                    amount,
                    state: "prepared",
                    preparer: person,
                    payee: payee.number,
                });
            }
            Move::Approve(_, number, person) => {
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
            Move::Cancel(_, number) => {
                return self
                    .set(number, &["prepared", "approved"], "cancelled")
                    .is_some();
            }
            Move::Send(_, number) => {
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
            Move::Confirm(_, number) => return self.set(number, &["sent"], "confirmed").is_some(),
            Move::Fail(_, number) => {
                if self.payment(number, &["failed", "reversed"]).is_some() {
                    return true;
                }
                let Some(amount) = self.set(number, &["sent"], "failed") else {
                    return false;
                };
                self.paid -= amount;
            }
            _ => return self.changes(step),
        }
        true
    }

    /// Applies actions other than those of payments. Returns whether they are allowed.
    fn changes(&mut self, step: &Move) -> bool {
        match *step {
            Move::Excuse(_) if self.stands() && !self.excused => {
                self.excused = true;
                if self.runs() {
                    self.state = "reported";
                }
            }
            Move::Underspend(_, pounds) => {
                let amount = i64::from(pounds);
                let unpaid = self.award - self.paid - self.on_its_way();
                if !self.stands() || amount > unpaid + self.could_return() {
                    return false;
                }
                self.award -= amount.min(unpaid);
                *self.due.entry(Owed::Underspend).or_default() += amount - amount.min(unpaid);
            }
            Move::Clawback(_, pounds) => {
                if !self.stands() || i64::from(pounds) > self.could_return() {
                    return false;
                }
                *self.due.entry(Owed::Clawback).or_default() += i64::from(pounds);
            }
            Move::Return(_, owed, pounds) => {
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
            Move::ProposeWaiver(_, owed, pounds, person) => {
                let amount = i64::from(pounds);
                if !self.stands() || amount > self.due.get(&owed).copied().unwrap_or_default() {
                    return false;
                }
                self.waivers.insert(owed, (amount, person));
            }
            Move::ConfirmWaiver(_, owed, person) => match self.waivers.get(&owed).copied() {
                Some((amount, proposer)) if self.stands() && proposer != person => {
                    self.owe_less(owed, amount);
                }
                _ => return false,
            },
            Move::Reverse(_, number) => {
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
                self.award -= if self.runs() { settled } else { back };
                self.settle(Owed::Underspend, settled);
            }
            Move::Vary(_, pounds) => {
                if !self.runs() || !self.may_vary(i64::from(pounds)) {
                    return false;
                }
                self.variations.push(Some((i64::from(pounds), self.award)));
            }
            Move::Hold(_) if self.runs() && !self.held => self.held = true,
            Move::Resume(_) if self.runs() && self.held => self.held = false,
            Move::Terminate(_) => {
                let under_way = self
                    .payments
                    .iter()
                    .any(|payment| ["prepared", "approved", "sent"].contains(&payment.state));
                if !self.runs() || under_way {
                    return false;
                }
                (self.state, self.award) = ("terminated", self.paid);
            }
            Move::Close(_) => {
                let under_way = self
                    .payments
                    .iter()
                    .any(|payment| ["prepared", "approved", "sent"].contains(&payment.state));
                if !self.stands() || !self.excused || under_way || self.due_back() > 0 {
                    return false;
                }
                (self.state, self.award) = ("closed", self.paid);
            }
            _ => return false,
        }
        true
    }
}

fn command(setting: &Setting, step: &Move) -> (PersonId, Command) {
    let Setting { staff, members, .. } = setting;
    let on_grant = |command: GrantCommand| {
        Command::Grant(GrantId(setting.application(grant_of(step)).0), command)
    };
    let on_group = |command: GroupCommand| Command::Group(setting.group(grant_of(step)), command);
    let day = setting.world.today;
    match *step {
        Move::Allocate(pounds) => (
            staff[0],
            Command::Fund(FUND, FundCommand::Allocate(setting.allocate(pounds))),
        ),
        Move::Withdraw(pounds) => (
            staff[0],
            Command::Fund(FUND, FundCommand::WithdrawFunding(setting.withdraw(pounds))),
        ),
        Move::Award(grant, pounds) => (staff[0], setting.award(grant, gbp(pounds))),
        Move::Accept(grant) => {
            let accept = AcceptAgreement {
                hash: hash_of(AGREEMENT),
                method: Method::Web,
                names: vec![open("A"), open("B")],
            };
            (
                members[grant],
                on_grant(GrantCommand::AcceptAgreement(accept)),
            )
        }
        Move::DeclineOffer(grant) => (
            members[grant],
            on_grant(GrantCommand::DeclineOffer(Nothing {})),
        ),
        Move::PassCheck(_) => (staff[0], on_grant(passes("identity"))),
        Move::ProvidePayee(_, person) => {
            (staff[person], on_group(provide_payee("12-34-56 12345678")))
        }
        Move::VerifyPayee(grant, person) => {
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
        Move::Prepare(_, pounds, person) => (staff[person], on_grant(prepare(pounds))),
        Move::Approve(_, payment, person) => (
            staff[person],
            on_grant(GrantCommand::ApprovePayment(PaymentOf { payment })),
        ),
        Move::Cancel(_, payment) => (
            staff[0],
            on_grant(GrantCommand::CancelPayment(PaymentBecause {
                payment,
                reason: text("No"),
            })),
        ),
        Move::Send(_, payment) => (
            staff[0],
            on_grant(GrantCommand::SendPayment(PaymentOn {
                payment,
                happened_on: day,
            })),
        ),
        Move::Confirm(_, payment) => (staff[0], on_grant(confirm(payment, day))),
        Move::Fail(_, payment) => (
            staff[0],
            on_grant(GrantCommand::FailPayment(FailPayment {
                payment,
                reason: text("No"),
                happened_on: None,
            })),
        ),
        Move::Excuse(_) => (
            staff[0],
            on_grant(GrantCommand::ExcuseUpdate(UpdateBecause {
                update: 1,
                reason: text("Ended"),
            })),
        ),
        Move::Underspend(_, pounds) => (
            staff[0],
            on_grant(GrantCommand::DeclareUnderspend(AmountOf {
                amount: gbp(pounds),
            })),
        ),
        Move::Return(_, owed, pounds) => (
            staff[0],
            on_grant(GrantCommand::ReceiveReturn(ReceiveReturn {
                owed,
                amount: gbp(pounds),
                received_on: day,
            })),
        ),
        Move::Clawback(_, pounds) => (
            staff[0],
            on_grant(GrantCommand::DemandClawback(DemandClawback {
                amount: gbp(pounds),
                reason: text("Spent otherwise"),
                present: BTreeSet::new(),
            })),
        ),
        Move::ProposeWaiver(_, owed, pounds, person) => {
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
        Move::ConfirmWaiver(grant, owed, person) => {
            let amount = proposed(setting, grant, owed);
            (
                staff[person],
                on_grant(GrantCommand::ConfirmReturnWaiver(ConfirmReturnWaiver {
                    owed,
                    amount,
                })),
            )
        }
        Move::Reverse(_, payment) => {
            let reverse = ReversePayment {
                payment,
                happened_on: day,
                reason: text("Taken back"),
            };
            (staff[0], on_grant(GrantCommand::ReversePayment(reverse)))
        }
        Move::Vary(grant, pounds) => {
            let change = Varied {
                amount: Some(gbp(pounds)),
                ..Varied::default()
            };
            (
                members[grant],
                on_grant(GrantCommand::RequestVariation(RequestVariation {
                    change,
                    words: open("Costs changed"),
                })),
            )
        }
        Move::ApproveVariation(_, variation, person) => (
            staff[person],
            on_grant(GrantCommand::ApproveVariation(ApproveVariation {
                variation,
                present: BTreeSet::new(),
            })),
        ),
        Move::Hold(_) => (staff[0], on_grant(GrantCommand::Hold(because()))),
        Move::Resume(_) => (staff[0], on_grant(GrantCommand::Resume(Nothing {}))),
        Move::Terminate(_) => (
            staff[0],
            on_grant(GrantCommand::Terminate(Revoke {
                reason: text("A reason"),
                present: BTreeSet::new(),
            })),
        ),
        Move::Close(_) => (staff[0], on_grant(GrantCommand::Close(Nothing {}))),
    }
}

/// The amount proposed to be waived, as the confirming person would read it.
fn proposed(setting: &Setting, grant: usize, owed: Owed) -> Money {
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

fn because() -> Because {
    Because {
        reason: text("A reason"),
    }
}

fn pounds(amount: i64) -> Money {
    gbp(u32::try_from(amount).expect("plain figures never fall below zero"))
}

/// Asserts that domain and model have the same figures.
fn agree(setting: &Setting, plain: &Plain) -> Result<(), TestCaseError> {
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
fn failed_after_a_return() {
    let mut setting = Setting::ready(1);
    let restricted = Source {
        funder: text("council"),
        area: Some(text("oldham")),
    };
    let allocate = FundCommand::Allocate(Allocate {
        source: restricted.clone(),
        ..setting.allocate(500)
    });
    setting.takes(0, Command::Fund(FUND, allocate));
    for step in [
        Move::Award(0, 1000),
        Move::Accept(0),
        Move::PassCheck(0),
        Move::ProvidePayee(0, 2),
        Move::VerifyPayee(0, 0),
        Move::Prepare(0, 500, 0),
        Move::Approve(0, 1, 1),
        Move::Send(0, 1),
        Move::Confirm(0, 1),
        Move::Prepare(0, 500, 0),
        Move::Approve(0, 2, 1),
        Move::Send(0, 2),
        Move::Underspend(0, 100),
        Move::Return(0, Owed::Underspend, 100),
        Move::Fail(0, 2),
    ] {
        let (person, command) = command(&setting, &step);
        setting
            .world
            .by(person, command)
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

fn histories() {
    let config = Config {
        cases: 600,
        failure_persistence: None,
        ..Config::default()
    };
    let history = proptest::collection::vec(moves(), 1..150);
    let taken = std::cell::Cell::new(0_u32);
    let mut runner = TestRunner::new(config);
    let result = runner.run(&history, |history| {
        let mut setting = Setting::ready(GROUPS);
        let mut plain = Plain {
            allocated: 10_000,
            ..Plain::default()
        };
        for step in &history {
            let (person, command) = command(&setting, step);
            let really = setting.world.by(person, command);
            let allowed = plain.allows(step);
            prop_assert_eq!(
                really.is_ok(),
                allowed,
                "{:?}: the rules say {:?}, the figures {:?}",
                step,
                really,
                plain
            );
            taken.set(taken.get() + u32::from(allowed));
            agree(&setting, &plain)?;
        }
        crate::open_data::agrees(&setting.world);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(taken.get() > 5_000, "{} commands were taken", taken.get());
}
