//! Kept forms: forms that were submitted after the session had ended, or a second time with other
//! values. They are kept for an hour, until their person submits them again.
//!
//! # Who can read one
//!
//! A kept form belongs to a browser, which has a random secret in a cookie. The database has a
//! keyed digest of the secret, and the form encrypted under a key derived from it. Within the
//! browser the form belongs to the person for whom its page was made: the page names them by a
//! keyed digest, see [`typed_by`]. The digest has a mark that only the service can write, so that
//! nobody can have forms kept without a page of the service.

use serde::{Deserialize, Serialize};

use super::links::constant_time_eq;
use crate::clock::new_id;
use crate::commands::Commands;
use crate::crypto::vault::Vault;
use crate::domain::PersonId;
use crate::eventlog::LogError;
use crate::store::kept_files::{self as stored_files, KeptFileLimits, KeptFilesKey};
use crate::store::kept_forms::{self as stored, KeptFormLimits, KeptFormRow};

/// How long a form is kept, in minutes.
pub const KEPT_FORM_MINUTES: i64 = 60;
/// The most bytes of a form that is kept. A larger one is not, but no page has such a form.
const FORM_BYTES_MAX: usize = 256 * 1024;
/// The most forms, so that nobody can fill the database with them.
const MOST: KeptFormLimits = KeptFormLimits {
    of_browser: 20,
    of_organisation: 2000,
    bytes: 64 * 1024 * 1024,
};
const MINUTE_US: i64 = 60_000_000;
/// The most bytes of files: those of two forms with photos of a phone, and of ten such browsers.
const MOST_FILES: KeptFileLimits = KeptFileLimits {
    of_browser: 48 * 1024 * 1024,
    of_organisation: 480 * 1024 * 1024,
};
const ENCRYPTION: &str = "key of a kept form";
const FILE_ENCRYPTION: &str = "key of a kept file";
/// The value of a form that names a file that was chosen in it and is not kept.
pub const CHOSEN_FILE: &str = "chosen_file";

/// A form as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptForm {
    /// The address of the page that shows the form, with its query.
    pub page: String,
    /// The name of the form on that page.
    pub form: String,
    /// The digest of the person for whom the page was made.
    pub typed_by: String,
    pub values: Vec<(String, String)>,
    /// The form was sent before with other values, which were saved.
    #[serde(default)]
    pub sent_before: bool,
    /// The files that were chosen in it and are kept.
    #[serde(default)]
    pub files: Vec<KeptFile>,
}

/// A kept file of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    pub id: String,
    /// The field that it was chosen in.
    pub field: String,
    pub name: String,
    pub bytes: usize,
}

/// A file of a form that comes too late, as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateFile {
    pub field: String,
    pub name: String,
    pub content: Vec<u8>,
}

/// The digest by which a form names the person for whom its page was made, and its mark.
#[must_use]
pub fn typed_by(vault: &Vault, person: PersonId) -> String {
    let digest = vault.typist(person.0);
    format!("{digest}.{}", mark_of(vault, &digest))
}

/// Whether the service wrote this digest: its mark is right.
#[must_use]
pub fn is_typed_by(vault: &Vault, text: &str) -> bool {
    text.split_once('.')
        .is_some_and(|(digest, mark)| constant_time_eq(mark, &mark_of(vault, digest)))
}

fn mark_of(vault: &Vault, digest: &str) -> String {
    vault.derive_secret("mark of who typed a form", digest)
}

/// Keeps a form for a browser, in place of an earlier one of the same person and page. Returns
/// whether it did: a form that is too large is not kept, and none once there are too many. Of the
/// files of an earlier one, those that the form names remain.
pub async fn keep(commands: &Commands, secret: &str, form: &KeptForm) -> Result<bool, LogError> {
    Ok(keep_with_files(commands, secret, form.clone(), &[])
        .await?
        .is_some())
}

/// Keeps a form as [`keep`] does, with more files. Returns the form as it is kept: if there is no
/// room for these files, it names them, to be chosen again.
pub async fn keep_with_files(
    commands: &Commands,
    secret: &str,
    mut form: KeptForm,
    files: &[LateFile],
) -> Result<Option<KeptForm>, LogError> {
    let log = commands.log();
    let remaining: Vec<String> = form.files.iter().map(|file| file.id.clone()).collect();
    let mut new = Vec::new();
    for file in files {
        let id = new_id().to_string();
        let vault = log.vault();
        let sealed = vault.encrypt_bytes_with_secret(FILE_ENCRYPTION, secret, &file.content)?;
        form.files.push(KeptFile {
            id: id.clone(),
            field: file.field.clone(),
            name: file.name.clone(),
            bytes: file.content.len(),
        });
        new.push((id, sealed));
    }
    if !keep_values(commands, secret, &form).await? {
        return Ok(None);
    }
    let key = files_key(log.vault(), secret, &form);
    let (store, organisation) = (log.store(), log.organisation());
    let both = (remaining.as_slice(), new.as_slice());
    if stored_files::put(store, organisation, &key, both, MOST_FILES).await? {
        return Ok(Some(form));
    }
    form.files.retain(|file| remaining.contains(&file.id));
    let names = files.iter().map(|file| file.name.clone());
    form.values
        .extend(names.map(|name| (CHOSEN_FILE.to_owned(), name)));
    let earlier = (remaining.as_slice(), [].as_slice());
    stored_files::put(store, organisation, &key, earlier, MOST_FILES).await?;
    let is_kept = keep_values(commands, secret, &form).await?;
    Ok(is_kept.then_some(form))
}

async fn keep_values(commands: &Commands, secret: &str, form: &KeptForm) -> Result<bool, LogError> {
    let (log, now) = (commands.log(), commands.now().as_microsecond());
    let text = serde_json::to_string(form).unwrap_or_default();
    if text.is_empty() || text.len() > FORM_BYTES_MAX {
        return Ok(false);
    }
    let row = KeptFormRow {
        browser: browser_digest(log.vault(), secret),
        page: page_digest(log.vault(), secret, &form.typed_by, &form.page),
        sealed: log.vault().encrypt_with_secret(ENCRYPTION, secret, &text)?,
        kept_at: now,
        expires_at: now + KEPT_FORM_MINUTES * MINUTE_US,
    };
    Ok(stored::put(log.store(), log.organisation(), &row, MOST).await?)
}

/// Deletes the forms that have been kept for as long as they may.
pub async fn remove_expired(commands: &Commands) -> Result<(), LogError> {
    let (log, now) = (commands.log(), commands.now().as_microsecond());
    Ok(stored::remove_expired(log.store(), log.organisation(), now).await?)
}

/// The form of a page that was kept for a person in a browser.
pub async fn of_page(
    commands: &Commands,
    secret: &str,
    typed_by: &str,
    page: &str,
) -> Result<Option<KeptForm>, LogError> {
    let page = page_digest(commands.log().vault(), secret, typed_by, page);
    find(commands, secret, typed_by, &page).await
}

/// The newest form that was kept for a person in a browser.
pub async fn newest(
    commands: &Commands,
    secret: &str,
    typed_by: &str,
) -> Result<Option<KeptForm>, LogError> {
    find(commands, secret, typed_by, "").await
}

/// Gives the newest form that was kept for a person in a browser to another person.
pub async fn hand_over(
    commands: &Commands,
    secret: &str,
    from: &str,
    to: &str,
) -> Result<(), LogError> {
    let Some(form) = newest(commands, secret, from).await? else {
        return Ok(());
    };
    let given = KeptForm {
        typed_by: to.to_owned(),
        ..form
    };
    if keep(commands, secret, &given).await? {
        let log = commands.log();
        let from_page = page_digest(log.vault(), secret, from, &given.page);
        let key = files_key(log.vault(), secret, &given);
        stored_files::hand_over(log.store(), log.organisation(), &from_page, &key).await?;
        remove(commands, secret, from, &given.page).await?;
    }
    Ok(())
}

async fn find(
    commands: &Commands,
    secret: &str,
    typed_by: &str,
    page: &str,
) -> Result<Option<KeptForm>, LogError> {
    let (log, now) = (commands.log(), commands.now().as_microsecond());
    let browser = browser_digest(log.vault(), secret);
    let found = stored::find(log.store(), log.organisation(), &browser, page, now).await?;
    let found = found.iter().find_map(|sealed| {
        let text = log
            .vault()
            .decrypt_with_secret(ENCRYPTION, secret, sealed)?;
        let form: KeptForm = serde_json::from_str(&text).ok()?;
        constant_time_eq(&form.typed_by, typed_by).then_some(form)
    });
    let Some(mut form) = found else {
        return Ok(None);
    };
    if !form.files.is_empty() {
        let page = page_digest(log.vault(), secret, typed_by, &form.page);
        let ids = stored_files::ids(log.store(), log.organisation(), &browser, &page).await?;
        form.files.retain(|file| ids.contains(&file.id));
    }
    Ok(Some(form))
}

/// The content of a file of a kept form.
pub async fn open_file(
    commands: &Commands,
    secret: &str,
    form: &KeptForm,
    file: &KeptFile,
) -> Result<Option<Vec<u8>>, LogError> {
    let log = commands.log();
    let KeptFilesKey { browser, page, .. } = files_key(log.vault(), secret, form);
    let at = (browser.as_str(), page.as_str());
    let sealed = stored_files::find(log.store(), log.organisation(), at, &file.id).await?;
    Ok(sealed.and_then(|sealed| {
        let vault = log.vault();
        vault.decrypt_bytes_with_secret(FILE_ENCRYPTION, secret, &sealed)
    }))
}

/// Deletes a file of a kept form.
pub async fn remove_file(
    commands: &Commands,
    secret: &str,
    form: &KeptForm,
    file: &KeptFile,
) -> Result<(), LogError> {
    let log = commands.log();
    let KeptFilesKey { browser, page, .. } = files_key(log.vault(), secret, form);
    let at = (browser.as_str(), page.as_str());
    Ok(stored_files::remove(log.store(), log.organisation(), at, &file.id).await?)
}

/// Deletes the files that a browser keeps for other people than the one who signs in there.
pub async fn remove_files_of_others(
    commands: &Commands,
    secret: &str,
    person: PersonId,
) -> Result<(), LogError> {
    let log = commands.log();
    let browser = browser_digest(log.vault(), secret);
    let typist = log.vault().typist(person.0);
    let (store, organisation) = (log.store(), log.organisation());
    Ok(stored_files::remove_of_others(store, organisation, &browser, &typist).await?)
}

/// Deletes the form of a page that was kept for a person in a browser, because it was sent again.
pub async fn remove(
    commands: &Commands,
    secret: &str,
    typed_by: &str,
    page: &str,
) -> Result<(), LogError> {
    let log = commands.log();
    let browser = browser_digest(log.vault(), secret);
    let page = page_digest(log.vault(), secret, typed_by, page);
    Ok(stored::remove(log.store(), log.organisation(), &browser, &page).await?)
}

fn files_key(vault: &Vault, secret: &str, form: &KeptForm) -> KeptFilesKey {
    let typist = form.typed_by.split('.').next().unwrap_or_default();
    KeptFilesKey {
        browser: browser_digest(vault, secret),
        page: page_digest(vault, secret, &form.typed_by, &form.page),
        typist: typist.to_owned(),
    }
}

fn browser_digest(vault: &Vault, secret: &str) -> String {
    vault.derive_secret("browser of a kept form", secret)
}

/// The digest of a page and the person for whom it was made: of its path, without the query.
fn page_digest(vault: &Vault, secret: &str, typed_by: &str, page: &str) -> String {
    let path = page.split(['?', '#']).next().unwrap_or_default();
    vault.derive_secret(
        "page of a kept form",
        &format!("{secret}\n{typed_by}\n{path}"),
    )
}
