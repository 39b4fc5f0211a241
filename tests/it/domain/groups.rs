//! Groups: staff see shared details, a merge rewrites no history, account numbers are checked
//! against the published tables, and a correction is shown with the value that it corrects.

use microgrants::bank::modulus_check::ModulusTables;
use microgrants::domain::{Command, Refusal};
use serde_json::{Value, json};

use crate::support::fixtures::{Office, provide_payee};
use crate::support::service::{serve, token};
use crate::support::test_app::{TestApp, request};

on_each_engine!(that_share_something_are_shown_to_staff);
async fn that_share_something_are_shown_to_staff(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let ((one, cass), (two, dee)) = (office.group(&house).await, office.group(&house).await);
    let client = serve(&house, office.ada);
    let (cass, dee) = (
        client.with_token(&token(&house, cass)),
        client.with_token(&token(&house, dee)),
    );
    let account = json!({ "route": "own_account", "account": { "holder": "A", "numbers": "12-34-56 12345678" } });
    let contact = |postcode: &str| json!({ "postcode": postcode, "telephone": "0161 496 0000" });
    for (client, group, postcode) in [(&cass, one, "OL1 1AA"), (&dee, two, "ol11aa")] {
        assert_eq!(
            client
                .post(&format!("/api/v1/groups/{group}/provide-payee"), &account)
                .status,
            200
        );
        assert_eq!(
            client
                .post(
                    &format!("/api/v1/groups/{group}/set-contact"),
                    &contact(postcode)
                )
                .status,
            200
        );
    }
    let path = format!("/api/v1/groups/{one}/links");
    let shown = client.get(&path).body["items"].clone();
    assert_eq!(
        (&shown[0]["group"], &shown[0]["shares"]),
        (&json!(two), &json!(["account", "postcode", "telephone"]))
    );
    cass.get(&path).assert_problem(403, "not_yours");
    // A detail that the groups no longer share is no longer listed.
    let other = json!({ "telephone": "0161 496 0001" });
    assert_eq!(
        dee.post(&format!("/api/v1/groups/{two}/set-contact"), &other)
            .status,
        200
    );
    assert_eq!(
        client.get(&path).body["items"][0]["shares"],
        json!(["account"])
    );
    let seen = cass.get(&format!("/api/v1/groups/{one}")).body;
    assert_eq!(
        (&seen["postcode"], &seen["telephone"]),
        (&json!("OL1 1AA"), &json!("+441614960000"))
    );
    for bad in [
        json!({ "postcode": "nowhere" }),
        json!({ "telephone": "12" }),
    ] {
        cass.post(&format!("/api/v1/groups/{one}/set-contact"), &bad)
            .assert_problem(422, "invalid_field");
    }
}

on_each_engine!(that_were_merged_keep_their_records);
async fn that_were_merged_keep_their_records(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (grant, old, _) = office.prepared(&house, 600).await;
    let (new, member) = office.group(&house).await;
    let client = serve(&house, office.ada);
    let merge = json!({ "into": new, "reason": "The same people under a new name" });
    assert_eq!(
        client
            .post(&format!("/api/v1/groups/{old}/merge"), &merge)
            .status,
        200
    );
    let both: Vec<_> = [old, new]
        .iter()
        .map(|group| client.get(&format!("/api/v1/groups/{group}")).body)
        .collect();
    assert_eq!(
        (&both[0]["merged_into"], &both[1]["took_in"]),
        (&json!(new), &json!([old]))
    );
    // The grant continues under its id, and members of the surviving group see it.
    assert_eq!(
        client.get(&format!("/api/v1/grants/{grant}")).body["group"],
        json!(old)
    );
    let member = client.with_token(&token(&house, member));
    assert_eq!(member.get(&format!("/api/v1/grants/{grant}")).status, 200);
    let history = member.get(&format!("/api/v1/groups/{new}/history")).body["items"].clone();
    assert_eq!(
        (
            &history[0]["id"],
            &history[0]["group"],
            &history[0]["grant"]
        ),
        (&json!(grant), &json!(old), &json!("accepted"))
    );
    // Two groups cannot be merged into each other.
    let back = json!({ "into": old, "reason": "The other way" });
    client
        .post(&format!("/api/v1/groups/{new}/merge"), &back)
        .assert_problem(409, "group_merged");
    let start = json!({ "fund": office.fund, "round": "first", "group": old });
    client
        .post("/api/v1/applications", &start)
        .assert_problem(409, "group_merged");
}

on_each_engine!(an_account_that_cannot_be_is_refused);
async fn an_account_that_cannot_be_is_refused(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (group, member) = office.group(&house).await;
    let folder = house.folder.path().join("tables");
    std::fs::create_dir(&folder).unwrap();
    // An invented row; its weights are those of the published worked example.
    std::fs::write(
        folder.join("valacdos.txt"),
        "000000 000001 MOD11 0 0 0 0 0 0 7 5 8 3 4 6 2 1\n",
    )
    .unwrap();
    std::fs::write(folder.join("scsubtab.txt"), "").unwrap();
    let checking = house
        .commands
        .clone()
        .with_account_checks(Some(ModulusTables::read(&folder).unwrap()));
    let before = house.log.length().await.unwrap();
    let provide = |numbers: &str| request(member, Command::Group(group, provide_payee(numbers)));
    let refused = checking.execute(provide("000000 58177633")).await;
    assert!(
        matches!(
            refused,
            Err(microgrants::commands::CommandError::Refused(
                Refusal::AccountFails
            ))
        ),
        "{refused:?}"
    );
    assert_eq!(house.log.length().await.unwrap(), before);
    checking
        .execute(provide("000000 58177632"))
        .await
        .expect("this one can be");
    house
        .commands
        .execute(provide("000000 58177633"))
        .await
        .expect("without the tables only the shape is checked");
}

on_each_engine!(stand_beside_what_they_correct);
async fn stand_beside_what_they_correct(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (grant, group, member) = office.prepared(&house, 600).await;
    let client = serve(&house, office.ben);
    let ada = client.with_token(&token(&house, office.ada));
    let (today, path) = (house.today(), format!("/api/v1/grants/{grant}"));
    let post = |command: &str, body: Value| {
        let answer = client.post(&format!("{path}/{command}"), &body);
        assert_eq!(answer.status, 200, "{command}: {}", answer.body);
        answer.body["position"].as_i64().unwrap()
    };
    post("approve-payment", json!({ "payment": 1 }));
    post(
        "send-payment",
        json!({ "payment": 1, "happened_on": today }),
    );
    let confirmed = post(
        "confirm-payment",
        json!({ "payment": 1, "happened_on": today }),
    );
    house.pass_days(2);
    let corrected = post(
        "correct-payment",
        json!({ "payment": 1, "paid_on": house.in_days(-1), "reason": "The bank's date was misread" }),
    );
    let event = |position: i64| {
        ada.get(&format!(
            "/api/v1/log/events?after_position={}&limit=1",
            position - 1
        ))
        .body["items"][0]
            .clone()
    };
    assert_eq!(
        (
            &event(confirmed)["event"],
            &event(confirmed)["corrected_by"]
        ),
        (&json!("PaymentConfirmed"), &json!([corrected]))
    );
    assert_eq!(
        event(corrected)["payload"]["PaymentCorrected"]["corrects"],
        event(confirmed)["sequence"]
    );
    let paid_on = |as_at: &str| {
        ada.get(&format!("{path}/payments{as_at}")).body["items"][0]["paid_on"].clone()
    };
    assert_eq!(
        (paid_on(""), paid_on(&format!("?as_at={confirmed}"))),
        (json!(house.in_days(-1)), json!(today))
    );
    // A correction of the group's name, by a member.
    let cass = client.with_token(&token(&house, member));
    let correct =
        json!({ "name": "Soup and songs", "area": "oldham", "reason": "A letter was missing" });
    let answer = cass.post(&format!("/api/v1/groups/{group}/correct"), &correct);
    let proposed = answer.body["position"].as_i64().unwrap();
    assert_eq!(
        event(proposed)["payload"]["GroupCorrectionProposed"]["name"],
        json!("Soup and songs")
    );
    assert_eq!(
        ada.get(&format!("/api/v1/groups/{group}")).body["name"],
        "Soup and song",
        "it waits for staff"
    );
    let answer = ada.post(
        &format!("/api/v1/groups/{group}/take-correction"),
        &json!({ "proposal": answer.body["made"] }),
    );
    let position = answer.body["position"].as_i64().unwrap();
    assert_eq!(
        event(position)["payload"]["GroupCorrected"]["corrects"],
        json!(1)
    );
    assert_eq!(
        ada.get(&format!("/api/v1/groups/{group}")).body["name"],
        "Soup and songs"
    );
}
