//! The error page: in the frame of the site and the visitor's language, with the office's phone
//! number.
//!
//! A handler fails with a [`PageError`], which does not contain the request. The middleware
//! [`render_errors`] has the request and renders the page.

use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, ResponseError as _, web};
use askama::Template;

use super::apply::refusal_says;
use super::desk::kept_header;
use super::error::ResendableForm;
use super::kept_form::{OtherWords, keep_other_values, unsaved_words};
use super::words::capitalised;
use super::{PageContext, PageError, Visitor};
use crate::commands::CommandError;
use crate::domain::Refusal;
use crate::domain::language::Language;
use crate::http::AppState;
use crate::http::problem::{ErrorCode, Problem};
use crate::projections::OrganisationRow;

/// How long the page waits to load the visitor and the organisation. If the database does not
/// answer, the page appears without them.
const DATABASE_WAIT_MAX: Duration = Duration::from_secs(2);

/// Addresses that contain a secret. Links on a page must not pass it on.
const SECRET_PATHS: [&str; 3] = ["/sign-in/", "/begin/", "/account/email/"];

#[derive(Template)]
#[template(path = "failed.html")]
struct ErrorPage<'a> {
    page: PageContext,
    text: ErrorText,
    /// Whether the address is at fault.
    lost: bool,
    /// The form to be sent again, if there is one.
    again: Option<&'a ResendableForm>,
    /// What was typed into a form that was not accepted.
    typed: Option<OtherWords>,
}

/// What an error page says.
struct ErrorText {
    title: String,
    says: String,
    /// What to do about it; empty if `says` has it.
    advice: String,
}

/// Middleware that renders an error page for a handler's [`PageError`], and for an error of the
/// framework that a browser would show.
pub(in crate::http) async fn render_errors(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let answer = next.call(request).await?.map_into_boxed_body();
    let Some(html) = error_page(&answer).await else {
        return Ok(answer);
    };
    Ok(answer.map_body(|head, _| {
        let html_type = HeaderValue::from_static("text/html; charset=utf-8");
        head.headers_mut().insert(CONTENT_TYPE, html_type);
        BoxBody::new(html)
    }))
}

/// Whether the client is a browser that would show a page.
pub(in crate::http) fn accepts_html(request: &HttpRequest) -> bool {
    request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accepts| accepts.contains("text/html"))
}

/// The error page of a response; `None` if it is no error, or has a text of its own.
async fn error_page(answer: &ServiceResponse<BoxBody>) -> Option<String> {
    let status = answer.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    let own = answer.response().error();
    let of_framework;
    let error = match own.and_then(|error| error.as_error::<PageError>()) {
        Some(error) => error,
        None if is_of_framework(answer) => {
            of_framework = framework_error(status);
            &of_framework
        }
        None => return None,
    };
    let problem = error.problem()?;
    let request = answer.request();
    let app = request.app_data::<web::Data<AppState>>()?;
    let typed = if is_sent_again(error) {
        keep_other_values(request, app).await
    } else if problem.code() == <&str>::from(ErrorCode::ForeignForm) {
        unsaved_words(request)
    } else {
        None
    };
    let mut page = page_context(request, app).await;
    let text = ErrorText::of(&page, error, &problem);
    page.title.clone_from(&text.title);
    let html = ErrorPage {
        page,
        text,
        lost: status == StatusCode::NOT_FOUND,
        again: error.form_to_resend(),
        typed,
    };
    html.render().ok()
}

/// Whether a form was sent before with other values.
fn is_sent_again(error: &PageError) -> bool {
    matches!(error, PageError::Refused(CommandError::KeyReused))
}

/// Whether the framework refused a browser's request itself: without a text, or with one for
/// programs.
fn is_of_framework(answer: &ServiceResponse<BoxBody>) -> bool {
    let response = answer.response();
    let is_foreign = response
        .error()
        .is_some_and(|error| error.as_error::<Problem>().is_none());
    let is_empty = !response.headers().contains_key(CONTENT_TYPE);
    (is_foreign || is_empty) && accepts_html(answer.request())
}

/// The framework's error as one of the pages, without its text.
fn framework_error(status: StatusCode) -> PageError {
    let code = match status {
        StatusCode::NOT_FOUND => ErrorCode::NoSuchAddress,
        StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::TooLarge,
        status if status.is_server_error() => ErrorCode::Internal,
        _ => ErrorCode::InvalidQuery,
    };
    PageError::Problem(code.problem(""))
}

/// The frame of the page. It shows the visitor and the organisation, as far as both can be read.
async fn page_context(request: &HttpRequest, app: &AppState) -> PageContext {
    let read = async {
        let visitor = Visitor::identify(request, app).await.ok();
        let own: Option<OrganisationRow> = app
            .views
            .find(app.commands.organisation(), None)
            .await
            .ok()
            .flatten();
        (visitor, own)
    };
    let (visitor, own) = tokio::time::timeout(DATABASE_WAIT_MAX, read)
        .await
        .unwrap_or_default();
    let visitor = visitor.unwrap_or_else(|| Visitor::unknown(request));
    let mut page = PageContext::of(&visitor, app, "", own.as_ref());
    if request.path().starts_with("/desk") && (page.staff || page.auditor || page.connector) {
        page.at_desk = true;
        page.desk_header = kept_header(app, &visitor);
    }
    // The links to other languages load the page again, which the address of a form cannot be.
    let is_secret = SECRET_PATHS
        .iter()
        .any(|secret| page.path.starts_with(secret));
    if request.method() != Method::GET || is_secret {
        "/".clone_into(&mut page.path);
    }
    page
}

impl ErrorText {
    fn of(page: &PageContext, error: &PageError, problem: &Problem) -> Self {
        let plain = |title: &str, says: &str| Self {
            title: title.to_owned(),
            says: says.to_owned(),
            advice: String::new(),
        };
        let failed = page.t("Sorry, that did not work");
        if let Some(refusal) = refusal_of(error) {
            return if page.at_desk {
                Self {
                    title: failed.to_owned(),
                    says: capitalised(&format!("{refusal}.")),
                    advice: refusal.advice().to_owned(),
                }
            } else {
                plain(failed, &capitalised(&refusal_says(refusal, page.language)))
            };
        }
        if is_for_people(problem) {
            return if page.language == Language::En {
                Self {
                    title: failed.to_owned(),
                    says: capitalised(&format!("{}.", problem.detail())),
                    advice: problem.advice().to_owned(),
                }
            } else {
                plain(failed, page.t("Please go back and check what you entered."))
            };
        }
        let (title, says) = title_and_text(page, problem);
        Self {
            advice: waiting_advice(page, error, problem),
            ..plain(title, says)
        }
    }
}

/// The rule that refused a command. [`Refusal::NotYours`] is left out, because the status has a
/// better text.
fn refusal_of(error: &PageError) -> Option<&Refusal> {
    let refusal = match error {
        PageError::Refused(CommandError::Refused(refusal)) => Some(refusal),
        PageError::Refused(CommandError::RefusedFor(records)) => {
            records.first().map(|record| &record.refusal)
        }
        _ => None,
    };
    refusal.filter(|refusal| !matches!(refusal, Refusal::NotYours))
}

/// Whether the problem's own text is written for people: that of a refusal, or of a file. The
/// others describe a request to a program.
fn is_for_people(problem: &Problem) -> bool {
    !matches!(
        problem.code(),
        "not_yours" | "foreign_form" | "invalid_field" | "key_reused"
    ) && matches!(
        problem.status_code(),
        StatusCode::FORBIDDEN | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY
    )
}

/// The title of the page, and its text, by the problem's code and its status.
fn title_and_text(page: &PageContext, problem: &Problem) -> (&'static str, &'static str) {
    match problem.code() {
        "foreign_form" => {
            return (
                page.t("Please load the page again"),
                page.t("It was open for too long. Go back, load it again, and send it once more."),
            );
        }
        "key_reused" => {
            return (
                page.t("You have sent this already"),
                page.t(
                    "Go back and load the page again. If something is still missing, send it \
                        from there.",
                ),
            );
        }
        "quota_reached" => {
            return (
                page.t("Sorry, that did not work"),
                page.t(
                    "Your group has sent as many files as it can in one day. Send the rest \
                        tomorrow, or phone us.",
                ),
            );
        }
        _ => {}
    }
    text_of_status(page, problem.status_code())
}

fn text_of_status(page: &PageContext, status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::NOT_FOUND => (
            page.t("We can’t find that page"),
            page.t(
                "The address may be old or mistyped, or the page belongs to another group. \
                    Nothing you wrote has been lost.",
            ),
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            page.t("This page only opens from a form"),
            page.t("Go back, load the page with the form again, and press its button."),
        ),
        StatusCode::FORBIDDEN if page.at_desk => (
            "You can’t see this page",
            "It is for colleagues with another role, such as the panel. An administrator can tell \
                you who they are.",
        ),
        StatusCode::FORBIDDEN => (
            page.t("You can’t see this page"),
            page.t(
                "It belongs to another group, or to other people in the office. If you need it, \
                    please ask us.",
            ),
        ),
        StatusCode::PRECONDITION_FAILED => (
            page.t("Someone changed this just now"),
            page.t("Go back, load the page again, and look at what changed before you decide."),
        ),
        StatusCode::PAYLOAD_TOO_LARGE => (
            page.t("Sorry, that is too large"),
            page.t(
                "Go back and send less at a time. A photo or PDF can be up to 10 MB, and a \
                 spreadsheet up to 4 MB.",
            ),
        ),
        StatusCode::TOO_MANY_REQUESTS => (
            page.t("Please wait a moment"),
            page.t("We had many requests from you in a short time."),
        ),
        StatusCode::REQUEST_TIMEOUT => (
            page.t("Sorry, that took too long"),
            page.t("What you sent did not arrive in full. Please go back and send it again."),
        ),
        status if status.is_server_error() => (
            page.t("Sorry, something went wrong"),
            page.t("The fault is ours, not yours. Please try again in a few minutes."),
        ),
        _ => (
            page.t("Sorry, that did not work"),
            page.t(
                "We could not read what was sent. Please go back, load the page again and have \
                    another try.",
            ),
        ),
    }
}

/// How long to wait, after too many requests; empty after other errors.
fn waiting_advice(page: &PageContext, error: &PageError, problem: &Problem) -> String {
    let Some(seconds) = problem
        .retry_after()
        .filter(|_| problem.code() == "too_many")
    else {
        return String::new();
    };
    let wait = match seconds {
        0..=90 => page.t("a minute").to_owned(),
        seconds => page.t_with("{} minutes", seconds.div_ceil(60)),
    };
    if error.form_to_resend().is_some() {
        page.t_with(
            "Nothing that you typed is lost. Wait {}, then send it again.",
            wait,
        )
    } else {
        page.t_with(
            "Wait {}, then go back and send it again. What you typed is still there.",
            wait,
        )
    }
}
