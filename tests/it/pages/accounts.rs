//! The numbers of an account: advice about what was entered, and roll numbers.

use crate::log::appends::{RawConnection, raw_connection};
use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::test_app::TestApp;

/// A member with the page that asks for the group's own account.
struct Payee {
    browser: Browser,
    page: Page,
    path: String,
}

impl Payee {
    fn send(&mut self, sort: &str, account: &str, roll_number: &str) -> Page {
        let fields = [
            ("form", "payee"),
            ("route", "own_account"),
            ("holder", "Soup and song"),
            ("sort", sort),
            ("account", account),
            ("roll_number", roll_number),
        ];
        self.browser.submit_form(&self.page, &self.path, &fields)
    }
}

/// All events, as the database has them.
async fn log_text(app: &TestApp) -> String {
    let sql = "SELECT CAST(payload AS text) FROM events";
    let rows: Vec<String> = match raw_connection(app).await {
        RawConnection::Postgres(pool) => sqlx::query_scalar(sql).fetch_all(&pool).await.unwrap(),
        RawConnection::Sqlite(pool) => sqlx::query_scalar(sql).fetch_all(&pool).await.unwrap(),
    };
    rows.concat()
}

on_each_engine!(numbers_are_refused_with_advice_and_no_letter_is_dropped);
async fn numbers_are_refused_with_advice_and_no_letter_is_dropped(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (grant, group, member) = office.awarded(&app, 700).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let path = format!("/my/grants/{grant}/payee");
    let page = browser.get(&format!("{path}?route=own_account"));
    let mut payee = Payee {
        browser,
        page,
        path,
    };

    for (sort, account, roll_number, says) in [
        (
            "12-34-56",
            "1234567",
            "",
            "Put noughts in front of a shorter one: 01234567",
        ),
        (
            "12-34-56",
            "123456",
            "",
            "Put noughts in front of a shorter one: 00123456",
        ),
        ("12-34-56", "123456789", "", "Ask your bank which 8 digits"),
        (
            "12-34-56",
            "ROLL 12345678",
            "",
            "enter its letters as the roll number below",
        ),
        ("12-34-5O", "12345678", "", "Enter a sort code of 6 digits"),
        (
            "12-34-56",
            "12345678",
            "A_1",
            "Enter a roll number of up to 18",
        ),
    ] {
        // When
        let refused = payee.send(sort, account, roll_number);

        // Then
        assert!(
            refused.status == 422
                && refused.contains(says)
                && refused.contains(&format!("value=\"{account}\"")),
            "{account}: {} {}",
            refused.status,
            visible_text(&refused)
        );
    }

    // When
    let saved = payee.send("12 34 56", "1234 5678", "a/123456-7");
    let mut desk = signed_in(&app, &address, office.ada).await;
    let record = desk.get(&format!("/desk/groups/{group}"));

    // Then
    assert_eq!(saved.status, 200, "{}", visible_text(&saved));
    assert!(
        record.contains("123456 12345678") && record.contains("A/123456-7"),
        "{}",
        visible_text(&record)
    );
    assert!(
        !log_text(&app).await.contains("123456-7"),
        "it is encrypted"
    );
}
