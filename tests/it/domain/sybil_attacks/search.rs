//! A random search: one human with any number of mailboxes tries every command.

use std::collections::BTreeSet;

use microgrants::domain::organisation::{ConfirmRole, RoleRef, sha256_hex};
use microgrants::domain::person::PersonDetails;
use microgrants::domain::{
    Actor, Command, GrantId, GroupId, Money, OrganisationCommand, PersonCommand, PersonId, Role,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::connections::{account_details, bank_statement_seen};
use crate::domain::matrix::samples::rules;
use crate::support::fixtures::{AGREEMENT_TEXT, open};
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::random::SeededRandom;
use crate::support::scenario::{FUND, Scenario, command_from_json};

const SEARCHES: u64 = 12;
const COMMANDS_PER_SEARCH: usize = 6000;

/// Commands without which a search came nowhere near a payment.
const MUST_BE_TAKEN: [&str; 8] = [
    "award",
    "register",
    "propose-role",
    "add-member",
    "join",
    "provide-payee",
    "accept-agreement",
    "pass-check",
];

/// One human holds every role and any number of mailboxes. Each identity sends any command, again
/// and again; the one real colleague confirms nothing. No payment may be sent, and no award may
/// last.
#[test]
fn a_search_over_identities_finds_no_payment() {
    let mut taken = BTreeSet::new();

    for seed in 1..=SEARCHES {
        let paid = search(seed, &mut taken);
        assert_eq!(paid, None, "seed {seed}: one person alone moved money");
    }

    let missing: Vec<_> = MUST_BE_TAKEN
        .into_iter()
        .filter(|name| !taken.contains(name))
        .collect();
    assert!(
        missing.is_empty(),
        "the search came nowhere near: {missing:?} of {taken:?}"
    );
}

/// Issues random commands, and collects the names of those that are taken. Returns what was paid.
fn search(seed: u64, taken: &mut BTreeSet<&'static str>) -> Option<Money> {
    let mut dice = SeededRandom::new(seed);
    let mut setting = Scenario::drafts(1);
    let human = setting.staff[0];
    // The people whose mail the human can read: their own identities, and the group's member.
    let mut own = vec![human, setting.members[0]];
    let group = setting.group(0);
    let grant: GrantId = setting.application(0).into();
    for _ in 0..COMMANDS_PER_SEARCH {
        let by = *dice.choose(&own);
        let person = *dice.choose(&own);
        let command = draw_command(&mut dice, by, person, group, grant);
        let issued = setting.world.issue(Actor::Person(by), command.clone());
        if issued.is_err() {
            continue;
        }
        taken.insert(command.name());
        match command {
            Command::Person(id, PersonCommand::Register(_) | PersonCommand::ChangeContact(_))
                if !own.contains(&id) =>
            {
                own.push(id);
            }
            _ => {}
        }
    }
    setting
        .world
        .grants
        .values()
        .map(|grant| grant.paid().total())
        .find(|paid| !paid.is_zero())
}

/// A command of one of the human's identities.
fn draw_command(
    dice: &mut SeededRandom,
    by: PersonId,
    person: PersonId,
    group: GroupId,
    grant: GrantId,
) -> Command {
    let role = *dice.choose(<Role as strum::VariantArray>::VARIANTS);
    match dice.below(10) {
        0 => {
            let new = PersonId(Uuid::from_u128(5000 + dice.below(4) as u128));
            let details = somebody_at("mailbox@example.org");
            Command::Person(new, PersonCommand::Register(details))
        }
        1 => {
            // Any address, possibly the colleague's.
            let whom = if dice.below(4) == 0 {
                PersonId(Uuid::from_u128(11))
            } else {
                person
            };
            let details = somebody_at("other@example.org");
            Command::Person(whom, PersonCommand::ChangeContact(details))
        }
        2 => draw_role_command(dice, person, role),
        3 => {
            let name = *dice.choose(&["add-member", "join", "remove-member"]);
            let whom = if name == "join" { by } else { person };
            command_from_json("group", group.0, name, &json!({ "person": whom }))
        }
        4 => {
            if dice.below(2) == 0 {
                command_from_json("group", group.0, "verify-payee", &bank_statement_seen())
            } else {
                command_from_json("group", group.0, "provide-payee", &account_details())
            }
        }
        5 | 6 => draw_one_of(dice, "application", grant.0, &APPLICATION_COMMANDS),
        7 => {
            let name = *dice.choose(&["propose-rules", "confirm-rules"]);
            command_from_json("fund", FUND.0, name, &json!({ "rules": rules(28) }))
        }
        _ => draw_one_of(dice, "grant", grant.0, &GRANT_COMMANDS),
    }
}

fn somebody_at(address: &str) -> PersonDetails {
    PersonDetails {
        name: open("Somebody"),
        email: Some(open(address)),
        telephone: None,
        postal_address: None,
        typed_email: None,
    }
}

fn draw_role_command(dice: &mut SeededRandom, person: PersonId, role: Role) -> Command {
    let command = match dice.below(3) {
        0 => OrganisationCommand::ProposeRole(RoleRef { person, role }),
        1 => OrganisationCommand::ConfirmRole(ConfirmRole {
            person,
            role,
            proposal: None,
        }),
        _ => OrganisationCommand::EndRole(RoleRef { person, role }),
    };
    Command::Organisation(ORGANISATION, command)
}

/// One of these commands, each given by its name and its body.
fn draw_one_of(
    dice: &mut SeededRandom,
    noun: &str,
    id: Uuid,
    commands: &[(&str, &str)],
) -> Command {
    let (name, text) = *dice.choose(commands);
    let mut body: Value = serde_json::from_str(text).expect("JSON");
    if body["hash"].is_string() {
        body["hash"] = json!(sha256_hex(AGREEMENT_TEXT));
    }
    command_from_json(noun, id, name, &body)
}

const GRANT_COMMANDS: [(&str, &str); 10] = [
    (
        "accept-agreement",
        r#"{"hash":"","method":"web","names":["A","B"]}"#,
    ),
    ("pass-check", r#"{"check":"identity","note":"Seen"}"#),
    ("prepare-payment", r#"{"amount":"500.00"}"#),
    ("approve-payment", r#"{"payment":1}"#),
    (
        "send-payment",
        r#"{"payment":1,"happened_on":"2026-06-01"}"#,
    ),
    (
        "confirm-payment",
        r#"{"payment":1,"happened_on":"2026-06-01"}"#,
    ),
    ("propose-waiver", r#"{"check":"identity","note":"No"}"#),
    ("confirm-waiver", r#"{"check":"identity"}"#),
    ("propose-early-payment", r#"{"payment":1,"reason":"Now"}"#),
    ("confirm-early-payment", r#"{"payment":1}"#),
];

const APPLICATION_COMMANDS: [(&str, &str); 7] = [
    ("submit", r#"{"channel":"web"}"#),
    ("confirm-eligibility", "{}"),
    ("declare", "{}"),
    ("score", r#"{"criteria":{"need":5},"note":"Good"}"#),
    (
        "write-summary",
        r#"{"title":"Soup","description":"Neighbours cook."}"#,
    ),
    (
        "award",
        r#"{"amount":"2500.00","ends_on":"2026-09-01","update_due_on":"2026-09-15"}"#,
    ),
    (
        "confirm-attendance",
        r#"{"person":"00000000-0000-0000-0000-00000000000a","decision":1}"#,
    ),
];
