//! The page of one application for its group: its state in plain words, and what the group can do:
//! continue, change answers, withdraw, request a review.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::clock::day_of;
use crate::domain::application::{ApplicationState, RequestReview};
use crate::domain::command::NoBody;
use crate::domain::personal_data::PersonalInput;
use crate::domain::reference::Reference;
use crate::domain::{ApplicationCommand, ApplicationId, Command};
use crate::http::AppState;
use crate::http::pages::apply::{refusal_says, sections};
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other,
};
use crate::projections::{ApplicationRow, FundRow, RoundRow};

#[derive(Template)]
#[template(path = "my/application.html")]
struct OwnApplicationPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    row: ApplicationRow,
    reference: String,
    state: (&'static str, &'static str),
    fund: FundRow,
    round: RoundRow,
    sections: Vec<sections::Section>,
    /// The address of the first section that lacks a required answer; if none does, of the first
    /// section with requested changes, or of the review of the answers.
    next: String,
    open: bool,
    /// The day has passed by which the answers could be changed.
    overdue: bool,
    withdrawable: bool,
}

/// The label of a state for groups, and the colour of its tag.
pub fn state_tag(state: ApplicationState) -> (&'static str, &'static str) {
    use ApplicationState as S;
    match state {
        S::Blank | S::Draft => ("Not handed in yet", "yellow"),
        S::Submitted => ("We have it", "blue"),
        S::ChangesRequested => ("We ask you something", "orange"),
        S::Eligible | S::InAssessment => ("The panel reads it", "blue"),
        S::Ineligible => ("It does not fit this fund", "grey"),
        S::Awarded => ("Yes: a grant is offered", "green"),
        S::ReserveList => ("On the reserve list", "blue"),
        S::Declined => ("Not this time", "grey"),
        S::Deferred => ("To be decided later", "blue"),
        S::UnderReview => ("We look at it again", "blue"),
        S::Withdrawn => ("You took it back", "grey"),
        S::Lapsed => ("Not handed in by the last day", "grey"),
    }
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    render(&visitor, &app, row, None).await
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    row: ApplicationRow,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    use ApplicationState as S;
    if row.state == S::Awarded {
        return Ok(see_other(&format!("/my/grants/{}", row.id)));
    }
    let (fund, round) =
        ownership::fund_and_round(app, &row.fund.to_string(), row.round.as_str()).await?;
    let today = day_of(app.commands.now());
    let open = sections::is_open(&row, today);
    let sections = if open {
        sections::open_sections(app, &row, visitor.language).await?
    } else {
        sections::all_sections(app, &row, visitor.language).await?
    };
    let first = sections
        .iter()
        .find(|section| section.required && !section.is_answered());
    let next = first.or_else(|| {
        sections
            .first()
            .filter(|_| row.state == S::ChangesRequested)
    });
    let next = next.map_or_else(
        || format!("/my/applications/{}/check", row.id),
        |next| format!("/my/applications/{}/answer/{}", row.id, next.key),
    );
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let mut shell =
        PageContext::load(visitor, app, &format!("{}: {}", fund.name, round.name)).await?;
    shell.back = Some("/my".to_owned());
    shell.has_errors = !wrong.is_empty();
    let page = OwnApplicationPage {
        page: shell,
        forms,
        wrong,
        reference: Reference::parse(&row.reference)
            .map(|reference| reference.to_string())
            .unwrap_or_default(),
        state: state_tag(row.state),
        fund,
        round,
        sections,
        next,
        open,
        overdue: sections::is_overdue(&row, today),
        withdrawable: !matches!(
            row.state,
            S::Declined | S::Ineligible | S::Withdrawn | S::Lapsed
        ),
        row,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

/// Withdraws the application, or requests a review of the decision.
pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    let command = match posted.text("form") {
        "withdraw" if posted.text("sure") == "yes" => ApplicationCommand::Withdraw(NoBody {}),
        "withdraw" => {
            let says =
                translate("Tick the box if you want to take it back", visitor.language).to_owned();
            return render(
                &visitor,
                &app,
                row,
                Some(FormErrors::new(
                    "withdraw",
                    &posted,
                    vec![("sure".to_owned(), says)],
                )),
            )
            .await;
        }
        "review" => {
            let Ok(words) = PersonalInput::try_from(posted.text("words").to_owned()) else {
                let says = translate("Write why we should look again", visitor.language).to_owned();
                return render(
                    &visitor,
                    &app,
                    row,
                    Some(FormErrors::new(
                        "review",
                        &posted,
                        vec![("words".to_owned(), says)],
                    )),
                )
                .await;
            };
            ApplicationCommand::RequestReview(RequestReview { words })
        }
        _ => return Err(PageError::not_found()),
    };
    let command = Command::Application(ApplicationId(row.id), command);
    let Some(refusal) = ownership::try_execute(&visitor, &app, &posted, command).await? else {
        return Ok(see_other(&format!("/my/applications/{}", row.id)));
    };
    let says = refusal_says(&refusal, visitor.language);
    render(
        &visitor,
        &app,
        row,
        Some(FormErrors::new(
            posted.text("form"),
            &posted,
            vec![(String::new(), says)],
        )),
    )
    .await
}
