//! The scans of a paper form. They are files of the group: those that came with the form, those
//! that a rejected form keeps, and those that were added to a draft before.

use uuid::Uuid;

use crate::clock::day_of;
use crate::domain::file::{FileDigest, FilePurpose};
use crate::http::AppState;
use crate::http::pages::PageError;
use crate::projections::{ApplicationRow, FileRow};

/// The hidden field that names a scan.
pub(super) const KEPT: &str = "kept_scan";
/// The checkbox that removes one of the scans.
pub(super) const DROPPED: &str = "drop";
/// The most scans that one form names.
const KEPT_MAX: usize = 12;

/// The scans that a form names. Each must be a scan of the group.
pub(super) async fn named<'a>(
    app: &AppState,
    group: Uuid,
    names: impl Iterator<Item = &'a str>,
) -> Result<Vec<FileRow>, PageError> {
    let mut scans = Vec::new();
    for name in names.take(KEPT_MAX) {
        let Ok(file) = name.parse::<FileDigest>() else {
            continue;
        };
        let known: Option<FileRow> = app.views.find(FileRow::id_of(group, &file), None).await?;
        scans.extend(known.filter(|known| known.purpose == FilePurpose::Scan));
    }
    Ok(scans)
}

/// The scans that the group has since the day on which the draft was begun, the newest first.
pub(super) async fn of_draft(
    app: &AppState,
    row: &ApplicationRow,
) -> Result<Vec<FileRow>, PageError> {
    let since = day_of(row.created_at.timestamp());
    let mut scans = app.views.files_of(&[row.group.to_string()], None).await?;
    scans.retain(|file| file.purpose == FilePurpose::Scan && file.kept_on >= since);
    scans.truncate(KEPT_MAX);
    Ok(scans)
}
