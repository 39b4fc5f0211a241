//! Restores a backup into an empty log, in one transaction: everything is restored, or nothing.

use std::path::Path;

use serde_json::Value;

use super::check::{CheckedBackup, check};
use super::folder::{read_lines, table_named};
use super::{
    FILES_FOLDER, InvalidBackup, LOG_FOLDER, NewOrigin, RestoreError, TAIL_FILE, table_file,
};
use crate::audit::Report;
use crate::audit::export_layout::{CHECKPOINTS, CheckpointLine, EVENTS};
use crate::clock;
use crate::files::FileStore;
use crate::store::backup_tables::{self, BACKUP_TABLES, BackupTable};
use crate::store::events::EventRow;
use crate::store::tlog::{self as stored, CheckpointRow};
use crate::store::{Store, Tx, events};
use crate::transparency;
use crate::transparency::checkpoint::{KeyChain, NoteError};
use crate::transparency::checkpoint_signer::tile_at;
use crate::transparency::log_entry;
use crate::transparency::merkle::{Tiles, leaf_hash};

/// Rows in one insert.
const BATCH_SIZE: usize = 1000;

/// The origin under which the log continues.
#[derive(Clone, Debug)]
pub enum RestoreOrigin {
    /// The same origin. The checkpoint that is known elsewhere, as a note, must be one of this
    /// log's.
    Same { head: String },
    /// A new origin, under which the same key signs. The log records it right after the restored
    /// events.
    New(NewOrigin),
}

/// How a backup is restored.
#[derive(Clone, Debug)]
pub struct RestoreOptions {
    pub origin: RestoreOrigin,
    /// A backup of an earlier program is restored although nobody signed it, if this is the number
    /// of its events after the last checkpoint.
    pub accept_unsealed: Option<i64>,
}

impl From<RestoreOrigin> for RestoreOptions {
    fn from(origin: RestoreOrigin) -> Self {
        Self {
            origin,
            accept_unsealed: None,
        }
    }
}

/// The number of restored events and files.
#[derive(Clone, Copy, Debug)]
pub struct RestoreSummary {
    pub events: i64,
    pub files: usize,
}

/// Restores a backup. The keys that it was made with must be in the folder `keys` or in the
/// environment, the log must be empty, and every check of the backup must succeed; otherwise
/// nothing is restored. The backup is checked before the transaction begins.
///
/// Encrypted files are stored before the commit. After a failure some may remain in the store of
/// files, which does no harm: they are named by their digests and no event names them.
pub async fn restore(
    store: &Store,
    organisation: &str,
    files: &FileStore,
    keys: &Path,
    from: &Path,
    options: &RestoreOptions,
) -> Result<RestoreSummary, RestoreError> {
    let checked = check(from, organisation, keys, options.accept_unsealed)?;
    if let RestoreOrigin::Same { head } = &options.origin {
        check_known_head(head, &checked)?;
    }
    let mut tx = store.begin().await?;
    events::ensure_head(&mut tx, organisation).await?;
    if events::lock_head(&mut tx, organisation)
        .await?
        .next_position
        > 0
    {
        return Err(RestoreError::NotEmpty);
    }
    check_known_keys(&mut tx, organisation, from).await?;
    insert_events(&mut tx, organisation, from, &checked).await?;
    for table in BACKUP_TABLES
        .iter()
        .filter(|table| checked.folder.has(&table_file(table.name)))
    {
        insert_table(&mut tx, organisation, table, from).await?;
    }
    if let RestoreOrigin::New(new) = &options.origin {
        new.record(
            &mut tx,
            organisation,
            &checked.organisation,
            &checked.report,
        )
        .await?;
    }
    let chain = chain_under(&options.origin, organisation, &checked.report)?;
    insert_checkpoints(&mut tx, organisation, from, &chain).await?;
    for file in &checked.folder.files {
        let put = files
            .put_encrypted(&from.join(FILES_FOLDER).join(file.as_str()), file)
            .await;
        put.map_err(|error| RestoreError::PutFile(file.to_string(), error))?;
    }
    tx.commit().await?;
    Ok(RestoreSummary {
        events: checked.events,
        files: checked.folder.files.len(),
    })
}

/// Checks that a checkpoint that is known elsewhere has the signature of a key of the log and is
/// one of the log's.
fn check_known_head(head: &str, checked: &CheckedBackup) -> Result<(), RestoreError> {
    let chain = KeyChain::parse(&checked.report.key)?;
    let head = chain.open_any(head)?;
    if head.origin != chain.origin() {
        return Err(NoteError::WrongOrigin(head.origin).into());
    }
    if head.size > checked.tree.size() {
        return Err(RestoreError::EventsLost {
            known: i64::try_from(head.size).unwrap_or(i64::MAX),
            has: checked.events,
        });
    }
    if checked.tree.root(head.size) == Some(head.root) {
        Ok(())
    } else {
        Err(RestoreError::Forked)
    }
}

/// Checks that every key that the database was used with is one of the backup's. Values that were
/// encrypted with other keys could never be decrypted.
async fn check_known_keys(
    tx: &mut Tx,
    organisation: &str,
    from: &Path,
) -> Result<(), RestoreError> {
    let Some(table) = table_named("known_keys") else {
        return Ok(());
    };
    let mut stored = Vec::new();
    backup_tables::for_each_row(tx, organisation, table, |row| stored.push(row.to_owned())).await?;
    let backed_up =
        read_lines(from, &table_file(table.name))?.collect::<Result<Vec<String>, _>>()?;
    if stored.iter().all(|key| backed_up.contains(key)) {
        Ok(())
    } else {
        Err(RestoreError::OtherKeys)
    }
}

/// Inserts every event.
async fn insert_events(
    tx: &mut Tx,
    organisation: &str,
    from: &Path,
    checked: &CheckedBackup,
) -> Result<(), RestoreError> {
    let mut batch = Vec::new();
    let tail = checked.folder.has(TAIL_FILE).then(|| TAIL_FILE.to_owned());
    for file in [format!("{LOG_FOLDER}/{EVENTS}")].into_iter().chain(tail) {
        let lines = read_lines(from, &file)?;
        for (at, line) in lines.enumerate() {
            let row = log_entry::parse(&line?)
                .map_err(|error| InvalidBackup::line(&file, at + 1, &error))?;
            batch.push(EventRow {
                aggregate_id: format!("{organisation}/{}", row.aggregate_id),
                ..row
            });
            if batch.len() == BATCH_SIZE {
                events::import_events(tx, organisation, &std::mem::take(&mut batch)).await?;
            }
        }
    }
    events::import_events(tx, organisation, &batch).await?;
    Ok(events::set_head(tx, organisation, checked.events, checked.last_at).await?)
}

async fn insert_table(
    tx: &mut Tx,
    organisation: &str,
    table: &BackupTable,
    from: &Path,
) -> Result<(), RestoreError> {
    let file = table_file(table.name);
    let mut batch: Vec<Value> = Vec::new();
    for (at, line) in read_lines(from, &file)?.enumerate() {
        let row = serde_json::from_str(&line?)
            .map_err(|error| InvalidBackup::line(&file, at + 1, &error))?;
        batch.push(row);
        if batch.len() == BATCH_SIZE {
            backup_tables::insert_rows(tx, organisation, table, &std::mem::take(&mut batch))
                .await?;
        }
    }
    Ok(backup_tables::insert_rows(tx, organisation, table, &batch).await?)
}

/// The keys under the origin with which the log continues.
fn chain_under(
    origin: &RestoreOrigin,
    organisation: &str,
    report: &Report,
) -> Result<KeyChain, NoteError> {
    let chain = KeyChain::parse(&report.key)?;
    Ok(match origin {
        RestoreOrigin::Same { .. } => chain,
        RestoreOrigin::New(_) => {
            chain.under_new_origin(&transparency::origin_name(organisation, clock::new_id()))
        }
    })
}

/// Inserts the checkpoints, and the tiles of the tree up to the last one. Under a new origin the
/// tree grows from the same tiles, and an export has the checkpoints of the origin before.
async fn insert_checkpoints(
    tx: &mut Tx,
    organisation: &str,
    from: &Path,
    chain: &KeyChain,
) -> Result<(), RestoreError> {
    let log = from.join(LOG_FOLDER);
    stored::lock(tx, organisation, chain.origin(), &chain.text()).await?;
    let lines = read_lines(&log, CHECKPOINTS)?;
    for (at, line) in lines.enumerate() {
        let line: CheckpointLine = serde_json::from_str(&line?)
            .map_err(|error| InvalidBackup::line(CHECKPOINTS, at + 1, &error))?;
        let head = CheckpointRow {
            size: line.size,
            note: line.note,
            through: line.through,
        };
        stored::insert_checkpoint(tx, organisation, &head).await?;
    }
    let mut tiles = Tiles::default();
    for line in read_lines(&log, EVENTS)? {
        let line = line?;
        tiles.push(leaf_hash(line.as_bytes()));
    }
    for (tile, hashes) in tiles.tiles() {
        stored::upsert_tile(tx, organisation, tile_at(tile), hashes.as_flattened()).await?;
    }
    Ok(())
}
