//! The public page of impact: money and outcomes by area, accepted grants, stories with consent,
//! and the reports of staff.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::domain::grant::GrantState;
use crate::domain::outcome::Sign;
use crate::http::AppState;
use crate::http::pages::apply::sections::place_name;
use crate::http::pages::charts::{DaySelection, MoneyBar, OutcomeBar, outcome_bars, totals_query};
use crate::http::pages::i18n::translate;
use crate::http::pages::log_proof::{CheckpointView, newest_checkpoint};
use crate::http::pages::{PageContext, PageError, Visitor, render_page, sign_in};
use crate::projections::{AreaReportRow, GrantRow, GroupRow, OrganisationRow};
use crate::views::{Filter, GroupBy, OutcomeLine, PageRequest};

#[derive(Template)]
#[template(path = "open/impact.html")]
struct ImpactPage {
    page: PageContext,
    days: DaySelection,
    areas: Vec<AreaImpact>,
    signs: Vec<Sign>,
    totals: ImpactTotals,
    sealed: Option<CheckpointView>,
    /// Whether open data is published.
    open_data: bool,
}

struct AreaImpact {
    name: String,
    money: Option<MoneyBar>,
    outcomes: Vec<OutcomeBar>,
    report: Option<AreaReportRow>,
    grants: Vec<AcceptedGrant>,
}

/// A grant that was accepted.
struct AcceptedGrant {
    id: String,
    title: String,
    description: String,
    group: String,
    award: String,
    stories: Vec<StoryView>,
}

struct StoryView {
    words: String,
    pictures: Vec<String>,
}

#[derive(Default)]
struct ImpactTotals {
    grants: i64,
    new_groups: i64,
    people: i64,
    volunteers: i64,
    paid: String,
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
    let own: Option<OrganisationRow> = app
        .views
        .find(app.commands.organisation(), Some(days.position))
        .await?;
    let (signs, reports) = own.map(|own| (own.signs, own.reports)).unwrap_or_default();
    let money = app
        .views
        .budget(totals_query(GroupBy::Area, None, None, &days))
        .await?
        .lines;
    let outcomes = app
        .views
        .outcomes(totals_query(GroupBy::Area, None, None, &days))
        .await?
        .lines;
    let mut grants = accepted_grants(&app, &days).await?;
    let mut areas = Vec::new();
    let mut totals = ImpactTotals::default();
    let mut paid = crate::domain::Money::ZERO;
    for line in outcomes {
        totals.grants += line.grants;
        totals.new_groups += line.grants_to_new_groups;
        totals.people += line.people;
        totals.volunteers += line.volunteers;
    }
    for line in money {
        paid = paid.plus(line.paid_net);
        let key = line.of.clone();
        let by_sign = app
            .views
            .outcomes(totals_query(GroupBy::Sign, None, Some(&key), &days))
            .await?
            .lines;
        areas.push(AreaImpact {
            name: place_name(&key),
            outcomes: outcome_bars(order_by_sign(&signs, by_sign)),
            report: reports
                .iter()
                .find(|(area, _)| area.as_str() == key)
                .map(|(_, report)| report.clone()),
            grants: grants.remove(&key).unwrap_or_default(),
            money: Some(MoneyBar::new(place_name(&key), line)),
        });
    }
    totals.paid = paid.to_string();
    let shell = PageContext::load(
        &visitor,
        &app,
        translate("Where the money went", visitor.language),
    )
    .await?;
    let open_data = app.site.open_data.is_some();
    render_page(&ImpactPage {
        page: shell,
        days,
        areas,
        signs,
        totals,
        sealed: newest_checkpoint(&app).await?,
        open_data,
    })
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
            let stories = row
                .stories
                .iter()
                .filter(|(of, _)| told.get(of).is_some_and(|now| now.words.is_some()))
                .filter_map(|(of, story)| {
                    let pictures = story
                        .photographs
                        .iter()
                        .filter(|file| told[of].photographs.contains(file))
                        .map(|file| format!("/impact/{}/{file}", row.id))
                        .collect();
                    Some(StoryView {
                        words: story.words.clone()?,
                        pictures,
                    })
                });
            let granted = AcceptedGrant {
                id: row.id.to_string(),
                stories: stories.collect(),
                group: names
                    .get(&row.group.to_string())
                    .cloned()
                    .unwrap_or_default(),
                award: row.award.to_string(),
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

/// The public names of groups, by their ids.
pub(in crate::http::pages) async fn names_of_groups(
    app: &AppState,
    ids: Vec<String>,
) -> Result<BTreeMap<String, String>, PageError> {
    let rows: Vec<GroupRow> = app.views.groups(ids).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.to_string(), row.name))
        .collect())
}
