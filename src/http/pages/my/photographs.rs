//! Photos that were accepted with a form that was not: the form names them, so that they are not
//! chosen again.

use uuid::Uuid;

use crate::domain::file::{FileDigest, MediaType};
use crate::http::AppState;
use crate::http::pages::{FormData, PageError};
use crate::projections::FileRow;

/// The most photos that one report can keep from earlier attempts.
const KEPT_MAX: usize = 12;

/// The photos that a form names, except those to be left out. Each is one of the group's files.
pub(super) async fn kept(
    app: &AppState,
    group: Uuid,
    posted: &FormData,
) -> Result<Vec<FileDigest>, PageError> {
    let mut kept = Vec::new();
    for name in posted.all("kept").take(KEPT_MAX) {
        if posted.all("drop").any(|dropped| dropped == name) {
            continue;
        }
        let Ok(file) = name.parse::<FileDigest>() else {
            continue;
        };
        let known: Option<FileRow> = app.views.find(FileRow::id_of(group, &file), None).await?;
        if known.is_some() {
            kept.push(file);
        }
    }
    Ok(kept)
}

/// Files by their digest, and whether each is a picture.
pub(super) async fn with_kinds(
    app: &AppState,
    group: Uuid,
    files: impl IntoIterator<Item = &FileDigest>,
) -> Result<Vec<(String, bool)>, PageError> {
    let mut seen = Vec::new();
    for file in files {
        let known: Option<FileRow> = app.views.find(FileRow::id_of(group, file), None).await?;
        let picture = known.is_some_and(|known| known.media == MediaType::Jpeg);
        seen.push((file.to_string(), picture));
    }
    Ok(seen)
}
