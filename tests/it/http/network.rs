//! The network through the API, as GraphML and from a replay: two groups that meet, one that is
//! introduced to a surgery, and a tie that is taken away again.

use std::collections::BTreeSet;

use microgrants::audit::ScratchDatabase;
use microgrants::domain::{GroupId, PersonId, Role};
use microgrants::projections::PersonRow;
use serde_json::{Value, json};

use crate::audit::books::export_log;
use crate::support::fixtures::{Office, person};
use crate::support::service::{Client, serve, token};
use crate::support::test_app::TestApp;

const ASSETS: &str = "/api/v1/assets";
const NETWORK: &str = "/api/v1/network";

fn take(by: &Client, address: &str, body: &Value) {
    let answer = by.post(address, body);
    assert!(answer.status < 300, "{address} {body}: {}", answer.body);
}

/// A published entry of the directory, with its id.
fn publish_entry(by: &Client, name: &str, kind: &str, holder: Option<GroupId>) -> String {
    let mut record = json!({ "way": "offer", "kind": kind, "name": name });
    if let Some(group) = holder {
        record["holder"] = json!({ "group": group });
    }
    let id = by.post(ASSETS, &record).id();
    let listing = json!({
        "name": name, "description": "Anyone can join in.", "area": "oldham", "welcomes": true,
    });
    take(by, &format!("{ASSETS}/{id}/publish"), &listing);
    id
}

/// A workshop that was held yesterday, to which people of these groups came.
fn meet(app: &TestApp, ada: &Client, lead: PersonId, groups: &[GroupId]) {
    let plan = json!({
        "kind": "workshop",
        "about": { "title": "A workshop", "description": "We learn." },
        "leads": [lead],
    });
    let id = ada.post("/api/v1/gatherings", &plan).id();
    let at = |command: &str| format!("/api/v1/gatherings/{id}/{command}");
    let session = json!({ "day": app.in_days(-1), "starts_at": "13:30", "ends_at": "16:00" });
    take(ada, &at("add-session"), &session);
    take(ada, &at("open"), &json!({}));
    let groups: Vec<Value> = groups
        .iter()
        .map(|group| json!({ "group": group, "people": 2 }))
        .collect();
    let came = json!({ "session": 1, "came": { "people": 12, "groups": groups } });
    take(ada, &at("record-attendance"), &came);
}

/// A group is introduced to an entry that no group holds, and welcomed there.
fn introduce(ada: &Client, group: GroupId, entry: &str) {
    let notice = json!({ "purpose": "introductions", "text": "What we tell them." });
    take(ada, "/api/v1/organisation/publish-notice", &notice);
    let ask = json!({ "of": { "group": group }, "to": entry, "at_risk": false });
    let id = ada.post("/api/v1/introductions", &ask).id();
    let at = |command: &str| format!("/api/v1/introductions/{id}/{command}");
    let agreed = json!({ "notice": 1, "channel": "phone", "read_back": true, "shares": ["name"] });
    take(ada, &at("agree"), &agreed);
    take(ada, &at("make"), &json!({}));
    let host = json!({ "host_name": "Doctor Wanda Nowak", "channel": "phone" });
    take(ada, &at("welcome"), &host);
}

/// The ids of the nodes.
fn nodes(network: &Value) -> BTreeSet<String> {
    let nodes = network["nodes"].as_array().expect("nodes").iter();
    nodes
        .map(|node| node["id"].as_str().expect("an id").to_owned())
        .collect()
}

/// The ties with their weights; the ends of each in the order of their ids.
fn ties(network: &Value) -> BTreeSet<(String, String, String, i64)> {
    let text = |tie: &Value, name: &str| tie[name].as_str().expect(name).to_owned();
    let ties = network["ties"].as_array().expect("ties").iter();
    ties.map(|tie| {
        let weight = tie["weight"].as_i64().expect("a weight");
        (text(tie, "from"), text(tie, "to"), text(tie, "tie"), weight)
    })
    .collect()
}

fn tie(one: &str, other: &str, kind: &str, weight: i64) -> (String, String, String, i64) {
    let (from, to) = (one.min(other), one.max(other));
    (from.to_owned(), to.to_owned(), kind.to_owned(), weight)
}

on_each_engine!(the_network_is_of_groups_and_places_as_at_any_day);
async fn the_network_is_of_groups_and_places_as_at_any_day(app: TestApp) {
    // Given two groups of the directory, one that nobody may know of, a surgery and a garden.
    let office = Office::open(&app, 5000).await;
    let ada = serve(&app, office.ada);
    let (soup, member) = office.group(&app).await;
    let (bowls, _) = office.group(&app).await;
    let (unknown, _) = office.group(&app).await;
    let soup_entry = publish_entry(&ada, "Soup and song", "group", Some(soup));
    publish_entry(&ada, "Bowls club", "group", Some(bowls));
    let surgery = publish_entry(&ada, "The surgery", "organisation", None);
    let garden = publish_entry(&ada, "The garden", "place", None);
    app.pass_days(3);

    // When groups meet twice, one is introduced to the surgery, and the other is its partner.
    for groups in [&[soup, bowls, unknown][..], &[bowls, soup]] {
        meet(&app, &ada, office.ada, groups);
    }
    introduce(&ada, bowls, &surgery);
    let partner = json!({ "to": surgery, "how": "partner" });
    take(&ada, &format!("{ASSETS}/{soup_entry}/tie"), &partner);
    app.catch_up().await;

    // Then the nodes are exactly those that everyone may know of.
    let before = ada.get(NETWORK).body;
    let (soup, bowls) = (soup.to_string(), bowls.to_string());
    let known = BTreeSet::from([soup.clone(), bowls.clone(), surgery.clone(), garden.clone()]);
    assert_eq!(nodes(&before), known);
    let stands = BTreeSet::from([
        tie(&soup, &bowls, "met", 2),
        tie(&bowls, &surgery, "introduced", 1),
        tie(&soup, &surgery, "partner", 1),
    ]);
    assert_eq!(ties(&before), stands);
    let figures = json!({
        "groups": 2, "entries": 2, "pairs": 3, "components": 2, "largest": 3,
        "largest_percent": 75, "ties_per_group": "2.0",
    });
    assert_eq!(before["figures"], figures);

    // And what is untied and withdrawn later is missing later only.
    let day = app.today();
    app.pass_days(2);
    let untie = json!({ "to": surgery });
    take(&ada, &format!("{ASSETS}/{soup_entry}/untie"), &untie);
    take(&ada, &format!("{ASSETS}/{garden}/withdraw"), &json!({}));
    app.catch_up().await;
    let after = ada.get(NETWORK).body;
    let lacks: Vec<_> = known.difference(&nodes(&after)).cloned().collect();
    assert_eq!(lacks, [garden]);
    let lacks: Vec<_> = stands.difference(&ties(&after)).cloned().collect();
    assert_eq!(lacks, [tie(&soup, &surgery, "partner", 1)]);
    let then = ada.get(&format!("{NETWORK}?as_at={day}")).body;
    assert_eq!((nodes(&then), ties(&then)), (known, stands));

    file_has_no_people(&app, &ada, &after).await;
    is_for_staff(&app, &office, &ada, member).await;
    is_that_of_a_replay(&app).await;
}

/// The file has each node and tie, and no id or name of a person.
async fn file_has_no_people(app: &TestApp, ada: &Client, network: &Value) {
    let file = ada.bytes(&format!("{NETWORK}.graphml"));
    let file = String::from_utf8(file).expect("UTF-8");
    for id in nodes(network) {
        assert!(
            file.contains(&format!("<node id=\"{id}\">")),
            "{id}: {file}"
        );
    }
    assert_eq!(file.matches("<edge ").count(), ties(network).len());
    let people: Vec<PersonRow> = app.views().all_rows(None, Vec::new()).await.unwrap();
    assert!(people.len() > 3);
    for person in people {
        assert!(!file.contains(&person.id.to_string()), "{file}");
    }
    for name in ["Ada", "Cass", "Wanda", "Nowak"] {
        assert!(!file.contains(name), "{name}: {file}");
    }
}

async fn is_for_staff(app: &TestApp, office: &Office, ada: &Client, member: PersonId) {
    let connector = person(app, "Connie").await;
    office.give_role(app, connector, Role::Connector).await;
    app.catch_up().await;
    let connectors = ada.with_token(&token(app, connector));
    assert_eq!(connectors.get(NETWORK).status, 200);
    let members = ada.with_token(&token(app, member));
    for path in [NETWORK, "/api/v1/network.graphml"] {
        members.get(path).assert_problem(403, "not_yours");
        let beyond = ada.get(&format!("{path}?as_at=99999999"));
        beyond.assert_problem(400, "invalid_query");
    }
    let early = ada.get(&format!("{NETWORK}?as_at=2001-01-01")).body;
    assert!(
        nodes(&early).is_empty() && ties(&early).is_empty(),
        "{early}"
    );
}

/// At any position the network of the service is that of an exported folder.
async fn is_that_of_a_replay(app: &TestApp) {
    let folder = export_log(app).await;
    let replayed = ScratchDatabase::replay(&folder).await.unwrap();
    let newest = replayed.size() - 1;
    for position in [newest / 2, newest * 3 / 4, newest] {
        let ours = app.views().network(Some(position)).await.unwrap();
        let theirs = replayed.views().network(Some(position)).await.unwrap();
        assert_eq!(ours, theirs, "as at {position}");
        let value = app.views().value(None, Some(position)).await.unwrap();
        let again = replayed.views().value(None, Some(position)).await.unwrap();
        assert_eq!(value, again, "as at {position}");
    }
}
