//! Refusals of the panel's decision.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use microgrants::domain::application::{SaveAnswers, Score, Summary, TakeBackDecision};
use microgrants::domain::command::NoBody;
use microgrants::domain::fund::{DecisionLine, RecordMeeting, ReleaseLetters};
use microgrants::domain::panel::{Defer, Verdict};
use microgrants::domain::{Actor, ApplicationCommand as A, FundCommand};

use super::{SeenRefusals, on_application, on_fund};
use crate::support::fixtures::{award_of, gbp, no_interest, submit, text};
use crate::support::scenario::Scenario;

pub fn refusals(seen: &mut SeenRefusals) {
    summaries_and_scores(seen);
    amounts(seen);
    less_was_asked_for(seen);
    without_an_agreement(seen);
    letters(seen);
    eligibility(seen);
}

/// What an officer said about the eligibility, a day ago.
fn eligibility(seen: &mut SeenRefusals) {
    let mut world = Scenario::drafts(1);
    submit_as_member(&mut world);
    issue_all(&mut world, [A::ConfirmEligibility(NoBody {})]);
    world.world.today = date(2026, 6, 2);
    let take_back = on_application(&world, A::TakeBackEligibility(NoBody {}));
    seen.assert_refused(&mut world, 0, "taken_back_too_late", take_back);
}

/// Letters of a meeting that are held until a day.
fn letters(seen: &mut SeenRefusals) {
    let mut world = Scenario::ready(2);
    let (met_on, letters_on) = (date(2026, 6, 1), date(2026, 6, 8));
    let meeting = |world: &Scenario, number: usize, letters_on| {
        on_fund(FundCommand::RecordMeeting(RecordMeeting {
            round: text("first"),
            met_on,
            letters_on: Some(letters_on),
            decisions: vec![DecisionLine {
                application: world.application(number),
                verdict: Verdict::Defer(Defer {
                    reason: text("Not yet"),
                    message: None,
                    present: BTreeSet::new(),
                }),
            }],
        }))
    };
    let take_back = on_application(
        &world,
        A::TakeBackDecision(TakeBackDecision {
            reason: text("A mistake"),
            present: BTreeSet::new(),
        }),
    );
    seen.assert_refused(&mut world, 0, "letter_gone", take_back.clone());

    let first = meeting(&world, 0, letters_on);
    world.issue_ok(0, first);
    let award = world.award(0, gbp(600));
    seen.assert_refused(&mut world, 0, "letter_held", award);
    let another_day = meeting(&world, 1, date(2026, 6, 9));
    seen.assert_refused(&mut world, 0, "letters_differ", another_day);
    let release = on_fund(FundCommand::ReleaseLetters(ReleaseLetters {
        round: text("first"),
        met_on,
    }));
    seen.assert_actor_refused(&mut world, Actor::Job, "letters_not_due", release.clone());

    world.world.today = letters_on;
    world.world.issue(Actor::Job, release).expect("due");
    seen.assert_refused(&mut world, 0, "letter_gone", take_back);
}

fn submit_as_member(world: &mut Scenario) {
    let submitted = on_application(world, A::Submit(submit()));
    world
        .world
        .issue_as(world.members[0], submitted)
        .expect("taken");
}

fn issue_all(world: &mut Scenario, commands: impl IntoIterator<Item = A>) {
    for command in commands {
        let command = on_application(world, command);
        world.issue_ok(0, command);
    }
}

fn summaries_and_scores(seen: &mut SeenRefusals) {
    let mut world = Scenario::drafts(1);
    submit_as_member(&mut world);
    issue_all(
        &mut world,
        [no_interest(), A::ConfirmEligibility(NoBody {})],
    );

    let without_summary = world.award(0, gbp(2500));
    seen.assert_refused(&mut world, 0, "summary_missing", without_summary);
    let repeats = A::WriteSummary(Summary {
        title: text("Soup"),
        description: text("Soup"),
    });
    let score = A::Score(Score {
        criteria: BTreeMap::from([(text("need"), 6)]),
        note: text("High"),
    });
    for (code, command) in [("summary_repeats", repeats), ("score_out_of_range", score)] {
        let command = on_application(&world, command);
        seen.assert_refused(&mut world, 0, code, command);
    }
}

fn amounts(seen: &mut SeenRefusals) {
    let mut world = Scenario::ready(5);

    for amount in [499, 2501] {
        let award = world.award(0, gbp(amount));
        seen.assert_refused(&mut world, 0, "outside_bounds", award);
    }

    for number in 0..4 {
        let award = world.award(number, gbp(2500));
        world.issue_ok(0, award);
    }
    let fifth = world.award(4, gbp(500));
    seen.assert_refused(&mut world, 0, "not_affordable", fifth);
}

fn less_was_asked_for(seen: &mut SeenRefusals) {
    let mut world = Scenario::drafts(1);
    let less = SaveAnswers {
        requested: Some(gbp(600)),
        ..SaveAnswers::default()
    };
    issue_all(&mut world, [A::SaveAnswers(less)]);
    submit_as_member(&mut world);
    let summary = Summary {
        title: text("A"),
        description: text("B"),
    };
    issue_all(
        &mut world,
        [
            no_interest(),
            A::ConfirmEligibility(NoBody {}),
            A::WriteSummary(summary),
        ],
    );

    let more = award_of(gbp(700), date(2026, 9, 1), date(2026, 9, 15));
    let backwards = award_of(gbp(600), date(2026, 9, 2), date(2026, 9, 1));
    for (code, award) in [("not_as_asked", more), ("dates_out_of_order", backwards)] {
        let award = on_application(&world, A::Award(award));
        seen.assert_refused(&mut world, 0, code, award);
    }
}

fn without_an_agreement(seen: &mut SeenRefusals) {
    let mut unpublished = Scenario::ready(1);
    unpublished.world.organisation = Scenario::founded().world.organisation;
    let award = unpublished.award(0, gbp(600));
    seen.assert_refused(&mut unpublished, 0, "no_agreement", award);
}
