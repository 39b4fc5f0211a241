//! Reads of funds, statements, budgets and outcomes. Members of groups see the part of a fund that
//! applicants need.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use uuid::Uuid;

use super::answers::{Collection, record};
use super::asked::{Asked, id, list as list_of, nothing, staff};
use crate::domain::fund::FundState;
use crate::domain::text::Slug;
use crate::http::Desk;
use crate::http::problem::{Fault, Problem};
use crate::http::signin::SignedIn;
use crate::log::record::day_of;
use crate::projections::FundRow;
use crate::views::{By, FundSeen, StatementOf, Sums};

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, super::FUNDS)?;
    let as_at = asked.as_at(&desk).await?;
    let filters = asked.in_state::<FundState>()?;
    let (rows, end) = list_of::<FundRow>(&desk, &asked, as_at, filters).await?;
    Ok(Collection::of(seen(&desk, &signed, rows, as_at).await?, end).answer())
}

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["as_at", "min_position"])?;
    let as_at = asked.as_at(&desk).await?;
    one(&desk, &signed, id(&http, "fund")?, as_at).await
}

/// The response with a fund, as far as the reader may see it.
pub(super) async fn one(
    desk: &Desk,
    signed: &SignedIn,
    fund: Uuid,
    as_at: Option<i64>,
) -> Result<HttpResponse, Problem> {
    let row: FundRow = desk
        .views
        .find(&fund.to_string(), as_at)
        .await?
        .ok_or_else(nothing)?;
    let version = row.version;
    let seen = seen(desk, signed, vec![row], as_at)
        .await?
        .pop()
        .ok_or_else(nothing)?;
    record(&seen, version)
}

/// The funds, as far as the reader may see them.
async fn seen(
    desk: &Desk,
    signed: &SignedIn,
    rows: Vec<FundRow>,
    as_at: Option<i64>,
) -> Result<Vec<FundSeen>, Problem> {
    if signed.reader.sees_all() {
        return Ok(desk.views.with_batches(rows, as_at).await?);
    }
    Ok(rows.into_iter().map(for_group).collect())
}

/// Removes the parts for staff: reserve lists, panel meetings, proposed rules and payment batches.
fn for_group(mut row: FundRow) -> FundSeen {
    row.proposed_rules = None;
    for round in row.rounds.values_mut() {
        (round.reserves, round.met_on) = (BTreeMap::new(), BTreeSet::new());
    }
    FundSeen {
        row,
        batches: BTreeMap::new(),
    }
}

pub(super) async fn budget(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let sums = SumsAsked::read(&http, &signed, &desk, By::Fund).await?;
    Ok(told(desk.views.budget_json(sums.wanted()).await?))
}

pub(super) async fn statement(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    staff(&signed)?;
    let fund = id(&http, "fund")?.to_string();
    desk.views
        .find::<FundRow>(&fund, None)
        .await?
        .ok_or_else(nothing)?;
    stated(&http, &desk, StatementOf::Fund(&fund)).await
}

pub(super) async fn statement_of_funder(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    staff(&signed)?;
    let funder: Slug = http
        .match_info()
        .query("funder")
        .parse()
        .map_err(|_| nothing())?;
    if !desk.views.is_funder(funder.as_str()).await? {
        return Err(nothing());
    }
    stated(&http, &desk, StatementOf::Funder(funder.as_str())).await
}

async fn stated(
    http: &HttpRequest,
    desk: &Desk,
    of: StatementOf<'_>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(http, &["from", "until", "min_position"])?;
    asked.as_at(desk).await?;
    let until = asked
        .day("until")?
        .unwrap_or_else(|| day_of(desk.commands.now()));
    let from = asked.day("from")?.unwrap_or(until);
    if from > until {
        return Err(Fault::InvalidQuery
            .problem("the first day lies after the last")
            .about("from"));
    }
    Ok(HttpResponse::Ok().json(desk.views.statement(of, from, until).await?))
}

pub(super) async fn outcomes(
    http: HttpRequest,
    signed: SignedIn,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let sums = SumsAsked::read(&http, &signed, &desk, By::Sign).await?;
    Ok(told(desk.views.outcomes_json(sums.wanted()).await?))
}

fn told(json: Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(json)
}

/// The query parameters of totals.
struct SumsAsked {
    by: By,
    fund: Option<String>,
    position: i64,
    effective_on: Option<String>,
}

impl SumsAsked {
    async fn read(
        http: &HttpRequest,
        signed: &SignedIn,
        desk: &Desk,
        by: By,
    ) -> Result<Self, Problem> {
        staff(signed)?;
        let asked = Asked::read(http, &["by", "fund", "as_at", "effective", "min_position"])?;
        let by = asked.text("by").map_or(Ok(by), |text| {
            parse_by(text).ok_or_else(|| {
                Fault::InvalidQuery
                    .problem("figures are not added up by this")
                    .about("by")
            })
        })?;
        let effective = asked
            .parsed::<bool>("effective", "this is true or false")?
            .unwrap_or_default();
        let fund = asked
            .filters(&[("fund", "fund")])?
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

    fn wanted(&self) -> Sums<'_> {
        Sums {
            by: self.by,
            fund: self.fund.as_deref(),
            area: None,
            position: self.position,
            effective_on: self.effective_on.as_deref(),
        }
    }
}

fn parse_by(text: &str) -> Option<By> {
    Some(match text {
        "fund" => By::Fund,
        "funder" => By::Funder,
        "area" => By::Area,
        "round" => By::Round,
        "sign" => By::Sign,
        "grant" => By::Grant,
        _ => return None,
    })
}
