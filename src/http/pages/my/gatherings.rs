//! Gatherings on the overview: what the visitor signed up for, what they lead or are asked to lead,
//! and what members of a group signed up for in its name.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::states;
use crate::clock::day_of;
use crate::domain::gathering::SessionState;
use crate::domain::language::Language;
use crate::domain::{GroupId, PersonId};
use crate::http::AppState;
use crate::http::pages::PageError;
use crate::http::pages::words::Tag;
use crate::mail::{format_day, format_times};
use crate::projections::{GatheringRow, GatheringSessionRow, GroupRow, SignUpRow, SignUpState};
use crate::views::Filter;

/// The most past sessions that are listed.
const PAST_MAX: usize = 10;

/// The gatherings of a visitor.
#[derive(Default)]
pub(super) struct OwnGatherings {
    /// Those that the visitor is asked to lead: path and title.
    pub offered: Vec<(String, String)>,
    /// Those that the visitor leads: path and title.
    pub led: Vec<(String, String)>,
    /// Sessions to come, the next first.
    pub coming: Vec<OwnSession>,
    /// Sessions that are over, the newest first.
    pub past: Vec<OwnSession>,
}

/// A session that the visitor signed up for.
pub(super) struct OwnSession {
    pub title: String,
    pub path: String,
    pub state: Tag,
    /// Its day, its times and its place, in one line.
    pub line: String,
}

/// A session that members of a group signed up for in its name.
pub(super) struct GroupSession {
    pub title: String,
    pub path: String,
    pub line: String,
    /// How many of the group have a place or wait.
    pub people: usize,
}

/// A sign-up with its session and its gathering.
struct Joined<'a> {
    sign_up: &'a SignUpRow,
    session: &'a GatheringSessionRow,
    gathering: &'a GatheringRow,
}

/// The sessions and gatherings of sign-ups, by their ids.
struct Records {
    sessions: BTreeMap<String, GatheringSessionRow>,
    gatherings: BTreeMap<Uuid, GatheringRow>,
}

impl OwnGatherings {
    pub fn is_empty(&self) -> bool {
        self.offered.is_empty()
            && self.led.is_empty()
            && self.coming.is_empty()
            && self.past.is_empty()
    }

    pub async fn load(
        app: &AppState,
        person: PersonId,
        language: Language,
    ) -> Result<Self, PageError> {
        let mut own = Self::leading(app, person).await?;
        let of_person = vec![Filter::equals("person", person)];
        let sign_ups = current_sign_ups(app, of_person).await?;
        let records = Records::of(app, &sign_ups).await?;
        let today = day_of(app.commands.now());
        for joined in records.join(&sign_ups) {
            let shown = OwnSession {
                title: joined.gathering.title.clone(),
                path: path_of(joined.gathering.id),
                state: states::sign_up_tag(joined.sign_up, joined.session, today, language),
                line: session_line(joined.session, joined.has_place(), language),
            };
            if joined.session.day >= today && joined.session.state != SessionState::Held {
                own.coming.push(shown);
            } else if joined.has_place() {
                own.past.push(shown);
            }
        }
        own.past.reverse();
        own.past.truncate(PAST_MAX);
        Ok(own)
    }

    async fn leading(app: &AppState, person: PersonId) -> Result<Self, PageError> {
        let mut own = Self::default();
        for row in app.views.running_gatherings().await?.iter() {
            let shown = (path_of(row.id), row.title.clone());
            if row.is_led_by(person) {
                own.led.push(shown);
            } else if row.offered_to == Some(person) {
                own.offered.push(shown);
            }
        }
        Ok(own)
    }
}

/// The sessions to come that members of a group signed up for in its name.
pub(super) async fn of_group(
    app: &AppState,
    group: &GroupRow,
    language: Language,
) -> Result<Vec<GroupSession>, PageError> {
    if group.members.is_empty() {
        return Ok(Vec::new());
    }
    let of_members = vec![Filter::any_of("person", &group.members)];
    let mut sign_ups = current_sign_ups(app, of_members).await?;
    sign_ups.retain(|row| row.group == Some(GroupId(group.id)));
    let records = Records::of(app, &sign_ups).await?;
    let today = day_of(app.commands.now());
    let mut found: Vec<(&str, GroupSession)> = Vec::new();
    for joined in records.join(&sign_ups) {
        if joined.session.state != SessionState::Planned || joined.session.day < today {
            continue;
        }
        let session = joined.sign_up.session_id.as_str();
        let is_listed = found.last().is_some_and(|(listed, _)| *listed == session);
        if is_listed && let Some((_, shown)) = found.last_mut() {
            shown.people += 1;
            continue;
        }
        let shown = GroupSession {
            title: joined.gathering.title.clone(),
            path: path_of(joined.gathering.id),
            line: session_line(joined.session, false, language),
            people: 1,
        };
        found.push((session, shown));
    }
    Ok(found.into_iter().map(|(_, shown)| shown).collect())
}

/// Sign-ups by filters, without those that were given up.
async fn current_sign_ups(
    app: &AppState,
    filters: Vec<Filter>,
) -> Result<Vec<SignUpRow>, PageError> {
    let mut rows = app.views.all_rows::<SignUpRow>(None, filters).await?;
    rows.retain(|row| row.state != SignUpState::GivenUp);
    Ok(rows)
}

impl Joined<'_> {
    fn has_place(&self) -> bool {
        self.sign_up.state == SignUpState::Place
    }

    fn when(&self) -> (Date, &str, &str) {
        let session = self.session;
        (
            session.day,
            session.starts_at.as_str(),
            &self.sign_up.session_id,
        )
    }
}

impl Records {
    async fn of(app: &AppState, sign_ups: &[SignUpRow]) -> Result<Self, PageError> {
        if sign_ups.is_empty() {
            return Ok(Self {
                sessions: BTreeMap::new(),
                gatherings: BTreeMap::new(),
            });
        }
        let ids: BTreeSet<&str> = sign_ups.iter().map(|row| row.session_id.as_str()).collect();
        let of_sessions = vec![Filter::any_of("id", ids)];
        let sessions: Vec<GatheringSessionRow> = app.views.all_rows(None, of_sessions).await?;
        let ids: BTreeSet<Uuid> = sign_ups.iter().map(|row| row.gathering).collect();
        let of_gatherings = vec![Filter::any_of("id", ids)];
        let gatherings: Vec<GatheringRow> = app.views.all_rows(None, of_gatherings).await?;
        let key =
            |row: &GatheringSessionRow| GatheringSessionRow::id_of(row.gathering, row.session);
        Ok(Self {
            sessions: sessions.into_iter().map(|row| (key(&row), row)).collect(),
            gatherings: gatherings.into_iter().map(|row| (row.id, row)).collect(),
        })
    }

    /// Sign-ups with their sessions, in the order of these.
    fn join<'a>(&'a self, sign_ups: &'a [SignUpRow]) -> Vec<Joined<'a>> {
        let join = |sign_up: &'a SignUpRow| {
            Some(Joined {
                sign_up,
                session: self.sessions.get(&sign_up.session_id)?,
                gathering: self.gatherings.get(&sign_up.gathering)?,
            })
        };
        let mut joined: Vec<Joined<'a>> = sign_ups.iter().filter_map(join).collect();
        joined.sort_by(|one, other| one.when().cmp(&other.when()));
        joined
    }
}

fn path_of(gathering: Uuid) -> String {
    format!("/my/gatherings/{gathering}")
}

/// The day, the times and the place of a session, in one line.
pub(super) fn session_line(
    session: &GatheringSessionRow,
    has_place: bool,
    language: Language,
) -> String {
    let mut parts = vec![
        format_day(session.day, language),
        format_times(&session.starts_at, &session.ends_at, language),
    ];
    parts.extend(session.place_for_reader(has_place).map(ToString::to_string));
    parts.join(" · ")
}
