//! Scheduled jobs: each acts once when its day has come, however often and by however many
//! processes it runs.

use std::collections::BTreeSet;

use microgrants::domain::application::{Channel, StartApplication};
use microgrants::domain::command::NoBody;
use microgrants::domain::fund::ExtendRound;
use microgrants::domain::grant::{GrantState, QueryUpdate, ReceiveUpdate, UpdateReason};
use microgrants::domain::{ApplicationCommand, ApplicationId, Command, FundCommand, GrantCommand};
use microgrants::jobs::Jobs;
use microgrants::projections::{ApplicationRow, GrantRow, UpdateRow};

use crate::operations::mails::{deliver_all, mail_folder, mailer, mails_in_folder, set_email};
use crate::support::fixtures::{Office, gbp, open, submit, text};
use crate::support::test_app::TestApp;

fn jobs(house: &TestApp) -> Jobs {
    Jobs::new(house.commands.clone(), house.views())
}

async fn run_jobs(house: &TestApp) -> usize {
    house.catch_up().await;
    let taken = jobs(house).run_once().await.expect("jobs run");
    house.catch_up().await;
    taken
}

on_each_engine!(offers_and_drafts_lapse_once);
async fn offers_and_drafts_lapse_once(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let (grant, ..) = office.awarded(&house, 900).await;
    let (draft, ..) = office.draft(&house, 900).await;
    let (withdrawn, _, member) = office.draft(&house, 900).await;
    house
        .issue_ok(
            member,
            Command::Application(withdrawn, ApplicationCommand::Withdraw(NoBody {})),
        )
        .await;
    // The offer is valid to the end of its last day, and the round takes applications to the end of
    // its own.
    house.pass_days(26);
    assert_eq!(run_jobs(&house).await, 0);
    house.pass_days(2);
    assert_eq!(
        run_jobs(&house).await,
        1,
        "the group is reminded of its draft"
    );
    house.pass_days(1);
    assert_eq!(
        run_jobs(&house).await,
        1,
        "the offer lapses on the day after"
    );
    house.pass_days(2);
    assert_eq!(
        run_jobs(&house).await,
        1,
        "and the draft on the day after the deadline"
    );
    // An application that staff key in late arrived in time on paper: it does not lapse before the
    // round is completed.
    let (group, _) = office.group(&house).await;
    let late = microgrants::domain::ApplicationId(microgrants::clock::new_id());
    let start = StartApplication {
        fund: office.fund,
        round: text("first"),
        group,
        late: true,
    };
    house
        .issue_ok(
            office.ada,
            Command::Application(late, ApplicationCommand::Start(start)),
        )
        .await;
    assert_eq!(run_jobs(&house).await, 0);
    let before = house.log.length().await.unwrap();
    let (first, second) = (jobs(&house), jobs(&house));
    let (one, two) = tokio::join!(first.run_once(), second.run_once());
    assert_eq!(
        (
            one.unwrap(),
            two.unwrap(),
            house.log.length().await.unwrap()
        ),
        (0, 0, before),
        "a second run changes nothing"
    );
    let row: GrantRow = house
        .views()
        .find(&grant.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.state, GrantState::OfferLapsed);
    let row: ApplicationRow = house
        .views()
        .find(&draft.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(<&str>::from(row.state), "lapsed");
    let lapsed = house
        .log
        .read_events(0, 1000)
        .await
        .unwrap()
        .into_iter()
        .rev()
        .find(|event| event.metadata.get("actor") == Some("job"));
    let last = lapsed.expect("a job did it");
    assert_eq!(
        (
            last.metadata.get("actor"),
            last.command_id.get_version_num()
        ),
        (Some("job"), 5),
        "its id follows from what it is about"
    );
}

on_each_engine!(groups_are_reminded_until_they_answer);
async fn groups_are_reminded_until_they_answer(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let (answered, ..) = office.payable(&house, 900).await;
    let (silent, ..) = office.payable(&house, 800).await;
    // The final update is due 120 days after the award, and the fund reminds 14 days before.
    house.pass_days(105);
    assert_eq!(run_jobs(&house).await, 0);
    house.pass_days(1);
    assert_eq!(run_jobs(&house).await, 2);
    assert_eq!(run_jobs(&house).await, 0, "once before");
    let excuse = UpdateReason {
        update: 1,
        reason: text("Ended"),
    };
    house
        .issue_ok(
            office.ada,
            Command::Grant(answered, GrantCommand::ExcuseUpdate(excuse)),
        )
        .await;
    house.pass_days(15);
    assert_eq!(
        run_jobs(&house).await,
        1,
        "whoever answered or was excused is reminded no more"
    );
    for (days, reminders) in [(13, 0), (1, 1), (14, 1), (14, 0), (100, 0)] {
        house.pass_days(days);
        assert_eq!(
            run_jobs(&house).await,
            reminders,
            "every two weeks, three times in all"
        );
    }
    let row: UpdateRow = house
        .views()
        .find(&format!("{silent}/00001"), None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.reminded_on.is_some(), row.reminders), (true, 4));
}

on_each_engine!(a_question_is_reminded_of_like_an_update);
async fn a_question_is_reminded_of_like_an_update(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let (grant, _, member) = office.payable(&house, 900).await;
    house.pass_days(106);
    assert_eq!(run_jobs(&house).await, 1);
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
        consent: true,
    };
    house
        .issue_ok(
            member,
            Command::Grant(grant, GrantCommand::ReceiveUpdate(update)),
        )
        .await;
    let query = QueryUpdate {
        update: 1,
        question: text("How many came back?"),
        due_on: None,
    };
    house
        .issue_ok(
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
        house.pass_days(days);
        assert_eq!(
            run_jobs(&house).await,
            reminders,
            "the question was put {days} days later"
        );
    }
}

async fn application_state(house: &TestApp, application: ApplicationId) -> &'static str {
    let row: ApplicationRow = house
        .views()
        .find(&application.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    row.state.into()
}

on_each_engine!(a_draft_is_reminded_lapses_and_comes_back_with_a_later_deadline);
async fn a_draft_is_reminded_lapses_and_comes_back_with_a_later_deadline(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let (draft, _, member) = office.draft(&house, 900).await;
    set_email(&house, member, "zofia@example.org").await;
    let post = mailer(&house);
    post.subscribe().await.unwrap();
    house.pass_days(26);
    assert_eq!(run_jobs(&house).await, 0);
    house.pass_days(1);
    assert_eq!(
        (run_jobs(&house).await, run_jobs(&house).await),
        (1, 0),
        "it is reminded once, three days before"
    );
    deliver_all(&house, &post).await;
    house.pass_days(3);
    assert_eq!(
        (
            run_jobs(&house).await,
            application_state(&house, draft).await
        ),
        (0, "draft"),
        "the last day is the group's"
    );
    let night = house
        .in_days(1)
        .at(0, 5, 0, 0)
        .in_tz("Europe/London")
        .unwrap()
        .timestamp();
    house.pass_seconds(night.duration_since(house.commands.now()).as_secs() + 1);
    assert_eq!(
        (
            run_jobs(&house).await,
            application_state(&house, draft).await
        ),
        (1, "lapsed")
    );
    assert_eq!(
        run_jobs(&house).await,
        0,
        "and stays so while the deadline stays"
    );
    house.pass_seconds(9 * 3600);
    let later = ExtendRound {
        round: text("first"),
        closes_on: house.in_days(7),
    };
    house
        .issue_ok(
            office.ada,
            Command::Fund(office.fund, FundCommand::ExtendRound(later)),
        )
        .await;
    assert_eq!(
        (
            run_jobs(&house).await,
            application_state(&house, draft).await
        ),
        (1, "draft"),
        "it is back"
    );
    assert_eq!(run_jobs(&house).await, 0);
    deliver_all(&house, &post).await;
    house
        .issue_ok(
            member,
            Command::Application(draft, ApplicationCommand::Submit(submit())),
        )
        .await;
    let mut subjects: Vec<_> = mails_in_folder(&mail_folder(&house))
        .values()
        .filter_map(|says| says.lines().nth(1).map(str::to_owned))
        .collect();
    subjects.sort();
    assert_eq!(subjects.len(), 2, "{subjects:?}");
    assert!(
        subjects[0].starts_with("You can go on with your application"),
        "{subjects:?}"
    );
    assert!(
        subjects[1].starts_with("Your application is not handed in yet"),
        "{subjects:?}"
    );
}
