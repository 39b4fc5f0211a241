//! Breaks that change whom or what an event names: its actor, its group, its fund, its words.

use microgrants::domain::Rule;
use serde_json::{Value, json};

use super::{Break, LogLines, NewEvent};

pub fn breaks() -> Vec<Break> {
    [
        of_actors(),
        of_office(),
        of_roles(),
        of_contacts(),
        of_statements(),
        of_awards(),
        of_connections(),
        of_payments(),
        of_texts(),
    ]
    .concat()
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
            Rule::ActorNamed,
            "an officer registered a person and is not named",
            |log| {
                let is_by_staff = |fields: &Value| fields["registered_by"].is_string();
                log.unset(
                    log.first_where("PersonRegistered", is_by_staff),
                    "registered_by",
                );
            },
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

/// Puts an event of another record in.
fn put_on(
    log: &mut LogLines,
    at: usize,
    (stream, id): (&'static str, String),
    event: &'static str,
    (actor, fields): (&str, Value),
) {
    let actor = actor.to_owned();
    let new = NewEvent {
        stream,
        id,
        event,
        fields,
        actor,
    };
    log.insert(at, new);
}

fn of_roles() -> Vec<Break> {
    vec![
        broken(
            Rule::RoleByTwo,
            "a role was confirmed after the contact details of the person had changed",
            |log| {
                let at = log.first("RoleConfirmed");
                let person = log.field(at, "person");
                let mut all = log.all("PersonRegistered").into_iter();
                let registered = all.find(|place| log.id(*place) == person);
                let known = log.fields(registered.expect("a person")).clone();
                let fields = json!({
                    "name": known["name"], "email": known["email"],
                    "telephone": known["telephone"], "changed_on": log.day_before(at),
                });
                let of = ("person", person.clone());
                put_on(log, at, of, "ContactChanged", (person.as_str(), fields));
            },
        ),
        broken(
            Rule::RoleByTwo,
            "a role was given to a person who was never registered",
            |log| {
                for event in ["RoleProposed", "RoleConfirmed"] {
                    let at = log.first_where(event, |fields| fields["role"] == "auditor");
                    log.set(at, "person", "00000000-0000-4000-8000-00000000007a");
                }
            },
        ),
    ]
}

/// Puts in that the contact details of a person changed, who was registered by staff. The details
/// are as they were.
fn change_contact(log: &mut LogLines, is_named: bool) {
    let registered = log.first_where("PersonRegistered", |fields| {
        fields["registered_by"].is_string()
    });
    let known = log.fields(registered).clone();
    let at = log.first("FundPaused");
    let by = log.field(registered, "registered_by");
    let mut fields = json!({
        "name": known["name"], "email": known["email"], "telephone": known["telephone"],
        "changed_on": log.day_before(at),
    });
    if is_named {
        fields["changed_by"] = json!(by);
    }
    let of = ("person", log.id(registered));
    put_on(log, at, of, "ContactChanged", (by.as_str(), fields));
}

fn of_contacts() -> Vec<Break> {
    vec![
        broken(
            Rule::ContactByTwo,
            "an officer corrected alone, days later, what they had entered of a person",
            |log| change_contact(log, true),
        ),
        broken(
            Rule::ContactByTwo,
            "contact details were changed by another person who is not named",
            |log| change_contact(log, false),
        ),
    ]
}

/// Puts in that an officer shared a statement.
fn share(log: &mut LogLines, funder: &str, until: &str) {
    let by = log.holders("officer").swap_remove(0);
    let fields = json!({
        "link": 1, "funder": funder, "from": "2026-01-01", "until": until,
        "expires_on": "2026-01-20", "shared_by": by,
    });
    put(log, "StatementShared", &by, fields);
}

fn of_statements() -> Vec<Break> {
    vec![
        broken(
            Rule::StatementShared,
            "a statement was shared of a funder who gave no money",
            |log| share(log, "nobody", "2026-01-10"),
        ),
        broken(
            Rule::StatementShared,
            "a statement was shared that ends before it begins",
            |log| share(log, "health-partnership", "2025-12-31"),
        ),
        broken(
            Rule::StatementShared,
            "a link was ended that nobody had made",
            |log| {
                let by = log.holders("officer").swap_remove(0);
                put(log, "StatementLinkEnded", &by, json!({ "link": 1 }));
            },
        ),
    ]
}

fn of_connections() -> Vec<Break> {
    vec![
        broken(
            Rule::Unconnected,
            "a member of the group sat when its application was awarded",
            |log| {
                let at = log.first("Awarded");
                let day = log.day_before(at);
                let (person, [first, _]) = (log.actor(at), administrators(log));
                let added = json!({ "person": person, "added_by": first, "added_on": day });
                let invited = json!({ "person": person, "invited_by": first });
                let group = log.field(log.first("GrantOffered"), "group");
                for (event, fields) in [("MemberAdded", added), ("MemberInvited", invited)] {
                    let of = ("group", group.clone());
                    put_on(log, at, of, event, (first.as_str(), fields));
                }
            },
        ),
        broken(
            Rule::DeclaredBeforeScore,
            "a person declared an interest, and then that there is none",
            |log| {
                let at = log.first("InterestDeclared");
                let (by, of) = (log.field(at, "by"), ("application", log.id(at)));
                let fields = json!({ "by": by });
                put_on(log, at + 1, of, "NoInterestDeclared", (by.as_str(), fields));
            },
        ),
        broken(
            Rule::DeclaredBeforeScore,
            "the score of a person counts who declared an interest",
            |log| {
                let at = log.first("ScoreGiven");
                let (by, of) = (log.field(at, "by"), ("application", log.id(at)));
                let interest = json!({ "kind": "family", "note": "My cousin runs the group." });
                let fields = json!({ "by": by, "interest": interest });
                put_on(log, at + 1, of, "InterestDeclared", (by.as_str(), fields));
            },
        ),
    ]
}

fn of_payments() -> Vec<Break> {
    vec![
        broken(
            Rule::PaymentOrder,
            "the payments of a grant are numbered from 7",
            |log| log.set(log.first("PaymentPrepared"), "payment", 7),
        ),
        broken(
            Rule::PaymentAmount,
            "a payment was sent in a batch that nobody had sent",
            |log| log.set(log.first("PaymentSent"), "batch", "june-2026"),
        ),
        broken(
            Rule::PaymentAmount,
            "a batch has 99 payments, and none was sent with it",
            |log| {
                let at = log.first("FundOpened");
                let by = log.actor(at);
                let fields = json!({
                    "batch": "june-2026", "sent_on": log.day_before(at + 1), "payments": 99,
                    "total": "99999.00",
                });
                let of = ("fund", log.id(at));
                put_on(log, at + 1, of, "BatchSent", (by.as_str(), fields));
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
            Rule::WholeAward,
            "an award was offered in another round than was applied for",
            |log| log.set(log.first("GrantOffered"), "round", "elsewhere"),
        ),
        broken(
            Rule::WholeAward,
            "an award was offered without a condition of the panel",
            |log| {
                log.edit(log.first("Awarded"), |event| {
                    event["payload"]["Awarded"]["terms"]["conditions"] =
                        json!({ "insurance": { "text": "The hall is insured." } });
                });
            },
        ),
        broken(
            Rule::WholeAward,
            "the letter of a decision is held, and its offer is not",
            |log| {
                let at = log.first("Awarded");
                let day = log.day_before(at);
                log.set(at, "letter", json!({ "met_on": day, "letters_on": day }));
            },
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
            Rule::OwnKey,
            "a group reported words that another group's key encrypts",
            |log| {
                let at = log.first("UpdateReceived");
                let group = log.id(log.first("GroupRegistered"));
                let other = other_group(log, &group);
                log.edit(at, |event| {
                    let subject = &mut event["payload"]["UpdateReceived"]["words"]["subject"];
                    let is_first = *subject == json!(group);
                    *subject = json!(if is_first { other } else { group });
                });
            },
        ),
        broken(
            Rule::AgreementText,
            "another version of the agreement was issued than was published",
            |log| log.set(log.first("AgreementIssued"), "version", 7),
        ),
        broken(
            Rule::AgreementSigners,
            "one name accepted an agreement twice",
            |log| {
                let at = log.first("AgreementAccepted");
                log.edit(at, |event| {
                    let names = &mut event["payload"]["AgreementAccepted"]["names"];
                    names[1] = names[0].clone();
                });
            },
        ),
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
