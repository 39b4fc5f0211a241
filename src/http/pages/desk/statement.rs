//! Statements of account between two days, of a fund or of a funder's money. The office shares a
//! funder's statement by a link.

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;

use super::DeskRequest;
use super::list::build_spreadsheet;
use super::statement_links::{StatementSharing, sharing};
use crate::clock::day_of;
use crate::domain::Money;
use crate::domain::language::Language;
use crate::export::spreadsheets::{Spreadsheet, SpreadsheetCell};
use crate::http::pages::statement_sheet::{SheetReader, StatementSheet, cost_of};
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::{place_name, sum_word};
use crate::http::pages::{Form, PageContext, PageError, ownership};
use crate::projections::FundRow;
use crate::views::StatementSubject;

#[derive(Template)]
#[template(path = "desk/statement.html")]
struct StatementPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    filter: Form,
    /// The page of the figures.
    figures: String,
    /// The page to return to: the fund's, or the charts.
    at: String,
    path: String,
    sheet: StatementSheet,
    spreadsheets: Vec<(&'static str, String)>,
    /// The links to a funder's statements, for those who may share it.
    sharing: Option<StatementSharing>,
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let fund: FundRow = request
        .app
        .views
        .find(ownership::parse_uuid(id)?, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let key = fund.id.to_string();
    let about = StatementHeading {
        name: fund.name,
        at: format!("/desk/funds/{key}"),
        query: format!("fund={key}"),
    };
    render(request, StatementSubject::Fund(&key), about, None).await
}

/// A funder's statement, with the outcomes of the funds that have its money.
pub(super) async fn show_funder(
    request: &DeskRequest<'_>,
    funder: &str,
) -> Result<HttpResponse, PageError> {
    if !request.app.views.is_funder(funder).await? {
        return Err(PageError::not_found());
    }
    let about = StatementHeading {
        name: place_name(funder),
        at: figures_path(request),
        query: format!("funder={funder}"),
    };
    let shared = sharing(request, funder, period(request)).await?;
    render(request, StatementSubject::Funder(funder), about, shared).await
}

/// What a statement's page shows apart from the statement.
struct StatementHeading {
    name: String,
    at: String,
    query: String,
}

async fn render(
    request: &DeskRequest<'_>,
    of: StatementSubject<'_>,
    about: StatementHeading,
    sharing: Option<StatementSharing>,
) -> Result<HttpResponse, PageError> {
    let (from, until) = period(request);
    let forms = request.forms();
    let filter = forms
        .form("filter")
        .prefill("from", &from.to_string())
        .prefill("until", &until.to_string());
    let query = &about.query;
    let spreadsheet = |(says, kind): (&'static str, &str)| {
        let path = format!("/desk/sheets/statement.{kind}?{query}&from={from}&until={until}");
        (says, path)
    };
    let spreadsheets = [("Excel", "xlsx"), ("CSV", "csv")].map(spreadsheet);
    let title = format!("Statement of {}", about.name);
    let days = (from, until);
    request.render(&StatementPage {
        page: request.page_context(&title).await?,
        wrong: forms.error_summary(),
        filter,
        figures: figures_path(request),
        at: about.at,
        path: request.path.clone(),
        sheet: StatementSheet::load(request.app, of, about.name, days, SheetReader::Office).await?,
        spreadsheets: spreadsheets.to_vec(),
        sharing,
    })
}

/// The page of the figures, as at the last day of the statement.
fn figures_path(request: &DeskRequest<'_>) -> String {
    match request.day("until") {
        Some(day) if day < day_of(request.app.commands.now()) => {
            format!("/desk/figures?day={day}")
        }
        _ => "/desk/figures".to_owned(),
    }
}

/// The first and last day in the query. By default to today, and from the latest 1 April before the
/// last day, the usual begin of a charity's financial year.
fn period(request: &DeskRequest<'_>) -> (Date, Date) {
    let today = day_of(request.app.commands.now());
    let until = request.day("until").unwrap_or(today);
    let april = Date::new(until.year(), 4, 1).unwrap_or(until);
    let begins = if april <= until {
        april
    } else {
        april.saturating_sub(jiff::Span::new().years(1))
    };
    let from = request.day("from").unwrap_or(begins);
    (from, until.max(from))
}

/// A row of a total, which is about no one grant.
fn total_row(position: i64, day: Date, says: String, amount: Money) -> [SpreadsheetCell; 10] {
    let none = || SpreadsheetCell::Empty;
    [
        position.into(),
        day.into(),
        day.into(),
        says.into(),
        amount.into(),
        none(),
        none(),
        none(),
        none(),
        none(),
    ]
}

/// The statement as a spreadsheet: opening balances, one row per movement, closing balances, and
/// what each person who came cost, once a report says that someone came.
pub(super) async fn spreadsheet(request: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let (from, until) = period(request);
    let of = match (request.text("fund"), request.text("funder")) {
        ("", "") => return Err(PageError::not_found()),
        ("", funder) => StatementSubject::Funder(funder),
        (fund, _) => StatementSubject::Fund(fund),
    };
    let statement = request.app.views.statement(of, from, until).await?;
    let columns = [
        "Position", "Recorded", "Happened", "What", "Change", "Fund", "Funder", "Area", "Theme",
        "Grant",
    ];
    let themes = ThemeNames::load(request.app).await?;
    let cost = cost_of(request.app, &statement).await?;
    let (opening, closing) = (statement.opening, statement.closing);
    let until_position = statement.until_position;
    let ends = [
        (from, statement.from_position, opening, "at the start"),
        (until, statement.until_position, closing, "at the end"),
    ];
    let [before, after] = ends.map(|(day, position, sums, when)| {
        let figures = [
            ("allocated", sums.allocated),
            ("committed", sums.committed),
            ("sent", sums.sent),
            ("confirmed", sums.confirmed),
            ("returned", sums.returned),
        ];
        figures.map(|(figure, sum)| {
            let says = format!("{} {when}", sum_word(figure));
            total_row(position, day, says, sum)
        })
    });
    let lines = statement.lines.into_iter().map(|line| {
        [
            line.position.into(),
            line.recorded_on.into(),
            line.effective_on.into(),
            sum_word(&line.sum).into(),
            SpreadsheetCell::MoneyChange(line.pence),
            line.fund.into(),
            line.funder.as_deref().map(place_name).into(),
            line.area.as_deref().map(place_name).into(),
            line.theme
                .map(|theme| themes.name(&theme, Language::En))
                .into(),
            line.grant.into(),
        ]
    });
    let per_person = cost.per_person.map(|each| {
        let says = format!(
            "Cost for each person who came ({} with a report)",
            cost.grants
        );
        total_row(until_position, until, says, each)
    });
    let rows: Vec<_> = before
        .into_iter()
        .chain(lines)
        .chain(after)
        .chain(per_person)
        .collect();
    Ok(build_spreadsheet("Statement", columns, rows, |row| row))
}
