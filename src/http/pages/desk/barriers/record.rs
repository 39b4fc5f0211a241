//! The page of one barrier: what is next, what was said, to whom it was passed on, what they
//! answered, and its history.

use actix_web::HttpResponse;
use askama::Template;
use uuid::Uuid;

use super::actions::BarrierActions;
use super::{carries_up, comes_to_name, name_of};
use crate::domain::PersonId;
use crate::domain::barrier::{BarrierState, ComesTo};
use crate::domain::language::{Language, day_text};
use crate::domain::public_words::must_not_look_personal;
use crate::http::pages::desk::list::{Neighbours, neighbours};
use crate::http::pages::desk::next_step::NextStep;
use crate::http::pages::desk::{DeskRequest, HistoryEntry, history};
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::{Tag, Tagged as _, place_name};
use crate::http::pages::{PageContext, PageError, ownership};
use crate::projections::{BarrierAnswerRow, BarrierRow, GatheringRow};
use crate::views::Filter;

/// What the reader should leave out of the summary.
const LEAVE_OUT: &str = "What they wrote has an email, a phone number or a postcode in it. Leave \
    it out of the summary.";

#[derive(Template)]
#[template(path = "desk/barriers/record.html")]
struct BarrierRecordPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    barrier: BarrierRow,
    title: String,
    tag: Tag,
    area: String,
    theme: String,
    /// What those who raised it said, for those who hear barriers, while it is kept.
    words: Option<String>,
    hears: bool,
    /// Those who raised it, by id and name, for those who hear barriers.
    people: Vec<(PersonId, String)>,
    /// Whether the reader may open the pages of people.
    opens_people: bool,
    writes_lessons: bool,
    gathering: Option<(Uuid, String)>,
    joined_into: Option<(Uuid, String)>,
    joined: Vec<(Uuid, String)>,
    answers: Vec<BarrierAnswerLine>,
    next: NextStep,
    neighbours: Option<Neighbours>,
    history: Vec<HistoryEntry>,
}

/// An answer on the page.
struct BarrierAnswerLine {
    words: String,
    comes_to: &'static str,
    day: String,
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let row: BarrierRow = request.row(ownership::parse_uuid(id)?).await?;
    let hears = request.signed.reader.hears_barriers();
    let views = &request.app.views;
    let seen = views.decrypt_barriers(|_| hears, vec![row]).await?;
    let seen = seen.into_iter().next().ok_or_else(PageError::not_found)?;
    let (barrier, words) = (seen.row, seen.words);
    let forms = request.forms();
    let looks_personal = words
        .as_ref()
        .is_some_and(|words| must_not_look_personal("words", words).is_err());
    let actions = BarrierActions {
        request,
        forms: &forms,
        barrier: &barrier,
        warning: looks_personal.then_some(LEAVE_OUT),
    };
    let (title, why, form) = next_words(request, &barrier);
    let next = request.next_step(title, &why, form, actions.all().await?);
    let themes = ThemeNames::load(request.app).await?;
    let theme = barrier.theme.as_ref();
    let answer = |answer: &BarrierAnswerRow| BarrierAnswerLine {
        words: answer.answer.clone(),
        comes_to: comes_to_name(answer.comes_to),
        day: day_text(answer.answered_on),
    };
    let page = BarrierRecordPage {
        page: request.page_context(&name_of(&barrier)).await?,
        wrong: forms.error_summary(),
        title: name_of(&barrier),
        tag: barrier.state.tag(),
        area: barrier
            .area
            .as_ref()
            .map_or_else(|| "Everywhere".to_owned(), |area| place_name(area.as_str())),
        theme: theme
            .map(|key| themes.name(key.as_str(), Language::En))
            .unwrap_or_default(),
        people: people(request, &barrier, hears).await?,
        opens_people: request.signed.reader.works_with_groups(),
        writes_lessons: request.signed.reader.works_with_people(),
        gathering: gathering_of(request, &barrier).await?,
        joined_into: joined_into(request, &barrier).await?,
        joined: joined(request, &barrier).await?,
        answers: barrier.answers.iter().rev().map(answer).collect(),
        next,
        neighbours: neighbours(request, "barriers", id).await?,
        history: history(request, barrier.id).await?,
        words,
        hears,
        barrier,
    };
    request.render(&page)
}

/// What is next, why, and the form with which it is done.
fn next_words(request: &DeskRequest<'_>, row: &BarrierRow) -> (&'static str, String, &'static str) {
    if !carries_up(request) {
        let why = "There is nothing for you to do here.";
        return ("This barrier", why.to_owned(), "");
    }
    let to = row.passed_on_to.as_deref().unwrap_or("them");
    match row.state {
        BarrierState::Raised => (
            "Next: write a summary",
            "Say it in your own words, without names. Or join it to another that is about the \
                same."
                .to_owned(),
            "sum-up",
        ),
        BarrierState::SummedUp => (
            "Next: pass it on",
            "Say who can change it, what we ask of them and by when.".to_owned(),
            "pass-on",
        ),
        BarrierState::PassedOn => {
            let due = row.due_on.unwrap_or_else(|| request.today());
            if due < request.today() {
                let why = format!("{to} should have answered by {}. Ask again.", day_text(due));
                ("Next: the answer is late", why, "record-answer")
            } else {
                let why = format!("We asked {to} to answer by {}.", day_text(due));
                ("Waiting for an answer", why, "record-answer")
            }
        }
        BarrierState::Answered if row.comes_to == Some(ComesTo::Planned) => (
            "Next: has it changed?",
            "A change is planned. Record it once it is made.".to_owned(),
            "record-answer",
        ),
        BarrierState::Answered => (
            "Next: close it",
            "They have answered, and everyone who told us knows.".to_owned(),
            "close",
        ),
        BarrierState::Closed => ("Nothing to do", "It is closed.".to_owned(), ""),
        BarrierState::Joined => (
            "Nothing to do",
            "It is part of another. See what is next there.".to_owned(),
            "",
        ),
    }
}

async fn people(
    request: &DeskRequest<'_>,
    row: &BarrierRow,
    hears: bool,
) -> Result<Vec<(PersonId, String)>, PageError> {
    if !hears {
        return Ok(Vec::new());
    }
    let names = request
        .names_of_neighbours(row.raised_by.iter().copied())
        .await?;
    let with_name = |person: &PersonId| (*person, names.of(person));
    Ok(row.raised_by.iter().map(with_name).collect())
}

async fn gathering_of(
    request: &DeskRequest<'_>,
    row: &BarrierRow,
) -> Result<Option<(Uuid, String)>, PageError> {
    let Some(gathering) = row.gathering else {
        return Ok(None);
    };
    let found: Option<GatheringRow> = request.app.views.find(gathering, None).await?;
    Ok(found.map(|row| (row.id, row.title)))
}

async fn joined_into(
    request: &DeskRequest<'_>,
    row: &BarrierRow,
) -> Result<Option<(Uuid, String)>, PageError> {
    let Some(into) = row.joined_into else {
        return Ok(None);
    };
    let found: Option<BarrierRow> = request.app.views.find(into, None).await?;
    Ok(found.map(|row| (row.id, name_of(&row))))
}

async fn joined(
    request: &DeskRequest<'_>,
    row: &BarrierRow,
) -> Result<Vec<(Uuid, String)>, PageError> {
    if row.joined.is_empty() {
        return Ok(Vec::new());
    }
    let these = vec![Filter::any_of("id", &row.joined)];
    let rows: Vec<BarrierRow> = request.app.views.all_rows(None, these).await?;
    Ok(rows.iter().map(|row| (row.id, name_of(row))).collect())
}
