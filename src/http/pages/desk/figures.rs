//! The charts of the desk: budgets and outcomes as bars with their figures, as at any day.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;

use super::DeskRequest;
use super::list::names_of_rounds;
use super::texts::organisation;
use crate::domain::language::Language;
use crate::domain::outcome::Sign;
use crate::domain::{Money, thousands};
use crate::http::pages::charts::{
    DaySelection, FEW_REPORTS, MoneyBar, OutcomeBar, mean_days_to_decide, outcome_bars, percent,
    share, totals_query,
};
use crate::http::pages::public::order_by_sign;
use crate::http::pages::statement_sheet::signed;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::place_name;
use crate::http::pages::year_chart::YearChart;
use crate::http::pages::{PageContext, PageError};
use crate::views::{CostPerPerson, GroupBy, OutcomeLine, Quarter};

#[derive(Template)]
#[template(path = "desk/figures.html")]
struct FiguresPage {
    page: PageContext,
    days: DaySelection,
    funds: Vec<MoneyBar>,
    areas: Vec<MoneyBar>,
    themes: Vec<MoneyBar>,
    funders: Vec<MoneyBar>,
    rounds: Vec<MoneyBar>,
    /// The money by month.
    year: Option<YearChart>,
    signs: Vec<OutcomeBar>,
    /// Whether the office has judged any sign.
    judged: bool,
    signs_by_area: Vec<PartSigns>,
    signs_by_theme: Vec<PartSigns>,
    /// How many reports there are, in words.
    reports: String,
    people_by_area: Vec<PeopleLine>,
    people_by_theme: Vec<PeopleLine>,
    /// What each person who came cost, over all grants that have reported.
    cost: CostPerPerson,
    quarters: Vec<QuarterLine>,
    /// What follows the address of a fund, and of a funder.
    of_fund: String,
    of_funder: String,
    whole: Whole,
    all_areas: Whole,
    all_themes: Whole,
    all_funders: Whole,
    /// The largest sum that a round was asked for or awarded.
    most: Money,
}

impl FiguresPage {
    /// A sum as a part of the largest one in the chart of rounds.
    fn share_of_most(&self, sum: &Money) -> String {
        percent(share(*sum, self.most))
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

/// The people of one area or theme, and what each who came cost.
struct PeopleLine {
    bar: OutcomeBar,
    cost: Option<Money>,
}

/// The figures of the themes.
struct ThemeFigures {
    money: Vec<MoneyBar>,
    people: Vec<PeopleLine>,
    signs: Vec<PartSigns>,
}

/// The signs of one area or theme.
struct PartSigns {
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
    let signs = organisation(request).await?.signs;
    let all = views
        .outcomes(totals_query(GroupBy::Sign, None, None, &days))
        .await?;
    let totals = views
        .outcome_lines(totals_query(GroupBy::Area, None, None, &days))
        .await?;
    let reports = reports_in_words(&totals);
    let (signs_by_area, people_by_area) = area_figures(request, totals, &signs, &days).await?;
    let themes = theme_figures(request, &signs, &days).await?;
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
        all_themes: Whole::of(&themes.money),
        all_funders: Whole::of(&funders),
        most: largest_amount(&by_round),
        funds: by_fund,
        areas,
        themes: themes.money,
        funders,
        rounds: by_round,
        judged: all.lines.iter().any(|line| line.judged_of > 0),
        signs: outcome_bars(order_by_sign(&signs, all.lines)),
        cost: all.cost_per_person,
        quarters: trend(request, &days).await?,
        reports,
        signs_by_area,
        signs_by_theme: themes.signs,
        people_by_area,
        people_by_theme: themes.people,
        days,
    };
    request.render(&page)
}

/// The people of each area or theme.
fn people_lines(
    lines: Vec<OutcomeLine>,
    costs: &BTreeMap<String, CostPerPerson>,
    name: &dyn Fn(&str) -> String,
) -> Vec<PeopleLine> {
    let named = lines.into_iter().map(|line| (name(&line.of), line));
    let line = |bar: OutcomeBar| PeopleLine {
        cost: costs.get(&bar.line.of).and_then(|cost| cost.per_person),
        bar,
    };
    outcome_bars(named.collect())
        .into_iter()
        .map(line)
        .collect()
}

/// The signs and the people of the areas.
async fn area_figures(
    request: &DeskRequest<'_>,
    totals: Vec<OutcomeLine>,
    signs: &[Sign],
    days: &DaySelection,
) -> Result<(Vec<PartSigns>, Vec<PeopleLine>), PageError> {
    let views = &request.app.views;
    let by_area = views.outcomes_by_area(days.position).await?;
    let costs = views.cost_per_person_by_area(days.position).await?;
    Ok((
        signs_in_parts(&totals, signs, by_area, &place_name),
        people_lines(totals, &costs, &place_name),
    ))
}

/// The figures of the themes. They add up to those of the areas; what has no theme is a line of its
/// own. None if nothing has a theme.
async fn theme_figures(
    request: &DeskRequest<'_>,
    signs: &[Sign],
    days: &DaySelection,
) -> Result<ThemeFigures, PageError> {
    let views = &request.app.views;
    let names = ThemeNames::load(request.app).await?;
    let name = |key: &str| match key {
        "" => "No theme".to_owned(),
        key => names.name(key, Language::En),
    };
    let query = totals_query(GroupBy::Theme, None, None, days);
    let mut lines = views.budget(query).await?.lines;
    // Money that is not awarded has no theme.
    let any = lines.iter().any(|line| !line.of.is_empty());
    lines.retain(|line| any && (!line.of.is_empty() || line.applications > 0 || line.awards > 0));
    let bars: Vec<MoneyBar> = lines
        .into_iter()
        .map(|line| MoneyBar::new(name(&line.of), line))
        .collect();
    let mut totals = views.outcome_lines(query).await?;
    totals.retain(|line| any && (!line.of.is_empty() || line.grants > 0 || line.updates > 0));
    let by_theme = views.outcomes_by_theme(days.position).await?;
    let costs = views.cost_per_person_by_theme(days.position).await?;
    Ok(ThemeFigures {
        money: MoneyBar::on_one_scale(bars),
        signs: signs_in_parts(&totals, signs, by_theme, &name),
        people: people_lines(totals, &costs, &name),
    })
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

/// The outcomes of each area or theme by sign, in the order of the totals.
fn signs_in_parts(
    totals: &[OutcomeLine],
    signs: &[Sign],
    mut by_part: BTreeMap<String, Vec<OutcomeLine>>,
    name: &dyn Fn(&str) -> String,
) -> Vec<PartSigns> {
    let part = |line: &OutcomeLine| PartSigns {
        name: name(&line.of),
        reports: reports_in_words([line]),
        bars: outcome_bars(order_by_sign(
            signs,
            by_part.remove(&line.of).unwrap_or_default(),
        )),
    };
    totals.iter().map(part).collect()
}
