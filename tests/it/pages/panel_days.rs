//! The days of a round that groups see: when the panel meets, and by when they hear.

use microgrants::domain::fund::ExtendRound;
use microgrants::domain::language::Language;
use microgrants::domain::text::Slug;
use microgrants::domain::{Command, FundCommand, Refusal};
use microgrants::mail::format_day;
use microgrants::projections::FundRow;

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::Browser;
use crate::support::fixtures::{Office, text};
use crate::support::test_app::TestApp;

fn extend(
    app: &TestApp,
    office: &Office,
    closes: i64,
    meets: Option<i64>,
    hear: Option<i64>,
) -> Command {
    let extend = ExtendRound {
        round: text("first"),
        closes_on: app.in_days(closes),
        panel_meets_on: meets.map(|days| app.in_days(days)),
        hear_by: hear.map(|days| app.in_days(days)),
    };
    Command::Fund(office.fund, FundCommand::ExtendRound(extend))
}

on_each_engine!(groups_see_when_the_panel_meets_and_when_they_hear);
async fn groups_see_when_the_panel_meets_and_when_they_hear(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (application, _, member) = office.submitted(&app, 900).await;

    app.issue_ok(office.ada, extend(&app, &office, 40, Some(50), Some(60)))
        .await;
    assert_eq!(
        app.issue_refused(office.ada, extend(&app, &office, 50, None, None))
            .await,
        Refusal::DatesOutOfOrder("the panel must meet after the round closes"),
        "a day that is not given stays as it is"
    );
    app.issue_ok(office.ada, extend(&app, &office, 45, Some(55), None))
        .await;
    app.catch_up().await;

    let fund: FundRow = app
        .views()
        .find(office.fund.0, None)
        .await
        .unwrap()
        .expect("the fund");
    let first: Slug = text("first");
    let round = &fund.rounds[&first];
    assert_eq!(
        (round.panel_meets_on, round.hear_by),
        (Some(app.in_days(55)), Some(app.in_days(60)))
    );
    let meets = format_day(app.in_days(55), Language::En);
    let hear = format_day(app.in_days(60), Language::En);
    let mut visitor = Browser::new(&address);
    let start = visitor.get(&format!("/apply/{}/first", office.fund));
    for shown in ["The panel meets", &meets, "You will hear by", &hear] {
        assert!(start.contains(shown), "{shown}: {}", visible_text(&start));
    }
    let mut browser = signed_in(&app, &address, member).await;
    let own = browser.get(&format!("/my/applications/{application}"));
    for shown in [
        format!("The panel meets on {meets}."),
        format!("You hear from us by {hear}."),
    ] {
        assert!(own.contains(&shown), "{shown}: {}", visible_text(&own));
    }
    app.pass_days(56);
    let mut browser = signed_in(&app, &address, member).await;
    let own = browser.get(&format!("/my/applications/{application}"));
    assert!(
        !own.contains("The panel meets on") && own.contains(&format!("from us by {hear}.")),
        "{}",
        visible_text(&own)
    );
}

on_each_engine!(a_round_is_planned_with_the_days_of_its_panel);
async fn a_round_is_planned_with_the_days_of_its_panel(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let page = browser.get(&format!("/desk/funds/{}/rounds/new", office.fund));
    let post = format!("/desk/do/round/{}", office.fund);
    let days = [10, 20, 30, 40].map(|days| app.in_days(days).to_string());
    let [opens, closes, meets, hear] = &days;
    let round = [
        ("name", "Autumn"),
        ("opens_on", opens.as_str()),
        ("closes_on", closes.as_str()),
        ("form_version", "1"),
    ];
    let early = [
        ("panel_meets_on", closes.as_str()),
        ("hear_by", opens.as_str()),
    ];
    let refused = browser.submit_form(&page, &post, &[&round[..], &early].concat());
    assert_eq!(refused.status, 422, "{}", visible_text(&refused));
    for error in [
        "The panel must meet after the last day to apply",
        "Groups can hear only after the last day, and not before the panel meets",
    ] {
        assert!(
            refused.contains(error),
            "{error}: {}",
            visible_text(&refused)
        );
    }
    let later = [
        ("panel_meets_on", meets.as_str()),
        ("hear_by", hear.as_str()),
    ];
    let planned = browser.submit_form(&refused, &post, &[&round[..], &later].concat());
    assert_eq!(planned.status, 200, "{}", visible_text(&planned));
    let shown = format!("panel meets {}", format_day(app.in_days(30), Language::En));
    assert!(planned.contains(&shown), "{}", visible_text(&planned));
}
