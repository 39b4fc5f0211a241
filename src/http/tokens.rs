//! Tokens that stand. Each has a row, which is read with a request, or was a moment ago: so a token
//! can be listed, and ended.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lru::LruCache;
use uuid::Uuid;

use super::Desk;
use super::problem::{Fault, Problem};
use super::signin::{Basis, Claims, Ended, LATELY, SignedIn, TokenError, Tokens, kept, sign_in_on};
use crate::commands::{Commands, clock};
use crate::domain::{Actor, Organisation, Person, PersonId, Role};
use crate::log::{Log, LogError};
use crate::store::sessions;
use crate::store::tokens::{self, TokenRow};

/// How long a process goes by a row that it read: so soon it notices what another process ended.
const READ_FOR: Duration = Duration::from_secs(5);
/// How many rows are kept.
const KEPT: NonZeroUsize = NonZeroUsize::new(1000).expect("a thousand is not zero");
const MINUTE: i64 = 60_000_000;

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub id: Uuid,
    pub person: PersonId,
    /// What its person calls it.
    pub name: String,
    /// The roles that it may use; none given means all that its person holds.
    pub roles: Option<BTreeSet<Role>>,
    pub made_by: Actor,
    pub lifetime: Duration,
}

impl NewToken {
    /// One that is asked for on the command line.
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

/// The rows of tokens as this process read them lately.
pub(super) struct Rows(Mutex<Read>);

struct Read {
    rows: LruCache<String, Looked>,
    /// How often this process ended tokens: what was read before the last time is not kept.
    endings: u64,
}

/// A row that stood, at which version of its person, and when it was read.
#[derive(Clone)]
struct Looked {
    row: TokenRow,
    version: i64,
    at: Instant,
}

impl Default for Rows {
    fn default() -> Self {
        Self(Mutex::new(Read {
            rows: LruCache::new(KEPT),
            endings: 0,
        }))
    }
}

impl Rows {
    fn read(&self) -> MutexGuard<'_, Read> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The row of a token, if it stands. Whatever happened to its person since it was read has it
    /// read again.
    async fn find(&self, log: &Log, jti: &str, version: i64) -> Result<Option<TokenRow>, LogError> {
        let (looked, endings) = {
            let mut read = self.read();
            (read.rows.get(jti).cloned(), read.endings)
        };
        if let Some(looked) =
            looked.filter(|looked| looked.version == version && looked.at.elapsed() < READ_FOR)
        {
            return Ok(Some(looked.row));
        }
        let at = Instant::now();
        let row = tokens::find(log.store(), log.organisation(), jti).await?;
        let mut read = self.read();
        match &row {
            Some(row) if read.endings == endings => drop(read.rows.put(
                jti.to_owned(),
                Looked {
                    row: row.clone(),
                    version,
                    at,
                },
            )),
            _ => drop(read.rows.pop(jti)),
        }
        Ok(row)
    }

    fn forget(&self) {
        let mut read = self.read();
        read.rows.clear();
        read.endings += 1;
    }

    /// Whether it is to be noted that a token is in use: about once a minute.
    fn is_news(&self, row: &TokenRow, now: i64) -> bool {
        let news = row.used_at.is_none_or(|used| now - used >= MINUTE);
        if news && let Some(looked) = self.read().rows.get_mut(&row.jti) {
            looked.row.used_at = Some(now);
        }
        news
    }
}

impl Tokens {
    /// Makes a token, and keeps its row.
    ///
    /// # Errors
    /// [`TokenError::MadeBefore`] when there is one with this id; when it cannot be signed, or the
    /// database does not answer.
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
            roles: kept(&roles),
            access: Ended::of(new.person, &person, &organisation).on(&roles),
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
            Err(TokenError::MadeBefore)
        }
    }

    /// Signs a person out everywhere: ends their sessions, links and tokens.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_access(&self, log: &Log, person: PersonId) -> Result<(), LogError> {
        let mut tx = log.store().begin().await?;
        sessions::end_access(&mut tx, log.organisation(), &person.to_string()).await?;
        tx.commit().await?;
        self.rows.forget();
        Ok(())
    }

    /// Ends one token of a person: in this process at once, in others within a few seconds.
    ///
    /// # Errors
    /// When the database does not answer.
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
        self.rows.forget();
        Ok(())
    }
}

/// Lets somebody in whose token is signed as it should be, if its row stands, and what it rests on.
pub(super) async fn admit(desk: &Desk, claims: Claims) -> Result<SignedIn, Problem> {
    let ended =
        || Fault::Unauthenticated.problem("the token was ended, or is not one of this service");
    let (log, now) = (desk.commands.log(), desk.commands.now());
    let version = log.lately::<Person>(claims.sub.0, LATELY).await?.sequence;
    let row = desk.tokens.rows.find(log, &claims.jti, version).await?;
    let row = row
        .filter(|row| row.person == claims.sub.to_string())
        .ok_or_else(ended)?;
    let basis = Basis {
        roles: &row.roles,
        access: row.access,
    };
    let Some(signed) = sign_in_on(desk, claims.sub, claims.roles, basis).await? else {
        desk.tokens.end(log, claims.sub, &claims.jti, now).await?;
        return Err(ended());
    };
    if desk.tokens.rows.is_news(&row, now.as_microsecond()) {
        note_use(log, row.jti, now.as_microsecond());
    }
    Ok(signed)
}

/// Notes that a token is in use, while its request goes on.
fn note_use(log: &Log, jti: String, now: i64) {
    let (store, organisation) = (log.store().clone(), log.organisation().to_owned());
    actix_web::rt::spawn(async move {
        if let Err(error) = tokens::touch(&store, &organisation, &jti, now).await {
            tracing::debug!(%error, "when a token was last used could not be noted");
        }
    });
}
