//! The demonstration's records that are not about money: the directory, introductions, barriers,
//! and what the programme learned.
//!
//! Each file lists records, and the commands on each. A command's body has the form of the API,
//! with references in place of ids, days and starter texts: `@group/NAME`, `@day/-30`,
//! `@starter/aims`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::programme::DemoProgramme;
use super::{DemoStep, SeedError, demo_id};
use crate::domain::aim::starter_aims;
use crate::domain::{
    Actor, AssetCommand, AssetId, BarrierCommand, BarrierId, Command, GatheringCommand,
    GatheringId, GroupCommand, GroupId, IntroductionCommand, IntroductionId, OrganisationCommand,
    OrganisationId, PersonCommand, PersonId,
};

/// The files that are part of the program. Later ones refer to records of those before them.
const BUNDLED_FILES: [(&str, &str); 4] = [
    ("directory.json", include_str!("../../seeds/directory.json")),
    (
        "introductions.json",
        include_str!("../../seeds/introductions.json"),
    ),
    ("heard.json", include_str!("../../seeds/heard.json")),
    ("learning.json", include_str!("../../seeds/learning.json")),
];

/// A file with its records.
#[derive(Clone, Debug)]
pub(super) struct MovementFile {
    file: PathBuf,
    content: MovementContent,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MovementContent {
    /// A note in the file that its content is illustrative.
    #[expect(dead_code, reason = "for whoever reads the file")]
    illustrative: String,
    records: Vec<RecordSeed>,
}

/// A record, by its kind and key, and the commands on it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordSeed {
    on: String,
    steps: Vec<CommandSeed>,
}

/// A command by its name in the API. Days are relative to the end of the simulation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CommandSeed {
    day: i32,
    /// Who issues it: the kind and key of a person, `job` or `operator`.
    by: String,
    #[serde(rename = "do")]
    command: String,
    #[serde(default)]
    with: Map<String, Value>,
}

/// Reads the files from a folder, or those that are part of the program. A folder need not have
/// any.
pub(super) fn read(folder: Option<&Path>) -> Result<Vec<MovementFile>, SeedError> {
    let mut files = Vec::new();
    for (name, bundled) in BUNDLED_FILES {
        let file = folder.unwrap_or(Path::new("seeds")).join(name);
        let text = match folder.map(|_| std::fs::read_to_string(&file)) {
            None => bundled.to_owned(),
            Some(Ok(text)) => text,
            Some(Err(cause)) if cause.kind() == ErrorKind::NotFound => continue,
            Some(Err(cause)) => return Err(SeedError::File { file, cause }),
        };
        match serde_json::from_str(&text) {
            Ok(content) => files.push(MovementFile { file, content }),
            Err(cause) => return Err(SeedError::Malformed { file, cause }),
        }
    }
    Ok(files)
}

/// The commands of all files. [`SeedError::Malformed`] if one is unknown, or its body is wrong.
pub(super) fn steps(
    programme: &DemoProgramme,
    organisation: OrganisationId,
    ends_on: Date,
) -> Result<Vec<DemoStep>, SeedError> {
    let names = NamesOfSeeds {
        organisation,
        ends_on,
    };
    let mut steps = Vec::new();
    for MovementFile { file, content } in &programme.movement {
        let seeds = content
            .records
            .iter()
            .flat_map(|record| record.steps.iter().map(move |seed| (&record.on, seed)));
        for (on, seed) in seeds {
            let step = names.step(on, seed).map_err(|cause| {
                let about = format!("{on} {}: {cause}", seed.command);
                SeedError::Malformed {
                    file: file.clone(),
                    cause: serde_json::Error::custom(about),
                }
            })?;
            steps.push(step);
        }
    }
    Ok(steps)
}

/// Finds the records that the files refer to.
struct NamesOfSeeds {
    organisation: OrganisationId,
    ends_on: Date,
}

impl NamesOfSeeds {
    fn step(&self, on: &str, seed: &CommandSeed) -> Result<DemoStep, serde_json::Error> {
        let by = match seed.by.as_str() {
            "job" => Actor::Job,
            "operator" => Actor::Operator,
            person => Actor::Person(PersonId(self.id(person)?)),
        };
        let with = self.resolve(&Value::Object(seed.with.clone()))?;
        let command = command(on, self.id(on)?, &seed.command, with)?;
        Ok(DemoStep::new(seed.day.min(-1), by, command))
    }

    /// The id of a record by its kind and key.
    fn id(&self, reference: &str) -> Result<Uuid, serde_json::Error> {
        let (kind, key) = kind_and_key(reference);
        let kind = match kind {
            "organisation" => return Ok(self.organisation.0),
            "staff" => "person",
            "person" => "neighbour",
            // A grant has the id of its application.
            "grant" => "application",
            "member" | "group" | "gathering" | "asset" | "introduction" | "barrier" => kind,
            _ => return Err(unknown(reference)),
        };
        Ok(demo_id(self.organisation, kind, key))
    }

    /// The value, with ids and days in place of references to them.
    fn resolve(&self, value: &Value) -> Result<Value, serde_json::Error> {
        Ok(match value {
            Value::String(text) => match text.strip_prefix('@') {
                Some(reference) => self.referred(reference)?,
                None => value.clone(),
            },
            Value::Array(items) => {
                let items = items.iter().map(|item| self.resolve(item));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, field)| {
                    let field = self.resolve(field)?;
                    Ok::<_, serde_json::Error>((name.clone(), field))
                });
                Value::Object(fields.collect::<Result<_, _>>()?)
            }
            other => other.clone(),
        })
    }

    fn referred(&self, reference: &str) -> Result<Value, serde_json::Error> {
        match kind_and_key(reference) {
            ("day", day) => {
                let day: i64 = day.parse().map_err(|_| unknown(reference))?;
                let day = self.ends_on.saturating_add(day.days());
                Ok(Value::String(day.to_string()))
            }
            ("starter", "aims") => serde_json::to_value(starter_aims()),
            _ => Ok(Value::String(self.id(reference)?.to_string())),
        }
    }
}

fn kind_and_key(reference: &str) -> (&str, &str) {
    reference.split_once('/').unwrap_or((reference, ""))
}

fn unknown(reference: &str) -> serde_json::Error {
    serde_json::Error::custom(format!("there is no {reference}"))
}

/// The command with this name on a record of this kind.
fn command(on: &str, id: Uuid, name: &str, with: Value) -> Result<Command, serde_json::Error> {
    let read = match kind_and_key(on).0 {
        "organisation" => OrganisationCommand::read(name, with)
            .map(|read| read.map(|command| Command::Organisation(OrganisationId(id), command))),
        "staff" | "member" | "person" => PersonCommand::read(name, with)
            .map(|read| read.map(|command| Command::Person(PersonId(id), command))),
        "group" => GroupCommand::read(name, with)
            .map(|read| read.map(|command| Command::Group(GroupId(id), command))),
        "gathering" => GatheringCommand::read(name, with)
            .map(|read| read.map(|command| Command::Gathering(GatheringId(id), command))),
        "asset" => AssetCommand::read(name, with)
            .map(|read| read.map(|command| Command::Asset(AssetId(id), command))),
        "introduction" => IntroductionCommand::read(name, with)
            .map(|read| read.map(|command| Command::Introduction(IntroductionId(id), command))),
        "barrier" => BarrierCommand::read(name, with)
            .map(|read| read.map(|command| Command::Barrier(BarrierId(id), command))),
        _ => None,
    };
    read.unwrap_or_else(|| Err(serde_json::Error::custom("there is no such command")))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// What a test reads of a file: the whole of it, as it is written.
    fn texts() -> impl Iterator<Item = (&'static str, Value)> {
        BUNDLED_FILES.into_iter().map(|(name, text)| {
            let whole = serde_json::from_str(text).expect("a file of the seeds is JSON");
            (name, whole)
        })
    }

    #[test]
    fn every_command_of_the_files_can_be_read() {
        let programme = DemoProgramme::read(None).expect("the seeds are whole");
        let organisation = OrganisationId(Uuid::from_u128(1));
        let read = steps(&programme, organisation, date(2026, 3, 2));
        let steps = read.unwrap_or_else(|error| panic!("{error}"));
        assert!(steps.len() > 200, "{} commands", steps.len());
    }

    #[test]
    fn every_home_and_partner_says_that_it_is_illustrative() {
        for (name, file) in texts() {
            let says = file["illustrative"].as_str().unwrap_or_default();
            assert!(says.contains("made up"), "{name}");
        }
        let (_, directory) = texts().next().expect("the directory");
        let records = directory["records"].as_array().expect("records");
        let steps = records
            .iter()
            .flat_map(|record| record["steps"].as_array().expect("steps"));
        let outside = steps
            .filter(|step| step["do"] == "record" && step["with"]["holder"].is_null())
            .map(|step| step["with"]["name"].as_str().unwrap_or_default());
        let names: Vec<&str> = outside.collect();
        assert!(names.len() >= 15, "{names:?}");
        for name in names {
            assert!(name.ends_with("(illustrative)"), "{name}");
        }
    }
}
