//! The import of tables. A file is first tried, which records nothing, and recorded when it is
//! uploaded again for that.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::Asked;
use crate::domain::Role;
use crate::http::Desk;
use crate::http::pages::{Failed, Form, Rejected, Shell, Visitor, sent_file};
use crate::import::{Import, ImportError, Imported, Kind};

#[derive(Template)]
#[template(path = "desk/import.html")]
struct Sheet {
    page: Shell,
    wrong: Vec<(String, String)>,
    form: Form,
    kinds: Vec<(String, String)>,
    /// The result of the table that was uploaded, recorded or only tried.
    imported: Option<Imported>,
    tried: bool,
}

pub(super) async fn show(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    sheet(asked, None, false).await
}

async fn sheet(
    asked: &Asked<'_>,
    imported: Option<Imported>,
    tried: bool,
) -> Result<HttpResponse, Failed> {
    may(asked.visitor)?;
    let forms = asked.forms();
    let kind = |kind: Kind, says: &str| (<&str>::from(kind).to_owned(), says.to_owned());
    asked.page(&Sheet {
        page: asked.shell("Import a table").await?,
        wrong: forms.wrong(),
        form: forms.form("import").known("kind", asked.text("kind")),
        kinds: vec![
            kind(Kind::Groups, "groups"),
            kind(
                Kind::PastGrants,
                "grants that groups had before, also a 360Giving file",
            ),
            kind(Kind::Funding, "money from funders"),
        ],
        imported,
        tried,
    })
}

/// Refuses readers who can import no table of any kind. The commands of the import check
/// permissions again.
fn may(visitor: &Visitor) -> Result<(), Failed> {
    let roles = &visitor.staff()?.reader.roles;
    if [Role::Officer, Role::Finance]
        .iter()
        .any(|role| roles.contains(role))
    {
        Ok(())
    } else {
        Err(Failed::not_yours())
    }
}

pub(super) async fn take(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    may(&visitor)?;
    let sent = sent_file::read(&request, body, &visitor).await?;
    let refused = async |field: &str, says: String| {
        let rejected = Rejected::with("import", &sent.posted, vec![(field.to_owned(), says)]);
        super::at(&desk, &visitor, "/desk/import", Some(rejected)).await
    };
    let Ok(kind) = sent.posted.text("kind").parse::<Kind>() else {
        return refused("kind", "Say what the table holds".to_owned()).await;
    };
    if sent.bytes.is_empty() {
        return refused(
            "file",
            "Choose the file again: a page cannot keep it for you".to_owned(),
        )
        .await;
    }
    let tried = sent.posted.text("what") != "record";
    let caller = visitor.signed()?.caller.clone();
    let import = Import {
        commands: desk.commands.clone(),
        views: desk.views.clone(),
        caller,
        sandbox: desk.sandbox.clone(),
    };
    let done = match import.run(kind, &sent.bytes, tried).await {
        Ok(done) => done,
        Err(error @ (ImportError::Table(_) | ImportError::Stopped { .. })) => {
            return refused("file", error.to_string()).await;
        }
        Err(ImportError::View(error)) => return Err(error.into()),
        Err(ImportError::Command(error)) => return Err(error.into()),
    };
    let asked = Asked::at(
        &desk,
        &visitor,
        &format!("/desk/import?kind={}", <&str>::from(kind)),
        None,
    )?;
    sheet(&asked, Some(done), tried).await
}
