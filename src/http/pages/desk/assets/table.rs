//! The list of the directory's entries, and its spreadsheet. Entries that nobody looks after any
//! more come first.

use std::collections::BTreeSet;

use actix_web::HttpResponse;

use super::{kind_choices, kind_name, name_of, way_choices, way_name};
use crate::domain::PersonId;
use crate::domain::asset::AssetState;
use crate::domain::language::Language;
use crate::domain::text::Slug;
use crate::export::spreadsheets::Spreadsheet;
use crate::http::pages::PageError;
use crate::http::pages::days::short_day;
use crate::http::pages::desk::list::{
    ListCell, ListColumn, ListDefinition, ListFilter, ListRow, ListSearch, ListTab,
    build_spreadsheet, column,
};
use crate::http::pages::desk::{DeskRequest, PersonNames};
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::{Tagged as _, place_name};
use crate::projections::{AssetRow, FundRow};
use crate::views::{AssetColumn as C, Filter};

/// The value of the parameter `keeper` that asks for entries without one.
const WITHOUT: &str = "none";

pub(in crate::http::pages::desk) static LIST: ListDefinition = ListDefinition {
    name: "assets",
    title: "Directory",
    lead: "",
    nouns: ("entry", "entries"),
    columns: &COLUMNS,
    tabs: &[
        ListTab {
            label: "All",
            query: &[],
        },
        ListTab {
            label: "No one looks after it",
            query: &[("keeper", WITHOUT)],
        },
        ListTab {
            label: "In the directory",
            query: &[("state", "published")],
        },
        ListTab {
            label: "Not published",
            query: &[("state", "recorded")],
        },
    ],
    usual: (Some("entry"), C::Name.key()),
    amounts: [None, None],
    search: Some(ListSearch::Own),
    filters: |request| Ok(filters(request)),
    fields,
    has_past: true,
    has_counts: true,
    has_contacts: false,
    bulk: &[],
    purpose: "The directory says what groups, places and people here do, share and are \
        looking for. Record an entry, and publish it once its words are right.",
};

const COLUMNS: [ListColumn; 9] = [
    column("entry", "Entry", Some(C::Name.key())),
    column("state", "Status", Some(C::State.key())),
    column("way", "Offered or wanted", Some(C::Way.key())).minor(),
    column("kind", "Kind", Some(C::Kind.key())),
    column("area", "Area", Some(C::Area.key())).minor(),
    column("themes", "Themes", None).minor(),
    column("checked", "Last checked", Some(C::Stale.key())),
    column("keeper", "Looked after by", None),
    column("recorded", "Recorded on", Some(C::Recorded.key())).unusual(),
];

/// The conditions of the query.
fn filters(request: &DeskRequest<'_>) -> Vec<Filter> {
    let mut filters = request.filters_by_column(&["state", "way", "kind", "area"]);
    let theme = request.text("theme");
    if !theme.is_empty() {
        filters.push(match theme.parse::<Slug>() {
            Ok(key) => Filter::includes("themes", key.as_str()),
            Err(_) => Filter::any_of("themes", Vec::<String>::new()),
        });
    }
    filters
}

/// The conditions for entries that nobody looks after, if the query asks for them. Who looks after
/// entries depends on the roles of people, so it is no column.
pub(in crate::http::pages::desk) async fn without_keeper_filter(
    request: &DeskRequest<'_>,
    as_at: Option<i64>,
) -> Result<Vec<Filter>, PageError> {
    if request.text("keeper") != WITHOUT {
        return Ok(Vec::new());
    }
    let former = request.app.views.former_keepers(as_at).await?;
    let standing = [
        AssetState::Recorded,
        AssetState::Published,
        AssetState::Paused,
    ];
    Ok(vec![
        Filter::any_of("keeper", former),
        Filter::in_state(standing),
    ])
}

fn fields(funds: &[FundRow], themes: &ThemeNames) -> Vec<ListFilter> {
    let states = [
        AssetState::Recorded,
        AssetState::Published,
        AssetState::Paused,
        AssetState::Withdrawn,
    ]
    .map(|state| (<&str>::from(state), state.word()));
    vec![
        ListFilter::status("Any status", &states),
        ListFilter::new("way", "Offered or wanted", "Both", way_choices()),
        ListFilter::new("kind", "Kind", "Any kind", kind_choices(|_| true)),
        ListFilter::area(funds),
        ListFilter::theme(themes),
    ]
}

fn theme_names(themes: &ThemeNames, row: &AssetRow) -> String {
    let name = |key: &Slug| themes.name(key.as_str(), Language::En);
    let names: Vec<String> = row.themes.iter().map(name).collect();
    names.join("; ")
}

fn area_name(row: &AssetRow) -> String {
    let area = row.area.as_ref();
    area.map_or_else(|| "Everywhere".to_owned(), |area| place_name(area.as_str()))
}

/// What the rows of the list show besides themselves.
struct ShownEntries<'a> {
    request: &'a DeskRequest<'a>,
    former: BTreeSet<PersonId>,
    names: PersonNames,
    themes: ThemeNames,
}

impl ShownEntries<'_> {
    fn is_without_keeper(&self, row: &AssetRow) -> bool {
        row.state != AssetState::Withdrawn
            && row
                .keeper
                .is_some_and(|keeper| self.former.contains(&keeper))
    }

    fn cell(&self, column: &str, row: &AssetRow) -> ListCell {
        let today = self.request.today();
        match column {
            "state" => ListCell::tag(row.state.tag()),
            "way" => ListCell::text(way_name(row.way)),
            "kind" => ListCell::text(kind_name(row.kind)),
            "area" => ListCell::text(area_name(row)),
            "themes" => ListCell::text(theme_names(&self.themes, row)),
            "checked" => {
                let checked = row.confirmed_on.map(|day| short_day(day, today));
                let cell = ListCell::text(checked.unwrap_or_default());
                if row.is_stale(today) {
                    cell.sub("More than a year ago").late(true)
                } else {
                    cell
                }
            }
            "keeper" if self.is_without_keeper(row) => ListCell::text("").sub("No one").late(true),
            "keeper" => {
                let name = row.keeper.map(|keeper| self.names.of(&keeper));
                ListCell::text(name.unwrap_or_default())
            }
            "recorded" => ListCell::text(short_day(row.recorded_on, today)),
            _ => ListCell::default(),
        }
    }
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let found = request.list_rows::<AssetRow>(&LIST).await?;
    let columns = request.shown_columns(&LIST);
    let is_opening = request.query.iter().all(|(name, _)| name == "done");
    let mut first = if is_opening {
        request.app.views.entries_without_keeper(None).await?
    } else {
        Vec::new()
    };
    first.sort_by_cached_key(name_of);
    let lonely = first.len();
    let shown_first: BTreeSet<_> = first.iter().map(|row| row.id).collect();
    let others = found
        .page
        .items
        .iter()
        .filter(|row| !shown_first.contains(&row.id));
    first.extend(others.cloned());
    let keepers: BTreeSet<PersonId> = first.iter().filter_map(|row| row.keeper).collect();
    let shown = ShownEntries {
        request,
        former: request
            .app
            .views
            .former_keepers(request.as_at().await?)
            .await?,
        names: request.names_of_colleagues(keepers).await?,
        themes: ThemeNames::load(request.app).await?,
    };
    let from_list = request.list_suffix();
    let part = |at: usize| match at {
        _ if lonely == 0 => None,
        0 => Some(("No one looks after these", lonely)),
        at if at == lonely => Some(("The others", first.len() - lonely)),
        _ => None,
    };
    let row = |(at, row): (usize, &AssetRow)| ListRow {
        part: part(at),
        id: row.id.to_string(),
        path: format!("{}{from_list}", super::path_of(row.id)),
        name: name_of(row),
        cells: columns
            .iter()
            .skip(1)
            .map(|column| shown.cell(column.id, row))
            .collect(),
        ..ListRow::default()
    };
    let rows = first.iter().enumerate().map(row).collect();
    let mut links = vec![("Hours", "/desk/assets/hours")];
    if super::keeps_directory(request) {
        links.insert(0, ("Record an entry", "/desk/assets/new"));
    }
    request.render_list(&LIST, &found, rows, links, "").await
}

/// The list as a spreadsheet, without names of people and without what they wrote.
pub(in crate::http::pages::desk) async fn spreadsheet(
    request: &DeskRequest<'_>,
) -> Result<Spreadsheet, PageError> {
    let rows: Vec<AssetRow> = request.whole_list(&LIST).await?;
    let themes = ThemeNames::load(request.app).await?;
    let groups = rows.iter().filter_map(|row| row.group);
    let groups = request
        .group_names(groups.map(|group| group.to_string()))
        .await?;
    let columns = [
        "Entry",
        "Status",
        "Offered or wanted",
        "Kind",
        "Area",
        "Themes",
        "Held by the group",
        "When",
        "Recorded on",
        "Published on",
        "Last checked",
        "Out of date from",
        "Id",
    ];
    Ok(build_spreadsheet("Directory", columns, rows, |row| {
        let group = row
            .group
            .and_then(|group| groups.get(&group.to_string()).cloned());
        let when = row
            .listing
            .as_ref()
            .and_then(|listing| listing.when.as_ref())
            .map(ToString::to_string);
        [
            name_of(&row).into(),
            row.state.word().into(),
            way_name(row.way).into(),
            kind_name(row.kind).into(),
            area_name(&row).into(),
            theme_names(&themes, &row).into(),
            group.into(),
            when.into(),
            row.recorded_on.into(),
            row.published_on.into(),
            row.confirmed_on.into(),
            row.stale_on.into(),
            row.id.to_string().into(),
        ]
    }))
}
