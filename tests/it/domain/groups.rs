//! Groups: staff see shared details, a merge rewrites no history, account numbers are checked
//! against the published tables, and a correction is shown with the value that it corrects.

use microgrants::bank::modulus_check::ModulusTables;
use microgrants::commands::CommandError;
use microgrants::domain::group::SetContact;
use microgrants::domain::{Command, GrantId, GroupCommand, GroupId, Refusal};
use serde_json::{Value, json};

use crate::support::fixtures::{Office, open, provide_payee};
use crate::support::service::{Client, serve, token};
use crate::support::test_app::{TestApp, request};

/// Posts a command that must be accepted.
fn post_ok(client: &Client, path: &str, body: &Value) -> Value {
    let answer = client.post(path, body);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

/// The position of an answer.
fn position_of(answer: &Value) -> i64 {
    answer["position"].as_i64().unwrap()
}

/// The event at this position, as the feed shows it.
fn event_at(client: &Client, position: i64) -> Value {
    let after = position - 1;
    let path = format!("/api/v1/log/events?after_position={after}&limit=1");
    client.get(&path).body["items"][0].clone()
}

/// Two groups with the same account, postcode and telephone.
struct Neighbours {
    staff: Client,
    cass: Client,
    dee: Client,
    of_cass: GroupId,
    of_dee: GroupId,
}

impl Neighbours {
    async fn begin(app: &TestApp) -> Self {
        let office = Office::open(app, 5000).await;
        let ((of_cass, cass), (of_dee, dee)) = (office.group(app).await, office.group(app).await);
        let staff = serve(app, office.ada);
        let neighbours = Self {
            cass: staff.with_token(&token(app, cass)),
            dee: staff.with_token(&token(app, dee)),
            staff,
            of_cass,
            of_dee,
        };
        let account = json!({ "holder": "A", "numbers": "12-34-56 12345678" });
        let payee = json!({ "route": "own_account", "account": account });
        for (client, group, postcode) in [
            (&neighbours.cass, of_cass, "OL1 1AA"),
            (&neighbours.dee, of_dee, "ol11aa"),
        ] {
            let path = format!("/api/v1/groups/{group}");
            post_ok(client, &format!("{path}/provide-payee"), &payee);
            let contact = json!({ "postcode": postcode, "telephone": "0161 496 0000" });
            post_ok(client, &format!("{path}/set-contact"), &contact);
        }
        neighbours
    }

    fn links(&self) -> String {
        format!("/api/v1/groups/{}/links", self.of_cass)
    }
}

on_each_engine!(that_share_something_are_shown_to_staff);
async fn that_share_something_are_shown_to_staff(app: TestApp) {
    let neighbours = Neighbours::begin(&app).await;

    let shown = neighbours.staff.get(&neighbours.links()).body["items"].clone();

    assert_eq!(
        (&shown[0]["group"], &shown[0]["shares"]),
        (
            &json!(neighbours.of_dee),
            &json!(["account", "name", "postcode", "telephone"])
        )
    );
    neighbours
        .cass
        .get(&neighbours.links())
        .assert_problem(403, "not_yours");

    // A detail that the groups no longer share is no longer listed.
    let path = format!("/api/v1/groups/{}/set-contact", neighbours.of_dee);
    let other = json!({ "telephone": "0161 496 0001" });
    post_ok(&neighbours.dee, &path, &other);
    assert_eq!(
        neighbours.staff.get(&neighbours.links()).body["items"][0]["shares"],
        json!(["account", "name"])
    );

    // A roll number that was made up does not hide a shared account.
    let path = format!("/api/v1/groups/{}/provide-payee", neighbours.of_dee);
    let account = json!({ "holder": "A", "numbers": "12-34-56 12345678", "roll_number": "1" });
    let payee = json!({ "route": "own_account", "account": account });
    post_ok(&neighbours.dee, &path, &payee);
    assert_eq!(
        neighbours.staff.get(&neighbours.links()).body["items"][0]["shares"],
        json!(["account", "name"])
    );
}

on_each_engine!(write_their_postcode_and_telephone_in_one_way);
async fn write_their_postcode_and_telephone_in_one_way(app: TestApp) {
    let neighbours = Neighbours::begin(&app).await;
    let path = format!("/api/v1/groups/{}", neighbours.of_cass);

    let seen = neighbours.cass.get(&path).body;

    assert_eq!(
        (&seen["postcode"], &seen["telephone"]),
        (&json!("OL1 1AA"), &json!("+441614960000"))
    );
    for bad in [
        json!({ "postcode": "nowhere" }),
        json!({ "telephone": "12" }),
    ] {
        neighbours
            .cass
            .post(&format!("{path}/set-contact"), &bad)
            .assert_problem(422, "invalid_field");
    }
}

/// Sets the phone number of a group, and returns it as it is kept.
fn set_phone(client: &Client, group: GroupId, telephone: &str) -> Value {
    let path = format!("/api/v1/groups/{group}");
    let contact = json!({ "telephone": telephone });
    post_ok(client, &format!("{path}/set-contact"), &contact);
    client.get(&path).body["telephone"].clone()
}

on_each_engine!(that_share_a_phone_number_are_linked_however_it_is_typed);
async fn that_share_a_phone_number_are_linked_however_it_is_typed(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let staff = serve(&app, office.ada);
    let ((of_cass, cass), (of_dee, dee)) = (office.group(&app).await, office.group(&app).await);
    let cass = staff.with_token(&token(&app, cass));
    let dee = staff.with_token(&token(&app, dee));
    set_phone(&cass, of_cass, "0161 496 0000");

    for typed in [
        "+44 (0)161 496 0000",
        "0044 161 496 0000",
        "+44 0161 496 0000",
        "161\u{a0}496\u{a0}0000",
        "(0161) 496\u{2013}0000",
    ] {
        let kept = set_phone(&dee, of_dee, typed);
        let links = staff.get(&format!("/api/v1/groups/{of_dee}/links")).body;
        assert_eq!(kept, json!("+441614960000"), "{typed}");
        assert_eq!(links["items"][0]["group"], json!(of_cass), "{typed}");
        let shares = json!(["name", "telephone"]);
        assert_eq!(links["items"][0]["shares"], shares, "{typed}");
    }
    for foreign in ["+48 22 510 00 00", "0048 22 510 00 00"] {
        let kept = set_phone(&dee, of_dee, foreign);
        assert_eq!(kept, json!("+48225100000"), "{foreign}");
    }
    for wrong in [
        "0161 496",
        "0161 496 00001",
        "0161 496 0000 ext 12",
        "+999 12345678",
    ] {
        let contact = json!({ "telephone": wrong });
        dee.post(&format!("/api/v1/groups/{of_dee}/set-contact"), &contact)
            .assert_problem(422, "invalid_field");
    }
}

on_each_engine!(that_gave_a_number_before_its_zeros_were_understood_are_linked);
async fn that_gave_a_number_before_its_zeros_were_understood_are_linked(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let staff = serve(&app, office.ada);
    let ((of_cass, cass), (of_dee, dee)) = (office.group(&app).await, office.group(&app).await);
    let set = |group: GroupId, kept: &str| {
        let contact = SetContact {
            postcode: None,
            telephone: Some(open(kept)),
        };
        Command::Group(group, GroupCommand::SetContact(contact))
    };
    app.issue_ok(cass, set(of_cass, "+441614960000")).await;

    for former in ["+4401614960000", "+440441614960000"] {
        app.issue_ok(dee, set(of_dee, former)).await;
        app.catch_up().await;
        for (group, other) in [(of_cass, of_dee), (of_dee, of_cass)] {
            let links = staff.get(&format!("/api/v1/groups/{group}/links")).body;
            assert_eq!(
                (&links["items"][0]["group"], &links["items"][0]["shares"]),
                (&json!(other), &json!(["name", "telephone"])),
                "{former}"
            );
        }
    }
}

on_each_engine!(that_were_merged_keep_their_records);
async fn that_were_merged_keep_their_records(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (grant, old, _) = office.prepared(&app, 600).await;
    let (new, member) = office.group(&app).await;
    let client = serve(&app, office.ada);

    // When
    let merge = json!({ "into": new, "reason": "The same people under a new name" });
    post_ok(&client, &format!("/api/v1/groups/{old}/merge"), &merge);

    // Then each group names the other
    let [old_group, new_group] =
        [old, new].map(|group| client.get(&format!("/api/v1/groups/{group}")).body);
    assert_eq!(
        (&old_group["merged_into"], &new_group["took_in"]),
        (&json!(new), &json!([old]))
    );
    // and the grant continues under its id, and members of the surviving group see it.
    assert_eq!(
        client.get(&format!("/api/v1/grants/{grant}")).body["group"],
        json!(old)
    );
    let member = client.with_token(&token(&app, member));
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
}

on_each_engine!(that_were_merged_neither_take_in_others_nor_apply);
async fn that_were_merged_neither_take_in_others_nor_apply(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let ((old, _), (new, _)) = (office.group(&app).await, office.group(&app).await);
    let client = serve(&app, office.ada);
    let merge = json!({ "into": new, "reason": "The same people under a new name" });
    post_ok(&client, &format!("/api/v1/groups/{old}/merge"), &merge);

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
async fn an_account_that_cannot_be_is_refused(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (group, member) = office.group(&app).await;
    let checking = app
        .commands
        .clone()
        .with_account_checks(Some(published_tables(&app)));
    let before = app.log.length().await.unwrap();
    let provide = |numbers: &str| request(member, Command::Group(group, provide_payee(numbers)));

    let refused = checking.execute(provide("000000 58177633")).await;

    assert!(
        matches!(refused, Err(CommandError::Refused(Refusal::AccountFails))),
        "{refused:?}"
    );
    assert_eq!(app.log.length().await.unwrap(), before);
    checking
        .execute(provide("000000 58177632"))
        .await
        .expect("this one can be");
    app.commands
        .execute(provide("000000 58177633"))
        .await
        .expect("without the tables only the shape is checked");
}

/// Tables of an invented row; its weights are those of the published worked example.
fn published_tables(app: &TestApp) -> ModulusTables {
    let folder = app.folder.path().join("tables");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(
        folder.join("valacdos.txt"),
        "000000 000001 MOD11 0 0 0 0 0 0 7 5 8 3 4 6 2 1\n",
    )
    .unwrap();
    std::fs::write(folder.join("scsubtab.txt"), "").unwrap();
    ModulusTables::read(&folder).unwrap()
}

on_each_engine!(stand_beside_what_they_correct);
/// The correction of a payment's day names the confirmation, which stays as it was written.
async fn stand_beside_what_they_correct(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (grant, ..) = office.prepared(&app, 600).await;
    let client = serve(&app, office.ben);
    let ada = client.with_token(&token(&app, office.ada));
    let today = app.today();
    let confirmed = pay(&client, grant, today);
    app.pass_days(2);

    // When
    let path = format!("/api/v1/grants/{grant}");
    let yesterday = app.in_days(-1);
    let reason = "The bank's date was misread";
    let correct = json!({ "payment": 1, "paid_on": yesterday, "reason": reason });
    let answer = post_ok(&client, &format!("{path}/correct-payment"), &correct);
    let corrected = position_of(&answer);

    // Then
    let event = event_at(&ada, confirmed);
    assert_eq!(
        (&event["event"], &event["corrected_by"]),
        (&json!("PaymentConfirmed"), &json!([corrected]))
    );
    assert_eq!(
        event_at(&ada, corrected)["payload"]["PaymentCorrected"]["corrects"],
        event["sequence"]
    );
    let paid_on = |as_at: &str| {
        ada.get(&format!("{path}/payments{as_at}")).body["items"][0]["paid_on"].clone()
    };
    assert_eq!(
        (paid_on(""), paid_on(&format!("?as_at={confirmed}"))),
        (json!(yesterday), json!(today))
    );
}

/// Completes the prepared payment. Returns the position of the bank's confirmation.
fn pay(client: &Client, grant: GrantId, today: jiff::civil::Date) -> i64 {
    let on_the_day = json!({ "payment": 1, "happened_on": today });
    let [.., confirmed] = [
        ("approve-payment", json!({ "payment": 1 })),
        ("send-payment", on_the_day.clone()),
        ("confirm-payment", on_the_day),
    ]
    .map(|(name, body)| {
        let path = format!("/api/v1/grants/{grant}/{name}");
        position_of(&post_ok(client, &path, &body))
    });
    confirmed
}

on_each_engine!(names_stand_beside_what_they_correct);
/// The correction of a group's name, by a member, waits for staff and names the registration.
async fn names_stand_beside_what_they_correct(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (group, member) = office.group(&app).await;
    let ada = serve(&app, office.ada);
    let cass = ada.with_token(&token(&app, member));
    let path = format!("/api/v1/groups/{group}");

    let correct =
        json!({ "name": "Soup and songs", "area": "oldham", "reason": "A letter was missing" });
    let proposed = post_ok(&cass, &format!("{path}/correct"), &correct);

    let event = event_at(&ada, position_of(&proposed));
    assert_eq!(
        event["payload"]["GroupCorrectionProposed"]["name"],
        json!("Soup and songs")
    );
    assert_eq!(
        ada.get(&path).body["name"],
        "Soup and song",
        "it waits for staff"
    );

    let take = json!({ "proposal": proposed["made"] });
    let taken = post_ok(&ada, &format!("{path}/take-correction"), &take);
    let event = event_at(&ada, position_of(&taken));
    assert_eq!(event["payload"]["GroupCorrected"]["corrects"], json!(1));
    assert_eq!(ada.get(&path).body["name"], "Soup and songs");
}
