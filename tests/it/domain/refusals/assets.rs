//! The directory: who may do what with an entry, and hours that were given.

use jiff::civil::date;
use microgrants::domain::{Actor, PersonId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::SeenRefusals;
use crate::domain::matrix::samples::{ASSET, OTHER_ASSET};
use crate::support::scenario::{Scenario, command_from_json};

/// An entry that somebody holds as a person.
const OF_PERSON: Uuid = Uuid::from_u128(502);

pub fn refusals(seen: &mut SeenRefusals) {
    let setting = Scenario::drafts(2);
    let [member, other] = [0, 1].map(|number| setting.members[number]);
    let mut case = AssetCase {
        staff: Actor::Person(setting.staff[0]),
        seen,
        setting,
        member,
        other,
    };
    case.recording();
    case.recording_for_a_person();
    case.publishing();
    case.being_held_by_others();
    case.tying();
    case.exchanging();
    case.exchanging_after_a_merge();
    case.reminding();
    case.withdrawing();
}

/// An entry of a group, a member of it, and a member of another one.
struct AssetCase<'a> {
    seen: &'a mut SeenRefusals,
    setting: Scenario,
    staff: Actor,
    member: PersonId,
    other: PersonId,
}

fn listing(description: &str) -> Value {
    json!({ "name": "A bowls club", "description": description })
}

impl AssetCase<'_> {
    fn take(&mut self, asset: Uuid, name: &str, body: &Value) {
        self.take_as(self.staff, (asset, name), body);
    }

    fn take_as(&mut self, actor: Actor, (asset, name): (Uuid, &str), body: &Value) {
        self.setting
            .issue_json(actor, "asset", asset, name, body)
            .unwrap_or_else(|refusal| panic!("{name} {body}: {refusal}"));
    }

    fn refuse(&mut self, code: &'static str, name: &str, body: &Value) {
        self.refuse_as(self.staff, code, (ASSET, name), body);
    }

    fn refuse_as(
        &mut self,
        actor: Actor,
        code: &'static str,
        (asset, name): (Uuid, &str),
        body: &Value,
    ) {
        let command = command_from_json("asset", asset, name, body);
        self.seen
            .assert_actor_refused(&mut self.setting, actor, code, command);
    }

    fn group(&self, number: usize) -> Value {
        json!({ "group": self.setting.group(number) })
    }

    fn recording(&mut self) {
        let entry = |area: &str, name: Option<&str>| {
            json!({
                "way": "offer",
                "kind": "group",
                "area": area,
                "name": name,
            })
        };
        self.refuse("unknown", "record", &entry("mars", Some("A club")));
        self.refuse("nothing", "record", &entry("oldham", None));
        let reached = entry("oldham", Some("Ring 0161 496 0000"));
        self.refuse("looks_personal", "record", &reached);
        let own = Actor::Person(self.member);
        let named = entry("oldham", Some("A club"));
        self.refuse_as(own, "not_yours", (ASSET, "record"), &named);
        let mut worded = named.clone();
        worded["words"] = json!("We meet");
        self.refuse("nothing", "record", &worded);
        let mut held = named.clone();
        held["holder"] = self.group(0);
        self.take(ASSET, "record", &held);
        self.refuse("exists", "record", &held);
        let mut nobodys = named.clone();
        nobodys["kind"] = json!("skill");
        self.refuse_as(self.staff, "nothing", (OTHER_ASSET, "record"), &nobodys);
        self.take(OTHER_ASSET, "record", &named);
    }

    /// What a person holds needs their consent, and stays private.
    fn recording_for_a_person(&mut self) {
        let person = self.other;
        let mut skill = json!({
            "way": "offer",
            "kind": "skill",
            "holder": { "person": person },
            "words": "I can mend bicycles",
        });
        let of_person = (OF_PERSON, "record");
        self.refuse_as(self.staff, "consent_missing", of_person, &skill);
        self.agree(person, "skills");
        skill["name"] = json!("Mends bicycles");
        self.refuse_as(self.staff, "private", of_person, &skill);
        skill["name"] = Value::Null;
        skill["kind"] = json!("group");
        self.refuse_as(self.staff, "nothing", of_person, &skill);
        skill["kind"] = json!("skill");
        self.take(OF_PERSON, "record", &skill);
        let words = listing("Mends bicycles.");
        self.refuse_as(self.staff, "private", (OF_PERSON, "publish"), &words);
    }

    /// A person agrees by phone to a purpose, on a notice that is published for it.
    fn agree(&mut self, person: PersonId, purpose: &str) {
        let notice = json!({ "purpose": purpose, "text": "We keep what you tell us." });
        let organisation = crate::support::in_memory_domain::ORGANISATION.0;
        self.setting
            .issue_json_ok(0, "organisation", organisation, "publish-notice", &notice);
        let agreed = json!({
            "purpose": purpose, "basis": "consent", "notice": 1, "channel": "phone",
        });
        self.setting
            .issue_json_ok(0, "person", person.0, "agree", &agreed);
    }

    fn publishing(&mut self) {
        self.refuse("asset_not_in_state", "pause", &json!({}));
        for reached in [
            "Ask ann@example.org",
            "Come to OL1 1AA",
            "Ring 0161 496 0000",
        ] {
            self.refuse("looks_personal", "publish", &listing(reached));
        }
        let mut elsewhere = listing("Anyone can join in.");
        elsewhere["area"] = json!("mars");
        self.refuse("unknown", "publish", &elsewhere);
        self.take(ASSET, "publish", &listing("Anyone can join in."));
        self.refuse("no_change", "confirm", &json!({}));
        self.refuse("asset_not_in_state", "resume", &json!({}));
        let words = json!({ "words": "We meet on Fridays" });
        let nobodys = (OTHER_ASSET, "propose");
        self.refuse_as(self.staff, "nothing", nobodys, &words);
    }

    /// A member of another group does not learn that there is such an entry.
    fn being_held_by_others(&mut self) {
        let other = Actor::Person(self.other);
        let words = json!({ "words": "We meet on Fridays" });
        self.refuse_as(other, "unknown", (ASSET, "propose"), &words);
        for name in ["confirm", "pause", "resume", "withdraw"] {
            self.refuse_as(other, "unknown", (ASSET, name), &json!({}));
        }
        self.refuse_as(other, "not_yours", (ASSET, "take-over"), &json!({}));
        let own = Actor::Person(self.member);
        let words = listing("Anyone can join in.");
        self.refuse_as(own, "not_yours", (ASSET, "publish"), &words);
        self.refuse("no_change", "take-over", &json!({}));
    }

    fn tying(&mut self) {
        let to = |asset: Uuid| json!({ "to": asset, "how": "partner" });
        self.refuse("same_party", "tie", &to(ASSET));
        self.refuse("unknown", "tie", &to(Uuid::from_u128(509)));
        self.refuse("no_change", "untie", &json!({ "to": OTHER_ASSET }));
        self.take(ASSET, "tie", &to(OTHER_ASSET));
        self.refuse("no_change", "tie", &to(OTHER_ASSET));
    }

    fn exchanging(&mut self) {
        let (first, second) = (self.group(0), self.group(1));
        let on = |giver: &Value, receiver: &Value, minutes: u32, day: &str| {
            json!({
                "giver": giver,
                "receiver": receiver,
                "minutes": minutes,
                "on": day,
            })
        };
        let today = "2026-06-01";
        let name = "record-exchange";
        self.refuse("same_party", name, &on(&first, &first, 90, today));
        self.refuse("nothing", name, &on(&first, &second, 0, today));
        self.refuse("nothing", name, &on(&first, &second, 10_001, today));
        let tomorrow = on(&first, &second, 90, "2026-06-02");
        self.refuse("date_in_future", name, &tomorrow);
        let person = json!({ "person": self.member });
        let unagreed = on(&person, &second, 90, today);
        self.refuse("not_in_time_bank", name, &unagreed);
        let own = json!({ "person": self.setting.staff[0] });
        self.refuse("not_yours", name, &on(&own, &second, 90, today));
        let exchange = on(&first, &second, 90, today);
        let (giver, receiver) = (Actor::Person(self.member), Actor::Person(self.other));
        self.refuse_as(giver, "not_yours", (ASSET, name), &exchange);
        let of_others = on(&second, &person, 90, today);
        self.refuse_as(receiver, "unknown", (ASSET, name), &of_others);
        self.take_as(receiver, (ASSET, name), &exchange);
        self.take(ASSET, "pause", &json!({}));
        self.refuse_as(receiver, "unknown", (ASSET, name), &exchange);
        self.take(ASSET, "resume", &json!({}));
        let corrected = |exchange: u32, minutes: u32| {
            json!({
                "exchange": exchange,
                "minutes": minutes,
                "reason": "Less.",
            })
        };
        self.refuse("unknown", "correct-exchange", &corrected(2, 60));
        self.refuse("no_change", "correct-exchange", &corrected(1, 90));
        self.take(ASSET, "correct-exchange", &corrected(1, 0));
    }

    /// Two groups that became one give each other no time.
    fn exchanging_after_a_merge(&mut self) {
        let merge = json!({ "into": self.setting.group(0), "reason": "The same people" });
        let merged = self.setting.group(1).0;
        self.setting
            .issue_json_ok(0, "group", merged, "merge", &merge);
        let exchange = json!({
            "giver": self.group(0),
            "receiver": self.group(1),
            "minutes": 90,
            "on": "2026-06-01",
        });
        self.refuse("same_party", "record-exchange", &exchange);
    }

    fn reminding(&mut self) {
        self.refuse_as(self.staff, "not_yours", (ASSET, "remind"), &json!({}));
        let job = (ASSET, "remind");
        self.refuse_as(Actor::Job, "reminder_not_due", job, &json!({}));
        self.setting.world.today = date(2027, 4, 1);
        let none = json!({});
        self.setting
            .issue_json(Actor::Job, "asset", ASSET, "remind", &none)
            .expect("it is due");
        self.refuse_as(Actor::Job, "reminder_not_due", job, &none);
    }

    fn withdrawing(&mut self) {
        let none = json!({});
        self.refuse_as(Actor::Job, "not_expired", (ASSET, "forget-words"), &none);
        self.take(ASSET, "withdraw", &none);
        for name in ["withdraw", "confirm", "take-over"] {
            self.refuse("listing_withdrawn", name, &none);
        }
        let tie = json!({ "to": ASSET, "how": "grew_from" });
        let of_other = (OTHER_ASSET, "tie");
        self.refuse_as(self.staff, "listing_withdrawn", of_other, &tie);
        self.refuse_as(Actor::Job, "no_change", (ASSET, "forget-words"), &none);
    }
}
