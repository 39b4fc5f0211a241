//! Gatherings: who leads one, who may sign up, and who came.

use jiff::civil::date;
use microgrants::domain::{Actor, PersonId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::SeenRefusals;
use crate::domain::matrix::samples::GATHERING;
use crate::support::scenario::{Scenario, command_from_json};

const OTHER: Uuid = Uuid::from_u128(401);

pub fn refusals(seen: &mut SeenRefusals) {
    let setting = Scenario::drafts(3);
    let [lead, first, second] = [0, 1, 2].map(|number| setting.members[number]);
    let mut case = GatheringCase {
        staff: Actor::Person(setting.staff[0]),
        seen,
        setting,
        lead,
        first,
        second,
    };
    case.planning();
    case.handing_over();
    case.opening();
    case.adding_sessions();
    case.signing_up();
    case.waiting();
    case.moving();
    case.recording_early();
    case.recording();
    case.counting();
}

/// A gathering with one session, its lead, and two people who sign up.
struct GatheringCase<'a> {
    seen: &'a mut SeenRefusals,
    setting: Scenario,
    staff: Actor,
    lead: PersonId,
    first: PersonId,
    second: PersonId,
}

fn session(day: &str, until: &str, places: u32) -> Value {
    json!({ "day": day, "starts_at": "13:30", "ends_at": until, "places": places })
}

fn planned(places: u32) -> Value {
    session("2026-07-05", "16:00", places)
}

fn plan_in(area: &str, leads: &[PersonId]) -> Value {
    let about = json!({ "title": "A call to action", "description": "We meet.", "area": area });
    json!({ "kind": "call_to_action", "about": about, "leads": leads, "risk_check": true })
}

fn of(person: PersonId) -> Value {
    json!({ "person": person })
}

fn at_session(person: PersonId) -> Value {
    json!({ "session": 1, "person": person })
}

/// A place that somebody asked for by phone.
fn by_phone(person: PersonId) -> Value {
    json!({ "session": 1, "person": person, "channel": "phone" })
}

impl GatheringCase<'_> {
    /// Issues a command as an officer. It must be accepted.
    fn take(&mut self, name: &str, body: &Value) {
        self.take_as(self.staff, name, body);
    }

    fn take_as(&mut self, actor: Actor, name: &str, body: &Value) {
        self.setting
            .issue_json(actor, "gathering", GATHERING, name, body)
            .unwrap_or_else(|refusal| panic!("{name} {body}: {refusal}"));
    }

    /// Issues a command as an officer. It must be refused.
    fn refuse(&mut self, code: &'static str, name: &str, body: &Value) {
        self.refuse_as(self.staff, code, name, body);
    }

    fn refuse_as(&mut self, actor: Actor, code: &'static str, name: &str, body: &Value) {
        let command = command_from_json("gathering", GATHERING, name, body);
        self.seen
            .assert_actor_refused(&mut self.setting, actor, code, command);
    }

    fn planning(&mut self) {
        let (lead, own) = (self.lead, Actor::Person(self.lead));
        self.refuse("unknown", "plan", &plan_in("mars", &[]));
        let led_by_member = plan_in("oldham", &[lead]);
        self.refuse("lead_not_offered", "plan", &led_by_member);
        let plan = plan_in("oldham", &[]);
        self.refuse_as(own, "not_yours", "plan", &plan);
        let mut personal = plan.clone();
        personal["about"]["description"] = json!("Ring Amina on 07700 900123");
        self.refuse("looks_personal", "plan", &personal);
        self.take("plan", &plan);
        self.refuse("no_lead", "open", &json!({}));
    }

    /// An offer that another replaced cannot be taken.
    fn handing_over(&mut self) {
        let (lead, first) = (self.lead, self.first);
        let own = Actor::Person(lead);
        self.take("offer-lead", &of(lead));
        self.take("offer-lead", &of(first));
        self.refuse_as(own, "unknown", "take-lead", &of(lead));
        self.refuse("not_yours", "take-lead", &of(first));
        self.take("offer-lead", &of(lead));
        self.take_as(own, "take-lead", &of(lead));
    }

    fn opening(&mut self) {
        let (lead, own) = (self.lead, Actor::Person(self.lead));
        self.refuse("risk_check_missing", "open", &json!({}));
        let past = json!({ "good_until": "2026-05-31" });
        self.refuse("dates_out_of_order", "pass-risk-check", &past);
        let today = json!({ "good_until": "2026-06-01" });
        self.take("pass-risk-check", &today);
        self.take("open", &json!({}));
        self.refuse("gathering_not_in_state", "open", &json!({}));
        self.refuse_as(own, "last_lead", "leave-lead", &of(lead));
        let asked = json!({ "lead": self.first, "words": "Tea" });
        self.refuse("unknown", "ask-for-hand", &asked);
        self.refuse_as(own, "not_yours", "end", &json!({}));
    }

    fn adding_sessions(&mut self) {
        let backwards = session("2026-07-05", "13:30", 1);
        self.refuse("dates_out_of_order", "add-session", &backwards);
        self.refuse("nothing", "add-session", &planned(0));
        self.refuse("nothing", "add-session", &planned(10_001));
        let mut personal = planned(1);
        personal["place"] = json!("Ask amina@example.org, OL1 1AA");
        self.refuse("looks_personal", "add-session", &personal);
        let other = Actor::Person(self.first);
        self.refuse_as(other, "not_yours", "add-session", &planned(1));
        let own = Actor::Person(self.lead);
        self.take_as(own, "add-session", &planned(1));
    }

    /// There is one place.
    fn signing_up(&mut self) {
        let (first, own) = (self.first, Actor::Person(self.first));
        let for_other = at_session(self.second);
        self.refuse_as(own, "not_yours", "sign-up", &for_other);
        let lead = Actor::Person(self.lead);
        self.refuse_as(lead, "not_yours", "sign-up", &for_other);
        let mut unasked = at_session(first);
        unasked["needs"] = json!({ "words": "A ramp", "consent": false });
        self.refuse_as(own, "consent_missing", "sign-up", &unasked);
        let mut of_other_group = at_session(first);
        of_other_group["group"] = json!(self.setting.group(0));
        self.refuse_as(own, "not_of_group", "sign-up", &of_other_group);
        self.take_as(own, "sign-up", &by_phone(first));
        self.refuse("signed_up_already", "sign-up", &by_phone(first));
        let number = json!({ "session": 1, "people": 3 });
        self.refuse("named_only", "count-sign-ups", &number);
    }

    /// The second person waits, and gets the place in the command by which the first steps down.
    fn waiting(&mut self) {
        let (first, second) = (by_phone(self.first), by_phone(self.second));
        self.refuse("own_act_online", "sign-up", &at_session(self.second));
        self.take("sign-up", &second);
        self.refuse("signed_up_already", "sign-up", &second);
        let uninvolved = at_session(self.lead);
        self.refuse("not_signed_up", "step-down", &uninvolved);
        let before = self.setting.world.history.len();
        self.take("step-down", &at_session(self.first));
        let happened: Vec<String> = self.setting.world.history[before..]
            .iter()
            .map(|(_, event)| format!("{event:?}"))
            .collect();
        assert_eq!(happened.len(), 2, "{happened:?}");
        let got = self.second.to_string();
        assert!(happened[1].contains("PlaceTaken") && happened[1].contains(&got));
        self.take("sign-up", &first);
    }

    fn moving(&mut self) {
        let to = |places: u32| json!({ "session": 1, "to": planned(places) });
        self.take("move-session", &to(2));
        self.refuse("too_few_places", "move-session", &to(1));
        self.refuse("no_change", "move-session", &to(2));
        self.refuse("sessions_left", "end", &json!({}));
        let one = json!({ "session": 1 });
        self.refuse_as(Actor::Job, "reminder_not_due", "remind", &one);
    }

    fn recording_early(&mut self) {
        let came = json!({ "session": 1, "came": { "people": 2 } });
        self.refuse("session_not_over", "record-attendance", &came);
        let notes = json!({ "session": 1, "learned": "Much." });
        self.refuse("session_not_over", "write-notes", &notes);
        self.setting.world.today = date(2026, 7, 6);
        let past = planned(2);
        let lead = Actor::Person(self.lead);
        self.refuse_as(lead, "dates_out_of_order", "add-session", &past);
        let late = by_phone(self.lead);
        self.refuse("session_passed", "sign-up", &late);
    }

    fn recording(&mut self) {
        let record = "record-attendance";
        let came = |named: &[PersonId], groups: &Value| {
            let came = json!({ "people": 2, "named": named, "groups": groups });
            json!({ "session": 1, "came": came })
        };
        let from = |group: Uuid, people: u32| json!({ "group": group, "people": people });
        let group = self.setting.group(0).0;
        let walk_in = came(&[self.lead], &json!([]));
        self.refuse("not_signed_up", record, &walk_in);
        let many = came(&[], &json!([from(group, 3)]));
        self.refuse("nothing", record, &many);
        let twice = came(&[], &json!([from(group, 1), from(group, 1)]));
        self.refuse("named_twice", record, &twice);
        let nowhere = came(&[], &json!([from(OTHER, 1)]));
        self.refuse("unknown", record, &nowhere);
        let whole = came(&[self.first], &json!([from(group, 1)]));
        self.take(record, &whole);
        self.refuse("session_not_in_state", record, &whole);
        let notes = json!({ "session": 1, "learned": "Much.", "signs": ["shouting"] });
        self.refuse("unknown_sign", "write-notes", &notes);
        let reached = json!({ "session": 1, "learned": "Much.", "ideas": ["Ask ann@example.org"] });
        self.refuse("looks_personal", "write-notes", &reached);
        let one = json!({ "session": 1 });
        self.refuse_as(Actor::Job, "not_expired", "forget-needs", &one);
        self.take("end", &json!({}));
    }

    /// Where people are counted, nobody signs up by name.
    fn counting(&mut self) {
        let mut plan = plan_in("oldham", &[self.setting.staff[0]]);
        plan["sign_up"] = json!("counted");
        plan["risk_check"] = json!(false);
        plan["grew_from"] = json!(GATHERING);
        let number = json!({ "session": 1, "people": 28 });
        let session = session("2026-07-09", "16:30", 20);
        let none = json!({});
        for (name, body) in [
            ("plan", &plan),
            ("open", &none),
            ("add-session", &session),
            ("count-sign-ups", &number),
        ] {
            self.setting
                .issue_json_ok(0, "gathering", OTHER, name, body);
        }
        let named = at_session(self.first);
        let sign_up = command_from_json("gathering", OTHER, "sign-up", &named);
        let staff = self.staff;
        self.seen
            .assert_actor_refused(&mut self.setting, staff, "counted_only", sign_up);
    }
}
