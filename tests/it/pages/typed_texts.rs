//! Texts as people type and paste them: control characters, blanks, addresses and phone numbers.

use microgrants::projections::GroupRow;
use microgrants::views::PageRequest;
use serde_json::json;

use super::contacts::person_named;
use super::journeys::{as_fields, serve_office, signed_in, visible_text, walk_to_draft};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::Office;
use crate::support::service::serve;
use crate::support::test_app::TestApp;

/// The names of all groups.
async fn group_names(app: &TestApp) -> Vec<String> {
    app.catch_up().await;
    let rows: Vec<GroupRow> = app
        .views()
        .list(None, Vec::new(), &PageRequest::up_to_max())
        .await
        .unwrap()
        .items;
    rows.into_iter().map(|row| row.name).collect()
}

/// Puts a value into a field of a form.
fn put(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    fields.retain(|(known, _)| known != name);
    fields.push((name.to_owned(), value.to_owned()));
}

on_each_engine!(what_is_pasted_becomes_what_it_means);
async fn what_is_pasted_becomes_what_it_means(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    let mut browser = Browser::new(&address);
    let email = "\u{a0}V2@example.org\u{200b}";
    let (_, mut fields) = walk_to_draft(&mut browser, &start, "Soup\tClub\u{200b}", email);
    put(&mut fields, "person", "Ann\tTa\u{301}b");
    put(
        &mut fields,
        "telephone",
        "+44 (0)161 496 0000, after\u{b}3pm",
    );

    let taken = browser.post_fields(&format!("{start}/you"), &as_fields(&fields));

    assert_eq!(taken.status, 303, "{}", visible_text(&taken));
    assert!(group_names(&app).await.contains(&"Soup Club".to_owned()));
    let ann = person_named(&app, "Ann T\u{e1}b").await;
    assert_eq!(
        ann.email.or(ann.typed_email).as_deref(),
        Some("v2@example.org")
    );
    assert_eq!(
        ann.telephone.as_deref(),
        Some("+441614960000, after 3pm"),
        "a number is kept in one form"
    );
}

/// The page that is shown again after a form for a person was refused.
fn refused_with(
    browser: &mut Browser,
    start: &str,
    fields: &[(String, String)],
    (field, value): (&str, &str),
) -> Page {
    let mut fields = fields.to_vec();
    put(&mut fields, field, value);
    let refused = browser.post_fields(&format!("{start}/you"), &as_fields(&fields));
    assert_eq!(refused.status, 422, "{value}: {}", visible_text(&refused));
    refused
}

on_each_engine!(an_address_or_a_number_that_cannot_be_is_refused_with_the_reason);
async fn an_address_or_a_number_that_cannot_be_is_refused_with_the_reason(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    let mut browser = Browser::new(&address);
    let (_, fields) = walk_to_draft(&mut browser, &start, "Soup", "");
    let before = app.log.length().await.unwrap();
    let long = format!("{}@example.org", "x".repeat(65));
    for (field, typed, says) in [
        ("email", "x@y@example.org", "Enter one email address only."),
        ("email", "x@example.org (home)", "Leave out the brackets"),
        ("email", ".x@example.org", "Check the dots before the @"),
        ("email", "x.@example.org", "Check the dots before the @"),
        ("email", "x@-example.org", "Check the part of the email"),
        ("email", "x@192.0.2.1", "Check the part of the email"),
        ("email", long.as_str(), "before the @ is too long"),
        ("email", "x at example.org", "Enter an email address"),
        ("telephone", "call me", "Enter a phone number"),
        ("telephone", "0161 496", "We could not phone this number."),
        (
            "telephone",
            "0161 496 00001",
            "We could not phone this number.",
        ),
        ("person", "\u{200b}", "Enter your name"),
    ] {
        let refused = refused_with(&mut browser, &start, &fields, (field, typed));
        assert!(
            refused.contains(says),
            "{typed}: {}",
            visible_text(&refused)
        );
    }
    browser.get("/language/pl?to=/");
    for (field, typed, says) in [
        ("email", ".x@example.org", "Sprawdź kropki"),
        ("email", "x@example.org (home)", "nawiasy"),
        ("telephone", "0161 496", "Nie możemy zadzwonić"),
    ] {
        let refused = refused_with(&mut browser, &start, &fields, (field, typed));
        assert!(
            refused.contains(says),
            "{typed}: {}",
            visible_text(&refused)
        );
    }
    assert_eq!(app.log.length().await.unwrap(), before, "nothing is kept");
}

on_each_engine!(the_api_normalises_and_refuses_likewise);
async fn the_api_normalises_and_refuses_likewise(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let client = serve(&app, office.ada);
    let group = |name: &str| json!({ "name": name, "area": "oldham", "standing": "new" });
    for empty in ["\u{200b}", "\u{feff}\u{2060}", "\u{200f}", "\u{7}\u{81}"] {
        let refused = client.post("/api/v1/groups", &group(empty));
        refused.assert_problem(422, "invalid_field");
        assert_eq!(refused.body["field"], "name", "{empty:?}");
    }
    for (typed, kept) in [
        ("Cafe\u{301}", "Caf\u{e9}"),
        ("St Mary\u{92}s", "St Mary\u{2019}s"),
        ("Soup\tClub\u{a0}Two", "Soup Club Two"),
        ("\u{674e}", "\u{674e}"),
        (
            "\u{645}\u{62d}\u{645}\u{62f}",
            "\u{645}\u{62d}\u{645}\u{62f}",
        ),
    ] {
        let taken = client.post("/api/v1/groups", &group(typed));
        assert_eq!(taken.status, 201, "{typed:?}: {}", taken.body);
        assert!(
            group_names(&app).await.contains(&kept.to_owned()),
            "{typed:?}"
        );
    }
    let long = format!("{}@example.org", "x".repeat(65));
    for (email, says) in [
        ("x@y@example.org", "one @"),
        (".x@example.org", "dot"),
        ("x@-example.org", "server"),
        (long.as_str(), "64 characters"),
        ("x@example.org (home)", "brackets"),
    ] {
        let person = json!({ "name": "Cass", "email": email });
        let refused = client.post("/api/v1/people", &person);
        refused.assert_problem(422, "invalid_field");
        assert_eq!(refused.body["field"], "email", "{email}");
        assert!(refused.body.to_string().contains(says), "{}", refused.body);
    }
}

on_each_engine!(names_and_addresses_of_any_kind_are_taken);
async fn names_and_addresses_of_any_kind_are_taken(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let client = serve(&app, office.ada);
    for (name, email, kept) in [
        ("O", "o'brien@example.org", "o'brien@example.org"),
        (
            "\u{674e}",
            "ann+grants@example.org",
            "ann+grants@example.org",
        ),
        (
            "\u{645}\u{62d}\u{645}\u{62f} \u{639}\u{644}\u{6cc}",
            " a@b.example ",
            "a@b.example",
        ),
        (
            "O'Neill-N\u{ed}",
            "\u{a0}nbsp@example.org",
            "nbsp@example.org",
        ),
        ("Ng", "ANN@Example.ORG", "ann@example.org"),
        (
            "Cooks \u{1f469}\u{200d}\u{1f373}",
            "mailto:cook@example.org",
            "cook@example.org",
        ),
    ] {
        let taken = client.post("/api/v1/people", &json!({ "name": name, "email": email }));
        assert_eq!(taken.status, 201, "{name}: {}", taken.body);
        app.catch_up().await;
        let person = person_named(&app, name).await;
        assert_eq!(
            person.email.or(person.typed_email).as_deref(),
            Some(kept),
            "{name}"
        );
    }
    // However an address is spelled, it is one person's.
    let again = json!({ "name": "Ann", "email": "ann@EXAMPLE.org\u{200b}" });
    let refused = client.post("/api/v1/people", &again);
    assert_eq!(refused.code(), "taken", "{}", refused.body);
}

on_each_engine!(an_answer_keeps_its_words_without_control_characters);
async fn an_answer_keeps_its_words_without_control_characters(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (draft, _, member) = office.draft(&app, 900).await;
    let mut browser = signed_in(&app, &address, member).await;
    let at = format!("/my/applications/{draft}/answer/idea");
    let page = browser.get(&at);
    let typed = "Short\u{b}text: it\u{92}s\u{7} a\tcafe\u{301}";

    let saved = browser.submit_form(&page, &at, &[("answer", typed)]);
    app.catch_up().await;
    let answers = app.views().answers(draft.0, None).await.unwrap();

    assert!(saved.status < 400, "{}", visible_text(&saved));
    let idea = answers
        .into_iter()
        .find(|answer| answer.question.as_str() == "idea");
    assert_eq!(
        idea.and_then(|answer| answer.answer).as_deref(),
        Some("Short\ntext: it\u{2019}s a caf\u{e9}")
    );
}
