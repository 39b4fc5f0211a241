//! Decisions: each of the quorum confirms their own attendance, and an office of two settles what
//! one of the two may not decide.

use microgrants::domain::GrantId;
use serde_json::json;

use super::command;
use crate::domain::matrix::samples::rules;
use crate::support::fixtures::Office;
use crate::support::replay::replay_log;
use crate::support::steps::{
    accept_agreement, approve_payment, assert_refused, award_with, close_grant, confirm_attendance,
    confirm_eligibility, confirm_payment, confirm_return_waiver, confirm_waiver,
    declare_no_interest, declare_underspend, excuse_update, prepare_payment, propose_return_waiver,
    propose_waiver, provide_payee, send_payment, verify_payee, write_summary,
};
use crate::support::test_app::TestApp;

/// An office whose fund decides with a quorum of two.
async fn office_with_quorum_of_two(app: &TestApp) -> Office {
    let office = Office::open(app, 9000).await;
    let mut strict = rules(28);
    strict["quorum"] = json!(2);
    office.change_rules(app, &strict).await;
    office
}

on_each_engine!(a_quorum_is_confirmed_before_money_is_prepared);
async fn a_quorum_is_confirmed_before_money_is_prepared(app: TestApp) {
    // Given
    let office = office_with_quorum_of_two(&app).await;
    let (grant, group, member) = office.awarded_with_ben(&app, 900).await;
    assert_refused(
        &app,
        member,
        "attendance_unconfirmed",
        accept_agreement(grant),
    )
    .await;

    // When
    app.issue_ok(office.ben, confirm_attendance(grant, office.ben, 1))
        .await;

    // Then
    app.issue_ok(member, accept_agreement(grant)).await;
    office.make_payable(&app, grant, group, member).await;
    app.issue_ok(office.ada, prepare_payment(grant, 900)).await;
    replay_log(&app).await;
}

on_each_engine!(everybody_confirms_their_own_attendance);
/// Only Ben was named, and only he confirms it, for the decision that was taken.
async fn everybody_confirms_their_own_attendance(app: TestApp) {
    let office = office_with_quorum_of_two(&app).await;
    let (ada, ben) = (office.ada, office.ben);

    let (grant, ..) = office.awarded_with_ben(&app, 900).await;

    let attended = |person, decision| confirm_attendance(grant, person, decision);
    assert_refused(&app, ada, "not_yours", attended(ben, 1)).await;
    assert_refused(&app, ben, "not_proposed", attended(ada, 1)).await;
    assert_refused(&app, ben, "not_proposed", attended(ben, 2)).await;
    app.issue_ok(ben, attended(ben, 1)).await;
    replay_log(&app).await;
}

on_each_engine!(an_office_of_two_settles_what_one_may_not_decide);
/// One of the two officers helped with the wording: she proposes, and the other confirms.
async fn an_office_of_two_settles_what_one_may_not_decide(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (application, group, member) = office.draft(&app, 900).await;
    let grant = GrantId::from(application);

    // When
    let help = json!({ "channel": "phone", "help": { "by": ada, "kind": "helped_to_word" } });
    let submit = command("application/submit", application.0, &help);
    app.issue_ok(ada, submit).await;

    // Then Ben decides alone, and sees the payee.
    app.issue_ok(ada, confirm_eligibility(application)).await;
    app.issue_ok(ada, write_summary(application)).await;
    app.issue_ok(ben, declare_no_interest(application)).await;
    app.issue_ok(ben, award_with(&app, application, 900, &[]))
        .await;
    app.issue_ok(member, accept_agreement(grant)).await;
    app.issue_ok(member, provide_payee(group)).await;
    app.issue_ok(ben, verify_payee(group, 1)).await;

    // Then Ada proposes a waiver and prepares the payment, and Ben confirms both.
    app.issue_ok(ada, propose_waiver(grant, "identity")).await;
    app.issue_ok(ben, confirm_waiver(grant, "identity")).await;
    app.issue_ok(ada, prepare_payment(grant, 900)).await;
    app.issue_ok(ben, approve_payment(grant, 1)).await;
    app.issue_ok(ada, send_payment(grant, 1, app.today())).await;
    app.issue_ok(ada, confirm_payment(grant, 1, app.today()))
        .await;

    // Then the money that is due back is waived, and the grant is closed.
    app.issue_ok(ada, declare_underspend(grant, 50)).await;
    app.issue_ok(ada, propose_return_waiver(grant, 50)).await;
    app.issue_ok(ben, confirm_return_waiver(grant, 50)).await;
    app.issue_ok(ada, excuse_update(grant)).await;
    app.issue_ok(ada, close_grant(grant)).await;
    replay_log(&app).await;
}
