//! Notices: the texts that people read or hear before they agree to something. There is one row for
//! each purpose and version, because an agreement stays with the version that was given.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::language::Language;
use crate::domain::organisation::NoticePurpose;
use crate::domain::{Event, OrganisationEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// A version of a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Notice)]
pub struct NoticeRow {
    pub purpose: NoticePurpose,
    pub version: u32,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    /// The text in English.
    pub text: String,
    /// The text in other languages.
    #[schema(value_type = BTreeMap<String, String>)]
    pub other_languages: BTreeMap<Language, String>,
    #[schema(value_type = String, format = "date")]
    pub published_on: Date,
}

impl NoticeRow {
    /// The id of the row of a version. Ids of one purpose sort as versions do.
    #[must_use]
    pub fn id_of(purpose: NoticePurpose, version: u32) -> String {
        format!("{}/{version:08}", <&str>::from(purpose))
    }

    /// The text in a language, or in English if it is not in that language.
    #[must_use]
    pub fn text_in(&self, language: Language) -> &str {
        self.other_languages.get(&language).unwrap_or(&self.text)
    }
}

pub(in crate::projections) struct NoticesProjection;

impl Projection for NoticesProjection {
    const NAME: &'static str = "notices";
    type Row = NoticeRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        let Event::Organisation(OrganisationEvent::NoticePublished {
            purpose, version, ..
        }) = &event.event
        else {
            return None;
        };
        Some(AffectedRows::one(&NoticeRow::id_of(*purpose, *version)))
    }

    fn project(
        event: &RecordedEvent,
        _: Option<NoticeRow>,
        _: Option<NoticeRow>,
    ) -> Option<NoticeRow> {
        let Event::Organisation(OrganisationEvent::NoticePublished {
            version,
            purpose,
            text,
            other_languages,
            ..
        }) = &event.event
        else {
            return None;
        };
        let others = other_languages
            .iter()
            .map(|(language, text)| (*language, text.to_string()));
        Some(NoticeRow {
            purpose: *purpose,
            version: *version,
            created_at: Moment::of(event),
            updated_at: Moment::of(event),
            text: text.to_string(),
            other_languages: others.collect(),
            published_on: event.recorded_on(),
        })
    }
}
