//! Cross-site scripting: markup in every text that a person can type, searched for on every page
//! reachable from the first, for every kind of person.

mod marked_programme;

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use microgrants::domain::Role;

use crate::pages::journeys::signed_in;
use crate::support::browser::Browser;
use crate::support::fixtures::{Office, person};
use crate::support::folders::files_below;
use crate::support::service::{serve, token};
use crate::support::test_app::TestApp;
use marked_programme::{MarkedProgramme, PAYLOAD, assert_every_text_was_sent};

/// Every value on a page is escaped, except components, whose own templates escape what they show,
/// and icons and tags, which show constants only.
#[test]
fn only_components_icons_and_tags_are_not_escaped() {
    for file in files_below(Path::new("templates")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for way in ["|safe", "| safe", "escape"] {
            assert!(!text.contains(way), "{}: {way}", file.display());
        }
    }
    let mut safe = BTreeSet::new();
    for file in files_below(Path::new("src")) {
        let code = std::fs::read_to_string(&file).unwrap();
        for way in ["|safe", "escape = \"none\""] {
            assert!(!code.contains(way), "{}: {way}", file.display());
        }
        for name in code.split("impl HtmlSafe for ").skip(1) {
            let name = name.split([' ', '<']).next().unwrap();
            let before = code.split(&format!("struct {name}")).next().unwrap();
            let attributes = before.rsplit("\n\n").next().unwrap();
            if !["Icon", "Tag"].contains(&name) {
                assert!(
                    attributes.contains("Template"),
                    "{}: {name}",
                    file.display()
                );
            }
            safe.insert(name.to_owned());
        }
    }
    assert!(safe.contains("FormField") && safe.len() > 10, "{safe:?}");
}

on_sqlite!(markup_that_was_typed_is_text_on_every_page);
async fn markup_that_was_typed_is_text_on_every_page(app: TestApp) {
    // Given
    let office = Office::open(&app, 10_000).await;
    let cass = person(&app, PAYLOAD).await;
    let auditor = person(&app, PAYLOAD).await;
    office.give_role(&app, auditor, Role::Auditor).await;
    let ada = serve(&app, office.ada);
    let [ben, own] = [office.ben, cass].map(|person| ada.with_token(&token(&app, person)));
    let programme = MarkedProgramme {
        app: &app,
        office: &office,
        ada: &ada,
        ben: &ben,
        cass: &own,
    };
    programme.write();
    assert_every_text_was_sent();
    crate::audit::transparency_log::sealer(&app)
        .catch_up()
        .await
        .unwrap();
    app.catch_up().await;
    let mut visitors = vec![Browser::new(ada.address())];
    for person in [office.ada, cass, auditor] {
        visitors.push(signed_in(&app, ada.address(), person).await);
    }

    // When
    let pages: Vec<_> = visitors.iter_mut().flat_map(crawl).collect();

    // Then
    for (path, text) in &pages {
        for bad in [
            "<script",
            "script&#62;\"'",
            "script&#62;\"&#39;",
            "<img src=x",
            "onerror=mark()>",
            "mark()&#62;49",
            "mark()&gt;49",
        ] {
            assert!(!text.contains(bad), "{bad} on {path}");
        }
        for own in [
            "input", "label", "fieldset", "details", "section", "div", "svg", "a ",
        ] {
            let escaped = format!("&#60;{own}");
            assert!(!text.contains(&escaped), "our own {escaped} on {path}");
        }
    }
    let showing = pages
        .iter()
        .filter(|(_, text)| text.contains("mark()"))
        .count();
    assert!(showing > 40, "{showing} pages showed what was typed");
    let paths: BTreeSet<_> = pages.iter().map(|(path, _)| path).collect();
    eprintln!(
        "markup: {} addresses looked at, {showing} pages showed it as text",
        paths.len()
    );
}

/// An address without what only says which list a record was opened from, how a list is sorted, and
/// all but one of its filters: there are too many of them.
fn without_list(address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let kept = query
        .split('&')
        .find(|pair| !["", "list", "sort"].contains(&pair.split('=').next().unwrap_or_default()));
    kept.map_or_else(|| path.to_owned(), |pair| format!("{path}?{pair}"))
}

/// Every page that can be reached by links, with its text.
fn crawl(browser: &mut Browser) -> Vec<(String, String)> {
    const PAGES_MAX: usize = 2000;
    let first = [
        "/",
        "/desk",
        "/my",
        "/apply",
        "/impact",
        "/account",
        "/desk/texts",
        "/desk/figures",
        "/desk/panel",
    ];
    let mut waiting: VecDeque<String> = first.map(str::to_owned).into();
    let (mut met, mut pages): (BTreeSet<String>, _) =
        (waiting.iter().cloned().collect(), Vec::new());
    while let Some(path) = waiting.pop_front() {
        assert!(pages.len() < PAGES_MAX, "the pages have no end: {path}");
        let page = browser.get(&path);
        assert!(page.status < 500, "{path}: {}", page.status);
        if !page
            .headers
            .get("content-type")
            .is_some_and(|media| media.starts_with("text/html"))
        {
            continue;
        }
        for link in page
            .text
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
        {
            let link = link.replace("&#38;", "&").replace("&amp;", "&");
            let plain = without_list(link.split('#').next().unwrap_or_default());
            if plain.starts_with('/') && met.insert(plain.clone()) {
                waiting.push_back(plain);
            }
        }
        pages.push((path, page.text));
    }
    pages
}
