//! Random commands against plain figures: after each, the rules and the figures must agree on what was allowed and
//! on every pound.

use microgrants::domain::command::Nothing;
use microgrants::domain::fund::Allocate;
use microgrants::domain::grant::{AcceptAgreement, AmountOf, GrantState, Method, PaymentBecause, PaymentOf, PaymentOn, UpdateBecause};
use microgrants::domain::group::VerifyPayee;
use microgrants::domain::organisation::hash_of;
use microgrants::domain::source::Source;
use microgrants::domain::{Command, FundCommand, GrantCommand, GrantId, GroupCommand, Money, PersonId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::cases::Cases;
use crate::office::{AGREEMENT, confirm, gbp, open, passes, prepare, provide_payee, receive_return, text};
use crate::setting::{FUND, Setting};

pub fn cases(cases: &mut Cases) {
    cases.plain("model::random_histories_agree_with_plain_figures", histories);
    cases.plain("model::what_comes_back_is_never_taken_from_a_payment_that_may_still_fail", failed_after_a_return);
}

/// How many groups apply in a history.
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
    Return(usize, u32),
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
        3 => (grant.clone(), pounds).prop_map(|(grant, pounds)| Move::Return(grant, pounds)),
        2 => grant.prop_map(Move::Close),
    ]
}

/// What a bookkeeper would write down, in pounds.
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
    due_back: i64,
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

    /// Writes the move down if it is allowed; whether it is.
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
                let fits = own.state.is_empty() && (500..=2500).contains(&pounds) && pounds <= uncommitted;
                if fits {
                    (own.state, own.award) = ("offered", pounds);
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
        | Move::Return(grant, _)
        | Move::Close(grant) => grant,
    }
}

impl PlainGrant {
    fn runs(&self) -> bool {
        ["accepted", "live", "reported"].contains(&self.state)
    }

    fn on_its_way(&self) -> i64 {
        self.payments.iter().filter(|payment| ["prepared", "approved"].contains(&payment.state)).map(|payment| payment.amount).sum()
    }

    fn payable(&self) -> bool {
        self.runs() && self.checked
    }

    /// The payment, where it is in this state.
    fn payment(&mut self, number: u16, states: &[&str]) -> Option<&mut PlainPayment> {
        self.payments.get_mut(usize::from(number) - 1).filter(|payment| states.contains(&payment.state))
    }

    fn set(&mut self, number: u16, from: &[&str], to: &'static str) -> Option<i64> {
        let payment = self.payment(number, from)?;
        payment.state = to;
        Some(payment.amount)
    }

    fn allows(&mut self, step: &Move) -> bool {
        match *step {
            Move::Accept(_) if self.state == "offered" => self.state = "accepted",
            Move::DeclineOffer(_) if self.state == "offered" => (self.state, self.award) = ("declined", 0),
            Move::PassCheck(_) if (self.runs() || self.state == "offered") && !self.checked => self.checked = true,
            Move::ProvidePayee(_, person) => {
                let number = self.payee.map_or(1, |payee| payee.number + 1);
                self.payee = Some(PlainPayee { number, keyer: person, verified: false });
            }
            Move::VerifyPayee(_, person) => match &mut self.payee {
                Some(payee) if !payee.verified && payee.keyer != person => payee.verified = true,
                _ => return false,
            },
            Move::Prepare(_, pounds, person) => {
                let amount = i64::from(pounds);
                let Some(payee) = self.payee.filter(|payee| payee.verified) else { return false };
                if !self.payable() || amount > self.award - self.paid - self.on_its_way() {
                    return false;
                }
                self.payments.push(PlainPayment { amount, state: "prepared", preparer: person, payee: payee.number });
            }
            Move::Approve(_, number, person) => {
                let (payable, payee) = (self.payable(), self.payee);
                let Some(payment) = self.payment(number, &["prepared"]) else { return false };
                let four_eyes = payee.is_some_and(|payee| payee.verified && payee.number == payment.payee && payee.keyer != person);
                if !payable || !four_eyes || payment.preparer == person {
                    return false;
                }
                payment.state = "approved";
            }
            Move::Cancel(_, number) => return self.set(number, &["prepared", "approved"], "cancelled").is_some(),
            Move::Send(_, number) => {
                let (payable, payee) = (self.payable(), self.payee);
                let Some(payment) = self.payment(number, &["approved"]) else { return false };
                if !payable || payee.is_none_or(|payee| !payee.verified || payee.number != payment.payee) {
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
                let Some(amount) = self.set(number, &["sent"], "failed") else { return false };
                self.paid -= amount;
            }
            Move::Excuse(_) if self.runs() && !self.excused => (self.excused, self.state) = (true, "reported"),
            Move::Underspend(_, pounds) => {
                let amount = i64::from(pounds);
                let unpaid = self.award - self.paid - self.on_its_way();
                let sent: i64 = self.payments.iter().filter(|payment| payment.state == "sent").map(|payment| payment.amount).sum();
                if !self.runs() || amount > unpaid + self.paid - sent - self.due_back {
                    return false;
                }
                self.award -= amount.min(unpaid);
                self.due_back += amount - amount.min(unpaid);
            }
            Move::Return(_, pounds) => {
                let amount = i64::from(pounds);
                if !self.runs() || amount > self.due_back {
                    return false;
                }
                self.due_back -= amount;
                self.paid -= amount;
                self.award -= amount;
            }
            Move::Close(_) => {
                let under_way = self.payments.iter().any(|payment| ["prepared", "approved", "sent"].contains(&payment.state));
                if !self.runs() || !self.excused || under_way || self.due_back > 0 {
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
    let on_grant = |command: GrantCommand| Command::Grant(GrantId(setting.application(grant_of(step)).0), command);
    let on_group = |command: GroupCommand| Command::Group(setting.group(grant_of(step)), command);
    let day = setting.world.today;
    match *step {
        Move::Allocate(pounds) => (staff[0], Command::Fund(FUND, FundCommand::Allocate(setting.allocate(pounds)))),
        Move::Withdraw(pounds) => (staff[0], Command::Fund(FUND, FundCommand::WithdrawFunding(setting.withdraw(pounds)))),
        Move::Award(grant, pounds) => (staff[0], setting.award(grant, gbp(pounds))),
        Move::Accept(grant) => {
            let accept = AcceptAgreement { hash: hash_of(AGREEMENT), method: Method::Web, names: vec![open("A"), open("B")] };
            (members[grant], on_grant(GrantCommand::AcceptAgreement(accept)))
        }
        Move::DeclineOffer(grant) => (members[grant], on_grant(GrantCommand::DeclineOffer(Nothing {}))),
        Move::PassCheck(_) => (staff[0], on_grant(passes("identity"))),
        Move::ProvidePayee(_, person) => (staff[person], on_group(provide_payee("12-34-56 12345678"))),
        Move::VerifyPayee(grant, person) => {
            let payee = setting.world.groups.get(&setting.group(grant).0).and_then(|group| group.payee()).map_or(1, |payee| payee.number);
            (staff[person], on_group(GroupCommand::VerifyPayee(VerifyPayee { payee, method: text("Statement") })))
        }
        Move::Prepare(_, pounds, person) => (staff[person], on_grant(prepare(pounds))),
        Move::Approve(_, payment, person) => (staff[person], on_grant(GrantCommand::ApprovePayment(PaymentOf { payment }))),
        Move::Cancel(_, payment) => (staff[0], on_grant(GrantCommand::CancelPayment(PaymentBecause { payment, reason: text("No") }))),
        Move::Send(_, payment) => (staff[0], on_grant(GrantCommand::SendPayment(PaymentOn { payment, happened_on: day }))),
        Move::Confirm(_, payment) => (staff[0], on_grant(confirm(payment, day))),
        Move::Fail(_, payment) => (staff[0], on_grant(GrantCommand::FailPayment(PaymentBecause { payment, reason: text("No") }))),
        Move::Excuse(_) => (staff[0], on_grant(GrantCommand::ExcuseUpdate(UpdateBecause { update: 1, reason: text("Ended") }))),
        Move::Underspend(_, pounds) => (staff[0], on_grant(GrantCommand::DeclareUnderspend(AmountOf { amount: gbp(pounds) }))),
        Move::Return(_, pounds) => (staff[0], on_grant(receive_return(pounds, day))),
        Move::Close(_) => (staff[0], on_grant(GrantCommand::Close(Nothing {}))),
    }
}

fn pounds(amount: i64) -> Money {
    gbp(u32::try_from(amount).expect("plain figures never fall below zero"))
}

/// The figures of the rules and the plain ones are the same.
fn agree(setting: &Setting, plain: &Plain) -> Result<(), TestCaseError> {
    let budget = setting.world.funds[&FUND.0].budget();
    prop_assert_eq!(budget.allocated().total(), pounds(plain.allocated));
    prop_assert_eq!(budget.committed().total(), pounds(plain.committed()));
    prop_assert!(budget.allocated().minus(budget.committed()).is_ok(), "no source is overspent");
    for (number, own) in plain.grants.iter().enumerate() {
        let id = setting.application(number).0;
        let Some(grant) = setting.world.grants.get(&id) else {
            prop_assert!(own.state.is_empty());
            continue;
        };
        prop_assert_eq!(grant.award().total(), pounds(own.award));
        prop_assert_eq!(grant.paid().total(), pounds(own.paid));
        prop_assert_eq!(budget.committed_for(GrantId(id)), pounds(own.award));
        prop_assert!(grant.award().minus(grant.paid()).is_ok(), "no source is overpaid");
        prop_assert!((grant.state() == GrantState::Closed) == (own.state == "closed"));
    }
    Ok(())
}

/// Two sources: one payment from each. Money comes back while the second may still fail, and then it does.
fn failed_after_a_return() {
    let mut setting = Setting::ready(1);
    let restricted = Source { funder: text("council"), area: Some(text("oldham")) };
    let allocate = FundCommand::Allocate(Allocate { source: restricted.clone(), ..setting.allocate(500) });
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
        Move::Return(0, 100),
        Move::Fail(0, 2),
    ] {
        let (person, command) = command(&setting, &step);
        setting.world.by(person, command).unwrap_or_else(|refusal| panic!("{step:?}: {refusal}"));
    }
    let grant = &setting.world.grants[&setting.application(0).0];
    assert_eq!((grant.paid().total(), grant.paid().from(&restricted), grant.award().total()), (gbp(400), gbp(400), gbp(900)));
}

fn histories() {
    let config = Config { cases: 600, failure_persistence: None, ..Config::default() };
    let history = proptest::collection::vec(moves(), 1..150);
    let taken = std::cell::Cell::new(0_u32);
    let mut runner = TestRunner::new(config);
    let result = runner.run(&history, |history| {
        let mut setting = Setting::ready(GROUPS);
        let mut plain = Plain { allocated: 10_000, ..Plain::default() };
        for step in &history {
            let (person, command) = command(&setting, step);
            let really = setting.world.by(person, command);
            let allowed = plain.allows(step);
            prop_assert_eq!(really.is_ok(), allowed, "{:?}: the rules say {:?}, the figures {:?}", step, really, plain);
            taken.set(taken.get() + u32::from(allowed));
            agree(&setting, &plain)?;
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(taken.get() > 5_000, "{} commands were taken", taken.get());
}
