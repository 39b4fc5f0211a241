//! Themes: adopted by an administrator, named by applications, and the same figures as by area.

use microgrants::domain::theme::Theme;
use microgrants::domain::{ApplicationId, Money, PersonId};
use microgrants::projections::{ApplicationRow, GrantRow, OrganisationRow};
use microgrants::views::{BudgetLine, GroupBy, OutcomeLine, Sums, Views};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::connections::{ApiCommands, command};
use crate::support::fixtures::{Office, award};
use crate::support::random::SeededRandom;
use crate::support::replay::replay_log;
use crate::support::seeded::with_seeds;
use crate::support::service::serve;
use crate::support::steps;
use crate::support::test_app::TestApp;

const THEMES: [&str; 3] = ["arts", "food", "neighbours"];

/// The body that adopts themes with these keys.
fn themes(keys: &[&str]) -> Value {
    let theme = |key: &&str| json!({ "theme": key, "name": format!("About {key}") });
    json!({ "themes": keys.iter().map(theme).collect::<Vec<_>>() })
}

async fn adopt(app: &TestApp, by: PersonId, keys: &[&str]) {
    let organisation = app.commands.organisation().0;
    ApiCommands { house: app }
        .issue_ok(by, "organisation/adopt-themes", organisation, themes(keys))
        .await;
}

async fn organisation(app: &TestApp) -> OrganisationRow {
    app.catch_up().await;
    let id = app.commands.organisation();
    app.views().find(id, None).await.unwrap().unwrap()
}

fn keys_of(themes: &[Theme]) -> Vec<&str> {
    themes.iter().map(|theme| theme.theme.as_str()).collect()
}

on_each_engine!(themes_are_adopted_as_a_whole_and_former_ones_keep_their_names);
async fn themes_are_adopted_as_a_whole_and_former_ones_keep_their_names(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let api = ApiCommands { house: &app };
    let id = app.commands.organisation().0;
    let many: Vec<String> = (0..21).map(|number| format!("theme-{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    adopt(&app, office.ada, &["arts", "sport"]).await;

    let cases: [(&str, &[&str]); 4] = [
        ("exists", &["food", "arts", "food"]),
        ("nothing", &[]),
        ("too_many_items", &many),
        ("no_change", &["arts", "sport"]),
    ];
    for (code, keys) in cases {
        api.assert_refused(
            office.ada,
            code,
            "organisation/adopt-themes",
            id,
            themes(keys),
        )
        .await;
    }
    let member = office.group(&app).await.1;
    api.assert_refused(
        member,
        "not_yours",
        "organisation/adopt-themes",
        id,
        themes(&THEMES),
    )
    .await;

    adopt(&app, office.ada, &THEMES).await;
    let own = organisation(&app).await;
    assert_eq!(own.themes_version, 2);
    assert_eq!(keys_of(&own.themes), THEMES);
    assert_eq!(keys_of(&own.former_themes), ["sport"]);
    // A theme that is adopted again is no former one.
    adopt(&app, office.ada, &["sport"]).await;
    let own = organisation(&app).await;
    assert_eq!(keys_of(&own.themes), ["sport"]);
    assert_eq!(keys_of(&own.former_themes), THEMES);
    replay_log(&app).await;
}

on_each_engine!(answers_name_an_adopted_theme);
async fn answers_name_an_adopted_theme(app: TestApp) {
    // Given an application about sport, from before any theme was adopted
    let office = Office::open(&app, 5000).await;
    let api = ApiCommands { house: &app };
    let (before, _, first) = office.draft(&app, 700).await;
    let sport = json!({ "activity": "sport" });
    api.issue_ok(first, "application/save-answers", before.0, sport.clone())
        .await;

    // When
    adopt(&app, office.ada, &THEMES).await;
    let (after, _, second) = office.draft(&app, 700).await;

    // Then
    let refused = api
        .issue_refused(second, "application/save-answers", after.0, sport.clone())
        .await;
    assert_eq!(refused.code(), "theme_unknown");
    let client = serve(&app, second);
    let answer = client.post(
        &format!("/api/v1/applications/{after}/save-answers"),
        &sport,
    );
    answer.assert_problem(422, "theme_unknown");
    assert_eq!(answer.body["field"], "activity");

    app.issue_ok(first, steps::submit_on_web(before)).await;
    app.catch_up().await;
    let row: ApplicationRow = app.views().find(before, None).await.unwrap().unwrap();
    assert_eq!(row.activity.unwrap().as_str(), "sport");
    replay_log(&app).await;
    crate::projections::read_models::assert_equals_rebuild(&app).await;
}

/// The body of a plan, and what it says about the gathering, with a theme.
fn planned(theme: &str) -> (Value, Value) {
    let about = json!({ "title": "A walk", "description": "We walk.", "themes": [theme] });
    (json!({ "kind": "activity", "about": about }), about)
}

on_each_engine!(a_gathering_has_adopted_themes);
async fn a_gathering_has_adopted_themes(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let api = ApiCommands { house: &app };
    let [first, second] = [1, 2].map(Uuid::from_u128);
    let (sport, about_sport) = planned("sport");
    api.issue_ok(office.ada, "gathering/plan", first, sport.clone())
        .await;

    adopt(&app, office.ada, &THEMES).await;

    for (path, id, body) in [
        ("gathering/plan", second, sport.clone()),
        ("gathering/describe", first, about_sport),
    ] {
        api.assert_refused(office.ada, "theme_unknown", path, id, body)
            .await;
    }
    let answer = serve(&app, office.ada).post("/api/v1/gatherings", &sport);
    answer.assert_problem(422, "theme_unknown");
    assert_eq!(answer.body["field"], "themes");
    let (food, about_food) = planned("food");
    for (path, id, body) in [
        ("gathering/plan", second, food),
        ("gathering/describe", first, about_food),
    ] {
        api.issue_ok(office.ada, path, id, body).await;
    }
    replay_log(&app).await;
}

/// The sums of all lines of a budget and of outcomes, in pence and counts.
async fn totals(views: &Views, by: GroupBy, position: i64) -> Vec<i64> {
    let sums = Sums {
        by,
        fund: None,
        area: None,
        position,
        effective_on: None,
    };
    let budget = views.budget(sums).await.unwrap().lines;
    let outcomes = views.outcomes(sums).await.unwrap().lines;
    let money: [fn(&BudgetLine) -> Money; 8] = [
        |line| line.requested,
        |line| line.awarded,
        |line| line.unpaid,
        |line| line.sent,
        |line| line.confirmed,
        |line| line.returned,
        |line| line.waived,
        |line| line.paid_net,
    ];
    let counts: [fn(&BudgetLine) -> i64; 3] = [
        |line| line.applications,
        |line| line.decided,
        |line| line.awards,
    ];
    let reported: [fn(&OutcomeLine) -> i64; 7] = [
        |line| line.grants,
        |line| line.updates,
        |line| line.people,
        |line| line.volunteers,
        |line| line.said_points,
        |line| line.seen_by,
        |line| line.judged_points,
    ];
    let money = money.map(|of| budget.iter().map(of).sum::<Money>().pence());
    let counts = counts.map(|of| budget.iter().map(of).sum::<i64>());
    let reported = reported.map(|of| outcomes.iter().map(of).sum::<i64>());
    money.into_iter().chain(counts).chain(reported).collect()
}

async fn assert_themes_add_up(app: &TestApp, every: usize) {
    app.catch_up().await;
    let views = app.views();
    let newest = app.log.length().await.unwrap();
    for position in (0..newest).step_by(every) {
        assert_eq!(
            totals(&views, GroupBy::Theme, position).await,
            totals(&views, GroupBy::Area, position).await,
            "at {position}"
        );
    }
}

/// Groups that save, send and change answers in any order. Much is refused.
async fn change_minds(app: &TestApp, office: &Office, all: &[(ApplicationId, PersonId)]) {
    let mut dice = SeededRandom::new(17);
    for _ in 0..150 {
        let (application, member) = *dice.choose(all);
        let (by, path, body) = match dice.below(5) {
            0 | 1 => {
                let theme = json!({ "activity": dice.choose(&THEMES) });
                (member, "application/save-answers", theme)
            }
            2 => {
                let submit = json!({ "channel": "web" });
                (member, "application/submit", submit)
            }
            3 => {
                let ask = json!({
                    "questions": ["activity"], "note": "Say more", "due_on": app.in_days(5),
                });
                (office.ada, "application/request-changes", ask)
            }
            _ => (member, "application/resubmit", json!({})),
        };
        drop(app.issue(by, command(path, application.0, &body)).await);
    }
}

on_each_engine!(figures_by_theme_are_those_by_area_at_every_position);
async fn figures_by_theme_are_those_by_area_at_every_position(app: TestApp) {
    // Given
    let office = Office::open(&app, 20_000).await;
    adopt(&app, office.ada, &THEMES).await;
    let mut all = Vec::new();
    for _ in 0..6 {
        let (application, _, member) = office.draft(&app, 700).await;
        all.push((application, member));
    }
    change_minds(&app, &office, &all).await;
    for (application, member) in &all[..3] {
        for path in ["application/submit", "application/resubmit"] {
            let body = match path {
                "application/submit" => json!({ "channel": "web" }),
                _ => json!({}),
            };
            drop(
                app.issue(*member, command(path, application.0, &body))
                    .await,
            );
        }
        for step in [
            steps::confirm_eligibility(*application),
            steps::write_summary(*application),
            steps::declare_no_interest(*application),
            award(&app, *application, 700),
        ] {
            app.issue_ok(office.ada, step).await;
        }
    }

    // Then
    assert_themes_add_up(&app, 1).await;
    replay_log(&app).await;
    crate::projections::read_models::assert_equals_rebuild(&app).await;
    let client = serve(&app, office.ada);
    let lines = client.get("/api/v1/budget?by=theme").body["lines"].clone();
    let named = lines.as_array().unwrap().iter();
    let named = named.filter(|line| THEMES.contains(&line["of"].as_str().unwrap()));
    assert!(named.count() > 1, "{lines}");
    for (application, _) in &all[..3] {
        let asked: ApplicationRow = app.views().find(application, None).await.unwrap().unwrap();
        let granted: GrantRow = app.views().find(application, None).await.unwrap().unwrap();
        assert_eq!(asked.activity, granted.theme);
        let theme = granted.theme.unwrap();
        for list in ["grants", "applications"] {
            let found = client.get(&format!("/api/v1/{list}?theme={theme}"));
            let items = found.body["items"].as_array().unwrap();
            let id = application.to_string();
            assert!(items.iter().any(|item| item["id"] == id), "{list} {theme}");
            let other = client.get(&format!("/api/v1/{list}?theme=fishing"));
            assert_eq!(other.body["items"], json!([]));
        }
    }
}

on_sqlite!(figures_of_the_seeds_by_theme_are_those_by_area);
async fn figures_of_the_seeds_by_theme_are_those_by_area(app: TestApp) {
    let app = with_seeds(app).await;
    assert_themes_add_up(&app, 37).await;
    let newest = app.log.length().await.unwrap() - 1;
    let views = app.views();
    let costs = views.cost_per_person_by_theme(newest).await.unwrap();
    let of_areas = views.cost_per_person_by_area(newest).await.unwrap();
    assert!(costs.len() > 1, "{costs:?}");
    assert_eq!(
        costs.values().map(|cost| cost.people).sum::<i64>(),
        of_areas.values().map(|cost| cost.people).sum::<i64>()
    );
    let by_theme = views.outcomes_by_theme(newest).await.unwrap();
    assert!(by_theme.len() > 1, "signs by theme");
}
