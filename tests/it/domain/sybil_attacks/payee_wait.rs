//! The payee wait: a payment waits after the payee or the people of its group changed.

use jiff::civil::Date;
use microgrants::domain::{Command, GrantId};
use microgrants::projections::PaymentRow;
use serde_json::json;

use crate::domain::connections::command;
use crate::domain::matrix::samples::rules;
use crate::support::fixtures::{Office, person};
use crate::support::replay::replay_log;
use crate::support::steps::{
    add_member, assert_refused, change_contact, merge_group, prepare_payment, provide_payee,
    send_payment, verify_payee,
};
use crate::support::test_app::TestApp;

/// An office whose fund has the default wait of three days.
async fn office_with_wait(app: &TestApp) -> Office {
    let office = Office::open(app, 10_000).await;
    let mut patient = rules(28);
    patient.as_object_mut().unwrap().remove("payee_wait_days");
    office.change_rules(app, &patient).await;
    office
}

fn propose_early_payment(grant: GrantId) -> Command {
    let body = json!({ "payment": 1, "reason": "The hall must be paid today" });
    command("grant/propose-early-payment", grant.0, &body)
}

fn confirm_early_payment(grant: GrantId) -> Command {
    let body = json!({ "payment": 1 });
    command("grant/confirm-early-payment", grant.0, &body)
}

/// Until when the first payment of a grant waits.
async fn waits_until(app: &TestApp, grant: GrantId) -> Option<Date> {
    app.catch_up().await;
    let row = app.views().find(format!("{grant}/00001"), None).await;
    let row: PaymentRow = row.unwrap().unwrap();
    row.waits_until
}

on_each_engine!(the_first_payee_needs_no_wait);
async fn the_first_payee_needs_no_wait(app: TestApp) {
    let office = office_with_wait(&app).await;

    let (grant, ..) = office.approved(&app, 500).await;

    let early = propose_early_payment(grant);
    assert_refused(&app, office.ben, "payee_waits_not", early).await;
    replay_log(&app).await;
}

on_each_engine!(money_waits_after_a_change);
/// A person joins: the approved payment waits three days, alone and in a batch.
async fn money_waits_after_a_change(app: TestApp) {
    // Given
    let office = office_with_wait(&app).await;
    let ben = office.ben;
    let (grant, group, member) = office.approved(&app, 500).await;
    let dee = person(&app, "Dee").await;
    let today = app.today();

    // When
    add_member(&app, member, group, dee).await;

    // Then
    assert_refused(&app, ben, "payee_waits", send_payment(grant, 1, today)).await;
    let batch = json!({
        "batch": "b",
        "sent_on": today,
        "payments": [{ "grant": grant, "payment": 1, "amount": "500.00" }],
    });
    let send_batch = command("fund/send-batch", office.fund.0, &batch);
    let together = app.issue(ben, send_batch).await;
    assert!(
        format!("{together:?}").contains("PayeeWaits"),
        "{together:?}"
    );
    replay_log(&app).await;
}

on_each_engine!(two_people_shorten_a_wait_until_another_change);
async fn two_people_shorten_a_wait_until_another_change(app: TestApp) {
    // Given
    let office = office_with_wait(&app).await;
    let (ada, ben) = (office.ada, office.ben);
    let (grant, group, member) = office.approved(&app, 500).await;
    let dee = person(&app, "Dee").await;
    add_member(&app, member, group, dee).await;

    // When
    app.issue_ok(ada, propose_early_payment(grant)).await;
    assert_refused(&app, ada, "same_person", confirm_early_payment(grant)).await;
    app.issue_ok(ben, confirm_early_payment(grant)).await;
    // Another change on the next day restarts the wait.
    app.pass_days(1);
    app.issue_ok(member, change_contact(member, "Cass", "new@example.org"))
        .await;

    // Then
    let send = || send_payment(grant, 1, app.today());
    assert_refused(&app, ben, "payee_waits", send()).await;
    app.pass_days(3);
    app.issue_ok(ben, send()).await;
    replay_log(&app).await;
}

on_each_engine!(a_new_payee_waits);
async fn a_new_payee_waits(app: TestApp) {
    let office = office_with_wait(&app).await;
    let (grant, group, member) = office.payable(&app, 600).await;

    app.issue_ok(member, provide_payee(group)).await;
    app.issue_ok(office.ben, verify_payee(group, 2)).await;
    app.issue_ok(office.ada, prepare_payment(grant, 600)).await;

    assert_eq!(waits_until(&app, grant).await, Some(app.in_days(3)));
    replay_log(&app).await;
}

on_each_engine!(a_merge_that_adds_members_waits);
async fn a_merge_that_adds_members_waits(app: TestApp) {
    let office = office_with_wait(&app).await;
    let (grant, group, _) = office.payable(&app, 700).await;
    let (other, _) = office.group(&app).await;

    app.issue_ok(office.ada, merge_group(group, other)).await;
    app.issue_ok(office.ben, prepare_payment(grant, 700)).await;

    assert_eq!(waits_until(&app, grant).await, Some(app.in_days(3)));
    replay_log(&app).await;
}
