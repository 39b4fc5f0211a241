//! Breaks that one of the two verifiers did not name once: what both must say.

use microgrants::domain::Rule;
use serde_json::{Value, json};

use super::money::{approver, group_of, insert_member, insert_on};
use super::{Break, LogLines, NewEvent};

type Edit = fn(&mut LogLines);

/// Edits that break no rule.
pub const HARMLESS: [(&str, Edit); 1] = [(
    "the membership ended of a person who was no member, before money left",
    |log| {
        let sent = log.first("PaymentSent");
        let group = group_of(log, sent);
        let fields = json!({ "person": stranger(log), "removed_on": log.day_before(sent) });
        let new = NewEvent {
            stream: "group",
            id: group,
            event: "MemberRemoved",
            fields,
            actor: log.holders("officer").swap_remove(0),
        };
        log.insert(sent, new);
    },
)];

pub fn breaks() -> Vec<Break> {
    [
        of_sittings(),
        of_early_payments(),
        of_bank_details(),
        of_office(),
    ]
    .concat()
}

fn broken(rule: Rule, says: &'static str, edit: fn(&mut LogLines)) -> Break {
    Break { rule, says, edit }
}

fn set_sitting(log: &mut LogLines, at: usize, event: &str, changes: &[(&str, Value)]) {
    log.edit(at, |line| {
        for (name, value) in changes {
            line["payload"][event]["sitting"][*name] = value.clone();
        }
    });
}

fn of_sittings() -> Vec<Break> {
    use Rule as R;
    vec![
        broken(
            R::DecisionByPanel,
            "an award says neither who recorded it nor how many it needs",
            |log| {
                let at = log.first("Awarded");
                let changes = [("recorded_by", Value::Null), ("quorum", Value::Null)];
                set_sitting(log, at, "Awarded", &changes);
            },
        ),
        broken(
            R::Quorum,
            "an award does not say how many it needs",
            |log| {
                let at = log.first("Awarded");
                set_sitting(log, at, "Awarded", &[("quorum", Value::Null)]);
            },
        ),
        broken(
            R::RevocationByPanel,
            "a revocation says that it needs one person",
            |log| {
                let at = log.first("RevocationProposed");
                set_sitting(log, at, "RevocationProposed", &[("quorum", json!(1))]);
            },
        ),
        broken(
            R::RevocationByPanel,
            "a job confirmed a revocation in the name of a person",
            |log| log.set_giver(log.first("RevocationConfirmed"), "job"),
        ),
    ]
}

/// A proposal to let the first payment leave early, and the confirmation of it.
fn early_payment(log: &LogLines, sent: usize, group_changes: u32) -> [Value; 2] {
    let confirmed = json!({
        "payment": log.fields(sent)["payment"], "until": log.field(sent, "sent_on"),
        "mark": { "group": group_changes, "addresses": 0 }, "by": approver(log),
    });
    let mut proposed = confirmed.clone();
    proposed["reason"] = json!("The hall must be paid.");
    proposed["by"] = json!(log.actor(log.first("PaymentPrepared")));
    [proposed, confirmed]
}

/// Who entered bank details last, in another group.
fn stranger(log: &LogLines) -> String {
    let last = log.all("PayeeProvided").into_iter().max();
    log.field(last.expect("bank details"), "keyed_by")
}

fn of_early_payments() -> Vec<Break> {
    vec![
        broken(
            Rule::PaymentWaits,
            "a payment was let out early after other changes than there were",
            |log| {
                let (sent, joined) = (log.first("PaymentSent"), stranger(log));
                let [proposed, confirmed] = early_payment(log, sent, 99);
                insert_on(log, sent, sent, "EarlyPaymentConfirmed", confirmed);
                insert_on(log, sent, sent, "EarlyPaymentProposed", proposed);
                insert_member(log, sent, &joined);
            },
        ),
        broken(
            Rule::PaymentWaits,
            "a payment was to leave early before the change had come",
            |log| {
                let (sent, joined) = (log.first("PaymentSent"), stranger(log));
                let [proposed, confirmed] = early_payment(log, sent, 1);
                insert_on(log, sent, sent, "EarlyPaymentConfirmed", confirmed);
                insert_member(log, sent, &joined);
                insert_on(log, sent + 1, sent, "EarlyPaymentProposed", proposed);
            },
        ),
    ]
}

/// A member of another group than this one, and who registered that person.
fn member_elsewhere(
    log: &LogLines,
    group: &str,
    before: usize,
) -> (String, String, Option<String>) {
    let mut added = log.all("MemberAdded").into_iter();
    let at = added.find(|at| *at < before && log.id(*at) != group);
    let at = at.expect("a member of another group");
    let person = log.field(at, "person");
    let mut registered = log.all("PersonRegistered").into_iter();
    let registration = registered.find(|at| log.id(*at) == person);
    let by = registration.and_then(|at| log.fields(at)["registered_by"].as_str());
    let by = by.map(str::to_owned);
    (log.id(at), person, by)
}

fn of_bank_details() -> Vec<Break> {
    vec![broken(
        Rule::PayeeByTwo,
        "an officer merged the group of the one who entered bank details, and is left out",
        |log| {
            let provided = log.first("PayeeProvided");
            let group = log.id(provided);
            let (into, person, registered_by) = member_elsewhere(log, &group, provided);
            let mut officers = log.holders("officer").into_iter();
            let officer = officers.find(|one| Some(one) != registered_by.as_ref());
            let officer = officer.expect("another officer");
            log.set(provided, "keyed_by", person.as_str());
            log.set(provided, "behind", json!(Vec::from_iter(registered_by)));
            log.set_giver(provided, &person);
            log.insert_merger(provided, &group, &into, &officer);
        },
    )]
}

fn of_office() -> Vec<Break> {
    use Rule as R;
    vec![
        broken(
            R::RolesExclude,
            "a founder is named as auditor and panel member in one event",
            |log| {
                let at = log.first("FounderNamed");
                log.set(at, "roles", json!(["administrator", "auditor", "panel"]));
            },
        ),
        broken(
            R::AgreementText,
            "the first agreement has the version 2",
            |log| {
                log.set(log.first("AgreementPublished"), "version", 2);
                for at in log.all("AgreementIssued") {
                    log.set(at, "version", 2);
                }
            },
        ),
        broken(
            R::ClosedInOrder,
            "nobody answered the final update that was requested last",
            |log| {
                let closed = log.first("GrantClosed");
                let fields = json!({ "update": 9, "due_on": "2030-01-01", "last": true });
                insert_on(log, closed, closed, "UpdateRequested", fields);
            },
        ),
    ]
}
