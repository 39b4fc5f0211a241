//! Error pages: each has the frame of the site, the visitor's language and the office's phone
//! number, and none shows what a parser says.

use serde_json::json;

use super::journeys::{serve_office, signed_in, signed_in_officer, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::Office;
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

/// Words of programs, which no page says.
const OF_PROGRAMS: [&str; 6] = [
    "idempotency",
    "content-type",
    "multipart",
    "payload",
    "csrf",
    "uuid",
];

async fn set_phone_number(app: &TestApp, office: &Office) {
    let organisation = app.commands.organisation().0;
    let settings = json!({
        "name": "Neighbours",
        "telephone": "0161 496 0000",
        "hours": "Monday to Thursday, 10am to 3pm",
        "languages": [],
    });
    for (by, name, body) in [
        (office.ada, "propose-settings", settings),
        (office.ben, "confirm-settings", json!({ "proposal": 1 })),
    ] {
        let command = command_from_json("organisation", organisation, name, &body);
        app.issue_ok(by, command).await;
    }
    app.catch_up().await;
}

fn assert_page(page: &Page, status: u16, title: &str, parts: &[&str]) {
    let says = visible_text(page);
    assert_eq!(page.status, status, "{says}");
    assert!(page.contains(&format!("<h1>{title}</h1>")), "{says}");
    for part in parts {
        assert!(page.contains(part), "{status} lacks {part}: {}", page.text);
    }
    for word in OF_PROGRAMS {
        assert!(!says.to_lowercase().contains(word), "{word}: {says}");
    }
}

on_each_engine!(an_error_page_has_the_frame_the_language_and_the_phone_number);
async fn an_error_page_has_the_frame_the_language_and_the_phone_number(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    set_phone_number(&app, &office).await;
    let mut visitor = Browser::new(&address);
    let too_large = vec![b'x'; 600_000];
    let titles = [
        (
            "en",
            [
                "We can’t find that page",
                "This page only opens from a form",
                "Please load the page again",
                "Sorry, that is too large",
            ],
        ),
        (
            "pl",
            [
                "Nie możemy znaleźć tej strony",
                "Tę stronę otwiera tylko formularz",
                "Wczytaj stronę ponownie",
                "To jest za duże",
            ],
        ),
    ];
    for (language, [lost, no_form, expired, large]) in titles {
        visitor.get(&format!("/language/{language}?to=/"));
        let html = format!("<html lang=\"{language}\">");
        let parts = [
            html.as_str(),
            "class=\"brand\"",
            "class=\"foot\"",
            "href=\"tel:01614960000\"",
            "Monday to Thursday, 10am to 3pm",
        ];

        let page = visitor.get("/nowhere");
        assert_page(&page, 404, lost, &parts);
        assert!(
            page.contains("to=%2Fnowhere"),
            "the languages keep the page"
        );
        let page = visitor.get("/sign-out");
        assert_page(&page, 405, no_form, &parts);
        let page = visitor.post_fields("/sign-in", &[("email", "a@example.org")]);
        assert_page(&page, 403, expired, &parts);
        let form = "application/x-www-form-urlencoded";
        let page = visitor.post_bytes("/sign-in", form, &too_large);
        assert_page(&page, 413, large, &parts);
        let page = visitor.post_fields(&format!("/sign-in/{}", "0".repeat(64)), &[]);
        assert_page(&page, 403, expired, &parts);
        assert!(!page.contains("to=%2Fsign-in"), "a secret is not repeated");
    }
}

on_each_engine!(staff_keep_the_frame_of_the_office);
async fn staff_keep_the_frame_of_the_office(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    let mut stranger = Browser::new(&address);
    let parts = ["class=\"desk\"", "href=\"/desk\""];

    let page = ada.get("/desk/nowhere");
    assert_page(&page, 404, "We can’t find that page", &parts);
    // A form that is not one of files.
    ada.headers = vec![("Accept", "text/html".to_owned())];
    let page = ada.post_fields("/desk/do/settings", &[("name", "Neighbours")]);
    assert_page(&page, 400, "Sorry, that did not work", &parts);
    let mut officer = signed_in_officer(&app, &office, &address).await;
    let page = officer.get(&format!("/desk/panel/{}/first/record", office.fund));
    assert_page(&page, 403, "You can’t see this page", &parts);
    assert!(
        page.contains("another role") && !page.contains("Phone us on"),
        "{}",
        visible_text(&page)
    );
    let page = stranger.get("/nowhere");
    assert!(page.contains("class=\"open\""), "{}", page.text);
}
