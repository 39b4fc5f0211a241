//! Random histories of one gathering: after each command its session has no more people than
//! places, nobody is there twice, and those who wait got places in their order. The rules of the
//! table hold in the whole log, and no money moves.

use std::collections::BTreeSet;

use jiff::civil::date;
use microgrants::audit::RuleChecker;
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
    let unproven = Actor::Person(PersonId(UNREGISTERED));
    let introduce = sample("person", "introduce").1;
    setting
        .issue_json(Actor::Job, "person", UNREGISTERED, "introduce", &introduce)
        .expect("they begin");
    let place = |session: u16, person: PersonId| json!({ "session": session, "person": person });
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

fn draw(dice: &mut SeededRandom, setting: &Scenario) -> (&'static str, Value) {
    let person = *dice.choose(&setting.members);
    let of = json!({ "session": 1, "person": person });
    match dice.below(12) {
        0..=5 => {
            let mut own = of;
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
