//! What an officer said about the eligibility, or a decline, is taken back within minutes, before
//! the group has heard of it.

use microgrants::domain::{ApplicationId, PersonId};
use microgrants::projections::ApplicationRow;
use serde_json::{Value, json};

use super::mails::{deliver_all, mail_folder, mailer, mails_in_folder, outbox_rows, set_email};
use crate::pages::journeys::signed_in;
use crate::support::fixtures::Office;
use crate::support::replay::replay_log;
use crate::support::service::{ApiResponse, Client, serve, token};
use crate::support::test_app::TestApp;

/// An application that an officer checks. Its group's member has an email address.
struct SentApplication {
    office: Office,
    application: ApplicationId,
    member: PersonId,
    ada: Client,
    cass: Client,
}

impl SentApplication {
    async fn of(app: &TestApp) -> Self {
        let office = Office::open(app, 10_000).await;
        let (application, _, member) = office.submitted(app, 900).await;
        Self::served(app, office, application, member).await
    }

    /// One that the panel can decide on.
    async fn eligible(app: &TestApp) -> Self {
        let office = Office::open(app, 10_000).await;
        let (application, _, member) = office.ready(app, 900).await;
        Self::served(app, office, application, member).await
    }

    async fn served(
        app: &TestApp,
        office: Office,
        application: ApplicationId,
        member: PersonId,
    ) -> Self {
        set_email(app, member, "cass@example.org").await;
        let length = app.log.length().await.unwrap();
        mailer(app).subscribe_at(length).await.unwrap();
        app.catch_up().await;
        let ada = serve(app, office.ada);
        let cass = ada.with_token(&token(app, member));
        Self {
            office,
            application,
            member,
            ada,
            cass,
        }
    }

    fn issue(&self, command: &str, body: &Value) -> ApiResponse {
        let path = format!("/api/v1/applications/{}/{command}", self.application);
        self.ada.post(&path, body)
    }

    /// Declines it, so that the decision can be taken back.
    fn decline(&self) {
        let declined = self.issue("decline", &refusal_of_the_panel());
        assert_eq!(declined.status, 200, "{}", declined.body);
    }

    fn refuse(&self) {
        let refused = self.issue("refuse-eligibility", &json!({ "reason": "Too far away." }));
        assert_eq!(refused.status, 200, "{}", refused.body);
    }

    fn seen_by(&self, client: &Client) -> Value {
        let row = client.get(&format!("/api/v1/applications/{}", self.application));
        assert_eq!(row.status, 200, "{}", row.body);
        row.body
    }

    /// What a person reads of the application as at a position: on its own, in the list, and in the
    /// group's history.
    async fn seen_as_at(&self, app: &TestApp, client: &Client, position: i64) -> [Value; 3] {
        let row: ApplicationRow = app
            .views()
            .find(self.application, None)
            .await
            .unwrap()
            .expect("the application is in its view");
        [
            format!("applications/{}?as_at={position}", self.application),
            format!("applications?as_at={position}"),
            format!("groups/{}/history?as_at={position}", row.group),
        ]
        .map(|path| {
            let read = client.get(&format!("/api/v1/{path}"));
            assert_eq!(read.status, 200, "{}", read.body);
            read.body
        })
    }
}

/// The body of a decline that can be taken back.
fn refusal_of_the_panel() -> Value {
    json!({
        "reason": "No leader for the winter.",
        "feedback": "Please tell us who would run it.",
        "can_be_taken_back": true,
    })
}

/// Whether what we hold on a person, as they read it, has a refusal.
async fn holds_refusal(app: &TestApp, person: PersonId) -> bool {
    let held = app.views().subject_access_for_person(person).await.unwrap();
    format!("{held:?}").contains("ineligible")
}

/// Kind and state of each mail.
async fn mails(app: &TestApp) -> Vec<(String, String)> {
    let rows = outbox_rows(app).await;
    rows.into_iter().map(|row| (row.kind, row.state)).collect()
}

on_each_engine!(a_group_hears_of_a_refusal_once_it_cannot_be_taken_back);
async fn a_group_hears_of_a_refusal_once_it_cannot_be_taken_back(app: TestApp) {
    let sent = SentApplication::of(&app).await;
    sent.refuse();
    deliver_all(&app, &mailer(&app)).await;

    assert_eq!(sent.seen_by(&sent.ada)["state"], "ineligible");
    let seen = sent.seen_by(&sent.cass);
    assert_eq!(seen["state"], "submitted");
    assert_eq!(seen["note"], Value::Null);
    assert!(seen.get("take_back_until").is_none(), "{seen}");
    let words = json!({ "words": "We are in the area." });
    let path = format!("/api/v1/applications/{}/request-review", sent.application);
    let review = sent.cass.post(&path, &words);
    assert_eq!(review.code(), "application_not_in_state");
    assert!(!review.body.to_string().contains("eligible"));
    assert!(mails_in_folder(&mail_folder(&app)).is_empty());
    assert!(!holds_refusal(&app, sent.member).await);

    app.pass_seconds(12 * 60);
    deliver_all(&app, &mailer(&app)).await;
    assert_eq!(sent.seen_by(&sent.cass)["state"], "ineligible");
    assert_eq!(mails(&app).await, [("ineligible".into(), "sent".into())]);
    assert!(holds_refusal(&app, sent.member).await);
    let late = sent.issue("take-back-eligibility", &json!({}));
    assert_eq!(late.code(), "taken_back_too_late");
    assert_eq!(sent.cass.post(&path, &words).status, 200);
    assert_eq!(replay_log(&app).await, 0);
}

on_each_engine!(a_refusal_that_is_taken_back_is_never_heard_of);
async fn a_refusal_that_is_taken_back_is_never_heard_of(app: TestApp) {
    let sent = SentApplication::of(&app).await;
    sent.refuse();
    let refused_at = app.log.length().await.unwrap() - 1;
    app.pass_seconds(9 * 60);
    let taken = sent.issue("take-back-eligibility", &json!({}));
    assert_eq!(taken.status, 200, "{}", taken.body);
    app.catch_up().await;

    let seen = sent.seen_by(&sent.ada);
    assert_eq!(seen["state"], "submitted");
    assert_eq!(
        (&seen["note"], &seen["decided_on"]),
        (&Value::Null, &Value::Null)
    );
    let again = sent.issue("take-back-eligibility", &json!({}));
    assert_eq!(again.code(), "application_not_in_state");
    assert_eq!(sent.issue("confirm-eligibility", &json!({})).status, 200);

    app.pass_seconds(30 * 60);
    deliver_all(&app, &mailer(&app)).await;
    assert_eq!(mails(&app).await, [("ineligible".into(), "dropped".into())]);
    assert!(!holds_refusal(&app, sent.member).await);
    assert_eq!(sent.seen_by(&sent.cass)["state"], "eligible");
    for read in sent.seen_as_at(&app, &sent.cass, refused_at).await {
        let text = read.to_string();
        assert!(text.contains("\"submitted\""), "{text}");
        assert!(
            !text.contains("ineligible") && !text.contains("Too far away"),
            "{text}"
        );
    }
    let [to_staff, ..] = sent.seen_as_at(&app, &sent.ada, refused_at).await;
    assert_eq!(to_staff["state"], "ineligible");
    assert_eq!(replay_log(&app).await, 0);
}

on_each_engine!(a_past_day_shows_the_refusal_that_the_group_had_heard_of);
async fn a_past_day_shows_the_refusal_that_the_group_had_heard_of(app: TestApp) {
    let sent = SentApplication::of(&app).await;
    sent.refuse();
    let refused_at = app.log.length().await.unwrap() - 1;
    app.pass_seconds(12 * 60);
    deliver_all(&app, &mailer(&app)).await;
    let words = json!({ "words": "We are in the area." });
    let path = format!("/api/v1/applications/{}/request-review", sent.application);
    assert_eq!(sent.cass.post(&path, &words).status, 200);
    app.catch_up().await;

    assert_eq!(sent.seen_by(&sent.cass)["state"], "under_review");
    let [alone, ..] = sent.seen_as_at(&app, &sent.cass, refused_at).await;
    assert_eq!(alone["state"], "ineligible");
    assert_eq!(alone["note"], "Too far away.");
}

on_each_engine!(a_decline_is_taken_back_before_the_group_hears_of_it);
async fn a_decline_is_taken_back_before_the_group_hears_of_it(app: TestApp) {
    let sent = SentApplication::eligible(&app).await;
    sent.decline();
    deliver_all(&app, &mailer(&app)).await;

    assert_eq!(sent.seen_by(&sent.ada)["state"], "declined");
    let seen = sent.seen_by(&sent.cass);
    assert_eq!(seen["state"], "eligible");
    assert_eq!(seen["note"], Value::Null);
    assert!(mails_in_folder(&mail_folder(&app)).is_empty());
    assert_eq!(
        sent.issue("decline", &refusal_of_the_panel()).code(),
        "letter_held"
    );

    app.pass_seconds(5 * 60);
    let because = json!({ "reason": "It was the wrong application." });
    let taken = sent.issue("take-back-decision", &because);
    assert_eq!(taken.status, 200, "{}", taken.body);
    app.catch_up().await;
    assert_eq!(sent.seen_by(&sent.ada)["state"], "eligible");

    assert_eq!(sent.issue("decline", &refusal_of_the_panel()).status, 200);
    app.pass_seconds(12 * 60);
    deliver_all(&app, &mailer(&app)).await;
    assert_eq!(sent.seen_by(&sent.cass)["state"], "declined");
    let mut made = mails(&app).await;
    made.sort();
    let states = ["dropped", "sent"].map(|state| ("declined".to_owned(), state.to_owned()));
    assert_eq!(made, states);
    let late = sent.issue("take-back-decision", &because);
    assert_eq!(late.code(), "taken_back_too_late");
    let words = json!({ "words": "Our leader is named on page two." });
    let path = format!("/api/v1/applications/{}/request-review", sent.application);
    assert_eq!(sent.cass.post(&path, &words).status, 200);
    assert_eq!(replay_log(&app).await, 0);
}

/// A group that withdraws before it heard of a refusal gets the answer that it would have got
/// before it, and never hears of the refusal.
async fn assert_withdraws_unaware(app: &TestApp, sent: &SentApplication, refused: &str) {
    app.catch_up().await;
    assert_eq!(sent.seen_by(&sent.ada)["state"], refused);
    app.pass_seconds(11 * 60);
    let path = format!("/api/v1/applications/{}/withdraw", sent.application);
    let withdrawn = sent.cass.post(&path, &json!({}));
    assert_eq!(withdrawn.status, 200, "{}", withdrawn.body);
    app.catch_up().await;

    app.pass_seconds(30 * 60);
    deliver_all(app, &mailer(app)).await;
    assert_eq!(mails(app).await, [(refused.into(), "dropped".into())]);
    let seen = sent.seen_by(&sent.cass);
    assert_eq!(seen["state"], "withdrawn");
    assert_eq!(
        (&seen["note"], &seen["decided_on"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(replay_log(app).await, 0);
}

on_each_engine!(a_group_withdraws_before_it_hears_that_it_is_not_eligible);
async fn a_group_withdraws_before_it_hears_that_it_is_not_eligible(app: TestApp) {
    let sent = SentApplication::of(&app).await;
    sent.refuse();
    assert_withdraws_unaware(&app, &sent, "ineligible").await;
    let late = sent.issue("take-back-eligibility", &json!({}));
    assert_eq!(late.code(), "application_not_in_state");
}

on_each_engine!(a_group_withdraws_before_it_hears_of_a_decline);
async fn a_group_withdraws_before_it_hears_of_a_decline(app: TestApp) {
    let sent = SentApplication::eligible(&app).await;
    sent.decline();
    assert_withdraws_unaware(&app, &sent, "declined").await;
}

on_each_engine!(the_notice_after_a_step_has_a_button_that_takes_it_back);
async fn the_notice_after_a_step_has_a_button_that_takes_it_back(app: TestApp) {
    let sent = SentApplication::of(&app).await;
    let mut browser = signed_in(&app, sent.ada.address(), sent.office.ada).await;
    let path = format!("/desk/applications/{}", sent.application);
    let confirm = format!(
        "/desk/do/applications/{}/confirm-eligibility",
        sent.application
    );
    let undo = format!(
        "/desk/do/applications/{}/take-back-eligibility",
        sent.application
    );
    let confirming = [("at", path.as_str()), ("form", "confirm-eligibility")];
    let undoing = [("at", path.as_str()), ("form", "undo")];

    let page = browser.get(&path);
    let done = browser.submit_form(&page, &confirm, &confirming);
    assert!(done.contains("Marked as eligible.") && done.contains(">Undo</button>"));
    assert!(done.contains("Put it back to check"), "on the record too");
    let undone = browser.submit_form(&done, &undo, &undoing);
    assert!(undone.contains("The application is back to check"));
    assert!(!undone.contains(">Undo</button>"));
    assert_eq!(sent.seen_by(&sent.ada)["state"], "submitted");

    let done = browser.submit_form(&undone, &confirm, &confirming);
    app.pass_seconds(10 * 60);
    let later = browser.get(&format!("{path}?done=confirm-eligibility"));
    assert!(!later.contains(">Undo</button>") && !later.contains("Put it back to check"));
    let late = browser.submit_form(&done, &undo, &undoing);
    assert_eq!(late.status, 409);
    assert_eq!(sent.seen_by(&sent.ada)["state"], "eligible");
}
