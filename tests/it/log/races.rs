//! Races: on PostgreSQL through two processes, on SQLite through one with many clients.
//!
//! The log is replayed after each: no decision in it may violate a rule, given the events before
//! it.

use microgrants::domain::PersonId;
use serde_json::{Value, json};

use crate::support::fixtures::{Office, person};
use crate::support::replay;
use crate::support::service::{self, ApiResponse, Client, ServiceProcess, token};
use crate::support::test_app::TestApp;

/// The clients of a race.
struct RaceClients {
    clients: Vec<Client>,
    _processes: Vec<ServiceProcess>,
}

impl RaceClients {
    fn open(app: &TestApp, person: PersonId) -> Self {
        if app.store().postgres_pool().is_none() {
            return Self {
                clients: vec![service::serve(app, person)],
                _processes: Vec::new(),
            };
        }
        let processes = vec![
            ServiceProcess::start(&app.deployment()),
            ServiceProcess::start(&app.deployment()),
        ];
        let clients = processes
            .iter()
            .map(|process| Client::new(&process.address, &token(app, person)))
            .collect();
        Self {
            clients,
            _processes: processes,
        }
    }

    /// Sends all requests at the same time, distributed over the services.
    fn race(&self, posts: Vec<(Option<String>, String, Value, String)>) -> Vec<ApiResponse> {
        let start = std::sync::Barrier::new(posts.len());
        std::thread::scope(|scope| {
            let running: Vec<_> = posts
                .into_iter()
                .zip(self.clients.iter().cycle())
                .map(|((token, path, body, key), client)| {
                    let client =
                        token.map_or_else(|| client.clone(), |token| client.with_token(&token));
                    let start = &start;
                    scope.spawn(move || {
                        start.wait();
                        client.post_with(&path, &body.to_string(), &[("Idempotency-Key", &key)])
                    })
                })
                .collect();
            running
                .into_iter()
                .map(|thread| thread.join().expect("a client comes through"))
                .collect()
        })
    }
}

fn award(app: &TestApp) -> Value {
    json!({ "amount": "500.00", "ends_on": app.in_days(90), "update_due_on": app.in_days(120) })
}

on_each_engine!(a_hundred_awards_against_a_fund_that_affords_half);
async fn a_hundred_awards_against_a_fund_that_affords_half(app: TestApp) {
    let office = Office::open(&app, 25_000).await;
    let mut posts = Vec::new();
    for number in 0..100 {
        let (application, ..) = office.ready(&app, 500).await;
        posts.push((
            None,
            format!("/api/v1/applications/{application}/award"),
            award(&app),
            format!("award-{number}"),
        ));
    }
    let answers = RaceClients::open(&app, office.ada).race(posts);
    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers
        .iter()
        .filter(|answer| (answer.status, answer.code()) == (409, "not_affordable"))
        .count();
    let others: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status != 200 && answer.code() != "not_affordable")
        .collect();
    assert_eq!((taken, refused), (50, 50), "{others:?}");
    let found = replay::replay_log(&app).await;
    assert_eq!(found, 50);
}

on_each_engine!(a_payee_changed_against_its_payment_approved);
async fn a_payee_changed_against_its_payment_approved(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    let mut posts = Vec::new();
    for number in 0..20 {
        let (grant, group, member) = office.prepared(&app, 500).await;
        let account = json!({ "holder": "Another", "numbers": "65-43-21 87654321" });
        let change = json!({ "route": "own_account", "account": account });
        posts.push((
            Some(token(&app, member)),
            format!("/api/v1/groups/{group}/provide-payee"),
            change,
            format!("payee-{number}"),
        ));
        let approve = json!({ "payment": 1 });
        posts.push((
            None,
            format!("/api/v1/grants/{grant}/approve-payment"),
            approve,
            format!("approve-{number}"),
        ));
    }
    let answers = RaceClients::open(&app, office.ben).race(posts);
    for answer in &answers {
        let known = answer.status == 200
            || ["payee_changed", "payee_not_verified"].contains(&answer.code());
        assert!(known, "{}", answer.body);
    }
    replay::replay_log(&app).await;
}

on_each_engine!(a_role_ended_against_an_award);
async fn a_role_ended_against_an_award(app: TestApp) {
    let office = Office::open(&app, 50_000).await;
    let mut posts = Vec::new();
    for number in 0..12 {
        let judge = person(&app, "Judge").await;
        let of = json!({ "person": judge, "role": "panel" });
        office
            .give_role(&app, judge, microgrants::domain::Role::Panel)
            .await;
        let (application, ..) = office.ready(&app, 500).await;
        let declare = microgrants::domain::Command::Application(
            application,
            crate::support::fixtures::no_interest(),
        );
        app.issue_ok(judge, declare).await;
        let path = format!("/api/v1/applications/{application}/award");
        posts.push((
            Some(token(&app, judge)),
            path,
            award(&app),
            format!("award-{number}"),
        ));
        posts.push((
            None,
            "/api/v1/organisation/end-role".into(),
            of,
            format!("end-{number}"),
        ));
    }
    let answers = RaceClients::open(&app, office.ada).race(posts);
    for answer in &answers {
        // A token ends with the role for which it was made.
        let late = [(403, "not_yours"), (401, "unauthenticated")]
            .contains(&(answer.status, answer.code()));
        assert!(answer.status == 200 || late, "{}", answer.body);
    }
    let ended = answers
        .iter()
        .skip(1)
        .step_by(2)
        .filter(|answer| answer.status == 200)
        .count();
    assert_eq!(ended, 12, "every role was ended");
    replay::replay_log(&app).await;
}

on_each_engine!(fifty_repeats_of_one_command_have_one_effect);
async fn fifty_repeats_of_one_command_have_one_effect(app: TestApp) {
    let office = Office::open(&app, 5_000).await;
    let (application, ..) = office.ready(&app, 500).await;
    let path = format!("/api/v1/applications/{application}/award");
    let posts = vec![(None, path.clone(), award(&app), "the-same".to_owned()); 50];
    let field = RaceClients::open(&app, office.ada);
    let answers = field.race(posts);
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 200 && answer.body == answers[0].body),
        "{answers:?}"
    );
    let found = replay::replay_log(&app).await;
    assert_eq!(found, 1);
    // Under another key the same request is refused now.
    let other = field.race(vec![(None, path, award(&app), "another".to_owned())]);
    other[0].assert_problem(409, "application_not_in_state");
}
