//! A session of a gathering as public pages show it, and whether somebody can still book a place.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::words::long_day;
use crate::clock::day_of;
use crate::domain::gathering::{GatheringState, PlaceAudience, SessionState, SignUpWay, Turnout};
use crate::domain::language::Language;
use crate::domain::text::Slug;
use crate::http::pages::i18n::{translate, translate_with};
use crate::mail::format_times;
use crate::projections::{GatheringRow, GatheringSessionRow, SignUpState};

/// Whether somebody can take part in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlacesLeft {
    /// So many places are free; `None` if there is no limit.
    Free(Option<u32>),
    Full,
    Over,
    Cancelled,
}

impl PlacesLeft {
    fn of(gathering: &GatheringRow, session: &GatheringSessionRow, now: Timestamp) -> Self {
        let is_over = session.ends_at.has_come(session.day, day_of(now), now);
        match session.state {
            SessionState::Cancelled => Self::Cancelled,
            SessionState::Held => Self::Over,
            SessionState::Planned if is_over || gathering.state != GatheringState::Open => {
                Self::Over
            }
            SessionState::Planned => Self::of_places(session),
        }
    }

    fn of_places(session: &GatheringSessionRow) -> Self {
        let taken = session.taken.saturating_add(session.counted);
        match session.places.map(|places| places.saturating_sub(taken)) {
            None => Self::Free(None),
            Some(0) => Self::Full,
            Some(free) => Self::Free(Some(free)),
        }
    }

    /// Whether the session is still to come.
    pub fn is_to_come(self) -> bool {
        matches!(self, Self::Free(_) | Self::Full)
    }
}

/// A session, for its template.
pub struct PublicSession {
    pub gathering: Uuid,
    pub number: u16,
    pub title: String,
    pub day: Date,
    /// The day with its weekday.
    pub long_day: String,
    /// From when until when.
    pub times: String,
    /// Where it is, if the visitor may read it.
    pub place: Option<String>,
    /// Whether only those who have booked get to know the place.
    pub is_place_told_later: bool,
    pub places_left: PlacesLeft,
    /// Whether people are counted there, and not named.
    pub is_counted: bool,
    /// Why it was cancelled.
    pub reason: Option<String>,
    /// What the visitor has there.
    pub own: Option<SignUpState>,
    language: Language,
}

impl PublicSession {
    /// A session for a visitor, who may read its place if `sees_place` is true, and has signed up
    /// as `own` says.
    pub(super) fn new(
        gathering: &GatheringRow,
        session: &GatheringSessionRow,
        (sees_place, own): (bool, Option<SignUpState>),
        (now, language): (Timestamp, Language),
    ) -> Self {
        let place = session
            .place_for_reader(sees_place)
            .map(ToString::to_string);
        Self {
            gathering: gathering.id,
            number: session.session,
            title: gathering.title.clone(),
            day: session.day,
            long_day: long_day(session.day, language),
            times: format_times(&session.starts_at, &session.ends_at, language),
            is_place_told_later: place.is_none() && session.place_for == PlaceAudience::SignedUp,
            place,
            places_left: PlacesLeft::of(gathering, session, now),
            is_counted: gathering.sign_up == SignUpWay::Counted,
            reason: session.reason.clone(),
            own,
            language,
        }
    }

    /// The address of the session's pages.
    pub fn path(&self) -> String {
        format!("/gatherings/{}/{}", self.gathering, self.number)
    }

    /// The kind of the tag.
    pub fn tag_kind(&self) -> &'static str {
        match self.places_left {
            PlacesLeft::Free(_) => "good",
            PlacesLeft::Full => "wait",
            PlacesLeft::Over => "quiet",
            PlacesLeft::Cancelled => "bad",
        }
    }

    /// The words of the tag.
    pub fn tag_words(&self) -> String {
        let language = self.language;
        match self.places_left {
            PlacesLeft::Free(None) => translate("Everyone is welcome", language).to_owned(),
            PlacesLeft::Free(Some(1)) => translate("1 place left", language).to_owned(),
            PlacesLeft::Free(Some(free)) => {
                translate_with("{} places left", &free.to_string(), language)
            }
            PlacesLeft::Full if self.is_counted => translate("Full", language).to_owned(),
            PlacesLeft::Full => translate("Waiting list", language).to_owned(),
            PlacesLeft::Over => translate("Over", language).to_owned(),
            PlacesLeft::Cancelled => translate("Cancelled", language).to_owned(),
        }
    }

    /// The parts of the calendar leaf: weekday, day and month.
    pub fn leaf(&self) -> (String, String, String) {
        let part = |format: &str| self.day.strftime(format).to_string();
        match self.language {
            Language::En => (part("%a"), part("%-d"), part("%b")),
            Language::Pl => (String::new(), part("%-d"), part("%m.%Y")),
        }
    }

    /// Whether a place can be booked, or a wait for one, by name.
    pub fn can_be_booked(&self) -> bool {
        self.places_left.is_to_come() && !self.is_counted && !self.has_booked()
    }

    /// Whether the visitor has a place there, or waits for one.
    pub fn has_booked(&self) -> bool {
        self.has_place() || self.waits()
    }

    pub fn has_place(&self) -> bool {
        self.own == Some(SignUpState::Place)
    }

    pub fn waits(&self) -> bool {
        self.own == Some(SignUpState::Waiting)
    }

    /// Whether the visitor had a place there and gave it up.
    pub fn has_stepped_down(&self) -> bool {
        self.own == Some(SignUpState::GivenUp)
    }
}

/// A session that took place, with what came of it.
pub struct HeldSession {
    pub session: PublicSession,
    /// How many came, in words; empty if nobody did.
    pub came: String,
    pub learned: Option<String>,
    pub ideas: Vec<String>,
    /// The signs of success that were seen.
    pub signs: BTreeSet<Slug>,
}

impl HeldSession {
    pub(super) fn new(session: PublicSession, row: &GatheringSessionRow) -> Self {
        let came = row.came.as_ref();
        Self {
            came: came.map_or_else(String::new, |came| came_text(came, session.language)),
            learned: row.learned.clone(),
            ideas: row.ideas.iter().map(ToString::to_string).collect(),
            signs: row.signs.clone(),
            session,
        }
    }
}

/// How many came, in words.
fn came_text(came: &Turnout, language: Language) -> String {
    if came.is_of_few() {
        return translate("Fewer than 5 people came.", language).to_owned();
    }
    match came.people {
        0 => String::new(),
        people => translate_with("{} people came.", &people.to_string(), language),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_number_of_people_is_not_told() {
        let came = |people| {
            let came = Turnout {
                people,
                named: BTreeSet::new(),
                groups: Vec::new(),
            };
            came_text(&came, Language::En)
        };
        assert_eq!(came(0), "");
        assert_eq!(came(1), "Fewer than 5 people came.");
        assert_eq!(came(4), "Fewer than 5 people came.");
        assert_eq!(came(5), "5 people came.");
    }
}
