//! Refusals of a fund: its rules, its money, its state and its rounds.

use jiff::civil::date;
use microgrants::domain::command::{NoBody, WithReason};
use microgrants::domain::fund::{
    Allocate, CreateFund, ExtendRound, PlanRound, RefuseRules, RoundRef, Rules, SetRules,
};
use microgrants::domain::organisation::PublishForm;
use microgrants::domain::{Command, FundCommand, FundId, OrganisationCommand, Role};
use uuid::Uuid;

use super::{SeenRefusals, on_fund, role};
use crate::support::fixtures::{gbp, rules, text};
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::Scenario;

pub fn refusals(seen: &mut SeenRefusals) {
    let mut world = Scenario::drafts(1);
    rules_of_an_open_fund(seen, &mut world);
    funding(seen, &mut world);
    pauses(seen, &mut world);
    too_few_approvers(seen);
    rounds(seen);
}

fn rules_of_an_open_fund(seen: &mut SeenRefusals, world: &mut Scenario) {
    let rules_with = |change: fn(&mut Rules)| {
        let mut rules = rules();
        change(&mut rules);
        SetRules { rules }
    };
    let propose = |change: fn(&mut Rules)| on_fund(FundCommand::ProposeRules(rules_with(change)));
    let unchanged = || SetRules { rules: rules() };
    for (code, command) in [
        ("bounds_too_wide", propose(|rules| rules.minimum = gbp(499))),
        (
            "bounds_too_wide",
            propose(|rules| rules.maximum = gbp(2501)),
        ),
        (
            "rules_incomplete",
            propose(|rules| rules.people_per_payment = 1),
        ),
        (
            "fund_not_in_state",
            on_fund(FundCommand::SetRules(unchanged())),
        ),
    ] {
        seen.assert_refused(world, 0, code, command);
    }

    world.issue_ok(0, propose(|rules| rules.maximum = gbp(2000)));
    seen.assert_refused(
        world,
        1,
        "not_proposed",
        on_fund(FundCommand::ConfirmRules(unchanged())),
    );
    let as_proposed = rules_with(|rules| rules.maximum = gbp(2000));
    seen.assert_refused(
        world,
        0,
        "same_person",
        on_fund(FundCommand::ConfirmRules(as_proposed.clone())),
    );
    let refuse = |SetRules { rules }| {
        let reason = text("Too low");
        on_fund(FundCommand::RefuseRules(RefuseRules { rules, reason }))
    };
    seen.assert_refused(world, 1, "not_proposed", refuse(unchanged()));
    world.issue_ok(1, refuse(as_proposed.clone()));
    seen.assert_refused(
        world,
        1,
        "not_proposed",
        on_fund(FundCommand::ConfirmRules(as_proposed)),
    );
}

fn funding(seen: &mut SeenRefusals, world: &mut Scenario) {
    let allocate = |change: fn(&mut Allocate)| {
        let mut allocate = world.allocate(100);
        change(&mut allocate);
        on_fund(FundCommand::Allocate(allocate))
    };
    let withdraw = on_fund(FundCommand::WithdrawFunding(world.withdraw(10_001)));
    for (code, command) in [
        (
            "date_in_future",
            allocate(|allocate| allocate.received_on = date(2027, 1, 1)),
        ),
        (
            "day_out_of_range",
            allocate(|allocate| allocate.received_on = date(1989, 12, 31)),
        ),
        ("nothing", allocate(|allocate| allocate.amount = gbp(0))),
        (
            "unknown_area",
            allocate(|allocate| allocate.source.area = Some(text("leeds"))),
        ),
        ("not_affordable", withdraw),
    ] {
        seen.assert_refused(world, 0, code, command);
    }
}

fn pauses(seen: &mut SeenRefusals, world: &mut Scenario) {
    let pause = || {
        FundCommand::Pause(WithReason {
            reason: text("A reason"),
        })
    };
    let of_no_fund = Command::Fund(FundId(Uuid::nil()), pause());
    seen.assert_refused(world, 0, "unknown", of_no_fund);

    world.issue_ok(0, on_fund(pause()));
    seen.assert_refused(world, 0, "fund_not_in_state", on_fund(pause()));
}

/// A fund opens only if enough people can pay from it.
fn too_few_approvers(seen: &mut SeenRefusals) {
    let mut few = Scenario::founded();
    for person in few.staff.clone().into_iter().skip(1) {
        few.issue_ok(0, role(OrganisationCommand::EndRole, person, Role::Finance));
    }
    let create = CreateFund {
        name: text("A"),
        purpose: text("B"),
        areas: [text("oldham")].into(),
        rules: rules(),
    };
    few.issue_ok(0, on_fund(FundCommand::Create(create)));

    seen.assert_refused(
        &mut few,
        0,
        "too_few_approvers",
        on_fund(FundCommand::Open(NoBody {})),
    );
}

fn rounds(seen: &mut SeenRefusals) {
    let mut world = Scenario::drafts(1);
    let question = serde_json::json!({
        "question": "travel", "label": "How will you come?", "required": true,
        "kind": "one_choice",
        "options": [{ "option": "foot", "label": "On foot" }],
    });
    let one_option = PublishForm {
        name: None,
        questions: vec![serde_json::from_value(question).expect("a question")],
    };
    let publish = OrganisationCommand::PublishForm(one_option);
    let publish = Command::Organisation(ORGANISATION, publish);
    seen.assert_refused(&mut world, 0, "options_missing", publish);
    let first = || RoundRef {
        round: text("first"),
    };
    let earlier = ExtendRound {
        round: text("first"),
        closes_on: date(2026, 6, 29),
        panel_meets_on: None,
        hear_by: None,
    };
    let backwards = PlanRound {
        round: text("second"),
        name: text("Second"),
        opens_on: date(2026, 7, 1),
        closes_on: date(2026, 6, 1),
        panel_meets_on: None,
        hear_by: None,
        form: 1,
    };

    for (code, command) in [
        ("round_not_in_state", FundCommand::OpenRound(first())),
        ("deadline_earlier", FundCommand::ExtendRound(earlier)),
        ("round_open", FundCommand::CloseRound(first())),
        ("dates_out_of_order", FundCommand::PlanRound(backwards)),
    ] {
        seen.assert_refused(&mut world, 0, code, on_fund(command));
    }
    let last = date(2026, 7, 31);
    for (panel_meets_on, hear_by) in [
        (Some(last), None),
        (None, Some(last)),
        (Some(date(2026, 8, 12)), Some(date(2026, 8, 11))),
    ] {
        let plan = FundCommand::PlanRound(PlanRound {
            round: text("second"),
            name: text("Second"),
            opens_on: date(2026, 7, 1),
            closes_on: last,
            panel_meets_on,
            hear_by,
            form: 1,
        });
        seen.assert_refused(&mut world, 0, "dates_out_of_order", on_fund(plan));
    }
}
