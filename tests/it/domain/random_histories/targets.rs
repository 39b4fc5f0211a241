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

/// States in which a payment no longer counts as that of its instalment.
const ENDED_PAYMENTS: [&str; 4] = ["rejected", "cancelled", "failed", "reversed"];

/// A record that is waiting for a command, and the body that the command needs.
pub type PendingTarget = (Uuid, Option<Value>);

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

/// The command that people usually issue on a record once this one was accepted on it.
pub fn usual_successor(dice: &mut SeededRandom, path: &str) -> Option<&'static str> {
    Some(match path {
        "group/provide-payee" => "group/verify-payee",
        "grant/prepare-payment" => "grant/approve-payment",
        "grant/approve-payment" if dice.one_in(3) => "fund/send-batch",
        "grant/approve-payment" => "grant/send-payment",
        "grant/send-payment" | "fund/send-batch" => "grant/confirm-payment",
        "grant/propose-return-waiver" => "grant/confirm-return-waiver",
        "grant/propose-settlement" => "grant/confirm-settlement",
        "grant/propose-waiver" => "grant/confirm-waiver",
        "grant/schedule-payments" => "grant/confirm-schedule",
        _ => return None,
    })
}

pub fn pending_target(
    dice: &mut SeededRandom,
    world: &InMemoryDomain,
    path: &str,
) -> Option<PendingTarget> {
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
        "fund/send-batch" => pending_batch(dice, world),
        "group/verify-payee" => pending_payee(dice, world),
        _ => pending_grant(dice, world, path),
    }
}

/// A batch of one approved payment, of any grant that has one.
fn pending_batch(dice: &mut SeededRandom, world: &InMemoryDomain) -> Option<PendingTarget> {
    let approved: Vec<_> = world
        .grants
        .iter()
        .filter_map(|(id, grant)| {
            let fund = grant.fund()?;
            let grant = serde_json::to_value(grant).ok()?;
            let payment = payment_in(&grant, "approved")?;
            let amount = &grant["payments"][payment.to_string()]["amount"];
            Some((
                fund.0,
                json!({ "grant": id, "payment": payment, "amount": amount }),
            ))
        })
        .collect();
    let (fund, line) = dice.take_one(approved)?;
    let batch = format!("batch-{}", dice.below(1000));
    let body = json!({ "batch": batch, "sent_on": world.today, "payments": [line] });
    Some((fund, Some(body)))
}

/// A group whose payee waits for somebody to verify it.
fn pending_payee(dice: &mut SeededRandom, world: &InMemoryDomain) -> Option<PendingTarget> {
    let waiting: Vec<_> = world
        .groups
        .iter()
        .filter_map(|(id, group)| Some((*id, group.payee()?)))
        .filter(|(_, payee)| payee.verified_by.is_none())
        .collect();
    let (id, payee) = dice.take_one(waiting)?;
    let body = json!({ "payee": payee.number, "method": "A statement was seen" });
    Some((id, Some(body)))
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

/// One of the grants that wait for the command, each as likely as the others: one that can go no
/// further keeps none of them back.
fn pending_grant(
    dice: &mut SeededRandom,
    world: &InMemoryDomain,
    path: &str,
) -> Option<PendingTarget> {
    let on_today = |payment: Value| json!({ "payment": payment, "happened_on": world.today });
    let approving = |grant: &Value| Some(json!({ "payment": payment_in(grant, "prepared")? }));
    let sending = |grant: &Value| Some(on_today(payment_in(grant, "approved")?));
    let confirming = |grant: &Value| Some(on_today(payment_in(grant, "sent")?));
    let body_for: &dyn Fn(&Value) -> Option<Value> = match path {
        "grant/confirm-schedule" => &proposed_schedule,
        "grant/propose-return-waiver" => &money_due,
        "grant/confirm-return-waiver" => &proposed_waiver,
        "grant/confirm-attendance" => &unconfirmed_attendance,
        "grant/prepare-payment" => &payment_to_prepare,
        "grant/approve-payment" => &approving,
        "grant/send-payment" => &sending,
        "grant/confirm-payment" => &confirming,
        "grant/confirm-settlement" => &proposed_settlement,
        _ => return None,
    };
    let waiting: Vec<_> = world
        .grants
        .iter()
        .filter_map(|(id, grant)| Some((*id, body_for(&serde_json::to_value(grant).ok()?)?)))
        .collect();
    let (id, body) = dice.take_one(waiting)?;
    Some((id, Some(body)))
}

/// The number of the first payment in this state.
fn payment_in(grant: &Value, state: &str) -> Option<Value> {
    let mut payments = grant["payments"].as_object()?.iter();
    let (number, _) = payments.find(|(_, payment)| payment["state"] == state)?;
    Some(json!(number.parse::<u16>().ok()?))
}

/// A payment of a grant in force: of its next instalment, or of a small sum.
fn payment_to_prepare(grant: &Value) -> Option<Value> {
    let payable = ["accepted", "live"]
        .iter()
        .any(|state| grant["state"] == *state);
    if !payable || grant["held"] == true {
        return None;
    }
    let paid: Vec<u64> = grant["payments"]
        .as_object()?
        .values()
        .filter(|payment| {
            !ENDED_PAYMENTS
                .iter()
                .any(|state| payment["state"] == *state)
        })
        .filter_map(|payment| payment["instalment"].as_u64())
        .collect();
    let mut scheduled = grant["instalments"].as_object()?.keys();
    let next = scheduled.find_map(|number| {
        let number = number.parse().ok()?;
        (!paid.contains(&number)).then_some(number)
    });
    Some(match next {
        Some(number) => json!({ "instalment": number }),
        None => json!({ "amount": "50.00" }),
    })
}

/// A part of what is due back, which is to be waived.
fn money_due(grant: &Value) -> Option<Value> {
    let mut dues = grant["dues"].as_object()?.iter();
    let (owed, due) = dues.find(|(_, due)| due["amount"] != "0.00")?;
    Some(json!({ "owed": owed, "amount": due["amount"], "reason": "Too little to chase" }))
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
