//! Every problem other than the domain's refusals is answered by a running service with its code
//! and advice. The refusals have their cases in `refusals`.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use microgrants::commands::Commands;
use microgrants::commands::clock::Clock;
use microgrants::domain::Fund;
use microgrants::files::FILES_A_DAY;
use microgrants::http;
use microgrants::http::limits::Limits;
use microgrants::http::problem::Fault;
use microgrants::log::Loaded;
use serde_json::json;
use strum::VariantNames as _;

use crate::cases::Cases;
use crate::house::House;
use crate::office::{Office, person};
use crate::service::{Answered, serve, serve_commands, serve_with, token, tokens};

pub fn cases(cases: &mut Cases) {
    cases.both(
        "problems::every_code_is_answered_by_the_service",
        every_code,
    );
}

/// The codes seen so far.
#[derive(Default)]
struct Met(BTreeSet<String>);

impl Met {
    fn problem(&mut self, status: u16, answer: &Answered) {
        answer.is_problem(status, answer.code());
        self.0.insert(answer.code().to_owned());
    }
}

async fn every_code(house: House) {
    let office = Office::open(&house, 5000).await;
    let (group, member) = office.group(&house).await;
    house.catch_up().await;
    let mut met = Met::default();
    asked(&mut met, &house, &office, &group.to_string(), member);
    sent(&mut met, &house, &office).await;
    let other = if house.store().postgres().is_some() {
        House::postgres().await
    } else {
        House::sqlite().await
    };
    stopped(&mut met, &other).await;
    let missing: Vec<_> = Fault::VARIANTS
        .iter()
        .filter(|code| !met.0.contains(**code))
        .collect();
    assert!(missing.is_empty(), "nobody met {missing:?}");
}

/// Problems with the content of a request.
fn asked(
    met: &mut Met,
    house: &House,
    office: &Office,
    group: &str,
    member: microgrants::domain::PersonId,
) {
    let client = serve(house, office.ada);
    let pause = format!("/api/v1/funds/{}/pause", office.fund);
    let body = json!({ "reason": "A pause" }).to_string();
    let key = |key| [("Idempotency-Key", key)];
    met.problem(400, &client.post_with(&pause, "{", &key("a")));
    met.problem(422, &client.post_with(&pause, "{\"reason\":7}", &key("a")));
    met.problem(400, &client.get("/api/v1/funds?limit=0"));
    met.problem(400, &client.post_with(&pause, &body, &key("no key")));
    met.problem(400, &client.post_with(&pause, &body, &[]));
    assert_eq!(client.post_with(&pause, &body, &key("a")).status, 200);
    met.problem(
        422,
        &client.post_with(&pause, "{\"reason\":\"Another\"}", &key("a")),
    );
    met.problem(
        412,
        &client.post_with(
            &pause,
            &body,
            &[("Idempotency-Key", "b"), ("If-Match", "\"1\"")],
        ),
    );
    met.problem(
        400,
        &client.post_with(
            &pause,
            &body,
            &[("Idempotency-Key", "b"), ("If-Match", "1")],
        ),
    );
    met.problem(
        415,
        &client.post_with(
            &pause,
            &body,
            &[("Idempotency-Key", "b"), ("Content-Type", "text/plain")],
        ),
    );
    met.problem(
        413,
        &client.post_with(&pause, &"x".repeat(600_000), &key("b")),
    );
    met.problem(401, &client.by("x").get("/api/v1/funds"));
    let day_ago = house.commands.now() - jiff::SignedDuration::from_hours(24);
    let expired = tokens(house)
        .sign(
            uuid::Uuid::nil(),
            office.ada,
            None,
            day_ago,
            Duration::from_hours(1),
        )
        .unwrap();
    met.problem(401, &client.by(&expired).get("/api/v1/funds"));
    met.problem(
        404,
        &client.get(&format!("/api/v1/grants/{}", uuid::Uuid::nil())),
    );
    met.problem(404, &client.get("/nowhere"));
    met.problem(405, &client.post("/api/v1/grants", &json!({})));
    let upload = format!("/api/v1/groups/{group}/files?purpose=scan");
    let member = client.by(&token(house, member));
    for number in 0..FILES_A_DAY {
        met.problem(
            422,
            &member.upload(&upload, b"no picture", &format!("c{number}")),
        );
    }
    met.problem(429, &member.upload(&upload, b"no picture", "d"));
}

/// Problems with how a request was sent.
async fn sent(met: &mut Met, house: &House, office: &Office) {
    let client = serve_with(house, office.ada, |site| {
        site.limits = Limits::new(&"api=1/1h".parse().unwrap(), None);
        site.patience = Duration::from_millis(200);
    });
    assert_eq!(client.get("/api/v1/funds").status, 200);
    met.problem(429, &client.get("/api/v1/funds"));
    let mut slow = TcpStream::connect(client.address().trim_start_matches("http://")).unwrap();
    let by = token(house, office.ben);
    write!(
        slow,
        "POST /api/v1/funds HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {by}\r\nIdempotency-Key: d\r\nContent-Type: application/json\r\n\
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
    // A form gets a page with the same advice.
    let mut browser = crate::pages::signed_in(house, client.address(), office.ada).await;
    let refused = browser.send(
        "/desk/do/people/register",
        &[("csrf", "0"), ("name", "Mallory")],
    );
    let advice = http::problem::advised()
        .find(|(code, _)| *code == "foreign_form")
        .unwrap()
        .1;
    assert!(
        refused.status == 403 && refused.says(advice),
        "{}",
        refused.text
    );
    met.0.insert("foreign_form".to_owned());
}

/// Problems of the service: no projector runs, a stream is cached in a wrong state, the clock is an
/// hour off, a row cannot be read, the database is unavailable.
async fn stopped(met: &mut Met, house: &House) {
    let office = Office::open(house, 5000).await;
    house.catch_up().await;
    let by = token(house, office.ada);
    let client = serve_commands(house, house.commands.clone(), &by, |_| ());
    person(house, "Grace").await;
    let position = house.log.length().await.unwrap() - 1;
    met.problem(
        503,
        &client.get(&format!("/api/v1/funds?min_position={position}")),
    );
    // Every decision on this fund conflicts with the log.
    let fund = house.log.load::<Fund>(office.fund.0).await.unwrap();
    house.log.remember(
        office.fund.0,
        &Loaded {
            sequence: fund.sequence + 1,
            ..fund
        },
    );
    let busy = client.post(
        &format!("/api/v1/funds/{}/pause", office.fund),
        &json!({ "reason": "A pause" }),
    );
    busy.is_problem(503, "busy");
    met.problem(503, &busy);
    // The clock of the commands is an hour behind that of the log.
    let off = house.commands.now().as_microsecond() - 3_600_000_000;
    let late = Commands::new(
        house.log.clone(),
        Clock::Simulated(Arc::new(AtomicI64::new(off))),
    );
    met.problem(
        503,
        &serve_commands(house, late, &by, |_| ())
            .post("/api/v1/people", &json!({ "name": "Grace" })),
    );
    crate::log::meddle(house, "UPDATE view_funds SET body = '{}'").await;
    met.problem(500, &client.get("/api/v1/funds"));
    house.store().close().await;
    met.problem(503, &client.get("/api/v1/funds"));
}
