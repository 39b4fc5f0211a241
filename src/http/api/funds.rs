//! Reads of funds, statements, budgets and outcomes. Members of groups see the part of a fund that
//! applicants need.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use uuid::Uuid;

use super::query::{QueryParams, list_rows as list_of, not_found, path_id, require_staff};
use super::response::{Collection, record_response};
use crate::clock::day_of;
use crate::domain::fund::FundState;
use crate::domain::text::Slug;
use crate::http::AppState;
use crate::http::bearer_auth::SignedIn;
use crate::http::problem::{ErrorCode, Problem};
use crate::projections::FundRow;
use crate::views::{FundView, GroupBy, StatementSubject, Sums};

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let asked = QueryParams::parse(&http, super::FUNDS_PARAMS)?;
    let as_at = asked.as_at(&desk).await?;
    let filters = asked.state_filter::<FundState>()?;
    let (rows, end) = list_of::<FundRow>(&desk, &asked, as_at, filters).await?;
    Ok(Collection::new(fund_views(&desk, &signed, rows, as_at).await?, end).to_response())
}

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let asked = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let as_at = asked.as_at(&desk).await?;
    fund_response(&desk, &signed, path_id(&http, "fund")?, as_at).await
}

/// The response with a fund, as far as the reader may see it.
pub(super) async fn fund_response(
    desk: &AppState,
    signed: &SignedIn,
    fund: Uuid,
    as_at: Option<i64>,
) -> Result<HttpResponse, Problem> {
    let row: FundRow = desk
        .views
        .find(&fund.to_string(), as_at)
        .await?
        .ok_or_else(not_found)?;
    let version = row.version;
    let seen = fund_views(desk, signed, vec![row], as_at)
        .await?
        .pop()
        .ok_or_else(not_found)?;
    record_response(&seen, version)
}

/// The funds, as far as the reader may see them.
async fn fund_views(
    desk: &AppState,
    signed: &SignedIn,
    rows: Vec<FundRow>,
    as_at: Option<i64>,
) -> Result<Vec<FundView>, Problem> {
    if signed.reader.sees_all() {
        return Ok(desk.views.with_batches(rows, as_at).await?);
    }
    Ok(rows.into_iter().map(redact_for_group).collect())
}

/// Removes the parts for staff: reserve lists, panel meetings, proposed rules and payment batches.
fn redact_for_group(mut row: FundRow) -> FundView {
    row.proposed_rules = None;
    for round in row.rounds.values_mut() {
        (round.reserves, round.met_on) = (BTreeMap::new(), BTreeSet::new());
    }
    FundView {
        row,
        batches: BTreeMap::new(),
    }
}

pub(super) async fn budget(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let sums = TotalsParams::parse(&http, &signed, &desk, GroupBy::Fund).await?;
    Ok(json_response(
        desk.views.budget_json(sums.to_query()).await?,
    ))
}

pub(super) async fn statement(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    require_staff(&signed)?;
    let fund = path_id(&http, "fund")?.to_string();
    desk.views
        .find::<FundRow>(&fund, None)
        .await?
        .ok_or_else(not_found)?;
    statement_response(&http, &desk, StatementSubject::Fund(&fund)).await
}

pub(super) async fn statement_of_funder(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    require_staff(&signed)?;
    let funder: Slug = http
        .match_info()
        .query("funder")
        .parse()
        .map_err(|_| not_found())?;
    if !desk.views.is_funder(funder.as_str()).await? {
        return Err(not_found());
    }
    statement_response(&http, &desk, StatementSubject::Funder(funder.as_str())).await
}

async fn statement_response(
    http: &HttpRequest,
    desk: &AppState,
    of: StatementSubject<'_>,
) -> Result<HttpResponse, Problem> {
    let asked = QueryParams::parse(http, &["from", "until", "min_position"])?;
    asked.as_at(desk).await?;
    let until = asked
        .day("until")?
        .unwrap_or_else(|| day_of(desk.commands.now()));
    let from = asked.day("from")?.unwrap_or(until);
    if from > until {
        return Err(ErrorCode::InvalidQuery
            .problem("the first day lies after the last")
            .with_field("from"));
    }
    Ok(HttpResponse::Ok().json(desk.views.statement(of, from, until).await?))
}

pub(super) async fn outcomes(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let sums = TotalsParams::parse(&http, &signed, &desk, GroupBy::Sign).await?;
    Ok(json_response(
        desk.views.outcomes_json(sums.to_query()).await?,
    ))
}

fn json_response(json: Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(json)
}

/// The query parameters of totals.
struct TotalsParams {
    by: GroupBy,
    fund: Option<String>,
    position: i64,
    effective_on: Option<String>,
}

impl TotalsParams {
    async fn parse(
        http: &HttpRequest,
        signed: &SignedIn,
        desk: &AppState,
        by: GroupBy,
    ) -> Result<Self, Problem> {
        require_staff(signed)?;
        let asked =
            QueryParams::parse(http, &["by", "fund", "as_at", "effective", "min_position"])?;
        let by = asked.get("by").map_or(Ok(by), |text| {
            parse_by(text).ok_or_else(|| {
                ErrorCode::InvalidQuery
                    .problem("figures are not added up by this")
                    .with_field("by")
            })
        })?;
        let effective = asked
            .parsed::<bool>("effective", "this is true or false")?
            .unwrap_or_default();
        let fund = asked
            .equality_filters(&[("fund", "fund")])?
            .pop()
            .and_then(|(_, mut values)| values.pop());
        let as_at = asked.as_at(desk).await?;
        let newest = desk.views.projector().next_position() - 1;
        if !effective {
            return Ok(Self {
                by,
                fund,
                position: as_at.unwrap_or(newest),
                effective_on: None,
            });
        }
        // Effective totals count all events that are recorded now, by the day on which they took
        // effect.
        let day = match asked.day("as_at")? {
            Some(day) => day,
            None => day_of(desk.commands.now()),
        };
        Ok(Self {
            by,
            fund,
            position: newest,
            effective_on: Some(day.to_string()),
        })
    }

    fn to_query(&self) -> Sums<'_> {
        Sums {
            by: self.by,
            fund: self.fund.as_deref(),
            area: None,
            position: self.position,
            effective_on: self.effective_on.as_deref(),
        }
    }
}

fn parse_by(text: &str) -> Option<GroupBy> {
    Some(match text {
        "fund" => GroupBy::Fund,
        "funder" => GroupBy::Funder,
        "area" => GroupBy::Area,
        "round" => GroupBy::Round,
        "sign" => GroupBy::Sign,
        "grant" => GroupBy::Grant,
        _ => return None,
    })
}
