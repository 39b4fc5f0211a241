//! The charts of the desk: budgets and outcomes as bars with their figures, as at any day.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;

use super::DeskRequest;
use super::list::names_of_rounds;
use crate::domain::outcome::Sign;
use crate::domain::{Money, thousands};
use crate::http::pages::charts::{
    DaySelection, FEW_REPORTS, MoneyBar, OutcomeBar, mean_days_to_decide, outcome_bars, percent,
    share, totals_query,
};
use crate::http::pages::public::order_by_sign;
use crate::http::pages::statement_sheet::signed;
use crate::http::pages::words::place_name;
use crate::http::pages::year_chart::YearChart;
use crate::http::pages::{PageContext, PageError};
use crate::projections::OrganisationRow;
use crate::views::{CostPerPerson, GroupBy, OutcomeLine, Quarter};

#[derive(Template)]
#[template(path = "desk/figures.html")]
struct FiguresPage {
    page: PageContext,
    days: DaySelection,
    funds: Vec<MoneyBar>,
    areas: Vec<MoneyBar>,
    funders: Vec<MoneyBar>,
    rounds: Vec<MoneyBar>,
    /// The money by month.
    year: Option<YearChart>,
    signs: Vec<OutcomeBar>,
    /// Whether the office has judged any sign.
    judged: bool,
    by_area: Vec<AreaSigns>,
    /// How many reports there are, in words.
    reports: String,
    totals: Vec<OutcomeBar>,
    /// What each person who came cost, over all grants that have reported, and in each area.
    cost: CostPerPerson,
    costs: BTreeMap<String, CostPerPerson>,
    quarters: Vec<QuarterLine>,
    /// What follows the address of a fund, and of a funder.
    of_fund: String,
    of_funder: String,
    whole: Whole,
    all_areas: Whole,
    all_funders: Whole,
    /// The largest sum that a round was asked for or awarded.
    most: Money,
}

impl FiguresPage {
    /// A sum as a part of the largest one in the chart of rounds.
    fn share_of_most(&self, sum: &Money) -> String {
        percent(share(*sum, self.most))
    }

    /// What each person who came cost in an area.
    fn cost_in(&self, area: &str) -> Option<Money> {
        self.costs.get(area)?.per_person
    }

    /// Whether the cost for each person rests on few reports.
    fn cost_rests_on_few(&self) -> bool {
        self.cost.grants < FEW_REPORTS
    }
}

/// One quarter of the trend, with the widths of its bars.
struct QuarterLine {
    name: String,
    requested: String,
    awarded: String,
    people: String,
    requested_width: String,
    awarded_width: String,
}

/// The quarters up to the chosen day, two years at most.
async fn trend(
    request: &DeskRequest<'_>,
    days: &DaySelection,
) -> Result<Vec<QuarterLine>, PageError> {
    let views = &request.app.views;
    let quarters = views
        .quarters(days.trend_start(), days.day(), days.position)
        .await?;
    Ok(quarter_lines(&quarters))
}

/// The lines of the trend. The widest bar is the largest amount of any quarter.
fn quarter_lines(quarters: &[Quarter]) -> Vec<QuarterLine> {
    let money = |pence: i64| Money::from_pence(u64::try_from(pence).unwrap_or_default());
    let amounts = quarters.iter().map(|line| line.requested.max(line.awarded));
    let most = money(amounts.max().unwrap_or_default());
    let width = |pence: i64| percent(share(money(pence), most));
    let line = |line: &Quarter| QuarterLine {
        name: line.name(),
        requested: signed(line.requested),
        awarded: signed(line.awarded),
        people: thousands(line.people),
        requested_width: width(line.requested),
        awarded_width: width(line.awarded),
    };
    quarters.iter().map(line).collect()
}

/// The signs of one area.
struct AreaSigns {
    name: String,
    reports: String,
    bars: Vec<OutcomeBar>,
}

/// How many reports lines of areas have, in words.
fn reports_in_words<'a>(lines: impl IntoIterator<Item = &'a OutcomeLine>) -> String {
    let count: i64 = lines.into_iter().map(|line| line.updates).sum();
    match count {
        1 => "1 report".to_owned(),
        count => format!("{} reports", thousands(count)),
    }
}

/// The figures of all funds, all areas or all funders together.
struct Whole {
    allocated: Money,
    requested: Money,
    awarded: Money,
    paid_net: Money,
    left: Money,
    applications: i64,
    decided: i64,
    awards: i64,
    days_to_decide: Option<i64>,
}

impl Whole {
    fn of(bars: &[MoneyBar]) -> Self {
        let sum = |of: fn(&MoneyBar) -> Money| bars.iter().map(of).sum();
        let count = |of: fn(&MoneyBar) -> i64| bars.iter().map(of).sum();
        Self {
            allocated: sum(|bar| bar.line.allocated),
            requested: sum(|bar| bar.line.requested),
            awarded: sum(|bar| bar.line.awarded),
            paid_net: sum(|bar| bar.line.paid_net),
            left: sum(|bar| bar.line.uncommitted.unwrap_or_default()),
            applications: count(|bar| bar.line.applications),
            awards: count(|bar| bar.line.awards),
            decided: count(|bar| bar.line.decided),
            days_to_decide: mean_days_to_decide(bars.iter().map(|bar| &bar.line)),
        }
    }
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
        .await?;
    let totals = views
        .outcome_lines(totals_query(GroupBy::Area, None, None, &days))
        .await?;
    let by_area = outcomes_by_area(request, &totals, &signs, &days).await?;
    let known = |names: &BTreeMap<String, String>, key: &str| {
        names.get(key).cloned().unwrap_or_else(|| place_name(key))
    };
    let by_fund = bars(GroupBy::Fund, &|key| known(&names, key)).await?;
    let by_round = bars(GroupBy::Round, &|key| known(&rounds, key)).await?;
    let areas = MoneyBar::on_one_scale(bars(GroupBy::Area, &place_name).await?);
    let funders = bars(GroupBy::Funder, &place_name).await?;
    let by_month = views
        .money_by_month(days.year_start(), days.day(), days.position)
        .await?;
    let (of_fund, of_funder) = kept_day(&days);
    let page = FiguresPage {
        of_fund,
        of_funder,
        page: request.page_context("Figures").await?,
        year: YearChart::new(by_month),
        whole: Whole::of(&by_fund),
        all_areas: Whole::of(&areas),
        all_funders: Whole::of(&funders),
        most: largest_amount(&by_round),
        funds: by_fund,
        areas,
        funders,
        rounds: by_round,
        judged: all.lines.iter().any(|line| line.judged_of > 0),
        signs: outcome_bars(order_by_sign(&signs, all.lines)),
        cost: all.cost_per_person,
        costs: views.cost_per_person_by_area(days.position).await?,
        quarters: trend(request, &days).await?,
        reports: reports_in_words(&totals),
        totals: bars_of_areas(totals),
        by_area,
        days,
    };
    request.render(&page)
}

fn bars_of_areas(lines: Vec<OutcomeLine>) -> Vec<OutcomeBar> {
    let named = lines.into_iter().map(|line| (place_name(&line.of), line));
    outcome_bars(named.collect())
}

/// What follows a fund's, and a funder's, address so that its page keeps the chosen day.
fn kept_day(days: &DaySelection) -> (String, String) {
    days.chosen.map_or_else(Default::default, |day| {
        let until = format!("?until={day}");
        (format!("/statement{until}"), until)
    })
}

/// The largest amount that was asked for or awarded.
fn largest_amount(bars: &[MoneyBar]) -> Money {
    let amounts = bars
        .iter()
        .map(|bar| bar.line.requested.max(bar.line.awarded));
    amounts.max().unwrap_or_default()
}

/// The outcomes of each area by sign, in the order of the areas' totals.
async fn outcomes_by_area(
    request: &DeskRequest<'_>,
    totals: &[OutcomeLine],
    signs: &[Sign],
    days: &DaySelection,
) -> Result<Vec<AreaSigns>, PageError> {
    let views = &request.app.views;
    let mut by_area = views.outcomes_by_area(days.position).await?;
    let area = |line: &OutcomeLine| AreaSigns {
        name: place_name(&line.of),
        reports: reports_in_words([line]),
        bars: outcome_bars(order_by_sign(
            signs,
            by_area.remove(&line.of).unwrap_or_default(),
        )),
    };
    Ok(totals.iter().map(area).collect())
}
