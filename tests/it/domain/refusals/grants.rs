//! Refusals of a grant, from its offer to its close.

use std::collections::BTreeSet;

use jiff::civil::date;
use microgrants::domain::application::Channel;
use microgrants::domain::command::NoBody;
use microgrants::domain::fund::Uncommit;
use microgrants::domain::funding_source::FundingSplit;
use microgrants::domain::grant::{
    AcceptAgreement, AcceptanceMethod, CheckNote, CheckRef, DeclareUnderspend, PaymentRef,
    ReceiveUpdate, RequestReturn, ReturnReason, SendPayment, UpdateReason, UpdateRef,
};
use microgrants::domain::group::VerifyPayee;
use microgrants::domain::organisation::sha256_hex;
use microgrants::domain::outcome::{ReportedOutcome, Strength};
use microgrants::domain::{
    Actor, Aggregate as _, Command, DecisionContext, FundCommand, GrantCommand, GrantId,
    GroupCommand,
};

use super::{SeenRefusals, on_fund};
use crate::support::fixtures::{
    AGREEMENT_TEXT, confirm, gbp, open, pass_check, prepare, provide_payee, receive_return, source,
    text,
};
use crate::support::scenario::{FUND, Scenario};

pub fn refusals(seen: &mut SeenRefusals) {
    offers(seen);
    waivers_and_lapses(seen);
    payments(seen);
    updates(seen);
    closing(seen);
}

fn on_grant(world: &Scenario, command: GrantCommand) -> Command {
    Command::Grant(GrantId(world.application(0).0), command)
}

fn awarded() -> Scenario {
    let mut world = Scenario::ready(1);
    let award = world.award(0, gbp(1000));
    world.issue_ok(0, award);
    world
}

fn accept(hash: String, names: &[&str]) -> GrantCommand {
    GrantCommand::AcceptAgreement(AcceptAgreement {
        hash,
        method: AcceptanceMethod::Web,
        names: names.iter().map(|name| open(name)).collect(),
    })
}

fn accepted() -> Scenario {
    let mut world = awarded();
    let accept = on_grant(&world, accept(sha256_hex(AGREEMENT_TEXT), &["A", "B"]));
    world
        .world
        .issue_as(world.members[0], accept)
        .expect("taken");
    world
}

fn confirm_waiver() -> GrantCommand {
    GrantCommand::ConfirmWaiver(CheckRef {
        check: text("identity"),
    })
}

fn verify_payee(world: &Scenario, payee: u32) -> Command {
    let verify = VerifyPayee {
        payee,
        method: text("Statement"),
    };
    Command::Group(world.group(0), GroupCommand::VerifyPayee(verify))
}

fn offers(seen: &mut SeenRefusals) {
    let mut world = awarded();
    for (code, command) in [
        (
            "agreement_differs",
            accept(sha256_hex("Another"), &["A", "B"]),
        ),
        (
            "too_few_signers",
            accept(sha256_hex(AGREEMENT_TEXT), &["A"]),
        ),
        ("offer_stands", GrantCommand::LapseOffer(NoBody {})),
        ("agreement_not_accepted", prepare(1)),
        ("unknown", pass_check("other")),
        ("not_proposed", confirm_waiver()),
    ] {
        let command = on_grant(&world, command);
        seen.assert_refused(&mut world, 0, code, command);
    }
}

fn waivers_and_lapses(seen: &mut SeenRefusals) {
    let mut world = awarded();
    let note = CheckNote {
        check: text("identity"),
        note: text("Known for years"),
    };
    let propose = on_grant(&world, GrantCommand::ProposeWaiver(note));
    world.issue_ok(0, propose);

    let confirm = on_grant(&world, confirm_waiver());
    seen.assert_refused(&mut world, 0, "same_person", confirm.clone());
    world.issue_ok(1, confirm);
    let pass = on_grant(&world, pass_check("identity"));
    seen.assert_refused(&mut world, 0, "check_not_in_state", pass);

    world.world.today = date(2026, 8, 1);
    let late = on_grant(&world, accept(sha256_hex(AGREEMENT_TEXT), &["A", "B"]));
    seen.assert_refused(&mut world, 0, "offer_expired", late);
    let lapse = on_grant(&world, GrantCommand::LapseOffer(NoBody {}));
    world.issue_ok(0, lapse.clone());
    seen.assert_refused(&mut world, 0, "grant_not_in_state", lapse);
}

fn payments(seen: &mut SeenRefusals) {
    let mut world = accepted();
    payees(seen, &mut world);
    payments_of_two(seen, &mut world);
    nothing_to_return(seen, &mut world);
    below_what_is_committed(seen, &world);

    let closing = on_fund(FundCommand::Close(NoBody {}));
    seen.assert_refused(&mut world, 0, "grants_open", closing);
}

/// A payment is prepared once its check passed and its payee is verified, and within the award.
fn payees(seen: &mut SeenRefusals, world: &mut Scenario) {
    let prepared = on_grant(world, prepare(1000));
    seen.assert_refused(world, 0, "check_outstanding", prepared.clone());
    let pass = on_grant(world, pass_check("identity"));
    world.issue_ok(0, pass);
    seen.assert_refused(world, 0, "payee_not_verified", prepared.clone());

    // Ben keys the payee, so he can neither verify it nor approve a payment to it.
    let provide = Command::Group(world.group(0), provide_payee("12-34-56 12345678"));
    world.issue_ok(1, provide);
    let (first, second) = (verify_payee(world, 1), verify_payee(world, 2));
    seen.assert_refused(world, 1, "keyed_payee", first.clone());
    seen.assert_refused(world, 0, "payee_changed", second);
    world.issue_ok(0, first);

    let too_much = on_grant(world, prepare(1001));
    seen.assert_refused(world, 0, "over_paid", too_much);
    world.issue_ok(0, prepared);
}

/// A person who prepared a payment or keyed its payee does not approve it, and it is not sent to a
/// payee that was keyed since.
fn payments_of_two(seen: &mut SeenRefusals, world: &mut Scenario) {
    let approve = GrantCommand::ApprovePayment(PaymentRef { payment: 1 });
    let approve = on_grant(world, approve);
    let send = GrantCommand::SendPayment(SendPayment {
        payment: 1,
        happened_on: date(2026, 6, 1),
    });
    let send = on_grant(world, send);

    seen.assert_refused(world, 0, "same_person", approve.clone());
    seen.assert_refused(world, 1, "keyed_payee", approve.clone());
    seen.assert_refused(world, 0, "payment_not_in_state", send.clone());
    world.issue_ok(2, approve);

    let another = Command::Group(world.group(0), provide_payee("65-43-21 87654321"));
    world.issue_ok(0, another);
    seen.assert_refused(world, 0, "payee_changed", send);
}

fn nothing_to_return(seen: &mut SeenRefusals, world: &mut Scenario) {
    let none_due = GrantCommand::RequestReturn(RequestReturn {
        owed: ReturnReason::Underspend,
        due_on: date(2026, 12, 1),
    });
    let unspent = GrantCommand::DeclareUnderspend(DeclareUnderspend { amount: gbp(1) });
    for (code, command) in [("nothing_due", none_due), ("underspend_too_large", unspent)] {
        let command = on_grant(world, command);
        seen.assert_refused(world, 0, code, command);
    }
}

/// Only another aggregate reduces what a fund committed, so that no person sees this refusal.
fn below_what_is_committed(seen: &mut SeenRefusals, world: &Scenario) {
    let reduce = Uncommit {
        grant: GrantId(world.application(0).0),
        sources: FundingSplit::of(&source(), gbp(9999)),
        effective_on: None,
    };
    let context = DecisionContext::new(Actor::Operator, date(2026, 6, 1));
    let refusal = world.world.funds[&FUND.0]
        .decide(&FundCommand::Reduce(reduce), &context)
        .unwrap_err();
    seen.record(&refusal, "below_zero");
}

fn updates(seen: &mut SeenRefusals) {
    let mut world = accepted();
    let update = |sign: &str| ReceiveUpdate {
        update: 1,
        channel: Channel::Phone,
        words: open("Well"),
        learned: None,
        people: 1,
        volunteers: 1,
        spent: gbp(1),
        outcomes: vec![ReportedOutcome {
            sign: text(sign),
            strength: Strength::Some,
            words: open("Yes"),
        }],
        files: BTreeSet::new(),
        pictured: None,
        consent: true,
    };

    let unknown = on_grant(&world, GrantCommand::ReceiveUpdate(update("no-sign")));
    seen.assert_refused(&mut world, 0, "unknown_sign", unknown);
    let accept = on_grant(&world, GrantCommand::AcceptUpdate(UpdateRef { update: 1 }));
    seen.assert_refused(&mut world, 0, "update_not_in_state", accept);
    let received = on_grant(&world, GrantCommand::ReceiveUpdate(update("acting-early")));
    world.issue_ok(0, received);
}

fn closing(seen: &mut SeenRefusals) {
    let mut world = accepted();
    let close = on_grant(&world, GrantCommand::Close(NoBody {}));
    seen.assert_refused(&mut world, 0, "update_outstanding", close.clone());

    excuse_update_and_prepare(&mut world);
    seen.assert_refused(&mut world, 0, "payment_under_way", close.clone());

    pay(&mut world);
    let unspent = GrantCommand::DeclareUnderspend(DeclareUnderspend { amount: gbp(10) });
    let unspent = on_grant(&world, unspent);
    world.issue_ok(0, unspent);
    seen.assert_refused(&mut world, 0, "return_outstanding", close.clone());

    let back = on_grant(&world, receive_return(10, date(2026, 6, 1)));
    world.issue_ok(0, back);
    world.issue_ok(0, close);
    assert_eq!(
        world.world.funds[&FUND.0].budget().committed().total(),
        gbp(990),
        "what was paid and kept stays committed"
    );
}

fn excuse_update_and_prepare(world: &mut Scenario) {
    let excuse = UpdateReason {
        update: 1,
        reason: text("Ended"),
    };
    for command in [
        on_grant(world, GrantCommand::ExcuseUpdate(excuse)),
        on_grant(world, pass_check("identity")),
        Command::Group(world.group(0), provide_payee("12-34-56 12345678")),
    ] {
        world.issue_ok(0, command);
    }
    for command in [verify_payee(world, 1), on_grant(world, prepare(1000))] {
        world.issue_ok(1, command);
    }
}

fn pay(world: &mut Scenario) {
    let on = SendPayment {
        payment: 1,
        happened_on: date(2026, 6, 1),
    };
    for command in [
        GrantCommand::ApprovePayment(PaymentRef { payment: 1 }),
        GrantCommand::SendPayment(on),
        confirm(1, on.happened_on),
    ] {
        let command = on_grant(world, command);
        world.issue_ok(2, command);
    }
}
