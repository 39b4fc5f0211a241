//! The list of payments with their actions, or the reason why an action is not available, and
//! sending approved payments as a batch.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::json;
use strum::VariantNames as _;
use uuid::Uuid;

use super::action::{Action, Availability, visible};
use super::spreadsheets::{self, name_cell};
use super::{DeskRequest, choices_or_none, label_of, submit_command};
use crate::clock::day_of;
use crate::domain::grant::{
    ConfirmPayment, FailPayment, PaymentReason, PaymentRef, PaymentState, ReversePayment,
    SendPayment,
};
use crate::domain::{Command, FundCommand, FundId, GrantCommand as C, GrantId};
use crate::export::spreadsheets::{Spreadsheet, SpreadsheetCell};
use crate::http::AppState;
use crate::http::pages::form::slug_of;
use crate::http::pages::public::names_of_groups;
use crate::http::pages::{
    Form, FormErrors, PageContext, PageError, PageForms, PostedForm, ownership,
};
use crate::projections::{FundRow, GrantRow, PaymentRow};
use crate::views::PageRequest as Wanted;

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
fn filters(asked: &DeskRequest<'_>) -> Result<Vec<(&'static str, Vec<String>)>, PageError> {
    let mut filters = Vec::new();
    let grant = asked.text("grant");
    if !grant.is_empty() {
        filters.push(("grant_id", vec![ownership::parse_uuid(grant)?.to_string()]));
    }
    let states = asked.all("state");
    if !states.is_empty() {
        filters.push(("state", states));
    } else if grant.is_empty() {
        let open = [
            PaymentState::Prepared,
            PaymentState::Approved,
            PaymentState::Sent,
        ];
        filters.push((
            "state",
            open.map(|state| <&str>::from(state).to_owned()).to_vec(),
        ));
    }
    Ok(filters)
}

pub(super) async fn spreadsheet(asked: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let rows = asked.list_all::<PaymentRow>(filters(asked)?).await?;
    let grants: BTreeMap<Uuid, GrantRow> = asked
        .list_all::<GrantRow>(Vec::new())
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let groups = asked
        .group_names(grants.values().map(|row| row.group.to_string()))
        .await?;
    let people = asked
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
    Ok(spreadsheets::build_spreadsheet(
        "Payments",
        columns,
        rows,
        |row| {
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
        },
    ))
}

pub(super) async fn show(asked: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let filters = filters(asked)?;
    let states = asked.all("state");
    let approved = states.is_empty()
        || states
            .iter()
            .any(|state| state == <&str>::from(PaymentState::Approved));
    let batched = asked.text("grant").is_empty() && approved;
    let after = Some(asked.text("after").to_owned()).filter(|after| !after.is_empty());
    let listed = asked
        .desk
        .views
        .list::<PaymentRow>(
            None,
            filters,
            &Wanted {
                after,
                limit: PAGE_SIZE,
            },
        )
        .await?;
    let forms = asked.forms();
    let mut payments = Vec::new();
    for row in listed.items {
        let grant: GrantRow = asked
            .desk
            .views
            .find(&row.grant.to_string(), None)
            .await?
            .ok_or_else(PageError::not_found)?;
        let group = names_of_groups(asked.desk, vec![grant.group.to_string()])
            .await?
            .into_values()
            .next()
            .unwrap_or_default();
        let people = asked
            .names_of_people(
                row.approved_by
                    .iter()
                    .copied()
                    .chain(row.prepared_by)
                    .chain(row.early_proposed_by),
            )
            .await?;
        payments.push(PaymentListItem {
            title: grant.title,
            group,
            state: label_of(row.state),
            prepared_by: row
                .prepared_by
                .map(|person| people.of(&person))
                .unwrap_or_default(),
            approved_by: row
                .approved_by
                .iter()
                .map(|person| people.of(person))
                .collect(),
            early_proposed_by: row
                .early_proposed_by
                .map(|person| people.of(&person))
                .unwrap_or_default(),
            acts: actions(asked, &forms, &row).await?,
            row,
        });
    }
    let mut filter = forms.form("filter");
    for (name, value) in &asked.query {
        filter = filter.prefill(name, value);
    }
    let page = PaymentsPage {
        page: asked.page_context("Payments").await?,
        wrong: forms.error_summary(),
        filter,
        states: choices_or_none(
            "to approve, send or confirm",
            PaymentState::VARIANTS.iter().copied(),
        ),
        payments,
        batches: if batched {
            proposed_batches(asked, &forms).await?
        } else {
            Vec::new()
        },
        sheets: asked.spreadsheet_links(),
        finance: asked
            .signed
            .reader
            .roles
            .contains(&crate::domain::Role::Finance),
        next: listed
            .next
            .map(|next| super::applications::url_with(asked, "after", &next)),
    };
    asked.render(&page)
}

async fn actions(
    asked: &DeskRequest<'_>,
    forms: &PageForms,
    row: &PaymentRow,
) -> Result<Vec<Action>, PageError> {
    let today = day_of(asked.desk.commands.now());
    let (grant, payment) = (row.grant, row.payment);
    let because = || PaymentReason {
        payment,
        reason: "why".parse().expect("a short text"),
    };
    let PaymentReason { reason, .. } = because();
    let fail = FailPayment {
        payment,
        reason: reason.clone(),
        happened_on: Some(today),
    };
    let reverse = ReversePayment {
        payment,
        happened_on: today,
        reason,
    };
    // After a payment has failed or was reversed, both commands record that it came back again.
    // Only one of them is shown.
    let is_back = matches!(row.state, PaymentState::Failed | PaymentState::Reversed);
    let failed = if is_back {
        "The bank sent it back once more"
    } else {
        "The bank did not pay"
    };
    let act = async |name: &str, title: &str, command: C| -> Result<Action, PageError> {
        let offered = Availability::check(
            asked.desk,
            asked.visitor,
            Command::Grant(GrantId(grant), command),
        )
        .await?;
        let form = format!("{name}-{grant}-{payment}");
        Ok(Action::new(
            forms,
            &form,
            title,
            &format!("/desk/do/grants/{grant}/{name}"),
            offered,
        )
        .hidden("payment:n", payment))
    };
    let mut acts = vec![
        act("approve-payment", "Approve", C::ApprovePayment(PaymentRef { payment })).await?.expanded().button("Approve the payment"),
        act("reject-payment", "Reject", C::RejectPayment(because())).await?.text_area("reason", "Why"),
        act("propose-early-payment", "Propose that it leave at once", C::ProposeEarlyPayment(because())).await?.text_area_with_hint(
            "reason",
            "Why",
            "The payee, a member or an address changed a short time ago. A second person confirms it.",
        ),
        act("confirm-early-payment", "Confirm that it leaves at once", C::ConfirmEarlyPayment(PaymentRef { payment })).await?,
        act("send-payment", "It was sent to the bank", C::SendPayment(SendPayment { payment, happened_on: today }))
            .await?
            .day("happened_on", "When")
            .prefill("happened_on", today),
        act("confirm-payment", "The bank has paid", C::ConfirmPayment(ConfirmPayment { payment, happened_on: today, receipt: None }))
            .await?
            .day("happened_on", "The bank's date")
            .text_with_hint("receipt", "The receipt's digest", "Only where you bought for the group: from the group's files.")
            .prefill("happened_on", today),
        act("fail-payment", failed, C::FailPayment(fail))
            .await?
            .text_area("reason", "Why")
            .day("happened_on", "The bank's date")
            .prefill("happened_on", today),
        act("cancel-payment", "Cancel it", C::CancelPayment(because())).await?.text_area("reason", "Why"),
    ];
    if !is_back {
        acts.push(
            act(
                "reverse-payment",
                "The bank took it back after it was paid",
                C::ReversePayment(reverse),
            )
            .await?
            .text_area("reason", "Why")
            .day("happened_on", "The bank's date")
            .prefill("happened_on", today),
        );
    }
    Ok(visible(acts))
}

/// All approved payments, up to [`BATCH_MAX`], by fund: a batch is not limited to the page of the
/// list.
async fn proposed_batches(
    asked: &DeskRequest<'_>,
    forms: &PageForms,
) -> Result<Vec<BatchProposal>, PageError> {
    if !asked
        .signed
        .reader
        .roles
        .contains(&crate::domain::Role::Finance)
    {
        return Ok(Vec::new());
    }
    let today = day_of(asked.desk.commands.now());
    let mut batches: Vec<BatchProposal> = Vec::new();
    let filters = vec![(
        "state",
        vec![<&str>::from(PaymentState::Approved).to_owned()],
    )];
    let approved = asked
        .desk
        .views
        .list::<PaymentRow>(
            None,
            filters,
            &Wanted {
                after: None,
                limit: BATCH_MAX,
            },
        )
        .await?
        .items;
    for row in approved {
        let grant: GrantRow = asked
            .desk
            .views
            .find(&row.grant.to_string(), None)
            .await?
            .ok_or_else(PageError::not_found)?;
        let group = names_of_groups(asked.desk, vec![grant.group.to_string()])
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
        let fund: FundRow = asked
            .desk
            .views
            .find(&fund.to_string(), None)
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
    desk: web::Data<AppState>,
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
            &desk,
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
        &desk,
        &visitor,
        &posted,
        Command::Fund(fund, command),
        "send-batch",
        back,
        |_| "/desk/payments?state=sent".to_owned(),
    )
    .await
}
