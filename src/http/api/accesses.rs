//! Recorded accesses to personal data in bulk, for auditors and administrators.

use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use serde::Serialize;

use super::log::require_auditor;
use super::query::QueryParams;
use super::response::{Collection, PageEnd};
use crate::auth::SignedIn;
use crate::http::AppState;
use crate::http::problem::Problem;
use crate::views::{AccessFilter, AccessRow};

/// One person's accesses of one kind on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Access)]
pub struct AccessView {
    #[schema(format = "date")]
    pub day: String,
    /// The person who had access.
    #[schema(format = "uuid")]
    pub by: String,
    /// `held`: all personal data of one person or group. `addresses`: the email addresses of
    /// everyone.
    #[schema(pattern = "^(held|addresses)$", example = "held")]
    pub what: String,
    /// The person or group whose data it was; absent if it was everyone's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uuid")]
    pub of: Option<String>,
    /// The number of accesses on that day.
    #[schema(minimum = 1)]
    pub times: i64,
    /// The time of the last access.
    #[schema(value_type = String, format = "date-time")]
    pub last_at: Timestamp,
}

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["after", "limit"])?;
    require_auditor(&signed)?;
    let page = params.page_request()?;
    let after = page.after.as_deref().unwrap_or_default();
    let mut rows = app
        .views
        .newest_accesses(AccessFilter::All, after, page.limit + 1)
        .await?;
    let most = usize::try_from(page.limit).unwrap_or_default();
    let more = rows.len() > most;
    rows.truncate(most);
    let next = rows.last().filter(|_| more).map(|row| row.id.clone());
    Ok(Collection::new(
        rows.into_iter().map(access_view).collect(),
        PageEnd { next, total: None },
    )
    .to_response())
}

fn access_view(row: AccessRow) -> AccessView {
    AccessView {
        day: row.day,
        by: row.person,
        what: row.what,
        of: Some(row.subject).filter(|subject| !subject.is_empty()),
        times: row.times,
        last_at: Timestamp::from_microsecond(row.last_at).unwrap_or_default(),
    }
}
