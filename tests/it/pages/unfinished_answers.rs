//! Answers that are saved before they are finished: for later, or to change the language. Nothing
//! that was typed is lost, and the application cannot be sent with them.

use microgrants::domain::application::SaveAnswers;
use microgrants::domain::personal_data::PersonalInput;
use microgrants::domain::{ApplicationCommand, Command};

use crate::pages::journeys::{as_fields, serve_office, signed_in, visible_text, walk_to_draft};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{gbp, text};
use crate::support::steps;
use crate::support::test_app::TestApp;

/// Sends an answer with one of the buttons of its page.
fn answer(browser: &mut Browser, path: &str, answer: &str, then: &str) -> Page {
    let page = browser.get(path);
    let shown = page.hidden_field("shown");
    let fields = [
        ("form", "answer"),
        ("shown", shown.as_str()),
        ("answer", answer),
        ("then", then),
    ];
    browser.submit_form(&page, path, &fields)
}

on_each_engine!(an_unfinished_answer_is_saved_and_never_sent);
async fn an_unfinished_answer_is_saved_and_never_sent(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (application, _, member) = office.draft(&app, 700).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let own = format!("/my/applications/{application}");
    let long = "soup ".repeat(1_100);
    let cases = [
        (
            "amount",
            "850,50",
            "Use a point for pence, not a comma: £850.50",
            "850.50",
        ),
        ("amount", "1.850", "thousands: £1,850", "1850"),
        ("amount", "9000", "Enter an amount between", "900"),
        ("idea", long.trim(), "This is 499 too many", "Soup"),
    ];
    for (section, typed, says, finished) in cases {
        let path = format!("{own}/answer/{section}");

        // When
        let refused = answer(&mut browser, &path, typed, "next");
        let saved = answer(&mut browser, &path, typed, "later");
        app.catch_up().await;
        let again = browser.get(&path);
        let check = browser.get(&format!("{own}/check"));
        let refusal = app
            .issue_refused(member, steps::submit_on_web(application))
            .await;
        let mended = answer(&mut browser, &path, finished, "next");
        app.catch_up().await;
        let ready = browser.get(&format!("{own}/check"));

        // Then
        assert_eq!(refused.status, 422, "{}", visible_text(&refused));
        assert!(refused.contains(says), "{}", visible_text(&refused));
        assert!(
            saved.status == 200 && saved.path.ends_with("/later"),
            "{}",
            visible_text(&saved)
        );
        assert!(
            again.contains(typed) && again.contains(says),
            "{}",
            visible_text(&again)
        );
        assert!(
            check.contains(says) && check.contains(&format!("href=\"#section-{section}\"")),
            "{}",
            visible_text(&check)
        );
        assert_eq!(refusal.code(), "answer_missing", "{section}");
        assert_eq!(mended.status, 200, "{}", visible_text(&mended));
        assert!(
            ready.contains("By sending it you confirm") && !ready.contains(says),
            "{}",
            visible_text(&ready)
        );
    }
    let idea = browser.get(&format!("{own}/answer/idea"));
    assert!(idea.contains("up to 5,000 letters"), "{}", idea.text);
    app.issue_ok(member, steps::submit_on_web(application))
        .await;
}

on_each_engine!(a_sent_application_says_how_to_have_it_changed);
async fn a_sent_application_says_how_to_have_it_changed(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (application, _, member) = office.submitted(&app, 700).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let own = format!("/my/applications/{application}");
    for path in [own.clone(), format!("{own}/done")] {
        let sent = browser.get(&path);
        assert!(
            sent.contains("Phone us, and we will put it right together."),
            "{path}: {}",
            visible_text(&sent)
        );
    }
}

on_each_engine!(an_answer_that_was_checked_leads_back_to_the_answers);
async fn an_answer_that_was_checked_leads_back_to_the_answers(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (application, _, member) = office.draft(&app, 700).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let own = format!("/my/applications/{application}");
    let check = format!("{own}/check");
    let change = format!("{own}/answer/amount?from=check");

    for led in [&check, &own] {
        // When
        let page = browser.get(led);
        assert!(page.contains(&change), "{}", visible_text(&page));
        let page = browser.get(&change);
        assert!(page.contains("Save and go back to my answers"));
        let saved = browser.submit_form(&page, &change, &[("answer", "800"), ("then", "next")]);

        // Then
        assert_eq!((saved.status, saved.path.as_str()), (200, check.as_str()));
    }
}

on_each_engine!(the_page_to_come_back_names_the_way_that_was_given);
async fn the_page_to_come_back_names_the_way_that_was_given(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    for (way, given, names, never) in [
        ("email", "zofia@exmple.org", "Correct it", "Phone us by"),
        (
            "telephone",
            "07700 900112, after 3pm",
            "Phone us by ",
            "Sign in with a link",
        ),
    ] {
        let mut browser = Browser::new(&address);
        let (page, mut fields) = walk_to_draft(&mut browser, &start, "Monday soup", "");
        fields.retain(|(name, _)| name != "email");
        fields.push((way.to_owned(), given.to_owned()));

        let sent = browser.post_fields(&format!("{start}/you"), &as_fields(&fields));
        let first = sent.headers.get("location").cloned().unwrap_or_default();
        let (draft, _) = first.split_once("/answer/").expect("the first question");
        app.catch_up().await;
        let later = browser.get(&format!("{draft}/later"));

        assert!(
            page.contains("autocomplete=\"tel\"") && !page.contains("type=\"tel\""),
            "words can be typed after the number: {}",
            page.text
        );
        assert!(
            later.contains(names) && !later.contains(never),
            "{}",
            visible_text(&later)
        );
        let keep = app.in_days(14);
        let days = later
            .text
            .matches(&keep.strftime("%-d %B %Y").to_string())
            .count();
        assert_eq!(days, 2, "one day only: {}", visible_text(&later));
        let home = browser.get("/");
        assert!(home.contains("href=\"/my\">Continue an application"));
        assert_eq!(
            later.contains("zofia@exmple.org"),
            way == "email",
            "{}",
            visible_text(&later)
        );
    }
}

on_each_engine!(changing_the_language_in_the_header_saves_what_was_typed);
async fn changing_the_language_in_the_header_saves_what_was_typed(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (application, _, member) = office.draft(&app, 700).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let path = format!("/my/applications/{application}/answer/amount");

    let page = browser.get(&path);
    let polish = answer(&mut browser, &path, "12,50", "language-pl");

    let header = page.text.split("</header>").next().unwrap_or_default();
    assert!(
        header.contains("form=\"typed\" name=\"then\" value=\"language-pl\"")
            && !header.contains("/language/pl"),
        "{header}"
    );
    let first = header.find("form=\"typed\"").expect("a button");
    assert!(
        header[first..].starts_with("form=\"typed\" name=\"then\" value=\"next\""),
        "Enter in a field presses the first button of its form: {header}"
    );
    assert!(page.contains("id=\"typed\""), "the header names the form");
    assert!(
        polish.path == path && polish.contains("lang=\"pl\"") && polish.contains("12,50"),
        "{}",
        visible_text(&polish)
    );
    assert!(
        polish.contains("przecinkiem: £12.50"),
        "{}",
        visible_text(&polish)
    );
}

on_each_engine!(only_questions_of_the_form_and_the_amount_are_unfinished);
async fn only_questions_of_the_form_and_the_amount_are_unfinished(app: TestApp) {
    let (office, _) = serve_office(&app).await;
    let (application, _, member) = office.draft(&app, 700).await;
    let save = |answered: &[&str], unfinished: &[&str]| {
        let answer = |key: &&str| (text(key), PersonalInput::Open("about 800".to_owned()));
        let save = SaveAnswers {
            answers: answered.iter().map(answer).collect(),
            unfinished: unfinished.iter().map(|key| text(key)).collect(),
            ..SaveAnswers::default()
        };
        Command::Application(application, ApplicationCommand::SaveAnswers(save))
    };

    for (answered, unfinished) in [
        (&["requested"][..], &[][..]),
        (&[], &["requested"]),
        (&["area"], &["area"]),
        (&[], &["idea"]),
    ] {
        let refusal = app.issue_refused(member, save(answered, unfinished)).await;
        assert_eq!(refusal.code(), "unknown_question", "{answered:?}");
    }
    app.issue_ok(member, save(&["requested"], &["requested"]))
        .await;
    let refusal = app
        .issue_refused(member, steps::submit_on_web(application))
        .await;
    assert_eq!(refusal.code(), "answer_missing");
    let amount = SaveAnswers {
        requested: Some(gbp(800)),
        ..SaveAnswers::default()
    };
    let amount = ApplicationCommand::SaveAnswers(amount);
    app.issue_ok(member, Command::Application(application, amount))
        .await;
    app.issue_ok(member, steps::submit_on_web(application))
        .await;
}
