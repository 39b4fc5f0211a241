//! What the seeds tell of people and places: every state of the directory, of introductions, of
//! pledges and of barriers is there, aims are answered twice, and none of it moves money.

use std::collections::{BTreeMap, BTreeSet};

use microgrants::audit::FolderCheck;
use microgrants::commands::organisation_id;
use microgrants::domain::asset::{AssetKind, AssetState, AssetWay};
use microgrants::domain::barrier::{BarrierState, ComesTo};
use microgrants::domain::introduction::IntroductionState;
use microgrants::domain::language::Language;
use microgrants::domain::{PersonId, Role};
use microgrants::projections::{
    AssetRow, BarrierRow, ConsentRow, ConsentState, ExchangeRow, GroupRow, IntroductionRow,
    NoticeRow, PersonRow, PledgeState, TakenPledgesRow, TieRow, TieState,
};
use microgrants::views::{LibraryFilter, LibrarySource};
use serde_json::{Value, json};
use uuid::Uuid;

use super::seeded_gatherings::{all, money_of};
use crate::audit::books::export_log;
use crate::support::replay;
use crate::support::scenario::command_from_json;
use crate::support::seeded::with_seeds;
use crate::support::test_app::{ORGANISATION, TestApp};

/// How often the test of money does everything that it can: nineteen commands each time.
const ROUNDS: u128 = 6;

const FILES: [&str; 4] = [
    include_str!("../../../seeds/directory.json"),
    include_str!("../../../seeds/introductions.json"),
    include_str!("../../../seeds/heard.json"),
    include_str!("../../../seeds/learning.json"),
];

/// By command, the fields of its body that are personal.
const PERSONAL: [(&str, &[&str]); 6] = [
    (
        "register",
        &["name", "email", "telephone", "postal_address"],
    ),
    ("record", &["words"]),
    ("propose", &["words"]),
    ("agree", &["matters"]),
    ("welcome", &["host_name"]),
    ("raise", &["words"]),
];

on_each_engine!(of_every_state_the_directory_is_in_the_seeds);
async fn of_every_state_the_directory_is_in_the_seeds(app: TestApp) {
    let app = with_seeds(app).await;
    let entries: Vec<AssetRow> = all(&app).await;
    for state in [
        AssetState::Recorded,
        AssetState::Published,
        AssetState::Paused,
        AssetState::Withdrawn,
    ] {
        let found = entries.iter().any(|row| row.state == state);
        assert!(found, "no entry is {state:?}");
    }
    for kind in [
        AssetKind::Group,
        AssetKind::Organisation,
        AssetKind::Place,
        AssetKind::Thing,
        AssetKind::Skill,
        AssetKind::Interest,
    ] {
        let found = entries.iter().any(|row| row.kind == kind);
        assert!(found, "no entry is a {kind:?}");
    }
    for way in [AssetWay::Offer, AssetWay::Wish] {
        assert!(entries.iter().any(|row| row.way == way), "{way:?}");
    }
    let public = app.views().directory(app.today()).await;
    let public = public.unwrap();
    let homes = public.iter().filter(|row| row.name.contains("care home"));
    assert_eq!(homes.count(), 9);
    let areas: BTreeSet<_> = public.iter().filter_map(|row| row.area.clone()).collect();
    assert_eq!(areas.len(), 3, "{areas:?}");
    let held = entries.iter().filter(|row| row.person.is_some());
    assert_eq!(held.filter(|row| row.listing.is_none()).count(), 3);

    // Then one is out of date and last, and some have lost the person who kept them.
    let stale = public.iter().filter(|row| row.is_stale(app.today()));
    assert_eq!(stale.count(), 1);
    assert!(public.last().is_some_and(|row| row.is_stale(app.today())));
    let without_keeper = app.views().entries_without_keeper(None).await.unwrap();
    assert_eq!(without_keeper.len(), 2, "{without_keeper:?}");

    assert_ties_and_hours(&app).await;
}

async fn assert_ties_and_hours(app: &TestApp) {
    let ties: Vec<TieRow> = all(app).await;
    let standing = ties.iter().filter(|row| row.state == TieState::Standing);
    assert!(standing.count() >= 7, "{ties:?}");
    assert!(ties.iter().any(|row| row.state == TieState::Ended));

    let exchanges: Vec<ExchangeRow> = all(app).await;
    assert!(exchanges.len() >= 5, "{exchanges:?}");
    assert!(exchanges.iter().any(|row| row.corrected_on.is_some()));
    let hours = app.views().hours(None).await.unwrap();
    let balances = hours.balances.iter().map(|party| party.balance);
    assert_eq!(balances.sum::<i64>(), 0);
}

on_each_engine!(of_every_state_introductions_are_in_the_seeds);
async fn of_every_state_introductions_are_in_the_seeds(app: TestApp) {
    let app = with_seeds(app).await;
    let introductions: Vec<IntroductionRow> = all(&app).await;
    for state in [
        IntroductionState::Asked,
        IntroductionState::Agreed,
        IntroductionState::Made,
        IntroductionState::Welcomed,
        IntroductionState::Declined,
        IntroductionState::CameTo,
        IntroductionState::TakenBack,
        IntroductionState::Closed,
    ] {
        let found = introductions.iter().any(|row| row.state == state);
        assert!(found, "no introduction is {state:?}");
    }
    let of_groups = introductions.iter().filter(|row| row.group.is_some());
    assert_eq!(of_groups.count(), 2);

    let consents: Vec<ConsentRow> = all(&app).await;
    for state in [ConsentState::Given, ConsentState::TakenBack] {
        assert!(consents.iter().any(|row| row.state == state), "{state:?}");
    }
    let notices: Vec<NoticeRow> = all(&app).await;
    let purposes: BTreeSet<_> = notices.iter().map(|row| row.purpose).collect();
    assert_eq!((purposes.len(), notices.len()), (4, 5));
    for notice in &notices {
        assert_ne!(notice.text_in(Language::Pl), notice.text, "{notice:?}");
    }
    let people: Vec<PersonRow> = all(&app).await;
    let connectors = people
        .iter()
        .filter(|person| person.roles.contains(&Role::Connector));
    assert_eq!(connectors.count(), 1);
}

on_each_engine!(of_every_state_what_is_heard_is_in_the_seeds);
async fn of_every_state_what_is_heard_is_in_the_seeds(app: TestApp) {
    let app = with_seeds(app).await;
    let barriers: Vec<BarrierRow> = all(&app).await;
    for state in [
        BarrierState::Raised,
        BarrierState::PassedOn,
        BarrierState::Answered,
        BarrierState::Closed,
        BarrierState::Joined,
    ] {
        let found = barriers.iter().any(|row| row.state == state);
        assert!(found, "no barrier is {state:?}");
    }
    let made = barriers
        .iter()
        .find(|row| row.comes_to == Some(ComesTo::Made));
    let made = made.expect("a change was made");
    assert_eq!((made.answers.len(), made.people), (2, Some(2)));
    assert_eq!(app.views().heard(None).await.unwrap().len(), 3);

    let figures = app.views().pledge_figures(None).await.unwrap();
    assert_eq!((figures.version, figures.pledges.len()), (1, 3));
    let shown = figures.without_few_people();
    let most = shown.pledges.iter().max_by_key(|line| line.taken);
    let most = most.expect("a pledge");
    assert!(most.taken > most.kept && most.kept.is_some(), "{shown:?}");
    let taken: Vec<TakenPledgesRow> = all(&app).await;
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for pledge in taken.iter().flat_map(|row| row.pledges.values()) {
        *states.entry(format!("{:?}", pledge.state)).or_default() += 1;
    }
    for state in [PledgeState::Taken, PledgeState::Kept, PledgeState::Dropped] {
        assert!(states.contains_key(&format!("{state:?}")), "{states:?}");
    }
    assert!(taken.iter().any(|row| row.reminded_on.is_some()));
}

on_each_engine!(lessons_and_answers_given_twice_are_in_the_seeds);
async fn lessons_and_answers_given_twice_are_in_the_seeds(app: TestApp) {
    let app = with_seeds(app).await;
    let views = app.views();
    let library = views.library(&LibraryFilter::default(), None).await;
    let library = library.unwrap();
    for source in [
        LibrarySource::Lesson,
        LibrarySource::Story,
        LibrarySource::Notes,
        LibrarySource::Report,
        LibrarySource::Answer,
    ] {
        let found = library.entries.iter().any(|entry| entry.source == source);
        assert!(found, "nothing is from {source:?}");
    }
    let lessons = library.entries.iter().filter(|entry| entry.kind.is_some());
    let kinds: BTreeSet<_> = lessons.clone().filter_map(|entry| entry.kind).collect();
    let origins: BTreeSet<String> = lessons
        .filter_map(|entry| entry.grew_from.as_ref())
        .map(|origin| json!(origin)["from"].to_string())
        .collect();
    assert_eq!((kinds.len(), origins.len()), (4, 4), "{origins:?}");
    assert_eq!(library.stories_chosen, 1);

    let aims = views.aims(None, app.today(), true).await.unwrap();
    let questions = aims.aims.iter().flat_map(|aim| &aim.questions);
    let answered: Vec<_> = questions.filter(|one| one.baseline.tallies > 0).collect();
    assert_eq!(answered.len(), 3, "{answered:?}");
    for one in &answered {
        assert_eq!(one.baseline.tallies, one.follow_up.tallies, "{one:?}");
    }
    let lonely = answered.iter().find(|one| one.baseline.tallies == 5);
    let lonely = lonely.expect("five groups were asked the same");
    let often = |counts: &BTreeMap<_, Option<i64>>| counts.values().flatten().max().copied();
    assert!(often(&lonely.baseline.counts).is_some(), "{lonely:?}");

    // Then a group of four is in the sums, and is not shown outside the office by itself.
    let groups: Vec<GroupRow> = all(&app).await;
    let small = id_of(&groups, "Quilting memories, Offerton");
    let seen = views.tallies_of(small, None, false).await.unwrap();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|tally| tally.people.fewer_than_five));
}

fn id_of(groups: &[GroupRow], name: &str) -> Uuid {
    let found = groups.iter().find(|row| row.name == name);
    found.expect("a group of the seeds").id
}

/// The personal values in the files of the seeds.
fn personal_values() -> Vec<String> {
    let mut values = Vec::new();
    for file in FILES {
        let file: Value = serde_json::from_str(file).unwrap();
        let records = file["records"].as_array().unwrap().iter();
        let steps = records.flat_map(|record| record["steps"].as_array().unwrap());
        for step in steps {
            let fields = PERSONAL.iter().filter(|(name, _)| step["do"] == *name);
            for field in fields.flat_map(|(_, fields)| *fields) {
                values.extend(step["with"][field].as_str().map(str::to_owned));
            }
        }
    }
    values
}

on_each_engine!(nothing_personal_of_the_seeds_is_public);
async fn nothing_personal_of_the_seeds_is_public(app: TestApp) {
    let app = with_seeds(app).await;
    let values = personal_values();
    assert!(values.len() > 30, "{values:?}");
    let views = app.views();
    let events = app.log.read_events(0, 1_000_000).await.unwrap();
    let library = views.library(&LibraryFilter::default(), None).await;
    let public = [
        format!("{:?}", views.directory(app.today()).await),
        format!("{:?}", views.heard(None).await),
        format!("{library:?}"),
        events
            .iter()
            .map(|recorded| format!("{:?}", recorded.event))
            .collect::<Vec<_>>()
            .concat(),
    ];
    for value in &values {
        for text in &public {
            assert!(!text.contains(value.as_str()), "{value}");
        }
    }
    assert_eq!(replay::replay_log(&app).await, 47);
    let folder = export_log(&app).await;
    let check = FolderCheck::of(&folder).unwrap();
    assert!(check.holds(), "{:?}", check.findings);
}

/// The kind of a record, a command on it, and its body.
type RoundStep = (&'static str, &'static str, Value);

/// Everything that happens in a round, on records with one id.
fn round(app: &TestApp, officer: PersonId, groups: &[GroupRow], entry: Uuid) -> Vec<RoundStep> {
    let (soup, cooks) = (
        id_of(groups, "Soup on Saturdays, Edgeley"),
        id_of(groups, "Grow and cook, Droylsden"),
    );
    let record = json!({ "way": "offer", "kind": "place", "name": "A hall", "area": "oldham" });
    let listing = json!({ "name": "A hall", "description": "It is warm.", "welcomes": true });
    let exchange = json!({
        "giver": { "group": soup },
        "receiver": { "group": cooks },
        "minutes": 90,
        "on": app.in_days(-1),
    });
    let correct = json!({ "exchange": 1, "minutes": 60, "reason": "It was an hour." });
    let agree = json!({ "notice": 2, "channel": "paper", "shares": ["name"] });
    let welcome = json!({ "host_name": "Somebody", "channel": "phone" });
    let pass_on = json!({ "to": "A council", "asked": "A bus.", "due_on": app.in_days(5) });
    let lesson = json!({
        "title": "We learned this",
        "words": "Much.",
        "kind": "lesson",
        "voice": "staff",
        "signs": ["acting-early"],
    });
    vec![
        ("asset", "record", record),
        ("asset", "publish", listing),
        ("asset", "record-exchange", exchange),
        ("asset", "correct-exchange", correct),
        (
            "introduction",
            "ask",
            json!({ "of": { "group": soup }, "to": entry }),
        ),
        ("introduction", "agree", agree),
        ("introduction", "make", json!({})),
        ("introduction", "welcome", welcome),
        ("introduction", "say-how", json!({ "how": "went" })),
        ("introduction", "close", json!({ "reason": "done" })),
        ("asset", "pause", json!({})),
        ("asset", "resume", json!({})),
        ("asset", "withdraw", json!({})),
        (
            "barrier",
            "raise",
            json!({ "person": officer, "words": "It is dark." }),
        ),
        ("barrier", "sum-up", json!({ "summary": "It is dark." })),
        ("barrier", "pass-on", pass_on),
        (
            "barrier",
            "record-answer",
            json!({ "answer": "Yes.", "comes_to": "made" }),
        ),
        ("barrier", "close", json!({ "reason": "It is light." })),
        ("organisation", "publish-lesson", lesson),
    ]
}

on_each_engine!(a_hundred_events_of_the_movement_move_no_money);
async fn a_hundred_events_of_the_movement_move_no_money(app: TestApp) {
    // Given
    let app = with_seeds(app).await;
    let (before, length) = (money_of(&app).await, app.log.length().await.unwrap());
    let people: Vec<PersonRow> = all(&app).await;
    let groups: Vec<GroupRow> = all(&app).await;
    let officer = people
        .iter()
        .find(|person| person.roles.contains(&Role::Officer))
        .map(|person| PersonId(person.id))
        .expect("an officer");

    // When
    for number in 0..ROUNDS {
        let own = Uuid::from_u128(9_900 + number);
        for (noun, name, body) in round(&app, officer, &groups, own) {
            let id = match noun {
                "organisation" => organisation_id(ORGANISATION).0,
                _ => own,
            };
            let command = command_from_json(noun, id, name, &body);
            app.issue_ok(officer, command).await;
        }
    }
    app.catch_up().await;

    // Then
    assert!(app.log.length().await.unwrap() >= length + 100);
    let after = money_of(&app).await;
    assert_eq!(before.len(), after.len());
    for (was, is) in before.iter().zip(after) {
        assert_eq!(*was, is);
    }
}
