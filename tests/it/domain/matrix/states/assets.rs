//! Entries of the directory in every state.

use jiff::civil::date;
use microgrants::domain::Actor;
use serde_json::json;
use uuid::Uuid;

use super::with_stranger;
use crate::domain::matrix::samples::{ASSET, OTHER_ASSET};
use crate::support::scenario::Scenario;

pub fn asset(state: &str) -> (Scenario, Uuid) {
    let mut setting = with_stranger(Scenario::drafts(2));
    let place = json!({ "way": "offer", "kind": "place", "name": "The library" });
    let staff = Actor::Person(setting.staff[0]);
    setting.issue_named(staff, "asset", OTHER_ASSET, "record", &place);
    let steps: &[&str] = match state {
        "unknown" => &[],
        "recorded" => &["record"],
        "tied" => &["record", "publish", "tie"],
        "exchanged" => &["record", "publish", "record-exchange"],
        "paused" => &["record", "publish", "pause"],
        "withdrawn" => &["record", "propose", "publish", "withdraw"],
        "forgotten" => &["record", "propose", "publish", "withdraw", "forget-words"],
        _ => &["record", "publish"],
    };
    setting.issue_samples("asset", ASSET, steps);
    if state == "due" {
        setting.world.today = date(2027, 4, 1);
    }
    (setting, ASSET)
}
