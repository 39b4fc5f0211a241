//! The books of a log as double entry, from its events alone.
//!
//! # When money is recognised
//!
//! Accrual, as the Charities SORP (FRS 102) asks for grants:
//!
//! - a funder's money is income on the day on which it was received;
//! - an award is an expense and a liability, grants payable, from the day of the panel's decision,
//!   before anything is paid. What is released or taken back reverses it;
//! - a payment reduces the liability on the day on which it left. Until the bank confirms it, it is
//!   an unpresented payment;
//! - money of a grant that comes back is recovered on the day on which it came. Money that is due
//!   back and has not come is no asset, so that waiving it has no entry.
//!
//! # Entries
//!
//! One command can cause several events about the same money, such as a return and the reduction
//! of the commitment. Its events about one grant on one day are one entry.

pub mod accounts;
mod beancount;
pub mod books;
mod hledger;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::Date;
use uuid::Uuid;

use super::AuditError;
use super::log_reader::for_each_event;
use crate::domain::funding_source::FundingSplit;
use crate::domain::grant::{EntryKind, PaymentDateMoved};
use crate::domain::{ApplicationEvent, Event, FundEvent, GrantEvent, GroupEvent, Money};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::views::AsAt;
use accounts::{AccountKind, FundNames, LedgerAccount, Restriction, short_id};
use books::{Books, JournalEntry};

pub use beancount::beancount;
pub use hledger::hledger;
pub(super) use tables::one_line;
pub use tables::{fund_ledgers, fund_ledgers_csv, journal_csv, trial_balance, trial_balance_csv};

/// The books of a folder, up to a moment.
pub fn books_of(folder: &Path, as_at: Option<AsAt>) -> Result<Books, AuditError> {
    let mut ledger = Ledger::default();
    for_each_event(folder, as_at, |event| ledger.process(event))?;
    Ok(ledger.finish())
}

/// The fund and the group of a grant.
#[derive(Clone, Copy)]
struct GrantParty {
    fund: Uuid,
    group: Uuid,
}

/// A payment that was sent.
struct LedgerPayment {
    sources: FundingSplit,
    paid_on: Option<Date>,
}

/// Where lines are posted: the event, the record, and the day.
struct Occasion<'a> {
    position: i64,
    record: Uuid,
    date: Date,
    says: &'a str,
}

impl<'a> Occasion<'a> {
    fn of(event: &RecordedEvent, record: Uuid, date: Date, says: &'a str) -> Self {
        Self {
            position: event.position,
            record,
            date,
            says,
        }
    }

    fn on(&self, date: Date) -> Self {
        Self { date, ..*self }
    }
}

/// Makes the books of a log from its events, in order.
#[derive(Default)]
pub struct Ledger {
    entries: Vec<JournalEntry>,
    /// The entries of the command that is being read, and its id.
    current: Vec<JournalEntry>,
    command: Option<Uuid>,
    /// Why the command changed a commitment, if an event of the grant said so.
    cause: Option<&'static str>,
    funds: FundNames,
    groups: BTreeMap<Uuid, String>,
    grants: BTreeMap<Uuid, GrantParty>,
    payments: BTreeMap<(Uuid, u16), LedgerPayment>,
    position: Option<i64>,
}

impl Ledger {
    /// Posts the next event.
    pub fn process(&mut self, event: &RecordedEvent) {
        if self.command != Some(event.command_id) {
            self.end_command();
            self.command = Some(event.command_id);
        }
        self.position = Some(event.position);
        match &event.event {
            Event::Fund(FundEvent::FundCreated { name, .. }) => {
                self.funds.add(event.stream, name.as_str());
            }
            Event::Fund(happened) => self.post_fund_event(event, happened),
            Event::Group(
                GroupEvent::GroupRegistered { name, .. } | GroupEvent::GroupCorrected { name, .. },
            ) => {
                self.groups.insert(event.stream, name.to_string());
            }
            Event::Application(ApplicationEvent::ApplicationStarted { fund, group, .. })
            | Event::Grant(GrantEvent::GrantOffered { fund, group, .. }) => {
                let (fund, group) = (fund.0, group.0);
                self.grants.insert(event.stream, GrantParty { fund, group });
            }
            Event::Grant(happened) => {
                self.cause = cause_of(happened).or(self.cause);
                self.post_payment_event(event, happened);
                self.post_return_event(event, happened);
            }
            _ => {}
        }
    }

    /// The books after the last event.
    #[must_use]
    pub fn finish(mut self) -> Books {
        self.end_command();
        self.entries
            .sort_by_key(|entry| (entry.date, entry.first_position()));
        Books {
            entries: self.entries,
            funds: self.funds,
            position: self.position.unwrap_or(-1),
        }
    }

    fn end_command(&mut self) {
        self.cause = None;
        for mut entry in self.current.drain(..) {
            entry.lines.retain(|_, pence| *pence != 0);
            if !entry.lines.is_empty() {
                self.entries.push(entry);
            }
        }
    }

    fn post_fund_event(&mut self, event: &RecordedEvent, happened: &FundEvent) {
        use AccountKind::{Bank, GrantsAwarded, GrantsPayable, GrantsReceived, GrantsRecovered};
        let fund = event.stream;
        match happened {
            FundEvent::FundingAllocated {
                source,
                amount,
                received_on,
                reference,
            } => {
                let says = format!("Grant received, reference {reference}");
                let money = FundingSplit::of(source, *amount);
                let at = Occasion::of(event, fund, *received_on, &says);
                self.transfer(&at, fund, (Bank, GrantsReceived), &money);
            }
            FundEvent::FundingWithdrawn {
                source,
                amount,
                withdrawn_on,
                ..
            } => {
                let money = FundingSplit::of(source, *amount);
                let at = Occasion::of(event, fund, *withdrawn_on, "Grant withdrawn by the funder");
                self.transfer(&at, fund, (GrantsReceived, Bank), &money);
            }
            FundEvent::Committed { grant, sources, .. } => {
                let at = Occasion::of(event, grant.0, event.recorded_on(), "Grant awarded");
                self.transfer(&at, fund, (GrantsAwarded, GrantsPayable), sources);
            }
            FundEvent::CommitmentIncreased { grant, sources, .. } => {
                let at = Occasion::of(event, grant.0, event.recorded_on(), "Award increased");
                self.transfer(&at, fund, (GrantsAwarded, GrantsPayable), sources);
            }
            FundEvent::CommitmentReleased { grant, sources }
            | FundEvent::CommitmentTakenBack { grant, sources } => {
                let says = self.cause.unwrap_or("Award released");
                let at = Occasion::of(event, grant.0, event.recorded_on(), says);
                self.transfer(&at, fund, (GrantsPayable, GrantsAwarded), sources);
            }
            FundEvent::CommitmentReduced {
                grant,
                sources,
                effective_on,
            } => {
                // Only money that came back has a day of its own.
                let (date, credit) = match effective_on {
                    Some(day) => (*day, GrantsRecovered),
                    None => (event.recorded_on(), GrantsAwarded),
                };
                let at = Occasion::of(event, grant.0, date, self.cause.unwrap_or("Award reduced"));
                self.transfer(&at, fund, (GrantsPayable, credit), sources);
            }
            _ => {}
        }
    }

    fn post_payment_event(&mut self, event: &RecordedEvent, happened: &GrantEvent) {
        use AccountKind::{Bank, GrantsPayable, Unpresented};
        let fund = self.fund_of(event.stream);
        match happened {
            GrantEvent::PaymentSent {
                payment,
                sources,
                sent_on,
                ..
            } => {
                let sent = LedgerPayment {
                    sources: sources.clone(),
                    paid_on: None,
                };
                self.payments.insert((event.stream, *payment), sent);
                let says = format!("Payment {payment} sent");
                let at = Occasion::of(event, event.stream, *sent_on, &says);
                self.transfer(&at, fund, (GrantsPayable, Unpresented), sources);
            }
            GrantEvent::PaymentConfirmed {
                payment,
                paid_on,
                leaving,
                ..
            }
            | GrantEvent::PaymentCorrected {
                payment,
                paid_on,
                leaving,
                ..
            } => {
                let says = format!("Payment {payment} confirmed by the bank");
                let at = Occasion::of(event, event.stream, *paid_on, &says);
                self.move_sent_day(&at, fund, leaving.as_ref());
                self.confirm_payment(&at, fund, *payment);
            }
            GrantEvent::PaymentFailed {
                payment,
                sources,
                failed_on,
                ..
            } => {
                let says = format!("Payment {payment} failed");
                let at = Occasion::of(event, event.stream, *failed_on, &says);
                self.transfer(&at, fund, (Unpresented, GrantsPayable), sources);
            }
            GrantEvent::PaymentReversed {
                payment,
                sources,
                reversed_on,
                ..
            } => {
                let says = format!("Payment {payment} reversed by the bank");
                let at = Occasion::of(event, event.stream, *reversed_on, &says);
                self.transfer(&at, fund, (Bank, GrantsPayable), sources);
            }
            _ => {}
        }
    }

    /// Posts the day on which the bank says that a payment was paid. An earlier day of the bank is
    /// reversed on that day.
    fn confirm_payment(&mut self, at: &Occasion<'_>, fund: Uuid, payment: u16) {
        use AccountKind::{Bank, Unpresented};
        let Some(sent) = self.payments.get_mut(&(at.record, payment)) else {
            return;
        };
        let before = sent.paid_on.replace(at.date);
        let sources = sent.sources.clone();
        if let Some(before) = before {
            self.transfer(&at.on(before), fund, (Bank, Unpresented), &sources);
        }
        self.transfer(at, fund, (Unpresented, Bank), &sources);
    }

    /// Moves the day on which a payment left.
    fn move_sent_day(&mut self, at: &Occasion<'_>, fund: Uuid, moved: Option<&PaymentDateMoved>) {
        use AccountKind::{GrantsPayable, Unpresented};
        if let Some(PaymentDateMoved { from, to, sources }) = moved {
            self.transfer(&at.on(*from), fund, (Unpresented, GrantsPayable), sources);
            self.transfer(&at.on(*to), fund, (GrantsPayable, Unpresented), sources);
        }
    }

    fn post_return_event(&mut self, event: &RecordedEvent, happened: &GrantEvent) {
        use AccountKind::{Bank, EntriesToSettle, GrantsPayable};
        let fund = self.fund_of(event.stream);
        match happened {
            GrantEvent::ReturnReceived {
                sources,
                received_on,
                ..
            } => {
                let at = Occasion::of(
                    event,
                    event.stream,
                    *received_on,
                    "Money returned by the group",
                );
                self.transfer(&at, fund, (Bank, GrantsPayable), sources);
            }
            GrantEvent::EntryUnsettled {
                entry,
                kind,
                details,
                ..
            } => {
                let says = format!("Entry {entry} at the bank, to be settled");
                let at = Occasion::of(event, event.stream, details.happened_on, &says);
                let accounts = match kind {
                    EntryKind::CameIn => (Bank, EntriesToSettle),
                    EntryKind::WentOut => (EntriesToSettle, Bank),
                };
                self.transfer_unrestricted(&at, fund, accounts, details.amount);
            }
            GrantEvent::EntrySettled {
                entry,
                sources,
                happened_on,
                ..
            } => {
                let says = format!("Entry {entry} at the bank settled");
                let at = Occasion::of(event, event.stream, *happened_on, &says);
                self.transfer(&at, fund, (EntriesToSettle, GrantsPayable), sources);
            }
            _ => {}
        }
    }

    fn fund_of(&self, grant: Uuid) -> Uuid {
        self.grants
            .get(&grant)
            .map_or_else(Uuid::nil, |party| party.fund)
    }

    /// Debits one account and credits another, source by source.
    fn transfer(
        &mut self,
        at: &Occasion<'_>,
        fund: Uuid,
        (debit, credit): (AccountKind, AccountKind),
        sources: &FundingSplit,
    ) {
        let account = |kind, source: Restriction| LedgerAccount {
            kind,
            fund,
            restriction: (kind != AccountKind::EntriesToSettle).then_some(source),
        };
        let lines: Vec<_> = sources
            .parts()
            .flat_map(|part| {
                let pence = part.amount.pence();
                let of = |kind| account(kind, (&part.source).into());
                [(of(debit), pence), (of(credit), pence.saturating_neg())]
            })
            .collect();
        self.post(at, lines);
    }

    /// Debits one account and credits another with money that has no source yet.
    fn transfer_unrestricted(
        &mut self,
        at: &Occasion<'_>,
        fund: Uuid,
        (debit, credit): (AccountKind, AccountKind),
        amount: Money,
    ) {
        let of = |kind| LedgerAccount {
            kind,
            fund,
            restriction: None,
        };
        let pence = amount.pence();
        let lines = vec![(of(debit), pence), (of(credit), pence.saturating_neg())];
        self.post(at, lines);
    }

    /// Adds lines to the entry of this command about the record on the day.
    fn post(&mut self, at: &Occasion<'_>, lines: Vec<(LedgerAccount, i64)>) {
        let found = self
            .current
            .iter()
            .position(|entry| entry.date == at.date && entry.record == at.record);
        let place = found.unwrap_or_else(|| {
            let party = self.party(at.record, &lines);
            self.current.push(JournalEntry {
                date: at.date,
                positions: BTreeSet::new(),
                record: at.record,
                party,
                says: at.says.to_owned(),
                lines: BTreeMap::new(),
            });
            self.current.len().saturating_sub(1)
        });
        let Some(entry) = self.current.get_mut(place) else {
            return;
        };
        entry.positions.insert(at.position);
        for (account, pence) in lines {
            let sum = entry.lines.entry(account).or_default();
            *sum = sum.saturating_add(pence);
        }
    }

    /// The group of a grant. For money of a fund, the funder.
    fn party(&self, record: Uuid, lines: &[(LedgerAccount, i64)]) -> String {
        let Some(party) = self.grants.get(&record) else {
            let restriction = lines.iter().find_map(|(line, _)| line.restriction.as_ref());
            return restriction.map_or_else(String::new, |of| of.funder.to_string());
        };
        self.groups
            .get(&party.group)
            .cloned()
            .unwrap_or_else(|| format!("group {}", short_id(party.group)))
    }
}

/// What an event of a grant says about why its commitment changes.
fn cause_of(happened: &GrantEvent) -> Option<&'static str> {
    Some(match happened {
        GrantEvent::UnderspendDeclared { .. } => "Award released: the group will not spend it",
        GrantEvent::GrantTerminated { .. } => "Award released: the grant ended early",
        GrantEvent::VariationApproved { .. } => "Award changed",
        GrantEvent::GrantClosed { .. } => "Award released: the grant is closed",
        GrantEvent::OfferDeclined {} => "Award released: the group declined the offer",
        GrantEvent::OfferLapsed {} => "Award released: the offer lapsed",
        GrantEvent::OfferWithdrawn { .. } => "Award released: the offer was withdrawn",
        GrantEvent::AwardTakenBack {} => "Award taken back before the group heard of it",
        GrantEvent::ReturnReceived { .. } => "Money returned by the group",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
