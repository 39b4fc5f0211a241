//! Reminders for groups that have no email address. Staff pass them on by phone or by letter.

use std::collections::BTreeMap;

use jiff::civil::Date;
use uuid::Uuid;

use super::DeskRequest;
use super::action::Action;
use super::next_step::NextStep;
use crate::domain::language::day_text;
use crate::domain::mail::MailKind;
use crate::http::pages::PageError;
use crate::http::pages::days::due_text;
use crate::outbox;
use crate::projections::GrantRow;
use crate::views::{MemberContact, UpdateView};

/// The largest number of waiting mails that are looked at.
const MAILS_MAX: i64 = 50;

/// Whether the people of a group can be reached, but none of them by email.
pub(super) fn have_no_email(contacts: &[MemberContact]) -> bool {
    !contacts.is_empty() && contacts.iter().all(|contact| contact.email.is_none())
}

/// By grant, a reminder of a report that waits for a call or a letter: the page with the words.
pub(super) async fn waiting_reminders(
    request: &DeskRequest<'_>,
) -> Result<BTreeMap<Uuid, String>, PageError> {
    let log = request.app.commands.log();
    let mut found = BTreeMap::new();
    for mail in outbox::waiting_by_hand(log, MAILS_MAX).await? {
        if mail.kind != <&str>::from(MailKind::UpdateDue) {
            continue;
        }
        let Ok(position) = mail.about.parse::<i64>() else {
            continue;
        };
        if let Some(event) = log.read_events(position, 1).await?.pop() {
            found.insert(event.stream, format!("/desk/tell/{}", mail.id));
        }
    }
    Ok(found)
}

/// What is next on a late report of a group without an email.
pub(super) async fn late_report_step(
    request: &DeskRequest<'_>,
    grant: &GrantRow,
    seen: &UpdateView,
    mut actions: Vec<Action>,
) -> Result<NextStep, PageError> {
    let title = "Next: phone or write to them";
    let due = late_text(seen, request.today());
    if let Some(path) = waiting_reminders(request).await?.remove(&grant.id) {
        let why = format!("{due} They have no email, so nobody has told them yet.");
        // The words are there already, so a second reminder is not offered.
        actions.retain(|action| action.form.name() != "remind-now" || action.form.was_rejected());
        let step = request.next_step(title, &why, "", actions);
        return Ok(step.with_link("What to say", path));
    }
    let why = format!("{due} They have no email. Get the words to say, then tell them.");
    Ok(request.next_step(title, &why, "remind-now", actions))
}

fn late_text(seen: &UpdateView, today: Date) -> String {
    let due = format!(
        "Due {}, {}.",
        day_text(seen.due_on),
        due_text(seen.due_on, today)
    );
    match seen.reminded_on {
        Some(day) => format!("{due} The last reminder is of {}.", day_text(day)),
        None => due,
    }
}
