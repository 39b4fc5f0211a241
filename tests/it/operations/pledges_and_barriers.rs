//! Champions take pledges and are asked once, and a barrier that three people raised is carried up
//! and answered: everyone who raised it hears each answer, and the public never reads their
//! words.

use microgrants::clock::new_id;
use microgrants::domain::PersonId;
use microgrants::jobs::Jobs;
use microgrants::projections::{BarrierRow, PledgeState, TakenPledgesRow};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::operations::erasure::purge;
use crate::operations::mails::{
    deliver_all, mail_folder, mailer, mails_in_folder, outbox_rows, set_email,
};
use crate::support::fixtures::{Office, person, reach_by_phone_only};
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

/// Words that only those who raised a barrier and staff may read.
const OWN_WORDS: [&str; 3] = ["marigold one", "marigold two", "marigold three"];

/// Issues a command. It must be accepted.
async fn take(app: &TestApp, by: PersonId, noun: &str, (id, name): (Uuid, &str), body: &Value) {
    app.issue_ok(by, command_from_json(noun, id, name, body))
        .await;
}

/// Issues a command. It must be refused with this code.
async fn refuse(
    app: &TestApp,
    (by, code): (PersonId, &str),
    noun: &str,
    (id, name): (Uuid, &str),
    body: &Value,
) {
    let command = command_from_json(noun, id, name, body);
    let refusal = app.issue_refused(by, command).await;
    assert_eq!(refusal.code(), code, "{name} {body}");
}

async fn refuse_pledge(app: &TestApp, (by, code): (PersonId, &str), body: &Value) {
    refuse(app, (by, code), "person", (by.0, "pledge"), body).await;
}

async fn run_jobs(app: &TestApp) -> usize {
    app.catch_up().await;
    let jobs = Jobs::new(app.commands.clone(), app.views());
    jobs.run_once().await.expect("jobs run")
}

/// The kinds of a person's mails with their states, in alphabetical order.
async fn mails_of(app: &TestApp, person: PersonId) -> Vec<String> {
    let id = person.to_string();
    let rows = outbox_rows(app).await;
    let own = rows.into_iter().filter(|row| row.person == id);
    let mut mails: Vec<String> = own
        .map(|row| format!("{} {}", row.kind, row.state))
        .collect();
    mails.sort();
    mails
}

async fn person_with_email(app: &TestApp, name: &str) -> PersonId {
    let one = person(app, name).await;
    set_email(app, one, &format!("{}@example.org", name.to_lowercase())).await;
    one
}

fn pledges(app: &TestApp) -> Value {
    let later = app.in_days(10);
    json!({ "pledges": [
        { "pledge": "tell-three", "words": "I tell three people.", "due_after_days": 5 },
        {
            "pledge": "hold-stall",
            "words": "I hold a stall.",
            "other_languages": { "pl": "Poprowadzę stoisko." },
            "not_before": later,
            "due_after_days": 5,
        },
    ] })
}

on_each_engine!(who_kept_no_pledge_is_asked_once_and_not_before_its_day);
async fn who_kept_no_pledge_is_asked_once_and_not_before_its_day(app: TestApp) {
    // Given no pledges.
    let office = Office::open(&app, 5000).await;
    let keeps = person_with_email(&app, "Keeper").await;
    let waits = person_with_email(&app, "Waiter").await;
    let early = person_with_email(&app, "Early").await;
    app.catch_up().await;
    mailer(&app).subscribe().await.expect("a subscription");
    let taken = |keys: &[&str]| json!({ "pledges": keys, "version": 1 });
    let stall = taken(&["hold-stall"]);
    assert_eq!(app.views().pledge_figures(None).await.unwrap().version, 0);
    refuse_pledge(&app, (keeps, "no_pledges"), &stall).await;

    // When the first version is published, then people take them.
    let before = app.log.length().await.unwrap() - 1;
    let publish = (app.commands.organisation().0, "publish-pledges");
    take(&app, office.ada, "organisation", publish, &pledges(&app)).await;
    refuse_pledge(&app, (keeps, "nothing"), &taken(&[])).await;
    let unknown = json!({ "pledges": ["tell-three"], "version": 2 });
    refuse_pledge(&app, (keeps, "pledge_unknown"), &unknown).await;
    let both = taken(&["tell-three", "hold-stall"]);
    take(&app, keeps, "person", (keeps.0, "pledge"), &both).await;
    take(&app, waits, "person", (waits.0, "pledge"), &stall).await;
    take(&app, office.ada, "person", (early.0, "pledge"), &both).await;
    let kept = json!({ "pledge": "tell-three" });
    take(&app, keeps, "person", (keeps.0, "keep-pledge"), &kept).await;

    // Then nobody is asked before the day of the first pledge that they took.
    run_jobs(&app).await;
    deliver_all(&app, &mailer(&app)).await;
    for one in [keeps, waits, early] {
        assert_eq!(mails_of(&app, one).await, Vec::<String>::new());
    }
    app.pass_days(6);
    run_jobs(&app).await;
    deliver_all(&app, &mailer(&app)).await;
    assert_eq!(mails_of(&app, early).await, ["pledge_due sent"]);
    assert_eq!(mails_of(&app, waits).await, Vec::<String>::new());
    app.pass_days(10);
    for _ in 0..2 {
        run_jobs(&app).await;
        deliver_all(&app, &mailer(&app)).await;
    }
    assert_eq!(mails_of(&app, waits).await, ["pledge_due sent"]);
    assert_eq!(mails_of(&app, early).await, ["pledge_due sent"], "once");
    assert_eq!(mails_of(&app, keeps).await, Vec::<String>::new());
    let mails = mails_in_folder(&mail_folder(&app));
    let asked = mails.values().find(|mail| mail.starts_with("waiter@"));
    assert!(
        asked.is_some_and(|mail| mail.contains("I hold a stall.")),
        "{mails:?}"
    );

    check_figures(&app, keeps, before).await;
}

/// The figures count those who took pledges, as at any day.
async fn check_figures(app: &TestApp, keeps: PersonId, before: i64) {
    let figures = app.views().pledge_figures(None).await.unwrap();
    assert_eq!(figures.champions, Some(3));
    let counts: Vec<_> = figures
        .pledges
        .iter()
        .map(|line| (line.taken, line.kept))
        .collect();
    assert_eq!(counts, [(Some(2), Some(1)), (Some(3), Some(0))]);
    let few = figures.without_few_people();
    assert!(few.champions.is_none() && few.pledges[0].taken.is_none());
    let then = app.views().pledge_figures(Some(before)).await.unwrap();
    assert_eq!((then.version, then.champions), (0, Some(0)));
    let own: TakenPledgesRow = app.views().find(keeps, None).await.unwrap().unwrap();
    assert_eq!((own.count(PledgeState::Kept), own.remind_on), (1, None));
}

/// A barrier that three people raised, each in their own words: the first has the others joined.
async fn raised_by_three(app: &TestApp, office: &Office, people: [PersonId; 3]) -> Uuid {
    let barriers = [new_id(), new_id(), new_id()];
    for ((barrier, person), words) in barriers.into_iter().zip(people).zip(OWN_WORDS) {
        let raised = json!({ "person": person, "words": words, "area": "oldham" });
        take(app, person, "barrier", (barrier, "raise"), &raised).await;
    }
    for other in &barriers[1..] {
        let into = json!({ "into": barriers[0] });
        take(app, office.ada, "barrier", (*other, "join"), &into).await;
    }
    barriers[0]
}

async fn barrier_row(app: &TestApp, barrier: Uuid, as_at: Option<i64>) -> Option<BarrierRow> {
    app.views().find(barrier, as_at).await.expect("a row")
}

/// The words of those who raised a barrier, for a reader who may see them.
async fn words_of(app: &TestApp, row: BarrierRow) -> Option<String> {
    let seen = app.views().decrypt_barriers(|_| true, vec![row]).await;
    seen.expect("a view").swap_remove(0).words
}

on_each_engine!(everyone_who_raised_a_barrier_is_told_each_answer);
async fn everyone_who_raised_a_barrier_is_told_each_answer(app: TestApp) {
    // Given a barrier raised by three people, one of whom can be phoned only.
    let office = Office::open(&app, 5000).await;
    let first = person_with_email(&app, "First").await;
    let second = person_with_email(&app, "Second").await;
    let third = person(&app, "Third").await;
    reach_by_phone_only(&app, third, "Third").await;
    app.catch_up().await;
    mailer(&app).subscribe().await.expect("a subscription");
    let ada = office.ada;
    let barrier = raised_by_three(&app, &office, [first, second, third]).await;
    let answer = |words: &str, comes_to: &str| json!({ "answer": words, "comes_to": comes_to });
    let planned = answer("An evening clinic opens in May.", "planned");
    let record = (barrier, "record-answer");
    refuse(&app, (ada, "not_passed_on"), "barrier", record, &planned).await;
    let personal = json!({ "summary": "Write to zofia@example.org." });
    let sum_up = (barrier, "sum-up");
    refuse(&app, (ada, "looks_personal"), "barrier", sum_up, &personal).await;

    // When it is summed up and passed on, then everyone can read it.
    let summary = json!({ "summary": "Clinics close before people come home." });
    take(&app, ada, "barrier", sum_up, &summary).await;
    app.catch_up().await;
    assert!(app.views().heard(None).await.unwrap().is_empty());
    let pass_on = json!({
        "to": "The hospital trust",
        "asked": "Can a clinic open in the evening?",
        "due_on": app.in_days(14),
    });
    let before = app.log.length().await.unwrap() - 1;
    take(&app, ada, "barrier", (barrier, "pass-on"), &pass_on).await;
    app.pass_days(15);
    run_jobs(&app).await;
    app.catch_up().await;
    let row = barrier_row(&app, barrier, None).await.unwrap();
    assert_eq!((row.people, row.reminded_on), (Some(3), Some(app.today())));

    // When a change is planned and later made, then all three hear twice.
    take(&app, ada, "barrier", record, &planned).await;
    refuse(&app, (ada, "no_change"), "barrier", record, &planned).await;
    deliver_all(&app, &mailer(&app)).await;
    let made = answer("The evening clinic is open.", "made");
    take(&app, ada, "barrier", record, &made).await;
    deliver_all(&app, &mailer(&app)).await;
    deliver_all(&app, &mailer(&app)).await;
    for (person, state) in [(first, "sent"), (second, "sent"), (third, "by_hand")] {
        let told = format!("barrier_answered {state}");
        assert_eq!(mails_of(&app, person).await, [told.clone(), told]);
    }
    let sent = format!("{:?}", mails_in_folder(&mail_folder(&app)));
    assert!(sent.contains("A change is planned.") && sent.contains("The change has been made."));
    assert!(!sent.contains("marigold"), "a mail has words of staff only");

    // Then the public reads it without any of their words, as at any day.
    let heard = app.views().heard(None).await.unwrap();
    let says = serde_json::to_string(&heard).unwrap();
    assert!(says.contains("Clinics close") && says.contains("The evening clinic is open."));
    for hidden in ["marigold", &first.to_string(), &second.to_string()] {
        assert!(!says.contains(hidden), "{says}");
    }
    assert_eq!((heard.len(), heard[0].answers.len()), (1, 2));
    assert!(app.views().heard(Some(before)).await.unwrap().is_empty());
}

on_each_engine!(the_words_of_a_barrier_are_deleted_after_two_years);
async fn the_words_of_a_barrier_are_deleted_after_two_years(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let first = person_with_email(&app, "First").await;
    let second = person_with_email(&app, "Second").await;
    let third = person_with_email(&app, "Third").await;
    let barrier = raised_by_three(&app, &office, [first, second, third]).await;
    app.catch_up().await;
    let row = barrier_row(&app, barrier, None).await.unwrap();
    assert_eq!(
        words_of(&app, row.clone()).await.as_deref(),
        Some("marigold one")
    );
    let report = app.views().subject_access_for_person(first).await.unwrap();
    assert!(format!("{report:?}").contains("marigold one"));

    app.pass_days(732);
    run_jobs(&app).await;
    purge(&app).await;
    app.catch_up().await;
    assert_eq!(words_of(&app, row).await, None, "also as at an earlier day");
    let row = barrier_row(&app, barrier, None).await.unwrap();
    assert!(row.sealed.is_none() && row.kept_until.is_none());
    for person in [first, second, third] {
        let stored = app.log.vault().decrypt_all(person.0).await.unwrap();
        let found = stored.values().any(|text| text.contains("marigold"));
        assert!(!found, "{stored:?}");
    }
}
