//! Tables from elsewhere: groups, grants that they had before, and funding. Every row is read and
//! tried first; where one is wrong none is recorded. Each row has a reference, so that a second run
//! of the same table changes nothing.

mod bounds;
mod funding;
mod groups;
mod open_data;
mod past_grants;
mod table;
mod workbook;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::commands::{Caller, CommandError, Commands, RepeatKey, Request};
use crate::domain::text::Slug;
use crate::domain::{
    Actor, Command, Facts, Group, GroupCommand, GroupId, Organisation, Refusal, Role, Seen,
    Stream as _,
};
use crate::log::record::day_of;
use crate::projections::{FundRow, GroupRow, PastGrantRow};
use crate::sandbox::Sandbox;
use crate::views::{ViewError, Views};
use table::Wrong;
pub use table::{LINES_MOST, Table, TableError};

const OTHER_VALUES: &str = "it was imported before with other values: change it on its own page";

/// What a table holds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Kind {
    /// Groups: `reference`, `name`, `area`, `standing`, `number`.
    Groups,
    /// Grants that groups had before: our columns, or somebody's 360Giving file.
    PastGrants,
    /// Money from funders: `reference`, `fund`, `funder`, `area`, `amount`, `received_on`.
    Funding,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    View(#[from] ViewError),
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error(
        "the service stopped at line {line}: {cause}. {recorded} rows were recorded. Send the same table again: those rows are not \
         recorded twice"
    )]
    Stopped {
        line: usize,
        recorded: usize,
        cause: CommandError,
    },
}

/// What became of a table, or would.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// What each row does, by its line in the file.
    pub rows: Vec<(usize, String)>,
    /// What is wrong, by line: where there is anything, nothing was recorded.
    pub wrong: Vec<(usize, String)>,
    /// How many commands were recorded, and how many had been before.
    pub recorded: usize,
    pub known: usize,
}

/// What a row asks for.
struct Step {
    line: usize,
    says: String,
    /// Under which it is done once.
    key: String,
    command: Command,
    /// It is about something that an earlier row makes, so that the rules cannot be asked about it
    /// yet.
    rests_on_new: bool,
}

/// Imports tables for somebody.
#[derive(Clone)]
pub struct Import {
    pub commands: Commands,
    pub views: Views,
    pub caller: Caller,
    /// Reads the tables.
    pub sandbox: Sandbox,
}

/// A table as a process of its own hands it to the service: the lines, or why it cannot be read.
#[must_use]
pub fn read_here(bytes: &[u8]) -> Vec<u8> {
    serde_json::to_vec(&Table::read(bytes)).unwrap_or_default()
}

/// What is there already, for finding what a row is about.
struct There {
    organisation: Uuid,
    groups: Vec<GroupRow>,
    funds: Vec<FundRow>,
    /// The group of each grant from before, by the grant's reference.
    past_grants: BTreeMap<String, GroupId>,
    /// Groups that earlier rows make, by the reference that they have there.
    new: BTreeMap<String, GroupId>,
}

impl Import {
    /// Reads a table, and records it unless it is only tried.
    ///
    /// # Errors
    /// When the table cannot be read, or the database does not answer. What is wrong with rows is
    /// no error here.
    pub async fn run(
        &self,
        kind: Kind,
        bytes: &[u8],
        only_try: bool,
    ) -> Result<Imported, ImportError> {
        self.may(kind).await?;
        let table = Table::read_apart(&self.sandbox, bytes).await?;
        let mut there = There {
            organisation: self.commands.organisation().0,
            groups: self.views.every(None, Vec::new()).await?,
            funds: self.views.every(None, Vec::new()).await?,
            past_grants: self.past_grants().await?,
            new: BTreeMap::new(),
        };
        let (mut steps, mut imported) = (Vec::new(), Imported::default());
        for line in &table.lines {
            let read = match kind {
                Kind::Groups => groups::steps(line, &mut there),
                Kind::PastGrants => past_grants::steps(line, &mut there),
                Kind::Funding => funding::steps(line, &there),
            };
            match read {
                Ok(read) => steps.extend(read),
                Err(Wrong(says)) => imported.wrong.push((line.number, says)),
            }
        }
        self.try_out(&steps, &mut imported).await?;
        imported.rows = steps
            .iter()
            .map(|step| (step.line, step.says.clone()))
            .collect();
        if imported.wrong.is_empty() && !only_try {
            self.record(steps, &mut imported).await?;
        }
        imported.wrong.sort();
        Ok(imported)
    }

    /// The group that each grant from before was recorded of. Where several groups have the same
    /// reference the first of them counts.
    async fn past_grants(&self) -> Result<BTreeMap<String, GroupId>, ViewError> {
        let rows = self.views.every::<PastGrantRow>(None, Vec::new()).await?;
        Ok(rows
            .into_iter()
            .rev()
            .map(|row| (row.past.reference.to_string(), GroupId(row.group)))
            .collect())
    }

    /// Refuses whoever could record only a part of such a table.
    async fn may(&self, kind: Kind) -> Result<(), ImportError> {
        let needed = if kind == Kind::Funding {
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
            .narrowed
            .as_ref()
            .is_none_or(|roles| roles.contains(&needed));
        let holds = matches!(self.caller.actor, Actor::Person(person) if organisation.roles_of(person).contains(&needed));
        if holds && left {
            Ok(())
        } else {
            Err(CommandError::from(Refusal::NotYours).into())
        }
    }

    /// Asks the rules about every step, and records nothing.
    async fn try_out(&self, steps: &[Step], imported: &mut Imported) -> Result<(), ImportError> {
        let (mut keys, mut new) = (BTreeMap::new(), BTreeMap::<GroupId, Group>::new());
        let mut facts = Facts::new(self.caller.actor, day_of(self.commands.now()));
        let organisation = self
            .commands
            .log()
            .refresh::<Organisation>(self.commands.organisation().0)
            .await;
        facts.organisation = Seen::new(organisation.map_err(CommandError::from)?.state);
        for step in steps {
            if let Some(before) = keys.insert((step.key.clone(), step.command.name()), step.line) {
                imported.wrong.push((
                    step.line,
                    format!("the reference stands in line {before} as well"),
                ));
                continue;
            }
            match self.commands.answered(self.request(step)).await {
                Ok(None) => {}
                Ok(Some(_)) => continue,
                Err(CommandError::KeyReused) => {
                    imported.wrong.push((step.line, OTHER_VALUES.to_owned()));
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            // What rests on a group that an earlier row makes is held against that group as it
            // would be.
            if let Command::Group(id, command) = &step.command
                && (matches!(command, GroupCommand::Register(_)) || new.contains_key(id))
            {
                let group = new.entry(*id).or_default();
                facts.group = Seen::new(Arc::new(group.clone()));
                match group.decide(command, &facts) {
                    Ok(events) => events.iter().for_each(|event| group.apply(event)),
                    Err(Refusal::NoChange) => {}
                    Err(refusal) => imported
                        .wrong
                        .push((step.line, format!("{refusal}. {}", refusal.advice()))),
                }
            }
            if step.rests_on_new {
                continue;
            }
            match self
                .commands
                .consider(&self.caller, step.command.clone())
                .await
            {
                // What is there already may have been recorded by an earlier run; if not, recording
                // it says so.
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

    fn request(&self, step: &Step) -> Request {
        let request_hash = self
            .commands
            .log()
            .vault()
            .request_hash(format!("{:?}", step.command).as_bytes());
        let repeat = RepeatKey::by_anybody(step.key.as_str(), request_hash);
        Request {
            repeat: Some(repeat),
            ..Request::new(self.caller.clone(), step.command.clone())
        }
    }

    async fn record(&self, steps: Vec<Step>, imported: &mut Imported) -> Result<(), ImportError> {
        for step in steps {
            let before = self
                .commands
                .log()
                .length()
                .await
                .map_err(CommandError::from)?;
            match self.commands.issue(self.request(&step)).await {
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

impl There {
    /// The id of what a row makes: the same whenever the row comes again.
    fn id_of(&self, key: &str) -> Uuid {
        Uuid::new_v5(&self.organisation, key.as_bytes())
    }

    /// The group that a number, an id or a name stands for, if one does.
    fn group(&self, said: &str) -> Result<Option<GroupId>, Wrong> {
        let same = |name: &str| name.trim().eq_ignore_ascii_case(said.trim());
        let found: Vec<_> = self
            .groups
            .iter()
            .filter(|group| group.merged_into.is_none())
            .filter(|group| {
                same(&group.name)
                    || group.id.to_string() == said
                    || group
                        .identifiers
                        .iter()
                        .any(|number| number.as_str() == said)
            })
            .collect();
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(GroupId(one.id))),
            _ => Err(Wrong(format!(
                "there are several groups “{said}”: give the id of one"
            ))),
        }
    }

    /// The group that goes on where one was merged into another.
    fn heir(&self, id: Uuid) -> Option<GroupId> {
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

    fn fund(&self, said: &str) -> Result<&FundRow, Wrong> {
        let found = self
            .funds
            .iter()
            .find(|fund| fund.name.eq_ignore_ascii_case(said) || fund.id.to_string() == said);
        found.ok_or_else(|| Wrong(format!("there is no fund “{said}”")))
    }
}

/// A key out of a name as people write it: `High Peak` is `high-peak`.
fn key(text: &str) -> Result<Slug, Wrong> {
    let kept = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            ' '
        }
    };
    let words: String = text.chars().map(kept).collect();
    let key = words.split_whitespace().collect::<Vec<_>>().join("-");
    key.parse().map_err(|_| {
        Wrong(format!(
            "“{text}” gives no key of small letters, digits and hyphens"
        ))
    })
}
