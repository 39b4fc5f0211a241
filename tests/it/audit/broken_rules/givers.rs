//! Events that somebody gives who may not, and who claims no role; and ends of an award that come
//! without their cause.

use microgrants::domain::Rule;
use serde_json::{Value, json};

use super::{Break, LogLines, NewEvent};

pub fn breaks() -> Vec<Break> {
    [
        of_offers(),
        of_people(),
        of_office(),
        of_grants(),
        of_services(),
    ]
    .concat()
}

fn broken(says: &'static str, edit: fn(&mut LogLines)) -> Break {
    broken_rule(Rule::ActorAllowed, says, edit)
}

fn broken_rule(rule: Rule, says: &'static str, edit: fn(&mut LogLines)) -> Break {
    Break { rule, says, edit }
}

/// A person without a role, who is a member of another group.
fn stranger(log: &LogLines) -> String {
    let joined = log.all("MemberAdded").pop().expect("a member");
    log.field(joined, "person")
}

fn auditor(log: &LogLines) -> String {
    log.holders("auditor").swap_remove(0)
}

/// The place of the first event with this name on a record.
fn first_on(log: &LogLines, event: &str, id: &str) -> usize {
    let mut all = log.all(event).into_iter();
    let found = all.find(|at| log.id(*at) == id);
    found.unwrap_or_else(|| panic!("no {event} on {id}"))
}

/// A member of the group of a grant.
fn member_of(log: &LogLines, grant: &str) -> String {
    let group = log.field(first_on(log, "GrantOffered", grant), "group");
    log.field(first_on(log, "MemberAdded", &group), "person")
}

/// Changes who gave the first event with this name. They claim no role.
fn give(log: &mut LogLines, event: &str, actor: &str) {
    let at = log.first(event);
    for name in ["by", "prepared_by"] {
        if log.fields(at)[name].is_string() {
            log.set(at, name, actor);
        }
    }
    log.set_giver(at, actor);
}

/// Puts an event in. Its actor claims no role.
fn put(
    log: &mut LogLines,
    at: usize,
    (stream, id): (&'static str, String),
    event: &'static str,
    actor: &str,
    fields: Value,
) {
    let new = NewEvent {
        stream,
        id,
        event,
        fields,
        actor: actor.to_owned(),
    };
    log.insert(at, new);
}

/// Puts an event on the grant of another event in, before that.
fn put_on_grant(log: &mut LogLines, at: usize, event: &'static str, actor: &str, fields: Value) {
    let id = log.id(at);
    put(log, at, ("grant", id), event, actor, fields);
}

/// Puts in that somebody took back the commitment for the first offer that was declined.
fn take_commitment_back(log: &mut LogLines, actor: &str) {
    let at = log.first("OfferDeclined");
    let grant = log.id(at);
    let committed = log.first_where("Committed", |fields| fields["grant"] == grant);
    let (fund, sources) = (log.id(committed), log.fields(committed)["sources"].clone());
    let fields = json!({ "grant": grant, "sources": sources });
    let of = ("fund", fund);
    put(log, at, of, "CommitmentTakenBack", actor, fields);
}

fn of_offers() -> Vec<Break> {
    vec![
        broken("a stranger declined an offer", |log| {
            let by = stranger(log);
            give(log, "OfferDeclined", &by);
        }),
        broken("a stranger let an offer lapse", |log| {
            let by = stranger(log);
            give(log, "OfferLapsed", &by);
        }),
        broken_rule(
            Rule::LapsedAfterLastDay,
            "an offer lapsed before its last day",
            |log| {
                let grant = log.id(log.first("OfferLapsed"));
                let sent = first_on(log, "OfferSent", &grant);
                log.set(sent, "expires_on", "2099-01-01");
            },
        ),
        broken("a member of the group took its award back", |log| {
            let at = log.first("OfferDeclined");
            let by = member_of(log, &log.id(at));
            put_on_grant(log, at, "AwardTakenBack", &by, json!({}));
        }),
        broken("a stranger took a commitment back", |log| {
            let by = stranger(log);
            take_commitment_back(log, &by);
        }),
        broken_rule(
            Rule::TakenBackInTime,
            "the panel took an award back without its decision",
            |log| {
                let by = log.actor(log.first("Awarded"));
                let at = log.first("OfferDeclined");
                put_on_grant(log, at, "AwardTakenBack", &by, json!({}));
            },
        ),
        broken_rule(
            Rule::TakenBackInTime,
            "the panel took a commitment back without the decision",
            |log| {
                let by = log.actor(log.first("Awarded"));
                take_commitment_back(log, &by);
            },
        ),
    ]
}

fn of_people() -> Vec<Break> {
    vec![
        broken("a stranger ended the role of a finance person", |log| {
            let by = stranger(log);
            let organisation = log.id(log.first("OrganisationFounded"));
            let at = log.first("FundPaused");
            let fields = json!({ "person": log.holders("finance")[0], "role": "finance" });
            let of = ("organisation", organisation);
            put(log, at, of, "RoleEnded", &by, fields);
        }),
        broken("a stranger erased a person", |log| {
            let by = stranger(log);
            give(log, "PersonalDataErased", &by);
        }),
        broken("a person asked to erase another", |log| {
            let by = stranger(log);
            give(log, "ErasureRequested", &by);
        }),
        broken("a member of one group joined a friend to another", |log| {
            let at = log.all("MemberAdded")[0];
            let by = stranger(log);
            log.set_giver(at, &by);
        }),
    ]
}

fn of_office() -> Vec<Break> {
    vec![
        broken("a stranger published an agreement", |log| {
            let by = stranger(log);
            give(log, "AgreementPublished", &by);
        }),
        broken("a stranger opened a fund", |log| {
            let by = stranger(log);
            give(log, "FundOpened", &by);
        }),
        broken("a stranger paused a fund", |log| {
            let by = stranger(log);
            give(log, "FundPaused", &by);
        }),
        broken("an officer recorded money from a funder", |log| {
            let by = log.actor(log.first("EligibilityConfirmed"));
            give(log, "FundingAllocated", &by);
        }),
        broken("a stranger gave money back to a funder", |log| {
            let (by, given) = (stranger(log), log.first("FundingAllocated"));
            let of = ("fund", log.id(given));
            let fields = json!({
                "source": log.fields(given)["source"], "amount": "1.00",
                "reason": "The funder wants it back.", "withdrawn_on": "2026-01-15",
            });
            let at = log.first("FundPaused");
            put(log, at, of, "FundingWithdrawn", &by, fields);
        }),
        broken("a stranger found an application eligible", |log| {
            let by = stranger(log);
            give(log, "EligibilityConfirmed", &by);
        }),
    ]
}

fn of_grants() -> Vec<Break> {
    vec![
        broken("a stranger sent a payment", |log| {
            let by = stranger(log);
            give(log, "PaymentSent", &by);
        }),
        broken("the auditor prepared a payment", |log| {
            let by = auditor(log);
            give(log, "PaymentPrepared", &by);
        }),
        broken("the auditor proposed to send a payment early", |log| {
            let (by, at) = (auditor(log), log.first("PaymentSent"));
            let fields = json!({
                "payment": log.fields(at)["payment"], "until": "2026-11-20",
                "mark": { "group": 1, "addresses": 0 }, "reason": "The hall must be paid.",
                "by": by,
            });
            put_on_grant(log, at, "EarlyPaymentProposed", &by, fields);
        }),
        broken("a stranger ended the hold of a grant", |log| {
            let (by, held) = (stranger(log), log.first("GrantHeld"));
            let of = ("grant", log.id(held));
            put(log, held + 1, of, "GrantResumed", &by, json!({}));
        }),
        broken("a group accepted its own update", |log| {
            let grant = log.id(log.first("UpdateAccepted"));
            let by = member_of(log, &grant);
            give(log, "UpdateAccepted", &by);
        }),
        broken("the auditor gave up money that is due back", |log| {
            let (by, proposed) = (auditor(log), log.first("ReturnWaiverProposed"));
            let fields = json!({
                "owed": log.field(proposed, "owed"), "amount": log.field(proposed, "amount"),
                "by": by,
            });
            let of = ("grant", log.id(proposed));
            put(log, proposed + 1, of, "ReturnWaived", &by, fields);
        }),
        broken("a group proposed to waive its own check", |log| {
            let at = log.first("CheckPassed");
            let by = member_of(log, &log.id(at));
            let fields = json!({
                "check": log.field(at, "check"), "reason": "You know us.", "by": by,
            });
            put_on_grant(log, at, "WaiverProposed", &by, fields);
        }),
        broken("the auditor waived a check", |log| {
            let (by, at) = (auditor(log), log.first("CheckPassed"));
            let fields = json!({ "check": log.field(at, "check"), "by": by });
            put_on_grant(log, at, "CheckWaived", &by, fields);
        }),
    ]
}

fn of_services() -> Vec<Break> {
    vec![
        broken("a job confirmed a payment", |log| {
            give(log, "PaymentConfirmed", "job");
        }),
        broken("the operator recorded an award", |log| {
            log.set_giver(log.first("Awarded"), "operator");
        }),
        broken("a person said that they had proven an address", |log| {
            let at = log.first("AddressProven");
            let person = log.id(at);
            log.set_giver(at, &person);
        }),
    ]
}
