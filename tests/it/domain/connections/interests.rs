//! Declared interests: a person with an interest in a grant has no part in ending it, and none in
//! the payee, the checks and the updates of its group.

use microgrants::domain::application::InterestKind;
use microgrants::domain::{Command, GrantId};
use serde_json::json;

use super::command;
use crate::support::fixtures::Office;
use crate::support::replay::replay_log;
use crate::support::steps::{
    assert_refused, declare_interest, demand_clawback, excuse_update, pass_check, provide_payee,
    request_check, verify_payee,
};
use crate::support::test_app::TestApp;

fn withdraw_offer(grant: GrantId) -> Command {
    let because = json!({ "reason": "They are not to be reached" });
    command("grant/withdraw-offer", grant.0, &because)
}

fn terminate(grant: GrantId) -> Command {
    let because = json!({ "reason": "They are not to be reached" });
    command("grant/terminate", grant.0, &because)
}

on_each_engine!(an_offer_is_withdrawn_by_those_without_an_interest);
async fn an_offer_is_withdrawn_by_those_without_an_interest(app: TestApp) {
    let office = Office::open(&app, 9000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (offer, ..) = office.awarded(&app, 700).await;
    assert_refused(&app, ben, "not_declared", withdraw_offer(offer)).await;

    app.issue_ok(ben, declare_interest(offer, InterestKind::Family))
        .await;

    assert_refused(&app, ben, "interested", withdraw_offer(offer)).await;
    app.issue_ok(ada, withdraw_offer(offer)).await;
    replay_log(&app).await;
}

on_each_engine!(a_grant_is_ended_by_those_without_an_interest);
async fn a_grant_is_ended_by_those_without_an_interest(app: TestApp) {
    let office = Office::open(&app, 9000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (grant, ..) = office.prepared(&app, 800).await;
    office.paid(&app, grant).await;

    app.issue_ok(ben, declare_interest(grant, InterestKind::Family))
        .await;

    assert_refused(&app, ben, "interested", terminate(grant)).await;
    assert_refused(&app, ben, "interested", demand_clawback(grant, 10)).await;
    app.issue_ok(ada, demand_clawback(grant, 10)).await;
    app.issue_ok(ada, terminate(grant)).await;
    replay_log(&app).await;
}

on_each_engine!(an_interest_in_any_grant_of_a_group_counts_for_its_payee);
/// The interested officer may pass no check and excuse no update either.
async fn an_interest_in_any_grant_of_a_group_counts_for_its_payee(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (grant, group, member) = office.payable(&app, 700).await;

    // When
    app.issue_ok(ben, declare_interest(grant, InterestKind::Family))
        .await;

    // Then
    app.issue_ok(member, provide_payee(group)).await;
    assert_refused(&app, ben, "interested", verify_payee(group, 2)).await;
    app.issue_ok(ada, request_check(grant, "hall")).await;
    assert_refused(&app, ben, "interested", pass_check(grant, "hall")).await;
    assert_refused(&app, ben, "interested", excuse_update(grant)).await;
}
