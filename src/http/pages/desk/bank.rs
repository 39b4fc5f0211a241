//! The bank pages: payment files of batches, and the import of bank statements.
//!
//! # Payment files
//!
//! A batch's file can be made again, with a reason. Only payments that were sent and not confirmed
//! are in it.
//!
//! # Statements
//!
//! Uploading a statement records nothing: its entries are matched with payments and shown. The
//! entries that a person of finance chooses are then recorded by a second form.

use std::collections::{BTreeMap, BTreeSet};

use actix_multipart::Multipart;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;
use serde_json::json;
use uuid::Uuid;

use super::{DeskRequest, PersonNames};
use crate::bank::{self, ExpectedPayment, MatchOutcome, MatchedEntry, PaymentLine};
use crate::commands::{CommandError, CommandRequest, IdempotencyKey};
use crate::domain::grant::PaymentState;
use crate::domain::payee::PaymentRoute;
use crate::domain::reference::Reference;
use crate::domain::text::Slug;
use crate::domain::{Command, FundCommand, FundId, GrantCommand, GrantId, Money, Role};
use crate::http::AppState;
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PostedForm, Visitor, multipart, ownership,
};
use crate::projections::{
    ApplicationRow, FundRow, GrantRow, GroupRow, PaymentBatchRow, PaymentRow,
};
use crate::views::{Filter, FundView};

/// Records per lookup.
const LOOKUP_CHUNK: usize = 500;

#[derive(Template)]
#[template(path = "desk/bank.html")]
struct BankPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    layout: String,
    batches: Vec<BankBatch>,
    names: PersonNames,
    upload: Form,
}

/// A batch, with the form that makes its file.
struct BankBatch {
    fund: Uuid,
    fund_name: String,
    key: String,
    row: PaymentBatchRow,
    form: Form,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.roles.contains(&Role::Finance) {
        return Err(PageError::forbidden());
    }
    let forms = request.forms();
    let mut batches = Vec::new();
    let funds = request.list_all::<FundRow>(Vec::new()).await?;
    for FundView {
        row: fund,
        batches: of_fund,
    } in request.app.views.with_batches(funds, None).await?
    {
        for (key, row) in of_fund {
            let form = forms.form(&format!("file-{}-{key}", fund.id));
            batches.push(BankBatch {
                fund: fund.id,
                fund_name: fund.name.clone(),
                key: key.to_string(),
                row,
                form,
            });
        }
    }
    batches.sort_by(|one, other| (other.row.sent_on, &other.key).cmp(&(one.row.sent_on, &one.key)));
    let makers = batches
        .iter()
        .flat_map(|batch| batch.row.files.iter().map(|file| file.by))
        .collect::<Vec<_>>();
    request.render(&BankPage {
        page: request.page_context("The bank").await?,
        wrong: forms.error_summary(),
        layout: request.app.site.bank_layout.name.clone(),
        names: request.names_of_people(makers).await?,
        batches,
        upload: forms.form("statement"),
    })
}

/// Makes the file of a batch, records that it was made, and returns it as a download.
pub(super) async fn make_file(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let reader = &visitor.require_staff()?.reader;
    if !reader.roles.contains(&Role::Finance) {
        return Err(PageError::forbidden());
    }
    let fund = FundId(ownership::parse_uuid(request.match_info().query("fund"))?);
    let batch: Slug = request
        .match_info()
        .query("batch")
        .parse()
        .map_err(|_| PageError::not_found())?;
    let known: PaymentBatchRow = app
        .views
        .find(PaymentBatchRow::id_of(fund.0, &batch), None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let batch = batch.to_string();
    let form = posted.text("form").to_owned();
    let refused = async |says: String| {
        super::render_page_at(
            &app,
            &visitor,
            "/desk/bank",
            Some(FormErrors::new(
                &form,
                &posted,
                vec![("reason".to_owned(), says)],
            )),
        )
        .await
    };
    let lines = match payment_lines(&app, &visitor, fund, &batch).await? {
        Ok(lines) => lines,
        Err(says) => return refused(says).await,
    };
    let file = bank::write_payment_file(&app.site.bank_layout, &lines, known.sent_on);
    let reason = Some(posted.text("reason")).filter(|reason| !reason.is_empty());
    let body = json!({ "batch": batch, "payments": file.payments, "total": file.total, "digest": file.digest, "reason": reason });
    let Some(command) = FundCommand::read("make-bank-file", body).and_then(Result::ok) else {
        return refused(
            "There is nothing in this batch that the bank has still to pay to an account"
                .to_owned(),
        )
        .await;
    };
    let command = Command::Fund(fund, command);
    if let Err(says) = record_file(&app, &visitor, &posted, command).await? {
        return refused(says).await;
    }
    let name = format!("attachment; filename=\"{batch}.csv\"");
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_DISPOSITION, name))
        .content_type("text/csv; charset=utf-8")
        .body(file.text))
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
            "This form made its file already. To make another, say why".to_owned(),
        )),
        Err(PageError::Refused(CommandError::Refused(refusal))) => {
            Ok(Err(format!("{refusal}. {}", refusal.advice())))
        }
        Err(error) => Err(error),
    }
}

/// The lines of a batch's file, or a text for the page if an account is no longer the
/// verified one for which its payment was prepared.
async fn payment_lines(
    app: &AppState,
    visitor: &Visitor,
    fund: FundId,
    batch: &str,
) -> Result<Result<Vec<PaymentLine>, String>, PageError> {
    // Only payments that were sent. Confirmed ones must not be paid again by a second file.
    let filters = vec![
        Filter::equals("batch", batch),
        Filter::in_state([PaymentState::Sent]),
    ];
    let rows: Vec<PaymentRow> = app.views.all_rows(None, filters).await?;
    let mut lines = Vec::new();
    for row in rows
        .into_iter()
        .filter(|row| row.route != PaymentRoute::PurchaseForGroup)
    {
        let grant: GrantRow = app
            .views
            .find(row.grant, None)
            .await?
            .ok_or_else(PageError::not_found)?;
        if grant.fund != fund {
            continue;
        }
        let group: GroupRow = app
            .views
            .find(grant.group, None)
            .await?
            .ok_or_else(PageError::not_found)?;
        let name = group.name.clone();
        let seen = app
            .views
            .decrypt_groups(&visitor.require_staff()?.reader, vec![group], None)
            .await?
            .pop()
            .ok_or_else(PageError::not_found)?;
        let payee = seen
            .payee
            .filter(|payee| payee.payee == row.payee && payee.verified_by.is_some());
        let account = payee.and_then(|payee| Some((payee.holder?, payee.numbers?)));
        let Some((holder, numbers)) = account else {
            return Ok(Err(format!(
                "The account of {name} is not the one that its payment was prepared for. Record that the bank did not pay it, and prepare it again"
            )));
        };
        let (sort_code, account_number) = numbers.split_once(' ').unwrap_or_default();
        lines.push(PaymentLine {
            sort_code: sort_code.chars().filter(char::is_ascii_digit).collect(),
            account_number: account_number.to_owned(),
            holder,
            amount: row.amount,
            reference: payment_reference(app, &row).await?,
        });
    }
    Ok(Ok(lines))
}

/// The reference that the bank shows with a payment.
async fn payment_reference(app: &AppState, payment: &PaymentRow) -> Result<String, PageError> {
    let application: ApplicationRow = app
        .views
        .find(payment.grant, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let heard = Reference::parse(&application.reference).ok_or_else(PageError::not_found)?;
    Ok(bank::payment_reference(&heard, payment.payment))
}

#[derive(Template)]
#[template(path = "desk/bank_statement.html")]
struct StatementPreviewPage {
    page: PageContext,
    form: Form,
    rows: Vec<StatementEntryRow>,
    /// How many entries can be recorded, and how many concern none of our payments.
    due: usize,
    others: usize,
    /// Whether an entry names a payment but does not match it, so that it can be recorded for
    /// settlement.
    unsettled: bool,
}

/// An entry that concerns a payment, and the command that it would be recorded with.
struct StatementEntryRow {
    on: Date,
    sum: String,
    grant: Option<Uuid>,
    title: String,
    says: String,
    /// The command as the form posts it, if there is one. [`parse_line`] parses it.
    line: Option<String>,
    /// The command that records the entry for settlement, if the reader ticks it.
    settle: Option<String>,
}

/// Reads an uploaded statement, and shows its entries. Nothing is recorded.
pub(super) async fn preview_statement(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    if !visitor
        .require_staff()?
        .reader
        .roles
        .contains(&Role::Finance)
    {
        return Err(PageError::forbidden());
    }
    let sent = multipart::read(&request, body, &visitor).await?;
    let text = String::from_utf8_lossy(&sent.bytes).into_owned();
    let entries = match bank::read_statement(&text) {
        Ok(entries) => entries,
        Err(error) => {
            let says = if sent.bytes.is_empty() {
                "Choose the statement's file".to_owned()
            } else {
                error.to_string()
            };
            let rejected =
                FormErrors::new("statement", &sent.posted, vec![("file".to_owned(), says)]);
            return super::render_page_at(&app, &visitor, "/desk/bank", Some(rejected)).await;
        }
    };
    let request = DeskRequest::new(&app, &visitor, "/desk/bank", None)?;
    let (known, titles) = expected_payments(&request).await?;
    let found = bank::reconcile(entries, known);
    let others = found.iter().filter(|one| one.payment.is_none()).count();
    let mut rows = Vec::new();
    let mut alike: BTreeMap<String, u32> = BTreeMap::new();
    for one in found.into_iter().filter(|one| one.payment.is_some()) {
        let mut row = entry_row(&request, one, &titles).await?;
        // Two entries of the same day may be equal. A number makes their idempotency keys differ.
        if let Some(line) = &mut row.settle {
            let count = alike.entry(line.clone()).or_default();
            *count += 1;
            *line = format!("{line}/{count}");
        }
        rows.push(row);
    }
    request.render(&StatementPreviewPage {
        page: request.page_context("What the statement says").await?,
        form: request.forms().form("entries"),
        due: rows.iter().filter(|row| row.line.is_some()).count(),
        unsettled: rows.iter().any(|row| row.settle.is_some()),
        others,
        rows,
    })
}

/// All payments, as a statement may name them, and the titles of grants.
async fn expected_payments(
    request: &DeskRequest<'_>,
) -> Result<(Vec<ExpectedPayment>, BTreeMap<Uuid, String>), PageError> {
    let payments = request.list_all::<PaymentRow>(Vec::new()).await?;
    let grants: BTreeSet<String> = payments.iter().map(|row| row.grant.to_string()).collect();
    let (mut references, mut titles) = (BTreeMap::new(), BTreeMap::new());
    for some in grants.into_iter().collect::<Vec<_>>().chunks(LOOKUP_CHUNK) {
        let of_these = || vec![Filter::any_of("id", some)];
        references.extend(
            request
                .list_all::<ApplicationRow>(of_these())
                .await?
                .into_iter()
                .map(|row| (row.id, row.reference)),
        );
        titles.extend(
            request
                .list_all::<GrantRow>(of_these())
                .await?
                .into_iter()
                .map(|row| (row.id, row.title)),
        );
    }
    let known = payments.into_iter().filter_map(|row| {
        let heard = Reference::parse(references.get(&row.grant)?)?;
        let reference = bank::payment_reference(&heard, row.payment);
        Some(ExpectedPayment {
            grant: row.grant,
            payment: row.payment,
            amount: row.amount,
            state: row.state,
            paid_on: row.paid_on,
            reference,
        })
    });
    Ok((known.collect(), titles))
}

/// What is recorded for an entry, if anything, and the text for it.
fn suggested_action(outcome: MatchOutcome) -> (Option<&'static str>, String) {
    let (act, says) = match outcome {
        MatchOutcome::Confirm => (
            Some("confirm"),
            "The bank has paid it: it will be confirmed.",
        ),
        MatchOutcome::Fail => (
            Some("fail"),
            "It came back: it will be recorded that the bank did not pay.",
        ),
        MatchOutcome::Reverse => (
            Some("reverse"),
            "It came back after it was confirmed: it will be reversed.",
        ),
        MatchOutcome::AlreadyRecorded => (None, "That is recorded already."),
        MatchOutcome::NoPayment => (None, "It is about none of our payments."),
        MatchOutcome::SeveralPayments => (None, "Please look yourself: it names several payments."),
        MatchOutcome::NeedsReview(says) => {
            return (None, format!("Please look yourself: {says}."));
        }
    };
    (act, says.to_owned())
}

async fn entry_row(
    request: &DeskRequest<'_>,
    one: MatchedEntry,
    titles: &BTreeMap<Uuid, String>,
) -> Result<StatementEntryRow, PageError> {
    let MatchedEntry {
        entry,
        payment,
        outcome,
    } = one;
    let fits_nothing = matches!(outcome, MatchOutcome::NeedsReview(_));
    let (act, says) = suggested_action(outcome);
    let line = payment
        .zip(act)
        .map(|((grant, payment), act)| format!("{grant}/{payment}/{act}/{}", entry.on));
    let (way, pence) = (
        if entry.pence < 0 {
            "went_out"
        } else {
            "came_in"
        },
        entry.pence.unsigned_abs(),
    );
    let settle = payment
        .filter(|_| fits_nothing)
        .map(|(grant, payment)| format!("{grant}/{payment}/settle/{}/{way}/{pence}", entry.on));
    let mut row = StatementEntryRow {
        on: entry.on,
        sum: format!(
            "{}{}",
            if entry.pence < 0 { "\u{2212}" } else { "+" },
            Money::from_pence(pence)
        ),
        grant: payment.map(|(grant, _)| grant),
        title: payment
            .and_then(|(grant, _)| titles.get(&grant).cloned())
            .unwrap_or_default(),
        says,
        line,
        settle,
    };
    // A dry run of this entry alone. Whether an earlier entry makes the rules refuse it is
    // known only when both are recorded.
    if let Some(command) = row
        .line
        .as_deref()
        .filter(|_| act == Some("confirm"))
        .and_then(parse_line)
        && let Err(CommandError::Refused(refusal)) = request
            .app
            .commands
            .dry_run(&request.visitor.require_signed_in()?.caller, command)
            .await
    {
        row.says = format!("It cannot be recorded: {refusal}.");
        row.line = None;
    }
    Ok(row)
}

/// Parses the command that a line of the form describes.
fn parse_line(line: &str) -> Option<Command> {
    let parts: Vec<&str> = line.split('/').collect();
    let [grant, payment, act, on, more @ ..] = parts.as_slice() else {
        return None;
    };
    let (grant, payment) = (GrantId(grant.parse().ok()?), payment.parse::<u16>().ok()?);
    let reason = format!("The bank's statement of {on} says that it came back.");
    let (name, body) = match (*act, more) {
        ("confirm", []) => (
            "confirm-payment",
            json!({ "payment": payment, "happened_on": on }),
        ),
        ("fail", []) => (
            "fail-payment",
            json!({ "payment": payment, "happened_on": on, "reason": reason }),
        ),
        ("reverse", []) => (
            "reverse-payment",
            json!({ "payment": payment, "happened_on": on, "reason": reason }),
        ),
        ("settle", [way, pence, _]) => {
            let amount = Money::from_pence(pence.parse().ok()?);
            let note = format!(
                "The bank's statement of {on} names this payment, and the entry fits nothing that is on record."
            );
            (
                "record-bank-entry",
                json!({ "kind": way, "amount": amount, "payment": payment, "happened_on": on, "note": note }),
            )
        }
        _ => return None,
    };
    Some(Command::Grant(grant, GrantCommand::read(name, body)?.ok()?))
}

/// Records the chosen entries, each with an idempotency key made of its content, so that recording
/// the same statement again changes nothing. Entries that are refused are listed on the page.
pub(super) async fn record_entries(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let mut wrong = Vec::new();
    for line in posted.all("line").chain(posted.all("settle")) {
        let Some(command) = parse_line(line) else {
            return Err(PageError::not_found());
        };
        let repeat = IdempotencyKey::shared(format!("bank/{line}"), "bank");
        let request = CommandRequest {
            idempotency_key: Some(repeat),
            ..CommandRequest::new(visitor.require_signed_in()?.caller.clone(), command)
        };
        match ownership::execute_and_wait(&app, request).await {
            Ok(_) => {}
            Err(PageError::Refused(CommandError::Refused(refusal))) => {
                let grant: Option<GrantRow> = app
                    .views
                    .find(line.split('/').next().unwrap_or_default(), None)
                    .await?;
                let title = grant.map(|grant| grant.title).unwrap_or_default();
                wrong.push((
                    "file".to_owned(),
                    format!("{title}: {refusal}. {}", refusal.advice()),
                ));
            }
            Err(error) => return Err(error),
        }
    }
    if wrong.is_empty() {
        return Ok(crate::http::pages::see_other(
            "/desk/payments?state=confirmed&done=bank-entries",
        ));
    }
    super::render_page_at(
        &app,
        &visitor,
        "/desk/bank",
        Some(FormErrors::new("statement", &posted, wrong)),
    )
    .await
}

impl BankPage {
    fn by(&self, person: &crate::domain::PersonId) -> String {
        self.names.of(person)
    }
}
