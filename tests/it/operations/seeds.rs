//! The seeds: forty-seven awards, content in every view, and a second load that changes nothing.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use microgrants::commands::{Commands, organisation_id};
use microgrants::crypto::vault::Vault;
use microgrants::demo::{DemoProgramme, Simulation, load};
use microgrants::domain::grant::GrantState;
use microgrants::domain::{Event, Money, OrganisationEvent};
use microgrants::eventlog::Log;
use microgrants::projections::{ApplicationRow, GrantRow, PaymentRow, UpdateRow};
use microgrants::views::{AsAt, GroupBy, PageRequest, Sums, Views};

use crate::support::replay;
use crate::support::service::Deployment;
use crate::support::test_app::{ORGANISATION, TestApp};

async fn simulated(house: &TestApp) -> (Commands, Simulation) {
    let simulation = Simulation::ending(house.commands.now());
    let vault = Vault::new(
        house.store().clone(),
        ORGANISATION,
        house.keys.kek.clone(),
        house.keys.index.clone(),
    );
    let log = Log::open(
        house.store().clone(),
        ORGANISATION,
        vault,
        simulation.recorded_by(),
    )
    .await
    .unwrap();
    (Commands::new(log, simulation.clock()), simulation)
}

/// Loads the seeds into an empty app.
pub async fn load_seeds(house: &TestApp) {
    let (commands, simulation) = simulated(house).await;
    load(&commands, &simulation, &DemoProgramme::read(None).unwrap())
        .await
        .unwrap();
}

on_each_engine!(tell_the_programme);
async fn tell_the_programme(house: TestApp) {
    let programme = DemoProgramme::read(None).unwrap();
    let (commands, simulation) = simulated(&house).await;
    let loaded = load(&commands, &simulation, &programme).await.unwrap();
    assert_eq!(loaded.events, loaded.new);
    let (again, simulation) = simulated(&house).await;
    let second = load(&again, &simulation, &programme).await.unwrap();
    assert_eq!((second.events, second.new), (loaded.events, 0));
    assert_eq!(replay::replay_log(&house).await, 47);
    let first = house.log.read_events(0, 1).await.unwrap().remove(0);
    let Event::Organisation(OrganisationEvent::OrganisationFounded { simulated, name }) =
        first.event
    else {
        panic!("{first:?}")
    };
    assert!(simulated.is_some() && name.as_str().contains("illustrative"));
    assert_eq!(first.stream, organisation_id(ORGANISATION).0);
    house.catch_up().await;
    assert_views_show(&house.views(), &house).await;
}

async fn assert_views_show(views: &Views, house: &TestApp) {
    let page = PageRequest {
        after: None,
        limit: 500,
    };
    let grants = views
        .list::<GrantRow>(None, vec![], &page)
        .await
        .unwrap()
        .items;
    assert_eq!(grants.len(), 47);
    assert!(
        grants
            .iter()
            .all(|grant| Money::from_pounds(500) <= grant.offered
                && grant.offered <= Money::from_pounds(2500))
    );
    for state in [
        GrantState::Offered,
        GrantState::Accepted,
        GrantState::Live,
        GrantState::Reported,
        GrantState::Closed,
        GrantState::Terminated,
        GrantState::OfferDeclined,
        GrantState::OfferLapsed,
        GrantState::OfferWithdrawn,
    ] {
        assert!(
            grants.iter().any(|grant| grant.state == state),
            "no grant is {state:?}"
        );
    }
    assert!(
        grants.iter().any(|grant| !grant.returned.is_zero())
            && grants.iter().any(|grant| !grant.due_back.is_zero())
    );
    assert!(
        grants.iter().any(|grant| grant.on_hold)
            && grants.iter().any(|grant| !grant.clawback_due.is_zero())
    );
    assert!(
        grants.iter().any(|grant| !grant.variations.is_empty())
            && grants.iter().any(|grant| !grant.stories.is_empty())
    );
    let applications = views
        .list::<ApplicationRow>(None, vec![], &page)
        .await
        .unwrap()
        .items;
    let state = |name: &str| {
        applications
            .iter()
            .filter(|row| <&str>::from(row.state) == name)
            .count()
    };
    for name in [
        "draft",
        "submitted",
        "changes_requested",
        "eligible",
        "in_assessment",
        "declined",
        "withdrawn",
        "ineligible",
        "reserve_list",
        "deferred",
        "under_review",
        "lapsed",
    ] {
        assert!(state(name) > 0, "no application is {name}");
    }
    let funds = views
        .list::<microgrants::projections::FundRow>(None, vec![], &page)
        .await
        .unwrap()
        .items;
    for state in ["draft", "open", "paused", "closed", "archived"] {
        assert!(
            funds.iter().any(|fund| <&str>::from(fund.state) == state),
            "no fund is {state}"
        );
    }
    for state in ["planned", "open", "deciding", "completed"] {
        let has = |fund: &microgrants::projections::FundRow| {
            fund.rounds
                .values()
                .any(|round| <&str>::from(round.state) == state)
        };
        assert!(funds.iter().any(has), "no round is {state}");
    }
    assert!(
        applications.iter().any(|row| !row.withdrew.is_empty()),
        "somebody withdrew from a decision"
    );
    let all = views
        .list::<PaymentRow>(None, vec![], &page)
        .await
        .unwrap()
        .items;
    for state in [
        "prepared",
        "approved",
        "sent",
        "confirmed",
        "rejected",
        "cancelled",
        "failed",
        "reversed",
    ] {
        assert!(
            all.iter().any(|row| <&str>::from(row.state) == state),
            "no payment is {state}"
        );
    }
    let all = views
        .list::<UpdateRow>(None, vec![], &page)
        .await
        .unwrap()
        .items;
    for state in ["requested", "received", "accepted", "queried", "excused"] {
        assert!(
            all.iter().any(|row| <&str>::from(row.state) == state),
            "no update is {state}"
        );
    }
    let payments = views
        .list::<PaymentRow>(None, vec![("state", vec!["prepared".into()])], &page)
        .await
        .unwrap()
        .items;
    let updates = views
        .list::<UpdateRow>(
            None,
            vec![
                ("state", vec!["requested".into()]),
                ("due_on <=", vec![house.today().to_string()]),
            ],
            &page,
        )
        .await
        .unwrap()
        .items;
    assert!(
        !payments.is_empty() && !updates.is_empty(),
        "something is to be approved, and something is overdue"
    );
    let month_ago = views
        .position_as_at(AsAt::Day(house.in_days(-30)))
        .await
        .unwrap();
    let sums = |by, position| Sums {
        by,
        fund: None,
        area: None,
        position,
        effective_on: None,
    };
    for position in [month_ago, i64::MAX] {
        for by in [
            GroupBy::Fund,
            GroupBy::Funder,
            GroupBy::Area,
            GroupBy::Round,
        ] {
            assert!(
                !views
                    .budget(sums(by, position))
                    .await
                    .unwrap()
                    .lines
                    .is_empty(),
                "{by:?} at {position}"
            );
        }
        assert_eq!(
            views
                .outcomes(sums(GroupBy::Sign, position))
                .await
                .unwrap()
                .lines
                .len(),
            8,
            "every sign is spoken of at {position}"
        );
    }
    let (then, now) = (
        views.budget(sums(GroupBy::Fund, month_ago)).await.unwrap(),
        views.budget(sums(GroupBy::Fund, i64::MAX)).await.unwrap(),
    );
    assert!(then.lines[0].requested < now.lines[0].requested);
}

/// What a demo prints while it starts.
fn run_demo(place: &Deployment) -> Vec<String> {
    let mut program = place.program();
    program
        .args(["demo", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = program.spawn().expect("the program starts");
    let mut said = Vec::new();
    for line in BufReader::new(child.stderr.take().expect("its standard error"))
        .lines()
        .map_while(Result::ok)
    {
        let serves = line.contains("serving");
        said.push(line);
        if serves {
            break;
        }
    }
    child.kill().expect("the program can be killed");
    child.wait().expect("the program ended");
    said
}

on_sqlite!(repeated_on_a_log_that_went_on_they_are_no_fault);
async fn repeated_on_a_log_that_went_on_they_are_no_fault(house: TestApp) {
    let place = house.close().await;
    for start in ["first", "second"] {
        let said = run_demo(&place);
        assert!(
            said.last().is_some_and(|line| line.contains("serving")),
            "{start}: {said:?}"
        );
        let warns = |line: &&String| {
            line.contains("ERROR")
                || (line.contains("WARN") && !line.contains("others on this machine"))
        };
        assert_eq!(said.iter().find(warns), None, "{start}");
    }
}

on_each_engine!(are_only_for_a_log_of_their_own);
async fn are_only_for_a_log_of_their_own(house: TestApp) {
    crate::support::fixtures::Office::open(&house, 1000).await;
    let (commands, simulation) = simulated(&house).await;
    let before = house.log.length().await.unwrap();
    let refused = load(&commands, &simulation, &DemoProgramme::read(None).unwrap())
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("only for a log of their own"),
        "{refused}"
    );
    assert_eq!(house.log.length().await.unwrap(), before);
}
