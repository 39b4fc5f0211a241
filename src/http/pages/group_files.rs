//! The files of a group, as pages of its members serve them.

use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use super::PageError;
use crate::domain::file::FileDigest;
use crate::http::AppState;
use crate::http::file_response::{self, DownloadContext};
use crate::projections::FileRow;

/// The digest of the file that the address names.
pub(super) fn file_in_path(request: &HttpRequest) -> Result<FileDigest, PageError> {
    request
        .match_info()
        .query("file")
        .parse()
        .map_err(|_| PageError::not_found())
}

/// The file of a group that the address names. The caller has checked that the visitor may read
/// the group's files.
pub(super) async fn serve_file(
    request: &HttpRequest,
    app: &AppState,
    group: Uuid,
) -> Result<HttpResponse, PageError> {
    let file = file_in_path(request)?;
    let known: FileRow = app
        .views
        .find(FileRow::id_of(group, &file), None)
        .await?
        .filter(|known: &FileRow| known.removed_on.is_none())
        .ok_or_else(PageError::not_found)?;
    let vault = app.commands.log().vault();
    let stream = app.files.open(vault, group, &file).await?;
    let page = DownloadContext::Page;
    Ok(file_response::stream_file(&file, known.media, page, stream))
}
