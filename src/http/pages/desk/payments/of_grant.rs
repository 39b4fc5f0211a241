//! The payments of one grant, each with what the reader may do.

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;

use super::super::DeskRequest;
use super::super::action::Action;
use super::super::bank::batch_title;
use super::super::grant_actions::file_choices;
use super::super::payment_actions::payment_actions;
use super::{LIST, end_reason, filters, waits_until};
use crate::domain::PersonId;
use crate::domain::file::FilePurpose;
use crate::domain::payee::PaymentRoute;
use crate::http::pages::public::names_of_groups;
use crate::http::pages::words::{Tag, Tagged as _};
use crate::http::pages::{PageContext, PageError, PageForms};
use crate::projections::{GrantRow, PaymentRow};
use crate::views::PageRequest;

/// The largest number of payments of a grant that are shown with their actions. Each needs the dry
/// runs of up to nine commands.
const OF_GRANT_MAX: i64 = 15;

#[derive(Template)]
#[template(path = "desk/payments_of_grant.html")]
struct PaymentsOfGrantPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    payments: Vec<PaymentListItem>,
    sheets: [(&'static str, String); 2],
}

struct PaymentListItem {
    row: PaymentRow,
    title: String,
    group: String,
    tag: Tag,
    prepared_by: String,
    approved_by: Vec<String>,
    waits_until: Option<Date>,
    /// The batch in which it was sent: "Batch of 28 November".
    batch: Option<String>,
    /// Why it has ended without being paid; empty if it has not.
    ended_because: String,
    /// Who proposed that the payment leave before the payee wait is over.
    early_proposed_by: String,
    acts: Vec<Action>,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let page = PageRequest {
        after: None,
        limit: OF_GRANT_MAX,
    };
    let listed = request
        .app
        .views
        .list::<PaymentRow>(None, filters(request)?, &page)
        .await?;
    let forms = request.forms();
    let mut payments = Vec::new();
    for row in listed.items {
        payments.push(list_item(request, &forms, row).await?);
    }
    let page = PaymentsOfGrantPage {
        page: request.page_context(LIST.title).await?,
        wrong: forms.error_summary(),
        payments,
        sheets: request.spreadsheet_links(),
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
    let people = request.names_of_actors(approvers.chain(others)).await?;
    let name_of =
        |person: Option<PersonId>| person.map(|person| people.of(&person)).unwrap_or_default();
    let files = if row.route == PaymentRoute::PurchaseForGroup {
        let group = [grant.group.to_string()];
        request.app.views.files_of(&group, None).await?
    } else {
        Vec::new()
    };
    let today = request.today();
    let batch = row.batch.as_ref();
    let batch = batch.map(|batch| batch_title(batch, row.sent_on, today));
    let receipts = file_choices(&files, &[FilePurpose::Receipt]);
    Ok(PaymentListItem {
        title: grant.title,
        group,
        tag: row.state.tag(),
        waits_until: waits_until(&row, today),
        batch,
        ended_because: end_reason(&row).unwrap_or_default().to_owned(),
        prepared_by: name_of(row.prepared_by),
        approved_by: row
            .approved_by
            .iter()
            .map(|person| people.of(person))
            .collect(),
        early_proposed_by: name_of(row.early_proposed_by),
        acts: request
            .actions(forms, payment_actions(request, &row, receipts))
            .await?,
        row,
    })
}
