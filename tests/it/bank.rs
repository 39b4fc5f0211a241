//! A bank batch through the desk, from approval to the import of the bank's statement.

use microgrants::domain::Command;
use microgrants::domain::grant::PaymentState;
use microgrants::projections::{BatchRow, PaymentRow};
use microgrants::views::Page;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::browser::Browser;
use crate::cases::Cases;
use crate::house::House;
use crate::office::{Office, approve, provide_payee};
use crate::pages::{signed_in, started, words};
use crate::setting::command_of;

pub fn cases(cases: &mut Cases) {
    cases.both(
        "bank::a_batch_is_a_file_once_and_its_statement_confirms_it",
        batch,
    );
    cases.both(
        "bank::an_account_that_was_changed_since_is_in_no_file",
        changed,
    );
}

async fn payments(house: &House) -> Vec<PaymentRow> {
    house.catch_up().await;
    house
        .views()
        .list(
            None,
            Vec::new(),
            &Page {
                after: None,
                most: 50,
            },
        )
        .await
        .unwrap()
        .items
}

/// Two payments sent in one batch.
async fn sent(house: &House, office: &Office) -> Vec<PaymentRow> {
    let mut lines = Vec::new();
    for pounds in [900, 650] {
        let (grant, ..) = office.prepared(house, pounds).await;
        house
            .takes(office.ben, Command::Grant(grant, approve(1)))
            .await;
        lines.push(json!({ "grant": grant, "payment": 1, "amount": format!("{pounds}.00") }));
    }
    let body = json!({ "batch": "june", "sent_on": house.today(), "payments": lines });
    house
        .takes(
            office.ben,
            command_of("fund", office.fund.0, "send-batch", &body),
        )
        .await;
    payments(house).await
}

async fn sent_batch(house: &House, office: &Office) -> BatchRow {
    let id = BatchRow::id_of(office.fund.0, &crate::office::text("june"));
    house.views().find(&id, None).await.unwrap().unwrap()
}

fn make(browser: &mut Browser, office: &Office, reason: &str) -> crate::browser::Page {
    let page = browser.get("/desk/bank");
    let form = format!("file-{}-june", office.fund);
    browser.fill(
        &page,
        &format!("/desk/do/bank-file/{}/june", office.fund),
        &[("form", &form), ("at", "/desk/bank"), ("reason", reason)],
    )
}

async fn batch(house: House) {
    let (office, address) = started(&house).await;
    sent(&house, &office).await;
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
    let digest = microgrants::log::keys::to_hex(&Sha256::digest(&file.text));
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
        again.says("a file of this batch was made for the bank before"),
        "{}",
        words(&again)
    );
    assert!(
        again.says("A file was made of it before"),
        "the page says so: {}",
        words(&again)
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
        let csrf = page.hidden("csrf");
        browser.send_files(
            "/desk/do/bank-statement",
            &[("csrf", &csrf), ("form", "statement"), ("at", "/desk/bank")],
            &[("file", statement)],
        )
    };
    let wrong = read(&mut browser, "not a statement");
    assert!(
        wrong.status == 422 && wrong.says("neither a CSV file with titles nor an OFX file"),
        "{} {}",
        wrong.status,
        words(&wrong)
    );
    let seen = read(&mut browser, &statement);
    assert!(
        seen.status == 200 && seen.says("3 entries are to be recorded. 1 are about none"),
        "{}",
        words(&seen)
    );
    assert!(
        seen.says("the bank says £1.00, and the payment is £900.00"),
        "{}",
        words(&seen)
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
        let taken = browser.fill(&seen, "/desk/do/bank-entries", &fields);
        assert!(
            taken.status == 200 && taken.path.contains("/desk/payments"),
            "{} {}",
            taken.path,
            words(&taken)
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
        again.says("0 entries are to be recorded"),
        "{}",
        words(&again)
    );
    crate::replay::whole(&house).await;
    crate::projections::equals_a_rebuild(&house).await;
}

async fn changed(house: House) {
    let (office, address) = started(&house).await;
    let rows = sent(&house, &office).await;
    let grant: microgrants::projections::GrantRow = house
        .views()
        .find(&rows[0].grant.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    house
        .takes(
            office.ada,
            Command::Group(grant.group, provide_payee("20-00-00 87654321")),
        )
        .await;
    house.catch_up().await;
    let mut browser = signed_in(&house, &address, office.ben).await;
    let refused = make(&mut browser, &office, "");
    assert!(
        refused.status == 422 && refused.says("is not the one that its payment was prepared for"),
        "{} {}",
        refused.status,
        words(&refused)
    );
    house.catch_up().await;
    assert!(sent_batch(&house, &office).await.files.is_empty());
    let auditor = crate::office::person(&house, "Olu").await;
    house.catch_up().await;
    let mut stranger = signed_in(&house, &address, auditor).await;
    assert_eq!(
        stranger.get("/desk/bank").status,
        404,
        "there is no desk for whoever holds no role"
    );
}
