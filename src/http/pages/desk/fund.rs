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

pub(super) async fn show(asked: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let desk = asked.desk;
    let fund: FundRow = desk
        .views
        .find(ownership::parse_uuid(id)?, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let days = DaySelection::from_query(desk, "", "").await?;
    let key = fund.id.to_string();
    let line = desk
        .views
        .budget(totals_query(GroupBy::Fund, Some(&key), None, &days))
        .await?
        .lines
        .pop();
    let forms = asked.forms();
    let acts = FundActions {
        asked,
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
        page: asked.page_context(&fund.name).await?,
        wrong: forms.error_summary(),
        state: label_of(fund.state),
        bar: line.map(|line| MoneyBar::new(fund.name.clone(), line)),
        rounds,
        acts: acts.fund().await?,
        history: history(asked, fund.id).await?,
        fund,
    };
    asked.render(&page)
}
