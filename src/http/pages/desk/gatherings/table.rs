//! The list of gatherings, and its spreadsheet.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use jiff::civil::Date;
use uuid::Uuid;

use super::{kind_choices, name_of_kind};
use crate::clock::day_of;
use crate::domain::gathering::{GatheringState, SessionState};
use crate::domain::language::Language;
use crate::domain::text::Slug;
use crate::export::spreadsheets::Spreadsheet;
use crate::http::pages::PageError;
use crate::http::pages::days::short_day;
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::list::{
    ListCell, ListColumn, ListDefinition, ListFilter, ListRow, ListSearch, ListTab,
    build_spreadsheet, column,
};
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::{Tagged as _, place_name};
use crate::projections::{FundRow, GatheringRow, GatheringSessionRow};
use crate::views::{Filter, GatheringColumn as C};

pub(in crate::http::pages::desk) static LIST: ListDefinition = ListDefinition {
    name: "gatherings",
    title: "Gatherings",
    lead: "",
    nouns: ("gathering", "gatherings"),
    columns: &COLUMNS,
    tabs: &[
        ListTab {
            label: "All",
            query: &[],
        },
        ListTab {
            label: "Open",
            query: &[("state", "open")],
        },
        ListTab {
            label: "Not open yet",
            query: &[("state", "draft")],
        },
    ],
    usual: (Some("gathering"), C::Title.key()),
    amounts: [None, None],
    search: Some(ListSearch::Own),
    filters: |request| Ok(filters(request)),
    fields,
    has_past: true,
    has_counts: true,
    has_contacts: false,
    bulk: &[],
    purpose: "People meet at gatherings: a call to action, a circle, a workshop, a walk. Plan one, \
        add its sessions, and open it. Then people can sign up.",
};

const COLUMNS: [ListColumn; 8] = [
    column("gathering", "Gathering", Some(C::Title.key())),
    column("state", "Status", Some(C::State.key())),
    column("kind", "Kind", Some(C::Kind.key())),
    column("area", "Area", Some(C::Area.key())).minor(),
    column("themes", "Themes", None).minor(),
    column("next", "Next session", None),
    column("people", "Places taken", None).numeric(),
    column("planned", "Planned on", Some(C::Planned.key())).unusual(),
];

/// The conditions of the query.
fn filters(request: &DeskRequest<'_>) -> Vec<Filter> {
    let mut filters = request.filters_by_column(&["state", "kind", "area", "fund"]);
    let theme = request.text("theme");
    if !theme.is_empty() {
        filters.push(match theme.parse::<Slug>() {
            Ok(key) => Filter::includes("themes", key.as_str()),
            Err(_) => Filter::any_of("themes", Vec::<String>::new()),
        });
    }
    filters
}

fn fields(funds: &[FundRow], themes: &ThemeNames) -> Vec<ListFilter> {
    let states = [
        GatheringState::Draft,
        GatheringState::Open,
        GatheringState::Ended,
    ]
    .map(|state| (<&str>::from(state), state.word()));
    vec![
        ListFilter::status("Any status", &states),
        ListFilter::new("kind", "Kind", "Any kind", kind_choices()),
        ListFilter::area(funds),
        ListFilter::theme(themes),
        ListFilter::fund(funds),
    ]
}

/// The sessions of a gathering in figures.
#[derive(Default)]
struct SessionFigures {
    /// The next session that is planned.
    next: Option<Date>,
    sessions: i64,
    held: i64,
    taken: i64,
    waiting: i64,
    came: i64,
}

/// The sessions of gatherings in figures, by the gathering's id.
async fn figures(
    request: &DeskRequest<'_>,
    gatherings: &[GatheringRow],
) -> Result<BTreeMap<Uuid, SessionFigures>, PageError> {
    let ids = gatherings.iter().map(|row| row.id);
    let of = vec![Filter::any_of("gathering", ids)];
    let rows: Vec<GatheringSessionRow> = request.list_all(of).await?;
    let today = request.today();
    let mut known: BTreeMap<Uuid, SessionFigures> = BTreeMap::new();
    for row in rows {
        let of = known.entry(row.gathering).or_default();
        of.sessions += 1;
        of.held += i64::from(row.state == SessionState::Held);
        of.came += row.came.map_or(0, |came| i64::from(came.people));
        if row.state == SessionState::Planned && row.day >= today {
            of.next = Some(of.next.map_or(row.day, |next| next.min(row.day)));
            of.taken += i64::from(row.taken) + i64::from(row.counted);
            of.waiting += i64::from(row.waiting);
        }
    }
    Ok(known)
}

fn theme_names(themes: &ThemeNames, row: &GatheringRow) -> String {
    let name = |key: &Slug| themes.name(key.as_str(), Language::En);
    let names: Vec<String> = row.themes.iter().map(name).collect();
    names.join("; ")
}

fn area_name(row: &GatheringRow) -> String {
    let area = row.area.as_ref();
    area.map_or_else(|| "Everywhere".to_owned(), |area| place_name(area.as_str()))
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let found = request.list_rows::<GatheringRow>(&LIST).await?;
    let columns = request.shown_columns(&LIST);
    let figures = figures(request, &found.page.items).await?;
    let themes = ThemeNames::load(request.app).await?;
    let (today, from_list) = (request.today(), request.list_suffix());
    let cell = |column: &str, row: &GatheringRow| {
        let of = figures.get(&row.id);
        match column {
            "state" => ListCell::tag(row.state.tag()),
            "kind" => ListCell::text(name_of_kind(row.kind)),
            "area" => ListCell::text(area_name(row)),
            "themes" => ListCell::text(theme_names(&themes, row)),
            "next" => {
                let next = of.and_then(|of| of.next);
                ListCell::text(next.map(|day| short_day(day, today)).unwrap_or_default())
            }
            "people" => people_cell(of),
            "planned" => ListCell::text(short_day(day_of(row.created_at.timestamp()), today)),
            _ => ListCell::default(),
        }
    };
    let row = |row: &GatheringRow| ListRow {
        id: row.id.to_string(),
        path: format!("{}{from_list}", super::path_of(row.id)),
        name: row.title.clone(),
        cells: columns
            .iter()
            .skip(1)
            .map(|column| cell(column.id, row))
            .collect(),
        ..ListRow::default()
    };
    let rows = found.page.items.iter().map(row).collect();
    let links = if request.signed.reader.works_with_people() {
        vec![("Plan a gathering", "/desk/gatherings/new")]
    } else {
        Vec::new()
    };
    request.render_list(&LIST, &found, rows, links, "").await
}

/// How many have a place at the sessions to come, and how many wait.
fn people_cell(of: Option<&SessionFigures>) -> ListCell {
    let Some(of) = of.filter(|of| of.next.is_some()) else {
        return ListCell::default();
    };
    let cell = ListCell::text(of.taken.to_string());
    match of.waiting {
        0 => cell,
        1 => cell.sub("1 waits"),
        waiting => cell.sub(format!("{waiting} wait")),
    }
}

/// The list as a spreadsheet: figures, and no names of people.
pub(in crate::http::pages::desk) async fn spreadsheet(
    request: &DeskRequest<'_>,
) -> Result<Spreadsheet, PageError> {
    let rows: Vec<GatheringRow> = request.whole_list(&LIST).await?;
    let figures = figures(request, &rows).await?;
    let themes = ThemeNames::load(request.app).await?;
    let none = SessionFigures::default();
    let columns = [
        "Gathering",
        "Status",
        "Kind",
        "Area",
        "Themes",
        "Planned on",
        "Leads",
        "Sessions",
        "Sessions held",
        "People who came",
        "Next session",
        "Places taken",
        "Waiting",
        "Id",
    ];
    Ok(build_spreadsheet("Gatherings", columns, rows, |row| {
        let of = figures.get(&row.id).unwrap_or(&none);
        [
            row.title.as_str().into(),
            row.state.word().into(),
            name_of_kind(row.kind).into(),
            area_name(&row).into(),
            theme_names(&themes, &row).into(),
            row.planned_on.into(),
            i64::try_from(row.leads.len()).unwrap_or_default().into(),
            of.sessions.into(),
            of.held.into(),
            of.came.into(),
            of.next.into(),
            of.taken.into(),
            of.waiting.into(),
            row.id.to_string().into(),
        ]
    }))
}
