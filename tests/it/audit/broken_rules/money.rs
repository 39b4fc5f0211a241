//! Breaks of the rules about agreements, checks, bank details, payments and returns.

use microgrants::domain::Rule;
use serde_json::{Value, json};

use super::{Break, LogLines, NewEvent};

pub fn breaks() -> Vec<Break> {
    [
        agreements(),
        checks(),
        payees(),
        connections(),
        payments(),
        holds_and_waits(),
        returns(),
        closings(),
    ]
    .concat()
}

fn broken(rule: Rule, says: &'static str, edit: fn(&mut LogLines)) -> Break {
    Break { rule, says, edit }
}

/// The place of the last event with this name on the record of another event, before it.
fn earlier_of(log: &LogLines, at: usize, event: &str) -> usize {
    let earlier = log.all(event).into_iter().rev();
    earlier
        .filter(|place| *place < at)
        .find(|place| log.id(*place) == log.id(at))
        .unwrap_or_else(|| panic!("no {event} before {at}"))
}

/// The group of the grant of an event.
pub(super) fn group_of(log: &LogLines, at: usize) -> String {
    log.field(earlier_of(log, at, "GrantOffered"), "group")
}

/// The officer who enters things, and the other one.
fn officers(log: &LogLines) -> [String; 2] {
    let [other, keying]: [String; 2] = log.holders("officer").try_into().expect("two officers");
    [keying, other]
}

/// The finance person who approves payments.
pub(super) fn approver(log: &LogLines) -> String {
    log.actor(log.first("PaymentApproved"))
}

/// Puts an event on the record of another event, before a place.
pub(super) fn insert_on(
    log: &mut LogLines,
    of: usize,
    at: usize,
    event: &'static str,
    fields: Value,
) {
    let id = log.id(of);
    let actor = fields["by"].as_str().map(str::to_owned);
    let actor = actor.unwrap_or_else(|| officers(log)[0].clone());
    let new = NewEvent {
        stream: "grant",
        id,
        event,
        fields,
        actor,
    };
    log.insert(at, new);
}

/// The role of a person ends.
fn insert_role_end(log: &mut LogLines, at: usize, person: &str, role: &str) {
    let administrator = log.holders("administrator").swap_remove(0);
    let fields = json!({ "person": person, "role": role, "ended_on": log.day_before(at) });
    let new = NewEvent {
        stream: "organisation",
        id: log.id(log.first("OrganisationFounded")),
        event: "RoleEnded",
        fields,
        actor: administrator,
    };
    log.insert(at, new);
}

/// Somebody is invited to the group of a grant and joins it, before an event of the grant.
pub(super) fn insert_member(log: &mut LogLines, at: usize, person: &str) {
    let group = group_of(log, at);
    let actor = officers(log)[1].clone();
    let joined_on = log.day_before(at);
    let added = json!({ "person": person, "added_by": actor, "added_on": joined_on });
    let invited = json!({ "person": person, "invited_by": actor });
    for (event, fields) in [("MemberAdded", added), ("MemberInvited", invited)] {
        let new = NewEvent {
            stream: "group",
            id: group.clone(),
            event,
            fields,
            actor: actor.clone(),
        };
        log.insert(at, new);
    }
}

/// The acceptance that one member recorded for all who sign.
fn accepted_on_web(log: &LogLines) -> usize {
    log.first_where("AgreementAccepted", |fields| fields["method"] == "web")
}

/// A person signs the agreement with their own account, before it is accepted.
fn insert_signature(log: &mut LogLines, by: &str) {
    let at = accepted_on_web(log);
    let name = log.fields(at)["names"][0].clone();
    let fields = json!({ "hash": log.field(at, "hash"), "name": name, "by": by });
    insert_on(log, at, at, "AgreementSigned", fields);
}

fn agreements() -> Vec<Break> {
    use Rule as R;
    vec![
        broken(R::AgreementText, "a group accepted another text", |log| {
            let at = log.first("AgreementAccepted");
            log.set(at, "hash", "0".repeat(64));
        }),
        broken(
            R::AgreementText,
            "a text was issued that nobody published",
            |log| {
                let at = log.first("AgreementIssued");
                log.set(at, "hash", "0".repeat(64));
            },
        ),
        broken(R::AgreementSigners, "one person accepted for two", |log| {
            let at = log.first("AgreementAccepted");
            let name = log.fields(at)["names"][0].clone();
            log.set(at, "names", json!([name]));
        }),
        broken(
            R::AgreementSigners,
            "an offer asks one person to accept",
            |log| {
                log.set(log.first("GrantOffered"), "signers", 1);
            },
        ),
        broken(R::SignedForSelf, "an officer signed for a group", |log| {
            let [keying, _] = officers(log);
            insert_signature(log, &keying);
        }),
        broken(R::SignedForSelf, "a member signed twice", |log| {
            let member = log.actor(accepted_on_web(log));
            insert_signature(log, &member);
            insert_signature(log, &member);
        }),
        broken(
            R::SignedForSelf,
            "the names are not those that were signed",
            |log| {
                log.set(accepted_on_web(log), "method", "web_each");
            },
        ),
        broken(
            R::AgreementBeforePayment,
            "no agreement was accepted",
            |log| {
                let grant = log.id(log.first("PaymentPrepared"));
                for event in ["PaymentsScheduled", "UpdateRequested", "AgreementAccepted"] {
                    for at in log.all(event).into_iter().rev() {
                        if log.id(at) == grant {
                            log.remove(at);
                        }
                    }
                }
            },
        ),
        broken(R::AgreementBeforePayment, "the grant had ended", |log| {
            let ended = log.first("GrantTerminated");
            let later = log.next_of(ended, "RevocationProposed");
            log.copy_to(earlier_of(log, ended, "PaymentPrepared"), later);
            log.set(later, "payment", 3);
        }),
    ]
}

fn checks() -> Vec<Break> {
    use Rule as R;
    vec![
        broken(R::ChecksPassed, "a check did not pass", |log| {
            log.remove(log.first("CheckPassed"));
        }),
        broken(R::ChecksPassed, "a check was out of date", |log| {
            let passed = log.first("CheckPassed");
            let paid = log.next_of(passed, "PaymentPrepared");
            let day: jiff::civil::Date = log.field(paid, "prepared_on").parse().expect("a day");
            let yesterday = day.yesterday().expect("a day").to_string();
            for at in [passed, log.next_of(passed, "CheckPassed")] {
                log.set(at, "good_until", yesterday.as_str());
            }
        }),
        broken(R::ChecksPassed, "an offer has no checks", |log| {
            log.set(log.first("GrantOffered"), "checks", json!([]));
        }),
        broken(
            R::ChecksPassed,
            "a check was used that no grant passed",
            |log| {
                let at = log.first("CheckPassed");
                let fields = json!({
                    "check": log.field(at, "check"), "from": log.id(at), "good_until": "2030-01-01",
                });
                insert_on(log, at, at, "CheckReused", fields);
            },
        ),
        broken(
            R::CheckWaivedByTwo,
            "nobody had proposed the waiver",
            |log| {
                let at = log.first("CheckPassed");
                let [_, other] = officers(log);
                let fields = json!({ "check": log.field(at, "check"), "by": other });
                insert_on(log, at, at, "CheckWaived", fields);
            },
        ),
        broken(
            R::CheckWaivedByTwo,
            "one person proposed and waived",
            |log| {
                let at = log.first("CheckPassed");
                let [keying, _] = officers(log);
                let waived = json!({ "check": log.field(at, "check"), "by": keying });
                let mut proposed = waived.clone();
                proposed["reason"] = json!("They are known to us.");
                insert_on(log, at, at, "CheckWaived", waived);
                insert_on(log, at, at, "WaiverProposed", proposed);
            },
        ),
        broken(
            R::CheckWaivedByTwo,
            "a check was waived whose proposer was no officer any more",
            |log| {
                let (at, [keying, other]) = (log.first("CheckPassed"), officers(log));
                let waived = json!({ "check": log.field(at, "check"), "by": other });
                let mut proposed = waived.clone();
                proposed["by"] = json!(keying);
                proposed["reason"] = json!("They are known to us.");
                insert_on(log, at, at, "CheckWaived", waived);
                insert_role_end(log, at, &keying, "officer");
                insert_on(log, at + 1, at, "WaiverProposed", proposed);
            },
        ),
    ]
}

/// Bank details whose keyer was registered by an officer.
fn provided_by_registered(log: &LogLines) -> usize {
    log.first_where("PayeeProvided", |fields| fields["behind"].is_array())
}

fn payees() -> Vec<Break> {
    use Rule as R;
    vec![
        broken(R::PayeeByTwo, "one person entered and verified", |log| {
            let at = log.first("PayeeVerified");
            let keyed_by = log.field(earlier_of(log, at, "PayeeProvided"), "keyed_by");
            log.set(at, "verified_by", keyed_by.as_str());
            log.set_actor(at, &keyed_by);
        }),
        broken(R::PayeeByTwo, "the voucher of the keyer verified", |log| {
            let provided = provided_by_registered(log);
            let behind = log.fields(provided)["behind"][0].clone();
            let at = log.next_of(provided, "PayeeVerified");
            log.set(at, "verified_by", behind.clone());
            log.set_actor(at, behind.as_str().expect("a person"));
        }),
        broken(
            R::PayeeByTwo,
            "the voucher of the keyer is left out",
            |log| {
                log.set(provided_by_registered(log), "behind", json!([]));
            },
        ),
        broken(
            R::PayeeVerified,
            "nobody verified the bank details",
            |log| {
                let group = group_of(log, log.first("PaymentPrepared"));
                let verified = log.all("PayeeVerified").into_iter();
                let at = verified.filter(|at| log.id(*at) == group).max();
                log.remove(at.expect("a verification"));
            },
        ),
        broken(
            R::PayeeVerified,
            "a payment goes to other bank details",
            |log| {
                log.set(log.first("PaymentPrepared"), "payee", 2);
            },
        ),
        broken(
            R::PayeeVerified,
            "a payment goes to bank details from which the bank returned one",
            |log| {
                let failed = log.first("PaymentFailed");
                let prepared = earlier_of(log, failed, "PaymentPrepared");
                let number = log.fields(prepared)["payment"].as_u64().expect("a number") + 1;
                log.copy_to(prepared, failed + 1);
                log.set(failed + 1, "payment", number);
            },
        ),
    ]
}

fn connections() -> Vec<Break> {
    use Rule as R;
    vec![
        broken(R::Unconnected, "a member of the group prepared", |log| {
            let at = log.first("PaymentPrepared");
            let preparer = log.field(at, "prepared_by");
            insert_member(log, at, &preparer);
        }),
        broken(R::Unconnected, "the approver had an interest", |log| {
            let at = log.first("PaymentApproved");
            let (grant, approver) = (log.id(at), log.field(at, "approved_by"));
            log.copy_to(log.first("InterestDeclared"), at);
            log.edit(at, |event| {
                event["id"] = json!(grant);
                event["metadata"]["roles"] = json!("finance");
            });
            log.set(at, "by", approver.as_str());
            log.set_actor(at, &approver);
        }),
    ]
}

/// Changes who approved the first payment.
fn approve_by(log: &mut LogLines, person: &str) {
    let at = log.first("PaymentApproved");
    log.set(at, "approved_by", person);
    log.set_actor(at, person);
}

/// Changes the amount that an event takes from its first source.
fn set_amount(log: &mut LogLines, at: usize, amount: &str) {
    let mut sources = log.fields(at)["sources"].clone();
    sources[0]["amount"] = json!(amount);
    log.set(at, "sources", sources);
}

fn payments() -> Vec<Break> {
    use Rule as R;
    vec![
        broken(R::PaymentByTwo, "one person prepared and approved", |log| {
            let preparer = log.field(log.first("PaymentPrepared"), "prepared_by");
            approve_by(log, &preparer);
        }),
        broken(R::PaymentByTwo, "nobody approved", |log| {
            log.remove(log.first("PaymentApproved"));
        }),
        broken(R::PaymentByTwo, "a payment needs one person", |log| {
            log.set(log.first("PaymentPrepared"), "eyes", 1);
        }),
        broken(R::PaymentByFinance, "an officer approved", |log| {
            let [_, other] = officers(log);
            approve_by(log, &other);
        }),
        broken(
            R::PaymentOrder,
            "the money left before it was approved",
            |log| {
                let sent = log.first("PaymentSent");
                let day = log.field(earlier_of(log, sent, "PaymentPrepared"), "prepared_on");
                log.set(sent, "sent_on", day);
            },
        ),
        broken(
            R::PaymentOrder,
            "the bank confirmed what was not sent",
            |log| {
                log.remove(log.first("PaymentSent"));
            },
        ),
        broken(R::PaymentOrder, "two payments have one number", |log| {
            let second = log.first_where("PaymentPrepared", |fields| fields["payment"] == 2);
            log.set(second, "payment", 1);
        }),
        broken(R::PaymentOrder, "a payment was sent twice", |log| {
            let confirmed = log.first("PaymentConfirmed");
            log.copy_to(earlier_of(log, confirmed, "PaymentSent"), confirmed);
        }),
        broken(R::PaymentAmount, "less was sent than was prepared", |log| {
            let sent = log.first("PaymentSent");
            set_amount(log, sent, "1.00");
        }),
        broken(
            R::PaymentAmount,
            "more was prepared than was awarded",
            |log| {
                let at = log.first("PaymentPrepared");
                set_amount(log, at, "9000.00");
                log.set(at, "amount", "9000.00");
            },
        ),
        broken(R::PaymentAmount, "the sources are not the amount", |log| {
            let at = log.first("PaymentPrepared");
            log.set(at, "amount", "1.00");
        }),
        broken(
            R::PaymentAmount,
            "a part of a failed payment came back",
            |log| {
                let at = log.first("PaymentFailed");
                set_amount(log, at, "1.00");
            },
        ),
    ]
}

/// Puts the first payment's grant on hold before an event of the payment.
fn hold_before(log: &mut LogLines, event: &str) {
    let at = log.first(event);
    let day = log.day_before(at);
    let fields = json!({ "reason": "The treasurer has left.", "held_on": day });
    insert_on(log, at, at, "GrantHeld", fields);
}

fn holds_and_waits() -> Vec<Break> {
    use Rule as R;
    vec![
        broken(R::NotOnHold, "a payment was approved on hold", |log| {
            hold_before(log, "PaymentApproved");
        }),
        broken(R::NotOnHold, "a payment was sent on hold", |log| {
            hold_before(log, "PaymentSent");
        }),
        broken(
            R::PaymentWaits,
            "money left when somebody had joined",
            |log| {
                let sent = log.first("PaymentSent");
                let last = log.all("PayeeProvided").into_iter().max();
                let stranger = log.field(last.expect("bank details"), "keyed_by");
                insert_member(log, sent, &stranger);
            },
        ),
        broken(
            R::PaymentWaits,
            "one person let a payment leave early",
            |log| {
                let sent = log.first("PaymentSent");
                let confirmed = json!({
                    "payment": log.fields(sent)["payment"], "until": log.field(sent, "sent_on"),
                    "mark": { "group": 1, "addresses": 0 }, "by": approver(log),
                });
                let mut proposed = confirmed.clone();
                proposed["reason"] = json!("The hall must be paid.");
                insert_on(log, sent, sent, "EarlyPaymentConfirmed", confirmed);
                insert_on(log, sent, sent, "EarlyPaymentProposed", proposed);
            },
        ),
    ]
}

/// Gives up the money that was proposed to be given up.
fn waive_return(log: &mut LogLines, amount: &str, by: &str) {
    let proposed = log.first("ReturnWaiverProposed");
    let fields = json!({ "owed": log.field(proposed, "owed"), "amount": amount, "by": by });
    insert_on(log, proposed, proposed + 1, "ReturnWaived", fields);
}

/// An entry of the bank is proposed to count so much, and settled with nothing.
fn settle_entry(log: &mut LogLines, counts: &str, by: &str) {
    let grant = log.first("ReturnWaiverProposed");
    let ([keying, _], day) = (officers(log), log.day_before(grant + 1));
    let details = json!({
        "amount": "10.00", "payment": null, "happened_on": day, "owed": "underspend",
    });
    let recorded = json!({
        "entry": 1, "kind": "came_in", "details": details, "note": null, "by": approver(log),
    });
    let proposed = json!({
        "entry": 1, "counts": counts, "reason": "A gift, by mistake.", "by": keying,
    });
    let settled = json!({
        "entry": 1, "sources": [], "satisfied": {}, "happened_on": day, "by": by,
    });
    insert_on(log, grant, grant + 1, "EntrySettled", settled);
    insert_on(log, grant, grant + 1, "SettlementProposed", proposed);
    insert_on(log, grant, grant + 1, "EntryUnsettled", recorded);
}

fn returns() -> Vec<Break> {
    use Rule as R;
    vec![
        broken(R::ReturnCovered, "more came back than was paid", |log| {
            let at = log.first("ReturnReceived");
            set_amount(log, at, "9000.00");
        }),
        broken(
            R::ReturnCovered,
            "a return settles more than it is",
            |log| {
                let at = log.first("ReturnReceived");
                log.set(at, "satisfied", json!({ "underspend": "900.00" }));
            },
        ),
        broken(
            R::ReturnCovered,
            "more was asked back than was paid",
            |log| {
                log.set(log.first("ClawbackDemanded"), "amount", "9000.00");
            },
        ),
        broken(
            R::ReturnWaivedByTwo,
            "one person proposed and gave up",
            |log| {
                let at = log.first("ReturnWaiverProposed");
                let (amount, by) = (log.field(at, "amount"), log.field(at, "by"));
                waive_return(log, &amount, &by);
            },
        ),
        broken(
            R::ReturnWaivedByTwo,
            "money was given up whose proposer had lost the role",
            |log| {
                let proposed = log.first("ReturnWaiverProposed");
                let (amount, by) = (log.field(proposed, "amount"), log.field(proposed, "by"));
                let other = officers(log).into_iter().find(|one| *one != by);
                waive_return(log, &amount, &other.expect("another officer"));
                for role in ["officer", "finance"] {
                    insert_role_end(log, proposed + 1, &by, role);
                }
            },
        ),
        broken(R::ReturnWaivedByTwo, "another amount was given up", |log| {
            let by = approver(log);
            waive_return(log, "20.00", &by);
        }),
        broken(
            R::EntrySettledByTwo,
            "one person proposed and settled",
            |log| {
                let [keying, _] = officers(log);
                settle_entry(log, "0.00", &keying);
            },
        ),
        broken(R::EntrySettledByTwo, "another amount counts", |log| {
            let by = approver(log);
            settle_entry(log, "5.00", &by);
        }),
    ]
}

fn closings() -> Vec<Break> {
    use Rule as R;
    vec![
        broken(
            R::ClosedInOrder,
            "the final update was not accepted",
            |log| {
                let closed = log.first("GrantClosed");
                log.remove(earlier_of(log, closed, "UpdateAccepted"));
            },
        ),
        broken(
            R::ClosedInOrder,
            "a grant was closed and kept what was not paid",
            |log| {
                let grant = log.id(log.first("GrantClosed"));
                for event in ["Confirmed", "Sent", "Approved", "Prepared"] {
                    for at in log.all(&format!("Payment{event}")).into_iter().rev() {
                        if log.id(at) == grant && log.fields(at)["payment"] == 2 {
                            log.remove(at);
                        }
                    }
                }
            },
        ),
        broken(R::ClosedInOrder, "money was due back", |log| {
            let due = log.first("ReturnWaiverProposed");
            insert_on(log, due, due + 1, "GrantClosed", json!({ "released": [] }));
        }),
    ]
}
