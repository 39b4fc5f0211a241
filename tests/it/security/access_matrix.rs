//! The access matrix: every operation of the contract, requested by every kind of person, against
//! the running service. The table `tests/matrix/access.txt` is maintained by hand; an operation or
//! column missing from it fails the case.

use std::collections::{BTreeMap, BTreeSet};

use microgrants::clock::new_id;
use microgrants::domain::{GroupId, PersonId, Role};
use serde_json::Value;

use crate::domain::matrix::samples::sample;
use crate::support::fixtures::{Office, person};
use crate::support::service::{ApiResponse, Client, serve_with, token};
use crate::support::test_app::TestApp;

const ACCESS_COLUMNS: [&str; 10] = [
    "nobody",
    "stranger",
    "member",
    "other",
    "officer",
    "finance",
    "panel",
    "administrator",
    "auditor",
    "connector",
];
const ACCESS_TABLE: &str = "tests/matrix/access.txt";

/// Every operation of the contract, as method and path.
pub fn operations() -> Vec<(String, String)> {
    let contract = microgrants::http::openapi_yaml();
    let (mut path, mut all) = (String::new(), Vec::new());
    for line in contract.lines().take_while(|line| *line != "webhooks:") {
        if let Some(found) = line
            .strip_prefix("  /")
            .and_then(|rest| rest.strip_suffix(':'))
        {
            path = format!("/{found}");
        } else if let Some(method @ ("get" | "post" | "put" | "patch" | "delete")) = line
            .strip_prefix("    ")
            .and_then(|rest| rest.strip_suffix(':'))
        {
            all.push((method.to_uppercase(), path.clone()));
        }
    }
    all
}

/// An app in which each role belongs to one person, with one record of every kind.
struct AccessFixture {
    clients: Vec<Client>,
    ids: BTreeMap<&'static str, String>,
}

impl AccessFixture {
    async fn of(app: &TestApp) -> Self {
        let office = Office::open(app, 10_000).await;
        let (grant, group, member) = office.prepared(app, 700).await;
        let (_, other_group, other) = office.prepared(app, 600).await;
        let file = uploaded_file(app, member, group);
        let story = serde_json::json!({
            "words": "They cook.", "consented_on": app.today(), "consent": "A form",
        });
        app.issue_ok(
            office.ada,
            crate::support::scenario::command_from_json("grant", grant.0, "publish-story", &story),
        )
        .await;
        crate::http::webhooks::confirmed(app, &office, "https://hooks.example.org/grants", &[])
            .await;
        let gathering = open_gathering(app, &office).await;
        let [asset, other_asset] = published_entry(app, &office, [group, other_group]).await;
        let barrier = raised_barrier(app, &office, member).await;
        teach(app, &office, group).await;
        let mut people = vec![person(app, "Stranger").await, member, other];
        let (introduction, entry) = made_introduction(app, &office, (people[0], group)).await;
        for role in [
            Role::Officer,
            Role::Finance,
            Role::Panel,
            Role::Administrator,
            Role::Auditor,
            Role::Connector,
        ] {
            people.push(holder(app, &office, role).await);
        }
        crate::audit::transparency_log::sealer(app)
            .catch_up()
            .await
            .unwrap();
        app.catch_up().await;
        let nobody = serve_with(app, office.ada, without_rate_limits).with_token("");
        let clients = std::iter::once(nobody.clone())
            .chain(
                people
                    .iter()
                    .map(|person| nobody.with_token(&token(app, *person))),
            )
            .collect();
        let ids = BTreeMap::from([
            ("application", grant.to_string()),
            ("grant", grant.to_string()),
            ("group", group.to_string()),
            ("person", member.to_string()),
            ("fund", office.fund.to_string()),
            ("funder", "health-partnership".to_owned()),
            ("nobody", people[0].to_string()),
            ("file", file),
            ("position", "1".to_owned()),
            ("webhook", "1".to_owned()),
            ("delivery", "1".to_owned()),
            ("gathering", gathering.to_string()),
            ("asset", asset.to_string()),
            ("other_asset", other_asset.to_string()),
            ("other_group", other_group.to_string()),
            ("introduction", introduction.to_string()),
            ("entry", entry.to_string()),
            ("barrier", barrier.to_string()),
        ]);
        Self { clients, ids }
    }

    /// Sends a request that cannot change anything: every command has an `If-Match` for a version
    /// that does not exist.
    fn ask(&self, client: &Client, method: &str, path: &str, known: bool) -> ApiResponse {
        let part = |part: &str| match part
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            Some(name) if known => self.ids[name].clone(),
            Some("position") => "999999".to_owned(),
            Some("file") => crate::domain::matrix::samples::FILE.to_owned(),
            Some(_) => uuid::Uuid::from_u128(12_345).to_string(),
            None => part.to_owned(),
        };
        let at = path.split('/').map(part).collect::<Vec<_>>().join("/");
        if method == "GET" {
            return client.get(&at);
        }
        if path.ends_with("/files") {
            return client.upload(
                &format!("{at}?purpose=scan"),
                b"not a file",
                &new_id().to_string(),
            );
        }
        let (noun, name) = command_of(path);
        let (key, mut body) = (new_id().to_string(), sample(noun, name).1);
        // The records that the body names must exist as well.
        for named in ["fund", "group", "person"] {
            if body.get(named).is_some() && noun != "organisation" {
                body[named] = self.ids[if named == "person" { "nobody" } else { named }]
                    .clone()
                    .into();
            }
        }
        for (named, known) in [
            ("holder", "group"),
            ("giver", "group"),
            ("receiver", "other_group"),
        ] {
            if noun == "asset" && body.get(named).is_some() {
                body[named] = serde_json::json!({ "group": self.ids[known] });
            }
        }
        if noun == "asset" && body.get("to").is_some() {
            body["to"] = self.ids["other_asset"].clone().into();
        }
        if noun == "introduction" && name == "ask" {
            body["of"] = serde_json::json!({ "person": self.ids["nobody"] });
            body["to"] = self.ids["entry"].clone().into();
        }
        client.post_with(
            &at,
            &body.to_string(),
            &[("Idempotency-Key", &key), ("If-Match", "\"999999\"")],
        )
    }
}

/// A file that the member uploaded for the group.
fn uploaded_file(app: &TestApp, member: PersonId, group: GroupId) -> String {
    let client = serve_with(app, member, without_rate_limits);
    let path = format!("/api/v1/groups/{group}/files?purpose=scan");
    client
        .upload(&path, &crate::operations::files::pdf(200), "a-file")
        .body["file"]
        .as_str()
        .expect("it is kept")
        .to_owned()
}

/// A lesson, and a tally of the group.
async fn teach(app: &TestApp, office: &Office, group: GroupId) {
    let own = app.commands.organisation().0;
    let mut lesson = sample("organisation", "publish-lesson").1;
    lesson["grew_from"] = Value::Null;
    lesson["consent"]["consented_on"] = serde_json::json!(app.today());
    let mut tally = sample("group", "give-tally").1;
    tally["asked_on"] = serde_json::json!(app.today());
    for (noun, id, name, body) in [
        ("organisation", own, "publish-lesson", lesson),
        (
            "organisation",
            own,
            "adopt-aims",
            sample("organisation", "adopt-aims").1,
        ),
        ("group", group.0, "give-tally", tally),
    ] {
        let command = crate::support::scenario::command_from_json(noun, id, name, &body);
        app.issue_ok(office.ada, command).await;
    }
}

/// A gathering that is open, with a session to come.
async fn open_gathering(app: &TestApp, office: &Office) -> uuid::Uuid {
    let gathering = new_id();
    let step = |name: &str, body: &Value| {
        crate::support::scenario::command_from_json("gathering", gathering, name, body)
    };
    let mut plan = sample("gathering", "plan").1;
    plan["leads"] = serde_json::json!([office.ada]);
    let mut session = sample("gathering", "add-session").1;
    session["day"] = serde_json::json!(app.today().saturating_add(jiff::Span::new().days(7)));
    let none = serde_json::json!({});
    for (name, body) in [("plan", &plan), ("add-session", &session), ("open", &none)] {
        app.issue_ok(office.ada, step(name, body)).await;
    }
    gathering
}

/// An entry of the directory that the first group holds, and another one that it is tied to. An
/// exchange with the second group is recorded.
async fn published_entry(
    app: &TestApp,
    office: &Office,
    [group, other]: [GroupId; 2],
) -> [uuid::Uuid; 2] {
    let entries = [new_id(), new_id()];
    let mut own = sample("asset", "record").1;
    own["holder"] = serde_json::json!({ "group": group });
    let place = serde_json::json!({ "way": "offer", "kind": "place", "name": "The library" });
    let tie = serde_json::json!({ "to": entries[1], "how": "partner" });
    let exchange = serde_json::json!({
        "giver": { "group": group },
        "receiver": { "group": other },
        "minutes": 90,
        "on": app.today(),
    });
    let published = sample("asset", "publish").1;
    for (entry, name, body) in [
        (entries[0], "record", &own),
        (entries[1], "record", &place),
        (entries[0], "publish", &published),
        (entries[0], "tie", &tie),
        (entries[0], "record-exchange", &exchange),
    ] {
        let step = crate::support::scenario::command_from_json("asset", entry, name, body);
        app.issue_ok(office.ada, step).await;
    }
    entries
}

/// An introduction of a person to an entry that a group holds, which was made.
async fn made_introduction(
    app: &TestApp,
    office: &Office,
    (of, group): (PersonId, GroupId),
) -> (uuid::Uuid, uuid::Uuid) {
    let (entry, introduction) = (new_id(), new_id());
    let organisation = app.commands.organisation().0;
    let notice = serde_json::json!({ "purpose": "introductions", "text": "We tell them." });
    let record = serde_json::json!({
        "way": "offer", "kind": "group", "holder": { "group": group }, "name": "Soup",
    });
    let listing =
        serde_json::json!({ "name": "Soup", "description": "We cook.", "welcomes": true });
    let ask = serde_json::json!({ "of": { "person": of }, "to": entry });
    let agree = sample("introduction", "agree").1;
    let none = serde_json::json!({});
    for (noun, id, name, body) in [
        ("organisation", organisation, "publish-notice", &notice),
        ("asset", entry, "record", &record),
        ("asset", entry, "publish", &listing),
        ("introduction", introduction, "ask", &ask),
        ("introduction", introduction, "agree", &agree),
        ("introduction", introduction, "make", &none),
    ] {
        let command = crate::support::scenario::command_from_json(noun, id, name, body);
        app.issue_ok(office.ada, command).await;
    }
    (introduction, entry)
}

/// A barrier that a member of the group raised, and that nobody has passed on.
async fn raised_barrier(app: &TestApp, office: &Office, member: PersonId) -> uuid::Uuid {
    let barrier = new_id();
    let mut raised = sample("barrier", "raise").1;
    raised["person"] = serde_json::json!(member);
    let command = crate::support::scenario::command_from_json("barrier", barrier, "raise", &raised);
    app.issue_ok(office.ada, command).await;
    barrier
}

async fn holder(app: &TestApp, office: &Office, role: Role) -> PersonId {
    let holder = person(app, "Holder").await;
    office.give_role(app, holder, role).await;
    holder
}

/// The noun and name of the command at a path.
pub fn command_of(path: &str) -> (&str, &str) {
    let parts: Vec<_> = path.trim_start_matches("/api/v1/").split('/').collect();
    let noun = match parts[0] {
        "organisation" => "organisation",
        "people" => "person",
        plural => plural.trim_end_matches('s'),
    };
    let makes = match noun {
        "fund" => "create",
        "application" => "start",
        "gathering" => "plan",
        "asset" => "record",
        "introduction" => "ask",
        "barrier" => "raise",
        _ => "register",
    };
    (
        noun,
        if parts.len() == 1 {
            makes
        } else {
            parts[parts.len() - 1]
        },
    )
}

/// What an answer means for access: allowed, even if refused for another reason, or the way in
/// which it was denied.
fn access_outcome(answer: &ApiResponse) -> &'static str {
    match (answer.status, answer.code()) {
        (401, _) => "401",
        (403, "not_yours" | "not_of_group") => "403",
        (404, "not_found") => "404",
        (500.., _) => panic!("{}", answer.body),
        _ => "yes",
    }
}

fn table() -> BTreeMap<String, Vec<String>> {
    let written = std::fs::read_to_string(ACCESS_TABLE).unwrap_or_default();
    let mut lines = written
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let columns = lines.next().unwrap_or_default();
    assert_eq!(
        columns.get(1..),
        Some(&ACCESS_COLUMNS[..]),
        "the columns of {ACCESS_TABLE}"
    );
    let mut table = BTreeMap::new();
    for line in lines {
        assert_eq!(
            line.len(),
            columns.len(),
            "{} has a cell for each role",
            line[0]
        );
        let cells = line[1..].iter().map(|cell| (*cell).to_owned()).collect();
        assert!(
            table.insert(line[0].to_owned(), cells).is_none(),
            "{} stands once",
            line[0]
        );
    }
    table
}

/// This case sends more requests than the rate limits allow one person.
fn without_rate_limits(site: &mut microgrants::http::SiteConfig) {
    site.limits = microgrants::http::rate_limit::RateLimits::new(
        &"writes=off,started=off,changes=off"
            .parse()
            .expect("limits"),
        None,
    );
}

on_sqlite!(who_may_do_what_is_as_it_is_written);
async fn who_may_do_what_is_as_it_is_written(app: TestApp) {
    let place = AccessFixture::of(&app).await;
    let before = app.log.length().await.unwrap();
    let mut found = BTreeMap::new();
    for (method, path) in operations() {
        let cells: Vec<_> = place
            .clients
            .iter()
            .zip(ACCESS_COLUMNS)
            .map(|(client, who)| {
                let answer = place.ask(client, &method, &path, true);
                // People without access cannot tell existing records from missing ones.
                if ["stranger", "other"].contains(&who)
                    && path.contains('{')
                    && access_outcome(&answer) != "yes"
                {
                    let unknown = place.ask(client, &method, &path, false);
                    let same = (answer.status, without_id(&answer.body))
                        == (unknown.status, without_id(&unknown.body));
                    assert!(
                        same,
                        "{method} {path} by {who}: {} but {}",
                        answer.body, unknown.body
                    );
                }
                access_outcome(&answer)
            })
            .collect();
        found.insert(format!("{method} {path}"), cells);
    }
    assert_eq!(
        app.log.length().await.unwrap(),
        before,
        "nothing was changed by asking"
    );
    let table = table();
    let names = |keys: Vec<&String>| keys.into_iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(
        names(table.keys().collect()),
        names(found.keys().collect()),
        "the operations of {ACCESS_TABLE} and of the contract"
    );
    let wrong: Vec<_> = found
        .iter()
        .flat_map(|(operation, cells)| {
            let written = &table[operation];
            cells
                .iter()
                .zip(written)
                .zip(ACCESS_COLUMNS)
                .filter(|((is, should), _)| is != should)
                .map(move |((is, should), who)| {
                    format!("{operation} by {who}: {is}, but {should} is written")
                })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let pairs = found.len() * ACCESS_COLUMNS.len();
    eprintln!(
        "access: {} operations, {pairs} pairs of operation and role",
        found.len()
    );
}

/// A problem's text, in which no id of the requested record may occur.
fn without_id(body: &Value) -> String {
    body.to_string()
}
