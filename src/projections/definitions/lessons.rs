//! Lessons that were published. The row of one that was withdrawn has no words any more.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::organisation::{LessonKind, LessonLink, LessonOrigin};
use crate::domain::text::Slug;
use crate::domain::{Event, OrganisationEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// A published lesson. It stays listed after it was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonRow {
    /// The number of the lesson.
    pub lesson: u32,
    pub created_at: Moment,
    /// Empty once the lesson was withdrawn.
    pub title: String,
    /// Empty once the lesson was withdrawn.
    pub words: String,
    pub kind: LessonKind,
    pub themes: BTreeSet<Slug>,
    pub signs: BTreeSet<Slug>,
    pub area: Option<Slug>,
    pub link: Option<LessonLink>,
    pub grew_from: Option<LessonOrigin>,
    pub published_on: Date,
    /// The day on which it was withdrawn.
    pub withdrawn_on: Option<Date>,
}

impl LessonRow {
    /// The id of a lesson's row. Ids sort as the numbers do.
    #[must_use]
    pub fn id_of(lesson: u32) -> String {
        format!("{lesson:010}")
    }
}

pub(in crate::projections) struct LessonsProjection;

impl Projection for LessonsProjection {
    const NAME: &'static str = "lessons";
    type Row = LessonRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        match &event.event {
            Event::Organisation(
                OrganisationEvent::LessonPublished { lesson, .. }
                | OrganisationEvent::LessonWithdrawn { lesson },
            ) => Some(AffectedRows::one(&LessonRow::id_of(*lesson))),
            _ => None,
        }
    }

    fn project(
        event: &RecordedEvent,
        row: Option<LessonRow>,
        _: Option<LessonRow>,
    ) -> Option<LessonRow> {
        match &event.event {
            Event::Organisation(OrganisationEvent::LessonPublished {
                lesson,
                title,
                words,
                kind,
                themes,
                signs,
                area,
                link,
                grew_from,
                published_on,
                ..
            }) => Some(LessonRow {
                lesson: *lesson,
                created_at: Moment::of(event),
                title: title.to_string(),
                words: words.to_string(),
                kind: *kind,
                themes: themes.clone(),
                signs: signs.clone(),
                area: area.clone(),
                link: link.clone(),
                grew_from: grew_from.clone(),
                published_on: *published_on,
                withdrawn_on: None,
            }),
            Event::Organisation(OrganisationEvent::LessonWithdrawn { .. }) => {
                let mut row = row?;
                row.title.clear();
                row.words.clear();
                row.link = None;
                row.withdrawn_on = Some(event.recorded_on());
                Some(row)
            }
            _ => None,
        }
    }
}
