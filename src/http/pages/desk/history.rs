//! The history of a record: what people did, the newest first. Repeated actions of one person share
//! a line.

use super::event_words::deed_of;
use super::{DeskRequest, PersonNames};
use crate::domain::PersonId;
use crate::http::api::EventView;
use crate::http::pages::PageError;
use crate::http::pages::days::instant_in_words;
use crate::views::EventSearch;

/// The number of lines that are shown. The others are folded.
pub(super) const SHOWN: usize = 10;

/// A line of a record's history.
pub(super) struct HistoryEntry {
    /// The position in the log of the newest event of the line.
    pub position: i64,
    pub when: String,
    /// Who did it. "The service" for what happens by itself.
    pub by: String,
    pub what: &'static str,
    /// How often the person did it, one time after the other.
    pub times: u32,
    pub corrected: bool,
}

/// The newest 500 events of a record, the newest first.
pub(super) async fn history(
    request: &DeskRequest<'_>,
    id: uuid::Uuid,
) -> Result<Vec<HistoryEntry>, PageError> {
    let wanted = EventSearch {
        stream: format!("{}/{id}", request.app.commands.log().organisation()),
        before: i64::MAX,
        limit: 500,
        newest: true,
        ..EventSearch::default()
    };
    let events = request.app.views.search_events(&wanted).await?;
    let mut seen: Vec<_> = events
        .into_iter()
        .map(crate::http::api::log::event_view)
        .collect();
    crate::http::api::log::add_corrections(request.app, &mut seen).await?;
    let actors = seen
        .iter()
        .filter_map(|event| event.metadata.get("actor")?.parse().ok().map(PersonId));
    let names = request.names_of_actors(actors).await?;
    let today = crate::clock::day_of(request.app.commands.now());
    let lines = seen.iter().rev().map(|event| line_of(event, &names, today));
    Ok(fold_repeats(lines))
}

fn line_of(event: &EventView, names: &PersonNames, today: jiff::civil::Date) -> HistoryEntry {
    let actor = event.metadata.get("actor").map(|actor| names.of(actor));
    HistoryEntry {
        position: event.position,
        when: instant_in_words(event.recorded_at.as_microsecond(), today),
        by: actor
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "The service".to_owned()),
        what: deed_of(&event.event),
        times: 1,
        corrected: !event.corrected_by.is_empty(),
    }
}

/// Joins lines that follow each other and say the same.
fn fold_repeats(lines: impl Iterator<Item = HistoryEntry>) -> Vec<HistoryEntry> {
    let mut folded: Vec<HistoryEntry> = Vec::new();
    for line in lines {
        match folded.last_mut() {
            Some(last) if (&last.by, last.what) == (&line.by, line.what) => {
                last.times += 1;
                last.corrected |= line.corrected;
            }
            _ => folded.push(line),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(by: &str, what: &'static str) -> HistoryEntry {
        HistoryEntry {
            position: 1,
            when: String::new(),
            by: by.to_owned(),
            what,
            times: 1,
            corrected: false,
        }
    }

    #[test]
    fn what_one_person_repeats_is_one_line() {
        let lines = [
            line("Ada", "saved answers"),
            line("Ada", "saved answers"),
            line("Ben", "saved answers"),
            line("Ada", "saved answers"),
        ];
        let times: Vec<_> = fold_repeats(lines.into_iter())
            .iter()
            .map(|line| line.times)
            .collect();
        assert_eq!(times, [2, 1, 1]);
    }
}
