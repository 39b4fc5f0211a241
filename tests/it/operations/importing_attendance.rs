//! Import of who came to gatherings.

use microgrants::import::ImportKind;
use microgrants::projections::GatheringSessionRow;
use serde_json::json;
use uuid::Uuid;

use super::importing::{groups, import, record};
use crate::support::fixtures::Office;
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

/// Opens a gathering with a session yesterday and one in five days.
async fn open_gathering(app: &TestApp, office: &Office) {
    let session =
        |day: i64| json!({ "day": app.in_days(day), "starts_at": "10:00", "ends_at": "12:00" });
    let about = json!({ "title": "A circle", "description": "We meet." });
    let plan = json!({ "kind": "circle", "about": about, "leads": [office.ada] });
    for (name, body) in [
        ("plan", plan),
        ("add-session", session(-1)),
        ("add-session", session(5)),
        ("open", json!({})),
    ] {
        let command = command_from_json("gathering", Uuid::from_u128(77), name, &body);
        app.issue_ok(office.ada, command).await;
    }
}

async fn people_who_came(app: &TestApp) -> Option<(u32, usize)> {
    let sessions: Vec<GatheringSessionRow> = app.views().all_rows(None, Vec::new()).await.unwrap();
    let first = sessions.into_iter().find(|row| row.session == 1);
    let came = first.and_then(|row| row.came);
    came.map(|came| (came.people, came.groups.len()))
}

on_each_engine!(is_tried_first_and_recorded_once);
async fn is_tried_first_and_recorded_once(app: TestApp) {
    // Given
    let office = Office::open(&app, 10_000).await;
    office.prepared(&app, 700).await;
    open_gathering(&app, &office).await;
    app.catch_up().await;
    let name = groups(&app).await[0].name.clone();
    let table = |people: u32| {
        let day = app.in_days(-1);
        format!("Gathering,Day,People,Groups\na Circle,{day},{people},\"{name}: 3\"\n")
    };

    // When a trial shows each value as it was understood, nothing is recorded.
    let kind = ImportKind::Attendance;
    let tried = import(&app, office.ada, kind, table(12).as_bytes(), true).await;
    assert!(tried.wrong.is_empty() && tried.recorded == 0, "{tried:?}");
    let row = &tried.rows[0];
    let day = app.in_days(-1).strftime("%-d %B %Y").to_string();
    assert_eq!((row.line, row.says.contains(&day)), (2, true), "{row:?}");
    for value in [
        ("Gathering", "A circle".to_owned()),
        ("Session", format!("1, on {day}")),
        ("People", "12".to_owned()),
        ("Groups", format!("{name}: 3")),
    ] {
        assert!(row.values.contains(&value), "{value:?}: {row:?}");
    }
    assert_eq!(people_who_came(&app).await, None);

    // Then it is recorded once, and other values later are refused.
    let first = record(&app, office.ada, kind, &table(12)).await;
    let second = record(&app, office.ada, kind, &table(12)).await;
    assert_eq!((first.recorded, second.recorded, second.known), (1, 0, 1));
    assert_eq!(people_who_came(&app).await, Some((12, 1)));
    let other = record(&app, office.ada, kind, &table(13)).await;
    assert_eq!(other.wrong.len(), 1, "{other:?}");
    assert_eq!(people_who_came(&app).await, Some((12, 1)));
}

on_each_engine!(names_each_line_that_is_wrong);
async fn names_each_line_that_is_wrong(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    open_gathering(&app, &office).await;
    let day = app.in_days(-2);
    let table = format!(
        "Gathering,Session,Day,People,Groups\n\
         Unknown,1,,9,\n\
         A circle,7,,9,\n\
         A circle,1,{day},9,\n\
         A circle,,{day},9,\n\
         A circle,1,,many,\n\
         A circle,1,,9,Nobody: 3\n\
         A circle,1,,9,three of them\n\
         A circle,,,9,\n\
         A circle,2,,9,\n\
         A circle,1,,9,\n\
         A circle,1,,8,\n"
    );

    let done = record(&app, office.ada, ImportKind::Attendance, &table).await;

    let lines: Vec<usize> = done.wrong.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 9, 10, 12], "{:?}", done.wrong);
    for (line, says) in [
        (2, "there is no gathering with this title"),
        (4, "this session was on"),
        (5, "no session was on this day"),
        (6, "write how many people came"),
        (7, "there is no group called “Nobody”"),
        (12, "line 11 is about the same session"),
    ] {
        let found = done.wrong.iter().find(|(of, _)| *of == line);
        assert!(
            found.is_some_and(|(_, text)| text.contains(says)),
            "{says}: {found:?}"
        );
    }
    assert_eq!(done.recorded, 0);
    assert_eq!(people_who_came(&app).await, None);
}
