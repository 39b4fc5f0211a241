//! Connections that arise after somebody acted, or that were not yet declared: acts of that person
//! must be repeated by another, and the person changes nothing that a payment waits for.

use microgrants::domain::application::InterestKind;
use microgrants::domain::{Command, GrantId, GroupId, PersonId, Role};
use serde_json::{Value, json};

use crate::domain::connections::command;
use crate::support::fixtures::{Office, award, person};
use crate::support::replay::replay_log;
use crate::support::steps::{
    accept_agreement, add_member, approve_payment, assert_refused, award_with, confirm_attendance,
    confirm_waiver, declare_interest, declare_no_interest, demand_clawback, end_role, erase_person,
    invite, merge_group, pass_check, prepare_payment, propose_waiver, provide_payee, request_check,
    reverse_payment, verify_payee, write_summary,
};
use crate::support::test_app::TestApp;

/// A third person with the roles of the two officers that concern money.
async fn third_person(app: &TestApp, office: &Office) -> PersonId {
    let third = person(app, "Third").await;
    for role in [Role::Officer, Role::Finance] {
        office.give_role(app, third, role).await;
    }
    third
}

on_each_engine!(who_verified_a_payee_stands_behind_no_group_that_is_paid);
/// Ben declares an interest, then verifies the payee before a grant exists to which the interest
/// applies.
async fn who_verified_a_payee_stands_behind_no_group_that_is_paid(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (application, group, member) = office.ready(&app, 900).await;
    app.issue_ok(ben, declare_interest(application, InterestKind::Family))
        .await;
    app.issue_ok(member, provide_payee(group)).await;
    app.issue_ok(ben, verify_payee(group, 1)).await;

    // When
    app.issue_ok(ada, award(&app, application, 900)).await;
    let grant = GrantId::from(application);
    app.issue_ok(member, accept_agreement(grant)).await;
    app.issue_ok(ada, pass_check(grant, "identity")).await;

    // Then
    let prepare = || prepare_payment(grant, 900);
    assert_refused(&app, ada, "payee_not_verified", prepare()).await;
    assert_refused(&app, ben, "interested", verify_payee(group, 1)).await;
    app.issue_ok(ada, verify_payee(group, 1)).await;
    app.issue_ok(ada, prepare()).await;
    replay_log(&app).await;
}

on_each_engine!(a_waiver_that_somebody_proposed_ends_when_they_join_the_group);
async fn a_waiver_that_somebody_proposed_ends_when_they_join_the_group(app: TestApp) {
    let office = Office::open(&app, 9000).await;
    let (ada, ben) = (office.ada, office.ben);
    let third = third_person(&app, &office).await;
    let (grant, group, _) = office.prepared(&app, 900).await;
    app.issue_ok(ada, request_check(grant, "hall")).await;
    app.issue_ok(ada, propose_waiver(grant, "hall")).await;

    add_member(&app, ben, group, ada).await;

    assert_refused(&app, ben, "proposer_gone", confirm_waiver(grant, "hall")).await;
    app.issue_ok(third, pass_check(grant, "hall")).await;
    replay_log(&app).await;
}

on_each_engine!(what_somebody_prepared_or_proposed_ends_when_they_join_the_group);
/// Ada verified the payee and prepared the payment, and then becomes a member of the group.
async fn what_somebody_prepared_or_proposed_ends_when_they_join_the_group(app: TestApp) {
    // Given
    let office = Office::open(&app, 9000).await;
    let (ada, ben) = (office.ada, office.ben);
    let third = third_person(&app, &office).await;
    let (grant, group, member) = office.prepared(&app, 900).await;

    // When
    add_member(&app, ben, group, ada).await;

    // Then another person verifies the payee again.
    let approve = |payment| approve_payment(grant, payment);
    assert_refused(&app, ben, "payee_not_verified", approve(1)).await;
    app.issue_ok(third, verify_payee(group, 1)).await;

    // Then another person prepares the payment again.
    assert_refused(&app, ben, "proposer_gone", approve(1)).await;
    let anew = json!({ "payment": 1, "reason": "Prepared anew" });
    app.issue_ok(ben, command("grant/cancel-payment", grant.0, &anew))
        .await;
    app.issue_ok(third, prepare_payment(grant, 900)).await;
    app.issue_ok(ben, approve(2)).await;
    assert_refused(&app, member, "not_yours", approve(2)).await;
    replay_log(&app).await;
}

on_each_engine!(a_group_that_was_merged_takes_no_members);
async fn a_group_that_was_merged_takes_no_members(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (honest, _) = office.group(&app).await;
    let (heir, made_up) = office.group(&app).await;

    app.issue_ok(ada, merge_group(honest, heir)).await;

    assert_refused(&app, made_up, "group_merged", invite(honest, made_up)).await;
    assert_refused(&app, ben, "group_merged", invite(honest, made_up)).await;
    app.issue_ok(made_up, provide_payee(honest)).await;
    assert_refused(&app, ada, "keyed_payee", verify_payee(honest, 1)).await;
    replay_log(&app).await;
}

on_each_engine!(attendance_is_of_people_who_stand_and_could_sit);
/// Two people were named as present. One of them was erased, and the other declared an interest.
async fn attendance_is_of_people_who_stand_and_could_sit(app: TestApp) {
    // Given
    let office = Office::open(&app, 9000).await;
    let (ada, ben) = (office.ada, office.ben);
    let third = third_person(&app, &office).await;
    let leaves = person(&app, "Lee").await;
    office.give_role(&app, leaves, Role::Panel).await;
    let (application, ..) = office.ready(&app, 900).await;
    for sits in [ben, leaves] {
        app.issue_ok(sits, declare_no_interest(application)).await;
    }
    app.issue_ok(ada, award_with(&app, application, 900, &[ben, leaves]))
        .await;

    // When
    app.issue_ok(ada, end_role(&app, leaves, Role::Panel)).await;
    app.issue_ok(ada, erase_person(leaves)).await;
    app.issue_ok(ben, declare_interest(application, InterestKind::Committee))
        .await;

    // Then
    let attended = |person| confirm_attendance(application, person, 1);
    assert_refused(&app, leaves, "not_yours", attended(leaves)).await;
    assert_refused(&app, ben, "interested", attended(ben)).await;
    assert_refused(&app, third, "not_yours", attended(ben)).await;
    replay_log(&app).await;
}

on_each_engine!(members_with_a_role_change_nothing_that_a_payment_waits_for);
async fn members_with_a_role_change_nothing_that_a_payment_waits_for(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (grant, group, _) = office.payable(&app, 900).await;
    let on_grant = |path: &str, body: Value| command(path, grant.0, &body);
    app.issue_ok(ada, request_check(grant, "hall")).await;
    app.issue_ok(
        ada,
        on_grant("grant/hold", json!({ "reason": "A question" })),
    )
    .await;

    // When
    add_member(&app, ada, group, ben).await;

    // Then
    let instalments = json!({ "instalments": [
        { "amount": "899.99", "released": "at_once" },
        { "amount": "0.01", "released": { "after_check": { "check": "hall" } } },
    ] });
    let failed = json!({ "check": "hall", "note": "Seen" });
    for step in [
        on_grant("grant/resume", json!({})),
        on_grant("grant/schedule-payments", instalments),
        request_check(grant, "booking"),
        pass_check(grant, "hall"),
        on_grant("grant/fail-check", failed),
    ] {
        assert_refused(&app, ben, "interested", step).await;
    }
    app.issue_ok(ada, on_grant("grant/resume", json!({}))).await;
    replay_log(&app).await;
}

on_each_engine!(members_with_a_role_do_not_judge_their_own_application);
async fn members_with_a_role_do_not_judge_their_own_application(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let ben = office.ben;
    let (application, group, _) = office.submitted(&app, 900).await;

    add_member(&app, office.ada, group, ben).await;

    let changes = json!({ "questions": ["requested"], "note": "More?", "due_on": app.in_days(5) });
    let request = command("application/request-changes", application.0, &changes);
    assert_refused(&app, ben, "interested", request).await;
    assert_refused(&app, ben, "interested", write_summary(application)).await;
    replay_log(&app).await;
}

fn take_correction(group: GroupId) -> Command {
    let body = json!({ "proposal": 1 });
    command("group/take-correction", group.0, &body)
}

on_each_engine!(members_with_a_role_do_not_judge_the_name_of_their_group);
/// A name proposed by a member is confirmed by another person, even if the member has roles.
async fn members_with_a_role_do_not_judge_the_name_of_their_group(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (_, group, member) = office.submitted(&app, 900).await;
    add_member(&app, ada, group, ben).await;

    let name = json!({ "name": "Soup for Oldham", "area": "oldham", "reason": "We voted" });
    app.issue_ok(ben, command("group/correct", group.0, &name))
        .await;

    assert_refused(&app, ben, "interested", take_correction(group)).await;
    assert_refused(&app, member, "not_yours", take_correction(group)).await;
    app.issue_ok(ada, take_correction(group)).await;
    replay_log(&app).await;
}

on_each_engine!(a_member_does_not_end_a_debt_by_recording_a_recall);
async fn a_member_does_not_end_a_debt_by_recording_a_recall(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (grant, group, _) = office.prepared(&app, 900).await;
    office.paid(&app, grant).await;
    app.issue_ok(ada, demand_clawback(grant, 500)).await;

    add_member(&app, ada, group, ben).await;

    let recall = || reverse_payment(grant, app.today());
    assert_refused(&app, ben, "interested", recall()).await;
    app.issue_ok(ada, recall()).await;
    replay_log(&app).await;
}
