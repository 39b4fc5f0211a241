//! Answers: one row for each application, with the latest answer to each question.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Projection, Touches};
use crate::domain::sealed::Sealed;
use crate::domain::text::Slug;
use crate::domain::{ApplicationEvent, Event};
use crate::log::record::Recorded;

/// The encrypted answers of an application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswersRow {
    pub answers: BTreeMap<Slug, Sealed>,
}

pub(super) struct Answers;

impl Projection for Answers {
    const NAME: &'static str = "answers";
    const SHAPE: i64 = 2;
    type Row = AnswersRow;

    fn touches(event: &Recorded) -> Option<Touches> {
        saved(event).map(|_| Touches::of_stream(event))
    }

    fn project(
        event: &Recorded,
        row: Option<AnswersRow>,
        _: Option<AnswersRow>,
    ) -> Option<AnswersRow> {
        let mut row = row.unwrap_or_default();
        row.answers.extend(
            saved(event)?
                .iter()
                .map(|(question, sealed)| (question.clone(), sealed.clone())),
        );
        Some(row)
    }
}

fn saved(event: &Recorded) -> Option<&BTreeMap<Slug, Sealed>> {
    match &event.event {
        Event::Application(ApplicationEvent::AnswersSaved { answers, .. })
            if !answers.is_empty() =>
        {
            Some(answers)
        }
        _ => None,
    }
}
