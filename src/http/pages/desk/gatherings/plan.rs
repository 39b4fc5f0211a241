//! The page that plans a gathering. Its form is the command itself.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use askama::Template;
use uuid::Uuid;

use super::kind_choices;
use crate::domain::language::Language;
use crate::domain::text::Slug;
use crate::domain::theme::Theme;
use crate::domain::{PersonId, Role};
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::action::Choices;
use crate::http::pages::desk::list::ListFilter;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::{Form, PageContext, PageError, ownership};
use crate::projections::{FundRow, GatheringRow, GroupRow, PersonRow};

#[derive(Template)]
#[template(path = "desk/gatherings/plan.html")]
struct PlanPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    kinds: Choices,
    areas: Choices,
    themes: Choices,
    ways: Choices,
    leads: Choices,
    funds: Choices,
    /// The group that runs it, if the page was opened from that group's page.
    group: Option<(Uuid, String)>,
    /// The gathering that it grows from, if the page was opened from there.
    grew_from: Option<(Uuid, String)>,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.works_with_people() {
        return Err(PageError::forbidden());
    }
    let forms = request.forms();
    let funds = request.funds().await?;
    let group = match request.text("group") {
        "" => None,
        id => {
            let row: GroupRow = request.row(ownership::parse_uuid(id)?).await?;
            Some((row.id, row.name))
        }
    };
    let grew_from = match request.text("grew_from") {
        "" => None,
        id => {
            let row: GatheringRow = request.row(ownership::parse_uuid(id)?).await?;
            Some((row.id, row.title))
        }
    };
    let fund = |fund: &FundRow| (fund.id.to_string(), fund.name.clone());
    let page = PlanPage {
        page: request.page_context("Plan a gathering").await?,
        wrong: forms.error_summary(),
        form: forms.form("plan").prefill("sign_up", "named"),
        kinds: or_none("Choose a kind", kind_choices()),
        areas: or_none("Everywhere", ListFilter::area(&funds).choices),
        themes: theme_choices(&ThemeNames::load(request.app).await?, &BTreeSet::new()),
        ways: vec![
            pair("named", "By name: we know who comes"),
            pair(
                "counted",
                "As a number: for children, or where no names are wanted",
            ),
        ],
        leads: officers(request).await?,
        funds: or_none("None", funds.iter().map(fund).collect()),
        group,
        grew_from,
    };
    request.render(&page)
}

fn pair(key: &str, label: &str) -> (String, String) {
    (key.to_owned(), label.to_owned())
}

/// Choices after one of nothing.
pub(in crate::http::pages::desk) fn or_none(none: &str, choices: Choices) -> Choices {
    std::iter::once(pair("", none)).chain(choices).collect()
}

/// The themes of the organisation, and those that a gathering has already.
pub(in crate::http::pages::desk) fn theme_choices(
    themes: &ThemeNames,
    own: &BTreeSet<Slug>,
) -> Choices {
    let choice = |theme: &Theme| (theme.theme.to_string(), theme.name.to_string());
    let mut choices: Choices = themes.current().iter().map(choice).collect();
    for key in own {
        if choices.iter().all(|(known, _)| known != key.as_str()) {
            choices.push((key.to_string(), themes.name(key.as_str(), Language::En)));
        }
    }
    choices
}

/// The officers and connectors, by id and name.
async fn officers(request: &DeskRequest<'_>) -> Result<Choices, PageError> {
    let mut rows: Vec<PersonRow> = request.people_with_roles().await?;
    rows.retain(|row| row.roles.contains(&Role::Officer) || row.roles.contains(&Role::Connector));
    let ids: Vec<_> = rows.iter().map(|row| PersonId(row.id)).collect();
    let names = request.names_of_colleagues(ids).await?;
    let mut officers: Choices = rows
        .iter()
        .map(|row| (row.id.to_string(), names.of(&row.id)))
        .collect();
    officers.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(officers)
}
