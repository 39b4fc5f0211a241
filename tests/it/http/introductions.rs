//! Introductions through the API: a connector who keys a talk, consent that is taken back, and two
//! groups that meet.

use microgrants::audit::{self, FolderCheck};
use microgrants::domain::{GroupId, PersonId, Role};
use microgrants::jobs::Jobs;
use serde_json::{Value, json};

use crate::audit::books::export_log;
use crate::operations::erasure::purge;
use crate::support::fixtures::{Office, person};
use crate::support::service::{ApiResponse, Client, serve, token};
use crate::support::steps;
use crate::support::test_app::TestApp;

const INTRODUCTIONS: &str = "/api/v1/introductions";

/// An office with a connector, and a group whose entry of the directory welcomes people.
struct Movement {
    office: Office,
    ada: Client,
    connector: Client,
    group: GroupId,
    member: PersonId,
    entry: String,
}

impl Movement {
    async fn begin(app: &TestApp) -> Self {
        let office = Office::open(app, 5000).await;
        let ada = serve(app, office.ada);
        let connector = person(app, "Connie").await;
        office.give_role(app, connector, Role::Connector).await;
        for text in ["What we tell them.", "What we tell them now."] {
            let notice = json!({ "purpose": "introductions", "text": text });
            taken(&ada.post("/api/v1/organisation/publish-notice", &notice));
        }
        let (group, member) = office.group(app).await;
        let connector = ada.with_token(&token(app, connector));
        let entry = publish_entry(&connector, Some(group));
        app.catch_up().await;
        Self {
            office,
            ada,
            connector,
            group,
            member,
            entry,
        }
    }

    fn client(&self, app: &TestApp, person: PersonId) -> Client {
        self.ada.with_token(&token(app, person))
    }

    /// Asks that somebody be introduced to the entry.
    fn ask(&self, by: &Client, of: &Value, at_risk: bool) -> String {
        let ask = json!({ "of": of, "to": self.entry, "at_risk": at_risk });
        by.post(INTRODUCTIONS, &ask).id()
    }
}

/// An entry of the directory, with the id of its record.
fn publish_entry(by: &Client, holder: Option<GroupId>) -> String {
    let mut record = json!({ "way": "offer", "kind": "group", "name": "Soup and song" });
    if let Some(group) = holder {
        record["holder"] = json!({ "group": group });
    } else {
        record["kind"] = json!("organisation");
    }
    let id = by.post("/api/v1/assets", &record).id();
    let listing = json!({
        "name": "Soup and song", "description": "We cook and sing.", "welcomes": true,
    });
    taken(&by.post(&format!("/api/v1/assets/{id}/publish"), &listing));
    id
}

fn taken(answer: &ApiResponse) {
    assert!(answer.status < 300, "{}", answer.body);
}

fn at(id: &str, rest: &str) -> String {
    format!("{INTRODUCTIONS}/{id}{rest}")
}

fn command(by: &Client, id: &str, name: &str, body: &Value) {
    taken(&by.post(&at(id, &format!("/{name}")), body));
}

fn refuse(by: &Client, id: &str, code: &str, (name, body): (&str, &Value)) {
    let answer = by.post(&at(id, &format!("/{name}")), body);
    assert_eq!(answer.code(), code, "{name} {body}: {}", answer.body);
}

fn agreement(notice: u32) -> Value {
    json!({
        "notice": notice,
        "channel": "phone",
        "read_back": true,
        "matters": "A warm room, and company",
        "shares": ["name", "telephone"],
    })
}

on_each_engine!(a_talk_is_keyed_agreed_to_and_taken_back);
async fn a_talk_is_keyed_agreed_to_and_taken_back(app: TestApp) {
    let movement = Movement::begin(&app).await;
    let connector = &movement.connector;
    let details = json!({ "name": "Jo Walker", "telephone": "0161 496 0123" });
    let jo = connector.post("/api/v1/people", &details).id();
    let id = movement.ask(connector, &json!({ "person": jo }), false);
    refuse(connector, &id, "consent_missing", ("make", &json!({})));
    let old = agreement(1);
    refuse(connector, &id, "notice_out_of_date", ("agree", &old));
    command(connector, &id, "agree", &agreement(2));
    let member = movement.client(&app, movement.member);
    member.get(&at(&id, "")).assert_problem(404, "not_found");
    command(connector, &id, "make", &json!({}));
    app.catch_up().await;
    let made_at = app.log.length().await.unwrap() - 1;

    let seen = member.get(&at(&id, "")).body;
    assert_eq!(seen["name"], "Jo Walker");
    assert!(seen["telephone"].as_str().is_some(), "{seen}");
    for hidden in ["email", "matters", "at_risk", "asked_by", "keyed_by"] {
        assert!(seen[hidden].is_null(), "{hidden}: {seen}");
    }
    assert_eq!(
        connector.get(&at(&id, "")).body["matters"],
        "A warm room, and company"
    );
    let (_, other) = movement.office.group(&app).await;
    let auditor = person(&app, "Auditor").await;
    movement
        .office
        .give_role(&app, auditor, Role::Auditor)
        .await;
    for stranger in [other, auditor] {
        let reader = movement.client(&app, stranger);
        reader.get(&at(&id, "")).assert_problem(404, "not_found");
        assert_eq!(reader.get(INTRODUCTIONS).body["items"], json!([]));
    }

    let nobody = json!({});
    refuse(&member, &id, "host_missing", ("welcome", &nobody));
    let host = json!({ "host": movement.member });
    command(&member, &id, "welcome", &host);
    command(&member, &id, "say-how", &json!({ "how": "went" }));
    command(&member, &id, "say-how", &json!({ "how": "goes_on" }));
    command(connector, &id, "take-back", &json!({ "channel": "phone" }));
    app.catch_up().await;
    member.get(&at(&id, "")).assert_problem(404, "not_found");
    let old_link = at(&id, &format!("?as_at={made_at}"));
    member.get(&old_link).assert_problem(404, "not_found");
    assert_eq!(member.get(INTRODUCTIONS).body["items"], json!([]));
    purge(&app).await;
    let kept = connector.get(&old_link).body;
    assert!(kept["matters"].is_null(), "it was deleted: {kept}");
    assert_is_told_without_names(&app, &id).await;
}

/// The log verifies, and the story of the introduction names nobody.
async fn assert_is_told_without_names(app: &TestApp, id: &str) {
    let folder = export_log(app).await;
    let check = FolderCheck::of(&folder).unwrap();
    assert!(check.holds(), "{:?}", check.findings);
    let story = audit::explain_introduction(&folder, &check, id.parse().unwrap()).unwrap();
    let story = story.expect("an introduction");
    assert_eq!(story.verdict, "They withdrew their consent.");
    assert_eq!(story.missing, Vec::<String>::new());
    let text = story.to_string();
    let lines = story.days.iter().flat_map(|day| &day.lines);
    let lines: Vec<&str> = lines.map(|line| line.says.as_str()).collect();
    for told in [
        "on notice 2. They share their name and their phone number.",
        "What matters to them is encrypted.",
        "to Soup and song.",
        "said what came of it: goes on.",
    ] {
        let is_told = lines.iter().any(|line| line.contains(told));
        assert!(is_told, "{told}: {lines:#?}");
    }
    for hidden in ["Jo Walker", "0161", "warm room"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
}

on_each_engine!(people_at_risk_come_only_to_groups_that_were_checked);
async fn people_at_risk_come_only_to_groups_that_were_checked(app: TestApp) {
    let movement = Movement::begin(&app).await;
    let connector = &movement.connector;
    let jo = person(&app, "Jo").await;
    let id = movement.ask(connector, &json!({ "person": jo }), true);
    command(connector, &id, "agree", &agreement(2));
    refuse(connector, &id, "group_not_checked", ("make", &json!({})));
    let outside = publish_entry(connector, None);
    let ask = json!({ "of": { "person": jo }, "to": outside });
    let id = connector.post(INTRODUCTIONS, &ask).id();
    command(connector, &id, "agree", &agreement(2));
    command(connector, &id, "make", &json!({}));
    let host = json!({ "host_name": "Mrs Lane", "channel": "phone" });
    command(connector, &id, "welcome", &host);
    app.catch_up().await;
    let own = movement.client(&app, jo).get(&at(&id, "")).body;
    assert_eq!(own["host_name"], "Mrs Lane");
    assert_eq!(own["matters"], "A warm room, and company");
}

on_each_engine!(somebody_who_does_not_share_their_name_is_nobody_to_the_group);
async fn somebody_who_does_not_share_their_name_is_nobody_to_the_group(app: TestApp) {
    let movement = Movement::begin(&app).await;
    let jo = person(&app, "Jo").await;
    let id = movement.ask(&movement.connector, &json!({ "person": jo }), false);
    let mut quiet = agreement(2);
    quiet["shares"] = json!(["matters"]);
    command(&movement.connector, &id, "agree", &quiet);
    command(&movement.connector, &id, "make", &json!({}));
    app.catch_up().await;
    let member = movement.client(&app, movement.member);
    let seen = member.get(&at(&id, "")).body;
    assert_eq!(seen["matters"], "A warm room, and company");
    assert!(seen["name"].is_null() && seen["person"].is_null(), "{seen}");
    let listed = member.get(INTRODUCTIONS).body;
    assert!(!listed.to_string().contains(&jo.to_string()), "{listed}");
    let own = movement.client(&app, jo).get(&at(&id, "")).body;
    assert_eq!(own["person"], json!(jo));
}

/// Lets days pass, runs what is due then, and returns the introduction as an officer reads it.
async fn after_days(app: &TestApp, movement: &Movement, days: i64, id: &str) -> Value {
    app.pass_days(days);
    app.catch_up().await;
    let jobs = Jobs::new(app.commands.clone(), app.views());
    jobs.run_once().await.expect("jobs run");
    app.catch_up().await;
    let officer = movement.client(app, movement.office.ada);
    officer.get(&at(id, "")).body
}

on_each_engine!(an_answer_is_waited_for_and_what_matters_is_forgotten);
async fn an_answer_is_waited_for_and_what_matters_is_forgotten(app: TestApp) {
    let movement = Movement::begin(&app).await;
    let jo = person(&app, "Jo").await;
    let id = movement.ask(&movement.connector, &json!({ "person": jo }), false);
    command(&movement.connector, &id, "agree", &agreement(2));
    command(&movement.connector, &id, "make", &json!({}));
    let waiting = after_days(&app, &movement, 6, &id).await;
    assert!(waiting["answer_due"].as_str().is_some(), "{waiting}");
    assert_eq!(waiting["matters"], "A warm room, and company");
    let reminded = after_days(&app, &movement, 1, &id).await;
    assert!(reminded["answer_due"].is_null(), "{reminded}");
    let long_over = after_days(&app, &movement, 366, &id).await;
    assert_eq!(long_over["state"], "made");
    assert!(long_over["matters"].is_null(), "{long_over}");
    assert!(long_over["kept_until"].is_null(), "{long_over}");
}

on_each_engine!(introductions_of_erased_people_are_closed);
async fn introductions_of_erased_people_are_closed(app: TestApp) {
    // Given two introductions that were made, of which the people of one are erased.
    let movement = Movement::begin(&app).await;
    let [jo, lee] = [person(&app, "Jo").await, person(&app, "Lee").await];
    let made = |of: PersonId| {
        let id = movement.ask(&movement.connector, &json!({ "person": of }), false);
        command(&movement.connector, &id, "agree", &agreement(2));
        command(&movement.connector, &id, "make", &json!({}));
        id
    };
    let (of_erased, of_other) = (made(jo), made(lee));
    app.issue_ok(movement.office.ada, steps::erase_person(jo))
        .await;

    // When a week is over, then it is closed, and nobody is reminded of it.
    let closed = after_days(&app, &movement, 7, &of_erased).await;
    assert_eq!(closed["state"], "closed", "{closed}");
    let reminded = after_days(&app, &movement, 0, &of_other).await;
    assert_eq!(reminded["state"], "made", "{reminded}");
    assert!(reminded["answer_due"].is_null(), "{reminded}");
}

on_each_engine!(who_asks_for_themselves_may_be_at_risk_too);
async fn who_asks_for_themselves_may_be_at_risk_too(app: TestApp) {
    let movement = Movement::begin(&app).await;
    let connector = &movement.connector;
    let jo = person(&app, "Jo").await;
    let own = movement.client(&app, jo);
    let id = movement.ask(&own, &json!({ "person": jo }), false);
    command(
        &own,
        &id,
        "agree",
        &json!({ "notice": 2, "shares": ["name"] }),
    );
    let at_risk = json!({ "at_risk": true });
    refuse(connector, &id, "group_not_checked", ("make", &at_risk));
    app.catch_up().await;
    assert_eq!(connector.get(&at(&id, "")).body["state"], "agreed");
}

on_each_engine!(two_groups_meet_when_both_agree);
async fn two_groups_meet_when_both_agree(app: TestApp) {
    let movement = Movement::begin(&app).await;
    let (asking, asker) = movement.office.group(&app).await;
    app.catch_up().await;
    let (asker, member) = (
        movement.client(&app, asker),
        movement.client(&app, movement.member),
    );
    let own = json!({ "of": { "group": movement.group }, "to": movement.entry });
    assert_eq!(member.post(INTRODUCTIONS, &own).code(), "same_party");
    asker
        .post(INTRODUCTIONS, &own)
        .assert_problem(404, "not_found");
    let id = movement.ask(&asker, &json!({ "group": asking }), false);
    let agreed = json!({ "notice": 2, "shares": ["name"] });
    refuse(&member, &id, "not_found", ("agree", &agreed));
    command(&asker, &id, "agree", &agreed);
    refuse(&asker, &id, "not_yours", ("make", &json!({})));
    command(&movement.ada, &id, "make", &json!({}));
    refuse(&asker, &id, "not_found", ("welcome", &json!({})));
    let host = json!({ "host": movement.member });
    command(&member, &id, "welcome", &host);
    command(&asker, &id, "say-how", &json!({ "how": "went" }));
    app.catch_up().await;
    assert_eq!(member.get(&at(&id, "")).body["came_to"], "went");

    let withdraw = format!("/api/v1/assets/{}/withdraw", movement.entry);
    taken(&movement.ada.post(&withdraw, &json!({})));
    let again = json!({ "of": { "group": asking }, "to": movement.entry });
    let refused = asker.post(INTRODUCTIONS, &again);
    assert_eq!(refused.code(), "listing_withdrawn");
}

on_each_engine!(consent_is_given_on_a_notice_and_taken_back);
async fn consent_is_given_on_a_notice_and_taken_back(app: TestApp) {
    let movement = Movement::begin(&app).await;
    let jo = person(&app, "Jo").await;
    let own = movement.client(&app, jo);
    let consents = format!("/api/v1/people/{jo}/consents");
    let agree = format!("/api/v1/people/{jo}/agree");
    let body = json!({ "purpose": "time_bank", "basis": "consent", "notice": 1 });
    assert_eq!(own.post(&agree, &body).code(), "notice_out_of_date");
    let notice = json!({ "purpose": "time_bank", "text": "We count your hours." });
    taken(
        &movement
            .ada
            .post("/api/v1/organisation/publish-notice", &notice),
    );
    taken(&own.post(&agree, &body));
    app.catch_up().await;
    let seen = movement.connector.get(&consents).body["items"][0].clone();
    assert_eq!(seen["state"], "given");
    assert_eq!(seen["channel"], "web");
    let stranger = movement.client(&app, movement.member);
    stranger.get(&consents).assert_problem(404, "not_found");
    stranger
        .post(&agree, &body)
        .assert_problem(404, "not_found");
    let back = format!("/api/v1/people/{jo}/take-back");
    taken(&own.post(&back, &json!({ "purpose": "time_bank" })));
    app.catch_up().await;
    assert_eq!(own.get(&consents).body["items"][0]["state"], "taken_back");
    let notices = own.get("/api/v1/notices").body;
    assert_eq!(notices["items"].as_array().map(Vec::len), Some(3));
}

on_each_engine!(a_connector_sees_no_application_and_no_money);
async fn a_connector_sees_no_application_and_no_money(app: TestApp) {
    let movement = Movement::begin(&app).await;
    let (grant, group, _) = movement.office.awarded(&app, 500).await;
    app.catch_up().await;
    let connector = &movement.connector;
    for path in [
        format!("/api/v1/applications/{grant}"),
        format!("/api/v1/grants/{grant}"),
        format!("/api/v1/groups/{group}"),
    ] {
        connector.get(&path).assert_problem(404, "not_found");
    }
    for path in ["/api/v1/budget", "/api/v1/outcomes", "/api/v1/payments"] {
        connector.get(path).assert_problem(403, "not_yours");
    }
    for list in ["applications", "grants", "groups"] {
        let found = connector.get(&format!("/api/v1/{list}"));
        assert_eq!(found.body["items"], json!([]), "{list}");
    }
}
