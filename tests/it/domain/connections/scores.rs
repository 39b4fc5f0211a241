//! Scores: a person who could see the scores of others gives none.

use microgrants::domain::{Application, ApplicationId, Command, Organisation, PersonId, Role};
use serde_json::json;

use super::command;
use crate::support::fixtures::{Office, person};
use crate::support::replay::replay_log;
use crate::support::steps::{assert_refused, declare_no_interest, end_role, score};
use crate::support::test_app::TestApp;

/// An application that Ada has scored.
async fn scored_application(app: &TestApp, office: &Office) -> ApplicationId {
    let (application, ..) = office.ready(app, 900).await;
    app.issue_ok(office.ada, score(application)).await;
    application
}

async fn sees_scores(app: &TestApp, application: ApplicationId, reader: PersonId) -> bool {
    let organisation = app.commands.organisation().0;
    let organisation = app.log.refresh::<Organisation>(organisation).await.unwrap();
    app.log.refresh::<Application>(application.0).await.unwrap();
    let streams = app.commands.connected_streams(application.0).await;
    let streams = streams.unwrap().unwrap();
    let roles = organisation.state.roles_of(reader);
    streams.connections().may_see_scores(reader, &roles)
}

on_each_engine!(who_could_see_scores_gives_none);
/// Ben ends his panel role, declares, sees the scores, and gets the role again.
async fn who_could_see_scores_gives_none(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (ada, ben) = (office.ada, office.ben);
    let application = scored_application(&app, &office).await;

    app.issue_ok(ada, end_role(&app, ben, Role::Panel)).await;
    app.issue_ok(ben, declare_no_interest(application)).await;

    assert!(
        sees_scores(&app, application, ben).await,
        "who does not sit on the panel may look"
    );
    office.give_role(&app, ben, Role::Panel).await;
    assert_refused(&app, ben, "saw_scores", score(application)).await;
    replay_log(&app).await;
}

on_each_engine!(who_leaves_the_panel_declares_anew_to_see_scores);
/// A person who declared as a panel member and then left the panel sees no scores until they
/// declare anew. After that they can give no score.
async fn who_leaves_the_panel_declares_anew_to_see_scores(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let application = scored_application(&app, &office).await;
    let guest = person(&app, "Guest").await;
    office.give_role(&app, guest, Role::Panel).await;
    app.issue_ok(guest, declare_no_interest(application)).await;

    // When
    app.issue_ok(office.ada, end_role(&app, guest, Role::Panel))
        .await;
    office.give_role(&app, guest, Role::Officer).await;

    // Then
    assert!(
        !sees_scores(&app, application, guest).await,
        "nothing is seen without a declaration as somebody who gives no score"
    );
    app.issue_ok(guest, declare_no_interest(application)).await;
    assert!(sees_scores(&app, application, guest).await);
    office.give_role(&app, guest, Role::Panel).await;
    assert_refused(&app, guest, "saw_scores", score(application)).await;
    replay_log(&app).await;
}

on_each_engine!(an_auditor_gives_no_score_later);
/// An auditor sees every score.
async fn an_auditor_gives_no_score_later(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let application = scored_application(&app, &office).await;
    let auditor = person(&app, "Auditor").await;
    office.give_role(&app, auditor, Role::Auditor).await;
    assert!(sees_scores(&app, application, auditor).await);

    app.issue_ok(office.ada, end_role(&app, auditor, Role::Auditor))
        .await;
    office.give_role(&app, auditor, Role::Panel).await;
    app.issue_ok(auditor, declare_no_interest(application))
        .await;

    assert_refused(&app, auditor, "saw_scores", score(application)).await;
    replay_log(&app).await;
}

on_each_engine!(a_score_that_was_set_aside_is_not_given_again);
/// Whose own score counts, sees those of the others.
async fn a_score_that_was_set_aside_is_not_given_again(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let application = scored_application(&app, &office).await;

    app.issue_ok(office.ada, set_aside_score(application, office.ada))
        .await;

    assert_refused(&app, office.ada, "saw_scores", score(application)).await;
    replay_log(&app).await;
}

fn set_aside_score(application: ApplicationId, of: PersonId) -> Command {
    let body = json!({ "of": of, "reason": "Mistaken" });
    command("application/set-aside-score", application.0, &body)
}
