//! A bank batch through the desk, from approval to the import of the bank's statement.

use microgrants::domain::Command;
use microgrants::domain::grant::PaymentState;
use microgrants::projections::{PaymentBatchRow, PaymentRow};
use microgrants::views::PageRequest;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::Browser;
use crate::support::fixtures::{Office, approve, provide_payee};
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

async fn payments(house: &TestApp) -> Vec<PaymentRow> {
    house.catch_up().await;
    house
        .views()
        .list(
            None,
            Vec::new(),
            &PageRequest {
                after: None,
                limit: 50,
            },
        )
        .await
        .unwrap()
        .items
}

/// Two payments sent in one batch.
async fn two_sent_payments(house: &TestApp, office: &Office) -> Vec<PaymentRow> {
    let mut lines = Vec::new();
    for pounds in [900, 650] {
        let (grant, ..) = office.prepared(house, pounds).await;
        house
            .issue_ok(office.ben, Command::Grant(grant, approve(1)))
            .await;
        lines.push(json!({ "grant": grant, "payment": 1, "amount": format!("{pounds}.00") }));
    }
    let body = json!({ "batch": "june", "sent_on": house.today(), "payments": lines });
    house
        .issue_ok(
            office.ben,
            command_from_json("fund", office.fund.0, "send-batch", &body),
        )
        .await;
    payments(house).await
}

async fn sent_batch(house: &TestApp, office: &Office) -> PaymentBatchRow {
    let id = PaymentBatchRow::id_of(office.fund.0, &crate::support::fixtures::text("june"));
    house.views().find(&id, None).await.unwrap().unwrap()
}

fn make(browser: &mut Browser, office: &Office, reason: &str) -> crate::support::browser::Page {
    let page = browser.get("/desk/bank");
    let form = format!("file-{}-june", office.fund);
    browser.submit_form(
        &page,
        &format!("/desk/do/bank-file/{}/june", office.fund),
        &[("form", &form), ("at", "/desk/bank"), ("reason", reason)],
    )
}

on_each_engine!(a_batch_is_a_file_once_and_its_statement_confirms_it);
async fn a_batch_is_a_file_once_and_its_statement_confirms_it(house: TestApp) {
    let (office, address) = serve_office(&house).await;
    two_sent_payments(&house, &office).await;
    let mut browser = signed_in(&house, &address, office.ben).await;
    let file = make(&mut browser, &office, "");
    assert_eq!(
        (file.status, file.headers["content-type"].as_str()),
        (200, "text/csv; charset=utf-8"),
        "{}",
        file.text
    );
    let lines: Vec<&str> = file.text.lines().collect();
    assert_eq!(lines.len(), 3, "{}", file.text);
    assert!(
        lines[1].starts_with("123456,12345678,SOUP AND SONG,") && lines[1].ends_with("P1"),
        "{}",
        lines[1]
    );
    house.catch_up().await;
    let batch = sent_batch(&house, &office).await;
    let made = &batch.files[0];
    let digest = hex::encode(Sha256::digest(&file.text));
    assert_eq!(
        (
            made.payments,
            made.total.to_string().as_str(),
            made.digest.as_str()
        ),
        (2, "£1,550.00", digest.as_str())
    );

    let again = make(&mut browser, &office, "");
    assert!(
        again.status == 409 || again.status == 422,
        "{}",
        again.status
    );
    assert!(
        again.contains("a file of this batch was made for the bank before"),
        "{}",
        visible_text(&again)
    );
    assert!(
        again.contains("A file was made of it before"),
        "the page says so: {}",
        visible_text(&again)
    );
    assert_eq!(
        make(&mut browser, &office, "The bank's page lost it").text,
        file.text,
        "the same lines are the same file"
    );

    let references: Vec<String> = lines[1..]
        .iter()
        .map(|line| line.rsplit(',').next().unwrap().to_owned())
        .collect();
    let today = house.today();
    let statement = format!(
        "Date,Description,Paid out,Paid in\n{today},FPO {},900.00,\n{today},FPO {},650.00,\n{today},RTN {},,650.00\n{today},Rent,400.00,\n{today},{},1.00,\n",
        references[0], references[1], references[1], references[0]
    );
    // Lines of the file are ordered by grant id, not by amount.
    let statement = if lines[1].contains("900.00") {
        statement
    } else {
        statement
            .replace(&references[0], "X")
            .replace(&references[1], &references[0])
            .replace('X', &references[1])
    };
    let read = |browser: &mut Browser, statement: &str| {
        let page = browser.get("/desk/bank");
        let csrf = page.hidden_field("csrf");
        browser.post_files(
            "/desk/do/bank-statement",
            &[("csrf", &csrf), ("form", "statement"), ("at", "/desk/bank")],
            &[("file", statement)],
        )
    };
    let wrong = read(&mut browser, "not a statement");
    assert!(
        wrong.status == 422 && wrong.contains("neither a CSV file with titles nor an OFX file"),
        "{} {}",
        wrong.status,
        visible_text(&wrong)
    );
    let seen = read(&mut browser, &statement);
    assert!(
        seen.status == 200 && seen.contains("3 entries are to be recorded. 1 are about none"),
        "{}",
        visible_text(&seen)
    );
    assert!(
        seen.contains("the bank says £1.00, and the payment is £900.00"),
        "{}",
        visible_text(&seen)
    );
    assert!(
        payments(&house)
            .await
            .iter()
            .all(|row| row.state == PaymentState::Sent),
        "nothing is recorded yet"
    );
    let lines: Vec<String> = seen
        .text
        .split("name=\"line\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().replace("&#x2f;", "/"))
        .collect();
    assert_eq!(lines.len(), 3);
    for _ in 0..2 {
        let fields: Vec<(&str, &str)> = lines.iter().map(|line| ("line", line.as_str())).collect();
        let taken = browser.submit_form(&seen, "/desk/do/bank-entries", &fields);
        assert!(
            taken.status == 200 && taken.path.contains("/desk/payments"),
            "{} {}",
            taken.path,
            visible_text(&taken)
        );
    }
    let states: Vec<_> = payments(&house)
        .await
        .into_iter()
        .map(|row| (row.amount.to_string(), row.state))
        .collect();
    assert!(
        states.contains(&("£900.00".to_owned(), PaymentState::Confirmed)),
        "{states:?}"
    );
    assert!(
        states.contains(&("£650.00".to_owned(), PaymentState::Reversed)),
        "{states:?}"
    );
    let again = read(&mut browser, &statement);
    assert!(
        again.contains("0 entries are to be recorded"),
        "{}",
        visible_text(&again)
    );
    crate::support::replay::replay_log(&house).await;
    crate::projections::read_models::assert_equals_rebuild(&house).await;
}

on_each_engine!(an_account_that_was_changed_since_is_in_no_file);
async fn an_account_that_was_changed_since_is_in_no_file(house: TestApp) {
    let (office, address) = serve_office(&house).await;
    let rows = two_sent_payments(&house, &office).await;
    let grant: microgrants::projections::GrantRow = house
        .views()
        .find(&rows[0].grant.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    house
        .issue_ok(
            office.ada,
            Command::Group(grant.group, provide_payee("20-00-00 87654321")),
        )
        .await;
    house.catch_up().await;
    let mut browser = signed_in(&house, &address, office.ben).await;
    let refused = make(&mut browser, &office, "");
    assert!(
        refused.status == 422
            && refused.contains("is not the one that its payment was prepared for"),
        "{} {}",
        refused.status,
        visible_text(&refused)
    );
    house.catch_up().await;
    assert!(sent_batch(&house, &office).await.files.is_empty());
    let auditor = crate::support::fixtures::person(&house, "Olu").await;
    house.catch_up().await;
    let mut stranger = signed_in(&house, &address, auditor).await;
    assert_eq!(
        stranger.get("/desk/bank").status,
        404,
        "there is no desk for whoever holds no role"
    );
}
