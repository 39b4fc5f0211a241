//! The directory through the API: what nine homes wish for, whose keeper leaves, and hours that a
//! neighbour and a group give each other.

use jiff::civil::Date;
use microgrants::domain::{GroupId, PersonId, Role};
use microgrants::jobs::Jobs;
use serde_json::{Value, json};

use crate::operations::erasure::purge;
use crate::operations::mails::{deliver_all, mailer, outbox_rows};
use crate::support::fixtures::{Office, person};
use crate::support::service::{Client, serve, token};
use crate::support::steps;
use crate::support::test_app::TestApp;

const ASSETS: &str = "/api/v1/assets";

fn address(id: &str, rest: &str) -> String {
    format!("{ASSETS}/{id}{rest}")
}

fn take(by: &Client, id: &str, (name, body): (&str, &Value)) {
    let answer = by.post(&address(id, &format!("/{name}")), body);
    assert!(answer.status < 300, "{name} {body}: {}", answer.body);
}

fn refuse(by: &Client, id: &str, code: &str, (name, body): (&str, &Value)) {
    let answer = by.post(&address(id, &format!("/{name}")), body);
    assert_eq!(answer.code(), code, "{name} {body}: {}", answer.body);
}

/// The names of the entries that somebody finds, in the order of ids.
fn names(reader: &Client, query: &str) -> Vec<String> {
    let found = reader.get(&format!("{ASSETS}?sort=created_at&{query}"));
    let items = found.body["items"].as_array();
    items
        .unwrap_or_else(|| panic!("{query}: {}", found.body))
        .iter()
        .map(|item| item["name"].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn listing(name: &str) -> Value {
    json!({ "name": name, "description": "Anyone can join in.", "area": "oldham" })
}

async fn jobs(app: &TestApp) -> usize {
    app.catch_up().await;
    let jobs = Jobs::new(app.commands.clone(), app.views());
    jobs.run_once().await.expect("jobs run")
}

/// A person agrees by phone to a purpose, on a notice that is published for it.
fn agree(ada: &Client, person: PersonId, purpose: &str) {
    let notice = json!({ "purpose": purpose, "text": "We keep what you tell us." });
    let published = ada.post("/api/v1/organisation/publish-notice", &notice);
    assert!(published.status < 300, "{}", published.body);
    let agreed = json!({
        "purpose": purpose, "basis": "consent", "notice": 1, "channel": "phone",
    });
    let answer = ada.post(&format!("/api/v1/people/{person}/agree"), &agreed);
    assert!(answer.status < 300, "{}", answer.body);
}

/// Nine homes, the first of which wishes for something.
fn nine_homes(keeper: &Client) -> Vec<String> {
    let mut homes = Vec::new();
    for number in 1..=9 {
        let way = if number == 1 { "wish" } else { "offer" };
        let home = json!({
            "way": way,
            "kind": "organisation",
            "name": format!("Home {number}"),
            "area": "oldham",
        });
        homes.push(keeper.post(ASSETS, &home).id());
    }
    homes
}

on_each_engine!(a_directory_outlives_the_one_who_keeps_it);
async fn a_directory_outlives_the_one_who_keeps_it(app: TestApp) {
    // Given a connector who records nine homes, one of which wishes for boccia.
    let office = Office::open(&app, 5000).await;
    let connector = person(&app, "Connector").await;
    office.give_role(&app, connector, Role::Connector).await;
    let ada = serve(&app, office.ada);
    let keeper = ada.with_token(&token(&app, connector));
    let homes = nine_homes(&keeper);
    take(
        &keeper,
        &homes[0],
        ("publish", &listing("Boccia wished for")),
    );

    // And a bowls club that offers it, and does not want to be rung at home.
    let (group, member) = office.group(&app).await;
    let members = ada.with_token(&token(&app, member));
    let club = json!({
        "way": "offer", "kind": "group", "holder": { "group": group }, "name": "Bowls club",
    });
    let club = keeper.post(ASSETS, &club).id();
    let words = json!({ "words": "Ring Ann on 0161 496 0000" });
    take(&members, &club, ("propose", &words));
    assert_eq!(
        keeper.get(&address(&club, "")).body["proposed_words"],
        "Ring Ann on 0161 496 0000"
    );
    let mut reached = listing("Bowls club");
    reached["description"] = words["words"].clone();
    refuse(&keeper, &club, "looks_personal", ("publish", &reached));
    let stranger = person(&app, "Stranger").await;
    let reader = ada.with_token(&token(&app, stranger));
    reader
        .get(&address(&club, ""))
        .assert_problem(404, "not_found");
    take(
        &keeper,
        &club,
        ("publish", &listing("Boccia at the bowls club")),
    );
    let tie = json!({ "to": homes[0], "how": "partner" });
    take(&keeper, &club, ("tie", &tie));

    // Then everyone finds both, without who keeps them or what the club wrote.
    assert_eq!(names(&reader, "named=boccia").len(), 2);
    assert_eq!(
        names(&reader, "named=boccia&way=wish"),
        ["Boccia wished for"]
    );
    let seen = reader.get(&address(&club, "")).body;
    assert_eq!(seen["keeper"], Value::Null);
    assert!(seen.get("proposed_words").is_none(), "{seen}");
    refuse(&reader, &club, "not_found", ("confirm", &json!({})));
    reader
        .get(&format!("{ASSETS}?without_keeper=true"))
        .assert_problem(403, "not_yours");

    a_keeper_leaves(&app, office.ada, connector, (&ada, &club, &homes[0])).await;
    mailer(&app).subscribe().await.expect("a subscription");
    growing_old(&app, (&ada, &members, &club)).await;
    assert_eq!(asked(&app, member).await, 3, "at 10, 11 and 12 months");
    let yesterday = address(&club, &format!("?as_at={}", app.in_days(-1)));
    assert_eq!(ada.get(&yesterday).body["state"], "published");
    reader.get(&yesterday).assert_problem(404, "not_found");
}

/// When the connector leaves, then the entries have no keeper until another takes them over.
async fn a_keeper_leaves(
    app: &TestApp,
    by: PersonId,
    connector: PersonId,
    (ada, club, home): (&Client, &str, &str),
) {
    assert_eq!(names(ada, "without_keeper=true"), Vec::<String>::new());
    let end = steps::end_role(app, connector, Role::Connector);
    app.issue_ok(by, end).await;
    app.catch_up().await;
    assert_eq!(names(ada, "without_keeper=true").len(), 10);
    take(ada, club, ("take-over", &json!({})));
    assert_eq!(names(ada, "without_keeper=true").len(), 9);
    let ties = ada.get(&address(club, "/ties")).body;
    assert_eq!(ties["items"][0]["other"], json!(home));
}

/// How often a person was asked whether an entry is still right.
async fn asked(app: &TestApp, person: PersonId) -> usize {
    let id = person.to_string();
    let rows = outbox_rows(app).await;
    let own = rows.iter().filter(|row| row.person == id);
    own.filter(|row| row.kind == "asset_due").count()
}

/// What nobody confirms is asked about three times, and then comes last.
async fn growing_old(app: &TestApp, (ada, members, club): (&Client, &Client, &str)) {
    let reminded = || {
        let entry = ada.get(&address(club, "")).body;
        (
            entry["reminded_months"].as_u64(),
            entry["reminded_on"].clone(),
        )
    };
    let published_on: Date = app.today();
    let months = |months: i64| published_on.saturating_add(jiff::Span::new().months(months));
    let go_to = |day: Date| {
        let days = app.today().until(day).expect("days").get_days();
        app.pass_days(days.into());
    };
    for due in [10, 11, 12] {
        go_to(months(due));
        jobs(app).await;
        app.catch_up().await;
        deliver_all(app, &mailer(app)).await;
        assert_eq!(reminded(), (u64::try_from(due).ok(), json!(months(due))));
    }
    let stale = format!("stale_by={}", app.today());
    assert_eq!(names(ada, &stale).len(), 2);
    let view = app.views();
    let order = view.directory(app.today()).await.unwrap();
    assert!(order.iter().all(|row| row.is_stale(app.today())));
    take(members, club, ("confirm", &json!({})));
    assert_eq!(reminded().0, Some(0));
    app.catch_up().await;
    let order = view.directory(app.today()).await.unwrap();
    let found: Vec<&str> = order.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(found, ["Boccia at the bowls club", "Boccia wished for"]);

    // Withdrawn by a member, it is gone, and what they wrote is forgotten.
    take(members, club, ("withdraw", &json!({})));
    app.catch_up().await;
    assert_eq!(names(ada, "named=boccia&state=published").len(), 1);
    jobs(app).await;
    purge(app).await;
    app.catch_up().await;
    let entry = ada.get(&address(club, "")).body;
    assert!(entry.get("proposed_words").is_none(), "{entry}");
    refuse(members, club, "listing_withdrawn", ("resume", &json!({})));
}

on_each_engine!(what_a_person_can_do_is_theirs_to_take_back);
async fn what_a_person_can_do_is_theirs_to_take_back(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let ada = serve(&app, office.ada);
    let cass = person(&app, "Cass").await;
    let own = ada.with_token(&token(&app, cass));
    let skill = json!({
        "way": "offer",
        "kind": "skill",
        "holder": { "person": cass },
        "words": "I can mend bicycles",
    });
    let answer = ada.post(ASSETS, &skill);
    assert_eq!(answer.code(), "consent_missing", "{}", answer.body);
    agree(&ada, cass, "skills");
    let id = ada.post(ASSETS, &skill).id();
    refuse(&ada, &id, "private", ("publish", &listing("Bicycles")));
    let mine = own.get(&format!("{ASSETS}?mine=true")).body;
    assert_eq!(mine["items"][0]["proposed_words"], "I can mend bicycles");
    let other = person(&app, "Other").await;
    let others = ada.with_token(&token(&app, other));
    others
        .get(&address(&id, ""))
        .assert_problem(404, "not_found");
    let held = app.views().subject_access_for_person(cass).await.unwrap();
    assert!(format!("{held:?}").contains("I can mend bicycles"));

    let back = json!({ "purpose": "skills", "channel": "phone" });
    let taken_back = ada.post(&format!("/api/v1/people/{cass}/take-back"), &back);
    assert!(taken_back.status < 300, "{}", taken_back.body);
    jobs(&app).await;
    purge(&app).await;
    app.catch_up().await;
    assert_eq!(own.get(&address(&id, "")).body["state"], "withdrawn");
    let stored = app.log.vault().decrypt_all(cass.0).await.unwrap();
    let kept = stored.values().any(|text| text.contains("bicycles"));
    assert!(!kept, "{stored:?}");
}

/// A group with a bowls club, and a neighbour who is in the time bank.
struct TimeBank {
    office: Office,
    ada: Client,
    group: GroupId,
    member: PersonId,
    neighbour: PersonId,
    club: String,
}

impl TimeBank {
    async fn begin(app: &TestApp) -> Self {
        let office = Office::open(app, 5000).await;
        let ada = serve(app, office.ada);
        let (group, member) = office.group(app).await;
        let club = json!({
            "way": "offer", "kind": "group", "holder": { "group": group }, "name": "Bowls club",
        });
        let club = ada.post(ASSETS, &club).id();
        let neighbour = person(app, "Neighbour").await;
        Self {
            office,
            ada,
            group,
            member,
            neighbour,
            club,
        }
    }
}

fn exchange(app: &TestApp, giver: &Value, receiver: &Value, minutes: u32) -> Value {
    json!({ "giver": giver, "receiver": receiver, "minutes": minutes, "on": app.today() })
}

on_each_engine!(who_received_time_and_gave_none_records_it);
async fn who_received_time_and_gave_none_records_it(app: TestApp) {
    let bank = TimeBank::begin(&app).await;
    let (ada, club) = (&bank.ada, bank.club.as_str());
    let members = ada.with_token(&token(&app, bank.member));
    let (other, stranger) = bank.office.group(&app).await;
    let strangers = ada.with_token(&token(&app, stranger));
    let [of_group, of_other] = [bank.group, other].map(|group| json!({ "group": group }));
    let of_person = json!({ "person": bank.neighbour });
    let refuse_time = |by: &Client, code: &str, given: &Value| {
        refuse(by, club, code, ("record-exchange", given));
    };
    let given = exchange(&app, &of_person, &of_group, 90);
    refuse_time(&members, "not_in_time_bank", &given);
    agree(ada, bank.neighbour, "time_bank");
    refuse_time(&strangers, "not_found", &given);
    refuse_time(
        &members,
        "nothing",
        &exchange(&app, &of_person, &of_group, 0),
    );
    refuse_time(
        &members,
        "not_yours",
        &exchange(&app, &of_group, &of_person, 90),
    );
    refuse_time(ada, "same_party", &exchange(&app, &of_group, &of_group, 90));

    // The same people in two groups: what the one gives the other, somebody else records.
    steps::add_member(&app, stranger, other, bank.member).await;
    let to_themselves = exchange(&app, &of_group, &of_other, 90);
    refuse_time(&members, "not_yours", &to_themselves);
    take(ada, club, ("publish", &listing("Bowls club")));
    take(&strangers, club, ("record-exchange", &to_themselves));
}

on_each_engine!(hours_given_and_received_add_up);
async fn hours_given_and_received_add_up(app: TestApp) {
    let bank = TimeBank::begin(&app).await;
    let (ada, club) = (&bank.ada, bank.club.clone());
    let members = ada.with_token(&token(&app, bank.member));
    agree(ada, bank.neighbour, "time_bank");
    let of_group = json!({ "group": bank.group });
    let of_person = json!({ "person": bank.neighbour });
    let given = exchange(&app, &of_person, &of_group, 90);
    take(&members, &club, ("record-exchange", &given));

    let hours = || ada.get("/api/v1/hours").body;
    let balances = |body: &Value| -> Vec<i64> {
        let lines = body["balances"].as_array().expect("balances").iter();
        lines
            .map(|line| line["balance"].as_i64().expect("minutes"))
            .collect()
    };
    let mut found = balances(&hours());
    found.sort_unstable();
    assert_eq!(found, [-90, 90]);
    app.pass_days(2);
    let corrected = json!({ "exchange": 1, "minutes": 60, "reason": "It was an hour." });
    refuse(
        &members,
        &club,
        "not_yours",
        ("correct-exchange", &corrected),
    );
    take(ada, &club, ("correct-exchange", &corrected));
    let after = hours();
    assert_eq!(
        (&after["minutes"], &after["exchanges"]),
        (&json!(60), &json!(1))
    );
    assert_eq!(balances(&after).iter().sum::<i64>(), 0);
    let kept = members.get(&address(&club, "/exchanges")).body;
    assert_eq!(kept["items"][0]["minutes"], 60);
    let yesterday = app.in_days(-1);
    let then = ada.get(&format!("/api/v1/hours?as_at={yesterday}")).body;
    assert_eq!(then["minutes"], 90);
    assert_eq!(balances(&then).iter().sum::<i64>(), 0);
    members
        .get("/api/v1/hours")
        .assert_problem(403, "not_yours");
}

on_each_engine!(words_that_were_replaced_are_not_read_on_past_days);
async fn words_that_were_replaced_are_not_read_on_past_days(app: TestApp) {
    // Given an entry whose words said too much of somebody for a day.
    let office = Office::open(&app, 5000).await;
    let ada = serve(&app, office.ada);
    let record = json!({ "way": "offer", "kind": "organisation", "name": "Soup and song" });
    let entry = ada.post(ASSETS, &record).id();
    let mut said = listing("Soup and song");
    said["description"] = json!("Ask for Ann, who is often ill.");
    take(&ada, &entry, ("publish", &said));
    app.pass_days(1);
    take(&ada, &entry, ("publish", &listing("Soup and song")));
    app.catch_up().await;

    // Then only staff read them as at that day.
    let yesterday = format!("?as_at={}", app.in_days(-1));
    let stranger = person(&app, "Stranger").await;
    let reader = ada.with_token(&token(&app, stranger));
    let seen = reader.get(&address(&entry, &yesterday)).body;
    assert_eq!(seen["listing"]["description"], "Anyone can join in.");
    let listed = reader.get(&format!("{ASSETS}{yesterday}")).body;
    assert!(!listed.to_string().contains("Ann"), "{listed}");
    let kept = ada.get(&address(&entry, &yesterday)).body;
    assert_eq!(
        kept["listing"]["description"],
        "Ask for Ann, who is often ill."
    );
}
