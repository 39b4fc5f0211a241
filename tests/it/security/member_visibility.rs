//! What a group's member sees through the API: their own records, and nothing meant for staff.

use microgrants::domain::fund::Rules;
use microgrants::domain::{Command, PersonId};
use serde_json::{Value, json};

use crate::operations::files::pdf;
use crate::support::fixtures::{AGREEMENT_TEXT, Office, approve, rules};
use crate::support::service::{Client, serve, token};
use crate::support::test_app::TestApp;

/// Clients of Ada, Ben and a group's member on one service.
fn three_clients(app: &TestApp, office: &Office, member: PersonId) -> [Client; 3] {
    let ada = serve(app, office.ada);
    let [ben, cass] = [office.ben, member].map(|person| ada.with_token(&token(app, person)));
    [ada, ben, cass]
}

fn post(client: &Client, path: &str, body: &Value) -> i64 {
    let answer = client.post(path, body);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body["position"].as_i64().unwrap()
}

on_each_engine!(a_fund_is_shown_to_groups_as_applicants_need_it);
async fn a_fund_is_shown_to_groups_as_applicants_need_it(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (grant, _, member) = office.prepared(&app, 700).await;
    let (reserved, ..) = office.ready(&app, 800).await;
    let (deferred, ..) = office.ready(&app, 900).await;
    let approved = app
        .issue_ok(office.ben, Command::Grant(grant, approve(1)))
        .await
        .last_position;
    let [ada, ben, cass] = three_clients(&app, &office, member);
    let fund = format!("/api/v1/funds/{}", office.fund);
    let reserve = json!({ "rank": 1, "reason": "More money may come." });
    post(
        &ada,
        &format!("/api/v1/applications/{reserved}/reserve"),
        &reserve,
    );
    let decisions =
        json!([{ "application": deferred, "verdict": { "defer": { "reason": "Not yet" } } }]);
    let meeting = json!({ "round": "first", "met_on": app.today(), "decisions": decisions });
    post(&ada, &format!("{fund}/record-meeting"), &meeting);
    post(
        &ada,
        &format!("{fund}/propose-rules"),
        &json!({ "rules": Rules { offer_days: 20, ..rules() } }),
    );
    let line = json!({ "grant": grant, "payment": 1, "amount": "700.00" });
    post(
        &ben,
        &format!("{fund}/send-batch"),
        &json!({ "batch": "june", "sent_on": app.today(), "payments": [line] }),
    );

    for path in [fund.clone(), "/api/v1/funds".to_owned()] {
        let one = |client: &Client| {
            let body = client.get(&path).body;
            body["items"].get(0).cloned().unwrap_or(body)
        };
        let (all, seen) = (one(&ada), one(&cass));
        let (round, shown) = (&all["rounds"]["first"], &seen["rounds"]["first"]);
        assert_eq!(
            (&round["reserves"]["1"], &round["met_on"]),
            (&json!(reserved), &json!([app.today()])),
            "{all}"
        );
        assert!(
            all["proposed_rules"].is_object() && all["batches"]["june"]["total"] == "700.00",
            "{all}"
        );
        assert_eq!(
            (&shown["reserves"], &shown["met_on"], &seen["batches"]),
            (&json!({}), &json!([]), &json!({})),
            "{seen}"
        );
        assert!(seen["proposed_rules"].is_null(), "{seen}");
        assert_eq!(
            (&seen["rules"], &shown["closes_on"]),
            (&all["rules"], &round["closes_on"]),
            "what applicants need is there"
        );
    }
    let before = ada.get(&format!("{fund}?as_at={approved}")).body;
    assert_eq!(
        before["batches"],
        json!({}),
        "a past fund has its past batches: {before}"
    );
}

/// A grant with a rejected payment, a check that is asked for, a proposed waiver, a refused
/// variation, and a hold.
struct DiscussedGrant {
    office: Office,
    member: PersonId,
    ada: Client,
    cass: Client,
    path: String,
}

impl DiscussedGrant {
    async fn new(app: &TestApp) -> Self {
        let office = Office::open(app, 10_000).await;
        let (grant, _, member) = office.prepared(app, 700).await;
        let [ada, ben, cass] = three_clients(app, &office, member);
        let path = format!("/api/v1/grants/{grant}");
        let on = |client: &Client, command: &str, body: Value| {
            post(client, &format!("{path}/{command}"), &body)
        };
        let rejected = json!({ "payment": 1, "reason": "The account looks odd." });
        on(&ben, "reject-payment", rejected);
        let insurance = json!({ "check": "insurance", "note": "Please send us the policy." });
        on(&ada, "request-check", insurance);
        let visit = json!({ "check": "visit", "note": "We would like to come by." });
        on(&ada, "request-check", visit);
        let waiver = json!({ "check": "visit", "note": "They are known to us." });
        on(&ada, "propose-waiver", waiver);
        let change = json!({ "ends_on": app.in_days(95) });
        let variation = json!({ "change": change, "words": "The hall is closed." });
        on(&cass, "request-variation", variation);
        let declare = format!("/api/v1/applications/{grant}/declare");
        post(&ben, &declare, &json!({}));
        let refused = json!({ "variation": 1, "reason": "The round ends before." });
        on(&ben, "refuse-variation", refused);
        let hold = json!({ "reason": "Something was said about the treasurer." });
        on(&ada, "hold", hold);
        Self {
            office,
            member,
            ada,
            cass,
            path,
        }
    }
}

on_each_engine!(a_payment_is_shown_to_its_group_without_notes_and_names_of_staff);
async fn a_payment_is_shown_to_its_group_without_notes_and_names_of_staff(app: TestApp) {
    let grant = DiscussedGrant::new(&app).await;
    let payment =
        |client: &Client| client.get(&format!("{}/payments", grant.path)).body["items"][0].clone();

    let (all, seen) = (payment(&grant.ada), payment(&grant.cass));

    assert_eq!(
        (&all["prepared_by"], &all["reason"]),
        (&json!(grant.office.ada), &json!("The account looks odd."))
    );
    assert_eq!(
        (&seen["state"], &seen["amount"]),
        (&json!("rejected"), &json!("700.00")),
        "{seen}"
    );
    assert!(
        seen["prepared_by"].is_null()
            && seen["reason"].is_null()
            && seen["approved_by"] == json!([]),
        "{seen}"
    );
}

on_each_engine!(a_grant_is_shown_to_its_group_without_notes_and_names_of_staff);
async fn a_grant_is_shown_to_its_group_without_notes_and_names_of_staff(app: TestApp) {
    let grant = DiscussedGrant::new(&app).await;
    let check = |body: &Value, check: &str| {
        (
            body["checks"][check]["state"].clone(),
            body["checks"][check]["note"].clone(),
        )
    };

    let all = grant.ada.get(&grant.path).body;
    let seen = grant.cass.get(&grant.path).body;
    let listed = grant.cass.get("/api/v1/grants").body["items"][0].clone();

    assert_eq!(
        check(&all, "visit"),
        (json!("waiver_proposed"), json!("They are known to us."))
    );
    assert_eq!(
        check(&seen, "visit"),
        (json!("outstanding"), Value::Null),
        "a proposal is for staff"
    );
    assert_eq!(
        check(&seen, "insurance"),
        (json!("outstanding"), json!("Please send us the policy.")),
        "what it is asked for stays"
    );
    assert_eq!(check(&seen, "identity"), (json!("passed"), Value::Null));
    let (change, shown) = (&all["variations"]["1"], &seen["variations"]["1"]);
    assert_eq!(
        (&change["asked_by"], &change["decided_by"]),
        (&json!(grant.member), &json!(grant.office.ben))
    );
    assert!(
        shown["asked_by"].is_null() && shown["decided_by"].is_null(),
        "{shown}"
    );
    assert_eq!(
        (&shown["state"], &shown["reason"]),
        (&json!("refused"), &json!("The round ends before."))
    );
    assert_eq!(
        (&seen["on_hold"], &seen["reason"]),
        (&json!(true), &Value::Null),
        "that it waits, and not why"
    );
    assert!(all["reason"].is_string());
    assert_eq!(
        (&listed["checks"], &listed["variations"]),
        (&seen["checks"], &seen["variations"]),
        "a list shows no more"
    );
}

fn update(people: u32, outcomes: &Value) -> Value {
    json!({
        "update": 1, "channel": "web", "words": "It went well.", "people": people,
        "volunteers": 3, "spent": "0.00", "outcomes": outcomes,
    })
}

fn judged(strength: &str) -> Value {
    json!({
        "update": 1, "sign": "bringing-people-together", "strength": strength, "reason": "Seen.",
    })
}

fn corrected(people: u32) -> Value {
    json!({
        "update": 1, "people": people, "volunteers": 3, "spent": "0.00", "reason": "Miscounted",
    })
}

on_each_engine!(an_update_is_shown_to_its_group_without_judgements_and_counts_once_accepted);
async fn an_update_is_shown_to_its_group_without_judgements_and_counts_once_accepted(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (grant, _, member) = office.payable(&app, 700).await;
    let [ada, _, cass] = three_clients(&app, &office, member);
    let path = format!("/api/v1/grants/{grant}");
    let on = |client: &Client, command: &str, body: Value| {
        post(client, &format!("{path}/{command}"), &body)
    };
    let outcomes = || {
        let line =
            |by: &str| ada.get(&format!("/api/v1/outcomes?by={by}")).body["lines"][0].clone();
        let (of_fund, of_sign) = (line("fund"), line("sign"));
        let figure = |line: &Value, figure: &str| line[figure].as_i64().unwrap_or_default();
        (
            figure(&of_fund, "updates"),
            figure(&of_fund, "people"),
            figure(&of_sign, "said_points"),
            figure(&of_sign, "judged_points"),
        )
    };

    on(&cass, "receive-update", update(20, &json!([])));
    on(&ada, "judge-outcome", judged("some"));
    let shown = |client: &Client| client.get(&format!("{path}/updates")).body["items"][0].clone();
    assert_eq!(shown(&ada)["outcomes"][0]["judged"], "some");
    assert_eq!(
        shown(&cass)["outcomes"],
        json!([]),
        "not even which sign staff judged"
    );
    on(
        &ada,
        "query-update",
        json!({ "update": 1, "question": "How many came twice?" }),
    );
    assert_eq!(shown(&cass)["question"], "How many came twice?");
    let said = json!([{
        "sign": "bringing-people-together", "strength": "strong", "words": "Nobody eats alone.",
    }]);
    on(&cass, "receive-update", update(25, &said));
    on(&ada, "correct-update", corrected(26));
    assert_eq!(
        outcomes(),
        (0, 0, 0, 0),
        "what is not accepted does not count"
    );
    on(&ada, "accept-update", json!({ "update": 1 }));
    assert_eq!(
        outcomes(),
        (1, 26, 2, 1),
        "what was received and judged last counts"
    );
    on(&ada, "correct-update", corrected(27));
    on(&ada, "judge-outcome", judged("strong"));
    assert_eq!(
        outcomes(),
        (1, 27, 2, 2),
        "what is changed later counts at once"
    );
    let seen = shown(&cass)["outcomes"][0].clone();
    assert!(
        seen["said"] == "strong" && seen["judged"].is_null() && seen["judgement"].is_null(),
        "{seen}"
    );
    crate::projections::read_models::assert_equals_rebuild(&app).await;
}

on_each_engine!(mail_texts_proposals_and_who_verified_a_payee_are_for_staff);
async fn mail_texts_proposals_and_who_verified_a_payee_are_for_staff(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (_, group, member) = office.payable(&app, 700).await;
    let [ada, _, cass] = three_clients(&app, &office, member);
    let text = json!({
        "mail": "declined", "language": "en", "subject": "About {{ group }}",
        "body": "Dear {{ name }}, {{ note }}",
    });
    post(&ada, "/api/v1/organisation/publish-mail-text", &text);
    let role = json!({ "person": member, "role": "finance" });
    post(&ada, "/api/v1/organisation/propose-role", &role);
    let read = |path: &str| (ada.get(path).body, cass.get(path).body);

    let (all, seen) = read("/api/v1/organisation");
    assert_eq!(
        (
            all["mail_texts"].as_array().unwrap().len(),
            &seen["mail_texts"]
        ),
        (1, &json!([]))
    );
    assert_eq!(
        (&all["agreements"]["1"], &seen["agreements"]["1"]),
        (&json!(AGREEMENT_TEXT), &json!(AGREEMENT_TEXT))
    );
    let (all, seen) = read(&format!("/api/v1/groups/{group}"));
    let payee = &seen["payee"];
    assert_eq!(
        (
            &payee["keyed_by"],
            &payee["verified"],
            &payee["verified_by"]
        ),
        (&json!(member), &json!(true), &Value::Null)
    );
    assert_eq!(all["payee"]["verified_by"], json!(office.ada));
    let (all, seen) = read(&format!("/api/v1/people/{member}"));
    assert_eq!(
        (&all["proposed"], &seen["proposed"]),
        (&json!(["finance"]), &json!([]))
    );
}

on_each_engine!(who_of_staff_kept_a_file_is_for_staff);
async fn who_of_staff_kept_a_file_is_for_staff(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (_, group, member) = office.payable(&app, 700).await;
    let [ada, _, cass] = three_clients(&app, &office, member);
    let path = format!("/api/v1/groups/{group}");
    let scan = ada.upload(&format!("{path}/files?purpose=scan"), &pdf(500), "scan");
    assert_eq!(scan.status, 201);
    let receipt = cass.upload(
        &format!("{path}/files?purpose=receipt"),
        &pdf(600),
        "receipt",
    );
    assert_eq!(receipt.status, 201);
    let kept_by = |body: &Value| {
        body["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file["kept_by"].clone())
            .collect::<Vec<_>>()
    };

    let (all, seen) = (ada.get(&path).body, cass.get(&path).body);
    let listed = cass.get("/api/v1/groups").body["items"][0].clone();

    assert_eq!(
        kept_by(&all),
        [json!(office.ada), json!(member)],
        "in the order in which they were kept"
    );
    assert_eq!(kept_by(&seen), [Value::Null, json!(member)]);
    assert_eq!(
        (&listed["payee"], &listed["files"]),
        (&seen["payee"], &seen["files"]),
        "a list shows no more"
    );
}
