//! The seeds: forty-seven awards, content in every view, and a second load that changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use microgrants::commands::{Commands, organisation_id};
use microgrants::crypto::vault::Vault;
use microgrants::demo::{DemoProgramme, Simulation, load};
use microgrants::domain::fund::RoundState;
use microgrants::domain::grant::{AcceptanceMethod, GrantState};
use microgrants::domain::{Event, GrantEvent, GroupEvent, Money, OrganisationEvent};
use microgrants::eventlog::Log;
use microgrants::projections::{ApplicationRow, FundRow, GrantRow, PaymentRow, UpdateRow};
use microgrants::views::{AsAt, BudgetLine, Filter, GroupBy, PageRequest, Sums, TableRow, Views};

use crate::security::plain_digests::assert_no_plain_digests;
use crate::support::replay;
use crate::support::service::{Deployment, sandbox};
use crate::support::test_app::{ORGANISATION, TestApp};

async fn simulated(app: &TestApp) -> (Commands, Simulation) {
    let simulation = Simulation::ending(app.commands.now());
    let vault = Vault::new(
        app.store().clone(),
        ORGANISATION,
        app.keys.kek.clone(),
        app.keys.index.clone(),
    );
    let log = Log::open(
        app.store().clone(),
        ORGANISATION,
        vault,
        simulation.recorded_by(),
    )
    .await
    .unwrap();
    (Commands::new(log, simulation.clock()), simulation)
}

/// Loads the seeds into an empty app.
pub async fn load_seeds(app: &TestApp) {
    let (commands, simulation) = simulated(app).await;
    let programme = DemoProgramme::read(None).unwrap();
    load(
        &commands,
        (&app.files(), &sandbox()),
        &simulation,
        &programme,
    )
    .await
    .unwrap();
}

on_each_engine!(tell_the_programme);
async fn tell_the_programme(app: TestApp) {
    let programme = DemoProgramme::read(None).unwrap();
    let (commands, simulation) = simulated(&app).await;
    let (files, sandbox) = (app.files(), sandbox());
    let pictures = (&files, &sandbox);
    let loaded = load(&commands, pictures, &simulation, &programme)
        .await
        .unwrap();
    assert_eq!(loaded.events, loaded.new);
    let (again, simulation) = simulated(&app).await;
    let second = load(&again, pictures, &simulation, &programme)
        .await
        .unwrap();
    assert_eq!((second.events, second.new), (loaded.events, 0));
    assert_eq!(replay::replay_log(&app).await, 47);
    let first = app.log.read_events(0, 1).await.unwrap().remove(0);
    let Event::Organisation(OrganisationEvent::OrganisationFounded { simulated, name }) =
        first.event
    else {
        panic!("{first:?}")
    };
    assert!(simulated.is_some() && name.as_str().contains("illustrative"));
    assert_eq!(first.stream, organisation_id(ORGANISATION).0);
    assert_no_plain_digests(&app, &[]).await;
    assert_evidence_is_kept(&app).await;
    app.catch_up().await;
    assert_views_show(&app.views(), &app).await;
}

/// Every signed form, every evidence of a check and every receipt is a file that can be opened.
async fn assert_evidence_is_kept(app: &TestApp) {
    let events = app.log.read_events(0, 1_000_000).await.unwrap();
    let kept: BTreeMap<_, _> = events
        .iter()
        .filter_map(|recorded| match &recorded.event {
            Event::Group(GroupEvent::FileKept { file, purpose, .. }) => {
                Some((file.clone(), (*purpose, recorded.stream)))
            }
            _ => None,
        })
        .collect();
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for recorded in &events {
        let Event::Grant(happened) = &recorded.event else {
            continue;
        };
        let file = match happened {
            GrantEvent::AgreementAccepted {
                method: AcceptanceMethod::PaperScan { scan },
                ..
            } => Some(scan),
            GrantEvent::CheckPassed { evidence, .. } => evidence.as_ref(),
            GrantEvent::PaymentConfirmed { receipt, .. } => receipt.as_ref(),
            _ => continue,
        };
        let file = file.unwrap_or_else(|| panic!("position {} has no file", recorded.position));
        let (purpose, group) = kept[file];
        let opened = app.files().open(app.log.vault(), group, file).await;
        assert!(opened.is_ok(), "position {}", recorded.position);
        *found.entry(purpose.into()).or_default() += 1;
    }
    assert!(
        found.len() == 3 && found.values().all(|count| *count > 5),
        "{found:?}"
    );
}

async fn assert_views_show(views: &Views, app: &TestApp) {
    assert_grants(&all_rows::<GrantRow>(views).await);
    assert_applications(&all_rows::<ApplicationRow>(views).await);
    assert_funds(&all_rows::<FundRow>(views).await);
    assert_payments(&all_rows::<PaymentRow>(views).await);
    assert_updates(&all_rows::<UpdateRow>(views).await);
    assert_work_is_due(views, app).await;
    let month_ago = views
        .position_as_at(AsAt::Day(app.in_days(-30)))
        .await
        .unwrap();
    for position in [month_ago, i64::MAX] {
        assert_sums_are_shown(views, position).await;
    }
    let (then, now) = (
        views.budget(sums(GroupBy::Fund, month_ago)).await.unwrap(),
        views.budget(sums(GroupBy::Fund, i64::MAX)).await.unwrap(),
    );
    assert!(then.lines[0].requested < now.lines[0].requested);
    assert_months_are_budgets(views, app).await;
    assert_quarters_add_up(views, app).await;
}

/// All quarters together are the budget and the outcomes of today.
async fn assert_quarters_add_up(views: &Views, app: &TestApp) {
    let today = app.today();
    let now = views.position_as_at(AsAt::Day(today)).await.unwrap();
    let quarters = views.quarters(app.in_days(-700), today, now).await.unwrap();
    let reached = quarters.iter().filter(|line| line.people > 0).count();
    assert!(reached > 1, "{quarters:?}");
    let budget = views.budget(sums(GroupBy::Fund, now)).await.unwrap();
    let outcomes = views.outcomes(sums(GroupBy::Area, now)).await.unwrap();
    let money = |of: fn(&BudgetLine) -> Money| {
        let amounts = budget.lines.iter().map(of);
        amounts.sum::<Money>().pence()
    };
    assert_eq!(
        (
            quarters.iter().map(|line| line.requested).sum::<i64>(),
            quarters.iter().map(|line| line.awarded).sum::<i64>(),
            quarters.iter().map(|line| line.people).sum::<i64>(),
        ),
        (
            money(|line| line.requested),
            money(|line| line.awarded),
            outcomes.lines.iter().map(|line| line.people).sum::<i64>(),
        )
    );
    let by_area = views.cost_per_person_by_area(now).await.unwrap();
    let whole = outcomes.cost_per_person;
    assert!(whole.per_person.is_some() && by_area.len() > 1, "{whole:?}");
    assert_eq!(
        (whole.grants, whole.people, whole.paid_net),
        (
            by_area.values().map(|cost| cost.grants).sum::<i64>(),
            by_area.values().map(|cost| cost.people).sum::<i64>(),
            by_area.values().map(|cost| cost.paid_net).sum::<Money>(),
        )
    );
}

/// The money by month is that of the budget as at the end of each month.
async fn assert_months_are_budgets(views: &Views, app: &TestApp) {
    let (today, year_ago) = (app.today(), app.in_days(-365));
    let now = views.position_as_at(AsAt::Day(today)).await.unwrap();
    let ends = views.money_by_month(year_ago, today, now).await.unwrap();
    assert!(ends.len() >= 12, "{ends:?}");
    for end in &ends {
        let day = end.month.last_of_month().min(today);
        let position = views.position_as_at(AsAt::Day(day)).await.unwrap();
        let budget = views.budget(sums(GroupBy::Fund, position)).await.unwrap();
        let sum = |of: fn(&BudgetLine) -> Money| budget.lines.iter().map(of).sum::<Money>();
        assert_eq!(
            (end.allocated, end.awarded, end.paid_net),
            (
                sum(|line| line.allocated),
                sum(|line| line.awarded),
                sum(|line| line.paid_net)
            ),
            "{}",
            end.name()
        );
    }
}

async fn all_rows<R: TableRow>(views: &Views) -> Vec<R> {
    rows_where(views, vec![]).await
}

async fn rows_where<R: TableRow>(views: &Views, filters: Vec<Filter>) -> Vec<R> {
    let page = PageRequest::up_to_max();
    views.list::<R>(None, filters, &page).await.unwrap().items
}

fn assert_grants(grants: &[GrantRow]) {
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
}

fn assert_applications(applications: &[ApplicationRow]) {
    assert_every_state(
        "application",
        applications.iter().map(|row| row.state.into()),
        &[
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
        ],
    );
    assert!(
        applications.iter().any(|row| !row.withdrew.is_empty()),
        "somebody withdrew from a decision"
    );
}

fn assert_funds(funds: &[FundRow]) {
    assert_every_state(
        "fund",
        funds.iter().map(|row| row.state.into()),
        &["draft", "open", "paused", "closed", "archived"],
    );
    assert_every_state(
        "round",
        funds
            .iter()
            .flat_map(|fund| fund.rounds.values())
            .map(|round| round.state.into()),
        &["planned", "open", "deciding", "completed"],
    );
    let rounds: Vec<_> = funds.iter().flat_map(|fund| fund.rounds.values()).collect();
    let reserves = rounds.iter().filter(|round| !round.reserves.is_empty());
    let ranks: Vec<Vec<u16>> = reserves
        .map(|round| round.reserves.keys().copied().collect())
        .collect();
    let begins_at_1 = |ranks: &Vec<u16>| (1..).zip(ranks).all(|(rank, own)| rank == *own);
    assert!(
        !ranks.is_empty() && ranks.iter().all(begins_at_1),
        "a reserve list begins at rank 1: {ranks:?}"
    );
    assert!(
        rounds
            .iter()
            .filter(|round| round.state == RoundState::Open)
            .any(|round| round.panel_meets_on.is_some() && round.hear_by.is_some()),
        "an open round says when its panel meets"
    );
}

fn assert_payments(payments: &[PaymentRow]) {
    assert_every_state(
        "payment",
        payments.iter().map(|row| row.state.into()),
        &[
            "prepared",
            "approved",
            "sent",
            "confirmed",
            "rejected",
            "cancelled",
            "failed",
            "reversed",
        ],
    );
}

fn assert_updates(updates: &[UpdateRow]) {
    assert_every_state(
        "update",
        updates.iter().map(|row| row.state.into()),
        &["requested", "received", "accepted", "queried", "excused"],
    );
}

fn assert_every_state(
    noun: &str,
    states: impl Iterator<Item = &'static str>,
    expected: &[&'static str],
) {
    let found: BTreeSet<_> = states.collect();
    for state in expected {
        assert!(found.contains(state), "no {noun} is {state}");
    }
}

/// Asserts that something is to be approved, and something is overdue.
async fn assert_work_is_due(views: &Views, app: &TestApp) {
    let payments: Vec<PaymentRow> =
        rows_where(views, vec![Filter::equals("state", "prepared")]).await;
    let updates: Vec<UpdateRow> = rows_where(
        views,
        vec![
            Filter::equals("state", "requested"),
            Filter::at_most("due_on", app.today()),
        ],
    )
    .await;
    assert!(
        !payments.is_empty() && !updates.is_empty(),
        "something is to be approved, and something is overdue"
    );
}

async fn assert_sums_are_shown(views: &Views, position: i64) {
    for by in [
        GroupBy::Fund,
        GroupBy::Funder,
        GroupBy::Area,
        GroupBy::Theme,
        GroupBy::Round,
    ] {
        let budget = views.budget(sums(by, position)).await.unwrap();
        assert!(!budget.lines.is_empty(), "{by:?} at {position}");
    }
    let outcomes = views.outcomes(sums(GroupBy::Sign, position)).await.unwrap();
    assert_eq!(
        outcomes.lines.len(),
        8,
        "every sign is spoken of at {position}"
    );
    let by_area = views.outcomes_by_area(position).await.unwrap();
    assert!(by_area.len() > 1, "several areas at {position}");
    for (area, lines) in &by_area {
        let of_area = Sums {
            area: Some(area),
            ..sums(GroupBy::Sign, position)
        };
        let found = views.outcomes(of_area).await.unwrap();
        assert_eq!(&found.lines, lines, "{area} at {position}");
    }
}

fn sums(by: GroupBy, position: i64) -> Sums<'static> {
    Sums {
        by,
        fund: None,
        area: None,
        position,
        effective_on: None,
    }
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
async fn repeated_on_a_log_that_went_on_they_are_no_fault(app: TestApp) {
    let place = app.close().await;
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
async fn are_only_for_a_log_of_their_own(app: TestApp) {
    crate::support::fixtures::Office::open(&app, 1000).await;
    let (commands, simulation) = simulated(&app).await;
    let before = app.log.length().await.unwrap();
    let programme = DemoProgramme::read(None).unwrap();
    let refused = load(
        &commands,
        (&app.files(), &sandbox()),
        &simulation,
        &programme,
    )
    .await
    .unwrap_err();
    assert!(
        refused.to_string().contains("only for a log of their own"),
        "{refused}"
    );
    assert_eq!(app.log.length().await.unwrap(), before);
}
