//! Sessions of browsers. A session is stored under the digest of its browser's key; the key itself
//! is only in the browser.
//!
//! # Unproven sessions
//!
//! A person who has just begun an application is signed in before their address is proven. Such a
//! session acts without roles. It ends when a role is proposed for the person, and when they sign
//! in by a link, unless they say there that the session is their own.

use std::collections::BTreeSet;

use super::AuthError;
use super::access::{
    AccessBasis, IDENTITY_MAX_AGE, SignedIn, join_roles, load_signed_in, load_signed_in_on,
};
use crate::commands::Commands;
use crate::crypto::vault::Vault;
use crate::domain::{Organisation, Person, PersonId, Role};
use crate::eventlog::{Log, LogError};
use crate::store::sessions as stored;
pub use crate::store::sessions::{SessionRow, SessionsToEnd};

const MINUTE_US: i64 = 60_000_000;
const HOUR_US: i64 = 60 * MINUTE_US;
const DAY_US: i64 = 24 * HOUR_US;
/// The lifetimes of a session in microseconds: since its last use, and since its begin. Longer for
/// groups, who must not lose their form.
const STAFF_SESSION_LIFETIME_US: (i64, i64) = (8 * HOUR_US, 12 * HOUR_US);
const GROUP_SESSION_LIFETIME_US: (i64, i64) = (30 * DAY_US, 90 * DAY_US);
/// The longest name of a browser that is stored, in characters.
const DEVICE_LENGTH_MAX: usize = 120;

/// A session to open.
#[derive(Clone, Copy)]
pub struct NewSession<'a> {
    pub person: PersonId,
    /// Whether the person has proven that the address is theirs.
    pub proven: bool,
    /// The name that the browser gives itself.
    pub device: &'a str,
    /// The browser's key, which must be new: a key that someone else planted in the browser would
    /// let them in.
    pub key: &'a str,
}

/// A session that is still valid.
#[derive(Clone, Debug)]
pub struct ResumedSession {
    pub signed_in: SignedIn,
    /// Whether this use extended its lifetime.
    pub extended: bool,
}

/// Signs a person in.
pub async fn open(commands: &Commands, new: NewSession<'_>) -> Result<(), AuthError> {
    let (log, now) = (commands.log(), commands.now().as_microsecond());
    // Reads the newest state, in case another process recorded a moment ago that the person's
    // access has ended.
    log.refresh::<Person>(new.person.0).await?;
    log.refresh::<Organisation>(commands.organisation().0)
        .await?;
    let signed = load_signed_in(commands, new.person, role_scope(new.proven)).await?;
    let session = SessionRow {
        digest: digest(log.vault(), new.key),
        person: new.person.to_string(),
        proven: i64::from(new.proven),
        device: new
            .device
            .chars()
            .filter(|c| !c.is_control())
            .take(DEVICE_LENGTH_MAX)
            .collect(),
        started_at: now,
        seen_at: now,
        expires_at: expires_at(&signed, now, now),
        roles: join_roles(&signed.reader.roles),
        access: signed.ended.count_for(&signed.reader.roles),
    };
    stored::insert(log.store(), log.organisation(), &session)
        .await
        .map_err(LogError::from)?;
    Ok(())
}

/// The session of a browser key, if it has not expired.
pub async fn find(commands: &Commands, key: &str) -> Result<Option<SessionRow>, LogError> {
    let log = commands.log();
    Ok(stored::find(
        log.store(),
        log.organisation(),
        &digest(log.vault(), key),
        commands.now().as_microsecond(),
    )
    .await?)
}

/// The person of a session, if the session is still valid. Its lifetime is extended if it was last
/// extended more than an hour ago; a session that is no longer valid is deleted.
pub async fn resume(
    commands: &Commands,
    session: &SessionRow,
) -> Result<Option<ResumedSession>, LogError> {
    let Ok(person) = session.person.parse::<PersonId>() else {
        return Ok(None);
    };
    let scope = role_scope(session.proven == 1);
    let basis = AccessBasis::from(session);
    let Ok(signed) = load_signed_in_on(commands, person, scope, basis).await else {
        return Ok(None);
    };
    let (log, now) = (commands.log(), commands.now().as_microsecond());
    // The lifetime is computed from the roles that the person has now: it gets shorter once a
    // member of a group has a role. An unproven session ends once a role is proposed for its
    // person, because it may belong to someone else who only entered the address.
    let organisation = log
        .load_recent::<Organisation>(commands.organisation().0, IDENTITY_MAX_AGE)
        .await?
        .state;
    let begun_by_a_stranger = session.proven == 0 && organisation.has_or_awaits_role(person);
    let signed = signed.filter(|signed| {
        !begun_by_a_stranger && expires_at(signed, session.started_at, session.seen_at) > now
    });
    let Some(signed_in) = signed else {
        end(log, person, SessionsToEnd::One(&session.digest)).await?;
        return Ok(None);
    };
    let extended = now - session.seen_at > HOUR_US;
    if extended {
        let until = expires_at(&signed_in, session.started_at, now);
        stored::touch(log.store(), log.organisation(), &session.digest, now, until).await?;
    }
    Ok(Some(ResumedSession {
        signed_in,
        extended,
    }))
}

/// The sessions of a person that are valid, the newest first.
pub async fn valid(commands: &Commands, signed: &SignedIn) -> Result<Vec<SessionRow>, LogError> {
    let mut sessions = unexpired(commands, signed.reader.person).await?;
    sessions.retain(|session| signed.is_valid_on(AccessBasis::from(session)));
    Ok(sessions)
}

/// Whether a person has a session in which their address is proven.
pub async fn has_proven(commands: &Commands, person: PersonId) -> Result<bool, LogError> {
    let sessions = unexpired(commands, person).await?;
    Ok(sessions.iter().any(|session| session.proven == 1))
}

/// A person's sessions in which their address is unproven, the newest first.
pub async fn unproven(commands: &Commands, person: PersonId) -> Result<Vec<SessionRow>, LogError> {
    let mut sessions = unexpired(commands, person).await?;
    sessions.retain(|session| session.proven == 0);
    Ok(sessions)
}

/// A person's sessions that have not expired, the newest first. Some may have been ended since.
pub(super) async fn unexpired(
    commands: &Commands,
    person: PersonId,
) -> Result<Vec<SessionRow>, LogError> {
    let log = commands.log();
    Ok(stored::active_of_person(
        log.store(),
        log.organisation(),
        &person.to_string(),
        commands.now().as_microsecond(),
    )
    .await?)
}

/// Ends sessions of a person.
pub async fn end(log: &Log, person: PersonId, which: SessionsToEnd<'_>) -> Result<(), LogError> {
    Ok(stored::end(log.store(), log.organisation(), &person.to_string(), which).await?)
}

/// The digest of a browser's key under which its session is stored.
#[must_use]
pub fn digest(vault: &Vault, key: &str) -> String {
    vault.derive_secret("session", key)
}

/// An unproven session acts for the person's new group only, in no role.
fn role_scope(proven: bool) -> Option<BTreeSet<Role>> {
    (!proven).then(BTreeSet::new)
}

/// When a session expires, from its begin and its last use, all in microseconds.
fn expires_at(signed: &SignedIn, started_at: i64, seen_at: i64) -> i64 {
    let (idle, most) = if signed.reader.roles.is_empty() {
        GROUP_SESSION_LIFETIME_US
    } else {
        STAFF_SESSION_LIFETIME_US
    };
    (seen_at + idle).min(started_at + most)
}
