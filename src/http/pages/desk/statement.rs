//! A fund's statement between two days.

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;

use super::Asked;
use crate::http::pages::{Failed, Form, Shell, own};
use crate::log::record::day_of;
use crate::projections::FundRow;
use crate::views::{Balances, Statement};

#[derive(Template)]
#[template(path = "desk/statement.html")]
struct Sheet {
    page: Shell,
    filter: Form,
    name: String,
    statement: Statement,
    balances: [(&'static str, Balances); 2],
}

/// The days that are asked for; without them, this year's from April on, as charities' books mostly run.
pub(super) async fn show(asked: &Asked<'_>, id: &str) -> Result<HttpResponse, Failed> {
    let views = &asked.desk.views;
    let fund: FundRow = views.find(&own::uuid(id)?.to_string(), None).await?.ok_or_else(Failed::nothing)?;
    let today = day_of(asked.desk.commands.now());
    let april = Date::new(today.year(), 4, 1).unwrap_or(today);
    let begins = if april <= today { april } else { april.saturating_sub(jiff::Span::new().years(1)) };
    let from = asked.text("from").parse().unwrap_or(begins);
    let until = asked.text("until").parse().unwrap_or(today);
    let filter = asked.forms().form("filter").known("from", &from.to_string()).known("until", &until.to_string());
    let statement = views.statement(&fund.id.to_string(), from, until.max(from)).await?;
    let page = Sheet {
        page: asked.shell(&format!("Statement of {}", fund.name)).await?,
        filter,
        balances: [("Before", statement.opening), ("After", statement.closing)],
        statement,
        name: fund.name,
    };
    asked.page(&page)
}
