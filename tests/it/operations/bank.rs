//! A bank batch through the desk, from approval to the import of the bank's statement.

use std::collections::BTreeSet;

use microgrants::domain::file::FileDigest;
use microgrants::domain::grant::PaymentState;
use microgrants::domain::{Application, Command};
use microgrants::projections::{PaymentBatchRow, PaymentRow};
use microgrants::views::PageRequest;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::projections::read_models::assert_equals_rebuild;
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, person, provide_payee, text};
use crate::support::replay;
use crate::support::scenario::command_from_json;
use crate::support::steps::declare_underspend;
use crate::support::test_app::TestApp;

pub async fn payments(app: &TestApp) -> Vec<PaymentRow> {
    app.catch_up().await;
    app.views()
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

/// Sends payments of £900 and £650 in one batch, and returns their rows.
pub async fn two_sent_payments(app: &TestApp, office: &Office) -> Vec<PaymentRow> {
    let mut lines = Vec::new();
    for pounds in [900, 650] {
        let (grant, ..) = office.approved(app, pounds).await;
        lines.push(json!({ "grant": grant, "payment": 1, "amount": format!("{pounds}.00") }));
    }
    let body = json!({ "batch": "june", "sent_on": app.today(), "payments": lines });
    app.issue_ok(
        office.ben,
        command_from_json("fund", office.fund.0, "send-batch", &body),
    )
    .await;
    payments(app).await
}

pub async fn sent_batch(app: &TestApp, office: &Office) -> PaymentBatchRow {
    let id = PaymentBatchRow::id_of(office.fund.0, &text("june"));
    app.views().find(id, None).await.unwrap().unwrap()
}

/// Asks for the bank's file of the batch.
pub fn make_bank_file(browser: &mut Browser, office: &Office, reason: &str) -> Page {
    let page = browser.get("/desk/bank");
    let form = format!("file-{}-june", office.fund);
    browser.submit_form(
        &page,
        &format!("/desk/do/bank-file/{}/june", office.fund),
        &[("form", &form), ("at", "/desk/bank"), ("reason", reason)],
    )
}

on_each_engine!(a_batch_is_a_file_once);
async fn a_batch_is_a_file_once(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    two_sent_payments(&app, &office).await;
    let mut browser = signed_in(&app, &address, office.ben).await;

    // When
    let file = make_bank_file(&mut browser, &office, "");

    // Then
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
    app.catch_up().await;
    let batch = sent_batch(&app, &office).await;
    let recorded = &batch.files[0];
    let plain: FileDigest = text(&hex::encode(Sha256::digest(&file.text)));
    let mut groups = BTreeSet::new();
    for row in payments(&app).await {
        let application = app.log.load::<Application>(row.grant).await.unwrap().state;
        groups.extend(application.target().map(|target| target.group.0));
    }
    assert_eq!(groups.len(), 2);
    let digest = app.log.vault().bank_file_digest(&plain, &groups).await;
    let digest = digest.unwrap();
    assert_ne!(
        recorded.digest, plain,
        "accounts follow from a plain digest"
    );
    assert_eq!(
        (
            recorded.payments,
            recorded.total.to_string().as_str(),
            recorded.digest.as_str()
        ),
        (2, "£1,550", digest.as_str())
    );
    assert_repeat_needs_reason(&mut browser, &office, &file);
}

/// Asserts that a second file of the batch is made only with a reason, and is the same.
fn assert_repeat_needs_reason(browser: &mut Browser, office: &Office, file: &Page) {
    let refused = make_bank_file(browser, office, "");
    let repeated = make_bank_file(browser, office, "The bank's page lost it");

    assert!(
        refused.status == 409 || refused.status == 422,
        "{}",
        refused.status
    );
    assert!(
        refused.contains("this bank file has already been made"),
        "{}",
        visible_text(&refused)
    );
    assert!(
        refused.contains("This file was already downloaded on"),
        "the page says so: {}",
        visible_text(&refused)
    );
    assert_eq!(repeated.text, file.text, "the same lines are the same file");
}

on_each_engine!(a_statement_confirms_and_reverses_payments);
async fn a_statement_confirms_and_reverses_payments(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    two_sent_payments(&app, &office).await;
    let mut browser = signed_in(&app, &address, office.ben).await;
    let file = make_bank_file(&mut browser, &office, "");
    app.catch_up().await;
    let statement = statement_of(&app, &file.text);

    // When
    let wrong = read_statement(&mut browser, "not a statement");
    let seen = read_statement(&mut browser, &statement);

    // Then
    assert!(
        wrong.status == 422
            && wrong.contains("use a CSV file with column titles, or an OFX, camt.053"),
        "{} {}",
        wrong.status,
        visible_text(&wrong)
    );
    assert!(
        seen.status == 200 && seen.contains("3 matched, 1 to look at, 1 not about our payments"),
        "{}",
        visible_text(&seen)
    );
    assert!(
        seen.contains("The bank paid £1, but the payment is £900"),
        "{}",
        visible_text(&seen)
    );
    assert!(
        payments(&app)
            .await
            .iter()
            .all(|row| row.state == PaymentState::Sent),
        "nothing is recorded yet"
    );

    // When
    assert_recorded_once(&mut browser, &seen);

    // Then
    let states: Vec<_> = payments(&app)
        .await
        .into_iter()
        .map(|row| (row.amount.to_string(), row.state))
        .collect();
    assert!(
        states.contains(&("£900".to_owned(), PaymentState::Confirmed)),
        "{states:?}"
    );
    assert!(
        states.contains(&("£650".to_owned(), PaymentState::Reversed)),
        "{states:?}"
    );
    let again = read_statement(&mut browser, &statement);
    assert!(
        again.contains("1 to look at, 1 not about our payments, 3 recorded before")
            && !again.contains(" matched, "),
        "{}",
        visible_text(&again)
    );
    replay::replay_log(&app).await;
    assert_equals_rebuild(&app).await;
}

/// The bank's statement on a file: both payments left, that of £650 came back, and two lines are
/// about none or have another amount.
fn statement_of(app: &TestApp, file: &str) -> String {
    // Lines of the file are ordered by grant id, not by amount.
    let reference = |amount: &str| {
        file.lines()
            .find(|line| line.contains(amount))
            .and_then(|line| line.rsplit(',').next())
            .expect("a payment of this amount")
    };
    let (larger, smaller) = (reference("900.00"), reference("650.00"));
    let today = app.today();
    format!(
        "Date,Description,Paid out,Paid in\n{today},FPO {larger},900.00,\n\
            {today},FPO {smaller},650.00,\n{today},RTN {smaller},,650.00\n{today},Rent,400.00,\n\
            {today},{larger},1.00,\n"
    )
}

/// Uploads a statement, which shows its entries and records nothing.
/// Uploads a bank's statement.
pub fn read_statement(browser: &mut Browser, statement: &str) -> Page {
    let page = browser.get("/desk/bank");
    let csrf = page.hidden_field("csrf");
    browser.post_files(
        "/desk/do/bank-statement",
        &[("csrf", &csrf), ("form", "statement"), ("at", "/desk/bank")],
        &[("file", statement)],
    )
}

/// Records the entries of a page twice: the second time changes nothing, and says so.
fn assert_recorded_once(browser: &mut Browser, seen: &Page) {
    let says = visible_text(&record_entries(browser, seen));
    assert!(
        says.contains("2 payments are marked as paid. 1 payment came back after it was paid."),
        "{says}"
    );
    let says = visible_text(&record_entries(browser, seen));
    assert!(
        says.contains("These lines were recorded before. Nothing has changed."),
        "{says}"
    );
}

/// Records the three entries that a page shows.
fn record_entries(browser: &mut Browser, seen: &Page) -> Page {
    let lines: Vec<String> = seen
        .text
        .split("name=\"line\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().replace("&#x2f;", "/"))
        .collect();
    assert_eq!(lines.len(), 3);
    let fields: Vec<(&str, &str)> = lines.iter().map(|line| ("line", line.as_str())).collect();
    let taken = browser.submit_form(seen, "/desk/do/bank-entries", &fields);
    assert!(
        taken.status == 200 && taken.path.contains("/desk/payments"),
        "{} {}",
        taken.path,
        visible_text(&taken)
    );
    taken
}

on_each_engine!(money_that_a_group_owes_has_its_own_part_of_a_statement);
async fn money_that_a_group_owes_has_its_own_part_of_a_statement(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (grant, ..) = office.prepared(&app, 900).await;
    office.paid(&app, grant).await;
    app.issue_ok(office.ada, declare_underspend(grant, 50))
        .await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ben).await;
    let today = app.today();
    let statement =
        format!("Date,Description,Paid out,Paid in\n{today},REFUND,,50.00\n{today},Rent,400.00,\n");

    // When
    let seen = read_statement(&mut browser, &statement);

    // Then
    let says = visible_text(&seen);
    assert!(
        says.contains("1 money back, 1 not about our payments")
            && says.contains("A group may have sent this back.")
            && says.contains("You do not need to do anything.")
            && says.contains("+£50 ")
            && !says.contains("£50.00"),
        "{says}"
    );

    // When
    let line = seen.text.split("name=\"back\" value=\"").nth(1);
    let line = line.and_then(|rest| rest.split('"').next());
    let line = line.expect("a line to tick").replace("&#x2f;", "/");
    let taken = browser.submit_form(&seen, "/desk/do/bank-entries", &[("back", line.as_str())]);

    // Then
    let says = visible_text(&taken);
    assert!(
        says.contains("1 line is returned money.") && says.contains("We email Cass"),
        "{says}"
    );
    let again = visible_text(&read_statement(&mut browser, &statement));
    assert!(
        again.contains("1 not about our payments, 1 recorded before"),
        "{again}"
    );
}

on_each_engine!(a_line_that_was_kept_to_look_at_is_recorded_before);
async fn a_line_that_was_kept_to_look_at_is_recorded_before(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    two_sent_payments(&app, &office).await;
    let mut browser = signed_in(&app, &address, office.ben).await;
    let file = make_bank_file(&mut browser, &office, "");
    app.catch_up().await;
    let reference = file
        .text
        .lines()
        .last()
        .and_then(|line| line.rsplit(',').next());
    let reference = reference.expect("a payment");
    let today = app.today();
    let statement = format!("Date,Description,Paid out,Paid in\n{today},FPO {reference},1.00,\n");

    // When
    let seen = read_statement(&mut browser, &statement);
    let line = seen.text.split("name=\"settle\" value=\"").nth(1);
    let line = line.and_then(|rest| rest.split('"').next());
    let line = line.expect("a line to tick").replace("&#x2f;", "/");
    let kept = browser.submit_form(&seen, "/desk/do/bank-entries", &[("settle", line.as_str())]);

    // Then
    assert!(
        kept.contains("1 line is kept with its grant. Two people must agree what it is."),
        "{}",
        visible_text(&kept)
    );
    let again = read_statement(&mut browser, &statement);
    assert!(
        again.contains("1 recorded before") && !again.contains("name=\"settle\""),
        "{}",
        visible_text(&again)
    );
}

on_each_engine!(a_batch_that_is_marked_as_sent_names_the_people_of_each_group);
async fn a_batch_that_is_marked_as_sent_names_the_people_of_each_group(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let mut picks = Vec::new();
    for pounds in [900, 650] {
        let (grant, ..) = office.approved(&app, pounds).await;
        picks.push(format!("{grant}/00001"));
    }
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ben).await;
    let fund = office.fund;
    let list = browser.get("/desk/payments?state=approved");
    let path = format!("/desk/do/batch/{fund}");
    let fields: Vec<(&str, &str)> = picks.iter().map(|id| ("payments", id.as_str())).collect();
    let chosen = browser.submit_form(&list, &path, &fields);
    let key = format!("batch-{}-1", app.today());
    let at = chosen.path.clone();
    let pays: Vec<(&str, &str)> = picks.iter().map(|id| ("pay", id.as_str())).collect();
    let fields = [
        &[("form", "bank-file"), ("at", at.as_str())],
        pays.as_slice(),
    ]
    .concat();
    let file = format!("/desk/do/bank-file/{fund}/{key}");
    let file = browser.submit_form(&chosen, &file, &fields);
    assert_eq!(file.status, 200, "{}", visible_text(&file));
    app.catch_up().await;

    // When
    let made = browser.get(&format!("/desk/bank?fund={fund}&batch={key}"));
    let today = app.today().to_string();
    let fields = [
        ("form", "batch-sent"),
        ("at", made.path.as_str()),
        ("do", "sent"),
        ("batch", key.as_str()),
        ("sent_on", today.as_str()),
    ];
    let sent = browser.submit_form(&made, &path, &fields);

    // Then
    let says = visible_text(&sent);
    assert!(
        says.contains("2 payments are marked as sent. Each group hears")
            && says.matches("Cass").count() >= 2,
        "{says}"
    );
    let grant = picks[0].split('/').next().unwrap();
    let page = browser.get(&format!("/desk/payments?grant={grant}"));
    assert!(
        page.contains(" in Batch of ") && !page.contains(&key),
        "{}",
        visible_text(&page)
    );
}

on_each_engine!(an_account_that_was_changed_since_is_in_no_file);
async fn an_account_that_was_changed_since_is_in_no_file(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let rows = two_sent_payments(&app, &office).await;
    let grant: microgrants::projections::GrantRow = app
        .views()
        .find(rows[0].grant, None)
        .await
        .unwrap()
        .unwrap();
    app.issue_ok(
        office.ada,
        Command::Group(grant.group, provide_payee("20-00-00 87654321")),
    )
    .await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ben).await;

    let refused = make_bank_file(&mut browser, &office, "");

    assert!(
        refused.status == 422
            && refused.contains("The bank details have changed since this payment was prepared"),
        "{} {}",
        refused.status,
        visible_text(&refused)
    );
    app.catch_up().await;
    assert!(sent_batch(&app, &office).await.files.is_empty());
    let stranger = person(&app, "Olu").await;
    app.catch_up().await;
    let mut stranger = signed_in(&app, &address, stranger).await;
    assert_eq!(
        stranger.get("/desk/bank").status,
        404,
        "there is no desk for whoever holds no role"
    );
}
