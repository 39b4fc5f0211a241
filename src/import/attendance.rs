//! Import of attendance: who came to one session of a gathering per line.

use std::collections::BTreeSet;

use super::line::{ImportLine, RowError};
use super::{ExistingRecords, PlannedCommand, TableCell};
use crate::domain::days::earliest_day;
use crate::domain::gathering::{GroupTurnout, RecordTurnout, SessionState, Turnout};
use crate::domain::language::day_text;
use crate::domain::text::name_key;
use crate::domain::{Command, GatheringCommand, GatheringId};
use crate::projections::{GatheringRow, GatheringSessionRow};

/// Titles of the columns that are read.
pub(super) const TITLES: &[&str] = &["gathering", "session", "day", "date", "people", "groups"];
/// Titles of the column of days.
pub(super) const DAYS: &[&str] = &["day", "date"];

pub(super) fn plan_commands(
    line: &ImportLine,
    there: &mut ExistingRecords,
) -> Result<Vec<PlannedCommand>, RowError> {
    let cell = line.required_text(&["gathering"])?;
    let gathering = there.find_gathering(cell)?;
    let session = find_session(line, gathering, there)?;
    let (id, title) = (gathering.id, gathering.title.clone());
    let (number, day) = (session.session, day_text(session.day));
    let people = people_in(line.required_text(&["people"])?)?;
    let groups = match line.text(&["groups"])? {
        Some(cell) => groups_in(cell, there)?,
        None => Vec::new(),
    };
    let written: Vec<String> = groups
        .iter()
        .map(|(name, from)| format!("{name}: {}", from.people))
        .collect();
    if let Some(before) = there.planned_sessions.insert((id, number), line.number) {
        let says = format!("line {before} is about the same session of this gathering");
        return Err(RowError(says));
    }
    let values = vec![
        ("Gathering", title.clone()),
        ("Session", format!("{number}, on {day}")),
        ("People", people.to_string()),
        ("Groups", written.join("; ")),
    ];
    let came = Turnout {
        people,
        named: BTreeSet::new(),
        groups: groups.into_iter().map(|(_, from)| from).collect(),
    };
    let record = GatheringCommand::RecordAttendance(RecordTurnout {
        session: number,
        came,
    });
    Ok(vec![PlannedCommand {
        line: line.number,
        description: format!("{people} people came to {title} on {day}"),
        values,
        key: format!("import/attendance/{id}/{number}"),
        command: Command::Gathering(GatheringId(id), record),
        needs_new_group: false,
    }])
}

/// The session by its number, or the one on the day. If a row has both they must agree.
fn find_session<'a>(
    line: &ImportLine,
    gathering: &GatheringRow,
    there: &'a ExistingRecords,
) -> Result<&'a GatheringSessionRow, RowError> {
    let day = match line.find(DAYS)? {
        Some(_) => Some(line.day(DAYS, earliest_day(there.today), there.today)?),
        None => None,
    };
    let number = line.text(&["session"])?;
    let mut own = there
        .sessions
        .iter()
        .filter(|row| row.gathering == gathering.id);
    let Some(cell) = number else {
        let day = day.ok_or_else(|| RowError("session is missing, and day too".to_owned()))?;
        let mut of_day = own.filter(|row| row.day == day && row.state != SessionState::Cancelled);
        return match (of_day.next(), of_day.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(line.required(DAYS)?.error("no session was on this day")),
            _ => Err(RowError(
                "there were several sessions on this day: say which in a column session".to_owned(),
            )),
        };
    };
    let wanted = cell.text.parse::<u16>().ok();
    let found = own
        .find(|row| Some(row.session) == wanted)
        .ok_or_else(|| cell.error("the gathering has no session with this number"))?;
    match day {
        Some(day) if day != found.day => {
            let was = day_text(found.day);
            Err(cell.error(format!(
                "this session was on {was}, not on {}",
                day_text(day)
            )))
        }
        _ => Ok(found),
    }
}

fn people_in(cell: &TableCell) -> Result<u32, RowError> {
    let says = "write how many people came, as in 28";
    cell.text.parse().map_err(|_| cell.error(says))
}

/// The groups of a cell such as `Soup on Saturdays: 3; Knit and natter: 2`, each with its name as
/// the group has it.
fn groups_in(
    cell: &TableCell,
    there: &ExistingRecords,
) -> Result<Vec<(String, GroupTurnout)>, RowError> {
    let parts = cell.text.split(';').map(str::trim);
    let mut groups = Vec::new();
    for part in parts.filter(|part| !part.is_empty()) {
        let (name, people) = part
            .rsplit_once(':')
            .and_then(|(name, people)| Some((name.trim(), people.trim().parse::<u32>().ok()?)))
            .ok_or_else(|| cell.error("write the groups as in “Soup club: 3; Walking group: 2”"))?;
        let group = there
            .find_group(name)?
            .ok_or_else(|| cell.error(format!("there is no group called “{name}”")))?;
        let row = there.groups.iter().find(|row| row.id == group.0);
        let name = row.map_or_else(|| name.to_owned(), |row| row.name.clone());
        groups.push((name, GroupTurnout { group, people }));
    }
    Ok(groups)
}

impl ExistingRecords {
    /// Finds a gathering by title or id; an ambiguous title is an error.
    fn find_gathering(&self, said: &TableCell) -> Result<&GatheringRow, RowError> {
        let wanted = name_key(&said.text);
        let is_meant =
            |row: &&GatheringRow| name_key(&row.title) == wanted || row.id.to_string() == said.text;
        let mut found = self.gatherings.iter().filter(is_meant);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(said.error("there is no gathering with this title")),
            _ => Err(said.error("there are several gatherings with this title: use the id of one")),
        }
    }
}
