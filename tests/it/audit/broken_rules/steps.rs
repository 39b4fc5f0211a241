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
        broken("two groups were merged into each other", |log| {
            let [at, first, second] = two_groups(log);
            merge_all(log, at, &[(first, second), (second, first)]);
        }),
        broken("a group was merged into itself", |log| {
            let [at, group, _] = two_groups(log);
            merge_all(log, at, &[(group, group)]);
        }),
        broken("three groups were merged in a circle", |log| {
            let [at, first, second] = two_groups(log);
            let third = log
                .all("GroupRegistered")
                .into_iter()
                .nth(2)
                .expect("a third group");
            merge_all(log, at, &[(first, second), (second, third), (third, first)]);
        }),
        broken(
            "a group was merged into one that did not take it in",
            |log| {
                let [at, first, second] = two_groups(log);
                merge_all(log, at, &[(first, second)]);
                log.remove(at + 1);
            },
        ),
        broken("a group took in another one that was not merged", |log| {
            let [at, first, second] = two_groups(log);
            merge_all(log, at, &[(first, second)]);
            log.remove(at);
        }),
        broken("a gathering grew from itself", |log| {
            let at = log.first("GatheringPlanned");
            log.set(at, "grew_from", log.id(at));
        }),
        broken("a hold ended that had not begun", |log| {
            let officer = log.holders("officer").swap_remove(0);
            put_after_acceptance(log, "GrantResumed", &officer);
        }),
    ]
}

/// The place between two commands after all groups were registered, and those where the first two
/// were.
fn two_groups(log: &LogLines) -> [usize; 3] {
    let all = log.all("GroupRegistered");
    let mut at = all[all.len() - 1] + 1;
    while log.command(at) == log.command(at - 1) {
        at += 1;
    }
    [at, all[0], all[1]]
}

/// Puts in mergers of groups, each named by the place of its registration, which is before.
fn merge_all(log: &mut LogLines, at: usize, mergers: &[(usize, usize)]) {
    let officer = log.holders("officer").swap_remove(0);
    for (group, into) in mergers.iter().rev() {
        let (group, into) = (log.id(*group), log.id(*into));
        log.insert_merger(at, &group, &into, &officer);
    }
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
