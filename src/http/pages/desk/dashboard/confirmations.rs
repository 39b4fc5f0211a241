//! Work that only a second person can do, and what administrators look after.

use super::super::DeskRequest;
use super::super::group::shared_in_words;
use super::super::readiness::missing_before_panel;
use super::super::tell::count_waiting_by_hand;
use super::super::texts::{mail_kind_label, organisation};
use super::money::grants_of;
use super::work::{NAMED_MAX, WorkRow, named, number_of, waiting_rows};
use crate::clock::day_of;
use crate::domain::application::ApplicationState;
use crate::domain::grant::GrantState;
use crate::domain::mail::MailKind;
use crate::domain::{PersonId, Role};
use crate::http::api::WebhookView;
use crate::http::api::webhooks::{WebhookState, all_webhooks};
use crate::http::pages::PageError;
use crate::outbox;
use crate::projections::{ApplicationRow, FundRow, GrantRow, GroupRow, PersonRow};
use crate::views::{COUNT_MAX, Filter, LikelyDuplicate};

/// For how many days after a decision the page of today asks for a confirmation that holds nothing
/// up. After that it can still be given on the application's page.
const CONFIRM_DAYS: i64 = 60;
/// For how many days after its registration the page of today shows a group that may be the same as
/// another. After that only the list and the group's page show it.
const SIMILAR_DAYS: i64 = 30;

fn application_path(row: &ApplicationRow) -> String {
    format!("/desk/applications/{}", row.id)
}

fn grant_path(row: &GrantRow) -> String {
    format!("/desk/grants/{}", row.id)
}

/// The names of the applications' groups, in the order of the applications.
async fn groups_of(
    request: &DeskRequest<'_>,
    rows: &[ApplicationRow],
) -> Result<Vec<String>, PageError> {
    let names = request
        .group_names(rows.iter().map(|row| row.group.to_string()))
        .await?;
    let name = |row: &ApplicationRow| names.get(&row.group.to_string()).cloned();
    Ok(rows
        .iter()
        .map(|row| name(row).unwrap_or_default())
        .collect())
}

/// Decisions and revocations for which the reader was named as present, and has not confirmed it.
pub(super) async fn attendance(request: &DeskRequest<'_>) -> Result<Vec<WorkRow>, PageError> {
    let (reader, today) = (request.signed.reader.person, request.today());
    let mut applications = waiting_rows::<ApplicationRow>(request, "attendance_waits").await?;
    applications.retain(|row| row.unconfirmed.contains(&reader));
    let awarded = applications
        .iter()
        .filter(|row| row.state == ApplicationState::Awarded);
    let offers = grants_of(request, awarded.map(|row| row.id)).await?;
    let waits = |row: &ApplicationRow| {
        offers
            .get(&row.id)
            .is_some_and(|grant| grant.state == GrantState::Offered && grant.offer_waits)
    };
    let oldest = today.saturating_sub(jiff::Span::new().days(CONFIRM_DAYS));
    applications.retain(|row| waits(row) || row.decided_on >= Some(oldest));
    let names = groups_of(request, &applications).await?;
    let mut found: Vec<WorkRow> = applications
        .iter()
        .zip(names)
        .map(|(row, name)| {
            let about = if waits(row) {
                "Confirm that you were at the panel meeting. The offer goes out once enough of you \
                    have."
            } else {
                "Confirm that you were at the panel meeting that decided this."
            };
            WorkRow::new("hand", name, application_path(row), "Confirm")
                .about(about)
                .since(row.decided_on, today)
        })
        .collect();
    let mut grants = waiting_rows::<GrantRow>(request, "attendance_waits").await?;
    grants.retain(|row| row.unconfirmed.contains(&reader));
    found.extend(named(&grants, |row| {
        WorkRow::new("hand", row.title.clone(), grant_path(row), "Confirm")
            .about("Confirm that you were at the panel meeting that raised this award.")
    }));
    let mut revoked = waiting_rows::<GrantRow>(request, "revocation_waits").await?;
    revoked.retain(|row| {
        row.revocation
            .as_ref()
            .is_some_and(|found| found.unconfirmed.contains(&reader))
    });
    found.extend(named(&revoked, |row| {
        WorkRow::new("hand", row.title.clone(), grant_path(row), "Confirm")
            .about("Confirm that the panel decided to stop this grant or ask for money back.")
    }));
    Ok(found)
}

/// People whom an email cannot reach. Those to whom another row of work leads are left out.
pub(super) async fn people_to_tell(
    request: &DeskRequest<'_>,
    work: &[WorkRow],
) -> Result<Vec<WorkRow>, PageError> {
    let most = i64::try_from(NAMED_MAX).unwrap_or_default();
    let mails = outbox::waiting_by_hand(request.app.commands.log(), most).await?;
    if mails.is_empty() {
        return Ok(Vec::new());
    }
    let people = mails.iter().filter_map(|mail| mail.person.parse().ok());
    let names = request.names_of_people(people.map(PersonId)).await?;
    let mut found = Vec::new();
    for mail in &mails {
        let path = format!("/desk/tell/{}", mail.id);
        if work.iter().any(|row| row.button_path == path) {
            continue;
        }
        let made = jiff::Timestamp::from_microsecond(mail.made_at).unwrap_or_default();
        found.push(
            WorkRow::new("phone", names.of(&mail.person), path, "What to say")
                .about(format!(
                    "No email address: phone or write. {}.",
                    mail_kind_label(&mail.kind)
                ))
                .today(day_of(made)),
        );
    }
    let more = count_waiting_by_hand(request).await? - i64::try_from(mails.len()).unwrap_or(0);
    if more > 0 {
        let title = number_of(
            more,
            "more person to phone or write to",
            "more people to phone or write to",
        );
        found.push(
            WorkRow::new("phone", title, "/desk/tell", "See all")
                .about("We cannot reach them by email.")
                .today(request.today()),
        );
    }
    Ok(found)
}

/// Contact details that another officer proposed.
pub(super) async fn contacts(request: &DeskRequest<'_>) -> Result<Vec<WorkRow>, PageError> {
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
    Ok(named(&people, |seen| {
        let name = seen.name.clone().unwrap_or_else(|| "A person".to_owned());
        let path = format!("/desk/people/{}", seen.id);
        WorkRow::new("people", name, path, "Confirm").about("Contact details to confirm.")
    }))
}

/// Names and areas that members proposed for their groups.
pub(super) async fn group_names(request: &DeskRequest<'_>) -> Result<Vec<WorkRow>, PageError> {
    let rows = waiting_rows::<GroupRow>(request, "correction_waits").await?;
    Ok(named(&rows, |row| {
        let path = format!("/desk/groups/{}", row.id);
        WorkRow::new("people", row.name.clone(), path, "Look")
            .about("The group asks for another name or area.")
    }))
}

/// Groups that were registered lately and may be the same as an earlier group.
pub(super) async fn similar_groups(request: &DeskRequest<'_>) -> Result<Vec<WorkRow>, PageError> {
    let oldest = request
        .today()
        .saturating_sub(jiff::Span::new().days(SIMILAR_DAYS));
    let found = request.app.views.likely_duplicates().await?;
    let is_new = |found: &LikelyDuplicate| found.is_newer && day_of(found.since) >= oldest;
    let mut new: Vec<_> = found.iter().filter(|(_, found)| is_new(found)).collect();
    new.sort_by_key(|(_, found)| found.since);
    Ok(named(&new, |(group, found)| {
        let path = format!("/desk/groups/{group}/merge?into={}", found.other);
        let shares = shared_in_words(found.shares.iter().copied());
        WorkRow::new("people", found.name.clone(), path, "Compare")
            .about(format!(
                "Same {shares} as {}. Is it the same group?",
                found.other_name
            ))
            .no_rush()
    }))
}

/// Helpers whom groups named and who are not confirmed. Officers see all of them, others only
/// themselves.
pub(super) async fn helpers(request: &DeskRequest<'_>) -> Result<Vec<WorkRow>, PageError> {
    let reader = &request.signed.reader;
    let may = |helper: PersonId| reader.roles.contains(&Role::Officer) || helper == reader.person;
    let mut rows = waiting_rows::<ApplicationRow>(request, "help_waits").await?;
    rows.retain(|row| row.interests.named_helpers().any(may));
    let names = groups_of(request, &rows).await?;
    Ok(rows
        .iter()
        .zip(names)
        .map(|(row, name)| {
            WorkRow::new("hand", name, application_path(row), "Confirm")
                .about("The group says who helped with the wording. Is that right?")
                .since(row.submitted_on, request.today())
        })
        .take(NAMED_MAX)
        .collect())
}

/// What administrators confirm and look after.
pub(super) async fn of_administrators(
    request: &DeskRequest<'_>,
    funds: &[FundRow],
) -> Result<Vec<WorkRow>, PageError> {
    let mut found = roles(request).await?;
    found.extend(organisation_proposals(request).await?);
    found.extend(erasures(request).await?);
    let failed = outbox::newest(request.app.commands.log(), "failed", COUNT_MAX)
        .await?
        .len();
    if failed > 0 {
        let count = i64::try_from(failed).unwrap_or_default();
        let title = number_of(count, "email failed", "emails failed");
        let path = "/desk/texts/mails?state=failed";
        found.push(
            WorkRow::new("mail", title, path, "See emails")
                .about("Send them again, or correct the address.")
                .wrong(None, request.today()),
        );
    }
    if webhook_waits(request).await? {
        let title = "Webhooks to confirm, or that are paused";
        found.push(WorkRow::new("link", title, "/desk/webhooks", "Look").no_rush());
    }
    let rules = funds.iter().filter(|fund| fund.proposed_rules.is_some());
    found.extend(rules.map(|fund| {
        let path = format!("/desk/funds/{}", fund.id);
        WorkRow::new("pound", fund.name.clone(), path, "Look")
            .about("New rules for the fund. A second administrator must agree.")
            .no_rush()
    }));
    let missing = missing_before_panel(request.app, funds).await?;
    found.extend(missing.into_iter().map(|item| {
        WorkRow::new("gear", item.what, item.link, "Set up")
            .about(item.words)
            .no_rush()
    }));
    Ok(found)
}

/// People for whom a role was proposed.
async fn roles(request: &DeskRequest<'_>) -> Result<Vec<WorkRow>, PageError> {
    let mut people = request.people_with_roles().await?;
    people.retain(|person| !person.proposed.is_empty());
    let ids: Vec<PersonId> = people.iter().map(|person| PersonId(person.id)).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let names = request.names_of_colleagues(ids).await?;
    Ok(named(&people, |person| {
        let roles: Vec<&str> = person.proposed.iter().map(|role| (*role).into()).collect();
        let path = format!("/desk/people/{}", person.id);
        WorkRow::new("hand", names.of(&person.id), path, "Confirm")
            .about(format!(
                "Role to confirm: {}. A second administrator must agree.",
                roles.join(", ")
            ))
            .no_rush()
    }))
}

/// Wording of emails and settings that another administrator proposed.
async fn organisation_proposals(request: &DeskRequest<'_>) -> Result<Vec<WorkRow>, PageError> {
    let own = organisation(request).await?;
    let reader = request.signed.reader.person;
    let others = own
        .proposed_mail_texts
        .iter()
        .filter(|text| text.proposed_by != reader);
    let wording = |kind: MailKind| {
        let key: &str = kind.into();
        let path = format!("/desk/texts/mail/{key}");
        WorkRow::new("mail", mail_kind_label(key), path, "Confirm")
            .about("Email wording to confirm.")
            .no_rush()
    };
    let mut found: Vec<WorkRow> = others.map(|text| wording(text.mail)).collect();
    let settings = own.proposed_settings.as_ref();
    if settings.is_some_and(|proposed| proposed.proposed_by != reader) {
        found.push(
            WorkRow::new("gear", "Settings to confirm", "/desk/settings", "Confirm")
                .about("A colleague changed the settings.")
                .no_rush(),
        );
    }
    Ok(found)
}

/// People and groups who want their data erased.
async fn erasures(request: &DeskRequest<'_>) -> Result<Option<WorkRow>, PageError> {
    let asked = vec![Filter::equals("erasure", "asked")];
    let views = &request.app.views;
    let count = views.count::<PersonRow>(None, asked.clone()).await?
        + views.count::<GroupRow>(None, asked).await?;
    if count == 0 {
        return Ok(None);
    }
    let title = number_of(count, "request to erase data", "requests to erase data");
    Ok(Some(
        WorkRow::new("people", title, "/desk/erasures", "Look")
            .about("The law gives us one month to answer."),
    ))
}

/// Whether a webhook waits for a second administrator, or is paused because deliveries fail.
async fn webhook_waits(request: &DeskRequest<'_>) -> Result<bool, PageError> {
    let seen = all_webhooks(request.app).await?;
    let waits =
        |webhook: &WebhookView| webhook.proposed.is_some() || webhook.state == WebhookState::Paused;
    Ok(seen.iter().any(waits))
}
