//! Work with grants: offers without an answer, what a grant needs before it is paid, changes asked
//! for, money to come back, and grants to finish.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::super::DeskRequest;
use super::work::{NAMED_MAX, WorkQueue, WorkRow, named, number_of, queue, waiting_rows};
use crate::domain::file::FilePurpose;
use crate::domain::grant::{GrantState as G, VariationState};
use crate::domain::{PersonId, Role};
use crate::http::pages::PageError;
use crate::projections::{FileRow, GrantRow, GroupRow, PaymentRow};
use crate::views::{Filter, GrantColumn};

/// Grants that are offered or accepted, and those whose final report is in.
pub(super) struct OpenGrants {
    pub offered: WorkQueue<GrantRow>,
    accepted: WorkQueue<GrantRow>,
    reported: WorkQueue<GrantRow>,
}

async fn in_state(request: &DeskRequest<'_>, state: G) -> Result<WorkQueue<GrantRow>, PageError> {
    let filters = vec![Filter::in_state([state])];
    queue(request, (GrantColumn::Urgency.key(), false), filters).await
}

pub(super) async fn open_grants(request: &DeskRequest<'_>) -> Result<OpenGrants, PageError> {
    Ok(OpenGrants {
        offered: in_state(request, G::Offered).await?,
        accepted: in_state(request, G::Accepted).await?,
        reported: in_state(request, G::Reported).await?,
    })
}

fn path_of(row: &GrantRow) -> String {
    format!("/desk/grants/{}", row.id)
}

fn row_for(icon: &'static str, grant: &GrantRow, button: &str) -> WorkRow {
    WorkRow::new(icon, grant.title.clone(), path_of(grant), button)
}

/// The address of the list of these grants alone.
fn list_of<'a>(grants: impl IntoIterator<Item = &'a GrantRow>) -> String {
    let ids: Vec<String> = grants
        .into_iter()
        .map(|grant| format!("id={}", grant.id))
        .collect();
    format!("/desk/grants?{}", ids.join("&"))
}

/// Offers whose last day is over.
pub(super) fn late_offers(request: &DeskRequest<'_>, grants: &OpenGrants) -> Vec<WorkRow> {
    let today = request.today();
    let mut late: Vec<&GrantRow> = grants.offered.rows.iter().collect();
    late.retain(|row| row.letters_on.is_none() && !row.offer_waits && row.expires_on < today);
    let row = |grant: &&GrantRow| {
        row_for("heart", grant, "Open offer")
            .about(format!("Our offer of {} has had no answer.", grant.offered))
            .late(grant.expires_on, today)
    };
    match late.first() {
        Some(first) if late.len() > NAMED_MAX => {
            let count = i64::try_from(late.len()).unwrap_or_default();
            let title = number_of(count, "offer", "offers without an answer");
            vec![
                WorkRow::new("heart", title, list_of(late.iter().copied()), "See offers")
                    .about("The last day to accept has passed.")
                    .late(first.expires_on, today),
            ]
        }
        _ => named(&late, row),
    }
}

/// Offers that have not gone out, because too few panel members have confirmed that they were
/// there.
pub(super) fn waiting_offers(request: &DeskRequest<'_>, grants: &OpenGrants) -> Vec<WorkRow> {
    let mut waiting: Vec<&GrantRow> = grants.offered.rows.iter().collect();
    waiting.retain(|row| row.letters_on.is_none() && row.offer_waits);
    named(&waiting, |grant: &&GrantRow| {
        row_for("heart", grant, "Open grant")
            .about("The offer has not gone out. Ask the panel to confirm who was there.")
            .since(Some(grant.offered_on), request.today())
    })
}

/// What accepted grants need before their money can go. `paying` are the grants with a payment on
/// its way.
pub(super) async fn before_payment(
    request: &DeskRequest<'_>,
    grants: &OpenGrants,
    payments: &WorkQueue<PaymentRow>,
) -> Result<Vec<WorkRow>, PageError> {
    let reader = &request.signed.reader;
    let officer = reader.roles.contains(&Role::Officer);
    let rows = &grants.accepted.rows;
    let ids: BTreeSet<Uuid> = rows.iter().map(|row| row.group.0).collect();
    let owners: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let groups: BTreeMap<Uuid, GroupRow> = request
        .rows_by_id::<GroupRow>(ids)
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let files = if officer {
        request.app.views.files_of(&owners, None).await?
    } else {
        Vec::new()
    };
    let paying: BTreeSet<Uuid> = payments.rows.iter().map(|row| row.grant).collect();
    let mut found = WorkBeforePayment::default();
    for grant in rows.iter().filter(|row| !row.on_hold) {
        let Some(group) = groups.get(&grant.group.0) else {
            continue;
        };
        found.add(grant, group, &files, (reader.person, officer));
        if !paying.contains(&grant.id) && is_ready(grant, group) {
            found.to_pay.push(grant);
        }
    }
    Ok(found.into_rows(request))
}

/// Whether nothing more is needed before a payment is prepared.
fn is_ready(grant: &GrantRow, group: &GroupRow) -> bool {
    let verified = group
        .payee
        .as_ref()
        .is_some_and(|payee| payee.verified_by.is_some());
    verified
        && grant
            .checks
            .values()
            .all(crate::projections::CheckRow::is_settled)
        && !grant.paid.covers(grant.award)
}

/// Accepted grants by what is to be done.
#[derive(Default)]
struct WorkBeforePayment<'a> {
    papers: Vec<&'a GrantRow>,
    waivers: Vec<&'a GrantRow>,
    plans: Vec<&'a GrantRow>,
    bank_details: Vec<(&'a GrantRow, &'a GroupRow)>,
    to_pay: Vec<&'a GrantRow>,
}

impl<'a> WorkBeforePayment<'a> {
    fn add(
        &mut self,
        grant: &'a GrantRow,
        group: &'a GroupRow,
        files: &[FileRow],
        (person, officer): (PersonId, bool),
    ) {
        let in_state = |state: &str| grant.checks.values().any(|check| check.state == state);
        // Photographs and receipts settle no check.
        let sent = |file: &FileRow| {
            file.group == group.id
                && file.kept_on >= grant.offered_on
                && matches!(file.purpose, FilePurpose::Document | FilePurpose::Scan)
        };
        if officer && in_state("outstanding") && files.iter().any(sent) {
            self.papers.push(grant);
        }
        if in_state("waiver_proposed") {
            self.waivers.push(grant);
        }
        let proposed = grant.proposed_schedule.as_ref();
        if proposed.is_some_and(|proposed| proposed.by != person) {
            self.plans.push(grant);
        }
        let payee = group.payee.as_ref();
        if payee.is_some_and(|payee| payee.verified_by.is_none() && payee.keyed_by != person) {
            self.bank_details.push((grant, group));
        }
    }

    fn into_rows(self, request: &DeskRequest<'_>) -> Vec<WorkRow> {
        let today = request.today();
        let some = |rows: &[&GrantRow], many: &str, about: &str, button: &str| {
            if rows.len() > NAMED_MAX {
                let title = format!("{} {many}", rows.len());
                let row =
                    WorkRow::new("file", title, list_of(rows.iter().copied()), button).about(about);
                return vec![row.since(rows.first().map(|row| row.offered_on), today)];
            }
            named(rows, |grant| {
                row_for("file", grant, button)
                    .about(about)
                    .since(Some(grant.offered_on), today)
            })
        };
        let mut found = some(
            &self.papers,
            "grants have papers to check",
            "Groups sent papers that we asked for.",
            "Check papers",
        );
        found.extend(some(
            &self.waivers,
            "checks to skip",
            "A colleague asks to skip a check.",
            "Decide",
        ));
        found.extend(some(
            &self.plans,
            "payment plans to confirm",
            "A payment plan to confirm.",
            "Confirm",
        ));
        found.extend(some(
            &self.to_pay,
            "payments to prepare",
            "All checks are done. The money can be prepared.",
            "Prepare",
        ));
        let details = |(grant, group): &(&GrantRow, &GroupRow)| {
            let path = format!("/desk/groups/{}", group.id);
            WorkRow::new("bank", group.name.clone(), path, "Check details")
                .about("Bank details to check before we pay.")
                .since(Some(grant.offered_on), today)
        };
        if self.bank_details.len() > NAMED_MAX {
            let title = format!("{} bank details to check", self.bank_details.len());
            let list = list_of(self.bank_details.iter().map(|(grant, _)| *grant));
            let row = WorkRow::new("bank", title, list, "Check details");
            found.push(row.about("Nothing is paid before they are checked."));
        } else {
            found.extend(named(&self.bank_details, details));
        }
        found
    }
}

/// Changes that groups asked for.
pub(super) async fn changes(request: &DeskRequest<'_>) -> Result<Vec<WorkRow>, PageError> {
    let today = request.today();
    let on_panel = request.signed.reader.roles.contains(&Role::Panel);
    let rows = waiting_rows::<GrantRow>(request, "change_waits").await?;
    let decides = |grant: &GrantRow| on_panel || asks_only_for_days(grant);
    if rows.len() > NAMED_MAX {
        let count = i64::try_from(rows.len()).unwrap_or_default();
        let button = if rows.iter().any(decides) {
            "Decide"
        } else {
            "Look"
        };
        let title = number_of(count, "change asked for", "changes asked for");
        let row = WorkRow::new("pencil", title, "/desk/grants?asks=change", button);
        return Ok(vec![row.about("Groups are waiting for an answer.")]);
    }
    Ok(named(&rows, |grant| {
        let since = crate::clock::day_of(grant.updated_at.timestamp());
        let (button, about) = if decides(grant) {
            ("Decide", "The group asked for a change.")
        } else {
            ("Look", "The group asked for a change. The panel decides.")
        };
        row_for("pencil", grant, button)
            .about(about)
            .since(Some(since), today)
    }))
}

/// Whether a change that waits is about days alone, so that an officer can decide it too.
fn asks_only_for_days(grant: &GrantRow) -> bool {
    grant
        .variations
        .values()
        .any(|asked| asked.state == VariationState::Requested && asked.change.is_only_days())
}

/// Money that should have come back by now, of grants in force or stopped.
pub(super) async fn late_returns(request: &DeskRequest<'_>) -> Result<Vec<WorkRow>, PageError> {
    let today = request.today();
    // `urgency` is a digit and the day on which something of the grant is due.
    let filters = vec![
        Filter::in_state([G::Live, G::Reported, G::Terminated]),
        Filter::at_most("urgency", format!("0{today}")),
    ];
    let due = queue::<GrantRow>(request, (GrantColumn::Urgency.key(), false), filters).await?;
    let mut late = due.rows;
    late.retain(|row| !row.due_back.is_zero() && row.return_due_on.is_some_and(|day| day < today));
    Ok(named(&late, |grant| {
        let row = row_for("pound", grant, "Open")
            .about(format!("{} should have come back by now.", grant.due_back));
        match grant.return_due_on {
            Some(day) => row.late(day, today),
            None => row,
        }
    }))
}

/// Grants whose final report is in and read: money to ask for, or to finish. `unread` are the
/// grants with a report that waits to be read.
pub(super) fn after_report(
    request: &DeskRequest<'_>,
    grants: &OpenGrants,
    unread: &BTreeSet<Uuid>,
) -> Vec<WorkRow> {
    let today = request.today();
    let read = |row: &&GrantRow| !unread.contains(&row.id);
    let (owing, over): (Vec<_>, Vec<_>) = grants
        .reported
        .rows
        .iter()
        .filter(read)
        .partition(|row| !row.due_back.is_zero());
    let mut found: Vec<WorkRow> = owing
        .iter()
        .filter(|row| row.return_due_on.is_none())
        .take(NAMED_MAX)
        .map(|grant| {
            row_for("pound", grant, "Ask for it")
                .about(format!("{} is left over. Ask for it back.", grant.due_back))
                .since(Some(grant.update_due_on), today)
        })
        .collect();
    let officer = request.signed.reader.roles.contains(&Role::Officer);
    if !officer {
        return found;
    }
    match over.as_slice() {
        [] => {}
        [grant] => found.push(
            row_for("check", grant, "Finish")
                .about("We have read the final report. You can finish the grant.")
                .no_rush(),
        ),
        several => {
            let title = format!("{} grants to finish", several.len());
            let list = list_of(several.iter().copied());
            let row = WorkRow::new("check", title, list, "Finish");
            found.push(row.about("We have read their final reports.").no_rush());
        }
    }
    found
}
