//! The dashboard: the work that waits for the reader's roles, each item with a count.

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;

use super::Asked;
use super::texts::{organisation, said_kind};
use crate::domain::application::ApplicationState as A;
use crate::domain::grant::{GrantState as G, PaymentState as P, UpdateState as U, VariationState};
use crate::domain::mail::MailKind;
use crate::domain::{PersonId, Role};
use crate::http::api::WebhookSeen;
use crate::http::api::webhooks::{WebhookState, all};
use crate::http::pages::open::names;
use crate::http::pages::{Failed, Shell};
use crate::log::record::day_of;
use crate::projections::{
    ApplicationRow, GrantRow, GroupRow, PaymentRow, PersonRow, UpdateRow, Waiting,
};
use crate::store::mails;
use crate::views::{COUNTED, InTable, Page as Wanted};

/// At most so many records are listed for an item.
const NAMED: usize = 8;

#[derive(Template)]
#[template(path = "desk/today.html")]
struct Today {
    page: Shell,
    work: Vec<Work>,
    waiting: Vec<Work>,
    roles: Vec<&'static str>,
    keys_in: bool,
}

/// A kind of work, how much of it there is, and the page where it is done.
struct Work {
    says: &'static str,
    count: String,
    path: String,
    some: bool,
    /// The first records with this work, by address and name. Only for work that no list shows.
    records: Vec<(String, String)>,
}

fn work(says: &'static str, count: i64, path: impl Into<String>) -> Work {
    let more = if count >= COUNTED { "+" } else { "" };
    Work {
        says,
        count: format!("{count}{more}"),
        path: path.into(),
        some: count > 0,
        records: Vec::new(),
    }
}

/// A work item for single records, given by address and name. `None` if there are no records.
fn work_on(says: &'static str, mut records: Vec<(String, String)>) -> Option<Work> {
    let count = i64::try_from(records.len()).unwrap_or_default();
    let first = records.first()?.0.clone();
    records.truncate(NAMED);
    Some(Work {
        records,
        ..work(says, count, first)
    })
}

async fn count<T: InTable>(asked: &Asked<'_>, states: &[&'static str]) -> Result<i64, Failed> {
    let states = states.iter().map(|state| (*state).to_owned()).collect();
    Ok(asked
        .desk
        .views
        .count::<T>(None, vec![("state", states)])
        .await?)
}

/// Rows for which something waits. `column` is the indexed column of the row that shows it.
async fn that_wait<T: InTable>(asked: &Asked<'_>, column: &'static str) -> Result<Vec<T>, Failed> {
    let filters = vec![(column, vec![<&str>::from(Waiting::Waiting).to_owned()])];
    Ok(asked
        .desk
        .views
        .list::<T>(
            None,
            filters,
            &Wanted {
                after: None,
                most: COUNTED,
            },
        )
        .await?
        .items)
}

pub(super) async fn show(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    let holds = |role| asked.signed.reader.roles.contains(&role);
    let mut work = Vec::new();
    if holds(Role::Officer) {
        work.extend(of_officers(asked).await?);
    }
    if holds(Role::Panel) {
        work.extend(of_the_panel(asked).await?);
    }
    if holds(Role::Finance) {
        work.extend(of_finance(asked).await?);
    }
    if holds(Role::Administrator) {
        work.extend(of_administrators(asked).await?);
    }
    if holds(Role::Panel) {
        work.extend(attendance(asked).await?);
    }
    if holds(Role::Officer) || holds(Role::Finance) {
        work.extend(unsettled(asked).await?);
    }
    if asked.signed.reader.reads_words() {
        work.extend(helpers(asked).await?);
    }
    let page = Today {
        page: asked.shell("Today").await?,
        keys_in: holds(Role::Officer),
        work,
        waiting: waiting(asked).await?,
        roles: asked
            .signed
            .reader
            .roles
            .iter()
            .map(|role| (*role).into())
            .collect(),
    };
    asked.page(&page)
}

async fn of_officers(asked: &Asked<'_>) -> Result<Vec<Work>, Failed> {
    let today = day_of(asked.desk.commands.now());
    let mut found = vec![
        work(
            "New applications to look at",
            count::<ApplicationRow>(asked, &[A::Submitted.into()]).await?,
            "/desk/applications?state=submitted",
        ),
        work(
            "Updates to read",
            count::<UpdateRow>(asked, &[U::Received.into()]).await?,
            "/desk/updates?state=received",
        ),
        work(
            "Updates overdue",
            overdue(asked, today).await?,
            "/desk/updates?state=overdue",
        ),
        work(
            "Grants accepted, with checks or payees to see to",
            count::<GrantRow>(asked, &[G::Accepted.into()]).await?,
            "/desk/grants?state=accepted",
        ),
    ];
    found.extend(contacts(asked).await?);
    found.extend(group_names(asked).await?);
    Ok(found)
}

async fn of_the_panel(asked: &Asked<'_>) -> Result<Vec<Work>, Failed> {
    Ok(vec![
        work(
            "Applications to score or decide",
            count::<ApplicationRow>(asked, &[A::Eligible.into(), A::InAssessment.into()]).await?,
            "/desk/panel",
        ),
        work(
            "Reviews to decide",
            count::<ApplicationRow>(asked, &[A::UnderReview.into()]).await?,
            "/desk/applications?state=under_review",
        ),
        work(
            "Changes to grants to decide",
            varied(asked).await?,
            "/desk/grants?asks=change",
        ),
    ])
}

async fn of_finance(asked: &Asked<'_>) -> Result<Vec<Work>, Failed> {
    Ok(vec![
        work(
            "Payments to approve",
            count::<PaymentRow>(asked, &[P::Prepared.into()]).await?,
            "/desk/payments?state=prepared",
        ),
        work(
            "Payments to send",
            count::<PaymentRow>(asked, &[P::Approved.into()]).await?,
            "/desk/payments?state=approved",
        ),
        work(
            "Payments that the bank has still to confirm",
            count::<PaymentRow>(asked, &[P::Sent.into()]).await?,
            "/desk/payments?state=sent",
        ),
    ])
}

async fn of_administrators(asked: &Asked<'_>) -> Result<Vec<Work>, Failed> {
    let erase = vec![("erasure", vec!["asked".to_owned()])];
    let views = &asked.desk.views;
    let asked_for = views.count::<PersonRow>(None, erase.clone()).await?
        + views.count::<GroupRow>(None, erase).await?;
    let log = asked.desk.commands.log();
    let failed = mails::newest(log.store(), log.organisation(), "failed", COUNTED)
        .await?
        .len();
    let mut found = vec![
        work(
            "Roles that wait for a second administrator",
            proposed(asked).await?,
            "/desk/people",
        ),
        work(
            "People and groups who ask to be erased",
            asked_for,
            "/desk/erasures",
        ),
        work(
            "Mails that could not be sent",
            i64::try_from(failed).unwrap_or_default(),
            "/desk/texts/mails?state=failed",
        ),
        work(
            "Webhooks to confirm, or that are paused",
            webhooks(asked).await?,
            "/desk/webhooks",
        ),
    ];
    found.extend(mail_texts(asked).await?);
    Ok(found)
}

/// How many webhooks wait for a second administrator, or are paused because deliveries fail.
async fn webhooks(asked: &Asked<'_>) -> Result<i64, Failed> {
    let seen = all(asked.desk).await?;
    let waits = |webhook: &&WebhookSeen| {
        webhook.proposed.is_some() || webhook.state == WebhookState::Paused
    };
    Ok(i64::try_from(seen.iter().filter(waits).count()).unwrap_or_default())
}

/// Mail texts that another administrator proposed.
async fn mail_texts(asked: &Asked<'_>) -> Result<Option<Work>, Failed> {
    let own = organisation(asked).await?;
    let others = own
        .proposed_mail_texts
        .iter()
        .filter(|text| text.proposed_by != asked.signed.reader.person);
    let record = |kind: MailKind| {
        let key: &str = kind.into();
        (format!("/desk/texts/mail/{key}"), said_kind(key))
    };
    Ok(work_on(
        "Words of mails to confirm",
        others.map(|text| record(text.mail)).collect(),
    ))
}

/// Decisions and revocations for which the reader was named as present, and has not confirmed it.
async fn attendance(asked: &Asked<'_>) -> Result<Vec<Work>, Failed> {
    let reader = asked.signed.reader.person;
    let applications = that_wait::<ApplicationRow>(asked, "attendance_waits").await?;
    let grants = that_wait::<GrantRow>(asked, "attendance_waits").await?;
    let groups = names(
        asked.desk,
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
        .map(|row| (application(row), title(row), &row.unconfirmed));
    let of_grants = grants
        .iter()
        .map(|row| (grant(row), row.title.clone(), &row.unconfirmed));
    let of_reader = of_applications
        .chain(of_grants)
        .filter(|(.., unconfirmed)| unconfirmed.contains(&reader));
    let attended = of_reader.map(|(path, title, _)| (path, title)).collect();
    let revoked = that_wait::<GrantRow>(asked, "revocation_waits").await?;
    let named = |row: &&GrantRow| {
        row.revocation
            .as_ref()
            .is_some_and(|found| found.unconfirmed.contains(&reader))
    };
    let revoked = revoked
        .iter()
        .filter(named)
        .map(|row| (grant(row), row.title.clone()))
        .collect();
    let attended = work_on("Confirm that you were at the panel", attended);
    Ok(attended
        .into_iter()
        .chain(work_on("Confirm what takes a grant away", revoked))
        .collect())
}

/// Grants with bank entries to be settled.
async fn unsettled(asked: &Asked<'_>) -> Result<Option<Work>, Failed> {
    let rows = that_wait::<GrantRow>(asked, "entries_wait").await?;
    Ok(work_on(
        "Money at the bank to be settled",
        rows.iter()
            .map(|row| (grant(row), row.title.clone()))
            .collect(),
    ))
}

/// Contact details that another officer proposed.
async fn contacts(asked: &Asked<'_>) -> Result<Option<Work>, Failed> {
    let reader = &asked.signed.reader;
    let is_others = |row: &PersonRow| {
        row.proposed_contact
            .as_ref()
            .is_some_and(|proposed| proposed.by != reader.person)
    };
    let rows = that_wait::<PersonRow>(asked, "contact_waits")
        .await?
        .into_iter()
        .filter(is_others)
        .collect();
    let people = asked.desk.views.open_people(reader, rows).await?;
    let record = |id: uuid::Uuid, name: Option<String>| {
        (
            format!("/desk/people/{id}"),
            name.unwrap_or_else(|| "A person".to_owned()),
        )
    };
    Ok(work_on(
        "Contact details to confirm",
        people
            .into_iter()
            .map(|seen| record(seen.id, seen.name))
            .collect(),
    ))
}

/// Names and areas that members proposed for their groups.
async fn group_names(asked: &Asked<'_>) -> Result<Option<Work>, Failed> {
    let rows = that_wait::<GroupRow>(asked, "correction_waits").await?;
    Ok(work_on(
        "Group names to take over",
        rows.into_iter()
            .map(|row| (format!("/desk/groups/{}", row.id), row.name))
            .collect(),
    ))
}

/// Helpers whom groups named and who are not confirmed. Officers see all of them, others only
/// themselves.
async fn helpers(asked: &Asked<'_>) -> Result<Option<Work>, Failed> {
    let reader = &asked.signed.reader;
    let may = |helper: PersonId| reader.roles.contains(&Role::Officer) || helper == reader.person;
    let mut rows = that_wait::<ApplicationRow>(asked, "help_waits").await?;
    rows.retain(|row| row.interests.named().any(may));
    let groups = names(
        asked.desk,
        rows.iter().map(|row| row.group.to_string()).collect(),
    )
    .await?;
    let title = |row: &ApplicationRow| {
        groups
            .get(&row.group.to_string())
            .cloned()
            .unwrap_or_default()
    };
    Ok(work_on(
        "Helpers to confirm",
        rows.iter()
            .map(|row| (application(row), title(row)))
            .collect(),
    ))
}

fn application(row: &ApplicationRow) -> String {
    format!("/desk/applications/{}", row.id)
}

fn grant(row: &GrantRow) -> String {
    format!("/desk/grants/{}", row.id)
}

/// The work that is in progress elsewhere, shown to all readers.
async fn waiting(asked: &Asked<'_>) -> Result<Vec<Work>, Failed> {
    Ok(vec![
        work(
            "Groups were asked to change something",
            count::<ApplicationRow>(asked, &[A::ChangesRequested.into()]).await?,
            "/desk/applications?state=changes_requested",
        ),
        work(
            "Offers wait for an answer",
            count::<GrantRow>(asked, &[G::Offered.into()]).await?,
            "/desk/grants?state=offered",
        ),
        work(
            "Forms are begun and not handed in",
            count::<ApplicationRow>(asked, &[A::Draft.into()]).await?,
            "/desk/applications?state=draft",
        ),
        work(
            "Applications are on the reserve list",
            count::<ApplicationRow>(asked, &[A::ReserveList.into()]).await?,
            "/desk/applications?state=reserve_list",
        ),
        work(
            "Grants are running",
            count::<GrantRow>(asked, &[G::Live.into()]).await?,
            "/desk/grants?state=live",
        ),
    ])
}

async fn overdue(asked: &Asked<'_>, today: Date) -> Result<i64, Failed> {
    let open = [U::Requested, U::Queried]
        .map(|state| <&str>::from(state).to_owned())
        .to_vec();
    let today = vec![today.to_string()];
    let due = asked
        .desk
        .views
        .count::<UpdateRow>(
            None,
            vec![("state", open.clone()), ("due_on <=", today.clone())],
        )
        .await?;
    // An update that is due today is not overdue.
    let now = asked
        .desk
        .views
        .count::<UpdateRow>(None, vec![("state", open), ("due_on", today)])
        .await?;
    Ok(due - now)
}

/// Running grants with a requested variation.
async fn varied(asked: &Asked<'_>) -> Result<i64, Failed> {
    let states = [G::Accepted, G::Live, G::Reported]
        .map(|state| <&str>::from(state).to_owned())
        .to_vec();
    let rows = asked
        .desk
        .views
        .list::<GrantRow>(
            None,
            vec![("state", states)],
            &Wanted {
                after: None,
                most: COUNTED,
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

async fn proposed(asked: &Asked<'_>) -> Result<i64, Failed> {
    let people = asked
        .desk
        .views
        .list::<PersonRow>(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                most: COUNTED,
            },
        )
        .await?
        .items;
    Ok(i64::try_from(
        people
            .iter()
            .filter(|person| !person.proposed.is_empty())
            .count(),
    )
    .unwrap_or_default())
}
