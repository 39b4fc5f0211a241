//! Files of groups: one row for each, because their number in a group has no bound.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::file::{FileDigest, FilePurpose, MediaType};
use crate::domain::{Event, GroupEvent, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Projection};

/// A file of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = GroupFile)]
pub struct FileRow {
    pub group: Uuid,
    pub file: FileDigest,
    pub media: MediaType,
    pub bytes: u64,
    pub purpose: FilePurpose,
    /// The person who stored the file. Absent for a member of the group if it was a member of
    /// staff.
    pub kept_by: Option<PersonId>,
    #[schema(value_type = String, format = "date")]
    pub kept_on: Date,
    /// The day on which the group removed it. Its bytes are deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub removed_on: Option<Date>,
}

impl FileRow {
    /// The id of a file's row.
    #[must_use]
    pub fn id_of(group: Uuid, file: &FileDigest) -> String {
        format!("{group}/{file}")
    }
}

pub(in crate::projections) struct FilesProjection;

impl Projection for FilesProjection {
    const NAME: &'static str = "files";
    type Row = FileRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        let Event::Group(GroupEvent::FileKept { file, .. } | GroupEvent::FileRemoved { file, .. }) =
            &event.event
        else {
            return None;
        };
        Some(AffectedRows::one(&FileRow::id_of(event.stream, file)))
    }

    fn project(event: &RecordedEvent, row: Option<FileRow>, _: Option<FileRow>) -> Option<FileRow> {
        let Event::Group(happened) = &event.event else {
            return None;
        };
        match happened {
            GroupEvent::FileKept {
                file,
                media,
                bytes,
                purpose,
                kept_by,
                ..
            } => Some(FileRow {
                group: event.stream,
                file: file.clone(),
                media: *media,
                bytes: *bytes,
                purpose: *purpose,
                kept_by: Some(*kept_by),
                kept_on: event.recorded_on(),
                removed_on: None,
            }),
            GroupEvent::FileRemoved { .. } => row.map(|row| FileRow {
                removed_on: Some(event.recorded_on()),
                ..row
            }),
            _ => None,
        }
    }
}
