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
use crate::http::pages::words::Tagged as _;
use crate::http::pages::{Form, PageContext, PageError, ownership};
use crate::projections::{FundRow, GrantRow, OrganisationRow};
use crate::views::{
    Balances, GroupBy, OutcomeLine, Statement, StatementLine, StatementSubject, Sums,
};

#[derive(Template)]
#[template(path = "desk/statement.html")]
struct StatementPage {
    page: PageContext,
    filter: Form,
    name: String,
    /// Whose money the statement is about, before its name.
    kind: &'static str,
    /// The page to return to: the fund's, or the charts.
    at: String,
    path: String,
    statement: Statement,
    balances: [(&'static str, Balances); 2],
    /// The sums of the period alone.
    moved: Moved,
    grants: Vec<GrantLine>,
    /// What the grants of the statement achieved together.
    achieved: String,
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
        kind: "Statement of the fund",
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
        kind: "Statement to the funder",
        name,
        at: "/desk/figures".to_owned(),
        query: format!("funder={funder}"),
        outcomes,
    };
    render(request, StatementSubject::Funder(funder), about).await
}

/// What a statement's page shows apart from its figures.
struct StatementHeading {
    kind: &'static str,
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
    let people = people_by_grant(request, &statement).await?;
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
        achieved: People::of_grants(&people, grants.keys()).in_words(),
        grants: grant_lines(request, &statement, grants, &people).await?,
        statement,
        kind: about.kind,
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
    /// Who came and helped according to its reports; without one, its state.
    so_far: String,
}

/// Who came and who helped, according to accepted reports.
#[derive(Clone, Copy, Default)]
struct People {
    came: i64,
    helped: i64,
}

impl People {
    fn of_grants<'a>(
        people: &BTreeMap<String, Self>,
        grants: impl Iterator<Item = &'a String>,
    ) -> Self {
        let known = grants.filter_map(|grant| people.get(grant));
        known.fold(Self::default(), |sum, of| Self {
            came: sum.came + of.came,
            helped: sum.helped + of.helped,
        })
    }

    /// "24 people came, 5 helped"; empty for nobody.
    fn in_words(self) -> String {
        let came = match self.came {
            0 => None,
            1 => Some("1 person came".to_owned()),
            came => Some(format!("{came} people came")),
        };
        let helped = (self.helped > 0).then(|| format!("{} helped", self.helped));
        let parts: Vec<String> = came.into_iter().chain(helped).collect();
        parts.join(", ")
    }
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

/// The people of each grant, by its id, up to the end of a statement.
async fn people_by_grant(
    request: &DeskRequest<'_>,
    statement: &Statement,
) -> Result<BTreeMap<String, People>, PageError> {
    let by_grant = Sums {
        by: GroupBy::Grant,
        fund: None,
        area: None,
        position: statement.until_position,
        effective_on: None,
    };
    let lines = request.app.views.outcomes(by_grant).await?.lines;
    let people = |line: OutcomeLine| {
        let people = People {
            came: line.people,
            helped: line.volunteers,
        };
        (line.of, people)
    };
    Ok(lines.into_iter().map(people).collect())
}

/// One line for each grant in a statement, in the order of their first movements.
async fn grant_lines(
    request: &DeskRequest<'_>,
    statement: &Statement,
    grants: BTreeMap<String, GrantRow>,
    people: &BTreeMap<String, People>,
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
            let known = people.get(id).copied().unwrap_or_default();
            let so_far = Some(known.in_words()).filter(|words| !words.is_empty());
            lines.push(GrantLine {
                so_far: so_far.unwrap_or_else(|| {
                    row.map(|row| row.state.word().to_owned())
                        .unwrap_or_default()
                }),
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
        what: figure_in_words(&line.figure),
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

/// What pages call a figure of money.
fn figure_in_words(figure: &str) -> &'static str {
    match figure {
        "allocated" => "From a funder",
        "committed" => "Awarded",
        "paid" => "Paid",
        _ => "Returned",
    }
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
        (from, statement.from_position, opening, "at the start"),
        (until, statement.until_position, closing, "at the end"),
    ];
    let [before, after] = ends.map(|(day, position, sums, when)| {
        let figures = [
            ("allocated", sums.allocated),
            ("committed", sums.committed),
            ("paid", sums.paid),
            ("returned", sums.returned),
        ];
        figures.map(|(figure, sum)| {
            let says = format!("{} {when}", figure_in_words(figure));
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
            figure_in_words(&line.figure).into(),
            SpreadsheetCell::MoneyChange(line.pence),
            line.fund.into(),
            line.funder.as_deref().map(place_name).into(),
            line.area.as_deref().map(place_name).into(),
            line.grant.into(),
        ]
    });
    let rows: Vec<_> = before.into_iter().chain(lines).chain(after).collect();
    Ok(build_spreadsheet("Statement", columns, rows, |row| row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_counted_in_words() {
        let words = |came, helped| People { came, helped }.in_words();
        assert_eq!(words(24, 5), "24 people came, 5 helped");
        assert_eq!(words(1, 0), "1 person came");
        assert_eq!(words(0, 3), "3 helped");
        assert_eq!(words(0, 0), "");
    }
}
