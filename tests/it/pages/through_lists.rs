//! Working through the lists of the desk: the next record after one was acted on, names that
//! change, and what the lists and the sidebar show.

use microgrants::domain::ApplicationId;
use microgrants::projections::ApplicationRow;
use microgrants::views::{ApplicationColumn, Filter, ListOrder, ListSelection};
use serde_json::json;

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::fixtures::reach_by_phone_only;
use crate::support::scenario::command_from_json;
use crate::support::steps::confirm_eligibility;
use crate::support::test_app::TestApp;

on_each_engine!(after_a_record_left_its_list_the_one_after_it_is_next);
async fn after_a_record_left_its_list_the_one_after_it_is_next(app: TestApp) {
    // Given three applications to check
    let (office, address) = serve_office(&app).await;
    for asked in [500, 600, 700] {
        office.submitted(&app, asked).await;
    }
    app.catch_up().await;
    let list = ListSelection {
        as_at: None,
        filters: vec![Filter::in_state(["submitted"])],
        order: ListOrder {
            key: ApplicationColumn::Urgency.key(),
            descending: false,
        },
    };
    let rows: Vec<ApplicationRow> = app.views().whole_list(&list).await.unwrap();
    let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();

    // When the second is marked as eligible
    app.issue_ok(office.ada, confirm_eligibility(ApplicationId(rows[1].id)))
        .await;
    app.catch_up().await;

    // Then the third is next, and not the first
    let near = app.views().list_neighbours(&list, &ids[1]).await.unwrap();
    assert_eq!(
        (near.number, near.previous, near.next),
        (None, Some(ids[0].clone()), Some(ids[2].clone()))
    );
    let mut browser = signed_in(&app, &address, office.ada).await;
    let page = browser.get(&format!(
        "/desk/applications/{}?list=state%3Dsubmitted",
        ids[1]
    ));
    assert!(page.contains("2 left"), "{}", visible_text(&page));
}

on_each_engine!(a_list_shows_the_new_name_of_a_group_at_its_next_reading);
async fn a_list_shows_the_new_name_of_a_group_at_its_next_reading(app: TestApp) {
    // Given a list that was read, so that its names are cached
    let (office, address) = serve_office(&app).await;
    let (_, group, _) = office.submitted(&app, 700).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let states = "/desk/applications?state=submitted&state=eligible";
    let before = browser.get(states);
    assert!(before.contains("Soup and song"), "{}", before.text);

    // When
    let body = json!({
        "name": "Song and stew", "area": "oldham", "reason": "They said so",
    });
    app.issue_ok(
        office.ada,
        command_from_json("group", group.0, "correct", &body),
    )
    .await;
    app.catch_up().await;

    // Then
    let after = browser.get(states);
    assert!(
        after.contains("Song and stew") && !after.contains("Soup and song"),
        "{}",
        visible_text(&after)
    );
    let groups = browser.get("/desk/groups");
    assert!(
        groups.contains("Song and stew</a><span class=\"sub\">Oldham</span>"),
        "the area is below the name: {}",
        groups.text
    );
}

on_each_engine!(pages_without_a_room_of_their_own_are_marked_in_the_sidebar);
async fn pages_without_a_room_of_their_own_are_marked_in_the_sidebar(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ben).await;
    for (page, room) in [
        ("/desk/bank", "/desk/payments"),
        ("/desk/tell", "/desk"),
        ("/desk/open-data", "/desk/figures"),
    ] {
        let shown = browser.get(page);
        let marked = format!("href=\"{room}\" aria-current=\"page\"");
        assert!(shown.contains(&marked), "{page}: {}", shown.text);
    }
}

on_each_engine!(figures_have_no_column_for_judgements_that_nobody_gave);
async fn figures_have_no_column_for_judgements_that_nobody_gave(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;

    let page = browser.get("/desk/figures");

    assert!(
        page.contains("Groups say") && !page.contains("We say"),
        "{}",
        visible_text(&page)
    );
}

on_each_engine!(the_list_of_funds_shows_funders_and_rounds_by_month);
async fn the_list_of_funds_shows_funders_and_rounds_by_month(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;

    let page = browser.get("/desk/funds");

    assert!(
        page.contains("<a href=\"/desk/funders/health-partnership\">Health Partnership</a>")
            && page.contains("<span class=\"num\">£10,000</span>")
            && page.contains("aria-label=\"When rounds are open and panels meet, by month."),
        "{}",
        page.text
    );
}

on_each_engine!(the_log_names_the_group_of_an_entry);
async fn the_log_names_the_group_of_an_entry(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (application, ..) = office.submitted(&app, 700).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;

    let page = browser.get(&format!("/desk/log?stream={application}"));

    assert!(page.contains("Application, Soup and song"), "{}", page.text);
}

on_each_engine!(a_spreadsheet_with_contacts_says_so_to_those_who_get_them);
async fn a_spreadsheet_with_contacts_says_so_to_those_who_get_them(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let says = "for letters to all";

    assert!(browser.get("/desk/groups").contains(says));
    assert!(!browser.get("/desk/people").contains(says));
}

on_each_engine!(the_languages_of_the_settings_are_folded);
async fn the_languages_of_the_settings_are_folded(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;

    let page = browser.get("/desk/settings");

    assert!(
        page.contains("<details class=\"more\"><summary>Languages of your area</summary>"),
        "{}",
        page.text
    );
}

on_each_engine!(a_group_shows_what_each_application_is_for);
async fn a_group_shows_what_each_application_is_for(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (_, group, _) = office.ready(&app, 700).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;

    let page = browser.get(&format!("/desk/groups/{group}"));

    assert!(
        page.contains("<span class=\"sub\">Soup on Saturdays</span>"),
        "{}",
        page.text
    );
}

on_each_engine!(a_phone_number_on_the_list_of_reports_stays_on_one_line);
async fn a_phone_number_on_the_list_of_reports_stays_on_one_line(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (_, _, member) = office.payable(&app, 700).await;
    reach_by_phone_only(&app, member, "Cass").await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;

    let page = browser.get("/desk/updates");

    assert!(
        page.contains("07700\u{a0}900\u{a0}233"),
        "{}",
        visible_text(&page)
    );
}
