//! Sessions of a gathering: their days, who has a place, who waits, and who came.

use std::collections::BTreeSet;

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::clock_time::ClockTime;
use super::command::{
    AgreedNeeds, CancelSession, CorrectTurnout, CountSignUps, MoveSession, RecordTurnout,
    SessionNotes, SessionPlan, SignUp, SignUpWay, StepDown,
};
use super::session_input::must_be_countable;
use super::{Gathering, GatheringEvent, GatheringState};
use crate::domain::id::PersonId;
use crate::domain::person::channel_of;
use crate::domain::personal_data::Encrypted;
use crate::domain::public_words::must_not_look_personal;
use crate::domain::{DecisionContext, Refusal};

/// Days after a session until which the needs of people are stored.
const NEEDS_KEPT_DAYS: i64 = 30;
/// People are reminded from this many days before a session.
pub const REMINDED_DAYS_BEFORE: i64 = 2;

/// The most people that a session can have, and the most groups and ideas that are noted of it.
pub(super) const PEOPLE_MAX: u32 = 10_000;
pub(super) const GROUPS_MAX: usize = 200;
const IDEAS_MAX: usize = 30;

/// State of a session.
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
pub enum SessionState {
    Planned,
    /// It took place, and it is recorded who came.
    Held,
    Cancelled,
}

/// A session. The ids of people are dropped once their needs are forgotten, so the state does not
/// grow with the years.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct GatheringSession {
    state: SessionState,
    plan: SessionPlan,
    taken: BTreeSet<PersonId>,
    /// Those who wait for a place, in their order.
    waiting: Vec<PersonId>,
    /// How many want to come where people are counted.
    counted: u32,
    needs: Vec<Encrypted>,
    /// Whether somebody signed up by name and this was not forgotten since.
    signed_up: bool,
    reminded: bool,
}

impl GatheringSession {
    fn new(plan: SessionPlan) -> Self {
        Self {
            state: SessionState::Planned,
            plan,
            taken: BTreeSet::new(),
            waiting: Vec::new(),
            counted: 0,
            needs: Vec::new(),
            signed_up: false,
            reminded: false,
        }
    }

    pub(super) fn state(&self) -> SessionState {
        self.state
    }

    pub(super) fn has_place(&self, person: PersonId) -> bool {
        self.taken.contains(&person)
    }

    pub(super) fn waits(&self, person: PersonId) -> bool {
        self.waiting.contains(&person)
    }

    /// Those who wait for a place, in their order.
    pub(super) fn waiting(&self) -> impl Iterator<Item = PersonId> {
        self.waiting.iter().copied()
    }

    /// The events by which a person leaves; none if they neither have a place nor wait.
    pub(super) fn without(&self, place: &StepDown) -> Vec<GatheringEvent> {
        let StepDown {
            session: number,
            person,
        } = *place;
        if self.waits(person) {
            return vec![GatheringEvent::WaitingLeft {
                session: number,
                person,
            }];
        }
        if !self.has_place(person) {
            return Vec::new();
        }
        let given_up = GatheringEvent::PlaceGivenUp {
            session: number,
            person,
        };
        let next = self.waiting().next().map(|next| moved_up(number, next));
        std::iter::once(given_up).chain(next).collect()
    }

    fn must_be(&self, state: SessionState) -> Result<(), Refusal> {
        if self.state == state {
            Ok(())
        } else {
            Err(Refusal::SessionNotInState(self.state.into()))
        }
    }

    pub(super) fn must_be_to_come(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        self.must_be(SessionState::Planned)?;
        if has_passed(self.plan.day, &self.plan.ends_at, facts) {
            Err(Refusal::SessionPassed)
        } else {
            Ok(())
        }
    }
}

/// The number of places of a plan; a plan without a limit has as many as there are numbers.
fn places_of(plan: &SessionPlan) -> usize {
    plan.places
        .and_then(|places| usize::try_from(places).ok())
        .unwrap_or(usize::MAX)
}

/// Whether a time on a day, both in Europe/London, has come.
fn has_passed(day: Date, time: &ClockTime, facts: &DecisionContext) -> bool {
    time.has_come(day, facts.today, facts.now)
}

impl Gathering {
    pub(super) fn session(&self, number: u16) -> Result<&GatheringSession, Refusal> {
        self.sessions
            .get(&number)
            .ok_or(Refusal::Unknown("session"))
    }

    pub(super) fn add_session(
        &self,
        plan: &SessionPlan,
        facts: &DecisionContext,
    ) -> Result<GatheringEvent, Refusal> {
        self.must_not_have_ended()?;
        plan.must_be_sound()?;
        plan.must_be_to_come(facts)?;
        let last = self.sessions.keys().next_back().copied().unwrap_or(0);
        let session = last
            .checked_add(1)
            .ok_or(Refusal::TooManyItems(u16::MAX.into()))?;
        Ok(GatheringEvent::SessionAdded {
            session,
            plan: plan.clone(),
        })
    }

    /// Moves a session. New places go to the first people who wait. A session whose sign-ups are no
    /// longer stored cannot be moved: those people would get mails about it, but would not be on
    /// its list.
    pub(super) fn move_session(
        &self,
        moved: &MoveSession,
        facts: &DecisionContext,
    ) -> Result<Vec<GatheringEvent>, Refusal> {
        self.must_not_have_ended()?;
        let session = self.session(moved.session)?;
        session.must_be(SessionState::Planned)?;
        if facts.today > needs_kept_until(session.plan.day) {
            return Err(Refusal::SessionPassed);
        }
        moved.to.must_be_sound()?;
        moved.to.must_be_to_come(facts)?;
        if moved.to == session.plan {
            return Err(Refusal::NoChange);
        }
        let places = places_of(&moved.to);
        let free = places.checked_sub(session.taken.len()).ok_or_else(|| {
            Refusal::TooFewPlaces(u32::try_from(session.taken.len()).unwrap_or(u32::MAX))
        })?;
        let change = GatheringEvent::SessionMoved {
            session: moved.session,
            plan: moved.to.clone(),
        };
        let move_up = session
            .waiting()
            .take(free)
            .map(|person| moved_up(moved.session, person));
        Ok(std::iter::once(change).chain(move_up).collect())
    }

    pub(super) fn cancel_session(&self, cancel: &CancelSession) -> Result<GatheringEvent, Refusal> {
        self.session(cancel.session)?
            .must_be(SessionState::Planned)?;
        must_not_look_personal("reason", cancel.reason.as_str())?;
        Ok(GatheringEvent::SessionCancelled {
            session: cancel.session,
            reason: cancel.reason.clone(),
        })
    }

    /// Refuses with [`Refusal::NotYours`] an actor who may not sign this person up: only they
    /// themselves, an officer and a connector may. A lead would learn whose id it is.
    pub(super) fn must_sign_up_for(
        person: PersonId,
        facts: &DecisionContext,
    ) -> Result<(), Refusal> {
        if facts.by()? == person || facts.works_with_people() {
            Ok(())
        } else {
            Err(Refusal::NotYours)
        }
    }

    /// The same for giving up a place. A lead may, too.
    pub(super) fn must_step_down_for(
        &self,
        person: PersonId,
        facts: &DecisionContext,
    ) -> Result<(), Refusal> {
        if self.is_led_by(facts.by()?) {
            return Ok(());
        }
        Self::must_sign_up_for(person, facts)
    }

    pub(super) fn sign_person_up(
        &self,
        sign_up: &SignUp,
        facts: &DecisionContext,
    ) -> Result<GatheringEvent, Refusal> {
        self.must_be(GatheringState::Open)?;
        if self.sign_up == SignUpWay::Counted {
            return Err(Refusal::CountedOnly);
        }
        let keyed_by = Some(facts.by()?).filter(|by| *by != sign_up.person);
        channel_of(sign_up.channel, keyed_by)?;
        let session = self.session(sign_up.session)?;
        session.must_be_to_come(facts)?;
        facts.person()?.must_be_active()?;
        if sign_up.group.is_some() && !facts.is_member(sign_up.person)? {
            return Err(Refusal::NotOfGroup);
        }
        if session.has_place(sign_up.person) || session.waits(sign_up.person) {
            return Err(Refusal::SignedUpAlready);
        }
        let needs = sign_up.needs.as_ref().map(agreed).transpose()?;
        let (number, person, group) = (sign_up.session, sign_up.person, sign_up.group);
        Ok(if session.taken.len() < places_of(&session.plan) {
            GatheringEvent::PlaceTaken {
                session: number,
                person,
                group,
                needs,
                waited: false,
            }
        } else {
            let waiting = u32::try_from(session.waiting.len()).unwrap_or(u32::MAX);
            GatheringEvent::WaitingJoined {
                session: number,
                person,
                rank: waiting.saturating_add(1),
                group,
                needs,
            }
        })
    }

    pub(super) fn count_sign_ups(
        &self,
        counted: CountSignUps,
        facts: &DecisionContext,
    ) -> Result<GatheringEvent, Refusal> {
        self.must_be(GatheringState::Open)?;
        if self.sign_up == SignUpWay::Named {
            return Err(Refusal::NamedOnly);
        }
        let session = self.session(counted.session)?;
        session.must_be_to_come(facts)?;
        must_be_countable(counted.people)?;
        if session.counted == counted.people {
            return Err(Refusal::NoChange);
        }
        Ok(GatheringEvent::SignUpsCounted {
            session: counted.session,
            people: counted.people,
        })
    }

    /// Gives up a place, which the first who waits gets, or leaves those who wait.
    pub(super) fn step_down(
        &self,
        step_down: &StepDown,
        facts: &DecisionContext,
    ) -> Result<Vec<GatheringEvent>, Refusal> {
        let session = self.session(step_down.session)?;
        session.must_be_to_come(facts)?;
        let events = session.without(step_down);
        if events.is_empty() {
            return Err(Refusal::NotSignedUp);
        }
        Ok(events)
    }

    /// Gives up the place of a person whose data is erased. If there is none, a consequence of
    /// another command is not refused, so that the erasure succeeds.
    pub(super) fn give_up(
        &self,
        place: &StepDown,
        facts: &DecisionContext,
    ) -> Result<Vec<GatheringEvent>, Refusal> {
        let session = self.sessions.get(&place.session);
        let events = session
            .filter(|session| session.must_be_to_come(facts).is_ok())
            .map_or_else(Vec::new, |session| session.without(place));
        if events.is_empty() && !facts.is_consequence() {
            return Err(Refusal::NotSignedUp);
        }
        Ok(events)
    }

    pub(super) fn record_attendance(
        &self,
        recorded: &RecordTurnout,
        facts: &DecisionContext,
    ) -> Result<GatheringEvent, Refusal> {
        self.must_be(GatheringState::Open)?;
        let session = self.session(recorded.session)?;
        session.must_be(SessionState::Planned)?;
        if !has_passed(session.plan.day, &session.plan.ends_at, facts) {
            return Err(Refusal::SessionNotOver);
        }
        recorded.came.must_be_sound(session, facts)?;
        Ok(GatheringEvent::SessionHeld {
            session: recorded.session,
            came: recorded.came.clone(),
        })
    }

    pub(super) fn correct_attendance(
        &self,
        corrected: &CorrectTurnout,
        facts: &DecisionContext,
    ) -> Result<GatheringEvent, Refusal> {
        let session = self.session(corrected.session)?;
        session.must_be(SessionState::Held)?;
        corrected.came.must_be_sound(session, facts)?;
        Ok(GatheringEvent::AttendanceCorrected {
            session: corrected.session,
            came: corrected.came.clone(),
            reason: corrected.reason.clone(),
        })
    }

    pub(super) fn write_notes(
        &self,
        notes: &SessionNotes,
        facts: &DecisionContext,
    ) -> Result<GatheringEvent, Refusal> {
        let session = self.session(notes.session)?;
        if session.state == SessionState::Planned {
            return Err(Refusal::SessionNotOver);
        }
        session.must_be(SessionState::Held)?;
        if notes.ideas.len() > IDEAS_MAX {
            return Err(Refusal::TooManyItems(IDEAS_MAX));
        }
        must_not_look_personal("learned", notes.learned.as_str())?;
        for idea in &notes.ideas {
            must_not_look_personal("ideas", idea.as_str())?;
        }
        let organisation = facts.organisation()?;
        if let Some(sign) = notes.signs.iter().find(|sign| !organisation.has_sign(sign)) {
            return Err(Refusal::UnknownSign(sign.to_string()));
        }
        Ok(GatheringEvent::NotesWritten {
            session: notes.session,
            learned: notes.learned.clone(),
            ideas: notes.ideas.clone(),
            signs: notes.signs.clone(),
        })
    }

    pub(super) fn remind(
        &self,
        number: u16,
        facts: &DecisionContext,
    ) -> Result<GatheringEvent, Refusal> {
        self.must_be(GatheringState::Open)?;
        let session = self.session(number)?;
        session.must_be_to_come(facts)?;
        if session.reminded {
            return Err(Refusal::NoChange);
        }
        let first = session
            .plan
            .day
            .saturating_sub(Span::new().days(REMINDED_DAYS_BEFORE));
        if facts.today < first {
            return Err(Refusal::ReminderNotDue);
        }
        Ok(GatheringEvent::SessionReminded { session: number })
    }

    pub(super) fn forget_needs(
        &self,
        number: u16,
        facts: &DecisionContext,
    ) -> Result<GatheringEvent, Refusal> {
        let session = self.session(number)?;
        if !session.signed_up {
            return Err(Refusal::NoChange);
        }
        if facts.today <= needs_kept_until(session.plan.day) {
            return Err(Refusal::NotExpired);
        }
        Ok(GatheringEvent::NeedsForgotten {
            session: number,
            needs: session.needs.clone(),
        })
    }
}

/// The last day on which it is kept what people need at a session on this day.
#[must_use]
pub fn needs_kept_until(day: Date) -> Date {
    day.saturating_add(Span::new().days(NEEDS_KEPT_DAYS))
}

/// The event by which the first who waits gets a place.
fn moved_up(session: u16, person: PersonId) -> GatheringEvent {
    GatheringEvent::PlaceTaken {
        session,
        person,
        group: None,
        needs: None,
        waited: true,
    }
}

pub(super) fn agreed(needs: &AgreedNeeds) -> Result<Encrypted, Refusal> {
    if needs.consent {
        Ok(needs.words.sealed())
    } else {
        Err(Refusal::ConsentMissing)
    }
}

impl Gathering {
    pub(super) fn apply_session(&mut self, event: &GatheringEvent) {
        use GatheringEvent as E;
        if let E::SessionAdded { session, plan } = event {
            self.sessions
                .insert(*session, GatheringSession::new(plan.clone()));
            return;
        }
        let Some(session) = session_number(event).and_then(|number| self.sessions.get_mut(&number))
        else {
            return;
        };
        match event {
            E::SessionMoved { plan, .. } => {
                session.reminded &= session.plan.day == plan.day;
                session.plan = plan.clone();
            }
            E::SessionCancelled { .. } => {
                session.state = SessionState::Cancelled;
                session.waiting.clear();
            }
            E::SignUpsCounted { people, .. } => session.counted = *people,
            E::SessionHeld { .. } => {
                session.state = SessionState::Held;
                session.waiting.clear();
            }
            E::SessionReminded { .. } => session.reminded = true,
            E::NeedsForgotten { .. } => {
                session.needs.clear();
                session.taken.clear();
                session.waiting.clear();
                session.signed_up = false;
            }
            _ => session.apply_sign_up(event),
        }
    }
}

impl GatheringSession {
    fn apply_sign_up(&mut self, event: &GatheringEvent) {
        use GatheringEvent as E;
        match event {
            E::PlaceTaken { person, needs, .. } => {
                self.waiting.retain(|waits| waits != person);
                self.taken.insert(*person);
                self.needs.extend(needs.clone());
                self.signed_up = true;
            }
            E::WaitingJoined { person, needs, .. } => {
                self.waiting.push(*person);
                self.needs.extend(needs.clone());
                self.signed_up = true;
            }
            E::PlaceGivenUp { person, .. } => drop(self.taken.remove(person)),
            E::WaitingLeft { person, .. } => self.waiting.retain(|waits| waits != person),
            _ => {}
        }
    }
}

/// The number of the session that an event is about.
#[must_use]
pub fn session_number(event: &GatheringEvent) -> Option<u16> {
    use GatheringEvent as E;
    match event {
        E::SessionAdded { session, .. }
        | E::SessionMoved { session, .. }
        | E::SessionCancelled { session, .. }
        | E::PlaceTaken { session, .. }
        | E::WaitingJoined { session, .. }
        | E::PlaceGivenUp { session, .. }
        | E::WaitingLeft { session, .. }
        | E::SignUpsCounted { session, .. }
        | E::SessionHeld { session, .. }
        | E::AttendanceCorrected { session, .. }
        | E::NotesWritten { session, .. }
        | E::SessionReminded { session, .. }
        | E::NeedsForgotten { session, .. } => Some(*session),
        E::GatheringPlanned { .. }
        | E::GatheringDescribed { .. }
        | E::GatheringOpened { .. }
        | E::GatheringEnded { .. }
        | E::LeadOffered { .. }
        | E::LeadTaken { .. }
        | E::LeadLeft { .. }
        | E::HandAskedFor { .. }
        | E::HandForgotten { .. }
        | E::StoryChosen { .. }
        | E::TallyGiven { .. }
        | E::TallyCorrected { .. }
        | E::RiskChecked { .. } => None,
    }
}
