//! A sample of every command, sent by a person who may send it and refused by nothing but the
//! state.

use microgrants::domain::organisation::sha256_hex;
use microgrants::domain::{Actor, PersonId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::learning;
use super::states::APPLICATION;
use crate::support::fixtures::AGREEMENT_TEXT;
use crate::support::scenario::Scenario;

/// The actor of a sample.
#[derive(Clone, Copy)]
pub enum SampleActor {
    Operator,
    Job,
    Staff(usize),
    Member,
    Person(Uuid),
}

impl SampleActor {
    pub fn actor(self, setting: &Scenario) -> Actor {
        match self {
            Self::Operator => Actor::Operator,
            Self::Job => Actor::Job,
            Self::Staff(number) => Actor::Person(setting.staff[number]),
            Self::Member => Actor::Person(setting.members[0]),
            Self::Person(person) => Actor::Person(PersonId(person)),
        }
    }
}

/// A registered person without a role.
pub const STRANGER: Uuid = Uuid::from_u128(99);
/// A person who is not registered.
pub const UNREGISTERED: Uuid = Uuid::from_u128(98);
/// A mail that waits for a call or a letter.
const WAITING_MAIL: Uuid = Uuid::from_u128(110);
/// An introduction to an entry of the directory.
pub const INTRODUCTION: Uuid = Uuid::from_u128(600);
/// The entry of the directory to which people are introduced. A group holds it.
pub const WELCOMING_ENTRY: Uuid = Uuid::from_u128(601);
/// A gathering with one session.
pub const GATHERING: Uuid = Uuid::from_u128(400);
/// An entry of the directory.
pub const ASSET: Uuid = Uuid::from_u128(500);
/// Another one, which nobody holds.
pub const OTHER_ASSET: Uuid = Uuid::from_u128(501);
pub const BARRIER: Uuid = Uuid::from_u128(500);
pub const OTHER_BARRIER: Uuid = Uuid::from_u128(501);
pub const NEW_GROUP: Uuid = Uuid::from_u128(888);
pub const NEW_APPLICATION: Uuid = Uuid::from_u128(777);
pub const OTHER_GROUP: Uuid = Uuid::from_u128(201);
pub const FILE: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

type Sample = (SampleActor, Value);

pub fn sample(noun: &str, name: &str) -> Sample {
    if let Some(body) = learning::body(name) {
        return staff(body);
    }
    match noun {
        "person" => person(name),
        "organisation" => organisation(name),
        "fund" => fund(name),
        "group" => group(name),
        "application" => application(name),
        "gathering" => gathering(name),
        "asset" => asset(name),
        "introduction" => introduction(name),
        "barrier" => barrier(name),
        _ => grant(name),
    }
}

fn staff(body: Value) -> Sample {
    (SampleActor::Staff(0), body)
}

/// As a second member of staff, who confirms what the first did.
fn second(body: Value) -> Sample {
    (SampleActor::Staff(1), body)
}

fn member(body: Value) -> Sample {
    (SampleActor::Member, body)
}

fn job(body: Value) -> Sample {
    (SampleActor::Job, body)
}

/// Request, refuse and perform an erasure, of a person or of a group.
fn erasure(name: &str) -> Option<Sample> {
    let because = json!({ "reason": "Asked for on the telephone." });
    Some(match name {
        "request-erasure" => staff(json!({})),
        "refuse-erasure" | "erase" => staff(because),
        "erase-again" => (SampleActor::Operator, because),
        _ => return None,
    })
}

fn person(name: &str) -> Sample {
    match name {
        "confirm-contact" => second(json!({ "proposal": 1 })),
        "choose-language" => staff(json!({ "language": "pl" })),
        "prove-address" => job(json!({ "address": "ab".repeat(32) })),
        "refuse-contact" => second(json!({ "reason": "Nobody answered under the old number." })),
        "introduce" => job(json!({ "name": "Somebody", "email": "somebody@example.org" })),
        "expire" | "remind-of-pledges" => job(json!({})),
        "begin" => job(json!({ "group": NEW_GROUP })),
        "agree" => staff(json!({
            "purpose": "invitations", "basis": "consent", "notice": 1, "channel": "phone",
        })),
        "take-back" => staff(json!({ "purpose": "invitations", "channel": "phone" })),
        "end-access" => staff(json!({ "reason": "A telephone was lost." })),
        "await-telling" => job(json!({
            "mail": WAITING_MAIL, "about": 12, "kind": "declined", "caused_on": "2026-06-01",
        })),
        "email-instead" | "take-back-telling" => staff(json!({ "mail": WAITING_MAIL })),
        "pledge" => staff(json!({ "pledges": ["tell-three"], "version": 1 })),
        "keep-pledge" | "drop-pledge" => staff(json!({ "pledge": "tell-three" })),
        "tell" => staff(json!({ "mail": WAITING_MAIL, "how": "phone", "told_on": "2026-06-01" })),
        _ => erasure(name).unwrap_or_else(|| {
            staff(json!({ "name": "Somebody", "email": "somebody@example.org" }))
        }),
    }
}

fn organisation(name: &str) -> Sample {
    let of = |role: &str| json!({ "person": STRANGER, "role": role });
    match name {
        "found" => (SampleActor::Operator, json!({ "name": "An anchor" })),
        "name-founder" => (
            SampleActor::Operator,
            json!({ "person": STRANGER, "roles": ["officer"] }),
        ),
        "record-restore" => (
            SampleActor::Operator,
            json!({
                "origin": "microgrants/main/1", "sealed": 12, "known": 15,
                "reason": "The disk was lost.",
            }),
        ),
        "record-key-rotation" => (
            SampleActor::Operator,
            json!({
                "key": "microgrants/main/1+d5e76859+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB",
            }),
        ),
        "propose-role" => staff(of("officer")),
        "confirm-role" => second(of("finance")),
        "end-roles-of-erased" => (SampleActor::Operator, json!({ "person": STRANGER })),
        "end-role" => staff(json!({ "person": Uuid::from_u128(12), "role": "officer" })),
        "adopt-signs" => staff(json!({
            "signs": [{ "sign": "acting-early", "title": "Acting early", "meaning": "Early." }],
        })),
        "adopt-themes" => staff(json!({ "themes": [{ "theme": "food", "name": "Food" }] })),
        "publish-pledges" => staff(pledges()),
        "publish-form" => {
            let question =
                json!({ "question": "idea", "label": "What?", "help": "Say.", "required": true });
            staff(json!({ "questions": [question] }))
        }
        "set-settings" | "propose-settings" => staff(settings_sample()),
        "refuse-settings" => staff(json!({ "proposal": 1, "reason": "The number is wrong" })),
        "confirm-mail-text" | "confirm-webhook" | "confirm-settings" => {
            second(json!({ "proposal": 1 }))
        }
        "refuse-mail-text" => staff(json!({ "proposal": 1, "reason": "It is not plain" })),
        "publish-notice" => staff(json!({
            "purpose": "introductions",
            "text": "We tell the group what you agree to share.",
        })),
        "propose-webhook" => staff(json!({
            "address": "https://hooks.example.org/grants",
            "events": ["grant.PaymentConfirmed"],
        })),
        "end-webhook" | "make-webhook-secret" => staff(json!({ "webhook": 1 })),
        "share-statement" => staff(json!({
            "funder": "health-partnership", "from": "2026-04-01", "until": "2026-05-31",
        })),
        "end-statement-link" => staff(json!({ "link": 1 })),
        "publish-report" => staff(json!({
            "area": "oldham",
            "context": "A town.",
            "hard": "Time.",
            "lessons": "Begin early.",
            "other_languages": {
                "pl": { "context": "Miasto.", "hard": "Czas.", "lessons": "Wcześnie." },
            },
        })),
        _ => mail_text(name),
    }
}

fn mail_text(name: &str) -> Sample {
    match name {
        "propose-mail-text" => staff(json!({
            "mail": "sign_in",
            "language": "en",
            "subject": "Sign in",
            "body": "Sign in:\n\n{{ link }}\n\nThe code: {{ code }}",
        })),
        "publish-mail-text" => staff(json!({
            "mail": "declined",
            "language": "en",
            "subject": "About {{ group }}",
            "body": "Dear {{ name }}, {{ note }}",
        })),
        _ => staff(json!({ "text": AGREEMENT_TEXT })),
    }
}

/// Settings of an organisation, each of them set.
pub fn settings_sample() -> Value {
    json!({
        "name": "An anchor",
        "logo": FILE,
        "accent": "#0f6b66",
        "telephone": "0161 496 0000",
        "hours": "Monday to Thursday, 10am to 3pm",
        "address": "12 Example Street\nStockport SK3 9ZZ",
        "email": "office@example.org",
        "privacy": "We keep what you write locked.",
        "accessibility": "Every page works with a keyboard.",
        "charity": "Registered charity 1234567",
        "languages": [{
            "tag": "ur",
            "own_name": "اردو",
            "direction": "rtl",
            "line": "{phone} پر فون کریں۔",
            "checked": false,
        }],
    })
}

pub fn rules(offer_days: u16) -> Value {
    json!({
        "minimum": "500.00", "maximum": "2500.00", "eyes": 2, "quorum": 1,
        "checks": ["identity"], "checks_at_risk": ["safeguarding"],
        "offer_days": offer_days, "signers": 2, "remind_days": 14, "payee_wait_days": 0,
    })
}

fn second_round() -> Value {
    json!({
        "round": "second",
        "name": "Second",
        "opens_on": "2026-07-01",
        "closes_on": "2026-07-31",
        "panel_meets_on": "2026-08-20",
        "hear_by": "2026-08-31",
        "form": 1,
    })
}

fn longer_first_round() -> Value {
    json!({
        "round": "first",
        "closes_on": "2026-12-31",
        "panel_meets_on": "2027-01-14",
        "hear_by": "2027-01-28",
    })
}

fn fund(name: &str) -> Sample {
    let source = json!({ "funder": "health-partnership" });
    let grant = Uuid::from_u128(300);
    match name {
        "create" => staff(json!({
            "name": "A fund",
            "purpose": "To meet",
            "areas": ["oldham"],
            "rules": rules(28),
        })),
        "set-rules" | "propose-rules" => staff(json!({ "rules": rules(20) })),
        "confirm-rules" => second(json!({ "rules": rules(20) })),
        "refuse-rules" => staff(json!({ "rules": rules(20), "reason": "Too short" })),
        "allocate" => staff(json!({
            "source": source,
            "amount": "100.00",
            "reference": "R2",
            "received_on": "2026-06-01",
        })),
        "withdraw-funding" => {
            staff(json!({ "source": source, "amount": "1.00", "reason": "Taken back" }))
        }
        "pause" => staff(json!({ "reason": "A pause" })),
        "plan-round" => staff(second_round()),
        "extend-round" => staff(longer_first_round()),
        "open-round" | "close-round" | "start-deciding" | "complete-round" => {
            staff(json!({ "round": "first" }))
        }
        "record-meeting" => {
            let line =
                json!({ "application": grant, "verdict": { "defer": { "reason": "Not yet" } } });
            staff(json!({ "round": "first", "met_on": "2026-06-01", "decisions": [line] }))
        }
        "send-batch" => {
            let line = json!({ "grant": grant, "payment": 1, "amount": "500.00" });
            staff(json!({ "batch": "june", "sent_on": "2026-06-01", "payments": [line] }))
        }
        "make-bank-file" => staff(json!({
            "batch": "june",
            "payments": 1,
            "total": "500.00",
            "digest": "ab".repeat(32),
            "reason": null,
        })),
        "commit" => staff(json!({
            "grant": NEW_APPLICATION,
            "area": "oldham",
            "round": "first",
            "amount": "500.00",
        })),
        "increase" => {
            staff(json!({ "grant": grant, "area": "oldham", "round": "first", "amount": "500.00" }))
        }
        "release-letters" => staff(json!({ "round": "first", "met_on": "2026-06-01" })),
        "move-letters" => staff(json!({
            "round": "first",
            "met_on": "2026-06-01",
            "letters_on": "2026-06-10",
        })),
        "list" | "unlist" => staff(json!({ "application": grant, "round": "first", "rank": 9 })),
        "reduce" | "release" | "take-back" => {
            staff(json!({ "grant": grant, "sources": [], "effective_on": null }))
        }
        _ => staff(json!({})),
    }
}

fn group(name: &str) -> Sample {
    match name {
        "register" => member(json!({
            "name": "Soup and song",
            "area": "oldham",
            "standing": "new",
        })),
        "correct" => member(json!({
            "name": "Soup and songs",
            "area": "oldham",
            "reason": "A letter was missing",
        })),
        "take-correction" => staff(json!({ "proposal": 1 })),
        "refuse-correction" => staff(json!({ "reason": "It is a person's name" })),
        "set-contact" => member(json!({ "postcode": "OL1 1AA", "telephone": "0161 496 0000" })),
        "record-past-grant" => staff(json!({
            "reference": "360G-other-1",
            "title": "Tools",
            "description": "Tools for the garden.",
            "amount": "3000.00",
            "awarded_on": "2020-05-01",
            "funder": "Another funder",
        })),
        "record-identifier" => staff(json!({ "identifier": "GB-CHC-1234567" })),
        "add-member" => member(json!({ "person": STRANGER })),
        "join" | "refuse-invitation" => {
            (SampleActor::Person(STRANGER), json!({ "person": STRANGER }))
        }
        "remove-member" => staff(json!({ "person": Uuid::from_u128(100) })),
        "provide-payee" => {
            let account = json!({ "holder": "Soup and song", "numbers": "12-34-56 12345678" });
            member(json!({ "route": "own_account", "account": account }))
        }
        "verify-payee" => second(json!({ "payee": 1, "method": "A statement was seen" })),
        "keep-file" => member(json!({
            "file": "0".repeat(64),
            "media": "image/jpeg",
            "bytes": 1000,
            "purpose": "photograph",
        })),
        "remove-file" => member(json!({ "file": FILE, "application": APPLICATION })),
        "file-check" => staff(json!({
            "check": "identity",
            "grant": NEW_APPLICATION,
            "good_until": "2027-06-01",
        })),
        "merge" => staff(json!({ "into": OTHER_GROUP, "reason": "The same people" })),
        "open-grant" => staff(json!({ "grant": NEW_APPLICATION })),
        "end-grant" => staff(json!({ "grant": NEW_APPLICATION, "paid": true })),
        "expire" => job(json!({ "person": Uuid::from_u128(100) })),
        _ => erasure(name).unwrap_or_else(|| staff(json!({ "group": OTHER_GROUP }))),
    }
}

fn application(name: &str) -> Sample {
    match name {
        "start" => member(json!({
            "fund": Uuid::from_u128(2),
            "round": "first",
            "group": Uuid::from_u128(200),
        })),
        "choose-language" => member(
            json!({ "language": "pl", "helper": "A neighbour", "spoken_language": "Silesian" }),
        ),
        "save-answers" => member(json!({ "answers": { "idea": "Soup" } })),
        "submit" => member(json!({ "channel": "web" })),
        "request-changes" => {
            staff(json!({ "questions": ["idea"], "note": "Say more", "due_on": "2026-12-31" }))
        }
        "resubmit" | "withdraw" => member(json!({})),
        "confirm-help" | "refuse-help" => staff(json!({ "helper": Uuid::from_u128(10) })),
        "confirm-attendance" => second(json!({ "person": Uuid::from_u128(11), "decision": 1 })),
        "refuse-eligibility" => staff(json!({ "reason": "Outside the areas" })),
        "declare" => (SampleActor::Staff(2), json!({})),
        "score" => second(json!({ "criteria": { "need": 4 }, "note": "Good" })),
        "revise-score" => {
            staff(json!({ "criteria": { "need": 3 }, "note": "Fair", "reason": "Read again" }))
        }
        "set-aside-score" => {
            staff(json!({ "of": Uuid::from_u128(10), "reason": "Mistaken for another" }))
        }
        "write-summary" => staff(json!({ "title": "Soup", "description": "Neighbours cook." })),
        "award" | "promote" => staff(json!({
            "amount": "2500.00",
            "ends_on": "2026-09-01",
            "update_due_on": "2026-09-15",
        })),
        "decline" => {
            staff(json!({ "reason": "Others reach more", "feedback": "Tell us who would come" }))
        }
        "defer" => staff(json!({ "reason": "Not yet" })),
        "reserve" => staff(json!({ "rank": 9, "reason": "Next" })),
        "decide-at-meeting" => staff(json!({
            "fund": Uuid::from_u128(2),
            "round": "first",
            "verdict": { "defer": { "reason": "Not yet" } },
        })),
        "take-back-decision" => staff(json!({ "reason": "The group had withdrawn" })),
        "release-letter" => staff(json!({ "met_on": "2026-06-01" })),
        "move-letter" => staff(json!({ "met_on": "2026-06-01", "letters_on": "2026-06-10" })),
        "request-review" => member(json!({ "words": "We had said so" })),
        "decide-review" => second(json!({ "upheld": true, "reason": "They had" })),
        "lapse" | "reopen-draft" | "remind-draft" => job(json!({})),
        _ => staff(json!({})),
    }
}

fn introduction(name: &str) -> Sample {
    match name {
        "ask" => staff(json!({ "of": { "person": STRANGER }, "to": WELCOMING_ENTRY })),
        "agree" => staff(json!({
            "notice": 1,
            "channel": "phone",
            "read_back": true,
            "matters": "Company",
            "shares": ["name", "telephone"],
        })),
        "welcome" => member(json!({ "host": Uuid::from_u128(100) })),
        "decline" => member(json!({ "reason": "full" })),
        "say-how" => staff(json!({ "how": "went" })),
        "take-back" => (SampleActor::Person(STRANGER), json!({})),
        "close" => staff(json!({ "reason": "done" })),
        "remind" | "forget-matters" => job(json!({})),
        _ => staff(json!({})),
    }
}

fn gathering(name: &str) -> Sample {
    let lead = Uuid::from_u128(10);
    let about = json!({ "title": "A walk", "description": "We walk and talk." });
    let session = |day: &str, places: u32| {
        json!({
            "day": day,
            "starts_at": "13:30",
            "ends_at": "15:00",
            "place": "The library",
            "places": places,
        })
    };
    let stranger = json!({ "person": STRANGER });
    match name {
        "plan" => staff(json!({ "kind": "activity", "about": about, "leads": [lead] })),
        "describe" => staff(about),
        "add-session" => staff(session("2026-07-05", 1)),
        "move-session" => staff(json!({ "session": 1, "to": session("2026-07-06", 2) })),
        "cancel-session" => staff(json!({ "session": 1, "reason": "The hall is closed." })),
        "sign-up" => (
            SampleActor::Person(STRANGER),
            json!({
                "session": 1,
                "person": STRANGER,
                "needs": { "words": "A ramp", "consent": true },
                "channel": "phone",
            }),
        ),
        "count-sign-ups" => staff(json!({ "session": 1, "people": 28, "channel": "phone" })),
        "step-down" => staff(json!({ "session": 1, "person": STRANGER })),
        "give-up" => job(json!({ "session": 1, "person": STRANGER })),
        "hand-over" => job(json!({
            "session": 1,
            "from": STRANGER,
            "to": Uuid::from_u128(100),
            "needs": { "words": "A ramp", "consent": true },
        })),
        "record-attendance" => staff(json!({
            "session": 1,
            "came": { "people": 3, "named": [STRANGER] },
        })),
        "correct-attendance" => staff(json!({
            "session": 1,
            "came": { "people": 2 },
            "reason": "One was counted twice.",
        })),
        "write-notes" => staff(json!({
            "session": 1,
            "learned": "People want to meet again.",
            "signs": ["acting-early"],
        })),
        "offer-lead" => staff(stranger),
        "take-lead" => (SampleActor::Person(STRANGER), stranger),
        "leave-lead" => staff(json!({ "person": lead })),
        "forget-hand" => job(json!({})),
        "ask-for-hand" => staff(json!({ "lead": lead, "words": "Someone to bring tea" })),
        "pass-risk-check" => staff(json!({ "good_until": "2027-06-01" })),
        "remind" | "forget-needs" => job(json!({ "session": 1 })),
        _ => staff(json!({})),
    }
}

fn asset(name: &str) -> Sample {
    let [own, other] = [200, 201].map(|group| json!({ "group": Uuid::from_u128(group) }));
    match name {
        "record" => staff(json!({
            "way": "offer",
            "kind": "group",
            "holder": own,
            "name": "A bowls club",
        })),
        "propose" => member(json!({ "words": "We meet on Fridays, too" })),
        "publish" => staff(json!({
            "name": "Boccia at the bowls club",
            "description": "Anyone can join in.",
            "when": "Tuesdays from 2 to 4",
            "access": "There is a ramp.",
            "website": "https://bowls.example.org",
            "welcomes": true,
        })),
        "pause" | "resume" | "confirm" | "withdraw" => member(json!({})),
        "tie" => staff(json!({ "to": OTHER_ASSET, "how": "partner" })),
        "untie" => staff(json!({ "to": OTHER_ASSET })),
        "take-over" => second(json!({})),
        "record-exchange" => member(json!({
            "giver": other,
            "receiver": own,
            "minutes": 90,
            "on": "2026-06-01",
        })),
        "correct-exchange" => staff(json!({
            "exchange": 1,
            "minutes": 60,
            "reason": "They left after an hour.",
        })),
        "remind" | "forget-words" => job(json!({})),
        _ => staff(json!({})),
    }
}

fn pledges() -> Value {
    json!({ "pledges": [{
        "pledge": "tell-three",
        "words": "I tell three people about screening.",
        "other_languages": { "pl": "Powiem o badaniach trzem osobom." },
        "not_before": "2026-06-10",
        "due_after_days": 14,
    }] })
}

fn barrier(name: &str) -> Sample {
    match name {
        "raise" => (
            SampleActor::Person(STRANGER),
            json!({ "person": STRANGER, "words": "The bus stops at five.", "channel": "phone" }),
        ),
        "sum-up" => staff(json!({ "summary": "There is no bus to the clinic after five." })),
        "join" => staff(json!({ "into": OTHER_BARRIER })),
        "take-in" => staff(json!({ "barrier": OTHER_BARRIER, "raised_by": [STRANGER] })),
        "pass-on" => staff(json!({
            "to": "The hospital trust",
            "asked": "Can a clinic open in the evening?",
            "due_on": "2026-07-03",
        })),
        "record-answer" => staff(json!({
            "answer": "It opens on Thursday evenings from May.",
            "comes_to": "planned",
        })),
        "withdraw" => staff(json!({})),
        "close" => staff(json!({ "reason": "The clinic is open in the evening now." })),
        _ => job(json!({})),
    }
}

fn grant(name: &str) -> Sample {
    offer(name)
        .or_else(|| check(name))
        .or_else(|| payment(name))
        .or_else(|| bank_entry(name))
        .or_else(|| change(name))
        .or_else(|| update(name))
        .or_else(|| money_due_back(name))
        .unwrap_or_else(|| staff(json!({})))
}

fn offer(name: &str) -> Option<Sample> {
    Some(match name {
        "offer" | "grow" => {
            staff(json!({ "sources": [{ "funder": "health-partnership", "amount": "100.00" }] }))
        }
        "accept-agreement" => member(json!({
            "hash": sha256_hex(AGREEMENT_TEXT),
            "method": "web",
            "names": ["A", "B"],
        })),
        "decline-offer" => member(json!({})),
        "lapse-offer" => job(json!({})),
        "move-letter" => staff(json!({ "letters_on": "2026-06-10" })),
        "confirm-attendance" => second(json!({ "person": Uuid::from_u128(11), "decision": 1 })),
        _ => return None,
    })
}

fn check(name: &str) -> Option<Sample> {
    Some(match name {
        "request-check" | "pass-check" | "fail-check" | "propose-waiver" => {
            staff(json!({ "check": "identity", "note": "Seen" }))
        }
        "confirm-waiver" => second(json!({ "check": "identity" })),
        "reuse-check" => staff(json!({ "check": "identity" })),
        _ => return None,
    })
}

fn payment(name: &str) -> Option<Sample> {
    Some(match name {
        "schedule-payments" => {
            let later =
                json!({ "amount": "500.00", "released": { "from_day": { "day": "2026-08-01" } } });
            staff(json!({ "instalments": [later] }))
        }
        "confirm-schedule" => second(json!({ "proposal": 1 })),
        "prepare-payment" => staff(json!({ "amount": "100.00" })),
        "propose-early-payment" => {
            staff(json!({ "payment": 1, "reason": "The hall must be paid today" }))
        }
        "approve-payment" | "confirm-early-payment" => second(json!({ "payment": 1 })),
        "reject-payment" | "cancel-payment" | "fail-payment" => {
            second(json!({ "payment": 1, "reason": "No" }))
        }
        "send-payment" | "confirm-payment" => {
            second(json!({ "payment": 1, "happened_on": "2026-06-01" }))
        }
        "send-in-batch" => second(json!({
            "fund": Uuid::from_u128(2),
            "batch": "june",
            "payment": 1,
            "amount": "500.00",
            "sent_on": "2026-06-01",
        })),
        "reverse-payment" => {
            second(json!({ "payment": 1, "happened_on": "2026-06-02", "reason": "Taken back" }))
        }
        "correct-payment" => {
            second(json!({ "payment": 1, "paid_on": "2026-06-02", "reason": "A day late" }))
        }
        _ => return None,
    })
}

/// Money at the bank that belongs to no payment.
fn bank_entry(name: &str) -> Option<Sample> {
    Some(match name {
        "record-bank-entry" => second(json!({
            "kind": "came_in",
            "amount": "5.00",
            "happened_on": "2026-06-01",
            "note": "A second credit",
        })),
        "propose-settlement" => {
            staff(json!({ "entry": 1, "counts": "0.00", "reason": "It was sent back" }))
        }
        "confirm-settlement" => second(json!({ "entry": 1, "counts": "0.00" })),
        _ => return None,
    })
}

/// A variation, a hold or the end of a grant, and its public story.
fn change(name: &str) -> Option<Sample> {
    Some(match name {
        "request-variation" => member(json!({
            "change": { "amount": "1200.00", "update_due_on": "2026-10-01" },
            "words": "Costs rose",
        })),
        "approve-variation" => second(json!({ "variation": 1 })),
        "refuse-variation" => second(json!({ "variation": 1, "reason": "No" })),
        "withdraw-offer" | "hold" | "terminate" => staff(json!({ "reason": "A reason" })),
        "confirm-revocation" => second(json!({ "proposal": 1 })),
        "publish-story" => staff(json!({
            "words": "They cook together.",
            "consented_on": "2026-06-01",
            "consent": "A signed form",
            "pictured": "Three people at a stove",
        })),
        "withdraw-story" => member(json!({ "story": 1 })),
        _ => return None,
    })
}

fn update(name: &str) -> Option<Sample> {
    Some(match name {
        "request-update" => staff(json!({ "due_on": "2026-12-31" })),
        "remind-now" => staff(json!({ "update": 1, "note": "We would love a photo." })),
        "remind-update" => job(json!({ "update": 1, "occasion": "before" })),
        "save-update" => member(json!({
            "update": 1,
            "answers": { "words": "Well, so f", "people": "about 5" },
            "strengths": { "acting-early": "some" },
            "noticed": { "acting-early": "They came" },
        })),
        "send-news" => member(json!({
            "channel": "web",
            "words": "The new oven works",
            "pictured": "Three loaves in front of an oven",
        })),
        "receive-update" => {
            let outcome = json!({ "sign": "acting-early", "strength": "some", "words": "Yes" });
            member(json!({
                "update": 1,
                "channel": "web",
                "words": "Well",
                "people": 5,
                "volunteers": 1,
                "spent": "10.00",
                "outcomes": [outcome],
            }))
        }
        "accept-update" => staff(json!({ "update": 1 })),
        "query-update" => staff(json!({ "update": 1, "question": "How many?" })),
        "excuse-update" => staff(json!({ "update": 1, "reason": "Ended" })),
        "correct-update" => staff(json!({
            "update": 1,
            "people": 6,
            "volunteers": 1,
            "spent": "10.00",
            "reason": "One more",
        })),
        "judge-outcome" => staff(json!({
            "update": 1,
            "sign": "acting-early",
            "strength": "strong",
            "reason": "Seen",
        })),
        _ => return None,
    })
}

fn money_due_back(name: &str) -> Option<Sample> {
    Some(match name {
        "declare-underspend" => member(json!({ "amount": "10.00" })),
        "request-return" => staff(json!({ "due_on": "2026-12-31" })),
        "demand-clawback" => {
            staff(json!({ "amount": "10.00", "reason": "Spent on something else" }))
        }
        "receive-return" => staff(json!({ "amount": "5.00", "received_on": "2026-06-01" })),
        "propose-return-waiver" => {
            staff(json!({ "amount": "5.00", "reason": "Too little to chase" }))
        }
        "confirm-return-waiver" => second(json!({ "amount": "5.00" })),
        _ => return None,
    })
}
