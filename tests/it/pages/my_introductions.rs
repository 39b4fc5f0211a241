//! Introductions on the pages of people and groups: agreeing, naming a host first, declining
//! kindly, and taking back what one agreed to.

use serde_json::json;

use crate::pages::introductions::{NOTICE, Village, assert_hides, assert_shows};
use crate::pages::journeys::visible_text;
use crate::support::fixtures::person;
use crate::support::test_app::TestApp;

on_each_engine!(a_person_agrees_on_their_own_page);
async fn a_person_agrees_on_their_own_page(app: TestApp) {
    let village = Village::begin(&app).await;
    let guest = person(&app, "Jo Walker").await;
    let id = village.ask(&app, guest).await;
    let path = format!("/my/introductions/{id}");
    let mut own = village.browser(&app, guest).await;
    let asked = "Would you like us to introduce you?";
    assert_shows(&own.get("/my"), &["My introductions", asked, &path]);
    let page = own.get(&path);
    assert_shows(&page, &["Soup on Sundays", "We cook and sing.", NOTICE]);
    assert_hides(&page, &["Connie"]);

    let agree = [
        ("form", "agree"),
        ("notice", "1"),
        ("shares", "name"),
        ("shares", "matters"),
    ];
    let wrong = own.submit_form(&page, &path, &agree);
    assert_eq!(wrong.status, 422, "{}", visible_text(&wrong));
    assert_shows(&wrong, &["Write what matters to you"]);
    let words = [("matters", "Songs")];
    let agreed = own.submit_form(&wrong, &path, &[&agree[..], &words].concat());
    assert_shows(&agreed, &["We have noted that you said yes.", "Your name"]);
    let again = own.submit_form(&agreed, &path, &agree[..3]);
    assert_eq!(again.status, 422, "it was answered before");
    assert_shows(&own.get("/my/agreed"), &["Soup on Sundays", &path]);

    let mut stranger = village.browser(&app, person(&app, "Stranger").await).await;
    assert_eq!(stranger.get(&path).status, 404);
    own.get("/language/pl?to=/my");
    assert_shows(&own.get("/my"), &["Kogo poznaję", "Na co się zgadzasz"]);
}

on_each_engine!(a_group_names_a_host_first_and_sees_nothing_once_it_is_taken_back);
async fn a_group_names_a_host_first_and_sees_nothing_once_it_is_taken_back(app: TestApp) {
    let village = Village::begin(&app).await;
    let guest = person(&app, "Jo Walker").await;
    let id = village.made(&app, guest).await;
    let path = format!("/my/introductions/{id}");
    let mut group = village.browser(&app, village.member).await;
    let overview = group.get("/my");
    let asks = "Someone would like to meet your group: Jo Walker";
    assert_shows(&overview, &[asks, &path]);
    let page = group.get(&path);
    assert_shows(
        &page,
        &["Jo Walker", "A warm room", "Who welcomes them?", "Cass"],
    );
    let email = format!("{}@", guest.0.simple());
    assert_hides(&page, &[&email, "Connie", "at risk"]);

    let nobody = group.submit_form(&page, &path, &[("form", "welcome")]);
    assert_eq!(nobody.status, 422);
    assert_shows(&nobody, &["Choose who welcomes them"]);
    let host = village.member.to_string();
    let welcome = [("form", "welcome"), ("host", host.as_str())];
    let welcomed = group.submit_form(&nobody, &path, &welcome);
    assert_shows(
        &welcomed,
        &["You said they are welcome", "Cass welcomes them."],
    );
    let how = [("form", "say-how"), ("how", "goes_on")];
    let said = group.submit_form(&welcomed, &path, &how);
    assert_shows(&said, &["Thank you for telling us how it went."]);

    let mut own = village.browser(&app, guest).await;
    let page = own.get(&path);
    assert_shows(&page, &["Ask for Cass.", "What they may see"]);
    let taken = own.submit_form(&page, &path, &[("form", "take-back")]);
    assert_shows(
        &taken,
        &["They see nothing about you now.", "You changed your mind"],
    );
    assert_hides(&taken, &["A warm room", "They know that you may come."]);

    // The group's old link, its old form and its overview show nothing more.
    let old = group.get(&path);
    assert_eq!(old.status, 404);
    assert_hides(&old, &["Jo Walker", "A warm room"]);
    let late = group.submit_form(&said, &path, &how);
    assert_eq!(late.status, 404);
    assert_hides(&late, &["Jo Walker", "A warm room"]);
    assert_hides(&group.get("/my"), &["Jo Walker", &path]);
}

on_each_engine!(a_group_declines_kindly);
async fn a_group_declines_kindly(app: TestApp) {
    let village = Village::begin(&app).await;
    let guest = person(&app, "Jo Walker").await;
    let id = village.made(&app, guest).await;
    let path = format!("/my/introductions/{id}");
    let mut group = village.browser(&app, village.member).await;
    let page = group.get(&path);
    let why = group.submit_form(&page, &path, &[("form", "decline")]);
    assert_eq!(why.status, 422);
    let full = [("form", "decline"), ("reason", "full")];
    let declined = group.submit_form(&why, &path, &full);
    assert_eq!(declined.path.split('?').next(), Some("/my"));
    assert_shows(&declined, &["Thank you for telling us."]);
    assert_eq!(group.get(&path).status, 404, "they see nothing more");
    let mut own = village.browser(&app, guest).await;
    assert_shows(&own.get(&path), &["They have no room just now."]);
    assert_hides(&own.get(&path), &["We have no room now"]);
}

on_each_engine!(what_one_agreed_to_is_taken_back_with_one_click);
async fn what_one_agreed_to_is_taken_back_with_one_click(app: TestApp) {
    let village = Village::begin(&app).await;
    let guest = person(&app, "Jo Walker").await;
    let agree = json!({
        "purpose": "invitations", "basis": "soft_opt_in", "notice": 1, "channel": "paper",
    });
    village
        .take(&app, ("person", guest.0), "agree", &agree)
        .await;
    let at = "/my/agreed";
    let mut own = village.browser(&app, guest).await;
    let page = own.get(at);
    let asks = ["Invitations and news", "You said yes on", "Shall we stop"];
    assert_shows(&page, &asks);
    let stop = [("form", "take-back"), ("purpose", "invitations")];
    let stopped = own.submit_form(&page, at, &stop);
    assert_shows(
        &stopped,
        &["we have stopped.", "You have not said yes to this."],
    );
    let again = own.submit_form(&stopped, at, &stop);
    assert_eq!(again.status, 422, "{}", visible_text(&again));
    assert_shows(&again, &["This has already been saved."]);
    let yes = [
        ("form", "agree"),
        ("purpose", "invitations"),
        ("notice", "1"),
    ];
    let agreed = own.submit_form(&again, at, &yes);
    assert_shows(&agreed, &["We have noted that you said yes."]);
}

on_each_engine!(people_and_groups_ask_to_be_introduced);
async fn people_and_groups_ask_to_be_introduced(app: TestApp) {
    let village = Village::begin(&app).await;
    let guest = person(&app, "Jo Walker").await;
    let (_, other) = village.office.group(&app).await;
    app.catch_up().await;
    let at = "/my/introductions/ask";
    let form = format!("{at}?to={}", village.entry);
    let to = village.entry.to_string();
    let ask = [
        ("form", "ask"),
        ("to", to.as_str()),
        ("notice", "1"),
        ("shares", "name"),
    ];
    let mut own = village.browser(&app, guest).await;
    let page = own.get(&form);
    assert_shows(&page, &["Soup on Sundays", NOTICE]);
    assert_hides(&page, &["Who would like to come?"]);
    let asked = own.submit_form(&page, at, &ask);
    assert_shows(&asked, &["You said yes", "Your name"]);
    assert_eq!(own.get(&format!("{at}?to={}", guest.0)).status, 404);

    let mut fellow = village.browser(&app, other).await;
    let page = fellow.get(&form);
    assert_shows(&page, &["Who would like to come?", "Soup and song"]);
    let stranger = [("of", to.as_str())];
    let wrong = fellow.submit_form(&page, at, &[&ask[..], &stranger].concat());
    assert_eq!(wrong.status, 422, "only for a group of their own");
    let mine = [("of", "myself")];
    let asked = fellow.submit_form(&wrong, at, &[&ask[..], &mine].concat());
    assert_shows(&asked, &["You said yes"]);
}
