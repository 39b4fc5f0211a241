//! The page of one fund: money, rules, rounds, and the actions on each.

use actix_web::HttpResponse;
use askama::Template;

use super::action::Action;
use super::fund_actions::FundActions;
use super::{DeskRequest, HistoryEntry, history, label_of};
use crate::http::pages::charts::{DaySelection, MoneyBar, totals_query};
use crate::http::pages::{PageContext, PageError, ownership};
use crate::projections::{FundRow, RoundRow};
use crate::views::GroupBy;

#[derive(Template)]
#[template(path = "desk/fund.html")]
struct FundPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    fund: FundRow,
    state: String,
    bar: Option<MoneyBar>,
    rounds: Vec<RoundSection>,
    acts: Vec<Action>,
    history: Vec<HistoryEntry>,
}

struct RoundSection {
    key: String,
    row: RoundRow,
    state: String,
    acts: Vec<Action>,
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let app = request.app;
    let fund: FundRow = app
        .views
        .find(ownership::parse_uuid(id)?, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let days = DaySelection::from_query(app, "", "").await?;
    let key = fund.id.to_string();
    let line = app
        .views
        .budget(totals_query(GroupBy::Fund, Some(&key), None, &days))
        .await?
        .lines
        .pop();
    let forms = request.forms();
    let acts = FundActions {
        request,
        forms: &forms,
        fund: &fund,
    };
    let mut rounds = Vec::new();
    for (key, row) in &fund.rounds {
        rounds.push(RoundSection {
            acts: acts.round(key, row).await?,
            key: key.to_string(),
            state: label_of(row.state),
            row: row.clone(),
        });
    }
    let page = FundPage {
        page: request.page_context(&fund.name).await?,
        wrong: forms.error_summary(),
        state: label_of(fund.state),
        bar: line.map(|line| MoneyBar::new(fund.name.clone(), line)),
        rounds,
        acts: acts.fund().await?,
        history: history(request, fund.id).await?,
        fund,
    };
    request.render(&page)
}
