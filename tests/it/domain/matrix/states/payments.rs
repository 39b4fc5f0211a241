//! Payments of a grant, and money that comes back.

use jiff::civil::date;
use serde_json::json;
use uuid::Uuid;

use super::grants::{accept, payable};
use super::{APPLICATION, GROUP, change_rules, with_stranger};
use crate::domain::matrix::samples::rules;
use crate::support::scenario::Scenario;

pub const STEPS_TO_CONFIRMED: [&str; 3] = ["approve-payment", "send-payment", "confirm-payment"];

/// A payment of £500, advanced by these commands.
pub fn paid(steps: &[&str]) -> Scenario {
    let mut setting = payable();
    setting.issue_json_ok(
        0,
        "grant",
        APPLICATION,
        "prepare-payment",
        &json!({ "amount": "500.00" }),
    );
    setting.issue_samples("grant", APPLICATION, steps);
    setting
}

pub fn payment(state: &str) -> (Scenario, Uuid) {
    let mut setting = match state {
        "none" => payable(),
        "prepared" => paid(&[]),
        "approved" => paid(&STEPS_TO_CONFIRMED[..1]),
        "sent" => paid(&STEPS_TO_CONFIRMED[..2]),
        "rejected" => paid(&["reject-payment"]),
        "cancelled" => paid(&["cancel-payment"]),
        "failed" => paid(&["approve-payment", "send-payment", "fail-payment"]),
        // Confirmed, and in another state reversed on a later day.
        _ => paid(&STEPS_TO_CONFIRMED),
    };
    setting.world.today = date(2026, 6, 3);
    if state == "reversed" {
        setting.issue_samples("grant", APPLICATION, &["reverse-payment"]);
    }
    (setting, APPLICATION)
}

/// A payment that waits because a person joined the group.
pub fn early_payment(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(payment("prepared").0);
    setting.world.today = date(2026, 6, 1);
    if state != "none" {
        let mut patient = rules(28);
        patient["payee_wait_days"] = json!(3);
        change_rules(&mut setting, &patient);
        setting.issue_samples("group", GROUP, &["add-member", "join"]);
    }
    setting.issue_samples("grant", APPLICATION, &["approve-payment"]);
    match state {
        "proposed" => setting.issue_samples("grant", APPLICATION, &["propose-early-payment"]),
        "confirmed" => setting.issue_samples(
            "grant",
            APPLICATION,
            &["propose-early-payment", "confirm-early-payment"],
        ),
        _ => {}
    }
    (setting, APPLICATION)
}

/// A grant with a condition of the panel for one instalment.
pub fn schedule(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::ready(1);
    let conditions = json!({ "hall": { "text": "The hall is booked", "one_instalment": true } });
    let award = json!({
        "amount": "500.00",
        "reason": "Enough",
        "ends_on": "2026-09-01",
        "update_due_on": "2026-09-15",
        "conditions": conditions,
    });
    setting.issue_json_ok(0, "application", APPLICATION, "award", &award);
    setting = accept(setting);
    if state != "none" {
        let tied =
            json!({ "amount": "500.00", "released": { "after_check": { "check": "hall" } } });
        setting.issue_json_ok(
            0,
            "grant",
            APPLICATION,
            "schedule-payments",
            &json!({ "instalments": [tied] }),
        );
    }
    if state == "scheduled" {
        setting.issue_samples("grant", APPLICATION, &["confirm-schedule"]);
    }
    (setting, APPLICATION)
}

/// A grant with an unsettled bank entry.
pub fn entry(state: &str) -> (Scenario, Uuid) {
    let mut setting = paid(&STEPS_TO_CONFIRMED);
    let steps: &[&str] = match state {
        "none" => &[],
        "unsettled" => &["record-bank-entry"],
        "settlement_proposed" => &["record-bank-entry", "propose-settlement"],
        _ => &[
            "record-bank-entry",
            "propose-settlement",
            "confirm-settlement",
        ],
    };
    setting.issue_samples("grant", APPLICATION, steps);
    (setting, APPLICATION)
}

pub fn due(state: &str) -> (Scenario, Uuid) {
    let mut setting = paid(&STEPS_TO_CONFIRMED);
    if state != "nothing_due" {
        setting.issue_json_ok(
            0,
            "grant",
            APPLICATION,
            "declare-underspend",
            &json!({ "amount": "600.00" }),
        );
    }
    if state == "waiver_proposed" {
        setting.issue_samples("grant", APPLICATION, &["propose-return-waiver"]);
    }
    (setting, APPLICATION)
}
