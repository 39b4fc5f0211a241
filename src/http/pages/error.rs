//! The error of a page, and the error page that it is rendered as.

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use crate::auth::AuthError;
use crate::commands::CommandError;
use crate::domain::Refusal;
use crate::eventlog::LogError;
use crate::http::problem::{ErrorCode, Problem};
use crate::views::ViewError;

/// Why a page is not shown.
#[derive(Debug)]
pub enum PageError {
    /// Nobody is signed in. The visitor is redirected to the sign-in page, which later redirects to
    /// this path.
    SignInRequired(String),
    /// A command was refused. Pages that can show the refusal with their form catch this; otherwise
    /// the error page shows it.
    Refused(CommandError),
    Problem(Problem),
    /// A form was refused by a rate limit. The error page contains the form's values, to be sent
    /// again.
    RateLimited(Problem, ResendableForm),
}

/// The address and the values of a form that can be sent again.
#[derive(Debug)]
pub struct ResendableForm {
    pub path: String,
    pub pairs: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "failed.html")]
struct ErrorPage<'a> {
    title: &'a str,
    says: &'a str,
    advice: &'a str,
    /// The form to be sent again, if there is one.
    again: Option<&'a ResendableForm>,
}

impl PageError {
    pub(super) fn not_found() -> Self {
        Self::Problem(ViewError::NotFound.into())
    }

    pub(super) fn app_state_missing() -> Self {
        Self::Problem(ErrorCode::Internal.problem("the service is not set up"))
    }

    pub(super) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a page could not be made");
        Self::Problem(ErrorCode::Internal.problem("something went wrong here"))
    }

    /// A form that was refused by a rate limit, with its values.
    pub(super) fn rate_limited(
        problem: Problem,
        path: String,
        pairs: Vec<(String, String)>,
    ) -> Self {
        Self::RateLimited(problem, ResendableForm { path, pairs })
    }

    pub(super) fn forbidden() -> Self {
        Self::Problem(Refusal::NotYours.into())
    }
}

macro_rules! from {
    ($($error:ty),+) => {$(
        impl From<$error> for PageError {
            fn from(error: $error) -> Self {
                Self::Problem(error.into())
            }
        }
    )+};
}
from!(
    AuthError,
    LogError,
    ViewError,
    Refusal,
    crate::files::FileError
);

impl From<CommandError> for PageError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused(_) | CommandError::RefusedFor(_) | CommandError::KeyReused => {
                Self::Refused(error)
            }
            other => Self::Problem(other.into()),
        }
    }
}

impl From<Problem> for PageError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// A waiting time in words.
fn wait_text(seconds: u64) -> String {
    match seconds {
        0..=90 => "a minute".to_owned(),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

/// Whether the problem's own text is written for people: that of a refusal, or of a file. The others
/// describe a request to a program.
fn is_for_people(problem: &Problem) -> bool {
    !matches!(
        problem.code(),
        "not_yours" | "foreign_form" | "invalid_field" | "key_reused"
    ) && matches!(
        problem.status_code(),
        StatusCode::FORBIDDEN
            | StatusCode::CONFLICT
            | StatusCode::UNPROCESSABLE_ENTITY
            | StatusCode::PAYLOAD_TOO_LARGE
    )
}

/// The title of the error page, and its text.
fn title_and_text(problem: &Problem) -> (&'static str, &str) {
    if is_for_people(problem) {
        return ("Sorry, that did not work", problem.detail());
    }
    if problem.code() == "foreign_form" {
        return (
            "Please load the page again",
            "It was open for too long. Go back, load it again, and send it once more.",
        );
    }
    match problem.status_code() {
        StatusCode::NOT_FOUND => (
            "We can’t find that page",
            "The address may be old or mistyped, or the page belongs to another group. Nothing you \
                wrote has been lost.",
        ),
        StatusCode::FORBIDDEN => (
            "You can’t see this page",
            "It belongs to another group, or to other people in the office. If you need it, please \
                ask us.",
        ),
        StatusCode::TOO_MANY_REQUESTS => (
            "Please wait a moment",
            "We had many requests from you in a short time.",
        ),
        StatusCode::REQUEST_TIMEOUT => (
            "Sorry, that took too long",
            "What you sent did not arrive in full. Please go back and send it again.",
        ),
        status if status.is_server_error() => (
            "Sorry, something went wrong",
            "The fault is ours, not yours. Please try again in a few minutes.",
        ),
        _ => (
            "Sorry, that did not work",
            "We could not read what was sent. Please go back, load the page again and have another \
                try.",
        ),
    }
}

impl std::fmt::Display for PageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SignInRequired(_) => f.write_str("nobody is signed in"),
            Self::Refused(error) => error.fmt(f),
            Self::Problem(problem) | Self::RateLimited(problem, _) => problem.fmt(f),
        }
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignInRequired(_) => StatusCode::SEE_OTHER,
            Self::Refused(_) => StatusCode::CONFLICT,
            Self::Problem(problem) | Self::RateLimited(problem, _) => problem.status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        let refused;
        let problem = match self {
            Self::Refused(error) => {
                refused = Problem::from_command_error(error);
                &refused
            }
            Self::SignInRequired(to) => {
                return super::see_other(&format!(
                    "/sign-in?to={}",
                    super::layout::url_encoded(to)
                ));
            }
            Self::Problem(problem) | Self::RateLimited(problem, _) => problem,
        };
        let status = problem.status_code();
        let (title, says) = title_and_text(problem);
        let again = if let Self::RateLimited(_, again) = self {
            Some(again)
        } else {
            None
        };
        let wait = problem.retry_after().map_or_else(String::new, wait_text);
        let advice = match status {
            StatusCode::TOO_MANY_REQUESTS if again.is_some() => {
                format!("Nothing that you typed is lost. Wait {wait}, then send it again.")
            }
            StatusCode::TOO_MANY_REQUESTS => format!(
                "Wait {wait}, then go back and send it again. What you typed is still there."
            ),
            _ if is_for_people(problem) => problem.advice().to_owned(),
            _ => String::new(),
        };
        let page = ErrorPage {
            title,
            says,
            advice: &advice,
            again,
        };
        let mut response = HttpResponse::build(status);
        if matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE
        ) {
            response.force_close();
        }
        if let Some(wait) = problem.retry_after() {
            response.insert_header((RETRY_AFTER, wait));
        }
        response
            .content_type("text/html; charset=utf-8")
            .body(page.render().unwrap_or_else(|_| title.to_owned()))
    }
}
