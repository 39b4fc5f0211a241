//! The files of a group: papers that it sends for a grant, its own files again, and the public
//! pictures of its stories.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::grant_page;
use crate::domain::file::{FilePurpose, MediaType};
use crate::http::AppState;
use crate::http::file_response::{self, DownloadContext};
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    FormErrors, PageError, Visitor, file_upload, group_files, kept_form, ownership, see_other,
};
use crate::projections::{FileRow, GrantRow};

/// Stores documents for the grant's checks.
pub(super) async fn upload_documents(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let body = kept_form::require_signed_in(&request, &app, &visitor, body).await?;
    let row = ownership::own_grant(&visitor, &app, request.match_info().query("id")).await?;
    let uploaded = file_upload::read(&request, body, &visitor, &app, row.group.0).await?;
    let language = visitor.language;
    // The files that arrived whole are kept, also if another one was not.
    uploaded
        .record_files(&visitor, &app, row.group.0, FilePurpose::Document)
        .await?;
    let nothing = uploaded.files.is_empty();
    let says = match &uploaded.file_error {
        None if nothing => translate("Choose a photo or a PDF", language).to_owned(),
        None => return Ok(see_other(&format!("/my/grants/{}?done=paper", row.id))),
        Some(error) if nothing => file_upload::file_error_text(error, language),
        Some(error) => format!(
            "{}. {}",
            file_upload::file_error_text(error, language),
            translate("We have the other files.", language)
        ),
    };
    let wrong = vec![("file".to_owned(), says)];
    let form = uploaded.posted.text("form");
    let rejected = FormErrors {
        files: uploaded.waiting.clone(),
        ..FormErrors::new(form, &uploaded.posted, wrong)
    };
    grant_page::render(&visitor, &app, row, None, Some(rejected)).await
}

/// A file of the group that has the grant, for its members.
pub(super) async fn download(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_grant(&visitor, &app, request.match_info().query("id")).await?;
    group_files::serve_file(&request, &app, row.group.0).await
}

/// A picture of a published story. Public; only pictures of stories that are published now are
/// served.
pub(in crate::http::pages) async fn story_picture(
    request: HttpRequest,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let id: Uuid = ownership::parse_uuid(request.match_info().query("grant"))?;
    let file = group_files::file_in_path(&request)?;
    let row: GrantRow = app
        .views
        .find(id, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let public = row
        .stories
        .values()
        .any(|story| story.words.is_some() && story.photographs.contains(&file));
    if !public {
        return Err(PageError::not_found());
    }
    let known: Option<FileRow> = app
        .views
        .find(FileRow::id_of(row.group.0, &file), None)
        .await?;
    if known.is_none_or(|known| known.media != MediaType::Jpeg) {
        return Err(PageError::not_found());
    }
    let stream = app
        .files
        .open(app.commands.log().vault(), row.group.0, &file)
        .await?;
    Ok(file_response::stream_file(
        &file,
        MediaType::Jpeg,
        DownloadContext::Page,
        stream,
    ))
}
