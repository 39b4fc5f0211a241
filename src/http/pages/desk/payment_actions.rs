//! The actions on a payment.

use jiff::civil::Date;

use super::DeskRequest;
use super::action::{ActionSpec, sample};
use crate::clock::day_of;
use crate::domain::grant::{
    ConfirmPayment, FailPayment, PaymentReason, PaymentRef, PaymentState, ReversePayment,
    SendPayment,
};
use crate::domain::payee::PaymentRoute;
use crate::domain::{Command, GrantCommand as C, GrantId};
use crate::projections::PaymentRow;

/// The actions on a payment. `receipts` are those among the group's files, by their digests.
pub(super) fn payment_actions(
    request: &DeskRequest<'_>,
    row: &PaymentRow,
    receipts: Vec<(String, String)>,
) -> Vec<ActionSpec> {
    let today = day_of(request.app.commands.now());
    let mut table = approving(row);
    table.extend(at_bank(row, today, receipts));
    table.push(spec(row, "Cancel it", C::CancelPayment(because(row))).text_area("reason", "Why"));
    // After a payment has failed or was reversed, failing and reversing both record that it came
    // back again. Only one of them is shown.
    if !is_back(row) {
        let reverse = C::ReversePayment(ReversePayment {
            payment: row.payment,
            happened_on: today,
            reason: sample("why"),
        });
        table.push(
            spec(row, "The bank took it back after it was paid", reverse)
                .text_area("reason", "Why")
                .day("happened_on", "The bank's date")
                .prefill(today),
        );
    }
    table
}

fn spec(row: &PaymentRow, title: &str, command: C) -> ActionSpec {
    let form = format!("{}-{}-{}", command.name(), row.grant, row.payment);
    ActionSpec::new(title, Command::Grant(GrantId(row.grant), command))
        .form(form)
        .hidden_number("payment", row.payment)
}

fn because(row: &PaymentRow) -> PaymentReason {
    PaymentReason {
        payment: row.payment,
        reason: sample("why"),
    }
}

fn is_back(row: &PaymentRow) -> bool {
    matches!(row.state, PaymentState::Failed | PaymentState::Reversed)
}

/// What people decide before the payment is sent.
fn approving(row: &PaymentRow) -> Vec<ActionSpec> {
    let of = || PaymentRef {
        payment: row.payment,
    };
    vec![
        spec(row, "Approve", C::ApprovePayment(of()))
            .expanded()
            .button("Approve the payment"),
        spec(row, "Reject", C::RejectPayment(because(row))).text_area("reason", "Why"),
        spec(
            row,
            "Ask to send it without the wait",
            C::ProposeEarlyPayment(because(row)),
        )
        .text_area("reason", "Why")
        .hint(
            "The group’s bank details, a member or an address changed a short time ago. A second \
                person must agree.",
        ),
        spec(
            row,
            "Confirm: send it without the wait",
            C::ConfirmEarlyPayment(of()),
        ),
    ]
}

/// What the bank did.
fn at_bank(row: &PaymentRow, today: Date, receipts: Vec<(String, String)>) -> Vec<ActionSpec> {
    let payment = row.payment;
    let send = C::SendPayment(SendPayment {
        payment,
        happened_on: today,
    });
    let confirm = C::ConfirmPayment(ConfirmPayment {
        payment,
        happened_on: today,
        receipt: None,
    });
    let fail = C::FailPayment(FailPayment {
        payment,
        reason: sample("why"),
        happened_on: Some(today),
    });
    let failed = if is_back(row) {
        "The bank returned it again"
    } else {
        "The bank did not pay"
    };
    let paid = spec(row, "The bank has paid", confirm)
        .day("happened_on", "The bank's date")
        .prefill(today);
    // Only what was bought for the group needs a receipt.
    let paid = if row.route == PaymentRoute::PurchaseForGroup {
        let none = (String::new(), "None yet".to_owned());
        let choices = std::iter::once(none).chain(receipts).collect();
        paid.select("receipt", "The receipt, from the group's files", choices)
    } else {
        paid
    };
    vec![
        spec(row, "It was sent to the bank", send)
            .day("happened_on", "When")
            .prefill(today),
        paid,
        spec(row, failed, fail)
            .text_area("reason", "Why")
            .day("happened_on", "The bank's date")
            .prefill(today),
    ]
}
