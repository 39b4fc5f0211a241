//! How email is set up, and a test message. The link in the message proves the address of the
//! administrator who asked for it, which the log records.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::super::DeskRequest;
use super::require_administrator;
use super::state::{Colleague, SetupState};
use crate::http::AppState;
use crate::http::pages::{Form, PageContext, PageError, PostedForm, see_other};
use crate::mail::invitations;

#[derive(Template)]
#[template(path = "desk/setup/email.html")]
struct EmailPage {
    page: PageContext,
    form: Form,
    /// The host of the mail server; empty without one.
    server: String,
    sender: String,
    administrators: Vec<Colleague>,
    own_email: String,
}

pub(in super::super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_administrator(request.visitor)?;
    let state = SetupState::load(request).await?;
    let reader = request.signed.reader.person;
    let own = state.administrators.iter().find(|one| one.id == reader);
    let site = &request.app.site;
    let mut page = request.page_context("Email").await?;
    if request.text("done") == "test-sent"
        && site.mail_server.is_empty()
        && let Some(folder) = &site.mail_folder
    {
        page.notice = Some(format!(
            "We wrote the test email to the folder {}, as no email server is set up.",
            folder.display()
        ));
    }
    let page = EmailPage {
        page,
        form: request.forms().form("test-message"),
        server: site.mail_server.clone(),
        sender: site.mail_sender.clone(),
        own_email: own.map(|one| one.email.clone()).unwrap_or_default(),
        administrators: state.administrators,
    };
    request.render(&page)
}

pub(super) async fn send_test(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, .. } = sent;
    require_administrator(&visitor)?;
    invitations::send_test_message(&app.commands, visitor.person()?).await?;
    Ok(see_other("/desk/setup/email?done=test-sent"))
}
