//! The page on which themes are named, and the pages that show them.

use microgrants::domain::PersonId;
use serde_json::json;

use crate::domain::connections::ApiCommands;
use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::test_app::TestApp;

on_each_engine!(an_administrator_names_the_themes_that_groups_choose_from);
async fn an_administrator_names_the_themes_that_groups_choose_from(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let page = browser.get("/desk/texts/themes");
    assert!(page.contains("Five themes to start from"), "{}", page.text);

    // When two of them have the same name
    let twice = [("name-0", "Dancing"), ("name-1", "Dancing")];
    let wrong = browser.submit_form(&page, "/desk/do/themes", &twice);
    assert!(
        wrong.contains("“Dancing” is in the list already"),
        "{}",
        visible_text(&wrong)
    );

    // When
    let fields = [
        ("key-0", "food"),
        ("name-0", "Food and drink"),
        ("name-0-pl", "Jedzenie i picie"),
        ("name-1", "Dancing"),
    ];
    let saved = browser.submit_form(&page, "/desk/do/themes", &fields);
    assert!(saved.contains("Themes saved"), "{}", visible_text(&saved));
    app.catch_up().await;
    let (application, _, member) = office.draft(&app, 700).await;
    app.catch_up().await;

    // Then
    let mut group = signed_in(&app, &address, member).await;
    let question = group.get(&format!("/my/applications/{application}/answer/activity"));
    let says = visible_text(&question);
    assert!(
        says.contains("Food and drink") && says.contains("Dancing"),
        "{says}"
    );
    assert!(!says.contains("Sport or being outdoors"), "{says}");
}

async fn adopt(app: &TestApp, by: PersonId, key: &str, name: &str) {
    let organisation = app.commands.organisation().0;
    let themes = json!({ "themes": [{ "theme": key, "name": name }] });
    ApiCommands { house: app }
        .issue_ok(by, "organisation/adopt-themes", organisation, themes)
        .await;
    app.catch_up().await;
}

on_each_engine!(pages_show_a_theme_under_the_name_that_it_had);
async fn pages_show_a_theme_under_the_name_that_it_had(app: TestApp) {
    // Given a grant about food
    let (office, address) = serve_office(&app).await;
    adopt(&app, office.ada, "food", "Food and drink").await;
    let (grant, group, _) = office.payable(&app, 1000).await;
    app.catch_up().await;

    // When food is no theme any more
    adopt(&app, office.ada, "dancing", "Dancing").await;

    // Then
    let mut browser = signed_in(&app, &address, office.ada).await;
    for path in [
        format!("/desk/applications/{grant}"),
        format!("/desk/grants/{grant}"),
        format!("/desk/groups/{group}"),
        "/desk/grants?column=theme".to_owned(),
        "/desk/grants?theme=food".to_owned(),
        "/desk/applications?column=theme".to_owned(),
        "/desk/figures".to_owned(),
        "/impact".to_owned(),
        format!("/desk/funds/{}/statement", office.fund),
        "/desk/sheets/grants.csv".to_owned(),
        "/desk/sheets/applications.csv".to_owned(),
    ] {
        let page = browser.get(&path);
        assert!(page.contains("Food and drink"), "{path}: {}", page.text);
    }
    for list in ["grants", "applications"] {
        let page = browser.get(&format!("/desk/{list}?theme=dancing"));
        let says = visible_text(&page);
        assert!(!says.contains("Soup and song"), "{list}: {says}");
        let page = browser.get(&format!("/desk/{list}?theme=food"));
        let says = visible_text(&page);
        assert!(says.contains("Soup and song"), "{list}: {says}");
    }
}
