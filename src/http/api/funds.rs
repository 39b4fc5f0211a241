//! Reads of funds, statements, budgets and outcomes. Members of groups see the part of a fund that
//! applicants need.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use uuid::Uuid;

use super::query::{QueryParams, list_rows as list_of, not_found, path_id, require_staff};
use super::response::{Collection, record_response};
use crate::auth::SignedIn;
use crate::clock::day_of;
use crate::domain::fund::FundState;
use crate::domain::text::Slug;
use crate::http::AppState;
use crate::http::problem::{ErrorCode, Problem};
use crate::projections::FundRow;
use crate::views::{FundView, GroupBy, StatementSubject, Sums};

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, super::FUNDS_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let filters = params.state_filter::<FundState>()?;
    let (rows, end) = list_of::<FundRow>(&app, &params, as_at, filters).await?;
    Ok(Collection::new(fund_views(&app, &signed, rows, as_at).await?, end).to_response())
}

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let as_at = params.as_at(&app).await?;
    fund_response(&app, &signed, path_id(&http, "fund")?, as_at).await
}

/// The response with a fund, as far as the reader may see it.
pub(super) async fn fund_response(
    app: &AppState,
    signed: &SignedIn,
    fund: Uuid,
    as_at: Option<i64>,
) -> Result<HttpResponse, Problem> {
    let row: FundRow = app.views.find(fund, as_at).await?.ok_or_else(not_found)?;
    let version = row.version;
    let seen = fund_views(app, signed, vec![row], as_at)
        .await?
        .pop()
        .ok_or_else(not_found)?;
    record_response(&seen, version)
}

/// The funds, as far as the reader may see them.
async fn fund_views(
    app: &AppState,
    signed: &SignedIn,
    rows: Vec<FundRow>,
    as_at: Option<i64>,
) -> Result<Vec<FundView>, Problem> {
    if signed.reader.sees_all() {
        return Ok(app.views.with_batches(rows, as_at).await?);
    }
    Ok(rows.into_iter().map(redact_for_group).collect())
}

/// Removes the parts for staff: reserve lists, panel meetings, proposed rules and payment batches.
fn redact_for_group(mut row: FundRow) -> FundView {
    row.proposed_rules = None;
    for round in row.rounds.values_mut() {
        (round.reserves, round.met_on) = (BTreeMap::new(), BTreeSet::new());
        round.letters = BTreeMap::new();
    }
    FundView {
        row,
        batches: BTreeMap::new(),
    }
}

pub(super) async fn budget(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let sums = TotalsParams::parse(&http, &signed, &app, GroupBy::Fund).await?;
    Ok(json_response(app.views.budget_json(sums.to_query()).await?))
}

pub(super) async fn statement(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    require_staff(&signed)?;
    let fund = path_id(&http, "fund")?.to_string();
    app.views
        .find::<FundRow>(&fund, None)
        .await?
        .ok_or_else(not_found)?;
    statement_response(&http, &app, StatementSubject::Fund(&fund)).await
}

pub(super) async fn statement_of_funder(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    require_staff(&signed)?;
    let funder: Slug = http
        .match_info()
        .query("funder")
        .parse()
        .map_err(|_| not_found())?;
    if !app.views.is_funder(funder.as_str()).await? {
        return Err(not_found());
    }
    statement_response(&http, &app, StatementSubject::Funder(funder.as_str())).await
}

async fn statement_response(
    http: &HttpRequest,
    app: &AppState,
    of: StatementSubject<'_>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(http, &["from", "until", "min_position"])?;
    params.as_at(app).await?;
    let until = params
        .day("until")?
        .unwrap_or_else(|| day_of(app.commands.now()));
    let from = params.day("from")?.unwrap_or(until);
    if from > until {
        return Err(ErrorCode::InvalidQuery
            .problem("the first day is after the last day")
            .with_field("from"));
    }
    Ok(HttpResponse::Ok().json(app.views.statement(of, from, until).await?))
}

pub(super) async fn outcomes(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let sums = TotalsParams::parse(&http, &signed, &app, GroupBy::Sign).await?;
    Ok(json_response(
        app.views.outcomes_json(sums.to_query()).await?,
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
        app: &AppState,
        by: GroupBy,
    ) -> Result<Self, Problem> {
        require_staff(signed)?;
        let params =
            QueryParams::parse(http, &["by", "fund", "as_at", "effective", "min_position"])?;
        let by = params.get("by").map_or(Ok(by), |text| {
            parse_by(text).ok_or_else(|| {
                ErrorCode::InvalidQuery
                    .problem("figures cannot be grouped by this")
                    .with_field("by")
            })
        })?;
        let effective = params
            .parsed::<bool>("effective", "this is true or false")?
            .unwrap_or_default();
        let fund = params.equality_value("fund")?;
        let as_at = params.as_at(app).await?;
        let newest = app.views.projector().next_position() - 1;
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
        let day = match params.day("as_at")? {
            Some(day) => day,
            None => day_of(app.commands.now()),
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
        "theme" => GroupBy::Theme,
        "round" => GroupBy::Round,
        "sign" => GroupBy::Sign,
        "grant" => GroupBy::Grant,
        _ => return None,
    })
}
