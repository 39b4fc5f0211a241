//! Webhooks made by administrators: two people, a secret each, only the chosen kinds of event. A
//! failing one does not delay the others, and none can reach internal addresses.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use microgrants::domain::Command;
use microgrants::domain::organisation::WEBHOOKS_MAX;
use microgrants::store::webhook_deliveries::{self, DeliveryRow, WebhookProgress};
use microgrants::webhooks::{CLAIM_US, GIVE_UP_AFTER_US, ManagedWebhooks, managed_name};
use serde_json::{Value, json};

use crate::http::event_delivery::{ReceivedRequest, receiver};
use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::fixtures::{Office, person};
use crate::support::scenario::{Scenario, command_from_json};
use crate::support::service::{ApiResponse, Client, serve, token};
use crate::support::test_app::{ORGANISATION, TestApp};

const PROPOSE_PATH: &str = "/api/v1/organisation/propose-webhook";
const CONFIRM_PATH: &str = "/api/v1/organisation/confirm-webhook";

fn command(app: &TestApp, name: &str, body: &Value) -> Command {
    command_from_json("organisation", app.commands.organisation().0, name, body)
}

/// A webhook proposed by Ada and confirmed by Ben. Returns its number.
pub async fn confirmed(app: &TestApp, office: &Office, address: &str, events: &[&str]) -> u32 {
    let target = json!({ "address": address, "events": events });
    let proposal = app
        .issue_ok(office.ada, command(app, "propose-webhook", &target))
        .await
        .made
        .unwrap();
    app.issue_ok(
        office.ben,
        command(app, "confirm-webhook", &json!({ "proposal": proposal })),
    )
    .await;
    proposal
}

/// The same, with a secret.
async fn confirmed_with_secret(
    app: &TestApp,
    office: &Office,
    address: &str,
    events: &[&str],
) -> u32 {
    let webhook = confirmed(app, office, address, events).await;
    app.issue_ok(
        office.ada,
        command(app, "make-webhook-secret", &json!({ "webhook": webhook })),
    )
    .await;
    webhook
}

/// A sender that may also reach this machine; it has started each webhook.
async fn sender(app: &TestApp) -> ManagedWebhooks {
    let sender = ManagedWebhooks::new(app.log.clone(), app.commands.organisation(), true);
    assert_eq!(sender.run_once(now(app)).await.unwrap(), 0, "it begins");
    sender
}

fn now(app: &TestApp) -> i64 {
    app.commands.now().as_microsecond()
}

async fn send_due(app: &TestApp, sender: &ManagedWebhooks) -> usize {
    sender.run_once(now(app)).await.unwrap()
}

/// Sends every due delivery.
async fn send_all(app: &TestApp, sender: &ManagedWebhooks) {
    while send_due(app, sender).await > 0 {}
}

fn next_delivery(told: &Receiver<ReceivedRequest>) -> (ReceivedRequest, Vec<String>) {
    let got = told.recv_timeout(Duration::from_secs(20)).unwrap();
    let json: Value = serde_json::from_str(&got.body).unwrap();
    let events = json["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["event"].as_str().unwrap().to_owned())
        .collect();
    (got, events)
}

async fn deliveries(app: &TestApp, webhook: u32) -> Vec<DeliveryRow> {
    webhook_deliveries::newest(
        app.store(),
        ORGANISATION,
        &managed_name(webhook),
        i64::MAX,
        100,
    )
    .await
    .unwrap()
}

async fn webhook_state(app: &TestApp, webhook: u32) -> WebhookProgress {
    webhook_deliveries::find(app.store(), ORGANISATION, &managed_name(webhook))
        .await
        .unwrap()
        .unwrap()
}

fn new_secret(client: &Client, webhook: &str, key: &str) -> ApiResponse {
    client.post_with(
        &format!("{webhook}/secret"),
        "",
        &[("Idempotency-Key", key)],
    )
}

fn key_of(shown: &ApiResponse) -> Vec<u8> {
    let secret = shown.body["secret"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", shown.body));
    STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap())
        .unwrap()
}

on_each_engine!(two_administrators_make_a_webhook);
async fn two_administrators_make_a_webhook(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let (address, _told) = receiver(Vec::new());
    let ada = serve(&app, office.ada);
    let ben = ada.with_token(&token(&app, office.ben));

    for bad in [
        json!({ "address": "http://hooks.example.org/" }),
        json!({ "address": address, "events": ["group.Nothing"] }),
    ] {
        ada.post(PROPOSE_PATH, &bad)
            .assert_problem(422, "invalid_field");
    }
    let proposed = ada.post(
        PROPOSE_PATH,
        &json!({ "address": address, "events": ["group.GroupRegistered"] }),
    );
    let webhook = format!("/api/v1/webhooks/{}", proposed.body["made"]);
    let confirm = json!({ "proposal": proposed.body["made"] });
    assert_eq!(ada.get(&webhook).body["state"], "proposed");
    ada.post(CONFIRM_PATH, &confirm)
        .assert_problem(403, "same_person");
    assert_eq!(ben.post(CONFIRM_PATH, &confirm).status, 200);
    ben.post(CONFIRM_PATH, &confirm)
        .assert_problem(409, "not_proposed");

    office.group(&app).await;
    let sender = sender(&app).await;
    assert_eq!(
        (
            send_due(&app, &sender).await,
            &ada.get(&webhook).body["state"]
        ),
        (0, &json!("without_secret"))
    );
}

on_each_engine!(a_webhook_is_sent_what_was_chosen_under_its_newest_two_secrets);
async fn a_webhook_is_sent_what_was_chosen_under_its_newest_two_secrets(app: TestApp) {
    // Given
    let office = Office::open(&app, 1000).await;
    let (address, told) = receiver(Vec::new());
    let ada = serve(&app, office.ada);
    let ben = ada.with_token(&token(&app, office.ben));
    let chosen = ["group.GroupRegistered"];
    let number = confirmed(&app, &office, &address, &chosen).await;
    let webhook = format!("/api/v1/webhooks/{number}");
    office.group(&app).await;
    app.catch_up().await;
    let sender = sender(&app).await;

    // When it has its first secret
    let shown = new_secret(&ada, &webhook, "first");
    assert_eq!(
        new_secret(&ada, &webhook, "first"),
        shown,
        "a repeat is answered the same"
    );
    let first = key_of(&shown);
    send_all(&app, &sender).await;

    // Then
    let (one, events) = next_delivery(&told);
    assert!(
        one.is_signed_by(&first) && events == ["GroupRegistered"],
        "{}",
        one.body
    );
    let seen = ada.get(&format!("{webhook}/deliveries")).body["items"][0].clone();
    assert_eq!(
        (&seen["state"], &seen["tries"], &seen["webhook_id"]),
        (&json!("taken"), &json!(1), &json!(one.header("webhook-id"))),
        "{seen}"
    );

    // When it has a second and a third
    let second = key_of(&new_secret(&ben, &webhook, "second"));
    office.group(&app).await;
    send_all(&app, &sender).await;
    let (both, _) = next_delivery(&told);
    let third = key_of(&new_secret(&ben, &webhook, "third"));
    office.group(&app).await;
    send_all(&app, &sender).await;
    let (last, _) = next_delivery(&told);

    // Then
    assert!(
        both.is_signed_by(&first) && both.is_signed_by(&second) && first != second,
        "the one before signs beside the newest"
    );
    assert!(last.is_signed_by(&third) && last.is_signed_by(&second) && !last.is_signed_by(&first));
    assert_eq!(
        ada.get("/api/v1/webhooks").body["items"][0]["state"],
        "sending"
    );
    assert!(told.try_recv().is_err(), "nothing else came");
    let log = format!("{:?}", app.log.read_events(0, 1000).await.unwrap());
    assert!(
        !log.contains(shown.body["secret"].as_str().unwrap()),
        "no secret is in the log"
    );
}

on_each_engine!(a_delivery_that_is_not_taken_holds_back_none_after_it);
async fn a_delivery_that_is_not_taken_holds_back_none_after_it(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let (address, told) = receiver(vec!["500 Internal Server Error"]);
    let webhook = confirmed_with_secret(&app, &office, &address, &[]).await;
    let sender = sender(&app).await;
    assert_eq!(send_due(&app, &sender).await, 1);
    let (first, _) = next_delivery(&told);
    office.group(&app).await;
    assert_eq!(send_due(&app, &sender).await, 0, "it waits a little");
    app.pass_seconds(11);
    assert_eq!(send_due(&app, &sender).await, 1);
    let (second, events) = next_delivery(&told);
    assert!(
        events.contains(&"GroupRegistered".to_owned()) && first.body != second.body,
        "what came after is sent: {}",
        second.body
    );
    let rows = deliveries(&app, webhook).await;
    let said = rows[1].error.as_deref();
    assert_eq!(
        (
            rows[0].state.as_str(),
            rows[1].state.as_str(),
            rows[1].tries,
            said
        ),
        ("taken", "waiting", 1, Some("it answered 500"))
    );
    app.pass_seconds(11);
    assert_eq!(send_due(&app, &sender).await, 1);
    let (again, _) = next_delivery(&told);
    assert_eq!(
        (again.header("webhook-id"), &again.body),
        (first.header("webhook-id"), &first.body),
        "a repeat is the same under its id"
    );
    let (rows, stands) = (
        deliveries(&app, webhook).await,
        webhook_state(&app, webhook).await,
    );
    assert_eq!(
        (
            rows[1].state.as_str(),
            rows[1].tries,
            stands.failures,
            stands.error
        ),
        ("taken", 2, 0, None)
    );
    assert_eq!(
        (send_due(&app, &sender).await, stands.next),
        (0, app.log.length().await.unwrap())
    );
}

on_each_engine!(one_that_stands_still_holds_back_no_other);
async fn one_that_stands_still_holds_back_no_other(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let (address, told) = receiver(Vec::new());
    let still = confirmed_with_secret(&app, &office, "http://127.0.0.1:9/hook", &[]).await;
    let well = confirmed_with_secret(&app, &office, &address, &["group.GroupRegistered"]).await;
    let sender = sender(&app).await;
    for _ in 0..3 {
        office.group(&app).await;
        send_all(&app, &sender).await;
        let (_, events) = next_delivery(&told);
        assert_eq!(events, ["GroupRegistered"]);
    }
    let (still, well) = (
        webhook_state(&app, still).await,
        webhook_state(&app, well).await,
    );
    assert_eq!((still.failures, well.failures), (1, 0));
    assert_eq!(
        (still.error.as_deref(), well.next),
        (
            Some("it could not be reached"),
            app.log.length().await.unwrap()
        )
    );
}

on_each_engine!(after_three_days_it_is_given_up_and_paused_and_goes_on_when_asked);
async fn after_three_days_it_is_given_up_and_paused_and_goes_on_when_asked(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let webhook = confirmed_with_secret(&app, &office, "http://127.0.0.1:9/hook", &[]).await;
    let sender = sender(&app).await;
    for _ in 0..280 {
        send_all(&app, &sender).await;
        app.pass_seconds(1000);
    }
    let rows = deliveries(&app, webhook).await;
    assert_eq!(
        (
            rows.len(),
            rows[0].state.as_str(),
            send_due(&app, &sender).await
        ),
        (1, "given_up", 0)
    );
    assert!(
        rows[0].tries > 40 && webhook_state(&app, webhook).await.paused_at.is_none(),
        "{rows:?}"
    );
    person(&app, "Somebody").await;
    assert_eq!(send_due(&app, &sender).await, 1);
    assert!(
        webhook_state(&app, webhook).await.paused_at.is_some(),
        "nothing was taken for three days"
    );
    app.pass_seconds(3700);
    assert_eq!(send_due(&app, &sender).await, 0, "it is sent nothing");

    let name = managed_name(webhook);
    let times = (now(&app), CLAIM_US, now(&app) + GIVE_UP_AFTER_US);
    let again =
        webhook_deliveries::redeliver(app.store(), ORGANISATION, &name, rows[0].from, times)
            .await
            .unwrap()
            .unwrap();
    assert_eq!((again.state.as_str(), again.tries), ("waiting", 0));
    assert_eq!(
        webhook_deliveries::redeliver(app.store(), ORGANISATION, &name, 0, times)
            .await
            .unwrap(),
        None
    );
    webhook_deliveries::resume(app.store(), ORGANISATION, &name)
        .await
        .unwrap();
    assert_eq!(send_due(&app, &sender).await, 1, "it is tried again");
    let stands = webhook_state(&app, webhook).await;
    assert_eq!((stands.paused_at, stands.failures), (None, 1));
}

on_each_engine!(a_change_counts_once_it_is_confirmed_and_an_end_at_once);
async fn a_change_counts_once_it_is_confirmed_and_an_end_at_once(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let (address, told) = receiver(Vec::new());
    let webhook = confirmed_with_secret(&app, &office, &address, &["group.GroupRegistered"]).await;
    let sender = sender(&app).await;
    let change =
        json!({ "webhook": webhook, "address": address, "events": ["person.PersonRegistered"] });
    let proposal = app
        .issue_ok(office.ada, command(&app, "propose-webhook", &change))
        .await
        .made
        .unwrap();
    office.group(&app).await;
    send_all(&app, &sender).await;
    assert_eq!(
        next_delivery(&told).1,
        ["GroupRegistered"],
        "it is sent what was confirmed"
    );
    app.issue_ok(
        office.ben,
        command(&app, "confirm-webhook", &json!({ "proposal": proposal })),
    )
    .await;
    office.group(&app).await;
    send_all(&app, &sender).await;
    assert_eq!(next_delivery(&told).1, ["PersonRegistered"]);
    app.issue_ok(
        office.ben,
        command(&app, "end-webhook", &json!({ "webhook": webhook })),
    )
    .await;
    office.group(&app).await;
    send_all(&app, &sender).await;
    assert!(
        told.recv_timeout(Duration::from_millis(200)).is_err(),
        "nothing is sent any more"
    );
    assert!(
        deliveries(&app, webhook).await.is_empty(),
        "and it is forgotten"
    );
}

on_each_engine!(two_processes_send_each_delivery_once);
async fn two_processes_send_each_delivery_once(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let (address, told) = receiver(Vec::new());
    confirmed_with_secret(&app, &office, &address, &[]).await;
    let (one, other) = (
        sender(&app).await,
        ManagedWebhooks::new(app.log.clone(), app.commands.organisation(), true),
    );
    for _ in 0..5 {
        office.group(&app).await;
        let (first, second) = tokio::join!(send_due(&app, &one), send_due(&app, &other));
        assert_eq!(first + second, 1);
        next_delivery(&told);
    }
    assert!(
        told.recv_timeout(Duration::from_millis(200)).is_err(),
        "nothing came twice"
    );
}

on_each_engine!(none_leads_inside_and_no_redirect_is_followed);
async fn none_leads_inside_and_no_redirect_is_followed(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let (address, told) = receiver(vec!["302 Found\r\nLocation: http://127.0.0.1:9/elsewhere"]);
    let plain = confirmed_with_secret(&app, &office, &address, &[]).await;
    let sealed = confirmed_with_secret(&app, &office, "https://127.0.0.1:9/hook", &[]).await;
    let named = confirmed_with_secret(&app, &office, "https://localhost:9/hook", &[]).await;
    let outside = ManagedWebhooks::new(app.log.clone(), app.commands.organisation(), false);
    assert_eq!(outside.run_once(now(&app)).await.unwrap(), 0);
    assert_eq!(outside.run_once(now(&app)).await.unwrap(), 3);
    assert!(
        told.recv_timeout(Duration::from_millis(200)).is_err(),
        "nobody inside is asked"
    );
    for webhook in [sealed, named] {
        let said = webhook_state(&app, webhook).await.error.unwrap();
        assert_eq!(
            said,
            "it leads inside our own network, which is not allowed"
        );
    }
    assert!(
        webhook_state(&app, plain)
            .await
            .error
            .unwrap()
            .starts_with("it is not https")
    );
    app.pass_seconds(60);
    let allowed = ManagedWebhooks::new(app.log.clone(), app.commands.organisation(), true);
    assert!(allowed.run_once(now(&app)).await.unwrap() > 0);
    next_delivery(&told);
    assert_eq!(
        webhook_state(&app, plain).await.error.as_deref(),
        Some("it answered 302 Found"),
        "a redirect is no taking"
    );
}

on_each_engine!(the_desk_shows_them_and_a_second_administrator_confirms_there);
async fn the_desk_shows_them_and_a_second_administrator_confirms_there(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (mut ada, mut ben) = (
        signed_in(&app, &address, office.ada).await,
        signed_in(&app, &address, office.ben).await,
    );
    let page = ada.get("/desk/webhooks");
    let typed = [
        ("at", "/desk/webhooks"),
        ("form", "propose-webhook"),
        ("address", "https://hooks.example.org/grants"),
    ];
    let page = ada.submit_form(&page, "/desk/do/organisation/propose-webhook", &typed);
    assert!(
        page.status == 200
            && page.contains("<b>To confirm</b>, proposed by Ada")
            && page.contains("needs a second person"),
        "{}",
        visible_text(&page)
    );
    assert!(
        ben.get("/desk")
            .contains("Webhooks to confirm, or that are paused")
    );
    let page = ben.get("/desk/webhooks");
    let confirm = [
        ("at", "/desk/webhooks"),
        ("form", "confirm-webhook-1"),
        ("proposal:number", "1"),
    ];
    let page = ben.submit_form(&page, "/desk/do/organisation/confirm-webhook", &confirm);
    assert!(
        page.contains("https://hooks.example.org/grants: all events")
            && page.contains("without secret"),
        "{}",
        visible_text(&page)
    );
    let shown = ben.submit_form(
        &page,
        "/desk/do/webhooks/1/secret",
        &[("at", "/desk/webhooks"), ("form", "secret")],
    );
    assert!(
        shown.status == 200 && shown.contains("whsec_") && shown.contains("we show it only once"),
        "{}",
        visible_text(&shown)
    );
    let (_, member) = office.group(&app).await;
    let mut cass = signed_in(&app, &address, member).await;
    let page = cass.get("/desk/webhooks");
    assert!(
        page.status == 404 && !page.contains("hooks.example.org"),
        "{}",
        visible_text(&page)
    );
}

#[test]
fn there_are_not_more_than_anybody_can_look_at() {
    let mut setting = Scenario::founded();
    let target = json!({ "address": "https://hooks.example.org" });
    let asks = |setting: &mut Scenario| {
        let ada = microgrants::domain::Actor::Person(setting.staff[0]);
        setting.issue_json(
            ada,
            "organisation",
            crate::support::in_memory_domain::ORGANISATION.0,
            "propose-webhook",
            &target,
        )
    };
    for _ in 0..5 {
        asks(&mut setting).unwrap();
    }
    assert_eq!(
        asks(&mut setting).unwrap_err().code(),
        "webhooks_wait",
        "one person cannot take up all that there may be"
    );
    let organisation = crate::support::in_memory_domain::ORGANISATION.0;
    setting.issue_json_ok(
        1,
        "organisation",
        organisation,
        "confirm-webhook",
        &json!({ "proposal": 1 }),
    );
    for proposal in 2..=WEBHOOKS_MAX - 4 {
        setting.issue_json_ok(
            1,
            "organisation",
            organisation,
            "confirm-webhook",
            &json!({ "proposal": proposal }),
        );
        asks(&mut setting).unwrap();
    }
    assert_eq!(asks(&mut setting).unwrap_err().code(), "webhooks_full");
    setting.issue_json_ok(
        1,
        "organisation",
        crate::support::in_memory_domain::ORGANISATION.0,
        "end-webhook",
        &json!({ "webhook": 1 }),
    );
    asks(&mut setting).unwrap();
}
