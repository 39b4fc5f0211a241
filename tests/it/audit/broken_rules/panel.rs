//! Breaks of the rules about applications, the panel's decisions and changes of grants.

use std::ops::Range;

use microgrants::domain::Rule;
use serde_json::{Value, json};

use super::{Break, LogLines, NewEvent};

pub fn breaks() -> Vec<Break> {
    [
        of_applications(),
        of_themes(),
        of_people_who_decide(),
        of_quorums(),
        of_awards(),
        of_take_backs(),
        of_changes(),
        of_revocations(),
    ]
    .concat()
}

fn broken(rule: Rule, says: &'static str, edit: fn(&mut LogLines)) -> Break {
    Break { rule, says, edit }
}

/// Puts an event on the record of another event in.
fn put(log: &mut LogLines, at: usize, of: usize, event: &'static str, actor: &str, fields: Value) {
    let stream = match event {
        "CommitmentIncreased" => "fund",
        "DecisionTakenBack" | "EligibilityTakenBack" | "InterestDeclared" | "ScoreSetAside" => {
            "application"
        }
        _ => "grant",
    };
    let (id, actor) = (log.id(of), actor.to_owned());
    let new = NewEvent {
        stream,
        id,
        event,
        fields,
        actor,
    };
    log.insert(at, new);
}

/// Makes one command of some events.
fn make_one_command(log: &mut LogLines, places: Range<usize>) {
    let command = json!("00000000-0000-4000-8000-0000000000aa");
    for at in places {
        log.edit(at, |event| {
            event["command_id"] = command.clone();
            for name in ["causation_id", "command_id", "correlation_id"] {
                event["metadata"][name] = command.clone();
            }
        });
    }
}

/// The first event with this name on a record.
fn first_on(log: &LogLines, event: &str, id: &str) -> usize {
    let all = log.all(event).into_iter();
    let mut own = all.filter(|at| log.id(*at) == id);
    own.next().unwrap_or_else(|| panic!("no {event} on {id}"))
}

/// Changes a field of the sitting of an event.
fn set_sitting(log: &mut LogLines, event: &str, name: &str, value: &Value) {
    let at = log.first(event);
    log.edit(at, |line| {
        line["payload"][event]["sitting"][name] = value.clone();
    });
}

/// Who recorded a decision, and another person who was present.
fn recorder_and_other(log: &LogLines, at: usize) -> [String; 2] {
    let recorder = log.actor(at);
    let present = log.fields(at)["sitting"]["present"].as_array();
    let mut others = present.into_iter().flatten().filter_map(Value::as_str);
    let other = others.find(|person| *person != recorder);
    [recorder.clone(), other.expect("two people").to_owned()]
}

fn officer(log: &LogLines) -> String {
    log.field(log.first("EligibilityConfirmed"), "by")
}

fn of_themes() -> Vec<Break> {
    vec![
        broken(
            Rule::ThemeAdopted,
            "the answers name a theme that was not adopted",
            |log| {
                let at = log.first_where("AnswersSaved", |fields| !fields["activity"].is_null());
                log.set(at, "activity", json!("fishing"));
            },
        ),
        broken(
            Rule::ThemeAdopted,
            "a grant is offered with another theme than its application has",
            |log| {
                let at = log.first_where("GrantOffered", |fields| fields["theme"] != "arts");
                log.set(at, "theme", json!("arts"));
            },
        ),
        broken(
            Rule::ThemeAdopted,
            "a grant is offered without the theme of its application",
            |log| {
                let at = log.first("GrantOffered");
                log.set(at, "theme", json!(null));
            },
        ),
    ]
}

fn of_applications() -> Vec<Break> {
    vec![
        broken(
            Rule::ApplicationReachable,
            "the group could be reached in another way than the application says",
            |log| {
                let at = log.first("ApplicationSubmitted");
                log.set(at, "reached_by", json!(["post"]));
            },
        ),
        broken(
            Rule::ApplicationReachable,
            "an application was submitted, and nobody in the group could be reached",
            |log| {
                let at = log.all("ApplicationSubmitted")[1];
                log.set(at, "reached_by", json!([]));
            },
        ),
        broken(
            Rule::EligibleFirst,
            "an application was scored that nobody had found eligible",
            |log| {
                let id = log.id(log.first("ScoreGiven"));
                log.remove(first_on(log, "EligibilityConfirmed", &id));
            },
        ),
        broken(
            Rule::EligibleFirst,
            "an application was declined twice",
            |log| {
                let at = log.first("Declined");
                log.copy_to(at, at + 1);
            },
        ),
        broken(
            Rule::EligibleFirst,
            "an application was scored after it was awarded",
            |log| {
                let awarded = log.first("Awarded");
                let scored = first_on(log, "ScoreGiven", &log.id(awarded));
                log.copy_to(scored, log.first("GrantOpened") + 1);
            },
        ),
        broken(
            Rule::DeclaredBeforeScore,
            "a person scored who had declared nothing",
            |log| {
                let scored = log.first("ScoreGiven");
                let (id, by) = (log.id(scored), log.field(scored, "by"));
                let mut declared = log.all("NoInterestDeclared").into_iter();
                let own = declared.find(|at| log.id(*at) == id && log.field(*at, "by") == by);
                log.remove(own.expect("a declaration"));
            },
        ),
        broken(
            Rule::DeclaredBeforeScore,
            "an officer scored an application",
            |log| {
                let (at, officer) = (log.first("ScoreGiven"), officer(log));
                log.set(at, "by", officer.as_str());
                log.set_actor(at, &officer);
            },
        ),
    ]
}

fn of_people_who_decide() -> Vec<Break> {
    vec![
        broken(
            Rule::DecisionByPanel,
            "an officer is named as present at a decision",
            |log| {
                let at = log.first("Declined");
                let [recorder, other] = recorder_and_other(log, at);
                let present = json!([recorder, other, officer(log)]);
                set_sitting(log, "Declined", "present", &present);
            },
        ),
        broken(
            Rule::DecisionByPanel,
            "another person is named as the one who recorded an award",
            |log| {
                let [_, other] = recorder_and_other(log, log.first("Awarded"));
                set_sitting(log, "Awarded", "recorded_by", &json!(other));
            },
        ),
        broken(
            Rule::DecisionByPanel,
            "an award does not name who recorded it",
            |log| set_sitting(log, "Awarded", "recorded_by", &Value::Null),
        ),
        broken(
            Rule::DecisionDeclared,
            "a person with an interest is named as present at an award",
            |log| {
                let at = log.first("Awarded");
                let [_, other] = recorder_and_other(log, at);
                declare_interest(log, at, &other);
            },
        ),
        broken(
            Rule::DecisionDeclared,
            "a person with an interest put an application on the reserve list",
            |log| {
                let at = log.first("Reserved");
                let [recorder, _] = recorder_and_other(log, at);
                declare_interest(log, at, &recorder);
            },
        ),
    ]
}

/// Puts in that a person declared an interest just before a decision, so that their score does not
/// count.
fn declare_interest(log: &mut LogLines, at: usize, by: &str) {
    let note = "My cousin runs the group.";
    let set_aside = json!({ "of": by, "reason": note, "by": by });
    put(log, at, at, "ScoreSetAside", by, set_aside);
    let fields = json!({ "by": by, "interest": { "kind": "family", "note": note } });
    put(log, at, at, "InterestDeclared", by, fields);
    make_one_command(log, at..at + 2);
}

fn of_quorums() -> Vec<Break> {
    vec![
        broken(Rule::Quorum, "one person awarded alone", |log| {
            let [recorder, _] = recorder_and_other(log, log.first("Awarded"));
            set_sitting(log, "Awarded", "present", &json!([recorder]));
        }),
        broken(
            Rule::Quorum,
            "a decision says that it needs one person",
            |log| set_sitting(log, "Declined", "quorum", &json!(1)),
        ),
        broken(
            Rule::Quorum,
            "an award was raised, and nobody is named as present",
            |log| {
                let at = raise_award(log, 1);
                log.set(at, "sitting", Value::Null);
            },
        ),
        broken(
            Rule::QuorumConfirmed,
            "money was to be paid, and one of two people had confirmed the award",
            |log| {
                let grant = log.id(log.first("PaymentPrepared"));
                log.remove(first_on(log, "AttendanceConfirmed", &grant));
            },
        ),
        broken(
            Rule::QuorumConfirmed,
            "a person confirmed that another one was present",
            |log| {
                let grant = log.id(log.first("PaymentPrepared"));
                let at = first_on(log, "AttendanceConfirmed", &grant);
                log.set(at, "person", officer(log));
            },
        ),
        broken(
            Rule::QuorumConfirmed,
            "a person confirmed a decision with another number",
            |log| {
                let grant = log.id(log.first("PaymentPrepared"));
                let at = first_on(log, "AttendanceConfirmed", &grant);
                log.set(at, "decision", 2);
            },
        ),
    ]
}

/// Pounds and pence of an amount.
fn amount_parts(amount: &Value) -> (u32, &str) {
    let (pounds, pence) = amount
        .as_str()
        .and_then(|amount| amount.split_once('.'))
        .expect("an amount");
    (pounds.parse().expect("pounds"), pence)
}

/// Puts in that the panel raised the first award of more than £2,400 by some pounds. Returns the
/// place of the approval.
fn raise_award(log: &mut LogLines, more: u32) -> usize {
    let awarded = log.first_where("Awarded", |fields| {
        amount_parts(&fields["terms"]["amount"]).0 > 2400
    });
    let (grant, [recorder, other]) = (log.id(awarded), recorder_and_other(log, awarded));
    let committed = log.first_where("Committed", |fields| fields["grant"] == grant);
    let at = log.first("VariationRequested");
    let member = log.actor(first_on(log, "AgreementAccepted", &grant));
    let (pounds, pence) = amount_parts(&log.fields(awarded)["terms"]["amount"]);
    let change = json!({
        "amount": format!("{}.{pence}", pounds + more), "ends_on": null, "purpose": null,
        "update_due_on": null,
    });
    let sources = json!([{ "amount": format!("{more}.00"), "funder": "health-partnership" }]);
    let mut words = log.fields(at)["words"].clone();
    words["subject"] = json!(log.field(first_on(log, "GrantOffered", &grant), "group"));
    let asked = json!({
        "variation": 1, "change": change, "words": words, "by": member,
    });
    let approved = json!({
        "variation": 1, "change": change, "released": [], "more": format!("{more}.00"),
        "by": recorder, "sitting": sitting_of(&[&recorder, &other]),
    });
    let increased = json!({
        "grant": grant, "sources": sources, "area": log.fields(committed)["area"],
        "round": log.fields(committed)["round"],
    });
    let grown = json!({ "sources": sources });
    put(log, at, awarded, "AwardGrown", &recorder, grown);
    put(
        log,
        at,
        committed,
        "CommitmentIncreased",
        &recorder,
        increased,
    );
    put(log, at, awarded, "VariationApproved", &recorder, approved);
    put(log, at, awarded, "VariationRequested", &member, asked);
    make_one_command(log, at + 1..at + 4);
    at + 1
}

/// A sitting that needs those who were present. The first of them recorded it.
fn sitting_of(present: &[&String]) -> Value {
    json!({
        "present": present, "withdrew": [], "recorded_by": present.first(),
        "quorum": present.len(),
    })
}

fn of_awards() -> Vec<Break> {
    vec![
        broken(Rule::AwardBounds, "£2,501 was awarded", |log| {
            let at = log.first("Awarded");
            log.edit(at, |event| {
                event["payload"]["Awarded"]["terms"]["amount"] = json!("2501.00");
            });
        }),
        broken(
            Rule::AwardBounds,
            "more was awarded than the rules of the fund allow",
            |log| {
                let at = log.first("FundCreated");
                log.edit(at, |event| {
                    event["payload"]["FundCreated"]["rules"]["maximum"] = json!("1000.00");
                });
            },
        ),
        broken(
            Rule::AwardBounds,
            "an award was raised to more than £2,500",
            |log| {
                raise_award(log, 100);
            },
        ),
        broken(
            Rule::Budget,
            "an award was raised for another area than it was offered for",
            |log| {
                let at = raise_award(log, 1);
                log.set(at + 1, "area", "elsewhere");
            },
        ),
        broken(
            Rule::WholeAward,
            "money was awarded and offered that no fund committed",
            |log| log.remove(log.first("Committed")),
        ),
        broken(
            Rule::WholeAward,
            "another amount was offered than was awarded",
            |log| {
                let at = log.first("GrantOffered");
                log.edit(at, |event| {
                    event["payload"]["GrantOffered"]["sources"][0]["amount"] = json!("1.00");
                });
            },
        ),
    ]
}

fn of_take_backs() -> Vec<Break> {
    vec![
        broken(
            Rule::TakenBackInTime,
            "a decline was taken back that the group knew of",
            |log| {
                let at = log.first("Declined");
                take_back(log, at + 1, at, "decline");
            },
        ),
        broken(
            Rule::TakenBackInTime,
            "an award was taken back, and its money stayed committed",
            |log| {
                let at = log.first("Awarded");
                let letter = json!({ "met_on": "2026-02-14", "letters_on": "2026-03-14" });
                log.set(at, "letter", letter);
                let offered = log.next_of(at, "GrantOffered");
                log.set(offered, "letters_on", "2026-03-14");
                log.set(offered, "expires_on", "2026-04-11");
                take_back(log, log.first("GrantOpened") + 1, at, "award");
            },
        ),
        broken(
            Rule::TakenBackInTime,
            "an eligibility was taken back days later",
            |log| {
                let (at, officer) = (log.first("ScoreGiven"), officer(log));
                let fields = json!({ "by": officer });
                put(log, at, at, "EligibilityTakenBack", &officer, fields);
            },
        ),
        broken(
            Rule::TakenBackInTime,
            "an eligibility could be taken back for years",
            |log| {
                let at = log.first("EligibilityConfirmed");
                log.set(at, "take_back_until", "2029-01-01T09:00:00Z");
            },
        ),
    ]
}

/// Puts in that the person who recorded a decision took it back.
fn take_back(log: &mut LogLines, at: usize, decided: usize, decision: &str) {
    let [recorder, _] = recorder_and_other(log, decided);
    let fields = json!({
        "decision": decision, "reason": "It was another one.",
        "sitting": sitting_of(&[&recorder]),
    });
    put(log, at, decided, "DecisionTakenBack", &recorder, fields);
}

fn of_changes() -> Vec<Break> {
    vec![
        broken(
            Rule::ChangeByTwo,
            "one person asked for a change and approved it",
            |log| {
                let asked = log.first("VariationRequested");
                let at = log.next_of(asked, "VariationApproved");
                let by = log.field(asked, "by");
                log.set(at, "by", by.as_str());
                log.set_actor(at, &by);
            },
        ),
        broken(
            Rule::ChangeByTwo,
            "another change was approved than was asked for",
            |log| {
                let at = log.first("VariationApproved");
                log.edit(at, |event| {
                    let change = &mut event["payload"]["VariationApproved"]["change"];
                    change["update_due_on"] = json!("2026-12-31");
                });
            },
        ),
        broken(
            Rule::ChangeByTwo,
            "an award was raised by another amount than was asked for",
            |log| {
                let at = raise_award(log, 2);
                log.set(at, "more", "1.00");
            },
        ),
        broken(
            Rule::ChangeByTwo,
            "an award grew that nobody had approved",
            |log| {
                let at = raise_award(log, 1);
                log.remove(at);
                log.remove(at - 1);
            },
        ),
    ]
}

fn of_revocations() -> Vec<Break> {
    vec![
        broken(
            Rule::RevocationByPanel,
            "an offer was withdrawn that one person wanted to withdraw",
            |log| log.remove(log.first("RevocationConfirmed")),
        ),
        broken(
            Rule::RevocationByPanel,
            "one person proposed a revocation and confirmed it",
            |log| {
                let at = log.first("RevocationConfirmed");
                let recorder = log.actor(log.first("RevocationProposed"));
                log.set(at, "by", recorder.as_str());
                log.set_actor(at, &recorder);
            },
        ),
        broken(
            Rule::RevocationByPanel,
            "one person is named as present when an offer was withdrawn",
            |log| {
                let recorder = log.actor(log.first("RevocationProposed"));
                set_sitting(log, "RevocationProposed", "present", &json!([recorder]));
            },
        ),
        broken(
            Rule::RevocationByPanel,
            "another amount was demanded back than was confirmed",
            |log| log.set(log.first("ClawbackDemanded"), "amount", "200.00"),
        ),
        broken(
            Rule::RevocationByPanel,
            "one confirmed proposal demanded money back twice",
            |log| {
                let at = log.first("ClawbackDemanded");
                let command = log.command(at);
                log.copy_to(at, at + 1);
                log.edit(at + 1, |event| {
                    event["command_id"] = command.clone();
                    event["metadata"]["command_id"] = command;
                });
            },
        ),
    ]
}
