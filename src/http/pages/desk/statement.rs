//! Statements of account between two days, of a fund or of a funder's money. A funder's statement
//! also shows the outcomes of the funds that have its money.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;

use super::DeskRequest;
use super::list::build_spreadsheet;
use crate::clock::day_of;
use crate::domain::Money;
use crate::export::spreadsheets::{Spreadsheet, SpreadsheetCell};
use crate::http::pages::apply::sections::place_name;
use crate::http::pages::charts::{DaySelection, OutcomeBar, outcome_bars, totals_query};
use crate::http::pages::days::short_day;
use crate::http::pages::public::order_by_sign;
use crate::http::pages::{Form, PageContext, PageError, ownership};
use crate::projections::{FundRow, GrantRow, OrganisationRow};
use crate::views::{Balances, GroupBy, Statement, StatementLine, StatementSubject};

#[derive(Template)]
#[template(path = "desk/statement.html")]
struct StatementPage {
    page: PageContext,
    filter: Form,
    name: String,
    /// The page to return to: the fund's, or the charts.
    at: String,
    path: String,
    statement: Statement,
    balances: [(&'static str, Balances); 2],
    /// The sums of the period alone.
    moved: Moved,
    grants: Vec<GrantLine>,
    movements: Vec<MoneyRow>,
    sheets: Vec<(&'static str, String)>,
    /// The outcomes of each fund that has the funder's money.
    outcomes: Vec<(String, Vec<OutcomeBar>)>,
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
        outcomes: Vec::new(),
    };
    render(request, StatementSubject::Fund(&key), about).await
}

/// A funder's statement, with the outcomes of the funds that have its money.
pub(super) async fn show_funder(
    request: &DeskRequest<'_>,
    funder: &str,
) -> Result<HttpResponse, PageError> {
    let views = &request.app.views;
    let days = DaySelection::from_query(request.app, request.text("until"), "").await?;
    if !views
        .budget(totals_query(GroupBy::Funder, None, None, &days))
        .await?
        .lines
        .iter()
        .any(|line| line.of == funder)
    {
        return Err(PageError::not_found());
    }
    let own: Option<OrganisationRow> = views
        .find(request.app.commands.organisation(), None)
        .await?;
    let signs = own.map(|own| own.signs).unwrap_or_default();
    let mut outcomes = Vec::new();
    for fund in request.funds().await? {
        let key = fund.id.to_string();
        let shares = views
            .budget(totals_query(GroupBy::Funder, Some(&key), None, &days))
            .await?
            .lines;
        if shares.iter().any(|line| line.of == funder) {
            let lines = views
                .outcomes(totals_query(GroupBy::Sign, Some(&key), None, &days))
                .await?
                .lines;
            outcomes.push((fund.name, outcome_bars(order_by_sign(&signs, lines))));
        }
    }
    let name = place_name(funder);
    let about = StatementHeading {
        name,
        at: "/desk/figures".to_owned(),
        query: format!("funder={funder}"),
        outcomes,
    };
    render(request, StatementSubject::Funder(funder), about).await
}

/// What a statement's page shows apart from its figures.
struct StatementHeading {
    name: String,
    at: String,
    query: String,
    outcomes: Vec<(String, Vec<OutcomeBar>)>,
}

async fn render(
    request: &DeskRequest<'_>,
    of: StatementSubject<'_>,
    about: StatementHeading,
) -> Result<HttpResponse, PageError> {
    let (from, until) = period(request);
    let filter = request
        .forms()
        .form("filter")
        .prefill("from", &from.to_string())
        .prefill("until", &until.to_string());
    let statement = request.app.views.statement(of, from, until).await?;
    let grants = grants_of(request, &statement).await?;
    let today = day_of(request.app.commands.now());
    let query = &about.query;
    let sheet = |(says, kind): (&'static str, &str)| {
        (
            says,
            format!("/desk/sheets/statement.{kind}?{query}&from={from}&until={until}"),
        )
    };
    request.render(&StatementPage {
        page: request
            .page_context(&format!("Statement of {}", about.name))
            .await?,
        filter,
        balances: [
            ("Before", statement.opening),
            ("At the end", statement.closing),
        ],
        moved: Moved::of(&statement),
        movements: movements(&statement, &grants, today),
        grants: grant_lines(request, &statement, grants).await?,
        statement,
        name: about.name,
        at: about.at,
        path: request.path.clone(),
        sheets: [("Excel", "xlsx"), ("CSV", "csv")].map(sheet).to_vec(),
        outcomes: about.outcomes,
    })
}

/// What changed between the days of a statement, in pence. A figure can fall.
struct Moved {
    allocated: i64,
    committed: i64,
    paid: i64,
    returned: i64,
}

impl Moved {
    fn of(statement: &Statement) -> Self {
        let (opening, closing) = (&statement.opening, &statement.closing);
        let change = |of: fn(&Balances) -> Money| of(closing).pence() - of(opening).pence();
        Self {
            allocated: change(|sums| sums.allocated),
            committed: change(|sums| sums.committed),
            paid: change(|sums| sums.paid),
            returned: change(|sums| sums.returned),
        }
    }

    /// A change in words: "£1,250", or with a minus if the figure fell.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "a template passes references"
    )]
    fn says(pence: &i64) -> String {
        let sign = if *pence < 0 { "\u{2212}" } else { "" };
        format!("{sign}{}", Money::from_pence(pence.unsigned_abs()))
    }
}

/// What a grant was awarded, paid and returned in the period.
struct GrantLine {
    id: String,
    /// The day of its first movement in the period.
    since: String,
    group: String,
    purpose: String,
    area: String,
    awarded: i64,
    paid: i64,
    returned: i64,
}

/// A movement, with the grant or funder that it is about.
struct MoneyRow {
    day: String,
    what: &'static str,
    change: String,
    about: String,
    grant: Option<String>,
}

/// The grants in a statement, by id.
async fn grants_of(
    request: &DeskRequest<'_>,
    statement: &Statement,
) -> Result<BTreeMap<String, GrantRow>, PageError> {
    let ids: BTreeSet<&String> = statement
        .lines
        .iter()
        .filter_map(|line| line.grant.as_ref())
        .collect();
    let rows: Vec<GrantRow> = request.rows_by_id(ids).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.to_string(), row))
        .collect())
}

/// One line for each grant in a statement, in the order of their first movements.
async fn grant_lines(
    request: &DeskRequest<'_>,
    statement: &Statement,
    grants: BTreeMap<String, GrantRow>,
) -> Result<Vec<GrantLine>, PageError> {
    let names = request
        .group_names(grants.values().map(|row| row.group.to_string()))
        .await?;
    let today = day_of(request.app.commands.now());
    let mut lines: Vec<GrantLine> = Vec::new();
    for line in &statement.lines {
        let Some(id) = &line.grant else { continue };
        let at = lines.iter().position(|known| known.id == *id);
        let at = at.unwrap_or_else(|| {
            let row = grants.get(id);
            lines.push(GrantLine {
                id: id.clone(),
                since: short(&line.recorded_on, today),
                group: row
                    .and_then(|row| names.get(&row.group.to_string()).cloned())
                    .unwrap_or_default(),
                purpose: row.map(|row| row.title.clone()).unwrap_or_default(),
                area: row
                    .map(|row| place_name(row.area.as_str()))
                    .unwrap_or_default(),
                awarded: 0,
                paid: 0,
                returned: 0,
            });
            lines.len() - 1
        });
        match line.figure.as_str() {
            "committed" => lines[at].awarded += line.pence,
            "paid" => lines[at].paid += line.pence,
            "returned" => lines[at].returned += line.pence,
            _ => {}
        }
    }
    Ok(lines)
}

fn movements(
    statement: &Statement,
    grants: &BTreeMap<String, GrantRow>,
    today: Date,
) -> Vec<MoneyRow> {
    let movement = |line: &StatementLine| MoneyRow {
        day: short(&line.recorded_on, today),
        what: match line.figure.as_str() {
            "allocated" => "From a funder",
            "committed" => "Awarded",
            "paid" => "Paid",
            _ => "Returned",
        },
        change: line.change(),
        about: line
            .grant
            .as_ref()
            .and_then(|grant| grants.get(grant))
            .map(|row| row.title.clone())
            .or_else(|| line.funder.as_deref().map(place_name))
            .unwrap_or_default(),
        grant: line.grant.clone(),
    };
    statement.lines.iter().map(movement).collect()
}

/// A stored day as tables show it.
fn short(day: &str, today: Date) -> String {
    day.parse()
        .map_or_else(|_| day.to_owned(), |day| short_day(day, today))
}

/// The first and last day in the query. By default from the latest 1 April, the usual begin of a
/// charity's financial year, to today.
fn period(request: &DeskRequest<'_>) -> (Date, Date) {
    let today = day_of(request.app.commands.now());
    let april = Date::new(today.year(), 4, 1).unwrap_or(today);
    let begins = if april <= today {
        april
    } else {
        april.saturating_sub(jiff::Span::new().years(1))
    };
    let from = request.day("from").unwrap_or(begins);
    (from, request.day("until").unwrap_or(today).max(from))
}

/// The statement as a spreadsheet: opening balances, one row per movement, closing balances.
pub(super) async fn spreadsheet(request: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let (from, until) = period(request);
    let of = match (request.text("fund"), request.text("funder")) {
        ("", "") => return Err(PageError::not_found()),
        ("", funder) => StatementSubject::Funder(funder),
        (fund, _) => StatementSubject::Fund(fund),
    };
    let statement = request.app.views.statement(of, from, until).await?;
    let columns = [
        "Position", "Recorded", "Happened", "What", "Change", "Fund", "Funder", "Area", "Grant",
    ];
    let (opening, closing) = (statement.opening, statement.closing);
    let ends = [
        (from, statement.from_position, opening, "before"),
        (until, statement.until_position, closing, "after"),
    ];
    let [before, after] = ends.map(|(day, position, sums, when)| {
        let figures = [
            ("allocated", sums.allocated),
            ("committed", sums.committed),
            ("paid", sums.paid),
            ("returned", sums.returned),
        ];
        figures.map(|(figure, sum)| {
            let says = format!("{figure} {when}");
            [
                position.into(),
                day.into(),
                day.into(),
                says.into(),
                sum.into(),
                None::<String>.into(),
                None::<String>.into(),
                None::<String>.into(),
                None::<String>.into(),
            ]
        })
    });
    let lines = statement.lines.into_iter().map(|line| {
        [
            line.position.into(),
            line.recorded_on.into(),
            line.effective_on.into(),
            line.figure.into(),
            SpreadsheetCell::MoneyChange(line.pence),
            line.fund.into(),
            line.funder.into(),
            line.area.into(),
            line.grant.into(),
        ]
    });
    let rows: Vec<_> = before.into_iter().chain(lines).chain(after).collect();
    Ok(build_spreadsheet("Statement", columns, rows, |row| row))
}
