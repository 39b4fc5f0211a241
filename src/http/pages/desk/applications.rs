//! The list of applications.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use jiff::civil::Date;
use serde::Deserialize;
use strum::VariantNames as _;
use uuid::Uuid;

use super::list::{
    BulkAction, ListCell, ListColumn, ListDefinition, ListFilter, ListRow, ListSearch, ListTab,
    Tick, build_spreadsheet, column, have_pence, name_cell, names_of_rounds, pounds_in,
};
use super::{DeskRequest, label_of};
use crate::domain::application::{ApplicationState, Channel};
use crate::domain::language::Language;
use crate::domain::reference::Reference;
use crate::domain::{GroupId, Money, Role};
use crate::export::spreadsheets::Spreadsheet;
use crate::http::api::applications::application_views;
use crate::http::pages::PageError;
use crate::http::pages::days::short_day;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::place_name;
use crate::http::pages::words::{Tagged as _, capitalised};
use crate::projections::{ApplicationRow, FundRow};
use crate::views::{ApplicationColumn as C, Filter, ListAmount, TableRow};

pub(super) static LIST: ListDefinition = ListDefinition {
    name: "applications",
    title: "Applications",
    lead: "",
    nouns: ("application", "applications"),
    columns: &COLUMNS,
    tabs: &[
        ListTab {
            label: "Not decided",
            query: &[
                ("state", "submitted"),
                ("state", "changes_requested"),
                ("state", "eligible"),
                ("state", "in_assessment"),
                ("state", "deferred"),
                ("state", "under_review"),
            ],
        },
        ListTab {
            label: "To check",
            query: &[("state", "submitted")],
        },
        ListTab {
            label: "Review asked for",
            query: &[("state", "under_review")],
        },
        ListTab {
            label: "To score",
            query: &[("state", "eligible")],
        },
        ListTab {
            label: "Being scored",
            query: &[("state", "in_assessment")],
        },
        ListTab {
            label: "Waiting for group",
            query: &[("state", "changes_requested")],
        },
        ListTab {
            label: "Reserve list",
            query: &[("state", "reserve_list"), ("sort", "rank")],
        },
        ListTab {
            label: "All",
            query: &[],
        },
    ],
    usual: (None, C::Urgency.key()),
    amounts: [
        Some(("Asked for", ListAmount::Requested)),
        Some(("awarded", ListAmount::Awarded)),
    ],
    search: Some(ListSearch::NumberOrGroup),
    filters: |request| {
        let mut filters = request.filters_by_column(&["state", "fund", "round", "area"]);
        let themes = request.all("theme");
        if !themes.is_empty() {
            filters.push(Filter::any_of("activity", themes));
        }
        Ok(filters)
    },
    fields,
    has_past: true,
    has_counts: true,
    has_contacts: true,
    bulk: &[
        BulkAction {
            id: "eligible",
            label: "Mark as eligible",
            roles: &[Role::Officer],
        },
        BulkAction {
            id: "print",
            label: "Print each",
            roles: &[
                Role::Officer,
                Role::Panel,
                Role::Finance,
                Role::Administrator,
            ],
        },
    ],
    purpose: "Applications from groups arrive here. You can also add one that came on paper or by \
        phone.",
};

/// The address that the menu opens: the first tab of the list.
pub(in crate::http::pages) fn opening_address() -> String {
    let query = serde_html_form::to_string(LIST.tabs[0].query).unwrap_or_default();
    format!("{}?{query}", LIST.path())
}

const COLUMNS: [ListColumn; 14] = [
    column("group", "Group", Some(C::Group.key())),
    column("requested", "Asks for", Some(C::Requested.key())).numeric(),
    column("state", "Status", Some(C::State.key())),
    column("area", "Area", Some(C::Area.key())).minor(),
    column("theme", "Theme", Some(C::Activity.key())).unusual(),
    column("submitted", "Sent", Some(C::Submitted.key())),
    column("number", "Number", Some(C::Number.key())).unusual(),
    column("round", "Round", Some(C::Round.key())).unusual(),
    column("score", "Score", None).numeric().unusual(),
    column("rank", "Reserve place", Some(C::Rank.key()))
        .numeric()
        .unusual(),
    column("awarded", "Awarded", Some(C::Awarded.key()))
        .numeric()
        .unusual(),
    column("decided", "Decided", Some(C::Decided.key())).unusual(),
    column("language", "Language", Some(C::Language.key())).unusual(),
    column("channel", "How it came", Some(C::Channel.key())).unusual(),
];

fn fields(funds: &[FundRow], themes: &ThemeNames) -> Vec<ListFilter> {
    let state = |state: &&'static str| {
        let parsed: ApplicationState = state.parse().ok()?;
        Some(((*state).to_owned(), parsed.word().to_owned()))
    };
    let states = ApplicationState::VARIANTS
        .iter()
        .filter(|state| **state != "blank");
    vec![
        ListFilter::new(
            "state",
            "Status",
            "Any status",
            states.filter_map(state).collect(),
        ),
        ListFilter::fund(funds),
        ListFilter::new(
            "round",
            "Round",
            "Any round",
            names_of_rounds(funds).into_iter().collect(),
        ),
        ListFilter::area(funds),
        ListFilter::theme(themes),
    ]
}

/// The parts of an application's row that the list shows. The rest of the row is not read.
#[derive(Deserialize)]
struct ListedApplication {
    id: Uuid,
    #[serde(default)]
    reference: String,
    state: ApplicationState,
    round: String,
    group: GroupId,
    requested: Option<Money>,
    area: Option<String>,
    activity: Option<String>,
    channel: Option<Channel>,
    submitted_on: Option<Date>,
    decided_on: Option<Date>,
    awarded: Option<Money>,
    rank: Option<u16>,
    #[serde(default)]
    language: Language,
}

impl TableRow for ListedApplication {
    const TABLE: &'static str = ApplicationRow::TABLE;
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let found = request.list_rows::<ListedApplication>(&LIST).await?;
    let columns = request.shown_columns(&LIST);
    let items = &found.page.items;
    let scores = if columns.iter().any(|column| column.id == "score") {
        scores(request, items).await?
    } else {
        BTreeMap::new()
    };
    let groups = request
        .group_names(items.iter().map(|row| row.group.to_string()))
        .await?;
    let funds = request.app.views.cached_funds().await?;
    let table = ApplicationTable {
        columns,
        groups,
        scores,
        rounds: names_of_rounds(&funds),
        themes: ThemeNames::load(request.app).await?,
        today: request.today(),
        with_pence: have_pence(items.iter().filter_map(|row| row.requested)),
        from_list: request.list_suffix(),
    };
    let rows = items.iter().map(|row| table.row(row)).collect();
    let links = if request.signed.reader.roles.contains(&Role::Officer) {
        vec![("Add an application", "/desk/applications/new")]
    } else {
        Vec::new()
    };
    request.render_list(&LIST, &found, rows, links, "").await
}

/// The scores of the page's rows. They are for those who have no connection to the application.
async fn scores(
    request: &DeskRequest<'_>,
    items: &[ListedApplication],
) -> Result<BTreeMap<Uuid, ListCell>, PageError> {
    let shown = vec![Filter::any_of("id", items.iter().map(|row| row.id))];
    let rows: Vec<ApplicationRow> = request.list_all(shown).await?;
    let seen = application_views(request.app, request.signed, rows).await?;
    Ok(seen
        .into_iter()
        .map(|seen| (seen.row.id, score(&seen.row)))
        .collect())
}

/// The columns of the list, with the names that its cells show.
struct ApplicationTable {
    columns: Vec<&'static ListColumn>,
    groups: BTreeMap<String, String>,
    scores: BTreeMap<Uuid, ListCell>,
    rounds: BTreeMap<String, String>,
    themes: ThemeNames,
    today: Date,
    with_pence: bool,
    from_list: String,
}

impl ApplicationTable {
    fn theme(&self, row: &ListedApplication) -> String {
        let key = row.activity.as_deref().unwrap_or_default();
        self.themes.name(key, Language::En)
    }

    fn row(&self, row: &ListedApplication) -> ListRow {
        let id = row.id.to_string();
        let name = self.groups.get(&row.group.to_string()).cloned();
        ListRow {
            path: format!("/desk/applications/{id}{}", self.from_list),
            name: name.unwrap_or_else(|| "A group".to_owned()),
            sub: number(&row.reference),
            cells: self
                .columns
                .iter()
                .skip(1)
                .map(|column| self.cell(column.id, row))
                .collect(),
            tick: Tick::Yes,
            id,
            ..ListRow::default()
        }
    }

    fn cell(&self, column: &str, row: &ListedApplication) -> ListCell {
        let amount = |amount: Option<Money>| {
            let says = amount.map(|amount| pounds_in(amount, self.with_pence));
            ListCell::text(says.unwrap_or_default())
        };
        let day = |day: Option<Date>| {
            let says = day.map(|day| short_day(day, self.today));
            ListCell::text(says.unwrap_or_default())
        };
        match column {
            "requested" => amount(row.requested),
            "awarded" => amount(row.awarded),
            "state" => {
                let place = row.rank.map(|rank| format!("Place {rank}"));
                ListCell::tag(row.state.tag()).sub(place.unwrap_or_default())
            }
            "area" => {
                let area = row.area.as_deref().map(place_name);
                let shown = self.columns.iter().any(|column| column.id == "theme");
                let theme = if shown {
                    String::new()
                } else {
                    self.theme(row)
                };
                ListCell::text(area.unwrap_or_default()).sub(theme)
            }
            "theme" => ListCell::text(self.theme(row)),
            "submitted" => day(row.submitted_on),
            "decided" => day(row.decided_on),
            "number" => ListCell::text(number(&row.reference)),
            "round" => {
                let name = self.rounds.get(&row.round);
                ListCell::text(name.cloned().unwrap_or_default())
            }
            "score" => self.scores.get(&row.id).cloned().unwrap_or_default(),
            "rank" => ListCell::text(row.rank.map(|rank| rank.to_string()).unwrap_or_default()),
            "language" => ListCell::text(row.language.english_name()),
            "channel" => ListCell::text(row.channel.map(channel_in_words).unwrap_or_default()),
            _ => ListCell::default(),
        }
    }
}

/// The mean of the scores that count, and how many there are.
fn score(row: &ApplicationRow) -> ListCell {
    let given: Vec<u32> = row
        .scores
        .iter()
        .filter(|score| score.set_aside.is_none())
        .map(|score| score.criteria.values().map(|value| u32::from(*value)).sum())
        .collect();
    let count = u32::try_from(given.len()).unwrap_or_default();
    if count == 0 {
        return ListCell::default();
    }
    let tenths = given.iter().sum::<u32>() * 10 / count;
    ListCell::text(format!("{}.{}", tenths / 10, tenths % 10)).sub(format!("{count} scored"))
}

fn channel_in_words(channel: Channel) -> String {
    capitalised(&label_of(channel))
}

fn number(reference: &str) -> String {
    Reference::parse(reference)
        .map(|reference| reference.to_string())
        .unwrap_or_default()
}

/// The list as a spreadsheet, with all columns.
pub(super) async fn spreadsheet(request: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let funds = request.funds().await?;
    let rounds = |row: &ApplicationRow| {
        let fund = funds.iter().find(|fund| fund.id == row.fund.0)?;
        Some((
            fund.name.clone(),
            fund.rounds
                .get(&row.round)
                .map(|round| round.name.clone())
                .unwrap_or_default(),
        ))
    };
    let rows: Vec<ApplicationRow> = request.whole_list(&LIST).await?;
    let themes = ThemeNames::load(request.app).await?;
    let groups = request
        .group_names(rows.iter().map(|row| row.group.to_string()))
        .await?;
    let columns = [
        "Number",
        "Status",
        "Group",
        "Fund",
        "Round",
        "Area",
        "Theme",
        "Asks for",
        "Awarded",
        "Sent",
        "Decided",
        "How it came",
        "Language",
    ];
    let owners: Vec<_> = rows.iter().map(|row| Some(row.group.0)).collect();
    let mut sheet = build_spreadsheet("Applications", columns, rows, |row| {
        let (fund, round) = rounds(&row).unzip();
        [
            Reference::parse(&row.reference)
                .map(|reference| reference.to_string())
                .into(),
            row.state.word().into(),
            name_cell(&groups, &row.group),
            fund.into(),
            round.into(),
            row.area.map(|area| place_name(area.as_str())).into(),
            row.activity
                .map(|theme| themes.name(theme.as_str(), Language::En))
                .into(),
            row.requested.into(),
            row.awarded.into(),
            row.submitted_on.into(),
            row.decided_on.into(),
            row.channel.map(channel_in_words).into(),
            row.language.english_name().into(),
        ]
    });
    request.add_contacts(&mut sheet, &owners).await?;
    Ok(sheet)
}
