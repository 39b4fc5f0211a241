//! The organisation's settings: who changes them, what the pages make of them, and what the audit
//! finds if one person did both parts.

use std::collections::BTreeSet;
use std::io::Cursor;

use microgrants::audit::RuleChecker;
use microgrants::commands::{Caller, CommandRequest};
use microgrants::domain::organisation::{FoundOrganisation, NameFounder};
use microgrants::domain::{Command, OrganisationCommand, PersonId, Role};
use microgrants::projections::OrganisationRow;
use serde_json::{Value, json};

use crate::audit::transparency_log::{payload_casts, rewrite_log, rewrite_payloads};
use crate::domain::connections::ApiCommands;
use crate::domain::matrix::samples::settings_sample;
use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, person, text};
use crate::support::service::{serve, serve_with};
use crate::support::test_app::TestApp;

const PAGE: &str = "/desk/settings";

/// Settings with an account to which groups return money.
fn with_return_account() -> Value {
    let mut settings = settings("An office");
    settings["return_account"] =
        json!({ "holder": "Neighbourhood Action", "numbers": "12-34-56 12345678" });
    settings
}

/// Settings without a logo.
fn settings(name: &str) -> Value {
    let mut settings = settings_sample();
    settings.as_object_mut().unwrap().remove("logo");
    settings["name"] = json!(name);
    settings
}

async fn organisation(app: &TestApp) -> OrganisationRow {
    app.catch_up().await;
    app.views()
        .find(app.commands.organisation(), None)
        .await
        .unwrap()
        .unwrap()
}

/// Proposes and confirms settings, as two administrators do.
async fn set(app: &TestApp, office: &Office, settings: Value) {
    let (api, id) = (ApiCommands { house: app }, app.commands.organisation().0);
    let proposal = api
        .issue_ok(office.ada, "organisation/propose-settings", id, settings)
        .await;
    let confirm = json!({ "proposal": proposal });
    api.issue_ok(office.ben, "organisation/confirm-settings", id, confirm)
        .await;
}

async fn name_founder(app: &TestApp, person: PersonId) {
    let founder = OrganisationCommand::NameFounder(NameFounder {
        person,
        roles: BTreeSet::from([Role::Administrator]),
    });
    as_operator(app, founder).await;
}

async fn as_operator(app: &TestApp, command: OrganisationCommand) {
    let command = Command::Organisation(app.commands.organisation(), command);
    let request = CommandRequest::new(Caller::operator(), command);
    app.commands.execute(request).await.expect("taken");
}

on_each_engine!(settings_take_two_administrators);
async fn settings_take_two_administrators(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (api, id) = (ApiCommands { house: &app }, app.commands.organisation().0);
    let officer = person(&app, "Olive").await;
    api.give_role(&office, officer, "officer").await;
    let (set, propose, confirm, refuse) = (
        "organisation/set-settings",
        "organisation/propose-settings",
        "organisation/confirm-settings",
        "organisation/refuse-settings",
    );

    // When
    api.assert_refused(office.ada, "needs_two_people", set, id, settings("One"))
        .await;
    api.assert_refused(officer, "not_yours", propose, id, settings("One"))
        .await;
    let first = api.issue_ok(office.ada, propose, id, settings("One")).await;
    let second = api.issue_ok(office.ada, propose, id, settings("Two")).await;

    // Then
    assert_eq!((first, second), (Some(1), Some(2)));
    let row = organisation(&app).await;
    assert_eq!((row.name.as_str(), row.settings), ("An anchor", None));
    for (by, code, proposal) in [
        (office.ben, "not_proposed", 1),
        (office.ada, "same_person", 2),
        (officer, "not_yours", 2),
    ] {
        api.assert_refused(by, code, confirm, id, json!({ "proposal": proposal }))
            .await;
    }

    // When
    api.issue_ok(office.ben, confirm, id, json!({ "proposal": 2 }))
        .await;

    // Then
    let row = organisation(&app).await;
    assert_eq!(row.name, "Two");
    let in_force = row.settings.expect("they are set");
    assert_eq!(in_force.version, 1);
    assert_eq!(
        serde_json::to_value(&in_force.values).unwrap(),
        settings("Two")
    );
    assert_eq!(row.proposed_settings, None);
    api.assert_refused(office.ada, "no_change", propose, id, settings("Two"))
        .await;

    // When
    api.issue_ok(office.ben, propose, id, settings("Three"))
        .await;
    let because = json!({ "proposal": 3, "reason": "A slip" });
    api.issue_ok(office.ada, refuse, id, because).await;

    // Then
    api.assert_refused(
        office.ada,
        "not_proposed",
        confirm,
        id,
        json!({ "proposal": 3 }),
    )
    .await;
    assert_eq!(organisation(&app).await.name, "Two");
    crate::projections::read_models::assert_equals_rebuild(&app).await;
    crate::support::replay::replay_log(&app).await;
}

on_each_engine!(the_first_administrator_sets_them_alone_until_there_are_two);
async fn the_first_administrator_sets_them_alone_until_there_are_two(app: TestApp) {
    // Given
    let (api, id) = (ApiCommands { house: &app }, app.commands.organisation().0);
    let found = FoundOrganisation {
        name: text("Our organisation"),
        simulated: None,
    };
    as_operator(&app, OrganisationCommand::Found(found)).await;
    let ada = person(&app, "Ada").await;
    name_founder(&app, ada).await;
    let set = "organisation/set-settings";
    api.assert_refused(ada, "needs_two_people", set, id, with_return_account())
        .await;

    // When
    api.issue_ok(ada, set, id, settings("An office")).await;

    // Then
    assert_eq!(organisation(&app).await.name, "An office");
    let address = serve(&app, ada).address().to_owned();
    let mut browser = signed_in(&app, &address, ada).await;
    let page = browser.get(PAGE);
    assert!(
        page.contains("You are the only administrator so far"),
        "{}",
        visible_text(&page)
    );
    let page = submit(&mut browser, &page, &[("name", "Our own office")], None);
    assert_eq!(page.status, 200, "{}", visible_text(&page));
    assert_eq!(organisation(&app).await.name, "Our own office");

    // When
    name_founder(&app, person(&app, "Ben").await).await;

    // Then
    api.assert_refused(ada, "needs_two_people", set, id, settings("Another"))
        .await;
    assert!(browser.get(PAGE).contains("Propose these settings"));
    crate::support::replay::replay_log(&app).await;
}

on_each_engine!(the_account_for_returns_is_not_public);
async fn the_account_for_returns_is_not_public(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (_, member) = office.group(&app).await;

    // When
    set(&app, &office, with_return_account()).await;
    app.catch_up().await;

    // Then
    let read = |who| serve(&app, who).get("/api/v1/organisation");
    let (staff, group) = (read(office.ada), read(member));
    assert_eq!((staff.status, group.status), (200, 200));
    assert_eq!(
        staff.body["settings"]["values"]["return_account"]["numbers"], "123456 12345678",
        "{}",
        staff.body
    );
    assert_eq!(group.body["settings"]["values"]["name"], "An office");
    assert!(
        !group.body.to_string().contains("12345678"),
        "{}",
        group.body
    );
}

on_each_engine!(a_pale_accent_is_refused_with_the_nearest_that_works);
async fn a_pale_accent_is_refused_with_the_nearest_that_works(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let client = serve(&app, office.ada);
    let mut pale = settings("An anchor");
    pale["accent"] = json!("#ffd400");

    let refused = client.post("/api/v1/organisation/propose-settings", &pale);

    refused.assert_problem(422, "accent_too_pale");
    assert_eq!(refused.body["field"], "accent", "{}", refused.body);
    let detail = refused.body["detail"].as_str().unwrap();
    let (_, nearest) = detail.rsplit_once(' ').unwrap();
    let mut works = pale.clone();
    works["accent"] = json!(nearest);
    let taken = client.post("/api/v1/organisation/propose-settings", &works);
    assert!(taken.status < 300, "{detail}: {}", taken.body);
}

on_each_engine!(the_office_is_reached_as_people_are);
async fn the_office_is_reached_as_people_are(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let client = serve(&app, office.ada);
    let with = |field: &str, value: &str| {
        let mut typed = settings("An anchor");
        typed[field] = json!(value);
        typed
    };
    for (field, value, why) in [
        ("telephone", "0161 496 000", "phone number"),
        ("email", ".x@example.org", "no dot"),
        ("email", "x@-example.org", "server"),
    ] {
        let typed = with(field, value);
        let refused = client.post("/api/v1/organisation/propose-settings", &typed);
        refused.assert_problem(422, "contact_unfit");
        assert_eq!(refused.body["field"], field, "{value}: {}", refused.body);
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains(why), "{detail}");
    }

    let mut typed = with("telephone", "+44 (0)161 4960999");
    typed["email"] = json!("mailto:Office@Example.org");
    set(&app, &office, typed).await;

    let in_force = organisation(&app).await.settings.expect("they are set");
    let values = serde_json::to_value(&in_force.values).unwrap();
    assert_eq!(
        (&values["telephone"], &values["email"]),
        (&json!("0161 496 0999"), &json!("office@example.org"))
    );
    crate::support::replay::replay_log(&app).await;
}

/// Sends the form of the settings, with a logo if there is one, and follows the redirect.
fn submit(
    browser: &mut Browser,
    page: &Page,
    fields: &[(&str, &str)],
    logo: Option<&[u8]>,
) -> Page {
    const BETWEEN: &str = "between-the-parts";
    let (csrf, key) = (page.hidden_field("csrf"), page.hidden_field("key"));
    let unseen = [
        ("csrf", csrf.as_str()),
        ("key", &key),
        ("at", PAGE),
        ("form", "settings"),
    ];
    let mut body = Vec::new();
    for (name, value) in unseen.iter().chain(fields) {
        let part = format!(
            "--{BETWEEN}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        body.extend_from_slice(part.as_bytes());
    }
    let file = format!(
        "--{BETWEEN}\r\nContent-Disposition: form-data; name=\"logo_file\"; \
            filename=\"logo.png\"\r\nContent-Type: image/png\r\n\r\n"
    );
    body.extend_from_slice(file.as_bytes());
    body.extend_from_slice(logo.unwrap_or_default());
    body.extend_from_slice(format!("\r\n--{BETWEEN}--\r\n").as_bytes());
    let media = format!("multipart/form-data; boundary={BETWEEN}");
    let sent = browser.post_bytes("/desk/do/settings", &media, &body);
    match sent.headers.get("location") {
        Some(to) if sent.status == 303 => browser.get(&to.clone()),
        _ => sent,
    }
}

on_each_engine!(settings_are_proposed_and_confirmed_on_the_page);
async fn settings_are_proposed_and_confirmed_on_the_page(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    let mut ben = signed_in(&app, &address, office.ben).await;
    let fields = [
        ("name", "Neighbours"),
        ("telephone", "0161 496 0000"),
        ("accent", "#0F6B66"),
        ("address", "12 Example Street\r\nStockport"),
        ("languages.0.direction", "ltr"),
        ("languages.2.tag", "ur"),
        ("languages.2.own_name", "اردو"),
        ("languages.2.direction", "rtl"),
        ("languages.2.line", "{phone} پر فون کریں۔"),
    ];

    // When
    let page = ada.get(PAGE);
    let page = submit(&mut ada, &page, &fields, None);

    // Then
    assert!(
        page.status == 200 && page.contains("Changes to confirm") && page.contains("Neighbours"),
        "{}",
        visible_text(&page)
    );
    assert!(page.contains("needs a second person"));
    assert!(!ada.get("/desk").contains("Settings to confirm"));
    assert!(ben.get("/desk").contains("Settings to confirm"));
    let page = ben.get(PAGE);
    assert!(
        page.contains("Ada proposes them."),
        "{}",
        visible_text(&page)
    );

    // When
    let confirm = [
        ("at", PAGE),
        ("form", "confirm-settings"),
        ("proposal:number", "1"),
    ];
    let page = ben.submit_form(&page, "/desk/do/organisation/confirm-settings", &confirm);

    // Then
    assert!(
        page.status == 200 && !page.contains("Changes to confirm"),
        "{}",
        visible_text(&page)
    );
    let values = organisation(&app).await.settings.unwrap().values;
    assert_eq!(values.accent.unwrap().as_str(), "#0f6b66");
    assert_eq!(
        values.address.unwrap().as_str(),
        "12 Example Street\nStockport"
    );
    assert_eq!(values.languages.len(), 1);
    assert_eq!(values.languages[0].tag.as_str(), "ur");

    // When
    let form = ada.get(PAGE);
    let too_light = [("name", "Neighbours"), ("accent", "#ffd400")];
    let page = submit(&mut ada, &form, &too_light, None);

    // Then
    assert!(
        page.status == 422 && page.contains("the nearest colour that works is #"),
        "{}: {}",
        page.status,
        visible_text(&page)
    );
}

on_each_engine!(a_logo_is_a_small_png_that_everybody_may_see);
async fn a_logo_is_a_small_png_that_everybody_may_see(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    let mut jpeg = Vec::new();
    image::DynamicImage::new_rgb8(900, 600)
        .write_to(&mut Cursor::new(&mut jpeg), image::ImageFormat::Jpeg)
        .unwrap();
    let page = ada.get(PAGE);

    // When
    let broken = submit(&mut ada, &page, &[("name", "A name")], Some(b"<svg/>"));
    let sent = submit(&mut ada, &page, &[("name", "A name")], Some(&jpeg));

    // Then
    assert!(
        broken.status == 422 && broken.contains("Choose a PNG, JPEG or WebP picture"),
        "{}",
        visible_text(&broken)
    );
    assert_eq!(sent.status, 200, "{}", visible_text(&sent));
    let row = organisation(&app).await;
    let logo = row.proposed_settings.unwrap().values.logo.unwrap();
    let path = format!("/assets/logo-{}", &logo.as_str()[..16]);
    assert!(sent.contains(&path), "{}", sent.text);
    let mut stranger = Browser::new(&address);
    let (bytes, media) = stranger.download(&path);
    assert_eq!(media, "image/png");
    let seen = image::load_from_memory_with_format(&bytes, image::ImageFormat::Png).unwrap();
    assert_eq!((seen.width(), seen.height()), (480, 320));
    let shown = stranger.get(&path.replace("logo-", "logo-0"));
    assert_eq!(shown.status, 404);
    let api = ApiCommands { house: &app };
    let confirm = json!({ "proposal": 1 });
    let id = app.commands.organisation().0;
    api.issue_ok(office.ben, "organisation/confirm-settings", id, confirm)
        .await;
    app.catch_up().await;
    assert_eq!(stranger.download(&path).0, bytes);
    let page = ada.get(PAGE);
    let kept = page.hidden_field("logo");
    assert_eq!(kept, logo.as_str());
}

on_each_engine!(another_file_of_the_store_is_not_a_logo);
/// A digest that an administrator names in the settings shows no group's file.
async fn another_file_of_the_store_is_not_a_logo(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let text = b"what a group sent, in one form or another";
    let file = app.files().put_public(text).await.unwrap();
    let mut named = settings("An anchor");
    named["logo"] = json!(file);
    set(&app, &office, named).await;
    app.catch_up().await;
    let address = serve(&app, office.ada).address().to_owned();
    let mut stranger = Browser::new(&address);
    let page = stranger.get(&format!("/assets/logo-{}", &file.as_str()[..16]));
    assert_eq!(page.status, 404, "{}", page.text);
}

on_each_engine!(a_theme_is_a_stylesheet_that_is_cached_for_ever);
async fn a_theme_is_a_stylesheet_that_is_cached_for_ever(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    app.catch_up().await;
    let address = serve(&app, office.ada).address().to_owned();
    let mut stranger = Browser::new(&address);
    let at = |row: &OrganisationRow| {
        let accent = row.settings.as_ref()?.values.accent.as_ref()?;
        Some(microgrants::http::pages::theme_path(accent))
    };
    assert_eq!(at(&organisation(&app).await), None);

    set(&app, &office, settings("An anchor")).await;

    let path = at(&organisation(&app).await).expect("a theme");
    let css = stranger.get(&path);
    assert_eq!(css.status, 200, "{path}");
    assert_eq!(css.headers["content-type"], "text/css; charset=utf-8");
    assert_eq!(
        css.headers["cache-control"],
        "public, max-age=31536000, immutable"
    );
    assert!(
        css.contains("--accent:#0f6b66;") && css.contains("prefers-color-scheme:dark"),
        "{}",
        css.text
    );
    let other = stranger.get("/assets/theme-0123456789abcdef.css");
    assert_eq!(other.status, 404);
}

on_each_engine!(without_settings_the_flags_count);
async fn without_settings_the_flags_count(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    app.catch_up().await;
    let client = serve_with(&app, office.ada, |site| {
        "0161 496 0999".clone_into(&mut site.telephone);
    });
    let mut stranger = Browser::new(client.address());

    // Then
    for path in ["/help", "/privacy", "/accessibility"] {
        let page = stranger.get(path);
        assert!(
            page.status == 200 && page.contains("0161\u{a0}496\u{a0}0999"),
            "{path}: {}",
            visible_text(&page)
        );
    }
    let mut ada = signed_in(&app, client.address(), office.ada).await;
    let page = ada.get(PAGE);
    assert!(page.contains("0161 496 0999"), "{}", visible_text(&page));

    // When
    set(&app, &office, settings("Neighbours")).await;
    app.catch_up().await;

    // Then
    let page = stranger.get("/help");
    assert!(
        page.contains("0161\u{a0}496\u{a0}0000") && !page.contains("0161\u{a0}496\u{a0}0999"),
        "{}",
        visible_text(&page)
    );
    assert!(page.contains("Neighbours") && page.contains("dir=\"rtl\""));
    assert!(page.contains("A speaker still has to check these lines"));
    assert!(
        stranger
            .get("/privacy")
            .contains("We keep what you write locked.")
    );
    assert!(
        stranger
            .get("/accessibility")
            .contains("Every page works with a keyboard.")
    );
}

on_each_engine!(the_audit_finds_settings_of_one_person);
/// A log in which one administrator did both parts, or had no proposer, or confirmed something
/// else than was proposed.
async fn the_audit_finds_settings_of_one_person(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    set(&app, &office, settings("An anchor")).await;
    let by = |name: &str, person: PersonId| format!("\"{name}\":\"{person}\"");
    let both = |person| by("set_by", person);
    let proposer = format!("{},", by("proposed_by", office.ada));
    let undo = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    for ((from, to), finding) in [
        (
            undo(&both(office.ben), &both(office.ada)),
            "proposed the settings and confirmed them",
        ),
        (undo(&proposer, ""), "set the settings alone"),
        (
            undo("Monday to Thursday", "Never"),
            "confirmed settings that",
        ),
    ] {
        let before = findings(&app).await;
        assert_eq!(before, "[]");
        let original = payload(&app).await;
        rewrite_payloads(&app, "SettingsSet", &from, &to).await;
        let found = findings(&app).await;
        assert!(found.contains(finding), "{finding}: {found}");
        let (_, written) = payload_casts(&app);
        let back = format!(
            "UPDATE events SET payload = '{original}'{written} WHERE event_type = 'SettingsSet'"
        );
        rewrite_log(&app, &back).await;
    }
}

/// What a replay of the log finds, as text.
async fn findings(app: &TestApp) -> String {
    let mut replay = RuleChecker::default();
    let log = app.fresh_log().await;
    for event in log.read_events(0, 10_000).await.unwrap() {
        replay.process(&event);
    }
    format!("{:?}", replay.finish().findings.sorted())
}

/// The stored payload of the newest event that set the settings.
async fn payload(app: &TestApp) -> String {
    let rows = microgrants::store::events::read_page(
        app.store(),
        crate::support::test_app::ORGANISATION,
        0,
        10_000,
    )
    .await
    .unwrap();
    rows.into_iter()
        .rfind(|row| row.event_type == "SettingsSet")
        .expect("they were set")
        .payload
}
