//! What happened lately in applications and grants, for everyone at the desk.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::super::DeskRequest;
use super::super::event_words::deed_of;
use crate::domain::PersonId;
use crate::http::api::EventView;
use crate::http::api::log::event_view;
use crate::http::pages::PageError;
use crate::http::pages::days::instant_in_words;
use crate::projections::ApplicationRow;
use crate::views::{EventSearch, Reader};

/// The number of newest events to look through.
const EVENTS_MAX: i64 = 120;
/// The number of lines to show.
const LINES_MAX: usize = 6;

/// The events that are news, and those of them that are good news.
const NEWS: [&str; 15] = [
    "ApplicationSubmitted",
    "ApplicationResubmitted",
    "ChangesRequested",
    "EligibilityConfirmed",
    "EligibilityRefused",
    "Awarded",
    "Declined",
    "AgreementAccepted",
    "PaymentApproved",
    "PaymentConfirmed",
    "PaymentFailed",
    "UpdateReceived",
    "UpdateAccepted",
    "NewsSent",
    "GrantClosed",
];
const GOOD: [&str; 6] = [
    "Awarded",
    "AgreementAccepted",
    "PaymentConfirmed",
    "UpdateAccepted",
    "NewsSent",
    "GrantClosed",
];

/// The newest events of applications and grants, the newest first.
pub(super) struct RecentEvents(Vec<EventView>);

/// One line of the activity: who did what, with which group.
pub struct ActivityLine {
    pub is_good: bool,
    pub path: String,
    pub group: String,
    pub deed: String,
    pub when: String,
}

impl RecentEvents {
    pub async fn load(request: &DeskRequest<'_>) -> Result<Self, PageError> {
        let wanted = EventSearch {
            before: i64::MAX,
            limit: EVENTS_MAX,
            newest: true,
            ..EventSearch::default()
        };
        let events = request.app.views.search_events(&wanted).await?;
        let mut seen: Vec<EventView> = events.into_iter().map(event_view).collect();
        seen.retain(|event| NEWS.contains(&event.event.as_str()));
        seen.reverse();
        Ok(Self(seen))
    }

    /// The applications whose groups answered a question.
    pub fn answered(&self) -> BTreeSet<Uuid> {
        let answers = self.0.iter();
        answers
            .filter(|event| event.event == "ApplicationResubmitted")
            .filter_map(|event| event.id.parse().ok())
            .collect()
    }

    pub async fn lines(&self, request: &DeskRequest<'_>) -> Result<Vec<ActivityLine>, PageError> {
        let shown: Vec<&EventView> = self.0.iter().take(LINES_MAX).collect();
        // A grant has the id of its application.
        let ids: BTreeSet<Uuid> = shown
            .iter()
            .filter_map(|event| event.id.parse().ok())
            .collect();
        let rows = request.rows_by_id::<ApplicationRow>(ids).await?;
        let groups: BTreeMap<String, String> = rows
            .into_iter()
            .map(|row| (row.id.to_string(), row.group.to_string()))
            .collect();
        let names = request.group_names(groups.values().cloned()).await?;
        let staff = names_of_staff(request, &shown).await?;
        let today = request.today();
        let line = |event: &&EventView| {
            let group = names.get(groups.get(&event.id)?)?;
            Some(line_of(event, group, &staff, today))
        };
        Ok(shown.iter().filter_map(line).collect())
    }
}

fn line_of(
    event: &EventView,
    group: &str,
    staff: &BTreeMap<String, String>,
    today: Date,
) -> ActivityLine {
    let actor = event.metadata.get("actor").map(String::as_str);
    let by = match actor {
        Some("job" | "operator") | None => "The service",
        Some(actor) => staff.get(actor).map_or("The group", String::as_str),
    };
    let room = if event.stream == "grant" {
        "grants"
    } else {
        "applications"
    };
    ActivityLine {
        is_good: GOOD.contains(&event.event.as_str()),
        path: format!("/desk/{room}/{}", event.id),
        group: group.to_owned(),
        deed: format!("{by} {}.", deed_of(&event.event)),
        when: instant_in_words(event.recorded_at.as_microsecond(), today),
    }
}

/// The first names of the colleagues who acted. Staff know each other's names.
async fn names_of_staff(
    request: &DeskRequest<'_>,
    events: &[&EventView],
) -> Result<BTreeMap<String, String>, PageError> {
    let actors: BTreeSet<String> = events
        .iter()
        .filter_map(|event| event.metadata.get("actor")?.parse().ok())
        .map(|id: Uuid| PersonId(id).to_string())
        .collect();
    if actors.is_empty() {
        return Ok(BTreeMap::new());
    }
    let views = &request.app.views;
    let mut rows = views.people(actors.into_iter().collect()).await?;
    rows.retain(|row| !row.roles.is_empty());
    let seen = views.decrypt_people(&Reader::service(), rows).await?;
    let name = |name: Option<String>| {
        let name = name.unwrap_or_default();
        let first = name.split_whitespace().next();
        first.unwrap_or("A colleague").to_owned()
    };
    Ok(seen
        .into_iter()
        .map(|person| (person.id.to_string(), name(person.name)))
        .collect())
}
