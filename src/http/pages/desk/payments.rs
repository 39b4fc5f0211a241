//! The list of payments with their actions, or the reason why an action is not available, and
//! sending approved payments as a batch.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::json;
use strum::VariantNames as _;
use uuid::Uuid;

use super::act::{Act, Offered, shown};
use super::sheets::{self, named};
use super::{Asked, choices_or_none, said, send};
use crate::domain::grant::{
    ConfirmPayment, FailPayment, PaymentBecause, PaymentOf, PaymentOn, PaymentState, ReversePayment,
};
use crate::domain::{Command, FundCommand, FundId, GrantCommand as C, GrantId};
use crate::export::sheets::{Cell, Sheet as Spreadsheet};
use crate::http::Desk;
use crate::http::pages::form::key;
use crate::http::pages::open::names;
use crate::http::pages::{Failed, Form, Forms, Rejected, Sent, Shell, own};
use crate::log::record::day_of;
use crate::projections::{FundRow, GrantRow, PaymentRow};
use crate::views::Page as Wanted;

/// Payments per page. Small, because the dry runs of up to nine commands are needed for each
/// payment.
const MOST: i64 = 15;
/// At most so many approved payments can be sent as one batch.
const BATCH_MOST: i64 = 500;

#[derive(Template)]
#[template(path = "desk/payments.html")]
struct Sheet {
    page: Shell,
    wrong: Vec<(String, String)>,
    filter: Form,
    states: Vec<(String, String)>,
    payments: Vec<Payment>,
    batches: Vec<Batch>,
    next: Option<String>,
    sheets: [(&'static str, String); 2],
    finance: bool,
}

struct Payment {
    row: PaymentRow,
    title: String,
    group: String,
    state: String,
    prepared_by: String,
    approved_by: Vec<String>,
    /// Who proposed that the payment leave before the payee wait is over.
    early_proposed_by: String,
    acts: Vec<Act>,
}

/// The approved payments of one fund, from which a batch can be made.
struct Batch {
    fund: FundRow,
    form: Form,
    payments: Vec<(String, String)>,
}

/// The filters of the query. Without a state and a grant: the payments that wait for somebody to
/// act.
fn filters(asked: &Asked<'_>) -> Result<Vec<(&'static str, Vec<String>)>, Failed> {
    let mut filters = Vec::new();
    let grant = asked.text("grant");
    if !grant.is_empty() {
        filters.push(("grant_id", vec![own::uuid(grant)?.to_string()]));
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

pub(super) async fn sheet(asked: &Asked<'_>) -> Result<Spreadsheet, Failed> {
    let rows = asked.every::<PaymentRow>(filters(asked)?).await?;
    let grants: BTreeMap<Uuid, GrantRow> = asked
        .every::<GrantRow>(Vec::new())
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let groups = asked
        .names_of(grants.values().map(|row| row.group.to_string()))
        .await?;
    let people = asked
        .people(
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
    Ok(sheets::sheet("Payments", columns, rows, |row| {
        let grant = grants.get(&row.grant);
        [
            grant.map(|grant| grant.title.clone()).into(),
            grant.map_or(Cell::Nothing, |grant| named(&groups, &grant.group)),
            row.payment.into(),
            row.amount.into(),
            said(row.state).into(),
            said(row.route).into(),
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

pub(super) async fn show(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
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
        .list::<PaymentRow>(None, filters, &Wanted { after, most: MOST })
        .await?;
    let forms = asked.forms();
    let mut payments = Vec::new();
    for row in listed.items {
        let grant: GrantRow = asked
            .desk
            .views
            .find(&row.grant.to_string(), None)
            .await?
            .ok_or_else(Failed::nothing)?;
        let group = names(asked.desk, vec![grant.group.to_string()])
            .await?
            .into_values()
            .next()
            .unwrap_or_default();
        let people = asked
            .people(
                row.approved_by
                    .iter()
                    .copied()
                    .chain(row.prepared_by)
                    .chain(row.early_proposed_by),
            )
            .await?;
        payments.push(Payment {
            title: grant.title,
            group,
            state: said(row.state),
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
            acts: acts(asked, &forms, &row).await?,
            row,
        });
    }
    let mut filter = forms.form("filter");
    for (name, value) in &asked.query {
        filter = filter.known(name, value);
    }
    let page = Sheet {
        page: asked.shell("Payments").await?,
        wrong: forms.wrong(),
        filter,
        states: choices_or_none(
            "to approve, send or confirm",
            PaymentState::VARIANTS.iter().copied(),
        ),
        payments,
        batches: if batched {
            batches(asked, &forms).await?
        } else {
            Vec::new()
        },
        sheets: asked.sheets(),
        finance: asked
            .signed
            .reader
            .roles
            .contains(&crate::domain::Role::Finance),
        next: listed
            .next
            .map(|next| super::applications::with(asked, "after", &next)),
    };
    asked.page(&page)
}

async fn acts(asked: &Asked<'_>, forms: &Forms, row: &PaymentRow) -> Result<Vec<Act>, Failed> {
    let today = day_of(asked.desk.commands.now());
    let (grant, payment) = (row.grant, row.payment);
    let because = || PaymentBecause {
        payment,
        reason: "why".parse().expect("a short text"),
    };
    let PaymentBecause { reason, .. } = because();
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
    let act = async |name: &str, title: &str, command: C| -> Result<Act, Failed> {
        let offered = Offered::of(
            asked.desk,
            asked.visitor,
            Command::Grant(GrantId(grant), command),
        )
        .await?;
        let form = format!("{name}-{grant}-{payment}");
        Ok(Act::new(
            forms,
            &form,
            title,
            &format!("/desk/do/grants/{grant}/{name}"),
            offered,
        )
        .hidden("payment:n", payment))
    };
    let mut acts = vec![
        act("approve-payment", "Approve", C::ApprovePayment(PaymentOf { payment })).await?.opened().button("Approve the payment"),
        act("reject-payment", "Reject", C::RejectPayment(because())).await?.words("reason", "Why"),
        act("propose-early-payment", "Propose that it leave at once", C::ProposeEarlyPayment(because())).await?.words_with(
            "reason",
            "Why",
            "The payee, a member or an address changed a short time ago. A second person confirms it.",
        ),
        act("confirm-early-payment", "Confirm that it leaves at once", C::ConfirmEarlyPayment(PaymentOf { payment })).await?,
        act("send-payment", "It was sent to the bank", C::SendPayment(PaymentOn { payment, happened_on: today }))
            .await?
            .day("happened_on", "When")
            .known("happened_on", today),
        act("confirm-payment", "The bank has paid", C::ConfirmPayment(ConfirmPayment { payment, happened_on: today, receipt: None }))
            .await?
            .day("happened_on", "The bank's date")
            .line_with("receipt", "The receipt's digest", "Only where you bought for the group: from the group's files.")
            .known("happened_on", today),
        act("fail-payment", failed, C::FailPayment(fail))
            .await?
            .words("reason", "Why")
            .day("happened_on", "The bank's date")
            .known("happened_on", today),
        act("cancel-payment", "Cancel it", C::CancelPayment(because())).await?.words("reason", "Why"),
    ];
    if !is_back {
        acts.push(
            act(
                "reverse-payment",
                "The bank took it back after it was paid",
                C::ReversePayment(reverse),
            )
            .await?
            .words("reason", "Why")
            .day("happened_on", "The bank's date")
            .known("happened_on", today),
        );
    }
    Ok(shown(acts))
}

/// All approved payments, up to [`BATCH_MOST`], by fund: a batch is not limited to the page of the
/// list.
async fn batches(asked: &Asked<'_>, forms: &Forms) -> Result<Vec<Batch>, Failed> {
    if !asked
        .signed
        .reader
        .roles
        .contains(&crate::domain::Role::Finance)
    {
        return Ok(Vec::new());
    }
    let today = day_of(asked.desk.commands.now());
    let mut batches: Vec<Batch> = Vec::new();
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
                most: BATCH_MOST,
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
            .ok_or_else(Failed::nothing)?;
        let group = names(asked.desk, vec![grant.group.to_string()])
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
            .ok_or_else(Failed::nothing)?;
        let form = forms
            .form("batch")
            .known("sent_on", &today.to_string())
            .known("batch", &format!("batch-{today}"));
        batches.push(Batch {
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
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    visitor.staff()?;
    let fund = FundId(own::uuid(request.match_info().query("fund"))?);
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
    let body = json!({ "batch": key(posted.text("batch")), "sent_on": posted.text("sent_on"), "payments": lines });
    let back = "/desk/payments?state=approved";
    let sent = FundCommand::read("send-batch", body).and_then(Result::ok);
    let Some(command) = sent else {
        let says =
            "Choose at least one payment, a day, and a key of small letters, digits and hyphens"
                .to_owned();
        return super::at(
            &desk,
            &visitor,
            back,
            Some(Rejected::with(
                "batch",
                &posted,
                vec![("payments".to_owned(), says)],
            )),
        )
        .await;
    };
    send::issue(
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
