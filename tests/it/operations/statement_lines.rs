//! Lines of a statement without a direction, without a payment of ours, and without a movement.

use microgrants::domain::GrantId;
use microgrants::domain::grant::{GrantState, PaymentState};
use microgrants::domain::reference::Reference;
use microgrants::export::open_data::Places;
use microgrants::http::open_data::OpenData;
use microgrants::projections::{ApplicationRow, GrantRow, PaymentRow};
use microgrants::views::{GroupBy, Sums};
use serde_json::Value;

use super::open_data::publisher;
use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::projections::read_models::assert_equals_rebuild;
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, gbp};
use crate::support::replay;
use crate::support::service::{Client, serve_with};
use crate::support::steps::{
    approve_payment, close_grant, declare_underspend, excuse_update, send_payment,
};
use crate::support::test_app::TestApp;

/// The reference of a grant's first payment at the bank.
async fn reference_of(app: &TestApp, grant: GrantId) -> String {
    app.catch_up().await;
    let row: ApplicationRow = app.views().find(grant.0, None).await.unwrap().unwrap();
    let reference = Reference::parse(&row.reference).expect("a reference");
    reference.of_payment(1)
}

async fn grant_row(app: &TestApp, grant: GrantId) -> GrantRow {
    app.catch_up().await;
    app.views().find(grant.0, None).await.unwrap().unwrap()
}

async fn payment_state(app: &TestApp, grant: GrantId) -> PaymentState {
    app.catch_up().await;
    let id = format!("{grant}/00001");
    let row: Option<PaymentRow> = app.views().find(id, None).await.unwrap();
    row.expect("a payment").state
}

/// A grant of £900 whose payment is at the bank.
async fn sent(app: &TestApp, office: &Office) -> GrantId {
    let (grant, ..) = office.prepared(app, 900).await;
    app.issue_ok(office.ben, approve_payment(grant, 1)).await;
    app.issue_ok(office.ben, send_payment(grant, 1, app.today()))
        .await;
    grant
}

/// A closed grant of £900 that was paid today.
async fn closed(app: &TestApp, office: &Office) -> GrantId {
    let (grant, ..) = office.prepared(app, 900).await;
    office.paid(app, grant).await;
    app.issue_ok(office.ada, excuse_update(grant)).await;
    app.issue_ok(office.ada, close_grant(grant)).await;
    grant
}

/// Uploads a statement of any bytes.
fn upload(browser: &mut Browser, statement: &[u8]) -> Page {
    const BETWEEN: &str = "between-the-parts";
    let page = browser.get("/desk/bank");
    let csrf = page.hidden_field("csrf");
    let field = |name: &str, value: &str| {
        format!("--{BETWEEN}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = format!(
        "--{BETWEEN}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"s.csv\"\r\n\
            Content-Type: text/csv\r\n\r\n"
    );
    let start = field("csrf", &csrf) + &field("form", "statement") + &field("at", "/desk/bank");
    let body = [
        start.as_bytes(),
        file.as_bytes(),
        statement,
        format!("\r\n--{BETWEEN}--\r\n").as_bytes(),
    ]
    .concat();
    let media = format!("multipart/form-data; boundary={BETWEEN}");
    browser.post_bytes("/desk/do/bank-statement", &media, &body)
}

/// The values of the fields of a page that have a name.
fn values_of(page: &Page, name: &str) -> Vec<String> {
    page.text
        .split(&format!("name=\"{name}\" value=\""))
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().replace("&#x2f;", "/"))
        .collect()
}

on_each_engine!(a_line_without_a_direction_asks_a_person);
async fn a_line_without_a_direction_asks_a_person(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let grant = sent(&app, &office).await;
    let reference = reference_of(&app, grant).await;
    let mut browser = signed_in(&app, &address, office.ben).await;
    let today = app.today();
    let statement = format!("Date,Description,Amount\n{today},{reference},900.00\n");

    // When
    let seen = upload(&mut browser, statement.as_bytes());

    // Then
    let says = visible_text(&seen);
    assert!(
        says.contains("1 to look at")
            && says.contains("£900 out or in")
            && says.contains("The statement does not say if this went out or came in.")
            && says.contains("It went out. The bank has paid it.")
            && says.contains("It came in. It came back: the bank did not pay it."),
        "{says}"
    );
    assert!(values_of(&seen, "line").is_empty(), "nothing is ticked");

    // When it is left for now, and then answered.
    let ways = values_of(&seen, "way-look-1");
    assert_eq!(ways.len(), 3, "{ways:?}");
    let left = browser.submit_form(&seen, "/desk/do/bank-entries", &[("way-look-1", "")]);
    assert!(
        left.contains("Select at least one line."),
        "{}",
        visible_text(&left)
    );
    assert_eq!(payment_state(&app, grant).await, PaymentState::Sent);
    let answer = [("way-look-1", ways[0].as_str())];
    browser.submit_form(&seen, "/desk/do/bank-entries", &answer);

    // Then
    assert_eq!(payment_state(&app, grant).await, PaymentState::Confirmed);
    let again = upload(&mut browser, statement.as_bytes());
    assert!(
        again.contains("1 recorded before"),
        "{}",
        visible_text(&again)
    );
}

on_each_engine!(a_payment_can_come_back_after_its_grant_was_closed);
async fn a_payment_can_come_back_after_its_grant_was_closed(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let grant = closed(&app, &office).await;
    let reference = reference_of(&app, grant).await;
    let mut browser = signed_in(&app, &address, office.ben).await;
    let today = app.today();
    let statement = format!(
        "Date;Description;Amount\n{today};RTN {reference} ACCOUNT CLOSED;900,00\n\
            {today};Rent;-5,00\n"
    );

    // When
    let utf_16: Vec<u8> = statement
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let seen = upload(
        &mut browser,
        &[b"\xff\xfe".as_slice(), utf_16.as_slice()].concat(),
    );
    let lines = values_of(&seen, "line");
    assert_eq!(lines.len(), 1, "{}", visible_text(&seen));
    let ticked = [("line", lines[0].as_str())];
    browser.submit_form(&seen, "/desk/do/bank-entries", &ticked);

    // Then
    assert_eq!(payment_state(&app, grant).await, PaymentState::Reversed);
    let row = grant_row(&app, grant).await;
    assert_eq!((row.state, row.paid), (GrantState::Closed, gbp(0)));
    replay::replay_log(&app).await;
    assert_equals_rebuild(&app).await;
}

on_each_engine!(a_line_that_names_a_group_is_offered_as_money_back);
async fn a_line_that_names_a_group_is_offered_as_money_back(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let grant = closed(&app, &office).await;
    let mut browser = signed_in(&app, &address, office.ben).await;
    let today = app.today();
    let statement = format!(
        "Date,Description,Amount\n{today},SOUP AND SONG WITH THANKS,+100.00\n\
            {today},RECALL SOUP AND SONG,+900.00\n{today},Soup and song hall,-50.00\n"
    );

    // When
    let seen = upload(&mut browser, statement.as_bytes());

    // Then
    let says = visible_text(&seen);
    assert!(
        says.contains("2 money back, 1 not about our payments")
            && says.contains("It may be money back from")
            && says.contains("It may be our payment of £900 that came back from")
            && says.contains("and none of our payments. If it is one, record it"),
        "{says}"
    );
    assert!(
        !seen.contains("\" checked><span class=\"sr\">Record"),
        "nothing is ticked"
    );

    // When
    let back = values_of(&seen, "back");
    assert_eq!(back.len(), 1, "{back:?}");
    let ticked = [("back", back[0].as_str())];
    browser.submit_form(&seen, "/desk/do/bank-entries", &ticked);

    // Then
    let row = grant_row(&app, grant).await;
    assert_eq!(
        (row.state, row.returned, row.paid),
        (GrantState::Closed, gbp(100), gbp(800))
    );
    let again = visible_text(&upload(&mut browser, statement.as_bytes()));
    assert!(again.contains("1 recorded before"), "{again}");
    assert_equals_rebuild(&app).await;
}

on_each_engine!(lines_that_are_not_movements_are_named_on_the_page);
async fn lines_that_are_not_movements_are_named_on_the_page(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let grant = sent(&app, &office).await;
    let reference = reference_of(&app, grant).await;
    let mut browser = signed_in(&app, &address, office.ben).await;
    let today = app.today();
    let statement = format!(
        "Account,£ 1234\nDate,Description,Paid out (£),Paid in (£)\n,Opening balance,,1000.00\n\
            Pending,Card,5.00,\n{today},FPO {reference} 26NOV,900.00,\n,Closing balance,,100.00\n"
    );
    let windows: Vec<u8> = statement
        .chars()
        .map(|c| u8::try_from(u32::from(c)).expect("a letter of Western Europe"))
        .collect();

    // When
    let seen = upload(&mut browser, &windows);

    // Then
    let says = visible_text(&seen);
    assert!(
        says.contains("1 matched")
            && says.contains("Lines we left out")
            && says.contains("Lines 3 and 6: a balance or a total.")
            && says.contains("Line 4: the bank has not finished it yet.")
            && says.contains("Line 1: a heading, a note or nothing paid."),
        "{says}"
    );
}

/// The answer of a row about a grant.
fn answer_about(answers: &[String], grant: GrantId) -> &str {
    let of_grant = |answer: &&String| answer.starts_with(&grant.to_string());
    answers.iter().find(of_grant).expect("an answer")
}

on_each_engine!(a_line_with_a_payee_and_an_amount_waits_for_a_person);
async fn a_line_with_a_payee_and_an_amount_waits_for_a_person(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (one, other) = (sent(&app, &office).await, sent(&app, &office).await);
    let references = [
        reference_of(&app, one).await,
        reference_of(&app, other).await,
    ];
    let mut browser = signed_in(&app, &address, office.ben).await;
    let today = app.today();
    let line = format!("{today},BACS SOUP & SONG LEES,-900.00\n");
    let statement = format!(
        "Date,Description,Amount\n{line}{today},Rent,-900.00\n{today},SOUP AND SONG,-899.00\n"
    );

    // When
    let seen = upload(&mut browser, statement.as_bytes());

    // Then
    let says = visible_text(&seen);
    assert!(
        says.contains("1 to look at, 2 not about our payments")
            && says.contains("It could be payment GR")
            && says.contains("It does not have our reference"),
        "{says}"
    );
    for reference in &references {
        let named = format!("It is payment {reference}: Soup and song, £900");
        assert!(says.contains(&named), "{says}");
    }
    let answers = values_of(&seen, "way-look-1");
    assert_eq!(answers.len(), 3, "{answers:?}");
    assert!(values_of(&seen, "line").is_empty(), "nothing is ticked");

    // When it is left for now, and then chosen.
    browser.submit_form(&seen, "/desk/do/bank-entries", &[("way-look-1", "")]);
    assert_eq!(payment_state(&app, one).await, PaymentState::Sent);
    let chosen = [("way-look-1", answer_about(&answers, other))];
    browser.submit_form(&seen, "/desk/do/bank-entries", &chosen);

    // Then
    assert_eq!(payment_state(&app, one).await, PaymentState::Sent);
    assert_eq!(payment_state(&app, other).await, PaymentState::Confirmed);
    let twice = upload(&mut browser, format!("{statement}{line}").as_bytes());
    let says = visible_text(&twice);
    assert!(
        says.contains("1 to look at, 2 not about our payments, 1 recorded before")
            && says.contains(&format!("It is payment {}:", references[0]))
            && !says.contains(&format!("It is payment {}:", references[1])),
        "{says}"
    );
    assert_equals_rebuild(&app).await;
}

on_each_engine!(a_payment_that_a_line_names_is_not_offered_for_another_line);
async fn a_payment_that_a_line_names_is_not_offered_for_another_line(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (one, other) = (sent(&app, &office).await, sent(&app, &office).await);
    let named = reference_of(&app, one).await;
    let offered = reference_of(&app, other).await;
    let mut browser = signed_in(&app, &address, office.ben).await;
    let today = app.today();
    let statement = format!(
        "Date,Description,Amount,Type\n{today},FPO SOUP AND SONG,900.00,\n\
            {today},FPO {named},900.00,Debit\n"
    );

    // When
    let seen = upload(&mut browser, statement.as_bytes());

    // Then
    let says = visible_text(&seen);
    assert!(
        says.contains("1 matched, 1 to look at")
            && says.contains(&format!("It went out. It is payment {offered}:"))
            && says.contains(&format!("It came back. It was payment {offered}:"))
            && !says.contains(&format!("payment {named}:")),
        "{says}"
    );
}

/// A grant that was paid £900, of which £50 is due back.
async fn owing(app: &TestApp, office: &Office) -> GrantId {
    let (grant, ..) = office.prepared(app, 900).await;
    office.paid(app, grant).await;
    app.issue_ok(office.ada, declare_underspend(grant, 50))
        .await;
    grant
}

on_each_engine!(money_that_several_groups_owe_is_offered_as_each_of_them);
async fn money_that_several_groups_owe_is_offered_as_each_of_them(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (one, other) = (owing(&app, &office).await, owing(&app, &office).await);
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ben).await;
    let today = app.today();
    let statement = format!("Date,Description,Amount\n{today},SOUP AND SONG,+50.00\n");

    // When
    let seen = upload(&mut browser, statement.as_bytes());

    // Then
    let says = visible_text(&seen);
    assert!(
        says.contains("1 money back") && says.contains("It could be money back from Soup and song"),
        "{says}"
    );
    let answers = values_of(&seen, "way-back-1");
    assert_eq!(answers.len(), 3, "{answers:?}");
    assert!(values_of(&seen, "back").is_empty(), "nothing is ticked");

    // When
    let chosen = [("way-back-1", answer_about(&answers, other))];
    browser.submit_form(&seen, "/desk/do/bank-entries", &chosen);

    // Then
    assert_eq!(grant_row(&app, one).await.returned, gbp(0));
    assert_eq!(grant_row(&app, other).await.returned, gbp(50));
    let again = visible_text(&upload(&mut browser, statement.as_bytes()));
    assert!(again.contains("1 recorded before"), "{again}");

    // When one group is left that owes it: a name ticks nothing, and its number does.
    let row: ApplicationRow = app.views().find(one.0, None).await.unwrap().unwrap();
    for (text, is_ticked) in [("SOUP AND SONG", false), (row.reference.as_str(), true)] {
        let statement = format!("Date,Description,Amount\n2026-01-05,{text},+50.00\n");
        let seen = upload(&mut browser, statement.as_bytes());

        // Then
        let says = visible_text(&seen);
        let group_owes = "back from Soup and song: £50 is due";
        assert!(says.contains(group_owes), "{text}: {says}");
        let ticked = "\" checked><span class=\"sr\">Record";
        assert_eq!(seen.contains(ticked), is_ticked, "{text}");
    }
    assert_equals_rebuild(&app).await;
}

/// The only grant of the open data.
fn published_grant(client: &Client) -> Value {
    client.get("/open-data/360giving.json").body["grants"][0].clone()
}

on_each_engine!(a_return_weeks_later_changes_the_budget_and_the_open_data);
/// Row 24 of the review of what people send.
async fn a_return_weeks_later_changes_the_budget_and_the_open_data(app: TestApp) {
    // Given
    let office = Office::open(&app, 10_000).await;
    let (grant, ..) = office.prepared(&app, 900).await;
    office.paid(&app, grant).await;
    app.catch_up().await;
    let client = serve_with(&app, office.ada, |site| {
        site.open_data = Some(OpenData::new(publisher(), Places::illustrative()));
    });
    let before = published_grant(&client);
    assert_eq!(before["amountDisbursed"], 900);
    app.pass_days(21);
    let reference = reference_of(&app, grant).await;
    let mut browser = signed_in(&app, client.address(), office.ben).await;
    let today = app.today();
    let statement = format!("Date,Description,Amount\n{today},RTN {reference},+900.00\n");

    // When
    let seen = upload(&mut browser, statement.as_bytes());
    let lines = values_of(&seen, "line");
    assert_eq!(lines.len(), 1, "{}", visible_text(&seen));
    let ticked = [("line", lines[0].as_str())];
    browser.submit_form(&seen, "/desk/do/bank-entries", &ticked);

    // Then
    assert_eq!(payment_state(&app, grant).await, PaymentState::Reversed);
    let sums = Sums {
        by: GroupBy::Fund,
        fund: None,
        area: None,
        position: i64::MAX,
        effective_on: None,
    };
    let budget = app.views().budget(sums).await.unwrap().lines.remove(0);
    assert_eq!((budget.committed, budget.paid_net), (gbp(900), gbp(0)));
    let after = published_grant(&client);
    assert_eq!(after["amountDisbursed"], 0);
    assert!(
        after["dateModified"].as_str() > before["dateModified"].as_str(),
        "{after}"
    );
}
