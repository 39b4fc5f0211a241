//! The history of a record: what people did, the newest first. Repeated actions of one person share
//! a line.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use super::event_words::deed_of;
use super::{DeskRequest, PersonNames};
use crate::domain::PersonId;
use crate::domain::language::day_text;
use crate::http::api::EventView;
use crate::http::pages::PageError;
use crate::http::pages::days::instant_in_words;
use crate::projections::ApplicationRow;
use crate::views::EventSearch;

/// The number of lines that are shown. The others are folded.
pub(super) const SHOWN: usize = 10;
/// The number of groups that a line names.
const GROUPS_SHOWN: usize = 5;

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
    /// The groups that a fund's events are about.
    pub groups: Vec<String>,
    /// The bank's day, if it is not the day on which the event was recorded.
    pub bank_day: Option<Date>,
    pub corrected: bool,
}

impl HistoryEntry {
    /// The groups that the line is about, or how often it happened, and the bank's day; empty for
    /// one event without any of them.
    pub fn details(&self) -> String {
        let bank_day = self.bank_day.map_or_else(String::new, |day| {
            format!(", on the bank’s date of {}", day_text(day))
        });
        let about = match (self.groups.len(), self.times) {
            (0, 1) => String::new(),
            (0, 2) => " twice".to_owned(),
            (0, times) => format!(" {times} times"),
            (all, _) if all > GROUPS_SHOWN => {
                let first = self.groups[..GROUPS_SHOWN].join(", ");
                format!(": {first} and {} more", all - GROUPS_SHOWN)
            }
            _ => format!(": {}", self.groups.join(", ")),
        };
        about + &bank_day
    }
}

/// The newest 500 events of a record, the newest first.
pub(super) async fn history(
    request: &DeskRequest<'_>,
    id: Uuid,
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
    let groups = groups_of(request, &seen).await?;
    let lines = seen.iter().rev().map(|event| HistoryEntry {
        groups: record_of(event)
            .and_then(|record| groups.get(&record).cloned())
            .into_iter()
            .collect(),
        ..line_of(event, &names, today)
    });
    Ok(fold_repeats(lines))
}

/// The application that an event of a fund is about. A grant has the id of its application.
fn record_of(event: &EventView) -> Option<Uuid> {
    #[derive(Deserialize)]
    struct Record {
        #[serde(alias = "application")]
        grant: Uuid,
    }
    if event.stream != "fund" {
        return None;
    }
    let payload = event.payload.as_ref()?.get();
    let records: BTreeMap<String, Record> = serde_json::from_str(payload).ok()?;
    records.into_values().next().map(|record| record.grant)
}

/// The day on which the bank did what an event records, if it is another than that of the event.
fn bank_day_of(event: &EventView) -> Option<Date> {
    #[derive(Deserialize)]
    struct BankDay {
        #[serde(alias = "failed_on", alias = "reversed_on")]
        paid_on: Date,
    }
    if event.stream != "grant" {
        return None;
    }
    let payload = event.payload.as_ref()?.get();
    let BankDay { paid_on } = serde_json::from_str(payload).ok()?;
    (paid_on != crate::clock::day_of(event.recorded_at)).then_some(paid_on)
}

/// The names of the groups that events of a fund are about, by application.
async fn groups_of(
    request: &DeskRequest<'_>,
    events: &[EventView],
) -> Result<BTreeMap<Uuid, String>, PageError> {
    let records: BTreeSet<Uuid> = events.iter().filter_map(record_of).collect();
    if records.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = request.rows_by_id::<ApplicationRow>(records).await?;
    let names = request
        .group_names(rows.iter().map(|row| row.group.to_string()))
        .await?;
    let of_records = rows.into_iter().filter_map(|row| {
        let name = names.get(&row.group.to_string())?;
        Some((row.id, name.clone()))
    });
    Ok(of_records.collect())
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
        groups: Vec::new(),
        bank_day: bank_day_of(event),
        corrected: !event.corrected_by.is_empty(),
    }
}

/// Joins lines that follow each other and say the same.
fn fold_repeats(lines: impl Iterator<Item = HistoryEntry>) -> Vec<HistoryEntry> {
    let mut folded: Vec<HistoryEntry> = Vec::new();
    for line in lines {
        match folded.last_mut() {
            Some(last)
                if (&last.by, last.what, last.bank_day) == (&line.by, line.what, line.bank_day) =>
            {
                last.times += 1;
                for group in line.groups {
                    if !last.groups.contains(&group) {
                        last.groups.push(group);
                    }
                }
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
            groups: Vec::new(),
            bank_day: None,
            corrected: false,
        }
    }

    #[test]
    fn a_line_of_a_fund_names_the_groups() {
        let award = |group: &str| HistoryEntry {
            groups: vec![group.to_owned()],
            ..line("Ada", "set money aside for an award")
        };
        let folded = fold_repeats(["A", "B", "A"].map(award).into_iter());
        assert_eq!(folded[0].details(), ": A, B");

        let many = ["A", "B", "C", "D", "E", "F", "G"].map(award);
        let folded = fold_repeats(many.into_iter());
        assert_eq!(folded[0].details(), ": A, B, C, D, E and 2 more");
        let twice = fold_repeats([line("Ada", "scored it"), line("Ada", "scored it")].into_iter());
        assert_eq!(twice[0].details(), " twice");
        let three = fold_repeats((0..3).map(|_| line("Ada", "scored it")));
        assert_eq!(three[0].details(), " 3 times");
        assert_eq!(line("Ada", "scored it").details(), "");
        let paid = HistoryEntry {
            bank_day: Some(jiff::civil::date(2026, 9, 3)),
            ..line("Ada", "confirmed that a payment arrived")
        };
        assert_eq!(paid.details(), ", on the bank’s date of 3 September 2026");
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
