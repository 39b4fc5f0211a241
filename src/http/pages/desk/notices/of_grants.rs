//! The sentences after actions on grants.

use super::{ActionNotice, says};

pub(super) const OF_GRANTS: &[ActionNotice] = &[
    says("grants", "accept-agreement", "Agreement signed."),
    says(
        "grants",
        "decline-offer",
        "Offer declined. The money is free again.",
    ),
    says(
        "grants",
        "lapse-offer",
        "Offer ended. The money is free again.",
    ),
    says(
        "grants",
        "withdraw-offer",
        "Saved. The panel members you named must confirm it.",
    ),
    says(
        "grants",
        "request-check",
        "Asked for. The group can see what we need.",
    ),
    says("grants", "pass-check", "Marked as OK."),
    says(
        "grants",
        "fail-check",
        "Marked as not accepted. The reason is saved.",
    ),
    says("grants", "reuse-check", "Done. Last year’s check counts."),
    says(
        "grants",
        "propose-waiver",
        "Asked to skip this check. A second person must agree.",
    ),
    says("grants", "confirm-waiver", "Agreed. This check is skipped."),
    says("grants", "schedule-payments", "Payment plan saved."),
    says("grants", "confirm-schedule", "Payment plan confirmed."),
    says(
        "grants",
        "prepare-payment",
        "Payment prepared. Someone else in finance must approve it.",
    ),
    says(
        "grants",
        "approve-payment",
        "Payment approved. Its status says if it can go to the bank now.",
    ),
    says(
        "grants",
        "reject-payment",
        "Payment rejected. The colleague who prepared it sees why on Today.",
    ),
    says(
        "grants",
        "cancel-payment",
        "Payment cancelled. It will not be sent.",
    ),
    says(
        "grants",
        "propose-early-payment",
        "Asked to pay early. A second person must agree.",
    ),
    says(
        "grants",
        "confirm-early-payment",
        "Agreed. It can be paid early.",
    ),
    says(
        "grants",
        "send-payment",
        "Payment marked as sent. The group hears that its money is on the way.",
    ),
    says("grants", "confirm-payment", "Payment marked as paid."),
    says(
        "grants",
        "fail-payment",
        "Payment marked as bounced. Check the bank details, then prepare another.",
    ),
    says(
        "grants",
        "reverse-payment",
        "Saved. The bank took the payment back. Check the bank details, then prepare another.",
    ),
    says("grants", "correct-payment", "Payment day corrected."),
    says(
        "grants",
        "request-variation",
        "Change asked for. The panel will decide.",
    ),
    says(
        "grants",
        "approve-variation",
        "Change agreed. The group hears about it.",
    ),
    says(
        "grants",
        "refuse-variation",
        "Change not agreed. The group hears why.",
    ),
    says("grants", "hold", "Payments are on hold."),
    says("grants", "resume", "Payments can continue."),
    says(
        "grants",
        "terminate",
        "Saved. The panel members you named must confirm it.",
    ),
    says("grants", "request-update", "Report asked for.")
        .until("due_on", "Report asked for. The group has until {day}."),
    says("grants", "remind-update", "Reminder sent."),
    says("grants", "remind-now", "The reminder is ready."),
    says("grants", "save-update", "The report is saved."),
    says(
        "grants",
        "send-news",
        "News saved. The group can read it, too.",
    ),
    says(
        "grants",
        "receive-update",
        "Report saved. It is in the list to read.",
    ),
    says(
        "grants",
        "accept-update",
        "Report accepted. The group hears about it.",
    ),
    says("grants", "query-update", "Question sent.")
        .until("due_on", "Question sent. The group has until {day}."),
    says(
        "grants",
        "excuse-update",
        "Saved. They do not need to send a report.",
    ),
    says("grants", "correct-update", "Numbers corrected."),
    says("grants", "judge-outcome", "Our own view saved."),
    says(
        "grants",
        "declare-underspend",
        "Saved. Some of the money is left over.",
    ),
    says(
        "grants",
        "request-return",
        "The group was asked to return the money.",
    )
    .until(
        "due_on",
        "The group was asked to return the money by {day}.",
    ),
    says("grants", "confirm-revocation", "Confirmed."),
    says(
        "grants",
        "demand-clawback",
        "Saved. The panel members you named must confirm it.",
    ),
    says(
        "grants",
        "record-bank-entry",
        "Saved. Two people must agree what it is.",
    ),
    says(
        "grants",
        "propose-settlement",
        "Saved. A second person in finance must agree.",
    ),
    says("grants", "confirm-settlement", "Settled."),
    says(
        "grants",
        "confirm-attendance",
        "Confirmed. You were at the meeting.",
    ),
    says("grants", "receive-return", "Returned money recorded."),
    says(
        "grants",
        "propose-return-waiver",
        "Asked to let them keep the money. A second person must agree.",
    ),
    says(
        "grants",
        "confirm-return-waiver",
        "Agreed. They can keep the money.",
    ),
    says("grants", "publish-story", "Story published."),
    says("grants", "withdraw-story", "Story taken down."),
    says("grants", "close", "The grant is finished."),
];
