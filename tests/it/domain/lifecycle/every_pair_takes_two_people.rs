//! Each pair of acts that needs two people: the same person is refused with any roles, another
//! person is accepted.

use serde_json::json;

use super::RefusalCheck;
use crate::domain::matrix::samples::rules;
use crate::domain::matrix::states::{APPLICATION, STEPS_TO_CONFIRMED, accepted, offered, paid};
use crate::domain::refusals::SeenRefusals;
use crate::support::fixtures::gbp;

/// Key and verify a payee; key a payee and approve a payment to it; prepare and approve a payment.
#[test]
fn for_a_payee_and_its_payment() {
    let mut seen = SeenRefusals::default();
    let mut ask = RefusalCheck::new(accepted(), &mut seen);
    let account = json!({ "holder": "Soup and song", "numbers": "12-34-56 12345678" });
    let payee = json!({ "route": "own_account", "account": account });
    let verify = json!({ "payee": 1, "method": "A statement was seen" });
    let approve = json!({ "payment": 1 });
    ask.issue_ok(
        0,
        "grant/pass-check",
        &json!({ "check": "identity", "note": "Seen" }),
    );

    ask.issue_ok(0, "group/provide-payee", &payee);
    ask.assert_refused(0, "keyed_payee", "group/verify-payee", &verify);
    ask.issue_ok(1, "group/verify-payee", &verify);

    ask.issue_ok(1, "grant/prepare-payment", &json!({ "amount": "100.00" }));
    ask.assert_refused(0, "keyed_payee", "grant/approve-payment", &approve);
    ask.assert_refused(1, "same_person", "grant/approve-payment", &approve);
    ask.issue_ok(2, "grant/approve-payment", &approve);
}

#[test]
fn for_a_waiver_of_a_check() {
    let mut seen = SeenRefusals::default();
    let mut ask = RefusalCheck::new(offered(), &mut seen);
    let identity = json!({ "check": "identity" });

    ask.issue_ok(
        0,
        "grant/propose-waiver",
        &json!({ "check": "identity", "note": "Known for years" }),
    );
    ask.assert_refused(0, "same_person", "grant/confirm-waiver", &identity);
    ask.issue_ok(1, "grant/confirm-waiver", &identity);
}

#[test]
fn for_a_waiver_of_money_that_is_due_back() {
    let mut seen = SeenRefusals::default();
    let mut ask = RefusalCheck::new(paid(&STEPS_TO_CONFIRMED), &mut seen);
    ask.issue_ok(
        0,
        "grant/declare-underspend",
        &json!({ "amount": "600.00" }),
    );
    ask.issue_ok(
        0,
        "grant/demand-clawback",
        &json!({ "amount": "50.00", "reason": "Spent otherwise" }),
    );

    for owed in ["underspend", "clawback"] {
        let confirm = |amount: &str| json!({ "owed": owed, "amount": amount });
        ask.issue_ok(
            0,
            "grant/propose-return-waiver",
            &json!({ "owed": owed, "amount": "10.00", "reason": "Too little to chase" }),
        );
        // A confirmation must name the amount that was proposed.
        for (staff, code, amount) in [(0, "same_person", "10.00"), (1, "not_proposed", "9.00")] {
            let body = confirm(amount);
            ask.assert_refused(staff, code, "grant/confirm-return-waiver", &body);
        }
        ask.issue_ok(1, "grant/confirm-return-waiver", &confirm("10.00"));
    }

    assert_eq!(ask.scenario.world.grants[&APPLICATION].due_back(), gbp(130));
}

#[test]
fn for_the_rules_of_a_fund() {
    let mut seen = SeenRefusals::default();
    let mut ask = RefusalCheck::new(offered(), &mut seen);
    let rules = json!({ "rules": rules(20) });

    ask.issue_ok(0, "fund/propose-rules", &rules);
    ask.assert_refused(0, "same_person", "fund/confirm-rules", &rules);
    ask.issue_ok(1, "fund/confirm-rules", &rules);
}

#[test]
fn for_a_variation() {
    let mut seen = SeenRefusals::default();
    let mut ask = RefusalCheck::new(accepted(), &mut seen);
    let first = json!({ "variation": 1 });

    ask.issue_ok(
        0,
        "grant/request-variation",
        &json!({ "change": { "update_due_on": "2026-10-01" }, "words": "Later" }),
    );
    ask.assert_refused(0, "same_person", "grant/approve-variation", &first);
    ask.issue_ok(1, "grant/approve-variation", &first);
}
