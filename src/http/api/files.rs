//! Uploads and downloads of a group's files. The body of an upload is the file itself.

use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use uuid::Uuid;

use super::commands::idempotency_key;
use super::groups::visible_group;
use super::query::{QueryParams, not_found};
use super::response::mark_replayed;
use crate::auth::SignedIn;
use crate::commands::{CommandError, CommandReply, CommandRequest};
use crate::domain::file::{FileDigest, FilePurpose, KeepFile, MediaType};
use crate::domain::{Command, Event, GroupCommand, GroupEvent, GroupId, Refusal};
use crate::files::StoredFile;
use crate::http::AppState;
use crate::http::file_response::{self, DownloadContext};
use crate::http::problem::{ErrorCode, Problem};
use crate::projections::FileRow;

pub(super) async fn upload(
    http: HttpRequest,
    body: web::Payload,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["purpose"])?;
    let purpose = params.parsed::<FilePurpose>(
        "purpose",
        "this is scan, receipt, document, photograph, signed_form or enclosure",
    )?;
    let purpose = purpose.ok_or_else(|| {
        ErrorCode::InvalidQuery
            .problem("say what the file is for")
            .with_field("purpose")
    })?;
    // The request hash of an upload covers the query only, not the body: the stored file is
    // encrypted with a new nonce each time, so its digest differs.
    let repeat = idempotency_key(&http, http.query_string().as_bytes(), &app)?;
    let group = visible_group(&http, &signed, &app).await?;
    if signed.reader.sees_all() && !signed.reader.works_with_groups() {
        return Err(Refusal::NotYours.into());
    }
    app.site.limits.check_write(&signed.reader)?;
    let StoredFile {
        file, media, bytes, ..
    } = app.store_file(group, &signed.reader, body).await?;
    let keep = GroupCommand::KeepFile(KeepFile {
        file: file.clone(),
        media,
        bytes,
        purpose,
        application: None,
    });
    let request = CommandRequest {
        idempotency_key: Some(repeat),
        ..CommandRequest::new(signed.caller.clone(), Command::Group(GroupId(group), keep))
    };
    let CommandReply {
        receipt: answer,
        repeated,
    } = match app.commands.execute_or_replay(request).await {
        Ok(issued) => issued,
        Err(error) => {
            // Delete the file only if it is certain that no event refers to it. Otherwise it stays,
            // encrypted.
            if matches!(
                error,
                CommandError::Refused(_) | CommandError::KeyReused | CommandError::Busy
            ) {
                app.files.remove(&file).await?;
            }
            return Err(error.into());
        }
    };
    let kept = stored_file_at(&app, answer.first_position).await?;
    let (kept, media, bytes) = kept;
    if kept != file {
        // A repeated request: the first upload is recorded, so the second copy is deleted.
        app.files.remove(&file).await?;
    }
    app.views.wait_until_shown(answer.last_position).await;
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
    mark_replayed(&mut response, repeated);
    Ok(response)
}

/// The file in the event at a position.
async fn stored_file_at(
    app: &AppState,
    position: i64,
) -> Result<(FileDigest, MediaType, u64), Problem> {
    let event = app
        .commands
        .log()
        .read_events(position, 1)
        .await?
        .pop()
        .map(|recorded| recorded.event);
    match event {
        Some(Event::Group(GroupEvent::FileKept {
            file, media, bytes, ..
        })) => Ok((file, media, bytes)),
        _ => Err(not_found()),
    }
}

/// A file was stored. A repeat of the same upload gets the same response.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FileKept {
    /// The group's id.
    pub id: Uuid,
    /// The file's digest, by which commands and reads refer to it.
    pub file: FileDigest,
    pub media: MediaType,
    /// The size of the file when it is read, in bytes. It can differ from the upload, because
    /// pictures are re-encoded: as JPEG of at most 2,048 pixels a side, on white, upright, and
    /// without the place and date that a camera noted.
    pub bytes: u64,
    pub position: i64,
}

const OCTET_STREAM: &str = "application/octet-stream";

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
            .is_some_and(|kind| kind.trim() == OCTET_STREAM)
    })
}

pub(super) async fn download(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    QueryParams::parse(&http, &[])?;
    let group = visible_group(&http, &signed, &app).await?;
    if !signed.reader.may_read_words() {
        return Err(Refusal::NotYours.into());
    }
    let file: FileDigest = http
        .match_info()
        .query("file")
        .parse()
        .map_err(|_| not_found())?;
    let known: FileRow = app
        .views
        .find(FileRow::id_of(group, &file), None)
        .await?
        .filter(|known: &FileRow| known.removed_on.is_none())
        .ok_or_else(not_found)?;
    let open_to_panel = known.purpose.is_open_to_panel();
    if signed.reader.sees_all() && !signed.reader.works_with_groups() && !open_to_panel {
        return Err(Refusal::NotYours.into());
    }
    let stream = app
        .files
        .open(app.commands.log().vault(), group, &file)
        .await?;
    let mut response = file_response::stream_file(&file, known.media, DownloadContext::Api, stream);
    if wants_bytes(&http) {
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(OCTET_STREAM));
    }
    Ok(response)
}
