//! Scheduled jobs: each acts once when its day has come, however often and by however many
//! processes it runs.

use std::collections::BTreeSet;

use microgrants::clock::new_id;
use microgrants::domain::application::{Channel, StartApplication};
use microgrants::domain::command::NoBody;
use microgrants::domain::fund::ExtendRound;
use microgrants::domain::grant::{GrantState, QueryUpdate, ReceiveUpdate, UpdateReason};
use microgrants::domain::working_days::next_working_day;
use microgrants::domain::{
    ApplicationCommand, ApplicationId, Command, FundCommand, GrantCommand, GrantId, PersonId,
};
use microgrants::jobs::Jobs;
use microgrants::mail::Mailer;
use microgrants::projections::{ApplicationRow, GrantRow, UpdateRow};

use crate::operations::mails::{deliver_all, mail_folder, mailer, mails_in_folder, set_email};
use crate::support::fixtures::{Office, gbp, open, submit, text};
use crate::support::test_app::TestApp;

fn jobs(app: &TestApp) -> Jobs {
    Jobs::new(app.commands.clone(), app.views())
}

async fn run_jobs(app: &TestApp) -> usize {
    app.catch_up().await;
    let taken = jobs(app).run_once().await.expect("jobs run");
    app.catch_up().await;
    taken
}

on_each_engine!(offers_and_drafts_lapse_once);
async fn offers_and_drafts_lapse_once(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (grant, ..) = office.awarded(&app, 900).await;
    let (draft, ..) = office.draft(&app, 900).await;
    let (withdrawn, _, member) = office.draft(&app, 900).await;
    app.issue_ok(
        member,
        Command::Application(withdrawn, ApplicationCommand::Withdraw(NoBody {})),
    )
    .await;

    // The offer is valid to the end of its last day, which is a working day, and the round takes
    // applications to the end of its own.
    let (offer_ends, round_closes) = (next_working_day(app.in_days(28)), app.in_days(30));
    for (days, taken, why) in [
        (26, 0, "nothing is due"),
        (2, 1, "the group is reminded of its draft"),
    ] {
        app.pass_days(days);
        assert_eq!(run_jobs(&app).await, taken, "{why}");
    }
    assert_eq!(grant_state(&app, grant).await, GrantState::Offered);
    while app.today() <= offer_ends.max(round_closes) {
        app.pass_days(1);
        let today = app.today();
        let taken = [offer_ends, round_closes]
            .into_iter()
            .filter(|last| last.tomorrow().unwrap() == today)
            .count();
        assert_eq!(
            run_jobs(&app).await,
            taken,
            "the offer and the draft each lapse on the day after their last, on {today}"
        );
    }

    assert_eq!(grant_state(&app, grant).await, GrantState::OfferLapsed);
    assert_eq!(application_state(&app, draft).await, "lapsed");
    Box::pin(assert_two_runs_change_nothing(&app)).await;
    assert_last_job_has_derived_id(&app).await;
}

async fn assert_two_runs_change_nothing(app: &TestApp) {
    let before = app.log.length().await.unwrap();
    let (first, second) = (jobs(app), jobs(app));

    let (one, two) = tokio::join!(first.run_once(), second.run_once());

    assert_eq!(
        (one.unwrap(), two.unwrap(), app.log.length().await.unwrap()),
        (0, 0, before),
        "a second run changes nothing"
    );
}

/// Asserts that the id of the last job's command follows from what it is about.
async fn assert_last_job_has_derived_id(app: &TestApp) {
    let last = app
        .log
        .read_events(0, 1000)
        .await
        .unwrap()
        .into_iter()
        .rev()
        .find(|event| event.metadata.get("actor") == Some("job"))
        .expect("a job did it");
    assert_eq!(last.command_id.get_version_num(), 5);
}

on_each_engine!(an_application_keyed_in_late_does_not_lapse);
/// An application that staff key in late arrived in time on paper: it does not lapse before the
/// round is completed.
async fn an_application_keyed_in_late_does_not_lapse(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    app.pass_days(31);
    let (group, _) = office.group(&app).await;
    let late = ApplicationId(new_id());
    let start = StartApplication {
        fund: office.fund,
        round: text("first"),
        group,
        late: true,
    };
    app.issue_ok(
        office.ada,
        Command::Application(late, ApplicationCommand::Start(start)),
    )
    .await;

    assert_eq!(run_jobs(&app).await, 0);
    Box::pin(assert_two_runs_change_nothing(&app)).await;
    assert_eq!(application_state(&app, late).await, "draft");
}

on_each_engine!(groups_are_reminded_until_they_answer);
async fn groups_are_reminded_until_they_answer(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (answered, ..) = office.payable(&app, 900).await;
    let (silent, ..) = office.payable(&app, 800).await;
    // The final update is due 120 days after the award, and the fund reminds 14 days before.
    app.pass_days(105);
    assert_eq!(run_jobs(&app).await, 0);
    app.pass_days(1);
    assert_eq!(run_jobs(&app).await, 2);
    assert_eq!(run_jobs(&app).await, 0, "once before");
    let excuse = UpdateReason {
        update: 1,
        reason: text("Ended"),
    };
    app.issue_ok(
        office.ada,
        Command::Grant(answered, GrantCommand::ExcuseUpdate(excuse)),
    )
    .await;
    app.pass_days(15);
    assert_eq!(
        run_jobs(&app).await,
        1,
        "whoever answered or was excused is reminded no more"
    );
    for (days, reminders) in [(13, 0), (1, 1), (14, 1), (14, 0), (100, 0)] {
        app.pass_days(days);
        assert_eq!(
            run_jobs(&app).await,
            reminders,
            "every two weeks, three times in all"
        );
    }
    let row: UpdateRow = app
        .views()
        .find(format!("{silent}/00001"), None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.reminded_on.is_some(), row.reminders), (true, 4));
}

on_each_engine!(a_question_is_reminded_of_like_an_update);
async fn a_question_is_reminded_of_like_an_update(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (grant, _, member) = office.payable(&app, 900).await;
    app.pass_days(106);
    assert_eq!(run_jobs(&app).await, 1);
    let update = ReceiveUpdate {
        update: 1,
        channel: Channel::Web,
        words: open("We met every week."),
        learned: None,
        people: 12,
        volunteers: 2,
        spent: gbp(100),
        outcomes: Vec::new(),
        files: BTreeSet::new(),
        pictured: None,
        consent: true,
    };
    app.issue_ok(
        member,
        Command::Grant(grant, GrantCommand::ReceiveUpdate(update)),
    )
    .await;
    let query = QueryUpdate {
        update: 1,
        question: text("How many came back?"),
        due_on: None,
    };
    app.issue_ok(
        office.ada,
        Command::Grant(grant, GrantCommand::QueryUpdate(query)),
    )
    .await;
    // The group has two weeks to answer; one reminder comes in the last days, and the next after
    // the day has passed.
    for (days, reminders) in [
        (0, 0),
        (10, 0),
        (1, 1),
        (0, 0),
        (3, 0),
        (1, 1),
        (0, 0),
        (14, 1),
    ] {
        app.pass_days(days);
        assert_eq!(
            run_jobs(&app).await,
            reminders,
            "the question was put {days} days later"
        );
    }
}

async fn application_state(app: &TestApp, application: ApplicationId) -> &'static str {
    let row: ApplicationRow = app.views().find(application, None).await.unwrap().unwrap();
    row.state.into()
}

async fn grant_state(app: &TestApp, grant: GrantId) -> GrantState {
    let row: GrantRow = app.views().find(grant, None).await.unwrap().unwrap();
    row.state
}

/// A draft whose member can be mailed, with mail switched on.
async fn mailed_draft(app: &TestApp, office: &Office) -> (ApplicationId, PersonId, Mailer) {
    let (draft, _, member) = office.draft(app, 900).await;
    set_email(app, member, "zofia@example.org").await;
    let mailer = mailer(app);
    mailer.subscribe().await.unwrap();
    (draft, member, mailer)
}

on_each_engine!(a_draft_is_reminded_once_and_lapses_after_its_last_day);
async fn a_draft_is_reminded_once_and_lapses_after_its_last_day(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (draft, _, mailer) = mailed_draft(&app, &office).await;

    app.pass_days(26);
    assert_eq!(run_jobs(&app).await, 0);
    app.pass_days(1);
    assert_eq!(
        (run_jobs(&app).await, run_jobs(&app).await),
        (1, 0),
        "it is reminded once, three days before"
    );
    deliver_all(&app, &mailer).await;
    let subjects = subjects(&app);
    assert_eq!(subjects.len(), 1, "{subjects:?}");
    assert!(
        subjects[0].starts_with("Your application is not sent yet"),
        "{subjects:?}"
    );

    app.pass_days(3);
    assert_eq!(
        (run_jobs(&app).await, application_state(&app, draft).await),
        (0, "draft"),
        "the last day is the group's"
    );
    pass_midnight(&app);
    assert_eq!(
        (run_jobs(&app).await, application_state(&app, draft).await),
        (1, "lapsed")
    );
    assert_eq!(
        run_jobs(&app).await,
        0,
        "and stays so while the deadline stays"
    );
}

/// Advances the clock to five minutes past midnight in London.
fn pass_midnight(app: &TestApp) {
    let night = app
        .in_days(1)
        .at(0, 5, 0, 0)
        .in_tz("Europe/London")
        .unwrap()
        .timestamp();
    app.pass_seconds(night.duration_since(app.commands.now()).as_secs() + 1);
}

/// The subjects of the delivered mails, sorted.
fn subjects(app: &TestApp) -> Vec<String> {
    let mut subjects: Vec<_> = mails_in_folder(&mail_folder(app))
        .values()
        .filter_map(|says| says.lines().nth(1).map(str::to_owned))
        .collect();
    subjects.sort();
    subjects
}

on_each_engine!(a_lapsed_draft_comes_back_with_a_later_deadline);
async fn a_lapsed_draft_comes_back_with_a_later_deadline(app: TestApp) {
    // Given
    let office = Office::open(&app, 10_000).await;
    let (draft, member, mailer) = mailed_draft(&app, &office).await;
    app.pass_days(27);
    assert_eq!(run_jobs(&app).await, 1, "it is reminded");
    deliver_all(&app, &mailer).await;
    app.pass_days(3);
    pass_midnight(&app);
    assert_eq!(run_jobs(&app).await, 1, "it lapses");
    app.pass_seconds(9 * 3600);

    // When
    let later = ExtendRound {
        round: text("first"),
        closes_on: app.in_days(7),
        panel_meets_on: None,
        hear_by: None,
    };
    app.issue_ok(
        office.ada,
        Command::Fund(office.fund, FundCommand::ExtendRound(later)),
    )
    .await;

    // Then
    assert_eq!(
        (run_jobs(&app).await, application_state(&app, draft).await),
        (1, "draft"),
        "it is back"
    );
    assert_eq!(run_jobs(&app).await, 0);
    deliver_all(&app, &mailer).await;
    app.issue_ok(
        member,
        Command::Application(draft, ApplicationCommand::Submit(submit())),
    )
    .await;
    let subjects = subjects(&app);
    assert_eq!(subjects.len(), 2, "{subjects:?}");
    assert!(
        subjects[0].starts_with("You can continue your application"),
        "{subjects:?}"
    );
    assert!(
        subjects[1].starts_with("Your application is not sent yet"),
        "{subjects:?}"
    );
}
