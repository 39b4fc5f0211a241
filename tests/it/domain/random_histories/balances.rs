//! The books of a random history, compared with the state of its funds and grants.

use std::collections::BTreeMap;

use microgrants::audit::ledger::Ledger;
use microgrants::audit::ledger::books::FundBalances;
use microgrants::domain::Money;
use uuid::Uuid;

use crate::support::in_memory_domain::InMemoryDomain;

/// Asserts that the books of a whole history have the balances of every fund, and that each entry
/// adds up to zero.
pub fn assert_books(seed: u64, world: &InMemoryDomain) {
    let mut ledger = Ledger::default();
    for event in world.recorded_from(0) {
        ledger.process(&event);
    }
    let books = ledger.finish();
    for entry in &books.entries {
        let sum: i64 = entry.lines.values().sum();
        assert_eq!(sum, 0, "history {seed}: {entry:?}");
    }
    let funds = books.by_fund();
    for (fund, expected) in expected_balances(world) {
        let found = funds.get(&fund).copied().unwrap_or_default();
        assert_eq!(found, expected, "history {seed}, fund {fund}");
    }
}

fn paid_by_fund(world: &InMemoryDomain) -> BTreeMap<Uuid, Money> {
    let mut paid: BTreeMap<Uuid, Money> = BTreeMap::new();
    for grant in world.grants.values() {
        if let Some(fund) = grant.fund() {
            let sum = paid.entry(fund.0).or_default();
            *sum = sum.plus(grant.paid().total());
        }
    }
    paid
}

fn expected_balances(world: &InMemoryDomain) -> BTreeMap<Uuid, FundBalances> {
    let paid = paid_by_fund(world);
    let balances = world.funds.iter().map(|(id, fund)| {
        let allocated = fund.budget().allocated().total().pence();
        let committed = fund.budget().committed().total().pence();
        let paid = paid.get(id).copied().unwrap_or(Money::ZERO).pence();
        let expected = FundBalances {
            allocated,
            committed,
            payable: committed - paid,
            cash: allocated - paid,
        };
        (*id, expected)
    });
    balances.collect()
}
