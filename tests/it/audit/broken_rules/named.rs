//! Breaks that change whom or what an event names: its actor, its group, its fund, its words.

use microgrants::domain::Rule;
use serde_json::{Value, json};

use super::{Break, LogLines, NewEvent};

pub fn breaks() -> Vec<Break> {
    [of_actors(), of_office(), of_awards(), of_texts()].concat()
}

fn broken(rule: Rule, says: &'static str, edit: fn(&mut LogLines)) -> Break {
    Break { rule, says, edit }
}

/// Puts an event of the organisation in, after people and funds were entered.
fn put(log: &mut LogLines, event: &'static str, actor: &str, fields: Value) {
    let at = log.first("FundPaused");
    let new = NewEvent {
        stream: "organisation",
        id: log.id(log.first("OrganisationFounded")),
        event,
        fields,
        actor: actor.to_owned(),
    };
    log.insert(at, new);
}

fn auditor(log: &LogLines) -> String {
    log.holders("auditor").swap_remove(0)
}

/// The first two administrators.
fn administrators(log: &LogLines) -> [String; 2] {
    let all = log.holders("administrator");
    [all[0].clone(), all[1].clone()]
}

fn of_actors() -> Vec<Break> {
    vec![
        broken(
            Rule::ActorNamed,
            "a job entered bank details in the name of a person",
            |log| log.set_actor(log.first("PayeeProvided"), "job"),
        ),
        broken(
            Rule::ActorNamed,
            "the operator prepared a payment in the name of a person",
            |log| log.set_actor(log.first("PaymentPrepared"), "operator"),
        ),
        broken(
            Rule::RoleHeld,
            "the operator planned a round as an officer",
            |log| log.set_actor(log.first("RoundPlanned"), "operator"),
        ),
        broken(
            Rule::RoleHeld,
            "another person committed the money of an award than decided it",
            |log| {
                let [_, second] = administrators(log);
                log.set_actor(log.first("Committed"), &second);
            },
        ),
    ]
}

/// Words of the email that lets people sign in, with more fields.
fn words(body: &str, more: &Value) -> Value {
    let mut words = json!({
        "mail": "sign_in", "fund": null, "language": "en", "subject": "Sign in", "body": body,
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        words[name] = value.clone();
    }
    words
}

const BODY: &str = "Sign in:\n\n{{ link }}\n\nThe code: {{ code }}";
const OTHER_BODY: &str = "Come in:\n\n{{ link }}\n\nThe code: {{ code }}";

/// Puts in that the first administrator proposed words, and that some were published.
fn publish_words(log: &mut LogLines, body: &str, confirmed_by: Option<&str>) {
    let [first, _] = administrators(log);
    let mut published = words(body, &json!({ "version": 1, "proposed_by": first }));
    if let Some(person) = confirmed_by {
        published["confirmed_by"] = json!(person);
    }
    let actor = confirmed_by.unwrap_or(&first);
    put(log, "MailTextPublished", actor, published);
    let proposed = words(BODY, &json!({ "proposal": 1, "proposed_by": first }));
    put(log, "MailTextProposed", &first, proposed);
}

fn of_office() -> Vec<Break> {
    vec![
        broken(
            Rule::WordsByTwo,
            "words of an email were published that nobody had confirmed",
            |log| publish_words(log, BODY, None),
        ),
        broken(
            Rule::WordsByTwo,
            "other words of an email were confirmed than were proposed",
            |log| {
                let [_, second] = administrators(log);
                publish_words(log, OTHER_BODY, Some(&second));
            },
        ),
        broken(
            Rule::WordsByTwo,
            "the auditor confirmed words of an email",
            |log| {
                let by = auditor(log);
                publish_words(log, BODY, Some(&by));
            },
        ),
        broken(
            Rule::SettingsByTwo,
            "the auditor proposed the settings",
            |log| {
                let (by, proposed) = (auditor(log), log.first("SettingsProposed"));
                log.set(proposed, "proposed_by", by.as_str());
                log.edit(proposed, |event| {
                    let metadata = event["metadata"].as_object_mut().expect("metadata");
                    metadata.remove("roles");
                    metadata.insert("actor".to_owned(), json!(by));
                });
                log.set(log.first("SettingsSet"), "proposed_by", by.as_str());
            },
        ),
        broken(
            Rule::WebhookByTwo,
            "the auditor proposed a webhook",
            |log| {
                let ([_, second], by) = (administrators(log), auditor(log));
                let confirmed = json!({ "webhook": 1, "proposal": 1, "confirmed_by": second });
                put(log, "WebhookConfirmed", &second, confirmed);
                let proposed = json!({
                    "webhook": 1, "proposal": 1, "address": "https://hooks.example.org/grants",
                    "events": ["grant.PaymentConfirmed"], "proposed_by": by,
                });
                put(log, "WebhookProposed", &by, proposed);
            },
        ),
    ]
}

/// A group other than this one.
fn other_group(log: &LogLines, group: &str) -> String {
    let mut groups = log.all("GroupRegistered").into_iter().map(|at| log.id(at));
    groups.find(|id| id != group).expect("another group")
}

fn of_awards() -> Vec<Break> {
    vec![
        broken(
            Rule::WholeAward,
            "an award was offered to another group than had applied",
            |log| {
                let at = log.first("GrantOffered");
                let group = other_group(log, &log.field(at, "group"));
                log.set(at, "group", group);
            },
        ),
        broken(
            Rule::WholeAward,
            "money was committed for another area than was awarded",
            |log| log.set(log.first("Committed"), "area", "elsewhere"),
        ),
        broken(
            Rule::WholeAward,
            "an award was offered until another day than was awarded",
            |log| log.set(log.first("GrantOffered"), "ends_on", "2030-01-01"),
        ),
        broken(
            Rule::CommitmentMatches,
            "the money of another funder was offered than was committed",
            |log| {
                let at = log.first("GrantOffered");
                log.edit(at, |event| {
                    let sources = &mut event["payload"]["GrantOffered"]["sources"];
                    sources[0]["funder"] = json!("oldham-council");
                });
            },
        ),
    ]
}

fn of_texts() -> Vec<Break> {
    vec![
        broken(
            Rule::AgreementText,
            "an agreement was published with the hash of another text",
            |log| {
                let at = log.first("AgreementPublished");
                log.set(at, "hash", "0".repeat(64));
            },
        ),
        broken(
            Rule::ChecksPassed,
            "a check was filed that a grant of another group had passed",
            |log| {
                let at = log.first("CheckFiled");
                let group = other_group(log, &log.id(at));
                log.edit(at, |event| event["id"] = json!(group));
            },
        ),
    ]
}
