//! Work with reports: those to read, and those that are overdue, with whom to phone.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::super::DeskRequest;
use super::super::by_hand::{have_no_email, waiting_reminders};
use super::money::grants_of;
use super::work::{NAMED_MAX, WorkQueue, WorkRow, number_of, one_or_all, queue};
use crate::domain::grant::UpdateState as U;
use crate::http::pages::PageError;
use crate::http::pages::days::ago_text;
use crate::projections::UpdateRow;
use crate::views::{Filter, MemberContact, UpdateColumn};

const ORDER: (crate::views::ListKey, bool) = (UpdateColumn::Urgency.key(), false);

/// Reports that wait for an officer.
pub(super) struct OpenReports {
    received: WorkQueue<UpdateRow>,
    overdue: WorkQueue<UpdateRow>,
}

impl OpenReports {
    pub async fn load(request: &DeskRequest<'_>) -> Result<Self, PageError> {
        let received = vec![Filter::in_state([U::Received])];
        let overdue = vec![
            Filter::in_state([U::Requested, U::Queried]),
            Filter::before("due_on", request.today()),
        ];
        Ok(Self {
            received: queue(request, ORDER, received).await?,
            overdue: queue(request, ORDER, overdue).await?,
        })
    }

    /// The grants with a report to read.
    pub fn unread(&self) -> BTreeSet<Uuid> {
        self.received.rows.iter().map(|row| row.grant).collect()
    }
}

fn path_of(row: &UpdateRow) -> String {
    format!("/desk/updates/{}/{}", row.grant, row.update)
}

fn report_name(row: &UpdateRow) -> &'static str {
    if row.last { "Final report" } else { "Report" }
}

pub(super) async fn reports(
    request: &DeskRequest<'_>,
    open: &OpenReports,
) -> Result<Vec<WorkRow>, PageError> {
    let today = request.today();
    let late: Vec<&UpdateRow> = open.overdue.rows.iter().take(NAMED_MAX).collect();
    let first = open.received.rows.first();
    let shown = late.iter().copied().chain(first).map(|row| row.grant);
    let grants = grants_of(request, shown).await?;
    let names = request
        .group_names(grants.values().map(|row| row.group.to_string()))
        .await?;
    let group_of = |row: &UpdateRow| grants.get(&row.grant).map(|grant| grant.group.0);
    let name_of = |row: &UpdateRow| {
        let group = group_of(row).map(|group| group.to_string());
        group
            .and_then(|group| names.get(&group).cloned())
            .unwrap_or_default()
    };
    let to_phone: Vec<Uuid> = late.iter().filter_map(|row| group_of(row)).collect();
    let reader = &request.signed.reader;
    let contacts = request
        .app
        .views
        .contacts_of_groups(reader, &to_phone)
        .await?;
    let mut found = Vec::new();
    let waiting = waiting_reminders(request).await?;
    for row in &late {
        let people = group_of(row).and_then(|group| contacts.get(&group));
        let people = people.map_or(&[][..], Vec::as_slice);
        let words = waiting.get(&row.grant).filter(|_| have_no_email(people));
        found.push(late_row(row, name_of(row), people, words, today));
    }
    found.extend(rest_of_overdue(&open.overdue, late.len(), today));
    let one = |row: &UpdateRow| {
        WorkRow::new("talk", name_of(row), path_of(row), "Read")
            .about(format!("{} to read.", report_name(row)))
            .since(row.received_on, today)
    };
    let all = |queue: &WorkQueue<UpdateRow>| {
        let oldest = queue.rows.iter().filter_map(|row| row.received_on).min();
        let title = number_of(queue.count, "report to read", "reports to read");
        WorkRow::new("talk", title, "/desk/updates?state=received", "Read")
            .about(super::work::oldest_text(oldest, today))
            .since(oldest, today)
    };
    found.extend(one_or_all(&open.received, one, all));
    Ok(found)
}

/// A report that is late, with whom to phone. `words` is the page of a reminder that waits for a
/// call or a letter.
fn late_row(
    row: &UpdateRow,
    group: String,
    people: &[MemberContact],
    words: Option<&String>,
    today: jiff::civil::Date,
) -> WorkRow {
    let about = match words {
        Some(_) => "They have no email, so nobody has told them yet.".to_owned(),
        None => reminded_text(row, today),
    };
    let about = format!("{} is late. {about}", report_name(row));
    let work = WorkRow::new("phone", group, path_of(row), "Open report").late(row.due_on, today);
    let work = match people.iter().find_map(with_number) {
        Some((name, number)) => work.about(format!("{about} {name}:")).phoning(name, number),
        None => work.about(about),
    };
    match words {
        Some(path) => work.leading_to("What to say", path.clone()),
        None => work,
    }
}

/// The name and the phone number of someone who has one.
fn with_number(contact: &MemberContact) -> Option<(&str, &str)> {
    let number = contact.telephone.as_deref()?;
    Some((contact.name.as_deref().unwrap_or_default(), number))
}

/// The overdue reports that are not named.
fn rest_of_overdue(
    overdue: &WorkQueue<UpdateRow>,
    named: usize,
    today: jiff::civil::Date,
) -> Option<WorkRow> {
    let more = overdue.count - i64::try_from(named).unwrap_or_default();
    let next = overdue.rows.get(named)?;
    let title = number_of(more, "more report is overdue", "more reports are overdue");
    Some(
        WorkRow::new("phone", title, "/desk/updates?state=overdue", "See all")
            .about("Remind them or phone them.")
            .late(next.due_on, today),
    )
}

/// "Reminded twice, last 3 days ago."
fn reminded_text(row: &UpdateRow, today: jiff::civil::Date) -> String {
    let often = match row.reminders {
        0 => return "Not reminded yet.".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        times => format!("{times} times"),
    };
    let last = row
        .reminded_on
        .map(|day| format!(", last {}", ago_text(day, today)));
    format!("Reminded {often}{}.", last.unwrap_or_default())
}
