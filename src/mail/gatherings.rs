//! Mails about gatherings: their recipients and values. No mail contains what people need at a
//! session. A mail describes the state at the time of sending, and is not sent if a later mail
//! supersedes it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use jiff::civil::Date;

use super::compose::{MailContext, TemplateValues, format_day, without_address};
use super::{Composer, MailError, Mailer};
use crate::clock::day_of;
use crate::domain::gathering::{ClockTime, SessionState, session_number};
use crate::domain::language::Language;
use crate::domain::mail::MailKind;
use crate::domain::{Event, GatheringEvent, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{GatheringRow, GatheringSessionRow, SignUpRow, SignUpState};
use crate::views::{Filter, PersonView, Views};

/// How long thanks for coming wait for the notes of what was learned.
const NOTES_WAITED_FOR: SignedDuration = SignedDuration::from_hours(48);

impl Mailer {
    /// The people whom an event of a gathering concerns.
    pub(super) async fn people_of_gathering(
        &self,
        event: &RecordedEvent,
    ) -> Result<BTreeSet<PersonId>, MailError> {
        use GatheringEvent as E;
        use SignUpState::{Place, Waiting};
        let Event::Gathering(happened) = &event.event else {
            return Ok(BTreeSet::new());
        };
        match happened {
            E::PlaceTaken { person, .. }
            | E::WaitingJoined { person, .. }
            | E::LeadOffered { person } => Ok(BTreeSet::from([*person])),
            E::SessionMoved { session, .. } => {
                let before = session_at(&self.views, event, *session, event.position - 1).await?;
                let after = session_at(&self.views, event, *session, event.position).await?;
                if is_at_same_time_and_place(&before, &after) {
                    return Ok(BTreeSet::new());
                }
                self.signed_up(event, *session, &[Place, Waiting]).await
            }
            E::SessionCancelled { session, .. } => {
                self.signed_up(event, *session, &[Place, Waiting]).await
            }
            E::SessionReminded { session } => self.signed_up(event, *session, &[Place]).await,
            E::SessionHeld { came, .. } | E::AttendanceCorrected { came, .. } => {
                Ok(came.named.clone())
            }
            _ => Ok(BTreeSet::new()),
        }
    }

    /// The people whose sign-up for a session was in one of these states after an event.
    async fn signed_up(
        &self,
        event: &RecordedEvent,
        session: u16,
        states: &[SignUpState],
    ) -> Result<BTreeSet<PersonId>, MailError> {
        let session = GatheringSessionRow::id_of(event.stream, session);
        let of_session = vec![
            Filter::equals("session_id", session),
            Filter::in_state(states.iter().copied()),
        ];
        let rows: Vec<SignUpRow> = self
            .views
            .all_rows(Some(event.position), of_session)
            .await?;
        Ok(rows.into_iter().map(|row| row.person).collect())
    }
}

/// A session of the gathering of an event, as at a position.
async fn session_at(
    views: &Views,
    event: &RecordedEvent,
    session: u16,
    position: i64,
) -> Result<GatheringSessionRow, MailError> {
    let id = GatheringSessionRow::id_of(event.stream, session);
    let row = views.find(id, Some(position)).await?;
    row.ok_or(MailError::ViewsBehind)
}

/// Whether people come at the same time to the same place. They need not know of other changes.
fn is_at_same_time_and_place(one: &GatheringSessionRow, other: &GatheringSessionRow) -> bool {
    one.day == other.day
        && one.starts_at == other.starts_at
        && one.ends_at == other.ends_at
        && one.place == other.place
}

/// A person at a session, now and just after the event that a mail is about.
struct SessionNews {
    now: GatheringSessionRow,
    then: GatheringSessionRow,
    /// What the person has at the session; absent if they never signed up.
    sign_up: Option<SignUpRow>,
    /// What they had.
    had: Option<SignUpState>,
}

impl Composer {
    /// The context of a mail about a gathering.
    pub(super) async fn gathering_context(
        &self,
        position: &str,
        kind: MailKind,
        person: &PersonView,
    ) -> Result<MailContext, MailError> {
        let event = self.load_event(position).await?;
        let Event::Gathering(happened) = &event.event else {
            return Err(MailError::InvalidMail(
                "it is about no gathering".to_owned(),
            ));
        };
        let language = self.language_of(person).await?;
        let gathering: GatheringRow = self
            .views
            .find(event.stream, None)
            .await?
            .ok_or(MailError::ViewsBehind)?;
        let reader = PersonId(person.id);
        let mut values = BTreeMap::from([("title", without_address(gathering.title.clone()))]);
        if let Some(session) = session_number(happened) {
            let news = self.session_news(&event, session, reader).await?;
            let today = day_of(self.commands.now());
            if let Some(why) = news.why_not_needed(kind, &event, reader, today) {
                return Err(MailError::NotNeeded(why));
            }
            if kind == MailKind::SessionAfter {
                self.must_not_wait_for_notes(&event, &news.now)?;
            }
            values.extend(news.values(kind, language));
        } else if gathering.offered_to != Some(reader) {
            return Err(MailError::NotNeeded("the offer of the lead was answered"));
        }
        Ok(MailContext {
            values,
            answers: Vec::new(),
            path: format!("/my/gatherings/{}", event.stream),
            fund: gathering.fund,
            language,
        })
    }

    /// Postpones the mail for a while after attendance was recorded, until the notes of the session
    /// are written.
    fn must_not_wait_for_notes(
        &self,
        event: &RecordedEvent,
        session: &GatheringSessionRow,
    ) -> Result<(), MailError> {
        let until = event.recorded_at.checked_add(NOTES_WAITED_FOR);
        match until {
            Ok(until) if session.learned.is_none() && self.commands.now() < until => {
                Err(MailError::Held(until))
            }
            _ => Ok(()),
        }
    }

    async fn session_news(
        &self,
        event: &RecordedEvent,
        session: u16,
        person: PersonId,
    ) -> Result<SessionNews, MailError> {
        let id = GatheringSessionRow::id_of(event.stream, session);
        let of_person = SignUpRow::id_of(event.stream, session, person);
        let now: Option<GatheringSessionRow> = self.views.find(id, None).await?;
        let had: Option<SignUpRow> = self.views.find(&of_person, Some(event.position)).await?;
        Ok(SessionNews {
            now: now.ok_or(MailError::ViewsBehind)?,
            then: session_at(&self.views, event, session, event.position).await?,
            sign_up: self.views.find(of_person, None).await?,
            had: had.map(|row| row.state),
        })
    }
}

impl SessionNews {
    /// Why a mail of this kind need not be sent any more.
    fn why_not_needed(
        &self,
        kind: MailKind,
        event: &RecordedEvent,
        person: PersonId,
        today: Date,
    ) -> Option<&'static str> {
        if kind == MailKind::SessionAfter {
            let came = self.now.came.as_ref();
            let is_named = came.is_some_and(|came| came.named.contains(&person));
            return (!is_named).then_some("the person did not come");
        }
        let sign_up = self
            .sign_up
            .as_ref()
            .filter(|row| row.state != SignUpState::GivenUp);
        let Some(sign_up) = sign_up else {
            return Some("the person gave up their place");
        };
        if kind == MailKind::SessionCancelled {
            let was_over = self.now.day < event.recorded_on();
            return was_over.then_some("the session was over");
        }
        if self.now.state == SessionState::Cancelled {
            return Some("the session was cancelled");
        }
        if self.now.state == SessionState::Held || self.now.day < today {
            return Some("the session is over");
        }
        if sign_up.joined > event.position {
            return Some("the person signed up again");
        }
        let got_place =
            sign_up.state == SignUpState::Place && self.had == Some(SignUpState::Waiting);
        let is_moved = !is_at_same_time_and_place(&self.then, &self.now);
        match kind {
            MailKind::WaitingJoined | MailKind::SessionMoved if got_place => {
                Some("the person got a place")
            }
            MailKind::SessionMoved | MailKind::SessionSoon if is_moved => {
                Some("the session was moved again")
            }
            _ => None,
        }
    }

    fn values(&self, kind: MailKind, language: Language) -> TemplateValues {
        let row = &self.now;
        let place = without_address(self.place().unwrap_or_default());
        let place = match (place.is_empty(), language) {
            (false, _) => place,
            (true, Language::En) => "We tell you the place before the day.".to_owned(),
            (true, Language::Pl) => "Miejsce podamy przed spotkaniem.".to_owned(),
        };
        let note = match kind {
            MailKind::SessionCancelled => row.reason.clone().unwrap_or_default(),
            MailKind::SessionAfter => learned(row, language),
            _ => String::new(),
        };
        BTreeMap::from([
            ("day", format_day(row.day, language)),
            ("time", format_times(&row.starts_at, &row.ends_at, language)),
            ("place", place),
            ("note", note),
        ])
    }

    /// Where the session is, if the person may know.
    fn place(&self) -> Option<String> {
        let has_place = self
            .sign_up
            .as_ref()
            .is_some_and(|row| row.state == SignUpState::Place);
        self.now
            .place_for_reader(has_place)
            .map(ToString::to_string)
    }
}

/// What was learned at a session, or that it follows.
fn learned(row: &GatheringSessionRow, language: Language) -> String {
    match (&row.learned, language) {
        (Some(learned), Language::En) => format!("What we learned: {learned}"),
        (Some(learned), Language::Pl) => format!("Czego się dowiedzieliśmy: {learned}"),
        (None, Language::En) => "We will write on its page what we learned.".to_owned(),
        (None, Language::Pl) => "Na stronie spotkania napiszemy, co z niego wynika.".to_owned(),
    }
}

/// The time from one to another as people write it: `1:30pm to 4pm`, `13:30–16:00`.
#[must_use]
pub fn format_times(start: &ClockTime, end: &ClockTime, language: Language) -> String {
    match language {
        Language::En => format!("{} to {}", spoken(start), spoken(end)),
        Language::Pl => format!("{start}–{end}"),
    }
}

/// A time as people say it in English: `6pm`, `1:30pm`.
fn spoken(time: &ClockTime) -> String {
    let (hours, minutes) = time.as_str().split_once(':').unwrap_or_default();
    let hours: u8 = hours.parse().unwrap_or_default();
    let half = if hours < 12 { "am" } else { "pm" };
    let hour = match hours % 12 {
        0 => 12,
        hour => hour,
    };
    match (hours, minutes) {
        (0, "00") => "midnight".to_owned(),
        (12, "00") => "noon".to_owned(),
        (_, "00") => format!("{hour}{half}"),
        _ => format!("{hour}:{minutes}{half}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_say_them() {
        let time = |text: &str| text.parse::<ClockTime>().expect("a time");
        let said = ["00:05", "09:00", "12:00", "13:30", "23:59"].map(|text| spoken(&time(text)));
        assert_eq!(said, ["12:05am", "9am", "noon", "1:30pm", "11:59pm"]);
        let (start, end) = (time("13:30"), time("16:00"));
        assert_eq!(format_times(&start, &end, Language::En), "1:30pm to 4pm");
        assert_eq!(format_times(&start, &end, Language::Pl), "13:30–16:00");
    }
}
