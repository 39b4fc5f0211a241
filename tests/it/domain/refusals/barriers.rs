//! Pledges and barriers: who may take a pledge, and how a barrier is carried up.

use microgrants::domain::{Actor, PersonId};
use serde_json::{Value, json};

use super::SeenRefusals;
use crate::domain::matrix::samples::{BARRIER, OTHER_BARRIER, sample};
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::{Scenario, command_from_json};

pub fn refusals(seen: &mut SeenRefusals) {
    let setting = Scenario::drafts(2);
    let [first, second] = [0, 1].map(|number| setting.members[number]);
    let mut case = BarrierCase {
        staff: Actor::Person(setting.staff[0]),
        seen,
        setting,
        first,
        second,
    };
    case.pledging();
    case.raising();
    case.carrying_up();
    case.joining();
}

/// Two people who take pledges and raise barriers.
struct BarrierCase<'a> {
    seen: &'a mut SeenRefusals,
    setting: Scenario,
    staff: Actor,
    first: PersonId,
    second: PersonId,
}

fn raised_by(person: PersonId) -> Value {
    json!({ "person": person, "words": "The bus stops at five.", "area": "oldham" })
}

fn summary(words: &str) -> Value {
    json!({ "summary": words })
}

impl BarrierCase<'_> {
    /// Issues a command as an officer. It must be accepted.
    fn take(&mut self, name: &str, body: &Value) {
        self.take_as(self.staff, name, body);
    }

    fn take_as(&mut self, actor: Actor, name: &str, body: &Value) {
        self.setting
            .issue_json(actor, "barrier", BARRIER, name, body)
            .unwrap_or_else(|refusal| panic!("{name} {body}: {refusal}"));
    }

    /// Issues a command as an officer. It must be refused.
    fn refuse(&mut self, code: &'static str, name: &str, body: &Value) {
        self.refuse_as(self.staff, code, name, body);
    }

    fn refuse_as(&mut self, actor: Actor, code: &'static str, name: &str, body: &Value) {
        let command = command_from_json("barrier", BARRIER, name, body);
        self.seen
            .assert_actor_refused(&mut self.setting, actor, code, command);
    }

    fn refuse_pledge(&mut self, actor: Actor, code: &'static str, body: &Value) {
        let command = command_from_json("person", self.first.0, "pledge", body);
        self.seen
            .assert_actor_refused(&mut self.setting, actor, code, command);
    }

    fn pledging(&mut self) {
        let (own, other) = (Actor::Person(self.first), Actor::Person(self.second));
        let taken = |keys: &[&str], version: u32| json!({ "pledges": keys, "version": version });
        self.refuse_pledge(own, "no_pledges", &taken(&["tell-three"], 1));
        let (_, mut pledges) = sample("organisation", "publish-pledges");
        let publish = |body: &Value| {
            command_from_json("organisation", ORGANISATION.0, "publish-pledges", body)
        };
        let none = publish(&json!({ "pledges": [] }));
        let staff = self.staff;
        self.seen
            .assert_actor_refused(&mut self.setting, staff, "nothing", none);
        self.setting.issue_json_ok(
            0,
            "organisation",
            ORGANISATION.0,
            "publish-pledges",
            &pledges,
        );
        let same = publish(&pledges);
        self.seen
            .assert_actor_refused(&mut self.setting, staff, "no_change", same);
        pledges["pledges"][0]["words"] = json!("I write to amina@example.org.");
        let personal = publish(&pledges);
        self.seen
            .assert_actor_refused(&mut self.setting, staff, "looks_personal", personal);
        self.refuse_pledge(own, "nothing", &taken(&[], 1));
        self.refuse_pledge(own, "pledge_unknown", &taken(&["walk-far"], 1));
        self.refuse_pledge(own, "pledge_unknown", &taken(&["tell-three"], 2));
        self.refuse_pledge(other, "not_yours", &taken(&["tell-three"], 1));
    }

    fn raising(&mut self) {
        let (first, own) = (self.first, Actor::Person(self.first));
        let for_other = raised_by(self.second);
        self.refuse_as(own, "not_yours", "raise", &for_other);
        let mut elsewhere = raised_by(first);
        elsewhere["area"] = json!("mars");
        self.refuse_as(own, "unknown", "raise", &elsewhere);
        let mut of_other_group = raised_by(first);
        of_other_group["group"] = json!(self.setting.group(1));
        self.refuse_as(own, "not_of_group", "raise", &of_other_group);
        self.take_as(own, "raise", &raised_by(first));
        self.refuse_as(own, "exists", "raise", &raised_by(first));
    }

    fn carrying_up(&mut self) {
        let (_, mut pass_on) = sample("barrier", "pass-on");
        let (_, answer) = sample("barrier", "record-answer");
        self.refuse("not_summed_up", "pass-on", &pass_on);
        self.refuse("not_passed_on", "record-answer", &answer);
        for words in [
            "Write to amina@example.org.",
            "She lives at OL1 1AA.",
            "Ring 0161 496 0000.",
        ] {
            self.refuse("looks_personal", "sum-up", &summary(words));
        }
        let own = Actor::Person(self.first);
        self.refuse_as(own, "not_yours", "sum-up", &summary("There is no bus."));
        self.take("sum-up", &summary("There is no bus."));
        self.refuse("no_change", "sum-up", &summary("There is no bus."));
        self.refuse("not_passed_on", "record-answer", &answer);
        pass_on["due_on"] = json!("2026-05-31");
        self.refuse("dates_out_of_order", "pass-on", &pass_on);
        pass_on["due_on"] = json!("2026-07-03");
        self.take("pass-on", &pass_on);
        self.refuse("barrier_not_in_state", "sum-up", &summary("No bus."));
        self.refuse_as(Actor::Job, "reminder_not_due", "remind", &json!({}));
        self.take("record-answer", &answer);
        self.refuse("no_change", "record-answer", &answer);
        self.withdrawing(&pass_on, &answer);
    }

    /// What was passed on is withdrawn, also once it is closed, and is passed on anew.
    fn withdrawing(&mut self, pass_on: &Value, answer: &Value) {
        let own = Actor::Person(self.first);
        self.refuse_as(own, "not_yours", "withdraw", &json!({}));
        self.take("withdraw", &json!({}));
        self.refuse("not_passed_on", "withdraw", &json!({}));
        self.refuse("not_passed_on", "record-answer", answer);
        self.take("sum-up", &summary("Nobody gets there after five."));
        self.take("pass-on", pass_on);
        self.take("close", &json!({ "reason": "It is done." }));
        self.take("withdraw", &json!({}));
        self.refuse("not_summed_up", "pass-on", pass_on);
        self.take("sum-up", &summary("Nobody gets there after five."));
        self.take("pass-on", pass_on);
        self.take("record-answer", answer);
    }

    /// Another barrier cannot be joined to itself, and takes no step of its own once it is joined.
    fn joining(&mut self) {
        let own = Actor::Person(self.second);
        let raised = raised_by(self.second);
        self.setting
            .issue_json(own, "barrier", OTHER_BARRIER, "raise", &raised)
            .expect("raised");
        let join =
            |into| command_from_json("barrier", OTHER_BARRIER, "join", &json!({ "into": into }));
        let staff = self.staff;
        let itself = join(OTHER_BARRIER);
        self.seen
            .assert_actor_refused(&mut self.setting, staff, "unknown", itself);
        self.setting.issue_json_ok(
            0,
            "barrier",
            OTHER_BARRIER,
            "join",
            &json!({ "into": BARRIER }),
        );
        let again = join(BARRIER);
        self.seen
            .assert_actor_refused(&mut self.setting, staff, "joined", again);
        let everyone: Vec<_> = self.setting.world.barriers[&BARRIER].raised_by().collect();
        assert_eq!(everyone.len(), 2, "both are told of its answers");
    }
}
