//! The public page of impact: money and outcomes by area, accepted grants, stories with consent,
//! and the reports of staff.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::impact_aims::{AimsImpact, aims_impact};
use super::impact_gatherings::{GatheringImpact, gathering_impact};
use super::impact_network::{NetworkImpact, network_impact};
use crate::domain::grant::GrantState;
use crate::domain::language::Language;
use crate::domain::outcome::Sign;
use crate::domain::text::Slug;
use crate::domain::{Money, thousands};
use crate::http::AppState;
use crate::http::pages::charts::{DaySelection, FEW_REPORTS, mean_days_to_decide, totals_query};
use crate::http::pages::flower::{Flower, Petal};
use crate::http::pages::i18n::translate;
use crate::http::pages::log_proof::{CheckpointView, newest_checkpoint};
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::{names_in_words, place_name};
use crate::http::pages::{PageContext, PageError, PageWidth, Visitor, render_page, sign_in};
use crate::projections::{AreaReportRow, GrantRow, OrganisationRow, StoryRow};
use crate::views::{BudgetLine, CostPerPerson, Filter, GroupBy, OutcomeLine, PageRequest};

/// The largest number of stories above the list of places.
const STORIES_MAX: usize = 6;

#[derive(Template)]
#[template(path = "open/impact.html")]
struct ImpactPage {
    page: PageContext,
    days: DaySelection,
    totals: ImpactTotals,
    stories: Vec<StoryView>,
    signs: Vec<SignLine>,
    flower: Flower,
    areas: Vec<AreaImpact>,
    /// What was awarded and who came, by theme. Empty if no grant has a theme.
    themes: Vec<ThemeImpact>,
    funders: Vec<(String, Money)>,
    demand: Demand,
    gatherings: Option<GatheringImpact>,
    network: Option<NetworkImpact>,
    aims: Option<AimsImpact>,
    cost: CostPerPerson,
    sealed: Option<CheckpointView>,
    /// Whether open data is published.
    open_data: bool,
}

impl ImpactPage {
    fn has_few_reports(&self) -> bool {
        self.totals.reports < FEW_REPORTS
    }

    /// Whether the cost for each person rests on few reports.
    fn cost_rests_on_few(&self) -> bool {
        self.cost.grants < FEW_REPORTS
    }

    /// The sign that most reports have seen, in a sentence; `None` without a report.
    fn most_seen_sign(&self) -> Option<String> {
        let most = self.signs.iter().rev().max_by_key(|sign| sign.seen)?;
        let (of, reports) = (self.page.t("of"), thousands(self.totals.reports));
        let seen = format!("{}, {} {of} {reports}", most.title, thousands(most.seen));
        (most.seen > 0).then(|| self.page.t_with("Seen most often: {}.", seen))
    }

    /// What the page is about, with the names of the places.
    fn lead(&self) -> String {
        let names: Vec<String> = self.areas.iter().map(|area| area.name.clone()).collect();
        if names.is_empty() {
            return self
                .page
                .t("Small grants to local groups. Many had never asked anyone for money before.")
                .to_owned();
        }
        self.page.t_with(
            "Small grants to groups in {}. Many had never asked anyone for money before.",
            names_in_words(&names, self.page.t("and")),
        )
    }
}

/// A sign, and how many reports saw it.
struct SignLine {
    title: String,
    meaning: String,
    seen: i64,
}

struct AreaImpact {
    name: String,
    /// How many people came and helped, according to reports.
    came: i64,
    helped: i64,
    /// What each person who came cost, over the grants that have reported.
    cost: Option<Money>,
    money: BudgetLine,
    flower: Option<Flower>,
    report: Option<AreaReportView>,
    grants: Vec<AcceptedGrant>,
}

/// The money and the people of one theme.
struct ThemeImpact {
    name: String,
    grants: i64,
    came: i64,
    money: BudgetLine,
}

/// The office's text on an area, in the language of the page where there is one.
struct AreaReportView {
    context: String,
    hard: String,
    lessons: String,
    /// The language of the text, if it is not that of the page.
    lang: Option<&'static str>,
}

impl AreaReportView {
    fn new(report: &AreaReportRow, language: Language) -> Self {
        match report.other_languages.get(&language) {
            Some(translated) => Self {
                context: translated.context.to_string(),
                hard: translated.hard.to_string(),
                lessons: translated.lessons.to_string(),
                lang: None,
            },
            None => Self {
                context: report.context.clone(),
                hard: report.hard.clone(),
                lessons: report.lessons.clone(),
                lang: (language != Language::En).then(|| Language::En.code()),
            },
        }
    }
}

/// A grant that was accepted.
struct AcceptedGrant {
    id: String,
    title: String,
    description: String,
    group: String,
    /// The name of its theme; empty if it has none.
    theme: String,
    award: Money,
    stories: Vec<StoryView>,
}

/// A published story, with the grant that it is about.
#[derive(Clone)]
pub(super) struct StoryView {
    pub title: String,
    pub words: String,
    /// The address of its first picture, and what the picture shows.
    pub picture: Option<String>,
    pub pictured: Option<String>,
    /// The address of its grant on the public page.
    pub grant: String,
    pub group: String,
    pub award: Money,
}

pub(super) struct ImpactTotals {
    pub grants: i64,
    pub new_groups: i64,
    pub people: i64,
    pub volunteers: i64,
    pub reports: i64,
    pub paid: Money,
}

impl ImpactTotals {
    fn of(outcomes: &[OutcomeLine], money: &[BudgetLine]) -> Self {
        let sum = |count: fn(&OutcomeLine) -> i64| outcomes.iter().map(count).sum::<i64>();
        Self {
            grants: sum(|line| line.grants),
            new_groups: sum(|line| line.grants_to_new_groups),
            people: sum(|line| line.people),
            volunteers: sum(|line| line.volunteers),
            reports: sum(|line| line.updates),
            paid: money.iter().map(|line| line.paid_net).sum(),
        }
    }
}

/// Who asked for money, and how long a decision took.
struct Demand {
    applications: i64,
    decided: i64,
    awards: i64,
    requested: Money,
    days_to_decide: Option<i64>,
}

impl Demand {
    /// How many were decided and have no award.
    fn not_funded(&self) -> i64 {
        (self.decided - self.awards).max(0)
    }
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let days = DaySelection::from_query(
        &app,
        &sign_in::query_param(&request, "day"),
        &sign_in::query_param(&request, "slide"),
    )
    .await?;
    let views = &app.views;
    let own: Option<OrganisationRow> = views
        .find(app.commands.organisation(), Some(days.position))
        .await?;
    let (signs, reports) = own.map(|own| (own.signs, own.reports)).unwrap_or_default();
    let title = translate("What we’ve funded", visitor.language);
    let mut page = PageContext::load(&visitor, &app, title).await?;
    page.width = PageWidth::Full;
    let by_sign = views
        .outcomes(totals_query(GroupBy::Sign, None, None, &days))
        .await?;
    let (outcomes, money) = totals_by_area(&app, &days).await?;
    let totals = ImpactTotals::of(&outcomes, &money);
    let names = ThemeNames::load(&app).await?;
    let mut grants = accepted_grants(&app, &days, (&names, visitor.language)).await?;
    let stories = featured_stories(grants.values().flatten());
    let mut seen = views.outcomes_by_area(days.position).await?;
    let costs = views.cost_per_person_by_area(days.position).await?;
    let area = |line: BudgetLine| {
        let outcome = outcomes.iter().find(|outcome| outcome.of == line.of);
        let updates = outcome.map_or(0, |outcome| outcome.updates);
        let by_sign = seen.remove(&line.of).unwrap_or_default();
        AreaImpact {
            came: outcome.map_or(0, |outcome| outcome.people),
            helped: outcome.map_or(0, |outcome| outcome.volunteers),
            cost: costs.get(&line.of).and_then(|cost| cost.per_person),
            flower: (updates > 0).then(|| flower(&page, &signs, &by_sign, updates, false)),
            report: reports
                .iter()
                .find(|(area, _)| area.as_str() == line.of)
                .map(|(_, report)| AreaReportView::new(report, visitor.language)),
            grants: grants.remove(&line.of).unwrap_or_default(),
            name: place_name(&line.of),
            money: line,
        }
    };
    let funders = views
        .budget(totals_query(GroupBy::Funder, None, None, &days))
        .await?
        .lines;
    render_page(&ImpactPage {
        flower: flower(&page, &signs, &by_sign.lines, totals.reports, true),
        signs: sign_lines(&page, &signs, &by_sign.lines),
        funders: funders
            .into_iter()
            .map(|line| (place_name(&line.of), line.allocated))
            .collect(),
        demand: demand(&app, &days).await?,
        themes: theme_lines(&page, &app, &days, &names).await?,
        gatherings: gathering_impact(&page, &app, &days, &signs).await?,
        network: network_impact(&page, &app, &days).await?,
        aims: aims_impact(&page, &app, &days).await?,
        cost: by_sign.cost_per_person,
        sealed: newest_checkpoint(&app).await?,
        open_data: app.site.open_data.is_some(),
        areas: money.into_iter().map(area).collect(),
        page,
        days,
        stories,
        totals,
    })
}

/// The numbers of all areas together.
pub(super) async fn impact_totals(
    app: &AppState,
    days: &DaySelection,
) -> Result<ImpactTotals, PageError> {
    let (outcomes, money) = totals_by_area(app, days).await?;
    Ok(ImpactTotals::of(&outcomes, &money))
}

/// The outcomes and the money of each area.
async fn totals_by_area(
    app: &AppState,
    days: &DaySelection,
) -> Result<(Vec<OutcomeLine>, Vec<BudgetLine>), PageError> {
    let by_area = totals_query(GroupBy::Area, None, None, days);
    let outcomes = app.views.outcome_lines(by_area).await?;
    let money = app.views.budget(by_area).await?.lines;
    Ok((outcomes, money))
}

/// The money and the people of each theme. What has no theme is a line of its own, so that the
/// lines add up to those of the areas. None if nothing has a theme.
async fn theme_lines(
    page: &PageContext,
    app: &AppState,
    days: &DaySelection,
    names: &ThemeNames,
) -> Result<Vec<ThemeImpact>, PageError> {
    let by_theme = totals_query(GroupBy::Theme, None, None, days);
    let outcomes = app.views.outcome_lines(by_theme).await?;
    let mut money = app.views.budget(by_theme).await?.lines;
    let any = money.iter().any(|line| !line.of.is_empty());
    money.retain(|line| any && line.awards > 0);
    let line = |money: BudgetLine| {
        let outcome = outcomes.iter().find(|outcome| outcome.of == money.of);
        ThemeImpact {
            name: match money.of.as_str() {
                "" => page.t("No theme").to_owned(),
                key => names.name(key, page.language),
            },
            grants: outcome.map_or(0, |outcome| outcome.grants),
            came: outcome.map_or(0, |outcome| outcome.people),
            money,
        }
    };
    Ok(money.into_iter().map(line).collect())
}

async fn demand(app: &AppState, days: &DaySelection) -> Result<Demand, PageError> {
    let funds = totals_query(GroupBy::Fund, None, None, days);
    let lines = app.views.budget(funds).await?.lines;
    let count = |of: fn(&BudgetLine) -> i64| lines.iter().map(of).sum::<i64>();
    Ok(Demand {
        applications: count(|line| line.applications),
        awards: count(|line| line.awards),
        requested: lines.iter().map(|line| line.requested).sum(),
        decided: count(|line| line.decided),
        days_to_decide: mean_days_to_decide(&lines),
    })
}

/// Stories for the top of a page: those with a picture first.
fn featured_stories<'a>(grants: impl Iterator<Item = &'a AcceptedGrant>) -> Vec<StoryView> {
    let mut stories: Vec<StoryView> = grants.flat_map(|grant| grant.stories.clone()).collect();
    stories.sort_by_key(|story| story.picture.is_none());
    stories.truncate(STORIES_MAX);
    stories
}

fn sign_lines(page: &PageContext, signs: &[Sign], lines: &[OutcomeLine]) -> Vec<SignLine> {
    let line = |sign: &Sign| SignLine {
        title: page.t(sign.title.as_str()).to_owned(),
        meaning: page.t(sign.meaning.as_str()).to_owned(),
        seen: seen_by(lines, sign),
    };
    signs.iter().map(line).collect()
}

fn seen_by(lines: &[OutcomeLine], sign: &Sign) -> i64 {
    lines
        .iter()
        .find(|line| line.of == sign.sign.as_str())
        .map_or(0, |line| line.seen_by)
}

fn flower(
    page: &PageContext,
    signs: &[Sign],
    lines: &[OutcomeLine],
    reports: i64,
    labelled: bool,
) -> Flower {
    let petals: Vec<Petal> = signs
        .iter()
        .map(|sign| Petal {
            name: page.t(sign.title.as_str()).to_owned(),
            seen: seen_by(lines, sign),
        })
        .collect();
    let of = |seen: i64| format!("{seen} {} {reports}", page.t("of"));
    Flower::new(
        page.t("Signs that reports saw"),
        &petals,
        reports,
        of,
        labelled,
    )
}

/// The signs in the framework's order, each with its outcomes. Signs without outcomes are left out.
pub(in crate::http::pages) fn order_by_sign(
    signs: &[Sign],
    lines: Vec<OutcomeLine>,
) -> Vec<(String, OutcomeLine)> {
    let mut lines: BTreeMap<String, OutcomeLine> = lines
        .into_iter()
        .map(|line| (line.of.clone(), line))
        .collect();
    signs
        .iter()
        .filter_map(|sign| Some((sign.title.to_string(), lines.remove(sign.sign.as_str())?)))
        .collect()
}

/// Accepted grants by area, as at the chosen day.
async fn accepted_grants(
    app: &AppState,
    days: &DaySelection,
    (themes, language): (&ThemeNames, Language),
) -> Result<BTreeMap<String, Vec<AcceptedGrant>>, PageError> {
    use GrantState as S;
    let accepted = vec![Filter::in_state([
        S::Accepted,
        S::Live,
        S::Reported,
        S::Closed,
        S::Terminated,
    ])];
    let mut found: BTreeMap<String, Vec<AcceptedGrant>> = BTreeMap::new();
    let as_at = days.chosen.map(|_| days.position);
    let mut wanted = PageRequest::up_to_max();
    loop {
        let listed = app
            .views
            .list::<GrantRow>(as_at, accepted.clone(), &wanted)
            .await?;
        let names = names_of_groups(
            app,
            listed
                .items
                .iter()
                .map(|row| row.group.to_string())
                .collect(),
        )
        .await?;
        for row in listed.items {
            // Consent counts as of today: a story or picture that was withdrawn since is not shown
            // as at any earlier day.
            let told: Option<GrantRow> = if as_at.is_some() && !row.stories.is_empty() {
                app.views.find(row.id, None).await?
            } else {
                None
            };
            let told = told.unwrap_or_else(|| row.clone()).stories;
            let group = names
                .get(&row.group.to_string())
                .cloned()
                .unwrap_or_default();
            let granted = AcceptedGrant {
                id: row.id.to_string(),
                stories: stories_of(&row, &told, &group),
                group,
                theme: themes.name(row.theme.as_ref().map_or("", Slug::as_str), language),
                award: row.awarded,
                title: row.title,
                description: row.description,
            };
            found.entry(row.area.to_string()).or_default().push(granted);
        }
        match listed.next {
            Some(next) => wanted.after = Some(next),
            None => return Ok(found),
        }
    }
}

/// The stories of a grant that are published now, by number, and were on the chosen day.
fn stories_of(row: &GrantRow, told: &BTreeMap<u16, StoryRow>, group: &str) -> Vec<StoryView> {
    let now = |of: &u16| told.get(of).filter(|now| now.words.is_some());
    let story = |(of, story): (&u16, &StoryRow)| {
        let shown = &now(of)?.photographs;
        let picture = story.photographs.iter().find(|file| shown.contains(file));
        Some(StoryView {
            title: row.title.clone(),
            words: story.words.clone()?,
            picture: picture.map(|file| format!("/impact/{}/{file}", row.id)),
            pictured: story.pictured.clone(),
            grant: format!("/impact#grant-{}", row.id),
            group: group.to_owned(),
            award: row.awarded,
        })
    };
    row.stories.iter().filter_map(story).collect()
}

/// A few stories for the home page, those with a picture first.
pub(super) async fn stories_for_home(
    app: &AppState,
    most: usize,
) -> Result<Vec<StoryView>, PageError> {
    let rows = app.views.told_grants().await?;
    let groups = rows.iter().map(|row| row.group.to_string()).collect();
    let names = names_of_groups(app, groups).await?;
    let stories = rows.iter().flat_map(|row| {
        let group = names.get(&row.group.to_string());
        stories_of(row, &row.stories, group.map_or("", String::as_str))
    });
    Ok(stories.take(most).collect())
}

/// The public names of groups, by their ids.
pub(in crate::http::pages) async fn names_of_groups(
    app: &AppState,
    ids: Vec<String>,
) -> Result<BTreeMap<String, String>, PageError> {
    Ok(app.views.names_of_groups(ids.into_iter().collect()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_without_an_award_are_counted_among_the_decided() {
        let demand = |decided, awards| Demand {
            applications: 9,
            decided,
            awards,
            requested: Money::default(),
            days_to_decide: None,
        };
        assert_eq!(demand(7, 5).not_funded(), 2);
        assert_eq!(demand(5, 6).not_funded(), 0);
    }

    #[test]
    fn a_report_is_in_the_language_of_the_page_or_says_that_it_is_not() {
        let mut report: AreaReportRow = serde_json::from_value(serde_json::json!({
            "version": 1, "context": "Many eat alone.", "hard": "Halls.", "lessons": "Start small.",
        }))
        .unwrap();
        let shown = AreaReportView::new(&report, Language::Pl);
        assert_eq!((shown.hard.as_str(), shown.lang), ("Halls.", Some("en")));
        assert_eq!(AreaReportView::new(&report, Language::En).lang, None);

        let polish = serde_json::json!({
            "pl": { "context": "Wielu je samotnie.", "hard": "Sale.", "lessons": "Od małego." },
        });
        report.other_languages = serde_json::from_value(polish).unwrap();
        let shown = AreaReportView::new(&report, Language::Pl);
        assert_eq!((shown.hard.as_str(), shown.lang), ("Sale.", None));
    }
}
