//! Bearer authentication of the API.
//!
//! A token states who somebody is. Their roles come from the event log; a token can only restrict
//! them further.
//!
//! # Basis
//!
//! A session or token records the roles that its person held when it began, and a count of how
//! often access that rests on them had been ended by then. It is valid while the person still holds
//! these roles and the count is unchanged.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use lru::LruCache;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::AppState;
use super::body_timeout::KeepAliveAllowed;
use super::problem::{ErrorCode, Problem};
use super::tokens::{TokenRowCache, authenticate};
use crate::clock;
use crate::commands::Caller;
use crate::crypto::keys::SecretKey;
use crate::domain::{Actor, Organisation, Person, PersonId, Role};
use crate::eventlog::LogError;
use crate::views::Reader;

/// The oldest cached person and organisation that authentication uses, in a process that did not
/// append to them itself. Commands read the current state in any case.
pub(super) const IDENTITY_MAX_AGE: Duration = Duration::from_millis(500);
const AUDIENCE: &str = "microgrants-api";

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
    pub(super) row_cache: Arc<TokenRowCache>,
}

/// How many verified tokens are cached.
const VERIFIED_CAPACITY: NonZeroUsize = NonZeroUsize::new(1000).expect("a thousand is not zero");

/// The claims of a token (RFC 7519).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: PersonId,
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    pub(super) jti: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) roles: Option<BTreeSet<Role>>,
}

/// Why a token could not be issued.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("the token could not be signed: {0}")]
    Sign(String),
    #[error("this token was made before, and is shown only once: end it, and make another")]
    AlreadyIssued,
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Tokens {
    /// Uses the key for signing and verifying. Fails if it cannot be encoded as a signing key.
    pub fn new(key: &SecretKey, organisation: &str) -> Result<Self, TokenError> {
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
        now: jiff::Timestamp,
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

    /// The claims of a token, from the cache or after verifying it. An expired one is always
    /// verified again, so that the error states the expiry.
    fn verify_cached(&self, token: &str) -> Result<Claims, Problem> {
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
        let claims = self.verify(token)?;
        self.verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .put(digest, claims.clone());
        Ok(claims)
    }

    /// Verifies a token: its algorithm, key id, signature, issuer, audience and times must be
    /// right. Clocks may differ by five seconds.
    fn verify(&self, token: &str) -> Result<Claims, Problem> {
        let unknown = || ErrorCode::Unauthenticated.problem("the token is not one of this service");
        let header = jsonwebtoken::decode_header(token).map_err(|_| unknown())?;
        // A critical header must be understood (RFC 7515), and this service understands none.
        if header.kid.as_deref() != Some(&self.key_id) || header.crit.is_some() {
            return Err(unknown());
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = 5;
        let read = jsonwebtoken::decode::<Claims>(token, &self.verifying_key, &validation)
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => {
                    ErrorCode::TokenExpired.problem("the token has expired")
                }
                _ => unknown(),
            })?;
        Ok(read.claims)
    }
}

/// An authenticated person, by token or session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub caller: Caller,
    pub reader: Reader,
    pub(super) ended: AccessEndings,
}

/// How often a person's access was ended so far: all of it, and what rests on each role.
#[derive(Clone, Debug)]
pub(super) struct AccessEndings {
    all: u32,
    by_role: BTreeMap<Role, u32>,
}

impl AccessEndings {
    pub(super) fn of_person(id: PersonId, person: &Person, organisation: &Organisation) -> Self {
        Self {
            all: person.access_ended(),
            by_role: organisation.roles_ended(id),
        }
    }

    /// The count that applies to a session or token with these roles.
    pub(super) fn count_for<'a>(&self, roles: impl IntoIterator<Item = &'a Role>) -> i64 {
        let of_roles: u32 = roles
            .into_iter()
            .filter_map(|role| self.by_role.get(role))
            .sum();
        i64::from(self.all) + i64::from(of_roles)
    }

    /// Whether access that began on this basis was not ended since then.
    pub(super) fn allows(&self, basis: AccessBasis<'_>) -> bool {
        let roles: BTreeSet<Role> = basis
            .roles
            .split(',')
            .filter_map(|role| role.parse().ok())
            .collect();
        basis.endings >= self.count_for(&roles)
    }
}

/// What a session or token rests on. Not included: a change of the person's e-mail address, which
/// ends the stored row directly.
#[derive(Clone, Copy, Debug)]
pub(super) struct AccessBasis<'a> {
    /// The roles that its person held when it began, with commas between them.
    pub roles: &'a str,
    /// [`AccessEndings::count_for`] of these roles when it began.
    pub endings: i64,
}

impl SignedIn {
    /// Whether a session or token with this basis is still valid: not ended, and its person still
    /// holds the roles.
    pub(super) fn is_valid_on(&self, basis: AccessBasis<'_>) -> bool {
        let held = |role: &str| {
            role.parse::<Role>()
                .is_ok_and(|role| self.reader.granted_roles.contains(&role))
        };
        self.ended.allows(basis)
            && basis
                .roles
                .split(',')
                .filter(|role| !role.is_empty())
                .all(held)
    }
}

/// Roles as a session or token row stores them.
pub(super) fn join_roles(roles: &BTreeSet<Role>) -> String {
    roles
        .iter()
        .map(|role| <&str>::from(*role))
        .collect::<Vec<_>>()
        .join(",")
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let desk = request.app_data::<web::Data<AppState>>().cloned();
        let token = bearer_token(request);
        let request = request.clone();
        Box::pin(async move {
            let desk =
                desk.ok_or_else(|| ErrorCode::Internal.problem("the service is not set up"))?;
            let claims =
                desk.tokens
                    .verify_cached(&token.ok_or_else(|| {
                        ErrorCode::Unauthenticated.problem("there is no token")
                    })?)?;
            let (left, counted) = desk.site.limits.ask(claims.sub);
            if let Some(left) = left {
                request.extensions_mut().insert(left);
            }
            counted?;
            request.extensions_mut().insert(KeepAliveAllowed);
            authenticate(&desk, claims).await
        })
    }
}

fn bearer_token(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim().to_owned())
}

pub(super) async fn load_signed_in(
    desk: &AppState,
    person: PersonId,
    narrowed: Option<BTreeSet<Role>>,
) -> Result<SignedIn, Problem> {
    let log = desk.commands.log();
    let known = log
        .load_recent::<Person>(person.0, IDENTITY_MAX_AGE)
        .await?
        .state;
    if known.must_be_active().is_err() {
        return Err(ErrorCode::Unauthenticated.problem("the token's person is not known here"));
    }
    let organisation = log
        .load_recent::<Organisation>(desk.commands.organisation().0, IDENTITY_MAX_AGE)
        .await?;
    let held = organisation.state.roles_of(person);
    let mut roles = held.clone();
    if let Some(left) = &narrowed {
        roles.retain(|role| left.contains(role));
    }
    let caller = Caller {
        actor: Actor::Person(person),
        role_scope: narrowed,
    };
    let ended = AccessEndings::of_person(person, &known, &organisation.state);
    Ok(SignedIn {
        caller,
        reader: Reader {
            person,
            roles,
            granted_roles: held,
        },
        ended,
    })
}

/// The person of a session or token; `None` if its basis is no longer valid. Reads the current
/// state before it gives this answer, because a cached person or organisation may be older than the
/// session.
pub(super) async fn load_signed_in_on(
    desk: &AppState,
    person: PersonId,
    narrowed: Option<BTreeSet<Role>>,
    basis: AccessBasis<'_>,
) -> Result<Option<SignedIn>, Problem> {
    let signed = load_signed_in(desk, person, narrowed.clone()).await?;
    if signed.is_valid_on(basis) {
        return Ok(Some(signed));
    }
    // The cached state may be older than the session or token.
    let log = desk.commands.log();
    log.refresh::<Person>(person.0).await?;
    log.refresh::<Organisation>(desk.commands.organisation().0)
        .await?;
    let signed = load_signed_in(desk, person, narrowed).await?;
    Ok(Some(signed).filter(|signed| signed.is_valid_on(basis)))
}
