//! The import of tables. A file is first tried, which records nothing, and recorded when it is
//! uploaded again for that.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::DeskRequest;
use crate::domain::Role;
use crate::http::AppState;
use crate::http::pages::words::capitalised;
use crate::http::pages::{Form, FormErrors, PageContext, PageError, Visitor, kept_form, multipart};
use crate::import::{ImportError, ImportKind, ImportReport, Importer};

/// Number of effects that the page shows.
const SHOWN_MAX: usize = 1_000;

#[derive(Template)]
#[template(path = "desk/import.html")]
struct ImportPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    kinds: Vec<(String, String)>,
    /// The result of the table that was uploaded, recorded or only tried.
    imported: Option<ImportReport>,
    tried: bool,
    shown_max: usize,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    render(request, None, false).await
}

async fn render(
    request: &DeskRequest<'_>,
    imported: Option<ImportReport>,
    tried: bool,
) -> Result<HttpResponse, PageError> {
    require_importer(request.visitor)?;
    let forms = request.forms();
    let kind = |kind: ImportKind, says: &str| (<&str>::from(kind).to_owned(), says.to_owned());
    request.render(&ImportPage {
        page: request.page_context("Import a spreadsheet").await?,
        wrong: forms.error_summary(),
        form: forms.form("import").prefill("kind", request.text("kind")),
        kinds: vec![
            kind(ImportKind::Groups, "Groups"),
            kind(
                ImportKind::PastGrants,
                "Earlier grants of groups, or a 360Giving file",
            ),
            kind(ImportKind::Funding, "Money from funders"),
            kind(ImportKind::Attendance, "Who came to gatherings"),
            kind(ImportKind::Assets, "Entries of the directory"),
        ],
        imported,
        tried,
        shown_max: SHOWN_MAX,
    })
}

/// Refuses readers who can import no table of any kind. The commands of the import check
/// permissions again.
fn require_importer(visitor: &Visitor) -> Result<(), PageError> {
    let roles = &visitor.require_staff()?.reader.roles;
    if [Role::Officer, Role::Finance]
        .iter()
        .any(|role| roles.contains(role))
    {
        Ok(())
    } else {
        Err(PageError::forbidden())
    }
}

pub(super) async fn submit(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let body = kept_form::require_signed_in(&request, &app, &visitor, body).await?;
    require_importer(&visitor)?;
    let sent = multipart::read(&request, body, &visitor, &app).await?;
    let refused = async |field: &str, says: String| {
        let rejected = FormErrors::new("import", &sent.posted, vec![(field.to_owned(), says)]);
        super::render_page_at(&app, &visitor, "/desk/import", Some(rejected)).await
    };
    let Ok(kind) = sent.posted.text("kind").parse::<ImportKind>() else {
        return refused("kind", "Say what is in the spreadsheet".to_owned()).await;
    };
    if sent.bytes.is_empty() {
        return refused(
            "file",
            "Choose the file again. This page cannot keep it for you".to_owned(),
        )
        .await;
    }
    let tried = sent.posted.text("what") != "record";
    let caller = visitor.require_signed_in()?.caller.clone();
    let import = Importer {
        commands: app.commands.clone(),
        views: app.views.clone(),
        caller,
        sandbox: app.sandbox.clone(),
    };
    let done = match import.run(kind, &sent.bytes, tried).await {
        Ok(done) => done,
        Err(error @ (ImportError::Table(_) | ImportError::Stopped { .. })) => {
            return refused("file", capitalised(&error.to_string())).await;
        }
        Err(ImportError::View(error)) => return Err(error.into()),
        Err(ImportError::Command(error)) => return Err(error.into()),
    };
    let request = DeskRequest::new(
        &app,
        &visitor,
        &format!("/desk/import?kind={}", <&str>::from(kind)),
        None,
    )?;
    render(&request, Some(done), tried).await
}
