//! Random commands compared with a simple reference model: after each, domain and model must agree
//! on whether it was accepted, and on every pound.

mod action;
mod commands;
mod reference;

use microgrants::domain::fund::Allocate;
use microgrants::domain::funding_source::FundingSource;
use microgrants::domain::grant::{GrantState, ReturnReason};
use microgrants::domain::{Command, FundCommand, GrantId, Money};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::fixtures::{gbp, text};
use crate::support::scenario::{FUND, Scenario};
use action::{Action, actions};
use commands::command;
use reference::ReferenceModel;

/// Number of groups that apply.
const GROUPS: usize = 4;

fn pounds(amount: i64) -> Money {
    gbp(u32::try_from(amount).expect("plain figures never fall below zero"))
}

/// Asserts that domain and model have the same figures.
fn compare_with_domain(setting: &Scenario, plain: &ReferenceModel) -> Result<(), TestCaseError> {
    let budget = setting.world.funds[&FUND.0].budget();
    prop_assert_eq!(budget.allocated().total(), pounds(plain.allocated));
    prop_assert_eq!(budget.committed().total(), pounds(plain.committed()));
    prop_assert!(
        budget.allocated().minus(budget.committed()).is_ok(),
        "no source is overspent"
    );
    for (number, own) in plain.grants.iter().enumerate() {
        let id = setting.application(number).0;
        let Some(grant) = setting.world.grants.get(&id) else {
            prop_assert!(own.state.is_empty());
            continue;
        };
        prop_assert_eq!(grant.award().total(), pounds(own.award));
        prop_assert_eq!(grant.paid().total(), pounds(own.paid));
        prop_assert_eq!(grant.due_back(), pounds(own.due_back()));
        prop_assert_eq!(budget.committed_for(GrantId(id)), pounds(own.award));
        prop_assert!(
            grant.award().minus(grant.paid()).is_ok(),
            "no source is overpaid"
        );
        prop_assert!((grant.state() == GrantState::Closed) == (own.state == "closed"));
    }
    Ok(())
}

/// Two funding sources, one payment from each. Money is returned while the second payment can still
/// fail, and then it fails.
#[test]
fn what_comes_back_is_never_taken_from_a_payment_that_may_still_fail() {
    let mut setting = Scenario::ready(1);
    let restricted = FundingSource {
        funder: text("council"),
        area: Some(text("oldham")),
    };
    let allocate = FundCommand::Allocate(Allocate {
        source: restricted.clone(),
        ..setting.allocate(500)
    });
    setting.issue_ok(0, Command::Fund(FUND, allocate));

    for step in [
        Action::Award(0, 1000),
        Action::Accept(0),
        Action::PassCheck(0),
        Action::ProvidePayee(0, 2),
        Action::VerifyPayee(0, 0),
        Action::Prepare(0, 500, 0),
        Action::Approve(0, 1, 1),
        Action::Send(0, 1),
        Action::Confirm(0, 1),
        Action::Prepare(0, 500, 0),
        Action::Approve(0, 2, 1),
        Action::Send(0, 2),
        Action::Underspend(0, 100),
        Action::Return(0, ReturnReason::Underspend, 100),
        Action::Fail(0, 2),
    ] {
        let (person, command) = command(&setting, &step);
        setting
            .world
            .issue_as(person, command)
            .unwrap_or_else(|refusal| panic!("{step:?}: {refusal}"));
    }

    let grant = &setting.world.grants[&setting.application(0).0];
    assert_eq!(
        (
            grant.paid().total(),
            grant.paid().from(&restricted),
            grant.award().total()
        ),
        (gbp(400), gbp(400), gbp(900))
    );
}

#[test]
fn random_histories_agree_with_plain_figures() {
    let config = Config {
        cases: 600,
        failure_persistence: None,
        ..Config::default()
    };
    let history = proptest::collection::vec(actions(), 1..150);
    let taken = std::cell::Cell::new(0_u32);
    let mut runner = TestRunner::new(config);

    let result = runner.run(&history, |history| {
        let mut setting = Scenario::ready(GROUPS);
        let mut plain = ReferenceModel {
            allocated: 10_000,
            ..ReferenceModel::default()
        };

        for step in &history {
            let (person, command) = command(&setting, step);
            let really = setting.world.issue_as(person, command);
            let allowed = plain.apply_if_allowed(step);

            prop_assert_eq!(
                really.is_ok(),
                allowed,
                "{:?}: the rules say {:?}, the figures {:?}",
                step,
                really,
                plain
            );
            taken.set(taken.get() + u32::from(allowed));
            compare_with_domain(&setting, &plain)?;
        }

        crate::operations::open_data::assert_sums_agree(&setting.world);
        Ok(())
    });

    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(taken.get() > 5_000, "{} commands were taken", taken.get());
}
