//! What the service does when a day has come: once, however often and by however many it is tried.

use microgrants::domain::application::StartApplication;
use microgrants::domain::command::Nothing;
use microgrants::domain::grant::{GrantState, UpdateBecause};
use microgrants::domain::{ApplicationCommand, Command, GrantCommand};
use microgrants::jobs::Jobs;
use microgrants::projections::{ApplicationRow, GrantRow, UpdateRow};

use crate::cases::Cases;
use crate::house::House;
use crate::office::{Office, text};

pub fn cases(cases: &mut Cases) {
    cases.both("jobs::offers_and_drafts_lapse_once", lapses);
    cases.both("jobs::groups_are_reminded_until_they_answer", reminders);
}

fn jobs(house: &House) -> Jobs {
    Jobs::new(house.commands.clone(), house.views())
}

async fn once(house: &House) -> usize {
    house.catch_up().await;
    let taken = jobs(house).once().await.expect("jobs run");
    house.catch_up().await;
    taken
}

async fn lapses(house: House) {
    let office = Office::open(&house, 10_000).await;
    let (grant, ..) = office.awarded(&house, 900).await;
    let (draft, ..) = office.draft(&house, 900).await;
    let (withdrawn, _, member) = office.draft(&house, 900).await;
    house.takes(member, Command::Application(withdrawn, ApplicationCommand::Withdraw(Nothing {}))).await;
    // The offer stands to the end of its last day, and the round takes applications to the end of its own.
    house.pass_days(28);
    assert_eq!(once(&house).await, 0);
    house.pass_days(1);
    assert_eq!(once(&house).await, 1, "the offer lapses on the day after");
    house.pass_days(2);
    assert_eq!(once(&house).await, 1, "and the draft on the day after the deadline");
    // What staff began to key in came in time: it does not lapse before the round is completed.
    let (group, _) = office.group(&house).await;
    let late = microgrants::domain::ApplicationId(microgrants::commands::clock::new_id());
    let start = StartApplication { fund: office.fund, round: text("first"), group, late: true };
    house.takes(office.ada, Command::Application(late, ApplicationCommand::Start(start))).await;
    assert_eq!(once(&house).await, 0);
    let before = house.log.length().await.unwrap();
    let (first, second) = (jobs(&house), jobs(&house));
    let (one, two) = tokio::join!(first.once(), second.once());
    assert_eq!((one.unwrap(), two.unwrap(), house.log.length().await.unwrap()), (0, 0, before), "a second run changes nothing");
    let row: GrantRow = house.views().find(&grant.to_string(), None).await.unwrap().unwrap();
    assert_eq!(row.state, GrantState::OfferLapsed);
    let row: ApplicationRow = house.views().find(&draft.to_string(), None).await.unwrap().unwrap();
    assert_eq!(<&str>::from(row.state), "lapsed");
    let lapsed = house.log.page(0, 1000).await.unwrap().into_iter().rev().find(|event| event.metadata.get("actor") == Some("job"));
    let last = lapsed.expect("a job did it");
    assert_eq!((last.metadata.get("actor"), last.command_id.get_version_num()), (Some("job"), 5), "its id follows from what it is about");
}

async fn reminders(house: House) {
    let office = Office::open(&house, 10_000).await;
    let (answered, ..) = office.payable(&house, 900).await;
    let (silent, ..) = office.payable(&house, 800).await;
    // The final update is due 120 days after the award, and the fund reminds 14 days before.
    house.pass_days(105);
    assert_eq!(once(&house).await, 0);
    house.pass_days(1);
    assert_eq!(once(&house).await, 2);
    assert_eq!(once(&house).await, 0, "once before");
    let excuse = UpdateBecause { update: 1, reason: text("Ended") };
    house.takes(office.ada, Command::Grant(answered, GrantCommand::ExcuseUpdate(excuse))).await;
    house.pass_days(15);
    assert_eq!(once(&house).await, 1, "whoever answered or was excused is reminded no more");
    house.pass_days(30);
    assert_eq!(once(&house).await, 0, "once after");
    let row: UpdateRow = house.views().find(&format!("{silent}/00001"), None).await.unwrap().unwrap();
    assert!(row.reminded_on.is_some());
}
