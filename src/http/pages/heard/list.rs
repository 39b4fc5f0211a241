//! The list of barriers that were passed on, filtered by area and theme. It contains no words of
//! those who raised them.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{ShownAnswer, outcome_tag};
use crate::domain::language::Language;
use crate::domain::text::Slug;
use crate::http::AppState;
use crate::http::pages::i18n::translate;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::{Tag, place_name};
use crate::http::pages::{PageContext, PageError, Visitor, render_page, sign_in};
use crate::mail::format_day;
use crate::views::HeardBarrier;

#[derive(Template)]
#[template(path = "heard/list.html")]
struct HeardPage {
    page: PageContext,
    entries: Vec<HeardEntry>,
    areas: Vec<HeardFilter>,
    themes: Vec<HeardFilter>,
    is_filtered: bool,
    /// Whether there are pledges, and so a page of champions.
    has_pledges: bool,
}

/// What the list can be filtered by.
struct HeardFilter {
    key: String,
    name: String,
    is_chosen: bool,
}

struct HeardEntry {
    summary: String,
    /// The area and the theme, in one line.
    about: String,
    outcome: Tag,
    to: String,
    asked: String,
    asked_on: String,
    answers: Vec<ShownAnswer>,
    closed_on: Option<String>,
}

impl HeardEntry {
    fn new(heard: HeardBarrier, themes: &ThemeNames, language: Language) -> Self {
        let area = area_name(heard.area.as_ref(), language);
        let theme = heard.theme.as_ref();
        let theme = theme.map(|key| themes.name(key.as_str(), language));
        let about: Vec<String> = std::iter::once(area).chain(theme).collect();
        Self {
            outcome: outcome_tag(heard.comes_to, heard.closed_on.is_some(), language),
            answers: ShownAnswer::all(&heard.answers, language),
            summary: heard.summary,
            about: about.join(" · "),
            to: heard.passed_on_to,
            asked: heard.asked,
            asked_on: format_day(heard.passed_on, language),
            closed_on: heard.closed_on.map(|day| format_day(day, language)),
        }
    }
}

fn area_name(area: Option<&Slug>, language: Language) -> String {
    area.map_or_else(
        || translate("Everywhere", language).to_owned(),
        |area| place_name(area.as_str()),
    )
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let area = sign_in::query_param(&request, "area");
    let theme = sign_in::query_param(&request, "theme");
    let all = app.views.heard(None).await?;
    let names = ThemeNames::load(&app).await?;
    let language = visitor.language;
    let of_areas = all.iter().filter_map(|heard| heard.area.as_ref());
    let areas = options(of_areas, &area, |key| place_name(key.as_str()));
    let of_themes = all.iter().filter_map(|heard| heard.theme.as_ref());
    let themes = options(of_themes, &theme, |key| names.name(key.as_str(), language));
    let is_of = |key: Option<&Slug>, chosen: &str| {
        chosen.is_empty() || key.is_some_and(|key| key.as_str() == chosen)
    };
    let entries = all
        .into_iter()
        .filter(|one| is_of(one.area.as_ref(), &area) && is_of(one.theme.as_ref(), &theme))
        .map(|one| HeardEntry::new(one, &names, language))
        .collect();
    let own = app
        .views
        .cached_organisation(app.commands.organisation())
        .await?;
    let title = translate("What we hear", language);
    render_page(&HeardPage {
        page: PageContext::load(&visitor, &app, title).await?,
        entries,
        areas,
        themes,
        is_filtered: !area.is_empty() || !theme.is_empty(),
        has_pledges: own.is_some_and(|own| !own.pledges.is_empty()),
    })
}

/// The choices of a filter: each key once, by its name.
fn options<'a>(
    keys: impl Iterator<Item = &'a Slug>,
    chosen: &str,
    name: impl Fn(&Slug) -> String,
) -> Vec<HeardFilter> {
    let by_name: BTreeMap<String, &Slug> = keys.map(|key| (name(key), key)).collect();
    let option = |(name, key): (String, &Slug)| HeardFilter {
        is_chosen: key.as_str() == chosen,
        key: key.to_string(),
        name,
    };
    by_name.into_iter().map(option).collect()
}
