//! Rows of a review of what people send, about deadlines and money: what offices of other systems
//! complained of must come out right here.

use microgrants::clock::time_left_in_day;
use microgrants::domain::panel::Award;
use microgrants::domain::{ApplicationCommand, Command, Money};
use serde_json::json;

use crate::domain::connections::ApiCommands;
use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::fixtures::{Office, award_of, text};
use crate::support::steps::{self, submit_on_web};
use crate::support::test_app::TestApp;

/// Advances the clock to a time shortly before midnight in London at the end of a day.
fn pass_until_before_midnight(app: &TestApp, day: jiff::civil::Date, seconds: i64) {
    let left = || i64::try_from(time_left_in_day(app.commands.now()).as_secs()).expect("a day");
    while app.today() < day {
        app.pass_seconds(left() + 1);
    }
    app.pass_seconds(left() - seconds);
}

on_each_engine!(a_round_takes_applications_until_midnight_of_its_last_day);
/// Row 73: other systems closed a day or an hour early.
async fn a_round_takes_applications_until_midnight_of_its_last_day(app: TestApp) {
    // Given
    let office = Office::open(&app, 10_000).await;
    let last_day = app.in_days(30);
    let (in_time, _, member) = office.draft(&app, 900).await;
    let (late, _, late_member) = office.draft(&app, 900).await;

    // When
    pass_until_before_midnight(&app, last_day, 6);

    // Then
    assert_eq!(app.today(), last_day);
    app.issue_ok(member, submit_on_web(in_time)).await;
    app.pass_seconds(8);
    steps::assert_refused(&app, late_member, "round_closed", submit_on_web(late)).await;
}

on_each_engine!(instalments_add_up_to_the_penny);
/// Row 75: £1,000 in three parts.
async fn instalments_add_up_to_the_penny(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (grant, ..) = office.payable(&app, 1000).await;
    let api = ApiCommands { house: &app };
    let parts = |first: &str| {
        let part = |amount: &str| json!({ "amount": amount, "released": "at_once" });
        json!({ "instalments": [part(first), part("333.33"), part("333.33")] })
    };

    let path = "grant/schedule-payments";
    api.assert_refused(
        office.ada,
        "schedule_differs",
        path,
        grant.0,
        parts("333.33"),
    )
    .await;
    api.issue_ok(office.ada, path, grant.0, parts("333.34"))
        .await;
}

on_each_engine!(a_fund_awards_no_penny_that_it_does_not_have);
/// Row 76: £2,500 and £2,000.01 of £2,000 are refused, and £2,000 is awarded.
async fn a_fund_awards_no_penny_that_it_does_not_have(app: TestApp) {
    let office = Office::open(&app, 2000).await;
    let (application, ..) = office.ready(&app, 2500).await;
    let award = |pence: u64| {
        let amount = Money::from_pence(pence);
        let award = Award {
            reason: Some(text("The fund has no more")),
            ..award_of(amount, app.in_days(90), app.in_days(120))
        };
        Command::Application(application, ApplicationCommand::Award(award))
    };

    for pence in [250_000, 200_001] {
        steps::assert_refused(&app, office.ada, "not_affordable", award(pence)).await;
    }
    app.issue_ok(office.ada, award(200_000)).await;
}

on_each_engine!(a_declined_group_applies_again_in_the_same_round);
/// Row 78: the second application is taken, and its page says that there was one before.
async fn a_declined_group_applies_again_in_the_same_round(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (first, group, member) = office.ready(&app, 900).await;
    let decline = json!({ "reason": "Others reach more", "feedback": "Tell us who would come" });
    ApiCommands { house: &app }
        .issue_ok(office.ada, "application/decline", first.0, decline)
        .await;

    let again = office.draft_of(&app, group, member, 900).await;
    app.issue_ok(member, submit_on_web(again)).await;

    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let page = browser.get(&format!("/desk/applications/{}", again.0));
    let text = visible_text(&page);
    assert!(text.contains("Applied before, 1 time"), "{text}");
}
