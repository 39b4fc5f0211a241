//! Refusals of a payment: its instalment, its batch and bank file, and a purchase for the group.

use serde_json::{Value, json};

use super::RefusalCheck;
use crate::domain::matrix::samples::FILE;
use crate::domain::matrix::states::{APPLICATION, accepted, payable};
use crate::domain::refusals::SeenRefusals;

pub fn refusals(seen: &mut SeenRefusals) {
    let mut ask = RefusalCheck::new(payable(), seen);
    schedules(&mut ask);
    instalments(&mut ask);
    holds(&mut ask);
    files_before_sending(&mut ask);
    batches(&mut ask);
    bank_files(&mut ask);
    purchases(seen);
}

fn schedules(ask: &mut RefusalCheck<'_>) {
    let part = |amount: &str, released: Value| json!({ "amount": amount, "released": released });
    let later = json!({ "from_day": { "day": "2026-08-01" } });
    let two = |first: &str| {
        let second = part("600.00", later.clone());
        json!({ "instalments": [part(first, json!("at_once")), second] })
    };
    let after_identity = json!({ "after_check": { "check": "identity" } });
    let tied = json!({ "instalments": [part("1000.00", after_identity)] });
    let many: Vec<_> = (0..25).map(|_| part("40.00", json!("at_once"))).collect();

    for (code, body) in [
        ("schedule_differs", two("300.00")),
        ("check_for_every_payment", tied),
        ("too_many_items", json!({ "instalments": many })),
    ] {
        ask.assert_refused(0, code, "grant/schedule-payments", &body);
    }
    ask.issue_ok(0, "grant/schedule-payments", &two("400.00"));
}

fn instalments(ask: &mut RefusalCheck<'_>) {
    for (code, body) in [
        ("instalment_missing", json!({ "amount": "400.00" })),
        ("instalment_not_due", json!({ "instalment": 2 })),
        (
            "amount_differs",
            json!({ "instalment": 1, "amount": "399.00" }),
        ),
    ] {
        ask.assert_refused(0, code, "grant/prepare-payment", &body);
    }

    let first = json!({ "instalment": 1 });
    ask.issue_ok(0, "grant/prepare-payment", &first);
    ask.assert_refused(0, "exists", "grant/prepare-payment", &first);
}

fn holds(ask: &mut RefusalCheck<'_>) {
    let approve = json!({ "payment": 1 });
    ask.issue_ok(0, "grant/hold", &json!({ "reason": "A new treasurer" }));
    ask.assert_refused(1, "grant_on_hold", "grant/approve-payment", &approve);

    ask.issue_ok(0, "grant/resume", &json!({}));
    ask.issue_ok(1, "grant/approve-payment", &approve);
}

/// A file that was made before its batch is sent binds the batch to its payments.
fn files_before_sending(ask: &mut RefusalCheck<'_>) {
    let line =
        |payment: u16| json!({ "grant": APPLICATION, "payment": payment, "amount": "400.00" });
    let file = |batch: &str, lines: &[Value], reason: Option<&str>| {
        json!({
            "batch": batch,
            "payments": 1,
            "total": "400.00",
            "digest": "ab".repeat(32),
            "reason": reason,
            "lines": lines,
        })
    };
    let send = |batch: &str, payment: u16| {
        json!({
            "batch": batch, "sent_on": "2026-06-01", "payments": [line(payment)],
        })
    };
    ask.issue_ok(0, "fund/make-bank-file", &file("may", &[line(1)], None));

    // No other batch may have the payment, and this one must have it.
    for (path, body) in [
        ("fund/make-bank-file", file("june", &[line(1)], None)),
        ("fund/make-bank-file", file("may", &[line(2)], None)),
        ("fund/send-batch", send("june", 1)),
        ("fund/send-batch", send("may", 2)),
    ] {
        ask.assert_refused(0, "file_made", path, &body);
    }
    let twice = file("may", &[line(1), line(1)], Some("Anew"));
    ask.assert_refused(0, "named_twice", "fund/make-bank-file", &twice);

    // Another file without the payment sets it free.
    let without = file("may", &[line(2)], Some("Anew"));
    ask.issue_ok(0, "fund/make-bank-file", &without);
}

fn batches(ask: &mut RefusalCheck<'_>) {
    let batch = |amount: &str| {
        let line = json!({ "grant": APPLICATION, "payment": 1, "amount": amount });
        json!({ "batch": "june", "sent_on": "2026-06-01", "payments": [line] })
    };
    ask.assert_refused(0, "amount_differs", "fund/send-batch", &batch("401.00"));
    let mut twice = batch("400.00");
    twice["payments"] = json!([twice["payments"][0], twice["payments"][0]]);
    ask.assert_refused(0, "named_twice", "fund/send-batch", &twice);

    ask.issue_ok(0, "fund/send-batch", &batch("400.00"));
    ask.assert_refused(0, "exists", "fund/send-batch", &batch("400.00"));
}

/// A second file of a batch needs a reason.
fn bank_files(ask: &mut RefusalCheck<'_>) {
    let file = |batch: &str, total: &str, reason: Option<&str>| {
        json!({
            "batch": batch,
            "payments": 1,
            "total": total,
            "digest": "ab".repeat(32),
            "reason": reason,
        })
    };
    for (code, body) in [
        ("unknown", file("july", "400.00", None)),
        ("amount_differs", file("june", "400.01", None)),
        ("nothing", file("june", "0.00", None)),
    ] {
        ask.assert_refused(0, code, "fund/make-bank-file", &body);
    }

    let first = file("june", "400.00", None);
    ask.issue_ok(0, "fund/make-bank-file", &first);
    ask.assert_refused(0, "file_made", "fund/make-bank-file", &first);
    let again = file("june", "400.00", Some("The bank's page lost the first"));
    ask.issue_ok(0, "fund/make-bank-file", &again);
}

/// A purchase for the group needs a supplier and a receipt.
fn purchases(seen: &mut SeenRefusals) {
    let mut ask = RefusalCheck::new(accepted(), seen);
    let seen_check = json!({ "check": "identity", "note": "Seen" });
    ask.issue_ok(0, "grant/pass-check", &seen_check);
    let purchase = json!({ "route": "purchase_for_group" });
    ask.issue_as_member("group/provide-payee", &purchase);
    let verify = json!({ "payee": 1, "method": "A call to the group" });
    ask.issue_ok(0, "group/verify-payee", &verify);

    let prepare = |supplier: Option<&str>| json!({ "amount": "100.00", "supplier": supplier });
    ask.assert_refused(
        0,
        "supplier_missing",
        "grant/prepare-payment",
        &prepare(None),
    );
    ask.issue_ok(0, "grant/prepare-payment", &prepare(Some("A shop")));
    ask.issue_ok(1, "grant/approve-payment", &json!({ "payment": 1 }));
    let send = json!({ "payment": 1, "happened_on": "2026-06-01" });
    ask.issue_ok(1, "grant/send-payment", &send);

    let confirm = |receipt: Option<&str>| {
        json!({
            "payment": 1, "happened_on": "2026-06-01", "receipt": receipt,
        })
    };
    for (code, receipt) in [("receipt_missing", None), ("unknown", Some("1".repeat(64)))] {
        let body = confirm(receipt.as_deref());
        ask.assert_refused(1, code, "grant/confirm-payment", &body);
    }
    ask.issue_ok(1, "grant/confirm-payment", &confirm(Some(FILE)));
}
