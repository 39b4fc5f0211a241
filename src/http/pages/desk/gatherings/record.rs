//! The page of one gathering: what is next, its sessions with who has a place and who waits, its
//! leads, its risk check, and its history.

use std::sync::Arc;

use actix_web::HttpResponse;
use askama::Template;
use jiff::Span;
use jiff::civil::Date;
use uuid::Uuid;

use super::actions::GatheringActions;
use super::sessions::{
    SessionCard, SessionCards, is_over, name_of, names_of_groups, sessions_of, sign_ups_of,
    unproven_of,
};
use super::story::{ChosenStory, chosen_stories};
use super::{name_of_kind, path_of_session, runs, sees_people};
use crate::domain::PersonId;
use crate::domain::gathering::{GatheringState, SessionState, SignUpWay};
use crate::domain::language::{Language, day_text};
use crate::domain::text::Slug;
use crate::http::pages::desk::list::{Neighbours, neighbours};
use crate::http::pages::desk::next_step::{ABOUT, NextStep};
use crate::http::pages::desk::{DeskRequest, HistoryEntry, PersonNames, history};
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::{Tag, Tagged as _, place_name};
use crate::http::pages::{PageContext, PageError, PageForms, ownership};
use crate::projections::{FundRow, GatheringRow, GatheringSessionRow, OrganisationRow};
use crate::views::{Filter, SignUpView};

/// A risk check that ends within so many days is made again.
const CHECK_AGAIN_DAYS: i64 = 30;
/// For so many days the page and the list of work show that a lead asked for a hand.
const HAND_DAYS: i64 = 14;

#[derive(Template)]
#[template(path = "desk/gatherings/record.html")]
struct GatheringRecordPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    gathering: GatheringRow,
    tag: Tag,
    kind: &'static str,
    area: String,
    themes: Vec<String>,
    leads: Vec<Lead>,
    offered: Option<String>,
    group: Option<(Uuid, String)>,
    fund: Option<(Uuid, String)>,
    grew_from: Option<(Uuid, String)>,
    /// What grew from it.
    grown: Vec<(Uuid, String)>,
    /// Who last asked for a hand, when, and what would help.
    hand: Option<AskedHand>,
    sees_people: bool,
    is_counted: bool,
    plans: bool,
    sessions: Vec<SessionCard>,
    /// The stories that people chose there.
    chosen: Vec<ChosenStory>,
    next: NextStep,
    neighbours: Option<Neighbours>,
    history: Vec<HistoryEntry>,
}

/// A person who leads a gathering. The name is only for those who see people.
struct Lead {
    name: Option<String>,
    is_staff: bool,
}

struct AskedHand {
    by: Option<String>,
    on: Date,
    words: Option<String>,
}

/// A gathering with what its page shows of it.
struct LoadedGathering {
    row: GatheringRow,
    hand_words: Option<String>,
    sessions: Vec<GatheringSessionRow>,
    sign_ups: Vec<SignUpView>,
    /// The names of its leads, and of the person to whom the lead is offered.
    names: PersonNames,
    themes: ThemeNames,
    funds: Arc<Vec<FundRow>>,
    own: Option<Arc<OrganisationRow>>,
}

impl LoadedGathering {
    async fn load(request: &DeskRequest<'_>, id: &str) -> Result<Self, PageError> {
        let row: GatheringRow = request.row(ownership::parse_uuid(id)?).await?;
        let views = &request.app.views;
        let seen = views
            .decrypt_gatherings(request.signed.reader.reads_calls_for_a_hand(), vec![row])
            .await?
            .pop()
            .ok_or_else(PageError::not_found)?;
        let row = seen.row;
        let people = row.leads.keys().copied();
        let people = people.chain(row.offered_to).chain(row.hand_asked_by);
        let own = request.app.commands.organisation();
        Ok(Self {
            names: request.names_of_actors(people).await?,
            sessions: sessions_of(request, &row).await?,
            sign_ups: sign_ups_of(request, &row, None).await?,
            themes: ThemeNames::load(request.app).await?,
            funds: views.cached_funds().await?,
            own: views.cached_organisation(own).await?,
            hand_words: seen.hand_words,
            row,
        })
    }

    /// What is next, and all that the reader can do.
    async fn next_step(
        &self,
        request: &DeskRequest<'_>,
        forms: &PageForms,
    ) -> Result<NextStep, PageError> {
        let session = chosen_session(request, &self.sessions);
        let actions = GatheringActions {
            request,
            forms,
            gathering: &self.row,
            names: &self.names,
            themes: &self.themes,
            funds: &self.funds,
            signs: self.own.as_ref().map_or(&[], |own| own.signs.as_slice()),
            session,
            leaves: leaving(request, &self.sign_ups, session),
        };
        let words = next_words(request, &self.row, &self.sessions, session, &self.names);
        let actions = actions.all().await?;
        let next = request.next_step(&words.title, &words.why, words.form, actions);
        Ok(match words.link {
            Some((label, path)) => next.with_link(label, path),
            None => next,
        })
    }
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let loaded = LoadedGathering::load(request, id).await?;
    let forms = request.forms();
    let next = loaded.next_step(request, &forms).await?;
    let LoadedGathering {
        row: gathering,
        hand_words,
        sessions,
        sign_ups,
        names,
        themes,
        funds,
        own,
    } = loaded;
    let groups = names_of_groups(request, &sign_ups, &sessions).await?;
    let cards = SessionCards {
        request,
        gathering: &gathering,
        unproven: unproven_of(request, &sign_ups).await?,
        sign_ups,
        groups,
        own,
    };
    let sessions = cards.all(&sessions);
    let theme = |key: &Slug| themes.name(key.as_str(), Language::En);
    let page = GatheringRecordPage {
        page: request.page_context(&gathering.title).await?,
        wrong: forms.error_summary(),
        tag: gathering.state.tag(),
        kind: name_of_kind(gathering.kind),
        area: gathering
            .area
            .as_ref()
            .map_or_else(|| "Everywhere".to_owned(), |area| place_name(area.as_str())),
        themes: gathering.themes.iter().map(theme).collect(),
        leads: leads(request, &gathering, &names),
        offered: name_for_reader(request, &gathering, gathering.offered_to, &names),
        group: group_of(request, &gathering).await?,
        fund: fund_of(&gathering, &funds),
        grew_from: grew_from(request, &gathering).await?,
        grown: grown(request, &gathering).await?,
        hand: hand(request, &gathering, hand_words, &names),
        sees_people: sees_people(request, &gathering),
        is_counted: gathering.sign_up == SignUpWay::Counted,
        plans: request.signed.reader.works_with_people(),
        chosen: chosen_stories(request, gathering.id).await?,
        sessions,
        next,
        neighbours: neighbours(request, "gatherings", id).await?,
        history: history(request, gathering.id).await?,
        gathering,
    };
    request.render(&page)
}

/// The session that the page's actions are about: the one that the address names, or else the first
/// for which somebody must say who came, one without notes, or the next one.
fn chosen_session<'a>(
    request: &DeskRequest<'_>,
    sessions: &'a [GatheringSessionRow],
) -> Option<&'a GatheringSessionRow> {
    let about = request.text(ABOUT);
    let number = about.split('.').next().unwrap_or_default().parse::<u16>();
    let named = number.ok().and_then(|number| {
        let mut all = sessions.iter();
        all.find(|session| session.session == number)
    });
    let planned = |session: &&GatheringSessionRow| session.state == SessionState::Planned;
    let next = || {
        sessions
            .iter()
            .filter(planned)
            .min_by_key(|session| session.day)
    };
    named
        .or_else(|| due_session(request, sessions))
        .or_else(|| without_notes(sessions))
        .or_else(next)
}

/// The first session that is over and of which nobody said who came.
fn due_session<'a>(
    request: &DeskRequest<'_>,
    sessions: &'a [GatheringSessionRow],
) -> Option<&'a GatheringSessionRow> {
    sessions
        .iter()
        .filter(|session| session.state == SessionState::Planned && is_over(request, session))
        .min_by_key(|session| session.day)
}

fn without_notes(sessions: &[GatheringSessionRow]) -> Option<&GatheringSessionRow> {
    sessions
        .iter()
        .filter(|session| session.state == SessionState::Held && session.learned.is_none())
        .max_by_key(|session| session.day)
}

/// The person whom the address takes off the list of the session, with their name.
fn leaving(
    request: &DeskRequest<'_>,
    sign_ups: &[SignUpView],
    session: Option<&GatheringSessionRow>,
) -> Option<(PersonId, String)> {
    let (_, person) = request.text(ABOUT).split_once('.')?;
    let number = session?.session;
    let found = sign_ups
        .iter()
        .find(|one| one.session == number && one.person.to_string() == person)?;
    Some((found.person, name_of(found)))
}

/// What is next, in words, with the form or the page on which it is done.
struct NextWords {
    title: String,
    why: String,
    form: &'static str,
    link: Option<(&'static str, String)>,
}

impl NextWords {
    fn form(form: &'static str, title: &str, why: impl Into<String>) -> Self {
        Self {
            title: title.to_owned(),
            why: why.into(),
            form,
            link: None,
        }
    }
}

fn next_words(
    request: &DeskRequest<'_>,
    gathering: &GatheringRow,
    sessions: &[GatheringSessionRow],
    chosen: Option<&GatheringSessionRow>,
    names: &PersonNames,
) -> NextWords {
    if !runs(request, gathering) {
        let why = "There is nothing for you to do here.";
        return NextWords::form("", "This gathering", why);
    }
    let note = || {
        let lacks_notes = chosen.is_some_and(|session| {
            session.state == SessionState::Held && session.learned.is_none()
        });
        lacks_notes.then(|| {
            NextWords::form(
                "write-notes",
                "Next: write what you learned",
                "Others can learn from it too.",
            )
        })
    };
    match gathering.state {
        GatheringState::Draft => before_opening(request, gathering, sessions, names),
        GatheringState::Open => {
            let found = running(request, gathering, sessions, names);
            found.or_else(note).unwrap_or_else(|| quiet(sessions))
        }
        GatheringState::Ended => note()
            .unwrap_or_else(|| NextWords::form("", "Nothing to do", "This gathering has ended.")),
    }
}

/// What a gathering needs before it opens.
fn before_opening(
    request: &DeskRequest<'_>,
    gathering: &GatheringRow,
    sessions: &[GatheringSessionRow],
    names: &PersonNames,
) -> NextWords {
    let is_checked = gathering
        .checked_until
        .is_some_and(|until| until >= request.today());
    if gathering.leads.is_empty() {
        return match name_for_reader(request, gathering, gathering.offered_to, names) {
            Some(name) => NextWords::form(
                "",
                "Waiting for a lead",
                format!("We offered {name} the lead. They must say yes before it opens."),
            ),
            None => NextWords::form(
                "offer-lead",
                "Next: find a lead",
                "Someone must lead it before it opens.",
            ),
        };
    }
    if gathering.risk_check && !is_checked {
        return NextWords::form(
            "pass-risk-check",
            "Next: the risk check",
            "Someone must look at the risks before it opens.",
        );
    }
    let is_planned = |session: &GatheringSessionRow| session.state == SessionState::Planned;
    if sessions.iter().any(is_planned) {
        NextWords::form(
            "open",
            "Next: open it",
            "Everyone will see it, and people can sign up.",
        )
    } else {
        NextWords::form(
            "add-session",
            "Next: add a session",
            "Say when and where people meet.",
        )
    }
}

/// What an open gathering needs, the most urgent first.
fn running(
    request: &DeskRequest<'_>,
    gathering: &GatheringRow,
    sessions: &[GatheringSessionRow],
    names: &PersonNames,
) -> Option<NextWords> {
    let today = request.today();
    if let Some(due) = due_session(request, sessions) {
        let link = ("Say who came", path_of_session(due, "attendance"));
        return Some(NextWords {
            title: "Next: say who came".to_owned(),
            why: format!("The session on {} is over.", day_text(due.day)),
            form: "",
            link: Some(link),
        });
    }
    if let Some(asked_on) = gathering.hand_asked_on.filter(|day| is_fresh(*day, today)) {
        let name = name_for_reader(request, gathering, gathering.hand_asked_by, names);
        let who = name.unwrap_or_else(|| "A lead".to_owned());
        let why = format!("{who} asked for help on {}.", day_text(asked_on));
        return Some(NextWords::form("", "Next: give a hand", why));
    }
    let ends = gathering.checked_until.filter(|_| gathering.risk_check);
    if let Some(until) = ends.filter(|until| ends_soon(*until, today)) {
        let why = format!("The last one is valid until {}.", day_text(until));
        let title = "Next: make the risk check again";
        return Some(NextWords::form("pass-risk-check", title, why));
    }
    None
}

/// An open gathering that needs nothing now.
fn quiet(sessions: &[GatheringSessionRow]) -> NextWords {
    let planned = sessions
        .iter()
        .filter(|session| session.state == SessionState::Planned);
    match planned.map(|session| session.day).min() {
        Some(day) => {
            let why = format!("The next session is on {}.", day_text(day));
            NextWords::form("", "Nothing to do now", why)
        }
        None => NextWords::form(
            "add-session",
            "Next: add a session, or end it",
            "No session is planned.",
        ),
    }
}

/// Whether a lead asked for a hand so lately that it is shown.
pub(in crate::http::pages::desk) fn is_fresh(asked_on: Date, today: Date) -> bool {
    asked_on.saturating_add(Span::new().days(HAND_DAYS)) >= today
}

/// Whether a risk check ends so soon that it is made again.
pub(in crate::http::pages::desk) fn ends_soon(until: Date, today: Date) -> bool {
    until <= today.saturating_add(Span::new().days(CHECK_AGAIN_DAYS))
}

/// The name of a person, for a reader who sees people.
fn name_for_reader(
    request: &DeskRequest<'_>,
    gathering: &GatheringRow,
    person: Option<PersonId>,
    names: &PersonNames,
) -> Option<String> {
    let person = person.filter(|_| sees_people(request, gathering))?;
    Some(names.of(&person))
}

fn leads(request: &DeskRequest<'_>, gathering: &GatheringRow, names: &PersonNames) -> Vec<Lead> {
    let lead = |(person, is_staff): (&PersonId, &bool)| Lead {
        name: name_for_reader(request, gathering, Some(*person), names),
        is_staff: *is_staff,
    };
    gathering.leads.iter().map(lead).collect()
}

fn hand(
    request: &DeskRequest<'_>,
    gathering: &GatheringRow,
    words: Option<String>,
    names: &PersonNames,
) -> Option<AskedHand> {
    Some(AskedHand {
        on: gathering.hand_asked_on?,
        by: name_for_reader(request, gathering, gathering.hand_asked_by, names),
        words,
    })
}

async fn group_of(
    request: &DeskRequest<'_>,
    gathering: &GatheringRow,
) -> Result<Option<(Uuid, String)>, PageError> {
    let Some(group) = gathering.group else {
        return Ok(None);
    };
    let names = request
        .group_names(std::iter::once(group.to_string()))
        .await?;
    Ok(names.into_values().next().map(|name| (group.0, name)))
}

fn fund_of(gathering: &GatheringRow, funds: &[FundRow]) -> Option<(Uuid, String)> {
    let id = gathering.fund?.0;
    let fund = funds.iter().find(|fund| fund.id == id)?;
    Some((id, fund.name.clone()))
}

async fn grew_from(
    request: &DeskRequest<'_>,
    gathering: &GatheringRow,
) -> Result<Option<(Uuid, String)>, PageError> {
    let Some(from) = gathering.grew_from else {
        return Ok(None);
    };
    let row: Option<GatheringRow> = request.app.views.find(from, None).await?;
    Ok(row.map(|row| (row.id, row.title)))
}

async fn grown(
    request: &DeskRequest<'_>,
    gathering: &GatheringRow,
) -> Result<Vec<(Uuid, String)>, PageError> {
    let from_it = vec![Filter::equals("grew_from", gathering.id)];
    let rows: Vec<GatheringRow> = request.app.views.all_rows(None, from_it).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.title)).collect())
}
