//! Hostile bodies and connections: huge, slow, endless, with a false length, or with paths as file
//! names.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use microgrants::projections::{GroupRow, PersonRow};
use microgrants::views::{PageRequest, Reader};
use serde_json::json;

use crate::operations::files::stored_files;
use crate::pages::journeys::signed_in;
use crate::support::fixtures::Office;
use crate::support::service::{Client, ServiceProcess, serve, serve_with, token};
use crate::support::test_app::TestApp;

fn send_raw(client: &Client, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(client.address().trim_start_matches("http://")).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn read_answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn post(path: &str, token: &str, length: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
            Idempotency-Key: slow\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
    )
}

on_sqlite!(slow_clients_are_let_go_and_keep_nobody_waiting);
async fn slow_clients_are_let_go_and_keep_nobody_waiting(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let client = serve_with(&app, office.ada, |site| {
        site.body_pause_max = Duration::from_secs(1);
    });
    let token = token(&app, office.ada);
    let path = format!("/api/v1/funds/{}/pause", office.fund);
    let before = app.log.length().await.unwrap();
    let mut heads: Vec<_> = (0..100)
        .map(|_| send_raw(&client, "GET /desk HTTP/1.1\r\nHost: x\r\nX-Slow: "))
        .collect();
    // This request is answered before its body has arrived, and the client then sends nothing more.
    let mut unread = send_raw(
        &client,
        &format!(
            "{}1\r\n{{\r\n",
            post(&path, "x", "Transfer-Encoding: chunked")
        ),
    );
    let mut bodies: Vec<_> = (0..100)
        .map(|_| {
            send_raw(
                &client,
                &format!(
                    "{}{{\"reason\":",
                    post(&path, &token, "Content-Length: 400")
                ),
            )
        })
        .collect();
    // Other clients are served meanwhile.
    let mut slowest = Duration::ZERO;
    for _ in 0..50 {
        let since = Instant::now();
        assert_eq!(client.get("/api/v1/funds").status, 200);
        slowest = slowest.max(since.elapsed());
    }
    assert!(slowest < Duration::from_secs(3), "{slowest:?}");
    let ended = bodies
        .iter_mut()
        .map(read_answer)
        .filter(|answer| {
            answer.starts_with("HTTP/1.1 408") && answer.contains("\"code\":\"too_slow\"")
        })
        .count();
    assert_eq!(ended, 100, "each was told that it was too slow");
    let mut said = Vec::new();
    assert!(
        unread.read_to_end(&mut said).is_ok() && said.starts_with(b"HTTP/1.1 401"),
        "answered, and let go of"
    );
    for head in &mut heads {
        let mut said = Vec::new();
        assert!(head.read_to_end(&mut said).is_ok(), "it is let go of");
        assert!(
            said.is_empty() || said.starts_with(b"HTTP/1.1 408"),
            "{said:?}"
        );
    }
    assert_eq!(app.log.length().await.unwrap(), before);
    eprintln!("slow clients: 200 let go; the slowest answer to others took {slowest:?}");
}

on_sqlite!(huge_bodies_are_refused_before_they_are_held);
async fn huge_bodies_are_refused_before_they_are_held(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let (group, member) = office.group(&app).await;
    let (token, of_member) = (token(&app, office.ada), token(&app, member));
    let before = app.log.length().await.unwrap();
    let place = app.close().await;
    let process = ServiceProcess::start(&place);
    let client = Client::new(&process.address, &token);
    assert_eq!(client.get("/api/v1/funds").status, 200);
    let held = memory(&process);
    for path in [
        "/api/v1/funds",
        &format!("/api/v1/funds/{}/pause", office.fund),
    ] {
        // A declared huge length is refused before any of the body arrives.
        let mut lies = send_raw(&client, &post(path, &token, "Content-Length: 10000000000"));
        assert!(read_answer(&mut lies).starts_with("HTTP/1.1 413"), "{path}");
        // A body without a declared length is refused when it exceeds the limit, and is not
        // buffered.
        assert!(
            send_endless_body(&client, &post(path, &token, "Transfer-Encoding: chunked"))
                .starts_with("HTTP/1.1 413"),
            "{path}"
        );
    }
    let path = format!("/api/v1/groups/{group}/files?purpose=scan");
    let upload = post(&path, &of_member, "Transfer-Encoding: chunked")
        .replace("application/json", "application/pdf");
    assert!(
        send_endless_body(&client, &format!("{upload}9\r\n%PDF-1.4\n\r\n"))
            .starts_with("HTTP/1.1 413")
    );
    // A compressed body that would expand a thousandfold is not unpacked.
    for path in ["/api/v1/funds", "/sign-in"] {
        let headers = [("Idempotency-Key", "packed"), ("Content-Encoding", "gzip")];
        client
            .post_with(path, &"x".repeat(100_000), &headers)
            .assert_problem(415, "unsupported_media_type");
    }
    // Bodies with many fields or deep nesting are refused as well.
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    client
        .post_with("/api/v1/funds", &deep, &[("Idempotency-Key", "deep")])
        .assert_problem(422, "invalid_field");
    let many: Vec<_> = (0..40_000)
        .map(|number| format!("\"f{number}\":1"))
        .collect();
    let answer = client.post_with(
        "/api/v1/funds",
        &format!("{{{}}}", many.join(",")),
        &[("Idempotency-Key", "many")],
    );
    answer.assert_problem(422, "invalid_field");
    let grown = memory(&process).saturating_sub(held);
    assert!(
        held > 0 && grown < 64,
        "{grown} MiB more are held than {held}"
    );
    process.kill();
    let app = TestApp::open(place.folder, place.url).await;
    assert_eq!(
        (app.log.length().await.unwrap(), stored_files(&app).len()),
        (before, 0),
        "nothing of it stays"
    );
}

/// Sends 125 MiB without a declared length. Returns the answer.
fn send_endless_body(client: &Client, head: &str) -> String {
    let mut stream = send_raw(client, head);
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let _ = (0..2000).try_for_each(|_| stream.write_all(chunk.as_bytes()));
    let mut said = [0; 512];
    let read = stream.read(&mut said).unwrap_or_default();
    String::from_utf8_lossy(&said[..read]).into_owned()
}

/// Resident memory of a process, in MiB.
fn memory(process: &ServiceProcess) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap_or_default();
    line.trim()
        .trim_end_matches(" kB")
        .parse::<u64>()
        .unwrap_or_default()
        / 1024
}

on_sqlite!(a_path_in_a_name_leads_nowhere);
async fn a_path_in_a_name_leads_nowhere(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let (group, member) = office.group(&app).await;
    app.catch_up().await;
    std::fs::write(app.folder.path().join("secret"), "not for anybody").unwrap();
    let client = serve(&app, member);

    for file in [
        "..%2F..%2Fsecret",
        "%2e%2e%2fsecret",
        "..%5Csecret",
        "....//secret",
        "%00",
        "secret",
        "a%2Fb",
        &"a".repeat(5000),
        "0%0d%0aX:y",
    ] {
        let got = client.get(&format!("/api/v1/groups/{group}/files/{file}"));
        assert!(
            [400, 404, 414].contains(&got.status),
            "{file}: {} {}",
            got.status,
            got.body
        );
        assert!(!got.body.to_string().contains("not for anybody"));
    }
    for path in [
        "/assets/..%2f..%2fCargo.toml",
        "/mails/..%2f..%2fsecret",
        "/mails/%2e%2e/secret",
        "/log/tile/0/..%2f..%2fsecret",
        "/../secret",
    ] {
        let got = client.get(path);
        assert!(
            (400..500).contains(&got.status) && !got.body.to_string().contains("not for anybody"),
            "{path}: {}",
            got.status
        );
    }
}

on_sqlite!(a_file_is_stored_under_a_generated_name);
/// And not under the name that was sent.
async fn a_file_is_stored_under_a_generated_name(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let (grant, _, member) = office.awarded(&app, 900).await;
    app.catch_up().await;
    let client = serve(&app, member);
    let mut browser = signed_in(&app, client.address(), member).await;
    let page = browser.get(&format!("/my/grants/{grant}"));
    let (csrf, key) = (page.hidden_field("csrf"), page.hidden_field("key"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("key", key.as_str()),
        ("form", "hand-in"),
    ];
    let before = names(app.folder.path());
    let kept = stored_files(&app).len();

    for (name, number) in [
        "../../../escaped",
        "/tmp/escaped",
        "C:\\escaped",
        "escaped%00.pdf",
        "a%0d%0aX: y",
    ]
    .iter()
    .zip(1..)
    {
        (*name).clone_into(&mut browser.file_name);
        let sent = browser.post_files(
            &format!("/my/grants/{grant}/files"),
            &fields,
            &[("file", &format!("%PDF-1.4\n{number}\n%%EOF\n"))],
        );
        assert_eq!(
            (sent.status, stored_files(&app).len()),
            (303, kept + number),
            "{name}"
        );
    }

    assert_eq!(names(app.folder.path()), before);
    assert!(!std::path::Path::new("/tmp/escaped").exists());
}

fn names(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| !path.ends_with("files"))
        .collect();
    names.sort();
    names
}

on_sqlite!(who_asks_too_often_is_told_when_to_come_back);
async fn who_asks_too_often_is_told_when_to_come_back(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let client = serve_with(&app, office.ada, |site| {
        site.limits = microgrants::http::rate_limit::RateLimits::new(
            &"api=5/1m,peers=2/1h,begun=1/1h,codes=1/1h".parse().unwrap(),
            None,
        );
    });
    for _ in 0..5 {
        assert_eq!(client.get("/api/v1/funds").status, 200);
    }
    client.get("/api/v1/funds").assert_problem(429, "too_many");
    client
        .post("/api/v1/people", &json!({ "name": "Grace" }))
        .assert_problem(429, "too_many");
    let host = client.address().trim_start_matches("http://");
    let request = format!(
        "GET /api/v1/funds HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n\
            Connection: close\r\n\r\n",
        token(&app, office.ada)
    );
    let said = read_answer(&mut send_raw(&client, &request)).to_lowercase();
    let wait: u64 = said
        .split("retry-after: ")
        .nth(1)
        .and_then(|rest| rest.lines().next()?.trim().parse().ok())
        .expect("it says when");
    assert!((1..=13).contains(&wait), "{wait}");
    // One person's exhausted rate limit does not affect other people.
    assert_eq!(
        client
            .with_token(&token(&app, office.ben))
            .get("/api/v1/funds")
            .status,
        200
    );
    let mut browser = crate::support::browser::Browser::new(client.address());
    let page = browser.get("/sign-in");
    for _ in 0..2 {
        assert!(
            browser
                .submit_form(&page, "/sign-in", &[("email", "a@example.org")])
                .status
                < 400
        );
    }
    let refused = browser.submit_form(&page, "/sign-in", &[("email", "a@example.org")]);
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.headers["retry-after"].parse().unwrap();
    assert!((1..=1801).contains(&wait), "{wait}");
}

on_each_engine!(what_would_be_a_header_stays_on_one_line);
/// Typed text becomes part of mails and responses: a line break in it must not start a new header.
async fn what_would_be_a_header_stays_on_one_line(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let client = serve(&app, office.ada);
    for bad in [
        "Zofia\r\nBcc: all@example.org",
        "Zofia\nBcc: all@example.org",
        "Zofia\u{85}Bcc: x",
        "Zofia\u{2028}Bcc: x",
        "Zofia\u{0}",
    ] {
        let person = client.post("/api/v1/people", &json!({ "name": bad }));
        assert_eq!(person.status, 201, "{bad:?}: {}", person.body);
        let group = json!({ "name": bad, "area": "oldham", "standing": "new" });
        let group = client.post("/api/v1/groups", &group);
        assert_eq!(group.status, 201, "{bad:?}: {}", group.body);
    }
    app.catch_up().await;
    let (all, views) = (PageRequest::up_to_max(), app.views());
    let groups: Vec<GroupRow> = views.list(None, Vec::new(), &all).await.unwrap().items;
    let people: Vec<PersonRow> = views.list(None, Vec::new(), &all).await.unwrap().items;
    let people = views
        .decrypt_people(&Reader::service(), people)
        .await
        .unwrap();
    let names = groups.into_iter().map(|group| group.name);
    let names: Vec<_> = names
        .chain(people.into_iter().filter_map(|person| person.name))
        .collect();
    let breaks = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    assert!(!names.iter().any(|name| name.contains(breaks)), "{names:?}");
    let joined = "Zofia Bcc: all@example.org".to_owned();
    assert_eq!(
        names.iter().filter(|name| **name == joined).count(),
        4,
        "{names:?}"
    );
    let before = app.log.length().await.unwrap();
    for email in [
        "a@example.org\r\nBcc: all@example.org",
        "a@example.org,b@example.org",
        "a@example.org b",
        "\"a\r\n\"@example.org",
    ] {
        client
            .post(
                "/api/v1/people",
                &json!({ "name": "Zofia", "email": email }),
            )
            .assert_problem(422, "invalid_field");
    }
    assert_eq!(app.log.length().await.unwrap(), before);
}
