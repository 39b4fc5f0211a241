//! The auditor's tasks.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use super::{TaskError, open};
use crate::audit::{self, Trusted};
use crate::commands::clock::Clock;
use crate::config::{AuditTask, Config};
use crate::log::RecordedBy;
use crate::seal::proof::Proof;
use crate::store::{Store, StoreError};

pub(super) async fn run(config: &Config, task: AuditTask) -> Result<(), TaskError> {
    match task {
        AuditTask::Export { folder } => export(config, &folder).await,
        AuditTask::Verify { folder, key, head, json } => {
            let trusted = Trusted { key: text(key.as_deref())?, head: text(head.as_deref())? };
            verify(&folder, &trusted, json)
        }
        AuditTask::Prove { folder, position } => {
            let proof = audit::prove(&folder, position).map_err(not_checked)?;
            println!("{}", serde_json::to_string_pretty(&proof).map_err(not_checked)?);
            Ok(())
        }
        AuditTask::Check { proof, key } => {
            let proof: Proof = serde_json::from_str(&text(Some(&proof))?.unwrap_or_default()).map_err(not_checked)?;
            match proof.check(text(key.as_deref())?.as_deref()) {
                Ok((position, size)) => {
                    println!("the event at position {position} is in the log of {size} events that {} signed", proof.key);
                    Ok(())
                }
                Err(error) => {
                    println!("{error}");
                    Err(TaskError::DoesNotHold(1))
                }
            }
        }
    }
}

/// The database, for reading: it is sealed first where no service has it.
pub(super) async fn sealed_store(config: &Config) -> Result<Store, TaskError> {
    match open(config, RecordedBy::Database, Clock::System).await {
        Ok(opened) => {
            opened.sealer().catch_up().await?;
            Ok(opened.commands.log().store().clone())
        }
        Err(TaskError::Store(StoreError::Locked(_))) => Ok(Store::open_to_read(&config.database_url).await?),
        Err(error) => Err(error),
    }
}

async fn export(config: &Config, folder: &Path) -> Result<(), TaskError> {
    let organisation = config.organisation.as_str();
    let store = sealed_store(config).await?;
    let mut bar = Bar::new();
    let exported = audit::export(&store, organisation, folder, |done, of| bar.show(&format!("{done} of {of} events"))).await?;
    bar.end();
    store.close().await;
    println!("{} events, up to the last signed head, are in {}", exported.events, folder.display());
    Ok(())
}

fn verify(folder: &Path, trusted: &Trusted, json: bool) -> Result<(), TaskError> {
    let mut bar = Bar::new();
    let report = audit::verify(folder, trusted, |done| bar.show(&format!("{done} events"))).map_err(not_checked)?;
    bar.end();
    if json {
        println!("{}", serde_json::to_string_pretty(&report).map_err(not_checked)?);
    } else {
        report.findings.iter().for_each(|finding| println!("{finding}"));
    }
    if !report.holds() {
        return Err(TaskError::DoesNotHold(report.findings.len()));
    }
    if !json {
        println!("{} events, {} signed heads and {} awards hold", report.events, report.heads, report.awards);
        println!("signed by {}", report.key);
        if trusted.key.is_none() {
            println!("that key is the folder's own: compare it with the one that you know from elsewhere, or pass it with --key");
        }
    }
    Ok(())
}

pub(super) fn not_checked(error: impl std::fmt::Display) -> TaskError {
    TaskError::NotChecked(error.to_string())
}

pub(super) fn text(file: Option<&Path>) -> Result<Option<String>, TaskError> {
    let read = |file: &Path| std::fs::read_to_string(file).map_err(|error| not_checked(format!("{}: {error}", file.display())));
    file.map(read).transpose()
}

/// How far long work has come, where somebody watches.
pub(super) struct Bar {
    watched: bool,
}

impl Bar {
    pub(super) fn new() -> Self {
        Self { watched: std::io::stderr().is_terminal() }
    }

    pub(super) fn show(&mut self, says: &str) {
        if self.watched {
            let mut err = std::io::stderr();
            let _ = write!(err, "\r{says}").and_then(|()| err.flush());
        }
    }

    pub(super) fn end(&mut self) {
        if self.watched {
            eprintln!();
        }
    }
}
