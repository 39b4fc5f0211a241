//! The books of a log: their balances are the budget's, for each fund and as at any position.

use std::path::PathBuf;

use microgrants::audit::ledger::{self, books::Books};
use microgrants::audit::{self, ScratchDatabase};
use microgrants::domain::Money;
use microgrants::views::{AsAt, BudgetLine, GroupBy, Sums};
use uuid::Uuid;

use crate::audit::transparency_log::sealer;
use crate::support::fixtures::Office;
use crate::support::seeded::with_seeds;
use crate::support::steps;
use crate::support::test_app::{ORGANISATION, TestApp};

pub async fn export_log(app: &TestApp) -> PathBuf {
    sealer(app).catch_up().await.unwrap();
    let folder = app.folder.path().join("export");
    audit::export(app.store(), ORGANISATION, &folder, |_, _| {})
        .await
        .unwrap();
    folder
}

/// Compares every fund of the books with its line in a budget.
fn assert_balances(books: &Books, lines: &[BudgetLine]) {
    let pence = |money: Money| money.pence();
    let funds = books.by_fund();
    for line in lines {
        let found = funds.get(&line.of.parse::<Uuid>().unwrap()).copied();
        let found = found.unwrap_or_default();
        let sent_net = pence(line.sent) - pence(line.returned);
        assert_eq!(
            [
                found.allocated,
                found.committed,
                found.payable,
                found.sent_net(),
                found.uncommitted()
            ],
            [
                pence(line.allocated),
                pence(line.committed),
                pence(line.committed) - sent_net,
                sent_net,
                pence(line.uncommitted.unwrap())
            ],
            "position {}, fund {}",
            books.position,
            line.of
        );
    }
    assert!(funds.len() <= lines.len());
}

async fn budget_lines(replayed: &ScratchDatabase, position: i64) -> Vec<BudgetLine> {
    let sums = Sums {
        by: GroupBy::Fund,
        fund: None,
        area: None,
        position,
        effective_on: None,
    };
    replayed.views().budget(sums).await.unwrap().lines
}

on_each_engine!(the_books_of_the_seeds_are_the_budget_to_the_penny);
async fn the_books_of_the_seeds_are_the_budget_to_the_penny(app: TestApp) {
    let app = with_seeds(app).await;
    let folder = export_log(&app).await;
    let replayed = ScratchDatabase::replay(&folder).await.unwrap();

    let books = ledger::books_of(&folder, None).unwrap();
    assert_eq!(books.position, replayed.size() - 1);
    let lines = budget_lines(&replayed, books.position).await;
    assert!(lines.iter().any(|line| !line.paid_net.is_zero()));
    assert_balances(&books, &lines);
    let (debits, credits): (Vec<i64>, Vec<i64>) = books
        .trial_balance()
        .iter()
        .map(|line| (line.debit, line.credit))
        .unzip();
    assert_eq!(debits.iter().sum::<i64>(), credits.iter().sum::<i64>());
    for entry in &books.entries {
        assert_eq!(entry.lines.values().sum::<i64>(), 0, "{entry:?}");
    }

    let step = usize::try_from(replayed.size() / 12).unwrap();
    for position in (0..replayed.size()).step_by(step) {
        let as_at = AsAt::Position(position);
        let boundary = replayed.views().position_as_at(as_at).await.unwrap();
        let books = ledger::books_of(&folder, Some(as_at)).unwrap();
        assert_eq!(books.position, boundary);
        assert_balances(&books, &budget_lines(&replayed, boundary).await);
    }
}

on_each_engine!(money_that_comes_back_is_one_entry_on_the_banks_day);
async fn money_that_comes_back_is_one_entry_on_the_banks_day(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    office.returned(&app, 700, 100).await;
    let folder = export_log(&app).await;

    let books = ledger::books_of(&folder, None).unwrap();
    let returned: Vec<_> = books
        .entries
        .iter()
        .filter(|entry| entry.says == "Money returned by the group")
        .collect();
    assert_eq!(returned.len(), 1, "{:#?}", books.entries);
    assert_eq!(returned[0].date, app.today());
    assert_eq!(returned[0].positions.len(), 2, "{:?}", returned[0]);
    assert_eq!(returned[0].party, "Soup and song");

    let replayed = ScratchDatabase::replay(&folder).await.unwrap();
    assert_balances(&books, &budget_lines(&replayed, books.position).await);
    for journal in [
        ledger::beancount(&books, None),
        ledger::hledger(&books, None),
    ] {
        assert!(
            journal.contains("Assets:Bank:Statement  100.00 GBP")
                || journal.contains("Assets:Bank:Statement  GBP 100.00"),
            "{journal}"
        );
        assert!(
            journal.contains("Expenses:Grants-recovered:A-fund"),
            "{journal}"
        );
    }
}

on_each_engine!(an_unpresented_payment_is_not_on_the_statement);
async fn an_unpresented_payment_is_not_on_the_statement(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (grant, ..) = office.approved(&app, 700).await;
    app.issue_ok(office.ben, steps::send_payment(grant, 1, app.today()))
        .await;
    let folder = export_log(&app).await;

    let books = ledger::books_of(&folder, None).unwrap();
    let balance = |account: &str| {
        let lines = books.trial_balance();
        let found = lines.iter().find(|line| line.account == account).cloned();
        found.map(|line| (line.debit, line.credit))
    };
    assert_eq!(balance("Assets:Bank:Statement"), Some((500_000, 0)));
    assert_eq!(balance("Assets:Bank:Unpresented"), Some((0, 70_000)));
    let text = ledger::trial_balance(&books);
    assert!(
        text.contains("5000.00") && text.contains("700.00"),
        "{text}"
    );
    let by_fund = ledger::fund_ledgers(&books);
    assert!(by_fund.contains("A fund: "), "{by_fund}");
    assert!(by_fund.contains("4300.00"), "{by_fund}");
}
