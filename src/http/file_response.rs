//! Responses with uploaded files. Their headers prevent scripts in a file from running in this
//! site's origin.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use bytes::Bytes;
use futures::Stream;

use crate::domain::file::{FileDigest, MediaType};
use crate::files::FileError;

/// Who receives a file, which decides between inline display and download.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum DownloadContext {
    /// A client of the API. Files are always downloads.
    Api,
    /// A browser. Only pictures are displayed inline, because uploads re-encode them. PDFs are
    /// stored as they were sent, scripts included, and are downloads.
    Page,
}

/// Streams a file's bytes.
pub(super) fn stream_file(
    file: &FileDigest,
    media: MediaType,
    opened: DownloadContext,
    bytes: impl Stream<Item = Result<Bytes, FileError>> + 'static,
) -> HttpResponse {
    let name = file.as_str().get(..12).unwrap_or_default();
    let disposition = match (media, opened) {
        (MediaType::Jpeg, DownloadContext::Page) => "inline".to_owned(),
        (MediaType::Jpeg, DownloadContext::Api) => format!("attachment; filename=\"{name}.jpg\""),
        (MediaType::Pdf, _) => format!("attachment; filename=\"{name}.pdf\""),
    };
    HttpResponse::Ok()
        .content_type(<&str>::from(media))
        .insert_header((CONTENT_DISPOSITION, disposition))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .streaming(bytes)
}
