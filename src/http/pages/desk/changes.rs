//! What the office asked a group about its application, when the group answered, and what it had
//! written before.

use std::collections::BTreeMap;

use super::DeskRequest;
use crate::domain::language::Language;
use crate::domain::{ApplicationEvent, Event, Money, PersonId};
use crate::http::pages::PageError;
use crate::http::pages::apply::answer_files::AnswerFiles;
use crate::http::pages::apply::sections::{self, BudgetTable, Section};
use crate::http::pages::question_field::in_words;
use crate::projections::ApplicationRow;

/// The largest number of events of an application that are read.
const EVENTS_MAX: i64 = 1000;

/// An answer of an application, as its page shows it.
pub(super) struct AnswerView {
    pub title: String,
    pub answer: String,
    /// The answer as a table, if it is a budget.
    pub budget: Option<BudgetTable>,
    /// What the group asked for, if the lines of the budget do not add up to it.
    pub asked_instead: Option<Money>,
    /// The files of the answer.
    pub files: AnswerFiles,
    pub change: Option<ChangeView>,
    /// The key by which a request for changes names it.
    pub key: String,
}

/// What was asked about an answer.
pub(super) struct ChangeView {
    pub by: String,
    pub asked_on: jiff::civil::Date,
    pub question: String,
    /// What was asked about this answer alone.
    pub own_question: Option<String>,
    pub answered_on: Option<jiff::civil::Date>,
    /// The group's earlier answer, if the group has changed it since.
    pub before: Option<String>,
}

/// The last request about an answer.
struct Asked {
    position: i64,
    by: Option<PersonId>,
    on: jiff::civil::Date,
    question: String,
    own_question: Option<String>,
    answered_on: Option<jiff::civil::Date>,
}

/// The answers of an application, each with what was asked about it. None if the reader does not
/// read what groups write.
pub(super) async fn answer_views(
    request: &DeskRequest<'_>,
    row: &ApplicationRow,
) -> Result<Vec<AnswerView>, PageError> {
    if !request.signed.reader.may_read_words() {
        return Ok(Vec::new());
    }
    let now = sections::all_sections(request.app, row, Language::En).await?;
    let asked = asked_questions(request, row).await?;
    let names = request
        .names_of_colleagues(asked.values().filter_map(|one| one.by))
        .await?;
    let positions: std::collections::BTreeSet<i64> =
        asked.values().map(|one| one.position).collect();
    let mut before = BTreeMap::new();
    for position in positions {
        before.insert(position, answers_as_at(request, row, &now, position).await?);
    }
    let view = |section: Section| {
        let change = asked.get(section.change_key()).map(|asked| ChangeView {
            by: asked
                .by
                .map_or_else(|| "The office".to_owned(), |by| names.of(&by)),
            asked_on: asked.on,
            question: asked.question.clone(),
            own_question: asked.own_question.clone(),
            answered_on: asked.answered_on,
            before: before
                .get(&asked.position)
                .and_then(|known| known.get(&section.key))
                .filter(|known| !known.is_empty() && **known != section.answer)
                .cloned(),
        });
        let budget = section.budget();
        let differs = |asked: &Money| budget.as_ref().is_some_and(|table| table.total != *asked);
        AnswerView {
            asked_instead: row.requested.filter(differs),
            budget,
            key: section.change_key().to_owned(),
            files: section.files.to_desk(row.group),
            title: section.title,
            answer: section.answer,
            change,
        }
    };
    Ok(now.into_iter().map(view).collect())
}

/// The last request about each answer, by the key of the question.
async fn asked_questions(
    request: &DeskRequest<'_>,
    row: &ApplicationRow,
) -> Result<BTreeMap<String, Asked>, PageError> {
    let events = request.app.views.events_with_id(row.id, EVENTS_MAX).await?;
    let mut asked: BTreeMap<String, Asked> = BTreeMap::new();
    for event in events {
        let day = event.recorded_on();
        match &event.event {
            Event::Application(ApplicationEvent::ChangesRequested {
                questions,
                note,
                notes,
                ..
            }) => {
                for question in questions {
                    let by = event.metadata.get("actor");
                    let one = Asked {
                        position: event.position,
                        by: by.and_then(|actor| actor.parse().ok().map(PersonId)),
                        on: day,
                        question: note.to_string(),
                        own_question: notes.get(question).map(ToString::to_string),
                        answered_on: None,
                    };
                    asked.insert(question.to_string(), one);
                }
            }
            Event::Application(ApplicationEvent::ApplicationResubmitted { .. }) => {
                for one in asked.values_mut() {
                    one.answered_on.get_or_insert(day);
                }
            }
            _ => {}
        }
    }
    Ok(asked)
}

/// The answers as they were at a position, in words, by the key of the section.
async fn answers_as_at(
    request: &DeskRequest<'_>,
    row: &ApplicationRow,
    now: &[Section],
    position: i64,
) -> Result<BTreeMap<String, String>, PageError> {
    let views = &request.app.views;
    let Some(then) = views.find::<ApplicationRow>(row.id, Some(position)).await? else {
        return Ok(BTreeMap::new());
    };
    let mut answers: BTreeMap<String, String> = views
        .answers(row.id, Some(position))
        .await?
        .into_iter()
        .filter_map(|answer| Some((answer.question.to_string(), answer.answer?)))
        .collect();
    // The sections of the rules come from the row, those of the form from the answers.
    let fixed = sections::all_sections(request.app, &then, Language::En).await?;
    let mut words: BTreeMap<String, String> = fixed
        .into_iter()
        .filter(|section| section.own.is_none() && section.key != sections::HELPER)
        .map(|section| (section.key, section.answer))
        .collect();
    for section in now {
        if let (Some(question), Some(stored)) = (&section.own, answers.remove(&section.key)) {
            words.insert(
                section.key.clone(),
                in_words(question, &stored, Language::En),
            );
        }
    }
    Ok(words)
}
