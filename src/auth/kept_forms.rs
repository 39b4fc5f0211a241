//! Forms that arrived when nobody was signed in any more, or that were sent before with other
//! values. They are kept for an hour, until their person sends them again.
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
use crate::commands::Commands;
use crate::crypto::vault::Vault;
use crate::domain::PersonId;
use crate::eventlog::LogError;
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
const ENCRYPTION: &str = "key of a kept form";

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
}

/// The digest by which a form names the person for whom its page was made, and its mark.
#[must_use]
pub fn typed_by(vault: &Vault, person: PersonId) -> String {
    let digest = vault.derive_secret("who typed a form", &person.to_string());
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
/// whether it did: a form that is too large is not kept, and none once there are too many.
pub async fn keep(commands: &Commands, secret: &str, form: &KeptForm) -> Result<bool, LogError> {
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
    Ok(found.iter().find_map(|sealed| {
        let text = log
            .vault()
            .decrypt_with_secret(ENCRYPTION, secret, sealed)?;
        let form: KeptForm = serde_json::from_str(&text).ok()?;
        constant_time_eq(&form.typed_by, typed_by).then_some(form)
    }))
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
