//! One word for each sum of money: the same amount under it from the events, in the API, of grants,
//! in statements and on pages.

use std::collections::BTreeMap;

use microgrants::domain::{Event, GrantEvent, Money, PersonId, Role};
use microgrants::projections::{GrantRow, PersonRow};
use microgrants::views::{BudgetLine, GroupBy, PageRequest, StatementSubject, Sums, TableRow};
use serde_json::Value;
use uuid::Uuid;

use crate::pages::journeys::{signed_in, visible_text};
use crate::support::browser::Browser;
use crate::support::fixtures::{Office, gbp};
use crate::support::seeded::with_seeds;
use crate::support::service::serve;
use crate::support::steps;
use crate::support::test_app::TestApp;

/// The sums of payments of all grants, in pence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct AllPayments {
    sent: i64,
    confirmed: i64,
    returned: i64,
}

/// Added up from the events alone, as an auditor does it.
async fn from_events(app: &TestApp) -> AllPayments {
    let mut payments: BTreeMap<(Uuid, u16), i64> = BTreeMap::new();
    let mut all = AllPayments::default();
    for recorded in app.log.read_events(0, 1_000_000).await.unwrap() {
        let Event::Grant(happened) = &recorded.event else {
            continue;
        };
        match happened {
            GrantEvent::PaymentSent {
                payment, sources, ..
            } => {
                let amount = sources.total().pence();
                payments.insert((recorded.stream, *payment), amount);
                all.sent += amount;
            }
            GrantEvent::PaymentConfirmed { payment, .. } => {
                all.confirmed += payments[&(recorded.stream, *payment)];
            }
            GrantEvent::PaymentFailed { sources, .. } => all.sent -= sources.total().pence(),
            GrantEvent::PaymentReversed { sources, .. } => {
                all.sent -= sources.total().pence();
                all.confirmed -= sources.total().pence();
            }
            GrantEvent::ReturnReceived { sources, .. }
            | GrantEvent::EntrySettled { sources, .. } => {
                all.returned += sources.total().pence();
            }
            _ => {}
        }
    }
    all
}

async fn all_rows<R: TableRow>(app: &TestApp) -> Vec<R> {
    let page = PageRequest::up_to_max();
    app.views()
        .list::<R>(None, Vec::new(), &page)
        .await
        .unwrap()
        .items
}

async fn budget(app: &TestApp, by: GroupBy) -> Vec<BudgetLine> {
    let sums = Sums {
        by,
        fund: None,
        area: None,
        position: i64::MAX,
        effective_on: None,
    };
    app.views().budget(sums).await.unwrap().lines
}

fn total<T>(of: &[T], amount: impl Fn(&T) -> Money) -> i64 {
    of.iter().map(|one| amount(one).pence()).sum()
}

fn payments_of(lines: &[BudgetLine]) -> AllPayments {
    AllPayments {
        sent: total(lines, |line| line.sent),
        confirmed: total(lines, |line| line.confirmed),
        returned: total(lines, |line| line.returned),
    }
}

/// In every line of a budget the sums follow from each other.
fn assert_follows(lines: &[BudgetLine]) {
    for line in lines {
        assert_eq!(line.awarded, line.committed.plus(line.returned), "{line:?}");
        assert_eq!(line.committed, line.unpaid.plus(line.paid_net), "{line:?}");
        assert_eq!(
            line.confirmed,
            line.paid_net.plus(line.returned),
            "{line:?}"
        );
        assert!(line.sent.covers(line.confirmed), "{line:?}");
        assert_eq!(
            line.paid, line.sent,
            "the old name has the amount of the new one"
        );
    }
}

on_each_engine!(each_sum_of_the_seeds_is_the_same_everywhere);
async fn each_sum_of_the_seeds_is_the_same_everywhere(app: TestApp) {
    // Given
    let app = with_seeds(app).await;
    let events = from_events(&app).await;
    assert!(
        events.sent > events.confirmed && events.confirmed > events.returned,
        "money is at the bank, and some came back: {events:?}"
    );
    assert!(events.returned > 0, "{events:?}");

    // Then the budget has the sums of the events, however it is grouped.
    let by_fund = budget(&app, GroupBy::Fund).await;
    assert_follows(&by_fund);
    for by in [
        GroupBy::Fund,
        GroupBy::Funder,
        GroupBy::Area,
        GroupBy::Theme,
        GroupBy::Round,
    ] {
        assert_eq!(payments_of(&budget(&app, by).await), events, "{by:?}");
    }

    // Then so have the grants.
    let grants: Vec<GrantRow> = all_rows(&app).await;
    let of_grants = AllPayments {
        sent: total(&grants, |grant| grant.sent),
        confirmed: total(&grants, |grant| grant.confirmed),
        returned: total(&grants, |grant| grant.returned),
    };
    assert_eq!(of_grants, events);
    let paid_net = total(&grants, |grant| grant.paid_net);
    assert_eq!(paid_net, events.confirmed - events.returned);
    let awarded = total(&grants, |grant| grant.awarded);
    assert_eq!(awarded, total(&by_fund, |line| line.awarded));
    for grant in &grants {
        let at_bank: Money = grant.at_bank.values().copied().sum();
        assert_eq!(grant.sent, grant.confirmed.plus(at_bank), "{}", grant.id);
        assert_eq!(grant.committed, grant.award);
    }
    assert_statements_agree(&app, &by_fund).await;
    assert_surfaces_agree(&app, &by_fund, paid_net, awarded).await;
}

/// A statement of each fund closes with the sums of the budget, and its lines add up to them.
async fn assert_statements_agree(app: &TestApp, by_fund: &[BudgetLine]) {
    for line in by_fund {
        let statement = app
            .views()
            .statement(
                StatementSubject::Fund(&line.of),
                app.in_days(-800),
                app.today(),
            )
            .await
            .unwrap();
        let closing = statement.closing;
        assert_eq!(
            [
                closing.awarded,
                closing.sent,
                closing.confirmed,
                closing.paid_net
            ],
            [line.awarded, line.sent, line.confirmed, line.paid_net],
        );
        let moved = |sum: &str| -> i64 {
            let lines = statement.lines.iter().filter(|moved| moved.sum == sum);
            lines.map(|moved| moved.pence).sum()
        };
        assert_eq!(
            ["sent", "confirmed", "returned"].map(moved),
            [line.sent, line.confirmed, line.returned].map(Money::pence),
        );
    }
}

/// The API and the pages have these sums under their words.
async fn assert_surfaces_agree(app: &TestApp, by_fund: &[BudgetLine], paid_net: i64, awarded: i64) {
    let people: Vec<PersonRow> = all_rows(app).await;
    let administrator = people
        .iter()
        .find(|person| person.roles.contains(&Role::Administrator))
        .expect("an administrator");
    let client = serve(app, PersonId(administrator.id));
    let lines = client.get("/api/v1/budget").body["lines"].clone();
    let in_api = |name: &str| -> i64 {
        let amounts = lines.as_array().expect("lines").iter();
        amounts
            .map(|line| line[name].as_str().expect("an amount").replace('.', ""))
            .map(|pence| pence.parse::<i64>().expect("pence"))
            .sum()
    };
    assert_eq!(in_api("sent"), total(by_fund, |line| line.sent));
    assert_eq!(in_api("paid"), in_api("sent"));
    assert_eq!(in_api("confirmed"), total(by_fund, |line| line.confirmed));
    assert_eq!((in_api("paid_net"), in_api("awarded")), (paid_net, awarded));

    let pounds = |pence: i64| Money::from_pence(u64::try_from(pence).expect("not below zero"));
    let home = visible_text(&Browser::new(client.address()).get("/"));
    let headline = format!("paid to groups {}", pounds(paid_net).whole_pounds());
    assert!(home.contains(&headline), "{headline}: {home}");
    let mut office = signed_in(app, client.address(), PersonId(administrator.id)).await;
    let figures = visible_text(&office.get("/desk/figures"));
    for (word, pence) in [("Paid, less returned", paid_net), ("Awarded", awarded)] {
        let says = format!("{word} {}", pounds(pence));
        assert!(figures.contains(&says), "{says}: {figures}");
    }
}

on_each_engine!(money_at_the_bank_is_sent_and_not_paid);
async fn money_at_the_bank_is_sent_and_not_paid(app: TestApp) {
    // Given a payment that was sent
    let office = Office::open(&app, 5000).await;
    let (grant, ..) = office.prepared(&app, 700).await;
    for step in [
        steps::approve_payment(grant, 1),
        steps::send_payment(grant, 1, app.today()),
    ] {
        app.issue_ok(office.ben, step).await;
    }
    app.catch_up().await;
    let client = serve(&app, office.ada);
    let sums = |of: &Value| -> Vec<String> {
        ["awarded", "sent", "confirmed", "returned", "paid_net"]
            .map(|sum| of[sum].as_str().unwrap_or_default().to_owned())
            .to_vec()
    };
    let seen = || {
        let line = client.get("/api/v1/budget").body["lines"][0].clone();
        let row = client.get(&format!("/api/v1/grants/{grant}")).body;
        assert_eq!(sums(&row), sums(&line), "{row}");
        sums(&line)
    };

    // Then
    assert_eq!(seen(), ["700.00", "700.00", "0.00", "0.00", "0.00"]);

    // When the bank has confirmed it
    app.pass_days(3);
    let paid_on = app.in_days(-1);
    app.issue_ok(office.ben, steps::confirm_payment(grant, 1, paid_on))
        .await;
    app.catch_up().await;

    // Then it is paid from that day on
    assert_eq!(seen(), ["700.00", "700.00", "700.00", "0.00", "700.00"]);
    let on = async |days: i64| {
        let day = app.in_days(days).to_string();
        let sums = Sums {
            by: GroupBy::Fund,
            fund: None,
            area: None,
            position: i64::MAX,
            effective_on: Some(&day),
        };
        app.views().budget(sums).await.unwrap().lines[0].paid_net
    };
    assert_eq!((on(-2).await, on(-1).await), (gbp(0), gbp(700)));
}
