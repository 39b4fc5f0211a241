//! Facts from the bank are recorded on their true day, in any order and in every state of a grant,
//! and change the budget. An entry that does not fit waits until two people settle it, and blocks
//! nothing else.

use jiff::civil::Date;
use microgrants::domain::{Command, GrantId, Money};
use microgrants::projections::GrantRow;
use microgrants::views::{Budget, GroupBy, Sums};
use serde_json::json;

use crate::domain::connections::command;
use crate::projections::read_models::assert_equals_rebuild;
use crate::support::fixtures::{self, Office, gbp};
use crate::support::replay::replay_log;
use crate::support::steps::{
    approve_payment, assert_refused, close_grant, confirm_payment, declare_no_interest,
    declare_underspend, demand_clawback, excuse_update, prepare_payment, provide_payee,
    receive_return, reverse_payment, send_payment, verify_payee,
};
use crate::support::test_app::TestApp;

async fn budget(app: &TestApp, effective_on: Option<Date>, by: GroupBy) -> Budget {
    app.catch_up().await;
    let day = effective_on.map(|day| day.to_string());
    let wanted = Sums {
        by,
        fund: None,
        area: None,
        position: i64::MAX,
        effective_on: day.as_deref(),
    };
    app.views()
        .budget(wanted)
        .await
        .expect("a budget answers for every day")
}

/// Committed, paid net of returns, and uncommitted, of the only fund.
async fn figures(app: &TestApp) -> (Money, Money, Option<Money>) {
    let line = budget(app, None, GroupBy::Fund).await.lines.remove(0);
    (line.committed, line.paid_net, line.uncommitted)
}

/// The paid money of the only fund, as at the end of a day.
async fn paid_by(app: &TestApp, day: Date) -> Money {
    let line = budget(app, Some(day), GroupBy::Fund).await.lines.remove(0);
    line.paid
}

/// Asserts that no budget line of any day is reported as out of order.
async fn assert_every_day_answers(app: &TestApp, from: Date) {
    let days = std::iter::successors(Some(from), |day| {
        Some(day.saturating_add(jiff::Span::new().days(1)))
    });
    for day in days.take_while(|day| *day <= app.today()) {
        for by in [GroupBy::Fund, GroupBy::Funder, GroupBy::Grant] {
            let budget = budget(app, Some(day), by).await;
            assert!(
                budget.lines.iter().all(|line| line.out_of_order.is_empty()),
                "{day}: {budget:?}"
            );
        }
    }
}

on_each_engine!(nothing_leaves_before_its_last_approval);
async fn nothing_leaves_before_its_last_approval(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let ben = office.ben;
    let (grant, ..) = office.prepared(&app, 700).await;
    let prepared = app.today();
    app.pass_days(3);

    // When
    app.issue_ok(ben, approve_payment(grant, 1)).await;

    // Then
    for day in [prepared, app.in_days(-1)] {
        assert_refused(&app, ben, "dates_out_of_order", send_payment(grant, 1, day)).await;
    }
    let batch = json!({
        "batch": "early",
        "sent_on": prepared,
        "payments": [{ "grant": grant, "payment": 1, "amount": "700.00" }],
    });
    let send_batch = command("fund/send-batch", office.fund.0, &batch);
    let refused = app.issue(ben, send_batch).await;
    assert!(refused.is_err_and(|error| {
        error
            .to_string()
            .contains("cannot be sent before it is approved")
    }));
    app.issue_ok(ben, send_payment(grant, 1, app.today())).await;
    replay_log(&app).await;
}

on_each_engine!(nothing_arrives_before_its_last_approval);
/// The bank's day may be earlier than the recorded day of sending. It must still be after the
/// approval.
async fn nothing_arrives_before_its_last_approval(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let ben = office.ben;
    let (grant, ..) = office.prepared(&app, 700).await;
    app.pass_days(3);
    app.issue_ok(ben, approve_payment(grant, 1)).await;
    app.issue_ok(ben, send_payment(grant, 1, app.today())).await;
    app.pass_days(2);

    let early = confirm_payment(grant, 1, app.in_days(-4));

    assert_refused(&app, ben, "dates_out_of_order", early).await;
    replay_log(&app).await;
}

/// Raises the award of £1,000 to £1,200, with money of the council.
async fn raise_award(app: &TestApp, office: &Office, grant: GrantId) {
    let restricted = json!({
        "source": { "funder": "council", "area": "oldham" },
        "amount": "300.00",
        "reference": "C1",
        "received_on": app.today(),
    });
    let allocate = command("fund/allocate", office.fund.0, &restricted);
    app.issue_ok(office.ada, allocate).await;
    let more = json!({ "change": { "amount": "1200.00" }, "words": "Costs" });
    let request = command("grant/request-variation", grant.0, &more);
    app.issue_ok(office.ada, request).await;
    app.issue_ok(office.ben, declare_no_interest(grant)).await;
    let raise = json!({ "variation": 1 });
    let approve = command("grant/approve-variation", grant.0, &raise);
    app.issue_ok(office.ben, approve).await;
}

on_each_engine!(sources_are_fixed_when_a_payment_is_prepared);
/// An award raised with money of another funder, and a payment approved before the raise and
/// recorded after it.
async fn sources_are_fixed_when_a_payment_is_prepared(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let ben = office.ben;
    let begun = app.today();
    let (grant, ..) = office.approved(&app, 1000).await;
    app.pass_days(3);
    raise_award(&app, &office, grant).await;

    // When
    app.issue_ok(ben, send_payment(grant, 1, app.in_days(-2)))
        .await;
    app.issue_ok(ben, confirm_payment(grant, 1, app.in_days(-1)))
        .await;

    // Then
    assert_every_day_answers(&app, begun).await;
    let lines = budget(&app, Some(app.in_days(-1)), GroupBy::Funder)
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
    assert_equals_rebuild(&app).await;
}

/// A grant of £1,500 with one payment on day one and another on day five.
async fn grant_paid_twice(app: &TestApp, office: &Office) -> GrantId {
    let (grant, ..) = office.payable(app, 1500).await;
    for (payment, pounds) in [(1, 1000), (2, 500)] {
        app.issue_ok(office.ada, prepare_payment(grant, pounds))
            .await;
        office.complete_payment(app, grant, payment).await;
        app.pass_days(4);
    }
    grant
}

on_each_engine!(money_comes_back_on_its_true_day_in_any_order);
async fn money_comes_back_on_its_true_day_in_any_order(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let ben = office.ben;
    let begun = app.today();
    let grant = grant_paid_twice(&app, &office).await;
    let third_day = begun.saturating_add(jiff::Span::new().days(2));
    app.issue_ok(office.ada, declare_underspend(grant, 200))
        .await;

    // When the return arrived on the third day, before the second payment left.
    let returned = app
        .issue_ok(ben, receive_return(grant, 200, third_day))
        .await;

    // Then
    assert_eq!(returned.made, None);
    assert_eq!(figures(&app).await, (gbp(1300), gbp(1300), Some(gbp(3700))));

    // When a recall of the first payment, too, covers only the part that had not been returned.
    let recalled = app.issue_ok(ben, reverse_payment(grant, third_day)).await;

    // Then
    assert_eq!(recalled.made, Some(1), "£200 of it fit nothing");
    assert_eq!(figures(&app).await, (gbp(1300), gbp(500), Some(gbp(3700))));

    // When money comes that nobody had demanded.
    let undemanded = app
        .issue_ok(ben, receive_return(grant, 100, app.today()))
        .await;

    // Then
    assert_eq!(undemanded.made, None);
    assert_eq!(figures(&app).await, (gbp(1200), gbp(400), Some(gbp(3800))));
    assert_every_day_answers(&app, begun).await;
    replay_log(&app).await;
    assert_equals_rebuild(&app).await;
}

/// A grant of £800 that was paid today.
async fn paid_grant(app: &TestApp, office: &Office) -> GrantId {
    let (grant, ..) = office.prepared(app, 800).await;
    office.paid(app, grant).await;
    grant
}

async fn close(app: &TestApp, office: &Office, grant: GrantId) {
    app.issue_ok(office.ada, excuse_update(grant)).await;
    app.issue_ok(office.ada, close_grant(grant)).await;
}

on_each_engine!(a_closed_grant_takes_money_back);
async fn a_closed_grant_takes_money_back(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let ben = office.ben;
    let grant = paid_grant(&app, &office).await;
    close(&app, &office, grant).await;
    app.pass_days(2);

    // When
    app.issue_ok(ben, receive_return(grant, 300, app.in_days(-1)))
        .await;

    // Then
    assert_eq!(figures(&app).await, (gbp(500), gbp(500), Some(gbp(4500))));

    // When
    let recalled = app.issue_ok(ben, reverse_payment(grant, app.today())).await;

    // Then
    assert_eq!(recalled.made, Some(1));
    assert_eq!(figures(&app).await, (gbp(0), gbp(0), Some(gbp(5000))));
    assert_every_day_answers(&app, app.in_days(-2)).await;
    replay_log(&app).await;
    assert_equals_rebuild(&app).await;
}

on_each_engine!(a_recall_after_a_partial_return_is_recorded);
async fn a_recall_after_a_partial_return_is_recorded(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (grant, group, member) = office.prepared(&app, 1000).await;
    office.paid(&app, grant).await;
    app.issue_ok(office.ada, declare_underspend(grant, 400))
        .await;
    app.issue_ok(office.ben, receive_return(grant, 100, app.today()))
        .await;

    app.issue_ok(office.ben, reverse_payment(grant, app.today()))
        .await;

    // £900 could still be taken back: £300 of it was due, and £600 can be paid again.
    assert_eq!(figures(&app).await, (gbp(600), gbp(0), Some(gbp(4400))));
    app.issue_ok(member, provide_payee(group)).await;
    app.issue_ok(office.ada, verify_payee(group, 2)).await;
    app.issue_ok(office.ada, prepare_payment(grant, 600)).await;
    replay_log(&app).await;
    assert_equals_rebuild(&app).await;
}

on_each_engine!(money_does_not_go_again_to_an_account_that_the_bank_returned_it_from);
/// It goes only after the bank details were entered and verified again. A payment that was approved
/// for the old ones is not sent, either.
async fn money_does_not_go_again_to_an_account_that_the_bank_returned_it_from(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben, today) = (office.ada, office.ben, app.today());
    let (grant, group, member) = office.payable(&app, 1000).await;
    for payment in [1, 2] {
        app.issue_ok(ada, prepare_payment(grant, 400)).await;
        app.issue_ok(ben, approve_payment(grant, payment)).await;
    }
    app.issue_ok(ben, send_payment(grant, 1, today)).await;

    // When
    let returned = json!({ "payment": 1, "reason": "The account is closed" });
    app.issue_ok(ben, command("grant/fail-payment", grant.0, &returned))
        .await;

    // Then
    let not_verified = "payee_not_verified";
    assert_refused(&app, ada, not_verified, prepare_payment(grant, 100)).await;
    assert_refused(&app, ben, not_verified, send_payment(grant, 2, today)).await;

    // When
    app.issue_ok(member, provide_payee(group)).await;
    assert_refused(&app, ada, not_verified, prepare_payment(grant, 100)).await;
    app.issue_ok(ada, verify_payee(group, 2)).await;

    // Then
    app.issue_ok(ada, prepare_payment(grant, 400)).await;
    office.complete_payment(&app, grant, 3).await;
    replay_log(&app).await;
}

on_each_engine!(a_recall_after_the_end_frees_the_money);
async fn a_recall_after_the_end_frees_the_money(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let grant = paid_grant(&app, &office).await;
    let stopped = json!({ "reason": "They stopped" });
    app.issue_ok(office.ada, command("grant/terminate", grant.0, &stopped))
        .await;

    app.issue_ok(office.ben, reverse_payment(grant, app.today()))
        .await;

    assert_eq!(figures(&app).await, (gbp(0), gbp(0), Some(gbp(5000))));
    replay_log(&app).await;
}

/// Two entries that do not fit: a return of £1,000, which is more than was paid, and the payment of
/// £800 a second time.
async fn record_two_that_do_not_fit(app: &TestApp, office: &Office, grant: GrantId) {
    let returned = app
        .issue_ok(office.ben, receive_return(grant, 1000, app.today()))
        .await;
    assert_eq!(returned.made, Some(1));
    let odd = json!({
        "kind": "went_out",
        "amount": "800.00",
        "payment": 1,
        "happened_on": app.today(),
        "note": "Paid twice",
    });
    let record = command("grant/record-bank-entry", grant.0, &odd);
    let recorded = app.issue_ok(office.ben, record).await;
    assert_eq!(recorded.made, Some(2));
}

fn propose_settlement(grant: GrantId, entry: u16, pounds: u32) -> Command {
    let body = json!({
        "entry": entry, "counts": gbp(pounds), "reason": "£200 went back to them",
    });
    command("grant/propose-settlement", grant.0, &body)
}

fn confirm_settlement(grant: GrantId, entry: u16, pounds: u32) -> Command {
    let body = json!({ "entry": entry, "counts": gbp(pounds) });
    command("grant/confirm-settlement", grant.0, &body)
}

on_each_engine!(what_does_not_fit_moves_nothing_and_blocks_nothing);
async fn what_does_not_fit_moves_nothing_and_blocks_nothing(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let grant = paid_grant(&app, &office).await;
    let before = figures(&app).await;

    record_two_that_do_not_fit(&app, &office, grant).await;

    assert_eq!(
        figures(&app).await,
        before,
        "what is to be settled moves nothing"
    );
    close(&app, &office, grant).await;
    replay_log(&app).await;
    assert_equals_rebuild(&app).await;
}

on_each_engine!(what_does_not_fit_is_settled_by_two);
async fn what_does_not_fit_is_settled_by_two(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let grant = paid_grant(&app, &office).await;
    record_two_that_do_not_fit(&app, &office, grant).await;
    close(&app, &office, grant).await;
    let propose = |entry, pounds| propose_settlement(grant, entry, pounds);
    let confirm = |entry, pounds| confirm_settlement(grant, entry, pounds);
    assert_refused(&app, ada, "more_than_paid", propose(1, 900)).await;
    assert_refused(&app, ada, "more_than_paid", propose(2, 1)).await;

    // When
    app.issue_ok(ben, propose(1, 800)).await;

    // Then
    assert_refused(&app, ben, "same_person", confirm(1, 800)).await;
    assert_refused(&app, ada, "not_proposed", confirm(1, 700)).await;
    app.issue_ok(ada, confirm(1, 800)).await;
    assert_eq!(figures(&app).await, (gbp(0), gbp(0), Some(gbp(5000))));
    assert_refused(&app, ada, "unknown", confirm(1, 800)).await;

    // When
    app.issue_ok(ada, propose(2, 0)).await;
    app.issue_ok(ben, confirm(2, 0)).await;

    // Then
    assert!(grant_row(&app, grant).await.unsettled.is_empty());
    replay_log(&app).await;
    assert_equals_rebuild(&app).await;
}

async fn grant_row(app: &TestApp, grant: GrantId) -> GrantRow {
    app.catch_up().await;
    let row = app.views().find(grant, None).await;
    row.unwrap().unwrap()
}

on_each_engine!(what_left_on_an_earlier_day_was_in_order_then);
/// A payment is judged by the state on the day on which it left the bank. A hold, a new payee or a
/// check that came later does not prevent recording it; one that existed on that day does.
async fn what_left_on_an_earlier_day_was_in_order_then(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (grant, group, member) = office.approved(&app, 700).await;
    let left = |day: Date| send_payment(grant, 1, day);
    app.pass_days(2);

    // When another payee comes, and a hold.
    let other = Command::Group(group, fixtures::provide_payee("12-34-56 87654321"));
    app.issue_ok(member, other).await;
    let said = json!({ "reason": "Something was said" });
    app.issue_ok(ada, command("grant/hold", grant.0, &said))
        .await;

    // Then
    app.pass_days(2);
    for day in [app.in_days(-1), app.in_days(-2)] {
        assert_refused(&app, ben, "grant_on_hold", left(day)).await;
    }
    app.issue_ok(ada, command("grant/resume", grant.0, &json!({})))
        .await;
    for day in [app.today(), app.in_days(-1), app.in_days(-2)] {
        assert_refused(&app, ben, "payee_changed", left(day)).await;
    }
    app.issue_ok(ben, left(app.in_days(-3))).await;
    replay_log(&app).await;
}

on_each_engine!(the_day_on_which_money_left_can_be_put_right_both_ways);
async fn the_day_on_which_money_left_can_be_put_right_both_ways(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (grant, ..) = office.approved(&app, 700).await;
    app.pass_days(5);
    app.issue_ok(ben, send_payment(grant, 1, app.in_days(-1)))
        .await;

    // When
    app.issue_ok(ben, confirm_payment(grant, 1, app.in_days(-3)))
        .await;

    // Then
    assert_eq!(paid_by(&app, app.in_days(-4)).await, gbp(0));
    assert_eq!(paid_by(&app, app.in_days(-3)).await, gbp(700));

    // When
    let right = json!({
        "payment": 1, "paid_on": app.today(), "reason": "The bank's date was misread",
    });
    app.issue_ok(ben, command("grant/correct-payment", grant.0, &right))
        .await;

    // Then
    assert_eq!(paid_by(&app, app.in_days(-2)).await, gbp(0));
    assert_eq!(paid_by(&app, app.in_days(-1)).await, gbp(700));
    // Nothing can have been returned before the payment left, so this entry waits to be settled.
    app.issue_ok(ada, demand_clawback(grant, 100)).await;
    let early = receive_return(grant, 100, app.in_days(-3));
    assert_eq!(app.issue_ok(ben, early).await.made, Some(1));
    assert_equals_rebuild(&app).await;
}
