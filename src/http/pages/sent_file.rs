//! Multipart forms with one file that is read and not stored: a bank statement, or a table to
//! import.

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::HttpRequest;
use futures::TryStreamExt as _;

use super::{Failed, Posted, Visitor, guard};
use crate::http::problem::{Fault, Problem};

/// The most bytes of a file, and of all other fields together.
const FILE_MOST: usize = 4 * 1024 * 1024;
const WORDS_MOST: usize = 64 * 1024;

/// A form with the bytes of its file.
pub(super) struct SentFile {
    pub posted: Posted,
    pub bytes: Vec<u8>,
}

/// The fields of a multipart form, and the bytes of its last file; without a file they are empty.
#[derive(Debug, Default)]
pub struct Parts {
    pub words: Vec<(String, String)>,
    pub bytes: Vec<u8>,
}

/// Parses a form, and checks that it was submitted from a page of this service.
pub(super) async fn read(
    request: &HttpRequest,
    body: Multipart,
    visitor: &Visitor,
) -> Result<SentFile, Failed> {
    guard::own_origin(request)?;
    let Parts { words, bytes } = parts(body).await?;
    let posted = Posted::of(words);
    guard::own_page(request, posted.text("csrf"), visitor)?;
    Ok(SentFile { posted, bytes })
}

/// Reads a multipart form, without checking where it came from. Fails if it is incomplete, is not
/// UTF-8, or is too large.
pub async fn parts(mut body: Multipart) -> Result<Parts, Problem> {
    let (mut parts, mut length) = (Parts::default(), 0);
    while let Some(mut field) = body.try_next().await.map_err(broken)? {
        if field
            .content_disposition()
            .is_some_and(|disposition| disposition.get_filename().is_some())
        {
            parts.bytes = bytes(&mut field, FILE_MOST).await?;
            continue;
        }
        let name = field.name().unwrap_or_default().to_owned();
        let text = text(&mut field, WORDS_MOST.saturating_sub(length)).await?;
        length += name.len() + text.len();
        parts.words.push((name, text));
    }
    Ok(parts)
}

/// Reads a text field of at most `most` bytes.
pub(super) async fn text(field: &mut Field, most: usize) -> Result<String, Problem> {
    String::from_utf8(bytes(field, most).await?)
        .map_err(|_| Fault::InvalidQuery.problem("this is not text"))
}

async fn bytes(field: &mut Field, most: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(part) = field.try_next().await.map_err(broken)? {
        if bytes.len() + part.len() > most {
            return Err(Fault::TooLarge.problem("this is more than one form can hold"));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

pub(super) fn broken(_: MultipartError) -> Problem {
    Fault::InvalidQuery.problem("the form did not arrive whole")
}
