//! The page of one group: members, payee, files, related groups, and what it applied for.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::accesses::{self, AccessLine};
use super::action::Action;
use super::group_actions::GroupActions;
use super::{DeskRequest, HistoryEntry, choices, history};
use crate::domain::file::{FileDigest, FilePurpose};
use crate::http::file_response::{self, DownloadContext};
use crate::http::pages::{
    Form, FormErrors, PageContext, PageError, Visitor, file_upload, ownership, see_other,
};
use crate::http::{self, AppState};
use crate::projections::{FileRow, GroupRow};
use crate::views::{AccessedData, GroupView, HistoryLine, RelatedGroup};

#[derive(Template)]
#[template(path = "desk/group.html")]
struct GroupPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    group: GroupView,
    members: Vec<(String, String)>,
    links: Vec<RelatedGroup>,
    before: Vec<HistoryLine>,
    correction_acts: Vec<Action>,
    payee_acts: Vec<Action>,
    acts: Vec<Action>,
    upload: Option<Form>,
    purposes: Vec<(String, String)>,
    /// Who read the group's subject access report; only for auditors and administrators.
    accesses: Option<Vec<AccessLine>>,
    history: Vec<HistoryEntry>,
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let app = request.app;
    let row: GroupRow = app
        .views
        .find(ownership::parse_uuid(id)?, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let members = row.members.clone();
    let names = request.names_of_people(members.iter().copied()).await?;
    let group = app
        .views
        .decrypt_groups(&request.signed.reader, vec![row], None)
        .await?
        .pop()
        .ok_or_else(PageError::not_found)?;
    let links = if request.signed.reader.works_with_groups() {
        app.views.related_groups(group.id).await?
    } else {
        Vec::new()
    };
    let forms = request.forms();
    let members: Vec<_> = members
        .iter()
        .map(|person| (person.to_string(), names.of(person)))
        .collect();
    let acts = GroupActions {
        request,
        forms: &forms,
        group: &group,
    };
    let page = GroupPage {
        page: request.page_context(&group.name).await?,
        wrong: forms.error_summary(),
        links,
        before: app.views.history(group.id, None).await?,
        correction_acts: acts.corrections().await?,
        payee_acts: acts.payee().await?,
        acts: acts.others(&members).await?,
        upload: request
            .signed
            .reader
            .works_with_groups()
            .then(|| forms.form("keep-file")),
        purposes: choices(["scan", "receipt", "document", "photograph", "signed_form"]),
        accesses: accesses::recent(request, &group.id.to_string()).await?,
        history: history(request, group.id).await?,
        members,
        group,
    };
    request.render(&page)
}

/// The group's subject access report. The access is recorded.
pub(super) async fn subject_access(
    request: &DeskRequest<'_>,
    id: &str,
) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.works_with_groups() {
        return Err(PageError::forbidden());
    }
    let group = ownership::parse_uuid(id)?;
    let held = request.app.views.subject_access_for_group(group).await?;
    http::accesses::record_access(
        request.app,
        &request.signed.reader,
        AccessedData::SubjectAccess(&group.to_string()),
    )
    .await?;
    crate::http::pages::subject_access::render_report(request.app, "this group", &[held]).await
}

/// Stores uploaded files for a group: the scan of a form, a receipt, a signed agreement.
pub(super) async fn upload_file(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    if !visitor.require_staff()?.reader.works_with_groups() {
        return Err(PageError::forbidden());
    }
    let group = ownership::parse_uuid(request.match_info().query("group"))?;
    let uploaded = file_upload::read(&request, body, &visitor, &app, group).await?;
    let back = format!("/desk/groups/{group}");
    let purpose = uploaded.posted.text("purpose").parse::<FilePurpose>();
    let says = match (
        &uploaded.file_error,
        purpose.is_ok(),
        uploaded.files.is_empty(),
    ) {
        (Some(error), ..) => Some(("file", format!("{error}"))),
        (None, _, true) => Some(("file", "Choose a picture or a PDF".to_owned())),
        (None, false, _) => Some(("purpose", "Say what it is".to_owned())),
        _ => None,
    };
    if let Some((field, says)) = says {
        uploaded.discard(&app).await?;
        let rejected = FormErrors::new(
            "keep-file",
            &uploaded.posted,
            vec![(field.to_owned(), says)],
        );
        return super::render_page_at(&app, &visitor, &back, Some(rejected)).await;
    }
    if let Ok(purpose) = purpose {
        uploaded
            .record_files(&visitor, &app, group, purpose)
            .await?;
    }
    Ok(see_other(&format!("{back}?done=keep-file")))
}

/// A file of a group, decrypted. Panel members may see scans and photographs only.
pub(super) async fn download_file(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let reader = &visitor.require_staff()?.reader;
    let group = ownership::parse_uuid(request.match_info().query("group"))?;
    let file: FileDigest = request
        .match_info()
        .query("file")
        .parse()
        .map_err(|_| PageError::not_found())?;
    let known: FileRow = app
        .views
        .find(FileRow::id_of(group, &file), None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let open_to_panel = matches!(known.purpose, FilePurpose::Scan | FilePurpose::Photograph);
    if !reader.may_read_words() || (!reader.works_with_groups() && !open_to_panel) {
        return Err(PageError::forbidden());
    }
    let stream = app
        .files
        .open(app.commands.log().vault(), group, &file)
        .await?;
    Ok(file_response::stream_file(
        &file,
        known.media,
        DownloadContext::Page,
        stream,
    ))
}
