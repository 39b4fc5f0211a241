//! The reference model: the figures that a bookkeeper keeps, and what they allow.

use std::collections::BTreeMap;

use microgrants::domain::grant::ReturnReason;

use super::GROUPS;
use super::action::{Action, grant_of};

/// The figures of a bookkeeper, in pounds.
#[derive(Clone, Debug, Default)]
pub struct ReferenceModel {
    pub allocated: i64,
    /// Whether the meeting has letters that were not released.
    pub letters_held: bool,
    pub grants: [ModelGrant; GROUPS],
}

#[derive(Clone, Debug, Default)]
pub struct ModelGrant {
    pub state: &'static str,
    pub award: i64,
    pub paid: i64,
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
    pub fn committed(&self) -> i64 {
        self.grants.iter().map(|grant| grant.award).sum()
    }

    /// Applies the action if it is allowed. Returns whether it was.
    pub fn apply_if_allowed(&mut self, step: &Action) -> bool {
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
            Action::Award(grant, pounds) | Action::HoldAward(grant, pounds) => {
                let pounds = i64::from(pounds);
                let own = &mut self.grants[grant];
                let fits =
                    own.state.is_empty() && (500..=2500).contains(&pounds) && pounds <= uncommitted;
                if fits {
                    let held = matches!(step, Action::HoldAward(..));
                    self.letters_held |= held;
                    own.state = if held { "held" } else { "offered" };
                    own.award = pounds;
                }
                fits
            }
            Action::ReleaseLetters => self.release_letters(),
            Action::ApproveVariation(grant, number, _) => {
                self.grants[grant].approve_variation(usize::from(number), uncommitted)
            }
            _ => self.grants[grant_of(step)].apply_if_allowed(step),
        }
    }
}

impl ReferenceModel {
    /// Releases the letters that are held, of decisions that were taken back as well.
    fn release_letters(&mut self) -> bool {
        for grant in &mut self.grants {
            if grant.state == "held" {
                grant.state = "offered";
            }
        }
        std::mem::take(&mut self.letters_held)
    }
}

impl ModelGrant {
    /// Applies the action if it is allowed. Returns whether it was.
    fn apply_if_allowed(&mut self, step: &Action) -> bool {
        match *step {
            Action::TakeBack(_) => self.take_back(),
            Action::Accept(_) => self.answer_offer("accepted", self.award),
            Action::DeclineOffer(_) => self.answer_offer("declined", 0),
            Action::PassCheck(_) => self.pass_check(),
            Action::ProvidePayee(_, person) => self.provide_payee(person),
            Action::VerifyPayee(_, person) => self.verify_payee(person),
            Action::Prepare(_, pounds, person) => self.prepare(pounds.into(), person),
            Action::Approve(_, number, person) => self.approve(number, person),
            Action::Cancel(_, number) => self
                .set(number, &["prepared", "approved"], "cancelled")
                .is_some(),
            Action::Send(_, number) => self.send(number),
            Action::Confirm(_, number) => self.set(number, &["sent"], "confirmed").is_some(),
            Action::Fail(_, number) => self.fail(number),
            Action::Reverse(_, number) => self.reverse(number),
            Action::Excuse(_) => self.excuse(),
            Action::Underspend(_, pounds) => self.declare_underspend(pounds.into()),
            Action::Clawback(_, pounds) => self.claw_back(pounds.into()),
            Action::Return(_, owed, pounds) => self.receive_return(owed, pounds.into()),
            Action::ProposeWaiver(_, owed, pounds, person) => {
                self.propose_waiver(owed, pounds.into(), person)
            }
            Action::ConfirmWaiver(_, owed, person) => self.confirm_waiver(owed, person),
            Action::Vary(_, pounds) => self.request_variation(pounds.into()),
            Action::Hold(_) => self.set_held(true),
            Action::Resume(_) => self.set_held(false),
            Action::Terminate(_) => self.terminate(),
            Action::Close(_) => self.close(),
            Action::Allocate(_)
            | Action::Withdraw(_)
            | Action::Award(..)
            | Action::HoldAward(..)
            | Action::ReleaseLetters
            | Action::ApproveVariation(..) => unreachable!("{step:?} needs the fund's figures"),
        }
    }

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

    pub fn due_back(&self) -> i64 {
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
}

/// Its offer, payee and state.
impl ModelGrant {
    fn answer_offer(&mut self, state: &'static str, award: i64) -> bool {
        let allowed = self.state == "offered";
        if allowed {
            (self.state, self.award) = (state, award);
        }
        allowed
    }

    /// Only while the letter is held. The same application can be awarded again.
    fn take_back(&mut self) -> bool {
        let allowed = self.state == "held";
        if allowed {
            (self.state, self.award, self.checked) = ("", 0, false);
        }
        allowed
    }

    fn pass_check(&mut self) -> bool {
        let is_offered = ["offered", "held"].contains(&self.state);
        let allowed = (self.is_active() || is_offered) && !self.checked;
        self.checked |= allowed;
        allowed
    }

    fn provide_payee(&mut self, person: usize) -> bool {
        let number = self.payee.map_or(1, |payee| payee.number + 1);
        self.payee = Some(ModelPayee {
            number,
            keyer: person,
            verified: false,
        });
        true
    }

    fn verify_payee(&mut self, person: usize) -> bool {
        match &mut self.payee {
            Some(payee) if !payee.verified && payee.keyer != person => {
                payee.verified = true;
                true
            }
            _ => false,
        }
    }

    fn excuse(&mut self) -> bool {
        let allowed = self.is_agreed() && !self.excused;
        if allowed {
            self.excused = true;
            if self.is_active() {
                self.state = "reported";
            }
        }
        allowed
    }

    fn request_variation(&mut self, wanted: i64) -> bool {
        let allowed = self.is_active() && self.may_vary(wanted);
        if allowed {
            self.variations.push(Some((wanted, self.award)));
        }
        allowed
    }

    fn approve_variation(&mut self, number: usize, uncommitted: i64) -> bool {
        let Some(Some((wanted, asked_at))) = self.variations.get(number - 1).copied() else {
            return false;
        };
        let allowed = self.is_active()
            && self.award == asked_at
            && self.may_vary(wanted)
            && wanted - self.award <= uncommitted;
        if allowed {
            self.award = wanted;
            self.variations[number - 1] = None;
        }
        allowed
    }

    fn set_held(&mut self, held: bool) -> bool {
        let allowed = self.is_active() && self.held != held;
        if allowed {
            self.held = held;
        }
        allowed
    }

    fn terminate(&mut self) -> bool {
        let allowed = self.is_active() && !self.has_payment_under_way();
        if allowed {
            (self.state, self.award) = ("terminated", self.paid);
        }
        allowed
    }

    fn close(&mut self) -> bool {
        let allowed = self.is_agreed()
            && self.excused
            && !self.has_payment_under_way()
            && self.due_back() <= 0;
        if allowed {
            (self.state, self.award) = ("closed", self.paid);
        }
        allowed
    }

    fn has_payment_under_way(&self) -> bool {
        self.payments
            .iter()
            .any(|payment| ["prepared", "approved", "sent"].contains(&payment.state))
    }
}

/// Its payments.
impl ModelGrant {
    /// The verified payee, if the bank has not returned a payment to it.
    fn payee_in_use(&self) -> Option<ModelPayee> {
        let returned = |payee: &ModelPayee| {
            self.payments.iter().any(|payment| {
                payment.payee == payee.number && ["failed", "reversed"].contains(&payment.state)
            })
        };
        self.payee
            .filter(|payee| payee.verified && !returned(payee))
    }

    fn prepare(&mut self, amount: i64, person: usize) -> bool {
        let Some(payee) = self.payee_in_use() else {
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
        true
    }

    fn approve(&mut self, number: u16, person: usize) -> bool {
        let (payable, payee) = (self.payable(), self.payee_in_use());
        let Some(payment) = self.payment(number, &["prepared"]) else {
            return false;
        };
        let four_eyes =
            payee.is_some_and(|payee| payee.number == payment.payee && payee.keyer != person);
        let allowed = payable && four_eyes && payment.preparer != person;
        if allowed {
            payment.state = "approved";
        }
        allowed
    }

    fn send(&mut self, number: u16) -> bool {
        let (payable, payee) = (self.payable(), self.payee_in_use());
        let Some(payment) = self.payment(number, &["approved"]) else {
            return false;
        };
        let to_this_payee = payee.is_some_and(|payee| payee.number == payment.payee);
        if !payable || !to_this_payee {
            return false;
        }
        payment.state = "sent";
        let amount = payment.amount;
        self.paid += amount;
        if self.state == "accepted" {
            self.state = "live";
        }
        true
    }

    fn fail(&mut self, number: u16) -> bool {
        // A duplicate fact is left for people to settle, and changes no figure.
        if self.payment(number, &["failed", "reversed"]).is_some() {
            return true;
        }
        let Some(amount) = self.set(number, &["sent"], "failed") else {
            return false;
        };
        self.paid -= amount;
        true
    }

    fn reverse(&mut self, number: u16) -> bool {
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
        true
    }
}

/// Money that is asked back or comes back.
impl ModelGrant {
    fn declare_underspend(&mut self, amount: i64) -> bool {
        let unpaid = self.award - self.paid - self.unconfirmed();
        if !self.is_agreed() || amount > unpaid + self.returnable() {
            return false;
        }
        self.award -= amount.min(unpaid);
        *self.due.entry(ReturnReason::Underspend).or_default() += amount - amount.min(unpaid);
        true
    }

    fn claw_back(&mut self, amount: i64) -> bool {
        if !self.is_agreed() || amount > self.returnable() {
            return false;
        }
        *self.due.entry(ReturnReason::Clawback).or_default() += amount;
        true
    }

    fn receive_return(&mut self, owed: ReturnReason, amount: i64) -> bool {
        // Facts from the bank are always recorded: a return that exceeds the payments is left to
        // be settled, and changes no figure.
        if ["", "held"].contains(&self.state) {
            return false;
        }
        if amount <= self.confirmed() {
            self.paid -= amount;
            self.award -= amount;
            self.settle(owed, amount);
        }
        true
    }

    fn propose_waiver(&mut self, owed: ReturnReason, amount: i64, person: usize) -> bool {
        if !self.is_agreed() || amount > self.due.get(&owed).copied().unwrap_or_default() {
            return false;
        }
        self.waivers.insert(owed, (amount, person));
        true
    }

    fn confirm_waiver(&mut self, owed: ReturnReason, person: usize) -> bool {
        match self.waivers.get(&owed).copied() {
            Some((amount, proposer)) if self.is_agreed() && proposer != person => {
                self.reduce_owed(owed, amount);
                true
            }
            _ => false,
        }
    }
}
