//! Breaks of the rules about the letters of offers, and about steps that follow a decision.

use microgrants::domain::Rule;
use serde_json::{Value, json};

use super::{Break, LogLines, NewEvent};

/// A day after all days of the seeds.
const LATER: &str = "2099-01-01";

pub fn breaks() -> Vec<Break> {
    [of_offers(), of_instalments(), of_take_backs(), of_reviews()].concat()
}

fn broken(rule: Rule, says: &'static str, edit: fn(&mut LogLines)) -> Break {
    Break { rule, says, edit }
}

/// Puts an event in, on the record of another event.
fn put(
    log: &mut LogLines,
    at: usize,
    (stream, id): (&'static str, &str),
    event: &'static str,
    (actor, fields): (&str, Value),
) {
    let (id, actor) = (id.to_owned(), actor.to_owned());
    let new = NewEvent {
        stream,
        id,
        event,
        fields,
        actor,
    };
    log.insert(at, new);
}

/// The place of the first event with this name on a record.
fn first_on(log: &LogLines, event: &str, id: &str) -> usize {
    let mut all = log.all(event).into_iter();
    let found = all.find(|at| log.id(*at) == id);
    found.unwrap_or_else(|| panic!("no {event} on {id}"))
}

fn of_offers() -> Vec<Break> {
    vec![
        broken(Rule::LettersInOrder, "an offer was sent twice", |log| {
            let at = log.first("OfferSent");
            log.copy_to(at, at + 1);
        }),
        broken(
            Rule::LettersInOrder,
            "a group had no day to accept an offer",
            |log| log.set(log.first("OfferSent"), "expires_on", "2026-01-01"),
        ),
        broken(
            Rule::LettersInOrder,
            "a group accepted an offer that was not sent",
            |log| {
                let grant = log.id(log.first("AgreementAccepted"));
                log.remove(first_on(log, "OfferSent", &grant));
            },
        ),
        broken(
            Rule::LettersInOrder,
            "a group accepted an offer after its last day",
            |log| {
                let mut at = log.first("AgreementAccepted");
                let command = log.command(at);
                while log.command(at - 1) == command {
                    at -= 1;
                }
                while log.command(at) == command {
                    log.edit(at, |event| {
                        event["metadata"]["decided_at"] = json!("2099-01-01T12:00:00Z");
                    });
                    at += 1;
                }
            },
        ),
        broken(
            Rule::LettersInOrder,
            "a letter was moved after its offer was sent",
            |log| {
                let at = log.first("OfferSent");
                let (grant, actor) = (log.id(at), log.actor(at));
                let fields = json!({ "letters_on": LATER, "expires_on": "2099-12-31" });
                let of = ("grant", grant.as_str());
                put(log, at + 1, of, "LetterMoved", (actor.as_str(), fields));
            },
        ),
        broken(
            Rule::LettersInOrder,
            "the letter of an offer was held until a day that had come",
            |log| {
                let at = log.first("Awarded");
                let (grant, day) = (log.id(at), log.day_before(at));
                let offered = first_on(log, "GrantOffered", &grant);
                log.set(at, "letter", json!({ "met_on": day, "letters_on": day }));
                log.set(offered, "letters_on", day);
            },
        ),
    ]
}

fn of_instalments() -> Vec<Break> {
    vec![broken(
        Rule::ChecksPassed,
        "a payment of an instalment was prepared before its day",
        |log| {
            let at = log.first("PaymentPrepared");
            let (grant, actor) = (log.id(at), log.actor(at));
            let instalment = json!({
                "amount": log.field(at, "amount"),
                "released": { "from_day": { "day": LATER } },
            });
            let fields = json!({ "first": 90, "instalments": [instalment] });
            log.set(at, "instalment", 90);
            let of = ("grant", grant.as_str());
            put(log, at, of, "PaymentsScheduled", (actor.as_str(), fields));
        },
    )]
}

fn of_take_backs() -> Vec<Break> {
    vec![broken(
        Rule::TakenBackInTime,
        "an award was taken back whose offer was sent",
        |log| {
            let sent = log.first("OfferSent");
            let (grant, actor) = (log.id(sent), log.actor(sent));
            let awarded = first_on(log, "Awarded", &grant);
            let (recorder, offered) = (log.actor(awarded), first_on(log, "GrantOffered", &grant));
            let letter = json!({ "met_on": "2026-01-01", "letters_on": LATER });
            log.set(awarded, "letter", letter);
            log.set(offered, "letters_on", LATER);
            log.set(offered, "expires_on", "2099-12-31");
            let taken_back = json!({
                "decision": "award", "reason": "The money is needed elsewhere.",
                "sitting": {
                    "present": [recorder], "withdrew": [], "recorded_by": recorder, "quorum": 1,
                },
            });
            let of = ("application", grant.as_str());
            let by = (recorder.as_str(), taken_back);
            put(log, sent + 1, of, "DecisionTakenBack", by);
            let of = ("grant", grant.as_str());
            put(log, sent, of, "LetterReleased", (actor.as_str(), json!({})));
        },
    )]
}

/// Changes who decided the first review.
fn review_by(log: &mut LogLines, person: &str) {
    let at = log.first("ReviewDecided");
    log.set(at, "by", person);
    log.set_actor(at, person);
}

fn of_reviews() -> Vec<Break> {
    vec![
        broken(
            Rule::Unconnected,
            "a person with an interest confirmed a revocation",
            |log| {
                let at = log.first("RevocationConfirmed");
                let (id, by) = (log.id(at), log.actor(at));
                let interest = json!({ "kind": "family", "note": "My cousin runs the group." });
                let fields = json!({ "by": by, "interest": interest });
                let of = ("application", id.as_str());
                put(log, at, of, "InterestDeclared", (by.as_str(), fields));
            },
        ),
        broken(
            Rule::DeclaredBeforeScore,
            "an officer set the score of a panel member aside",
            |log| {
                let at = log.first("ScoreGiven");
                let (id, officer) = (log.id(at), log.holders("officer").swap_remove(0));
                let fields = json!({
                    "of": log.field(at, "by"), "reason": "It is too low.", "by": officer,
                });
                let of = ("application", id.as_str());
                put(log, at + 1, of, "ScoreSetAside", (officer.as_str(), fields));
            },
        ),
        broken(
            Rule::ReviewByAnother,
            "a person reviewed a decision that they had taken",
            |log| {
                let application = log.id(log.first("ReviewDecided"));
                let recorder = log.actor(first_on(log, "Declined", &application));
                review_by(log, &recorder);
            },
        ),
        broken(
            Rule::ReviewByAnother,
            "a person reviewed who had not declared that they have no interest",
            |log| {
                let administrator = log.holders("administrator").swap_remove(0);
                review_by(log, &administrator);
            },
        ),
    ]
}
