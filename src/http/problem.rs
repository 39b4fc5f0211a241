//! Problem documents (RFC 9457): every error response, with a stable code and advice.

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::commands::{CommandError, RefusedRecord};
use crate::crypto::vault::VaultError;
use crate::domain::{Refusal, RefusalKind};
use crate::eventlog::LogError;
use crate::files::FileError;
use crate::views::ViewError;

/// Errors outside the rules of the domain: of the request, the caller or the service. The codes of
/// rules are those of [`Refusal`].
///
/// Variants are public: the snake-case name is the code.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames, strum::EnumIter,
)]
#[strum(serialize_all = "snake_case")]
pub enum ErrorCode {
    InvalidFile,
    MalformedJson,
    InvalidField,
    InvalidQuery,
    InvalidHeader,
    InvalidKey,
    KeyMissing,
    KeyReused,
    ForeignForm,
    TooMany,
    QuotaReached,
    TooSlow,
    Unauthenticated,
    TokenExpired,
    NotFound,
    NoSuchAddress,
    MethodNotAllowed,
    UnsupportedMediaType,
    TooLarge,
    Stale,
    Busy,
    Behind,
    Unavailable,
    Internal,
}

/// An error response: the document, and the seconds for `Retry-After`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(Box<ProblemDocument>, Option<u64>);

/// What went wrong (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// A link to the explanation of the code.
    #[serde(rename = "type")]
    #[schema(max_length = 100, format = "uri-reference")]
    pub kind: String,
    #[schema(max_length = 100)]
    pub title: String,
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// A stable identifier for programs.
    #[schema(schema_with = code_schema)]
    pub code: String,
    #[schema(max_length = 2000)]
    pub detail: String,
    /// What the client can do about it.
    #[schema(max_length = 500)]
    pub advice: String,
    /// The path of the field or parameter at fault; if there are several, the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub field: Option<String>,
    /// All wrong fields of the body, at most twenty; or every record that is refused, of a command
    /// about many.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The id of the request in the log of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// One wrong field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The path of the field: `rules.minimum`, `areas[0]`.
    pub field: String,
    pub code: FieldErrorCode,
    pub detail: String,
}

/// Why a field is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldErrorCode {
    /// The field is required and missing.
    Missing,
    /// The field does not exist.
    Unknown,
    /// The value is not allowed.
    Invalid,
}

/// All codes of problems.
pub fn codes() -> impl Iterator<Item = &'static str> {
    use strum::VariantNames as _;
    ErrorCode::VARIANTS.iter().chain(Refusal::VARIANTS).copied()
}

/// All codes with their advice.
pub fn codes_with_advice() -> impl Iterator<Item = (&'static str, &'static str)> {
    use strum::IntoEnumIterator as _;
    ErrorCode::iter()
        .map(|fault| (fault.into(), fault.advice()))
        .chain(Refusal::codes_with_advice())
}

fn code_schema() -> utoipa::openapi::schema::Object {
    let about = "Stable, for programs. `advice` says what to do, and /problems explains all codes.";
    let schema = utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .description(Some(about));
    schema.enum_values(Some(codes())).build()
}

/// The longest detail or path of a field, in characters.
const DETAIL_MAX: usize = 2000;

impl ErrorCode {
    fn status(self) -> StatusCode {
        match self {
            Self::MalformedJson
            | Self::InvalidQuery
            | Self::InvalidHeader
            | Self::InvalidKey
            | Self::KeyMissing => StatusCode::BAD_REQUEST,
            Self::InvalidField | Self::InvalidFile | Self::KeyReused => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::TooMany | Self::QuotaReached => StatusCode::TOO_MANY_REQUESTS,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Unauthenticated | Self::TokenExpired => StatusCode::UNAUTHORIZED,
            Self::NotFound | Self::NoSuchAddress => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::Busy | Self::Behind | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::MalformedJson => "Send one JSON object in UTF-8.",
            Self::InvalidFile => {
                "Use a photo (JPEG, PNG or WebP) or a PDF that opens without a password."
            }
            Self::InvalidField => "Correct the fields named here, then send the request again.",
            Self::InvalidQuery => "Correct the parameter named here.",
            Self::InvalidHeader => "Correct the header named here, or leave it out.",
            Self::InvalidKey => {
                "Use 1 to 100 letters, digits and the characters - _ . : as the Idempotency-Key."
            }
            Self::KeyMissing => {
                "Send an Idempotency-Key header with a new value for each new request, and the \
                    same value to repeat one."
            }
            Self::KeyReused => {
                "Use a new Idempotency-Key. This one was used for a different request."
            }
            Self::ForeignForm => "Go back, reload the page, and try again.",
            Self::TooMany => {
                "Wait a few minutes, then try again. You can also phone us. A program waits as \
                    long as Retry-After says."
            }
            Self::QuotaReached => {
                "Send the rest tomorrow, or bring the papers to us. A program waits as long as \
                    Retry-After says."
            }
            Self::TooSlow => "Try again. A program uses the same Idempotency-Key.",
            Self::Unauthenticated => "Send a token: Authorization: Bearer …",
            Self::TokenExpired => "Get a new token, then send the request again.",
            Self::NotFound => {
                "Check the address or number. You can only see the records of groups that you are \
                    in."
            }
            Self::NoSuchAddress => {
                "Check the address. Programs find all addresses in /openapi.yaml."
            }
            Self::MethodNotAllowed => "Use one of the methods in the Allow header.",
            Self::UnsupportedMediaType => "Send Content-Type: application/json.",
            Self::TooLarge => "Send less in one go.",
            Self::Stale => "Open the record again and look at what changed before you decide.",
            Self::Busy | Self::Behind | Self::Unavailable => {
                "Wait a few seconds, then try again. A program uses the same Idempotency-Key."
            }
            Self::Internal => {
                "Try again in a few minutes. If it happens again, tell the person who runs this \
                    service when it happened."
            }
        }
    }

    #[must_use]
    pub fn problem(self, detail: impl Into<String>) -> Problem {
        Problem::new(self.into(), self.status(), detail.into(), self.advice())
    }
}

impl Problem {
    fn new(code: &str, status: StatusCode, detail: String, advice: &str) -> Self {
        let document = ProblemDocument {
            kind: format!("/problems#{code}"),
            title: code.replace('_', " "),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: truncate(detail),
            advice: advice.to_owned(),
            field: None,
            errors: Vec::new(),
            request_id: None,
        };
        Self(
            Box::new(document),
            (status == StatusCode::SERVICE_UNAVAILABLE).then_some(2),
        )
    }

    /// A problem that lists the wrong fields of a body. Its detail and `field` are those of the
    /// first one that has a path.
    pub(super) fn from_fields(errors: Vec<FieldError>) -> Self {
        let first = errors
            .iter()
            .find(|error| !error.field.is_empty())
            .or(errors.first());
        let mut problem = ErrorCode::InvalidField
            .problem(first.map_or("a field is wrong", |first| first.detail.as_str()));
        problem.0.field = first
            .map(|first| first.field.clone())
            .filter(|field| !field.is_empty());
        problem.0.errors = errors
            .into_iter()
            .filter(|error| !error.field.is_empty())
            .collect();
        problem
    }

    /// Adds `Retry-After`, rounded up to whole seconds.
    #[must_use]
    pub fn with_retry_after(self, wait: std::time::Duration) -> Self {
        Self(self.0, Some(wait.as_secs() + 1))
    }

    /// The seconds of `Retry-After`.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        self.1
    }

    /// The problem of a failed command, for pages. Unlike `From<CommandError>` it shows refusals
    /// unchanged, and names the record that a refusal in a consequence is about.
    #[must_use]
    pub fn from_command_error(error: &CommandError) -> Self {
        match error {
            CommandError::Refused(refusal) => refusal.clone().into(),
            CommandError::RefusedFor(records) => Self::from_refused_records(records),
            CommandError::KeyReused => key_reused(),
            other => internal(other),
        }
    }

    /// The problem of a command about many records. Its code, detail and `field` are those of the
    /// first refused record; `errors` lists every one.
    fn from_refused_records(records: &[RefusedRecord]) -> Self {
        let Some(first) = records.first() else {
            return ErrorCode::Internal.problem("a record was refused");
        };
        let named = |record: &RefusedRecord| format!("{} {}", record.noun, record.id);
        let mut problem = Self::from(first.refusal.clone()).with_field(named(first));
        problem.0.detail = truncate(first.to_string());
        problem.0.errors = records
            .iter()
            .map(|record| FieldError {
                field: named(record),
                code: FieldErrorCode::Invalid,
                detail: truncate(record.refusal.to_string()),
            })
            .collect();
        problem
    }

    /// The document without the request's id, which is added when it is sent.
    #[must_use]
    pub fn document(&self) -> &ProblemDocument {
        &self.0
    }

    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(truncate(field.into()));
        self
    }

    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    #[must_use]
    pub fn advice(&self) -> &str {
        &self.0.advice
    }

    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// All wrong fields of the body.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    #[must_use]
    pub fn code(&self) -> &str {
        &self.0.code
    }

    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.kind() {
            RefusalKind::Forbidden => StatusCode::FORBIDDEN,
            RefusalKind::Unknown => StatusCode::NOT_FOUND,
            RefusalKind::Input => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalKind::State => StatusCode::CONFLICT,
        };
        let problem = Self::new(
            refusal.code(),
            status,
            refusal.to_string(),
            refusal.advice(),
        );
        match refusal {
            Refusal::DayOutOfRange { field, .. }
            | Refusal::ContactUnfit { field, .. }
            | Refusal::ThemeUnknown { field, .. }
            | Refusal::LooksPersonal { field }
            | Refusal::NotInAims { field, .. } => problem.with_field(field),
            Refusal::AccentTooPale(_) => problem.with_field("accent"),
            _ => problem,
        }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            // Members must not learn which records of other groups exist.
            CommandError::Refused(Refusal::NotOfGroup) => {
                ErrorCode::NotFound.problem("we cannot find this record")
            }
            CommandError::Refused(_) | CommandError::RefusedFor(_) => {
                Self::from_command_error(&error)
            }
            CommandError::KeyReused => key_reused(),
            CommandError::Stale => {
                ErrorCode::Stale.problem("someone changed this record after you opened it")
            }
            CommandError::Busy => {
                ErrorCode::Busy.problem("many people are changing the same record right now")
            }
            CommandError::Unwritable(_) => internal(&error),
            CommandError::Log(error) => error.into(),
        }
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        // The event log reports this once; a line for each command would only repeat it.
        if matches!(error, LogError::ClockOff { .. }) {
            return ErrorCode::Unavailable
                .problem("we cannot save anything until the clock of this service is corrected");
        }
        if error.may_pass() {
            tracing::error!(%error, "the log is not to be had");
            return ErrorCode::Unavailable.problem("we cannot reach the log right now");
        }
        internal(&error)
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        let error = match error {
            FileError::Database(cause) => return LogError::from(cause).into(),
            other => other,
        };
        match &error {
            FileError::TooLarge | FileError::TooMany => {
                ErrorCode::TooLarge.problem(error.to_string())
            }
            FileError::UnknownKind
            | FileError::PhoneKind
            | FileError::CutOff
            | FileError::TooManyPixels { .. }
            | FileError::Picture
            | FileError::Document
            | FileError::Password => ErrorCode::InvalidFile.problem(error.to_string()),
            FileError::Quota { wait } => ErrorCode::QuotaReached
                .problem(error.to_string())
                .with_retry_after(*wait),
            FileError::Busy => ErrorCode::Busy.problem(error.to_string()),
            FileError::BrokenOff => {
                ErrorCode::InvalidFile.problem("the upload stopped before the end")
            }
            FileError::Missing => ErrorCode::NotFound.problem("this file is not there any more"),
            FileError::Vault(VaultError::NoKey(_)) => {
                ErrorCode::NotFound.problem("we cannot find this record")
            }
            FileError::Store(cause) => {
                tracing::error!(%cause, "the store of files is not to be had");
                ErrorCode::Unavailable.problem("we cannot reach the files right now")
            }
            FileError::Altered(_) | FileError::Vault(_) | FileError::Database(_) => {
                internal(&error)
            }
        }
    }
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::NotFound => ErrorCode::NotFound.problem("we cannot find this record"),
            ViewError::Behind => ErrorCode::Behind.problem("this change is not on the pages yet"),
            ViewError::BeyondLog => ErrorCode::InvalidQuery
                .problem("the log does not reach this position yet")
                .with_field("position"),
            ViewError::Log(error) => error.into(),
            ViewError::Projection(_) | ViewError::Unreadable { .. } => internal(&error),
        }
    }
}

/// Shortens text that repeats the client's input.
fn truncate(text: String) -> String {
    if text.len() <= DETAIL_MAX {
        text
    } else {
        text.chars().take(DETAIL_MAX).collect()
    }
}

fn key_reused() -> Problem {
    ErrorCode::KeyReused.problem("this Idempotency-Key was used for another request")
}

fn internal(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "a request failed");
    ErrorCode::Internal.problem("something went wrong on our side")
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(wait) = self.1 {
            response.insert_header((RETRY_AFTER, wait));
        }
        if matches!(self.0.status, 408 | 413) {
            // The rest of the request's body is not read.
            response.force_close();
        }
        if self.0.status == 401 {
            response.insert_header(("WWW-Authenticate", "Bearer"));
        }
        let document = ProblemDocument {
            request_id: super::request_span::request_id(),
            ..(*self.0).clone()
        };
        let body = serde_json::to_string(&document).unwrap_or_default();
        response.content_type("application/problem+json").body(body)
    }
}
