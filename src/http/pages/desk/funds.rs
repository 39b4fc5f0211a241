//! The list of funds, and the page that creates one.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::DeskRequest;
use super::action::Action;
use super::fund::RuleFacts;
use super::fund_actions::create_action;
use super::list::build_spreadsheet;
use super::readiness::{fund_readiness, ready_count};
use super::round_chart::{RoundChart, RoundDays};
use crate::domain::fund::FundState;
use crate::domain::text::Slug;
use crate::domain::{Money, Role};
use crate::export::spreadsheets::Spreadsheet;
use crate::http::AppState;
use crate::http::pages::charts::{DaySelection, MoneyBar, totals_query};
use crate::http::pages::words::{Tag, Tagged as _, place_name};
use crate::http::pages::{PageContext, PageError, ownership};
use crate::projections::{FundRow, RoundRow};
use crate::views::GroupBy;

#[derive(Template)]
#[template(path = "desk/funds.html")]
struct FundsPage {
    page: PageContext,
    funds: Vec<FundLine>,
    administrator: bool,
    /// Whether the reader may record and import money from funders.
    finance: bool,
    sheets: [(&'static str, String); 2],
}

/// The fund that the address of a form names.
pub(super) async fn fund_in_path(
    request: &HttpRequest,
    app: &AppState,
) -> Result<FundRow, PageError> {
    let id = ownership::parse_uuid(request.match_info().query("fund"))?;
    app.views
        .find(id, None)
        .await?
        .ok_or_else(PageError::not_found)
}

/// A fund in the list.
struct FundLine {
    state: Tag,
    bar: Option<MoneyBar>,
    facts: RuleFacts,
    /// The rounds, the newest first.
    rounds: Vec<RoundLine>,
    /// The rounds by month.
    chart: Option<RoundChart>,
    funders: Vec<FunderLine>,
    /// For a fund that is being set up, how many things are ready, and of how many.
    ready: Option<(usize, usize)>,
    fund: FundRow,
}

/// A round in the list, with what it received and awarded.
struct RoundLine {
    key: Slug,
    row: RoundRow,
    state: Tag,
    /// Applications that were sent, and awards. Empty before there are any.
    received: String,
    awards: String,
}

/// A funder in the list, with what a fund has from it.
struct FunderLine {
    key: String,
    name: String,
    amount: Money,
}

#[derive(Template)]
#[template(path = "desk/fund_new.html")]
struct NewFundPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    act: Action,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let rows = request.funds().await?;
    let days = DaySelection::from_query(request.app, "", "").await?;
    let lines = request
        .app
        .views
        .budget(totals_query(GroupBy::Fund, None, None, &days))
        .await?
        .lines;
    let bar = |fund: &FundRow| {
        let line = lines.iter().find(|line| line.of == fund.id.to_string())?;
        Some(MoneyBar::new(fund.name.clone(), line.clone()))
    };
    let mut funds = Vec::new();
    for fund in rows {
        let ready = if fund.state == FundState::Draft {
            let list = fund_readiness(request.app, &fund).await?;
            Some((ready_count(&list), list.len()))
        } else {
            None
        };
        funds.push(FundLine {
            state: fund.state.tag(),
            bar: bar(&fund),
            facts: RuleFacts::of(&fund),
            rounds: newest_rounds(request, &fund, &days).await?,
            chart: RoundChart::new(
                fund.rounds.values().map(RoundDays::from).collect(),
                days.today,
            ),
            funders: funders_of(request, &fund, &days).await?,
            ready,
            fund,
        });
    }
    // What is open comes first, then what is being set up.
    funds.sort_by_key(|line| {
        let over = matches!(line.fund.state, FundState::Closed | FundState::Archived);
        (
            over,
            line.fund.state == FundState::Draft,
            line.fund.name.clone(),
        )
    });
    let page = FundsPage {
        page: request.page_context("Funds and rounds").await?,
        funds,
        sheets: request.spreadsheet_links(),
        finance: request.signed.reader.roles.contains(&Role::Finance),
        administrator: request.signed.reader.roles.contains(&Role::Administrator),
    };
    request.render(&page)
}

/// The funders whose money a fund has, the largest amount first.
async fn funders_of(
    request: &DeskRequest<'_>,
    fund: &FundRow,
    days: &DaySelection,
) -> Result<Vec<FunderLine>, PageError> {
    let id = fund.id.to_string();
    let totals = totals_query(GroupBy::Funder, Some(&id), None, days);
    let lines = request.app.views.budget(totals).await?.lines;
    let mut funders: Vec<_> = lines
        .into_iter()
        .filter(|line| !line.allocated.is_zero())
        .map(|line| FunderLine {
            name: place_name(&line.of),
            key: line.of,
            amount: line.allocated,
        })
        .collect();
    funders.sort_by_key(|line| std::cmp::Reverse(line.amount));
    Ok(funders)
}

/// The rounds of a fund, the newest first.
async fn newest_rounds(
    request: &DeskRequest<'_>,
    fund: &FundRow,
    days: &DaySelection,
) -> Result<Vec<RoundLine>, PageError> {
    let id = fund.id.to_string();
    let totals = totals_query(GroupBy::Round, Some(&id), None, days);
    let lines = request.app.views.budget(totals).await?.lines;
    let count = |count: i64| {
        if count == 0 {
            String::new()
        } else {
            count.to_string()
        }
    };
    let mut rounds: Vec<_> = fund
        .rounds
        .iter()
        .map(|(key, round)| {
            let line = lines.iter().find(|line| line.of == key.as_str());
            RoundLine {
                key: key.clone(),
                row: round.clone(),
                state: round.state.tag(),
                received: count(line.map_or(0, |line| line.applications)),
                awards: count(line.map_or(0, |line| line.awards)),
            }
        })
        .collect();
    rounds.sort_by_key(|round| std::cmp::Reverse(round.row.opens_on));
    Ok(rounds)
}

/// The list as a spreadsheet, with the money of each fund as at the day in the query.
pub(super) async fn spreadsheet(request: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let rows = request.list_all::<FundRow>(Vec::new()).await?;
    let days = DaySelection::from_query(request.app, request.text("as_at"), "").await?;
    let lines = request
        .app
        .views
        .budget(totals_query(GroupBy::Fund, None, None, &days))
        .await?
        .lines;
    let columns = [
        "Fund",
        "Status",
        "Areas",
        "From funders",
        "Asked for",
        "Awarded",
        "Paid, less returned",
        "Left to award",
        "Id",
    ];
    Ok(build_spreadsheet("Funds", columns, rows, |fund| {
        let line = lines.iter().find(|line| line.of == fund.id.to_string());
        [
            fund.name.into(),
            fund.state.word().into(),
            fund.areas
                .iter()
                .map(|area| place_name(area.as_str()))
                .collect::<Vec<_>>()
                .join(", ")
                .into(),
            line.map(|line| line.allocated).into(),
            line.map(|line| line.requested).into(),
            line.map(|line| line.awarded).into(),
            line.map(|line| line.paid_net).into(),
            line.and_then(|line| line.uncommitted).into(),
            fund.id.to_string().into(),
        ]
    }))
}

pub(super) async fn show_new(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.roles.contains(&Role::Administrator) {
        return Err(PageError::forbidden());
    }
    let forms = request.forms();
    let act = request.action(&forms, create_action()).await?;
    let page = NewFundPage {
        page: request.page_context("Set up a fund").await?,
        wrong: forms.error_summary(),
        act,
    };
    request.render(&page)
}
