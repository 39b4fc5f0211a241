//! Refusals of the organisation: roles, and the texts of its mails.

use microgrants::domain::organisation::NameFounder;
use microgrants::domain::{
    Actor, Aggregate as _, Command, OrganisationCommand as O, OrganisationEvent, PersonCommand,
    PersonId, Role,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{SeenRefusals, role};
use crate::support::fixtures::confirm_role;
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::{Scenario, register_person};

const STRANGER: PersonId = PersonId(Uuid::from_u128(99));
const NEWCOMER: PersonId = PersonId(Uuid::from_u128(97));

pub fn refusals(seen: &mut SeenRefusals) {
    let mut world = Scenario::founded();
    register(&mut world, STRANGER);

    proposals(seen, &mut world);
    ends_and_founders(seen, &mut world);
    people_known_to_one(seen, &mut world);
    mail_texts(seen, &mut world);
    settings(seen, &mut world);
}

fn register(world: &mut Scenario, person: PersonId) {
    world
        .world
        .issue(Actor::Operator, Command::Person(person, register_person()))
        .unwrap();
}

fn confirm(person: PersonId, role: Role) -> Command {
    Command::Organisation(ORGANISATION, confirm_role(person, role))
}

/// A role is proposed and confirmed by two administrators, and some roles exclude others.
fn proposals(seen: &mut SeenRefusals, world: &mut Scenario) {
    let ada = world.staff[0];
    seen.assert_actor_refused(
        world,
        Actor::Person(STRANGER),
        "not_yours",
        role(O::ProposeRole, ada, Role::Auditor),
    );
    for (code, command) in [
        ("roles_exclude", role(O::ProposeRole, ada, Role::Auditor)),
        ("role_held", role(O::ProposeRole, ada, Role::Panel)),
    ] {
        seen.assert_refused(world, 1, code, command);
    }
    let not_held = role(O::EndRole, STRANGER, Role::Panel);
    seen.assert_refused(world, 0, "role_not_held", not_held);
    let of_stranger = || confirm(STRANGER, Role::Finance);
    seen.assert_refused(world, 1, "not_proposed", of_stranger());

    world.issue_ok(0, role(O::ProposeRole, STRANGER, Role::Finance));
    seen.assert_refused(world, 0, "same_person", of_stranger());
    world.issue_ok(1, of_stranger());
}

/// Two administrators remain, and founders are named only before there are any.
fn ends_and_founders(seen: &mut SeenRefusals, world: &mut Scenario) {
    let [ada, ben, third] = world.staff[..] else {
        panic!("three staff")
    };
    world.issue_ok(0, role(O::EndRole, third, Role::Administrator));
    seen.assert_refused(
        world,
        0,
        "last_administrators",
        role(O::EndRole, ben, Role::Administrator),
    );

    let founder = O::NameFounder(NameFounder {
        person: STRANGER,
        roles: [Role::Officer].into(),
    });
    seen.assert_actor_refused(
        world,
        Actor::Operator,
        "founding_over",
        Command::Organisation(ORGANISATION, founder),
    );
    seen.assert_refused(
        world,
        0,
        "unknown",
        role(O::ProposeRole, PersonId(Uuid::from_u128(98)), Role::Panel),
    );
    seen.assert_actor_refused(
        world,
        Actor::Operator,
        "exists",
        Command::Person(ada, register_person()),
    );
}

/// A role is for somebody whom two people know.
fn people_known_to_one(seen: &mut SeenRefusals, world: &mut Scenario) {
    // Their address changes between proposal and confirmation: they did so themselves.
    register(world, NEWCOMER);
    world.issue_ok(0, role(O::ProposeRole, NEWCOMER, Role::Panel));
    let PersonCommand::Register(details) = register_person() else {
        panic!("a registration")
    };
    world
        .world
        .issue_as(
            NEWCOMER,
            Command::Person(NEWCOMER, PersonCommand::ChangeContact(details)),
        )
        .unwrap();
    seen.assert_refused(
        world,
        1,
        "contact_changed_since",
        confirm(NEWCOMER, Role::Panel),
    );

    // In a log of an earlier version, one administrator gave a role alone.
    world
        .world
        .organisation
        .apply(&OrganisationEvent::RoleGiven {
            person: NEWCOMER,
            role: Role::Administrator,
        })
        .expect("no money");
    world.issue_ok(0, role(O::ProposeRole, STRANGER, Role::Panel));
    seen.assert_actor_refused(
        world,
        Actor::Person(NEWCOMER),
        "known_to_one",
        confirm(STRANGER, Role::Panel),
    );
    world.issue_ok(0, role(O::ProposeRole, NEWCOMER, Role::Administrator));
    world.issue_ok(1, confirm(NEWCOMER, Role::Administrator));
    world
        .world
        .issue_as(NEWCOMER, confirm(STRANGER, Role::Panel))
        .expect("two have confirmed who they are");
}

fn mail_texts(seen: &mut SeenRefusals, world: &mut Scenario) {
    let publish = |said: Value| {
        Command::Organisation(
            ORGANISATION,
            O::PublishMailText(serde_json::from_value(said).unwrap()),
        )
    };
    let declined = |body: &str| {
        publish(json!({
            "mail": "declined",
            "language": "en",
            "subject": "About your form",
            "body": body,
        }))
    };
    let sign_in = publish(json!({
        "mail": "sign_in",
        "language": "en",
        "subject": "Your link",
        "body": "{{ link }}\n\n{{ code }}",
    }));

    for (code, command) in [
        ("name_unknown", declined("Call {{ telephone }}")),
        ("needs_two_people", sign_in),
        ("text_broken", declined("Dear {{ name")),
    ] {
        seen.assert_refused(world, 0, code, command);
    }
}

fn settings(seen: &mut SeenRefusals, world: &mut Scenario) {
    let of = |accent: &str| {
        let mut said = crate::domain::matrix::samples::settings_sample();
        said["accent"] = json!(accent);
        serde_json::from_value(said).unwrap()
    };
    let on = |command: O| Command::Organisation(ORGANISATION, command);
    let pale = on(O::ProposeSettings(of("#ffd400")));
    seen.assert_refused(world, 0, "accent_too_pale", pale);
    let unreachable = {
        let mut said = crate::domain::matrix::samples::settings_sample();
        said["email"] = json!(".office@example.org");
        on(O::ProposeSettings(serde_json::from_value(said).unwrap()))
    };
    seen.assert_refused(world, 0, "contact_unfit", unreachable);
    world.issue_ok(0, on(O::ProposeSettings(of("#0f6b66"))));
    let twice: Value = {
        let mut said = crate::domain::matrix::samples::settings_sample();
        let language = said["languages"][0].clone();
        said["languages"] = json!([language, language]);
        said
    };
    let twice = on(O::ProposeSettings(serde_json::from_value(twice).unwrap()));
    seen.assert_refused(world, 0, "named_twice", twice);
}
