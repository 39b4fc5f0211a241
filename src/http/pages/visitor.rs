//! The visitor of a page: browser key, session, person, and language.
//!
//! # Browser keys
//!
//! Each browser has a random key in a cookie. It is the basis of the CSRF token, and its digest
//! identifies a session once somebody signs in. Signing in always makes a new key, so that a
//! planted key is useless (session fixation).
//!
//! # Unproven sessions
//!
//! A person who has just begun an application is signed in before their address is proven. Such a
//! session acts without roles, and ends when the address is proven or a role is proposed for the
//! person.

use std::collections::BTreeSet;

use actix_web::body::MessageBody;
use actix_web::cookie::{Cookie, SameSite, time::Duration as CookieDuration};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, web};
use chacha20poly1305::aead::OsRng;
use chacha20poly1305::aead::rand_core::RngCore as _;

use super::{PageError, csrf};
use crate::domain::language::Language;
use crate::domain::{Organisation, Person, PersonId, Role};
use crate::http::AppState;
use crate::http::bearer_auth::{
    AccessBasis, IDENTITY_MAX_AGE, SignedIn, join_roles, load_signed_in, load_signed_in_on,
};
use crate::http::body_timeout::KeepAliveAllowed;
use crate::store::sessions::{self, SessionRow};

const SESSION_COOKIE: &str = "session";
const LANGUAGE_COOKIE: &str = "language";
const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// The lifetimes of a session in microseconds: since its last use, and since its begin. Longer for
/// groups, who must not lose their form.
const STAFF_SESSION_LIFETIME_US: (i64, i64) = (8 * HOUR, 12 * HOUR);
const GROUP_SESSION_LIFETIME_US: (i64, i64) = (30 * DAY, 90 * DAY);

/// Who requests a page.
pub struct Visitor {
    /// The browser's key. Its digest identifies the session, if somebody is signed in.
    pub browser_key: String,
    /// The key is new: the browser sent none.
    pub is_new: bool,
    pub signed_in: Option<SignedIn>,
    /// The person has proven that the e-mail address is theirs.
    pub proven: bool,
    pub language: Language,
    pub csrf: String,
    /// The request's path with its query.
    pub path: String,
}

/// The cookie of a session whose lifetime was extended by this request.
#[derive(Clone)]
struct RenewedCookie(Cookie<'static>);

/// Middleware that sends the cookie of an extended session again, with any response, so that the
/// browser keeps it for another 30 days.
pub(in crate::http) async fn renew_session_cookie(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let mut answer = next.call(request).await?;
    let renewed = answer
        .request()
        .extensions()
        .get::<RenewedCookie>()
        .cloned();
    if let Some(RenewedCookie(cookie)) = renewed
        && answer
            .response()
            .cookies()
            .all(|given| given.name() != cookie.name())
    {
        answer.response_mut().add_cookie(&cookie)?;
    }
    Ok(answer)
}

impl FromRequest for Visitor {
    type Error = PageError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let desk = request
                .app_data::<web::Data<AppState>>()
                .cloned()
                .ok_or_else(PageError::app_state_missing)?;
            Self::from_http(&request, &desk).await
        })
    }
}

impl Visitor {
    pub(super) async fn from_http(
        request: &HttpRequest,
        desk: &AppState,
    ) -> Result<Self, PageError> {
        let held = request
            .cookie(session_cookie_name(desk))
            .map(|cookie| cookie.value().to_owned())
            .filter(|key| is_browser_key(key));
        let language = request
            .cookie(LANGUAGE_COOKIE)
            .and_then(|cookie| cookie.value().parse().ok())
            .unwrap_or_default();
        let new = held.is_none();
        let key = held.unwrap_or_else(new_browser_key);
        let session = if new {
            None
        } else {
            find_session(desk, &key).await?
        };
        let proven = session.as_ref().is_some_and(|session| session.proven == 1);
        let signed = match &session {
            Some(session) => resume_session(request, desk, session, &key).await?,
            None => None,
        };
        let path = path_of(request);
        if proven && signed.is_some() {
            request.extensions_mut().insert(KeepAliveAllowed);
        }
        if request.method() == Method::POST {
            desk.site.limits.check_form(
                request,
                signed.as_ref().map(|signed| (key.as_str(), &signed.reader)),
            )?;
        }
        let csrf = csrf::mask_token(
            &desk
                .commands
                .log()
                .vault()
                .derive_secret("page token", &key),
        );
        Ok(Self {
            browser_key: key,
            is_new: new,
            signed_in: signed,
            proven,
            language,
            csrf,
            path,
        })
    }

    /// The person who is signed in. Otherwise fails with a redirect to the sign-in page.
    pub fn require_signed_in(&self) -> Result<&SignedIn, PageError> {
        self.signed_in
            .as_ref()
            .ok_or_else(|| PageError::SignInRequired(self.path.clone()))
    }

    pub fn person(&self) -> Result<PersonId, PageError> {
        Ok(self.require_signed_in()?.reader.person)
    }

    /// The person, if they are staff or an auditor. For members of groups the page does not exist.
    pub fn require_staff(&self) -> Result<&SignedIn, PageError> {
        let signed = self.require_signed_in()?;
        if signed.reader.sees_all() {
            Ok(signed)
        } else {
            Err(PageError::not_found())
        }
    }

    /// Sends a new key to a browser that has none.
    pub fn set_new_key_cookie(&self, desk: &AppState, response: &mut HttpResponse) {
        if self.is_new {
            let _ = response.add_cookie(&build_cookie(
                desk,
                session_cookie_name(desk),
                &self.browser_key,
            ));
        }
    }

    /// Signs a person in under a new key. A key that somebody else planted in the browser is never
    /// used.
    pub async fn start_session(
        desk: &AppState,
        person: PersonId,
        proven: bool,
        device: &str,
        key: &str,
        response: &mut HttpResponse,
    ) -> Result<(), PageError> {
        let now = desk.commands.now().as_microsecond();
        let log = desk.commands.log();
        // Reads the newest state, in case another process recorded a moment ago that the person's
        // access has ended.
        log.refresh::<Person>(person.0).await?;
        log.refresh::<Organisation>(desk.commands.organisation().0)
            .await?;
        let signed = load_signed_in(desk, person, role_scope(proven)).await?;
        let session = SessionRow {
            digest: digest(desk, key),
            person: person.to_string(),
            proven: i64::from(proven),
            device: device
                .chars()
                .filter(|c| !c.is_control())
                .take(120)
                .collect(),
            started_at: now,
            seen_at: now,
            expires_at: expires_at(&signed, now, now),
            roles: join_roles(&signed.reader.roles),
            access: signed.ended.count_for(&signed.reader.roles),
        };
        sessions::insert(log.store(), log.organisation(), &session).await?;
        response
            .add_cookie(&build_cookie(desk, session_cookie_name(desk), key))
            .map_err(|error| PageError::internal(&error))
    }

    /// Ends the session of this browser, and removes its cookie.
    pub async fn end(&self, desk: &AppState, response: &mut HttpResponse) -> Result<(), PageError> {
        let log = desk.commands.log();
        if let Some(signed) = &self.signed_in {
            let person = signed.reader.person.to_string();
            sessions::end(
                log.store(),
                log.organisation(),
                &person,
                sessions::SessionsToEnd::One(&digest(desk, &self.browser_key)),
            )
            .await?;
        }
        response
            .add_removal_cookie(&build_cookie(desk, session_cookie_name(desk), ""))
            .map_err(|error| PageError::internal(&error))
    }

    /// The digest of the browser's key under which its request for a code is stored.
    pub fn code_request_digest(&self, desk: &AppState) -> String {
        code_request_digest(desk, &self.browser_key)
    }

    /// The digest of the browser's key under which its session is stored.
    pub fn digest(&self, desk: &AppState) -> String {
        digest(desk, &self.browser_key)
    }
}

/// The path of a request, with its query.
pub(super) fn path_of(request: &HttpRequest) -> String {
    request
        .uri()
        .path_and_query()
        .map_or_else(|| "/".to_owned(), ToString::to_string)
}

/// Stores the language in a cookie.
pub(super) fn remember_language(desk: &AppState, language: Language, response: &mut HttpResponse) {
    let mut cookie = build_cookie(desk, LANGUAGE_COOKIE, language.code());
    cookie.set_max_age(CookieDuration::days(365));
    let _ = response.add_cookie(&cookie);
}

/// The session of a browser key, if it has not expired.
async fn find_session(desk: &AppState, key: &str) -> Result<Option<SessionRow>, PageError> {
    let log = desk.commands.log();
    let now = desk.commands.now().as_microsecond();
    Ok(sessions::find(log.store(), log.organisation(), &digest(desk, key), now).await?)
}

/// The person of a session, if the session is still valid. Its lifetime is extended if it was last
/// extended more than an hour ago; a session that is no longer valid is deleted.
async fn resume_session(
    request: &HttpRequest,
    desk: &AppState,
    session: &SessionRow,
    key: &str,
) -> Result<Option<SignedIn>, PageError> {
    let Ok(person) = session.person.parse::<PersonId>() else {
        return Ok(None);
    };
    let basis = AccessBasis {
        roles: &session.roles,
        endings: session.access,
    };
    let Ok(signed) = load_signed_in_on(desk, person, role_scope(session.proven == 1), basis).await
    else {
        return Ok(None);
    };
    let log = desk.commands.log();
    let now = desk.commands.now().as_microsecond();
    // The lifetime is computed from the roles that the person has now: it gets shorter once a
    // member of a group has a role. An unproven session ends once a role is proposed for its
    // person, because it may belong to somebody else who only entered the address.
    let organisation = log
        .load_recent::<Organisation>(desk.commands.organisation().0, IDENTITY_MAX_AGE)
        .await?
        .state;
    let begun_by_a_stranger = session.proven == 0 && organisation.has_or_awaits_role(person);
    let signed = signed.filter(|signed| {
        !begun_by_a_stranger && expires_at(signed, session.started_at, session.seen_at) > now
    });
    let Some(signed) = signed else {
        sessions::end(
            log.store(),
            log.organisation(),
            &session.person,
            sessions::SessionsToEnd::One(&session.digest),
        )
        .await?;
        return Ok(None);
    };
    if now - session.seen_at > HOUR {
        let until = expires_at(&signed, session.started_at, now);
        sessions::touch(log.store(), log.organisation(), &session.digest, now, until).await?;
        request.extensions_mut().insert(RenewedCookie(build_cookie(
            desk,
            session_cookie_name(desk),
            key,
        )));
    }
    Ok(Some(signed))
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

/// The digest of a browser's key under which its request for a code is stored.
pub(super) fn code_request_digest(desk: &AppState, key: &str) -> String {
    desk.commands
        .log()
        .vault()
        .derive_secret("asks for a code", key)
}

fn digest(desk: &AppState, key: &str) -> String {
    desk.commands.log().vault().derive_secret("session", key)
}

/// The name of the session cookie. With TLS it has the prefix `__Host-`: browsers then accept it
/// only from this host, not from a sibling domain.
fn session_cookie_name(desk: &AppState) -> &'static str {
    if desk.site.is_secure() {
        "__Host-session"
    } else {
        SESSION_COOKIE
    }
}

fn build_cookie<'a>(desk: &AppState, name: &'a str, value: &str) -> Cookie<'a> {
    let cookie = Cookie::build(name, value.to_owned())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax);
    cookie
        .secure(desk.site.is_secure())
        .max_age(CookieDuration::days(30))
        .finish()
}

/// A new random key for a browser.
pub(super) fn new_browser_key() -> String {
    let mut secret = [0_u8; 32];
    OsRng.fill_bytes(&mut secret);
    hex::encode(secret)
}

fn is_browser_key(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
