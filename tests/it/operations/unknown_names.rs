//! A command that names a funder, a place, a fund or a grant is refused if there is none.

use microgrants::clock::new_id;
use microgrants::domain::Refusal;
use serde_json::{Value, json};

use crate::support::fixtures::Office;
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

on_each_engine!(a_command_names_only_what_exists);
async fn a_command_names_only_what_exists(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let organisation = app.commands.organisation().0;
    let today = app.today();
    let statement = |funder: &str| json!({ "funder": funder, "from": today, "until": today });
    let report = |area: &str| {
        json!({
            "area": area, "context": "A town.", "hard": "Time.", "lessons": "Begin early.",
        })
    };
    let wording = |mail: &str, fund: Value| {
        json!({
            "mail": mail, "fund": fund, "language": "en", "subject": "Your form",
            "body": "{{ link }}\n\n{{ code }}",
        })
    };
    for (name, unknown, noun) in [
        ("share-statement", statement("nobody-at-all"), "funder"),
        ("publish-report", report("nowhere"), "place"),
        (
            "publish-mail-text",
            wording("submitted", json!(new_id())),
            "fund",
        ),
        (
            "propose-mail-text",
            wording("sign_in", json!(new_id())),
            "fund",
        ),
    ] {
        let command = command_from_json("organisation", organisation, name, &unknown);
        assert_eq!(
            app.issue_refused(office.ada, command).await,
            Refusal::Unknown(noun),
            "{name}"
        );
    }
    for (name, known) in [
        ("share-statement", statement("health-partnership")),
        ("publish-report", report("oldham")),
        ("propose-mail-text", wording("sign_in", json!(office.fund))),
    ] {
        let command = command_from_json("organisation", organisation, name, &known);
        app.issue_ok(office.ada, command).await;
    }

    let line = json!({ "grant": new_id(), "payment": 1, "amount": "400.00" });
    let file = json!({
        "batch": "june", "payments": 1, "total": "400.00", "digest": "ab".repeat(32),
        "reason": null, "lines": [line],
    });
    let file = command_from_json("fund", office.fund.0, "make-bank-file", &file);
    assert_eq!(
        app.issue_refused(office.ben, file).await,
        Refusal::Unknown("grant of this fund")
    );
}

on_each_engine!(a_funder_who_took_everything_back_can_read_a_statement);
async fn a_funder_who_took_everything_back_can_read_a_statement(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let source = json!({ "funder": "old-trust" });
    for (name, body) in [
        (
            "allocate",
            json!({
                "source": source, "amount": "100.00", "reference": "R2",
                "received_on": app.today(),
            }),
        ),
        (
            "withdraw-funding",
            json!({ "source": source, "amount": "100.00", "reason": "Taken back" }),
        ),
    ] {
        let command = command_from_json("fund", office.fund.0, name, &body);
        app.issue_ok(office.ben, command).await;
    }
    let share = json!({ "funder": "old-trust", "from": app.today(), "until": app.today() });
    let organisation = app.commands.organisation().0;
    let share = command_from_json("organisation", organisation, "share-statement", &share);
    app.issue_ok(office.ada, share).await;
}
