//! The page of one batch, from the chosen payments to the bank's answer, and marking it as sent.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;
use serde_json::json;
use uuid::Uuid;

use super::super::list::{have_pence, pounds_in};
use super::super::{DeskRequest, PersonNames, render_page_at, submit_command};
use super::batch_payments::{self, BatchPayment, held_back, payment_id};
use super::file::page_of_form;
use super::proposals::choice_form;
use super::{batch_path, batch_title, file_made_text, payments_in_words, require_finance};
use crate::domain::grant::PaymentState;
use crate::domain::text::Slug;
use crate::domain::{Command, FundCommand, FundId};
use crate::http::AppState;
use crate::http::pages::days::short_day;
use crate::http::pages::words::{Tag, TagKind, Tagged as _};
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PostedForm, Visitor, ownership, see_other,
};
use crate::projections::{BankFileRow, FundRow, PaymentBatchRow, PaymentRow};
use crate::views::Filter;

/// The form that makes the file, and the form that marks the batch as sent.
const FILE_FORM: &str = "bank-file";
const SENT_FORM: &str = "batch-sent";

#[derive(Template)]
#[template(path = "desk/bank_batch.html")]
struct BatchPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    title: String,
    tag: Tag,
    facts: String,
    fund: Uuid,
    key: String,
    stage: BatchStage,
    steps: Vec<BatchStep>,
    lines: Vec<BatchLineView>,
    /// Payments that cannot leave now, and why.
    held_back: Vec<(String, String)>,
    count: String,
    total: String,
    /// When and by whom files were made, the newest last, each with its reason.
    files: Vec<String>,
    /// "This file was already downloaded on 27 Nov by Alex."
    downloaded: Option<String>,
    /// The payments that the form of the file names.
    picks: Vec<String>,
    file_form: Form,
    sent_form: Form,
    layout: String,
}

/// The progress of a batch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum BatchStage {
    /// Its payments are chosen.
    Chosen,
    FileMade,
    Sent,
    /// The bank has answered about some of its payments.
    Answered,
    Finished,
}

/// One step of a batch, with its text.
struct BatchStep {
    label: &'static str,
    note: String,
    is_done: bool,
    is_current: bool,
}

struct BatchLineView {
    grant: Uuid,
    group: String,
    title: String,
    holder: String,
    end: String,
    reference: String,
    people: String,
    tag: Tag,
    amount: String,
}

/// The payments of the page, and the batch if its file was made or it was sent.
struct ShownBatch {
    key: Slug,
    row: Option<PaymentBatchRow>,
    payments: Vec<BatchPayment>,
    held_back: Vec<(String, String)>,
}

impl ShownBatch {
    fn stage(&self) -> BatchStage {
        let Some(row) = &self.row else {
            return BatchStage::Chosen;
        };
        if row.sent_on.is_none() {
            return BatchStage::FileMade;
        }
        let is_waiting = |payment: &&BatchPayment| payment.row.state == PaymentState::Sent;
        match self.payments.iter().filter(is_waiting).count() {
            0 => BatchStage::Finished,
            waiting if waiting < self.payments.len() => BatchStage::Answered,
            _ => BatchStage::Sent,
        }
    }
}

/// The page of a batch. The query names the batch, or the payments that are chosen for a new one.
pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let fund: FundRow = request
        .row(ownership::parse_uuid(request.text("fund"))?)
        .await?;
    let shown = find(request, &fund).await?;
    if shown.payments.is_empty() && shown.held_back.is_empty() && shown.row.is_none() {
        return Err(PageError::not_found());
    }
    render(request, fund, shown).await
}

async fn find(request: &DeskRequest<'_>, fund: &FundRow) -> Result<ShownBatch, PageError> {
    let with_batches = request.app.views.with_batches(vec![fund.clone()], None);
    let known = with_batches.await?.pop().map(|fund| fund.batches);
    let known = known.unwrap_or_default();
    let picks = request.all("pay");
    let row = if picks.is_empty() {
        let batch = known
            .iter()
            .find(|(key, _)| key.as_str() == request.text("batch"));
        Some(batch.ok_or_else(PageError::not_found)?.1.clone())
    } else {
        // After the file was made, the address still names the payments.
        let has_pick = |row: &&PaymentBatchRow| {
            let mut unsent = row.unsent.iter();
            unsent.any(|line| picks.contains(&payment_id(line.grant.0, line.payment)))
        };
        known.values().find(has_pick).cloned()
    };
    let id = FundId(fund.id);
    match row {
        Some(row) if row.sent_on.is_some() => {
            let filters = vec![Filter::equals("batch", row.batch.to_string())];
            let rows: Vec<PaymentRow> = request.app.views.all_rows(None, filters).await?;
            Ok(ShownBatch {
                key: row.batch.clone(),
                payments: batch_payments::load(request, id, rows).await?,
                held_back: Vec::new(),
                row: Some(row),
            })
        }
        Some(row) => {
            let unsent = row.unsent.iter();
            let ids = unsent.map(|line| payment_id(line.grant.0, line.payment));
            ready_or_not(request, id, ids.collect(), row.batch.clone(), Some(row)).await
        }
        None => {
            let key = free_key(request, &known.into_keys().collect())?;
            ready_or_not(request, id, picks.into_iter().collect(), key, None).await
        }
    }
}

/// The first key of today that is free: "batch-2026-11-28-1".
fn free_key(request: &DeskRequest<'_>, known: &BTreeSet<Slug>) -> Result<Slug, PageError> {
    let today = request.today();
    (1..=known.len() + 1)
        .filter_map(|number| format!("batch-{today}-{number}").parse().ok())
        .find(|key| !known.contains(key))
        .ok_or_else(PageError::not_found)
}

async fn ready_or_not(
    request: &DeskRequest<'_>,
    fund: FundId,
    ids: BTreeSet<String>,
    key: Slug,
    row: Option<PaymentBatchRow>,
) -> Result<ShownBatch, PageError> {
    let rows: Vec<PaymentRow> = request.rows_by_id(ids).await?;
    let (mut payments, mut held) = (Vec::new(), Vec::new());
    for payment in batch_payments::load(request, fund, rows).await? {
        match held_back(request, &payment).await? {
            None => payments.push(payment),
            Some(why) => held.push((payment.group, why)),
        }
    }
    Ok(ShownBatch {
        key,
        row,
        payments,
        held_back: held,
    })
}

async fn render(
    request: &DeskRequest<'_>,
    fund: FundRow,
    shown: ShownBatch,
) -> Result<HttpResponse, PageError> {
    let today = request.today();
    let stage = shown.stage();
    let row = shown.row.as_ref();
    let sent_on = row.and_then(|row| row.sent_on);
    let files = row.map(|row| row.files.as_slice()).unwrap_or_default();
    let people = shown.payments.iter().flat_map(BatchPayment::people);
    let makers = files.iter().map(|file| file.by);
    let names = request.names_of_colleagues(people.chain(makers)).await?;
    let amounts = || shown.payments.iter().map(|payment| payment.row.amount);
    let with_pence = have_pence(amounts());
    let total = pounds_in(amounts().sum(), with_pence);
    let count = payments_in_words(shown.payments.len());
    let title = batch_title(&shown.key, sent_on, today);
    let line = |payment: &BatchPayment| line_view(payment, &names, with_pence);
    let notes = [
        String::new(),
        row.and_then(|row| file_made_text(row, &names, today))
            .unwrap_or_default(),
        sent_on.map(|day| short_day(day, today)).unwrap_or_default(),
        String::new(),
    ];
    let forms = request.forms();
    request.render(&BatchPage {
        page: request.page_context(&title).await?,
        wrong: forms.error_summary(),
        facts: format!("{count}, {total}, from {}", fund.name),
        tag: stage.tag(),
        steps: steps(stage, notes),
        stage,
        lines: shown.payments.iter().map(line).collect(),
        downloaded: files
            .last()
            .map(|file| downloaded_text(file, &names, today)),
        files: files
            .iter()
            .map(|file| file_text(file, &names, today))
            .collect(),
        picks: shown.payments.iter().map(BatchPayment::id).collect(),
        file_form: forms.form(FILE_FORM),
        sent_form: forms.form(SENT_FORM).prefill("sent_on", &today.to_string()),
        layout: request.app.site.bank_layout.name.clone(),
        fund: fund.id,
        key: shown.key.to_string(),
        held_back: shown.held_back,
        count,
        total,
        title,
    })
}

fn line_view(payment: &BatchPayment, names: &PersonNames, with_pence: bool) -> BatchLineView {
    let people: Vec<_> = payment.people().map(|person| names.of(&person)).collect();
    BatchLineView {
        grant: payment.row.grant,
        group: payment.group.clone(),
        title: payment.title.clone(),
        holder: payment.holder.clone(),
        end: payment.end.clone(),
        reference: payment.reference.clone(),
        people: people.join(", "),
        tag: payment.row.state.tag(),
        amount: pounds_in(payment.row.amount, with_pence),
    }
}

/// "27 Nov, Alex, 2 payments, £3,050", with the reason for another file.
fn file_text(file: &BankFileRow, names: &PersonNames, today: Date) -> String {
    let (by, day) = (names.of(&file.by), short_day(file.made_on, today));
    let count = payments_in_words(file.payments as usize);
    let reason = file.reason.as_ref();
    let reason = reason.map(|reason| format!(": {reason}"));
    format!(
        "{day}, {by}, {count}, {}{}",
        file.total,
        reason.unwrap_or_default()
    )
}

fn downloaded_text(file: &BankFileRow, names: &PersonNames, today: Date) -> String {
    let (by, day) = (names.of(&file.by), short_day(file.made_on, today));
    format!("This file was already downloaded on {day} by {by}. Check the bank has not paid it.")
}

impl BatchStage {
    fn tag(self) -> Tag {
        match self {
            Self::Chosen => Tag::new(TagKind::Todo, "To send"),
            Self::FileMade => Tag::new(TagKind::Todo, "File made"),
            Self::Sent | Self::Answered => Tag::new(TagKind::Wait, "With the bank"),
            Self::Finished => Tag::new(TagKind::Good, "Statement read"),
        }
    }
}

fn steps(stage: BatchStage, notes: [String; 4]) -> Vec<BatchStep> {
    let ends = [
        ("Payments chosen", BatchStage::Chosen),
        ("File made", BatchStage::FileMade),
        ("Sent to the bank", BatchStage::Sent),
        ("Statement read", BatchStage::Finished),
    ];
    let mut is_next = true;
    ends.into_iter()
        .zip(notes)
        .map(|((label, done_at), note)| {
            let is_done = stage >= done_at;
            let is_current = !is_done && std::mem::replace(&mut is_next, is_done);
            BatchStep {
                label,
                note,
                is_done,
                is_current,
            }
        })
        .collect()
}

/// Takes the payments that were chosen on the list to the page of their batch, or marks a batch as
/// sent after its file was uploaded to the bank.
pub(in crate::http::pages::desk) async fn send_batch(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    require_finance(&visitor)?;
    let fund = FundId(ownership::parse_uuid(request.match_info().query("fund"))?);
    if posted.text("do") == "sent" {
        return mark_as_sent(&app, &visitor, &posted, fund).await;
    }
    let mut query = vec![("fund", fund.to_string())];
    let picks = posted.all("payments").filter(|id| !id.is_empty());
    query.extend(picks.map(|id| ("pay", id.to_owned())));
    if query.len() == 1 {
        let says = "Select at least one payment.".to_owned();
        let errors = vec![("payments".to_owned(), says)];
        let rejected = FormErrors::new(&choice_form(fund.0), &posted, errors);
        let back = "/desk/payments?state=approved";
        return render_page_at(&app, &visitor, back, Some(rejected)).await;
    }
    let query = serde_html_form::to_string(query).unwrap_or_default();
    Ok(see_other(&format!("/desk/bank?{query}")))
}

/// Marks exactly the payments of a batch's file as sent. Their groups then get a message.
async fn mark_as_sent(
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
    fund: FundId,
) -> Result<HttpResponse, PageError> {
    let batch: Slug = posted
        .text("batch")
        .parse()
        .map_err(|_| PageError::not_found())?;
    let id = PaymentBatchRow::id_of(fund.0, &batch);
    let refused = async |back: &str, field: &str, says: &str| {
        let errors = vec![(field.to_owned(), says.to_owned())];
        let rejected = FormErrors::new(SENT_FORM, posted, errors);
        render_page_at(app, visitor, back, Some(rejected)).await
    };
    let Some(known) = app.views.find::<PaymentBatchRow>(id, None).await? else {
        let says = "Make the file first, and upload it to the bank.";
        return refused(&page_of_form(posted), "", says).await;
    };
    let back = batch_path(fund.0, &batch);
    if known.sent_on.is_some() {
        return Ok(see_other(&back));
    }
    let body = json!({
        "batch": batch.to_string(), "sent_on": posted.text("sent_on"), "payments": known.unsent,
    });
    let Some(command) = FundCommand::read("send-batch", body).and_then(Result::ok) else {
        return refused(&back, "sent_on", "Enter the day you sent it to the bank.").await;
    };
    let command = Command::Fund(fund, command);
    let next = back.clone();
    submit_command::execute(app, visitor, posted, command, "send-batch", &back, |_| next).await
}
