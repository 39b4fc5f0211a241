//! The bank pages: sending approved payments as a batch with its payment file, and the import of
//! bank statements.
//!
//! # Sending payments
//!
//! A person of finance chooses approved payments of one fund, makes and downloads their file,
//! uploads it to the bank, and then marks the batch as sent: only then do groups get the message
//! that money is on its way. Once the file is made, the batch keeps exactly its payments.
//!
//! # Statements
//!
//! Uploading a statement records nothing: its entries are matched with payments and shown. The
//! entries that a person of finance chooses are then recorded by a second form.

mod batch;
mod batch_payments;
mod could_be;
mod entries;
mod entry_lines;
mod entry_rows;
mod file;
mod known_money;
mod money_back;
mod proposals;

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;
use uuid::Uuid;

use super::list::{have_pence, pounds_in};
use super::{DeskRequest, PersonNames};
use crate::bank::{FileFormat, Layout};
use crate::domain::Role;
use crate::domain::grant::PaymentState;
use crate::domain::text::Slug;
use crate::http::pages::days::short_day;
use crate::http::pages::words::{Tag, TagKind, Tagged as _};
use crate::http::pages::{Form, PageContext, PageError, Visitor};
use crate::projections::{FundRow, GrantRow, PaymentBatchRow, PaymentRow};
use crate::views::{Filter, FundView};

pub(super) use batch::send_batch;
pub(super) use batch_payments::number_end;
pub(super) use entries::{preview_statement, record_entries};
pub(super) use file::make_file;
pub(super) use proposals::{BatchProposal, UnsentBatch, proposals, unsent_batches};

/// How many payments without a file are shown.
const SINGLES_MAX: usize = 12;

#[derive(Template)]
#[template(path = "desk/bank.html")]
struct BankPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    batches: Vec<BatchItem>,
    /// The newest payments that went to the bank one by one, without a file, and how many there
    /// are.
    singles: Vec<SingleItem>,
    singles_count: usize,
    upload: Form,
    /// "a CSV file, by the layout “plain”": what a bank file is made as.
    layout: String,
}

/// A payment that went to the bank without a file.
struct SingleItem {
    group: String,
    path: String,
    amount: String,
    tag: Tag,
    sent_on: String,
}

/// A batch in the list of all batches.
struct BatchItem {
    title: String,
    path: String,
    fund: String,
    payments: u32,
    total: String,
    tag: Tag,
    /// The day on which it was sent, or its file was made.
    since: String,
}

/// The page of the bank; with a batch or payments in the query, that of the batch.
pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_finance(request.visitor)?;
    if !request.text("fund").is_empty() {
        return batch::show(request).await;
    }
    let forms = request.forms();
    let (singles, singles_count) = single_items(request).await?;
    request.render(&BankPage {
        page: request.page_context("Bank files and statements").await?,
        wrong: forms.error_summary(),
        batches: batch_items(request).await?,
        singles,
        singles_count,
        upload: forms.form("statement"),
        layout: layout_in_words(&request.app.site.bank_layout),
    })
}

/// "a CSV file, by the layout “our bank”".
fn layout_in_words(layout: &Layout) -> String {
    let kind = match layout.format {
        FileFormat::Csv => "a CSV file",
        FileFormat::Pain00103 => "an ISO 20022 file (pain.001.001.03)",
        FileFormat::Pain00109 => "an ISO 20022 file (pain.001.001.09)",
    };
    format!("{kind}, by the layout “{}”", layout.name)
}

fn require_finance(visitor: &Visitor) -> Result<(), PageError> {
    if visitor
        .require_staff()?
        .reader
        .roles
        .contains(&Role::Finance)
    {
        Ok(())
    } else {
        Err(PageError::forbidden())
    }
}

/// All batches of all funds: first those that are not marked as sent, then the newest.
async fn batch_items(request: &DeskRequest<'_>) -> Result<Vec<BatchItem>, PageError> {
    let today = request.today();
    let at_bank = keys_at_bank(request).await?;
    let funds = request.list_all::<FundRow>(Vec::new()).await?;
    let mut rows: Vec<(String, PaymentBatchRow)> = Vec::new();
    for FundView { row, batches } in request.app.views.with_batches(funds, None).await? {
        rows.extend(batches.into_values().map(|batch| (row.name.clone(), batch)));
    }
    rows.sort_by(|(_, one), (_, other)| {
        let key = |row: &PaymentBatchRow| (row.sent_on.is_none(), row.sent_on, row.batch.clone());
        key(other).cmp(&key(one))
    });
    let with_pence = have_pence(rows.iter().map(|(_, row)| row.total));
    let item = |(fund, row): (String, PaymentBatchRow)| BatchItem {
        title: batch_title(&row.batch, row.sent_on, today),
        path: batch_path(row.fund, &row.batch),
        payments: row.payments,
        total: pounds_in(row.total, with_pence),
        tag: batch_tag(&row, at_bank.contains(&(row.fund, row.batch.clone()))),
        since: row
            .sent_on
            .or_else(|| row.files.last().map(|file| file.made_on))
            .map(|day| short_day(day, today))
            .unwrap_or_default(),
        fund,
    };
    Ok(rows.into_iter().map(item).collect())
}

/// The newest payments that went to the bank without a file, and how many there are.
async fn single_items(request: &DeskRequest<'_>) -> Result<(Vec<SingleItem>, usize), PageError> {
    let today = request.today();
    let filters = vec![Filter::in_state([
        PaymentState::Sent,
        PaymentState::Confirmed,
    ])];
    let mut rows: Vec<PaymentRow> = request.list_all(filters).await?;
    rows.retain(|row| row.batch.is_none());
    let count = rows.len();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.sent_on), row.grant, row.payment));
    rows.truncate(SINGLES_MAX);
    let ids: BTreeSet<Uuid> = rows.iter().map(|row| row.grant).collect();
    let grants: Vec<GrantRow> = request.rows_by_id(ids).await?;
    let groups = request
        .group_names(grants.iter().map(|grant| grant.group.to_string()))
        .await?;
    let with_pence = have_pence(rows.iter().map(|row| row.amount));
    let item = |row: PaymentRow| {
        let grant = grants.iter().find(|grant| grant.id == row.grant);
        let group = grant.and_then(|grant| groups.get(&grant.group.to_string()));
        SingleItem {
            group: group.cloned().unwrap_or_else(|| "A group".to_owned()),
            path: format!("/desk/payments?grant={}", row.grant),
            amount: pounds_in(row.amount, with_pence),
            tag: row.state.tag(),
            sent_on: row
                .sent_on
                .map(|day| short_day(day, today))
                .unwrap_or_default(),
        }
    };
    Ok((rows.into_iter().map(item).collect(), count))
}

/// The batches with payments that the bank has not answered yet.
async fn keys_at_bank(request: &DeskRequest<'_>) -> Result<BTreeSet<(Uuid, Slug)>, PageError> {
    let filters = vec![Filter::in_state([PaymentState::Sent])];
    let rows: Vec<PaymentRow> = request.list_all(filters).await?;
    let ids: BTreeSet<Uuid> = rows.iter().map(|row| row.grant).collect();
    let grants: Vec<GrantRow> = request.rows_by_id(ids).await?;
    let key = |row: PaymentRow| {
        let grant = grants.iter().find(|grant| grant.id == row.grant)?;
        Some((grant.fund.0, row.batch?))
    };
    Ok(rows.into_iter().filter_map(key).collect())
}

fn batch_tag(row: &PaymentBatchRow, is_at_bank: bool) -> Tag {
    if row.sent_on.is_none() {
        Tag::new(TagKind::Todo, "File made")
    } else if is_at_bank {
        Tag::new(TagKind::Wait, "With the bank")
    } else {
        Tag::new(TagKind::Good, "Statement read")
    }
}

/// The address of a batch's page.
fn batch_path(fund: Uuid, batch: &Slug) -> String {
    format!("/desk/bank?fund={fund}&batch={batch}")
}

/// What people call a batch: "Batch of 28 November", "Batch 2 of 28 November". A key that the
/// service made has the day and a number. A key that someone typed is not shown.
pub(super) fn batch_title(key: &Slug, sent_on: Option<Date>, today: Date) -> String {
    let in_words = |day: Date| {
        let form = if day.year() == today.year() {
            "%-d %B"
        } else {
            "%-d %B %Y"
        };
        day.strftime(form).to_string()
    };
    let key = key.to_string();
    let made = key
        .strip_prefix("batch-")
        .and_then(|rest| rest.rsplit_once('-'))
        .and_then(|(day, number)| Some((day.parse().ok()?, number.parse().ok()?)));
    match (made, sent_on) {
        (Some((day, 1_u32)), _) | (None, Some(day)) => format!("Batch of {}", in_words(day)),
        (Some((day, number)), _) => format!("Batch {number} of {}", in_words(day)),
        (None, None) => "Batch".to_owned(),
    }
}

/// "1 payment", "3 payments".
fn payments_in_words(count: usize) -> String {
    match count {
        1 => "1 payment".to_owned(),
        count => format!("{count} payments"),
    }
}

/// "made by Alex on 27 Nov": by whom and when a batch's files were made.
fn file_made_text(row: &PaymentBatchRow, names: &PersonNames, today: Date) -> Option<String> {
    let file = row.files.last()?;
    let day = short_day(file.made_on, today);
    Some(format!("File made by {} on {day}", names.of(&file.by)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_batch_is_called_by_its_day() {
        let today = date(2026, 11, 28);
        let title = |key: &str, sent_on| {
            let key: Slug = key.parse().expect("a key");
            batch_title(&key, sent_on, today)
        };
        assert_eq!(title("batch-2026-11-28-1", None), "Batch of 28 November");
        assert_eq!(
            title("batch-2025-11-28-2", None),
            "Batch 2 of 28 November 2025"
        );
        assert_eq!(title("june", Some(date(2026, 6, 3))), "Batch of 3 June");
    }
}
