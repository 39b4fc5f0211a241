//! Somebody who took part is erased: nothing that they wrote can be read any more, the numbers that
//! they were counted in stay, and the log holds.

use microgrants::audit::FolderCheck;
use microgrants::clock::new_id;
use microgrants::domain::PersonId;
use microgrants::domain::aim::starter_aims;
use microgrants::jobs::Jobs;
use microgrants::projections::{BarrierRow, GatheringSessionRow, TallyRow};
use microgrants::views::Filter;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::audit::books::export_log;
use crate::operations::erasure::purge;
use crate::support::fixtures::{Office, person};
use crate::support::scenario::command_from_json;
use crate::support::steps;
use crate::support::test_app::TestApp;

async fn take(app: &TestApp, by: PersonId, noun: &str, (id, name): (Uuid, &str), body: &Value) {
    let command = command_from_json(noun, id, name, body);
    app.issue_ok(by, command).await;
}

/// A gathering of one session, to which the guest comes with something that they need, and a tally
/// of those who came. The guest said what gets in their way.
async fn took_part(app: &TestApp, office: &Office, guest: PersonId) -> (Uuid, Uuid) {
    let (circle, barrier) = (new_id(), new_id());
    let on = |name| (circle, name);
    let plan = json!({
        "kind": "circle",
        "about": { "title": "Soup and plans", "description": "We cook and talk." },
        "leads": [office.ada],
        "sign_up": "named",
    });
    let session = json!({ "day": app.in_days(7), "starts_at": "13:30", "ends_at": "16:00" });
    let sign_up = json!({
        "session": 1,
        "person": guest,
        "channel": "phone",
        "needs": { "words": "marigold, a ramp", "consent": true },
    });
    let none = json!({});
    for (name, body) in [
        ("plan", &plan),
        ("add-session", &session),
        ("open", &none),
        ("sign-up", &sign_up),
    ] {
        take(app, office.ada, "gathering", on(name), body).await;
    }
    let raised = json!({ "person": guest, "words": "marigold, no bus", "channel": "phone" });
    take(app, office.ada, "barrier", (barrier, "raise"), &raised).await;
    app.pass_days(8);
    let came = json!({ "session": 1, "came": { "people": 8, "named": [guest] } });
    take(app, office.ada, "gathering", on("record-attendance"), &came).await;
    let organisation = app.commands.organisation().0;
    let aims = json!({ "aims": starter_aims() });
    take(
        app,
        office.ada,
        "organisation",
        (organisation, "adopt-aims"),
        &aims,
    )
    .await;
    let tally = json!({
        "version": 1,
        "question": "lonely",
        "counts": { "often-always": 5, "some-of-the-time": 3 },
        "asked_on": app.today(),
        "occasion": "baseline",
    });
    take(app, office.ada, "gathering", on("give-tally"), &tally).await;
    (circle, barrier)
}

/// The people who came to the session, and what the tally counted.
async fn numbers(app: &TestApp, circle: Uuid) -> (Option<u32>, Vec<TallyRow>) {
    app.catch_up().await;
    let of_circle = vec![Filter::equals("gathering", circle)];
    let sessions: Vec<GatheringSessionRow> = app.views().all_rows(None, of_circle).await.unwrap();
    let tallies: Vec<TallyRow> = app.views().all_rows(None, Vec::new()).await.unwrap();
    let came = sessions[0].came.as_ref().map(|came| came.people);
    (came, tallies)
}

on_each_engine!(who_is_erased_leaves_numbers_and_no_words);
async fn who_is_erased_leaves_numbers_and_no_words(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let guest = person(&app, "Guest").await;
    let (circle, barrier) = took_part(&app, &office, guest).await;
    let written = async || {
        let stored = app.log.vault().decrypt_all(guest.0).await.expect("values");
        stored
            .values()
            .filter(|text| text.contains("marigold"))
            .count()
    };
    assert_eq!(
        written().await,
        2,
        "what they need, and what gets in their way"
    );
    let before = numbers(&app, circle).await;
    assert_eq!((before.0, before.1.len()), (Some(8), 1));

    app.issue_ok(office.ada, steps::erase_person(guest)).await;
    app.catch_up().await;
    let jobs = Jobs::new(app.commands.clone(), app.views());
    jobs.run_once().await.expect("jobs run");
    purge(&app).await;
    assert_eq!(written().await, 0);
    assert_eq!(numbers(&app, circle).await, before);
    let row: BarrierRow = app.views().find(barrier, None).await.unwrap().unwrap();
    let seen = app
        .views()
        .decrypt_barriers(|_| true, vec![row])
        .await
        .unwrap();
    assert_eq!(seen[0].words, None);
    let check = FolderCheck::of(&export_log(&app).await).expect("a folder");
    assert!(check.holds(), "{:?}", check.findings);
}
