//! Introductions and consent: on which notice, to whom, and who welcomes.

use microgrants::domain::{Actor, PersonId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::SeenRefusals;
use crate::domain::matrix::samples::{INTRODUCTION, WELCOMING_ENTRY, sample};
use crate::domain::matrix::states::published_entry;
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::{Scenario, command_from_json};

const AT_RISK: Uuid = Uuid::from_u128(610);
const OF_HOST: Uuid = Uuid::from_u128(612);
const OF_GROUP: Uuid = Uuid::from_u128(613);
const QUIET_ENTRY: Uuid = Uuid::from_u128(611);

pub fn refusals(seen: &mut SeenRefusals) {
    merging_with_an_unchecked_group(seen);
    let mut setting = Scenario::drafts(2);
    published_entry(&mut setting);
    let mut case = IntroductionCase {
        staff: Actor::Person(setting.staff[0]),
        host: setting.members[0],
        person: setting.members[1],
        seen,
        setting,
    };
    case.consenting();
    case.asking();
    case.agreeing();
    case.making();
    case.welcoming();
    case.taking_back();
    case.welcoming_oneself();
    case.becoming_one_group();
    case.closing_the_entry();
}

/// The check of a group that holds an entry does not hold for the one that it became part of.
fn merging_with_an_unchecked_group(seen: &mut SeenRefusals) {
    let mut setting = Scenario::drafts(2);
    published_entry(&mut setting);
    let at_risk = Uuid::from_u128(614);
    let [holder, other] = [0, 1].map(|number| setting.group(number));
    let check = json!({
        "check": "safeguarding", "grant": setting.application(0), "good_until": "2027-06-01",
    });
    setting.issue_json_ok(0, "group", holder.0, "file-check", &check);
    let ask = json!({
        "of": { "person": setting.members[1] }, "to": WELCOMING_ENTRY, "at_risk": true,
    });
    setting.issue_json_ok(0, "introduction", at_risk, "ask", &ask);
    let agree = json!({ "notice": 1, "channel": "paper", "shares": ["name"] });
    setting.issue_json_ok(0, "introduction", at_risk, "agree", &agree);
    let merge = json!({ "into": other, "reason": "The same people" });
    setting.issue_json_ok(0, "group", holder.0, "merge", &merge);
    let staff = Actor::Person(setting.staff[0]);
    let make = command_from_json("introduction", at_risk, "make", &json!({}));
    seen.assert_actor_refused(&mut setting, staff, "group_not_checked", make);
    setting.issue_json_ok(0, "group", other.0, "file-check", &check);
    setting.issue_json_ok(0, "introduction", at_risk, "make", &json!({}));
}

/// An entry that the first group holds, and the member of another who is introduced.
struct IntroductionCase<'a> {
    seen: &'a mut SeenRefusals,
    setting: Scenario,
    staff: Actor,
    host: PersonId,
    person: PersonId,
}

fn consent(basis: &str, purpose: &str, notice: u32, channel: &str) -> Value {
    json!({ "purpose": purpose, "basis": basis, "notice": notice, "channel": channel })
}

impl IntroductionCase<'_> {
    fn take(&mut self, of: (&str, Uuid), name: &str, body: &Value) {
        self.setting
            .issue_json(self.staff, of.0, of.1, name, body)
            .unwrap_or_else(|refusal| panic!("{name} {body}: {refusal}"));
    }

    fn refuse(&mut self, code: &'static str, of: (&str, Uuid), name: &str, body: &Value) {
        self.refuse_as(self.staff, code, of, name, body);
    }

    fn refuse_as(
        &mut self,
        actor: Actor,
        code: &'static str,
        of: (&str, Uuid),
        name: &str,
        body: &Value,
    ) {
        let command = command_from_json(of.0, of.1, name, body);
        self.seen
            .assert_actor_refused(&mut self.setting, actor, code, command);
    }

    fn ask(&self) -> Value {
        json!({ "of": { "person": self.person }, "to": WELCOMING_ENTRY })
    }

    fn consenting(&mut self) {
        let of = ("person", self.person.0);
        let online = consent("consent", "invitations", 1, "web");
        self.refuse("own_act_online", of, "agree", &online);
        let early = consent("consent", "invitations", 2, "phone");
        self.refuse("notice_out_of_date", of, "agree", &early);
        let never_told = consent("consent", "skills", 1, "phone");
        self.refuse("notice_out_of_date", of, "agree", &never_told);
        let notice = json!({ "purpose": "skills", "text": "We keep what you can do." });
        let organisation = ("organisation", ORGANISATION.0);
        self.take(organisation, "publish-notice", &notice);
        self.refuse("no_change", organisation, "publish-notice", &notice);
        let not_asked = consent("soft_opt_in", "skills", 1, "phone");
        self.refuse("consent_missing", of, "agree", &not_asked);
        let good = consent("consent", "invitations", 1, "phone");
        self.refuse_as(Actor::Person(self.host), "not_yours", of, "agree", &good);
        self.take(of, "agree", &good);
        self.refuse("no_change", of, "agree", &good);
    }

    fn asking(&mut self) {
        let introduction = ("introduction", INTRODUCTION);
        let ask = self.ask();
        let nowhere = json!({ "of": { "person": self.person }, "to": QUIET_ENTRY });
        self.refuse("unknown", introduction, "ask", &nowhere);
        let holder = self.setting.group(0);
        let own = json!({ "of": { "group": holder }, "to": WELCOMING_ENTRY });
        self.refuse("same_party", introduction, "ask", &own);
        let other = Actor::Person(self.host);
        self.refuse_as(other, "unknown", introduction, "ask", &ask);
        let record = json!({
            "way": "offer", "kind": "group", "holder": { "group": holder }, "name": "A quiet room",
        });
        let listing = json!({ "name": "A quiet room", "description": "To be alone." });
        self.take(("asset", QUIET_ENTRY), "record", &record);
        self.refuse("unknown", introduction, "ask", &nowhere);
        self.take(("asset", QUIET_ENTRY), "publish", &listing);
        self.refuse("not_welcoming", introduction, "ask", &nowhere);
        self.take(introduction, "ask", &ask);
    }

    fn agreeing(&mut self) {
        let introduction = ("introduction", INTRODUCTION);
        let agree = |notice: u32, channel: &str, read_back: bool, shares: &str| {
            json!({
                "notice": notice, "channel": channel, "read_back": read_back, "shares": [shares],
            })
        };
        self.refuse("consent_missing", introduction, "make", &json!({}));
        let old = agree(2, "phone", true, "name");
        self.refuse("notice_out_of_date", introduction, "agree", &old);
        let not_read = agree(1, "phone", false, "name");
        self.refuse("consent_missing", introduction, "agree", &not_read);
        let unsaid = agree(1, "phone", true, "matters");
        self.refuse("consent_missing", introduction, "agree", &unsaid);
        let online = agree(1, "web", true, "name");
        self.refuse("own_act_online", introduction, "agree", &online);
        let good = agree(1, "phone", true, "name");
        let stranger = Actor::Person(self.host);
        self.refuse_as(stranger, "unknown", introduction, "agree", &good);
        self.take(introduction, "agree", &good);
        self.refuse("introduction_not_in_state", introduction, "agree", &good);
    }

    /// Somebody who may be at risk comes only to a group that was checked.
    fn making(&mut self) {
        let at_risk = ("introduction", AT_RISK);
        let mut ask = self.ask();
        ask["at_risk"] = json!(true);
        self.take(at_risk, "ask", &ask);
        self.take(at_risk, "agree", &sample("introduction", "agree").1);
        self.refuse("group_not_checked", at_risk, "make", &json!({}));
        let own = Actor::Person(self.person);
        self.refuse_as(own, "not_yours", at_risk, "make", &json!({}));
        // Who asks for themselves is not asked, so staff say so when they make it.
        let introduction = ("introduction", INTRODUCTION);
        let found = json!({ "at_risk": true });
        self.refuse("group_not_checked", introduction, "make", &found);
        self.take(introduction, "make", &json!({}));
    }

    fn welcoming(&mut self) {
        let introduction = ("introduction", INTRODUCTION);
        let nobody = json!({ "channel": "phone" });
        self.refuse("host_missing", introduction, "welcome", &nobody);
        let outsider = json!({ "host": self.person, "channel": "phone" });
        self.refuse("host_missing", introduction, "welcome", &outsider);
        let unsaid = json!({ "host": self.host });
        self.refuse("own_act_online", introduction, "welcome", &unsaid);
        let own = Actor::Person(self.person);
        self.refuse_as(own, "unknown", introduction, "welcome", &unsaid);
        let early = json!({ "how": "went" });
        self.refuse("introduction_not_in_state", introduction, "say-how", &early);
        let host = json!({ "host": self.host, "channel": "phone" });
        self.take(introduction, "welcome", &host);
    }

    fn taking_back(&mut self) {
        let introduction = ("introduction", INTRODUCTION);
        let by_phone = json!({ "channel": "phone" });
        let other = Actor::Person(self.host);
        self.refuse_as(other, "unknown", introduction, "take-back", &by_phone);
        self.take(introduction, "take-back", &by_phone);
        self.refuse("taken_back", introduction, "take-back", &by_phone);
        self.refuse(
            "taken_back",
            introduction,
            "say-how",
            &json!({ "how": "went" }),
        );
    }

    /// A person who is introduced is not their own host.
    fn welcoming_oneself(&mut self) {
        let own = ("introduction", OF_HOST);
        let ask = json!({ "of": { "person": self.host }, "to": WELCOMING_ENTRY });
        self.take(own, "ask", &ask);
        self.take(own, "agree", &sample("introduction", "agree").1);
        self.take(own, "make", &json!({}));
        let themselves = json!({ "host": self.host, "channel": "phone" });
        self.refuse("host_missing", own, "welcome", &themselves);
    }

    /// A group that was merged into the one that holds the entry is not introduced to it.
    fn becoming_one_group(&mut self) {
        let of_group = ("introduction", OF_GROUP);
        let [holder, other] = [0, 1].map(|number| self.setting.group(number));
        let ask = json!({ "of": { "group": other }, "to": WELCOMING_ENTRY });
        self.take(of_group, "ask", &ask);
        let agree = json!({ "notice": 1, "channel": "paper", "shares": [] });
        self.take(of_group, "agree", &agree);
        let merge = json!({ "into": holder, "reason": "The same people" });
        self.take(("group", other.0), "merge", &merge);
        self.refuse("same_party", of_group, "make", &json!({}));
    }

    fn closing_the_entry(&mut self) {
        self.take(("asset", WELCOMING_ENTRY), "withdraw", &json!({}));
        let at_risk = ("introduction", AT_RISK);
        self.refuse("listing_withdrawn", at_risk, "make", &json!({}));
    }
}
