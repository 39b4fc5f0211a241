//! Uploads and downloads of a group's files. The body of an upload is the file itself.

use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use uuid::Uuid;

use super::answers::replayed;
use super::asked::{Asked, nothing};
use super::commands::repeat_key;
use super::groups::visible;
use crate::commands::{CommandError, Issued, Request};
use crate::domain::file::{FileDigest, FilePurpose, KeepFile, Media};
use crate::domain::{Command, Event, GroupCommand, GroupEvent, GroupId, Refusal};
use crate::files::Kept;
use crate::http::Desk;
use crate::http::kept_file::{self, Opened};
use crate::http::problem::{Fault, Problem};
use crate::http::signin::SignedIn;
use crate::projections::FileRow;

pub(super) async fn keep(
    http: HttpRequest,
    body: web::Payload,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["purpose"])?;
    let purpose = asked.parsed::<FilePurpose>(
        "purpose",
        "this is scan, receipt, document, photograph or signed_form",
    )?;
    let purpose = purpose.ok_or_else(|| {
        Fault::InvalidQuery
            .problem("say what the file is for")
            .about("purpose")
    })?;
    // The request hash of an upload covers the query only, not the body: the stored file is
    // encrypted with a new nonce each time, so its digest differs.
    let repeat = repeat_key(&http, http.query_string().as_bytes(), &desk)?;
    let group = visible(&http, &signed, &desk).await?;
    if signed.reader.sees_all() && !signed.reader.works_with_groups() {
        return Err(Refusal::NotYours.into());
    }
    desk.site.limits.write(&signed.reader)?;
    let Kept {
        file, media, bytes, ..
    } = desk.keep_file(group, &signed.reader, body).await?;
    let keep = GroupCommand::KeepFile(KeepFile {
        file: file.clone(),
        media,
        bytes,
        purpose,
    });
    let request = Request {
        repeat: Some(repeat),
        ..Request::new(signed.caller.clone(), Command::Group(GroupId(group), keep))
    };
    let Issued { answer, repeated } = match desk.commands.issue_or_repeat(request).await {
        Ok(issued) => issued,
        Err(error) => {
            // Delete the file only if it is certain that no event refers to it. Otherwise it stays,
            // encrypted.
            if matches!(
                error,
                CommandError::Refused(_) | CommandError::KeyReused | CommandError::Busy
            ) {
                desk.files.remove(&file).await?;
            }
            return Err(error.into());
        }
    };
    let kept = kept_at(&desk, answer.first_position).await?;
    let (kept, media, bytes) = kept;
    if kept != file {
        // A repeated request: the first upload is recorded, so the second copy is deleted.
        desk.files.remove(&file).await?;
    }
    desk.views.shown(answer.last_position).await;
    let address = format!("{}/groups/{group}/files/{}", super::PREFIX, kept);
    let position = answer.last_position;
    let body = FileKept {
        id: group,
        file: kept,
        media,
        bytes,
        position,
    };
    let mut response = HttpResponse::Created()
        .insert_header((LOCATION, address))
        .json(body);
    replayed(&mut response, repeated);
    Ok(response)
}

/// The file in the event at a position.
async fn kept_at(desk: &Desk, position: i64) -> Result<(FileDigest, Media, u64), Problem> {
    let event = desk
        .commands
        .log()
        .page(position, 1)
        .await?
        .pop()
        .map(|recorded| recorded.event);
    match event {
        Some(Event::Group(GroupEvent::FileKept {
            file, media, bytes, ..
        })) => Ok((file, media, bytes)),
        _ => Err(nothing()),
    }
}

/// A file was stored. A repeat of the same upload gets the same response.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FileKept {
    /// The group's id.
    pub id: Uuid,
    /// The file's digest, by which commands and reads refer to it.
    pub file: FileDigest,
    pub media: Media,
    /// The size of the file when it is read, in bytes. It can differ from the upload, because
    /// pictures are re-encoded.
    pub bytes: u64,
    pub position: i64,
}

const BYTES: &str = "application/octet-stream";

/// Whether the client accepts only bytes without a media type of their own.
fn wants_bytes(http: &HttpRequest) -> bool {
    let accept = http
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accept.split(',').any(|kind| {
        kind.split(';')
            .next()
            .is_some_and(|kind| kind.trim() == BYTES)
    })
}

pub(super) async fn open(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    Asked::read(&http, &[])?;
    let group = visible(&http, &signed, &desk).await?;
    if !signed.reader.reads_words() {
        return Err(Refusal::NotYours.into());
    }
    let file: FileDigest = http
        .match_info()
        .query("file")
        .parse()
        .map_err(|_| nothing())?;
    let known: FileRow = desk
        .views
        .find(&FileRow::id_of(group, &file), None)
        .await?
        .ok_or_else(nothing)?;
    // The panel may see forms and photographs. Other files may show accounts or signatures, and are
    // for staff who work with groups.
    let open_to_panel = matches!(known.purpose, FilePurpose::Scan | FilePurpose::Photograph);
    if signed.reader.sees_all() && !signed.reader.works_with_groups() && !open_to_panel {
        return Err(Refusal::NotYours.into());
    }
    let stream = desk
        .files
        .open(desk.commands.log().vault(), group, &file)
        .await?;
    let mut response = kept_file::answer(&file, known.media, Opened::ByProgram, stream);
    if wants_bytes(&http) {
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(BYTES));
    }
    Ok(response)
}
