//! Proposals: a confirmation counts for the proposal that was shown, and for a proposer and a
//! person who are still there.

use microgrants::domain::{Command, GroupId, Role};
use microgrants::projections::GroupRow;
use serde_json::json;

use super::command;
use crate::domain::matrix::samples::rules;
use crate::support::fixtures::{Office, person};
use crate::support::steps::{
    assert_refused, change_contact, confirm_contact, confirm_role, end_role, erase_person,
    propose_role,
};
use crate::support::test_app::TestApp;

on_each_engine!(roles_are_for_the_living);
async fn roles_are_for_the_living(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let erased = person(&app, "Gone").await;
    app.issue_ok(ada, propose_role(&app, erased, Role::Finance))
        .await;

    app.issue_ok(ada, erase_person(erased)).await;

    let confirm = confirm_role(&app, erased, Role::Finance);
    assert_refused(&app, ben, "erased", confirm).await;
    let propose = propose_role(&app, erased, Role::Finance);
    assert_refused(&app, ben, "erased", propose).await;
}

on_each_engine!(a_proposal_of_who_may_no_longer_propose_is_made_anew);
/// The proposer has lost the right to propose, so somebody else must propose it anew.
async fn a_proposal_of_who_may_no_longer_propose_is_made_anew(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let third = person(&app, "Third").await;
    office.give_role(&app, third, Role::Administrator).await;
    let new = person(&app, "New").await;
    app.issue_ok(third, propose_role(&app, new, Role::Finance))
        .await;
    let changed = json!({ "rules": rules(20) });
    let on_fund = |path: &str| command(path, office.fund.0, &changed);
    app.issue_ok(third, on_fund("fund/propose-rules")).await;

    // When
    app.issue_ok(ada, end_role(&app, third, Role::Administrator))
        .await;

    // Then
    let confirm = || confirm_role(&app, new, Role::Finance);
    assert_refused(&app, ben, "proposer_gone", confirm()).await;
    assert_refused(&app, ben, "proposer_gone", on_fund("fund/confirm-rules")).await;
    app.issue_ok(ada, propose_role(&app, new, Role::Finance))
        .await;
    app.issue_ok(ben, confirm()).await;
}

fn correct_name(group: GroupId, name: &str) -> Command {
    let body = json!({ "name": name, "area": "oldham", "reason": "We voted" });
    command("group/correct", group.0, &body)
}

fn take_correction(group: GroupId, proposal: u32) -> Command {
    let body = json!({ "proposal": proposal });
    command("group/take-correction", group.0, &body)
}

on_each_engine!(a_correction_is_taken_as_it_was_seen);
/// A confirmation counts only for the proposal that was shown; a later proposal makes it invalid.
async fn a_correction_is_taken_as_it_was_seen(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let ada = office.ada;
    let (group, member) = office.group(&app).await;
    app.issue_ok(member, correct_name(group, "Soup and songs"))
        .await;

    // When
    app.issue_ok(member, correct_name(group, "Jo Bloggs of 12 Mill Lane"))
        .await;

    // Then
    assert_refused(&app, ada, "not_proposed", take_correction(group, 1)).await;
    let reason = json!({ "reason": "A person's name" });
    let refuse = command("group/refuse-correction", group.0, &reason);
    app.issue_ok(ada, refuse).await;
    app.issue_ok(member, correct_name(group, "Soup and songs"))
        .await;
    app.issue_ok(ada, take_correction(group, 3)).await;
    app.catch_up().await;
    let row: GroupRow = app.views().find(group, None).await.unwrap().unwrap();
    assert_eq!(
        (row.name.as_str(), row.proposed.is_none()),
        ("Soup and songs", true)
    );
}

on_each_engine!(a_proposal_is_confirmed_as_it_was_seen);
/// The same for contact details.
async fn a_proposal_is_confirmed_as_it_was_seen(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let ada = office.ada;
    let (_, member) = office.group(&app).await;
    app.issue_ok(ada, change_contact(member, "Cass", "a@example.org"))
        .await;

    app.issue_ok(ada, change_contact(member, "Cass", "b@example.org"))
        .await;

    assert_refused(&app, office.ben, "not_proposed", confirm_contact(member, 1)).await;
}
