//! Tells the story of one barrier from an exported folder, without names and without the words of
//! those who raised it. It begins with a verdict, lists the events by day, and ends with what the
//! log lacks.

use std::fmt;
use std::path::Path;

use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::{StoryDay, days_of_record, write_record};
use crate::audit::{AuditError, FolderCheck};
use crate::domain::barrier::ComesTo;
use crate::domain::language::day_text;
use crate::domain::{BarrierEvent, Event};

/// The story of one barrier.
#[derive(Clone, Debug, Serialize)]
pub struct BarrierStory {
    pub barrier: Uuid,
    pub heading: String,
    pub verdict: String,
    pub days: Vec<StoryDay>,
    pub missing: Vec<String>,
    pub check: FolderCheck,
}

/// What the log says of it so far.
#[derive(Default)]
struct BarrierFacts {
    /// The day of the newest event of the log.
    until: Option<Date>,
    heading: String,
    verdict: &'static str,
    /// The day by which an answer was asked for, until there is one.
    due_on: Option<Date>,
    /// A change is planned, and nobody said that it was made.
    is_planned: bool,
}

/// Tells the story of a barrier by its id. None if the log has no such barrier.
pub fn explain_barrier(
    folder: &Path,
    check: &FolderCheck,
    barrier: Uuid,
) -> Result<Option<BarrierStory>, AuditError> {
    let mut facts = BarrierFacts::default();
    let days = days_of_record(folder, |event, names| {
        facts.until = facts.until.max(Some(event.recorded_on()));
        let Event::Barrier(happened) = &event.event else {
            return None;
        };
        if event.stream != barrier {
            return None;
        }
        let says = sentence(happened, &names.actor(event));
        facts.apply(happened);
        Some(says)
    })?;
    Ok((!days.is_empty()).then(|| BarrierStory {
        barrier,
        verdict: facts.verdict.to_owned(),
        missing: facts.missing(),
        heading: facts.heading,
        days,
        check: check.clone(),
    }))
}

impl fmt::Display for BarrierStory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = (self.heading.as_str(), self.verdict.as_str());
        write_record(f, &self.check, told, &self.days, &self.missing)
    }
}

impl BarrierFacts {
    fn apply(&mut self, event: &BarrierEvent) {
        use BarrierEvent as E;
        match event {
            E::BarrierRaised { raised_on, .. } => {
                self.heading = format!("Barrier raised on {}", day_text(*raised_on));
                self.verdict = "It was raised, and not passed on.";
            }
            E::BarrierSummedUp { summary } => {
                self.heading = format!("Barrier “{summary}”");
            }
            E::BarrierJoined { .. } => self.verdict = "It is part of another barrier.",
            E::BarrierPassedOn { due_on, .. } => {
                self.verdict = "It was passed on, and nobody has answered.";
                self.due_on = Some(*due_on);
            }
            E::BarrierAnswered { comes_to, .. } => {
                self.due_on = None;
                self.is_planned = *comes_to == ComesTo::Planned;
                self.verdict = match comes_to {
                    ComesTo::None => "It was answered, and nothing changes.",
                    ComesTo::Planned => "It was answered, and a change is planned.",
                    ComesTo::Made => "It was answered, and the change was made.",
                };
            }
            E::BarrierWithdrawn {} => {
                (self.due_on, self.is_planned) = (None, false);
                self.verdict = "It was passed on, and what everyone could read was withdrawn.";
            }
            E::BarrierClosed { .. } => (self.due_on, self.is_planned) = (None, false),
            E::BarrierTakenIn { .. } | E::BarrierReminded {} | E::BarrierWordsForgotten { .. } => {}
        }
    }

    /// What an auditor would ask for and the log does not hold.
    fn missing(&self) -> Vec<String> {
        let waits = self
            .due_on
            .filter(|due| Some(*due) < self.until)
            .map(|due| format!("An answer was asked for by {}.", day_text(due)));
        let unsaid = self
            .is_planned
            .then(|| "Nobody said that the planned change was made.".to_owned());
        waits.into_iter().chain(unsaid).collect()
    }
}

/// The sentence of an event, given who did it.
fn sentence(event: &BarrierEvent, by: &str) -> String {
    use BarrierEvent as E;
    match event {
        E::BarrierRaised { .. } => format!("{by} said what gets in people’s way."),
        E::BarrierSummedUp { summary } => format!("{by} wrote a summary of it: “{summary}”"),
        E::BarrierJoined { .. } => format!("{by} joined it to another barrier."),
        E::BarrierTakenIn { raised_by, .. } => {
            let people = match raised_by.len() {
                1 => "1 person".to_owned(),
                people => format!("{people} people"),
            };
            format!("another barrier, which {people} raised, was joined to it.")
        }
        E::BarrierPassedOn { to, due_on, .. } => {
            let due = day_text(*due_on);
            format!("{by} passed it on to {to}, who were asked to answer by {due}.")
        }
        E::BarrierAnswered { answer, .. } => format!("{by} recorded the answer: “{answer}”"),
        E::BarrierWithdrawn {} => format!("{by} withdrew what everyone could read of it."),
        E::BarrierClosed { reason } => format!("{by} closed it: “{reason}”"),
        E::BarrierReminded {} => "the day for the answer had passed without one.".to_owned(),
        E::BarrierWordsForgotten { .. } => {
            "the words of those who raised it were deleted.".to_owned()
        }
    }
}
