//! Reports for people who audit: the story of a grant, and a sample that nobody chose.

use std::path::Path;

use microgrants::audit::{self, FolderCheck, GrantStory};
use serde_json::json;

use super::books::export_log;
use crate::support::fixtures::Office;
use crate::support::scenario::command_from_json;
use crate::support::seeded::with_seeds;
use crate::support::test_app::TestApp;

fn story_of(folder: &Path, grant: &str) -> GrantStory {
    let check = FolderCheck::of(folder).unwrap();
    audit::explain(folder, &check, grant).unwrap().unwrap()
}

fn lines(story: &GrantStory) -> Vec<String> {
    let days = story.days.iter();
    days.flat_map(|day| &day.lines)
        .map(|line| format!("{} {}", line.says, line.positions_text()))
        .collect()
}

on_each_engine!(a_story_begins_with_a_verdict_and_ends_with_what_is_missing);
async fn a_story_begins_with_a_verdict_and_ends_with_what_is_missing(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let grant = office.returned(&app, 700, 100).await;
    office.prepared(&app, 800).await;
    let folder = export_log(&app).await;

    let story = story_of(&folder, &grant.to_string());
    assert!(story.check.holds(), "{:?}", story.check.findings);
    let verdict = &story.verdict;
    for words in [
        "Awarded £700 on ",
        "paid £700 in 1 payment",
        "£100 came back",
    ] {
        assert!(verdict.contains(words), "{verdict}");
    }
    let lines = lines(&story);
    let prepared = lines
        .iter()
        .find(|line| line.contains("prepared payment 1: £700 of the £700 awarded"))
        .unwrap_or_else(|| panic!("{lines:#?}"));
    for words in ["The account was given by", "and checked by", "; "] {
        assert!(prepared.contains(words), "{prepared}");
    }
    assert!(
        lines.iter().any(|line| line.contains("Paid so far: £600.")),
        "{lines:#?}"
    );
    assert!(
        lines.iter().all(|line| !line.contains("£800")),
        "{lines:#?}"
    );
    assert!(
        story
            .missing
            .iter()
            .any(|missing| missing.contains("No receipt is kept with payment 1")),
        "{:?}",
        story.missing
    );
}

on_each_engine!(a_story_is_found_by_id_and_by_number);
async fn a_story_is_found_by_id_and_by_number(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (grant, ..) = office.prepared(&app, 700).await;
    let folder = export_log(&app).await;

    let story = story_of(&folder, &grant.to_string());
    let number = story.heading.split(" to ").next().unwrap();
    let number = number.trim_start_matches("Grant ");
    assert_eq!(story_of(&folder, number).heading, story.heading);
    let check = FolderCheck::of(&folder).unwrap();
    for unknown in ["00000000-0000-0000-0000-000000000009", "999 999", "soup"] {
        let found = audit::explain(&folder, &check, unknown).unwrap();
        assert!(found.is_none(), "{unknown}");
    }
}

on_each_engine!(the_page_of_a_story_is_whole_and_escapes_what_was_typed);
async fn the_page_of_a_story_is_whole_and_escapes_what_was_typed(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (grant, group, _) = office.prepared(&app, 700).await;
    let name = json!({ "name": "<b>Soup & song", "area": "oldham", "reason": "A typing mistake" });
    let correct = command_from_json("group", group.0, "correct", &name);
    app.issue_ok(office.ada, correct).await;
    let folder = export_log(&app).await;

    let story = story_of(&folder, &grant.to_string());
    let page = story.to_html().unwrap();
    assert!(page.contains("<html lang=\"en-GB\">"), "{page}");
    assert!(
        page.contains("<caption>") && page.contains("<h1>"),
        "{page}"
    );
    assert!(
        !page.contains("<script") && !page.contains(" src="),
        "{page}"
    );
    assert!(!page.contains("<b>Soup"), "{page}");
    assert!(story.heading.contains("<b>Soup"), "{}", story.heading);
    let head = format!("Head: {} events, ", story.check.size.unwrap());
    assert!(page.contains(&head), "{page}");
}

on_each_engine!(a_story_of_a_changed_log_says_so_first);
async fn a_story_of_a_changed_log_says_so_first(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (grant, ..) = office.prepared(&app, 700).await;
    let folder = export_log(&app).await;
    let events = folder.join("events.jsonl");
    let text = std::fs::read_to_string(&events).unwrap();
    std::fs::write(&events, text.replace("\"700.00\"", "\"701.00\"")).unwrap();

    let story = story_of(&folder, &grant.to_string());
    assert!(!story.check.holds());
    assert!(
        story.to_string().starts_with("THIS LOG DOES NOT HOLD"),
        "{story}"
    );
    assert!(story.to_html().unwrap().contains("THIS LOG DOES NOT HOLD"));
}

on_each_engine!(the_newest_head_draws_a_sample_with_its_evidence);
async fn the_newest_head_draws_a_sample_with_its_evidence(app: TestApp) {
    let app = with_seeds(app).await;
    let folder = export_log(&app).await;
    let check = FolderCheck::of(&folder).unwrap();
    assert!(check.holds(), "{:?}", check.findings);

    let few = audit::sample(&folder, &check, 5).unwrap();
    let many = audit::sample(&folder, &check, 1000).unwrap();
    assert_eq!((few.grants.len(), many.grants.len()), (5, many.of));
    let ids =
        |grants: &[audit::SampledGrant]| -> Vec<_> { grants.iter().map(|one| one.grant).collect() };
    assert_eq!(ids(&few.grants), ids(&many.grants)[..5]);
    assert!(many.grants.is_sorted_by_key(|one| one.drawn_by.clone()));
    for one in &few.grants {
        let names: Vec<_> = one.events.iter().map(|event| event.event).collect();
        assert!(names.contains(&"GrantOffered"), "{names:?}");
        assert!(one.verdict.starts_with("Awarded ") || one.verdict.starts_with("No award"));
        let story = audit::explain(&folder, &check, &one.grant.to_string()).unwrap();
        assert_eq!(story.unwrap().verdict, one.verdict);
    }
    let json = serde_json::to_value(&few).unwrap();
    assert_eq!(json["grants"].as_array().map(Vec::len), Some(5));
}
