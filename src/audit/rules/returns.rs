//! Money that comes back, entries of the bank that match nothing, and the end of a grant.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::funding_source::FundingSplit;
use crate::domain::grant::{EntryKind, ReturnReason, SettledAmounts};
use crate::domain::{Event, Grant, GrantEvent, Money, PersonId, Role, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Returns {
    grants: BTreeMap<Uuid, MoneyOfGrant>,
}

/// What was paid from a grant and came back, and what is open before it is closed.
#[derive(Default)]
struct MoneyOfGrant {
    /// Payments whose result is not known yet.
    under_way: BTreeSet<u16>,
    /// Payments that were sent and whose result is not known yet.
    sent: BTreeMap<u16, FundingSplit>,
    /// What the bank has confirmed as paid and has not come back.
    confirmed: FundingSplit,
    /// By reason: the amount that was proposed to be given up, and the proposer.
    waivers: BTreeMap<ReturnReason, (Money, PersonId)>,
    entries: BTreeMap<u16, OpenEntry>,
    /// The number of the final update that was requested last.
    final_update: Option<u16>,
    /// The updates that were accepted or excused, and not received or queried after that.
    updates_done: BTreeSet<u16>,
}

/// An entry of the bank that is not settled.
struct OpenEntry {
    kind: EntryKind,
    amount: Money,
    /// How much of it was proposed to count as returned, and the proposer.
    proposed: Option<(Money, PersonId)>,
}

impl RuleRoom for Returns {
    fn rules(&self) -> &'static [Rule] {
        &[
            Rule::ReturnCovered,
            Rule::ReturnWaivedByTwo,
            Rule::EntrySettledByTwo,
            Rule::ClosedInOrder,
        ]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        use GrantEvent as E;
        let Event::Grant(happened) = &event.event else {
            return;
        };
        let grant = self.grants.entry(event.stream).or_default();
        let state = before.grant(event.stream);
        match happened {
            E::UnderspendDeclared {
                amount,
                released,
                due_back,
            } if before.has_people_rules() => {
                grant.must_be_paid(*due_back, state, broken);
                let says = "an underspend is not what it releases and what is due back";
                let is_whole = released.total().plus(*due_back) == *amount;
                broken.unless(is_whole, Rule::ReturnCovered, says);
            }
            E::ClawbackDemanded { amount, .. } if before.has_people_rules() => {
                grant.must_be_paid(*amount, state, broken);
            }
            // Earlier programs did not write what a return settles, and counted otherwise.
            E::ReturnReceived {
                owed,
                sources,
                satisfied,
                ..
            } => match satisfied {
                Some(satisfied) => grant.check_return(sources, satisfied, broken),
                None => grant.take_back(sources, &SettledAmounts::from([(*owed, Money::ZERO)])),
            },
            E::PaymentReversed {
                sources, satisfied, ..
            } => {
                grant.check_return(sources, satisfied, broken);
            }
            E::ReturnWaived { owed, amount, by } => {
                let proposed = grant.waivers.remove(owed);
                let rule = Rule::ReturnWaivedByTwo;
                must_be_of_two(proposed, (*amount, *by), rule, before, broken);
            }
            E::EntrySettled {
                entry,
                sources,
                satisfied,
                by,
                ..
            } => {
                grant.check_settlement(*entry, sources, *by, before, broken);
                grant.check_return(sources, satisfied, broken);
            }
            E::GrantClosed { released } => {
                grant.check_closing(state, broken);
                must_release_the_rest(released, state, before, broken);
            }
            E::GrantTerminated { released, .. } => {
                let says = "a grant was ended with a payment under way";
                let is_clear = grant.under_way.is_empty() || !before.has_people_rules();
                broken.unless(is_clear, Rule::ClosedInOrder, says);
                must_release_the_rest(released, state, before, broken);
            }
            _ => grant.follow(happened),
        }
    }
}

impl MoneyOfGrant {
    /// Follows payments, updates, and what waits for a second person.
    fn follow(&mut self, event: &GrantEvent) {
        use GrantEvent as E;
        match event {
            E::PaymentPrepared { payment, .. } => {
                self.under_way.insert(*payment);
            }
            E::PaymentRejected { payment, .. }
            | E::PaymentCancelled { payment, .. }
            | E::PaymentFailed { payment, .. } => {
                self.under_way.remove(payment);
                self.sent.remove(payment);
            }
            E::PaymentSent {
                payment, sources, ..
            } => {
                self.sent.insert(*payment, sources.clone());
            }
            E::PaymentConfirmed { payment, .. } => {
                self.under_way.remove(payment);
                let paid = self.sent.remove(payment).unwrap_or_default();
                self.confirmed = std::mem::take(&mut self.confirmed).plus(&paid);
            }
            E::UpdateRequested {
                update, last: true, ..
            } => {
                self.final_update = Some(*update);
            }
            E::UpdateReceived { update, .. } | E::UpdateQueried { update, .. } => {
                self.updates_done.remove(update);
            }
            E::UpdateAccepted { update } | E::UpdateExcused { update, .. } => {
                self.updates_done.insert(*update);
            }
            E::ReturnWaiverProposed {
                owed, amount, by, ..
            } => {
                self.waivers.insert(*owed, (*amount, *by));
            }
            E::EntryUnsettled {
                entry,
                kind,
                details,
                ..
            } => {
                let (kind, amount, proposed) = (*kind, details.amount, None);
                self.entries.insert(
                    *entry,
                    OpenEntry {
                        kind,
                        amount,
                        proposed,
                    },
                );
            }
            E::SettlementProposed {
                entry, counts, by, ..
            } => {
                if let Some(entry) = self.entries.get_mut(entry) {
                    entry.proposed = Some((*counts, *by));
                }
            }
            _ => {}
        }
    }

    /// Checks that no more is asked back than was paid and is not due back already.
    fn must_be_paid(&self, asked: Money, state: Option<&Grant>, broken: &mut Broken<'_>) {
        let due = state.map_or(Money::ZERO, Grant::due_back);
        let paid = self.confirmed.total();
        let is_paid = paid.minus(due).is_ok_and(|left| left.covers(asked));
        if !is_paid {
            let says =
                format!("{asked} was asked back, and {paid} was paid, of which {due} was due");
            broken.report(Rule::ReturnCovered, says);
        }
    }

    /// Checks that what came back was paid, and that it settles no more than came back. That no
    /// more is settled than was due is for the fold.
    fn check_return(
        &mut self,
        sources: &FundingSplit,
        satisfied: &SettledAmounts,
        broken: &mut Broken<'_>,
    ) {
        let (back, settled) = (sources.total(), satisfied.values().copied().sum::<Money>());
        let was_paid = self.confirmed.minus(sources).is_ok();
        let says = "more came back from a source than the bank had confirmed as paid";
        broken.unless(was_paid, Rule::ReturnCovered, says);
        if settled > back {
            let says = format!("{back} came back, and settled {settled}");
            broken.report(Rule::ReturnCovered, says);
        }
        self.take_back(sources, satisfied);
    }

    /// Takes money off that came back. A proposal to give up what it settles ends: the amount that
    /// it was made for has changed.
    fn take_back(&mut self, sources: &FundingSplit, satisfied: &SettledAmounts) {
        self.confirmed = self.confirmed.less(sources);
        self.waivers
            .retain(|reason, _| !satisfied.contains_key(reason));
    }

    fn check_settlement(
        &mut self,
        number: u16,
        sources: &FundingSplit,
        by: PersonId,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        let Some(entry) = self.entries.remove(&number) else {
            let says = "an entry of the bank was settled that nobody had recorded, or twice";
            return broken.report(Rule::EntrySettledByTwo, says);
        };
        let counts = sources.total();
        must_be_of_two(
            entry.proposed,
            (counts, by),
            Rule::EntrySettledByTwo,
            before,
            broken,
        );
        let most = match entry.kind {
            EntryKind::CameIn => entry.amount,
            EntryKind::WentOut => Money::ZERO,
        };
        if counts > most {
            let says = format!("{counts} of an entry of the bank counts as returned, of {most}");
            broken.report(Rule::ReturnCovered, says);
        }
    }

    fn check_closing(&self, state: Option<&Grant>, broken: &mut Broken<'_>) {
        let says = "a grant was closed before its final update was accepted or excused";
        let is_reported = self
            .final_update
            .is_some_and(|update| self.updates_done.contains(&update));
        broken.unless(is_reported, Rule::ClosedInOrder, says);
        let says = "a grant was closed with a payment under way";
        broken.unless(self.under_way.is_empty(), Rule::ClosedInOrder, says);
        let due = state.map_or(Money::ZERO, Grant::due_back);
        if !due.is_zero() {
            let says = format!("a grant was closed while {due} was due back");
            broken.report(Rule::ClosedInOrder, says);
        }
    }
}

/// Checks that a grant that ends releases all of its award that was not paid. Earlier programs are
/// not checked.
fn must_release_the_rest(
    released: &FundingSplit,
    state: Option<&Grant>,
    before: &LogState,
    broken: &mut Broken<'_>,
) {
    let rest = state.and_then(|grant| grant.award().minus(grant.paid()).ok());
    let is_released = rest.is_some_and(|rest| rest == *released);
    let says = "a grant ended, and what was not paid of its award was not released";
    let is_checked = before.has_people_rules();
    broken.unless(is_released || !is_checked, Rule::ClosedInOrder, says);
}

/// Checks that another person confirms the amount that was proposed.
fn must_be_of_two(
    proposed: Option<(Money, PersonId)>,
    (amount, by): (Money, PersonId),
    rule: Rule,
    before: &LogState,
    broken: &mut Broken<'_>,
) {
    let Some((of, proposed_by)) = proposed else {
        let says = format!("{amount} was settled or given up, and nobody had proposed it");
        return broken.report(rule, says);
    };
    let says = "one person proposed to settle or give up an amount, and confirmed it";
    broken.unless(proposed_by != by, rule, says);
    let says = "the person who proposed to settle or give up an amount had lost the role for it";
    let still_holds = before.still_holds(proposed_by, &[Role::Officer, Role::Finance]);
    broken.unless(still_holds, rule, says);
    if of != amount {
        let says = format!("{amount} was settled or given up, and {of} was proposed");
        broken.report(rule, says);
    }
}
