//! The pages before the first question: each asks one thing, and changing the language loses
//! nothing that was typed.

use crate::pages::journeys::{as_fields, serve_office, visible_text, walk_to_draft};
use crate::support::browser::{Browser, Page};
use crate::support::test_app::TestApp;

/// Sends the form of a page of the group with one more field.
fn send(browser: &mut Browser, page: &Page, at: &str, field: (&str, &str)) -> Page {
    let ask = page.hidden_field("ask");
    let kept: Vec<(&str, String)> = ["name", "standing", "area"]
        .into_iter()
        .filter(|name| *name != ask)
        .map(|name| (name, page.hidden_field(name)))
        .collect();
    let kept = kept.iter().map(|(name, value)| (*name, value.as_str()));
    let fields: Vec<_> = kept
        .chain([("form", "group"), ("ask", ask.as_str()), field])
        .collect();
    browser.submit_form(page, at, &fields)
}

on_each_engine!(the_group_is_asked_for_one_thing_a_page);
async fn the_group_is_asked_for_one_thing_a_page(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let at = format!("/apply/{}/first/group", office.fund);
    let mut browser = Browser::new(&address);
    let name = browser.get(&at);

    // When
    let nameless = send(&mut browser, &name, &at, ("name", ""));
    let standing = send(&mut browser, &name, &at, ("name", "Monday soup"));
    let unsaid = send(&mut browser, &standing, &at, ("then", ""));
    let area = send(&mut browser, &standing, &at, ("standing", "new"));
    let you = send(&mut browser, &area, &at, ("area", "oldham"));
    let back = browser.get(&format!(
        "{at}?name=Monday+soup&standing=new&area=oldham&ask=name"
    ));

    // Then
    let says_of_standing = "Say whether your group is new";
    assert!(
        nameless.status == 422
            && nameless.contains("Enter the name of your group")
            && !nameless.contains(says_of_standing),
        "{}",
        visible_text(&nameless)
    );
    assert!(
        standing.contains("Is your group new?") && !standing.contains("Where is your group?"),
        "{}",
        visible_text(&standing)
    );
    assert!(
        unsaid.status == 422 && unsaid.contains(says_of_standing),
        "{}",
        visible_text(&unsaid)
    );
    assert!(
        area.contains("Where is your group?") && !area.contains("Is your group new?"),
        "{}",
        visible_text(&area)
    );
    assert!(
        you.path
            .contains("/you?name=Monday+soup&area=oldham&standing=new"),
        "{}",
        you.path
    );
    assert!(back.contains("value=\"Monday soup\""), "{}", back.text);
}

on_each_engine!(changing_the_language_before_the_draft_keeps_what_was_typed);
async fn changing_the_language_before_the_draft_keeps_what_was_typed(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    let mut browser = Browser::new(&address);

    let group = format!("{start}/group");
    let page = browser.get(&group);
    let fields = [("ask", "name"), ("name", "Soup"), ("then", "language-pl")];
    let polish = browser.submit_form(&page, &group, &fields);
    let (_, mut fields) = walk_to_draft(&mut browser, &start, "Monday soup", "zofia@example.org");
    fields.push(("then".to_owned(), "language-en".to_owned()));
    let english = browser.post_fields(&format!("{start}/you"), &as_fields(&fields));
    let next = browser.get("/apply");

    assert!(
        polish.contains("<html lang=\"pl\"") && polish.contains("value=\"Soup\""),
        "{}",
        polish.text
    );
    assert!(
        english.status == 200
            && english.contains("<html lang=\"en\"")
            && english.contains("value=\"Zofia\"")
            && english.contains("value=\"zofia@example.org\""),
        "{} {}",
        english.status,
        english.text
    );
    assert!(next.contains("<html lang=\"en\""), "{}", next.text);
}

on_each_engine!(an_english_text_of_a_fund_is_marked_on_a_polish_page);
async fn an_english_text_of_a_fund_is_marked_on_a_polish_page(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    let mut browser = Browser::new(&address);

    let english = browser.get(&start);
    let polish = browser.get(&format!("/language/pl?to={start}"));

    let note = "tylko po angielsku";
    assert!(
        polish.contains(note) && polish.contains("<p class=\"lead words\" lang=\"en\">"),
        "{}",
        polish.text
    );
    assert!(!english.contains("only in English"), "{}", english.text);
}
