//! A form with one file that is read and not kept: a bank's statement, a table to import.

use actix_multipart::{Field, Multipart};
use actix_web::HttpRequest;
use futures::TryStreamExt as _;

use super::{Failed, Posted, Visitor, guard};
use crate::http::problem::Fault;

/// How many bytes of a file are read, and of the words beside it.
const FILE_MOST: usize = 4 * 1024 * 1024;
const WORDS_MOST: usize = 64 * 1024;

/// A form, with the name and the bytes of its file.
pub(super) struct SentFile {
    pub posted: Posted,
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Reads a form that was sent from one of our own pages. Without a file, its name and bytes are empty.
pub(super) async fn read(request: &HttpRequest, mut body: Multipart, visitor: &Visitor) -> Result<SentFile, Failed> {
    guard::own_origin(request)?;
    let broken = |_| Fault::InvalidQuery.problem("the form did not arrive whole");
    let (mut pairs, mut words) = (Vec::new(), 0);
    let mut sent = SentFile { posted: Posted::default(), name: String::new(), bytes: Vec::new() };
    while let Some(mut field) = body.try_next().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.content_disposition().and_then(|disposition| disposition.get_filename()).map(str::to_owned);
        if let Some(file) = file {
            sent.bytes = bytes(&mut field, FILE_MOST).await?;
            sent.name = file;
            continue;
        }
        let text = bytes(&mut field, WORDS_MOST.saturating_sub(words)).await?;
        words += name.len() + text.len();
        pairs.push((name, String::from_utf8(text).map_err(|_| Fault::InvalidQuery.problem("this is not text"))?));
    }
    sent.posted = Posted::of(pairs);
    guard::own_page(request, sent.posted.text("csrf"), visitor)?;
    Ok(sent)
}

async fn bytes(field: &mut Field, most: usize) -> Result<Vec<u8>, Failed> {
    let mut bytes = Vec::new();
    while let Some(part) = field.try_next().await.map_err(|_| Fault::InvalidQuery.problem("the form did not arrive whole"))? {
        if bytes.len() + part.len() > most {
            return Err(Fault::TooLarge.problem("this is more than one form can hold").into());
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}
