//! The dashboard: the work that waits for the reader's roles, each item with a count.

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;

use super::DeskRequest;
use super::texts::{mail_kind_label, organisation};
use crate::clock::day_of;
use crate::domain::application::ApplicationState as A;
use crate::domain::grant::{GrantState as G, PaymentState as P, UpdateState as U, VariationState};
use crate::domain::mail::MailKind;
use crate::domain::{PersonId, Role};
use crate::http::api::WebhookView;
use crate::http::api::webhooks::{WebhookState, all_webhooks};
use crate::http::pages::public::names_of_groups;
use crate::http::pages::{PageContext, PageError};
use crate::outbox;
use crate::projections::{
    ApplicationRow, GrantRow, GroupRow, PaymentRow, PersonRow, UpdateRow, Waiting,
};
use crate::views::{COUNT_MAX, Filter, PageRequest, TableRow};

/// At most so many records are listed for an item.
const RECORDS_MAX: usize = 8;

#[derive(Template)]
#[template(path = "desk/today.html")]
struct DashboardPage {
    page: PageContext,
    work: Vec<WorkItem>,
    waiting: Vec<WorkItem>,
    roles: Vec<&'static str>,
    keys_in: bool,
}

/// A kind of work, how much of it there is, and the page where it is done.
struct WorkItem {
    says: &'static str,
    count: String,
    path: String,
    some: bool,
    /// The first records with this work, by address and name. Only for work that no list shows.
    records: Vec<(String, String)>,
}

fn work_item(says: &'static str, count: i64, path: impl Into<String>) -> WorkItem {
    let more = if count >= COUNT_MAX { "+" } else { "" };
    WorkItem {
        says,
        count: format!("{count}{more}"),
        path: path.into(),
        some: count > 0,
        records: Vec::new(),
    }
}

/// A work item for single records, given by address and name. `None` if there are no records.
fn work_on_records(says: &'static str, mut records: Vec<(String, String)>) -> Option<WorkItem> {
    let count = i64::try_from(records.len()).unwrap_or_default();
    let first = records.first()?.0.clone();
    records.truncate(RECORDS_MAX);
    Some(WorkItem {
        records,
        ..work_item(says, count, first)
    })
}

async fn count<T: TableRow>(
    request: &DeskRequest<'_>,
    states: &[&'static str],
) -> Result<i64, PageError> {
    Ok(request
        .app
        .views
        .count::<T>(None, vec![Filter::any_of("state", states)])
        .await?)
}

/// Rows for which something waits. `column` is the indexed column of the row that shows it.
async fn waiting_rows<T: TableRow>(
    request: &DeskRequest<'_>,
    column: &'static str,
) -> Result<Vec<T>, PageError> {
    let filters = vec![Filter::equals(column, <&str>::from(Waiting::Waiting))];
    Ok(request
        .app
        .views
        .list::<T>(
            None,
            filters,
            &PageRequest {
                after: None,
                limit: COUNT_MAX,
            },
        )
        .await?
        .items)
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let holds = |role| request.signed.reader.roles.contains(&role);
    let mut work = Vec::new();
    if holds(Role::Officer) {
        work.extend(officer_work(request).await?);
    }
    if holds(Role::Panel) {
        work.extend(panel_work(request).await?);
    }
    if holds(Role::Finance) {
        work.extend(finance_work(request).await?);
    }
    if holds(Role::Administrator) {
        work.extend(administrator_work(request).await?);
    }
    if holds(Role::Panel) {
        work.extend(attendance_work(request).await?);
    }
    if holds(Role::Officer) || holds(Role::Finance) {
        work.extend(unsettled_work(request).await?);
    }
    if request.signed.reader.may_read_words() {
        work.extend(helper_work(request).await?);
    }
    let page = DashboardPage {
        page: request.page_context("Today").await?,
        keys_in: holds(Role::Officer),
        work,
        waiting: work_in_progress(request).await?,
        roles: request
            .signed
            .reader
            .roles
            .iter()
            .map(|role| (*role).into())
            .collect(),
    };
    request.render(&page)
}

async fn officer_work(request: &DeskRequest<'_>) -> Result<Vec<WorkItem>, PageError> {
    let today = day_of(request.app.commands.now());
    let mut found = vec![
        work_item(
            "New applications to look at",
            count::<ApplicationRow>(request, &[A::Submitted.into()]).await?,
            "/desk/applications?state=submitted",
        ),
        work_item(
            "Updates to read",
            count::<UpdateRow>(request, &[U::Received.into()]).await?,
            "/desk/updates?state=received",
        ),
        work_item(
            "Updates overdue",
            count_overdue(request, today).await?,
            "/desk/updates?state=overdue",
        ),
        work_item(
            "Grants accepted, with checks or payees to see to",
            count::<GrantRow>(request, &[G::Accepted.into()]).await?,
            "/desk/grants?state=accepted",
        ),
    ];
    found.extend(contact_work(request).await?);
    found.extend(group_name_work(request).await?);
    Ok(found)
}

async fn panel_work(request: &DeskRequest<'_>) -> Result<Vec<WorkItem>, PageError> {
    Ok(vec![
        work_item(
            "Applications to score or decide",
            count::<ApplicationRow>(request, &[A::Eligible.into(), A::InAssessment.into()]).await?,
            "/desk/panel",
        ),
        work_item(
            "Reviews to decide",
            count::<ApplicationRow>(request, &[A::UnderReview.into()]).await?,
            "/desk/applications?state=under_review",
        ),
        work_item(
            "Changes to grants to decide",
            count_open_variations(request).await?,
            "/desk/grants?asks=change",
        ),
    ])
}

async fn finance_work(request: &DeskRequest<'_>) -> Result<Vec<WorkItem>, PageError> {
    Ok(vec![
        work_item(
            "Payments to approve",
            count::<PaymentRow>(request, &[P::Prepared.into()]).await?,
            "/desk/payments?state=prepared",
        ),
        work_item(
            "Payments to send",
            count::<PaymentRow>(request, &[P::Approved.into()]).await?,
            "/desk/payments?state=approved",
        ),
        work_item(
            "Payments that the bank has still to confirm",
            count::<PaymentRow>(request, &[P::Sent.into()]).await?,
            "/desk/payments?state=sent",
        ),
    ])
}

async fn administrator_work(request: &DeskRequest<'_>) -> Result<Vec<WorkItem>, PageError> {
    let erase = vec![Filter::equals("erasure", "asked")];
    let views = &request.app.views;
    let asked_for = views.count::<PersonRow>(None, erase.clone()).await?
        + views.count::<GroupRow>(None, erase).await?;
    let failed = outbox::newest(request.app.commands.log(), "failed", COUNT_MAX)
        .await?
        .len();
    let mut found = vec![
        work_item(
            "Roles that wait for a second administrator",
            count_proposed_roles(request).await?,
            "/desk/people",
        ),
        work_item(
            "People and groups who ask to be erased",
            asked_for,
            "/desk/erasures",
        ),
        work_item(
            "Mails that could not be sent",
            i64::try_from(failed).unwrap_or_default(),
            "/desk/texts/mails?state=failed",
        ),
        work_item(
            "Webhooks to confirm, or that are paused",
            waiting_webhooks(request).await?,
            "/desk/webhooks",
        ),
    ];
    found.extend(mail_text_work(request).await?);
    Ok(found)
}

/// How many webhooks wait for a second administrator, or are paused because deliveries fail.
async fn waiting_webhooks(request: &DeskRequest<'_>) -> Result<i64, PageError> {
    let seen = all_webhooks(request.app).await?;
    let waits = |webhook: &&WebhookView| {
        webhook.proposed.is_some() || webhook.state == WebhookState::Paused
    };
    Ok(i64::try_from(seen.iter().filter(waits).count()).unwrap_or_default())
}

/// Mail texts that another administrator proposed.
async fn mail_text_work(request: &DeskRequest<'_>) -> Result<Option<WorkItem>, PageError> {
    let own = organisation(request).await?;
    let others = own
        .proposed_mail_texts
        .iter()
        .filter(|text| text.proposed_by != request.signed.reader.person);
    let record = |kind: MailKind| {
        let key: &str = kind.into();
        (format!("/desk/texts/mail/{key}"), mail_kind_label(key))
    };
    Ok(work_on_records(
        "Words of mails to confirm",
        others.map(|text| record(text.mail)).collect(),
    ))
}

/// Decisions and revocations for which the reader was named as present, and has not confirmed it.
async fn attendance_work(request: &DeskRequest<'_>) -> Result<Vec<WorkItem>, PageError> {
    let reader = request.signed.reader.person;
    let applications = waiting_rows::<ApplicationRow>(request, "attendance_waits").await?;
    let grants = waiting_rows::<GrantRow>(request, "attendance_waits").await?;
    let groups = names_of_groups(
        request.app,
        applications
            .iter()
            .map(|row| row.group.to_string())
            .collect(),
    )
    .await?;
    let title = |row: &ApplicationRow| {
        groups
            .get(&row.group.to_string())
            .cloned()
            .unwrap_or_default()
    };
    let of_applications = applications
        .iter()
        .map(|row| (application_path(row), title(row), &row.unconfirmed));
    let of_grants = grants
        .iter()
        .map(|row| (grant_path(row), row.title.clone(), &row.unconfirmed));
    let of_reader = of_applications
        .chain(of_grants)
        .filter(|(.., unconfirmed)| unconfirmed.contains(&reader));
    let attended = of_reader.map(|(path, title, _)| (path, title)).collect();
    let revoked = waiting_rows::<GrantRow>(request, "revocation_waits").await?;
    let named = |row: &&GrantRow| {
        row.revocation
            .as_ref()
            .is_some_and(|found| found.unconfirmed.contains(&reader))
    };
    let revoked = revoked
        .iter()
        .filter(named)
        .map(|row| (grant_path(row), row.title.clone()))
        .collect();
    let attended = work_on_records("Confirm that you were at the panel", attended);
    Ok(attended
        .into_iter()
        .chain(work_on_records("Confirm what takes a grant away", revoked))
        .collect())
}

/// Grants with bank entries to be settled.
async fn unsettled_work(request: &DeskRequest<'_>) -> Result<Option<WorkItem>, PageError> {
    let rows = waiting_rows::<GrantRow>(request, "entries_wait").await?;
    Ok(work_on_records(
        "Money at the bank to be settled",
        rows.iter()
            .map(|row| (grant_path(row), row.title.clone()))
            .collect(),
    ))
}

/// Contact details that another officer proposed.
async fn contact_work(request: &DeskRequest<'_>) -> Result<Option<WorkItem>, PageError> {
    let reader = &request.signed.reader;
    let is_others = |row: &PersonRow| {
        row.proposed_contact
            .as_ref()
            .is_some_and(|proposed| proposed.by != reader.person)
    };
    let rows = waiting_rows::<PersonRow>(request, "contact_waits")
        .await?
        .into_iter()
        .filter(is_others)
        .collect();
    let people = request.app.views.decrypt_people(reader, rows).await?;
    let record = |id: uuid::Uuid, name: Option<String>| {
        (
            format!("/desk/people/{id}"),
            name.unwrap_or_else(|| "A person".to_owned()),
        )
    };
    Ok(work_on_records(
        "Contact details to confirm",
        people
            .into_iter()
            .map(|seen| record(seen.id, seen.name))
            .collect(),
    ))
}

/// Names and areas that members proposed for their groups.
async fn group_name_work(request: &DeskRequest<'_>) -> Result<Option<WorkItem>, PageError> {
    let rows = waiting_rows::<GroupRow>(request, "correction_waits").await?;
    Ok(work_on_records(
        "Group names to take over",
        rows.into_iter()
            .map(|row| (format!("/desk/groups/{}", row.id), row.name))
            .collect(),
    ))
}

/// Helpers whom groups named and who are not confirmed. Officers see all of them, others only
/// themselves.
async fn helper_work(request: &DeskRequest<'_>) -> Result<Option<WorkItem>, PageError> {
    let reader = &request.signed.reader;
    let may = |helper: PersonId| reader.roles.contains(&Role::Officer) || helper == reader.person;
    let mut rows = waiting_rows::<ApplicationRow>(request, "help_waits").await?;
    rows.retain(|row| row.interests.named_helpers().any(may));
    let groups = names_of_groups(
        request.app,
        rows.iter().map(|row| row.group.to_string()).collect(),
    )
    .await?;
    let title = |row: &ApplicationRow| {
        groups
            .get(&row.group.to_string())
            .cloned()
            .unwrap_or_default()
    };
    Ok(work_on_records(
        "Helpers to confirm",
        rows.iter()
            .map(|row| (application_path(row), title(row)))
            .collect(),
    ))
}

fn application_path(row: &ApplicationRow) -> String {
    format!("/desk/applications/{}", row.id)
}

fn grant_path(row: &GrantRow) -> String {
    format!("/desk/grants/{}", row.id)
}

/// The work that is in progress elsewhere, shown to all readers.
async fn work_in_progress(request: &DeskRequest<'_>) -> Result<Vec<WorkItem>, PageError> {
    Ok(vec![
        work_item(
            "Groups were asked to change something",
            count::<ApplicationRow>(request, &[A::ChangesRequested.into()]).await?,
            "/desk/applications?state=changes_requested",
        ),
        work_item(
            "Offers wait for an answer",
            count::<GrantRow>(request, &[G::Offered.into()]).await?,
            "/desk/grants?state=offered",
        ),
        work_item(
            "Forms are begun and not handed in",
            count::<ApplicationRow>(request, &[A::Draft.into()]).await?,
            "/desk/applications?state=draft",
        ),
        work_item(
            "Applications are on the reserve list",
            count::<ApplicationRow>(request, &[A::ReserveList.into()]).await?,
            "/desk/applications?state=reserve_list",
        ),
        work_item(
            "Grants are running",
            count::<GrantRow>(request, &[G::Live.into()]).await?,
            "/desk/grants?state=live",
        ),
    ])
}

async fn count_overdue(request: &DeskRequest<'_>, today: Date) -> Result<i64, PageError> {
    let open = Filter::in_state([U::Requested, U::Queried]);
    let due = request
        .app
        .views
        .count::<UpdateRow>(None, vec![open.clone(), Filter::at_most("due_on", today)])
        .await?;
    // An update that is due today is not overdue.
    let now = request
        .app
        .views
        .count::<UpdateRow>(None, vec![open, Filter::equals("due_on", today)])
        .await?;
    Ok(due - now)
}

/// Running grants with a requested variation.
async fn count_open_variations(request: &DeskRequest<'_>) -> Result<i64, PageError> {
    let running = Filter::in_state([G::Accepted, G::Live, G::Reported]);
    let rows = request
        .app
        .views
        .list::<GrantRow>(
            None,
            vec![running],
            &PageRequest {
                after: None,
                limit: COUNT_MAX,
            },
        )
        .await?
        .items;
    let open = |row: &&GrantRow| {
        row.variations
            .values()
            .any(|variation| variation.state == VariationState::Requested)
    };
    Ok(i64::try_from(rows.iter().filter(open).count()).unwrap_or_default())
}

async fn count_proposed_roles(request: &DeskRequest<'_>) -> Result<i64, PageError> {
    let people = request.people_with_roles().await?;
    Ok(i64::try_from(
        people
            .iter()
            .filter(|person| !person.proposed.is_empty())
            .count(),
    )
    .unwrap_or_default())
}
