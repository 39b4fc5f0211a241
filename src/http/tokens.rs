//! API tokens and their rows.
//!
//! A token is signed, and also has a row in the database, so that it can be listed and ended. A
//! request with a token needs its row, from the database or from a cache of this process.
//!
//! # Cache
//!
//! A cached row is used for five seconds, and only while its person's stream is unchanged. So a
//! token that another process ended is refused within five seconds, and one that this process ended
//! immediately.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lru::LruCache;
use uuid::Uuid;

use super::AppState;
use super::bearer_auth::{
    AccessBasis, AccessEndings, Claims, IDENTITY_MAX_AGE, SignedIn, TokenError, Tokens, join_roles,
    load_signed_in_on,
};
use super::problem::{ErrorCode, Problem};
use crate::clock;
use crate::commands::Commands;
use crate::domain::{Actor, Organisation, Person, PersonId, Role};
use crate::eventlog::{Log, LogError};
use crate::store::sessions;
use crate::store::tokens::{self, TokenRow};

/// How long a cached row is used. This bounds how late a process notices that another one ended a
/// token.
const ROW_VALID_FOR: Duration = Duration::from_secs(5);
/// How many rows are cached.
const ROW_CACHE_CAPACITY: NonZeroUsize = NonZeroUsize::new(1000).expect("a thousand is not zero");
const MINUTE_US: i64 = 60_000_000;

/// A token to be issued.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub id: Uuid,
    pub person: PersonId,
    /// The name that its person gave it.
    pub name: String,
    /// The roles that it may use; `None` means all roles that its person holds.
    pub roles: Option<BTreeSet<Role>>,
    pub made_by: Actor,
    pub lifetime: Duration,
}

impl NewToken {
    /// A token that the operator issues on the command line, with all roles of the person.
    #[must_use]
    pub fn by_operator(person: PersonId, name: &str, lifetime: Duration) -> Self {
        Self {
            id: clock::new_id(),
            person,
            name: name.to_owned(),
            roles: None,
            made_by: Actor::Operator,
            lifetime,
        }
    }
}

/// A cache of token rows. The lock is never held across an await.
pub(super) struct TokenRowCache(Mutex<CachedRows>);

struct CachedRows {
    rows: LruCache<String, CachedTokenRow>,
    /// How often the cache was invalidated. A row that was read before the last invalidation is not
    /// cached.
    invalidations: u64,
}

/// A row that was not ended, with the sequence of its person's stream and the time when it was
/// read.
#[derive(Clone)]
struct CachedTokenRow {
    row: TokenRow,
    person_version: i64,
    read_at: Instant,
}

impl Default for TokenRowCache {
    fn default() -> Self {
        Self(Mutex::new(CachedRows {
            rows: LruCache::new(ROW_CACHE_CAPACITY),
            invalidations: 0,
        }))
    }
}

impl TokenRowCache {
    fn lock(&self) -> MutexGuard<'_, CachedRows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The row of a token, unless it was ended. `version` is the sequence of its person's stream: a
    /// row that was cached at another sequence is read again.
    async fn find(&self, log: &Log, jti: &str, version: i64) -> Result<Option<TokenRow>, LogError> {
        let (looked, endings) = {
            let mut read = self.lock();
            (read.rows.get(jti).cloned(), read.invalidations)
        };
        if let Some(looked) = looked.filter(|looked| {
            looked.person_version == version && looked.read_at.elapsed() < ROW_VALID_FOR
        }) {
            return Ok(Some(looked.row));
        }
        let at = Instant::now();
        let row = tokens::find(log.store(), log.organisation(), jti).await?;
        let mut read = self.lock();
        match &row {
            Some(row) if read.invalidations == endings => drop(read.rows.put(
                jti.to_owned(),
                CachedTokenRow {
                    row: row.clone(),
                    person_version: version,
                    read_at: at,
                },
            )),
            _ => drop(read.rows.pop(jti)),
        }
        Ok(row)
    }

    fn invalidate(&self) {
        let mut read = self.lock();
        read.rows.clear();
        read.invalidations += 1;
    }

    /// Whether the token's use should be recorded: true about once a minute.
    fn should_record_use(&self, row: &TokenRow, now: i64) -> bool {
        let news = row.used_at.is_none_or(|used| now - used >= MINUTE_US);
        if news && let Some(looked) = self.lock().rows.get_mut(&row.jti) {
            looked.row.used_at = Some(now);
        }
        news
    }
}

impl Tokens {
    /// Signs a token and stores its row.
    ///
    /// Returns [`TokenError::AlreadyIssued`] if a token with this id exists.
    pub async fn issue(
        &self,
        commands: &Commands,
        new: NewToken,
        now: Timestamp,
    ) -> Result<String, TokenError> {
        let log = commands.log();
        let person = log.refresh::<Person>(new.person.0).await?.state;
        let organisation = log
            .refresh::<Organisation>(commands.organisation().0)
            .await?
            .state;
        let mut roles = organisation.roles_of(new.person);
        if let Some(left) = &new.roles {
            roles.retain(|role| left.contains(role));
        }
        let made_at = now.as_microsecond();
        let row = TokenRow {
            jti: new.id.to_string(),
            person: new.person.to_string(),
            name: new.name,
            roles: join_roles(&roles),
            access: AccessEndings::of_person(new.person, &person, &organisation).count_for(&roles),
            made_by: match new.made_by {
                Actor::Person(person) => person.to_string(),
                Actor::Operator | Actor::Job => "operator".to_owned(),
            },
            made_at,
            expires_at: made_at
                .saturating_add(i64::try_from(new.lifetime.as_micros()).unwrap_or(i64::MAX)),
            used_at: None,
            ended_at: None,
        };
        let token = self.sign(new.id, new.person, new.roles, now, new.lifetime)?;
        let is_new = tokens::insert(log.store(), log.organisation(), &row)
            .await
            .map_err(LogError::from)?;
        if is_new {
            Ok(token)
        } else {
            Err(TokenError::AlreadyIssued)
        }
    }

    /// Signs a person out everywhere: ends their sessions, sign-in links and tokens.
    pub async fn end_access(&self, log: &Log, person: PersonId) -> Result<(), LogError> {
        let mut tx = log.store().begin().await?;
        sessions::end_access(&mut tx, log.organisation(), &person.to_string()).await?;
        tx.commit().await?;
        self.row_cache.invalidate();
        Ok(())
    }

    /// Ends one token of a person. This process refuses it immediately, others within five seconds.
    pub async fn end(
        &self,
        log: &Log,
        person: PersonId,
        jti: &str,
        now: Timestamp,
    ) -> Result<(), LogError> {
        tokens::end(
            log.store(),
            log.organisation(),
            &person.to_string(),
            jti,
            now.as_microsecond(),
        )
        .await?;
        self.row_cache.invalidate();
        Ok(())
    }
}

/// Authenticates the person of a verified token. The token must have a row that was not ended, and
/// its person must still hold the roles that it was issued with; otherwise the token is ended.
/// Records the token's use.
pub(super) async fn authenticate(desk: &AppState, claims: Claims) -> Result<SignedIn, Problem> {
    let ended =
        || ErrorCode::Unauthenticated.problem("the token was ended, or is not one of this service");
    let (log, now) = (desk.commands.log(), desk.commands.now());
    let version = log
        .load_recent::<Person>(claims.sub.0, IDENTITY_MAX_AGE)
        .await?
        .sequence;
    let row = desk
        .tokens
        .row_cache
        .find(log, &claims.jti, version)
        .await?;
    let row = row
        .filter(|row| row.person == claims.sub.to_string())
        .ok_or_else(ended)?;
    let basis = AccessBasis {
        roles: &row.roles,
        endings: row.access,
    };
    let Some(signed) = load_signed_in_on(desk, claims.sub, claims.roles, basis).await? else {
        desk.tokens.end(log, claims.sub, &claims.jti, now).await?;
        return Err(ended());
    };
    if desk
        .tokens
        .row_cache
        .should_record_use(&row, now.as_microsecond())
    {
        record_use(log, row.jti, now.as_microsecond());
    }
    Ok(signed)
}

/// Records the time of use in a task of its own, so that the request does not wait for it.
fn record_use(log: &Log, jti: String, now: i64) {
    let (store, organisation) = (log.store().clone(), log.organisation().to_owned());
    actix_web::rt::spawn(async move {
        if let Err(error) = tokens::touch(&store, &organisation, &jti, now).await {
            tracing::debug!(%error, "when a token was last used could not be noted");
        }
    });
}
