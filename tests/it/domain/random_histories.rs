//! Random histories of thousands of commands of every kind, by any actor. After each accepted
//! command the money of every fund and grant adds up, by funding source; and every command is
//! accepted in some history.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use microgrants::audit::PeopleRulesChecker;
use microgrants::domain::application::ApplicationState;
use microgrants::domain::command::CommandSpec;
use microgrants::domain::{
    Actor, Application, ApplicationCommand, FundCommand, GrantCommand, GrantId, GroupCommand,
    Money, OrganisationCommand, PersonCommand, PersonId,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::matrix::samples::{STRANGER, SampleActor, UNREGISTERED, sample};
use crate::support::in_memory_domain::{InMemoryDomain, ORGANISATION};
use crate::support::scenario::{FUND, Scenario, register_person};

const GROUPS: usize = 4;
const HISTORIES: u64 = 16;
/// Number of commands drawn in one history. Most are refused, as random commands should be.
const COMMANDS_PER_HISTORY: usize = 30_000;
/// Commands that end something for good, drawn rarely so that much happens before.
const TERMINAL_COMMANDS: &str = "fund/close fund/archive fund/complete-round fund/close-round application/withdraw application/lapse \
     application/refuse-eligibility application/decline application/defer group/merge grant/decline-offer grant/withdraw-offer \
     grant/lapse-offer grant/terminate grant/close";
/// Commands that are always accepted, or that undo what others need; drawn less often, so that they
/// do not fill a history.
const LESS_FREQUENT_COMMANDS: &str = "group/provide-payee group/remove-member group/add-member group/set-contact group/register group/keep-file \
     grant/request-check grant/fail-check grant/hold grant/publish-story grant/request-update grant/request-variation fund/pause \
     fund/propose-rules fund/extend-round fund/allocate fund/withdraw-funding fund/plan-round fund/create application/start application/request-changes \
     person/end-access";
/// Commands that cannot occur in these histories: those that set up an organisation, restore it or
/// end a person's part in it, and those that only follow from other commands. The last three need
/// rules that these funds do not have; `second_people` covers them.
const TESTED_ELSEWHERE: [&str; 19] = [
    "fund/make-bank-file",
    "organisation/found",
    "organisation/name-founder",
    "organisation/record-restore",
    "organisation/end-roles-of-erased",
    "person/introduce",
    "person/prove-address",
    "person/expire",
    "person/request-erasure",
    "person/refuse-erasure",
    "person/erase",
    "person/erase-again",
    "group/request-erasure",
    "group/refuse-erasure",
    "group/erase",
    "group/erase-again",
    "grant/propose-early-payment",
    "grant/confirm-early-payment",
    "grant/confirm-revocation",
];

/// A small random generator, so that a history is the same on every machine.
struct HistoryRandom(u64);

impl HistoryRandom {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let mixed = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(mixed % most as u64).expect("small")
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn choose<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

fn commands() -> Vec<(&'static str, &'static CommandSpec)> {
    use microgrants::domain::role::Permission;
    let of = |noun: &'static str, specs: &'static [CommandSpec]| {
        specs.iter().map(move |spec| (noun, spec))
    };
    let all = of("person", PersonCommand::SPECS)
        .chain(of("organisation", OrganisationCommand::SPECS))
        .chain(of("fund", FundCommand::SPECS))
        .chain(of("group", GroupCommand::SPECS))
        .chain(of("application", ApplicationCommand::SPECS))
        .chain(of("grant", GrantCommand::SPECS));
    all.filter(|(_, spec)| !matches!(spec.permission, Permission::FollowUp))
        .collect()
}

/// Varies the amounts, numbers and choices of a sample body.
fn vary_body(dice: &mut HistoryRandom, today: Date, path: &str, body: &mut Value) {
    let amounts = [
        "5.00", "50.00", "100.00", "250.00", "500.00", "600.00", "1000.00", "2500.00", "2600.00",
    ];
    if let Some(fields) = body.as_object_mut() {
        for (name, value) in fields.iter_mut() {
            match name.as_str() {
                "amount" if !dice.one_in(3) => *value = json!(dice.choose(&amounts)),
                "payment" | "update" | "variation" | "story" if !dice.one_in(2) => {
                    *value = json!(1 + dice.below(4));
                }
                "happened_on" | "sent_on" | "received_on" | "met_on" | "paid_on"
                | "consented_on" => *value = json!(today),
                "due_on" => *value = json!(today.saturating_add(jiff::Span::new().days(30))),
                "person" | "helper" if path.starts_with("group/") || path.contains("confirm-") => {
                    let staff = path.contains("confirm-") || dice.one_in(5);
                    *value = json!(dice.choose(if staff { &PEOPLE[..3] } else { &PEOPLE[3..] }));
                }
                "kind" if path == "grant/record-bank-entry" => {
                    *value = json!(dice.choose(&["came_in", "went_out"]));
                }
                "counts" => *value = json!(dice.choose(&["0.00", "50.00", "100.00", "250.00"])),
                "entry" => *value = json!(1 + dice.below(4)),
                "closes_on" if path == "fund/extend-round" => {
                    *value = json!(today.saturating_add(jiff::Span::new().days(5)));
                }
                "rank" | "proposal" => *value = json!(1 + dice.below(3)),
                "batch" => *value = json!(format!("batch-{}", dice.below(1000))),
                "role" => {
                    *value = json!(dice.choose(&[
                        "officer",
                        "finance",
                        "panel",
                        "auditor",
                        "administrator"
                    ]));
                }
                "occasion" => *value = json!(dice.choose(&["before", "overdue"])),
                "into" => *value = json!(Uuid::from_u128(200 + dice.below(GROUPS) as u128)),
                "round" if path == "fund/plan-round" => {
                    *value = json!(format!("round-{}", dice.below(1000)));
                }
                "round" if dice.one_in(3) => *value = json!(format!("round-{}", dice.below(1000))),
                "reason" if path == "application/award" => *value = json!("As much as is needed"),
                _ => {}
            }
        }
        if path.ends_with("award") || path.ends_with("promote") {
            fields.insert("reason".into(), json!("As much as is needed"));
            fields.insert(
                "amount".into(),
                json!(dice.choose(&["500.00", "700.00", "1000.00", "2500.00"])),
            );
            let condition =
                json!({ "hall": { "text": "The hall is booked", "one_instalment": true } });
            fields.insert(
                "conditions".into(),
                if dice.one_in(3) { condition } else { json!({}) },
            );
        }
        if path.ends_with("return") || path.contains("return-waiver") {
            fields.insert(
                "owed".into(),
                json!(dice.choose(&["underspend", "clawback"])),
            );
        }
        if (path.ends_with("award") || path == "grant/approve-variation") && dice.one_in(2) {
            fields.insert("present".into(), json!([dice.choose(&PEOPLE[..3])]));
        }
        if path == "application/submit" && dice.one_in(2) {
            fields.insert(
                "help".into(),
                json!({ "by": dice.choose(&PEOPLE), "kind": "helped_to_word" }),
            );
        }
        if path == "application/resubmit" && dice.one_in(2) {
            fields.insert(
                "help".into(),
                json!({ "by": dice.choose(&PEOPLE[..3]), "kind": "helped_to_word" }),
            );
        }
        if path == "application/save-answers" {
            fields.insert("requested".into(), json!("2500.00"));
            fields.insert("area".into(), json!("oldham"));
            fields.insert("people_at_risk".into(), json!(dice.one_in(2)));
        }
        if path == "grant/pass-check" && dice.one_in(2) {
            fields.insert("good_until".into(), json!("2027-12-31"));
        }
        if path == "grant/prepare-payment" && dice.one_in(3) {
            *body = json!({ "instalment": 1 + dice.below(3) });
        } else if path == "fund/record-meeting" {
            let application = Uuid::from_u128(300 + dice.below(GROUPS) as u128);
            let award = json!({ "amount": "500.00", "reason": "Half", "ends_on": "2027-09-01", "update_due_on": "2027-09-15" });
            let verdict = if dice.one_in(2) {
                json!({ "award": award })
            } else {
                json!({ "reserve": { "rank": 7, "reason": "Next" } })
            };
            *body = json!({ "round": "first", "met_on": today, "decisions": [{ "application": application, "verdict": verdict }] });
        }
    }
}

/// A running year: one group has a grant with money paid, another has an offer.
fn year_under_way() -> Scenario {
    let mut setting = Scenario::ready(GROUPS);
    let second = Uuid::from_u128(310);
    let mut go = |actor: usize, noun: &str, id: Uuid, name: &str, body: Value| {
        setting.issue_json_ok(actor, noun, id, name, &body);
    };
    let award = json!({ "amount": "1000.00", "reason": "Less", "ends_on": "2026-09-01", "update_due_on": "2026-09-15" });
    let first = Uuid::from_u128(300);
    go(
        0,
        "application",
        second,
        "start",
        json!({ "fund": FUND, "round": "first", "group": Uuid::from_u128(200) }),
    );
    let answers = json!({ "requested": "2500.00", "area": "oldham", "people_at_risk": false, "answers": { "idea": "Song" } });
    go(0, "application", second, "save-answers", answers);
    let help =
        json!({ "by": Uuid::from_u128(10), "kind": { "keyed_verbatim": { "read_back": true } } });
    go(
        0,
        "application",
        second,
        "submit",
        json!({ "channel": "phone", "help": help }),
    );
    go(0, "application", second, "confirm-eligibility", json!({}));
    go(
        0,
        "application",
        second,
        "write-summary",
        json!({ "title": "Song", "description": "Neighbours sing." }),
    );
    go(1, "application", second, "declare", json!({}));
    go(1, "application", second, "award", award.clone());
    go(0, "application", first, "award", award);
    let accept = json!({ "hash": microgrants::domain::organisation::sha256_hex(crate::support::fixtures::AGREEMENT_TEXT), "method": "read_over_telephone", "names": ["A", "B"] });
    go(0, "grant", first, "accept-agreement", accept);
    go(
        0,
        "grant",
        first,
        "pass-check",
        json!({ "check": "identity", "note": "Seen", "good_until": "2027-12-31" }),
    );
    let account = json!({ "holder": "Soup and song", "numbers": "12-34-56 12345678" });
    go(
        0,
        "group",
        Uuid::from_u128(200),
        "provide-payee",
        json!({ "route": "own_account", "account": account }),
    );
    go(
        1,
        "group",
        Uuid::from_u128(200),
        "verify-payee",
        json!({ "payee": 1, "method": "A statement" }),
    );
    go(
        0,
        "grant",
        first,
        "prepare-payment",
        json!({ "amount": "600.00" }),
    );
    go(
        1,
        "grant",
        first,
        "approve-payment",
        json!({ "payment": 1 }),
    );
    go(
        1,
        "grant",
        first,
        "send-payment",
        json!({ "payment": 1, "happened_on": "2026-06-01" }),
    );
    go(
        1,
        "grant",
        first,
        "confirm-payment",
        json!({ "payment": 1, "happened_on": "2026-06-01" }),
    );
    let raise = json!({ "change": { "amount": "1200.00" }, "words": "The hall costs more" });
    go(0, "grant", first, "request-variation", raise);
    go(
        1,
        "grant",
        first,
        "approve-variation",
        json!({ "variation": 1, "present": [Uuid::from_u128(10)] }),
    );
    // A draft that nobody continues.
    let member = Actor::Person(setting.members[0]);
    let start = json!({ "fund": FUND, "round": "first", "group": Uuid::from_u128(200) });
    setting
        .issue_json(member, "application", Uuid::from_u128(311), "start", &start)
        .expect("taken");
    // The draft lapsed, and then its round was extended.
    setting.world.today = jiff::civil::date(2026, 7, 1);
    setting
        .issue_json(
            Actor::Job,
            "application",
            Uuid::from_u128(311),
            "lapse",
            &json!({}),
        )
        .expect("taken");
    setting.issue_json_ok(
        0,
        "fund",
        FUND.0,
        "extend-round",
        &json!({ "round": "first", "closes_on": "2026-07-20" }),
    );
    setting
}

/// An approved payment, as a line of a batch.
fn approved_payment(world: &InMemoryDomain) -> Option<Value> {
    world.grants.iter().find_map(|(id, grant)| {
        let grant = serde_json::to_value(grant).ok()?;
        let payments = grant["payments"].as_object()?.clone();
        let (number, payment) = payments.into_iter().find(|(_, payment)| payment["state"] == "approved")?;
        Some(json!({ "grant": id, "payment": number.parse::<u16>().ok()?, "amount": payment["amount"] }))
    })
}

/// Staff, members, a person without any role, and one who is not registered.
const PEOPLE: [Uuid; 7] = [
    Uuid::from_u128(10),
    Uuid::from_u128(11),
    Uuid::from_u128(12),
    Uuid::from_u128(100),
    Uuid::from_u128(101),
    STRANGER,
    UNREGISTERED,
];

/// A record that is waiting for this command, and the body that the command needs.
fn pending_target(world: &InMemoryDomain, path: &str) -> Option<(Uuid, Option<Value>)> {
    let grants = || {
        world
            .grants
            .iter()
            .filter_map(|(id, grant)| Some((*id, serde_json::to_value(grant).ok()?)))
    };
    match path {
        "application/reopen-draft" => {
            let lapsed =
                |application: &Application| application.state() == ApplicationState::Lapsed;
            world
                .applications
                .iter()
                .find(|(_, application)| lapsed(application))
                .map(|(id, _)| (*id, None))
        }
        "application/confirm-attendance" => {
            world.applications.iter().find_map(|(id, application)| {
                let attendance = serde_json::to_value(application).ok()?["attendance"].clone();
                let person = attendance["unconfirmed"].get(0)?;
                Some((
                    *id,
                    Some(json!({ "person": person, "decision": attendance["decision"] })),
                ))
            })
        }
        "application/confirm-help" | "application/refuse-help" => {
            world.applications.iter().find_map(|(id, application)| {
                let helper = application.interests().named_helpers().next()?;
                Some((*id, Some(json!({ "helper": helper }))))
            })
        }
        "organisation/confirm-role" => {
            let organisation = serde_json::to_value(&world.organisation).ok()?;
            let mut proposed = organisation["proposed"].as_object()?.iter();
            let (person, role) = proposed
                .find_map(|(person, roles)| Some((person, roles.as_object()?.keys().next()?)))?;
            Some((
                ORGANISATION.0,
                Some(json!({ "person": person, "role": role })),
            ))
        }
        // A schedule that ties the panel's condition to everything unpaid.
        "grant/schedule-payments" => world.grants.iter().find_map(|(id, grant)| {
            let tied = serde_json::to_value(grant).ok()?["conditions"]
                .as_array()?
                .contains(&json!("hall"));
            let left = grant.award().minus(grant.paid()).ok()?.total();
            let instalments =
                json!([{ "amount": left, "released": { "after_check": { "check": "hall" } } }]);
            (tied && !left.is_zero()).then(|| (*id, Some(json!({ "instalments": instalments }))))
        }),
        "grant/confirm-schedule" => grants().find_map(|(id, grant)| {
            grant["proposed_schedule"].as_array()?;
            Some((id, Some(json!({ "proposal": grant["schedules_proposed"] }))))
        }),
        "grant/confirm-return-waiver" => grants().find_map(|(id, grant)| {
            let (owed, due) = grant["dues"]
                .as_object()?
                .iter()
                .find(|(_, due)| due["waiver"].is_array())?;
            Some((
                id,
                Some(json!({ "owed": owed, "amount": due["waiver"][0] })),
            ))
        }),
        "grant/confirm-attendance" => grants().find_map(|(id, grant)| {
            let person = grant["attendance"]["unconfirmed"].get(0)?;
            Some((
                id,
                Some(json!({ "person": person, "decision": grant["attendance"]["decision"] })),
            ))
        }),
        "grant/send-payment" => grants().find_map(|(id, grant)| {
            let approved = |(_, payment): &(&String, &Value)| payment["state"] == "approved";
            let (number, _) = grant["payments"].as_object()?.iter().find(approved)?;
            Some((
                id,
                Some(json!({ "payment": number.parse::<u16>().ok()?, "happened_on": world.today })),
            ))
        }),
        "grant/confirm-settlement" => grants().find_map(|(id, grant)| {
            let (entry, found) = grant["unsettled"]
                .as_object()?
                .iter()
                .find(|(_, entry)| entry["proposed"].is_array())?;
            Some((
                id,
                Some(
                    json!({ "entry": entry.parse::<u16>().ok()?, "counts": found["proposed"][0] }),
                ),
            ))
        }),
        _ => None,
    }
}

fn id_of(dice: &mut HistoryRandom, noun: &str) -> Uuid {
    let among =
        |dice: &mut HistoryRandom, first: u128| Uuid::from_u128(first + dice.below(GROUPS) as u128);
    match noun {
        "person" => *dice.choose(&PEOPLE[3..]),
        "organisation" => ORGANISATION.0,
        "fund" => {
            if dice.one_in(8) {
                Uuid::from_u128(23 + dice.below(4) as u128)
            } else {
                FUND.0
            }
        }
        "group" => {
            if dice.one_in(8) {
                Uuid::from_u128(210 + dice.below(9) as u128)
            } else {
                among(dice, 200)
            }
        }
        // A grant has the id of its application.
        _ => {
            if dice.one_in(8) {
                Uuid::from_u128(310 + dice.below(9) as u128)
            } else {
                among(dice, 300)
            }
        }
    }
}

fn actor(dice: &mut HistoryRandom, setting: &Scenario, by: SampleActor) -> Actor {
    match dice.below(6) {
        0 => Actor::Person(*dice.choose(&setting.staff)),
        1 => Actor::Person(*dice.choose(&setting.members)),
        2 | 3 => match by {
            SampleActor::Staff(_) => Actor::Person(*dice.choose(&setting.staff)),
            SampleActor::Member => Actor::Person(*dice.choose(&setting.members)),
            other => other.actor(setting),
        },
        _ => by.actor(setting),
    }
}

#[test]
fn the_money_adds_up_at_every_position() {
    let (all, mut taken) = (commands(), BTreeMap::<String, u32>::new());
    for seed in 1..=HISTORIES {
        let mut dice = HistoryRandom(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut setting = if seed % 2 == 0 {
            Scenario::drafts(GROUPS)
        } else {
            year_under_way()
        };
        setting
            .world
            .issue(
                Actor::Operator,
                microgrants::domain::Command::Person(PersonId(STRANGER), register_person()),
            )
            .expect("taken");
        let (mut watch, mut seen) = (PeopleRulesChecker::default(), 0);
        for _ in 0..COMMANDS_PER_HISTORY {
            let noun = match dice.below(100) {
                0..=54 => "grant",
                55..=79 => "application",
                80..=87 => "group",
                88..=97 => "fund",
                98 => "organisation",
                _ => "person",
            };
            let name = |(noun, spec): &(&str, &CommandSpec)| format!("{noun}/{}", spec.name);
            let asked = |one: &&(&str, &CommandSpec)| {
                one.0 == noun && !TESTED_ELSEWHERE.contains(&name(one).as_str())
            };
            let of_noun: Vec<_> = all.iter().filter(asked).collect();
            let new: Vec<_> = of_noun
                .iter()
                .copied()
                .filter(|one| !taken.contains_key(&name(one)))
                .collect();
            // Commands that no history has accepted yet are tried more often.
            let seeking = !new.is_empty() && !dice.one_in(3);
            let one = *dice.choose(if seeking { &new } else { &of_noun });
            let (path, spec) = (name(one), one.1);
            let chances = match path.as_str() {
                path if TERMINAL_COMMANDS.split_whitespace().any(|end| end == path) => 40,
                path if LESS_FREQUENT_COMMANDS
                    .split_whitespace()
                    .any(|one| one == path) =>
                {
                    12
                }
                _ => 1,
            };
            if !seeking && !dice.one_in(chances) {
                continue;
            }
            let (by, mut body) = sample(noun, spec.name);
            vary_body(&mut dice, setting.world.today, &path, &mut body);
            if path == "fund/send-batch"
                && let Some(line) = approved_payment(&setting.world)
            {
                body["payments"] = json!([line]);
            }
            let (mut id, who) = (id_of(&mut dice, noun), actor(&mut dice, &setting, by));
            if dice.one_in(2)
                && let Some((waits, confirms)) = pending_target(&setting.world, &path)
            {
                id = waits;
                body = confirms.unwrap_or(body);
            }
            if setting.issue_json(who, noun, id, spec.name, &body).is_err() {
                continue;
            }
            *taken.entry(path.clone()).or_default() += 1;
            if let Err(wrong) = check_money(&setting.world) {
                panic!("history {seed}, after {path} {body}: {wrong}");
            }
            for (stream, event) in &setting.world.history[seen..] {
                watch
                    .process(*stream, event)
                    .unwrap_or_else(|wrong| panic!("history {seed}, after {path} {body}: {wrong}"));
            }
            seen = setting.world.history.len();
            if dice.one_in(15) {
                let days = jiff::Span::new().days(i64::try_from(dice.below(6)).expect("small"));
                setting.world.today = setting.world.today.saturating_add(days);
            }
        }
    }
    let never: BTreeSet<_> = all
        .iter()
        .map(|(noun, spec)| format!("{noun}/{}", spec.name))
        .filter(|path| !taken.contains_key(path))
        .collect();
    let never: Vec<_> = never
        .iter()
        .filter(|path| !TESTED_ELSEWHERE.contains(&path.as_str()))
        .collect();
    assert!(
        never.is_empty(),
        "never taken in {HISTORIES} histories: {never:?}"
    );
    let many: u32 = taken.values().sum();
    assert!(many > 3_000, "{many} commands were taken");
}

/// Invariant 3, in pence and by funding source: allocated money covers commitments; the commitment
/// for a grant equals its award and covers its payments; no more is due back than was paid.
fn check_money(world: &InMemoryDomain) -> Result<(), String> {
    for fund in world.funds.values() {
        let budget = fund.budget();
        let uncommitted = budget
            .allocated()
            .minus(budget.committed())
            .map_err(|error| format!("overspent: {error}"))?;
        let (mut unpaid, mut paid) = (Money::ZERO, Money::ZERO);
        for (id, grant) in world.grants.iter().filter(|(_, grant)| {
            grant
                .fund()
                .and_then(|id| world.funds.get(&id.0))
                .is_some_and(|own| std::ptr::eq(own, fund))
        }) {
            let left = grant
                .award()
                .minus(grant.paid())
                .map_err(|error| format!("{id} is overpaid: {error}"))?;
            (unpaid, paid) = (unpaid.plus(left.total()), paid.plus(grant.paid().total()));
            let committed = budget.committed_for(GrantId(*id));
            if committed != grant.award().total() {
                return Err(format!(
                    "{committed} is committed for {id}, which holds {}",
                    grant.award().total()
                ));
            }
            grant
                .paid()
                .total()
                .minus(grant.due_back())
                .map_err(|error| format!("{id} owes what it never got: {error}"))?;
        }
        let all = uncommitted.total().plus(unpaid).plus(paid);
        if all != budget.allocated().total() {
            return Err(format!(
                "{} is allocated, and {all} is uncommitted, unpaid or paid",
                budget.allocated().total()
            ));
        }
    }
    Ok(())
}
