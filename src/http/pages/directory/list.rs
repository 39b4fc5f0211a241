//! The list of the directory, by theme, area, day of the week, and whether something is offered or
//! wished for. Entries that nobody confirmed for a year come last.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{kind_name, way_name};
use crate::clock::day_of;
use crate::domain::asset::AssetWay;
use crate::domain::language::Language;
use crate::domain::rhythm::named_days;
use crate::domain::text::{Slug, contains_url};
use crate::http::AppState;
use crate::http::pages::i18n::translate;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::place_name;
use crate::http::pages::{PageContext, PageError, PageWidth, Visitor, render_page, sign_in};
use crate::projections::DirectoryRow;

#[derive(Template)]
#[template(path = "directory/list.html")]
struct DirectoryPage {
    page: PageContext,
    entries: Vec<ListedEntry>,
    areas: Vec<DirectoryOption>,
    themes: Vec<DirectoryOption>,
    ways: Vec<DirectoryOption>,
    days: Vec<DirectoryOption>,
    is_filtered: bool,
}

/// An entry, as the list shows it.
struct ListedEntry {
    path: String,
    name: String,
    is_wish: bool,
    way: &'static str,
    /// What it is, and where.
    about: String,
    when: Option<String>,
    group: Option<String>,
    /// The day on which it was last checked, in words.
    checked: Option<String>,
    is_stale: bool,
}

/// What the list can be filtered by.
struct DirectoryOption {
    key: String,
    name: String,
    is_chosen: bool,
}

impl DirectoryOption {
    fn new((key, name): (String, String), chosen: &str) -> Self {
        Self {
            is_chosen: key == chosen,
            key,
            name,
        }
    }
}

/// What a visitor chose; each is empty for everything.
struct ChosenEntries {
    area: String,
    theme: String,
    way: String,
    day: String,
}

impl ChosenEntries {
    fn of_request(request: &HttpRequest) -> Self {
        let param = |name| sign_in::query_param(request, name);
        Self {
            area: param("area"),
            theme: param("theme"),
            way: param("way"),
            day: param("day"),
        }
    }

    fn is_filtered(&self) -> bool {
        [&self.area, &self.theme, &self.way, &self.day]
            .into_iter()
            .any(|chosen| !chosen.is_empty())
    }

    /// An entry without an area is for everyone, so it fits each area.
    fn fits(&self, row: &DirectoryRow) -> bool {
        let is_there = |area: &Slug| area.as_str() == self.area;
        let days = || named_days(row.when.as_deref().unwrap_or_default());
        (self.area.is_empty() || row.area.as_ref().is_none_or(is_there))
            && (self.theme.is_empty() || row.themes.iter().any(|key| key.as_str() == self.theme))
            && (self.way.is_empty() || <&str>::from(row.way) == self.way)
            && (self.day.is_empty() || days().contains(&self.day.as_str()))
    }
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let chosen = ChosenEntries::of_request(&request);
    let today = day_of(app.commands.now());
    let all = app.views.directory(today).await?;
    let wanted: Vec<&DirectoryRow> = all.iter().filter(|row| chosen.fits(row)).collect();
    let groups: BTreeSet<String> = wanted
        .iter()
        .filter_map(|row| row.group)
        .map(|group| group.to_string())
        .collect();
    let mut groups = app.views.names_of_groups(groups).await?;
    groups.retain(|_, name| !contains_url(name));
    let language = visitor.language;
    let entry = |row: &&DirectoryRow| ListedEntry {
        path: format!("/directory/{}", row.id),
        name: row.name.clone(),
        is_wish: row.is_wish(),
        way: way_name(row.way, language),
        about: about(row, language),
        when: row.when.clone(),
        group: row
            .group
            .and_then(|group| groups.get(&group.to_string()).cloned()),
        checked: row
            .confirmed_on
            .map(|day| crate::mail::format_day(day, language)),
        is_stale: row.is_stale(today),
    };
    let themes = ThemeNames::load(&app).await?;
    let title = translate("Directory", language);
    let mut page = PageContext::load(&visitor, &app, title).await?;
    page.width = PageWidth::Wide;
    render_page(&DirectoryPage {
        page,
        entries: wanted.iter().map(entry).collect(),
        areas: areas(&all, &chosen.area),
        themes: theme_options(&all, &themes, &chosen.theme, language),
        ways: ways(&chosen.way, language),
        days: day_options(&chosen.day, language),
        is_filtered: chosen.is_filtered(),
    })
}

/// What an entry is, and where.
fn about(row: &DirectoryRow, language: Language) -> String {
    let area = row.area.as_ref().map(|area| place_name(area.as_str()));
    let area = area.unwrap_or_else(|| translate("Everywhere", language).to_owned());
    format!("{} · {area}", kind_name(row.kind, language))
}

fn areas(all: &[DirectoryRow], chosen: &str) -> Vec<DirectoryOption> {
    let keys: BTreeSet<&str> = all
        .iter()
        .filter_map(|row| row.area.as_ref())
        .map(Slug::as_str)
        .collect();
    keys.into_iter()
        .map(|key| DirectoryOption::new((key.to_owned(), place_name(key)), chosen))
        .collect()
}

/// The themes of entries, by their names.
fn theme_options(
    all: &[DirectoryRow],
    themes: &ThemeNames,
    chosen: &str,
    language: Language,
) -> Vec<DirectoryOption> {
    let by_name: BTreeMap<String, String> = all
        .iter()
        .flat_map(|row| &row.themes)
        .map(|key| (themes.name(key.as_str(), language), key.to_string()))
        .collect();
    by_name
        .into_iter()
        .map(|(name, key)| DirectoryOption::new((key, name), chosen))
        .collect()
}

fn ways(chosen: &str, language: Language) -> Vec<DirectoryOption> {
    [AssetWay::Offer, AssetWay::Wish]
        .map(|way| {
            let pair = (
                <&str>::from(way).to_owned(),
                way_name(way, language).to_owned(),
            );
            DirectoryOption::new(pair, chosen)
        })
        .into()
}

/// The days of the week, by the two letters that [`named_days`] gives them.
fn day_options(chosen: &str, language: Language) -> Vec<DirectoryOption> {
    [
        ("MO", translate("Monday", language)),
        ("TU", translate("Tuesday", language)),
        ("WE", translate("Wednesday", language)),
        ("TH", translate("Thursday", language)),
        ("FR", translate("Friday", language)),
        ("SA", translate("Saturday", language)),
        ("SU", translate("Sunday", language)),
    ]
    .map(|(key, name)| DirectoryOption::new((key.to_owned(), name.to_owned()), chosen))
    .into()
}
