//! The pages before the first question: each asks for little, and changing the language loses
//! nothing that was typed.

use crate::pages::journeys::{as_fields, serve_office, visible_text, walk_to_draft};
use crate::support::browser::{Browser, Page};
use crate::support::test_app::TestApp;

/// Sends the form of a page of the group with more fields.
fn send(browser: &mut Browser, page: &Page, at: &str, fields: &[(&str, &str)]) -> Page {
    let ask = page.hidden_field("ask");
    let hidden: &[&str] = match ask.as_str() {
        "name" => &["standing", "area"],
        _ => &["name"],
    };
    let kept: Vec<(&str, String)> = hidden
        .iter()
        .map(|name| (*name, page.hidden_field(name)))
        .collect();
    let kept = kept.iter().map(|(name, value)| (*name, value.as_str()));
    let fields: Vec<_> = kept
        .chain([("form", "group"), ("ask", ask.as_str())])
        .chain(fields.iter().copied())
        .collect();
    browser.submit_form(page, at, &fields)
}

on_each_engine!(a_page_with_an_error_says_so_first);
/// As the design system of GOV.UK has it: the title begins with it, the summary has the focus and
/// leads to the field, and the field is described by its error.
async fn a_page_with_an_error_says_so_first(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let at = format!("/apply/{}/first/group", office.fund);
    let mut browser = Browser::new(&address);
    let page = browser.get(&at);
    assert!(!page.contains("<title>Error") && !page.contains("aria-invalid"));
    for (language, title) in [("en", "<title>Error: "), ("pl", "<title>Błąd: ")] {
        browser.get(&format!("/language/{language}?to=/"));
        for typed in ["", " ", "\u{200b}", "\u{a0}\u{feff}\t"] {
            let refused = send(&mut browser, &page, &at, &[("name", typed)]);
            assert_eq!(refused.status, 422, "{typed:?}");
            for shown in [
                title,
                &format!("<html lang=\"{language}\""),
                "role=\"alert\"",
                "autofocus",
                "href=\"#group-name\"",
                "id=\"group-name\"",
                "id=\"group-name-error\"",
                "aria-invalid=\"true\"",
            ] {
                assert!(
                    refused.contains(shown),
                    "{typed:?}: {shown}: {}",
                    refused.text
                );
            }
            let described = refused.text.split("aria-describedby=\"").skip(1);
            let mut described = described.filter_map(|rest| rest.split('"').next());
            assert!(described.any(|ids| ids.contains("group-name-error")));
        }
    }
}

on_each_engine!(the_group_is_asked_for_its_name_and_then_for_two_choices);
async fn the_group_is_asked_for_its_name_and_then_for_two_choices(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let at = format!("/apply/{}/first/group", office.fund);
    let mut browser = Browser::new(&address);
    let name = browser.get(&at);

    // When
    let nameless = send(&mut browser, &name, &at, &[("name", "")]);
    let details = send(&mut browser, &name, &at, &[("name", "Monday soup")]);
    let unsaid = send(&mut browser, &details, &at, &[]);
    let placeless = send(&mut browser, &details, &at, &[("standing", "new")]);
    let both = [("standing", "new"), ("area", "oldham")];
    let you = send(&mut browser, &details, &at, &both);
    let back = browser.get(&format!(
        "{at}?name=Monday+soup&standing=new&area=oldham&ask=name"
    ));

    // Then
    let says_of_standing = "Say whether your group is new";
    let says_of_area = "Choose where your group is";
    assert!(
        nameless.status == 422
            && nameless.contains("Enter the name of your group")
            && !nameless.contains(says_of_standing),
        "{}",
        visible_text(&nameless)
    );
    assert!(
        details.status == 200
            && details.contains("Is your group new?")
            && details.contains("Where is your group?"),
        "{}",
        visible_text(&details)
    );
    assert!(
        unsaid.status == 422 && unsaid.contains(says_of_standing) && unsaid.contains(says_of_area),
        "{}",
        visible_text(&unsaid)
    );
    assert!(
        placeless.status == 422
            && !placeless.contains(says_of_standing)
            && placeless.contains(says_of_area),
        "{}",
        visible_text(&placeless)
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
