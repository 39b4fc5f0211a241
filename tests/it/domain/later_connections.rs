//! Connections that arise after somebody acted, or that were not yet declared: acts of that person
//! must be repeated by another, and the person changes nothing that a payment waits for.

use microgrants::domain::PersonId;
use serde_json::json;

use crate::domain::connections::{ApiCommands, account_details, bank_statement_seen};
use crate::support::fixtures::{Office, person};
use crate::support::replay;
use crate::support::test_app::TestApp;

/// A third person with the roles of the two officers that concern money.
async fn third_person(asking: &ApiCommands<'_>, office: &Office) -> PersonId {
    let third = person(asking.house, "Third").await;
    for role in ["officer", "finance"] {
        asking.give_role(office, third, role).await;
    }
    third
}

on_each_engine!(who_verified_a_payee_stands_behind_no_group_that_is_paid);
async fn who_verified_a_payee_stands_behind_no_group_that_is_paid(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    // Ben declares an interest, then verifies the payee before a grant exists to which the interest
    // applies.
    let (application, group, member) = office.ready(&house, 900).await;
    let interest = json!({ "interest": { "kind": "family", "note": "A cousin" } });
    asking
        .issue_ok(ben, "application/declare", application.0, interest)
        .await;
    asking
        .issue_ok(member, "group/provide-payee", group.0, account_details())
        .await;
    asking
        .issue_ok(ben, "group/verify-payee", group.0, bank_statement_seen())
        .await;
    let award = json!({ "amount": "900.00", "ends_on": house.in_days(90), "update_due_on": house.in_days(120), "present": [] });
    asking
        .issue_ok(ada, "application/award", application.0, award)
        .await;
    let hash =
        microgrants::domain::organisation::sha256_hex(crate::support::fixtures::AGREEMENT_TEXT);
    let accept = json!({ "hash": hash, "method": "web", "names": ["Cass", "Dee"] });
    asking
        .issue_ok(member, "grant/accept-agreement", application.0, accept)
        .await;
    asking
        .issue_ok(
            ada,
            "grant/pass-check",
            application.0,
            json!({ "check": "identity", "note": "Seen" }),
        )
        .await;
    let amount = json!({ "amount": "900.00" });
    asking
        .assert_refused(
            ada,
            "payee_not_verified",
            "grant/prepare-payment",
            application.0,
            amount.clone(),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "interested",
            "group/verify-payee",
            group.0,
            bank_statement_seen(),
        )
        .await;
    asking
        .issue_ok(ada, "group/verify-payee", group.0, bank_statement_seen())
        .await;
    asking
        .issue_ok(ada, "grant/prepare-payment", application.0, amount)
        .await;
    replay::replay_log(&house).await;
}

on_each_engine!(what_somebody_prepared_or_proposed_ends_when_they_join_the_group);
async fn what_somebody_prepared_or_proposed_ends_when_they_join_the_group(house: TestApp) {
    let office = Office::open(&house, 9000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let third = third_person(&asking, &office).await;
    // Ada verified and prepared, and then becomes a member of the group.
    let (grant, group, member) = office.prepared(&house, 900).await;
    asking
        .issue_ok(
            ada,
            "grant/request-check",
            grant.0,
            json!({ "check": "hall", "note": "The booking" }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "grant/propose-waiver",
            grant.0,
            json!({ "check": "hall", "note": "No need" }),
        )
        .await;
    asking.add_member(ben, group, ada).await;
    asking
        .assert_refused(
            ben,
            "proposer_gone",
            "grant/confirm-waiver",
            grant.0,
            json!({ "check": "hall" }),
        )
        .await;
    asking
        .issue_ok(
            third,
            "grant/pass-check",
            grant.0,
            json!({ "check": "hall", "note": "Seen" }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "payee_not_verified",
            "grant/approve-payment",
            grant.0,
            json!({ "payment": 1 }),
        )
        .await;
    asking
        .issue_ok(third, "group/verify-payee", group.0, bank_statement_seen())
        .await;
    asking
        .assert_refused(
            ben,
            "proposer_gone",
            "grant/approve-payment",
            grant.0,
            json!({ "payment": 1 }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "grant/cancel-payment",
            grant.0,
            json!({ "payment": 1, "reason": "Prepared anew" }),
        )
        .await;
    asking
        .issue_ok(
            third,
            "grant/prepare-payment",
            grant.0,
            json!({ "amount": "900.00" }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "grant/approve-payment",
            grant.0,
            json!({ "payment": 2 }),
        )
        .await;
    asking
        .assert_refused(
            member,
            "not_yours",
            "grant/approve-payment",
            grant.0,
            json!({ "payment": 2 }),
        )
        .await;
    replay::replay_log(&house).await;
}

on_each_engine!(a_group_that_was_merged_takes_no_members);
async fn a_group_that_was_merged_takes_no_members(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let (honest, _) = office.group(&house).await;
    let (heir, made_up) = office.group(&house).await;
    asking
        .issue_ok(
            ada,
            "group/merge",
            honest.0,
            json!({ "into": heir, "reason": "The same people" }),
        )
        .await;
    asking
        .assert_refused(
            made_up,
            "group_merged",
            "group/add-member",
            honest.0,
            json!({ "person": made_up }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "group_merged",
            "group/add-member",
            honest.0,
            json!({ "person": made_up }),
        )
        .await;
    asking
        .issue_ok(made_up, "group/provide-payee", honest.0, account_details())
        .await;
    asking
        .assert_refused(
            ada,
            "keyed_payee",
            "group/verify-payee",
            honest.0,
            bank_statement_seen(),
        )
        .await;
    replay::replay_log(&house).await;
}

on_each_engine!(attendance_is_of_people_who_stand_and_could_sit);
async fn attendance_is_of_people_who_stand_and_could_sit(house: TestApp) {
    let office = Office::open(&house, 9000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let third = third_person(&asking, &office).await;
    let leaves = person(&house, "Lee").await;
    asking.give_role(&office, leaves, "panel").await;
    let (application, ..) = office.ready(&house, 900).await;
    for sits in [ben, leaves] {
        asking
            .issue_ok(sits, "application/declare", application.0, json!({}))
            .await;
    }
    let award = json!({ "amount": "900.00", "ends_on": house.in_days(90), "update_due_on": house.in_days(120), "present": [ben, leaves] });
    asking
        .issue_ok(ada, "application/award", application.0, award)
        .await;
    let confirm = |person: PersonId| json!({ "person": person, "decision": 1 });
    asking
        .issue_ok(
            ada,
            "organisation/end-role",
            house.commands.organisation().0,
            json!({ "person": leaves, "role": "panel" }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "person/erase",
            leaves.0,
            json!({ "reason": "Asked for" }),
        )
        .await;
    asking
        .assert_refused(
            leaves,
            "not_yours",
            "application/confirm-attendance",
            application.0,
            confirm(leaves),
        )
        .await;
    let interest = json!({ "interest": { "kind": "committee", "note": "On its committee" } });
    asking
        .issue_ok(ben, "application/declare", application.0, interest)
        .await;
    asking
        .assert_refused(
            ben,
            "interested",
            "application/confirm-attendance",
            application.0,
            confirm(ben),
        )
        .await;
    asking
        .assert_refused(
            third,
            "not_yours",
            "application/confirm-attendance",
            application.0,
            confirm(ben),
        )
        .await;
    replay::replay_log(&house).await;
}

on_each_engine!(members_with_a_role_change_nothing_that_a_payment_waits_for);
async fn members_with_a_role_change_nothing_that_a_payment_waits_for(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let (grant, group, _) = office.payable(&house, 900).await;
    asking
        .issue_ok(
            ada,
            "grant/request-check",
            grant.0,
            json!({ "check": "hall", "note": "The booking" }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "grant/hold",
            grant.0,
            json!({ "reason": "A question" }),
        )
        .await;
    asking.add_member(ada, group, ben).await;
    let note = |check: &str| json!({ "check": check, "note": "Seen" });
    let instalments = json!({ "instalments": [
        { "amount": "899.99", "released": "at_once" },
        { "amount": "0.01", "released": { "after_check": { "check": "hall" } } },
    ] });
    for (path, body) in [
        ("grant/resume", json!({})),
        ("grant/schedule-payments", instalments),
        ("grant/request-check", note("booking")),
        ("grant/pass-check", note("hall")),
        ("grant/fail-check", note("hall")),
    ] {
        asking
            .assert_refused(ben, "interested", path, grant.0, body)
            .await;
    }
    asking
        .issue_ok(ada, "grant/resume", grant.0, json!({}))
        .await;
    replay::replay_log(&house).await;
}

on_each_engine!(members_with_a_role_do_not_judge_their_own_application_or_name);
async fn members_with_a_role_do_not_judge_their_own_application_or_name(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let (application, group, member) = office.submitted(&house, 900).await;
    asking.add_member(ada, group, ben).await;
    let changes =
        json!({ "questions": ["requested"], "note": "More?", "due_on": house.in_days(5) });
    asking
        .assert_refused(
            ben,
            "interested",
            "application/request-changes",
            application.0,
            changes,
        )
        .await;
    let summary = json!({ "title": "Soup", "description": "Neighbours cook together." });
    asking
        .assert_refused(
            ben,
            "interested",
            "application/write-summary",
            application.0,
            summary,
        )
        .await;
    // A name proposed by a member is confirmed by another person, even if the member has roles.
    let name = json!({ "name": "Soup for Oldham", "area": "oldham", "reason": "We voted" });
    asking.issue_ok(ben, "group/correct", group.0, name).await;
    asking
        .assert_refused(
            ben,
            "interested",
            "group/take-correction",
            group.0,
            json!({ "proposal": 1 }),
        )
        .await;
    asking
        .assert_refused(
            member,
            "not_yours",
            "group/take-correction",
            group.0,
            json!({ "proposal": 1 }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "group/take-correction",
            group.0,
            json!({ "proposal": 1 }),
        )
        .await;
    replay::replay_log(&house).await;
}

on_each_engine!(a_member_does_not_end_a_debt_by_recording_a_recall);
async fn a_member_does_not_end_a_debt_by_recording_a_recall(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let (grant, group, _) = office.prepared(&house, 900).await;
    office.paid(&house, grant).await;
    asking
        .issue_ok(
            ada,
            "grant/demand-clawback",
            grant.0,
            json!({ "amount": "500.00", "reason": "Not spent as agreed" }),
        )
        .await;
    asking.add_member(ada, group, ben).await;
    let reverse = json!({ "payment": 1, "happened_on": house.today(), "reason": "Recalled" });
    asking
        .assert_refused(
            ben,
            "interested",
            "grant/reverse-payment",
            grant.0,
            reverse.clone(),
        )
        .await;
    asking
        .issue_ok(ada, "grant/reverse-payment", grant.0, reverse)
        .await;
    replay::replay_log(&house).await;
}
