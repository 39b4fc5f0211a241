//! Breaks of the order of steps: an event that the state of its record does not allow.

use microgrants::domain::Rule;
use serde_json::json;

use super::{Break, LogLines, NewEvent};

pub fn breaks() -> Vec<Break> {
    vec![
        broken("an organisation was founded twice", |log| {
            let at = log.first("OrganisationFounded");
            log.copy_to(at, log.first("FundPaused"));
        }),
        broken("a fund opened twice", |log| {
            let at = log.first("FundOpened");
            log.copy_to(at, at + 1);
        }),
        broken("a round was closed that nobody had planned", |log| {
            log.set(log.first("RoundClosed"), "round", "winter-1999");
        }),
        broken("an application was sent twice", |log| {
            let at = log.first("ApplicationSubmitted");
            log.copy_to(at, at + 1);
        }),
        broken("an update was accepted that nobody had received", |log| {
            let accepted = log.first("UpdateAccepted");
            let (grant, update) = (log.id(accepted), log.fields(accepted)["update"].clone());
            let mut received = log.all("UpdateReceived").into_iter();
            let own = |at: &usize| log.id(*at) == grant && log.fields(*at)["update"] == update;
            let at = received.find(own).expect("an update");
            log.remove(at);
        }),
        broken("an offer lapsed that the group had accepted", |log| {
            put_after_acceptance(log, "OfferLapsed", "job");
        }),
        broken("a hold ended that had not begun", |log| {
            let officer = log.holders("officer").swap_remove(0);
            put_after_acceptance(log, "GrantResumed", &officer);
        }),
    ]
}

/// Puts an event without fields after the first agreement that a group accepted.
fn put_after_acceptance(log: &mut LogLines, event: &'static str, actor: &str) {
    let at = log.first("AgreementAccepted");
    let new = NewEvent {
        stream: "grant",
        id: log.id(at),
        event,
        fields: json!({}),
        actor: actor.to_owned(),
    };
    log.insert(at + 1, new);
}

fn broken(says: &'static str, edit: fn(&mut LogLines)) -> Break {
    Break {
        rule: Rule::StepsInOrder,
        says,
        edit,
    }
}
