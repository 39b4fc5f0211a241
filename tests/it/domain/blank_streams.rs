//! A process remembers nothing of a stream that it looked for before the stream began.

use microgrants::domain::organisation::sha256_hex;
use microgrants::domain::personal_data::BlindIndexKind;
use microgrants::domain::{GroupId, PersonId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::connections::ApiCommands;
use crate::support::fixtures::{AGREEMENT_TEXT, Office};
use crate::support::replay::replay_log;
use crate::support::test_app::TestApp;

on_each_engine!(a_blank_stream_is_never_remembered);
/// A process that read a stream before it existed must read it again later: nothing panics, and
/// personal values are encrypted under the right key. On PostgreSQL another process begins the
/// stream.
async fn a_blank_stream_is_never_remembered(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (group, member) = office.group(&app).await;
    let other = app.another_process().await;

    for number in 0..5 {
        let blank = BlankStream {
            office: &office,
            group,
            member,
            here: ApiCommands { house: &app },
            elsewhere: ApiCommands { house: &other },
            application: Uuid::from_u128(900 + number),
        };
        blank.is_unknown_here().await;
        blank.begins_elsewhere().await;
        blank.is_awarded_elsewhere().await;
        blank.changes_here().await;
    }

    assert_eq!(
        app.log
            .vault()
            .subject_of(BlindIndexKind::Email, "nobody@example.org")
            .await
            .unwrap(),
        None
    );
    replay_log(&app).await;
}

/// An application that one process looks for before another begins it.
struct BlankStream<'a> {
    office: &'a Office,
    group: GroupId,
    member: PersonId,
    here: ApiCommands<'a>,
    elsewhere: ApiCommands<'a>,
    application: Uuid,
}

impl BlankStream<'_> {
    /// Reading the missing stream must leave nothing in the cache.
    async fn is_unknown_here(&self) {
        for (by, path, body) in [
            (self.member, "application/save-answers", answers()),
            (self.office.ada, "grant/hold", json!({ "reason": "No" })),
        ] {
            self.here
                .assert_refused(by, "unknown", path, self.application, body)
                .await;
        }
    }

    async fn begins_elsewhere(&self) {
        let (member, application) = (self.member, self.application);
        let start = json!({ "fund": self.office.fund, "round": "first", "group": self.group });
        self.elsewhere
            .issue_ok(member, "application/start", application, start)
            .await;
        self.here
            .issue_ok(member, "application/save-answers", application, answers())
            .await;
        let submit = json!({ "channel": "web" });
        self.elsewhere
            .issue_ok(member, "application/submit", application, submit)
            .await;
    }

    async fn is_awarded_elsewhere(&self) {
        let app = self.here.house;
        let award = json!({
            "amount": "700.00",
            "ends_on": app.in_days(90),
            "update_due_on": app.in_days(120),
        });
        let summary = json!({ "title": "Soup", "description": "Neighbours cook." });
        for (path, body) in [
            ("application/confirm-eligibility", json!({})),
            ("application/declare", json!({})),
            ("application/write-summary", summary),
            ("application/award", award),
        ] {
            self.elsewhere
                .issue_ok(self.office.ada, path, self.application, body)
                .await;
        }
    }

    /// The other process made the grant; this one accepts and changes it.
    async fn changes_here(&self) {
        let hash = sha256_hex(AGREEMENT_TEXT);
        let accept = json!({ "hash": hash, "method": "read_over_telephone", "names": ["A", "B"] });
        let underspend = json!({ "amount": "10.00" });
        for (path, body) in [
            ("grant/accept-agreement", accept),
            ("grant/declare-underspend", underspend),
        ] {
            self.here
                .issue_ok(self.office.ada, path, self.application, body)
                .await;
        }
    }
}

fn answers() -> Value {
    json!({
        "requested": "700.00",
        "area": "oldham",
        "people_at_risk": false,
        "answers": { "idea": "Soup" },
    })
}
