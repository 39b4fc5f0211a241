//! Funds and their rounds.

use jiff::civil::date;
use serde_json::json;
use uuid::Uuid;

use super::OTHER_FUND;
use super::payments::payment;
use crate::support::scenario::{FUND, Scenario};

pub fn fund(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::drafts(1);
    match state {
        "blank" => return (setting, OTHER_FUND),
        "draft" => {
            setting.issue_samples("fund", OTHER_FUND, &["create", "allocate"]);
            return (setting, OTHER_FUND);
        }
        "open" => setting.issue_samples("fund", FUND.0, &["propose-rules"]),
        "open_with_payments" => return (payment("approved").0, FUND.0),
        "paused" => setting.issue_samples("fund", FUND.0, &["propose-rules", "pause"]),
        "closed" => setting.issue_samples("fund", FUND.0, &["close"]),
        _ => setting.issue_samples("fund", FUND.0, &["close", "archive"]),
    }
    (setting, FUND.0)
}

/// The round `first`.
pub fn round(state: &str) -> (Scenario, Uuid) {
    let mut setting = Scenario::ready(1);
    if matches!(state, "none" | "planned") {
        setting.issue_samples("fund", OTHER_FUND, &["create", "open"]);
        if state == "planned" {
            let plan = json!({
                "round": "first",
                "name": "First",
                "opens_on": "2026-06-01",
                "closes_on": "2026-06-30",
                "form": 1,
            });
            setting.issue_json_ok(0, "fund", OTHER_FUND, "plan-round", &plan);
        }
        return (setting, OTHER_FUND);
    }
    // Late enough that the round can be closed.
    setting.world.today = date(2026, 7, 1);
    let steps: &[&str] = match state {
        "open" => &[],
        "closed" => &["close-round"],
        "deciding" => &["close-round", "start-deciding"],
        _ => &["close-round", "start-deciding", "complete-round"],
    };
    setting.issue_samples("fund", FUND.0, steps);
    (setting, FUND.0)
}

/// A sent batch, of which a bank file was made.
pub fn with_a_bank_file() -> Scenario {
    let mut setting = payment("approved").0;
    setting.issue_samples("fund", FUND.0, &["send-batch", "make-bank-file"]);
    setting
}
