//! Facts from the bank are recorded on their true day, in any order and in every state of a grant,
//! and change the budget. An entry that does not fit waits until two people settle it, and blocks
//! nothing else.

use jiff::civil::Date;
use microgrants::domain::{GrantId, Money};
use microgrants::views::{Budget, GroupBy, Sums};
use serde_json::{Value, json};

use crate::domain::connections::{ApiCommands, command};
use crate::support::fixtures::{Office, gbp};
use crate::support::test_app::TestApp;

async fn budget(house: &TestApp, effective_on: Option<Date>, by: GroupBy) -> Budget {
    house.catch_up().await;
    let day = effective_on.map(|day| day.to_string());
    let wanted = Sums {
        by,
        fund: None,
        area: None,
        position: i64::MAX,
        effective_on: day.as_deref(),
    };
    house
        .views()
        .budget(wanted)
        .await
        .expect("a budget answers for every day")
}

/// Committed, paid net of returns, and uncommitted, of the only fund.
async fn figures(house: &TestApp) -> (Money, Money, Option<Money>) {
    let line = budget(house, None, GroupBy::Fund).await.lines.remove(0);
    (line.committed, line.paid_net, line.uncommitted)
}

/// Asserts that no budget line of any day is reported as out of order.
async fn assert_every_day_answers(house: &TestApp, from: Date) {
    let days = std::iter::successors(Some(from), |day| {
        Some(day.saturating_add(jiff::Span::new().days(1)))
    });
    for day in days.take_while(|day| *day <= house.today()) {
        for by in [GroupBy::Fund, GroupBy::Funder, GroupBy::Grant] {
            let budget = budget(house, Some(day), by).await;
            assert!(
                budget.lines.iter().all(|line| line.out_of_order.is_empty()),
                "{day}: {budget:?}"
            );
        }
    }
}

on_each_engine!(nothing_leaves_before_its_last_approval);
async fn nothing_leaves_before_its_last_approval(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (grant, ..) = office.prepared(&house, 700).await;
    let prepared = house.today();
    house.pass_days(3);
    asking
        .issue_ok(
            office.ben,
            "grant/approve-payment",
            grant.0,
            json!({ "payment": 1 }),
        )
        .await;
    let left = |day: Date| json!({ "payment": 1, "happened_on": day });
    for day in [prepared, house.in_days(-1)] {
        let refusal = asking
            .issue_refused(office.ben, "grant/send-payment", grant.0, left(day))
            .await;
        assert_eq!(refusal.code(), "dates_out_of_order", "{day}");
    }
    let batch = json!({ "batch": "early", "sent_on": prepared, "payments": [{ "grant": grant, "payment": 1, "amount": "700.00" }] });
    let refused = house
        .issue(
            office.ben,
            command("fund/send-batch", office.fund.0, &batch),
        )
        .await;
    assert!(refused.is_err_and(|error| error.to_string().contains("after its last approval")));
    asking
        .issue_ok(
            office.ben,
            "grant/send-payment",
            grant.0,
            left(house.today()),
        )
        .await;
    // The bank's day is earlier than the recorded day of sending. It must still be after the
    // approval.
    house.pass_days(2);
    let refusal = asking
        .issue_refused(
            office.ben,
            "grant/confirm-payment",
            grant.0,
            left(house.in_days(-4)),
        )
        .await;
    assert_eq!(refusal.code(), "dates_out_of_order");
    crate::support::replay::replay_log(&house).await;
}

on_each_engine!(sources_are_fixed_when_a_payment_is_prepared);
/// An award raised with money of another funder, and a payment approved before the raise and
/// recorded after it.
async fn sources_are_fixed_when_a_payment_is_prepared(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let begun = house.today();
    let (grant, ..) = office.prepared(&house, 1000).await;
    asking
        .issue_ok(
            ben,
            "grant/approve-payment",
            grant.0,
            json!({ "payment": 1 }),
        )
        .await;
    house.pass_days(3);
    let restricted = json!({ "source": { "funder": "council", "area": "oldham" }, "amount": "300.00", "reference": "C1", "received_on": house.today() });
    asking
        .issue_ok(ada, "fund/allocate", office.fund.0, restricted)
        .await;
    asking
        .issue_ok(
            ada,
            "grant/request-variation",
            grant.0,
            json!({ "change": { "amount": "1200.00" }, "words": "Costs" }),
        )
        .await;
    asking
        .issue_ok(ben, "application/declare", grant.0, json!({}))
        .await;
    asking
        .issue_ok(
            ben,
            "grant/approve-variation",
            grant.0,
            json!({ "variation": 1 }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "grant/send-payment",
            grant.0,
            json!({ "payment": 1, "happened_on": house.in_days(-2) }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "grant/confirm-payment",
            grant.0,
            json!({ "payment": 1, "happened_on": house.in_days(-1) }),
        )
        .await;
    assert_every_day_answers(&house, begun).await;
    let lines = budget(&house, Some(house.in_days(-1)), GroupBy::Funder)
        .await
        .lines;
    let paid: Vec<_> = lines
        .iter()
        .map(|line| (line.of.as_str(), line.paid))
        .collect();
    assert!(
        paid.contains(&("health-partnership", gbp(1000))),
        "{paid:?}"
    );
    crate::projections::read_models::assert_equals_rebuild(&house).await;
}

/// A grant with one payment on day one and another on day five.
async fn grant_paid_twice(house: &TestApp, office: &Office) -> (GrantId, Date) {
    let asking = ApiCommands { house };
    let (grant, ..) = office.payable(house, 1500).await;
    let begun = house.today();
    for payment in [1, 2] {
        let amount = if payment == 1 { "1000.00" } else { "500.00" };
        asking
            .issue_ok(
                office.ada,
                "grant/prepare-payment",
                grant.0,
                json!({ "amount": amount }),
            )
            .await;
        asking
            .issue_ok(
                office.ben,
                "grant/approve-payment",
                grant.0,
                json!({ "payment": payment }),
            )
            .await;
        let on = json!({ "payment": payment, "happened_on": house.today() });
        asking
            .issue_ok(office.ben, "grant/send-payment", grant.0, on.clone())
            .await;
        asking
            .issue_ok(office.ben, "grant/confirm-payment", grant.0, on)
            .await;
        house.pass_days(4);
    }
    (grant, begun)
}

fn money_back(amount: &str, day: Date) -> Value {
    json!({ "amount": amount, "received_on": day })
}

on_each_engine!(money_comes_back_on_its_true_day_in_any_order);
async fn money_comes_back_on_its_true_day_in_any_order(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (grant, begun) = grant_paid_twice(&house, &office).await;
    let third_day = begun.saturating_add(jiff::Span::new().days(2));
    asking
        .issue_ok(
            office.ada,
            "grant/declare-underspend",
            grant.0,
            json!({ "amount": "200.00" }),
        )
        .await;
    // The return arrived on the third day, before the second payment left.
    assert_eq!(
        asking
            .issue_ok(
                office.ben,
                "grant/receive-return",
                grant.0,
                money_back("200.00", third_day)
            )
            .await,
        None
    );
    assert_eq!(
        figures(&house).await,
        (gbp(1300), gbp(1300), Some(gbp(3700)))
    );
    // A recall of the first payment, too, covers only the part that had not been returned.
    let recall =
        json!({ "payment": 1, "happened_on": third_day, "reason": "Recalled by the bank" });
    assert_eq!(
        asking
            .issue_ok(office.ben, "grant/reverse-payment", grant.0, recall)
            .await,
        Some(1),
        "£200 of it fit nothing"
    );
    assert_eq!(
        figures(&house).await,
        (gbp(1300), gbp(500), Some(gbp(3700)))
    );
    // Money that nobody had demanded.
    let today = house.today();
    assert_eq!(
        asking
            .issue_ok(
                office.ben,
                "grant/receive-return",
                grant.0,
                money_back("100.00", today)
            )
            .await,
        None
    );
    assert_eq!(
        figures(&house).await,
        (gbp(1200), gbp(400), Some(gbp(3800)))
    );
    assert_every_day_answers(&house, begun).await;
    crate::support::replay::replay_log(&house).await;
    crate::projections::read_models::assert_equals_rebuild(&house).await;
}

async fn closed_grant(house: &TestApp, office: &Office) -> GrantId {
    let asking = ApiCommands { house };
    let (grant, ..) = office.prepared(house, 800).await;
    office.paid(house, grant).await;
    asking
        .issue_ok(
            office.ada,
            "grant/excuse-update",
            grant.0,
            json!({ "update": 1, "reason": "Heard on the telephone" }),
        )
        .await;
    asking
        .issue_ok(office.ada, "grant/close", grant.0, json!({}))
        .await;
    grant
}

on_each_engine!(a_closed_grant_takes_money_back);
async fn a_closed_grant_takes_money_back(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let grant = closed_grant(&house, &office).await;
    house.pass_days(2);
    asking
        .issue_ok(
            office.ben,
            "grant/receive-return",
            grant.0,
            money_back("300.00", house.in_days(-1)),
        )
        .await;
    assert_eq!(figures(&house).await, (gbp(500), gbp(500), Some(gbp(4500))));
    let recall =
        json!({ "payment": 1, "happened_on": house.today(), "reason": "Recalled by the bank" });
    assert_eq!(
        asking
            .issue_ok(office.ben, "grant/reverse-payment", grant.0, recall)
            .await,
        Some(1)
    );
    assert_eq!(figures(&house).await, (gbp(0), gbp(0), Some(gbp(5000))));
    assert_every_day_answers(&house, house.in_days(-2)).await;
    crate::support::replay::replay_log(&house).await;
    crate::projections::read_models::assert_equals_rebuild(&house).await;
}

on_each_engine!(a_recall_after_a_partial_return_is_recorded);
async fn a_recall_after_a_partial_return_is_recorded(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (grant, ..) = office.prepared(&house, 1000).await;
    office.paid(&house, grant).await;
    asking
        .issue_ok(
            office.ada,
            "grant/declare-underspend",
            grant.0,
            json!({ "amount": "400.00" }),
        )
        .await;
    asking
        .issue_ok(
            office.ben,
            "grant/receive-return",
            grant.0,
            money_back("100.00", house.today()),
        )
        .await;
    let recall =
        json!({ "payment": 1, "happened_on": house.today(), "reason": "Recalled by the bank" });
    asking
        .issue_ok(office.ben, "grant/reverse-payment", grant.0, recall)
        .await;
    // £900 could still be taken back: £300 of it was due, and £600 can be paid again.
    assert_eq!(figures(&house).await, (gbp(600), gbp(0), Some(gbp(4400))));
    asking
        .issue_ok(
            office.ada,
            "grant/prepare-payment",
            grant.0,
            json!({ "amount": "600.00" }),
        )
        .await;
    crate::support::replay::replay_log(&house).await;
    crate::projections::read_models::assert_equals_rebuild(&house).await;
}

on_each_engine!(a_recall_after_the_end_frees_the_money);
async fn a_recall_after_the_end_frees_the_money(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (grant, ..) = office.prepared(&house, 800).await;
    office.paid(&house, grant).await;
    asking
        .issue_ok(
            office.ada,
            "grant/terminate",
            grant.0,
            json!({ "reason": "They stopped" }),
        )
        .await;
    let recall =
        json!({ "payment": 1, "happened_on": house.today(), "reason": "Recalled by the bank" });
    asking
        .issue_ok(office.ben, "grant/reverse-payment", grant.0, recall)
        .await;
    assert_eq!(figures(&house).await, (gbp(0), gbp(0), Some(gbp(5000))));
    crate::support::replay::replay_log(&house).await;
}

on_each_engine!(what_does_not_fit_is_settled_by_two_and_blocks_nothing);
async fn what_does_not_fit_is_settled_by_two_and_blocks_nothing(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let (grant, ..) = office.prepared(&house, 800).await;
    office.paid(&house, grant).await;
    let before = figures(&house).await;
    // A return of more than was paid, and a duplicate credit.
    assert_eq!(
        asking
            .issue_ok(
                ben,
                "grant/receive-return",
                grant.0,
                money_back("1000.00", house.today())
            )
            .await,
        Some(1)
    );
    let odd = json!({ "kind": "went_out", "amount": "800.00", "payment": 1, "happened_on": house.today(), "note": "Paid twice" });
    assert_eq!(
        asking
            .issue_ok(ben, "grant/record-bank-entry", grant.0, odd)
            .await,
        Some(2)
    );
    assert_eq!(
        figures(&house).await,
        before,
        "what is to be settled moves nothing"
    );
    // The unsettled entry blocks no other command.
    asking
        .issue_ok(
            ada,
            "grant/excuse-update",
            grant.0,
            json!({ "update": 1, "reason": "Heard on the telephone" }),
        )
        .await;
    asking
        .issue_ok(ada, "grant/close", grant.0, json!({}))
        .await;
    let propose = |entry: u16, counts: &str| json!({ "entry": entry, "counts": counts, "reason": "£200 went back to them" });
    let confirm = |entry: u16, counts: &str| json!({ "entry": entry, "counts": counts });
    assert_eq!(
        asking
            .issue_refused(
                ada,
                "grant/propose-settlement",
                grant.0,
                propose(1, "900.00")
            )
            .await
            .code(),
        "more_than_paid"
    );
    assert_eq!(
        asking
            .issue_refused(ada, "grant/propose-settlement", grant.0, propose(2, "1.00"))
            .await
            .code(),
        "more_than_paid"
    );
    asking
        .issue_ok(
            ben,
            "grant/propose-settlement",
            grant.0,
            propose(1, "800.00"),
        )
        .await;
    assert_eq!(
        asking
            .issue_refused(
                ben,
                "grant/confirm-settlement",
                grant.0,
                confirm(1, "800.00")
            )
            .await
            .code(),
        "same_person"
    );
    assert_eq!(
        asking
            .issue_refused(
                ada,
                "grant/confirm-settlement",
                grant.0,
                confirm(1, "700.00")
            )
            .await
            .code(),
        "not_proposed"
    );
    asking
        .issue_ok(
            ada,
            "grant/confirm-settlement",
            grant.0,
            confirm(1, "800.00"),
        )
        .await;
    assert_eq!(figures(&house).await, (gbp(0), gbp(0), Some(gbp(5000))));
    assert_eq!(
        asking
            .issue_refused(
                ada,
                "grant/confirm-settlement",
                grant.0,
                confirm(1, "800.00")
            )
            .await
            .code(),
        "unknown"
    );
    asking
        .issue_ok(ada, "grant/propose-settlement", grant.0, propose(2, "0.00"))
        .await;
    asking
        .issue_ok(ben, "grant/confirm-settlement", grant.0, confirm(2, "0.00"))
        .await;
    house.catch_up().await;
    let row: microgrants::projections::GrantRow = house
        .views()
        .find(&grant.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    assert!(row.unsettled.is_empty());
    crate::support::replay::replay_log(&house).await;
    crate::projections::read_models::assert_equals_rebuild(&house).await;
}

on_each_engine!(what_left_on_an_earlier_day_was_in_order_then);
/// A payment is judged by the state on the day on which it left the bank. A hold, a new payee or a
/// check that came later does not prevent recording it; one that existed on that day does.
async fn what_left_on_an_earlier_day_was_in_order_then(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let (grant, group, member) = office.prepared(&house, 700).await;
    asking
        .issue_ok(
            ben,
            "grant/approve-payment",
            grant.0,
            json!({ "payment": 1 }),
        )
        .await;
    let left = |day: Date| json!({ "payment": 1, "happened_on": day });
    house.pass_days(2);
    let account = json!({ "route": "own_account", "account": { "holder": "Soup", "numbers": "12-34-56 87654321" } });
    asking
        .issue_ok(member, "group/provide-payee", group.0, account)
        .await;
    asking
        .issue_ok(
            ada,
            "grant/hold",
            grant.0,
            json!({ "reason": "Something was said" }),
        )
        .await;
    house.pass_days(2);
    for day in [house.in_days(-1), house.in_days(-2)] {
        assert_eq!(
            asking
                .issue_refused(ben, "grant/send-payment", grant.0, left(day))
                .await
                .code(),
            "grant_on_hold",
            "{day}"
        );
    }
    asking
        .issue_ok(ada, "grant/resume", grant.0, json!({}))
        .await;
    for day in [house.today(), house.in_days(-1), house.in_days(-2)] {
        assert_eq!(
            asking
                .issue_refused(ben, "grant/send-payment", grant.0, left(day))
                .await
                .code(),
            "payee_changed",
            "{day}"
        );
    }
    asking
        .issue_ok(ben, "grant/send-payment", grant.0, left(house.in_days(-3)))
        .await;
    crate::support::replay::replay_log(&house).await;
}

on_each_engine!(the_day_on_which_money_left_can_be_put_right_both_ways);
async fn the_day_on_which_money_left_can_be_put_right_both_ways(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let (grant, ..) = office.prepared(&house, 700).await;
    asking
        .issue_ok(
            ben,
            "grant/approve-payment",
            grant.0,
            json!({ "payment": 1 }),
        )
        .await;
    house.pass_days(5);
    let on = |day: Date| json!({ "payment": 1, "happened_on": day });
    asking
        .issue_ok(ben, "grant/send-payment", grant.0, on(house.in_days(-1)))
        .await;
    asking
        .issue_ok(ben, "grant/confirm-payment", grant.0, on(house.in_days(-3)))
        .await;
    let paid = async |day: Date| {
        budget(&house, Some(day), GroupBy::Fund)
            .await
            .lines
            .remove(0)
            .paid
    };
    assert_eq!(
        (paid(house.in_days(-4)).await, paid(house.in_days(-3)).await),
        (gbp(0), gbp(700))
    );
    let right =
        json!({ "payment": 1, "paid_on": house.today(), "reason": "The bank's date was misread" });
    asking
        .issue_ok(ben, "grant/correct-payment", grant.0, right)
        .await;
    assert_eq!(
        (paid(house.in_days(-2)).await, paid(house.in_days(-1)).await),
        (gbp(0), gbp(700))
    );
    asking
        .issue_ok(
            ada,
            "grant/demand-clawback",
            grant.0,
            json!({ "amount": "100.00", "reason": "Spent otherwise" }),
        )
        .await;
    // Nothing can have been returned before the payment left, so this entry waits to be settled.
    assert_eq!(
        asking
            .issue_ok(
                ben,
                "grant/receive-return",
                grant.0,
                money_back("100.00", house.in_days(-3))
            )
            .await,
        Some(1)
    );
    crate::projections::read_models::assert_equals_rebuild(&house).await;
}
