//! Payments by messages of ISO 20022: the file of a batch is a pain.001, and a camt.053 with the
//! same end-to-end ids confirms its payments.

use microgrants::bank::Layout;
use microgrants::domain::grant::PaymentState;
use serde_json::{Value, json};

use crate::domain::connections::ApiCommands;
use crate::domain::matrix::samples::settings_sample;
use crate::operations::bank::{
    make_bank_file, payments, read_statement, sent_batch, two_sent_payments,
};
use crate::pages::journeys::{signed_in, visible_text};
use crate::projections::read_models::assert_equals_rebuild;
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::Office;
use crate::support::replay;
use crate::support::scenario::command_from_json;
use crate::support::service::serve_with;
use crate::support::steps::{
    accept_agreement, approve_payment, pass_check, prepare_payment, verify_payee,
};
use crate::support::test_app::TestApp;

/// An office whose bank takes messages, with a batch of £900 and £650 at the bank, and the browser
/// of a person of finance.
async fn office_with_batch(app: &TestApp, credit_transfer: Value) -> (Office, Browser) {
    let office = Office::open(app, 10_000).await;
    two_sent_payments(app, &office).await;
    let layout = json!({
        "name": "our bank", "format": "pain.001.001.09", "credit_transfer": credit_transfer,
    });
    let layout: Layout = serde_json::from_value(layout).unwrap();
    let service = serve_with(app, office.ada, |site| site.bank_layout = layout);
    let browser = signed_in(app, service.address(), office.ben).await;
    (office, browser)
}

/// The texts between this start and end.
fn texts<'t>(text: &'t str, start: &str, end: &str) -> Vec<&'t str> {
    text.split(start)
        .skip(1)
        .filter_map(|rest| rest.split(end).next())
        .collect()
}

/// End-to-end id and amount of each payment of a message.
fn payments_of(message: &str) -> Vec<(&str, &str)> {
    let ids = texts(message, "<EndToEndId>", "</EndToEndId>");
    let amounts = texts(message, "<InstdAmt Ccy=\"GBP\">", "</InstdAmt>");
    assert_eq!(ids.len(), amounts.len(), "{message}");
    ids.into_iter().zip(amounts).collect()
}

/// What a bank reports of a message: one entry for all of its payments, one that waits, and that
/// the payment of £650 came back.
fn statement_of(app: &TestApp, message: &str) -> String {
    let today = app.today();
    let transaction = |(id, amount): (&str, &str), indicator: &str| {
        format!(
            "<TxDtls><Refs><EndToEndId>{id}</EndToEndId></Refs><Amt Ccy=\"GBP\">{amount}</Amt>\
                <CdtDbtInd>{indicator}</CdtDbtInd></TxDtls>"
        )
    };
    let entry = |amount: &str, indicator: &str, status: &str, details: &str| {
        format!(
            "<Ntry><Amt Ccy=\"GBP\">{amount}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>\
                <RvslInd>{}</RvslInd><Sts><Cd>{status}</Cd></Sts>\
                <BookgDt><DtTm>{today}T12:00:00Z</DtTm></BookgDt>\
                <NtryDtls>{details}</NtryDtls></Ntry>\n",
            indicator == "CRDT"
        )
    };
    let payments = payments_of(message);
    let out: String = payments
        .iter()
        .map(|payment| transaction(*payment, "DBIT"))
        .collect();
    let returned = payments
        .iter()
        .find(|(_, amount)| *amount == "650.00")
        .expect("a payment of £650");
    let entries = [
        entry("1550.00", "DBIT", "BOOK", &out),
        entry("650.00", "CRDT", "BOOK", &transaction(*returned, "CRDT")),
        entry("10.00", "DBIT", "PDNG", ""),
    ];
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">\n\
            <BkToCstmrStmt><Stmt>{}</Stmt></BkToCstmrStmt></Document>\n",
        entries.concat()
    )
}

/// Uploads a statement, and records every line that is offered as a payment's.
fn record_statement(browser: &mut Browser, statement: &str) -> Page {
    let seen = read_statement(browser, statement);
    let lines: Vec<String> = texts(&seen.text, "name=\"line\" value=\"", "\"")
        .into_iter()
        .map(|line| line.replace("&#x2f;", "/"))
        .collect();
    assert_eq!(lines.len(), 3, "{}", visible_text(&seen));
    let fields: Vec<(&str, &str)> = lines.iter().map(|line| ("line", line.as_str())).collect();
    browser.submit_form(&seen, "/desk/do/bank-entries", &fields)
}

async fn payment_states(app: &TestApp) -> Vec<(String, PaymentState)> {
    let mut states: Vec<_> = payments(app)
        .await
        .into_iter()
        .map(|row| (row.amount.to_string(), row.state))
        .collect();
    states.sort_by(|(one, _), (other, _)| one.cmp(other));
    states
}

on_each_engine!(payments_of_a_message_come_back_in_a_statement);
async fn payments_of_a_message_come_back_in_a_statement(app: TestApp) {
    // Given
    let from = json!({ "holder": "Grants account", "numbers": "20-00-00 00112233" });
    let (office, mut browser) = office_with_batch(&app, json!({ "from": from })).await;

    // When
    let file = make_bank_file(&mut browser, &office, "");

    // Then
    assert_eq!(
        (file.status, file.headers["content-type"].as_str()),
        (200, "application/xml; charset=utf-8"),
        "{}",
        file.text
    );
    assert!(
        file.headers["content-disposition"].contains("june.xml"),
        "{:?}",
        file.headers
    );
    let mut amounts: Vec<&str> = payments_of(&file.text)
        .into_iter()
        .map(|(_, amount)| amount)
        .collect();
    amounts.sort_unstable();
    assert_eq!(amounts, ["650.00", "900.00"]);
    assert_eq!(texts(&file.text, "<CtrlSum>", "</CtrlSum>"), ["1550.00"; 2]);
    assert_eq!(texts(&file.text, "<NbOfTxs>", "</NbOfTxs>"), ["2"; 2]);
    assert!(file.contains("<Nm>Grants account</Nm>"), "{}", file.text);

    // When
    let recorded = record_statement(&mut browser, &statement_of(&app, &file.text));

    // Then
    assert_eq!(recorded.status, 200, "{}", visible_text(&recorded));
    assert_eq!(
        payment_states(&app).await,
        [
            ("£650".to_owned(), PaymentState::Reversed),
            ("£900".to_owned(), PaymentState::Confirmed),
        ]
    );
    replay::replay_log(&app).await;
    assert_equals_rebuild(&app).await;
}

/// The same in MT940: both payments left, and that of £650 came back.
fn mt940_of(app: &TestApp, message: &str) -> String {
    let day = app.today().strftime("%y%m%d").to_string();
    let line = |mark: &str, (id, amount): (&str, &str)| {
        let amount = amount.replace('.', ",");
        format!(":61:{day}{mark}{amount}NTRFNONREF\r\n:86:/EREF/{id}/REMI/GRANT\r\n")
    };
    let payments = payments_of(message);
    let out: String = payments.iter().map(|payment| line("D", *payment)).collect();
    let returned: String = payments
        .iter()
        .filter(|(_, amount)| *amount == "650.00")
        .map(|payment| line("RD", *payment))
        .collect();
    format!(":20:S\r\n:25:1\r\n:28C:1\r\n:60F:C{day}GBP1,00\r\n{out}{returned}-\r\n")
}

on_each_engine!(payments_of_a_message_come_back_in_mt940);
async fn payments_of_a_message_come_back_in_mt940(app: TestApp) {
    // Given
    let from = json!({ "holder": "Grants account", "numbers": "20-00-00 00112233" });
    let (office, mut browser) = office_with_batch(&app, json!({ "from": from })).await;
    let file = make_bank_file(&mut browser, &office, "");

    // When
    let recorded = record_statement(&mut browser, &mt940_of(&app, &file.text));

    // Then
    assert_eq!(recorded.status, 200, "{}", visible_text(&recorded));
    assert_eq!(
        payment_states(&app).await,
        [
            ("£650".to_owned(), PaymentState::Reversed),
            ("£900".to_owned(), PaymentState::Confirmed),
        ]
    );
}

on_each_engine!(a_message_of_the_same_payments_is_the_same_file);
async fn a_message_of_the_same_payments_is_the_same_file(app: TestApp) {
    let from = json!({ "holder": "Grants account", "numbers": "20-00-00 00112233" });
    let (office, mut browser) = office_with_batch(&app, json!({ "from": from })).await;

    let first = make_bank_file(&mut browser, &office, "");
    app.catch_up().await;
    let again = make_bank_file(&mut browser, &office, "The bank's page lost it");

    assert_eq!((first.status, again.status), (200, 200), "{}", again.text);
    assert_eq!(first.text, again.text, "a bank refuses it the second time");
}

on_each_engine!(a_message_names_the_account_of_the_settings);
async fn a_message_names_the_account_of_the_settings(app: TestApp) {
    // Given
    let (office, mut browser) = office_with_batch(&app, json!({})).await;

    // When
    let refused = make_bank_file(&mut browser, &office, "");

    // Then
    assert!(
        refused.status == 422 && refused.contains("names the account that you pay from"),
        "{} {}",
        refused.status,
        visible_text(&refused)
    );
    app.catch_up().await;
    assert!(sent_batch(&app, &office).await.files.is_empty());

    // When
    let (api, id) = (ApiCommands { house: &app }, app.commands.organisation().0);
    let mut settings = settings_sample();
    settings.as_object_mut().unwrap().remove("logo");
    settings["return_account"] = json!({ "holder": "Our office", "numbers": "12-34-56 00654321" });
    let proposal = api
        .issue_ok(office.ada, "organisation/propose-settings", id, settings)
        .await;
    let confirm = json!({ "proposal": proposal });
    api.issue_ok(office.ben, "organisation/confirm-settings", id, confirm)
        .await;
    app.catch_up().await;
    let file = make_bank_file(&mut browser, &office, "");

    // Then
    assert!(
        file.status == 200
            && file.contains("<Nm>Our office</Nm>")
            && file.contains("<Id>00654321</Id>"),
        "{} {}",
        file.status,
        file.text
    );
}

/// A batch at the bank with a payment of £900 to a building society account.
async fn send_to_building_society(app: &TestApp, office: &Office) {
    let (grant, group, member) = office.awarded(app, 900).await;
    let account = json!({
        "holder": "Soup and song", "numbers": "12-34-56 12345678", "roll_number": "a/123456-7",
    });
    let payee = json!({ "route": "own_account", "account": account });
    let provide = command_from_json("group", group.0, "provide-payee", &payee);
    let line = json!({ "grant": grant, "payment": 1, "amount": "900.00" });
    let body = json!({ "batch": "june", "sent_on": app.today(), "payments": [line] });
    let send = command_from_json("fund", office.fund.0, "send-batch", &body);
    for (by, step) in [
        (member, accept_agreement(grant)),
        (member, provide),
        (office.ada, verify_payee(group, 1)),
        (office.ada, pass_check(grant, "identity")),
        (office.ada, prepare_payment(grant, 900)),
        (office.ben, approve_payment(grant, 1)),
        (office.ben, send),
    ] {
        app.issue_ok(by, step).await;
    }
    app.catch_up().await;
}

/// The answer to a request for the file of such a batch, by a layout with these settings.
async fn file_for_building_society(app: &TestApp, credit_transfer: Value) -> Page {
    let office = Office::open(app, 10_000).await;
    send_to_building_society(app, &office).await;
    let layout = json!({
        "name": "our bank", "format": "pain.001.001.09", "credit_transfer": credit_transfer,
    });
    let layout: Layout = serde_json::from_value(layout).unwrap();
    let service = serve_with(app, office.ada, |site| site.bank_layout = layout);
    let mut browser = signed_in(app, service.address(), office.ben).await;
    make_bank_file(&mut browser, &office, "")
}

on_each_engine!(a_roll_number_without_a_place_is_paid_in_another_way);
async fn a_roll_number_without_a_place_is_paid_in_another_way(app: TestApp) {
    let from = json!({ "holder": "Grants account", "numbers": "20-00-00 00112233" });

    let file = file_for_building_society(&app, json!({ "from": from })).await;

    let text = visible_text(&file);
    assert!(
        file.status == 422
            && text.contains("has no place for one")
            && text.contains("enter the roll number as the reference"),
        "{} {text}",
        file.status
    );
}

on_each_engine!(a_roll_number_is_the_reference_where_the_bank_wants_it_so);
async fn a_roll_number_is_the_reference_where_the_bank_wants_it_so(app: TestApp) {
    let from = json!({ "holder": "Grants account", "numbers": "20-00-00 00112233" });
    let settings = json!({ "from": from, "roll_numbers": "as_reference" });

    let file = file_for_building_society(&app, settings).await;

    assert_eq!(file.status, 200, "{}", visible_text(&file));
    assert_eq!(texts(&file.text, "<Ustrd>", "</Ustrd>"), ["A/123456-7"]);
    let payments = payments_of(&file.text);
    assert!(payments[0].0.starts_with("GR"), "{payments:?}");
}
