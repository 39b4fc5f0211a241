//! The directory at the desk and on the pages of those who hold an entry, through the pages alone.

use microgrants::domain::asset::AssetState;
use microgrants::projections::{AssetRow, ExchangeRow};
use microgrants::views::Filter;
use serde_json::json;
use uuid::Uuid;

use crate::pages::directory::{SEALED, of_group, publish, record};
use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::test_app::TestApp;

const NEW: &str = "/desk/assets/new";

async fn entry(app: &TestApp, id: Uuid) -> AssetRow {
    app.catch_up().await;
    let found = app.views().find(id, None).await.unwrap();
    found.expect("an entry")
}

/// Sends a form of an entry's page at the desk, which must be taken.
fn take(desk: &mut Browser, id: Uuid, command: &str, fields: &[(&str, &str)]) -> Page {
    let at = format!("/desk/assets/{id}");
    let page = desk.get(&at);
    let own = [("at", at.as_str()), ("form", command)];
    let to = format!("/desk/do/assets/{id}/{command}");
    let done = desk.submit_form(&page, &to, &[&own[..], fields].concat());
    assert_eq!(done.status, 200, "{command}: {}", visible_text(&done));
    done
}

on_each_engine!(an_entry_is_recorded_published_and_withdrawn);
async fn an_entry_is_recorded_published_and_withdrawn(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut desk = signed_in(&app, &address, office.ada).await;
    let page = desk.get(NEW);
    let fields = [
        ("at", NEW),
        ("form", "record"),
        ("way", "offer"),
        ("kind", "place"),
    ];
    let refused = desk.submit_form(&page, "/desk/do/assets/record", &fields);
    assert_eq!(refused.status, 422, "{}", visible_text(&refused));
    let named = [&fields[..], &[("name", "A hall"), ("area", "oldham")]].concat();
    let made = desk.submit_form(&page, "/desk/do/assets/record", &named);
    assert_eq!(made.status, 200, "{}", visible_text(&made));
    let path = made.path.split('?').next().expect("a path").to_owned();
    let id: Uuid = path.rsplit('/').next().expect("an id").parse().unwrap();

    let listing = [
        ("name", "A hall"),
        ("description", "A warm hall with a kitchen."),
        ("when", "Weekdays, 9am to 5pm"),
        ("welcomes:yes-no", "yes"),
    ];
    take(&mut desk, id, "publish", &listing);
    let row = entry(&app, id).await;
    let said = row.listing.expect("words");
    assert!(row.state == AssetState::Published && said.welcomes);
    take(&mut desk, id, "pause", &[]);
    assert_eq!(entry(&app, id).await.state, AssetState::Paused);
    take(&mut desk, id, "resume", &[]);
    let list = desk.get("/desk/assets");
    assert!(
        list.contains("A hall") && list.contains("In the directory"),
        "{}",
        visible_text(&list)
    );
    let sheet = desk.get("/desk/sheets/assets.csv");
    assert!(sheet.contains("A hall"), "{}", sheet.text);
    let found = desk.get("/desk/find?q=hall");
    assert!(found.contains(&path), "{}", visible_text(&found));

    let at = format!("/desk/assets/{id}");
    let page = desk.get(&at);
    let unsure = [("at", at.as_str()), ("form", "withdraw"), ("sure", "")];
    let to = format!("/desk/do/assets/{id}/withdraw");
    assert_eq!(desk.submit_form(&page, &to, &unsure).status, 422);
    take(&mut desk, id, "withdraw", &[("sure", "yes")]);
    assert_eq!(entry(&app, id).await.state, AssetState::Withdrawn);
}

on_each_engine!(time_is_recorded_and_corrected);
async fn time_is_recorded_and_corrected(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (group, _) = office.group(&app).await;
    let (other, _) = office.group(&app).await;
    let id = of_group(&app, office.ada, group, "Indoor bowls").await;
    let mut desk = signed_in(&app, &address, office.ada).await;
    let of_group = desk.get(&format!("/desk/groups/{group}"));
    assert!(
        of_group.contains(&format!("/desk/assets/{id}")),
        "it holds it"
    );
    let at = format!("/desk/assets/{id}/hours");
    let page = desk.get(&format!("{at}?q=soup"));
    assert_eq!(page.status, 200, "{}", visible_text(&page));
    let giver = json!({ "group": group }).to_string();
    let receiver = json!({ "group": other }).to_string();
    let day = app.in_days(0).to_string();
    let fields = [
        ("at", at.as_str()),
        ("form", "record-exchange"),
        ("giver:json", giver.as_str()),
        ("receiver:json", receiver.as_str()),
        ("minutes:number", "90"),
        ("on", day.as_str()),
    ];
    let to = format!("/desk/do/assets/{id}/record-exchange");
    let done = desk.submit_form(&page, &to, &fields);
    assert!(
        done.status == 200 && done.contains("90 minutes"),
        "{}",
        visible_text(&done)
    );

    let correct = [
        ("exchange:number", "1"),
        ("minutes:number", "60"),
        ("reason", "It was an hour."),
    ];
    let done = take(&mut desk, id, "correct-exchange", &correct);
    assert!(done.contains("60 minutes"), "{}", visible_text(&done));
    let hours = desk.get("/desk/assets/hours");
    assert!(
        hours.contains("+1 h") && hours.contains("−1 h"),
        "{}",
        visible_text(&hours)
    );
    let of = vec![Filter::equals("asset", id)];
    let rows: Vec<ExchangeRow> = app.views().all_rows(None, of).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.minutes).collect::<Vec<_>>(), [60]);
}

on_each_engine!(who_received_time_records_it);
async fn who_received_time_records_it(app: TestApp) {
    // Given an offer of one group, and a member of another.
    let (office, address) = serve_office(&app).await;
    let (group, giving) = office.group(&app).await;
    let (other, receiving) = office.group(&app).await;
    let id = of_group(&app, office.ada, group, "Indoor bowls").await;
    let (at, entry_id) = ("/my/hours/new", id.to_string());
    let form = format!("{at}?from={id}");
    let (day, receiver) = (app.in_days(0).to_string(), other.to_string());
    let fields = [
        ("form", "hours"),
        ("from", entry_id.as_str()),
        ("of", receiver.as_str()),
        ("minutes", "90"),
        ("on", day.as_str()),
    ];

    // When the member who received it records it.
    let mut browser = signed_in(&app, &address, receiving).await;
    let page = browser.get(&format!("/directory/{id}"));
    assert!(page.contains(&form), "{}", visible_text(&page));
    let page = browser.get(&form);
    let empty = [fields[0], fields[1]];
    let wrong = browser.submit_form(&page, at, &empty);
    assert_eq!(wrong.status, 422, "{}", visible_text(&wrong));
    for says in ["Choose who", "such as 90", "Enter the day"] {
        assert!(wrong.contains(says), "{says}: {}", visible_text(&wrong));
    }
    let tomorrow = app.in_days(1).to_string();
    let early = [&fields[..4], &[("on", tomorrow.as_str())]].concat();
    let wrong = browser.submit_form(&wrong, at, &early);
    assert!(wrong.contains("still to come"), "{}", visible_text(&wrong));
    let done = browser.submit_form(&wrong, at, &fields);
    assert!(done.contains("Received: 1 h"), "{}", visible_text(&done));

    // Then those who gave it see it, and cannot record it themselves.
    let mut givers = signed_in(&app, &address, giving).await;
    let own = givers.get(&format!("/my/entries/{id}"));
    assert!(own.contains("1 h 30"), "{}", visible_text(&own));
    assert_eq!(givers.get(&form).status, 404, "it is their own gift");
    let entry = givers.get(&format!("/directory/{id}"));
    assert!(!entry.contains(at), "{}", visible_text(&entry));
    let of = vec![Filter::equals("asset", id)];
    let rows: Vec<ExchangeRow> = app.views().all_rows(None, of).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.minutes).collect::<Vec<_>>(), [90]);
    let mut nobody = Browser::new(&address);
    assert!(!nobody.get(&form).contains("Indoor bowls"));
}

on_each_engine!(members_look_after_the_entry_of_their_group);
async fn members_look_after_the_entry_of_their_group(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (group, member) = office.group(&app).await;
    let (_, stranger) = office.group(&app).await;
    let id = of_group(&app, office.ada, group, "Indoor bowls").await;
    let near = json!({ "kind": "place", "area": null });
    let garden = record(&app, office.ada, "A garden", &near).await;
    publish(&app, office.ada, garden, "A garden", &json!({})).await;
    let path = format!("/my/entries/{id}");

    let mut browser = signed_in(&app, &address, member).await;
    let own = browser.get("/my");
    for says in ["Indoor bowls", path.as_str(), "A garden"] {
        assert!(own.contains(says), "{says}: {}", visible_text(&own));
    }
    let page = browser.get(&path);
    assert!(page.contains(SEALED), "{}", visible_text(&page));
    for (form, words, state) in [
        ("words", "We moved to Mondays", AssetState::Published),
        ("confirm", "", AssetState::Published),
        ("pause", "", AssetState::Paused),
        ("resume", "", AssetState::Published),
        ("withdraw", "", AssetState::Withdrawn),
    ] {
        let page = browser.get(&path);
        let fields = [("form", form), ("words", words)];
        let done = browser.submit_form(&page, &path, &fields);
        assert_eq!(done.status, 200, "{form}: {}", visible_text(&done));
        assert_eq!(entry(&app, id).await.state, state, "{form}");
    }

    let mut other = signed_in(&app, &address, stranger).await;
    assert_eq!(other.get(&path).status, 404, "it is not theirs");
    let mut nobody = Browser::new(&address);
    assert!(!nobody.get(&path).contains("Indoor bowls"));
}
