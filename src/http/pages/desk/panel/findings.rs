//! What the office found out about an application before the panel scores it, from its events and
//! the group's history.

use jiff::civil::Date;

use super::DeskRequest;
use crate::domain::group::GroupMaturity;
use crate::domain::language::day_text;
use crate::domain::{ApplicationEvent, Event, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::http::pages::PageError;
use crate::projections::{ApplicationRow, GroupRow};

/// The largest number of events of an application that are read.
const EVENTS_MAX: i64 = 1000;

/// What the office did with an application.
#[derive(Default)]
struct OfficeSteps {
    eligible: Option<(PersonId, Date)>,
    asked_on: Option<Date>,
    answered_on: Option<Date>,
}

/// The findings, each as a sentence.
pub(super) async fn office_findings(
    request: &DeskRequest<'_>,
    row: &ApplicationRow,
) -> Result<Vec<String>, PageError> {
    let views = &request.app.views;
    let steps = OfficeSteps::of(&views.events_with_id(row.id, EVENTS_MAX).await?);
    let by = steps.eligible.map(|(by, _)| by);
    let names = request.names_of_colleagues(by).await?;
    let group: GroupRow = request.row(row.group).await?;
    let mut before = views.history(row.group.0, None).await?;
    before.retain(|line| line.id != row.id);
    let grants = before.iter().filter(|line| line.grant.is_some()).count();

    let mut found = Vec::new();
    if let Some((by, day)) = steps.eligible {
        let by = names.of(&by);
        found.push(format!("Eligible: {by} checked it on {}.", day_text(day)));
    }
    found.push(before_text(group.standing, before.len(), grants));
    match (steps.asked_on, steps.answered_on) {
        (Some(_), Some(day)) => found.push(format!(
            "They answered a question of ours on {}.",
            day_text(day)
        )),
        (Some(day), None) => found.push(format!(
            "We asked them a question on {}, and have no answer.",
            day_text(day)
        )),
        (None, _) => {}
    }
    Ok(found)
}

impl OfficeSteps {
    fn of(events: &[RecordedEvent]) -> Self {
        use ApplicationEvent as E;
        let mut steps = Self::default();
        for event in events {
            let day = event.recorded_on();
            match &event.event {
                Event::Application(E::EligibilityConfirmed { by, .. }) => {
                    steps.eligible = Some((*by, day));
                }
                Event::Application(E::EligibilityTakenBack { .. }) => steps.eligible = None,
                Event::Application(E::ChangesRequested { .. }) => {
                    (steps.asked_on, steps.answered_on) = (Some(day), None);
                }
                Event::Application(E::ApplicationResubmitted { .. }) => {
                    steps.answered_on = Some(day);
                }
                _ => {}
            }
        }
        steps
    }
}

/// Whether the group is new, and what it applied for before.
fn before_text(standing: GroupMaturity, applications: usize, grants: usize) -> String {
    let group = match standing {
        GroupMaturity::New => "A new group",
        GroupMaturity::Existing => "A group that was already running",
    };
    match (applications, grants) {
        (0, _) => format!("{group}, and its first application."),
        (1, 0) => format!("{group}. It applied once before, without a grant."),
        (1, _) => format!("{group}. It applied once before, and got a grant."),
        (applications, 0) => {
            format!("{group}. It applied {applications} times before, without a grant.")
        }
        (applications, 1) => {
            format!("{group}. It applied {applications} times before, and got 1 grant.")
        }
        (applications, grants) => {
            format!("{group}. It applied {applications} times before, and got {grants} grants.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_introduced_by_what_it_had_before() {
        let text = |applications, grants| before_text(GroupMaturity::New, applications, grants);

        assert_eq!(text(0, 0), "A new group, and its first application.");
        assert_eq!(
            text(1, 1),
            "A new group. It applied once before, and got a grant."
        );
        assert_eq!(
            before_text(GroupMaturity::Existing, 3, 2),
            "A group that was already running. It applied 3 times before, and got 2 grants."
        );
    }
}
