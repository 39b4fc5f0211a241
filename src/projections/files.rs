//! Files of groups: one row for each, because their number in a group has no bound.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Projection, Touches};
use crate::domain::file::{FileDigest, FilePurpose, Media};
use crate::domain::{Event, GroupEvent, PersonId};
use crate::log::record::Recorded;

/// A file of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = GroupFile)]
pub struct FileRow {
    pub group: Uuid,
    pub file: FileDigest,
    pub media: Media,
    pub bytes: u64,
    pub purpose: FilePurpose,
    /// The person who stored the file. Absent for a member of the group if it was a member of
    /// staff.
    pub kept_by: Option<PersonId>,
    #[schema(value_type = String, format = "date")]
    pub kept_on: Date,
}

impl FileRow {
    /// The id of a file's row.
    #[must_use]
    pub fn id_of(group: Uuid, file: &FileDigest) -> String {
        format!("{group}/{file}")
    }
}

pub(super) struct Files;

impl Projection for Files {
    const NAME: &'static str = "files";
    type Row = FileRow;

    fn touches(event: &Recorded) -> Option<Touches> {
        let Event::Group(GroupEvent::FileKept { file, .. }) = &event.event else {
            return None;
        };
        Some(Touches::one(&FileRow::id_of(event.stream, file)))
    }

    fn project(event: &Recorded, _: Option<FileRow>, _: Option<FileRow>) -> Option<FileRow> {
        let Event::Group(GroupEvent::FileKept {
            file,
            media,
            bytes,
            purpose,
            kept_by,
            ..
        }) = &event.event
        else {
            return None;
        };
        Some(FileRow {
            group: event.stream,
            file: file.clone(),
            media: *media,
            bytes: *bytes,
            purpose: *purpose,
            kept_by: Some(*kept_by),
            kept_on: event.recorded_on(),
        })
    }
}
