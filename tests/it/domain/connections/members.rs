//! Members of a group: they have no part in its money and its decisions, also after they left, and
//! nobody with a role becomes one by a member's invitation.

use microgrants::domain::Role;
use serde_json::json;

use super::command;
use crate::support::fixtures::{Office, person};
use crate::support::replay::replay_log;
use crate::support::steps::{
    add_member, approve_payment, assert_refused, award_with, confirm_eligibility,
    confirm_return_waiver, confirm_waiver, declare_no_interest, declare_underspend, invite,
    merge_group, prepare_payment, propose_return_waiver, propose_role, propose_waiver,
    provide_payee, remove_member, request_check, score, submit_on_web, verify_payee,
};
use crate::support::test_app::TestApp;

on_each_engine!(members_have_no_part_in_the_money_of_their_group);
async fn members_have_no_part_in_the_money_of_their_group(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (grant, group, member) = office.prepared(&app, 1000).await;

    // When Ben becomes a member: he accepts, and the other officer had invited him.
    add_member(&app, ada, group, ben).await;

    // Then
    assert_refused(&app, ben, "interested", approve_payment(grant, 1)).await;
    assert_refused(&app, ben, "interested", prepare_payment(grant, 1)).await;
    app.issue_ok(ada, request_check(grant, "hall")).await;
    assert_refused(&app, ben, "interested", propose_waiver(grant, "hall")).await;
    app.issue_ok(ada, propose_waiver(grant, "hall")).await;
    assert_refused(&app, ben, "interested", confirm_waiver(grant, "hall")).await;
    app.issue_ok(member, provide_payee(group)).await;
    assert_refused(&app, ben, "interested", verify_payee(group, 2)).await;
    replay_log(&app).await;
}

on_each_engine!(leaving_a_group_gives_no_part_in_its_money);
async fn leaving_a_group_gives_no_part_in_its_money(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (grant, group, member) = office.prepared(&app, 1000).await;
    app.issue_ok(ada, request_check(grant, "hall")).await;
    add_member(&app, ada, group, ben).await;
    app.issue_ok(ada, propose_waiver(grant, "hall")).await;
    app.issue_ok(member, provide_payee(group)).await;

    // When
    app.issue_ok(ada, remove_member(group, ben)).await;

    // Then
    assert_refused(&app, ben, "interested", verify_payee(group, 2)).await;
    assert_refused(&app, ben, "interested", confirm_waiver(grant, "hall")).await;
    replay_log(&app).await;
}

on_each_engine!(members_waive_no_money_that_their_group_owes);
async fn members_waive_no_money_that_their_group_owes(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (grant, group, _) = office.prepared(&app, 800).await;
    office.paid(&app, grant).await;
    app.issue_ok(ada, declare_underspend(grant, 100)).await;
    app.issue_ok(ada, propose_return_waiver(grant, 50)).await;

    add_member(&app, ada, group, ben).await;

    assert_refused(&app, ben, "interested", confirm_return_waiver(grant, 50)).await;
    assert_refused(&app, ben, "interested", propose_return_waiver(grant, 50)).await;
    replay_log(&app).await;
}

on_each_engine!(leaving_a_group_ends_no_conflict);
/// Ben is a member while the group applies, leaves, and would then decide.
async fn leaving_a_group_ends_no_conflict(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (application, group, member) = office.draft(&app, 900).await;
    add_member(&app, ada, group, ben).await;
    app.issue_ok(member, submit_on_web(application)).await;
    app.issue_ok(ada, confirm_eligibility(application)).await;

    // When
    app.issue_ok(ben, remove_member(group, ben)).await;

    // Then
    assert_refused(&app, ben, "interested", declare_no_interest(application)).await;
    assert_refused(&app, ben, "interested", score(application)).await;
    app.issue_ok(ada, declare_no_interest(application)).await;
    let with_ben = json!({ "reason": "Not yet", "present": [ben] });
    let defer = command("application/defer", application.0, &with_ben);
    assert_refused(&app, ada, "interested", defer).await;
    replay_log(&app).await;
}

on_each_engine!(a_membership_that_ended_before_the_application_does_not_count);
async fn a_membership_that_ended_before_the_application_does_not_count(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (group, member) = office.group(&app).await;
    add_member(&app, ada, group, ben).await;
    app.issue_ok(ben, remove_member(group, ben)).await;
    app.pass_days(1);

    let application = office.draft_of(&app, group, member, 700).await;
    app.issue_ok(member, submit_on_web(application)).await;

    app.issue_ok(ben, declare_no_interest(application)).await;
    replay_log(&app).await;
}

on_each_engine!(merging_a_group_ends_no_conflict);
/// A member of a group that was merged into the applicant counts as a member of the applicant.
async fn merging_a_group_ends_no_conflict(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (application, heir, _) = office.ready(&app, 800).await;
    let (old, _) = office.group(&app).await;
    add_member(&app, ada, old, ben).await;

    app.issue_ok(ada, merge_group(old, heir)).await;

    assert_refused(&app, ben, "interested", declare_no_interest(application)).await;
    let award = award_with(&app, application, 800, &[ben]);
    assert_refused(&app, ada, "interested", award).await;
    replay_log(&app).await;
}

on_each_engine!(a_group_makes_no_member_of_somebody_with_a_role);
async fn a_group_makes_no_member_of_somebody_with_a_role(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (group, member) = office.group(&app).await;
    let dee = person(&app, "Dee").await;
    let soon = person(&app, "Soon on the panel").await;

    // When
    app.issue_ok(office.ada, propose_role(&app, soon, Role::Panel))
        .await;

    // Then
    assert_refused(&app, member, "not_yours", invite(group, office.ben)).await;
    assert_refused(&app, member, "not_yours", invite(group, soon)).await;
    add_member(&app, member, group, dee).await;
    add_member(&app, office.ada, group, office.ben).await;
}
