//! Tasks of the auditor: export, verification, replay, comparison, witness and proofs.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::audit_reports::{self, LedgerReport};
use super::folder_verdict::FolderVerdict;
use super::{
    TaskError, explain_barrier, explain_gathering, explain_introduction, open_organisation, replay,
};
use crate::audit::{self, CheckpointSource, Report, ScratchDatabase, Trusted};
use crate::clock::Clock;
use crate::config::{AuditTask, Config};
use crate::eventlog::TimestampSource;
use crate::store::{Store, StoreError};
use crate::transparency::proof::Proof;

pub(super) async fn run(config: &Config, task: AuditTask) -> Result<(), TaskError> {
    match task {
        AuditTask::Export { folder } => export(config, &folder).await,
        AuditTask::Verify {
            folder,
            key,
            head,
            json,
        } => {
            let verified = read_trusted(key.as_deref(), head.as_deref())
                .and_then(|trusted| verify(&folder, &trusted, json));
            if let (true, Err(TaskError::NotChecked(error))) = (json, &verified) {
                print_not_checked(error);
            }
            verified
        }
        AuditTask::Replay { folder, query } => replay::replay(&folder, &query).await,
        AuditTask::Diff { folder } => diff(config, &folder).await,
        AuditTask::Witness {
            log,
            state,
            name,
            key,
        } => witness(state, name, source_of(log), read_file(key.as_deref())?).await,
        AuditTask::Ledger {
            folder,
            format,
            as_at,
            trial_balance,
            by_fund,
        } => {
            let report = LedgerReport::chosen(trial_balance, by_fund);
            audit_reports::ledger(&folder, report, format, as_at.as_deref())
        }
        AuditTask::Rules => {
            print!("{}", audit::rules_markdown());
            Ok(())
        }
        AuditTask::Events => {
            print!("{}", audit::events_markdown());
            Ok(())
        }
        AuditTask::Schemas { folder } => write_schemas(&folder),
        AuditTask::Sample {
            folder,
            count,
            json,
        } => audit_reports::sample(&folder, count, json),
        AuditTask::Explain {
            folder,
            grant,
            gathering,
            introduction,
            barrier,
            html,
        } => match (gathering, introduction, barrier) {
            (Some(gathering), _, _) => explain_gathering::explain(&folder, gathering),
            (_, Some(introduction), _) => explain_introduction::explain(&folder, introduction),
            (_, _, Some(barrier)) => explain_barrier::explain(&folder, barrier),
            _ => audit_reports::explain(&folder, &grant.unwrap_or_default(), html),
        },
        AuditTask::Prove { folder, position } => {
            FolderVerdict::of(&folder).and_answer(prove(&folder, position))
        }
        AuditTask::Check { proof, key } => check(&proof, key.as_deref()),
    }
}

/// Where a witness reads a log: the address of a service, or an exported folder.
fn source_of(log: String) -> CheckpointSource {
    if log.starts_with("http://") || log.starts_with("https://") {
        CheckpointSource::Service(log)
    } else {
        CheckpointSource::Folder(log.into())
    }
}

fn write_schemas(folder: &Path) -> Result<(), TaskError> {
    let files = audit::write_event_schemas(folder).map_err(not_checked)?;
    print_line!("{files} schemas are in {}", folder.display());
    Ok(())
}

/// Checks a proof that was saved to a file, against a key if one is given.
fn check(proof: &Path, key: Option<&Path>) -> Result<(), TaskError> {
    let text = read_file(Some(proof))?.unwrap_or_default();
    let proof: Proof = serde_json::from_str(&text).map_err(not_checked)?;
    match proof.check(read_file(key)?.as_deref()) {
        Ok((position, size)) => {
            print_line!(
                "the event at position {position} is in the log of {size} events that {} signed",
                proof.key
            );
            if key.is_none() {
                print_line!(
                    "not checked: whose key that is. Anyone can sign a log of their own with a \
                     key of their own: pass the key that you know from elsewhere with --key"
                );
            }
            Ok(())
        }
        Err(error) => {
            print_line!("{error}");
            Err(TaskError::DoesNotHold(1))
        }
    }
}

fn prove(folder: &Path, position: i64) -> Result<(), TaskError> {
    let proof = audit::prove(folder, position).map_err(not_checked)?;
    let proof = serde_json::to_string_pretty(&proof).map_err(not_checked)?;
    print_line!("{proof}");
    Ok(())
}

/// Opens the database for reading. If no service has it open, a checkpoint over the whole log is
/// signed first.
pub(super) async fn checkpointed_store(config: &Config) -> Result<Store, TaskError> {
    match open_organisation(config, TimestampSource::Database, Clock::System).await {
        Ok(opened) => {
            opened.checkpoint_signer().catch_up().await?;
            Ok(opened.commands.log().store().clone())
        }
        Err(TaskError::Store(StoreError::Locked(_))) => {
            Ok(Store::open_read_only(&config.database_url).await?)
        }
        Err(error) => Err(error),
    }
}

async fn export(config: &Config, folder: &Path) -> Result<(), TaskError> {
    let organisation = config.organisation.as_str();
    let store = checkpointed_store(config).await?;
    let mut bar = ProgressBar::new();
    let exported = audit::export(&store, organisation, folder, |done, of| {
        bar.show(&format!("{done} of {of} events"));
    })
    .await?;
    bar.end();
    store.close().await;
    print_line!(
        "{} events, up to the last signed head, are in {}",
        exported.events,
        folder.display()
    );
    Ok(())
}

/// The report of a verification, and what it leaves open.
#[derive(Serialize)]
struct VerifyAnswer<'a> {
    checked: bool,
    #[serde(flatten)]
    report: &'a Report,
    not_checked: Vec<&'a str>,
}

/// Reads what the auditor knows from elsewhere.
fn read_trusted(key: Option<&Path>, head: Option<&Path>) -> Result<Trusted, TaskError> {
    Ok(Trusted {
        key: read_file(key)?,
        head: read_file(head)?,
    })
}

/// Prints as JSON why a folder could not be checked, so that a program that reads the answer finds
/// one.
fn print_not_checked(error: &str) {
    let answer = serde_json::json!({ "checked": false, "error": error });
    print_line!("{answer}");
}

fn verify(folder: &Path, trusted: &Trusted, json: bool) -> Result<(), TaskError> {
    let mut bar = ProgressBar::new();
    let verified = audit::or_report_failure(|| {
        audit::verify(folder, trusted, |done| bar.show(&format!("{done} events")))
    });
    let report = verified.map_err(not_checked)?;
    bar.end();
    let mut not_checked_yet: Vec<&str> = trusted.not_checked();
    not_checked_yet.extend(report.not_checked.iter().map(String::as_str));
    if json {
        let answer = VerifyAnswer {
            checked: true,
            report: &report,
            not_checked: not_checked_yet,
        };
        print_line!(
            "{}",
            serde_json::to_string_pretty(&answer).map_err(not_checked)?
        );
    } else {
        print_report(&report);
        for says in not_checked_yet {
            print_line!("not checked: {says}");
        }
    }
    if report.is_clean() {
        Ok(())
    } else {
        Err(TaskError::DoesNotHold(report.findings.len()))
    }
}

fn print_report(report: &Report) {
    for finding in &report.findings {
        print_line!("{finding}");
    }
    if report.is_clean() {
        print_line!(
            "{} events, {} signed heads and {} awards hold",
            report.events,
            report.heads,
            report.awards
        );
        print_line!("signed by {}", report.key);
        if let Some(size) = report.known_head {
            print_line!("the head that was passed is true of the first {size} events");
        }
    }
}

/// Witnesses a log: checks that it only grew since the stored checkpoint, and cosigns its newest
/// one.
async fn witness(
    state: PathBuf,
    name: String,
    source: CheckpointSource,
    key: Option<String>,
) -> Result<(), TaskError> {
    let now = u64::try_from(Clock::System.now().as_second()).unwrap_or_default();
    let is_pinned = key.is_some();
    let looked = tokio::task::spawn_blocking(move || {
        audit::witness(&state, &name, &source, key.as_deref(), now)
    })
    .await
    .map_err(not_checked)?;
    match looked {
        Ok(seen) => {
            if let Some(before) = seen.before {
                print_line!(
                    "the log only grew: {before} events when it was seen last, {} now",
                    seen.size
                );
            } else {
                print_line!("the log is seen for the first time: {} events", seen.size);
                if !is_pinned {
                    print_line!(
                        "its key is the one that it served: compare it with the one that you know \
                            from elsewhere, or pass that with --key"
                    );
                }
            }
            print_line!("cosigned by {}\n\n{}", seen.key, seen.note.trim_end());
            Ok(())
        }
        Err(error) if error.is_finding() => {
            print_line!("{error}");
            Err(TaskError::DoesNotHold(1))
        }
        Err(error) => Err(not_checked(error)),
    }
}

/// Compares the service's read models with those of a replay of an exported log.
async fn diff(config: &Config, folder: &Path) -> Result<(), TaskError> {
    let verdict = FolderVerdict::of(folder);
    verdict.and_answer(compare(config, folder).await)
}

async fn compare(config: &Config, folder: &Path) -> Result<(), TaskError> {
    let replayed = ScratchDatabase::replay(folder).await.map_err(not_checked)?;
    let store = Store::open_read_only(&config.database_url).await?;
    let findings = replayed
        .diff(&store, config.organisation.as_str())
        .await
        .map_err(not_checked)?;
    store.close().await;
    for finding in &findings {
        print_line!("{finding}");
    }
    if findings.is_empty() {
        print_line!(
            "every view of the service is what a replay of these {} events gives",
            replayed.size()
        );
        return Ok(());
    }
    Err(TaskError::DoesNotHold(findings.len()))
}

/// Wraps an error that prevented a check; the exit code is 2.
pub(super) fn not_checked(error: impl std::fmt::Display) -> TaskError {
    TaskError::NotChecked(error.to_string())
}

/// The largest file that [`read_file`] reads: a key, a head or a proof is far smaller.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Reads a file, if one is given. A pipe or a device is refused, because it may have no end.
pub(super) fn read_file(file: Option<&Path>) -> Result<Option<String>, TaskError> {
    let read = |path: &Path| {
        read_small(path).map_err(|error| not_checked(format!("{}: {error}", path.display())))
    };
    file.map(read).transpose()
}

fn read_small(path: &Path) -> io::Result<String> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    let read = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if u64::try_from(read).is_ok_and(|read| read <= FILE_BYTES_MAX) {
        Ok(text)
    } else {
        Err(io::Error::other("it is too large"))
    }
}

/// Progress line on standard error, shown only on a terminal.
pub(super) struct ProgressBar {
    visible: bool,
}

impl ProgressBar {
    pub(super) fn new() -> Self {
        Self {
            visible: std::io::stderr().is_terminal(),
        }
    }

    pub(super) fn show(&mut self, says: &str) {
        if self.visible {
            let mut err = std::io::stderr();
            let _ = write!(err, "\r{says}").and_then(|()| err.flush());
        }
    }

    pub(super) fn end(&mut self) {
        if self.visible {
            eprintln!();
        }
    }
}
