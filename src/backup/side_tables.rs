//! Compares the tables of a backup with its log.
//!
//! # What follows from the log
//!
//! - Each living subject has a key, which unwraps, and an erased one has none.
//! - Each value of a living subject is there, has the digest that the event names, and decrypts
//!   under the key of its subject.
//! - The blind index is exactly that of the current values.
//! - Each command has its answer, with the positions of its events.
//! - No subscription is ahead of the log.
//!
//! The rows of the other tables do not follow from the log. The signature of the manifest is what
//! protects them, as it protects the position of a subscription.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::InvalidBackup;
use super::folder::{for_each_row, table_named};
use super::log_contents::{LogContents, ValueDigest, parse_digest};
use crate::crypto::keys::Keys;
use crate::crypto::row_opener::{RowOpener, SubjectKey};
use crate::eventlog::append::AppendReceipt;
use crate::store::backup_tables::BackupTable;

/// A row of a table.
type Row = Map<String, Value>;

/// Checks all tables that follow from the log.
pub(super) fn check_tables(
    from: &Path,
    organisation: &str,
    keys: &Keys,
    log: &LogContents,
) -> Result<(), InvalidBackup> {
    let opener = RowOpener::new(organisation, keys);
    let subjects = check_subject_keys(from, &opener, &keys.kek.id, log)?;
    let index = check_values(from, &opener, &subjects, log)?;
    check_index(from, index)?;
    check_answers(from, log)?;
    check_subscriptions(from, log)
}

fn table(name: &str) -> Result<&'static BackupTable, InvalidBackup> {
    table_named(name).ok_or_else(|| InvalidBackup::table(name, "there is no such table"))
}

fn text<'a>(row: &'a Row, column: &str) -> Result<&'a str, String> {
    row.get(column)
        .and_then(Value::as_str)
        .ok_or_else(|| format!("it has no text {column}"))
}

/// An id, in the form in which it is stored.
fn id(row: &Row, column: &str) -> Result<Uuid, String> {
    let text = text(row, column)?;
    let id = text.parse::<Uuid>().ok();
    id.filter(|id| id.to_string() == text)
        .ok_or_else(|| format!("its {column} is no id"))
}

fn bytes(row: &Row, column: &str) -> Result<Vec<u8>, String> {
    hex::decode(text(row, column)?).map_err(|_| format!("its {column} is not hexadecimal"))
}

/// Unwraps the key of each living subject, and checks that no other subject has one.
fn check_subject_keys(
    from: &Path,
    opener: &RowOpener,
    kek: &str,
    log: &LogContents,
) -> Result<HashMap<Uuid, SubjectKey>, InvalidBackup> {
    let mut found = HashMap::new();
    for_each_row(from, table("subject_keys")?, |row| {
        let subject = id(&row, "subject")?;
        if log.erased.contains(&subject) {
            return if row.get("wrapped").is_some_and(Value::is_null) {
                Ok(())
            } else {
                Err(format!("{subject} was erased, and here is a key"))
            };
        }
        if !log.living.contains(&subject) {
            return Err(format!("the log knows no {subject}"));
        }
        if text(&row, "kek_id")? != kek {
            return Err("its key was wrapped by another key than the one in place".to_owned());
        }
        let key = opener
            .unwrap_key(subject, &bytes(&row, "wrapped")?)
            .ok_or_else(|| format!("the key of {subject} does not unwrap"))?;
        found.insert(subject, key);
        Ok(())
    })?;
    match log.living.iter().find(|one| !found.contains_key(*one)) {
        Some(missing) => Err(InvalidBackup::table(
            "subject_keys.jsonl",
            format!("the key of {missing} is missing"),
        )),
        None => Ok(found),
    }
}

/// The rows of the blind index: kind, digest and subject.
type IndexRows = BTreeSet<(String, String, Uuid)>;

/// Checks the encrypted values. Returns the rows that the blind index must have.
fn check_values(
    from: &Path,
    opener: &RowOpener,
    subjects: &HashMap<Uuid, SubjectKey>,
    log: &LogContents,
) -> Result<IndexRows, InvalidBackup> {
    let (mut found, mut index) = (BTreeSet::<ValueDigest>::new(), IndexRows::new());
    let indexed = log.indexed_values();
    for_each_row(from, table("sealed_values")?, |row| {
        let subject = id(&row, "subject")?;
        let sealed = bytes(&row, "sealed")?;
        let digest = parse_digest(text(&row, "digest")?).ok_or("its digest is not one")?;
        if <[u8; 32]>::from(Sha256::digest(&sealed)) != digest {
            return Err("it is not the value that its digest is of".to_owned());
        }
        if log
            .values
            .get(&digest)
            .is_some_and(|named| *named != subject)
        {
            return Err("the log names another subject of this value".to_owned());
        }
        let value = subjects
            .get(&subject)
            .and_then(|key| opener.open(key, &sealed))
            .ok_or_else(|| format!("it does not decrypt as a value of {subject}"))?;
        for (holder, kind) in indexed.get(&digest).into_iter().flatten() {
            let entry = opener.blind_index(*kind, &value);
            index.insert((kind.name().to_owned(), entry, *holder));
        }
        found.insert(digest);
        Ok(())
    })?;
    let missing = log
        .values
        .iter()
        .find(|(digest, subject)| log.living.contains(*subject) && !found.contains(*digest));
    match missing {
        Some((digest, subject)) => Err(InvalidBackup::table(
            "sealed_values.jsonl",
            format!("the value {} of {subject} is missing", hex::encode(digest)),
        )),
        None => Ok(index),
    }
}

/// Checks that the blind index has these rows and no others.
fn check_index(from: &Path, mut due: IndexRows) -> Result<(), InvalidBackup> {
    for_each_row(from, table("blind_index")?, |row| {
        let subject = id(&row, "subject")?;
        let (kind, digest) = (text(&row, "kind")?, text(&row, "digest")?);
        if due.remove(&(kind.to_owned(), digest.to_owned(), subject)) {
            Ok(())
        } else {
            Err(format!("{subject} is not found by this {kind}"))
        }
    })?;
    match due.first() {
        Some((kind, _, subject)) => Err(InvalidBackup::table(
            "blind_index.jsonl",
            format!("the {kind} of {subject} is missing"),
        )),
        None => Ok(()),
    }
}

/// Checks that each command of the log has its answer. A command without events has one as well.
fn check_answers(from: &Path, log: &LogContents) -> Result<(), InvalidBackup> {
    let mut found = BTreeSet::new();
    for_each_row(from, table("commands")?, |row| {
        let command = id(&row, "command_id")?;
        let answer = AppendReceipt::parse(text(&row, "answer")?).ok_or("it is no answer")?;
        let holds = match log.commands.get(&command) {
            Some(positions) => {
                *positions == (answer.first_position, answer.last_position)
                    && log.records.contains(&answer.id)
            }
            None => answer.last_position < answer.first_position,
        };
        found.insert(command);
        if holds {
            Ok(())
        } else {
            Err(format!(
                "the log has no events that the command {command} was answered with"
            ))
        }
    })?;
    match log
        .commands
        .keys()
        .find(|command| !found.contains(*command))
    {
        Some(missing) => Err(InvalidBackup::table(
            "commands.jsonl",
            format!("the answer of the command {missing} is missing"),
        )),
        None => Ok(()),
    }
}

/// Checks that every subscription reads next from a position of the log or from its end.
fn check_subscriptions(from: &Path, log: &LogContents) -> Result<(), InvalidBackup> {
    for_each_row(from, table("followers")?, |row| {
        let next = row.get("next_position").and_then(Value::as_i64);
        if next.is_some_and(|next| (0..=log.events).contains(&next)) {
            Ok(())
        } else {
            Err("its position is not in the log".to_owned())
        }
    })
}
