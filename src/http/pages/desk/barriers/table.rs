//! The list of barriers, what waits longest first, and its spreadsheet.

use actix_web::HttpResponse;

use super::{OPEN_STATES, carries_up, comes_to_name, name_of, path_of};
use crate::domain::barrier::BarrierState;
use crate::domain::language::Language;
use crate::export::spreadsheets::Spreadsheet;
use crate::http::pages::PageError;
use crate::http::pages::days::short_day;
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::list::{
    ListCell, ListColumn, ListDefinition, ListFilter, ListRow, ListTab, build_spreadsheet, column,
};
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::{Tagged as _, place_name};
use crate::projections::{BarrierRow, FundRow};
use crate::views::{BarrierColumn as C, Filter};

pub(in crate::http::pages::desk) static LIST: ListDefinition = ListDefinition {
    name: "barriers",
    title: "What we hear",
    lead: "What waits longest comes first.",
    nouns: ("barrier", "barriers"),
    columns: &COLUMNS,
    tabs: &[
        ListTab {
            label: "Open",
            query: &[],
        },
        ListTab {
            label: "To summarise",
            query: &[("state", "raised")],
        },
        ListTab {
            label: "To pass on",
            query: &[("state", "summed_up")],
        },
        ListTab {
            label: "Waiting for an answer",
            query: &[("state", "passed_on")],
        },
        ListTab {
            label: "Answered",
            query: &[("state", "answered")],
        },
    ],
    usual: (Some("barrier"), C::Raised.key()),
    amounts: [None, None],
    search: None,
    filters: |request| Ok(filters(request)),
    fields,
    has_past: true,
    has_counts: true,
    has_contacts: false,
    bulk: &[],
    purpose: "People tell us what gets in their way. Summarise it, pass it on to those who can \
        change it, and record what they say. Everyone who told us hears the answer.",
};

const COLUMNS: [ListColumn; 7] = [
    column("barrier", "What gets in the way", Some(C::Raised.key())),
    column("state", "Status", Some(C::State.key())),
    column("area", "Area", Some(C::Area.key())),
    column("theme", "Theme", Some(C::Theme.key())).minor(),
    column("people", "People", Some(C::People.key())).numeric(),
    column("due", "Answer by", Some(C::Due.key())),
    column("raised", "Raised on", Some(C::Raised.key())),
];

/// The conditions of the query. Without a status the list has what is open.
fn filters(request: &DeskRequest<'_>) -> Vec<Filter> {
    let mut filters = request.filters_by_column(&["state", "area", "theme"]);
    if request.all("state").is_empty() {
        filters.push(Filter::in_state(OPEN_STATES));
    }
    filters
}

fn fields(funds: &[FundRow], themes: &ThemeNames) -> Vec<ListFilter> {
    let states = [
        BarrierState::Raised,
        BarrierState::SummedUp,
        BarrierState::PassedOn,
        BarrierState::Answered,
        BarrierState::Closed,
        BarrierState::Joined,
    ]
    .map(|state| (<&str>::from(state), state.word()));
    vec![
        ListFilter::status("All that are open", &states),
        ListFilter::area(funds),
        ListFilter::theme(themes),
    ]
}

fn area_name(row: &BarrierRow) -> String {
    let area = row.area.as_ref();
    area.map_or_else(|| "Everywhere".to_owned(), |area| place_name(area.as_str()))
}

fn theme_name(row: &BarrierRow, themes: &ThemeNames) -> String {
    let theme = row.theme.as_ref();
    theme
        .map(|key| themes.name(key.as_str(), Language::En))
        .unwrap_or_default()
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let found = request.list_rows::<BarrierRow>(&LIST).await?;
    let columns = request.shown_columns(&LIST);
    let themes = ThemeNames::load(request.app).await?;
    let (today, from_list) = (request.today(), request.list_suffix());
    let cell = |column: &str, row: &BarrierRow| match column {
        "state" => ListCell::tag(row.state.tag()),
        "area" => ListCell::text(area_name(row)),
        "theme" => ListCell::text(theme_name(row, &themes)),
        "people" => ListCell::text(row.people.unwrap_or_default().to_string()),
        "due" => {
            let waits = row.state == BarrierState::PassedOn;
            let due = row.due_on.filter(|_| waits);
            ListCell::text(due.map(|day| short_day(day, today)).unwrap_or_default())
                .late(due.is_some_and(|day| day < today))
        }
        "raised" => ListCell::text(short_day(row.raised_on, today)),
        _ => ListCell::default(),
    };
    let row = |row: &BarrierRow| ListRow {
        id: row.id.to_string(),
        path: format!("{}{from_list}", path_of(row.id)),
        name: name_of(row),
        cells: columns
            .iter()
            .skip(1)
            .map(|column| cell(column.id, row))
            .collect(),
        ..ListRow::default()
    };
    let rows = found.page.items.iter().map(row).collect();
    let links = if carries_up(request) {
        vec![("Note what someone told us", "/desk/barriers/new")]
    } else {
        Vec::new()
    };
    request.render_list(&LIST, &found, rows, links, "").await
}

/// The list as a spreadsheet: the words of staff, and none of those who raised one.
pub(in crate::http::pages::desk) async fn spreadsheet(
    request: &DeskRequest<'_>,
) -> Result<Spreadsheet, PageError> {
    let rows: Vec<BarrierRow> = request.whole_list(&LIST).await?;
    let themes = ThemeNames::load(request.app).await?;
    let columns = [
        "Barrier",
        "Status",
        "Area",
        "Theme",
        "People",
        "Raised on",
        "Passed on to",
        "Passed on",
        "Answer by",
        "What comes of it",
        "Id",
    ];
    Ok(build_spreadsheet("Barriers", columns, rows, |row| {
        let comes_to = row.comes_to.map_or("", comes_to_name);
        [
            name_of(&row).into(),
            row.state.word().into(),
            area_name(&row).into(),
            theme_name(&row, &themes).into(),
            i64::from(row.people.unwrap_or_default()).into(),
            row.raised_on.into(),
            row.passed_on_to.clone().unwrap_or_default().into(),
            row.passed_on.into(),
            row.due_on.into(),
            comes_to.into(),
            row.id.to_string().into(),
        ]
    }))
}
