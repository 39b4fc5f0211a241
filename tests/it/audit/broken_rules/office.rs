//! Breaks of the rules about people, settings and funds.

use microgrants::domain::Rule;
use serde_json::{Value, json};

use super::{Break, LogLines, NewEvent};

pub fn breaks() -> Vec<Break> {
    [
        of_actors(),
        of_roles(),
        of_held_roles(),
        of_contacts(),
        of_settings(),
        of_funds(),
        of_budgets(),
    ]
    .concat()
}

fn broken(rule: Rule, says: &'static str, edit: fn(&mut LogLines)) -> Break {
    Break { rule, says, edit }
}

/// Puts an event in.
fn put(
    log: &mut LogLines,
    at: usize,
    (stream, id): (&'static str, &str),
    event: &'static str,
    actor: &str,
    fields: Value,
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

/// Puts an event of the organisation in.
fn put_of_office(log: &mut LogLines, at: usize, event: &'static str, actor: &str, fields: Value) {
    let id = log.id(log.first("OrganisationFounded"));
    put(log, at, ("organisation", &id), event, actor, fields);
}

/// The first two administrators. The second is an officer too.
fn two_administrators(log: &LogLines) -> [String; 2] {
    let all = log.holders("administrator");
    [all[0].clone(), all[1].clone()]
}

/// The first person with a role who is no administrator.
fn holder(log: &LogLines, role: &str) -> String {
    let administrators = log.holders("administrator");
    let all = log.holders(role);
    let found = all.iter().find(|one| !administrators.contains(*one));
    found.unwrap_or_else(|| panic!("no {role}")).clone()
}

/// A place after people, funds and groups were entered, and before the panel met.
fn early(log: &LogLines) -> usize {
    log.first("FundPaused")
}

fn of_actors() -> Vec<Break> {
    vec![
        broken(
            Rule::ActorNamed,
            "another officer confirmed an eligibility than gave the command",
            |log| {
                let [_, second] = two_administrators(log);
                log.set_actor(log.first("EligibilityConfirmed"), &second);
            },
        ),
        broken(
            Rule::ActorNamed,
            "another person entered bank details than gave the command",
            |log| {
                let [_, second] = two_administrators(log);
                log.set(log.first("PayeeProvided"), "keyed_by", second);
            },
        ),
        broken(
            Rule::RoleHeld,
            "an officer planned a round as a finance person",
            |log| {
                let at = log.first("RoundPlanned");
                log.edit(at, |event| {
                    event["metadata"]["roles"] = json!("officer finance");
                });
            },
        ),
        broken(
            Rule::RoleHeld,
            "a panel member acted whose role nobody had confirmed",
            |log| {
                let at = log.first_where("RoleConfirmed", |fields| fields["role"] == "panel");
                log.remove(at);
            },
        ),
    ]
}

fn of_roles() -> Vec<Break> {
    vec![
        broken(
            Rule::RoleByTwo,
            "one administrator proposed a role and confirmed it",
            |log| {
                let at = log.first("RoleConfirmed");
                let proposer = log.field(log.first("RoleProposed"), "proposed_by");
                log.set(at, "confirmed_by", proposer.as_str());
                log.set_actor(at, &proposer);
            },
        ),
        broken(
            Rule::RoleByTwo,
            "a role was confirmed that nobody had proposed",
            |log| log.remove(log.first("RoleProposed")),
        ),
        broken(
            Rule::RoleByTwo,
            "a role was confirmed after the contact details of the person had changed",
            |log| log.set(log.first("RoleProposed"), "contact", 7),
        ),
        broken(Rule::RoleByTwo, "one person gave a role", |log| {
            let [first, _] = two_administrators(log);
            let fields = json!({ "person": holder(log, "officer"), "role": "finance" });
            put_of_office(log, early(log), "RoleGiven", &first, fields);
        }),
        broken(
            Rule::RoleByTwo,
            "the operator named a founder when there were two administrators",
            |log| {
                let fields = json!({ "person": holder(log, "officer"), "roles": ["finance"] });
                put_of_office(log, early(log), "FounderNamed", "operator", fields);
            },
        ),
    ]
}

/// Pairs of roles that exclude each other, and the last of the administrators.
fn of_held_roles() -> Vec<Break> {
    vec![
        broken(
            Rule::RolesExclude,
            "two administrators made the auditor a panel member",
            |log| {
                let [first, second] = two_administrators(log);
                let (at, auditor) = (early(log), holder(log, "auditor"));
                let confirmed =
                    json!({ "person": auditor, "role": "panel", "confirmed_by": second });
                put_of_office(log, at, "RoleConfirmed", &second, confirmed);
                let proposed = json!({
                    "person": auditor, "role": "panel", "proposed_by": first, "proposal": 99,
                    "contact": 0,
                });
                put_of_office(log, at, "RoleProposed", &first, proposed);
            },
        ),
        broken(
            Rule::RolesExclude,
            "a panel member was made the auditor",
            |log| {
                let member = holder(log, "panel");
                for event in ["RoleProposed", "RoleConfirmed"] {
                    let at = log.first_where(event, |fields| fields["role"] == "auditor");
                    log.set(at, "person", member.as_str());
                }
            },
        ),
        broken(
            Rule::TwoAdministrators,
            "one of two administrators ended the role of the other",
            |log| {
                let [first, second] = two_administrators(log);
                let fields = json!({ "person": second, "role": "administrator" });
                put_of_office(log, early(log), "RoleEnded", &first, fields);
            },
        ),
    ]
}

/// A person whom an officer registered, and the event of it.
fn registered(log: &LogLines) -> (String, Value) {
    let at = log.first_where("PersonRegistered", |fields| {
        fields["registered_by"].is_string()
    });
    (log.id(at), log.fields(at).clone())
}

const MESSAGE: &str = "00000000-0000-4000-8000-00000000006e";

fn of_contacts() -> Vec<Break> {
    vec![
        broken(
            Rule::ContactByTwo,
            "an officer changed the contact details of a person alone",
            |log| {
                let [_, second] = two_administrators(log);
                let (person, known) = registered(log);
                let fields = json!({
                    "name": known["name"], "email": known["email"],
                    "telephone": known["telephone"], "changed_by": second,
                });
                let of = ("person", person.as_str());
                put(log, early(log), of, "ContactChanged", &second, fields);
            },
        ),
        broken(
            Rule::ContactByTwo,
            "an officer changed the address that they had proven",
            |log| {
                let officer = holder(log, "officer");
                let value = json!({ "digest": "ab".repeat(32), "subject": officer });
                let fields = json!({ "name": value, "email": value, "telephone": null });
                let of = ("person", officer.as_str());
                put(log, early(log), of, "ContactChanged", &officer, fields);
            },
        ),
        broken(
            Rule::JoinedByInvitation,
            "a person became a member whom nobody had invited",
            |log| join(log, &Value::Null),
        ),
        broken(
            Rule::JoinedByInvitation,
            "a person became a member by the word of one who had not invited them",
            |log| {
                let [first, _] = two_administrators(log);
                join(log, &json!(first));
            },
        ),
        broken(
            Rule::MessagePassedOn,
            "an officer passed on a message that did not wait",
            |log| {
                let (officer, (person, _)) = (holder(log, "officer"), registered(log));
                let of = ("person", person.as_str());
                put(log, early(log), of, "PersonTold", &officer, told(&officer));
            },
        ),
        broken(
            Rule::MessagePassedOn,
            "an officer passed on a message before the day of its cause",
            |log| {
                let (officer, (person, _)) = (holder(log, "officer"), registered(log));
                let (at, of) = (early(log), ("person", person.as_str()));
                put(log, at, of, "PersonTold", &officer, told(&officer));
                let waits = json!({
                    "mail": MESSAGE, "about": 12, "kind": "submitted", "caused_on": "2026-01-16",
                });
                put(log, at, of, "PersonToTell", "job", waits);
            },
        ),
    ]
}

/// Puts in that a person whom an officer registered became a member of the first group.
fn join(log: &mut LogLines, added_by: &Value) {
    let ((person, _), at) = (registered(log), early(log));
    let group = log.id(log.first("GroupRegistered"));
    let fields = json!({
        "person": person, "added_by": added_by, "added_on": log.day_before(at),
    });
    let of = ("group", group.as_str());
    put(log, at, of, "MemberAdded", &person, fields);
}

/// That a person knows a message.
fn told(by: &str) -> Value {
    json!({
        "mail": MESSAGE, "about": 12, "kind": "submitted", "how": "phone",
        "told_on": "2026-01-15", "by": by,
    })
}

fn of_settings() -> Vec<Break> {
    let mut all = vec![
        broken(
            Rule::SettingsByTwo,
            "one administrator proposed settings and confirmed them",
            |log| {
                let at = log.first("SettingsSet");
                let proposer = log.field(at, "proposed_by");
                log.set(at, "set_by", proposer.as_str());
                log.set_actor(at, &proposer);
            },
        ),
        broken(
            Rule::SettingsByTwo,
            "one of two administrators set the settings alone",
            |log| log.set(log.first("SettingsSet"), "proposed_by", Value::Null),
        ),
        broken(
            Rule::SettingsByTwo,
            "an administrator confirmed other settings than were proposed",
            |log| {
                let at = log.first("SettingsSet");
                log.edit(at, |event| {
                    let settings = &mut event["payload"]["SettingsSet"]["settings"];
                    settings["accessibility"] = json!("Nobody agreed to this.");
                });
            },
        ),
    ];
    all.extend(of_words());
    all.extend(of_webhooks());
    all.extend(of_statements());
    all
}

/// Words of the email that lets people sign in.
fn words(more: &Value) -> Value {
    let mut words = json!({
        "mail": "sign_in", "fund": null, "language": "en", "subject": "Sign in",
        "body": "Sign in:\n\n{{ link }}\n\nThe code: {{ code }}",
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        words[name] = value.clone();
    }
    words
}

fn of_words() -> Vec<Break> {
    vec![
        broken(
            Rule::WordsByTwo,
            "one administrator proposed the words of an email and confirmed them",
            |log| {
                let ([first, _], at) = (two_administrators(log), early(log));
                let agreed =
                    words(&json!({ "version": 1, "proposed_by": first, "confirmed_by": first }));
                put_of_office(log, at, "MailTextPublished", &first, agreed);
                let proposed = words(&json!({ "proposal": 1, "proposed_by": first }));
                put_of_office(log, at, "MailTextProposed", &first, proposed);
            },
        ),
        broken(
            Rule::WordsByTwo,
            "one administrator published the words of the email to sign in",
            |log| {
                let ([first, second], at) = (two_administrators(log), early(log));
                let published = words(&json!({ "version": 1 }));
                put_of_office(log, at, "MailTextPublished", &first, published);
                let proposed = words(&json!({ "proposal": 1, "proposed_by": second }));
                put_of_office(log, at, "MailTextProposed", &second, proposed);
            },
        ),
    ]
}

/// Puts in that the first administrator proposed a webhook, and that someone confirmed it.
fn confirm_webhook(log: &mut LogLines, proposal: u32, by: &str) {
    let ([first, _], at) = (two_administrators(log), early(log));
    let confirmed = json!({ "webhook": 1, "proposal": proposal, "confirmed_by": by });
    put_of_office(log, at, "WebhookConfirmed", by, confirmed);
    let proposed = json!({
        "webhook": 1, "proposal": 1, "address": "https://hooks.example.org/grants",
        "events": ["grant.PaymentConfirmed"], "proposed_by": first,
    });
    put_of_office(log, at, "WebhookProposed", &first, proposed);
}

fn of_webhooks() -> Vec<Break> {
    vec![
        broken(
            Rule::WebhookByTwo,
            "one administrator proposed a webhook and confirmed it",
            |log| {
                let [first, _] = two_administrators(log);
                confirm_webhook(log, 1, &first);
            },
        ),
        broken(
            Rule::WebhookByTwo,
            "an administrator confirmed another proposal of a webhook",
            |log| {
                let [_, second] = two_administrators(log);
                confirm_webhook(log, 2, &second);
            },
        ),
    ]
}

/// Puts in that someone shared a statement of January.
fn share_statement(log: &mut LogLines, link: u32, expires_on: &str, by: &str) {
    let shared = json!({
        "link": link, "funder": "health-partnership", "from": "2026-01-01",
        "until": "2026-01-10", "expires_on": expires_on, "shared_by": by,
    });
    put_of_office(log, early(log), "StatementShared", by, shared);
}

fn of_statements() -> Vec<Break> {
    vec![
        broken(
            Rule::StatementShared,
            "a panel member shared a funder's statement",
            |log| {
                let by = holder(log, "panel");
                share_statement(log, 1, "2026-03-01", &by);
            },
        ),
        broken(
            Rule::StatementShared,
            "a link opens a funder's statement for years",
            |log| {
                let by = holder(log, "officer");
                share_statement(log, 1, "2029-03-01", &by);
            },
        ),
        broken(
            Rule::StatementShared,
            "the number of a link does not follow",
            |log| {
                let by = holder(log, "officer");
                share_statement(log, 7, "2026-03-01", &by);
            },
        ),
    ]
}

/// Changes a rule of the first fund.
fn change_rule(log: &mut LogLines, name: &str, value: &Value) {
    let at = log.first("FundCreated");
    log.edit(at, |event| {
        event["payload"]["FundCreated"]["rules"][name] = value.clone();
    });
}

/// Puts in that the first administrator proposed the rules of the first fund, and that someone
/// confirmed rules.
fn confirm_rules(log: &mut LogLines, rules: &Value, by: &str) {
    let ([first, _], at) = (two_administrators(log), early(log));
    let created = log.first("FundCreated");
    let (fund, own) = (log.id(created), log.fields(created)["rules"].clone());
    let of = ("fund", fund.as_str());
    let confirmed = json!({ "rules": rules, "confirmed_by": by });
    put(log, at, of, "RulesConfirmed", by, confirmed);
    let proposed = json!({ "rules": own, "proposed_by": first });
    put(log, at, of, "RulesProposed", &first, proposed);
}

/// The rules of the first fund, as they began.
fn rules(log: &LogLines) -> Value {
    log.fields(log.first("FundCreated"))["rules"].clone()
}

fn of_funds() -> Vec<Break> {
    vec![
        broken(
            Rule::FundBounds,
            "the rules of a fund allow an award of £5,000",
            |log| change_rule(log, "maximum", &json!("5000.00")),
        ),
        broken(
            Rule::FundBounds,
            "the rules of a fund let one person pay",
            |log| change_rule(log, "eyes", &json!(1)),
        ),
        broken(
            Rule::FundBounds,
            "the rules of a fund need nobody at a decision",
            |log| change_rule(log, "quorum", &json!(0)),
        ),
        broken(
            Rule::FundRulesByTwo,
            "one administrator set the rules of an open fund",
            |log| {
                let [first, _] = two_administrators(log);
                let fund = log.id(log.first("FundCreated"));
                let fields = json!({ "rules": rules(log) });
                let of = ("fund", fund.as_str());
                put(log, early(log), of, "RulesSet", &first, fields);
            },
        ),
        broken(
            Rule::FundRulesByTwo,
            "one administrator proposed the rules of a fund and confirmed them",
            |log| {
                let [first, _] = two_administrators(log);
                let own = rules(log);
                confirm_rules(log, &own, &first);
            },
        ),
        broken(
            Rule::FundRulesByTwo,
            "an administrator confirmed other rules than were proposed",
            |log| {
                let [_, second] = two_administrators(log);
                let mut others = rules(log);
                others["offer_days"] = json!(7);
                confirm_rules(log, &others, &second);
            },
        ),
        broken(
            Rule::FundOpen,
            "a round opened in a fund that was never opened",
            |log| log.remove(log.first("FundOpened")),
        ),
        broken(
            Rule::FundOpen,
            "an application was started for a round that is none",
            |log| log.set(log.first("ApplicationStarted"), "round", "elsewhere"),
        ),
        broken(
            Rule::FundOpen,
            "money was committed while the fund was paused",
            |log| {
                let [first, _] = two_administrators(log);
                let fund = log.id(log.first("Committed"));
                let fields = json!({ "reason": "The money is late." });
                let (at, of) = (log.first("Awarded"), ("fund", fund.as_str()));
                put(log, at, of, "FundPaused", &first, fields);
            },
        ),
    ]
}

fn of_budgets() -> Vec<Break> {
    vec![
        broken(Rule::Budget, "more was committed than a fund had", |log| {
            log.set(log.first("FundingAllocated"), "amount", "100.00");
        }),
        broken(
            Rule::Budget,
            "more was withdrawn from a fund than was free",
            |log| {
                let at = log.first("FundingAllocated");
                let (fund, finance) = (log.id(at), log.actor(at));
                let fields = json!({
                    "source": log.fields(at)["source"], "amount": "99000.00",
                    "reason": "The funder wants it back.", "withdrawn_on": "2026-01-15",
                });
                let of = ("fund", fund.as_str());
                put(log, early(log), of, "FundingWithdrawn", &finance, fields);
            },
        ),
        broken(
            Rule::Budget,
            "money that was given for one area was committed for another",
            |log| {
                let given = log.first_where("FundingAllocated", |fields| {
                    fields["source"]["area"].is_string()
                });
                let mut source = log.fields(given)["source"].clone();
                let at = log.first_where("Committed", |fields| fields["area"] != source["area"]);
                source["amount"] = log.fields(at)["sources"][0]["amount"].clone();
                log.set(at, "sources", json!([source]));
            },
        ),
        broken(
            Rule::CommitmentMatches,
            "money stayed committed for an offer that was declined",
            |log| {
                let grant = log.id(log.first("OfferDeclined"));
                let at = log.first_where("CommitmentReleased", |fields| fields["grant"] == grant);
                log.remove(at);
            },
        ),
        broken(
            Rule::CommitmentMatches,
            "less was set free than came back",
            |log| {
                let at = log.first("CommitmentReduced");
                log.edit(at, |event| {
                    event["payload"]["CommitmentReduced"]["sources"][0]["amount"] = json!("1.00");
                });
            },
        ),
    ]
}
