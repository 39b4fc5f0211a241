//! Answers: one row for each application, with the latest answer to each question.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::personal_data::Encrypted;
use crate::domain::text::Slug;
use crate::domain::{ApplicationEvent, Event};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Projection};

/// The encrypted answers of an application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswersRow {
    pub answers: BTreeMap<Slug, Encrypted>,
}

pub(in crate::projections) struct AnswersProjection;

impl Projection for AnswersProjection {
    const NAME: &'static str = "answers";
    const SCHEMA_VERSION: i64 = 2;
    type Row = AnswersRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        saved_answers(event).map(|_| AffectedRows::of_stream(event))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<AnswersRow>,
        _: Option<AnswersRow>,
    ) -> Option<AnswersRow> {
        let mut row = row.unwrap_or_default();
        row.answers.extend(
            saved_answers(event)?
                .iter()
                .map(|(question, sealed)| (question.clone(), sealed.clone())),
        );
        Some(row)
    }
}

fn saved_answers(event: &RecordedEvent) -> Option<&BTreeMap<Slug, Encrypted>> {
    match &event.event {
        Event::Application(ApplicationEvent::AnswersSaved { answers, .. })
            if !answers.is_empty() =>
        {
            Some(answers)
        }
        _ => None,
    }
}
