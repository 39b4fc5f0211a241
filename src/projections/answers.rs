//! What was answered, application by application: one row holds all sealed answers of one saving.
//!
//! A row's id is the application's, followed by the sequence of the saving; the latest answer to a question counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Projection, Touches};
use crate::domain::sealed::Sealed;
use crate::domain::text::Slug;
use crate::domain::{ApplicationEvent, Event};
use crate::log::record::Recorded;

/// The answers of one saving.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerRow {
    pub application: Uuid,
    pub answers: BTreeMap<Slug, Sealed>,
}

pub(super) struct Answers;

impl Projection for Answers {
    const NAME: &'static str = "answers";
    type Row = AnswerRow;

    fn touches(event: &Recorded) -> Option<Touches> {
        match &event.event {
            Event::Application(ApplicationEvent::AnswersSaved { answers, .. }) if !answers.is_empty() => {
                Some(Touches::own(&format_args!("{}/{:08}", event.stream, event.sequence)))
            }
            _ => None,
        }
    }

    fn project(event: &Recorded, _: Option<AnswerRow>, _: Option<AnswerRow>) -> Option<AnswerRow> {
        let Event::Application(ApplicationEvent::AnswersSaved { answers, .. }) = &event.event else { return None };
        Some(AnswerRow { application: event.stream, answers: answers.clone() })
    }
}
