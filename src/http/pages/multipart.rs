//! Multipart forms with one file that is read and not stored: a bank statement, or a table to
//! import.

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::HttpRequest;
use futures::TryStreamExt as _;

use super::kept_files::NamedFiles;
use super::{FormData, PageError, Visitor, csrf, kept_form};
use crate::http::AppState;
use crate::http::problem::{ErrorCode, Problem};

/// The most bytes of a file, and of all other fields together.
const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// A form with the bytes of its file.
pub(super) struct FormWithFile {
    pub posted: FormData,
    pub bytes: Vec<u8>,
}

/// The fields of a multipart form, and the bytes of its last file; without a file they are empty.
#[derive(Debug, Default)]
pub struct MultipartForm {
    pub fields: Vec<(String, String)>,
    pub bytes: Vec<u8>,
}

/// Parses a form, and checks that it was submitted from a page of this service. A file that was
/// kept with it need not be chosen again.
pub(super) async fn read(
    request: &HttpRequest,
    body: Multipart,
    visitor: &Visitor,
    app: &AppState,
) -> Result<FormWithFile, PageError> {
    csrf::check_origin(request)?;
    let MultipartForm {
        fields: words,
        mut bytes,
    } = read_parts(body).await?;
    let posted = FormData::new(words);
    kept_form::check_form(request, app, visitor, &posted).await?;
    if bytes.is_empty()
        && let Some(named) = NamedFiles::find(request, app, visitor, &posted).await?
        && let Some(file) = named.files.last()
    {
        bytes = named.open(app, file).await?.unwrap_or_default();
    }
    Ok(FormWithFile { posted, bytes })
}

/// Reads a multipart form, without checking where it came from. Fails if it is incomplete, is not
/// UTF-8, or is too large.
pub async fn read_parts(mut body: Multipart) -> Result<MultipartForm, Problem> {
    let (mut parts, mut length) = (MultipartForm::default(), 0);
    while let Some(mut field) = body.try_next().await.map_err(incomplete_form)? {
        if field
            .content_disposition()
            .is_some_and(|disposition| disposition.get_filename().is_some())
        {
            parts.bytes = read_bytes(&mut field, FILE_BYTES_MAX).await?;
            continue;
        }
        let name = field.name().unwrap_or_default().to_owned();
        let text = text(&mut field, TEXT_BYTES_MAX.saturating_sub(length)).await?;
        length += name.len() + text.len();
        parts.fields.push((name, text));
    }
    Ok(parts)
}

/// Reads a text field of at most `most` bytes.
pub(super) async fn text(field: &mut Field, most: usize) -> Result<String, Problem> {
    String::from_utf8(read_bytes(field, most).await?)
        .map_err(|_| ErrorCode::InvalidQuery.problem("this is not text"))
}

async fn read_bytes(field: &mut Field, most: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(part) = field.try_next().await.map_err(incomplete_form)? {
        if bytes.len() + part.len() > most {
            return Err(ErrorCode::TooLarge.problem("this is too much for one form"));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

pub(super) fn incomplete_form(_: MultipartError) -> Problem {
    ErrorCode::InvalidQuery.problem("part of the form did not reach us")
}
