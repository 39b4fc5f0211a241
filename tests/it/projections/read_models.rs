//! Projections: a rebuild equals the live rows byte for byte, no event is skipped, a failed
//! projection is reported, and past days do not change.

use std::fmt::Write as _;
use std::time::Duration;

use microgrants::domain::command::NoBody;
use microgrants::domain::{Command, GrantCommand, Money};
use microgrants::projections::{FundRow, Projector};
use microgrants::store::{checkpoints, postings, view_rows};
use microgrants::views::{AsAt, GroupBy, Statement, StatementSubject, Sums};
use serde_json::json;

use crate::log::appends::execute_raw;
use crate::support::fixtures::{Office, approve, gbp};
use crate::support::scenario::command_from_json;
use crate::support::service::serve;
use crate::support::steps::{pause, resume};
use crate::support::test_app::{ORGANISATION, TestApp};

/// Every row of every view with its history, and every posting, of the live generation.
pub async fn dump_rows(app: &TestApp) -> Vec<String> {
    let mut all = Vec::new();
    for checkpoint in checkpoints::all(app.store(), ORGANISATION)
        .await
        .unwrap()
        .iter()
        .filter(|one| one.state == "live")
    {
        let rows = view_rows::dump(
            app.store(),
            &checkpoint.name,
            ORGANISATION,
            checkpoint.generation,
        )
        .await
        .unwrap();
        all.extend(
            rows.iter()
                .map(|row| format!("{} {row:?}", checkpoint.name)),
        );
        if checkpoint.name == "places" {
            let postings = postings::dump(app.store(), ORGANISATION, checkpoint.generation)
                .await
                .unwrap();
            all.extend(postings.iter().map(|posting| format!("{posting:?}")));
        }
    }
    all
}

/// Rebuilds every view, and compares the rows with those before.
pub async fn assert_equals_rebuild(app: &TestApp) {
    app.catch_up().await;
    let live = dump_rows(app).await;
    rebuild_all(app).await;
    assert_eq!(live, dump_rows(app).await);
}

pub async fn rebuild_all(app: &TestApp) {
    for name in microgrants::projections::names() {
        app.projector.rebuild(name).await.unwrap();
    }
}

pub async fn generate_activity(app: &TestApp, office: &Office, grants: u32) {
    for _ in 0..grants {
        let (grant, ..) = office.prepared(app, 600).await;
        app.issue_ok(office.ben, Command::Grant(grant, approve(1)))
            .await;
    }
}

on_each_engine!(a_rebuild_equals_the_live_rows_while_writes_go_on);
async fn a_rebuild_equals_the_live_rows_while_writes_go_on(app: TestApp) {
    let office = Office::open(&app, 100_000).await;
    generate_activity(&app, &office, 5).await;
    app.catch_up().await;
    // Rebuilds while one task writes and another advances.
    let (writes, follows) = (generate_activity(&app, &office, 15), async {
        for _ in 0..40 {
            app.projector.advance().await.unwrap();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    tokio::join!(writes, follows, rebuild_all(&app));
    app.catch_up().await;
    let live = dump_rows(&app).await;
    assert!(live.len() > 500, "{} rows", live.len());
    let generations = checkpoints::all(app.store(), ORGANISATION).await.unwrap();
    assert!(
        generations
            .iter()
            .all(|one| one.generation == 2 && one.state == "live"),
        "{generations:?}"
    );
    rebuild_all(&app).await;
    assert_eq!(live, dump_rows(&app).await);
}

on_each_engine!(one_cut_off_at_any_moment_equals_a_rebuild);
async fn one_cut_off_at_any_moment_equals_a_rebuild(app: TestApp) {
    let office = Office::open(&app, 100_000).await;
    generate_activity(&app, &office, 10).await;
    // Cancels the projector in the middle of its work, later each time, until it completes.
    for micros in (0..).step_by(700) {
        let advance = app.projector.advance();
        if tokio::time::timeout(Duration::from_micros(micros), advance)
            .await
            .is_ok_and(|more| !more.unwrap())
        {
            break;
        }
    }
    assert_equals_rebuild(&app).await;
}

on_each_engine!(two_at_once_double_nothing);
async fn two_at_once_double_nothing(app: TestApp) {
    let office = Office::open(&app, 100_000).await;
    let (one, two) = (
        app.projector.clone(),
        Projector::open(app.log.clone()).await.unwrap(),
    );
    let both = async {
        for _ in 0..30 {
            let (first, second) = tokio::join!(one.advance(), two.advance());
            first.unwrap();
            second.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(generate_activity(&app, &office, 10), both);
    assert_equals_rebuild(&app).await;
}

on_each_engine!(one_that_fails_stops_names_the_position_and_goes_on_later);
async fn one_that_fails_stops_names_the_position_and_goes_on_later(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    app.catch_up().await;
    execute_raw(
        &app,
        "UPDATE view_funds SET body = '{\"state\":\"no fund\"}'",
    )
    .await;
    app.issue_ok(office.ada, pause(office.fund)).await;
    let length = app.log.length().await.unwrap();
    // Another process with an empty row cache.
    let other = Projector::open(app.log.clone()).await.unwrap();
    while other.advance().await.unwrap() {}
    let known = checkpoints::all(app.store(), ORGANISATION).await.unwrap();
    let funds = known.iter().find(|one| one.name == "funds").unwrap();
    assert_eq!(funds.next_position, length - 1);
    assert!(
        funds
            .error
            .as_ref()
            .is_some_and(|error| error.contains(&format!("position {}", length - 1))),
        "{funds:?}"
    );
    assert!(
        known
            .iter()
            .filter(|one| one.name != "funds")
            .all(|one| one.error.is_none() && one.next_position == length)
    );
    // A rebuild does not need the damaged row.
    app.projector.rebuild("funds").await.unwrap();
    let fund: FundRow = app.views().find(office.fund, None).await.unwrap().unwrap();
    assert_eq!(serde_json::to_value(fund.state).unwrap(), "paused");
}

on_each_engine!(of_two_processes_each_knows_what_the_other_did);
/// A process notices progress that another process made on the views.
async fn of_two_processes_each_knows_what_the_other_did(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let other = Projector::open(app.log.clone()).await.unwrap();
    while other.advance().await.unwrap() {}
    app.catch_up().await;
    app.issue_ok(office.ada, pause(office.fund)).await;
    app.catch_up().await;
    other.advance().await.unwrap();
    let length = app.log.length().await.unwrap();
    assert_eq!(
        (app.projector.next_position(), other.next_position()),
        (length, length)
    );
    // The same holds for a process that only reads a log to which another appends.
    let reads = Projector::open(app.fresh_log().await).await.unwrap();
    for _ in 0..2 {
        app.issue_ok(office.ada, resume(office.fund)).await;
        app.issue_ok(office.ada, pause(office.fund)).await;
        while reads.advance().await.unwrap() {}
        app.catch_up().await;
        app.issue_ok(office.ada, resume(office.fund)).await;
        app.issue_ok(office.ada, pause(office.fund)).await;
        // And with the roles exchanged.
        app.catch_up().await;
        assert!(!reads.advance().await.unwrap());
        let length = app.log.length().await.unwrap();
        assert_eq!(
            (reads.next_position(), app.projector.next_position()),
            (length, length)
        );
    }
    assert_equals_rebuild(&app).await;
}

on_each_engine!(what_a_crash_of_the_machine_took_back_is_made_again);
/// View commits are not flushed to disk: after a crash of the machine the views may be at an
/// earlier position.
async fn what_a_crash_of_the_machine_took_back_is_made_again(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    generate_activity(&app, &office, 2).await;
    app.catch_up().await;
    let live = dump_rows(&app).await;
    reset_positions(&app, app.log.length().await.unwrap() / 2).await;
    assert_ne!(live, dump_rows(&app).await);
    app.catch_up().await;
    assert_eq!(live, dump_rows(&app).await);
}

on_each_engine!(what_lies_far_behind_is_caught_up_with_ahead_of_what_is_stored);
/// Thousands of events behind, when the next events are folded while earlier rows are written.
async fn what_lies_far_behind_is_caught_up_with_ahead_of_what_is_stored(app: TestApp) {
    let office = Office::open(&app, 200_000).await;
    generate_activity(&app, &office, 200).await;
    app.catch_up().await;
    let live = dump_rows(&app).await;
    let length = app.log.length().await.unwrap();
    assert!(length > 2600, "{length} events");
    reset_positions(&app, 0).await;
    assert!(dump_rows(&app).await.is_empty());
    assert!(
        app.projector.advance().await.unwrap() && !app.projector.advance().await.unwrap(),
        "it goes on to the end at once"
    );
    assert_eq!(live, dump_rows(&app).await);
    // Cancelled midway, again and again.
    reset_positions(&app, 0).await;
    let mut given_up = 0;
    for millis in (20..).step_by(40) {
        let advance = app.projector.advance();
        match tokio::time::timeout(Duration::from_millis(millis), advance)
            .await
            .map(Result::unwrap)
        {
            Ok(false) => break,
            Ok(true) => {}
            Err(_) => given_up += 1,
        }
    }
    assert!(given_up > 0);
    assert_eq!(live, dump_rows(&app).await);
    // Two processes catch up concurrently.
    reset_positions(&app, 0).await;
    let other = Projector::open(app.log.clone()).await.unwrap();
    let whole = |projector: Projector| async move { while projector.advance().await.unwrap() {} };
    tokio::join!(whole(other), whole(app.projector.clone()));
    app.catch_up().await;
    assert_eq!(live, dump_rows(&app).await);
}

/// Resets the views to an earlier position.
async fn reset_positions(app: &TestApp, back: i64) {
    let mut sql = format!(
        "UPDATE projections SET next_position = {back}; DELETE FROM postings WHERE position >= \
            {back};"
    );
    for name in microgrants::projections::names() {
        write!(
            sql,
            "DELETE FROM view_{name} WHERE since >= {back}; UPDATE view_{name} SET until = {} \
                WHERE until >= {back};",
            view_rows::CURRENT
        )
        .unwrap();
    }
    execute_raw(app, &sql).await;
}

on_each_engine!(a_budget_adds_up_as_at_any_position);
async fn a_budget_adds_up_as_at_any_position(app: TestApp) {
    let office = Office::open(&app, 20_000).await;
    for pounds in [500, 800, 1200] {
        let (grant, ..) = office.prepared(&app, pounds).await;
        app.issue_ok(office.ben, Command::Grant(grant, approve(1)))
            .await;
        let sent = microgrants::domain::grant::SendPayment {
            payment: 1,
            happened_on: app.today(),
        };
        app.issue_ok(
            office.ben,
            Command::Grant(grant, GrantCommand::SendPayment(sent)),
        )
        .await;
    }
    app.catch_up().await;
    let views = app.views();
    for position in 0..app.log.length().await.unwrap() {
        let sums = Sums {
            by: GroupBy::Fund,
            fund: None,
            area: None,
            position,
            effective_on: None,
        };
        for line in views.budget(sums).await.unwrap().lines {
            let uncommitted = line.uncommitted.unwrap();
            assert_eq!(
                line.allocated,
                uncommitted.plus(line.unpaid).plus(line.paid_net),
                "at {position}"
            );
            assert!(line.committed.covers(line.paid_net), "at {position}");
        }
    }
    let now = views
        .budget(Sums {
            by: GroupBy::Fund,
            fund: None,
            area: None,
            position: i64::MAX,
            effective_on: None,
        })
        .await
        .unwrap()
        .lines
        .remove(0);
    assert_eq!(
        (now.allocated, now.committed, now.paid, now.uncommitted),
        (gbp(20_000), gbp(2500), gbp(2500), Some(gbp(17_500)))
    );
    assert_eq!((now.applications, now.awards), (3, 3));
}

on_each_engine!(a_past_day_stays_as_it_was);
async fn a_past_day_stays_as_it_was(app: TestApp) {
    let office = Office::open(&app, 5_000).await;
    let (grant, ..) = office.awarded(&app, 500).await;
    let then = app.today();
    app.catch_up().await;
    let views = app.views();
    let position = views.position_as_at(AsAt::Day(then)).await.unwrap();
    app.pass_days(40);
    app.issue_ok(
        office.ada,
        Command::Grant(grant, GrantCommand::LapseOffer(NoBody {})),
    )
    .await;
    app.catch_up().await;
    assert_eq!(
        views.position_as_at(AsAt::Day(then)).await.unwrap(),
        position
    );
    let row: microgrants::projections::GrantRow =
        views.find(grant, Some(position)).await.unwrap().unwrap();
    let now: microgrants::projections::GrantRow = views.find(grant, None).await.unwrap().unwrap();
    assert_eq!((row.award, now.award), (gbp(500), Money::ZERO));
    let before = views
        .position_as_at(AsAt::Day(app.in_days(-400)))
        .await
        .unwrap();
    assert_eq!(before, -1);
}

/// Three payments of £600 within twelve days, and an offer that is withdrawn on the last day.
async fn payments_over_days(app: &TestApp, office: &Office) {
    for days in [3, 4, 5] {
        let (grant, ..) = office.prepared(app, 600).await;
        app.issue_ok(office.ben, Command::Grant(grant, approve(1)))
            .await;
        app.pass_days(days);
        let today = json!({ "payment": 1, "happened_on": app.today() });
        let send = command_from_json("grant", grant.0, "send-payment", &today);
        app.issue_ok(office.ben, send).await;
    }
    let (offered, ..) = office.awarded(app, 800).await;
    app.pass_days(1);
    let reason = json!({ "reason": "They moved away." });
    let withdraw = command_from_json("grant", offered.0, "withdraw-offer", &reason);
    app.issue_ok(office.ada, withdraw).await;
    app.catch_up().await;
}

on_each_engine!(a_statement_between_two_days_adds_up);
async fn a_statement_between_two_days_adds_up(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    payments_over_days(&app, &office).await;
    let views = app.views();
    let fund = office.fund.to_string();

    let (mut lines, mut fell) = (0, 0);
    for (from, until) in [
        (-20, 0),
        (-13, 0),
        (-13, -4),
        (-9, -5),
        (-4, -1),
        (-1, 0),
        (0, 0),
        (-30, -25),
    ] {
        let statement = views
            .statement(
                StatementSubject::Fund(&fund),
                app.in_days(from),
                app.in_days(until),
            )
            .await
            .unwrap();

        assert_adds_up(&statement);
        lines += statement.lines.len();
        fell += statement
            .lines
            .iter()
            .filter(|line| line.change().starts_with('\u{2212}'))
            .count();
    }
    assert!(lines > 20 && fell > 0, "{lines} lines, {fell} of them fell");
}

/// The lines of a statement lead from its opening to its closing figures.
fn assert_adds_up(statement: &Statement) {
    let pence = Money::pence;
    let (opening, closing) = (&statement.opening, &statement.closing);
    let moved = |figure: &str| {
        statement
            .lines
            .iter()
            .filter(|line| line.sum == figure)
            .map(|line| line.pence)
            .sum::<i64>()
    };
    for (figure, before, after) in [
        ("allocated", opening.allocated, closing.allocated),
        ("committed", opening.committed, closing.committed),
        ("sent", opening.sent, closing.sent),
        ("confirmed", opening.confirmed, closing.confirmed),
        ("returned", opening.returned, closing.returned),
    ] {
        assert_eq!(
            pence(before) + moved(figure),
            pence(after),
            "{figure} from {} until {}",
            statement.from,
            statement.until
        );
    }
    assert_eq!(
        pence(closing.allocated) - pence(closing.committed),
        pence(closing.uncommitted)
    );
}

on_each_engine!(the_api_gives_a_statement_between_two_days);
async fn the_api_gives_a_statement_between_two_days(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    payments_over_days(&app, &office).await;
    let client = serve(&app, office.ada);
    let path = format!("/api/v1/funds/{}/statement", office.fund);
    let (long_ago, yesterday) = (app.in_days(-20), app.in_days(-1));
    let today = app.today();

    let seen = client
        .get(&format!("{path}?from={long_ago}&until={today}"))
        .body;
    let backwards = client.get(&format!("{path}?from={today}&until={yesterday}"));
    let unknown = client.get(&format!("/api/v1/funds/{}/statement", uuid::Uuid::nil()));

    assert_eq!(
        (&seen["opening"]["allocated"], &seen["closing"]["paid"]),
        (&json!("0.00"), &json!("1800.00")),
        "{seen}"
    );
    backwards.assert_problem(400, "invalid_query");
    unknown.assert_problem(404, "not_found");
}
