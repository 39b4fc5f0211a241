//! Who issues a random command, and on which record.

use jiff::civil::Date;
use microgrants::domain::application::ApplicationState;
use microgrants::domain::{Actor, Grant};
use serde_json::{Value, json};
use uuid::Uuid;

use super::GROUPS;
use crate::domain::matrix::samples::{STRANGER, SampleActor, UNREGISTERED};
use crate::support::in_memory_domain::{InMemoryDomain, ORGANISATION};
use crate::support::random::SeededRandom;
use crate::support::scenario::{FUND, Scenario};

/// Staff, members, a person without any role, and one who is not registered.
pub static PEOPLE: [Uuid; 7] = [
    Uuid::from_u128(10),
    Uuid::from_u128(11),
    Uuid::from_u128(12),
    Uuid::from_u128(100),
    Uuid::from_u128(101),
    STRANGER,
    UNREGISTERED,
];

/// A record that is waiting for a command, and the body that the command needs.
type PendingTarget = (Uuid, Option<Value>);

pub fn draw_id(dice: &mut SeededRandom, noun: &str) -> Uuid {
    let among =
        |dice: &mut SeededRandom, first: u128| Uuid::from_u128(first + dice.below(GROUPS) as u128);
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

pub fn draw_actor(dice: &mut SeededRandom, setting: &Scenario, by: SampleActor) -> Actor {
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

/// An approved payment, as a line of a batch.
pub fn approved_payment(world: &InMemoryDomain) -> Option<Value> {
    world.grants.iter().find_map(|(id, grant)| {
        let grant = serde_json::to_value(grant).ok()?;
        let (number, payment) = first_approved(&grant)?;
        Some(json!({ "grant": id, "payment": number, "amount": payment["amount"] }))
    })
}

fn first_approved(grant: &Value) -> Option<(u16, &Value)> {
    let approved = |(_, payment): &(&String, &Value)| payment["state"] == "approved";
    let (number, payment) = grant["payments"].as_object()?.iter().find(approved)?;
    Some((number.parse().ok()?, payment))
}

pub fn pending_target(world: &InMemoryDomain, path: &str) -> Option<PendingTarget> {
    match path {
        "application/reopen-draft" => world
            .applications
            .iter()
            .find(|(_, application)| application.state() == ApplicationState::Lapsed)
            .map(|(id, _)| (*id, None)),
        "application/confirm-attendance" => {
            world.applications.iter().find_map(|(id, application)| {
                let application = serde_json::to_value(application).ok()?;
                Some((*id, Some(unconfirmed_attendance(&application)?)))
            })
        }
        "application/take-back-decision" => world
            .applications
            .iter()
            .find(|(_, application)| application.held_letter().is_some())
            .map(|(id, _)| (*id, None)),
        "fund/release-letters" => held_letters(world, None),
        "fund/move-letters" => {
            let moved = world.today.saturating_add(jiff::Span::new().days(12));
            held_letters(world, Some(moved))
        }
        "application/confirm-help" | "application/refuse-help" => {
            world.applications.iter().find_map(|(id, application)| {
                let helper = application.interests().named_helpers().next()?;
                Some((*id, Some(json!({ "helper": helper }))))
            })
        }
        "organisation/confirm-role" => {
            let organisation = serde_json::to_value(&world.organisation).ok()?;
            Some((ORGANISATION.0, Some(proposed_role(&organisation)?)))
        }
        "grant/schedule-payments" => world
            .grants
            .iter()
            .find_map(|(id, grant)| Some((*id, Some(schedule_with_condition(grant)?)))),
        _ => pending_grant(world, path),
    }
}

/// The letters of a meeting that are held, and the day to which they are to be moved.
fn held_letters(world: &InMemoryDomain, moved: Option<Date>) -> Option<PendingTarget> {
    let letter = world
        .applications
        .values()
        .find_map(microgrants::domain::Application::held_letter)?;
    let mut body = json!({ "round": "first", "met_on": letter.met_on });
    if let Some(day) = moved {
        body["letters_on"] = json!(day);
    }
    Some((FUND.0, Some(body)))
}

/// Who was named as present at a decision, of an application or of a grant.
fn unconfirmed_attendance(record: &Value) -> Option<Value> {
    let attendance = &record["attendance"];
    let person = attendance["unconfirmed"].get(0)?;
    Some(json!({ "person": person, "decision": attendance["decision"] }))
}

fn proposed_role(organisation: &Value) -> Option<Value> {
    let mut proposed = organisation["proposed"].as_object()?.iter();
    let (person, role) =
        proposed.find_map(|(person, roles)| Some((person, roles.as_object()?.keys().next()?)))?;
    Some(json!({ "person": person, "role": role }))
}

/// A schedule that ties the panel's condition to everything unpaid.
fn schedule_with_condition(grant: &Grant) -> Option<Value> {
    let tied = serde_json::to_value(grant).ok()?["conditions"]
        .as_array()?
        .contains(&json!("hall"));
    let left = grant.award().minus(grant.paid()).ok()?.total();
    let after_hall = json!({ "after_check": { "check": "hall" } });
    let instalments = json!([{ "amount": left, "released": after_hall }]);
    (tied && !left.is_zero()).then(|| json!({ "instalments": instalments }))
}

fn pending_grant(world: &InMemoryDomain, path: &str) -> Option<PendingTarget> {
    let sending = |grant: &Value| {
        let (number, _) = first_approved(grant)?;
        Some(json!({ "payment": number, "happened_on": world.today }))
    };
    let body_for: &dyn Fn(&Value) -> Option<Value> = match path {
        "grant/confirm-schedule" => &proposed_schedule,
        "grant/confirm-return-waiver" => &proposed_waiver,
        "grant/confirm-attendance" => &unconfirmed_attendance,
        "grant/send-payment" => &sending,
        "grant/confirm-settlement" => &proposed_settlement,
        _ => return None,
    };
    world.grants.iter().find_map(|(id, grant)| {
        let grant = serde_json::to_value(grant).ok()?;
        Some((*id, Some(body_for(&grant)?)))
    })
}

fn proposed_schedule(grant: &Value) -> Option<Value> {
    grant["proposed_schedule"].as_array()?;
    Some(json!({ "proposal": grant["schedules_proposed"] }))
}

fn proposed_waiver(grant: &Value) -> Option<Value> {
    let (owed, due) = grant["dues"]
        .as_object()?
        .iter()
        .find(|(_, due)| due["waiver"].is_array())?;
    Some(json!({ "owed": owed, "amount": due["waiver"][0] }))
}

fn proposed_settlement(grant: &Value) -> Option<Value> {
    let (entry, found) = grant["unsettled"]
        .as_object()?
        .iter()
        .find(|(_, entry)| entry["proposed"].is_array())?;
    let entry: u16 = entry.parse().ok()?;
    Some(json!({ "entry": entry, "counts": found["proposed"][0] }))
}
