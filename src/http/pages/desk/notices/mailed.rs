//! Who gets a message about the action that a notice is about: the people of a group whom the
//! service emails, and those whom someone has to phone or write to.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::Done;
use crate::domain::{ApplicationId, Event, FundEvent, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::http::pages::PageError;
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::layout::NoticeMailed;
use crate::http::pages::words::names_in_words;
use crate::mail::writes_to_group;
use crate::projections::{ApplicationRow, GroupRow};

/// The most events that are looked at: those of a batch with as many payments as a file can have.
const EVENTS_MAX: i64 = 600;
/// The most people who are named. More are counted.
const NAMED_MAX: usize = 6;

/// Who gets a message about what was just done, for a reader who works with groups and did it.
/// `None` if the action causes no message to a group.
pub(in crate::http::pages::desk) async fn mailed(
    request: &DeskRequest<'_>,
) -> Result<Option<NoticeMailed>, PageError> {
    if !request.signed.reader.works_with_groups() {
        return Ok(None);
    }
    let recorded = own_events(request).await?;
    let written = recorded.iter().filter(|event| writes_to_group(event));
    let streams: BTreeSet<Uuid> = written.map(|event| event.stream).collect();
    let applications: Vec<ApplicationRow> = request.rows_by_id(&streams).await?;
    let groups: BTreeSet<Uuid> = applications.iter().map(|row| row.group.0).collect();
    if groups.is_empty() {
        return Ok(None);
    }
    let (mut emailed, mut by_hand) = (Vec::new(), Vec::new());
    for group in groups {
        let (with_email, without) = people_of(request, group).await?;
        emailed.extend(with_email);
        by_hand.extend(without);
    }
    Ok(Some(NoticeMailed {
        emailed: sentence_of_emailed(&emailed),
        by_hand: sentence_of_others(&by_hand),
    }))
}

/// The letters that the reader has just released, by their applications.
pub(in crate::http::pages::desk) async fn released_letters(
    request: &DeskRequest<'_>,
) -> Result<Vec<ApplicationId>, PageError> {
    let released = |event: &RecordedEvent| match &event.event {
        Event::Fund(FundEvent::LettersReleased { applications, .. }) => Some(applications.clone()),
        _ => None,
    };
    let recorded = own_events(request).await?;
    Ok(recorded.iter().find_map(released).unwrap_or_default())
}

/// The events that the address names as just recorded, if the reader caused them.
pub(super) async fn own_events(request: &DeskRequest<'_>) -> Result<Vec<RecordedEvent>, PageError> {
    let events = Done::parse(request.text("done")).and_then(|done| done.events);
    let Some((first, last)) = events else {
        return Ok(Vec::new());
    };
    let count = last.saturating_sub(first).saturating_add(1);
    if first < 0 || !(1..=EVENTS_MAX).contains(&count) {
        return Ok(Vec::new());
    }
    let log = request.app.commands.log();
    let mut recorded = log.read_events(first, count).await?;
    let reader = request.signed.reader.person.to_string();
    recorded.retain(|event| event.metadata.get("actor") == Some(reader.as_str()));
    Ok(recorded)
}

/// The names of the members of a group, and of those that it was merged into: those who have an
/// email, and the others.
async fn people_of(
    request: &DeskRequest<'_>,
    group: Uuid,
) -> Result<(Vec<String>, Vec<String>), PageError> {
    let views = &request.app.views;
    let (mut next, mut met, mut members) = (Some(group), BTreeSet::new(), BTreeSet::new());
    while let Some(id) = next.filter(|id| met.insert(*id)) {
        let row: Option<GroupRow> = views.find(id, None).await?;
        let Some(row) = row else { break };
        next = row.merged_into.map(|into| into.0);
        members.extend(row.members.iter().map(PersonId::to_string));
    }
    let rows = views.people(members.into_iter().collect()).await?;
    let seen = views.decrypt_people(&request.signed.reader, rows).await?;
    let (emailed, by_hand): (Vec<_>, Vec<_>) = seen
        .into_iter()
        .filter_map(|person| Some((person.name?, person.email.is_some())))
        .partition(|(_, has_email)| *has_email);
    let names = |people: Vec<(String, bool)>| -> Vec<String> {
        people.into_iter().map(|(name, _)| name).collect()
    };
    Ok((names(emailed), names(by_hand)))
}

fn sentence_of_emailed(names: &[String]) -> String {
    match names.len() {
        0 => String::new(),
        1..=NAMED_MAX => format!("We email {}.", names_in_words(names, "and")),
        count => format!("We email {count} people."),
    }
}

fn sentence_of_others(names: &[String]) -> String {
    let listed = names_in_words(names, "and");
    match names.len() {
        0 => String::new(),
        1 => format!("{listed} has no email: phone or write to them."),
        count if count > NAMED_MAX => {
            format!("{count} people have no email: phone or write to them.")
        }
        _ => format!("{listed} have no email: phone or write to them."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_is_named_by_how_they_are_reached() {
        let names = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        assert_eq!(
            sentence_of_emailed(&names(&["Zofia", "Cass"])),
            "We email Zofia and Cass."
        );
        assert_eq!(
            sentence_of_others(&names(&["Zofia"])),
            "Zofia has no email: phone or write to them."
        );
        assert_eq!(sentence_of_emailed(&[]) + &sentence_of_others(&[]), "");
        let many = names(&["Ann"; 7]);
        assert_eq!(sentence_of_emailed(&many), "We email 7 people.");
        assert_eq!(
            sentence_of_others(&many),
            "7 people have no email: phone or write to them."
        );
    }
}
