//! Successful responses of the API.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LOCATION, ETAG, HeaderName, HeaderValue, LOCATION};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::commands::CommandReply;
use crate::eventlog::append::AppendReceipt;
use crate::http::problem::{ErrorCode, Problem};

/// Marks the response to a repeated request.
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Names the preference of the client that was applied (RFC 7240).
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// The fields of [`Accepted`] as headers, for responses that have the record as their body.
const FIRST_POSITION: HeaderName = HeaderName::from_static("microgrants-first-position");
const POSITION: HeaderName = HeaderName::from_static("microgrants-position");
const MADE: HeaderName = HeaderName::from_static("microgrants-made");

/// A command was recorded. A repeat of the same request gets the same response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Accepted {
    /// The id of the record that the command changed or created.
    pub id: Uuid,
    /// The number of a new part of the record: a payment, an update, a version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<u32>,
    /// The position of the first event that was recorded.
    pub first_position: i64,
    /// The position of the last event. Reads with this as `min_position` show the command's effect.
    pub position: i64,
}

impl From<AppendReceipt> for Accepted {
    fn from(answer: AppendReceipt) -> Self {
        Self {
            id: answer.id,
            made: answer.made,
            first_position: answer.first_position,
            position: answer.last_position,
        }
    }
}

/// The end of a page: the cursor of the next one, and the total if it was requested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PageEnd {
    pub next: Option<String>,
    pub total: Option<i64>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Collection<T> {
    pub items: Vec<T>,
    /// The cursor for `after` that gets the next page; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whether there is a next page.
    pub has_more: bool,
    /// The number of items on all pages, if `count` was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

impl<T: Serialize> Collection<T> {
    pub(super) fn new(items: Vec<T>, PageEnd { next, total }: PageEnd) -> Self {
        Self {
            items,
            has_more: next.is_some(),
            next,
            total,
        }
    }

    pub(super) fn to_response(&self) -> HttpResponse {
        HttpResponse::Ok().json(self)
    }
}

/// A response with one record. Its ETag is the version, which `If-Match` takes, and a digest of the
/// body, because what a reader sees can change without the version.
pub(super) fn record_response<T: Serialize>(
    record: &T,
    version: i64,
) -> Result<HttpResponse, Problem> {
    let unwritable = |error: serde_json::Error| {
        tracing::error!(%error, "a record cannot be written");
        ErrorCode::Internal.problem("something went wrong on our side")
    };
    let body = serde_json::to_string(record).map_err(unwritable)?;
    let digest = hex::encode(&Sha256::digest(&body)[..8]);
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, format!("\"{version}-{digest}\"")))
        .content_type("application/json")
        .body(body))
}

/// The response to a command.
pub(super) struct CommandResponse {
    pub issued: CommandReply,
    /// The address of a new record.
    pub created_location: Option<String>,
    /// The address of a grant that the command created as a consequence, such as an award.
    pub grant_location: Option<String>,
}

impl CommandResponse {
    /// The default response: positions, and the number of a new part.
    pub(super) fn into_accepted(self) -> HttpResponse {
        let mut response = HttpResponse::Ok().json(Accepted::from(self.issued.receipt.clone()));
        self.add_headers(&mut response);
        response
    }

    /// The response to `Prefer: return=representation`: the record as its address returns it, with
    /// positions in headers.
    pub(super) fn into_representation(self, mut record: HttpResponse, at: &str) -> HttpResponse {
        let AppendReceipt {
            made,
            first_position,
            last_position,
            ..
        } = self.issued.receipt;
        let headers = record.headers_mut();
        headers.insert(
            PREFERENCE_APPLIED,
            HeaderValue::from_static("return=representation"),
        );
        headers.insert(FIRST_POSITION, first_position.into());
        headers.insert(POSITION, last_position.into());
        if let Some(made) = made {
            headers.insert(MADE, made.into());
        }
        if let Ok(at) = HeaderValue::from_str(at) {
            headers.insert(CONTENT_LOCATION, at);
        }
        self.add_headers(&mut record);
        record
    }

    fn add_headers(self, response: &mut HttpResponse) {
        if self.created_location.is_some() {
            *response.status_mut() = StatusCode::CREATED;
        }
        let at = self.created_location.or(self.grant_location);
        if let Some(at) = at.and_then(|at| HeaderValue::from_str(&at).ok()) {
            response.headers_mut().insert(LOCATION, at);
        }
        mark_replayed(response, self.issued.repeated);
    }
}

/// Marks the response to a repeated request.
pub(super) fn mark_replayed(response: &mut HttpResponse, repeated: bool) {
    if repeated {
        response
            .headers_mut()
            .insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    }
}
