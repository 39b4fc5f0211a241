//! Breaks of the rules about days and about the fields that earlier programs did not write.

use microgrants::domain::Rule;
use serde_json::json;

use super::{Break, LogLines, NewEvent};

pub fn breaks() -> Vec<Break> {
    [of_clock(), of_entered_days(), of_fields()].concat()
}

fn broken(rule: Rule, says: &'static str, edit: fn(&mut LogLines)) -> Break {
    Break { rule, says, edit }
}

/// Changes the day of the first event with this name.
fn set_day(log: &mut LogLines, event: &str, field: &str, day: &str) {
    log.set(log.first(event), field, day);
}

fn of_clock() -> Vec<Break> {
    vec![
        broken(
            Rule::DaysOfTheClock,
            "a member joined before a payment, on a day long ago",
            |log| {
                let at = log.first("PaymentSent");
                let known = log.first("MemberAdded");
                let actor = log.actor(log.first("PaymentPrepared"));
                let fields = json!({
                    "person": log.field(known, "person"), "added_by": actor,
                    "added_on": "1990-01-01",
                });
                let new = NewEvent {
                    stream: "group",
                    id: log.id(known),
                    event: "MemberAdded",
                    fields,
                    actor,
                };
                log.insert(at, new);
            },
        ),
        broken(
            Rule::DaysOfTheClock,
            "bank details were entered on a day long ago",
            |log| set_day(log, "PayeeProvided", "provided_on", "2020-01-01"),
        ),
        broken(
            Rule::DaysOfTheClock,
            "bank details were verified on a day long ago",
            |log| set_day(log, "PayeeVerified", "verified_on", "2001-01-01"),
        ),
        broken(
            Rule::DaysOfTheClock,
            "a payment was prepared on a day long ago",
            |log| set_day(log, "PaymentPrepared", "prepared_on", "1990-01-01"),
        ),
        broken(
            Rule::DaysOfTheClock,
            "a payment was approved on a day long ago",
            |log| set_day(log, "PaymentApproved", "approved_on", "1990-01-01"),
        ),
        broken(
            Rule::DaysOfTheClock,
            "an application was started on a later day than it was recorded",
            |log| set_day(log, "ApplicationStarted", "started_on", "2099-01-01"),
        ),
    ]
}

fn of_entered_days() -> Vec<Break> {
    vec![
        broken(
            Rule::DaysOfTheClock,
            "a payment was sent on a day that had not come",
            |log| set_day(log, "PaymentSent", "sent_on", "2099-01-01"),
        ),
        broken(
            Rule::DaysOfTheClock,
            "money of a funder came on a day that had not come",
            |log| set_day(log, "FundingAllocated", "received_on", "2099-01-01"),
        ),
        broken(
            Rule::DaysOfTheClock,
            "the bank paid on a day that had not come",
            |log| set_day(log, "PaymentConfirmed", "paid_on", "2099-01-01"),
        ),
    ]
}

fn of_fields() -> Vec<Break> {
    vec![
        broken(
            Rule::FieldsComplete,
            "the day of an approval was left out",
            |log| log.unset(log.first("PaymentApproved"), "approved_on"),
        ),
        broken(
            Rule::FieldsComplete,
            "the day on which bank details were entered was left out",
            |log| {
                let at = log.first("PayeeProvided");
                log.unset(at, "provided_on");
                log.unset(at, "behind");
            },
        ),
        broken(
            Rule::FieldsComplete,
            "what a return settles was left out",
            |log| log.unset(log.first("ReturnReceived"), "satisfied"),
        ),
        broken(
            Rule::FieldsComplete,
            "the sources of a payment were left out",
            |log| log.unset(log.first("PaymentPrepared"), "sources"),
        ),
        broken(
            Rule::FieldsComplete,
            "the day on which a member joined was left out",
            |log| {
                let all = log.all("MemberAdded");
                log.unset(all[all.len() - 1], "added_on");
            },
        ),
        broken(
            Rule::FieldsComplete,
            "the number of a proposed role was left out",
            |log| {
                let all = log.all("RoleProposed");
                log.unset(all[all.len() - 1], "proposal");
            },
        ),
    ]
}
