use jiff::civil::date;

use super::*;
use crate::domain::funding_source::FundingSource;
use crate::domain::{GrantId, GroupId};
use crate::eventlog::recorded_event::Metadata;

const FUND: Uuid = Uuid::from_u128(1);
const GROUP: Uuid = Uuid::from_u128(2);
const GRANT: Uuid = Uuid::from_u128(3);

fn money(pounds: u32) -> FundingSplit {
    let source = FundingSource {
        funder: "trust".parse().unwrap(),
        area: None,
    };
    FundingSplit::of(&source, Money::from_pounds(pounds))
}

/// A log as it is made: each event with its command.
#[derive(Default)]
struct LedgerEvents(Vec<RecordedEvent>);

impl LedgerEvents {
    fn add(&mut self, command: u128, stream: Uuid, event: impl Into<Event>) {
        let noon = date(2026, 3, 10).at(12, 0, 0, 0).in_tz("Europe/London");
        self.0.push(RecordedEvent {
            position: i64::try_from(self.0.len()).unwrap(),
            recorded_at: noon.unwrap().timestamp(),
            stream,
            sequence: 1,
            event: event.into(),
            metadata: Metadata::default(),
            command_id: Uuid::from_u128(command),
        });
    }

    /// A fund with money, and a grant of £900 from it.
    fn of_an_award() -> Self {
        let mut log = Self::default();
        log.add(
            1,
            FUND,
            FundEvent::FundingAllocated {
                source: money(1).parts().next().unwrap().source.clone(),
                amount: Money::from_pounds(5000),
                reference: "T-1".parse().unwrap(),
                received_on: date(2026, 1, 5),
            },
        );
        log.add(
            2,
            GRANT,
            ApplicationEvent::ApplicationStarted {
                fund: crate::domain::FundId(FUND),
                round: "spring".parse().unwrap(),
                group: GroupId(GROUP),
                form: 1,
                late: false,
                started_on: None,
                started_by: None,
            },
        );
        log.add(
            3,
            FUND,
            FundEvent::Committed {
                grant: GrantId(GRANT),
                area: "oldham".parse().unwrap(),
                round: "spring".parse().unwrap(),
                sources: money(900),
            },
        );
        log
    }

    fn books(&self) -> Books {
        let mut ledger = Ledger::default();
        self.0.iter().for_each(|event| ledger.process(event));
        ledger.finish()
    }
}

fn sent(payment: u16, sent_on: Date) -> GrantEvent {
    GrantEvent::PaymentSent {
        payment,
        sources: money(900),
        sent_on,
        batch: None,
    }
}

fn by_kind(entry: &JournalEntry) -> BTreeMap<AccountKind, i64> {
    let line = |(account, pence): (&LedgerAccount, &i64)| (account.kind, *pence);
    entry.lines.iter().map(line).collect()
}

#[test]
fn an_award_is_an_expense_and_a_liability_before_it_is_paid() {
    let books = LedgerEvents::of_an_award().books();
    let balances = books.by_fund()[&FUND];
    assert_eq!(
        (balances.allocated, balances.committed, balances.payable),
        (500_000, 90_000, 90_000)
    );
    assert_eq!((balances.sent_net(), balances.uncommitted()), (0, 410_000));
    assert_eq!(books.entries[0].date, date(2026, 1, 5));
    assert_eq!(books.entries[1].says, "Grant awarded");
}

#[test]
fn a_return_and_the_reduction_of_its_commitment_are_one_entry() {
    let mut log = LedgerEvents::of_an_award();
    log.add(4, GRANT, sent(1, date(2026, 2, 1)));
    log.add(
        5,
        GRANT,
        GrantEvent::ReturnReceived {
            owed: crate::domain::grant::ReturnReason::Underspend,
            sources: money(100),
            received_on: date(2026, 3, 1),
            satisfied: None,
        },
    );
    log.add(
        5,
        FUND,
        FundEvent::CommitmentReduced {
            grant: GrantId(GRANT),
            sources: money(100),
            effective_on: Some(date(2026, 3, 1)),
        },
    );
    let books = log.books();
    let entry = &books.entries[2];
    assert_eq!(entry.positions_text(), "4 5");
    assert_eq!(
        by_kind(entry),
        [
            (AccountKind::Bank, 10_000),
            (AccountKind::GrantsRecovered, -10_000)
        ]
        .into()
    );
    let balances = books.by_fund()[&FUND];
    assert_eq!(
        (balances.committed, balances.payable, balances.sent_net()),
        (80_000, 0, 80_000)
    );
}

#[test]
fn a_corrected_day_is_reversed_on_the_day_that_was_wrong() {
    let mut log = LedgerEvents::of_an_award();
    log.add(4, GRANT, sent(1, date(2026, 2, 1)));
    for (command, paid_on) in [(5, date(2026, 2, 4)), (6, date(2026, 2, 3))] {
        let (payment, leaving) = (1, None);
        let event = if command == 5 {
            GrantEvent::PaymentConfirmed {
                payment,
                paid_on,
                receipt: None,
                leaving,
            }
        } else {
            GrantEvent::PaymentCorrected {
                payment,
                paid_on,
                reason: "The statement says the 3rd".parse().unwrap(),
                corrects: 2,
                leaving,
            }
        };
        log.add(command, GRANT, event);
    }
    let books = log.books();
    let at_bank = |day: Date| -> i64 {
        let until = books.entries.iter().filter(|entry| entry.date <= day);
        until
            .filter_map(|entry| by_kind(entry).remove(&AccountKind::Bank))
            .sum()
    };
    assert_eq!(at_bank(date(2026, 2, 2)), 500_000);
    assert_eq!(at_bank(date(2026, 2, 3)), 410_000);
    assert_eq!(at_bank(date(2026, 2, 4)), 410_000);
}

#[test]
fn sums_that_no_bank_holds_do_not_stop_the_books() {
    let mut log = LedgerEvents::of_an_award();
    log.add(4, GRANT, sent(1, date(2026, 2, 1)));
    log.add(5, GRANT, sent(1, date(2026, 2, 1)));
    let lines = log.books().trial_balance();
    let (debits, credits): (i64, i64) = (
        lines.iter().map(|line| line.debit).sum(),
        lines.iter().map(|line| line.credit).sum(),
    );
    assert_eq!(debits, credits);
}
