//! Every problem other than the domain's refusals is answered by a running service with its code
//! and advice. The refusals have their cases in `refusals`.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use microgrants::clock::Clock;
use microgrants::commands::Commands;
use microgrants::domain::Fund;
use microgrants::eventlog::LoadedAggregate;
use microgrants::files::FILES_A_DAY;
use microgrants::http::problem::ErrorCode;
use microgrants::http::rate_limit::RateLimits;
use serde_json::json;
use strum::VariantNames as _;

use crate::support::fixtures::{Office, person};
use crate::support::service::{ApiResponse, serve, serve_commands, serve_with, token, tokens};
use crate::support::test_app::TestApp;

/// The codes seen so far.
#[derive(Default)]
struct SeenProblems(BTreeSet<String>);

impl SeenProblems {
    fn record(&mut self, status: u16, answer: &ApiResponse) {
        answer.assert_problem(status, answer.code());
        self.0.insert(answer.code().to_owned());
    }
}

on_each_engine!(every_code_is_answered_by_the_service);
async fn every_code_is_answered_by_the_service(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (group, member) = office.group(&app).await;
    app.catch_up().await;
    let mut met = SeenProblems::default();
    asked(&mut met, &app, &office, &group.to_string(), member);
    sent(&mut met, &app, &office).await;
    let other = if app.store().postgres_pool().is_some() {
        TestApp::postgres().await
    } else {
        TestApp::sqlite().await
    };
    stopped(&mut met, &other).await;
    let missing: Vec<_> = ErrorCode::VARIANTS
        .iter()
        .filter(|code| !met.0.contains(**code))
        .collect();
    assert!(missing.is_empty(), "nobody met {missing:?}");
}

/// Problems with the content of a request.
fn asked(
    met: &mut SeenProblems,
    app: &TestApp,
    office: &Office,
    group: &str,
    member: microgrants::domain::PersonId,
) {
    let client = serve(app, office.ada);
    let pause = format!("/api/v1/funds/{}/pause", office.fund);
    let body = json!({ "reason": "A pause" }).to_string();
    let key = |key| [("Idempotency-Key", key)];
    met.record(400, &client.post_with(&pause, "{", &key("a")));
    met.record(422, &client.post_with(&pause, "{\"reason\":7}", &key("a")));
    met.record(400, &client.get("/api/v1/funds?limit=0"));
    met.record(400, &client.post_with(&pause, &body, &key("no key")));
    met.record(400, &client.post_with(&pause, &body, &[]));
    assert_eq!(client.post_with(&pause, &body, &key("a")).status, 200);
    met.record(
        422,
        &client.post_with(&pause, "{\"reason\":\"Another\"}", &key("a")),
    );
    met.record(
        412,
        &client.post_with(
            &pause,
            &body,
            &[("Idempotency-Key", "b"), ("If-Match", "\"1\"")],
        ),
    );
    met.record(
        400,
        &client.post_with(
            &pause,
            &body,
            &[("Idempotency-Key", "b"), ("If-Match", "1")],
        ),
    );
    met.record(
        415,
        &client.post_with(
            &pause,
            &body,
            &[("Idempotency-Key", "b"), ("Content-Type", "text/plain")],
        ),
    );
    met.record(
        413,
        &client.post_with(&pause, &"x".repeat(600_000), &key("b")),
    );
    met.record(401, &client.with_token("x").get("/api/v1/funds"));
    let day_ago = app.commands.now() - jiff::SignedDuration::from_hours(24);
    let expired = tokens(app)
        .sign(
            uuid::Uuid::nil(),
            office.ada,
            None,
            day_ago,
            Duration::from_hours(1),
        )
        .unwrap();
    met.record(401, &client.with_token(&expired).get("/api/v1/funds"));
    met.record(
        404,
        &client.get(&format!("/api/v1/grants/{}", uuid::Uuid::nil())),
    );
    met.record(404, &client.get("/nowhere"));
    met.record(405, &client.post("/api/v1/grants", &json!({})));
    let upload = format!("/api/v1/groups/{group}/files?purpose=scan");
    let member = client.with_token(&token(app, member));
    for number in 0..FILES_A_DAY {
        met.record(
            422,
            &member.upload(&upload, b"no picture", &format!("c{number}")),
        );
    }
    met.record(429, &member.upload(&upload, b"no picture", "d"));
}

/// Problems with how a request was sent.
async fn sent(met: &mut SeenProblems, app: &TestApp, office: &Office) {
    let client = serve_with(app, office.ada, |site| {
        site.limits = RateLimits::new(&"api=1/1h".parse().unwrap(), None);
        site.body_pause_max = Duration::from_millis(200);
    });
    assert_eq!(client.get("/api/v1/funds").status, 200);
    met.record(429, &client.get("/api/v1/funds"));
    let mut slow = TcpStream::connect(client.address().trim_start_matches("http://")).unwrap();
    let by = token(app, office.ben);
    write!(
        slow,
        "POST /api/v1/funds HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {by}\r\n\
            Idempotency-Key: d\r\nContent-Type: application/json\r\n\
         Content-Length: 9\r\nConnection: close\r\n\r\n{{"
    )
    .unwrap();
    let mut said = String::new();
    slow.read_to_string(&mut said).unwrap();
    assert!(
        said.starts_with("HTTP/1.1 408") && said.contains("\"code\":\"too_slow\""),
        "{said}"
    );
    met.0.insert("too_slow".to_owned());
    // A form gets a page that advises the same in words for people.
    let mut browser = crate::pages::journeys::signed_in(app, client.address(), office.ada).await;
    let refused = browser.post_fields(
        "/desk/do/people/register",
        &[("csrf", "0"), ("name", "Mallory")],
    );
    assert!(
        refused.status == 403 && refused.contains("Go back, load it again, and send it once more."),
        "{}",
        refused.text
    );
    met.0.insert("foreign_form".to_owned());
}

/// Problems of the service: no projector runs, a stream is cached in a wrong state, the clock is an
/// hour off, a row cannot be read, the database is unavailable.
async fn stopped(met: &mut SeenProblems, app: &TestApp) {
    let office = Office::open(app, 5000).await;
    app.catch_up().await;
    let by = token(app, office.ada);
    let client = serve_commands(app, app.commands.clone(), &by, |_| ());
    person(app, "Grace").await;
    let position = app.log.length().await.unwrap() - 1;
    met.record(
        503,
        &client.get(&format!("/api/v1/funds?min_position={position}")),
    );
    // Every decision on this fund conflicts with the log.
    let fund = app.log.load::<Fund>(office.fund.0).await.unwrap();
    app.log.cache_state(
        office.fund.0,
        &LoadedAggregate {
            sequence: fund.sequence + 1,
            ..fund
        },
    );
    let busy = client.post(
        &format!("/api/v1/funds/{}/pause", office.fund),
        &json!({ "reason": "A pause" }),
    );
    busy.assert_problem(503, "busy");
    met.record(503, &busy);
    // The clock of the commands is an hour behind that of the log.
    let off = app.commands.now().as_microsecond() - 3_600_000_000;
    let late = Commands::new(
        app.log.clone(),
        Clock::Simulated(Arc::new(AtomicI64::new(off))),
    );
    met.record(
        503,
        &serve_commands(app, late, &by, |_| ()).post("/api/v1/people", &json!({ "name": "Grace" })),
    );
    crate::log::appends::execute_raw(app, "UPDATE view_funds SET body = '{}'").await;
    met.record(500, &client.get("/api/v1/funds"));
    app.store().close().await;
    met.record(503, &client.get("/api/v1/funds"));
}
