//! What a group tells us about its grant: news at any time, and a report that it saves and
//! continues on another device.

use crate::pages::journeys::{serve_office, signed_in, signed_in_officer, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::test_app::TestApp;

const PAPER: &str = "%PDF-1.4\nillustrative\n%%EOF\n";

/// Sends the form of a page with these fields and files, without following redirects.
fn send(
    browser: &mut Browser,
    page: &Page,
    path: &str,
    fields: &[(&str, &str)],
    files: &[(&str, &str)],
) -> Page {
    let (csrf, key) = (page.hidden_field("csrf"), page.hidden_field("key"));
    let unseen = [("csrf", csrf.as_str()), ("key", key.as_str())];
    browser.post_files(path, &[&unseen, fields].concat(), files)
}

fn assert_shows(page: &Page, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text}: {}", visible_text(page));
    }
}

on_each_engine!(news_is_sent_at_any_time_and_read_as_it_was_sent);
async fn news_is_sent_at_any_time_and_read_as_it_was_sent(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, _, member) = office.payable(&app, 900).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let own = format!("/my/grants/{grant}");
    let news = format!("{own}/news");
    assert_shows(&browser.get(&own), &[&format!("href=\"{news}\"")]);

    let page = browser.get(&news);
    let refused = send(
        &mut browser,
        &page,
        &news,
        &[("words", "")],
        &[("pictures", PAPER)],
    );
    assert_eq!(refused.status, 422, "{}", visible_text(&refused));
    assert_shows(
        &refused,
        &[
            "Ask the people in the photos",
            "We have kept these photos: 1.",
        ],
    );
    let kept = refused.hidden_field("kept");
    let fields = [
        ("words", "The new oven works"),
        ("pictured", "Three loaves"),
        ("agreed", "yes"),
        ("kept", kept.as_str()),
    ];
    let sent = send(&mut browser, &refused, &news, &fields, &[]);
    assert_eq!(sent.status, 303, "{}", visible_text(&sent));
    let shown = browser.get(&sent.headers["location"]);
    assert_shows(
        &shown,
        &["Thank you, we have your news and your photo.", "/updates/1"],
    );

    assert_shows(
        &browser.get(&format!("{news}/1")),
        &["The new oven works", &kept],
    );
    assert_eq!(browser.get(&format!("{news}/2")).status, 404);
    let mut officer = signed_in_officer(&app, &office, &address).await;
    assert_shows(
        &officer.get(&format!("/desk/grants/{grant}")),
        &["The new oven works", "Three loaves", "sent news"],
    );
}

on_each_engine!(news_can_be_a_photo_alone);
async fn news_can_be_a_photo_alone(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (grant, _, member) = office.payable(&app, 900).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let news = format!("/my/grants/{grant}/news");
    let page = browser.get(&news);
    let fields = [("words", ""), ("agreed", "yes")];

    // When
    let empty = send(&mut browser, &page, &news, &fields, &[]);
    let photo = [("pictures", PAPER)];
    let sent = send(&mut browser, &empty, &news, &fields, &photo);

    // Then
    assert_eq!(empty.status, 422, "{}", visible_text(&empty));
    assert_shows(&empty, &["Tell us what happened, or add a photo."]);
    assert_eq!(sent.status, 303, "{}", visible_text(&sent));
    let shown = browser.get(&format!("{news}/1"));
    assert_shows(&shown, &["Photos and files"]);
    assert!(
        !shown.contains("What happened?"),
        "{}",
        visible_text(&shown)
    );
    let mut officer = signed_in_officer(&app, &office, &address).await;
    let page = officer.get(&format!("/desk/grants/{grant}"));
    assert_shows(&page, &["sent news", "No words to show."]);
}

on_each_engine!(a_report_is_saved_as_typed_and_continued_on_another_device);
async fn a_report_is_saved_as_typed_and_continued_on_another_device(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, _, member) = office.payable(&app, 900).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let own = format!("/my/grants/{grant}");
    let update = format!("{own}/updates/1");
    let typed = [
        ("words", "So far so g"),
        ("people", "about 20"),
        ("strength-bringing-people-together", "strong"),
        ("sign-bringing-people-together", "Nobody eats alone"),
        ("pictured", "A long table"),
        ("agreed", "yes"),
        ("then", "later"),
    ];
    let page = browser.get(&update);
    let saved = send(&mut browser, &page, &update, &typed, &[("pictures", PAPER)]);
    assert_eq!(saved.status, 303, "{}", visible_text(&saved));
    assert_shows(
        &browser.get(&saved.headers["location"]),
        &["Saved. You can finish it another day"],
    );

    let mut other = signed_in(&app, &address, member).await;
    assert_shows(&other.get(&own), &["Continue your final report"]);
    let page = other.get(&update);
    assert_shows(
        &page,
        &[
            "You saved this on",
            "So far so g",
            "about 20",
            "Nobody eats alone",
            "A long table",
            "We have kept these photos: 1.",
            "Your grant is £900.",
            "name=\"agreed\" type=\"checkbox\" value=\"yes\" checked",
        ],
    );
    let mut officer = signed_in_officer(&app, &office, &address).await;
    let seen = officer.get(&format!("/desk/updates/{grant}/1"));
    assert!(seen.status == 200 && !seen.contains("So far so g"));

    let kept = page.hidden_field("kept");
    let with_people = |people| {
        [
            ("words", "So far so good"),
            ("people", people),
            ("volunteers", "0"),
            ("spent", "0"),
            ("agreed", "yes"),
            ("pictured", "A long table in the street"),
            ("kept", kept.as_str()),
        ]
    };
    let refused = send(&mut other, &page, &update, &with_people("about 20"), &[]);
    assert_eq!(refused.status, 422, "{}", visible_text(&refused));
    assert_shows(&refused, &["So far so good", "Enter how many people came"]);
    let sent = send(&mut other, &refused, &update, &with_people("20"), &[]);
    assert_eq!(sent.status, 303, "{}", visible_text(&sent));
    let shown = other.get(&own);
    assert!(!shown.contains("Continue your final report"));
    assert_shows(&other.get(&update), &["So far so good"]);
    let seen = officer.get(&format!("/desk/updates/{grant}/1"));
    assert_shows(&seen, &["A long table in the street"]);
}

on_each_engine!(too_many_files_lose_nothing_that_was_typed);
async fn too_many_files_lose_nothing_that_was_typed(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, _, member) = office.payable(&app, 900).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let news = format!("/my/grants/{grant}/news");
    let page = browser.get(&news);
    let fields = [("words", "The oven works"), ("agreed", "yes")];
    let files = [("pictures", PAPER); 7];
    let refused = send(&mut browser, &page, &news, &fields, &files);
    assert_eq!(refused.status, 422, "{}", visible_text(&refused));
    let shown = ["Choose up to 6 files at a time", "The oven works"];
    assert_shows(&refused, &shown);
    assert_shows(&refused, &["We have kept these photos"]);
}

on_each_engine!(a_change_of_the_language_keeps_what_was_typed);
async fn a_change_of_the_language_keeps_what_was_typed(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, _, member) = office.payable(&app, 900).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    browser.headers = vec![("Sec-Fetch-Site", "same-origin".to_owned())];
    for (form, part) in [("news", "news"), ("update", "updates/1")] {
        let path = format!("/my/grants/{grant}/{part}");
        let page = browser.get(&path);
        assert_shows(&page, &["Zapisz i czytaj dalej po polsku"]);
        let typed_by = page.hidden_field("typed_by");
        let fields = [
            ("at", path.as_str()),
            ("form", form),
            ("typed_by", typed_by.as_str()),
            ("words", "The oven works"),
            ("then", "language-pl"),
        ];
        let files = [("pictures", PAPER)];
        let changed = send(&mut browser, &page, &path, &fields, &files);
        assert_eq!(changed.status, 303, "{}", visible_text(&changed));
        let shown = browser.get(&changed.headers["location"]);
        assert_eq!(shown.path, path);
        assert_shows(&shown, &["The oven works", "lang=\"pl\"", "name=\"kept\""]);
        browser.get("/language/en?to=/my");
    }
    let own = browser.get(&format!("/my/grants/{grant}"));
    assert!(!own.contains("News that you sent"), "nothing was sent");
}

/// Saves a page's report with these words, as a browser does.
fn save(browser: &mut Browser, page: &Page, path: &str, words: &str) -> Page {
    let shown = page.hidden_field("shown");
    let fields = [
        ("shown", shown.as_str()),
        ("words", words),
        ("then", "later"),
    ];
    send(browser, page, path, &fields, &[])
}

on_each_engine!(a_report_that_was_saved_on_another_device_is_shown_next_to_what_was_typed);
async fn a_report_that_was_saved_on_another_device_is_shown_next_to_what_was_typed(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, _, member) = office.payable(&app, 900).await;
    app.catch_up().await;
    let update = format!("/my/grants/{grant}/updates/1");
    let mut phone = signed_in(&app, &address, member).await;
    let mut computer = signed_in(&app, &address, member).await;
    let (on_phone, on_computer) = (phone.get(&update), computer.get(&update));

    for _ in 0..2 {
        let saved = save(&mut phone, &on_phone, &update, "The oven works");
        assert_eq!(saved.status, 303, "{}", visible_text(&saved));
    }
    let both = save(&mut computer, &on_computer, &update, "Nobody came");
    assert_eq!(both.status, 422, "{}", visible_text(&both));
    let choice = ["Look at both, and choose.", "This is saved now:"];
    assert_shows(&both, &choice);
    assert_shows(&both, &["The oven works", "Nobody came"]);
    let on_phone = phone.get(&update);
    assert!(on_phone.contains("The oven works") && !on_phone.contains("Nobody came"));

    let saved = save(&mut computer, &both, &update, "Nobody came");
    assert_eq!(saved.status, 303, "{}", visible_text(&saved));
    let shown = on_phone.hidden_field("shown");
    let fields = [
        ("shown", shown.as_str()),
        ("words", "The oven works"),
        ("people", "20"),
        ("volunteers", ""),
        ("spent", "700"),
    ];
    let both = send(&mut phone, &on_phone, &update, &fields, &[]);
    assert_eq!(both.status, 422, "{}", visible_text(&both));
    assert_shows(&both, &choice);
    // What is missing is listed next to the question which version to keep.
    assert_shows(
        &both,
        &["The oven works", "Nobody came", "Enter how many people"],
    );
}
