//! Breaks of the days of rounds.

use microgrants::domain::Rule;
use serde_json::json;

use super::{Break, LogLines, NewEvent};

/// A day before, and one after all days of the seeds.
const EARLIER: &str = "2001-01-01";
const LATER: &str = "2099-01-01";

pub fn breaks() -> Vec<Break> {
    vec![
        broken(
            "an application was started after its round was over",
            |log| {
                let round = round_of_first(log);
                log.set(round, "opens_on", EARLIER);
                log.set(round, "closes_on", EARLIER);
            },
        ),
        broken("an application was started before its round began", |log| {
            let round = round_of_first(log);
            log.set(round, "opens_on", LATER);
            log.set(round, "closes_on", LATER);
        }),
        broken(
            "an application was received before its round began",
            |log| {
                log.set(log.first("ApplicationSubmitted"), "received_on", EARLIER);
            },
        ),
        broken("an application was sent after its round was over", |log| {
            let at = sent_on_a_later_day(log);
            let day = end_round_on_its_start(log, at);
            log.set(at, "received_on", day);
        }),
        broken("a round was closed before its last day was over", |log| {
            let round = round_before(log, log.first("RoundClosed"));
            log.set(round, "closes_on", LATER);
        }),
        broken("a round was extended to an earlier day", |log| {
            let at = log.first("RoundClosed");
            let (fund, key) = (log.id(at), log.field(at, "round"));
            let fields = json!({ "round": key, "closes_on": EARLIER });
            put(log, at, ("fund", &fund), "RoundExtended", &fields);
        }),
        broken("a draft lapsed on a day of its round", |log| {
            let at = log.first("ApplicationSubmitted");
            let application = log.id(at);
            put(
                log,
                at,
                ("application", &application),
                "ApplicationLapsed",
                &json!({}),
            );
        }),
        broken("a draft came back after its round was over", |log| {
            let at = sent_on_a_later_day(log);
            end_round_on_its_start(log, at);
            let application = log.id(at);
            for event in ["DraftReopened", "ApplicationLapsed"] {
                let of = ("application", application.as_str());
                put(log, at, of, event, &json!({}));
            }
        }),
        broken("changes came after the day that was set for them", |log| {
            let again = log.first("ApplicationResubmitted");
            let application = log.id(again);
            let requested = log.all("ChangesRequested").into_iter();
            let own = requested.filter(|at| log.id(*at) == application && *at < again);
            for at in own.collect::<Vec<_>>() {
                log.set(at, "due_on", EARLIER);
            }
        }),
    ]
}

fn broken(says: &'static str, edit: fn(&mut LogLines)) -> Break {
    Break {
        rule: Rule::FundOpen,
        says,
        edit,
    }
}

/// The place where the round of the first application was planned.
fn round_of_first(log: &LogLines) -> usize {
    let started = log.first("ApplicationStarted");
    let (fund, round) = (log.field(started, "fund"), log.field(started, "round"));
    planned(log, &fund, &round)
}

/// The place where the round of an event of its fund was planned.
fn round_before(log: &LogLines, at: usize) -> usize {
    planned(log, &log.id(at), &log.field(at, "round"))
}

fn planned(log: &LogLines, fund: &str, round: &str) -> usize {
    let mut all = log.all("RoundPlanned").into_iter();
    all.find(|at| log.id(*at) == fund && log.field(*at, "round") == round)
        .expect("a round")
}

/// The place where an application started.
fn start_of(log: &LogLines, at: usize) -> usize {
    let mut all = log.all("ApplicationStarted").into_iter();
    all.find(|started| log.id(*started) == log.id(at))
        .expect("a start")
}

/// The place of an application that was sent on the web, on a later day than it started.
fn sent_on_a_later_day(log: &LogLines) -> usize {
    let mut all = log.all("ApplicationSubmitted").into_iter();
    all.find(|at| {
        let started_on = log.field(start_of(log, *at), "started_on");
        log.field(*at, "channel") == "web" && log.day_before(*at) > started_on
    })
    .expect("an application that took days")
}

/// Ends the round of an application on the day on which that was started. Returns the day.
fn end_round_on_its_start(log: &mut LogLines, at: usize) -> String {
    let started = start_of(log, at);
    let (fund, round) = (log.field(started, "fund"), log.field(started, "round"));
    let day = log.field(started, "started_on");
    let place = planned(log, &fund, &round);
    log.set(place, "closes_on", day.as_str());
    day
}

/// Puts an event of a job in, on a record.
fn put(
    log: &mut LogLines,
    at: usize,
    (stream, id): (&'static str, &str),
    event: &'static str,
    fields: &serde_json::Value,
) {
    let new = NewEvent {
        stream,
        id: id.to_owned(),
        event,
        fields: fields.clone(),
        actor: "job".to_owned(),
    };
    log.insert(at, new);
}
