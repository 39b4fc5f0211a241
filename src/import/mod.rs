//! Import of tables: groups, their past grants, funding, who came to gatherings, and entries of the
//! directory.
//!
//! All rows are parsed and checked against the rules first; if one is wrong nothing is recorded.
//! Each row has a reference, from which ids and idempotency keys are derived, so that a second run
//! of the same table changes nothing.

mod assets;
mod attendance;
mod cell;
mod csv_table;
mod funding;
mod groups;
mod line;
mod past_grants;
mod size_limits;
mod table;
mod threesixtygiving;
mod workbook;
mod written_day;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use uuid::Uuid;

use crate::clock::day_of;
use crate::commands::{Caller, CommandError, CommandRequest, Commands, IdempotencyKey};
use crate::domain::text::{Identifier, Slug, name_key};
use crate::domain::{
    Actor, Aggregate as _, Command, DecisionContext, Group, GroupCommand, GroupId, Organisation,
    Refusal, Role, TrackedRead,
};
use crate::projections::{FundRow, GatheringRow, GatheringSessionRow, GroupRow, PastGrantRow};
use crate::sandbox::Sandbox;
use crate::views::{ViewError, Views};
use cell::TableCell;
use line::RowError;
pub use line::{LINES_MAX, TableError};
pub use table::ImportTable;

const OTHER_VALUES: &str =
    "this was imported before with different values: change it on its own page";

/// The kinds of tables that can be imported.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum ImportKind {
    /// Groups: `reference`, `name`, `area`, `standing`, and `charity_number`, `company_number`,
    /// `society_number` or `number`.
    Groups,
    /// Grants that groups received before: our columns, or a 360Giving file.
    PastGrants,
    /// Money from funders: `reference`, `fund`, `funder`, `area`, `amount`, `received_on`.
    Funding,
    /// Who came to sessions of gatherings: `gathering`, `session` or `day`, `people`, `groups`.
    Attendance,
    /// Entries of the directory: `reference`, `name`, `kind`, `offer_or_wish`, `area`, `themes`,
    /// `group`, `description`, `when`, `access`, `website`, `welcomes`.
    Assets,
}

impl ImportKind {
    /// Titles of the columns that the import reads.
    fn titles(self) -> &'static [&'static str] {
        match self {
            Self::Groups => groups::TITLES,
            Self::PastGrants => past_grants::TITLES,
            Self::Funding => funding::TITLES,
            Self::Attendance => attendance::TITLES,
            Self::Assets => assets::TITLES,
        }
    }

    /// Titles of its column of days.
    fn day_titles(self) -> &'static [&'static str] {
        match self {
            Self::Groups | Self::Assets => &[],
            Self::PastGrants => past_grants::DAYS,
            Self::Funding => funding::DAYS,
            Self::Attendance => attendance::DAYS,
        }
    }
}

/// Why an import ended early. Errors in rows are reported in [`ImportReport`] instead.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    View(#[from] ViewError),
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error(
        "the import stopped at line {line}: {cause}. {recorded} rows were saved. Import the same \
            file again: those rows will not be saved twice"
    )]
    Stopped {
        line: usize,
        recorded: usize,
        cause: CommandError,
    },
}

/// Report of an import or of a trial run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// The effects of the rows.
    pub rows: Vec<RowEffect>,
    /// Notes about the file: the sheet that was read, columns that were not.
    pub notes: Vec<String>,
    /// Errors by line. If parsing or checking finds one, nothing is recorded.
    pub wrong: Vec<(usize, String)>,
    /// Number of commands that were recorded.
    pub recorded: usize,
    /// Number of commands that had no effect, because an earlier run recorded them or the data
    /// already exists.
    pub known: usize,
}

/// An effect of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowEffect {
    /// The line in the file.
    pub line: usize,
    pub says: String,
    /// Each value as it was understood, with its name. Days are in words.
    pub values: Vec<(&'static str, String)>,
}

/// A command that results from a row, not yet issued.
struct PlannedCommand {
    line: usize,
    description: String,
    /// The values of the command, as in [`RowEffect`].
    values: Vec<(&'static str, String)>,
    /// Idempotency key, shared by all callers.
    key: String,
    command: Command,
    /// The command needs a group or an entry that an earlier command creates, so it cannot be
    /// checked against the log yet.
    needs_new_group: bool,
}

/// Imports tables on behalf of a caller.
#[derive(Clone)]
pub struct Importer {
    pub commands: Commands,
    pub views: Views,
    pub caller: Caller,
    /// Parses the uploaded file in a child process.
    pub sandbox: Sandbox,
}

/// Parses a table in this process and returns it, or the error, as JSON. It is run in the sandbox.
#[must_use]
pub fn read_table_to_json(bytes: &[u8]) -> Vec<u8> {
    serde_json::to_vec(&ImportTable::read(bytes)).unwrap_or_default()
}

/// The rows of a table that register a group: their line, and the group's numbers.
type GroupRows = Vec<(usize, Vec<Identifier>)>;

/// Existing groups, funds and past grants, to resolve the references of rows.
struct ExistingRecords {
    organisation: Uuid,
    today: Date,
    groups: Vec<GroupRow>,
    /// The names of the groups, in their order, as [`name_key`] returns them.
    group_names: Vec<String>,
    /// Who has each number: the group, and how the reader knows it.
    number_holders: BTreeMap<Identifier, (Uuid, String)>,
    funds: Vec<FundRow>,
    /// The group of each recorded past grant, by the grant's reference.
    past_grants: BTreeMap<String, GroupId>,
    /// Groups that earlier rows create, by their reference in the table.
    planned_groups: BTreeMap<String, GroupId>,
    /// The rows so far, by the name and the area of their group.
    named_rows: BTreeMap<(String, Slug), GroupRows>,
    gatherings: Vec<GatheringRow>,
    sessions: Vec<GatheringSessionRow>,
    /// The line of each session so far, by its gathering and number.
    planned_sessions: BTreeMap<(Uuid, u16), usize>,
}

impl Importer {
    /// Parses and checks a table, and records it unless `only_try` is set. Errors in rows are in
    /// the report and are not an `Err`.
    pub async fn run(
        &self,
        kind: ImportKind,
        bytes: &[u8],
        only_try: bool,
    ) -> Result<ImportReport, ImportError> {
        self.require_role(kind).await?;
        let table = ImportTable::read_in_sandbox(&self.sandbox, bytes).await?;
        let ignored = table.check_titles(kind.titles())?;
        let mut there = self.existing_records(kind).await?;
        let mut imported = ImportReport {
            wrong: written_day::doubtful_days(&table.lines, kind.day_titles()),
            notes: notes_of(&table, &ignored),
            ..ImportReport::default()
        };
        let mut steps = Vec::new();
        for line in &table.lines {
            if let Some(place) = &line.untitled {
                let says = format!("{place} has no title above it: add a title, or clear the cell");
                imported.wrong.push((line.number, says));
            }
            let read = match kind {
                ImportKind::Groups => groups::plan_commands(line, &mut there),
                ImportKind::PastGrants => past_grants::plan_commands(line, &mut there),
                ImportKind::Funding => funding::plan_commands(line, &there),
                ImportKind::Attendance => attendance::plan_commands(line, &mut there),
                ImportKind::Assets => assets::plan_commands(line, &there),
            };
            match read {
                Ok(read) => steps.extend(read),
                Err(RowError(says)) => imported.wrong.push((line.number, says)),
            }
        }
        self.check_commands(&steps, &mut imported).await?;
        imported.rows = steps
            .iter()
            .map(|step| RowEffect {
                line: step.line,
                says: step.description.clone(),
                values: step.values.clone(),
            })
            .collect();
        if imported.wrong.is_empty() && !only_try {
            self.record(steps, &mut imported).await?;
        }
        imported.wrong.sort();
        Ok(imported)
    }

    async fn existing_records(&self, kind: ImportKind) -> Result<ExistingRecords, ViewError> {
        let groups: Vec<GroupRow> = self.views.all_rows(None, Vec::new()).await?;
        let mut there = ExistingRecords {
            organisation: self.commands.organisation().0,
            today: day_of(self.commands.now()),
            group_names: groups.iter().map(|row| name_key(&row.name)).collect(),
            number_holders: holders_of_numbers(&groups),
            groups,
            funds: self.views.all_rows(None, Vec::new()).await?,
            past_grants: self.past_grants().await?,
            planned_groups: BTreeMap::new(),
            named_rows: BTreeMap::new(),
            gatherings: Vec::new(),
            sessions: Vec::new(),
            planned_sessions: BTreeMap::new(),
        };
        if kind == ImportKind::Attendance {
            there.gatherings = self.views.all_rows(None, Vec::new()).await?;
            there.sessions = self.views.all_rows(None, Vec::new()).await?;
        }
        Ok(there)
    }

    /// The group of each recorded past grant, by reference. If several groups recorded the same
    /// reference the first counts.
    async fn past_grants(&self) -> Result<BTreeMap<String, GroupId>, ViewError> {
        let rows = self
            .views
            .all_rows::<PastGrantRow>(None, Vec::new())
            .await?;
        Ok(rows
            .into_iter()
            .rev()
            .map(|row| (row.past.reference.to_string(), GroupId(row.group)))
            .collect())
    }

    /// Refuses a caller without the role that every command of such a table needs, so that no table
    /// is recorded in part.
    async fn require_role(&self, kind: ImportKind) -> Result<(), ImportError> {
        let needed = if kind == ImportKind::Funding {
            Role::Finance
        } else {
            Role::Officer
        };
        let log = self.commands.log();
        let organisation = log
            .refresh::<Organisation>(self.commands.organisation().0)
            .await
            .map_err(CommandError::from)?
            .state;
        let left = self
            .caller
            .role_scope
            .as_ref()
            .is_none_or(|roles| roles.contains(&needed));
        let holds = matches!(self.caller.actor, Actor::Person(person) if organisation
            .roles_of(person).contains(&needed));
        if holds && left {
            Ok(())
        } else {
            Err(CommandError::from(Refusal::NotYours).into())
        }
    }

    /// Checks every command against the rules without recording anything, and collects the errors.
    async fn check_commands(
        &self,
        steps: &[PlannedCommand],
        imported: &mut ImportReport,
    ) -> Result<(), ImportError> {
        let (mut keys, mut new) = (BTreeMap::new(), BTreeMap::<GroupId, Group>::new());
        let mut facts = DecisionContext::new(self.caller.actor, day_of(self.commands.now()));
        let organisation = self
            .commands
            .log()
            .refresh::<Organisation>(self.commands.organisation().0)
            .await;
        facts.organisation = TrackedRead::new(organisation.map_err(CommandError::from)?.state);
        for step in steps {
            if let Some(before) = keys.insert((step.key.clone(), step.command.name()), step.line) {
                imported
                    .wrong
                    .push((step.line, format!("line {before} has the same reference")));
                continue;
            }
            match self.commands.previous_reply(self.request(step)).await {
                Ok(None) => {}
                Ok(Some(_)) => continue,
                Err(CommandError::KeyReused) => {
                    imported.wrong.push((step.line, OTHER_VALUES.to_owned()));
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            // A command on a group that the table itself creates is checked against the group's
            // state in memory.
            if let Command::Group(id, command) = &step.command
                && (matches!(command, GroupCommand::Register(_)) || new.contains_key(id))
            {
                let group = new.entry(*id).or_default();
                facts.group = TrackedRead::new(Arc::new(group.clone()));
                let decided = group.decide(command, &facts).and_then(|events| {
                    let mut events = events.iter();
                    Ok(events.try_for_each(|event| group.apply(event))?)
                });
                match decided {
                    Ok(()) | Err(Refusal::NoChange) => {}
                    Err(refusal) => imported
                        .wrong
                        .push((step.line, format!("{refusal}. {}", refusal.advice()))),
                }
            }
            if step.needs_new_group {
                continue;
            }
            match self
                .commands
                .dry_run(&self.caller, step.command.clone())
                .await
            {
                // The group or grant may come from an earlier run of the table. If it does not,
                // `record` reports it.
                Ok(()) | Err(CommandError::Refused(Refusal::Exists(_) | Refusal::NoChange)) => {}
                Err(CommandError::Refused(refusal)) => imported
                    .wrong
                    .push((step.line, format!("{refusal}. {}", refusal.advice()))),
                Err(cause) => {
                    return Err(ImportError::Stopped {
                        line: step.line,
                        recorded: imported.recorded,
                        cause,
                    });
                }
            }
        }
        Ok(())
    }

    fn request(&self, step: &PlannedCommand) -> CommandRequest {
        let request_hash = self
            .commands
            .log()
            .vault()
            .request_hash(format!("{:?}", step.command).as_bytes());
        let repeat = IdempotencyKey::shared(step.key.as_str(), request_hash);
        CommandRequest {
            idempotency_key: Some(repeat),
            ..CommandRequest::new(self.caller.clone(), step.command.clone())
        }
    }

    async fn record(
        &self,
        steps: Vec<PlannedCommand>,
        imported: &mut ImportReport,
    ) -> Result<(), ImportError> {
        for step in steps {
            let before = self
                .commands
                .log()
                .length()
                .await
                .map_err(CommandError::from)?;
            match self.commands.execute(self.request(&step)).await {
                Ok(answer) if answer.first_position >= before => imported.recorded += 1,
                Ok(_) | Err(CommandError::Refused(Refusal::NoChange | Refusal::Exists(_))) => {
                    imported.known += 1;
                }
                Err(CommandError::KeyReused) => {
                    imported.wrong.push((step.line, OTHER_VALUES.to_owned()));
                }
                Err(CommandError::Refused(refusal)) => imported
                    .wrong
                    .push((step.line, format!("{refusal}. {}", refusal.advice()))),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl ExistingRecords {
    /// Id of an object that a row creates, derived from the key: a repeated row gets the same id.
    fn derived_id(&self, key: &str) -> Uuid {
        Uuid::new_v5(&self.organisation, key.as_bytes())
    }

    /// Finds a group by identifier, id or name. Merged groups are not found; an ambiguous name is
    /// an error.
    fn find_group(&self, said: &str) -> Result<Option<GroupId>, RowError> {
        let wanted = name_key(said);
        let found: Vec<_> = self
            .existing_groups()
            .filter(|(group, name)| {
                **name == wanted
                    || group.id.to_string() == said
                    || group
                        .identifiers
                        .iter()
                        .any(|number| number.as_str() == said)
            })
            .collect();
        match found.as_slice() {
            [] => Ok(None),
            [(one, _)] => Ok(Some(GroupId(one.id))),
            _ => Err(RowError(format!(
                "there are several groups called “{said}”: use the id of one of them"
            ))),
        }
    }

    /// The groups that are not merged into another, each with its name for comparison.
    fn existing_groups(&self) -> impl Iterator<Item = (&GroupRow, &String)> {
        self.groups
            .iter()
            .zip(&self.group_names)
            .filter(|(group, _)| group.merged_into.is_none())
    }

    /// Follows merges from a group to the group that still exists.
    fn surviving_group(&self, id: Uuid) -> Option<GroupId> {
        let mut met = BTreeSet::new();
        let mut next = Some(id);
        while let Some(id) = next.filter(|id| met.insert(*id)) {
            let group = self.groups.iter().find(|group| group.id == id)?;
            match group.merged_into {
                Some(heir) => next = Some(heir.0),
                None => return Some(GroupId(id)),
            }
        }
        None
    }

    /// Finds a fund by name or id.
    fn find_fund(&self, said: &TableCell) -> Result<&FundRow, RowError> {
        let wanted = name_key(&said.text);
        let found = self
            .funds
            .iter()
            .find(|fund| name_key(&fund.name) == wanted || fund.id.to_string() == said.text);
        found.ok_or_else(|| said.error("there is no fund with this name"))
    }
}

/// The groups that are not merged into another, by their numbers.
fn holders_of_numbers(groups: &[GroupRow]) -> BTreeMap<Identifier, (Uuid, String)> {
    let current = groups.iter().filter(|row| row.merged_into.is_none());
    current
        .flat_map(|row| {
            let holder = (row.id, format!("the group “{}”", row.name));
            let numbers = row.identifiers.iter();
            numbers.map(move |number| (number.clone(), holder.clone()))
        })
        .collect()
}

/// Notes about the file, to read before recording it.
fn notes_of(table: &ImportTable, ignored: &[String]) -> Vec<String> {
    let mut notes = table.notes.clone();
    if !ignored.is_empty() {
        let titles: Vec<String> = ignored.iter().map(|title| format!("“{title}”")).collect();
        notes.push(format!(
            "These columns are not read: {}.",
            titles.join(", ")
        ));
    }
    notes
}

/// Makes a slug of a name as people write it: `High Peak` becomes `high-peak`, `Łódź` `lodz`.
fn slugify(cell: &TableCell) -> Result<Slug, RowError> {
    let kept = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            ' '
        }
    };
    let words: String = deunicode::deunicode(&cell.text).chars().map(kept).collect();
    let key = words.split_whitespace().collect::<Vec<_>>().join("-");
    key.parse()
        .map_err(|_| cell.error("begin with a letter, and use no more than 40 letters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_keeps_the_letters_of_every_language() {
        for (text, slug) in [
            ("High Peak", "high-peak"),
            ("Łódź", "lodz"),
            ("Café Trust", "cafe-trust"),
            ("Ardwick / Longsight", "ardwick-longsight"),
        ] {
            let cell = TableCell::typed(text);
            assert_eq!(slugify(&cell).map(String::from), Ok(slug.to_owned()));
        }
        assert!(slugify(&TableCell::typed("2026").at("C2")).is_err());
    }
}
