//! The error of a page, and the error page that it is rendered as.

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use crate::commands::CommandError;
use crate::domain::Refusal;
use crate::http::problem::{Fault, Problem};
use crate::log::LogError;
use crate::mail::MailError;
use crate::store::StoreError;
use crate::views::ViewError;

/// Why a page is not shown.
#[derive(Debug)]
pub enum Failed {
    /// Nobody is signed in. The visitor is redirected to the sign-in page, which later redirects to
    /// this path.
    SignIn(String),
    /// A command was refused. Pages that can show the refusal with their form catch this; otherwise
    /// the error page shows it.
    Refused(CommandError),
    Problem(Problem),
    /// A form was refused by a rate limit. The error page contains the form's values, to be sent
    /// again.
    TooSoon(Problem, Again),
}

/// The address and the values of a form that can be sent again.
#[derive(Debug)]
pub struct Again {
    pub path: String,
    pub pairs: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "failed.html")]
struct Page<'a> {
    title: &'a str,
    says: &'a str,
    advice: &'a str,
    /// The form to be sent again, if there is one.
    again: Option<&'a Again>,
}

impl Failed {
    pub(super) fn nothing() -> Self {
        Self::Problem(ViewError::NotFound.into())
    }

    pub(super) fn not_set_up() -> Self {
        Self::Problem(Fault::Internal.problem("the service is not set up"))
    }

    pub(super) fn broken(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a page could not be made");
        Self::Problem(Fault::Internal.problem("something went wrong here"))
    }

    /// A form that was refused by a rate limit, with its values.
    pub(super) fn too_soon(problem: Problem, path: String, pairs: Vec<(String, String)>) -> Self {
        Self::TooSoon(problem, Again { path, pairs })
    }

    pub(super) fn not_yours() -> Self {
        Self::Problem(Refusal::NotYours.into())
    }
}

macro_rules! from {
    ($($error:ty),+) => {$(
        impl From<$error> for Failed {
            fn from(error: $error) -> Self {
                Self::Problem(error.into())
            }
        }
    )+};
}
from!(LogError, ViewError, Refusal, crate::files::FileError);

impl From<CommandError> for Failed {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused(_)
            | CommandError::RefusedFor { .. }
            | CommandError::KeyReused => Self::Refused(error),
            other => Self::Problem(other.into()),
        }
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        LogError::from(error).into()
    }
}

impl From<MailError> for Failed {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Store(error) => error.into(),
            MailError::Log(error) => error.into(),
            MailError::View(error) => error.into(),
            other => Self::broken(&other),
        }
    }
}

/// A waiting time in words.
fn in_words(seconds: u64) -> String {
    match seconds {
        0..=90 => "a minute".to_owned(),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SignIn(_) => f.write_str("nobody is signed in"),
            Self::Refused(error) => error.fmt(f),
            Self::Problem(problem) | Self::TooSoon(problem, _) => problem.fmt(f),
        }
    }
}

impl ResponseError for Failed {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignIn(_) => StatusCode::SEE_OTHER,
            Self::Refused(_) => StatusCode::CONFLICT,
            Self::Problem(problem) | Self::TooSoon(problem, _) => problem.status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        let refused;
        let problem = match self {
            Self::Refused(error) => {
                refused = Problem::refused(error);
                &refused
            }
            Self::SignIn(to) => {
                return super::see_other(&format!("/sign-in?to={}", super::shell::encoded(to)));
            }
            Self::Problem(problem) | Self::TooSoon(problem, _) => problem,
        };
        let status = problem.status_code();
        let (title, says) = match status {
            StatusCode::NOT_FOUND => (
                "Page not found",
                "There is nothing here, or it belongs to somebody else.",
            ),
            StatusCode::FORBIDDEN => ("This is not yours to see", problem.detail()),
            StatusCode::TOO_MANY_REQUESTS => ("Please wait a little", problem.detail()),
            status if status.is_server_error() => (
                "Sorry, something is wrong with the service",
                problem.detail(),
            ),
            _ => ("Sorry, that did not work", problem.detail()),
        };
        let again = if let Self::TooSoon(_, again) = self {
            Some(again)
        } else {
            None
        };
        let wait = problem.wait().map_or_else(String::new, in_words);
        let advice = match status {
            StatusCode::TOO_MANY_REQUESTS if again.is_some() => {
                format!("Nothing that you typed is lost. Wait {wait}, and send it again.")
            }
            StatusCode::TOO_MANY_REQUESTS => format!(
                "Wait {wait}. Then go back and send it again: what you typed is still there."
            ),
            _ => problem.advice().to_owned(),
        };
        let page = Page {
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
        if let Some(wait) = problem.wait() {
            response.insert_header((RETRY_AFTER, wait));
        }
        response
            .content_type("text/html; charset=utf-8")
            .body(page.render().unwrap_or_else(|_| title.to_owned()))
    }
}
