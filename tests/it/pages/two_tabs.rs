//! The same question open in two tabs: the second is asked before it replaces the answer of the
//! first.

use crate::pages::journeys::{signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::Office;
use crate::support::service::serve;
use crate::support::test_app::TestApp;

/// Sends the form of an answer as its page shows it.
fn answer(browser: &mut Browser, page: &Page, path: &str, answer: &str) -> Page {
    let shown = page.hidden_field("shown");
    let fields = [
        ("form", "answer"),
        ("shown", shown.as_str()),
        ("answer", answer),
        ("then", "next"),
    ];
    browser.submit_form(page, path, &fields)
}

/// Whether the field of a page holds a text.
fn holds(page: &Page, text: &str) -> bool {
    page.contains(&format!("value=\"{text}\"")) || page.contains(&format!("\n{text}</textarea>"))
}

on_each_engine!(an_answer_of_another_tab_is_not_replaced_unasked);
async fn an_answer_of_another_tab_is_not_replaced_unasked(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (application, _, member) = office.draft(&app, 700).await;
    app.catch_up().await;
    let address = serve(&app, office.ada).address().to_owned();
    let mut browser = signed_in(&app, &address, member).await;
    let cases = [
        ("idea", "Soup on Mondays", "Soup on Fridays"),
        ("amount", "810", "820"),
    ];
    for (section, one, two) in cases {
        let path = format!("/my/applications/{application}/answer/{section}");
        let first = browser.get(&path);
        let second = browser.get(&path);

        // When
        let saved = answer(&mut browser, &first, &path, one);
        let repeated = answer(&mut browser, &first, &path, one);
        let asked = answer(&mut browser, &second, &path, two);
        let untouched = browser.get(&path);
        let chosen = answer(&mut browser, &asked, &path, two);
        let replaced = browser.get(&path);

        // Then
        assert_eq!(saved.status, 200, "{}", visible_text(&saved));
        assert_eq!(repeated.status, 200, "sent twice is no other answer");
        assert!(
            asked.status == 422
                && asked.contains("This answer is saved now:")
                && visible_text(&asked).contains(one)
                && holds(&asked, two),
            "{section}: {}",
            visible_text(&asked)
        );
        assert!(holds(&untouched, one), "{}", visible_text(&untouched));
        assert_eq!(chosen.status, 200, "{}", visible_text(&chosen));
        assert!(
            holds(&replaced, two) && !holds(&replaced, one),
            "{section}: {}",
            visible_text(&replaced)
        );
    }
}
