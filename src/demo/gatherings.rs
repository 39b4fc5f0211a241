//! The content of `gatherings.json`: people meet, sign up, come, and hand over the lead.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;

use super::application_history::plaintext;
use super::programme::DemoProgramme;
use super::{DemoStep, SeedError, demo_id, setup};
use crate::domain::application::Channel;
use crate::domain::command::NoBody;
use crate::domain::gathering::{
    AgreedNeeds, AskForHand, CancelSession, ClockTime, CorrectTurnout, CountSignUps,
    GatheringCommand, GatheringKind, GatheringWords, GroupTurnout, LeadRef, PassRiskCheck,
    PlaceAudience, PlanGathering, RecordTurnout, SessionNotes, SessionPlan, SignUp, SignUpWay,
    StepDown, Turnout,
};
use crate::domain::text::{Line, Prose, Slug};
use crate::domain::{Actor, Command, GatheringId, GroupId, OrganisationId, PersonId};

/// The `gatherings.json` that is part of the program.
const BUNDLED_GATHERINGS: &str = include_str!("../../seeds/gatherings.json");

/// A gathering. Days are relative to the end of the simulation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GatheringSeed {
    key: String,
    kind: GatheringKind,
    pub(super) about: GatheringWords,
    /// The officers who lead it, by their keys.
    leads: Vec<String>,
    /// The group that runs it, by its name.
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    sign_up: SignUpWay,
    #[serde(default)]
    risk_check: Option<RiskCheckSeed>,
    /// The key of the gathering that it grew from.
    #[serde(default)]
    grew_from: Option<String>,
    planned: i32,
    /// The day on which it opens; a draft has none.
    #[serde(default)]
    opens: Option<i32>,
    #[serde(default)]
    ends: Option<i32>,
    #[serde(default)]
    hand_over: Option<HandOverSeed>,
    #[serde(default)]
    hand: Option<HandSeed>,
    pub(super) sessions: Vec<SessionSeed>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RiskCheckSeed {
    day: i32,
    until: i32,
}

/// The lead goes from staff to the member of a group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HandOverSeed {
    /// The name of the group.
    to: String,
    offered: i32,
    taken: i32,
    left: i32,
}

/// The lead asks the office for a hand.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HandSeed {
    day: i32,
    words: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionSeed {
    day: i32,
    starts_at: ClockTime,
    ends_at: ClockTime,
    place: Line,
    #[serde(default)]
    place_for: PlaceAudience,
    #[serde(default)]
    places: Option<u32>,
    /// The first day on which people sign up: two a day.
    #[serde(default)]
    sign_ups_from: i32,
    #[serde(default)]
    sign_ups: Vec<SignUpSeed>,
    /// Those who give up their place, by the name of their group.
    #[serde(default)]
    step_down: Vec<String>,
    #[serde(default)]
    counted: Option<CountSeed>,
    #[serde(default)]
    pub(super) cancelled: Option<CancelSeed>,
    #[serde(default)]
    pub(super) came: Option<CameSeed>,
    /// The notes of a session that was held.
    #[serde(default)]
    pub(super) learned: Option<Prose>,
    #[serde(default)]
    ideas: Vec<Line>,
    #[serde(default)]
    pub(super) signs: BTreeSet<Slug>,
}

/// The member of a group signs up.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignUpSeed {
    /// The name of the group.
    of: String,
    #[serde(default)]
    needs: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CountSeed {
    day: i32,
    people: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelSeed {
    day: i32,
    reason: Prose,
}

/// Who came. Those who had a place came, but for those who are named as absent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CameSeed {
    people: u32,
    #[serde(default)]
    absent: Vec<String>,
    /// The groups from which more than one person came.
    #[serde(default)]
    groups: BTreeMap<String, u32>,
    #[serde(default)]
    corrected: Option<CorrectionSeed>,
}

/// A number that was wrong at first.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CorrectionSeed {
    people: u32,
    reason: Prose,
}

/// Reads the gatherings from a folder, or those that are part of the program. A folder need not
/// have any.
pub(super) fn read(folder: Option<&Path>) -> Result<Vec<GatheringSeed>, SeedError> {
    let file = folder.unwrap_or(Path::new("seeds")).join("gatherings.json");
    let text = match folder.map(|_| std::fs::read_to_string(&file)) {
        None => BUNDLED_GATHERINGS.to_owned(),
        Some(Ok(text)) => text,
        Some(Err(cause)) if cause.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Some(Err(cause)) => return Err(SeedError::File { file, cause }),
    };
    serde_json::from_str(&text).map_err(|cause| SeedError::Malformed { file, cause })
}

pub(super) fn steps(
    programme: &DemoProgramme,
    organisation: OrganisationId,
    ends_on: Date,
) -> Vec<DemoStep> {
    let mut steps = Vec::new();
    for seed in &programme.gatherings {
        let history = GatheringHistory {
            programme,
            seed,
            organisation,
            ends_on,
            steps: Vec::new(),
        };
        steps.extend(history.into_steps());
    }
    steps
}

struct GatheringHistory<'a> {
    programme: &'a DemoProgramme,
    seed: &'a GatheringSeed,
    organisation: OrganisationId,
    ends_on: Date,
    steps: Vec<DemoStep>,
}

impl GatheringHistory<'_> {
    fn into_steps(mut self) -> Vec<DemoStep> {
        self.plan();
        self.hand_over();
        for (number, session) in (1..).zip(&self.seed.sessions) {
            self.sign_up(number, session);
            self.hold(number, session);
        }
        if let Some(day) = self.seed.ends {
            self.push(day, self.officer(), GatheringCommand::End(NoBody {}));
        }
        self.steps
    }

    fn push(&mut self, day: i32, by: Actor, command: GatheringCommand) {
        let command = Command::Gathering(self.id(&self.seed.key), command);
        self.steps.push(DemoStep::new(day.min(-1), by, command));
    }

    fn id(&self, key: &str) -> GatheringId {
        GatheringId(demo_id(self.organisation, "gathering", key))
    }

    fn group(&self, name: &str) -> GroupId {
        GroupId(demo_id(self.organisation, "group", name))
    }

    /// The member of a group.
    fn member(&self, group: &str) -> PersonId {
        PersonId(demo_id(self.organisation, "member", group))
    }

    fn date(&self, day: i32) -> Date {
        self.ends_on.saturating_add(i64::from(day).days())
    }

    /// The officer who leads it, or who plans it while no one does.
    fn officer(&self) -> Actor {
        let key = self.seed.leads.first().map_or("officer", String::as_str);
        Actor::Person(setup::staff_id(self.organisation, key))
    }

    /// Who leads it on a day: an officer, until the lead is handed over.
    fn lead(&self, day: i32) -> Actor {
        match &self.seed.hand_over {
            Some(handed) if handed.left <= day => Actor::Person(self.member(&handed.to)),
            _ => self.officer(),
        }
    }

    fn plan(&mut self) {
        let seed = self.seed;
        let lead = |key: &String| setup::staff_id(self.organisation, key);
        let plan = PlanGathering {
            kind: seed.kind,
            about: seed.about.clone(),
            leads: seed.leads.iter().map(lead).collect(),
            group: seed.group.as_deref().map(|name| self.group(name)),
            fund: Some(setup::fund_id(self.organisation)),
            sign_up: seed.sign_up,
            risk_check: seed.risk_check.is_some(),
            grew_from: seed.grew_from.as_deref().map(|key| self.id(key)),
        };
        let officer = self.officer();
        self.push(seed.planned, officer, GatheringCommand::Plan(plan));
        for session in &seed.sessions {
            let plan = SessionPlan {
                day: self.date(session.day),
                starts_at: session.starts_at.clone(),
                ends_at: session.ends_at.clone(),
                place: Some(session.place.clone()),
                place_for: session.place_for,
                places: session.places,
            };
            self.push(seed.planned, officer, GatheringCommand::AddSession(plan));
        }
        if let Some(check) = &seed.risk_check {
            let good_until = self.date(check.until);
            let passed = GatheringCommand::PassRiskCheck(PassRiskCheck { good_until });
            self.push(check.day, officer, passed);
        }
        if let Some(day) = seed.opens {
            self.push(day, officer, GatheringCommand::Open(NoBody {}));
        }
    }

    /// The member of a group takes the lead, the officer leaves it, and later asks for a hand.
    fn hand_over(&mut self) {
        let (seed, officer) = (self.seed, self.officer());
        if let Some(handed) = &seed.hand_over {
            let person = self.member(&handed.to);
            let new = Actor::Person(person);
            let offer = GatheringCommand::OfferLead(LeadRef { person });
            self.push(handed.offered, officer, offer);
            let take = GatheringCommand::TakeLead(LeadRef { person });
            self.push(handed.taken, new, take);
            for key in &seed.leads {
                let person = setup::staff_id(self.organisation, key);
                let leave = GatheringCommand::LeaveLead(LeadRef { person });
                self.push(handed.left, Actor::Person(person), leave);
            }
        }
        if let Some(hand) = &seed.hand
            && let Actor::Person(lead) = self.lead(hand.day)
        {
            let words = plaintext(&hand.words);
            let ask = GatheringCommand::AskForHand(AskForHand { lead, words });
            self.push(hand.day, Actor::Person(lead), ask);
        }
    }

    fn sign_up(&mut self, session: u16, seed: &SessionSeed) {
        let last = (seed.day - 1).min(-1);
        let mut day = seed.sign_ups_from.min(last);
        for (at, one) in (0..).zip(&seed.sign_ups) {
            day = (seed.sign_ups_from + at / 2).min(last);
            let person = self.member(&one.of);
            let (by, channel) = if self.is_keyed_in(&one.of) {
                (self.lead(day), Some(Channel::Phone))
            } else {
                (Actor::Person(person), None)
            };
            let needs = one.needs.as_deref().map(|words| AgreedNeeds {
                words: plaintext(words),
                consent: true,
            });
            let sign_up = SignUp {
                session,
                person,
                group: Some(self.group(&one.of)),
                needs,
                channel,
            };
            self.push(day, by, GatheringCommand::SignUp(sign_up));
        }
        for name in &seed.step_down {
            let person = self.member(name);
            let step_down = StepDown { session, person };
            let command = GatheringCommand::StepDown(step_down);
            self.push(day, Actor::Person(person), command);
        }
        if let Some(counted) = &seed.counted {
            let count = CountSignUps {
                session,
                people: counted.people,
                channel: Some(Channel::Phone),
            };
            let by = self.lead(counted.day);
            self.push(counted.day, by, GatheringCommand::CountSignUps(count));
        }
    }

    /// Whether people of this group phone or write, and staff key in what they say.
    fn is_keyed_in(&self, group: &str) -> bool {
        let mut groups = self.programme.groups.iter();
        groups.any(|seed| seed.name.as_str() == group && seed.is_keyed_in())
    }

    /// What became of a session: it was cancelled, or people came and notes were written.
    fn hold(&mut self, session: u16, seed: &SessionSeed) {
        let officer = self.officer();
        if let Some(cancelled) = &seed.cancelled {
            let reason = cancelled.reason.clone();
            let cancel = CancelSession { session, reason };
            let command = GatheringCommand::CancelSession(cancel);
            self.push(cancelled.day, officer, command);
        }
        let Some(attended) = &seed.came else {
            return;
        };
        let came = self.turnout(seed, attended);
        let record = RecordTurnout {
            session,
            came: came.clone(),
        };
        let (after, lead) = (seed.day + 1, self.lead(seed.day + 1));
        self.push(after, lead, GatheringCommand::RecordAttendance(record));
        if let Some(correction) = &attended.corrected {
            let correct = CorrectTurnout {
                session,
                came: Turnout {
                    people: correction.people,
                    ..came
                },
                reason: correction.reason.clone(),
            };
            let command = GatheringCommand::CorrectAttendance(correct);
            self.push(after + 1, lead, command);
        }
        if let Some(learned) = &seed.learned {
            let notes = SessionNotes {
                session,
                learned: learned.clone(),
                ideas: seed.ideas.clone(),
                signs: seed.signs.clone(),
            };
            let command = GatheringCommand::WriteNotes(notes);
            self.push(after + 1, officer, command);
        }
    }

    fn turnout(&self, seed: &SessionSeed, attended: &CameSeed) -> Turnout {
        let present: Vec<&str> = seed
            .with_places()
            .into_iter()
            .filter(|name| !attended.absent.iter().any(|absent| absent == name))
            .collect();
        let from = |name: &&str| GroupTurnout {
            group: self.group(name),
            people: attended.groups.get(*name).copied().unwrap_or(1),
        };
        Turnout {
            people: attended.people,
            named: present.iter().map(|name| self.member(name)).collect(),
            groups: present.iter().map(from).collect(),
        }
    }
}

impl SessionSeed {
    /// The groups whose members have a place at the end: the first who did not give it up.
    fn with_places(&self) -> Vec<&str> {
        let places = self.places.unwrap_or(u32::MAX);
        let names = self.sign_ups.iter().map(|one| one.of.as_str());
        let left = |name: &&str| !self.step_down.iter().any(|gone| gone == name);
        names
            .filter(left)
            .take(usize::try_from(places).unwrap_or(usize::MAX))
            .collect()
    }
}
