//! Varied bodies of the sample commands.

use jiff::civil::Date;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::GROUPS;
use super::targets::PEOPLE;
use crate::support::random::SeededRandom;

static AMOUNTS: [&str; 9] = [
    "5.00", "50.00", "100.00", "250.00", "500.00", "600.00", "1000.00", "2500.00", "2600.00",
];

/// Varies the amounts, numbers and choices of a sample body.
pub fn vary_body(dice: &mut SeededRandom, today: Date, path: &str, body: &mut Value) {
    let Some(fields) = body.as_object_mut() else {
        return;
    };
    for (name, value) in fields.iter_mut() {
        if let Some(varied) = vary_field(dice, today, path, name) {
            *value = varied;
        }
    }
    vary_decision(dice, path, fields);
    vary_application(dice, path, fields);
    vary_grant(dice, path, fields);
    if let Some(other) = draw_other_body(dice, today, path) {
        *body = other;
    }
}

/// The new value of a field, if it is to have one.
fn vary_field(dice: &mut SeededRandom, today: Date, path: &str, name: &str) -> Option<Value> {
    let in_days = |days: i64| today.saturating_add(jiff::Span::new().days(days));
    Some(match name {
        "amount" if !dice.one_in(3) => json!(dice.choose(&AMOUNTS)),
        "payment" | "update" | "variation" | "story" if !dice.one_in(2) => {
            json!(1 + dice.below(4))
        }
        "happened_on" | "sent_on" | "received_on" | "met_on" | "paid_on" | "consented_on" => {
            json!(today)
        }
        "due_on" => json!(in_days(30)),
        "person" | "helper" if path.starts_with("group/") || path.contains("confirm-") => {
            let staff = path.contains("confirm-") || dice.one_in(5);
            json!(dice.choose(if staff { &PEOPLE[..3] } else { &PEOPLE[3..] }))
        }
        "kind" if path == "grant/record-bank-entry" => {
            json!(dice.choose(&["came_in", "went_out"]))
        }
        "counts" if path == "grant/propose-settlement" || path == "grant/confirm-settlement" => {
            json!(dice.choose(&["0.00", "50.00", "100.00", "250.00"]))
        }
        "entry" => json!(1 + dice.below(4)),
        "closes_on" if path == "fund/extend-round" => json!(in_days(5)),
        "letters_on" => json!(in_days(11)),
        "rank" | "proposal" => json!(1 + dice.below(3)),
        "batch" => json!(format!("batch-{}", dice.below(1000))),
        "role" => json!(dice.choose(&["officer", "finance", "panel", "auditor", "administrator"])),
        "occasion" if path.starts_with("grant/") => json!(dice.choose(&["before", "overdue"])),
        "into" => json!(Uuid::from_u128(200 + dice.below(GROUPS) as u128)),
        "round" if path == "fund/plan-round" || dice.one_in(3) => {
            json!(format!("round-{}", dice.below(1000)))
        }
        "reason" if path == "application/award" => json!("As much as is needed"),
        _ => return None,
    })
}

/// An award, with conditions, and who was present at it.
fn vary_decision(dice: &mut SeededRandom, path: &str, fields: &mut Map<String, Value>) {
    if path.ends_with("award") || path.ends_with("promote") {
        fields.insert("reason".into(), json!("As much as is needed"));
        let amount = dice.choose(&["500.00", "700.00", "1000.00", "2500.00"]);
        fields.insert("amount".into(), json!(amount));
        let conditions = if dice.one_in(3) {
            json!({ "hall": { "text": "The hall is booked", "one_instalment": true } })
        } else {
            json!({})
        };
        fields.insert("conditions".into(), conditions);
    }
    if (path.ends_with("award") || path == "grant/approve-variation") && dice.one_in(2) {
        fields.insert("present".into(), json!([dice.choose(&PEOPLE[..3])]));
    }
}

fn vary_application(dice: &mut SeededRandom, path: &str, fields: &mut Map<String, Value>) {
    let helpers: &[Uuid] = match path {
        "application/submit" => &PEOPLE[..],
        "application/resubmit" => &PEOPLE[..3],
        _ => &[],
    };
    if !helpers.is_empty() && dice.one_in(2) {
        let help = json!({ "by": dice.choose(helpers), "kind": "helped_to_word" });
        fields.insert("help".into(), help);
    }
    if path == "application/save-answers" {
        fields.insert("requested".into(), json!("2500.00"));
        fields.insert("area".into(), json!("oldham"));
        fields.insert("people_at_risk".into(), json!(dice.one_in(2)));
    }
}

fn vary_grant(dice: &mut SeededRandom, path: &str, fields: &mut Map<String, Value>) {
    if path.ends_with("return") || path.contains("return-waiver") {
        let owed = dice.choose(&["underspend", "clawback"]);
        fields.insert("owed".into(), json!(owed));
    }
    if path == "grant/pass-check" && dice.one_in(2) {
        fields.insert("good_until".into(), json!("2027-12-31"));
    }
}

/// A body of another form than the sample's.
fn draw_other_body(dice: &mut SeededRandom, today: Date, path: &str) -> Option<Value> {
    match path {
        "grant/prepare-payment" if dice.one_in(3) => {
            Some(json!({ "instalment": 1 + dice.below(3) }))
        }
        "fund/record-meeting" => {
            let application = Uuid::from_u128(300 + dice.below(GROUPS) as u128);
            let verdict = if dice.one_in(2) {
                json!({ "award": {
                    "amount": "500.00",
                    "reason": "Half",
                    "ends_on": "2027-09-01",
                    "update_due_on": "2027-09-15",
                } })
            } else {
                json!({ "reserve": { "rank": 7, "reason": "Next" } })
            };
            let line = json!({ "application": application, "verdict": verdict });
            let letters_on = dice
                .one_in(2)
                .then(|| today.saturating_add(jiff::Span::new().days(10)));
            Some(json!({
                "round": "first",
                "met_on": today,
                "letters_on": letters_on,
                "decisions": [line],
            }))
        }
        _ => None,
    }
}
