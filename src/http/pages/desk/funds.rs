//! The list of funds, and the page that creates one.

use actix_web::HttpResponse;
use askama::Template;

use super::action::{Action, Availability};
use super::{DeskRequest, label_of, spreadsheets};
use crate::domain::Role;
use crate::export::spreadsheets::Spreadsheet;
use crate::http::pages::charts::{DaySelection, MoneyBar, totals_query};
use crate::http::pages::{PageContext, PageError};
use crate::projections::FundRow;
use crate::views::{GroupBy, PageRequest as Wanted};

#[derive(Template)]
#[template(path = "desk/funds.html")]
struct FundsPage {
    page: PageContext,
    funds: Vec<(FundRow, String, Option<MoneyBar>)>,
    administrator: bool,
    sheets: [(&'static str, String); 2],
    imports: bool,
}

#[derive(Template)]
#[template(path = "desk/fund_new.html")]
struct NewFundPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    act: Action,
}

pub(super) async fn show(asked: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let rows: Vec<FundRow> = asked
        .desk
        .views
        .list(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                limit: 500,
            },
        )
        .await?
        .items;
    let days = DaySelection::from_query(asked.desk, "", "").await?;
    let lines = asked
        .desk
        .views
        .budget(totals_query(GroupBy::Fund, None, None, &days))
        .await?
        .lines;
    let bar = |fund: &FundRow| {
        let line = lines.iter().find(|line| line.of == fund.id.to_string())?;
        Some(MoneyBar::new(fund.name.clone(), line.clone()))
    };
    let page = FundsPage {
        page: asked.page_context("Funds").await?,
        funds: rows
            .into_iter()
            .map(|fund| (fund.clone(), label_of(fund.state), bar(&fund)))
            .collect(),
        sheets: asked.spreadsheet_links(),
        imports: asked.signed.reader.roles.contains(&Role::Finance),
        administrator: asked.signed.reader.roles.contains(&Role::Administrator),
    };
    asked.render(&page)
}

/// The list as a spreadsheet, with the money of each fund as at the day in the query.
pub(super) async fn spreadsheet(asked: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let rows = asked.list_all::<FundRow>(Vec::new()).await?;
    let days = DaySelection::from_query(asked.desk, asked.text("as_at"), "").await?;
    let lines = asked
        .desk
        .views
        .budget(totals_query(GroupBy::Fund, None, None, &days))
        .await?
        .lines;
    let columns = [
        "Fund",
        "State",
        "Areas",
        "Allocated",
        "Requested",
        "Committed",
        "Paid less returned",
        "Uncommitted",
        "Id",
    ];
    Ok(spreadsheets::build_spreadsheet(
        "Funds",
        columns,
        rows,
        |fund| {
            let line = lines.iter().find(|line| line.of == fund.id.to_string());
            [
                fund.name.into(),
                label_of(fund.state).into(),
                fund.areas
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
                    .into(),
                line.map(|line| line.allocated).into(),
                line.map(|line| line.requested).into(),
                line.map(|line| line.committed).into(),
                line.map(|line| line.paid_net).into(),
                line.and_then(|line| line.uncommitted).into(),
                fund.id.to_string().into(),
            ]
        },
    ))
}

pub(super) async fn show_new(asked: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    if !asked.signed.reader.roles.contains(&Role::Administrator) {
        return Err(PageError::forbidden());
    }
    let forms = asked.forms();
    let act = Action::new(
        &forms,
        "create",
        "Set up a fund",
        "/desk/do/funds/create",
        Availability::Available,
    )
    .expanded()
    .text("name", "Name")
    .text_area("purpose", "What the money is for")
    .text_with_hint(
        "areas:w",
        "Areas",
        "With commas between: Stockport, Oldham, Tameside.",
    );
    let page = NewFundPage {
        page: asked.page_context("Set up a fund").await?,
        wrong: forms.error_summary(),
        act: with_rule_fields(act, None),
    };
    asked.render(&page)
}

/// Adds the fields of a fund's rules to an action, filled in with `rules`, or with usual values for
/// a new fund.
pub(super) fn with_rule_fields(act: Action, rules: Option<&crate::domain::fund::Rules>) -> Action {
    let known = |pick: fn(&crate::domain::fund::Rules) -> String, usual: &str| {
        rules.map_or_else(|| usual.to_owned(), pick)
    };
    let keys = |keys: &std::collections::BTreeSet<crate::domain::text::Slug>| {
        keys.iter()
            .map(|key| key.as_str().replace('-', " "))
            .collect::<Vec<_>>()
            .join(", ")
    };
    act.money("rules.minimum:m", "Smallest award")
        .prefill(
            "rules.minimum:m",
            known(|rules| String::from(rules.minimum), "500.00"),
        )
        .money("rules.maximum:m", "Largest award")
        .prefill(
            "rules.maximum:m",
            known(|rules| String::from(rules.maximum), "2500.00"),
        )
        .number(
            "rules.eyes:n",
            "How many people must act on a payment: two or three",
        )
        .prefill(
            "rules.eyes:n",
            known(|rules| rules.people_per_payment.to_string(), "2"),
        )
        .number(
            "rules.quorum:n",
            "How many panel members without an interest decide",
        )
        .prefill(
            "rules.quorum:n",
            known(|rules| rules.quorum.to_string(), "2"),
        )
        .text_with_hint(
            "rules.checks:w",
            "Checks before money is paid",
            "With commas between: identity, governing document.",
        )
        .prefill(
            "rules.checks:w",
            rules.map_or_else(
                || "identity, governing document".to_owned(),
                |rules| keys(&rules.checks),
            ),
        )
        .text_with_hint(
            "rules.checks_at_risk:w",
            "Further checks where children or adults at risk take part",
            "With commas between: safeguarding.",
        )
        .prefill(
            "rules.checks_at_risk:w",
            rules.map_or_else(
                || "safeguarding".to_owned(),
                |rules| keys(&rules.checks_at_risk),
            ),
        )
        .number("rules.offer_days:n", "How many days an offer stands")
        .prefill(
            "rules.offer_days:n",
            known(|rules| rules.offer_days.to_string(), "28"),
        )
        .number("rules.signers:n", "How many people sign the agreement")
        .prefill(
            "rules.signers:n",
            known(|rules| rules.signers.to_string(), "2"),
        )
        .number(
            "rules.update_every_days:n",
            "Days between updates; empty for only a final one",
        )
        .prefill(
            "rules.update_every_days:n",
            known(
                |rules| {
                    rules
                        .update_every_days
                        .map(|days| days.to_string())
                        .unwrap_or_default()
                },
                "",
            ),
        )
        .number(
            "rules.remind_days:n",
            "How many days before an update is due the group is reminded",
        )
        .prefill(
            "rules.remind_days:n",
            known(|rules| rules.remind_days.to_string(), "14"),
        )
}
