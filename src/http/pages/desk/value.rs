//! The page of money and results: the budget of each fund next to people, sessions, hours,
//! introductions and changes, as at any day.

use actix_web::HttpResponse;
use askama::Template;

use super::DeskRequest;
use crate::export::spreadsheets::Spreadsheet;
use crate::export::value::value_sheet;
use crate::http::pages::charts::{DaySelection, one_decimal};
use crate::http::pages::{PageContext, PageError};
use crate::views::{ValueFigures, ValueSummary};

#[derive(Template)]
#[template(path = "desk/value.html")]
struct ValuePage {
    page: PageContext,
    days: DaySelection,
    lines: Vec<ValueRow>,
    all: ValueRow,
    sheets: Vec<(&'static str, String)>,
}

/// A fund, or everything, in words.
struct ValueRow {
    name: String,
    figures: ValueFigures,
    hours: String,
}

impl ValueRow {
    fn new(name: &str, figures: ValueFigures) -> Self {
        Self {
            name: name.to_owned(),
            hours: one_decimal(figures.minutes / 6),
            figures,
        }
    }
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let (days, value) = value_on_day(request).await?;
    let lines = value.by_fund.iter().map(|line| {
        let name = line.name.as_deref().unwrap_or("No fund");
        ValueRow::new(name, line.figures)
    });
    let day = days
        .chosen
        .map_or_else(String::new, |day| format!("?day={day}"));
    let sheet =
        |(says, kind): (&'static str, &str)| (says, format!("/desk/sheets/value.{kind}{day}"));
    let page = ValuePage {
        page: request.page_context("What the money went with").await?,
        lines: lines.collect(),
        all: ValueRow::new("Everything", value.all),
        sheets: [("XLSX", "xlsx"), ("CSV", "csv")].map(sheet).into(),
        days,
    };
    request.render(&page)
}

pub(super) async fn spreadsheet(request: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let (_, value) = value_on_day(request).await?;
    Ok(value_sheet(&value))
}

async fn value_on_day(
    request: &DeskRequest<'_>,
) -> Result<(DaySelection, ValueSummary), PageError> {
    let days =
        DaySelection::from_query(request.app, request.text("day"), request.text("slide")).await?;
    let as_at = days.chosen.map(|_| days.position);
    let value = request.app.views.value(None, as_at).await?;
    Ok((days, value))
}
