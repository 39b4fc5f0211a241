//! The charts of the desk: budgets and outcomes as bars with their figures, as at any day.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;

use super::DeskRequest;
use super::list::names_of_rounds;
use crate::http::pages::apply::sections::place_name;
use crate::http::pages::charts::{DaySelection, MoneyBar, OutcomeBar, outcome_bars, totals_query};
use crate::http::pages::public::order_by_sign;
use crate::http::pages::{PageContext, PageError};
use crate::projections::OrganisationRow;
use crate::views::GroupBy;

#[derive(Template)]
#[template(path = "desk/figures.html")]
struct FiguresPage {
    page: PageContext,
    days: DaySelection,
    funds: Vec<MoneyBar>,
    areas: Vec<MoneyBar>,
    funders: Vec<MoneyBar>,
    rounds: Vec<MoneyBar>,
    signs: Vec<OutcomeBar>,
    by_area: Vec<(String, Vec<OutcomeBar>)>,
    totals: Vec<OutcomeBar>,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let views = &request.app.views;
    let days =
        DaySelection::from_query(request.app, request.text("day"), request.text("slide")).await?;
    let funds = request.funds().await?;
    let names: BTreeMap<String, String> = funds
        .iter()
        .map(|fund| (fund.id.to_string(), fund.name.clone()))
        .collect();
    let rounds = names_of_rounds(&funds);
    let bars =
        async |by: GroupBy, name: &dyn Fn(&str) -> String| -> Result<Vec<MoneyBar>, PageError> {
            let lines = views
                .budget(totals_query(by, None, None, &days))
                .await?
                .lines;
            Ok(lines
                .into_iter()
                .map(|line| MoneyBar::new(name(&line.of), line))
                .collect())
        };
    let own: Option<OrganisationRow> = views
        .find(request.app.commands.organisation(), None)
        .await?;
    let signs = own.map(|own| own.signs).unwrap_or_default();
    let all = views
        .outcomes(totals_query(GroupBy::Sign, None, None, &days))
        .await?
        .lines;
    let totals = views
        .outcomes(totals_query(GroupBy::Area, None, None, &days))
        .await?
        .lines;
    let mut by_area = Vec::new();
    for line in &totals {
        let lines = views
            .outcomes(totals_query(GroupBy::Sign, None, Some(&line.of), &days))
            .await?
            .lines;
        by_area.push((
            place_name(&line.of),
            outcome_bars(order_by_sign(&signs, lines)),
        ));
    }
    let known = |names: &BTreeMap<String, String>, key: &str| {
        names.get(key).cloned().unwrap_or_else(|| place_name(key))
    };
    let page = FiguresPage {
        page: request.page_context("Figures").await?,
        funds: bars(GroupBy::Fund, &|key| known(&names, key)).await?,
        areas: bars(GroupBy::Area, &place_name).await?,
        funders: bars(GroupBy::Funder, &place_name).await?,
        rounds: bars(GroupBy::Round, &|key| known(&rounds, key)).await?,
        signs: outcome_bars(order_by_sign(&signs, all)),
        totals: outcome_bars(
            totals
                .into_iter()
                .map(|line| (place_name(&line.of), line))
                .collect(),
        ),
        by_area,
        days,
    };
    request.render(&page)
}
