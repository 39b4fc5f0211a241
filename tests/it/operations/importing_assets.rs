//! Import of entries of the directory.

use microgrants::domain::asset::AssetState;
use microgrants::import::ImportKind;
use microgrants::projections::AssetRow;

use super::importing::{import, record};
use crate::support::fixtures::Office;
use crate::support::test_app::TestApp;

const KIND: ImportKind = ImportKind::Assets;

async fn entries(app: &TestApp) -> Vec<AssetRow> {
    app.catch_up().await;
    let mut rows: Vec<AssetRow> = app.views().all_rows(None, Vec::new()).await.unwrap();
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    rows
}

on_each_engine!(entries_are_tried_first_and_recorded_once);
async fn entries_are_tried_first_and_recorded_once(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let table = "Reference,Name,Kind,Offer or wish,Area,Description,When,Welcomes\n\
        D1,A hall,Place,,Oldham,A warm hall.,Weekdays,yes\n\
        D2,A choir,group,wish,,,,\n";
    let tried = import(&app, office.ada, KIND, table.as_bytes(), true).await;
    assert!(tried.wrong.is_empty() && tried.recorded == 0, "{tried:?}");
    assert_eq!(tried.rows.len(), 3, "the first is recorded and published");
    assert!(entries(&app).await.is_empty());

    let first = record(&app, office.ada, KIND, table).await;
    let second = record(&app, office.ada, KIND, table).await;
    assert_eq!((first.recorded, second.recorded), (3, 0), "{first:?}");
    let rows = entries(&app).await;
    let states: Vec<_> = rows.iter().map(|row| row.state).collect();
    assert_eq!(states, [AssetState::Recorded, AssetState::Published]);
    let listing = rows[1].listing.as_ref().expect("words");
    assert!(listing.welcomes && listing.area.is_some(), "{listing:?}");
}

on_each_engine!(each_line_of_entries_that_is_wrong_is_named);
async fn each_line_of_entries_that_is_wrong_is_named(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let table = "Reference,Name,Kind,Offer or wish,Group,Description,When,Welcomes\n\
        D1,,place,,,,,\n\
        D2,A hall,palace,,,,,\n\
        D3,A hall,place,gift,,,,\n\
        D4,A hall,place,,Nobody,,,\n\
        D5,A hall,place,,,Phone 0161 496 0123,,\n\
        D6,A hall,place,,,,Weekdays,\n\
        D7,A hall,place,,,A hall.,,perhaps\n";

    let done = record(&app, office.ada, KIND, table).await;

    let lines: Vec<usize> = done.wrong.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8], "{:?}", done.wrong);
    assert!(done.recorded == 0 && entries(&app).await.is_empty());
}
