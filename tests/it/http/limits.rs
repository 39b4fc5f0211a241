//! Rate limits, and the headers and problems that report them.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use microgrants::domain::PersonId;
use microgrants::http::rate_limit::RateLimits;

use crate::pages::journeys::{signed_in, visible_text};
use crate::support::browser::Browser;
use crate::support::fixtures::Office;
use crate::support::service::{Client, serve, serve_with, token};
use crate::support::test_app::TestApp;

on_each_engine!(forms_are_counted_and_nothing_typed_is_lost);
async fn forms_are_counted_and_nothing_typed_is_lost(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (application, _, member) = office.draft(&app, 900).await;
    app.catch_up().await;
    let limits = "forms=4/1h,senders=6/1h,staff=20/1h";
    let client = serve_with(&app, office.ada, |site| {
        site.limits = RateLimits::new(&limits.parse().unwrap(), None);
    });
    let mut browser = signed_in(&app, client.address(), member).await;
    let at = format!("/my/applications/{application}/answer/idea");
    for number in 0..4 {
        let page = browser.get(&at);
        let taken = browser.submit_form(
            &page,
            &at,
            &[("answer", &format!("Soup {number}")), ("then", "next")],
        );
        assert_eq!(taken.status, 200, "{}", visible_text(&taken));
    }
    let page = browser.get(&at);
    let before = app.log.length().await.unwrap();
    let refused = browser.submit_form(
        &page,
        &at,
        &[("answer", "Soup and song for everybody"), ("then", "next")],
    );
    assert_eq!(
        (refused.status, app.log.length().await.unwrap()),
        (429, before)
    );
    assert!(
        refused.headers["retry-after"]
            .parse::<u64>()
            .is_ok_and(|wait| (1..=901).contains(&wait)),
        "{:?}",
        refused.headers
    );
    assert!(
        refused.contains("Nothing that you typed is lost")
            && refused.contains("Send it again")
            && refused.contains("class=\"foot\""),
        "{}",
        visible_text(&refused)
    );
    assert_eq!(
        refused.hidden_field("answer"),
        "Soup and song for everybody"
    );
    // Forms are also counted by client address over all browsers; staff are counted as persons.
    let mut other = Browser::new(client.address());
    let page = other.get("/sign-in");
    let status = other
        .submit_form(&page, "/sign-in", &[("email", "a@example.org")])
        .status;
    assert_eq!(
        status, 429,
        "six forms came from here: one to sign in, and five with answers"
    );
    let mut staff = signed_in_there(&app, &client, office.ada).await;
    let page = staff.get("/account");
    for _ in 0..10 {
        let csrf = page.hidden_field("csrf");
        assert_ne!(
            staff
                .post_fields("/account", &[("csrf", &csrf), ("session", "0")])
                .status,
            429
        );
    }
}

on_sqlite!(one_mailbox_starts_and_changes_so_much);
/// A person without a role has one limit for pages and programs together; staff do not have this
/// limit.
async fn one_mailbox_starts_and_changes_so_much(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (group, member) = office.group(&app).await;
    let victim = crate::support::fixtures::person(&app, "Dee").await;
    app.catch_up().await;
    let limits = "started=2/1h,changes=3/1h,writes=10/1h";
    let client = serve_with(&app, member, |site| {
        site.limits = RateLimits::new(&limits.parse().unwrap(), None);
    });
    let new = serde_json::json!({ "name": "Walks", "area": "oldham", "standing": "new" });
    for _ in 0..2 {
        assert_eq!(client.post("/api/v1/groups", &new).status, 201);
    }
    let before = app.log.length().await.unwrap();
    client
        .post("/api/v1/groups", &new)
        .assert_problem(429, "too_many");
    assert_eq!(
        app.log.length().await.unwrap(),
        before,
        "nothing of it is recorded"
    );
    let of = serde_json::json!({ "person": victim });
    for (command, status) in [
        ("add-member", 200),
        ("remove-member", 200),
        ("add-member", 200),
        ("remove-member", 429),
    ] {
        assert_eq!(
            client
                .post(&format!("/api/v1/groups/{group}/{command}"), &of)
                .status,
            status,
            "{command}"
        );
    }
    let name = serde_json::json!({ "name": "Cass" });
    client
        .post(&format!("/api/v1/people/{member}/change-contact"), &name)
        .assert_problem(429, "too_many");
    let contact = serde_json::json!({ "postcode": "OL1 1AA" });
    let sent: Vec<_> = (0..5)
        .map(|_| {
            client
                .post(&format!("/api/v1/groups/{group}/set-contact"), &contact)
                .status
        })
        .collect();
    assert_eq!(sent, [200, 200, 429, 429, 429], "ten in all were asked for");
    let mut browser = signed_in(&app, client.address(), member).await;
    let page = browser.get("/account");
    assert_eq!(
        browser
            .submit_form(&page, "/account", &[("session", "0")])
            .status,
        429,
        "{}",
        visible_text(&page)
    );
    let staff = client.with_token(&token(&app, office.ada));
    assert!((0..4).all(|_| staff.post("/api/v1/groups", &new).status == 201));
}

/// Signs a person in through another service, since the case has used up what one client address
/// may send.
async fn signed_in_there(app: &TestApp, client: &Client, person: PersonId) -> Browser {
    let elsewhere = serve_with(app, person, |site| {
        site.limits = RateLimits::new(&"senders=off".parse().unwrap(), None);
    });
    let signed = signed_in(app, elsewhere.address(), person).await;
    let mut browser = Browser::new(client.address());
    browser.cookies = signed.cookies;
    browser
}

/// Sends a request with these headers. Returns the status, headers and body.
fn ask(
    method: &str,
    address: &str,
    headers: &[(&str, &str)],
) -> (u16, BTreeMap<String, String>, Vec<u8>) {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build();
    let agent: ureq::Agent = config.into();
    let request = if method == "HEAD" {
        agent.head(address)
    } else {
        agent.get(address)
    };
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    let mut response = request.call().expect("the service answers");
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                value.to_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    (
        response.status().as_u16(),
        headers,
        response.body_mut().read_to_vec().expect("whole"),
    )
}

on_sqlite!(answers_of_the_api_say_what_is_left);
async fn answers_of_the_api_say_what_is_left(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    app.catch_up().await;
    let client = serve_with(&app, office.ada, |site| {
        site.limits = RateLimits::new(&"api=3/1m".parse().unwrap(), None);
    });
    let bearer = format!("Bearer {}", token(&app, office.ada));
    let headers = [("Authorization", bearer.as_str())];
    // Of three requests per minute, one becomes available every twenty seconds.
    for (path, status, limit) in [
        ("funds", 200, "\"default\";r=2;t=20"),
        ("funds/x", 400, "\"default\";r=1;t=40"),
        ("groups", 200, "\"default\";r=0;t=60"),
    ] {
        let (found, headers, _) = ask(
            "GET",
            &format!("{}/api/v1/{path}", client.address()),
            &headers,
        );
        assert!(
            found == status || (path == "funds/x" && found == 404),
            "{path}: {found}"
        );
        assert_eq!(
            (
                headers["ratelimit-policy"].as_str(),
                headers["ratelimit"].as_str()
            ),
            ("\"default\";q=3;w=60", limit),
            "{path}"
        );
    }
    let (status, headers, _) = ask(
        "GET",
        &format!("{}/api/v1/funds", client.address()),
        &headers,
    );
    let wait = &headers["retry-after"];
    assert_eq!(
        (status, headers["ratelimit"].clone()),
        (429, format!("\"default\";r=0;t={wait}"))
    );
    assert_eq!(headers["ratelimit-policy"], "\"default\";q=3;w=60");
    // Unauthenticated requests are not counted here, and pages have another limit.
    for path in ["/api/v1/funds", "/sign-in"] {
        assert!(
            !ask("GET", &format!("{}{path}", client.address()), &[])
                .1
                .contains_key("ratelimit"),
            "{path}"
        );
    }
}

on_sqlite!(the_contract_is_fetched_once);
async fn the_contract_is_fetched_once(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let client = serve(&app, office.ada);
    let made = microgrants::http::openapi_yaml();

    let yaml = assert_fetched_once(&client, "/openapi.yaml", "application/yaml");
    let json = assert_fetched_once(&client, "/openapi.json", "application/json");

    assert!(yaml == made);
    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    assert!(
        paths
            .keys()
            .all(|path| made.contains(&format!("\n  {path}:"))),
        "both have the same paths"
    );
}

/// Fetches a form of the contract, and again with its tag, as its head only, and compressed.
fn assert_fetched_once(client: &Client, path: &str, media: &str) -> String {
    let at = format!("{}{path}", client.address());
    let (status, headers, body) = ask("GET", &at, &[]);
    assert_eq!((status, headers["content-type"].as_str()), (200, media));
    assert!(
        headers["cache-control"].contains("max-age") && !headers.contains_key("content-encoding"),
        "{headers:?}"
    );
    let tag = headers["etag"].as_str();

    let (status, again, nothing) = ask("GET", &at, &[("If-None-Match", tag)]);
    assert_eq!(
        (status, again["etag"].as_str(), nothing.len()),
        (304, tag, 0)
    );
    let (status, other, _) = ask("GET", &at, &[("If-None-Match", "\"another\"")]);
    assert_eq!((status, other["etag"].as_str()), (200, tag));
    let (status, head, nothing) = ask("HEAD", &at, &[]);
    assert_eq!(
        (status, head["etag"].as_str(), nothing.len()),
        (200, tag, 0)
    );
    let (status, packed, bytes) = ask("GET", &at, &[("Accept-Encoding", "gzip")]);
    assert_eq!((status, packed["content-encoding"].as_str()), (200, "gzip"));
    assert!(
        packed["etag"] != tag && bytes.len() * 4 < body.len() && bytes.starts_with(&[0x1f, 0x8b]),
        "{} bytes",
        bytes.len()
    );
    assert_eq!(
        ask("GET", &at, &[("If-None-Match", packed["etag"].as_str())]).0,
        304,
        "either name is the same contract"
    );
    String::from_utf8(body).unwrap()
}

on_sqlite!(the_contract_is_built_once);
/// Fetching it is no more work than fetching a page.
async fn the_contract_is_built_once(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let client = serve(&app, office.ada);
    let at = format!("{}/openapi.yaml", client.address());
    let since = Instant::now();

    for _ in 0..100 {
        assert_eq!(ask("GET", &at, &[("Accept-Encoding", "gzip")]).0, 200);
    }

    assert!(
        since.elapsed() < Duration::from_secs(5),
        "{:?}",
        since.elapsed()
    );
}

on_sqlite!(whoever_is_turned_away_is_counted);
async fn whoever_is_turned_away_is_counted(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let (_, member) = office.group(&app).await;
    app.catch_up().await;
    let client = serve_with(&app, office.ada, |site| {
        site.limits = RateLimits::new(&"api=2/1h".parse().unwrap(), None);
    });
    let measure = |kind: &str| -> u64 {
        let name = format!("microgrants_turned_away_total{{kind=\"{kind}\"}} ");
        let measures = client
            .get("/metrics")
            .body
            .as_str()
            .unwrap_or_default()
            .to_owned();
        measures
            .lines()
            .find_map(|line| line.strip_prefix(&name)?.trim().parse().ok())
            .unwrap_or_default()
    };
    let before = ["unauthenticated", "forbidden", "too_many", "wrong_code"].map(measure);
    client
        .with_token("no token")
        .get("/api/v1/funds")
        .assert_problem(401, "unauthenticated");
    let theirs = client.with_token(&token(&app, member));
    assert_eq!(theirs.get("/api/v1/budget").status, 403);
    assert_eq!(theirs.get("/api/v1/budget").status, 403);
    assert_eq!(theirs.get("/api/v1/budget").status, 429);
    let mut browser = Browser::new(client.address());
    let page = browser.get("/sign-in/code");
    browser.submit_form(
        &page,
        "/sign-in/code",
        &[
            ("email", "nobody@example.org"),
            ("code", "000000"),
            ("to", "/my"),
        ],
    );
    let after = ["unauthenticated", "forbidden", "too_many", "wrong_code"].map(measure);
    // Other cases of this process increase the counters as well.
    for ((before, after), by) in before.iter().zip(after).zip([1, 2, 1, 1]) {
        assert!(after >= before + by, "{before} {after}");
    }
}

on_sqlite!(only_whoever_is_known_keeps_a_connection_open);
/// A connection left open after an error could wait for the head of another request without a time
/// limit.
async fn only_whoever_is_known_keeps_a_connection_open(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    app.catch_up().await;
    let client = serve(&app, office.ada);
    let host = client.address().trim_start_matches("http://").to_owned();
    let asked = |head: &str| {
        let mut stream = TcpStream::connect(&host).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(2)))
            .unwrap();
        stream
            .write_all(
                format!("{head}Host: {host}\r\n\r\nGET /healthz HTTP/1.1\r\nX-Slow: ").as_bytes(),
            )
            .unwrap();
        let mut said = Vec::new();
        let ended = stream.read_to_end(&mut said).is_ok();
        (ended, String::from_utf8_lossy(&said).to_lowercase())
    };
    for path in ["/healthz", "/sign-in", "/api/v1/funds", "/no-such-page"] {
        let (ended, said) = asked(&format!("GET {path} HTTP/1.1\r\n"));
        assert!(
            ended && said.contains("connection: close"),
            "{path}: {said}"
        );
    }
    let known = format!(
        "GET /api/v1/funds HTTP/1.1\r\nAuthorization: Bearer {}\r\n",
        token(&app, office.ada)
    );
    let (ended, said) = asked(&known);
    assert!(
        !ended && said.starts_with("http/1.1 200") && !said.contains("connection: close"),
        "{said}"
    );
}
