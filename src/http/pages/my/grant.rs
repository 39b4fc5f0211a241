//! The page of one grant for its group: the agreement, open requirements, payments, and updates.

use std::collections::BTreeSet;

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use crate::domain::command::NoBody;
use crate::domain::file::{FileDigest, FilePurpose, MediaType};
use crate::domain::grant::{
    AcceptAgreement, AcceptanceMethod, DeclareUnderspend, GrantState, PaymentState,
    RequestVariation, StoryRef, UpdateState, VariationChanges,
};
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, GrantCommand, GrantId};
use crate::http::AppState;
use crate::http::api::grants::redact_for_group;
use crate::http::file_response::{self, DownloadContext};
use crate::http::pages::apply::{parse_amount, refusal_says};
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, file_upload,
    ownership, render_form_page, see_other,
};
use crate::projections::{
    AgreementRow, FileRow, FundRow, GrantRow, GroupRow, PaymentRow, UpdateRow,
};
use crate::views::{Filter, PageRequest};

#[derive(Template)]
#[template(path = "my/grant.html")]
struct OwnGrantPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    row: GrantRow,
    state: (&'static str, &'static str),
    agreement: String,
    signers: usize,
    payee: Option<bool>,
    files: Vec<FileRow>,
    payments: Vec<PaymentRow>,
    updates: Vec<UpdateRow>,
    runs: bool,
}

/// The label of a grant's state for groups, and the colour of its tag.
pub fn state_tag(row: &GrantRow) -> (&'static str, &'static str) {
    use GrantState as S;
    if row.on_hold {
        return ("Payments wait", "orange");
    }
    if row.offer_waits && row.state == S::Offered {
        return ("We are checking the decision", "blue");
    }
    match row.state {
        S::Blank | S::Offered => ("Waiting for your answer", "yellow"),
        S::Accepted => ("Accepted", "green"),
        S::Live => ("Running", "green"),
        S::Reported => ("You have told us how it went", "blue"),
        S::Closed => ("Finished", "grey"),
        S::Terminated => ("Ended early", "grey"),
        S::OfferDeclined => ("You said no", "grey"),
        S::OfferLapsed => ("The offer ran out", "grey"),
        S::OfferWithdrawn => ("The offer was taken back", "grey"),
    }
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_grant(&visitor, &app, request.match_info().query("id")).await?;
    render(&visitor, &app, row, None).await
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    row: GrantRow,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let row = redact_for_group(row);
    let agreement: Option<AgreementRow> = app
        .views
        .find(AgreementRow::id_of(row.agreement_version), None)
        .await?;
    let fund: FundRow = app
        .views
        .find(row.fund, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let group: GroupRow = app
        .views
        .find(row.group, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let of = || vec![Filter::equals("grant_id", row.id)];
    let all = PageRequest {
        after: None,
        limit: 100,
    };
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let mut shell = PageContext::load(visitor, app, &row.title).await?;
    shell.back = Some("/my".to_owned());
    shell.has_errors = !wrong.is_empty();
    let page = OwnGrantPage {
        page: shell,
        forms,
        wrong,
        state: state_tag(&row),
        agreement: agreement
            .map(|agreement| agreement.text)
            .unwrap_or_default(),
        signers: usize::from(fund.rules.signers),
        payee: group
            .payee
            .as_ref()
            .map(|payee| payee.verified_by.is_some()),
        files: app.views.files_of(&[row.group.to_string()], None).await?,
        payments: app.views.list(None, of(), &all).await?.items,
        updates: app.views.list(None, of(), &all).await?.items,
        runs: matches!(
            row.state,
            GrantState::Accepted | GrantState::Live | GrantState::Reported
        ),
        row,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

/// Handles the forms of the page: accepting or declining the offer, requesting a variation,
/// declaring an underspend, withdrawing a story.
pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let row = ownership::own_grant(&visitor, &app, request.match_info().query("id")).await?;
    let command = match parse_command(&posted, &visitor) {
        Ok(command) => command,
        Err((field, says)) => {
            let rejected =
                FormErrors::new(posted.text("form"), &posted, vec![(field.to_owned(), says)]);
            return render(&visitor, &app, row, Some(rejected)).await;
        }
    };
    let Some(refusal) = ownership::try_execute(
        &visitor,
        &app,
        &posted,
        Command::Grant(GrantId(row.id), command),
    )
    .await?
    else {
        return Ok(see_other(&format!("/my/grants/{}", row.id)));
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

/// Parses a form into a command, or returns the field with an error and its text.
fn parse_command(
    posted: &FormData,
    visitor: &Visitor,
) -> Result<GrantCommand, (&'static str, String)> {
    let miss = |field, says: &str| (field, translate(says, visitor.language).to_owned());
    Ok(match posted.text("form") {
        "accept" => {
            let names: Vec<_> = posted
                .all("signer[]")
                .filter(|name| !name.is_empty())
                .collect();
            let distinct: BTreeSet<_> = names.iter().map(|name| name.to_lowercase()).collect();
            if posted.text("agree") != "yes" {
                return Err(miss("agree", "Tick the box if you agree"));
            }
            if names.is_empty() || distinct.len() != names.len() {
                return Err(miss(
                    "signer",
                    "Write the name of everybody who signs, each once",
                ));
            }
            let names = names
                .into_iter()
                .map(PersonalInput::name)
                .collect::<Result<_, _>>();
            let names = names
                .map_err(|_| miss("signer", "Write the name of everybody who signs, each once"))?;
            GrantCommand::AcceptAgreement(AcceptAgreement {
                hash: posted.text("hash").to_owned(),
                method: AcceptanceMethod::Web,
                names,
            })
        }
        "decline" if posted.text("sure") == "yes" => GrantCommand::DeclineOffer(NoBody {}),
        "decline" => return Err(miss("sure", "Tick the box if you do not want the grant")),
        "vary" => {
            let words = PersonalInput::try_from(posted.text("words").to_owned());
            let words =
                words.map_err(|_| miss("words", "Write what you would like to change, and why"))?;
            let ends_on = match posted.text("ends_on") {
                "" => None,
                text => Some(
                    text.parse()
                        .map_err(|_| miss("ends_on", "This is not a day"))?,
                ),
            };
            let change = VariationChanges {
                ends_on,
                update_due_on: ends_on,
                ..VariationChanges::default()
            };
            GrantCommand::RequestVariation(RequestVariation { change, words })
        }
        "unspent" => {
            let amount = parse_amount(posted.text("amount"))
                .ok_or_else(|| miss("amount", "Write a sum in pounds, such as 850"))?;
            GrantCommand::DeclareUnderspend(DeclareUnderspend { amount })
        }
        "withdraw-story" => {
            let story = posted
                .text("story")
                .parse()
                .map_err(|_| miss("story", "This is no story of yours"))?;
            GrantCommand::WithdrawStory(StoryRef { story })
        }
        _ => return Err(miss("form", "This form is not known here")),
    })
}

/// Stores documents for the grant's checks.
pub(super) async fn upload_documents(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_grant(&visitor, &app, request.match_info().query("id")).await?;
    let uploaded = file_upload::read(&request, body, &visitor, &app, row.group.0).await?;
    let nothing = uploaded.files.is_empty();
    if nothing || uploaded.file_error.is_some() {
        uploaded.discard(&app).await?;
        let says = match &uploaded.file_error {
            Some(error) => file_upload::file_error_text(error, visitor.language),
            None => translate("Choose a picture or a PDF", visitor.language),
        };
        let says = says.to_owned();
        return render(
            &visitor,
            &app,
            row,
            Some(FormErrors::new(
                "hand-in",
                &uploaded.posted,
                vec![("file".to_owned(), says)],
            )),
        )
        .await;
    }
    uploaded
        .record_files(&visitor, &app, row.group.0, FilePurpose::Document)
        .await?;
    Ok(see_other(&format!("/my/grants/{}", row.id)))
}

/// A picture of a published story. Public; only pictures of stories that are published now are
/// served.
pub(in crate::http::pages) async fn story_picture(
    request: HttpRequest,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let id: Uuid = ownership::parse_uuid(request.match_info().query("grant"))?;
    let file: FileDigest = request
        .match_info()
        .query("file")
        .parse()
        .map_err(|_| PageError::not_found())?;
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

pub(super) fn is_due(update: &UpdateRow) -> bool {
    matches!(update.state, UpdateState::Requested | UpdateState::Queried)
}
