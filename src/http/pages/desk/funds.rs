//! The list of funds, and the page that creates one.

use actix_web::HttpResponse;
use askama::Template;

use super::act::{Act, Offered};
use super::{Asked, said, sheets};
use crate::domain::Role;
use crate::export::sheets::Sheet as Spreadsheet;
use crate::http::pages::figures::{Days, MoneyBar, sums};
use crate::http::pages::{Failed, Shell};
use crate::projections::FundRow;
use crate::views::{By, Page as Wanted};

#[derive(Template)]
#[template(path = "desk/funds.html")]
struct Sheet {
    page: Shell,
    funds: Vec<(FundRow, String, Option<MoneyBar>)>,
    administrator: bool,
    sheets: [(&'static str, String); 2],
    imports: bool,
}

#[derive(Template)]
#[template(path = "desk/fund_new.html")]
struct New {
    page: Shell,
    wrong: Vec<(String, String)>,
    act: Act,
}

pub(super) async fn show(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    let rows: Vec<FundRow> = asked
        .desk
        .views
        .list(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                most: 500,
            },
        )
        .await?
        .items;
    let days = Days::asked(asked.desk, "", "").await?;
    let lines = asked
        .desk
        .views
        .budget(sums(By::Fund, None, None, &days))
        .await?
        .lines;
    let bar = |fund: &FundRow| {
        let line = lines.iter().find(|line| line.of == fund.id.to_string())?;
        Some(MoneyBar::of(fund.name.clone(), line.clone()))
    };
    let page = Sheet {
        page: asked.shell("Funds").await?,
        funds: rows
            .into_iter()
            .map(|fund| (fund.clone(), said(fund.state), bar(&fund)))
            .collect(),
        sheets: asked.sheets(),
        imports: asked.signed.reader.roles.contains(&Role::Finance),
        administrator: asked.signed.reader.roles.contains(&Role::Administrator),
    };
    asked.page(&page)
}

/// The list as a spreadsheet, with the money of each fund as at the day in the query.
pub(super) async fn sheet(asked: &Asked<'_>) -> Result<Spreadsheet, Failed> {
    let rows = asked.every::<FundRow>(Vec::new()).await?;
    let days = Days::asked(asked.desk, asked.text("as_at"), "").await?;
    let lines = asked
        .desk
        .views
        .budget(sums(By::Fund, None, None, &days))
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
    Ok(sheets::sheet("Funds", columns, rows, |fund| {
        let line = lines.iter().find(|line| line.of == fund.id.to_string());
        [
            fund.name.into(),
            said(fund.state).into(),
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
    }))
}

pub(super) async fn new(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    if !asked.signed.reader.roles.contains(&Role::Administrator) {
        return Err(Failed::not_yours());
    }
    let forms = asked.forms();
    let act = Act::new(
        &forms,
        "create",
        "Set up a fund",
        "/desk/do/funds/create",
        Offered::Yes,
    )
    .opened()
    .line("name", "Name")
    .words("purpose", "What the money is for")
    .line_with(
        "areas:w",
        "Areas",
        "With commas between: Stockport, Oldham, Tameside.",
    );
    let page = New {
        page: asked.shell("Set up a fund").await?,
        wrong: forms.wrong(),
        act: with_rules(act, None),
    };
    asked.page(&page)
}

/// Adds the fields of a fund's rules to an action, filled in with `rules`, or with usual values for
/// a new fund.
pub(super) fn with_rules(act: Act, rules: Option<&crate::domain::fund::Rules>) -> Act {
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
        .known(
            "rules.minimum:m",
            known(|rules| String::from(rules.minimum), "500.00"),
        )
        .money("rules.maximum:m", "Largest award")
        .known(
            "rules.maximum:m",
            known(|rules| String::from(rules.maximum), "2500.00"),
        )
        .number(
            "rules.eyes:n",
            "How many people must act on a payment: two or three",
        )
        .known("rules.eyes:n", known(|rules| rules.eyes.to_string(), "2"))
        .number(
            "rules.quorum:n",
            "How many panel members without an interest decide",
        )
        .known(
            "rules.quorum:n",
            known(|rules| rules.quorum.to_string(), "2"),
        )
        .line_with(
            "rules.checks:w",
            "Checks before money is paid",
            "With commas between: identity, governing document.",
        )
        .known(
            "rules.checks:w",
            rules.map_or_else(
                || "identity, governing document".to_owned(),
                |rules| keys(&rules.checks),
            ),
        )
        .line_with(
            "rules.checks_at_risk:w",
            "Further checks where children or adults at risk take part",
            "With commas between: safeguarding.",
        )
        .known(
            "rules.checks_at_risk:w",
            rules.map_or_else(
                || "safeguarding".to_owned(),
                |rules| keys(&rules.checks_at_risk),
            ),
        )
        .number("rules.offer_days:n", "How many days an offer stands")
        .known(
            "rules.offer_days:n",
            known(|rules| rules.offer_days.to_string(), "28"),
        )
        .number("rules.signers:n", "How many people sign the agreement")
        .known(
            "rules.signers:n",
            known(|rules| rules.signers.to_string(), "2"),
        )
        .number(
            "rules.update_every_days:n",
            "Days between updates; empty for only a final one",
        )
        .known(
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
        .known(
            "rules.remind_days:n",
            known(|rules| rules.remind_days.to_string(), "14"),
        )
}
