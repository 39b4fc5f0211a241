//! A year in which one group has a grant with money paid, another has an offer.

use jiff::civil::date;
use microgrants::domain::Actor;
use microgrants::domain::organisation::sha256_hex;
use serde_json::{Value, json};
use uuid::Uuid;

use super::GROUPS;
use crate::support::fixtures::AGREEMENT_TEXT;
use crate::support::scenario::{FUND, Scenario};

const GROUP: Uuid = Uuid::from_u128(200);
/// The application of each group has its id from the scenario; the first group applies again.
const FIRST: Uuid = Uuid::from_u128(300);
const SECOND: Uuid = Uuid::from_u128(310);
const DRAFT: Uuid = Uuid::from_u128(311);

pub fn year_under_way() -> Scenario {
    let mut setting = Scenario::ready(GROUPS);
    award_second_application(&mut setting);
    award_and_make_payable(&mut setting);
    pay_and_raise(&mut setting);
    let_a_draft_lapse(&mut setting);
    setting
}

/// Issues commands on one record, each as this member of staff.
fn issue_all(
    setting: &mut Scenario,
    noun: &str,
    id: Uuid,
    steps: impl IntoIterator<Item = (usize, &'static str, Value)>,
) {
    for (staff, name, body) in steps {
        setting.issue_json_ok(staff, noun, id, name, &body);
    }
}

fn award() -> Value {
    json!({
        "amount": "1000.00",
        "reason": "Less",
        "ends_on": "2026-09-01",
        "update_due_on": "2026-09-15",
    })
}

fn start() -> Value {
    json!({ "fund": FUND, "round": "first", "group": GROUP })
}

/// Staff key in a second application of the first group, taken by telephone.
fn award_second_application(setting: &mut Scenario) {
    let answers = json!({
        "requested": "2500.00",
        "area": "oldham",
        "people_at_risk": false,
        "answers": { "idea": "Song" },
    });
    let keyed = json!({ "keyed_verbatim": { "read_back": true } });
    let help = json!({ "by": Uuid::from_u128(10), "kind": keyed });
    let submit = json!({ "channel": "phone", "help": help });
    let summary = json!({ "title": "Song", "description": "Neighbours sing." });
    issue_all(
        setting,
        "application",
        SECOND,
        [
            (0, "start", start()),
            (0, "save-answers", answers),
            (0, "submit", submit),
            (0, "confirm-eligibility", json!({})),
            (0, "write-summary", summary),
            (1, "declare", json!({})),
            (1, "award", award()),
        ],
    );
}

fn award_and_make_payable(setting: &mut Scenario) {
    let hash = sha256_hex(AGREEMENT_TEXT);
    let accept = json!({ "hash": hash, "method": "read_over_telephone", "names": ["A", "B"] });
    let pass = json!({ "check": "identity", "note": "Seen", "good_until": "2027-12-31" });
    let account = json!({ "holder": "Soup and song", "numbers": "12-34-56 12345678" });
    let payee = json!({ "route": "own_account", "account": account });
    let verify = json!({ "payee": 1, "method": "A statement" });

    issue_all(setting, "application", FIRST, [(0, "award", award())]);
    issue_all(
        setting,
        "grant",
        FIRST,
        [(0, "accept-agreement", accept), (0, "pass-check", pass)],
    );
    issue_all(
        setting,
        "group",
        GROUP,
        [(0, "provide-payee", payee), (1, "verify-payee", verify)],
    );
}

fn pay_and_raise(setting: &mut Scenario) {
    let on_the_day = json!({ "payment": 1, "happened_on": "2026-06-01" });
    let raise = json!({ "change": { "amount": "1200.00" }, "words": "The hall costs more" });
    let approve = json!({ "variation": 1, "present": [Uuid::from_u128(10)] });
    issue_all(
        setting,
        "grant",
        FIRST,
        [
            (0, "prepare-payment", json!({ "amount": "600.00" })),
            (1, "approve-payment", json!({ "payment": 1 })),
            (1, "send-payment", on_the_day.clone()),
            (1, "confirm-payment", on_the_day),
            (0, "request-variation", raise),
            (1, "approve-variation", approve),
        ],
    );
}

/// Nobody continues a draft: it lapses, and then its round is extended.
fn let_a_draft_lapse(setting: &mut Scenario) {
    let member = Actor::Person(setting.members[0]);
    setting
        .issue_json(member, "application", DRAFT, "start", &start())
        .expect("taken");
    setting.world.today = date(2026, 7, 1);
    setting
        .issue_json(Actor::Job, "application", DRAFT, "lapse", &json!({}))
        .expect("taken");
    let extend = json!({ "round": "first", "closes_on": "2026-07-20" });
    setting.issue_json_ok(0, "fund", FUND.0, "extend-round", &extend);
}
