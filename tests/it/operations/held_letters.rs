//! Letters of a meeting that are held: the group sees nothing of a decision until its letter goes
//! out, and until then the panel can take the decision back.

use microgrants::domain::{ApplicationId, PersonId};
use microgrants::jobs::Jobs;
use serde_json::{Value, json};

use crate::operations::mails::{deliver_all, mailer, outbox_rows, set_email};
use crate::support::fixtures::Office;
use crate::support::replay::replay_log;
use crate::support::service::{Client, serve, token};
use crate::support::test_app::TestApp;

/// An award and a decline of one meeting, whose letters are held for five days.
struct HeldMeeting {
    office: Office,
    awarded: ApplicationId,
    declined: ApplicationId,
    member: PersonId,
    ada: Client,
    cass: Client,
}

fn award(app: &TestApp, application: ApplicationId, amount: &str) -> Value {
    json!({ "application": application, "verdict": { "award": {
        "amount": amount,
        "ends_on": app.in_days(90),
        "update_due_on": app.in_days(100),
        "summary": { "title": "Soup on Mondays", "description": "Neighbours cook and eat." },
    } } })
}

fn decline(application: ApplicationId) -> Value {
    let verdict = json!({ "decline": {
        "reason": "No leader for the winter.",
        "feedback": "Please tell us who would run it.",
    } });
    json!({ "application": application, "verdict": verdict })
}

fn meeting(app: &TestApp, decisions: &[Value]) -> Value {
    json!({
        "round": "first",
        "met_on": app.today(),
        "letters_on": app.in_days(5),
        "decisions": decisions,
    })
}

impl HeldMeeting {
    async fn of(app: &TestApp) -> Self {
        let office = Office::open(app, 10_000).await;
        let (awarded, _, member) = office.ready(app, 700).await;
        let (declined, _, other) = office.ready(app, 800).await;
        set_email(app, member, "cass@example.org").await;
        set_email(app, other, "dora@example.org").await;
        mailer(app)
            .subscribe_at(app.log.length().await.unwrap())
            .await
            .unwrap();
        let ada = serve(app, office.ada);
        let cass = ada.with_token(&token(app, member));
        let held = Self {
            office,
            awarded,
            declined,
            member,
            ada,
            cass,
        };
        let decisions = [award(app, awarded, "700.00"), decline(declined)];
        let path = format!("/api/v1/funds/{}/record-meeting", held.office.fund);
        let answer = held.ada.post(&path, &meeting(app, &decisions));
        assert_eq!(answer.status, 200, "{}", answer.body);
        app.catch_up().await;
        held
    }

    fn take_back(&self, application: ApplicationId) -> u16 {
        let path = format!("/api/v1/applications/{application}/take-back-decision");
        self.ada
            .post(&path, &json!({ "reason": "A figure was wrong." }))
            .status
    }

    #[expect(
        clippy::unused_self,
        reason = "it reads as the other steps of the meeting"
    )]
    fn state(&self, client: &Client, application: ApplicationId) -> Value {
        let row = client.get(&format!("/api/v1/applications/{application}"));
        assert_eq!(row.status, 200, "{}", row.body);
        row.body["state"].clone()
    }

    fn uncommitted(&self) -> Value {
        let budget = self.ada.get("/api/v1/budget");
        budget.body["lines"][0]["uncommitted"].clone()
    }
}

on_each_engine!(a_group_sees_nothing_of_a_held_decision);
async fn a_group_sees_nothing_of_a_held_decision(app: TestApp) {
    let held = HeldMeeting::of(&app).await;
    let cass = &held.cass;
    let application = format!("/api/v1/applications/{}", held.awarded);

    assert_eq!(held.state(&held.ada, held.awarded), "awarded");
    let for_staff = held.ada.get(&application);
    assert_eq!(
        for_staff.body["letter"]["letters_on"],
        json!(app.in_days(5))
    );

    let seen = cass.get(&application);
    assert_eq!(seen.body["state"], "eligible");
    assert_eq!(seen.body["awarded"], Value::Null);
    assert_eq!(seen.body["decided_on"], Value::Null);
    assert!(seen.body.get("letter").is_none(), "{}", seen.body);
    for path in ["applications?state=awarded&count=true", "grants?count=true"] {
        let listed = cass.get(&format!("/api/v1/{path}"));
        assert_eq!(listed.body["items"], json!([]), "{path}");
        assert_eq!(listed.body["total"], json!(0), "{path}");
    }
    let listed = cass.get("/api/v1/applications?state=eligible");
    assert_eq!(listed.body["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        cass.get(&format!("/api/v1/grants/{}", held.awarded)).status,
        404
    );
    let decline_offer = format!("/api/v1/grants/{}/decline-offer", held.awarded);
    assert_eq!(cass.post(&decline_offer, &json!({})).status, 404);
    let withdraw = cass.post(&format!("{application}/withdraw"), &json!({}));
    assert_eq!(withdraw.code(), "letter_held");

    let post = mailer(&app);
    deliver_all(&app, &post).await;
    assert_eq!(outbox_rows(&app).await, [], "no letter has gone out");
    assert_eq!(replay_log(&app).await, 1);
}

on_each_engine!(held_letters_go_out_on_their_day);
async fn held_letters_go_out_on_their_day(app: TestApp) {
    let held = HeldMeeting::of(&app).await;
    let jobs = Jobs::new(app.commands.clone(), app.views());
    app.pass_days(4);
    assert_eq!(jobs.run_once().await.unwrap(), 0, "nothing is due");

    app.pass_days(1);
    assert_eq!(
        jobs.run_once().await.unwrap(),
        1,
        "the letters are released"
    );
    let post = mailer(&app);
    deliver_all(&app, &post).await;

    let mut kinds: Vec<_> = outbox_rows(&app)
        .await
        .into_iter()
        .map(|mail| (mail.kind, mail.state))
        .collect();
    kinds.sort();
    assert_eq!(
        kinds,
        [("declined", "sent"), ("offered", "sent")]
            .map(|(kind, state)| (kind.into(), state.into()))
    );
    assert_eq!(held.state(&held.cass, held.awarded), "awarded");
    let grant = held.cass.get(&format!("/api/v1/grants/{}", held.awarded));
    assert_eq!(grant.body["state"], "offered");
    assert_eq!(held.take_back(held.awarded), 409, "it is too late");
    assert_eq!(replay_log(&app).await, 1);
    assert_ne!(held.member, held.office.ada);
}

on_each_engine!(a_held_decision_is_taken_back_and_made_again);
async fn a_held_decision_is_taken_back_and_made_again(app: TestApp) {
    let held = HeldMeeting::of(&app).await;
    assert_eq!(held.uncommitted(), "9300.00");

    for application in [held.awarded, held.declined] {
        assert_eq!(held.take_back(application), 200);
        app.catch_up().await;
        assert_eq!(held.state(&held.ada, application), "eligible");
    }
    assert_eq!(held.uncommitted(), "10000.00");
    let grant = held.ada.get(&format!("/api/v1/grants/{}", held.awarded));
    assert_eq!(grant.body["state"], "taken_back");
    let decisions = [award(&app, held.awarded, "700.00")];
    let path = format!("/api/v1/funds/{}/record-meeting", held.office.fund);
    let again = held.ada.post(&path, &meeting(&app, &decisions));
    assert_eq!(again.status, 200, "{}", again.body);
    let release = json!({ "round": "first", "met_on": app.today() });
    let released = held.ada.post(
        &format!("/api/v1/funds/{}/release-letters", held.office.fund),
        &release,
    );
    assert_eq!(released.status, 200, "{}", released.body);
    app.catch_up().await;

    assert_eq!(held.state(&held.cass, held.awarded), "awarded");
    let post = mailer(&app);
    deliver_all(&app, &post).await;
    let kinds: Vec<_> = outbox_rows(&app)
        .await
        .into_iter()
        .map(|mail| mail.kind)
        .collect();
    assert_eq!(kinds, ["offered"], "of the decline nobody heard");
    assert_eq!(replay_log(&app).await, 2);
}

on_each_engine!(every_refused_item_of_a_meeting_is_named);
async fn every_refused_item_of_a_meeting_is_named(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (first, ..) = office.ready(&app, 700).await;
    let (second, ..) = office.ready(&app, 800).await;
    let (third, ..) = office.ready(&app, 900).await;
    let ada = serve(&app, office.ada);
    let decisions = [
        award(&app, first, "2600.00"),
        award(&app, second, "700.00"),
        award(&app, third, "900.00"),
    ];
    let before = app.log.length().await.unwrap();

    let path = format!("/api/v1/funds/{}/record-meeting", office.fund);
    let answer = ada.post(&path, &meeting(&app, &decisions));

    assert_eq!(answer.code(), "outside_bounds", "{}", answer.body);
    let fields: Vec<_> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap().to_owned())
        .collect();
    let named = [first, second].map(|id| format!("application {id}"));
    assert_eq!(fields, named, "both, and only these");
    assert_eq!(
        app.log.length().await.unwrap(),
        before,
        "nothing is recorded"
    );
}
