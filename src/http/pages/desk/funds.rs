//! The list of funds, and the page that creates one.

use actix_web::HttpResponse;
use askama::Template;

use super::action::Action;
use super::fund_actions::create_action;
use super::list::build_spreadsheet;
use super::{DeskRequest, label_of};
use crate::domain::Role;
use crate::export::spreadsheets::Spreadsheet;
use crate::http::pages::charts::{DaySelection, MoneyBar, totals_query};
use crate::http::pages::{PageContext, PageError};
use crate::projections::FundRow;
use crate::views::GroupBy;

#[derive(Template)]
#[template(path = "desk/funds.html")]
struct FundsPage {
    page: PageContext,
    funds: Vec<(FundRow, String, Option<MoneyBar>)>,
    administrator: bool,
    sheets: [(&'static str, String); 2],
    imports: bool,
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
    let page = FundsPage {
        page: request.page_context("Funds").await?,
        funds: rows
            .into_iter()
            .map(|fund| (fund.clone(), label_of(fund.state), bar(&fund)))
            .collect(),
        sheets: request.spreadsheet_links(),
        imports: request.signed.reader.roles.contains(&Role::Finance),
        administrator: request.signed.reader.roles.contains(&Role::Administrator),
    };
    request.render(&page)
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
        "State",
        "Areas",
        "Allocated",
        "Requested",
        "Committed",
        "Paid less returned",
        "Uncommitted",
        "Id",
    ];
    Ok(build_spreadsheet("Funds", columns, rows, |fund| {
        let line = lines.iter().find(|line| line.of == fund.id.to_string());
        [
            fund.name.into(),
            label_of(fund.state).into(),
            fund.areas
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
                .into(),
            line.map(|line| line.allocated).into(),
            line.map(|line| line.requested).into(),
            line.map(|line| line.committed).into(),
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
