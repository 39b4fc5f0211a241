//! Makes the payment file of a batch.

use std::collections::BTreeSet;

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;
use uuid::Uuid;

use super::super::{DeskRequest, render_page_at};
use super::batch_payments::{self, BatchPayment, held_back, no_place, payment_id};
use super::{batch_path, require_finance};
use crate::bank::{self, PaymentOrder};
use crate::commands::{CommandError, CommandRequest};
use crate::domain::grant::PaymentState;
use crate::domain::organisation::ReturnAccount;
use crate::domain::text::Slug;
use crate::domain::{Command, FundCommand, FundId, Money};
use crate::http::AppState;
use crate::http::pages::sign_in::local_path;
use crate::http::pages::{FormData, FormErrors, PageError, PostedForm, Visitor, ownership};
use crate::projections::{OrganisationRow, PaymentBatchRow, PaymentRow};
use crate::views::Filter;

/// Makes the file of a batch, records that it was made, and returns it as a download. The form
/// names the payments of a batch that is not sent yet.
pub(in crate::http::pages::desk) async fn make_file(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    require_finance(&visitor)?;
    let fund = FundId(ownership::parse_uuid(request.match_info().query("fund"))?);
    let batch: Slug = request
        .match_info()
        .query("batch")
        .parse()
        .map_err(|_| PageError::not_found())?;
    let known: Option<PaymentBatchRow> = app
        .views
        .find(PaymentBatchRow::id_of(fund.0, &batch), None)
        .await?;
    let back = if known.is_some() {
        batch_path(fund.0, &batch)
    } else {
        page_of_form(&posted)
    };
    let desk = DeskRequest::new(&app, &visitor, "/desk/bank", None)?;
    let made = match draw_up(&desk, &posted, fund, &batch, known.as_ref()).await? {
        Ok((command, file)) => record_file(&app, &visitor, &posted, Command::Fund(fund, command))
            .await?
            .map(|()| file),
        Err(says) => Err(says),
    };
    match made {
        Ok(file) => {
            let format = app.site.bank_layout.format;
            let name = format!("attachment; filename=\"{batch}.{}\"", format.extension());
            Ok(HttpResponse::Ok()
                .insert_header((CONTENT_DISPOSITION, name))
                .content_type(format.content_type())
                .body(file))
        }
        Err(says) => {
            // Only another file has the field for the reason.
            let is_another = known.is_some_and(|known| !known.files.is_empty());
            let field = if is_another { "reason" } else { "" };
            let errors = vec![(field.to_owned(), says)];
            let rejected = FormErrors::new(posted.text("form"), &posted, errors);
            render_page_at(&app, &visitor, &back, Some(rejected)).await
        }
    }
}

/// The page of the bank that a form was on.
pub(super) fn page_of_form(posted: &FormData) -> String {
    local_path(posted.text("at"))
        .filter(|path| path.starts_with("/desk/bank"))
        .unwrap_or("/desk/bank")
        .to_owned()
}

/// The command that records a file, and the file's text; or a text for the page.
async fn draw_up(
    desk: &DeskRequest<'_>,
    posted: &FormData,
    fund: FundId,
    batch: &Slug,
    known: Option<&PaymentBatchRow>,
) -> Result<Result<(FundCommand, String), String>, PageError> {
    let sent_on = known.and_then(|known| known.sent_on);
    let payments = if sent_on.is_some() {
        sent_payments(desk, fund, batch).await?
    } else {
        chosen_payments(desk, posted, fund, known).await?
    };
    let mut lines = Vec::new();
    for payment in &payments {
        let problem = match (&payment.line, sent_on) {
            (None, Some(_)) => Some(
                "The bank details have changed since this payment was prepared. Record that the \
                    bank did not pay it, then prepare it again"
                    .to_owned(),
            ),
            (Some(line), Some(_)) => no_place(desk, line).map(str::to_owned),
            _ => held_back(desk, payment).await?,
        };
        match (problem, &payment.line) {
            (None, Some(line)) => lines.push(line.clone()),
            (says, _) => {
                let says = says.unwrap_or_default();
                return Ok(Err(format!("{}: {says}", payment.group)));
            }
        }
    }
    let order = PaymentOrder {
        batch: format!("{}/{batch}", fund.0),
        on: sent_on.unwrap_or_else(|| desk.today()),
        made_on: desk.today(),
    };
    let own = own_account(desk.app).await?;
    let layout = &desk.app.site.bank_layout;
    let file = match bank::write_payment_file(layout, &lines, &order, own.as_ref()) {
        Ok(file) => file,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let reason = Some(posted.text("reason")).filter(|reason| !reason.is_empty());
    let lines = new_lines(&payments, known);
    let grants: BTreeSet<Uuid> = payments.iter().map(|payment| payment.row.grant).collect();
    let body = json!({
        "batch": batch.to_string(), "payments": file.payments, "total": file.total,
        "digest": file.digest, "reason": reason, "lines": lines, "grants": grants,
    });
    let command = FundCommand::read("make-bank-file", body).and_then(Result::ok);
    Ok(command
        .map(|command| (command, file.text))
        .ok_or_else(|| "This batch has no payments left for the bank to make".to_owned()))
}

/// The organisation's account, from its settings.
async fn own_account(app: &AppState) -> Result<Option<ReturnAccount>, PageError> {
    let own: Option<OrganisationRow> = app.views.find(app.commands.organisation(), None).await?;
    Ok(own.and_then(|own| own.settings?.values.return_account))
}

/// The payments of a batch that was sent and that the bank has not answered. Paid ones must not be
/// paid again by a second file.
async fn sent_payments(
    desk: &DeskRequest<'_>,
    fund: FundId,
    batch: &Slug,
) -> Result<Vec<BatchPayment>, PageError> {
    let filters = vec![
        Filter::equals("batch", batch.to_string()),
        Filter::in_state([PaymentState::Sent]),
    ];
    let rows: Vec<PaymentRow> = desk.app.views.all_rows(None, filters).await?;
    batch_payments::load(desk, fund, rows).await
}

/// The payments that the form names, or those of the file before.
async fn chosen_payments(
    desk: &DeskRequest<'_>,
    posted: &FormData,
    fund: FundId,
    known: Option<&PaymentBatchRow>,
) -> Result<Vec<BatchPayment>, PageError> {
    let mut ids: BTreeSet<String> = posted.all("pay").map(str::to_owned).collect();
    if let Some(known) = known.filter(|_| ids.is_empty()) {
        let unsent = known.unsent.iter();
        ids.extend(unsent.map(|line| payment_id(line.grant.0, line.payment)));
    }
    let rows: Vec<PaymentRow> = desk.rows_by_id(ids).await?;
    batch_payments::load(desk, fund, rows).await
}

/// The payments as the command names them; none if the batch is sent, or its file before had the
/// same.
fn new_lines(payments: &[BatchPayment], known: Option<&PaymentBatchRow>) -> Vec<serde_json::Value> {
    let is_sent = known.is_some_and(|known| known.sent_on.is_some());
    let before: BTreeSet<(String, Money)> = known
        .iter()
        .flat_map(|known| &known.unsent)
        .map(|line| (payment_id(line.grant.0, line.payment), line.amount))
        .collect();
    let now: BTreeSet<(String, Money)> = payments
        .iter()
        .map(|payment| (payment.id(), payment.row.amount))
        .collect();
    if is_sent || before == now {
        return Vec::new();
    }
    let line = |payment: &BatchPayment| {
        let PaymentRow {
            grant,
            payment,
            amount,
            ..
        } = &payment.row;
        json!({ "grant": grant, "payment": payment, "amount": amount })
    };
    payments.iter().map(line).collect()
}

/// Records that a file was made, or returns a text for the page: the rules refuse it, or the same
/// form made its file before.
async fn record_file(
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
    command: Command,
) -> Result<Result<(), String>, PageError> {
    let before = app.commands.log().length().await?;
    let request = CommandRequest {
        idempotency_key: Some(posted.idempotency_key(app, &visitor.path)),
        ..CommandRequest::new(visitor.require_signed_in()?.caller.clone(), command)
    };
    match ownership::execute_and_wait(app, request).await {
        Ok(answer) if answer.first_position >= before => Ok(Ok(())),
        Ok(_) => Ok(Err(
            "This file has already been made. Say why you need another".to_owned(),
        )),
        Err(PageError::Refused(CommandError::Refused(refusal))) => {
            Ok(Err(format!("{refusal}. {}", refusal.advice())))
        }
        Err(error) => Err(error),
    }
}
