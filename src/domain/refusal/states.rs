//! Names of states as words, for sentences such as "this application is being scored".

/// The words of a state. A name that is a plain word already is used as it is.
pub(super) fn words_of(state: &str) -> String {
    let words = match state {
        "blank" => "not there yet",
        "draft" => "still a draft",
        "submitted" => "sent, and waiting to be checked",
        "changes_requested" => "waiting for the group",
        "eligible" => "ready to score",
        "ineligible" => "not eligible",
        "in_assessment" => "being scored",
        "reserve_list" => "on the reserve list",
        "deferred" => "waiting for a later decision",
        "declined" => "not funded",
        "lapsed" => "over, as it was never sent",
        "offered" => "on offer",
        "live" => "running",
        "reported" => "waiting for its report to be read",
        "terminated" => "stopped",
        "offer_declined" => "over, as the group declined the offer",
        "offer_lapsed" => "over, as the offer ran out",
        "offer_withdrawn" => "over, as the offer was withdrawn",
        "deciding" => "waiting for its decisions",
        "completed" => "finished",
        "held" => "over",
        "requested" => "asked for",
        "received" => "waiting to be read",
        "queried" => "waiting for an answer from the group",
        "excused" | "waived" => "not needed",
        "prepared" => "waiting to be approved",
        "sent" => "with the bank",
        "confirmed" => "paid",
        "failed" => "returned by the bank",
        "reversed" => "returned",
        other => return other.replace('_', " "),
    };
    words.to_owned()
}
