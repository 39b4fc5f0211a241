//! The first fund in one form: its purpose, areas and limits, and the money that it begins with.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use askama::Template;
use jiff::civil::Date;
use uuid::Uuid;

use super::super::fund_actions::{FIRST_CHECKS, FIRST_CHECKS_AT_RISK};
use super::super::{DeskRequest, render_page_at};
use super::state::SetupState;
use super::{execute_in_order, require_administrator};
use crate::clock::day_of;
use crate::domain::fund::{Allocate, CreateFund, FundTexts, Rules};
use crate::domain::funding_source::FundingSource;
use crate::domain::language::Language;
use crate::domain::text::{Line, Prose, Slug};
use crate::domain::{Command, FundCommand, FundId, Money, Role};
use crate::http::AppState;
use crate::http::pages::apply::parse_amount;
use crate::http::pages::form::slug_of;
use crate::http::pages::form_reader::{FieldErrors, FormReader};
use crate::http::pages::{Form, FormData, FormErrors, PageContext, PageError, PostedForm};
use crate::projections::FundRow;

const PAGE: &str = "/desk/setup/fund";

#[derive(Template)]
#[template(path = "desk/setup/fund.html")]
struct FirstFundPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    funds: Vec<FundRow>,
    has_money: bool,
    /// The reader may record money.
    finance: bool,
}

pub(in super::super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_administrator(request.visitor)?;
    let state = SetupState::load(request).await?;
    let forms = request.forms();
    let today = day_of(request.app.commands.now());
    let form = forms
        .form("first-fund")
        .prefill("minimum", "500")
        .prefill("maximum", "2,500")
        .prefill("received_on", &today.to_string());
    let page = FirstFundPage {
        page: request.page_context("Your fund").await?,
        wrong: forms.error_summary(),
        form,
        funds: state.funds,
        has_money: state.has_money,
        finance: request.signed.reader.roles.contains(&Role::Finance),
    };
    request.render(&page)
}

/// What the form asks for.
struct FirstFund {
    create: CreateFund,
    money: Option<Allocate>,
}

pub(super) async fn submit(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    require_administrator(&visitor)?;
    let finance = visitor
        .require_staff()?
        .reader
        .roles
        .contains(&Role::Finance);
    let read = match read(&posted, finance) {
        Ok(read) => read,
        Err(wrong) => {
            let rejected = FormErrors::new("first-fund", &posted, wrong);
            return render_page_at(&app, &visitor, PAGE, Some(rejected)).await;
        }
    };
    // The same form makes the same fund, so that sending it again adds only what is missing.
    let name = format!("fund/{}/{}", posted.text("key"), visitor.digest(&app));
    let fund = FundId(Uuid::new_v5(
        &app.commands.organisation().0,
        name.as_bytes(),
    ));
    let mut commands = vec![(
        "create",
        Command::Fund(fund, FundCommand::Create(read.create)),
    )];
    if let Some(money) = read.money {
        let allocate = Command::Fund(fund, FundCommand::Allocate(money));
        commands.push(("allocate", allocate));
    }
    let pages = (PAGE, "/desk/setup?done=fund-ready");
    execute_in_order(&app, &visitor, &posted, commands, pages).await
}

fn read(posted: &FormData, finance: bool) -> Result<FirstFund, FieldErrors> {
    let mut form = FormReader::new(posted, Language::En);
    let create = read_fund(&mut form);
    let money = if finance {
        read_money(&mut form).map(Some)
    } else {
        Some(None)
    };
    let whole = create.zip(money);
    form.finish(whole.map(|(create, money)| FirstFund { create, money }))
}

fn read_fund(form: &mut FormReader<'_>) -> Option<CreateFund> {
    let name: Option<Line> = form.required(
        "name",
        |text| text.parse().ok(),
        "Enter the fund's name, in at most 140 letters",
    );
    let purpose: Option<Prose> = form.required(
        "purpose",
        |text| text.parse().ok(),
        "Enter what the money is for",
    );
    let areas: Option<BTreeSet<Slug>> = form.required(
        "areas",
        |text| keys(text.split([',', '\n'])),
        "Enter at least one area, such as Stockport",
    );
    let (lowest, highest) = (Money::from_pounds(500), Money::from_pounds(2500));
    let says = "Enter an amount from £500 to £2,500";
    let within = |text: &str| parse_amount(text).filter(|sum| (lowest..=highest).contains(sum));
    let minimum = form.required("minimum", within, says);
    let maximum = form.required("maximum", within, says);
    let (minimum, maximum) = (minimum?, maximum?);
    if minimum > maximum {
        form.error(
            "maximum",
            "The largest grant must not be below the smallest",
        );
        return None;
    }
    Some(CreateFund {
        name: name?,
        purpose: purpose?,
        areas: areas?,
        rules: Rules {
            minimum,
            maximum,
            people_per_payment: 2,
            quorum: 2,
            checks: keys(FIRST_CHECKS)?,
            checks_at_risk: keys(FIRST_CHECKS_AT_RISK)?,
            offer_days: 28,
            signers: 2,
            update_every_days: None,
            remind_days: 14,
            payee_wait_days: None,
            confirm_days: None,
            texts: FundTexts::default(),
        },
    })
}

fn read_money(form: &mut FormReader<'_>) -> Option<Allocate> {
    let funder: Option<Slug> = form.required(
        "funder",
        |text| slug_of(text).parse().ok(),
        "Enter who gives the money",
    );
    let amount = form.required(
        "amount",
        |text| parse_amount(text).filter(|sum| !sum.is_zero()),
        "Enter how much, such as 45,000",
    );
    let reference: Option<Line> = form.required(
        "reference",
        |text| text.parse().ok(),
        "Enter the funder's reference, or a word of your own",
    );
    let received_on: Option<Date> = form.required(
        "received_on",
        |text| text.parse().ok(),
        "Enter the day when it was received",
    );
    Some(Allocate {
        source: FundingSource {
            funder: funder?,
            area: None,
        },
        amount: amount?,
        reference: reference?,
        received_on: received_on?,
    })
}

/// Keys from names; none if a name makes no key, or there is no name.
fn keys<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<BTreeSet<Slug>> {
    let keys: BTreeSet<Slug> = names
        .into_iter()
        .map(slug_of)
        .filter(|key| !key.is_empty())
        .map(|key| key.parse().ok())
        .collect::<Option<_>>()?;
    Some(keys).filter(|keys| !keys.is_empty())
}
