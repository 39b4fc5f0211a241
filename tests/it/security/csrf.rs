//! Cross-site request forgery: every form of every page, sent from another site and with another
//! browser's token, is refused.

use std::path::Path;

use microgrants::domain::{Command, GrantCommand};

use crate::pages::journeys::signed_in;
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

on_sqlite!(no_form_is_taken_from_elsewhere);
async fn no_form_is_taken_from_elsewhere(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let (grant, group, member) = office.prepared(&house, 700).await;
    office.paid(&house, grant).await;
    let due = serde_json::json!({ "due_on": house.in_days(30) });
    house
        .issue_ok(
            office.ada,
            Command::Grant(
                grant,
                GrantCommand::read("request-update", due).unwrap().unwrap(),
            ),
        )
        .await;
    house.catch_up().await;
    let address = serve(&house, office.ada).address().to_owned();
    let mut browsers = [
        signed_in(&house, &address, office.ada).await,
        signed_in(&house, &address, member).await,
    ];
    let before = house.log.length().await.unwrap();
    let forms = forms();
    assert!(forms.len() > 25, "{forms:?}");
    let mut tried = 0;
    let (id, fund, group) = (
        grant.to_string(),
        office.fund.to_string(),
        group.to_string(),
    );
    let parts: [(&str, &str); 11] = [
        ("{fund}", &fund),
        ("{round}", "first"),
        ("{group}", &group),
        ("{id}", &id),
        ("{noun}", "people"),
        ("{command}", "register"),
        ("{section}", "1"),
        ("{number}", "1"),
        ("{batch}", "one"),
        ("{mail}", &id),
        ("{token}", "00000000-0000-7000-8000-000000000000.0"),
    ];
    for form in &forms {
        let filled = parts
            .iter()
            .fold(form.clone(), |path, (name, is)| path.replace(name, is));
        for (site, own) in [("cross-site", true), ("same-origin", false)] {
            let mut statuses = Vec::new();
            for browser in &mut browsers {
                let mark = if own {
                    browser.get("/account").hidden_field("csrf")
                } else {
                    "0".repeat(64)
                };
                browser.headers = vec![("Sec-Fetch-Site", site.to_owned())];
                let fields = [("csrf", mark.as_str()), ("name", "Mallory")];
                let mut sent = browser.post_fields(&filled, &fields);
                if sent.status != 403 {
                    sent = browser.post_files(&filled, &fields, &[("file", "%PDF-1.4\n%%EOF\n")]);
                }
                browser.headers = Vec::new();
                statuses.push(sent.status);
                tried += 1;
            }
            // Staff and members may get 404, since they may not learn that such a page exists.
            let refused = statuses.contains(&403)
                && statuses.iter().all(|status| [403, 404].contains(status));
            assert!(refused, "{form} from {site}: {statuses:?}");
        }
    }
    assert_eq!(
        (
            house.log.length().await.unwrap(),
            crate::operations::files::stored_files(&house).len()
        ),
        (before, 0),
        "nothing was recorded or kept"
    );
    eprintln!(
        "forms: {} addresses, {tried} forms from elsewhere",
        forms.len()
    );
}
