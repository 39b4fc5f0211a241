//! A client that resets its connection after sending a command: the command is in the log at most
//! once, and repeating it under the same key settles it.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use microgrants::store::events;
use serde_json::json;

use crate::support::fixtures::Office;
use crate::support::random::SeededRandom;
use crate::support::replay;
use crate::support::service::{serve, token};
use crate::support::test_app::{ORGANISATION, TestApp};

const RESETS: usize = 60;

on_each_engine!(a_client_that_resets_leaves_all_or_nothing);
async fn a_client_that_resets_leaves_all_or_nothing(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let client = serve(&app, office.ada);
    let token = token(&app, office.ada);
    let path = format!("/api/v1/funds/{}/allocate", office.fund);
    let host = client.address().trim_start_matches("http://").to_owned();
    let mut moments = SeededRandom::from_environment();
    let body = |number| {
        json!({
            "source": { "funder": "health-partnership" }, "amount": "1.00",
            "reference": format!("reset-{number}"), "received_on": "2026-01-01",
        })
        .to_string()
    };

    // When
    for number in 0..RESETS {
        let (body, mut stream) = (body(number), TcpStream::connect(&host).unwrap());
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
                Idempotency-Key: reset-{number}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        stream.flush().unwrap();
        std::thread::sleep(moments.pause(Duration::from_millis(6)));
        // With a linger time of zero, the connection is reset rather than closed.
        socket2::SockRef::from(&stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
    }

    // Then
    let found = async |number: usize| {
        let rows = events::read_page(app.store(), ORGANISATION, 0, 100_000)
            .await
            .unwrap();
        let reference = format!("\"reset-{number}\"");
        rows.iter()
            .filter(|row| row.payload.contains(&reference))
            .count()
    };
    let mut found_before = 0;
    for number in 0..RESETS {
        let before = found(number).await;
        assert!(before <= 1, "{number}");
        found_before += before;
        let answer = client.post_with(
            &path,
            &body(number),
            &[("Idempotency-Key", &format!("reset-{number}"))],
        );
        assert_eq!(
            (answer.status, found(number).await),
            (200, 1),
            "{}",
            answer.body
        );
    }
    assert!(
        found_before > 0,
        "a connection that is reset keeps no command that was taken from the log"
    );
    replay::replay_log(&app).await;
    let _ = writeln!(
        std::io::stderr(),
        "{RESETS} connections reset, {found_before} of their commands were in the log, all of them \
            once in the end"
    );
}
