//! Every refusal: a scenario, a command that violates a rule, and the refusal that it gets.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use microgrants::domain::application::{
    ApplicationHelp, Channel, HelpKind, SaveAnswers, Score, StartApplication, Submit, Summary,
};
use microgrants::domain::command::{NoBody, WithReason};
use microgrants::domain::erasure::retain_until;
use microgrants::domain::fund::{ExtendRound, PlanRound, RoundRef, SetRules};
use microgrants::domain::grant::{
    AcceptAgreement, AcceptanceMethod, CheckNote, DeclareUnderspend, PaymentRef, ReceiveUpdate,
    RequestReturn, ReturnReason, SendPayment, UpdateRef,
};
use microgrants::domain::group::{GrantEnd, VerifyPayee};
use microgrants::domain::organisation::{NameFounder, RoleRef, sha256_hex};
use microgrants::domain::outcome::{ReportedOutcome, Strength};
use microgrants::domain::{
    Actor, Aggregate as _, ApplicationCommand, Command, FundCommand, FundId, GrantCommand, GrantId,
    GroupCommand, OrganisationCommand, OrganisationEvent, PersonCommand, PersonId, Refusal, Role,
};
use strum::VariantNames as _;
use uuid::Uuid;

use serde_json::json;

use crate::support::fixtures::{
    AGREEMENT_TEXT, award_of, confirm, gbp, no_interest, open, pass_check, prepare, provide_payee,
    receive_return, rules, submit, text,
};
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::{FUND, Scenario, register_person};

/// Refusals that only a database or a published table can decide have their cases in `sealed` and
/// `groups`; those about people and the bank in `connections`, `as_asked` and `bank_facts`; those
/// about unproven people in `limits`; those about webhooks in `webhooks`.
const TESTED_ELSEWHERE: [&str; 19] = [
    "taken",
    "erased",
    "account_fails",
    "administrators_not_signed_in",
    "attendance_unconfirmed",
    "award_changed",
    "changes_overdue",
    "confirmed_too_late",
    "more_than_paid",
    "not_asked_for",
    "not_invited",
    "payee_waits",
    "payee_waits_not",
    "proposer_gone",
    "saw_scores",
    "address_unproven",
    "not_expired",
    "webhooks_full",
    "webhooks_wait",
];

/// The refusals seen so far.
#[derive(Default)]
pub struct SeenRefusals(BTreeSet<&'static str>);

impl SeenRefusals {
    /// Issues a command as a member of staff, and asserts that it is refused with this code and
    /// changes nothing.
    fn assert_refused(
        &mut self,
        setting: &mut Scenario,
        staff: usize,
        code: &'static str,
        command: Command,
    ) {
        self.assert_actor_refused(setting, Actor::Person(setting.staff[staff]), code, command);
    }

    /// The same, as any actor.
    pub fn assert_actor_refused(
        &mut self,
        setting: &mut Scenario,
        actor: Actor,
        code: &'static str,
        command: Command,
    ) {
        let says = format!("{command:?}");
        let refusal = setting.world.issue(actor, command).expect_err(&says);
        assert_eq!(refusal.code(), code, "{says}");
        self.0.insert(refusal.code());
    }

    pub fn record(&mut self, refusal: &Refusal, code: &'static str) {
        assert_eq!(refusal.code(), code);
        self.0.insert(code);
    }
}

#[test]
fn every_rule_says_no_when_it_should() {
    let mut seen = SeenRefusals::default();
    roles(&mut seen);
    funds(&mut seen);
    rounds(&mut seen);
    applications(&mut seen);
    decisions(&mut seen);
    offers(&mut seen);
    payments(&mut seen);
    updates(&mut seen);
    closing(&mut seen);
    erasing(&mut seen);
    crate::domain::lifecycle::refusals(&mut seen);
    let missing: Vec<_> = Refusal::VARIANTS
        .iter()
        .filter(|code| !seen.0.contains(*code) && !TESTED_ELSEWHERE.contains(code))
        .collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

/// Nobody can be erased while they hold a role or a grant is open, or while payments must be
/// accounted for.
fn erasing(seen: &mut SeenRefusals) {
    let erase = || WithReason {
        reason: text("They asked"),
    };
    let mut setting = Scenario::ready(1);
    let (group, ada) = (setting.group(0), setting.staff[0]);
    let of_group = |command| Command::Group(group, command);
    seen.assert_refused(
        &mut setting,
        1,
        "still_in_role",
        Command::Person(ada, PersonCommand::Erase(erase())),
    );
    seen.assert_refused(
        &mut setting,
        0,
        "unknown",
        of_group(GroupCommand::RefuseErasure(erase())),
    );
    let award = setting.award(0, gbp(500));
    setting.issue_ok(0, award);
    seen.assert_refused(
        &mut setting,
        0,
        "grant_open",
        of_group(GroupCommand::Erase(erase())),
    );
    let ended = GrantEnd {
        grant: setting.application(0).into(),
        paid: true,
    };
    setting
        .world
        .issue_consequence(Actor::Person(ada), of_group(GroupCommand::EndGrant(ended)))
        .unwrap();
    seen.assert_refused(
        &mut setting,
        0,
        "records_kept",
        of_group(GroupCommand::Erase(erase())),
    );
    setting.world.today = retain_until(setting.world.today).tomorrow().unwrap();
    setting.issue_ok(0, of_group(GroupCommand::Erase(erase())));
}

fn role(command: fn(RoleRef) -> OrganisationCommand, person: PersonId, role: Role) -> Command {
    Command::Organisation(ORGANISATION, command(RoleRef { person, role }))
}

fn roles(seen: &mut SeenRefusals) {
    use OrganisationCommand as O;
    let mut world = Scenario::founded();
    let [ada, ben, _] = world.staff[..] else {
        panic!("three staff")
    };
    let stranger = PersonId(Uuid::from_u128(99));
    world
        .world
        .issue(
            Actor::Operator,
            Command::Person(stranger, register_person()),
        )
        .unwrap();
    let confirm = |person, role| {
        Command::Organisation(
            ORGANISATION,
            crate::support::fixtures::confirm_role(person, role),
        )
    };
    seen.assert_actor_refused(
        &mut world,
        Actor::Person(stranger),
        "not_yours",
        role(O::ProposeRole, ada, Role::Auditor),
    );
    seen.assert_refused(
        &mut world,
        1,
        "roles_exclude",
        role(O::ProposeRole, ada, Role::Auditor),
    );
    seen.assert_refused(
        &mut world,
        1,
        "role_held",
        role(O::ProposeRole, ada, Role::Panel),
    );
    seen.assert_refused(
        &mut world,
        0,
        "role_not_held",
        role(O::EndRole, stranger, Role::Panel),
    );
    seen.assert_refused(
        &mut world,
        1,
        "not_proposed",
        confirm(stranger, Role::Finance),
    );
    world.issue_ok(0, role(O::ProposeRole, stranger, Role::Finance));
    seen.assert_refused(
        &mut world,
        0,
        "same_person",
        confirm(stranger, Role::Finance),
    );
    world.issue_ok(1, confirm(stranger, Role::Finance));
    world.issue_ok(0, role(O::EndRole, world.staff[2], Role::Administrator));
    seen.assert_refused(
        &mut world,
        0,
        "last_administrators",
        role(O::EndRole, ben, Role::Administrator),
    );
    let founder = O::NameFounder(NameFounder {
        person: stranger,
        roles: [Role::Officer].into(),
    });
    seen.assert_actor_refused(
        &mut world,
        Actor::Operator,
        "founding_over",
        Command::Organisation(ORGANISATION, founder),
    );
    seen.assert_refused(
        &mut world,
        0,
        "unknown",
        role(O::ProposeRole, PersonId(Uuid::from_u128(98)), Role::Panel),
    );
    seen.assert_actor_refused(
        &mut world,
        Actor::Operator,
        "exists",
        Command::Person(ada, register_person()),
    );
    // Their address changes between proposal and confirmation: they did so themselves.
    let newcomer = PersonId(Uuid::from_u128(97));
    world
        .world
        .issue(
            Actor::Operator,
            Command::Person(newcomer, register_person()),
        )
        .unwrap();
    world.issue_ok(0, role(O::ProposeRole, newcomer, Role::Panel));
    let PersonCommand::Register(details) = register_person() else {
        panic!("a registration")
    };
    world
        .world
        .issue_as(
            newcomer,
            Command::Person(newcomer, PersonCommand::ChangeContact(details)),
        )
        .unwrap();
    seen.assert_refused(
        &mut world,
        1,
        "contact_changed_since",
        confirm(newcomer, Role::Panel),
    );
    // In a log of an earlier version, one administrator gave a role alone.
    world
        .world
        .organisation
        .apply(&OrganisationEvent::RoleGiven {
            person: newcomer,
            role: Role::Administrator,
        });
    world.issue_ok(0, role(O::ProposeRole, stranger, Role::Panel));
    seen.assert_actor_refused(
        &mut world,
        Actor::Person(newcomer),
        "known_to_one",
        confirm(stranger, Role::Panel),
    );
    world.issue_ok(0, role(O::ProposeRole, newcomer, Role::Administrator));
    world.issue_ok(1, confirm(newcomer, Role::Administrator));
    world
        .world
        .issue_as(newcomer, confirm(stranger, Role::Panel))
        .expect("two have confirmed who they are");
    let mail = |body: &str| {
        let said = json!({ "mail": "declined", "language": "en", "subject": "About your form", "body": body });
        Command::Organisation(
            ORGANISATION,
            O::PublishMailText(serde_json::from_value(said).unwrap()),
        )
    };
    seen.assert_refused(&mut world, 0, "name_unknown", mail("Call {{ telephone }}"));
    let sign_in = json!({ "mail": "sign_in", "language": "en", "subject": "Your link", "body": "{{ link }}\n\n{{ code }}" });
    let sign_in = O::PublishMailText(serde_json::from_value(sign_in).unwrap());
    seen.assert_refused(
        &mut world,
        0,
        "needs_two_people",
        Command::Organisation(ORGANISATION, sign_in),
    );
    seen.assert_refused(&mut world, 0, "text_broken", mail("Dear {{ name"));
}

fn on_fund(command: FundCommand) -> Command {
    Command::Fund(FUND, command)
}

fn because() -> WithReason {
    WithReason {
        reason: text("A reason"),
    }
}

fn funds(seen: &mut SeenRefusals) {
    let mut world = Scenario::drafts(1);
    let with = |change: fn(&mut microgrants::domain::fund::Rules)| {
        let mut rules = rules();
        change(&mut rules);
        on_fund(FundCommand::ProposeRules(SetRules { rules }))
    };
    seen.assert_refused(
        &mut world,
        0,
        "bounds_too_wide",
        with(|rules| rules.minimum = gbp(499)),
    );
    seen.assert_refused(
        &mut world,
        0,
        "bounds_too_wide",
        with(|rules| rules.maximum = gbp(2501)),
    );
    seen.assert_refused(
        &mut world,
        0,
        "rules_incomplete",
        with(|rules| rules.people_per_payment = 1),
    );
    seen.assert_refused(
        &mut world,
        0,
        "fund_not_in_state",
        on_fund(FundCommand::SetRules(SetRules { rules: rules() })),
    );
    world.issue_ok(0, with(|rules| rules.maximum = gbp(2000)));
    seen.assert_refused(
        &mut world,
        1,
        "not_proposed",
        on_fund(FundCommand::ConfirmRules(SetRules { rules: rules() })),
    );
    seen.assert_refused(&mut world, 0, "same_person", {
        let mut rules = rules();
        rules.maximum = gbp(2000);
        on_fund(FundCommand::ConfirmRules(SetRules { rules }))
    });
    let allocate = |change: fn(&mut microgrants::domain::fund::Allocate), world: &Scenario| {
        let mut allocate = world.allocate(100);
        change(&mut allocate);
        on_fund(FundCommand::Allocate(allocate))
    };
    let future = allocate(|allocate| allocate.received_on = date(2027, 1, 1), &world);
    seen.assert_refused(&mut world, 0, "date_in_future", future);
    let long_ago = allocate(|allocate| allocate.received_on = date(1989, 12, 31), &world);
    seen.assert_refused(&mut world, 0, "day_out_of_range", long_ago);
    let nothing = allocate(|allocate| allocate.amount = gbp(0), &world);
    seen.assert_refused(&mut world, 0, "nothing", nothing);
    let elsewhere = allocate(
        |allocate| allocate.source.area = Some(text("leeds")),
        &world,
    );
    seen.assert_refused(&mut world, 0, "unknown_area", elsewhere);
    let withdraw = on_fund(FundCommand::WithdrawFunding(world.withdraw(10_001)));
    seen.assert_refused(&mut world, 0, "not_affordable", withdraw);
    seen.assert_refused(
        &mut world,
        0,
        "unknown",
        Command::Fund(FundId(Uuid::nil()), FundCommand::Pause(because())),
    );
    world.issue_ok(0, on_fund(FundCommand::Pause(because())));
    seen.assert_refused(
        &mut world,
        0,
        "fund_not_in_state",
        on_fund(FundCommand::Pause(because())),
    );
    let mut few = Scenario::founded();
    for person in few.staff.clone().into_iter().skip(1) {
        few.issue_ok(0, role(OrganisationCommand::EndRole, person, Role::Finance));
    }
    let create = microgrants::domain::fund::CreateFund {
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
    let first = || RoundRef {
        round: text("first"),
    };
    seen.assert_refused(
        &mut world,
        0,
        "round_not_in_state",
        on_fund(FundCommand::OpenRound(first())),
    );
    let earlier = ExtendRound {
        round: text("first"),
        closes_on: date(2026, 6, 29),
    };
    seen.assert_refused(
        &mut world,
        0,
        "deadline_earlier",
        on_fund(FundCommand::ExtendRound(earlier)),
    );
    seen.assert_refused(
        &mut world,
        0,
        "round_open",
        on_fund(FundCommand::CloseRound(first())),
    );
    let plan = PlanRound {
        round: text("second"),
        name: text("Second"),
        opens_on: date(2026, 7, 1),
        closes_on: date(2026, 6, 1),
        form: 1,
    };
    seen.assert_refused(
        &mut world,
        0,
        "dates_out_of_order",
        on_fund(FundCommand::PlanRound(plan)),
    );
}

fn on_application(world: &Scenario, command: ApplicationCommand) -> Command {
    Command::Application(world.application(0), command)
}

fn applications(seen: &mut SeenRefusals) {
    use ApplicationCommand as A;
    let mut world = Scenario::drafts(2);
    let ask =
        |world: &Scenario, answers: SaveAnswers| on_application(world, A::SaveAnswers(answers));
    let too_much = ask(
        &world,
        SaveAnswers {
            requested: Some(gbp(2501)),
            ..SaveAnswers::default()
        },
    );
    seen.assert_refused(&mut world, 0, "outside_bounds", too_much);
    let unknown = ask(
        &world,
        SaveAnswers {
            answers: [(text("shoe-size"), open("9"))].into(),
            ..SaveAnswers::default()
        },
    );
    seen.assert_refused(&mut world, 0, "unknown_question", unknown);
    let nothing = ask(&world, SaveAnswers::default());
    seen.assert_refused(&mut world, 0, "no_change", nothing);
    let theirs = on_application(&world, A::Withdraw(NoBody {}));
    seen.assert_actor_refused(
        &mut world,
        Actor::Person(PersonId(Uuid::from_u128(101))),
        "not_of_group",
        theirs,
    );
    let confirm = on_application(&world, A::ConfirmEligibility(NoBody {}));
    seen.assert_refused(&mut world, 0, "application_not_in_state", confirm);
    let member = Actor::Person(world.members[0]);
    let blank = microgrants::domain::ApplicationId(Uuid::from_u128(555));
    let start = StartApplication {
        fund: FUND,
        round: text("first"),
        group: world.group(0),
        late: false,
    };
    world.issue_ok(0, Command::Application(blank, A::Start(start.clone())));
    seen.assert_actor_refused(
        &mut world,
        member,
        "answer_missing",
        Command::Application(blank, A::Submit(submit())),
    );
    world.issue_ok(
        0,
        Command::Application(
            blank,
            A::SaveAnswers(SaveAnswers {
                answers: [(text("idea"), open("Soup"))].into(),
                ..SaveAnswers::default()
            }),
        ),
    );
    seen.assert_actor_refused(
        &mut world,
        member,
        "request_incomplete",
        Command::Application(blank, A::Submit(submit())),
    );
    let all_but_at_risk = SaveAnswers {
        requested: Some(gbp(600)),
        area: Some(text("oldham")),
        ..SaveAnswers::default()
    };
    world.issue_ok(
        0,
        Command::Application(blank, A::SaveAnswers(all_but_at_risk)),
    );
    seen.assert_actor_refused(
        &mut world,
        member,
        "request_incomplete",
        Command::Application(blank, A::Submit(submit())),
    );
    world.world.today = date(2026, 7, 1);
    let submit_late = on_application(&world, A::Submit(submit()));
    seen.assert_actor_refused(&mut world, member, "round_closed", submit_late);
    let keyed = HelpKind::KeyedVerbatim {
        read_back: true,
        scan: None,
    };
    let help = Some(ApplicationHelp {
        by: world.staff[0],
        kind: keyed,
    });
    let on_paper = |received_on, late_reason| Submit {
        channel: Channel::Paper,
        received_on,
        late_reason,
        help: help.clone(),
    };
    let without = on_application(&world, A::Submit(on_paper(Some(date(2026, 6, 30)), None)));
    seen.assert_refused(&mut world, 0, "late_without_reason", without);
    let too_late = on_application(
        &world,
        A::Submit(on_paper(Some(date(2026, 7, 1)), Some(text("Late")))),
    );
    seen.assert_refused(&mut world, 0, "round_closed", too_late);
    let in_time = on_application(
        &world,
        A::Submit(on_paper(
            Some(date(2026, 6, 30)),
            Some(text("It lay in the post")),
        )),
    );
    // Only staff can state that a late application arrived in time on paper.
    seen.assert_actor_refused(&mut world, member, "not_yours", in_time.clone());
    let late = StartApplication {
        fund: FUND,
        round: text("first"),
        group: world.group(0),
        late: true,
    };
    let another = Command::Application(
        microgrants::domain::ApplicationId(Uuid::from_u128(556)),
        A::Start(late),
    );
    seen.assert_actor_refused(&mut world, member, "not_yours", another);
    world.issue_ok(0, in_time);
}

fn decisions(seen: &mut SeenRefusals) {
    use ApplicationCommand as A;
    let mut world = Scenario::drafts(1);
    let submitted = on_application(&world, A::Submit(submit()));
    world
        .world
        .issue_as(world.members[0], submitted)
        .expect("taken");
    let declared = on_application(&world, no_interest());
    world.issue_ok(0, declared);
    let eligible = on_application(&world, A::ConfirmEligibility(NoBody {}));
    world.issue_ok(0, eligible);
    let without_summary = world.award(0, gbp(2500));
    seen.assert_refused(&mut world, 0, "summary_missing", without_summary);
    let repeats = on_application(
        &world,
        A::WriteSummary(Summary {
            title: text("Soup"),
            description: text("Soup"),
        }),
    );
    seen.assert_refused(&mut world, 0, "summary_repeats", repeats);
    let score = on_application(
        &world,
        A::Score(Score {
            criteria: BTreeMap::from([(text("need"), 6)]),
            note: text("High"),
        }),
    );
    seen.assert_refused(&mut world, 0, "score_out_of_range", score);
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
    let mut world = Scenario::drafts(1);
    let less = on_application(
        &world,
        A::SaveAnswers(SaveAnswers {
            requested: Some(gbp(600)),
            ..SaveAnswers::default()
        }),
    );
    world.issue_ok(0, less);
    let submitted = on_application(&world, A::Submit(submit()));
    world
        .world
        .issue_as(world.members[0], submitted)
        .expect("taken");
    for command in [
        no_interest(),
        A::ConfirmEligibility(NoBody {}),
        A::WriteSummary(Summary {
            title: text("A"),
            description: text("B"),
        }),
    ] {
        let command = on_application(&world, command);
        world.issue_ok(0, command);
    }
    let more = on_application(
        &world,
        A::Award(award_of(gbp(700), date(2026, 9, 1), date(2026, 9, 15))),
    );
    seen.assert_refused(&mut world, 0, "not_as_asked", more);
    let backwards = award_of(gbp(600), date(2026, 9, 2), date(2026, 9, 1));
    let backwards = on_application(&world, A::Award(backwards));
    seen.assert_refused(&mut world, 0, "dates_out_of_order", backwards);
    let mut unpublished = Scenario::ready(1);
    unpublished.world.organisation = Scenario::founded().world.organisation;
    let award = unpublished.award(0, gbp(600));
    seen.assert_refused(&mut unpublished, 0, "no_agreement", award);
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
        (
            "not_proposed",
            GrantCommand::ConfirmWaiver(microgrants::domain::grant::CheckRef {
                check: text("identity"),
            }),
        ),
    ] {
        let command = on_grant(&world, command);
        seen.assert_refused(&mut world, 0, code, command);
    }
    let note = || CheckNote {
        check: text("identity"),
        note: text("Known for years"),
    };
    let propose = on_grant(&world, GrantCommand::ProposeWaiver(note()));
    world.issue_ok(0, propose);
    let confirm = on_grant(
        &world,
        GrantCommand::ConfirmWaiver(microgrants::domain::grant::CheckRef {
            check: text("identity"),
        }),
    );
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
    let group = world.group(0);
    let check = on_grant(&world, prepare(1000));
    seen.assert_refused(&mut world, 0, "check_outstanding", check.clone());
    let pass = on_grant(&world, pass_check("identity"));
    world.issue_ok(0, pass);
    seen.assert_refused(&mut world, 0, "payee_not_verified", check.clone());
    // Ben keys the payee, so he can neither verify it nor approve a payment to it.
    world.issue_ok(1, Command::Group(group, provide_payee("12-34-56 12345678")));
    let verify = Command::Group(
        group,
        GroupCommand::VerifyPayee(VerifyPayee {
            payee: 1,
            method: text("Statement"),
        }),
    );
    seen.assert_refused(&mut world, 1, "keyed_payee", verify.clone());
    let another = Command::Group(
        group,
        GroupCommand::VerifyPayee(VerifyPayee {
            payee: 2,
            method: text("Statement"),
        }),
    );
    seen.assert_refused(&mut world, 0, "payee_changed", another);
    world.issue_ok(0, verify);
    let too_much = on_grant(&world, prepare(1001));
    seen.assert_refused(&mut world, 0, "over_paid", too_much);
    world.issue_ok(0, check);
    let approve = on_grant(
        &world,
        GrantCommand::ApprovePayment(PaymentRef { payment: 1 }),
    );
    seen.assert_refused(&mut world, 0, "same_person", approve.clone());
    seen.assert_refused(&mut world, 1, "keyed_payee", approve.clone());
    let send = on_grant(
        &world,
        GrantCommand::SendPayment(SendPayment {
            payment: 1,
            happened_on: date(2026, 6, 1),
        }),
    );
    seen.assert_refused(&mut world, 0, "payment_not_in_state", send.clone());
    world.issue_ok(2, approve);
    world.issue_ok(0, Command::Group(group, provide_payee("65-43-21 87654321")));
    seen.assert_refused(&mut world, 0, "payee_changed", send);
    let none_due = RequestReturn {
        owed: ReturnReason::Underspend,
        due_on: date(2026, 12, 1),
    };
    let none_due = on_grant(&world, GrantCommand::RequestReturn(none_due));
    seen.assert_refused(&mut world, 0, "nothing_due", none_due);
    let unspent = on_grant(
        &world,
        GrantCommand::DeclareUnderspend(DeclareUnderspend { amount: gbp(1) }),
    );
    seen.assert_refused(&mut world, 0, "underspend_too_large", unspent);
    let reduce = microgrants::domain::fund::Uncommit {
        grant: GrantId(world.application(0).0),
        sources: microgrants::domain::funding_source::FundingSplit::of(
            &crate::support::fixtures::source(),
            gbp(9999),
        ),
        effective_on: None,
    };
    let fund = world.world.funds[&FUND.0].clone();
    let facts = microgrants::domain::DecisionContext::new(Actor::Operator, date(2026, 6, 1));
    let below = microgrants::domain::Aggregate::decide(&fund, &FundCommand::Reduce(reduce), &facts)
        .unwrap_err();
    seen.0.insert(below.code());
    assert_eq!(below.code(), "below_zero");
    let closing = on_fund(FundCommand::Close(NoBody {}));
    seen.assert_refused(&mut world, 0, "grants_open", closing);
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
    let excuse = microgrants::domain::grant::UpdateReason {
        update: 1,
        reason: text("Ended"),
    };
    for command in [
        on_grant(&world, GrantCommand::ExcuseUpdate(excuse)),
        on_grant(&world, pass_check("identity")),
        Command::Group(world.group(0), provide_payee("12-34-56 12345678")),
    ] {
        world.issue_ok(0, command);
    }
    world.issue_ok(
        1,
        Command::Group(
            world.group(0),
            GroupCommand::VerifyPayee(VerifyPayee {
                payee: 1,
                method: text("Statement"),
            }),
        ),
    );
    let prepare = on_grant(&world, prepare(1000));
    world.issue_ok(1, prepare);
    seen.assert_refused(&mut world, 0, "payment_under_way", close.clone());
    let on = SendPayment {
        payment: 1,
        happened_on: date(2026, 6, 1),
    };
    for command in [
        GrantCommand::ApprovePayment(PaymentRef { payment: 1 }),
        GrantCommand::SendPayment(on),
        confirm(1, on.happened_on),
    ] {
        let command = on_grant(&world, command);
        world.issue_ok(2, command);
    }
    let unspent = on_grant(
        &world,
        GrantCommand::DeclareUnderspend(DeclareUnderspend { amount: gbp(10) }),
    );
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
