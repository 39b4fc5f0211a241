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

use super::{Failed, guard};
use crate::domain::language::Language;
use crate::domain::{Organisation, Person, PersonId, Role};
use crate::http::Desk;
use crate::http::in_time::Known;
use crate::http::signin::{Basis, LATELY, SignedIn, kept, sign_in, sign_in_on};
use crate::log::keys::to_hex;
use crate::store::sessions::{self, SessionRow};

const COOKIE: &str = "session";
const LANGUAGE: &str = "language";
const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// The lifetimes of a session in microseconds: since its last use, and since its begin. Longer for
/// groups, who must not lose their form.
const STAFF: (i64, i64) = (8 * HOUR, 12 * HOUR);
const GROUP: (i64, i64) = (30 * DAY, 90 * DAY);

/// Who requests a page.
pub struct Visitor {
    /// The browser's key. Its digest identifies the session, if somebody is signed in.
    pub key: String,
    /// The key is new: the browser sent none.
    pub new: bool,
    pub signed: Option<SignedIn>,
    /// The person has proven that the e-mail address is theirs.
    pub proven: bool,
    pub language: Language,
    pub csrf: String,
    /// The request's path with its query.
    pub path: String,
}

/// The cookie of a session whose lifetime was extended by this request.
#[derive(Clone)]
struct Renewed(Cookie<'static>);

/// Middleware that sends the cookie of an extended session again, with any response, so that the
/// browser keeps it for another 30 days.
pub(in crate::http) async fn renew(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let mut answer = next.call(request).await?;
    let renewed = answer.request().extensions().get::<Renewed>().cloned();
    if let Some(Renewed(cookie)) = renewed
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
    type Error = Failed;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Failed>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let desk = request
                .app_data::<web::Data<Desk>>()
                .cloned()
                .ok_or_else(Failed::not_set_up)?;
            Self::of(&request, &desk).await
        })
    }
}

impl Visitor {
    pub(super) async fn of(request: &HttpRequest, desk: &Desk) -> Result<Self, Failed> {
        let held = request
            .cookie(name(desk))
            .map(|cookie| cookie.value().to_owned())
            .filter(|key| is_key(key));
        let language = request
            .cookie(LANGUAGE)
            .and_then(|cookie| cookie.value().parse().ok())
            .unwrap_or_default();
        let new = held.is_none();
        let key = held.unwrap_or_else(new_key);
        let session = if new { None } else { find(desk, &key).await? };
        let proven = session.as_ref().is_some_and(|session| session.proven == 1);
        let signed = match &session {
            Some(session) => resume(request, desk, session, &key).await?,
            None => None,
        };
        let path = path_of(request);
        if proven && signed.is_some() {
            request.extensions_mut().insert(Known);
        }
        if request.method() == Method::POST {
            desk.site.limits.form(
                request,
                signed.as_ref().map(|signed| (key.as_str(), &signed.reader)),
            )?;
        }
        let csrf = guard::masked(&desk.commands.log().vault().secret_of("page token", &key));
        Ok(Self {
            key,
            new,
            signed,
            proven,
            language,
            csrf,
            path,
        })
    }

    /// The person who is signed in. Otherwise fails with a redirect to the sign-in page.
    pub fn signed(&self) -> Result<&SignedIn, Failed> {
        self.signed
            .as_ref()
            .ok_or_else(|| Failed::SignIn(self.path.clone()))
    }

    pub fn person(&self) -> Result<PersonId, Failed> {
        Ok(self.signed()?.reader.person)
    }

    /// The person, if they are staff or an auditor. For members of groups the page does not exist.
    pub fn staff(&self) -> Result<&SignedIn, Failed> {
        let signed = self.signed()?;
        if signed.reader.sees_all() {
            Ok(signed)
        } else {
            Err(Failed::nothing())
        }
    }

    /// Sends a new key to a browser that has none.
    pub fn greet(&self, desk: &Desk, response: &mut HttpResponse) {
        if self.new {
            let _ = response.add_cookie(&cookie(desk, name(desk), &self.key));
        }
    }

    /// Signs a person in under a new key. A key that somebody else planted in the browser is never
    /// used.
    pub async fn begin(
        desk: &Desk,
        person: PersonId,
        proven: bool,
        device: &str,
        key: &str,
        response: &mut HttpResponse,
    ) -> Result<(), Failed> {
        let now = desk.commands.now().as_microsecond();
        let log = desk.commands.log();
        // Reads the newest state, in case another process recorded a moment ago that the person's
        // access has ended.
        log.refresh::<Person>(person.0).await?;
        log.refresh::<Organisation>(desk.commands.organisation().0)
            .await?;
        let signed = sign_in(desk, person, narrowed(proven)).await?;
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
            roles: kept(&signed.reader.roles),
            access: signed.ended.on(&signed.reader.roles),
        };
        sessions::begin(log.store(), log.organisation(), &session).await?;
        response
            .add_cookie(&cookie(desk, name(desk), key))
            .map_err(|error| Failed::broken(&error))
    }

    /// Ends the session of this browser, and removes its cookie.
    pub async fn end(&self, desk: &Desk, response: &mut HttpResponse) -> Result<(), Failed> {
        let log = desk.commands.log();
        if let Some(signed) = &self.signed {
            let person = signed.reader.person.to_string();
            sessions::end(
                log.store(),
                log.organisation(),
                &person,
                sessions::Ends::One(&digest(desk, &self.key)),
            )
            .await?;
        }
        response
            .add_removal_cookie(&cookie(desk, name(desk), ""))
            .map_err(|error| Failed::broken(&error))
    }

    /// The digest of the browser's key under which its request for a code is stored.
    pub fn asks(&self, desk: &Desk) -> String {
        asks(desk, &self.key)
    }

    /// The digest of the browser's key under which its session is stored.
    pub fn digest(&self, desk: &Desk) -> String {
        digest(desk, &self.key)
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
pub(super) fn remember_language(desk: &Desk, language: Language, response: &mut HttpResponse) {
    let mut cookie = cookie(desk, LANGUAGE, language.code());
    cookie.set_max_age(CookieDuration::days(365));
    let _ = response.add_cookie(&cookie);
}

/// The session of a browser key, if it has not expired.
async fn find(desk: &Desk, key: &str) -> Result<Option<SessionRow>, Failed> {
    let log = desk.commands.log();
    let now = desk.commands.now().as_microsecond();
    Ok(sessions::find(log.store(), log.organisation(), &digest(desk, key), now).await?)
}

/// The person of a session, if the session is still valid. Its lifetime is extended if it was last
/// extended more than an hour ago; a session that is no longer valid is deleted.
async fn resume(
    request: &HttpRequest,
    desk: &Desk,
    session: &SessionRow,
    key: &str,
) -> Result<Option<SignedIn>, Failed> {
    let Ok(person) = session.person.parse::<PersonId>() else {
        return Ok(None);
    };
    let basis = Basis {
        roles: &session.roles,
        access: session.access,
    };
    let Ok(signed) = sign_in_on(desk, person, narrowed(session.proven == 1), basis).await else {
        return Ok(None);
    };
    let log = desk.commands.log();
    let now = desk.commands.now().as_microsecond();
    // The lifetime is computed from the roles that the person has now: it gets shorter once a
    // member of a group has a role. An unproven session ends once a role is proposed for its
    // person, because it may belong to somebody else who only entered the address.
    let organisation = log
        .lately::<Organisation>(desk.commands.organisation().0, LATELY)
        .await?
        .state;
    let begun_by_a_stranger = session.proven == 0 && organisation.is_trusted(person);
    let signed = signed.filter(|signed| {
        !begun_by_a_stranger && expires_at(signed, session.started_at, session.seen_at) > now
    });
    let Some(signed) = signed else {
        sessions::end(
            log.store(),
            log.organisation(),
            &session.person,
            sessions::Ends::One(&session.digest),
        )
        .await?;
        return Ok(None);
    };
    if now - session.seen_at > HOUR {
        let until = expires_at(&signed, session.started_at, now);
        sessions::touch(log.store(), log.organisation(), &session.digest, now, until).await?;
        request
            .extensions_mut()
            .insert(Renewed(cookie(desk, name(desk), key)));
    }
    Ok(Some(signed))
}

/// An unproven session acts for the person's new group only, in no role.
fn narrowed(proven: bool) -> Option<BTreeSet<Role>> {
    (!proven).then(BTreeSet::new)
}

/// When a session expires, from its begin and its last use, all in microseconds.
fn expires_at(signed: &SignedIn, started_at: i64, seen_at: i64) -> i64 {
    let (idle, most) = if signed.reader.roles.is_empty() {
        GROUP
    } else {
        STAFF
    };
    (seen_at + idle).min(started_at + most)
}

/// The digest of a browser's key under which its request for a code is stored.
pub(super) fn asks(desk: &Desk, key: &str) -> String {
    desk.commands
        .log()
        .vault()
        .secret_of("asks for a code", key)
}

fn digest(desk: &Desk, key: &str) -> String {
    desk.commands.log().vault().secret_of("session", key)
}

/// The name of the session cookie. With TLS it has the prefix `__Host-`: browsers then accept it
/// only from this host, not from a sibling domain.
fn name(desk: &Desk) -> &'static str {
    if desk.site.is_secure() {
        "__Host-session"
    } else {
        COOKIE
    }
}

fn cookie<'a>(desk: &Desk, name: &'a str, value: &str) -> Cookie<'a> {
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
pub(super) fn new_key() -> String {
    let mut secret = [0_u8; 32];
    OsRng.fill_bytes(&mut secret);
    to_hex(&secret)
}

fn is_key(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
