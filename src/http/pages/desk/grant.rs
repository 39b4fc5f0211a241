//! The page of one grant: checks, payee, payments, updates, variations, returns and stories.

use actix_web::HttpResponse;
use askama::Template;

use super::action::Action;
use super::application::panel_members;
use super::confirmations::{RevocationView, ScheduleView};
use super::grant_actions::{GrantActions, VariationView};
use super::grants::state_label;
use super::settlements::BankEntryView;
use super::{DeskRequest, HistoryEntry, history};
use crate::http::pages::{PageContext, PageError, ownership};
use crate::projections::{FundRow, GrantRow, GroupRow, PaymentRow, UpdateRow};
use crate::views::{Filter, GroupView, PageRequest};

#[derive(Template)]
#[template(path = "desk/grant.html")]
struct GrantPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    row: GrantRow,
    state: String,
    fund: FundRow,
    group: GroupView,
    payments: Vec<PaymentRow>,
    updates: Vec<UpdateRow>,
    variations: Vec<VariationView>,
    entries: Vec<BankEntryView>,
    schedule: Option<ScheduleView>,
    attendance_acts: Vec<Action>,
    revocation: Option<RevocationView>,
    check_acts: Vec<Action>,
    payee_acts: Vec<Action>,
    payment_acts: Vec<Action>,
    update_acts: Vec<Action>,
    offer_acts: Vec<Action>,
    other_acts: Vec<Action>,
    history: Vec<HistoryEntry>,
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let app = request.app;
    let row: GrantRow = request.row(ownership::parse_uuid(id)?).await?;
    let seen = app
        .views
        .decrypt_grants(request.signed.reader.may_read_words(), vec![row])
        .await?
        .pop()
        .ok_or_else(PageError::not_found)?;
    let row = seen.row.clone();
    let fund: FundRow = request.row(row.fund).await?;
    let group: GroupRow = request.row(row.group).await?;
    let group = app
        .views
        .decrypt_groups(&request.signed.reader, vec![group], None)
        .await?
        .pop()
        .ok_or_else(PageError::not_found)?;
    let of = || vec![Filter::equals("grant_id", row.id)];
    let all = PageRequest {
        after: None,
        limit: 200,
    };
    let forms = request.forms();
    let panel = panel_members(request).await?;
    let acts = GrantActions {
        request,
        forms: &forms,
        row: &row,
        panel: &panel,
    };
    let payments: Vec<PaymentRow> = app.views.list(None, of(), &all).await?.items;
    let payment_acts = acts.payments().await?.into_iter();
    let payment_acts = payment_acts.chain(acts.record_entry(&payments).await?);
    let page = GrantPage {
        page: request.page_context(&row.title).await?,
        wrong: forms.error_summary(),
        state: state_label(&row),
        updates: app.views.list(None, of(), &all).await?.items,
        variations: acts.variations(&seen).await?,
        entries: acts.entries().await?,
        schedule: acts.schedule().await?,
        attendance_acts: acts.attendance().await?,
        revocation: acts.revocation().await?,
        check_acts: acts.checks(&group.files).await?,
        payee_acts: acts.payee(&group).await?,
        payment_acts: payment_acts.collect(),
        payments,
        update_acts: acts.updates().await?,
        offer_acts: acts.offer(&group.files, fund.rules.signers).await?,
        other_acts: acts.others(&group.files).await?,
        history: history(request, row.id).await?,
        row: row.clone(),
        fund,
        group,
    };
    request.render(&page)
}
