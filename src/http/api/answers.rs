//! What the API answers with.

use actix_web::HttpResponse;
use actix_web::http::header::{ETAG, LOCATION};
use serde::Serialize;
use uuid::Uuid;

use crate::log::append::Answer;

/// A command was recorded. A repeat of the same request gets the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Accepted {
    /// The record that the command was about.
    pub id: Uuid,
    /// The number of what is new within it: a payment, an update, a version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<u32>,
    /// The position of the first event that followed.
    pub first_position: i64,
    /// The position of the last: reads with `min_position` of this show what the command did.
    pub position: i64,
}

impl From<Answer> for Accepted {
    fn from(answer: Answer) -> Self {
        Self { id: answer.id, made: answer.made, first_position: answer.first_position, position: answer.last_position }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Collection<T> {
    pub items: Vec<T>,
    /// Pass it as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T: Serialize> Collection<T> {
    pub(super) fn answer(&self) -> HttpResponse {
        HttpResponse::Ok().json(self)
    }
}

/// One record, with the version that `If-Match` may name.
pub(super) fn record<T: Serialize>(record: &T, version: i64) -> HttpResponse {
    HttpResponse::Ok().insert_header((ETAG, format!("\"{version}\""))).json(record)
}

pub(super) fn accepted(answer: Answer, made_at: Option<String>) -> HttpResponse {
    let body = Accepted::from(answer);
    match made_at {
        Some(address) => HttpResponse::Created().insert_header((LOCATION, address)).json(body),
        None => HttpResponse::Ok().json(body),
    }
}
