//! The sessions of a gathering, as its page shows them: when and where, how many places are taken,
//! and for those who may see them, who has a place, who waits, and what people need.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::{path_of_session, runs, sees_people};
use crate::domain::PersonId;
use crate::domain::gathering::{GatheringState, PlaceAudience, SessionState, SignUpWay, Turnout};
use crate::domain::language::Language;
use crate::domain::text::Slug;
use crate::http::pages::PageError;
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::find_people::may_find_people;
use crate::http::pages::words::{Tag, TagKind, Tagged as _};
use crate::mail::format_times;
use crate::projections::{
    GatheringRow, GatheringSessionRow, OrganisationRow, PersonRow, SignUpRow, SignUpState,
};
use crate::views::{Filter, SignUpView};

/// A session, as the page of its gathering shows it.
pub(super) struct SessionCard {
    pub number: u16,
    pub when: String,
    pub tag: Tag,
    pub place: Option<String>,
    /// Only those who have a place at the session read where it is.
    pub hides_place: bool,
    pub figures: String,
    /// Why it was cancelled.
    pub reason: Option<String>,
    pub came: Option<CameFigures>,
    pub learned: Option<String>,
    pub ideas: Vec<String>,
    pub signs: Vec<String>,
    pub people: Vec<SignedUp>,
    pub waiting: Vec<SignedUp>,
    /// It is over for so long that the list of those who signed up was deleted.
    pub is_forgotten: bool,
    pub links: Vec<(&'static str, String)>,
}

/// How many came to a session.
pub(super) struct CameFigures {
    pub people: u32,
    pub named: usize,
    /// The groups, by name and number of people.
    pub groups: Vec<(String, u32)>,
}

/// A person who signed up.
pub(super) struct SignedUp {
    pub person: String,
    pub name: String,
    pub group: Option<String>,
    pub needs: Option<String>,
    /// They booked online, and nobody proved an address. After two weeks their place is given up.
    pub is_unproven: bool,
    /// The address that takes them off the list.
    pub step_down: Option<String>,
}

/// When a session is: "Thursday 3 December 2026, 1:30pm to 4pm".
pub(super) fn when_text(session: &GatheringSessionRow) -> String {
    let times = format_times(&session.starts_at, &session.ends_at, Language::En);
    format!("{}, {times}", session.day.strftime("%A %-d %B %Y"))
}

/// Whether a session is over.
pub(super) fn is_over(request: &DeskRequest<'_>, session: &GatheringSessionRow) -> bool {
    let now = request.app.commands.now();
    session.ends_at.has_come(session.day, request.today(), now)
}

/// How many have a place and how many wait, in words.
pub(super) fn places_text(session: &GatheringSessionRow, way: SignUpWay) -> String {
    let taken = match way {
        SignUpWay::Named => session.taken,
        SignUpWay::Counted => session
            .places
            .map_or(session.counted, |places| session.counted.min(places)),
    };
    let waiting = match way {
        SignUpWay::Named => session.waiting,
        SignUpWay::Counted => session.counted.saturating_sub(taken),
    };
    let places = match (session.places, taken) {
        (Some(places), _) => format!("{taken} of {places} places taken"),
        (None, 1) => "1 person signed up".to_owned(),
        (None, _) => format!("{taken} people signed up"),
    };
    match waiting {
        0 => places,
        1 => format!("{places}, 1 person waits"),
        _ => format!("{places}, {waiting} people wait"),
    }
}

/// The sessions of a gathering, in the order of their numbers.
pub(super) async fn sessions_of(
    request: &DeskRequest<'_>,
    gathering: &GatheringRow,
) -> Result<Vec<GatheringSessionRow>, PageError> {
    let of = vec![Filter::equals("gathering", gathering.id)];
    Ok(request.app.views.all_rows(None, of).await?)
}

/// Those who have a place at a session, or at all sessions of a gathering, and those who wait.
/// Empty for a reader who does not see them.
pub(super) async fn sign_ups_of(
    request: &DeskRequest<'_>,
    gathering: &GatheringRow,
    session: Option<&GatheringSessionRow>,
) -> Result<Vec<SignUpView>, PageError> {
    if !sees_people(request, gathering) {
        return Ok(Vec::new());
    }
    let mut filters = vec![Filter::in_state([SignUpState::Place, SignUpState::Waiting])];
    filters.push(match session {
        Some(session) => Filter::equals(
            "session_id",
            GatheringSessionRow::id_of(session.gathering, session.session),
        ),
        None => Filter::equals("gathering", gathering.id),
    });
    let views = &request.app.views;
    let rows: Vec<SignUpRow> = views.all_rows(None, filters).await?;
    Ok(views.decrypt_sign_ups(|_| true, rows).await?)
}

/// Those who signed up online without having proved an address.
pub(super) async fn unproven_of(
    request: &DeskRequest<'_>,
    sign_ups: &[SignUpView],
) -> Result<BTreeSet<PersonId>, PageError> {
    let unproven = vec![
        Filter::any_of("id", sign_ups.iter().map(|one| one.person)),
        Filter::at_most("unproven_since", request.today()),
    ];
    let rows: Vec<PersonRow> = request.app.views.all_rows(None, unproven).await?;
    Ok(rows.into_iter().map(|row| PersonId(row.id)).collect())
}

pub(super) fn name_of(sign_up: &SignUpView) -> String {
    let erased = || "Name erased".to_owned();
    sign_up.name.clone().unwrap_or_else(erased)
}

/// The names of the groups that sign-ups and turnouts name.
pub(super) async fn names_of_groups(
    request: &DeskRequest<'_>,
    sign_ups: &[SignUpView],
    sessions: &[GatheringSessionRow],
) -> Result<BTreeMap<String, String>, PageError> {
    let came = sessions.iter().filter_map(|session| session.came.as_ref());
    let groups = came
        .flat_map(|came| came.groups.iter().map(|from| from.group))
        .chain(sign_ups.iter().filter_map(|sign_up| sign_up.group));
    request
        .group_names(groups.map(|group| group.to_string()))
        .await
}

/// What the cards of a gathering's sessions are made from.
pub(super) struct SessionCards<'a> {
    pub request: &'a DeskRequest<'a>,
    pub gathering: &'a GatheringRow,
    pub sign_ups: Vec<SignUpView>,
    pub unproven: BTreeSet<PersonId>,
    pub groups: BTreeMap<String, String>,
    pub own: Option<Arc<OrganisationRow>>,
}

impl SessionCards<'_> {
    /// The cards: first what is to come, the next first, then what is over, the newest first.
    pub fn all(&self, sessions: &[GatheringSessionRow]) -> Vec<SessionCard> {
        let today = self.request.today();
        let is_to_come = |session: &&GatheringSessionRow| {
            session.state == SessionState::Planned && session.day >= today
        };
        let (mut to_come, mut others): (Vec<_>, Vec<_>) = sessions.iter().partition(is_to_come);
        to_come.sort_by_key(|session| (session.day, session.starts_at.clone()));
        others.sort_by_key(|session| std::cmp::Reverse((session.day, session.session)));
        to_come
            .into_iter()
            .chain(others)
            .map(|session| self.card(session, today))
            .collect()
    }

    fn card(&self, session: &GatheringSessionRow, today: Date) -> SessionCard {
        let waits_for_turnout = session.state == SessionState::Planned && session.day < today;
        let tag = if waits_for_turnout {
            Tag::new(TagKind::Todo, "Who came?")
        } else {
            session.state.tag()
        };
        let has_list = session.kept_until.is_some();
        let (mut people, mut waiting) = (Vec::new(), Vec::new());
        if has_list {
            people = self.people(session, SignUpState::Place);
            people.sort_by(|one, other| one.name.cmp(&other.name));
            waiting = self.people(session, SignUpState::Waiting);
        }
        SessionCard {
            number: session.session,
            when: when_text(session),
            tag,
            place: session.place.as_ref().map(ToString::to_string),
            hides_place: session.place_for == PlaceAudience::SignedUp,
            figures: places_text(session, self.gathering.sign_up),
            reason: session.reason.clone(),
            came: session.came.as_ref().map(|came| self.came(came)),
            learned: session.learned.clone(),
            ideas: session.ideas.iter().map(ToString::to_string).collect(),
            signs: session.signs.iter().map(|sign| self.sign(sign)).collect(),
            is_forgotten: !has_list && session.taken > 0,
            people,
            waiting,
            links: self.links(session),
        }
    }

    /// Those of a session in one state, in the order in which they joined.
    fn people(&self, session: &GatheringSessionRow, state: SignUpState) -> Vec<SignedUp> {
        let may_step_down = session.state == SessionState::Planned
            && self.gathering.state == GatheringState::Open
            && runs(self.request, self.gathering)
            && !is_over(self.request, session);
        let mut found: Vec<&SignUpView> = self
            .sign_ups
            .iter()
            .filter(|one| one.session == session.session && one.state == state)
            .collect();
        found.sort_by_key(|one| one.joined);
        let shown = |one: &SignUpView| SignedUp {
            person: one.person.to_string(),
            name: name_of(one),
            group: one
                .group
                .and_then(|group| self.groups.get(&group.to_string()).cloned()),
            needs: one.needs.clone(),
            is_unproven: self.unproven.contains(&one.person),
            step_down: may_step_down.then(|| {
                let about = format!("{}.{}", session.session, one.person);
                self.request.address_of_action("step-down", &about)
            }),
        };
        found.into_iter().map(shown).collect()
    }

    fn came(&self, came: &Turnout) -> CameFigures {
        let name = |group: &str| {
            let unknown = || "A group".to_owned();
            self.groups.get(group).cloned().unwrap_or_else(unknown)
        };
        CameFigures {
            people: came.people,
            named: came.named.len(),
            groups: came
                .groups
                .iter()
                .map(|from| (name(&from.group.to_string()), from.people))
                .collect(),
        }
    }

    fn sign(&self, key: &Slug) -> String {
        let mut signs = self.own.iter().flat_map(|own| &own.signs);
        signs
            .find(|sign| sign.sign == *key)
            .map_or_else(|| key.to_string(), |sign| sign.title.to_string())
    }

    /// What the reader can do with a session, each with its address.
    fn links(&self, session: &GatheringSessionRow) -> Vec<(&'static str, String)> {
        let (request, gathering) = (self.request, self.gathering);
        let is_named = gathering.sign_up == SignUpWay::Named;
        let mut links = Vec::new();
        let action = |name: &str| request.address_of_action(name, &session.session.to_string());
        let page = |name: &str| path_of_session(session, name);
        let runs = runs(request, gathering);
        let is_planned = session.state == SessionState::Planned;
        let is_open = gathering.state == GatheringState::Open;
        let is_over = is_over(request, session);
        if runs && is_planned && is_open && is_over {
            links.push(("Say who came", page("attendance")));
        }
        let is_to_come = runs && is_planned && is_open && !is_over;
        if is_to_come && !is_named {
            links.push(("Count who wants to come", action("count-sign-ups")));
        } else if is_to_come && may_find_people(request) {
            links.push(("Sign someone up", page("sign-up")));
        }
        if is_planned && session.taken > 0 && sees_people(request, gathering) {
            links.push(("Sheet to print", page("sheet")));
        }
        if runs && is_planned && gathering.state != GatheringState::Ended {
            links.push(("Change it", action("move-session")));
            links.push(("Cancel it", action("cancel-session")));
        }
        if session.state == SessionState::Held && runs {
            links.push((
                if session.learned.is_some() {
                    "Change the notes"
                } else {
                    "Write what you learned"
                },
                action("write-notes"),
            ));
            links.push(("Correct who came", page("attendance")));
        }
        links
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_in_words() {
        let session = |places: Option<u32>, taken: u32, waiting: u32, counted: u32| {
            let row = serde_json::json!({
                "gathering": uuid::Uuid::nil(), "session": 1,
                "created_at": "2026-11-28T10:00:00Z", "updated_at": "2026-11-28T10:00:00Z",
                "changed_at": "2026-11-28T10:00:00Z",
                "state": "planned", "day": "2026-12-03", "starts_at": "13:30",
                "ends_at": "16:00", "place": null, "place_for": "everyone", "places": places,
                "taken": taken, "waiting": waiting, "counted": counted, "changes": 0,
                "reason": null, "came": null, "learned": null, "ideas": [], "signs": [],
                "reminded_on": null, "kept_until": null,
            });
            serde_json::from_value::<GatheringSessionRow>(row).expect("a session")
        };
        let (named, counted) = (SignUpWay::Named, SignUpWay::Counted);
        for (row, way, says) in [
            (
                session(Some(60), 60, 1, 0),
                named,
                "60 of 60 places taken, 1 person waits",
            ),
            (session(None, 1, 0, 0), named, "1 person signed up"),
            (session(None, 0, 0, 28), counted, "28 people signed up"),
            (
                session(Some(20), 0, 0, 28),
                counted,
                "20 of 20 places taken, 8 people wait",
            ),
        ] {
            assert_eq!(places_text(&row, way), says);
        }
        let row = session(None, 0, 0, 0);
        assert_eq!(when_text(&row), "Thursday 3 December 2026, 1:30pm to 4pm");
    }
}
