//! The story of a gathering, and the figures of all of them, from an exported folder.

use microgrants::audit::{self, FolderCheck, GatheringStory, ScratchDatabase};
use microgrants::projections::GatheringRow;
use microgrants::views::MovementSummary;
use uuid::Uuid;

use super::books::export_log;
use crate::operations::seeds::load_seeds;
use crate::support::test_app::TestApp;

async fn gatherings(app: &TestApp) -> Vec<GatheringRow> {
    app.views().all_rows(None, Vec::new()).await.unwrap()
}

fn lines(story: &GatheringStory) -> Vec<String> {
    let days = story.days.iter().flat_map(|day| &day.lines);
    days.map(|line| line.says.clone()).collect()
}

fn assert_told(story: &GatheringStory, words: &[&str]) {
    let lines = lines(story);
    for words in words {
        let found = lines.iter().any(|line| line.contains(words));
        assert!(found, "{words}: {lines:#?}");
    }
}

on_each_engine!(a_gathering_is_told_in_plain_words);
async fn a_gathering_is_told_in_plain_words(app: TestApp) {
    // Given
    load_seeds(&app).await;
    app.catch_up().await;
    let all = gatherings(&app).await;
    let folder = export_log(&app).await;
    let check = FolderCheck::of(&folder).unwrap();
    let story = |title: &str| {
        let row = all.iter().find(|row| row.title.starts_with(title));
        let id = row.expect("a gathering").id;
        audit::explain_gathering(&folder, &check, id)
            .unwrap()
            .unwrap()
    };

    // Then the walk went from staff to people.
    let walk = story("Walk at the end");
    assert!(walk.check.holds(), "{:?}", walk.check.findings);
    let verdict = "The gathering is open. Of 4 sessions, 3 were held and none was cancelled. In \
        all, 85 people came. Staff handed the lead over to people without a role.";
    assert_eq!(walk.verdict, verdict);
    assert_told(
        &walk,
        &[
            "planned an activity, “Walk at the end of the shift” in stockport, led by officer ",
            "recorded that its risks were checked, valid until ",
            "counted 28 people who want to come to session 1.",
            "took the lead.",
            "stopped leading it. It was then led by ",
            "asked the office for a hand. The words are encrypted.",
        ],
    );
    assert_eq!(walk.missing, Vec::<String>::new());

    // Then the workshop that is full says who waits, and who got a place that was given up.
    let films = story("Make a short film");
    assert_told(
        &films,
        &[
            ": place 8 of 8.",
            "which was full: number 1 of those who wait.",
            "gave up a place at session 1.",
            "who was first of those who waited, got a place at session 1.",
        ],
    );
    let unknown = audit::explain_gathering(&folder, &check, Uuid::nil()).unwrap();
    assert!(unknown.is_none());
    let text = walk.to_string();
    assert!(!text.contains("vests"), "words of a person: {text}");
    assert!(text.contains("What is missing\n  Nothing."), "{text}");
}

on_each_engine!(figures_of_gatherings_are_those_of_a_replay);
async fn figures_of_gatherings_are_those_of_a_replay(app: TestApp) {
    load_seeds(&app).await;
    app.catch_up().await;
    let folder = export_log(&app).await;
    let replayed = ScratchDatabase::replay(&folder).await.unwrap();
    let newest = replayed.size() - 1;

    let mut held = Vec::new();
    for position in [newest / 2, newest * 3 / 4, newest] {
        let ours: MovementSummary = (*app.views().movement(Some(position)).await.unwrap()).clone();
        let theirs = replayed.views().movement(Some(position)).await.unwrap();
        assert_eq!(ours, *theirs, "as at {position}");
        held.push(ours.all.sessions);
    }
    assert!(held.is_sorted() && held[2] > held[0], "{held:?}");
    let now = app.views().movement(None).await.unwrap();
    assert_eq!(now.all.sessions, held[2]);
}
