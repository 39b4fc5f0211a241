//! The gatherings of the seeds: every kind and state is there. Gatherings never move money.

use std::collections::BTreeSet;

use microgrants::domain::fund::FundState;
use microgrants::domain::gathering::{GatheringState, SessionState};
use microgrants::domain::{PersonId, Role};
use microgrants::export::open_data::{Places, build_package};
use microgrants::projections::{
    FundRow, GatheringRow, GatheringSessionRow, PersonRow, SignUpRow, SignUpState,
};
use microgrants::views::{GroupBy, StatementSubject, Sums, TableRow};
use serde_json::{Value, json};
use uuid::Uuid;

use super::open_data::publisher;
use super::seeds::load_seeds;
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

/// How many gatherings the test of money holds: nine events each.
const GATHERINGS: u128 = 12;

pub(super) async fn all<R: TableRow>(app: &TestApp) -> Vec<R> {
    app.views().all_rows(None, Vec::new()).await.unwrap()
}

on_each_engine!(of_every_kind_are_in_the_seeds);
async fn of_every_kind_are_in_the_seeds(app: TestApp) {
    // Given
    load_seeds(&app).await;
    app.catch_up().await;

    // Then there is a gathering of each kind, and of each state.
    let gatherings: Vec<GatheringRow> = all(&app).await;
    let kinds: BTreeSet<String> = gatherings
        .iter()
        .map(|row| format!("{:?}", row.kind))
        .collect();
    assert_eq!(kinds.len(), 9, "{kinds:?}");
    for state in [
        GatheringState::Draft,
        GatheringState::Open,
        GatheringState::Ended,
    ] {
        let found = gatherings.iter().any(|row| row.state == state);
        assert!(found, "no gathering is {state:?}");
    }
    let walk = gatherings
        .iter()
        .find(|row| row.handed_over == 1)
        .expect("a lead was handed over");
    assert!(walk.leads.values().all(|staff| !staff), "{:?}", walk.leads);
    assert!(walk.hand.is_some() && walk.checked_until.is_some());

    assert_sessions(&app).await;
}

/// Sessions that were held have notes with signs; of those to come one has places left, one is full
/// with people who wait in their order, and one is cancelled.
async fn assert_sessions(app: &TestApp) {
    let sessions: Vec<GatheringSessionRow> = all(app).await;
    let held: Vec<_> = sessions
        .iter()
        .filter(|row| row.state == SessionState::Held)
        .collect();
    assert!(held.len() >= 10, "{} were held", held.len());
    for row in &held {
        assert!(row.came.is_some() && row.learned.is_some(), "{row:?}");
        assert!(row.day < app.today(), "{row:?}");
    }
    assert!(held.iter().any(|row| row.counted > 0), "one was counted");
    let to_come = |row: &&GatheringSessionRow| row.day >= app.today();
    let planned = || {
        let planned = |row: &&GatheringSessionRow| row.state == SessionState::Planned;
        sessions.iter().filter(to_come).filter(planned)
    };
    let with_places = planned().filter(|row| row.places.is_some_and(|all| row.taken < all));
    assert!(with_places.count() >= 3);
    let full = planned()
        .find(|row| row.waiting > 0)
        .expect("people wait for a place");
    assert_eq!(Some(full.taken), full.places);
    let cancelled = sessions.iter().filter(to_come);
    let cancelled = cancelled.filter(|row| row.state == SessionState::Cancelled);
    assert_eq!(cancelled.count(), 1);

    let waiting = all::<SignUpRow>(app)
        .await
        .into_iter()
        .filter(|row| row.state == SignUpState::Waiting && row.gathering == full.gathering);
    assert_eq!(waiting.count(), usize::try_from(full.waiting).unwrap());
}

/// Budgets, outcomes, the lines and balances of statements, and the open data. Of the log's length
/// nothing is in them.
pub(super) async fn money_of(app: &TestApp) -> Vec<String> {
    let views = app.views();
    let mut found = Vec::new();
    for by in [
        GroupBy::Fund,
        GroupBy::Funder,
        GroupBy::Area,
        GroupBy::Theme,
        GroupBy::Round,
        GroupBy::Sign,
        GroupBy::Grant,
    ] {
        let sums = Sums {
            by,
            fund: None,
            area: None,
            position: i64::MAX,
            effective_on: None,
        };
        let (budget, outcomes) = (views.budget(sums).await, views.outcomes(sums).await);
        found.push(serde_json::to_string(&budget.unwrap()).unwrap());
        found.push(serde_json::to_string(&outcomes.unwrap()).unwrap());
    }
    for fund in all::<FundRow>(app).await {
        let id = fund.id.to_string();
        let subject = StatementSubject::Fund(&id);
        let statement = views
            .statement(subject, app.in_days(-800), app.today())
            .await
            .unwrap();
        let parts = (statement.opening, statement.lines, statement.closing);
        found.push(serde_json::to_string(&parts).unwrap());
    }
    let published = views.published().await.unwrap();
    let places = Places::illustrative();
    let package = build_package(&published, &publisher(), &places, app.today()).package;
    found.extend([package.to_json(), package.to_csv()]);
    found
}

/// Holds gatherings of the fund of the seeds, each with everything that can happen to one.
async fn hold_gatherings(app: &TestApp) {
    let people: Vec<PersonRow> = all(app).await;
    let officer = people
        .iter()
        .find(|person| person.roles.contains(&Role::Officer))
        .map(|person| PersonId(person.id))
        .expect("an officer");
    let funds: Vec<FundRow> = all(app).await;
    let fund = funds
        .iter()
        .find(|fund| fund.state == FundState::Open)
        .expect("an open fund");
    let session = |day: i64| {
        json!({
            "day": app.in_days(day),
            "starts_at": "10:00",
            "ends_at": "12:00",
            "places": 9,
        })
    };
    let plan = json!({
        "kind": "workshop",
        "about": { "title": "A workshop", "description": "We learn.", "area": "oldham" },
        "leads": [officer],
        "fund": fund.id,
    });
    let notes = json!({
        "session": 1,
        "learned": "Much.",
        "signs": ["acting-early", "sharing-power"],
    });
    let correct = json!({ "session": 1, "came": { "people": 9 }, "reason": "A child too." });
    let steps: [(&str, Value); 9] = [
        ("plan", plan),
        ("add-session", session(-1)),
        ("add-session", session(9)),
        ("open", json!({})),
        ("sign-up", json!({ "session": 2, "person": officer })),
        (
            "record-attendance",
            json!({ "session": 1, "came": { "people": 8 } }),
        ),
        ("correct-attendance", correct),
        ("write-notes", notes),
        ("cancel-session", json!({ "session": 2, "reason": "Snow." })),
    ];
    for number in 0..GATHERINGS {
        let id = Uuid::from_u128(9_000 + number);
        for (name, body) in &steps {
            let command = command_from_json("gathering", id, name, body);
            app.issue_ok(officer, command).await;
        }
    }
}

on_each_engine!(a_hundred_of_their_events_move_no_money);
async fn a_hundred_of_their_events_move_no_money(app: TestApp) {
    // Given
    load_seeds(&app).await;
    app.catch_up().await;
    let (before, length) = (money_of(&app).await, app.log.length().await.unwrap());
    assert!(before.iter().any(|text| text.contains("\"awarded\"")));

    // When
    hold_gatherings(&app).await;
    app.catch_up().await;

    // Then
    assert!(app.log.length().await.unwrap() >= length + 100);
    for (was, is) in before.iter().zip(money_of(&app).await) {
        assert_eq!(*was, is);
    }
}
