//! The tables in an exported folder that follow from the log: grants as CSV, and erasures.

use std::collections::BTreeMap;

use jiff::civil::Date;
use uuid::Uuid;

use crate::domain::csv::{self, CsvCell};
use crate::domain::{ApplicationEvent, Event, Grant, GrantEvent, GroupEvent, PersonEvent};
use crate::eventlog::recorded_event::RecordedEvent;

const GRANT_COLUMNS: [&str; 12] = [
    "grant",
    "group",
    "group_name",
    "fund",
    "round",
    "area",
    "title",
    "offered_on",
    "state",
    "award",
    "paid",
    "last_position",
];

/// The state of every grant after the events so far.
pub(super) type GrantsById = BTreeMap<Uuid, Grant>;

/// What the tables need in addition to the state of the grants.
#[derive(Default)]
pub(super) struct DerivedTables {
    /// By grant: the day of its offer, and the position of its last event.
    grants: BTreeMap<Uuid, (Option<Date>, i64)>,
    titles: BTreeMap<Uuid, Box<str>>,
    groups: BTreeMap<Uuid, Box<str>>,
    erased: Vec<String>,
}

impl DerivedTables {
    pub(super) fn process(&mut self, event: &RecordedEvent) {
        match &event.event {
            Event::Application(ApplicationEvent::PublicSummaryWritten { summary }) => {
                self.titles
                    .insert(event.stream, summary.title.as_str().into());
            }
            Event::Grant(happened) => {
                let (offered_on, last) = self.grants.entry(event.stream).or_default();
                *last = event.position;
                if matches!(happened, GrantEvent::GrantOffered { .. }) {
                    *offered_on = Some(event.recorded_on());
                }
            }
            Event::Group(happened) => self.process_group(event, happened),
            Event::Person(PersonEvent::PersonalDataErased { .. }) => {
                self.add_erasure(event, "person");
            }
            _ => {}
        }
    }

    fn process_group(&mut self, event: &RecordedEvent, happened: &GroupEvent) {
        match happened {
            GroupEvent::GroupRegistered { name, .. } | GroupEvent::GroupCorrected { name, .. } => {
                self.groups.insert(event.stream, name.as_str().into());
            }
            GroupEvent::PersonalDataErased { .. } => self.add_erasure(event, "group"),
            _ => {}
        }
    }

    fn add_erasure(&mut self, event: &RecordedEvent, kind: &str) {
        let line = serde_json::json!({
            "kind": kind, "position": event.position, "subject": event.stream,
        });
        self.erased.push(line.to_string());
    }

    /// One JSON object a line.
    pub(super) fn erasures_jsonl(&self) -> String {
        self.erased
            .iter()
            .flat_map(|line| [line.as_str(), "\n"])
            .collect()
    }

    /// CSV (RFC 4180), ordered by id. Money is in pounds with two decimals.
    pub(super) fn grants_csv(&self, grants: &GrantsById) -> String {
        let row = |(id, (offered_on, last)): (&Uuid, &(Option<Date>, i64))| {
            let grant = grants.get(id)?;
            let of =
                |id: Option<Uuid>| CsvCell::Plain(id.map(|id| id.to_string()).unwrap_or_default());
            let text = |text: Option<&str>| CsvCell::Text(text.unwrap_or_default().to_owned());
            let group = grant.group().map(|group| group.0);
            let (area, round) = grant
                .area_and_round()
                .map(|(area, round)| (area.to_string(), round.to_string()))
                .unwrap_or_default();
            let state: &str = grant.state().into();
            Some(vec![
                CsvCell::Plain(id.to_string()),
                of(group),
                text(
                    group
                        .and_then(|group| self.groups.get(&group))
                        .map(|name| &**name),
                ),
                of(grant.fund().map(|fund| fund.0)),
                CsvCell::Plain(round),
                CsvCell::Plain(area),
                text(self.titles.get(id).map(|title| &**title)),
                CsvCell::Plain(offered_on.map(|day| day.to_string()).unwrap_or_default()),
                CsvCell::Plain(state.to_owned()),
                CsvCell::Plain(grant.award().total().into()),
                CsvCell::Plain(grant.paid().total().into()),
                CsvCell::Plain(last.to_string()),
            ])
        };
        csv::write_table(&GRANT_COLUMNS, self.grants.iter().filter_map(row))
    }
}

/// Whether two CSV tables have the same cells and lines. Older programs quoted fewer texts and
/// escaped fewer formulas.
pub(super) fn same_table(one: &str, other: &str) -> bool {
    fn cells(table: &str) -> Option<Vec<Vec<String>>> {
        let mut reader = ::csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(table.as_bytes());
        reader
            .records()
            .map(|record| {
                Some(
                    record
                        .ok()?
                        .iter()
                        .map(csv::unescape_formula)
                        .collect::<Vec<_>>(),
                )
            })
            .collect()
    }
    let line_ends = |table: &str| (table.matches("\r\n").count(), table.matches('\n').count());
    let same_cells = || cells(one).is_some_and(|cells_of_one| Some(cells_of_one) == cells(other));
    one == other || (line_ends(one) == line_ends(other) && same_cells())
}
