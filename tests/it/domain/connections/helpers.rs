//! Helpers and keyers of an application: help with the words excludes a person once it is
//! confirmed, and who keyed in a form does not decide it alone.

use microgrants::domain::{ApplicationId, Command, GrantId, PersonId};
use microgrants::projections::ApplicationRow;
use serde_json::{Value, json};

use super::command;
use crate::support::fixtures::Office;
use crate::support::replay::replay_log;
use crate::support::steps::{
    accept_agreement, assert_refused, award_with, confirm_attendance, confirm_eligibility,
    declare_no_interest, prepare_payment, score, write_summary,
};
use crate::support::test_app::TestApp;

/// A member sends the application, and names who helped with the words.
fn submit_naming(application: ApplicationId, helper: PersonId) -> Command {
    let body = json!({ "channel": "web", "help": { "by": helper, "kind": "helped_to_word" } });
    command("application/submit", application.0, &body)
}

/// Somebody of the office keys in the words of the group.
fn submit_keyed_by(application: ApplicationId, keyer: PersonId) -> Command {
    let kind = json!({ "keyed_verbatim": { "read_back": true } });
    let body = json!({ "channel": "phone", "help": { "by": keyer, "kind": kind } });
    command("application/submit", application.0, &body)
}

fn confirm_help(application: ApplicationId, helper: PersonId) -> Command {
    let body = json!({ "helper": helper });
    command("application/confirm-help", application.0, &body)
}

fn save_idea(application: ApplicationId, idea: &str) -> Command {
    let body = json!({ "answers": { "idea": idea } });
    command("application/save-answers", application.0, &body)
}

/// An application for which a member named Ben as the helper. He denies nothing, and has scored it.
async fn scored_by_named_helper(app: &TestApp, office: &Office) -> (ApplicationId, PersonId) {
    let (application, _, member) = office.draft(app, 900).await;
    app.issue_ok(member, submit_naming(application, office.ben))
        .await;
    app.issue_ok(office.ada, confirm_eligibility(application))
        .await;
    app.issue_ok(office.ben, declare_no_interest(application))
        .await;
    app.issue_ok(office.ben, score(application)).await;
    (application, member)
}

on_each_engine!(staff_who_word_a_resubmission_are_interested);
async fn staff_who_word_a_resubmission_are_interested(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let ada = office.ada;
    let (application, ..) = office.submitted(&app, 900).await;
    let changes = json!({ "questions": ["idea"], "note": "Say more", "due_on": app.in_days(10) });
    let request = command("application/request-changes", application.0, &changes);
    app.issue_ok(ada, request).await;
    let resubmit = |body: Value| command("application/resubmit", application.0, &body);

    // When
    app.issue_ok(ada, save_idea(application, "Better words"))
        .await;
    assert_refused(&app, ada, "help_unsaid", resubmit(json!({}))).await;
    let help = json!({ "help": { "by": ada, "kind": "helped_to_word" } });
    app.issue_ok(ada, resubmit(help)).await;
    app.issue_ok(office.ben, confirm_eligibility(application))
        .await;

    // Then
    assert_refused(
        &app,
        ada,
        "interest_stands",
        declare_no_interest(application),
    )
    .await;
    assert_refused(&app, ada, "interested", score(application)).await;
}

on_each_engine!(a_claim_of_the_group_excludes_no_helper);
/// Ben did not help: a claim by the group excludes him from nothing, and the group does not confirm
/// it.
async fn a_claim_of_the_group_excludes_no_helper(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);

    let (application, member) = scored_by_named_helper(&app, &office).await;

    assert_refused(&app, member, "not_yours", confirm_help(application, ben)).await;
    assert_refused(&app, ada, "not_proposed", confirm_help(application, ada)).await;
}

on_each_engine!(a_helper_is_shut_out_once_the_help_is_confirmed);
/// Ben did help: an officer confirms it, and he no longer takes the decision.
async fn a_helper_is_shut_out_once_the_help_is_confirmed(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (application, _) = scored_by_named_helper(&app, &office).await;

    app.issue_ok(ada, confirm_help(application, ben)).await;

    let later = json!({ "reason": "Later" });
    let defer = command("application/defer", application.0, &later);
    assert_refused(&app, ben, "interested", defer).await;
    assert_refused(&app, ada, "not_proposed", confirm_help(application, ben)).await;
}

on_each_engine!(the_score_of_a_helper_is_set_aside);
/// The helper scored before the help was confirmed.
async fn the_score_of_a_helper_is_set_aside(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (application, _) = scored_by_named_helper(&app, &office).await;

    app.issue_ok(office.ben, confirm_help(application, office.ben))
        .await;

    app.catch_up().await;
    let row: ApplicationRow = app.views().find(application, None).await.unwrap().unwrap();
    assert!(
        row.scores.iter().all(|score| score.set_aside.is_some()),
        "{:?}",
        row.scores
    );
    replay_log(&app).await;
}

on_each_engine!(a_named_helper_can_deny_having_helped);
async fn a_named_helper_can_deny_having_helped(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (application, _, member) = office.draft(&app, 700).await;
    app.issue_ok(member, submit_naming(application, ben)).await;

    let denied = json!({ "helper": ben });
    let deny = command("application/refuse-help", application.0, &denied);
    app.issue_ok(ben, deny).await;

    assert_refused(&app, ada, "not_proposed", confirm_help(application, ben)).await;
    replay_log(&app).await;
}

on_each_engine!(who_keyed_a_form_does_not_decide_it_with_somebody_who_was_not_there);
/// Ada keyed in the form and records the award; the offer waits until Ben says that he was there.
async fn who_keyed_a_form_does_not_decide_it_with_somebody_who_was_not_there(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (application, group, member) = office.draft(&app, 900).await;
    app.issue_ok(ada, save_idea(application, "Soup")).await;
    // Staff can name only themselves as the helper.
    assert_refused(&app, ada, "help_unsaid", submit_keyed_by(application, ben)).await;
    app.issue_ok(ada, submit_keyed_by(application, ada)).await;
    app.issue_ok(ada, confirm_eligibility(application)).await;
    app.issue_ok(ada, declare_no_interest(application)).await;
    app.issue_ok(ben, declare_no_interest(application)).await;
    app.issue_ok(ben, write_summary(application)).await;

    // When
    app.issue_ok(ada, award_with(&app, application, 900, &[ben]))
        .await;

    // Then
    let grant = GrantId::from(application);
    assert_refused(&app, member, "keyer_alone", accept_agreement(grant)).await;
    app.issue_ok(ben, confirm_attendance(grant, ben, 1)).await;
    app.issue_ok(member, accept_agreement(grant)).await;
    office.make_payable(&app, grant, group, member).await;
    app.issue_ok(ada, prepare_payment(grant, 900)).await;
    replay_log(&app).await;
}
