//! The questions and the agreement to start from. One button publishes each as the first version.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::super::DeskRequest;
use super::super::texts::organisation;
use super::{execute_in_order, require_administrator};
use crate::domain::organisation::{PublishAgreement, PublishForm, Question};
use crate::domain::{Command, OrganisationCommand};
use crate::http::AppState;
use crate::http::pages::{Form, PageContext, PageError, PostedForm};
use crate::starter;

const QUESTIONS: &str = "/desk/setup/questions";
const AGREEMENT: &str = "/desk/setup/agreement";

#[derive(Template)]
#[template(path = "desk/setup/questions.html")]
struct StarterQuestionsPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    /// The current version; 0 if there is none.
    version: u32,
    questions: Vec<Question>,
}

#[derive(Template)]
#[template(path = "desk/setup/agreement.html")]
struct StarterAgreementPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    version: u32,
    text: String,
}

pub(in super::super) async fn show_questions(
    request: &DeskRequest<'_>,
) -> Result<HttpResponse, PageError> {
    require_administrator(request.visitor)?;
    let own = organisation(request).await?;
    let forms = request.forms();
    let page = StarterQuestionsPage {
        page: request.page_context("Application questions").await?,
        wrong: forms.error_summary(),
        form: forms.form("starter-questions"),
        version: own.form_version,
        questions: if own.form.is_empty() {
            starter::questions()
        } else {
            own.form
        },
    };
    request.render(&page)
}

pub(in super::super) async fn show_agreement(
    request: &DeskRequest<'_>,
) -> Result<HttpResponse, PageError> {
    require_administrator(request.visitor)?;
    let own = organisation(request).await?;
    let forms = request.forms();
    let page = StarterAgreementPage {
        page: request.page_context("Agreement and emails").await?,
        wrong: forms.error_summary(),
        form: forms.form("starter-agreement"),
        version: own.agreement_version,
        text: if own.agreement_version == 0 {
            starter::agreement().to_string()
        } else {
            own.agreement
        },
    };
    request.render(&page)
}

pub(super) async fn publish_questions(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let questions = starter::questions();
    let publish = OrganisationCommand::PublishForm(PublishForm {
        name: "Our nine questions".parse().ok(),
        questions,
    });
    publish_starter(sent, &app, publish, (QUESTIONS, "questions-ready")).await
}

pub(super) async fn publish_agreement(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let text = starter::agreement();
    let publish = OrganisationCommand::PublishAgreement(PublishAgreement { text });
    publish_starter(sent, &app, publish, (AGREEMENT, "agreement-ready")).await
}

async fn publish_starter(
    sent: PostedForm,
    app: &AppState,
    publish: OrganisationCommand,
    (back, done): (&str, &str),
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    require_administrator(&visitor)?;
    let command = Command::Organisation(app.commands.organisation(), publish);
    let next = format!("/desk/setup?done={done}");
    execute_in_order(app, &visitor, &posted, vec![("", command)], (back, &next)).await
}
