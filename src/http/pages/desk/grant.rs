//! The page of one grant: checks, payee, payments, updates, variations, returns and stories.

use actix_web::HttpResponse;
use askama::Template;

use super::act::{Act, shown};
use super::confirming::{Meeting, RevocationSeen, ScheduleSeen, attendance};
use super::grant_acts::{Acts, VariationSeen};
use super::settling::EntrySeen;
use super::{Asked, Happened, history, said};
use crate::domain::{Command, GrantCommand, GrantId};
use crate::http::pages::{Failed, Shell, own};
use crate::projections::{FundRow, GrantRow, GroupRow, PaymentRow, UpdateRow};
use crate::views::{GroupSeen, Page as Wanted};

#[derive(Template)]
#[template(path = "desk/grant.html")]
struct Sheet {
    page: Shell,
    wrong: Vec<(String, String)>,
    row: GrantRow,
    state: String,
    fund: FundRow,
    group: GroupSeen,
    payments: Vec<PaymentRow>,
    updates: Vec<UpdateRow>,
    variations: Vec<VariationSeen>,
    entries: Vec<EntrySeen>,
    schedule: Option<ScheduleSeen>,
    attendance_acts: Vec<Act>,
    revocation: Option<RevocationSeen>,
    check_acts: Vec<Act>,
    payee_acts: Vec<Act>,
    payment_acts: Vec<Act>,
    update_acts: Vec<Act>,
    offer_acts: Vec<Act>,
    other_acts: Vec<Act>,
    history: Vec<Happened>,
}

pub(super) async fn show(asked: &Asked<'_>, id: &str) -> Result<HttpResponse, Failed> {
    let desk = asked.desk;
    let row: GrantRow = desk
        .views
        .find(&own::uuid(id)?.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let seen = desk
        .views
        .open_grants(asked.signed.reader.reads_words(), vec![row])
        .await?
        .pop()
        .ok_or_else(Failed::nothing)?;
    let row = seen.row.clone();
    let fund: FundRow = desk
        .views
        .find(&row.fund.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let group: GroupRow = desk
        .views
        .find(&row.group.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let group = desk
        .views
        .open_groups(&asked.signed.reader, vec![group], None)
        .await?
        .pop()
        .ok_or_else(Failed::nothing)?;
    let of = || vec![("grant_id", vec![row.id.to_string()])];
    let all = Wanted {
        after: None,
        most: 200,
    };
    let forms = asked.forms();
    let acts = Acts {
        asked,
        forms: &forms,
        row: &row,
    };
    let payments: Vec<PaymentRow> = desk.views.list(None, of(), &all).await?.items;
    let meeting = Meeting {
        noun: "grants",
        id: row.id,
        decision: row.raised_by,
        unconfirmed: &row.unconfirmed,
        when: "when the award was raised",
    };
    let confirm = |person| Command::Grant(GrantId(row.id), GrantCommand::ConfirmAttendance(person));
    let page = Sheet {
        page: asked.shell(&row.title).await?,
        wrong: forms.wrong(),
        state: if row.on_hold {
            format!("{}, on hold", said(row.state))
        } else {
            said(row.state)
        },
        updates: desk.views.list(None, of(), &all).await?.items,
        variations: acts.variations(&seen).await?,
        entries: acts.entries().await?,
        schedule: acts.schedule().await?,
        attendance_acts: shown(attendance(asked, &forms, meeting, &confirm).await?),
        revocation: acts.revocation().await?,
        check_acts: acts.checks(&group.files).await?,
        payee_acts: acts.payee(&group).await?,
        payment_acts: acts
            .payments()
            .await?
            .into_iter()
            .chain(acts.record_entry(&payments).await?)
            .collect(),
        payments,
        update_acts: acts.updates().await?,
        offer_acts: acts.offer(&group.files, fund.rules.signers).await?,
        other_acts: acts.others(&group.files).await?,
        history: history(asked, row.id).await?,
        row: row.clone(),
        fund,
        group,
    };
    asked.page(&page)
}
