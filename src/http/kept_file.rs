//! How a file that somebody handed in leaves: nothing in it runs here, whatever it holds.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use bytes::Bytes;
use futures::Stream;

use crate::domain::file::{FileDigest, Media};
use crate::files::FileError;

/// Where a file is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Opened {
    /// By a program, which keeps it.
    ByProgram,
    /// On a page. Only a picture is shown there: it was painted anew. A PDF is as it was sent,
    /// scripts included, and is kept.
    OnPage,
}

/// Answers with a file's bytes.
pub(super) fn answer(
    file: &FileDigest,
    media: Media,
    opened: Opened,
    bytes: impl Stream<Item = Result<Bytes, FileError>> + 'static,
) -> HttpResponse {
    let name = file.as_str().get(..12).unwrap_or_default();
    let disposition = match (media, opened) {
        (Media::Jpeg, Opened::OnPage) => "inline".to_owned(),
        (Media::Jpeg, Opened::ByProgram) => format!("attachment; filename=\"{name}.jpg\""),
        (Media::Pdf, _) => format!("attachment; filename=\"{name}.pdf\""),
    };
    HttpResponse::Ok()
        .content_type(<&str>::from(media))
        .insert_header((CONTENT_DISPOSITION, disposition))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .streaming(bytes)
}
