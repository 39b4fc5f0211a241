//! The list of payments with their actions, or the reason why an action is not available, and
//! sending approved payments as a batch.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::json;
use strum::VariantNames as _;
use uuid::Uuid;

use super::action::Action;
use super::list::{build_spreadsheet, name_cell};
use super::payment_actions::payment_actions;
use super::{DeskRequest, choices_or_none, label_of, submit_command};
use crate::clock::day_of;
use crate::domain::grant::PaymentState;
use crate::domain::{Command, FundCommand, FundId, PersonId, Role};
use crate::export::spreadsheets::{Spreadsheet, SpreadsheetCell};
use crate::http::AppState;
use crate::http::pages::form::slug_of;
use crate::http::pages::public::names_of_groups;
use crate::http::pages::{
    Form, FormErrors, PageContext, PageError, PageForms, PostedForm, ownership,
};
use crate::projections::{FundRow, GrantRow, PaymentRow};
use crate::views::{Filter, PageRequest};

/// Payments per page. Small, because the dry runs of up to nine commands are needed for each
/// payment.
const PAGE_SIZE: i64 = 15;
/// At most so many approved payments can be sent as one batch.
const BATCH_MAX: i64 = 500;

#[derive(Template)]
#[template(path = "desk/payments.html")]
struct PaymentsPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    filter: Form,
    states: Vec<(String, String)>,
    payments: Vec<PaymentListItem>,
    batches: Vec<BatchProposal>,
    next: Option<String>,
    sheets: [(&'static str, String); 2],
    finance: bool,
}

struct PaymentListItem {
    row: PaymentRow,
    title: String,
    group: String,
    state: String,
    prepared_by: String,
    approved_by: Vec<String>,
    /// Who proposed that the payment leave before the payee wait is over.
    early_proposed_by: String,
    acts: Vec<Action>,
}

/// The approved payments of one fund, from which a batch can be made.
struct BatchProposal {
    fund: FundRow,
    form: Form,
    payments: Vec<(String, String)>,
}

/// The filters of the query. Without a state and a grant: the payments that wait for somebody to
/// act.
fn filters(request: &DeskRequest<'_>) -> Result<Vec<Filter>, PageError> {
    let mut filters = Vec::new();
    let grant = request.text("grant");
    if !grant.is_empty() {
        filters.push(Filter::equals("grant_id", ownership::parse_uuid(grant)?));
    }
    let states = request.all("state");
    if !states.is_empty() {
        filters.push(Filter::any_of("state", states));
    } else if grant.is_empty() {
        filters.push(Filter::in_state([
            PaymentState::Prepared,
            PaymentState::Approved,
            PaymentState::Sent,
        ]));
    }
    Ok(filters)
}

pub(super) async fn spreadsheet(request: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let rows = request.list_all::<PaymentRow>(filters(request)?).await?;
    let grants: BTreeMap<Uuid, GrantRow> = request
        .list_all::<GrantRow>(Vec::new())
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let groups = request
        .group_names(grants.values().map(|row| row.group.to_string()))
        .await?;
    let people = request
        .names_of_people(
            rows.iter()
                .flat_map(|row| row.approved_by.iter().copied().chain(row.prepared_by)),
        )
        .await?;
    let columns = [
        "Grant",
        "Group",
        "Payment",
        "Amount",
        "State",
        "Route",
        "Batch",
        "Prepared on",
        "Prepared by",
        "Approved by",
        "Sent on",
        "Paid on",
        "Grant id",
    ];
    Ok(build_spreadsheet("Payments", columns, rows, |row| {
        let grant = grants.get(&row.grant);
        [
            grant.map(|grant| grant.title.clone()).into(),
            grant.map_or(SpreadsheetCell::Empty, |grant| {
                name_cell(&groups, &grant.group)
            }),
            row.payment.into(),
            row.amount.into(),
            label_of(row.state).into(),
            label_of(row.route).into(),
            row.batch.map(|batch| batch.to_string()).into(),
            row.prepared_on.into(),
            row.prepared_by.map(|person| people.of(&person)).into(),
            row.approved_by
                .iter()
                .map(|person| people.of(person))
                .collect::<Vec<_>>()
                .join(", ")
                .into(),
            row.sent_on.into(),
            row.paid_on.into(),
            row.grant.to_string().into(),
        ]
    }))
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let states = request.all("state");
    let lists_approved = states.is_empty()
        || states
            .iter()
            .any(|state| state == <&str>::from(PaymentState::Approved));
    let listed = request
        .app
        .views
        .list::<PaymentRow>(None, filters(request)?, &request.page_request(PAGE_SIZE))
        .await?;
    let forms = request.forms();
    let mut payments = Vec::new();
    for row in listed.items {
        payments.push(list_item(request, &forms, row).await?);
    }
    let page = PaymentsPage {
        page: request.page_context("Payments").await?,
        wrong: forms.error_summary(),
        filter: request.filter_form(&forms),
        states: choices_or_none(
            "to approve, send or confirm",
            PaymentState::VARIANTS.iter().copied(),
        ),
        payments,
        batches: if lists_approved && request.text("grant").is_empty() {
            proposed_batches(request, &forms).await?
        } else {
            Vec::new()
        },
        sheets: request.spreadsheet_links(),
        finance: request.signed.reader.roles.contains(&Role::Finance),
        next: request.link_to_next(listed.next),
    };
    request.render(&page)
}

async fn list_item(
    request: &DeskRequest<'_>,
    forms: &PageForms,
    row: PaymentRow,
) -> Result<PaymentListItem, PageError> {
    let grant: GrantRow = request.row(row.grant).await?;
    let group = names_of_groups(request.app, vec![grant.group.to_string()])
        .await?
        .into_values()
        .next()
        .unwrap_or_default();
    let approvers = row.approved_by.iter().copied();
    let others = row.prepared_by.into_iter().chain(row.early_proposed_by);
    let people = request.names_of_people(approvers.chain(others)).await?;
    let name_of =
        |person: Option<PersonId>| person.map(|person| people.of(&person)).unwrap_or_default();
    Ok(PaymentListItem {
        title: grant.title,
        group,
        state: label_of(row.state),
        prepared_by: name_of(row.prepared_by),
        approved_by: row
            .approved_by
            .iter()
            .map(|person| people.of(person))
            .collect(),
        early_proposed_by: name_of(row.early_proposed_by),
        acts: request
            .actions(forms, payment_actions(request, &row))
            .await?,
        row,
    })
}

/// All approved payments, up to [`BATCH_MAX`], by fund: a batch is not limited to the page of the
/// list.
async fn proposed_batches(
    request: &DeskRequest<'_>,
    forms: &PageForms,
) -> Result<Vec<BatchProposal>, PageError> {
    if !request
        .signed
        .reader
        .roles
        .contains(&crate::domain::Role::Finance)
    {
        return Ok(Vec::new());
    }
    let today = day_of(request.app.commands.now());
    let mut batches: Vec<BatchProposal> = Vec::new();
    let filters = vec![Filter::in_state([PaymentState::Approved])];
    let approved = request
        .app
        .views
        .list::<PaymentRow>(
            None,
            filters,
            &PageRequest {
                after: None,
                limit: BATCH_MAX,
            },
        )
        .await?
        .items;
    for row in approved {
        let grant: GrantRow = request
            .app
            .views
            .find(row.grant, None)
            .await?
            .ok_or_else(PageError::not_found)?;
        let group = names_of_groups(request.app, vec![grant.group.to_string()])
            .await?
            .into_values()
            .next()
            .unwrap_or_default();
        let (fund, says) = (grant.fund, format!("{group}: {}", row.amount));
        let line = (
            format!("{}/{}/{}", row.grant, row.payment, String::from(row.amount)),
            says,
        );
        if let Some(batch) = batches.iter_mut().find(|batch| batch.fund.id == fund.0) {
            batch.payments.push(line);
            continue;
        }
        let fund: FundRow = request
            .app
            .views
            .find(fund, None)
            .await?
            .ok_or_else(PageError::not_found)?;
        let form = forms
            .form("batch")
            .prefill("sent_on", &today.to_string())
            .prefill("batch", &format!("batch-{today}"));
        batches.push(BatchProposal {
            fund,
            form,
            payments: vec![line],
        });
    }
    Ok(batches)
}

/// Sends a batch to the bank. Each line of the form has the grant, the payment and the amount.
pub(super) async fn send_batch(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let fund = FundId(ownership::parse_uuid(request.match_info().query("fund"))?);
    let lines: Vec<_> = posted
        .all("payments")
        .filter_map(|line| {
            let mut parts = line.split('/');
            let (grant, payment, amount) = (
                parts.next()?,
                parts.next()?.parse::<u16>().ok()?,
                parts.next()?,
            );
            Some(json!({ "grant": grant, "payment": payment, "amount": amount }))
        })
        .collect();
    let body = json!({ "batch": slug_of(posted.text("batch")), "sent_on": posted.text("sent_on"), "payments": lines });
    let back = "/desk/payments?state=approved";
    let sent = FundCommand::read("send-batch", body).and_then(Result::ok);
    let Some(command) = sent else {
        let says =
            "Choose at least one payment, a day, and a key of small letters, digits and hyphens"
                .to_owned();
        return super::render_page_at(
            &app,
            &visitor,
            back,
            Some(FormErrors::new(
                "batch",
                &posted,
                vec![("payments".to_owned(), says)],
            )),
        )
        .await;
    };
    submit_command::execute(
        &app,
        &visitor,
        &posted,
        Command::Fund(fund, command),
        "send-batch",
        back,
        |_| "/desk/payments?state=sent".to_owned(),
    )
    .await
}
