//! The error of a page. `error_page` shows it.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};

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
    /// A form came too late and was kept. The visitor is redirected to this address: to sign in, or
    /// to the form's page.
    FormKept(String),
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

    /// The problem that the error page is about; `None` if the visitor only has to sign in.
    pub(super) fn problem(&self) -> Option<Cow<'_, Problem>> {
        match self {
            Self::SignInRequired(_) | Self::FormKept(_) => None,
            Self::Refused(error) => Some(Cow::Owned(Problem::from_command_error(error))),
            Self::Problem(problem) | Self::RateLimited(problem, _) => Some(Cow::Borrowed(problem)),
        }
    }

    /// The form that a rate limit refused.
    pub(super) fn form_to_resend(&self) -> Option<&ResendableForm> {
        match self {
            Self::RateLimited(_, form) => Some(form),
            _ => None,
        }
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

impl std::fmt::Display for PageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SignInRequired(_) => f.write_str("nobody is signed in"),
            Self::FormKept(_) => f.write_str("a form came too late and was kept"),
            Self::Refused(error) => error.fmt(f),
            Self::Problem(problem) | Self::RateLimited(problem, _) => problem.fmt(f),
        }
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignInRequired(_) | Self::FormKept(_) => StatusCode::SEE_OTHER,
            Self::Refused(_) => StatusCode::CONFLICT,
            Self::Problem(problem) | Self::RateLimited(problem, _) => problem.status_code(),
        }
    }

    /// The response without a page. The middleware `render_errors` renders the page.
    fn error_response(&self) -> HttpResponse {
        if let Self::SignInRequired(to) = self {
            return super::see_other(&format!("/sign-in?to={}", super::layout::url_encoded(to)));
        }
        if let Self::FormKept(to) = self {
            return super::see_other(to);
        }
        let problem = self.problem();
        let status = problem
            .as_ref()
            .map_or_else(|| self.status_code(), |problem| problem.status_code());
        let mut response = HttpResponse::build(status);
        if matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE
        ) {
            response.force_close();
        }
        if let Some(wait) = problem.and_then(|problem| problem.retry_after()) {
            response.insert_header((RETRY_AFTER, wait));
        }
        response
            .content_type("text/plain; charset=utf-8")
            .body(status.canonical_reason().unwrap_or_default())
    }
}
