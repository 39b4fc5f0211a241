//! Multipart forms with one file that is read and not stored: a bank statement, or a table to
//! import.

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::HttpRequest;
use futures::TryStreamExt as _;

use super::kept_files::NamedFiles;
use super::{FormData, PageError, Visitor, csrf, kept_form};
use crate::auth::kept_forms::LateFile;
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

/// The fields of a multipart form, and the bytes of its last file, with its field and its name;
/// without a file they are empty.
#[derive(Debug, Default)]
pub struct MultipartForm {
    pub fields: Vec<(String, String)>,
    pub bytes: Vec<u8>,
    file_field: String,
    file_name: String,
}

/// Parses a form, and checks that it was submitted from a page of this service. If it comes from a
/// page of an earlier session, its file is kept with it, and need not be chosen again.
pub(super) async fn read(
    request: &HttpRequest,
    body: Multipart,
    visitor: &Visitor,
    app: &AppState,
) -> Result<FormWithFile, PageError> {
    csrf::check_origin(request)?;
    let sent = read_parts(body).await?;
    let posted = FormData::new(sent.fields);
    let mut files = Vec::new();
    if !sent.bytes.is_empty() {
        files.push(LateFile {
            field: sent.file_field,
            name: kept_form::shown_name(&sent.file_name),
            content: sent.bytes,
        });
    }
    kept_form::check_form_with_files(request, app, visitor, &posted, &files).await?;
    let mut bytes = files.pop().map(|file| file.content).unwrap_or_default();
    if bytes.is_empty()
        && let Some(named) = NamedFiles::find(request, app, visitor, &posted).await?
        && let Some(file) = named.files.last()
    {
        bytes = named.open(app, file).await?.unwrap_or_default();
        if bytes.len() > FILE_BYTES_MAX {
            return Err(too_large().into());
        }
    }
    Ok(FormWithFile { posted, bytes })
}

/// Reads a multipart form, without checking where it came from. Fails if it is incomplete, is not
/// UTF-8, or is too large.
pub async fn read_parts(mut body: Multipart) -> Result<MultipartForm, Problem> {
    let (mut parts, mut length) = (MultipartForm::default(), 0);
    while let Some(mut field) = body.try_next().await.map_err(incomplete_form)? {
        let file_name = field
            .content_disposition()
            .and_then(|disposition| disposition.get_filename())
            .map(str::to_owned);
        if let Some(file_name) = file_name {
            parts.file_name = file_name;
            parts.file_field = field.name().unwrap_or_default().to_owned();
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
            return Err(too_large());
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

fn too_large() -> Problem {
    ErrorCode::TooLarge.problem("this is too much for one form")
}

pub(super) fn incomplete_form(_: MultipartError) -> Problem {
    ErrorCode::InvalidQuery.problem("part of the form did not reach us")
}
