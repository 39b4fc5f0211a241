//! Tells the story of one gathering from an exported folder. It begins with a verdict, lists the
//! events by day, and ends with what the log lacks.

mod facts;
mod sentences;

use std::fmt;
use std::path::Path;

use serde::Serialize;
use uuid::Uuid;

use super::{StoryDay, days_of_record, write_record};
use crate::audit::{AuditError, FolderCheck};
use crate::domain::Event;
use facts::GatheringFacts;

/// The story of one gathering.
#[derive(Clone, Debug, Serialize)]
pub struct GatheringStory {
    pub gathering: Uuid,
    pub heading: String,
    pub verdict: String,
    pub days: Vec<StoryDay>,
    pub missing: Vec<String>,
    pub check: FolderCheck,
}

/// Tells the story of a gathering by its id. None if the log has no such gathering.
pub fn explain_gathering(
    folder: &Path,
    check: &FolderCheck,
    gathering: Uuid,
) -> Result<Option<GatheringStory>, AuditError> {
    let mut facts = GatheringFacts::default();
    let days = days_of_record(folder, |event, names| {
        facts.until = facts.until.max(Some(event.recorded_on()));
        let Event::Gathering(happened) = &event.event else {
            return None;
        };
        if event.stream != gathering {
            return None;
        }
        let says = sentences::sentence(happened, &names.actor(event), &facts, names);
        facts.apply(happened, event.position);
        Some(says)
    })?;
    Ok((!days.is_empty()).then(|| GatheringStory {
        gathering,
        heading: format!("Gathering “{}”", facts.title),
        verdict: facts.verdict(),
        days,
        missing: facts.missing(),
        check: check.clone(),
    }))
}

impl fmt::Display for GatheringStory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = (self.heading.as_str(), self.verdict.as_str());
        write_record(f, &self.check, told, &self.days, &self.missing)
    }
}
