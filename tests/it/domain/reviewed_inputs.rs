//! Rows of a review of what people send, about deadlines and money: what offices of other systems
//! complained of must come out right here.

use jiff::civil::Date;
use microgrants::clock::time_left_in_day;
use microgrants::domain::panel::Award;
use microgrants::domain::{ApplicationCommand, Command, GrantId, Money, PersonId, Role};
use microgrants::export::open_data::Places;
use microgrants::http::open_data::OpenData;
use microgrants::projections::GrantRow;
use serde_json::{Value, json};

use crate::domain::connections::ApiCommands;
use crate::operations::open_data::publisher;
use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::fixtures::{Office, award_of, gbp, person, text};
use crate::support::scenario::command_from_json;
use crate::support::service::serve_with;
use crate::support::steps::{self, submit_on_web};
use crate::support::test_app::TestApp;

/// Advances the clock to a time shortly before midnight in London at the end of a day.
fn pass_until_before_midnight(app: &TestApp, day: Date, seconds: i64) {
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

on_each_engine!(people_who_leave_in_the_middle_of_a_round_leave_nothing_stuck);
/// Row 77: a scorer who was also officer and finance leaves, and a new member has declared nothing.
async fn people_who_leave_in_the_middle_of_a_round_leave_nothing_stuck(app: TestApp) {
    // Given
    let office = Office::open(&app, 9000).await;
    let (ada, ben) = (office.ada, office.ben);
    let (leaves, follows) = (person(&app, "Lee").await, person(&app, "Kim").await);
    let own_roles = [Role::Panel, Role::Officer, Role::Finance];
    for role in own_roles {
        office.give_role(&app, leaves, role).await;
    }
    let (application, group, member) = office.ready(&app, 900).await;
    app.issue_ok(leaves, steps::declare_no_interest(application))
        .await;
    app.issue_ok(leaves, steps::score(application)).await;

    // When
    for role in own_roles {
        app.issue_ok(ada, steps::end_role(&app, leaves, role)).await;
    }
    app.issue_ok(ada, steps::end_role(&app, ben, Role::Finance))
        .await;
    for role in [Role::Panel, Role::Finance] {
        office.give_role(&app, follows, role).await;
    }

    // Then the rules hold,
    let award = || steps::award_with(&app, application, 900, &[follows]);
    steps::assert_refused(&app, leaves, "not_yours", steps::score(application)).await;
    steps::assert_refused(&app, follows, "not_declared", steps::score(application)).await;
    steps::assert_refused(&app, ada, "not_declared", award()).await;
    let last = steps::end_role(&app, ben, Role::Administrator);
    steps::assert_refused(&app, ada, "last_administrators", last).await;

    // and the grant goes on to its end.
    app.issue_ok(follows, steps::declare_no_interest(application))
        .await;
    app.issue_ok(follows, steps::score(application)).await;
    app.issue_ok(ada, award()).await;
    let grant = GrantId::from(application);
    app.issue_ok(member, steps::accept_agreement(grant)).await;
    office.make_payable(&app, grant, group, member).await;
    app.issue_ok(ada, steps::prepare_payment(grant, 900)).await;
    let approve = || steps::approve_payment(grant, 1);
    for without_role in [leaves, ben] {
        steps::assert_refused(&app, without_role, "not_yours", approve()).await;
    }
    let today = app.today();
    for step in [
        approve(),
        steps::send_payment(grant, 1, today),
        steps::confirm_payment(grant, 1, today),
    ] {
        app.issue_ok(follows, step).await;
    }
}

/// A whole payment of £700, with who takes each step.
fn paid(office: &Office, grant: GrantId, payment: u16, today: Date) -> Vec<(PersonId, Command)> {
    vec![
        (office.ada, steps::prepare_payment(grant, 700)),
        (office.ben, steps::approve_payment(grant, payment)),
        (office.ben, steps::send_payment(grant, payment, today)),
        (office.ben, steps::confirm_payment(grant, payment, today)),
    ]
}

on_each_engine!(the_open_data_follow_a_change_a_recall_and_two_parts_that_came_back);
/// Row 79: £1,000 become £700, the bank takes the payment back, it is paid again, and £33.33 and
/// £16.67 come back.
async fn the_open_data_follow_a_change_a_recall_and_two_parts_that_came_back(app: TestApp) {
    // Given
    let office = Office::open(&app, 10_000).await;
    let (ada, ben, today) = (office.ada, office.ben, app.today());
    let (grant, group, member) = office.payable(&app, 1000).await;
    let client = serve_with(&app, ada, |site| {
        site.open_data = Some(OpenData::new(publisher(), Places::illustrative()));
    });
    let on_grant = |name: &str, body: &Value| command_from_json("grant", grant.0, name, body);
    let came_back = |amount: &str| {
        let body = json!({ "amount": amount, "received_on": today });
        vec![(ben, on_grant("receive-return", &body))]
    };
    let less = json!({ "change": { "amount": "700.00" }, "words": "A smaller hall" });
    let varied = vec![
        (member, on_grant("request-variation", &less)),
        (
            ada,
            on_grant("approve-variation", &json!({ "variation": 1 })),
        ),
    ];
    let other_account = vec![
        (member, steps::provide_payee(group)),
        (ada, steps::verify_payee(group, 2)),
    ];
    let declared = vec![(ada, steps::declare_underspend(grant, 50))];
    let story = [
        (varied, json!([700, 0])),
        (paid(&office, grant, 1, today), json!([700, 700])),
        (
            vec![(ben, steps::reverse_payment(grant, today))],
            json!([700, 0]),
        ),
        (
            [other_account, paid(&office, grant, 2, today)].concat(),
            json!([700, 700]),
        ),
        (
            [declared, came_back("33.33")].concat(),
            json!([666.67, 666.67]),
        ),
        (came_back("16.67"), json!([650, 650])),
    ];
    let mut modified = String::new();

    for (steps, expected) in story {
        // When
        app.pass_seconds(5);
        for (by, step) in steps {
            app.issue_ok(by, step).await;
        }
        app.catch_up().await;

        // Then
        let grant = client.get("/open-data/360giving.json").body["grants"][0].clone();
        let sums = json!([grant["amountAwarded"], grant["amountDisbursed"]]);
        assert_eq!(sums, expected, "{grant}");
        let newest = grant["dateModified"].as_str().unwrap().to_owned();
        assert!(newest > modified, "{newest} after {modified}");
        modified = newest;
    }
    let row: GrantRow = app.views().find(grant, None).await.unwrap().unwrap();
    let sums = [row.awarded, row.committed, row.returned, row.paid_net];
    assert_eq!(sums, [gbp(700), gbp(650), gbp(50), gbp(650)]);
}
