//! Import task: imports a table from a file.

use std::path::Path;

use super::audit::not_checked;
use super::{TaskError, open_organisation};
use crate::clock::Clock;
use crate::commands::Caller;
use crate::config::Config;
use crate::domain::{Actor, PersonId};
use crate::eventlog::TimestampSource;
use crate::import::{ImportKind, Importer};
use crate::projections::Projector;
use crate::sandbox::Sandbox;
use crate::views::Views;

pub(super) async fn run(
    config: &Config,
    kind: ImportKind,
    file: &Path,
    by: PersonId,
    dry_run: bool,
) -> Result<(), TaskError> {
    let bytes =
        std::fs::read(file).map_err(|error| not_checked(format!("{}: {error}", file.display())))?;
    let opened = open_organisation(config, TimestampSource::Database, Clock::System).await?;
    let log = opened.commands.log().clone();
    let projector = Projector::open(log.clone()).await?;
    while projector.advance().await? {}
    let caller = Caller {
        actor: Actor::Person(by),
        role_scope: None,
    };
    let sandbox = Sandbox::with_current_exe().map_err(TaskError::ProgramPath)?;
    let import = Importer {
        commands: opened.commands,
        views: Views::new(log.clone(), projector),
        caller,
        sandbox,
    };
    let done = import.run(kind, &bytes, dry_run).await;
    log.store().close().await;
    let done = done.map_err(not_checked)?;
    done.notes.iter().for_each(|note| print_line!("{note}"));
    if dry_run {
        for row in &done.rows {
            print_line!("line {}: {}", row.line, row.says);
            for (name, value) in &row.values {
                print_line!("    {name}: {value}");
            }
        }
    }
    done.wrong
        .iter()
        .for_each(|(line, says)| print_line!("line {line} is wrong: {says}"));
    if !done.wrong.is_empty() {
        let recorded = if done.recorded == 0 {
            "nothing was recorded"
        } else {
            "the others were recorded"
        };
        return Err(TaskError::NotImported(done.wrong.len(), recorded));
    }
    if dry_run {
        print_line!("nothing was recorded: leave --dry-run away to record it");
    } else {
        print_line!(
            "{} commands were recorded, and {} had been before",
            done.recorded,
            done.known
        );
    }
    Ok(())
}
