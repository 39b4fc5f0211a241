//! The tables in an exported folder that follow from the log: grants as CSV, and erasures.

use std::collections::BTreeMap;

use jiff::civil::Date;
use uuid::Uuid;

use crate::domain::csv::{self, Cell};
use crate::domain::{ApplicationEvent, Event, Grant, GrantEvent, GroupEvent, PersonEvent};
use crate::log::record::Recorded;

const COLUMNS: [&str; 12] = [
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
pub(super) type Grants = BTreeMap<Uuid, Grant>;

/// What the tables need in addition to the state of the grants.
#[derive(Default)]
pub(super) struct Told {
    /// By grant: the day of its offer, and the position of its last event.
    grants: BTreeMap<Uuid, (Option<Date>, i64)>,
    titles: BTreeMap<Uuid, Box<str>>,
    groups: BTreeMap<Uuid, Box<str>>,
    erased: Vec<String>,
}

impl Told {
    pub(super) fn take(&mut self, event: &Recorded) {
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
            Event::Group(happened) => self.take_group(event, happened),
            Event::Person(PersonEvent::PersonalDataErased { .. }) => self.erase(event, "person"),
            _ => {}
        }
    }

    fn take_group(&mut self, event: &Recorded, happened: &GroupEvent) {
        match happened {
            GroupEvent::GroupRegistered { name, .. } | GroupEvent::GroupCorrected { name, .. } => {
                self.groups.insert(event.stream, name.as_str().into());
            }
            GroupEvent::PersonalDataErased { .. } => self.erase(event, "group"),
            _ => {}
        }
    }

    fn erase(&mut self, event: &Recorded, kind: &str) {
        let line = serde_json::json!({ "kind": kind, "position": event.position, "subject": event.stream });
        self.erased.push(line.to_string());
    }

    /// One JSON object a line.
    pub(super) fn erasures(&self) -> String {
        self.erased
            .iter()
            .flat_map(|line| [line.as_str(), "\n"])
            .collect()
    }

    /// CSV (RFC 4180), ordered by id. Money is in pounds with two decimals.
    pub(super) fn grants(&self, grants: &Grants) -> String {
        let row = |(id, (offered_on, last)): (&Uuid, &(Option<Date>, i64))| {
            let grant = grants.get(id)?;
            let of =
                |id: Option<Uuid>| Cell::Plain(id.map(|id| id.to_string()).unwrap_or_default());
            let text = |text: Option<&str>| Cell::Text(text.unwrap_or_default().to_owned());
            let group = grant.group().map(|group| group.0);
            let (area, round) = grant
                .place()
                .map(|(area, round)| (area.to_string(), round.to_string()))
                .unwrap_or_default();
            let state: &str = grant.state().into();
            Some(vec![
                Cell::Plain(id.to_string()),
                of(group),
                text(
                    group
                        .and_then(|group| self.groups.get(&group))
                        .map(|name| &**name),
                ),
                of(grant.fund().map(|fund| fund.0)),
                Cell::Plain(round),
                Cell::Plain(area),
                text(self.titles.get(id).map(|title| &**title)),
                Cell::Plain(offered_on.map(|day| day.to_string()).unwrap_or_default()),
                Cell::Plain(state.to_owned()),
                Cell::Plain(grant.award().total().into()),
                Cell::Plain(grant.paid().total().into()),
                Cell::Plain(last.to_string()),
            ])
        };
        csv::written(&COLUMNS, self.grants.iter().filter_map(row))
    }
}

/// Whether two CSV tables have the same cells. Older programs quoted fewer texts and escaped fewer
/// formulas.
pub(super) fn same_table(one: &str, other: &str) -> bool {
    fn cells(table: &str) -> Option<Vec<Vec<String>>> {
        let mut reader = ::csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(table.as_bytes());
        reader
            .records()
            .map(|record| Some(record.ok()?.iter().map(csv::as_typed).collect::<Vec<_>>()))
            .collect()
    }
    one == other || cells(one).is_some_and(|cells_of_one| Some(cells_of_one) == cells(other))
}
