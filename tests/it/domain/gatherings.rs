//! Random histories of one gathering: after each command its session has no more people than
//! places, nobody is there twice, and those who wait got places in their order. The rules of the
//! table hold in the whole log, and no money moves.

use std::collections::BTreeSet;

use jiff::civil::date;
use microgrants::audit::RuleChecker;
use microgrants::domain::unproven::SIGN_UP_TIMES_MAX;
use microgrants::domain::{Actor, Event, GatheringEvent, PersonId};
use serde_json::{Value, json};

use crate::domain::matrix::samples::{GATHERING, UNREGISTERED, sample};
use crate::support::random::SeededRandom;
use crate::support::scenario::Scenario;

const HISTORIES: u64 = 20;
const COMMANDS_PER_HISTORY: usize = 600;
const PEOPLE: usize = 7;

/// Who has a place at a session and who waits, by the events alone.
#[derive(Default)]
struct Seats {
    places: u64,
    taken: BTreeSet<PersonId>,
    waiting: Vec<PersonId>,
}

impl Seats {
    fn follow(&mut self, event: &GatheringEvent) {
        use GatheringEvent as E;
        match event {
            E::SessionAdded { session: 1, plan } | E::SessionMoved { session: 1, plan } => {
                self.places = plan.places.map_or(u64::MAX, u64::from);
            }
            E::PlaceTaken {
                session: 1,
                person,
                waited,
                ..
            } => {
                let first = self.waiting.first().copied();
                assert_eq!(
                    first,
                    waited.then_some(*person),
                    "who waits longest is first"
                );
                self.waiting.retain(|waits| waits != person);
                assert!(self.taken.insert(*person), "{person} has two places");
            }
            E::WaitingJoined {
                session: 1,
                person,
                rank,
                ..
            } => {
                self.waiting.push(*person);
                assert_eq!(usize::try_from(*rank), Ok(self.waiting.len()), "the rank");
            }
            E::PlaceGivenUp { session: 1, person } => {
                assert!(self.taken.remove(person), "{person} had no place");
            }
            E::WaitingLeft { session: 1, person } => self.waiting.retain(|waits| waits != person),
            _ => {}
        }
    }

    /// A free place and somebody who waits never stay together at the end of a command.
    fn check(&self) {
        let taken = u64::try_from(self.taken.len()).expect("few");
        assert!(taken <= self.places, "{taken} of {}", self.places);
        assert!(self.waiting.is_empty() || taken == self.places);
        let once: BTreeSet<_> = self.waiting.iter().collect();
        assert_eq!(once.len(), self.waiting.len());
        assert!(self.waiting.iter().all(|waits| !self.taken.contains(waits)));
    }
}

#[test]
fn a_session_never_has_more_people_than_places() {
    let mut moved_up = 0;
    for seed in 1..=HISTORIES {
        moved_up += random_history(&mut SeededRandom::new(seed));
    }
    assert!(moved_up > 50, "{moved_up} people moved up");
}

/// Returns how many people got a place that they had waited for.
fn random_history(dice: &mut SeededRandom) -> usize {
    let mut setting = Scenario::drafts(PEOPLE);
    let staff = Actor::Person(setting.staff[0]);
    setting.issue_samples_of_gathering(staff);
    let before = setting.world.funds.clone();
    let (mut seats, mut read, mut moved_up) = (Seats::default(), 0, 0);
    for _ in 0..COMMANDS_PER_HISTORY {
        let (name, body) = draw(dice, &setting);
        let actor = if dice.one_in(3) {
            Actor::Person(*dice.choose(&setting.members))
        } else {
            staff
        };
        if setting
            .issue_json(actor, "gathering", GATHERING, name, &body)
            .is_err()
        {
            continue;
        }
        for (_, event) in &setting.world.history[read..] {
            if let Event::Gathering(event) = event {
                let waited = matches!(event, GatheringEvent::PlaceTaken { waited: true, .. });
                moved_up += usize::from(waited);
                seats.follow(event);
            }
        }
        read = setting.world.history.len();
        seats.check();
    }
    let budgets = |funds: &std::collections::BTreeMap<_, microgrants::domain::Fund>| {
        let all = funds.values().map(|fund| format!("{:?}", fund.budget()));
        all.collect::<Vec<_>>()
    };
    assert_eq!(budgets(&setting.world.funds), budgets(&before));
    let mut replay = RuleChecker::default();
    for event in setting.world.recorded_from(0) {
        replay.process(&event);
    }
    let found = replay.finish().findings.sorted();
    assert!(found.is_empty(), "{found:?}");
    moved_up
}

/// Somebody whose address is not proven has three places at most, and gives them up when their data
/// are erased: who waits for one gets it then.
#[test]
fn somebody_unproven_has_few_places_and_gives_them_up() {
    let mut setting = Scenario::drafts(1);
    let staff = Actor::Person(setting.staff[0]);
    setting.issue_samples_of_gathering(staff);
    let unproven = begin_unproven(&mut setting);
    for number in 2..=4 {
        setting.issue_json_ok(0, "gathering", GATHERING, "add-session", &session(1));
        let own = place(number, PersonId(UNREGISTERED));
        setting
            .issue_json(unproven, "gathering", GATHERING, "sign-up", &own)
            .expect("a place");
    }
    let fourth = place(1, PersonId(UNREGISTERED));
    let refusal = setting
        .issue_json(unproven, "gathering", GATHERING, "sign-up", &fourth)
        .expect_err("a fourth place");
    assert_eq!(refusal.code(), "address_unproven");
    let member = setting.members[0];
    setting.issue_json_ok(0, "gathering", GATHERING, "sign-up", &place(2, member));

    setting.world.today = date(2026, 6, 17);
    let before = setting.world.history.len();
    setting
        .issue_json(Actor::Job, "person", UNREGISTERED, "expire", &json!({}))
        .expect("their time is over");
    let moved_up = GatheringEvent::PlaceTaken {
        session: 2,
        person: member,
        group: None,
        needs: None,
        waited: true,
    };
    let happened = &setting.world.history[before..];
    let given_up = happened.iter().filter(|(_, event)| {
        matches!(event, Event::Gathering(GatheringEvent::PlaceGivenUp { .. }))
    });
    assert_eq!(given_up.count(), 3);
    assert!(happened.contains(&(GATHERING, Event::Gathering(moved_up))));
}

/// A booking without signing in goes to the owner of its address as one booking: the place to no
/// one who waits, and an owner who had booked as well keeps one.
#[test]
fn a_booking_is_handed_over_before_those_who_wait() {
    let mut setting = Scenario::drafts(3);
    let staff = Actor::Person(setting.staff[0]);
    setting.issue_samples_of_gathering(staff);
    let stranger = PersonId(UNREGISTERED);
    let unproven = begin_unproven(&mut setting);
    let [owner, second, third] = [0, 1, 2].map(|number| setting.members[number]);
    setting
        .issue_json(
            unproven,
            "gathering",
            GATHERING,
            "sign-up",
            &place(1, stranger),
        )
        .expect("a place");
    for person in [second, third] {
        setting.issue_json_ok(0, "gathering", GATHERING, "sign-up", &place(1, person));
    }
    let given_up = |person| GatheringEvent::PlaceGivenUp { session: 1, person };
    let taken = |person, waited| GatheringEvent::PlaceTaken {
        session: 1,
        person,
        group: None,
        needs: None,
        waited,
    };
    assert_eq!(
        setting.hand_over(stranger, owner),
        Ok(vec![given_up(stranger), taken(owner, false)])
    );
    assert_eq!(
        setting.hand_over(second, owner),
        Ok(vec![given_up(second), taken(third, true)]),
        "the owner has a place already"
    );
    setting.issue_json_ok(0, "gathering", GATHERING, "sign-up", &place(1, second));
    let colleague = setting.staff[1];
    let left = GatheringEvent::WaitingLeft {
        session: 1,
        person: second,
    };
    let joined = GatheringEvent::WaitingJoined {
        session: 1,
        person: colleague,
        rank: 1,
        group: None,
        needs: None,
    };
    assert_eq!(setting.hand_over(second, colleague), Ok(vec![left, joined]));
    assert_eq!(setting.hand_over(second, owner), Err("not_signed_up"));
    assert_eq!(setting.hand_over(owner, owner), Err("no_change"));
    assert_eq!(setting.hand_over(owner, stranger), Err("address_unproven"));
    let mut replay = RuleChecker::default();
    for event in setting.world.recorded_from(0) {
        replay.process(&event);
    }
    let found = replay.finish().findings.sorted();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn somebody_unproven_signs_up_again_a_few_times_only() {
    let mut setting = Scenario::drafts(1);
    let staff = Actor::Person(setting.staff[0]);
    setting.issue_samples_of_gathering(staff);
    let unproven = begin_unproven(&mut setting);
    let own = json!({ "session": 1, "person": UNREGISTERED });
    for _ in 0..SIGN_UP_TIMES_MAX {
        for name in ["sign-up", "step-down"] {
            setting
                .issue_json(unproven, "gathering", GATHERING, name, &own)
                .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        }
    }
    let refusal = setting
        .issue_json(unproven, "gathering", GATHERING, "sign-up", &own)
        .expect_err("once too often");
    assert_eq!(refusal.code(), "address_unproven");
}

/// A lead reads names and needs, so that nobody becomes one under a name that they typed.
#[test]
fn somebody_unproven_takes_no_lead() {
    let mut setting = Scenario::drafts(1);
    let staff = Actor::Person(setting.staff[0]);
    setting.issue_samples_of_gathering(staff);
    let unproven = begin_unproven(&mut setting);
    let of = json!({ "person": UNREGISTERED });
    setting.issue_json_ok(0, "gathering", GATHERING, "offer-lead", &of);
    let refusal = setting
        .issue_json(unproven, "gathering", GATHERING, "take-lead", &of)
        .expect_err("an address that nobody proved");
    assert_eq!(refusal.code(), "address_unproven");
}

/// Once it is forgotten who signed up, a session stays where it was.
#[test]
fn a_session_that_is_long_over_is_not_moved() {
    let mut setting = Scenario::drafts(1);
    let staff = Actor::Person(setting.staff[0]);
    setting.issue_samples_of_gathering(staff);
    let own = place(1, setting.members[0]);
    setting.issue_json_ok(0, "gathering", GATHERING, "sign-up", &own);
    setting.world.today = date(2026, 8, 4);
    let to = json!({ "session": 1, "to": session(3) });
    setting.issue_json_ok(0, "gathering", GATHERING, "move-session", &to);
    setting.world.today = date(2026, 8, 5);
    let to = json!({ "session": 1, "to": session(4) });
    let refusal = setting
        .issue_json(staff, "gathering", GATHERING, "move-session", &to)
        .expect_err("a month later");
    assert_eq!(refusal.code(), "session_passed");
}

fn place(session: u16, person: PersonId) -> Value {
    json!({ "session": session, "person": person, "channel": "phone" })
}

/// Somebody begins who has not proved an address.
fn begin_unproven(setting: &mut Scenario) -> Actor {
    let introduce = sample("person", "introduce").1;
    setting
        .issue_json(Actor::Job, "person", UNREGISTERED, "introduce", &introduce)
        .expect("they begin");
    Actor::Person(PersonId(UNREGISTERED))
}

fn draw(dice: &mut SeededRandom, setting: &Scenario) -> (&'static str, Value) {
    let person = *dice.choose(&setting.members);
    let of = json!({ "session": 1, "person": person });
    match dice.below(12) {
        0..=5 => {
            let mut own = of;
            own["channel"] = json!("phone");
            if dice.one_in(2) {
                own["needs"] = json!({ "words": "A ramp", "consent": true });
            }
            ("sign-up", own)
        }
        6..=9 => ("step-down", of),
        10 => {
            let to = session(1 + dice.below(4));
            ("move-session", json!({ "session": 1, "to": to }))
        }
        _ => {
            let names = ["offer-lead", "take-lead", "leave-lead"];
            (*dice.choose(&names), json!({ "person": person }))
        }
    }
}

fn session(places: usize) -> Value {
    json!({ "day": "2026-07-05", "starts_at": "13:30", "ends_at": "15:00", "places": places })
}

impl Scenario {
    /// Hands a booking over. Returns what happened to the gathering, or the code of the refusal.
    fn hand_over(
        &mut self,
        from: PersonId,
        to: PersonId,
    ) -> Result<Vec<GatheringEvent>, &'static str> {
        let body = json!({ "session": 1, "from": from, "to": to });
        let before = self.world.history.len();
        self.issue_json(Actor::Job, "gathering", GATHERING, "hand-over", &body)
            .map_err(|refusal| refusal.code())?;
        let happened = self.world.history[before..].iter();
        Ok(happened
            .filter_map(|(_, event)| match event {
                Event::Gathering(event) => Some(event.clone()),
                _ => None,
            })
            .collect())
    }

    /// A gathering that is open, with one session of two places.
    fn issue_samples_of_gathering(&mut self, by: Actor) {
        let about = json!({ "title": "A circle", "description": "We meet." });
        let plan = json!({ "kind": "circle", "about": about, "leads": [self.staff[0]] });
        let steps = [
            ("plan", plan),
            ("add-session", session(2)),
            ("open", json!({})),
        ];
        for (name, body) in steps {
            self.issue_json(by, "gathering", GATHERING, name, &body)
                .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        }
    }
}
