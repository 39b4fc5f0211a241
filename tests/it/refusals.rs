//! Every refusal: a scenario, a command that violates a rule, and the refusal that it gets.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use microgrants::domain::application::{
    Answers, Channel, Help, HelpKind, Score, StartApplication, Submit, Summary,
};
use microgrants::domain::command::{Because, Nothing};
use microgrants::domain::erasure::kept_until;
use microgrants::domain::fund::{ExtendRound, PlanRound, RoundOf, SetRules};
use microgrants::domain::grant::{
    AcceptAgreement, AmountOf, CheckNote, Method, Owed, PaymentOf, PaymentOn, ReceiveUpdate,
    RequestReturn, UpdateOf,
};
use microgrants::domain::group::{GrantEnds, VerifyPayee};
use microgrants::domain::organisation::{NameFounder, RoleOf, hash_of};
use microgrants::domain::outcome::{OutcomeSaid, Strength};
use microgrants::domain::{
    Actor, ApplicationCommand, Command, FundCommand, FundId, GrantCommand, GrantId, GroupCommand,
    OrganisationCommand, OrganisationEvent, PersonCommand, PersonId, Refusal, Role, Stream as _,
};
use strum::VariantNames as _;
use uuid::Uuid;

use serde_json::json;

use crate::cases::Cases;
use crate::office::{
    AGREEMENT, award_of, confirm, gbp, no_interest, open, passes, prepare, provide_payee,
    receive_return, rules, submit, text,
};
use crate::setting::{FUND, Setting, register};
use crate::world::ORGANISATION;

pub fn cases(cases: &mut Cases) {
    cases.plain("refusals::every_rule_says_no_when_it_should", all);
}

/// Refusals that only a database or a published table can decide have their cases in `sealed` and
/// `groups`; those about people and the bank in `connections`, `as_asked` and `bank_facts`; those
/// about unproven people in `limits`; those about webhooks in `webhooks`.
const ELSEWHERE: [&str; 19] = [
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
pub struct Seen(BTreeSet<&'static str>);

impl Seen {
    /// Issues a command as a member of staff, and asserts that it is refused with this code and
    /// changes nothing.
    fn refuses(
        &mut self,
        setting: &mut Setting,
        staff: usize,
        code: &'static str,
        command: Command,
    ) {
        self.refuses_to(setting, Actor::Person(setting.staff[staff]), code, command);
    }

    /// The same, as any actor.
    pub fn refuses_to(
        &mut self,
        setting: &mut Setting,
        actor: Actor,
        code: &'static str,
        command: Command,
    ) {
        let says = format!("{command:?}");
        let refusal = setting.world.issue(actor, command).expect_err(&says);
        assert_eq!(refusal.code(), code, "{says}");
        self.0.insert(refusal.code());
    }

    pub fn note(&mut self, refusal: &Refusal, code: &'static str) {
        assert_eq!(refusal.code(), code);
        self.0.insert(code);
    }
}

fn all() {
    let mut seen = Seen::default();
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
    crate::lifecycle::refusals(&mut seen);
    let missing: Vec<_> = Refusal::VARIANTS
        .iter()
        .filter(|code| !seen.0.contains(*code) && !ELSEWHERE.contains(code))
        .collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

/// Nobody can be erased while they hold a role or a grant is open, or while payments must be
/// accounted for.
fn erasing(seen: &mut Seen) {
    let erase = || Because {
        reason: text("They asked"),
    };
    let mut setting = Setting::ready(1);
    let (group, ada) = (setting.group(0), setting.staff[0]);
    let of_group = |command| Command::Group(group, command);
    seen.refuses(
        &mut setting,
        1,
        "still_in_role",
        Command::Person(ada, PersonCommand::Erase(erase())),
    );
    seen.refuses(
        &mut setting,
        0,
        "unknown",
        of_group(GroupCommand::RefuseErasure(erase())),
    );
    let award = setting.award(0, gbp(500));
    setting.takes(0, award);
    seen.refuses(
        &mut setting,
        0,
        "grant_open",
        of_group(GroupCommand::Erase(erase())),
    );
    let ended = GrantEnds {
        grant: setting.application(0).into(),
        paid: true,
    };
    setting
        .world
        .follow(Actor::Person(ada), of_group(GroupCommand::EndGrant(ended)))
        .unwrap();
    seen.refuses(
        &mut setting,
        0,
        "records_kept",
        of_group(GroupCommand::Erase(erase())),
    );
    setting.world.today = kept_until(setting.world.today).tomorrow().unwrap();
    setting.takes(0, of_group(GroupCommand::Erase(erase())));
}

fn role(command: fn(RoleOf) -> OrganisationCommand, person: PersonId, role: Role) -> Command {
    Command::Organisation(ORGANISATION, command(RoleOf { person, role }))
}

fn roles(seen: &mut Seen) {
    use OrganisationCommand as O;
    let mut world = Setting::founded();
    let [ada, ben, _] = world.staff[..] else {
        panic!("three staff")
    };
    let stranger = PersonId(Uuid::from_u128(99));
    world
        .world
        .issue(Actor::Operator, Command::Person(stranger, register()))
        .unwrap();
    let confirm = |person, role| {
        Command::Organisation(ORGANISATION, crate::office::confirm_role(person, role))
    };
    seen.refuses_to(
        &mut world,
        Actor::Person(stranger),
        "not_yours",
        role(O::ProposeRole, ada, Role::Auditor),
    );
    seen.refuses(
        &mut world,
        1,
        "roles_exclude",
        role(O::ProposeRole, ada, Role::Auditor),
    );
    seen.refuses(
        &mut world,
        1,
        "role_held",
        role(O::ProposeRole, ada, Role::Panel),
    );
    seen.refuses(
        &mut world,
        0,
        "role_not_held",
        role(O::EndRole, stranger, Role::Panel),
    );
    seen.refuses(
        &mut world,
        1,
        "not_proposed",
        confirm(stranger, Role::Finance),
    );
    world.takes(0, role(O::ProposeRole, stranger, Role::Finance));
    seen.refuses(
        &mut world,
        0,
        "same_person",
        confirm(stranger, Role::Finance),
    );
    world.takes(1, confirm(stranger, Role::Finance));
    world.takes(0, role(O::EndRole, world.staff[2], Role::Administrator));
    seen.refuses(
        &mut world,
        0,
        "last_administrators",
        role(O::EndRole, ben, Role::Administrator),
    );
    let founder = O::NameFounder(NameFounder {
        person: stranger,
        roles: [Role::Officer].into(),
    });
    seen.refuses_to(
        &mut world,
        Actor::Operator,
        "founding_over",
        Command::Organisation(ORGANISATION, founder),
    );
    seen.refuses(
        &mut world,
        0,
        "unknown",
        role(O::ProposeRole, PersonId(Uuid::from_u128(98)), Role::Panel),
    );
    seen.refuses_to(
        &mut world,
        Actor::Operator,
        "exists",
        Command::Person(ada, register()),
    );
    // Their address changes between proposal and confirmation: they did so themselves.
    let newcomer = PersonId(Uuid::from_u128(97));
    world
        .world
        .issue(Actor::Operator, Command::Person(newcomer, register()))
        .unwrap();
    world.takes(0, role(O::ProposeRole, newcomer, Role::Panel));
    let PersonCommand::Register(details) = register() else {
        panic!("a registration")
    };
    world
        .world
        .by(
            newcomer,
            Command::Person(newcomer, PersonCommand::ChangeContact(details)),
        )
        .unwrap();
    seen.refuses(
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
    world.takes(0, role(O::ProposeRole, stranger, Role::Panel));
    seen.refuses_to(
        &mut world,
        Actor::Person(newcomer),
        "known_to_one",
        confirm(stranger, Role::Panel),
    );
    world.takes(0, role(O::ProposeRole, newcomer, Role::Administrator));
    world.takes(1, confirm(newcomer, Role::Administrator));
    world
        .world
        .by(newcomer, confirm(stranger, Role::Panel))
        .expect("two have confirmed who they are");
    let mail = |body: &str| {
        let said = json!({ "mail": "declined", "language": "en", "subject": "About your form", "body": body });
        Command::Organisation(
            ORGANISATION,
            O::PublishMailText(serde_json::from_value(said).unwrap()),
        )
    };
    seen.refuses(&mut world, 0, "name_unknown", mail("Call {{ telephone }}"));
    let sign_in = json!({ "mail": "sign_in", "language": "en", "subject": "Your link", "body": "{{ link }}\n\n{{ code }}" });
    let sign_in = O::PublishMailText(serde_json::from_value(sign_in).unwrap());
    seen.refuses(
        &mut world,
        0,
        "needs_two_people",
        Command::Organisation(ORGANISATION, sign_in),
    );
    seen.refuses(&mut world, 0, "text_broken", mail("Dear {{ name"));
}

fn on_fund(command: FundCommand) -> Command {
    Command::Fund(FUND, command)
}

fn because() -> Because {
    Because {
        reason: text("A reason"),
    }
}

fn funds(seen: &mut Seen) {
    let mut world = Setting::drafts(1);
    let with = |change: fn(&mut microgrants::domain::fund::Rules)| {
        let mut rules = rules();
        change(&mut rules);
        on_fund(FundCommand::ProposeRules(SetRules { rules }))
    };
    seen.refuses(
        &mut world,
        0,
        "bounds_too_wide",
        with(|rules| rules.minimum = gbp(499)),
    );
    seen.refuses(
        &mut world,
        0,
        "bounds_too_wide",
        with(|rules| rules.maximum = gbp(2501)),
    );
    seen.refuses(
        &mut world,
        0,
        "rules_incomplete",
        with(|rules| rules.eyes = 1),
    );
    seen.refuses(
        &mut world,
        0,
        "fund_not_in_state",
        on_fund(FundCommand::SetRules(SetRules { rules: rules() })),
    );
    world.takes(0, with(|rules| rules.maximum = gbp(2000)));
    seen.refuses(
        &mut world,
        1,
        "not_proposed",
        on_fund(FundCommand::ConfirmRules(SetRules { rules: rules() })),
    );
    seen.refuses(&mut world, 0, "same_person", {
        let mut rules = rules();
        rules.maximum = gbp(2000);
        on_fund(FundCommand::ConfirmRules(SetRules { rules }))
    });
    let allocate = |change: fn(&mut microgrants::domain::fund::Allocate), world: &Setting| {
        let mut allocate = world.allocate(100);
        change(&mut allocate);
        on_fund(FundCommand::Allocate(allocate))
    };
    let future = allocate(|allocate| allocate.received_on = date(2027, 1, 1), &world);
    seen.refuses(&mut world, 0, "date_in_future", future);
    let long_ago = allocate(|allocate| allocate.received_on = date(1989, 12, 31), &world);
    seen.refuses(&mut world, 0, "day_out_of_range", long_ago);
    let nothing = allocate(|allocate| allocate.amount = gbp(0), &world);
    seen.refuses(&mut world, 0, "nothing", nothing);
    let elsewhere = allocate(
        |allocate| allocate.source.area = Some(text("leeds")),
        &world,
    );
    seen.refuses(&mut world, 0, "unknown_area", elsewhere);
    let withdraw = on_fund(FundCommand::WithdrawFunding(world.withdraw(10_001)));
    seen.refuses(&mut world, 0, "not_affordable", withdraw);
    seen.refuses(
        &mut world,
        0,
        "unknown",
        Command::Fund(FundId(Uuid::nil()), FundCommand::Pause(because())),
    );
    world.takes(0, on_fund(FundCommand::Pause(because())));
    seen.refuses(
        &mut world,
        0,
        "fund_not_in_state",
        on_fund(FundCommand::Pause(because())),
    );
    let mut few = Setting::founded();
    for person in few.staff.clone().into_iter().skip(1) {
        few.takes(0, role(OrganisationCommand::EndRole, person, Role::Finance));
    }
    let create = microgrants::domain::fund::CreateFund {
        name: text("A"),
        purpose: text("B"),
        areas: [text("oldham")].into(),
        rules: rules(),
    };
    few.takes(0, on_fund(FundCommand::Create(create)));
    seen.refuses(
        &mut few,
        0,
        "too_few_approvers",
        on_fund(FundCommand::Open(Nothing {})),
    );
}

fn rounds(seen: &mut Seen) {
    let mut world = Setting::drafts(1);
    let first = || RoundOf {
        round: text("first"),
    };
    seen.refuses(
        &mut world,
        0,
        "round_not_in_state",
        on_fund(FundCommand::OpenRound(first())),
    );
    let earlier = ExtendRound {
        round: text("first"),
        closes_on: date(2026, 6, 29),
    };
    seen.refuses(
        &mut world,
        0,
        "deadline_earlier",
        on_fund(FundCommand::ExtendRound(earlier)),
    );
    seen.refuses(
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
    seen.refuses(
        &mut world,
        0,
        "dates_out_of_order",
        on_fund(FundCommand::PlanRound(plan)),
    );
}

fn on_application(world: &Setting, command: ApplicationCommand) -> Command {
    Command::Application(world.application(0), command)
}

fn applications(seen: &mut Seen) {
    use ApplicationCommand as A;
    let mut world = Setting::drafts(2);
    let ask = |world: &Setting, answers: Answers| on_application(world, A::SaveAnswers(answers));
    let too_much = ask(
        &world,
        Answers {
            requested: Some(gbp(2501)),
            ..Answers::default()
        },
    );
    seen.refuses(&mut world, 0, "outside_bounds", too_much);
    let unknown = ask(
        &world,
        Answers {
            answers: [(text("shoe-size"), open("9"))].into(),
            ..Answers::default()
        },
    );
    seen.refuses(&mut world, 0, "unknown_question", unknown);
    let nothing = ask(&world, Answers::default());
    seen.refuses(&mut world, 0, "no_change", nothing);
    let theirs = on_application(&world, A::Withdraw(Nothing {}));
    seen.refuses_to(
        &mut world,
        Actor::Person(PersonId(Uuid::from_u128(101))),
        "not_of_group",
        theirs,
    );
    let confirm = on_application(&world, A::ConfirmEligibility(Nothing {}));
    seen.refuses(&mut world, 0, "application_not_in_state", confirm);
    let member = Actor::Person(world.members[0]);
    let blank = microgrants::domain::ApplicationId(Uuid::from_u128(555));
    let start = StartApplication {
        fund: FUND,
        round: text("first"),
        group: world.group(0),
        late: false,
    };
    world.takes(0, Command::Application(blank, A::Start(start.clone())));
    seen.refuses_to(
        &mut world,
        member,
        "answer_missing",
        Command::Application(blank, A::Submit(submit())),
    );
    world.takes(
        0,
        Command::Application(
            blank,
            A::SaveAnswers(Answers {
                answers: [(text("idea"), open("Soup"))].into(),
                ..Answers::default()
            }),
        ),
    );
    seen.refuses_to(
        &mut world,
        member,
        "request_incomplete",
        Command::Application(blank, A::Submit(submit())),
    );
    let all_but_at_risk = Answers {
        requested: Some(gbp(600)),
        area: Some(text("oldham")),
        ..Answers::default()
    };
    world.takes(
        0,
        Command::Application(blank, A::SaveAnswers(all_but_at_risk)),
    );
    seen.refuses_to(
        &mut world,
        member,
        "request_incomplete",
        Command::Application(blank, A::Submit(submit())),
    );
    world.world.today = date(2026, 7, 1);
    let submit_late = on_application(&world, A::Submit(submit()));
    seen.refuses_to(&mut world, member, "round_closed", submit_late);
    let keyed = HelpKind::KeyedVerbatim {
        read_back: true,
        scan: None,
    };
    let help = Some(Help {
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
    seen.refuses(&mut world, 0, "late_without_reason", without);
    let too_late = on_application(
        &world,
        A::Submit(on_paper(Some(date(2026, 7, 1)), Some(text("Late")))),
    );
    seen.refuses(&mut world, 0, "round_closed", too_late);
    let in_time = on_application(
        &world,
        A::Submit(on_paper(
            Some(date(2026, 6, 30)),
            Some(text("It lay in the post")),
        )),
    );
    // Only staff can state that a late application arrived in time on paper.
    seen.refuses_to(&mut world, member, "not_yours", in_time.clone());
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
    seen.refuses_to(&mut world, member, "not_yours", another);
    world.takes(0, in_time);
}

fn decisions(seen: &mut Seen) {
    use ApplicationCommand as A;
    let mut world = Setting::drafts(1);
    let submitted = on_application(&world, A::Submit(submit()));
    world.world.by(world.members[0], submitted).expect("taken");
    let declared = on_application(&world, no_interest());
    world.takes(0, declared);
    let eligible = on_application(&world, A::ConfirmEligibility(Nothing {}));
    world.takes(0, eligible);
    let without_summary = world.award(0, gbp(2500));
    seen.refuses(&mut world, 0, "summary_missing", without_summary);
    let repeats = on_application(
        &world,
        A::WriteSummary(Summary {
            title: text("Soup"),
            description: text("Soup"),
        }),
    );
    seen.refuses(&mut world, 0, "summary_repeats", repeats);
    let score = on_application(
        &world,
        A::Score(Score {
            criteria: BTreeMap::from([(text("need"), 6)]),
            note: text("High"),
        }),
    );
    seen.refuses(&mut world, 0, "score_out_of_range", score);
    let mut world = Setting::ready(5);
    for amount in [499, 2501] {
        let award = world.award(0, gbp(amount));
        seen.refuses(&mut world, 0, "outside_bounds", award);
    }
    for number in 0..4 {
        let award = world.award(number, gbp(2500));
        world.takes(0, award);
    }
    let fifth = world.award(4, gbp(500));
    seen.refuses(&mut world, 0, "not_affordable", fifth);
    let mut world = Setting::drafts(1);
    let less = on_application(
        &world,
        A::SaveAnswers(Answers {
            requested: Some(gbp(600)),
            ..Answers::default()
        }),
    );
    world.takes(0, less);
    let submitted = on_application(&world, A::Submit(submit()));
    world.world.by(world.members[0], submitted).expect("taken");
    for command in [
        no_interest(),
        A::ConfirmEligibility(Nothing {}),
        A::WriteSummary(Summary {
            title: text("A"),
            description: text("B"),
        }),
    ] {
        let command = on_application(&world, command);
        world.takes(0, command);
    }
    let more = on_application(
        &world,
        A::Award(award_of(gbp(700), date(2026, 9, 1), date(2026, 9, 15))),
    );
    seen.refuses(&mut world, 0, "not_as_asked", more);
    let backwards = award_of(gbp(600), date(2026, 9, 2), date(2026, 9, 1));
    let backwards = on_application(&world, A::Award(backwards));
    seen.refuses(&mut world, 0, "dates_out_of_order", backwards);
    let mut unpublished = Setting::ready(1);
    unpublished.world.organisation = Setting::founded().world.organisation;
    let award = unpublished.award(0, gbp(600));
    seen.refuses(&mut unpublished, 0, "no_agreement", award);
}

fn on_grant(world: &Setting, command: GrantCommand) -> Command {
    Command::Grant(GrantId(world.application(0).0), command)
}

fn awarded() -> Setting {
    let mut world = Setting::ready(1);
    let award = world.award(0, gbp(1000));
    world.takes(0, award);
    world
}

fn accept(hash: String, names: &[&str]) -> GrantCommand {
    GrantCommand::AcceptAgreement(AcceptAgreement {
        hash,
        method: Method::Web,
        names: names.iter().map(|name| open(name)).collect(),
    })
}

fn accepted() -> Setting {
    let mut world = awarded();
    let accept = on_grant(&world, accept(hash_of(AGREEMENT), &["A", "B"]));
    world.world.by(world.members[0], accept).expect("taken");
    world
}

fn offers(seen: &mut Seen) {
    let mut world = awarded();
    for (code, command) in [
        ("agreement_differs", accept(hash_of("Another"), &["A", "B"])),
        ("too_few_signers", accept(hash_of(AGREEMENT), &["A"])),
        ("offer_stands", GrantCommand::LapseOffer(Nothing {})),
        ("agreement_not_accepted", prepare(1)),
        ("unknown", passes("other")),
        (
            "not_proposed",
            GrantCommand::ConfirmWaiver(microgrants::domain::grant::CheckOf {
                check: text("identity"),
            }),
        ),
    ] {
        let command = on_grant(&world, command);
        seen.refuses(&mut world, 0, code, command);
    }
    let note = || CheckNote {
        check: text("identity"),
        note: text("Known for years"),
    };
    let propose = on_grant(&world, GrantCommand::ProposeWaiver(note()));
    world.takes(0, propose);
    let confirm = on_grant(
        &world,
        GrantCommand::ConfirmWaiver(microgrants::domain::grant::CheckOf {
            check: text("identity"),
        }),
    );
    seen.refuses(&mut world, 0, "same_person", confirm.clone());
    world.takes(1, confirm);
    let pass = on_grant(&world, passes("identity"));
    seen.refuses(&mut world, 0, "check_not_in_state", pass);
    world.world.today = date(2026, 8, 1);
    let late = on_grant(&world, accept(hash_of(AGREEMENT), &["A", "B"]));
    seen.refuses(&mut world, 0, "offer_expired", late);
    let lapse = on_grant(&world, GrantCommand::LapseOffer(Nothing {}));
    world.takes(0, lapse.clone());
    seen.refuses(&mut world, 0, "grant_not_in_state", lapse);
}

fn payments(seen: &mut Seen) {
    let mut world = accepted();
    let group = world.group(0);
    let check = on_grant(&world, prepare(1000));
    seen.refuses(&mut world, 0, "check_outstanding", check.clone());
    let pass = on_grant(&world, passes("identity"));
    world.takes(0, pass);
    seen.refuses(&mut world, 0, "payee_not_verified", check.clone());
    // Ben keys the payee, so he can neither verify it nor approve a payment to it.
    world.takes(1, Command::Group(group, provide_payee("12-34-56 12345678")));
    let verify = Command::Group(
        group,
        GroupCommand::VerifyPayee(VerifyPayee {
            payee: 1,
            method: text("Statement"),
        }),
    );
    seen.refuses(&mut world, 1, "keyed_payee", verify.clone());
    let another = Command::Group(
        group,
        GroupCommand::VerifyPayee(VerifyPayee {
            payee: 2,
            method: text("Statement"),
        }),
    );
    seen.refuses(&mut world, 0, "payee_changed", another);
    world.takes(0, verify);
    let too_much = on_grant(&world, prepare(1001));
    seen.refuses(&mut world, 0, "over_paid", too_much);
    world.takes(0, check);
    let approve = on_grant(
        &world,
        GrantCommand::ApprovePayment(PaymentOf { payment: 1 }),
    );
    seen.refuses(&mut world, 0, "same_person", approve.clone());
    seen.refuses(&mut world, 1, "keyed_payee", approve.clone());
    let send = on_grant(
        &world,
        GrantCommand::SendPayment(PaymentOn {
            payment: 1,
            happened_on: date(2026, 6, 1),
        }),
    );
    seen.refuses(&mut world, 0, "payment_not_in_state", send.clone());
    world.takes(2, approve);
    world.takes(0, Command::Group(group, provide_payee("65-43-21 87654321")));
    seen.refuses(&mut world, 0, "payee_changed", send);
    let none_due = RequestReturn {
        owed: Owed::Underspend,
        due_on: date(2026, 12, 1),
    };
    let none_due = on_grant(&world, GrantCommand::RequestReturn(none_due));
    seen.refuses(&mut world, 0, "nothing_due", none_due);
    let unspent = on_grant(
        &world,
        GrantCommand::DeclareUnderspend(AmountOf { amount: gbp(1) }),
    );
    seen.refuses(&mut world, 0, "underspend_too_large", unspent);
    let reduce = microgrants::domain::fund::Uncommit {
        grant: GrantId(world.application(0).0),
        sources: microgrants::domain::source::Sources::of(&crate::office::source(), gbp(9999)),
        effective_on: None,
    };
    let fund = world.world.funds[&FUND.0].clone();
    let facts = microgrants::domain::Facts::new(Actor::Operator, date(2026, 6, 1));
    let below = microgrants::domain::Stream::decide(&fund, &FundCommand::Reduce(reduce), &facts)
        .unwrap_err();
    seen.0.insert(below.code());
    assert_eq!(below.code(), "below_zero");
    let closing = on_fund(FundCommand::Close(Nothing {}));
    seen.refuses(&mut world, 0, "grants_open", closing);
}

fn updates(seen: &mut Seen) {
    let mut world = accepted();
    let update = |sign: &str| ReceiveUpdate {
        update: 1,
        channel: Channel::Phone,
        words: open("Well"),
        learned: None,
        people: 1,
        volunteers: 1,
        spent: gbp(1),
        outcomes: vec![OutcomeSaid {
            sign: text(sign),
            strength: Strength::Some,
            words: open("Yes"),
        }],
        files: BTreeSet::new(),
        consent: true,
    };
    let unknown = on_grant(&world, GrantCommand::ReceiveUpdate(update("no-sign")));
    seen.refuses(&mut world, 0, "unknown_sign", unknown);
    let accept = on_grant(&world, GrantCommand::AcceptUpdate(UpdateOf { update: 1 }));
    seen.refuses(&mut world, 0, "update_not_in_state", accept);
    let received = on_grant(&world, GrantCommand::ReceiveUpdate(update("acting-early")));
    world.takes(0, received);
}

fn closing(seen: &mut Seen) {
    let mut world = accepted();
    let close = on_grant(&world, GrantCommand::Close(Nothing {}));
    seen.refuses(&mut world, 0, "update_outstanding", close.clone());
    let excuse = microgrants::domain::grant::UpdateBecause {
        update: 1,
        reason: text("Ended"),
    };
    for command in [
        on_grant(&world, GrantCommand::ExcuseUpdate(excuse)),
        on_grant(&world, passes("identity")),
        Command::Group(world.group(0), provide_payee("12-34-56 12345678")),
    ] {
        world.takes(0, command);
    }
    world.takes(
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
    world.takes(1, prepare);
    seen.refuses(&mut world, 0, "payment_under_way", close.clone());
    let on = PaymentOn {
        payment: 1,
        happened_on: date(2026, 6, 1),
    };
    for command in [
        GrantCommand::ApprovePayment(PaymentOf { payment: 1 }),
        GrantCommand::SendPayment(on),
        confirm(1, on.happened_on),
    ] {
        let command = on_grant(&world, command);
        world.takes(2, command);
    }
    let unspent = on_grant(
        &world,
        GrantCommand::DeclareUnderspend(AmountOf { amount: gbp(10) }),
    );
    world.takes(0, unspent);
    seen.refuses(&mut world, 0, "return_outstanding", close.clone());
    let back = on_grant(&world, receive_return(10, date(2026, 6, 1)));
    world.takes(0, back);
    world.takes(0, close);
    assert_eq!(
        world.world.funds[&FUND.0].budget().committed().total(),
        gbp(990),
        "what was paid and kept stays committed"
    );
}
