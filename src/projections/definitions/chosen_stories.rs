//! Stories that were chosen at gatherings, with the reason. Whether a story is still public is in
//! the row of its grant.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::text::Slug;
use crate::domain::{Event, GatheringEvent, GrantId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// A story that was chosen at a gathering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenStoryRow {
    pub gathering: Uuid,
    pub grant: GrantId,
    /// The number of the story of that grant.
    pub story: u16,
    pub created_at: Moment,
    pub aim: Option<Slug>,
    /// Why it was chosen.
    pub why: String,
    pub chosen_on: Date,
}

pub(in crate::projections) struct ChosenStoriesProjection;

impl Projection for ChosenStoriesProjection {
    const NAME: &'static str = "chosen_stories";
    type Row = ChosenStoryRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        let Event::Gathering(GatheringEvent::StoryChosen { grant, story, .. }) = &event.event
        else {
            return None;
        };
        let gathering = event.stream;
        Some(AffectedRows::one(&format_args!(
            "{gathering}/{grant}/{story:05}"
        )))
    }

    fn project(
        event: &RecordedEvent,
        _: Option<ChosenStoryRow>,
        _: Option<ChosenStoryRow>,
    ) -> Option<ChosenStoryRow> {
        let Event::Gathering(GatheringEvent::StoryChosen {
            grant,
            story,
            aim,
            why,
            chosen_on,
        }) = &event.event
        else {
            return None;
        };
        Some(ChosenStoryRow {
            gathering: event.stream,
            grant: *grant,
            story: *story,
            created_at: Moment::of(event),
            aim: aim.clone(),
            why: why.to_string(),
            chosen_on: *chosen_on,
        })
    }
}
