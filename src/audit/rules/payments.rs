//! Payments: the order of their steps, the people who act on them, and their amounts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::funding_source::FundingSplit;
use crate::domain::text::Slug;
use crate::domain::{
    Event, FundEvent, FundId, Grant, GrantEvent, Group, Money, PersonId, Role, Rule,
};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Payments {
    /// By grant and number.
    tracked: BTreeMap<(Uuid, u16), TrackedPayment>,
    /// By grant: how many people act on each payment, as it was offered.
    people_offered: BTreeMap<Uuid, usize>,
    /// The batches of the current command.
    batches: BTreeMap<Slug, SentBatch>,
}

/// A batch of payments, and the place of the first event that names it.
struct SentBatch {
    position: i64,
    record: Uuid,
    /// How many payments and how much money the fund says that it sent.
    said: Option<(u32, Money)>,
    sent: (u32, Money),
}

/// A payment after its events so far.
struct TrackedPayment {
    step: PaymentProgress,
    amount: Money,
    sources: FundingSplit,
    people_needed: usize,
    prepared_by: PersonId,
    approved_by: BTreeSet<PersonId>,
    /// The day of the last approval; earlier programs did not write it.
    approved_on: Option<Date>,
    sent_on: Option<Date>,
    paid_on: Option<Date>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PaymentProgress {
    Prepared,
    Approved,
    Sent,
    Confirmed,
    /// Rejected, cancelled, failed or reversed.
    Over,
}

impl RuleRoom for Payments {
    fn rules(&self) -> &'static [Rule] {
        &[
            Rule::PaymentByTwo,
            Rule::PaymentByFinance,
            Rule::PaymentOrder,
            Rule::PaymentAmount,
        ]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        use GrantEvent as E;
        use PaymentProgress as S;
        self.follow_batch(event);
        let Event::Grant(happened) = &event.event else {
            return;
        };
        let grant = event.stream;
        match happened {
            E::GrantOffered { fund, eyes, .. } => {
                let people = usize::from(*eyes);
                self.people_offered.insert(grant, people);
                check_offer(*fund, people, before, broken);
            }
            E::PaymentPrepared { .. } => self.check_preparation(grant, happened, before, broken),
            E::PaymentApproved {
                payment,
                approved_by,
                approved_on,
            } => {
                let approval = (*approved_by, *approved_on);
                self.check_approval((grant, *payment), approval, before, broken);
            }
            E::PaymentRejected { payment, .. } => {
                self.take_step((grant, *payment), &[S::Prepared], S::Over, broken);
            }
            E::PaymentCancelled { payment, .. } => {
                let from = [S::Prepared, S::Approved];
                self.take_step((grant, *payment), &from, S::Over, broken);
            }
            E::PaymentSent {
                payment,
                sources,
                sent_on,
                ..
            } => {
                must_be_awarded(before.grant(grant), sources, broken);
                let sent = self.take_step((grant, *payment), &[S::Approved], S::Sent, broken);
                if let Some(sent) = sent {
                    sent.check_sending(sources, *sent_on, broken);
                }
            }
            _ => self.check_bank_event(grant, happened, broken),
        }
    }

    fn end_command(&mut self, _after: &LogState, broken: &mut Broken<'_>) {
        for batch in std::mem::take(&mut self.batches).into_values() {
            if batch.said != Some(batch.sent) {
                let says = "a batch has other payments than were sent with it";
                broken.report_at(batch.position, batch.record, Rule::PaymentAmount, says);
            }
        }
    }
}

impl Payments {
    /// Notes what a batch says that it sent, and the payments that were sent in it.
    fn follow_batch(&mut self, event: &RecordedEvent) {
        let (name, said, sent) = match &event.event {
            Event::Fund(FundEvent::BatchSent {
                batch,
                payments,
                total,
                ..
            }) => (batch, Some((*payments, *total)), (0, Money::ZERO)),
            Event::Grant(GrantEvent::PaymentSent {
                batch: Some(batch),
                sources,
                ..
            }) => (batch, None, (1, sources.total())),
            _ => return,
        };
        let found = self.batches.entry(name.clone()).or_insert(SentBatch {
            position: event.position,
            record: event.stream,
            said: None,
            sent: (0, Money::ZERO),
        });
        found.said = said.or(found.said);
        let (payments, total) = found.sent;
        found.sent = (payments.saturating_add(sent.0), total.plus(sent.1));
    }

    /// Moves a payment on, and reports a step that does not follow the one before.
    fn take_step(
        &mut self,
        key: (Uuid, u16),
        from: &[PaymentProgress],
        to: PaymentProgress,
        broken: &mut Broken<'_>,
    ) -> Option<&mut TrackedPayment> {
        let Some(payment) = self.tracked.get_mut(&key) else {
            let says = format!("nobody had prepared the payment {}", key.1);
            broken.report(Rule::PaymentOrder, says);
            return None;
        };
        if !from.contains(&payment.step) {
            let says = format!(
                "the payment {} was {}, and {} before",
                key.1,
                to.past(),
                payment.step.past()
            );
            broken.report(Rule::PaymentOrder, says);
        }
        payment.step = to;
        Some(payment)
    }

    fn check_preparation(
        &mut self,
        grant: Uuid,
        event: &GrantEvent,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        let GrantEvent::PaymentPrepared {
            payment,
            amount,
            prepared_by,
            eyes,
            sources,
            ..
        } = event
        else {
            return;
        };
        let offered = self.people_offered.get(&grant).copied().unwrap_or_default();
        let people = usize::from(*eyes);
        let says = "a payment needs another number of people than the grant was offered with";
        broken.unless(people == offered, Rule::PaymentByTwo, says);
        // Earlier programs did not write the sources here.
        let is_whole = sources.is_empty() || sources.total() == *amount;
        let says = "the sources of a payment do not add up to its amount";
        broken.unless(is_whole, Rule::PaymentAmount, says);
        let state = before.grant(grant);
        let is_left = state.is_some_and(|state| self.is_left(grant, state, *amount, sources));
        let says = "a payment was prepared for more than is left of the award";
        broken.unless(is_left, Rule::PaymentAmount, says);
        let prepared = TrackedPayment {
            step: PaymentProgress::Prepared,
            amount: *amount,
            sources: sources.clone(),
            people_needed: people.max(offered),
            prepared_by: *prepared_by,
            approved_by: BTreeSet::new(),
            approved_on: None,
            sent_on: None,
            paid_on: None,
        };
        let newest = self.tracked.range((grant, 0)..=(grant, u16::MAX));
        let newest = newest.map(|((_, number), _)| *number).max();
        let is_next = newest.unwrap_or(0).checked_add(1) == Some(*payment);
        let says = format!("the payment {payment} of a grant has not the next number");
        broken.unless(is_next, Rule::PaymentOrder, says);
        self.tracked.insert((grant, *payment), prepared);
    }

    /// Whether an amount is neither paid nor reserved for other payments, in total and by source.
    fn is_left(&self, grant: Uuid, state: &Grant, amount: Money, sources: &FundingSplit) -> bool {
        let (mut reserved, mut reserved_sources) = (Money::ZERO, FundingSplit::default());
        for (_, payment) in self.tracked.range((grant, 0)..=(grant, u16::MAX)) {
            if matches!(
                payment.step,
                PaymentProgress::Prepared | PaymentProgress::Approved
            ) {
                reserved = reserved.plus(payment.amount);
                reserved_sources = reserved_sources.plus(&payment.sources);
            }
        }
        let Ok(unpaid) = state.award().minus(state.paid()) else {
            return false;
        };
        let is_left_in_total = unpaid
            .total()
            .minus(reserved)
            .is_ok_and(|left| left.covers(amount));
        let is_left_by_source = unpaid
            .minus(&reserved_sources)
            .is_ok_and(|left| left.minus(sources).is_ok());
        is_left_in_total && is_left_by_source
    }

    fn check_approval(
        &mut self,
        key: (Uuid, u16),
        (approved_by, approved_on): (PersonId, Option<Date>),
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        let says = "a payment was approved by a person who does not hold the finance role";
        let is_of_finance = before.holds_role(approved_by, Role::Finance);
        broken.unless(is_of_finance, Rule::PaymentByFinance, says);
        let payee = before.group_of(key.0).and_then(Group::payee);
        let entered = payee.is_some_and(|payee| {
            payee.keyed_by == approved_by || payee.behind.contains(&approved_by)
        });
        let says = "a payment was approved by a person who entered its bank details, or let in \
                    the one who did";
        broken.unless(!entered, Rule::PaymentByTwo, says);
        let (from, to) = ([PaymentProgress::Prepared], PaymentProgress::Approved);
        let Some(payment) = self.take_step(key, &from, to, broken) else {
            return;
        };
        let says = "one person prepared a payment and approved it";
        let is_another = payment.prepared_by != approved_by;
        broken.unless(is_another, Rule::PaymentByTwo, says);
        let says = "one person approved a payment twice";
        let is_first = payment.approved_by.insert(approved_by);
        broken.unless(is_first, Rule::PaymentByTwo, says);
        payment.approved_on = payment.approved_on.max(approved_on);
        if payment.people() < payment.people_needed {
            payment.step = PaymentProgress::Prepared;
        }
    }

    /// Checks what the bank did with a payment.
    fn check_bank_event(&mut self, grant: Uuid, event: &GrantEvent, broken: &mut Broken<'_>) {
        use GrantEvent as E;
        use PaymentProgress as S;
        match event {
            E::PaymentConfirmed {
                payment, paid_on, ..
            } => {
                let key = (grant, *payment);
                if let Some(paid) = self.take_step(key, &[S::Sent], S::Confirmed, broken) {
                    paid.check_paid_on(*paid_on, broken);
                }
            }
            E::PaymentCorrected {
                payment, paid_on, ..
            } => {
                let key = (grant, *payment);
                if let Some(paid) = self.take_step(key, &[S::Confirmed], S::Confirmed, broken) {
                    paid.check_paid_on(*paid_on, broken);
                }
            }
            E::PaymentFailed {
                payment,
                sources,
                failed_on,
                ..
            } => {
                let key = (grant, *payment);
                if let Some(failed) = self.take_step(key, &[S::Sent], S::Over, broken) {
                    let says = "another amount of a failed payment came back than was sent";
                    broken.unless(failed.sources == *sources, Rule::PaymentAmount, says);
                    must_follow(failed.sent_on, *failed_on, broken);
                }
            }
            E::PaymentReversed {
                payment,
                sources,
                reversed_on,
                released,
                ..
            } => {
                let key = (grant, *payment);
                if let Some(reversed) = self.take_step(key, &[S::Confirmed], S::Over, broken) {
                    let is_covered =
                        reversed.sources.minus(sources).is_ok() && sources.minus(released).is_ok();
                    let says = "more of a reversed payment came back than was sent";
                    broken.unless(is_covered, Rule::PaymentAmount, says);
                    must_follow(reversed.paid_on, *reversed_on, broken);
                }
            }
            _ => {}
        }
    }
}

impl TrackedPayment {
    /// How many people have acted on it.
    fn people(&self) -> usize {
        let others = self.approved_by.iter();
        1 + others.filter(|by| **by != self.prepared_by).count()
    }

    fn check_sending(&mut self, sources: &FundingSplit, sent_on: Date, broken: &mut Broken<'_>) {
        let (people, needed) = (self.people(), self.people_needed);
        if people < needed {
            let says = format!("{people} people acted on a payment that needs {needed}");
            broken.report(Rule::PaymentByTwo, says);
        }
        if sources.total() != self.amount {
            let (sent, prepared) = (sources.total(), self.amount);
            let says = format!("{sent} was sent, and {prepared} was prepared");
            broken.report(Rule::PaymentAmount, says);
        }
        let are_same = self.sources.is_empty() || self.sources == *sources;
        let says = "a payment was sent from other sources than it was prepared for";
        broken.unless(are_same, Rule::PaymentAmount, says);
        must_follow(self.approved_on, sent_on, broken);
        self.sources = sources.clone();
        self.sent_on = Some(sent_on);
    }

    /// Checks the day of the bank. It can be before the day that was given for sending.
    fn check_paid_on(&mut self, paid_on: Date, broken: &mut Broken<'_>) {
        must_follow(self.approved_on, paid_on, broken);
        self.paid_on = Some(paid_on);
    }
}

impl PaymentProgress {
    fn past(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Approved => "approved",
            Self::Sent => "sent",
            Self::Confirmed => "confirmed",
            Self::Over => "rejected, cancelled, failed or reversed",
        }
    }
}

/// Checks that the day of a step is not before the day of an earlier one.
fn must_follow(earlier: Option<Date>, later: Date, broken: &mut Broken<'_>) {
    let Some(earlier) = earlier.filter(|earlier| later < *earlier) else {
        return;
    };
    let says = format!("a payment left or came back on {later}, and the step before was {earlier}");
    broken.report(Rule::PaymentOrder, says);
}

/// Checks that money that is sent was awarded and not paid before, by source.
fn must_be_awarded(grant: Option<&Grant>, sources: &FundingSplit, broken: &mut Broken<'_>) {
    let is_awarded = grant.is_some_and(|grant| {
        let unpaid = grant.award().minus(grant.paid());
        unpaid.is_ok_and(|unpaid| unpaid.minus(sources).is_ok())
    });
    let says = "a grant was paid more than was awarded";
    broken.unless(is_awarded, Rule::PaymentAmount, says);
}

/// Checks that an offer asks for as many people as the rules of its fund. Earlier programs are not
/// checked.
fn check_offer(fund: FundId, people: usize, before: &LogState, broken: &mut Broken<'_>) {
    let Some(fund) = before.fund(fund.0).filter(|_| before.has_people_rules()) else {
        return;
    };
    let needed = fund.rules().people_per_payment();
    if people != needed {
        let says = format!("an offer asks {people} to act on payments, and its fund {needed}");
        broken.report(Rule::PaymentByTwo, says);
    }
}
