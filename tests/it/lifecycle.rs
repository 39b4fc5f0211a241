//! Refusals over the life of an application and a grant, each in the state where it arises; and
//! every pair of acts that needs two people.

use jiff::civil::date;
use microgrants::domain::{Actor, Command, PersonId, Role};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cases::Cases;
use crate::matrix::states::{CONFIRMED, ONE, accepted, offered, paid, payable};
use crate::refusals::Seen;
use crate::setting::{FUND, Setting, command_of, register};

const GROUP: Uuid = Uuid::from_u128(200);

pub fn cases(cases: &mut Cases) {
    cases.plain("four_eyes::every_pair_takes_two_people", four_eyes);
    cases.plain("four_eyes::a_fund_may_ask_for_three", six_eyes);
    cases.plain(
        "conflicts::the_decision_says_who_was_there_and_who_withdrew",
        sitting,
    );
    cases.plain(
        "conflicts::a_late_declaration_sets_the_score_aside",
        late_declaration,
    );
    cases.plain(
        "payments::an_instalment_waits_for_its_check_and_for_nothing_else",
        instalments,
    );
    cases.plain("checks::what_is_on_file_and_in_date_is_rested_on", reuse);
}

/// A scenario, and the refusals seen so far.
struct Asking<'a> {
    world: Setting,
    seen: &'a mut Seen,
}

impl Asking<'_> {
    fn refuses(&mut self, staff: usize, code: &'static str, path: &str, body: &Value) {
        self.refuses_to(Actor::Person(self.world.staff[staff]), code, path, body);
    }

    fn refuses_member(&mut self, code: &'static str, path: &str, body: &Value) {
        self.refuses_to(Actor::Person(self.world.members[0]), code, path, body);
    }

    fn refuses_to(&mut self, actor: Actor, code: &'static str, path: &str, body: &Value) {
        let (noun, name) = path.split_once('/').expect("a noun and a name");
        self.seen.refuses_to(
            &mut self.world,
            actor,
            code,
            command_of(noun, id_of(noun), name, body),
        );
    }

    fn does(&mut self, staff: usize, path: &str, body: &Value) {
        let (noun, name) = path.split_once('/').expect("a noun and a name");
        self.world.does(staff, noun, id_of(noun), name, body);
    }

    fn member(&mut self, path: &str, body: &Value) {
        let (noun, name) = path.split_once('/').expect("a noun and a name");
        let actor = Actor::Person(self.world.members[0]);
        self.world
            .asks(actor, noun, id_of(noun), name, body)
            .unwrap_or_else(|refusal| panic!("{path} {body}: {refusal}"));
    }
}

fn id_of(noun: &str) -> Uuid {
    match noun {
        "fund" => FUND.0,
        "group" => GROUP,
        _ => ONE,
    }
}

/// Runs every refusal of this file, for the list of all refusals.
pub fn refusals(seen: &mut Seen) {
    conflicts(&mut Asking {
        world: Setting::drafts(1),
        seen,
    });
    panel(seen);
    reserve_list(seen);
    paper(&mut Asking {
        world: Setting::drafts(1),
        seen,
    });
    payments(seen);
    changes(&mut Asking {
        world: paid(&CONFIRMED),
        seen,
    });
    updates(&mut Asking {
        world: accepted(),
        seen,
    });
    groups(&mut Asking {
        world: Setting::drafts(2),
        seen,
    });
}

fn interest(kind: &str) -> Value {
    json!({ "interest": { "kind": kind, "note": "It is on the record" } })
}

fn score() -> Value {
    json!({ "criteria": { "need": 4 }, "note": "Good" })
}

fn award(amount: &str) -> Value {
    json!({ "amount": amount, "ends_on": "2026-09-01", "update_due_on": "2026-09-15" })
}

fn conflicts(ask: &mut Asking<'_>) {
    ask.member("application/submit", &json!({ "channel": "web" }));
    ask.does(0, "application/confirm-eligibility", &json!({}));
    ask.does(
        0,
        "application/write-summary",
        &json!({ "title": "Soup", "description": "Neighbours cook." }),
    );
    ask.refuses(0, "not_declared", "application/score", &score());
    ask.refuses(0, "not_declared", "application/award", &award("2500.00"));
    ask.does(1, "application/declare", &interest("family"));
    ask.refuses(1, "interested", "application/score", &score());
    ask.refuses(
        1,
        "interested",
        "application/defer",
        &json!({ "reason": "Not yet" }),
    );
    ask.refuses(1, "interest_stands", "application/declare", &json!({}));
    ask.does(0, "application/declare", &json!({}));
    ask.refuses(0, "not_as_asked", "application/award", &award("600.00"));
    // A decision is refused if a person named as present has an interest or is not on the panel.
    let present = |person: PersonId| json!({ "reason": "Not yet", "present": [person] });
    let (interested, nobody) = (ask.world.staff[1], PersonId(Uuid::from_u128(100)));
    ask.refuses(0, "interested", "application/defer", &present(interested));
    ask.refuses(0, "not_on_panel", "application/defer", &present(nobody));
    // A panel member who joins the group has an interest for that reason alone.
    let own = ask.world.staff[2];
    ask.does(0, "group/add-member", &json!({ "person": own }));
    ask.does(2, "group/join", &json!({ "person": own }));
    ask.refuses(2, "interested", "application/declare", &json!({}));
    ask.does(
        0,
        "application/decline",
        &json!({ "reason": "Others", "feedback": "Say who would come" }),
    );
    ask.member("application/request-review", &json!({ "words": "We had" }));
    ask.refuses(
        0,
        "same_person",
        "application/decide-review",
        &json!({ "upheld": true, "reason": "They had" }),
    );
    ask.refuses(
        1,
        "interested",
        "application/decide-review",
        &json!({ "upheld": true, "reason": "They had" }),
    );
    // Leaving the group again does not end the interest.
    ask.does(0, "group/remove-member", &json!({ "person": own }));
    ask.refuses(2, "interested", "application/declare", &json!({}));
    let outside = PersonId(Uuid::from_u128(13));
    ask.world
        .world
        .issue(Actor::Operator, Command::Person(outside, register()))
        .expect("taken");
    ask.world.give(outside, Role::Panel);
    ask.world.staff.push(outside);
    ask.refuses(
        3,
        "not_declared",
        "application/decide-review",
        &json!({ "upheld": false, "reason": "No" }),
    );
    ask.does(3, "application/declare", &json!({}));
    ask.does(
        3,
        "application/decide-review",
        &json!({ "upheld": false, "reason": "We looked again" }),
    );
    ask.world.staff.pop();
    ask.refuses_member(
        "reviewed_already",
        "application/request-review",
        &json!({ "words": "Once more" }),
    );
}

/// Three staff, and rules that require two people without an interest.
fn panel(seen: &mut Seen) {
    let mut ask = Asking {
        world: Setting::ready(1),
        seen,
    };
    let mut rules = crate::matrix::samples::rules(28);
    rules["quorum"] = json!(2);
    ask.does(0, "fund/propose-rules", &json!({ "rules": rules }));
    ask.does(1, "fund/confirm-rules", &json!({ "rules": rules }));
    ask.refuses(0, "quorum_missing", "application/award", &award("2500.00"));
    let line = json!({ "application": Uuid::from_u128(301), "verdict": { "defer": { "reason": "Not yet" } } });
    let meeting = json!({ "round": "first", "met_on": "2026-06-01", "decisions": [line] });
    ask.refuses(0, "unknown", "fund/record-meeting", &meeting);
    let other = json!({ "fund": Uuid::from_u128(9), "round": "first", "verdict": { "defer": { "reason": "Not yet" } } });
    let actor = Actor::Person(ask.world.staff[0]);
    let refusal = ask
        .world
        .asks(actor, "application", ONE, "decide-at-meeting", &other)
        .expect_err("of another fund");
    ask.seen.note(&refusal, "not_in_round");
}

fn reserve_list(seen: &mut Seen) {
    let mut ask = Asking {
        world: Setting::ready(3),
        seen,
    };
    let second = Uuid::from_u128(301);
    let reserve = |rank: u16| json!({ "rank": rank, "reason": "Next" });
    ask.does(0, "application/reserve", &reserve(2));
    let taken = command_of("application", second, "reserve", &reserve(2));
    let actor = Actor::Person(ask.world.staff[0]);
    ask.seen
        .refuses_to(&mut ask.world, actor, "rank_taken", taken);
    ask.world
        .does(0, "application", second, "reserve", &reserve(1));
    ask.refuses(0, "out_of_turn", "application/promote", &award("2500.00"));
    let mut reason = award("2500.00");
    reason["reason"] = json!("The first one waits for its hall");
    ask.does(0, "application/promote", &reason);
    let fund = &ask.world.world.funds[&FUND.0];
    assert_eq!(
        fund.first_reserve(&"first".parse().unwrap()),
        Some(1),
        "whoever was promoted leaves the list"
    );
    // A meeting can promote several applications in their order, without a reason.
    let third = Uuid::from_u128(302);
    ask.world
        .does(0, "application", third, "reserve", &reserve(2));
    let line = |application: Uuid| json!({ "application": application, "verdict": { "promote": award("2500.00") } });
    let meeting = json!({ "round": "first", "met_on": "2026-06-01", "decisions": [line(second), line(third)] });
    let mut met = ask.world.world.clone();
    std::mem::swap(&mut ask.world.world, &mut met);
    ask.does(0, "fund/record-meeting", &meeting);
    assert_eq!(
        ask.world.world.funds[&FUND.0].first_reserve(&"first".parse().unwrap()),
        None
    );
    ask.world.world = met;
    ask.world
        .does(0, "application", third, "withdraw", &json!({}));
    // An application that is withdrawn leaves the reserve list too.
    ask.world
        .does(0, "application", second, "withdraw", &json!({}));
    assert_eq!(
        ask.world.world.funds[&FUND.0].first_reserve(&"first".parse().unwrap()),
        None
    );
}

/// Applications that staff key in: verbatim keying is not an interest, but the person who keyed it
/// does not decide alone.
fn paper(ask: &mut Asking<'_>) {
    let ada = ask.world.staff[0];
    let help = |kind: Value| json!({ "channel": "paper", "help": { "by": ada, "kind": kind } });
    let verbatim = |read_back: bool| help(json!({ "keyed_verbatim": { "read_back": read_back } }));
    ask.refuses(
        0,
        "help_unsaid",
        "application/submit",
        &json!({ "channel": "paper" }),
    );
    ask.refuses(0, "not_read_back", "application/submit", &verbatim(false));
    let scan = help(json!({ "keyed_verbatim": { "scan": "0".repeat(64) } }));
    ask.refuses(0, "unknown", "application/submit", &scan);
    ask.does(0, "application/submit", &verbatim(true));
    ask.does(0, "application/confirm-eligibility", &json!({}));
    for staff in [0, 1] {
        ask.does(staff, "application/declare", &json!({}));
    }
    ask.refuses(
        0,
        "keyer_alone",
        "application/defer",
        &json!({ "reason": "Not yet" }),
    );
    ask.does(
        0,
        "application/defer",
        &json!({ "reason": "Not yet", "present": [ask.world.staff[1]] }),
    );
}

fn payments(seen: &mut Seen) {
    let mut ask = Asking {
        world: payable(),
        seen,
    };
    let part = |amount: &str, released: Value| json!({ "amount": amount, "released": released });
    let two = |first: &str| json!({ "instalments": [part(first, json!("at_once")), part("600.00", json!({ "from_day": { "day": "2026-08-01" } }))] });
    ask.refuses(
        0,
        "schedule_differs",
        "grant/schedule-payments",
        &two("300.00"),
    );
    let tied = json!({ "instalments": [part("1000.00", json!({ "after_check": { "check": "identity" } }))] });
    ask.refuses(
        0,
        "check_for_every_payment",
        "grant/schedule-payments",
        &tied,
    );
    let many: Vec<_> = (0..25).map(|_| part("40.00", json!("at_once"))).collect();
    ask.refuses(
        0,
        "too_many_items",
        "grant/schedule-payments",
        &json!({ "instalments": many }),
    );
    ask.does(0, "grant/schedule-payments", &two("400.00"));
    ask.refuses(
        0,
        "instalment_missing",
        "grant/prepare-payment",
        &json!({ "amount": "400.00" }),
    );
    ask.refuses(
        0,
        "instalment_not_due",
        "grant/prepare-payment",
        &json!({ "instalment": 2 }),
    );
    ask.refuses(
        0,
        "amount_differs",
        "grant/prepare-payment",
        &json!({ "instalment": 1, "amount": "399.00" }),
    );
    ask.does(0, "grant/prepare-payment", &json!({ "instalment": 1 }));
    ask.refuses(
        0,
        "exists",
        "grant/prepare-payment",
        &json!({ "instalment": 1 }),
    );
    ask.does(0, "grant/hold", &json!({ "reason": "A new treasurer" }));
    ask.refuses(
        1,
        "grant_on_hold",
        "grant/approve-payment",
        &json!({ "payment": 1 }),
    );
    ask.does(0, "grant/resume", &json!({}));
    ask.does(1, "grant/approve-payment", &json!({ "payment": 1 }));
    let batch = |amount: &str| json!({ "batch": "june", "sent_on": "2026-06-01", "payments": [{ "grant": ONE, "payment": 1, "amount": amount }] });
    ask.refuses(0, "amount_differs", "fund/send-batch", &batch("401.00"));
    let mut twice = batch("400.00");
    twice["payments"] = json!([twice["payments"][0], twice["payments"][0]]);
    ask.refuses(0, "named_twice", "fund/send-batch", &twice);
    ask.does(0, "fund/send-batch", &batch("400.00"));
    ask.refuses(0, "exists", "fund/send-batch", &batch("400.00"));
    let file = |batch: &str, total: &str, reason: Option<&str>| json!({ "batch": batch, "payments": 1, "total": total, "digest": "ab".repeat(32), "reason": reason });
    ask.refuses(
        0,
        "unknown",
        "fund/make-bank-file",
        &file("july", "400.00", None),
    );
    ask.refuses(
        0,
        "amount_differs",
        "fund/make-bank-file",
        &file("june", "400.01", None),
    );
    ask.refuses(
        0,
        "nothing",
        "fund/make-bank-file",
        &file("june", "0.00", None),
    );
    ask.does(0, "fund/make-bank-file", &file("june", "400.00", None));
    ask.refuses(
        0,
        "file_made",
        "fund/make-bank-file",
        &file("june", "400.00", None),
    );
    ask.does(
        0,
        "fund/make-bank-file",
        &file("june", "400.00", Some("The bank's page lost the first")),
    );

    // A purchase for the group needs a supplier and a receipt.
    let mut ask = Asking {
        world: accepted(),
        seen: ask.seen,
    };
    ask.does(
        0,
        "grant/pass-check",
        &json!({ "check": "identity", "note": "Seen" }),
    );
    ask.member(
        "group/provide-payee",
        &json!({ "route": "purchase_for_group" }),
    );
    ask.does(
        0,
        "group/verify-payee",
        &json!({ "payee": 1, "method": "A call to the group" }),
    );
    ask.refuses(
        0,
        "supplier_missing",
        "grant/prepare-payment",
        &json!({ "amount": "100.00" }),
    );
    ask.does(
        0,
        "grant/prepare-payment",
        &json!({ "amount": "100.00", "supplier": "A shop" }),
    );
    ask.does(1, "grant/approve-payment", &json!({ "payment": 1 }));
    ask.does(
        1,
        "grant/send-payment",
        &json!({ "payment": 1, "happened_on": "2026-06-01" }),
    );
    let confirm = |receipt: Option<&str>| json!({ "payment": 1, "happened_on": "2026-06-01", "receipt": receipt });
    ask.refuses(
        1,
        "receipt_missing",
        "grant/confirm-payment",
        &confirm(None),
    );
    ask.refuses(
        1,
        "unknown",
        "grant/confirm-payment",
        &confirm(Some(&"1".repeat(64))),
    );
    ask.does(
        1,
        "grant/confirm-payment",
        &confirm(Some(crate::matrix::samples::FILE)),
    );
}

fn changes(ask: &mut Asking<'_>) {
    let amount = |pounds: &str| json!({ "change": { "amount": pounds }, "words": "Costs changed" });
    ask.refuses_member("below_paid", "grant/request-variation", &amount("499.00"));
    ask.refuses_member(
        "outside_bounds",
        "grant/request-variation",
        &amount("2500.01"),
    );
    ask.refuses_member(
        "no_change",
        "grant/request-variation",
        &json!({ "change": {}, "words": "Nothing" }),
    );
    ask.member("grant/request-variation", &amount("1500.00"));
    ask.does(
        1,
        "grant/refuse-variation",
        &json!({ "variation": 1, "reason": "Not this year" }),
    );
    ask.refuses(
        1,
        "variation_not_in_state",
        "grant/approve-variation",
        &json!({ "variation": 1 }),
    );
    ask.refuses(
        0,
        "clawback_too_large",
        "grant/demand-clawback",
        &json!({ "amount": "500.01", "reason": "Spent otherwise" }),
    );
    let receive = |amount: &str, received_on: &str| json!({ "owed": "clawback", "amount": amount, "received_on": received_on });
    ask.refuses(
        0,
        "nothing_due",
        "grant/request-return",
        &json!({ "owed": "clawback", "due_on": "2026-12-01" }),
    );
    ask.does(
        0,
        "grant/demand-clawback",
        &json!({ "amount": "1.00", "reason": "Spent otherwise" }),
    );
    let waive = json!({ "owed": "clawback", "amount": "1.01", "reason": "Too little to chase" });
    ask.refuses(0, "return_not_due", "grant/propose-return-waiver", &waive);
    ask.refuses(
        0,
        "date_in_future",
        "grant/receive-return",
        &receive("1.00", "2026-06-02"),
    );
    // A panel member with an interest approves no variation; and only staff write public texts.
    let purpose = json!({ "change": { "purpose": { "title": "Song", "description": "Neighbours sing." } }, "words": "Instead" });
    ask.refuses_member("not_yours", "grant/request-variation", &purpose);
    ask.does(
        0,
        "group/add-member",
        &json!({ "person": ask.world.staff[1] }),
    );
    ask.does(1, "group/join", &json!({ "person": ask.world.staff[1] }));
    ask.member("grant/request-variation", &amount("1600.00"));
    ask.refuses(
        1,
        "interested",
        "grant/approve-variation",
        &json!({ "variation": 2 }),
    );
    ask.does(
        0,
        "grant/publish-story",
        &json!({ "words": "They cook.", "consented_on": "2026-06-01", "consent": "A form" }),
    );
    ask.member("grant/withdraw-story", &json!({ "story": 1 }));
    ask.refuses_member(
        "story_withdrawn",
        "grant/withdraw-story",
        &json!({ "story": 1 }),
    );
}

fn updates(ask: &mut Asking<'_>) {
    let update = |channel: &str, consent: bool| json!({ "update": 1, "channel": channel, "words": "Well", "people": 1, "volunteers": 0, "spent": "1.00", "outcomes": [], "consent": consent });
    ask.refuses(
        0,
        "members_own_act",
        "grant/receive-update",
        &update("web", true),
    );
    ask.refuses(
        0,
        "consent_missing",
        "grant/receive-update",
        &update("phone", false),
    );
    ask.refuses_to(
        Actor::Job,
        "reminder_not_due",
        "grant/remind-update",
        &json!({ "update": 1, "occasion": "before" }),
    );
    ask.refuses_to(
        Actor::Job,
        "reminder_not_due",
        "grant/remind-update",
        &json!({ "update": 1, "occasion": "overdue" }),
    );
    ask.refuses(
        0,
        "not_yours",
        "grant/remind-update",
        &json!({ "update": 1, "occasion": "before" }),
    );
    ask.refuses(
        0,
        "check_not_on_file",
        "grant/reuse-check",
        &json!({ "check": "identity" }),
    );
    ask.world.world.today = date(2026, 9, 20);
    let overdue = json!({ "update": 1, "occasion": "overdue" });
    let actor = Actor::Job;
    ask.world
        .asks(actor, "grant", ONE, "remind-update", &overdue)
        .expect("it is overdue");
    ask.refuses_to(actor, "reminder_not_due", "grant/remind-update", &overdue);
    ask.does(0, "grant/receive-update", &update("phone", true));
    ask.refuses_to(
        actor,
        "update_not_in_state",
        "grant/remind-update",
        &overdue,
    );
}

fn groups(ask: &mut Asking<'_>) {
    let into = |group: u128| json!({ "into": Uuid::from_u128(group), "reason": "The same people" });
    ask.refuses(0, "group_merged", "group/merge", &into(200));
    ask.refuses(0, "unknown", "group/merge", &into(999));
    ask.does(0, "group/merge", &into(201));
    let start = json!({ "fund": FUND, "round": "first", "group": GROUP });
    let actor = Actor::Person(ask.world.members[0]);
    ask.seen.refuses_to(
        &mut ask.world,
        actor,
        "group_merged",
        command_of("application", Uuid::from_u128(777), "start", &start),
    );
}

/// Each pair of acts that needs two people: the same person is refused with any roles, another
/// person is accepted.
fn four_eyes() {
    let mut seen = Seen::default();
    let payee = json!({ "route": "own_account", "account": { "holder": "Soup and song", "numbers": "12-34-56 12345678" } });
    let verify = json!({ "payee": 1, "method": "A statement was seen" });

    // Key and verify a payee; key a payee and approve a payment to it; prepare and approve a
    // payment.
    let mut ask = Asking {
        world: accepted(),
        seen: &mut seen,
    };
    ask.does(
        0,
        "grant/pass-check",
        &json!({ "check": "identity", "note": "Seen" }),
    );
    ask.does(0, "group/provide-payee", &payee);
    ask.refuses(0, "keyed_payee", "group/verify-payee", &verify);
    ask.does(1, "group/verify-payee", &verify);
    ask.does(1, "grant/prepare-payment", &json!({ "amount": "100.00" }));
    ask.refuses(
        0,
        "keyed_payee",
        "grant/approve-payment",
        &json!({ "payment": 1 }),
    );
    ask.refuses(
        1,
        "same_person",
        "grant/approve-payment",
        &json!({ "payment": 1 }),
    );
    ask.does(2, "grant/approve-payment", &json!({ "payment": 1 }));

    // Propose and confirm: a waiver of a check, of a return, of a clawback; rules; a role that
    // moves money.
    let mut ask = Asking {
        world: offered(),
        seen: ask.seen,
    };
    ask.does(
        0,
        "grant/propose-waiver",
        &json!({ "check": "identity", "note": "Known for years" }),
    );
    ask.refuses(
        0,
        "same_person",
        "grant/confirm-waiver",
        &json!({ "check": "identity" }),
    );
    ask.does(1, "grant/confirm-waiver", &json!({ "check": "identity" }));
    let mut ask = Asking {
        world: paid(&CONFIRMED),
        seen: ask.seen,
    };
    ask.does(
        0,
        "grant/declare-underspend",
        &json!({ "amount": "600.00" }),
    );
    ask.does(
        0,
        "grant/demand-clawback",
        &json!({ "amount": "50.00", "reason": "Spent otherwise" }),
    );
    for owed in ["underspend", "clawback"] {
        ask.does(
            0,
            "grant/propose-return-waiver",
            &json!({ "owed": owed, "amount": "10.00", "reason": "Too little to chase" }),
        );
        ask.refuses(
            0,
            "same_person",
            "grant/confirm-return-waiver",
            &json!({ "owed": owed, "amount": "10.00" }),
        );
        // A confirmation must name the amount that was proposed.
        ask.refuses(
            1,
            "not_proposed",
            "grant/confirm-return-waiver",
            &json!({ "owed": owed, "amount": "9.00" }),
        );
        ask.does(
            1,
            "grant/confirm-return-waiver",
            &json!({ "owed": owed, "amount": "10.00" }),
        );
    }
    assert_eq!(
        ask.world.world.grants[&ONE].due_back(),
        crate::office::gbp(130)
    );
    let rules = json!({ "rules": crate::matrix::samples::rules(20) });
    ask.does(0, "fund/propose-rules", &rules);
    ask.refuses(0, "same_person", "fund/confirm-rules", &rules);
    ask.does(1, "fund/confirm-rules", &rules);

    // Request and approve a variation.
    ask.does(
        0,
        "grant/request-variation",
        &json!({ "change": { "update_due_on": "2026-10-01" }, "words": "Later" }),
    );
    ask.refuses(
        0,
        "same_person",
        "grant/approve-variation",
        &json!({ "variation": 1 }),
    );
    ask.does(1, "grant/approve-variation", &json!({ "variation": 1 }));
}

/// A fund can require three people per payment: then two others approve, and neither of them twice.
fn six_eyes() {
    let mut rules = crate::matrix::samples::rules(28);
    (rules["eyes"], rules["update_every_days"]) = (json!(3), json!(30));
    let mut world = Setting::ready(1);
    world.does(
        0,
        "fund",
        FUND.0,
        "propose-rules",
        &json!({ "rules": rules }),
    );
    world.does(
        1,
        "fund",
        FUND.0,
        "confirm-rules",
        &json!({ "rules": rules }),
    );
    world.does(0, "application", ONE, "award", &award("2500.00"));
    let member = Actor::Person(world.members[0]);
    let accept = json!({ "hash": microgrants::domain::organisation::hash_of(crate::office::AGREEMENT), "method": "web", "names": ["A", "B"] });
    world
        .asks(member, "grant", ONE, "accept-agreement", &accept)
        .expect("taken");
    // Updates every thirty days from June to September, and at the end: four in all.
    let due: Vec<_> = world
        .world
        .history
        .iter()
        .filter(|event| format!("{event:?}").contains("UpdateRequested"))
        .collect();
    assert_eq!(due.len(), 4, "{due:?}");
    world.does(
        0,
        "grant",
        ONE,
        "pass-check",
        &json!({ "check": "identity", "note": "Seen" }),
    );
    let payee = json!({ "route": "own_account", "account": { "holder": "Soup and song", "numbers": "12-34-56 12345678" } });
    world
        .asks(member, "group", GROUP, "provide-payee", &payee)
        .expect("taken");
    world.does(
        0,
        "group",
        GROUP,
        "verify-payee",
        &json!({ "payee": 1, "method": "A statement" }),
    );
    world.does(
        0,
        "grant",
        ONE,
        "prepare-payment",
        &json!({ "amount": "100.00" }),
    );
    let (approve, send) = (
        json!({ "payment": 1 }),
        json!({ "payment": 1, "happened_on": "2026-06-01" }),
    );
    world.does(1, "grant", ONE, "approve-payment", &approve);
    let mut refused = |staff: usize, name: &str, body: &Value| {
        let actor = Actor::Person(world.staff[staff]);
        world
            .asks(actor, "grant", ONE, name, body)
            .expect_err("two must approve")
            .code()
    };
    assert_eq!(refused(1, "approve-payment", &approve), "same_person");
    assert_eq!(refused(0, "send-payment", &send), "payment_not_in_state");
    world.does(2, "grant", ONE, "approve-payment", &approve);
    world.does(0, "grant", ONE, "send-payment", &send);
}

fn sitting() {
    let mut world = Setting::drafts(1);
    let member = Actor::Person(world.members[0]);
    let help = json!({ "by": world.staff[2], "kind": "helped_to_word" });
    world
        .asks(
            member,
            "application",
            ONE,
            "submit",
            &json!({ "channel": "web", "help": help }),
        )
        .expect("taken");
    world.does(0, "application", ONE, "confirm-eligibility", &json!({}));
    world.does(
        2,
        "application",
        ONE,
        "confirm-help",
        &json!({ "helper": world.staff[2] }),
    );
    world.does(0, "application", ONE, "declare", &json!({}));
    world.does(1, "application", ONE, "declare", &interest("employment"));
    let decline = json!({ "reason": "Others reach more", "feedback": "Say who would come" });
    world.does(0, "application", ONE, "decline", &decline);
    let last = world.world.history.last().map(|(_, event)| event.clone());
    let Some(microgrants::domain::Event::Application(
        microgrants::domain::ApplicationEvent::Declined { sitting, .. },
    )) = last
    else {
        panic!("{last:?}")
    };
    assert_eq!(
        sitting.present.into_iter().collect::<Vec<_>>(),
        [world.staff[0]]
    );
    assert_eq!(
        sitting.withdrew.into_iter().collect::<Vec<_>>(),
        [world.staff[1], world.staff[2]],
        "whoever helped to word it counts"
    );
}

fn late_declaration() {
    let mut world = Setting::ready(1);
    for staff in [0, 1] {
        world.does(staff, "application", ONE, "score", &score());
    }
    world.does(1, "application", ONE, "declare", &interest("friendship"));
    let names: Vec<_> = world
        .world
        .history
        .iter()
        .rev()
        .take(2)
        .map(|event| format!("{event:?}"))
        .collect();
    assert!(
        names[0].contains("ScoreSetAside") && names[1].contains("InterestDeclared"),
        "{names:?}"
    );
    let actor = Actor::Person(world.staff[1]);
    let refusal = world.asks(
        actor,
        "application",
        ONE,
        "revise-score",
        &json!({ "criteria": { "need": 1 }, "note": "n", "reason": "r" }),
    );
    assert_eq!(
        refusal.expect_err("they are interested").code(),
        "interested"
    );
}

fn instalments() {
    let mut world = accepted();
    world.does(
        0,
        "grant",
        ONE,
        "request-check",
        &json!({ "check": "write-up", "note": "A page on the first half" }),
    );
    world.does(
        0,
        "grant",
        ONE,
        "pass-check",
        &json!({ "check": "identity", "note": "Seen" }),
    );
    world.does(
        0,
        "group",
        GROUP,
        "provide-payee",
        &json!({ "route": "purchase_for_group" }),
    );
    world.does(
        1,
        "group",
        GROUP,
        "verify-payee",
        &json!({ "payee": 1, "method": "A call" }),
    );
    let first = json!({ "amount": "500.00", "released": "at_once" });
    let second =
        json!({ "amount": "500.00", "released": { "after_check": { "check": "write-up" } } });
    world.does(
        0,
        "grant",
        ONE,
        "schedule-payments",
        &json!({ "instalments": [first, second] }),
    );
    let prepare = |instalment: u16| json!({ "instalment": instalment, "supplier": "A shop" });
    world.does(0, "grant", ONE, "prepare-payment", &prepare(1));
    let actor = Actor::Person(world.staff[0]);
    let refusal = world
        .asks(actor, "grant", ONE, "prepare-payment", &prepare(2))
        .expect_err("the check is outstanding");
    assert_eq!(refusal.code(), "check_outstanding");
    world.does(
        0,
        "grant",
        ONE,
        "pass-check",
        &json!({ "check": "write-up", "note": "Read" }),
    );
    world.does(0, "grant", ONE, "prepare-payment", &prepare(2));
}

fn reuse() {
    let mut world = Setting::drafts(1);
    let second = Uuid::from_u128(400);
    let member = Actor::Person(world.members[0]);
    let apply = |world: &mut Setting, id: Uuid| {
        world
            .asks(
                member,
                "application",
                id,
                "submit",
                &json!({ "channel": "web" }),
            )
            .expect("taken");
        for name in ["confirm-eligibility", "declare"] {
            world.does(0, "application", id, name, &json!({}));
        }
        world.does(
            0,
            "application",
            id,
            "write-summary",
            &json!({ "title": "Soup", "description": "Neighbours cook." }),
        );
        world.does(0, "application", id, "award", &award("2500.00"));
    };
    apply(&mut world, ONE);
    let pass = json!({ "check": "identity", "note": "Seen", "good_until": "2026-12-31" });
    world.does(0, "grant", ONE, "pass-check", &pass);
    let start = json!({ "fund": FUND, "round": "first", "group": GROUP });
    world
        .asks(member, "application", second, "start", &start)
        .expect("taken");
    let answers = json!({ "requested": "2500.00", "area": "oldham", "people_at_risk": true, "answers": { "idea": "Song" } });
    world
        .asks(member, "application", second, "save-answers", &answers)
        .expect("taken");
    apply(&mut world, second);
    let actor = Actor::Person(world.staff[0]);
    let passed = world.asks(
        actor,
        "grant",
        second,
        "pass-check",
        &json!({ "check": "identity", "note": "Seen" }),
    );
    assert_eq!(
        passed.expect_err("it rests on the one on file").code(),
        "check_not_in_state"
    );
    // People at risk are involved, so the fund's further check is required.
    world.does(
        0,
        "grant",
        second,
        "pass-check",
        &json!({ "check": "safeguarding", "note": "Policy seen" }),
    );
    // An outdated check no longer counts.
    world.world.today = date(2027, 1, 1);
    world.does(
        0,
        "grant",
        second,
        "pass-check",
        &json!({ "check": "identity", "note": "Seen again" }),
    );
}
