//! The charts of the desk: budgets and outcomes as bars with their figures, as at any day.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;

use super::Asked;
use crate::http::pages::apply::sections::place;
use crate::http::pages::figures::{Days, MoneyBar, OutcomeBar, outcome_bars, sums};
use crate::http::pages::open::in_order;
use crate::http::pages::{Failed, Shell};
use crate::projections::{FundRow, OrganisationRow};
use crate::views::{By, Page as Wanted};

#[derive(Template)]
#[template(path = "desk/figures.html")]
struct Sheet {
    page: Shell,
    days: Days,
    funds: Vec<MoneyBar>,
    areas: Vec<MoneyBar>,
    funders: Vec<MoneyBar>,
    rounds: Vec<MoneyBar>,
    signs: Vec<OutcomeBar>,
    by_area: Vec<(String, Vec<OutcomeBar>)>,
    totals: Vec<OutcomeBar>,
}

pub(super) async fn show(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    let views = &asked.desk.views;
    let days = Days::asked(asked.desk, asked.text("day"), asked.text("slide")).await?;
    let funds: Vec<FundRow> = views
        .list(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                most: 500,
            },
        )
        .await?
        .items;
    let names: BTreeMap<String, String> = funds
        .iter()
        .map(|fund| (fund.id.to_string(), fund.name.clone()))
        .collect();
    let rounds: BTreeMap<String, String> = funds
        .iter()
        .flat_map(|fund| {
            fund.rounds
                .iter()
                .map(|(key, round)| (key.to_string(), round.name.clone()))
        })
        .collect();
    let bars = async |by: By, name: &dyn Fn(&str) -> String| -> Result<Vec<MoneyBar>, Failed> {
        let lines = views.budget(sums(by, None, None, &days)).await?.lines;
        Ok(lines
            .into_iter()
            .map(|line| MoneyBar::of(name(&line.of), line))
            .collect())
    };
    let own: Option<OrganisationRow> = views
        .find(&asked.desk.commands.organisation().to_string(), None)
        .await?;
    let signs = own.map(|own| own.signs).unwrap_or_default();
    let all = views
        .outcomes(sums(By::Sign, None, None, &days))
        .await?
        .lines;
    let totals = views
        .outcomes(sums(By::Area, None, None, &days))
        .await?
        .lines;
    let mut by_area = Vec::new();
    for line in &totals {
        let lines = views
            .outcomes(sums(By::Sign, None, Some(&line.of), &days))
            .await?
            .lines;
        by_area.push((place(&line.of), outcome_bars(in_order(&signs, lines))));
    }
    let known = |names: &BTreeMap<String, String>, key: &str| {
        names.get(key).cloned().unwrap_or_else(|| place(key))
    };
    let page = Sheet {
        page: asked.shell("Figures").await?,
        funds: bars(By::Fund, &|key| known(&names, key)).await?,
        areas: bars(By::Area, &place).await?,
        funders: bars(By::Funder, &place).await?,
        rounds: bars(By::Round, &|key| known(&rounds, key)).await?,
        signs: outcome_bars(in_order(&signs, all)),
        totals: outcome_bars(
            totals
                .into_iter()
                .map(|line| (place(&line.of), line))
                .collect(),
        ),
        by_area,
        days,
    };
    asked.page(&page)
}
