//! The pages that review the answers and submit the application, and those that confirm that it was
//! submitted or saved.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::refusal_text;
use super::sections::{self, Section};
use crate::clock::day_of;
use crate::domain::application::{ApplicationState, Channel, Resubmit, Submit};
use crate::domain::reference::Reference;
use crate::domain::{ApplicationCommand, ApplicationId, Command, Refusal};
use crate::http::AppState;
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, render_page, see_other,
};
use crate::projections::{ApplicationRow, RoundRow};
use crate::views::Reader;

#[derive(Template)]
#[template(path = "apply/check.html")]
struct ReviewAnswersPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    row: ApplicationRow,
    sections: Vec<Section>,
    group: String,
    open: Vec<String>,
    again: bool,
}

#[derive(Template)]
#[template(path = "apply/done.html")]
struct SubmittedPage {
    page: PageContext,
    row: ApplicationRow,
    reference: String,
    round: RoundRow,
    email: Option<String>,
}

#[derive(Template)]
#[template(path = "apply/later.html")]
struct SavedForLaterPage {
    page: PageContext,
    row: ApplicationRow,
    reference: String,
    round: RoundRow,
    email: Option<String>,
    /// The visitor's address is unproven: the draft lapses after two weeks.
    unproven: bool,
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    if !sections::is_open(&row, day_of(app.commands.now())) {
        return Ok(see_other(&format!("/my/applications/{}", row.id)));
    }
    render(&visitor, &app, row, None).await
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    row: ApplicationRow,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    if !matches!(
        row.state,
        ApplicationState::Draft | ApplicationState::ChangesRequested
    ) {
        return Ok(see_other(&format!("/my/applications/{}", row.id)));
    }
    let open = sections::open_sections(app, &row, visitor.language).await?;
    let all = sections::all_sections(app, &row, visitor.language).await?;
    let group = app
        .views
        .find::<crate::projections::GroupRow>(&row.group.to_string(), None)
        .await?;
    let forms = PageForms::new(visitor, rejected);
    let mut wrong = forms.error_summary();
    if !wrong.is_empty() {
        let missing = open
            .iter()
            .filter(|section| section.required && !section.is_answered());
        wrong.extend(
            missing.map(|section| (format!("section-{}", section.key), section.title.clone())),
        );
    }
    let mut shell = PageContext::load(
        visitor,
        app,
        translate("Check your answers", visitor.language),
    )
    .await?;
    shell.has_errors = !wrong.is_empty();
    shell.back = Some(format!("/my/applications/{}", row.id));
    let page = ReviewAnswersPage {
        page: shell,
        forms,
        wrong,
        sections: all,
        group: group.map(|group| group.name).unwrap_or_default(),
        open: open.into_iter().map(|section| section.key).collect(),
        again: row.state == ApplicationState::ChangesRequested,
        row,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    let command = if row.state == ApplicationState::ChangesRequested {
        ApplicationCommand::Resubmit(Resubmit::default())
    } else {
        ApplicationCommand::Submit(Submit {
            channel: Channel::Web,
            received_on: None,
            late_reason: None,
            help: None,
        })
    };
    let done = format!("/my/applications/{}/done", row.id);
    match ownership::try_execute(
        &visitor,
        &app,
        &posted,
        Command::Application(ApplicationId(row.id), command),
    )
    .await?
    {
        None | Some(Refusal::ApplicationNotInState("submitted")) => Ok(see_other(&done)),
        Some(refusal) => {
            let says = refusal_text::refusal_text(&refusal, visitor.language);
            render(
                &visitor,
                &app,
                row,
                Some(FormErrors::new(
                    "check",
                    &posted,
                    vec![(String::new(), says)],
                )),
            )
            .await
        }
    }
}

pub(super) async fn show_submitted(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    if matches!(
        row.state,
        ApplicationState::Draft | ApplicationState::ChangesRequested
    ) {
        return Ok(see_other(&format!("/my/applications/{}/check", row.id)));
    }
    let (_, round) =
        ownership::fund_and_round(&app, &row.fund.to_string(), row.round.as_str()).await?;
    let shell = PageContext::load(
        &visitor,
        &app,
        translate("We have your application", visitor.language),
    )
    .await?;
    render_page(&SubmittedPage {
        page: shell,
        reference: reference_text(&row),
        round,
        email: proven_email(&visitor, &app).await?,
        row,
    })
}

pub(super) async fn show_saved(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    let (_, round) =
        ownership::fund_and_round(&app, &row.fund.to_string(), row.round.as_str()).await?;
    let shell = PageContext::load(
        &visitor,
        &app,
        translate("Your answers are saved", visitor.language),
    )
    .await?;
    let (email, unproven) = (proven_email(&visitor, &app).await?, !visitor.proven);
    render_page(&SavedForLaterPage {
        page: shell,
        reference: reference_text(&row),
        round,
        email,
        unproven,
        row,
    })
}

fn reference_text(row: &ApplicationRow) -> String {
    Reference::parse(&row.reference)
        .map(|reference| reference.to_string())
        .unwrap_or_default()
}

/// The visitor's address, if it is proven.
async fn proven_email(visitor: &Visitor, app: &AppState) -> Result<Option<String>, PageError> {
    let reader: &Reader = &visitor.require_signed_in()?.reader;
    if !visitor.proven {
        return Ok(None);
    }
    let row = app.views.find(reader.person, None).await?;
    Ok(app
        .views
        .decrypt_people(reader, row.into_iter().collect())
        .await?
        .pop()
        .and_then(|seen| seen.email))
}
