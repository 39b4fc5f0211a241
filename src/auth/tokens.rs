//! API tokens of programs.
//!
//! A token is signed, and also has a row in the database, so that it can be listed and ended. It
//! states who someone is. Their roles come from the event log; a token can only restrict them
//! further.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use jiff::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use lru::LruCache;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::AuthError;
use super::access::{
    AccessBasis, AccessEndings, IDENTITY_MAX_AGE, SignedIn, join_roles, load_signed_in_on,
};
use super::ed25519_provider;
use super::token_cache::TokenRowCache;
use crate::clock;
use crate::commands::Commands;
use crate::crypto::keys::SecretKey;
use crate::domain::{Actor, Organisation, Person, PersonId, Role};
use crate::eventlog::{Log, LogError};
pub use crate::store::tokens::TokenRow;
use crate::store::{sessions, tokens as stored};

const AUDIENCE: &str = "microgrants-api";
/// How many verified tokens are cached.
const VERIFIED_CAPACITY: NonZeroUsize = NonZeroUsize::new(1000).expect("a thousand is not zero");

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

/// Why a token could not be issued.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("the token could not be signed: {0}")]
    Sign(String),
    #[error("this token was made before and can be shown only once: end it and make another")]
    AlreadyIssued,
    #[error(transparent)]
    Log(#[from] LogError),
}

/// The claims of a token (RFC 7519).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The person.
    pub sub: PersonId,
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    jti: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    roles: Option<BTreeSet<Role>>,
}

/// Signs and verifies tokens (`EdDSA` with Ed25519).
#[derive(Clone)]
pub struct Tokens {
    signing_key: EncodingKey,
    verifying_key: DecodingKey,
    /// The public key; `/.well-known/jwks.json` publishes it.
    pub public_key: [u8; 32],
    key_id: String,
    issuer: String,
    /// The claims of tokens that were verified before, by the token's SHA-256. A program sends its
    /// token with every request, and this avoids verifying the signature each time.
    verified: Arc<Mutex<LruCache<[u8; 32], Claims>>>,
    /// The cached rows of tokens. A token without a row, or whose row was ended, is refused even if
    /// its signature is valid.
    row_cache: Arc<TokenRowCache>,
}

impl Tokens {
    /// Uses the key for signing and verifying. Fails if it cannot be encoded as a signing key.
    pub fn new(key: &SecretKey, organisation: &str) -> Result<Self, TokenError> {
        ed25519_provider::install();
        let signing = ed25519_dalek::SigningKey::from_bytes(&key.secret);
        let der = signing
            .to_pkcs8_der()
            .map_err(|error| TokenError::Sign(error.to_string()))?;
        let public = signing.verifying_key().to_bytes();
        Ok(Self {
            signing_key: EncodingKey::from_ed_der(der.as_bytes()),
            verifying_key: DecodingKey::from_ed_der(&public),
            public_key: public,
            key_id: key.id.clone(),
            issuer: format!("microgrants/{organisation}"),
            verified: Arc::new(Mutex::new(LruCache::new(VERIFIED_CAPACITY))),
            row_cache: Arc::default(),
        })
    }

    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Signs a token for a person, limited to `roles` if given. It is refused until its row is
    /// stored.
    pub fn sign(
        &self,
        id: Uuid,
        person: PersonId,
        roles: Option<BTreeSet<Role>>,
        now: Timestamp,
        lifetime: Duration,
    ) -> Result<String, TokenError> {
        let iat = now.as_second();
        let exp = iat.saturating_add(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX));
        let claims = Claims {
            sub: person,
            iss: self.issuer.clone(),
            aud: AUDIENCE.into(),
            iat,
            exp,
            jti: id.to_string(),
            roles,
        };
        let header = Header {
            kid: Some(self.key_id.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, &claims, &self.signing_key)
            .map_err(|error| TokenError::Sign(error.to_string()))
    }

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
        let is_new = stored::insert(log.store(), log.organisation(), &row)
            .await
            .map_err(LogError::from)?;
        if is_new {
            Ok(token)
        } else {
            Err(TokenError::AlreadyIssued)
        }
    }

    /// The claims of a token, from the cache or after verifying it. An expired one is always
    /// verified again, so that the error states the expiry.
    pub fn verify(&self, token: &str) -> Result<Claims, AuthError> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let known = self
            .verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&digest)
            .cloned();
        if let Some(claims) =
            known.filter(|claims| claims.exp > clock::Clock::System.now().as_second())
        {
            return Ok(claims);
        }
        let claims = self.verify_signature(token)?;
        self.verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .put(digest, claims.clone());
        Ok(claims)
    }

    /// Verifies a token: its algorithm, key id, signature, issuer, audience and times must be
    /// right. Clocks may differ by five seconds.
    fn verify_signature(&self, token: &str) -> Result<Claims, AuthError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| AuthError::ForeignToken)?;
        // A critical header must be understood (RFC 7515), and this service understands none.
        if header.kid.as_deref() != Some(&self.key_id) || header.crit.is_some() {
            return Err(AuthError::ForeignToken);
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = 5;
        let read = jsonwebtoken::decode::<Claims>(token, &self.verifying_key, &validation)
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => AuthError::TokenExpired,
                _ => AuthError::ForeignToken,
            })?;
        Ok(read.claims)
    }

    /// Authenticates the person of a verified token. The token must have a row that was not ended,
    /// and its person must still hold the roles that it was issued with; otherwise the token is
    /// ended. Records the token's use.
    pub async fn authenticate(
        &self,
        commands: &Commands,
        claims: Claims,
    ) -> Result<SignedIn, AuthError> {
        let (log, now) = (commands.log(), commands.now());
        let version = log
            .load_recent::<Person>(claims.sub.0, IDENTITY_MAX_AGE)
            .await?
            .sequence;
        let row = self
            .row_cache
            .find(log, &claims.jti, version)
            .await?
            .filter(|row| row.person == claims.sub.to_string())
            .ok_or(AuthError::TokenEnded)?;
        let basis = AccessBasis::from(&row);
        let Some(signed) = load_signed_in_on(commands, claims.sub, claims.roles, basis).await?
        else {
            self.end(log, claims.sub, &claims.jti, now).await?;
            return Err(AuthError::TokenEnded);
        };
        if self.row_cache.should_record_use(&row, now.as_microsecond()) {
            record_use(log, row.jti, now.as_microsecond());
        }
        Ok(signed)
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
        stored::end(
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

/// The tokens of a person that are valid, the newest first.
pub async fn valid(commands: &Commands, signed: &SignedIn) -> Result<Vec<TokenRow>, LogError> {
    let mut tokens = unexpired(commands, signed.reader.person).await?;
    tokens.retain(|token| signed.is_valid_on(AccessBasis::from(token)));
    Ok(tokens)
}

/// A person's tokens that were not ended one by one and have not expired, the newest first. The
/// access of some may have been ended since.
pub(super) async fn unexpired(
    commands: &Commands,
    person: PersonId,
) -> Result<Vec<TokenRow>, LogError> {
    let log = commands.log();
    Ok(stored::active_of_person(
        log.store(),
        log.organisation(),
        &person.to_string(),
        commands.now().as_microsecond(),
    )
    .await?)
}

/// Records the time of use in a task of its own, so that the request does not wait for it.
fn record_use(log: &Log, jti: String, now: i64) {
    let (store, organisation) = (log.store().clone(), log.organisation().to_owned());
    tokio::spawn(async move {
        if let Err(error) = stored::touch(&store, &organisation, &jti, now).await {
            tracing::debug!(%error, "when a token was last used could not be noted");
        }
    });
}
