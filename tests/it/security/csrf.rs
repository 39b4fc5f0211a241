//! Cross-site request forgery: every form of every page, sent from another site and with another
//! browser's token, is refused.

use std::path::Path;

use microgrants::domain::{Command, FundId, GrantCommand, GrantId, GroupId};

use crate::pages::journeys::signed_in;
use crate::support::browser::Browser;
use crate::support::fixtures::Office;
use crate::support::folders::files_below;
use crate::support::service::serve;
use crate::support::test_app::TestApp;

/// The paths of all forms, read from the source of the pages.
fn forms() -> Vec<String> {
    let mut found = Vec::new();
    for file in files_below(Path::new("src/http/pages")) {
        let text = std::fs::read_to_string(file).unwrap();
        let takes_one = |rest: &&str| rest.contains("web::post()");
        let resources = text.split("web::resource(\"").skip(1).filter(takes_one);
        found.extend(resources.map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    found
}

/// The paths of all forms, with the ids of one grant in place of their variables.
fn filled_forms(fund: FundId, grant: GrantId, group: GroupId) -> Vec<String> {
    let (id, fund, group) = (grant.to_string(), fund.to_string(), group.to_string());
    let parts: [(&str, &str); 14] = [
        ("{fund}", &fund),
        ("{round}", "first"),
        ("{group}", &group),
        ("{id}", &id),
        ("{application}", &id),
        ("{gathering}", &id),
        ("{session}", "1"),
        ("{noun}", "people"),
        ("{command}", "register"),
        ("{section}", "1"),
        ("{number}", "1"),
        ("{batch}", "one"),
        ("{mail}", &id),
        ("{token}", "00000000-0000-7000-8000-000000000000.0"),
    ];
    let fill = |form: String| {
        parts
            .iter()
            .fold(form, |path, (name, is)| path.replace(name, is))
    };
    forms().into_iter().map(fill).collect()
}

/// Posts a form as a browser does from this kind of site, with its own token or another. Returns
/// the status.
fn post_from(browser: &mut Browser, path: &str, site: &str, own_token: bool) -> u16 {
    let csrf = if own_token {
        browser.get("/account").hidden_field("csrf")
    } else {
        "0".repeat(64)
    };
    let fields = [("csrf", csrf.as_str()), ("name", "Mallory")];
    browser.headers = vec![("Sec-Fetch-Site", site.to_owned())];
    let mut sent = browser.post_fields(path, &fields);
    if sent.status != 403 {
        sent = browser.post_files(path, &fields, &[("file", "%PDF-1.4\n%%EOF\n")]);
    }
    browser.headers = Vec::new();
    sent.status
}

on_sqlite!(no_form_is_taken_from_elsewhere);
async fn no_form_is_taken_from_elsewhere(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (grant, group, member) = office.prepared(&app, 700).await;
    office.paid(&app, grant).await;
    let due = serde_json::json!({ "due_on": app.in_days(30) });
    let request = GrantCommand::read("request-update", due).unwrap().unwrap();
    app.issue_ok(office.ada, Command::Grant(grant, request))
        .await;
    app.catch_up().await;
    let address = serve(&app, office.ada).address().to_owned();
    let mut browsers = [
        signed_in(&app, &address, office.ada).await,
        signed_in(&app, &address, member).await,
    ];
    let forms = filled_forms(office.fund, grant, group);
    assert!(forms.len() > 25, "{forms:?}");
    let before = app.log.length().await.unwrap();
    let mut tried = 0;

    // When
    for form in &forms {
        for (site, own_token) in [("cross-site", true), ("same-origin", false)] {
            let statuses = browsers
                .each_mut()
                .map(|browser| post_from(browser, form, site, own_token));
            tried += statuses.len();
            // Staff and members may get 404, since they may not learn that such a page exists.
            let refused = statuses.contains(&403)
                && statuses.iter().all(|status| [403, 404].contains(status));
            assert!(refused, "{form} from {site}: {statuses:?}");
        }
    }

    // Then
    assert_eq!(
        (
            app.log.length().await.unwrap(),
            crate::operations::files::stored_files(&app).len()
        ),
        (before, 0),
        "nothing was recorded or kept"
    );
    eprintln!(
        "forms: {} addresses, {tried} forms from elsewhere",
        forms.len()
    );
}
