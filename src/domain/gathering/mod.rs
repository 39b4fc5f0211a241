//! The gathering aggregate: people who meet, once or repeatedly. Each meeting is a session, with
//! places, a waiting list, and a record of how many came.

mod clock_time;
mod command;
mod event;
mod hand_over;
mod lead;
mod learning;
mod session;
mod session_input;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use clock_time::ClockTime;
pub use command::{
    AgreedNeeds, AskForHand, CancelSession, ChooseStory, CorrectTurnout, CountSignUps,
    GatheringCommand, GatheringKind, GatheringWords, GroupTurnout, HandOver, LeadRef, MoveSession,
    PassRiskCheck, PlaceAudience, PlanGathering, RecordTurnout, SessionNotes, SessionPlan,
    SessionRef, SignUp, SignUpWay, StepDown, Turnout,
};
pub use event::GatheringEvent;
pub use lead::hand_kept_until;
use session::GatheringSession;
pub use session::{REMINDED_DAYS_BEFORE, SessionState, needs_kept_until, session_number};

use super::id::{GrantId, PersonId};
use super::money::BelowZero;
use super::public_words::must_not_look_personal;
use super::role::{Actor, Role};
use super::tally::GivenTallies;
use super::{Aggregate, DecisionContext, Refusal};
use lead::HandCalls;

/// State of a gathering.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum GatheringState {
    /// Only staff and leads see it.
    Draft,
    /// Everyone sees it, and people can sign up.
    Open,
    Ended,
}

/// State of the gathering aggregate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Gathering {
    state: Option<GatheringState>,
    sign_up: SignUpWay,
    risk_check: bool,
    /// The last day on which the newest risk check is valid.
    checked_until: Option<Date>,
    leads: BTreeSet<PersonId>,
    /// The person to whom the lead is offered. There is one offer at a time.
    offered_to: Option<PersonId>,
    sessions: BTreeMap<u16, GatheringSession>,
    /// What leads asked the office for.
    #[serde(default)]
    hand: HandCalls,
    /// The stories that were chosen there, each by its grant and number.
    #[serde(default)]
    chosen: BTreeSet<(GrantId, u16)>,
    #[serde(default)]
    tallies: GivenTallies,
}

impl Gathering {
    #[must_use]
    pub fn exists(&self) -> bool {
        self.state.is_some()
    }

    /// Whether a person may know of it. A draft is known to staff, to its leads, and to the person
    /// to whom the lead is offered.
    #[must_use]
    pub fn is_known_to(&self, person: PersonId, is_staff: bool) -> bool {
        match self.state {
            None => false,
            Some(GatheringState::Draft) => {
                is_staff || self.is_led_by(person) || self.offered_to == Some(person)
            }
            Some(GatheringState::Open | GatheringState::Ended) => true,
        }
    }

    /// Whether it asks for no risk check, or has one that is valid on a day.
    fn risks_are_checked(&self, day: Date) -> bool {
        !self.risk_check || self.checked_until.is_some_and(|until| day <= until)
    }

    fn must_be(&self, state: GatheringState) -> Result<(), Refusal> {
        match self.state {
            Some(now) if now != state => Err(Refusal::GatheringNotInState(now.into())),
            Some(_) => Ok(()),
            None => Err(Refusal::Unknown("gathering")),
        }
    }

    fn must_not_have_ended(&self) -> Result<(), Refusal> {
        match self.state {
            Some(GatheringState::Ended) => {
                Err(Refusal::GatheringNotInState(GatheringState::Ended.into()))
            }
            _ => Ok(()),
        }
    }

    /// Refuses an actor who may not act for the person in the command, or may not know of the
    /// gathering. A gathering that does not exist is refused in the same way.
    fn must_be_within_reach(
        &self,
        command: &GatheringCommand,
        facts: &DecisionContext,
    ) -> Result<(), Refusal> {
        use GatheringCommand as C;
        match command {
            C::SignUp(SignUp { person, .. }) => Self::must_sign_up_for(*person, facts)?,
            C::StepDown(StepDown { person, .. }) => self.must_step_down_for(*person, facts)?,
            C::TakeLead(LeadRef { person }) => Self::must_take_for(*person, facts)?,
            _ => {}
        }
        let is_known = match facts.actor() {
            Actor::Person(by) => self.is_known_to(by, !facts.roles().is_empty()),
            _ => self.exists(),
        };
        if is_known {
            Ok(())
        } else {
            Err(Refusal::Unknown("gathering"))
        }
    }

    fn plan(plan: &PlanGathering, facts: &DecisionContext) -> Result<GatheringEvent, Refusal> {
        plan.about.must_be_sound(facts)?;
        if plan.group.is_some() {
            facts.group()?.must_be_active()?;
        }
        if plan.fund.is_some() {
            facts.fund()?.must_exist()?;
        }
        if plan.grew_from.is_some() && !facts.gathering()?.exists() {
            return Err(Refusal::Unknown("gathering"));
        }
        let organisation = facts.organisation()?;
        let runs_gatherings = |person: &PersonId| {
            let roles = organisation.roles_of(*person);
            roles.contains(&Role::Officer) || roles.contains(&Role::Connector)
        };
        if !plan.leads.iter().all(runs_gatherings) {
            return Err(Refusal::LeadNotOffered);
        }
        Ok(GatheringEvent::GatheringPlanned {
            kind: plan.kind,
            about: plan.about.clone(),
            leads: plan.leads.clone(),
            group: plan.group,
            fund: plan.fund,
            sign_up: plan.sign_up,
            risk_check: plan.risk_check,
            grew_from: plan.grew_from,
            planned_on: facts.today,
        })
    }

    fn open(&self, facts: &DecisionContext) -> Result<GatheringEvent, Refusal> {
        self.must_be(GatheringState::Draft)?;
        if self.leads.is_empty() {
            return Err(Refusal::NoLead);
        }
        if !self.risks_are_checked(facts.today) {
            return Err(Refusal::RiskCheckMissing);
        }
        Ok(GatheringEvent::GatheringOpened {
            opened_on: facts.today,
        })
    }

    fn end(&self, facts: &DecisionContext) -> Result<GatheringEvent, Refusal> {
        self.must_not_have_ended()?;
        let mut sessions = self.sessions.values();
        if sessions.any(|session| session.state() == SessionState::Planned) {
            return Err(Refusal::SessionsLeft);
        }
        Ok(GatheringEvent::GatheringEnded {
            ended_on: facts.today,
        })
    }

    fn pass_risk_check(
        &self,
        good_until: Date,
        facts: &DecisionContext,
    ) -> Result<GatheringEvent, Refusal> {
        self.must_not_have_ended()?;
        if good_until < facts.today {
            return Err(Refusal::DatesOutOfOrder(
                "the check would be out of date already",
            ));
        }
        Ok(GatheringEvent::RiskChecked { good_until })
    }
}

impl GatheringWords {
    /// Refuses public words with contact details, an area that no fund covers, and a theme that is
    /// not adopted.
    fn must_be_sound(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        must_not_look_personal("title", self.title.as_str())?;
        must_not_look_personal("description", self.description.as_str())?;
        if let Some(area) = &self.area {
            facts.has_area(area)?;
        }
        for theme in &self.themes {
            facts.organisation()?.must_have_theme(theme, "themes")?;
        }
        Ok(())
    }
}

impl Aggregate for Gathering {
    const TYPE: &'static str = "gathering";
    type Command = GatheringCommand;
    type Event = GatheringEvent;

    fn decide(
        &self,
        command: &GatheringCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<GatheringEvent>, Refusal> {
        use GatheringCommand as C;
        if let C::Plan(plan) = command {
            return if self.exists() {
                Err(Refusal::Exists("gathering"))
            } else {
                Ok(vec![Self::plan(plan, facts)?])
            };
        }
        self.must_be_within_reach(command, facts)?;
        let event = match command {
            C::Plan(_) => return Err(Refusal::Exists("gathering")),
            // Words can be taken out after it ended, too.
            C::Describe(about) => {
                about.must_be_sound(facts)?;
                GatheringEvent::GatheringDescribed {
                    about: about.clone(),
                }
            }
            C::Open(_) => self.open(facts)?,
            C::End(_) => self.end(facts)?,
            C::AddSession(plan) => self.add_session(plan, facts)?,
            C::MoveSession(moved) => return self.move_session(moved, facts),
            C::CancelSession(cancel) => self.cancel_session(cancel)?,
            C::SignUp(sign_up) => self.sign_person_up(sign_up, facts)?,
            C::CountSignUps(counted) => self.count_sign_ups(*counted, facts)?,
            C::StepDown(step_down) => return self.step_down(step_down, facts),
            C::GiveUp(place) => return self.give_up(place, facts),
            C::HandOver(hand_over) => return self.hand_over(hand_over, facts),
            C::RecordAttendance(recorded) => self.record_attendance(recorded, facts)?,
            C::CorrectAttendance(corrected) => self.correct_attendance(corrected, facts)?,
            C::WriteNotes(notes) => self.write_notes(notes, facts)?,
            C::ChooseStory(chosen) => self.choose_story(chosen, facts)?,
            C::GiveTally(give) => self.give_tally(give, facts)?,
            C::CorrectTally(correct) => self.correct_tally(correct, facts)?,
            C::OfferLead(LeadRef { person }) => self.offer_lead(*person, facts)?,
            C::TakeLead(LeadRef { person }) => self.take_lead(*person, facts)?,
            C::LeaveLead(LeadRef { person }) => self.leave_lead(*person, facts)?,
            C::AskForHand(asked) => self.ask_for_hand(asked, facts)?,
            C::PassRiskCheck(check) => self.pass_risk_check(check.good_until, facts)?,
            C::Remind(of) => self.remind(of.session, facts)?,
            C::ForgetHand(_) => self.forget_hand(facts)?,
            C::ForgetNeeds(of) => self.forget_needs(of.session, facts)?,
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &GatheringEvent) -> Result<(), BelowZero> {
        use GatheringEvent as E;
        match event {
            E::GatheringPlanned {
                leads,
                sign_up,
                risk_check,
                ..
            } => {
                self.state = Some(GatheringState::Draft);
                self.leads.clone_from(leads);
                (self.sign_up, self.risk_check) = (*sign_up, *risk_check);
            }
            E::GatheringDescribed { .. } => {}
            E::GatheringOpened { .. } => self.state = Some(GatheringState::Open),
            E::GatheringEnded { .. } => self.state = Some(GatheringState::Ended),
            E::RiskChecked { good_until } => self.checked_until = Some(*good_until),
            E::LeadOffered { .. }
            | E::LeadTaken { .. }
            | E::LeadLeft { .. }
            | E::HandAskedFor { .. }
            | E::HandForgotten { .. } => self.apply_lead(event),
            E::StoryChosen { .. } | E::TallyGiven { .. } | E::TallyCorrected { .. } => {
                self.apply_learning(event);
            }
            _ => self.apply_session(event),
        }
        Ok(())
    }
}
