//! The library and the aims through the API: what was learned, and what people answered.

use microgrants::audit::ScratchDatabase;
use microgrants::clock::new_id;
use microgrants::domain::aim::starter_aims;
use microgrants::domain::{GrantId, PersonId};
use microgrants::views::{AsAt, Library, LibraryFilter, LibrarySource};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::audit::books::export_log;
use crate::domain::connections::ApiCommands;
use crate::support::fixtures::Office;
use crate::support::replay::replay_log;
use crate::support::service::{Client, serve};
use crate::support::test_app::TestApp;

const AIMS: &str = "/api/v1/aims";
const SIGN: &str = "bringing-people-together";

/// Numbers of answers to one of the questions to begin with.
fn tally(app: &TestApp, question: &str, counts: &Value, occasion: &str) -> Value {
    json!({
        "version": 1,
        "question": question,
        "counts": counts,
        "asked_on": app.today(),
        "occasion": occasion,
    })
}

fn post(client: &Client, path: &str, body: &Value) {
    let answer = client.post(path, body);
    assert!(answer.status < 300, "{path} {body}: {}", answer.body);
}

/// What a reader sees of one question.
fn question(aims: &Value, key: &str) -> Value {
    let mut lines = aims["aims"].as_array().expect("aims").iter();
    let found = lines.find_map(|aim| {
        let mut questions = aim["questions"].as_array().expect("questions").iter();
        questions.find(|one| one["question"]["question"] == key)
    });
    found.expect("the question").clone()
}

on_each_engine!(answers_stand_beside_each_other_and_never_alone);
async fn answers_stand_beside_each_other_and_never_alone(app: TestApp) {
    // Given the official questions, and a group that asked one of them at its beginning.
    let office = Office::open(&app, 5000).await;
    let (group, member) = office.group(&app).await;
    let (ada, cass) = (serve(&app, office.ada), serve(&app, member));
    let adopt = json!({ "aims": starter_aims() });
    post(&ada, "/api/v1/organisation/adopt-aims", &adopt);
    let give = format!("/api/v1/groups/{group}/give-tally");
    let first = json!({ "often-always": 5, "some-of-the-time": 7 });
    post(&cass, &give, &tally(&app, "lonely", &first, "baseline"));
    let few = json!({ "very-strongly": 3, "fairly-strongly": 1 });
    post(&cass, &give, &tally(&app, "belonging", &few, "baseline"));
    app.catch_up().await;
    let first_day = app.today();

    // When they ask it again later.
    app.pass_days(100);
    let (ada, cass) = (serve(&app, office.ada), serve(&app, member));
    let later = json!({ "some-of-the-time": 5, "never": 6 });
    post(&ada, &give, &tally(&app, "lonely", &later, "follow_up"));
    app.catch_up().await;

    // Then both are shown next to each other with their numbers of people.
    let aims = ada.get(AIMS).body;
    let lonely = question(&aims, "lonely");
    assert_eq!(lonely["baseline"]["people"]["number"], 12);
    assert_eq!(lonely["follow_up"]["people"]["number"], 11);
    assert_eq!(lonely["follow_up"]["counts"]["never"], 6);
    assert_eq!(lonely["follow_up"]["counts"]["occasionally"], 0);

    // Then outside the office four people are fewer than five.
    let belonging = &question(&aims, "belonging")["baseline"];
    assert_eq!(belonging["people"]["number"], 4);
    assert_eq!(belonging["counts"]["very-strongly"], 3);
    let outside = question(&cass.get(AIMS).body, "belonging");
    let people = &outside["baseline"]["people"];
    assert_eq!(*people, json!({ "number": null, "fewer_than_five": true }));
    let counts = outside["baseline"]["counts"].as_object().expect("counts");
    assert!(counts.values().all(Value::is_null), "{counts:?}");

    // Then the view as at the first day is as it was, here and in a replay.
    let then = ada.get(&format!("{AIMS}?as_at={first_day}")).body;
    assert_eq!(question(&then, "lonely")["follow_up"]["tallies"], 0);
    assert_ne!(then["quarter"], aims["quarter"]);
    assert_aims_are_those_of_a_replay(&app, first_day).await;

    refuse_bad_tallies(&app, &cass, &give);
    correct_one(&app, &ada, &cass, group.0).await;
    replay_log(&app).await;
}

/// Compares the aims as at a day, and as at today, with those of a replay of the exported log.
async fn assert_aims_are_those_of_a_replay(app: &TestApp, first_day: jiff::civil::Date) {
    let folder = export_log(app).await;
    let replayed = ScratchDatabase::replay(&folder).await.unwrap();
    for day in [first_day, app.today()] {
        let as_at = AsAt::Day(day);
        let ours = app.views();
        let position = ours.position_as_at(as_at).await.unwrap();
        let counted = ours.day_counted(Some(as_at), app.today()).await.unwrap();
        let ours = ours.aims(Some(position), counted, true).await.unwrap();
        let theirs = replayed.views();
        let position = theirs.position_as_at(as_at).await.unwrap();
        let theirs = theirs.aims(Some(position), counted, true).await.unwrap();
        assert_eq!(ours, theirs, "as at {day}");
    }
}

fn refuse_bad_tallies(app: &TestApp, cass: &Client, give: &str) {
    let good = json!({ "never": 6 });
    let unknown = tally(app, "happy", &good, "baseline");
    let answer = cass.post(give, &unknown);
    answer.assert_problem(422, "not_in_aims");
    assert_eq!(answer.body["field"], "question");
    let option = tally(app, "lonely", &json!({ "sometimes": 6 }), "baseline");
    let answer = cass.post(give, &option);
    answer.assert_problem(422, "not_in_aims");
    assert_eq!(answer.body["field"], "counts");
    let mut to_come = tally(app, "lonely", &good, "baseline");
    to_come["asked_on"] = json!(app.in_days(1));
    cass.post(give, &to_come)
        .assert_problem(422, "date_in_future");
    let nobody = tally(app, "lonely", &json!({}), "baseline");
    cass.post(give, &nobody).assert_problem(422, "nothing");
    let single = tally(app, "lonely", &json!({ "never": 1 }), "baseline");
    cass.post(give, &single)
        .assert_problem(422, "single_answer");
}

/// A correction is shown with what it corrects.
async fn correct_one(app: &TestApp, ada: &Client, cass: &Client, group: Uuid) {
    let correct = format!("/api/v1/groups/{group}/correct-tally");
    let right = json!({ "often-always": 6, "some-of-the-time": 7 });
    let body = json!({ "tally": 1, "counts": right, "reason": "One slip was missed." });
    post(cass, &correct, &body);
    app.catch_up().await;
    let lonely = question(&ada.get(AIMS).body, "lonely");
    assert_eq!(lonely["baseline"]["people"]["number"], 13);
    let tallies = app.views().tallies_of(group, None, true).await.unwrap();
    let corrections = &tallies[0].corrections;
    assert_eq!(corrections.len(), 1);
    assert_eq!(corrections[0].counts.values().sum::<u32>(), 12);
}

/// A grant with a story, a conversation with notes, a report and a lesson.
struct Learned {
    grant: GrantId,
    member: PersonId,
    gathering: Uuid,
}

impl Learned {
    async fn write(app: &TestApp, office: &Office) -> Self {
        let api = ApiCommands { house: app };
        let (grant, _, member) = office.prepared(app, 700).await;
        let (ada, gathering) = (office.ada, new_id());
        let story = json!({
            "words": "They cook together.", "consented_on": app.today(), "consent": "A form",
        });
        api.issue_ok(ada, "grant/publish-story", grant.0, story)
            .await;
        let about = json!({
            "title": "What matters here",
            "description": "We talk.",
            "area": "oldham",
            "themes": ["food"],
        });
        let session = json!({
            "day": app.in_days(-1), "starts_at": "13:30", "ends_at": "15:00",
        });
        let notes = json!({ "session": 1, "learned": "People want a kitchen.", "signs": [SIGN] });
        let chosen = json!({ "grant": grant, "story": 1, "why": "It began with one pot." });
        for (name, body) in [
            (
                "plan",
                json!({ "kind": "conversation", "about": about, "leads": [ada] }),
            ),
            ("add-session", session),
            ("open", json!({})),
            (
                "record-attendance",
                json!({ "session": 1, "came": { "people": 9 } }),
            ),
            ("write-notes", notes),
            ("choose-story", chosen),
        ] {
            api.issue_ok(ada, &format!("gathering/{name}"), gathering, body)
                .await;
        }
        let organisation = app.commands.organisation().0;
        let report = json!({
            "area": "oldham", "context": "A town.", "hard": "Time.", "lessons": "Begin early.",
        });
        api.issue_ok(ada, "organisation/publish-report", organisation, report)
            .await;
        let lesson = lesson(&json!({ "from": "gathering", "gathering": gathering }));
        api.issue_ok(ada, "organisation/publish-lesson", organisation, lesson)
            .await;
        app.catch_up().await;
        Self {
            grant,
            member,
            gathering,
        }
    }
}

fn lesson(grew_from: &Value) -> Value {
    json!({
        "title": "Begin with a meal",
        "words": "People talk when they eat.",
        "kind": "how_to",
        "voice": "staff",
        "themes": ["food"],
        "signs": [SIGN],
        "area": "oldham",
        "grew_from": grew_from,
    })
}

async fn library(app: &TestApp, as_at: Option<i64>) -> Library {
    let all = LibraryFilter::default();
    app.views().library(&all, as_at).await.unwrap()
}

fn sources(library: &Library) -> Vec<LibrarySource> {
    let mut sources: Vec<_> = library.entries.iter().map(|entry| entry.source).collect();
    sources.sort();
    sources
}

on_each_engine!(the_library_finds_what_came_from_everywhere);
async fn the_library_finds_what_came_from_everywhere(app: TestApp) {
    use LibrarySource::{Lesson, Notes, Report, Story};
    let office = Office::open(&app, 10_000).await;
    let learned = Learned::write(&app, &office).await;
    let reader = serve(&app, learned.member);

    // Then everything is there, and found by theme, sign, area, kind and source.
    let whole = library(&app, None).await;
    assert_eq!(sources(&whole), [Lesson, Story, Notes, Report]);
    for (query, found) in [
        (format!("theme=food&sign={SIGN}"), 2),
        ("area=oldham&source=report".to_owned(), 1),
        ("kind=how_to".to_owned(), 1),
        ("kind=victory".to_owned(), 0),
        ("source=story".to_owned(), 1),
        ("theme=nothing".to_owned(), 0),
    ] {
        let page = reader.get(&format!("/api/v1/library?{query}")).body;
        let items = page["items"].as_array().expect("items");
        assert_eq!(items.len(), found, "{query}: {page}");
    }
    reader
        .get("/api/v1/library?kind=poem")
        .assert_problem(400, "invalid_query");
    let story = whole
        .entries
        .iter()
        .find(|entry| entry.source == Story)
        .expect("the story");
    assert_eq!(story.why.as_deref(), Some("It began with one pot."));
    assert_eq!(story.gathering.map(|id| id.0), Some(learned.gathering));

    // Then a draft of a gathering and a grant without consent add nothing.
    let api = ApiCommands { house: &app };
    let organisation = app.commands.organisation().0;
    let publish = "organisation/publish-lesson";
    let mut quoted = lesson(&json!({ "from": "grant", "grant": learned.grant }));
    quoted["voice"] = json!("group");
    api.assert_refused(office.ada, "consent_missing", publish, organisation, quoted)
        .await;
    let mut reachable = lesson(&Value::Null);
    reachable["words"] = json!("Ask amina@example.org.");
    api.assert_refused(
        office.ada,
        "looks_personal",
        publish,
        organisation,
        reachable,
    )
    .await;
    withdraw_all(&app, &office, &learned).await;
    replay_log(&app).await;
}

/// What is withdrawn is not there on any day, and a choice stays counted.
async fn withdraw_all(app: &TestApp, office: &Office, learned: &Learned) {
    use LibrarySource::{Notes, Report};
    let api = ApiCommands { house: app };
    let organisation = app.commands.organisation().0;
    let before = app.log.length().await.unwrap() - 1;
    let first = json!({ "lesson": 1 });
    api.issue_ok(
        office.ada,
        "organisation/withdraw-lesson",
        organisation,
        first,
    )
    .await;
    let notes = json!({ "session": 1, "learned": "People want a warm kitchen." });
    api.issue_ok(
        office.ada,
        "gathering/write-notes",
        learned.gathering,
        notes,
    )
    .await;
    let first = json!({ "story": 1 });
    api.issue_ok(
        learned.member,
        "grant/withdraw-story",
        learned.grant.0,
        first,
    )
    .await;
    app.catch_up().await;
    for as_at in [None, Some(before)] {
        let library = library(app, as_at).await;
        assert_eq!(sources(&library), [Notes, Report], "as at {as_at:?}");
        assert_eq!(library.stories_chosen, 1);
        let notes = library.entries.iter().find(|entry| entry.source == Notes);
        let words = notes.map(|entry| entry.words.as_str());
        assert_eq!(
            words,
            Some("People want a warm kitchen."),
            "as at {as_at:?}"
        );
    }
}
