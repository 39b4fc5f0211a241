//! Who looks at a page: the browser's session, the person behind it, and the language.

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
/// How long a session is good that is not used, and how long at most, used or not: longer for a
/// group, whose form must not be lost.
const STAFF: (i64, i64) = (8 * HOUR, 12 * HOUR);
const GROUP: (i64, i64) = (30 * DAY, 90 * DAY);

/// Who looks at a page.
pub struct Visitor {
    /// The key that the browser holds; it names a session once somebody signs in.
    pub key: String,
    /// The browser had none yet.
    pub new: bool,
    pub signed: Option<SignedIn>,
    /// They have shown that their address is theirs.
    pub proven: bool,
    pub language: Language,
    pub csrf: String,
    /// The page's address with its query.
    pub path: String,
}

/// The cookie of a session that is good for longer from now on.
#[derive(Clone)]
struct Renewed(Cookie<'static>);

/// Gives the cookie of a session that was renewed as long a life as the session, whatever the
/// answer is.
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

    /// The person who is signed in; who is not is sent to sign in.
    pub fn signed(&self) -> Result<&SignedIn, Failed> {
        self.signed
            .as_ref()
            .ok_or_else(|| Failed::SignIn(self.path.clone()))
    }

    pub fn person(&self) -> Result<PersonId, Failed> {
        Ok(self.signed()?.reader.person)
    }

    /// Staff or an auditor; a group's member is told that there is nothing here.
    pub fn staff(&self) -> Result<&SignedIn, Failed> {
        let signed = self.signed()?;
        if signed.reader.sees_all() {
            Ok(signed)
        } else {
            Err(Failed::nothing())
        }
    }

    /// Gives a browser that has none yet a key, on the way out.
    pub fn greet(&self, desk: &Desk, response: &mut HttpResponse) {
        if self.new {
            let _ = response.add_cookie(&cookie(desk, name(desk), &self.key));
        }
    }

    /// Signs a person in under a new key: one that somebody else may have planted is worth nothing.
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
        // What another process recorded a moment ago counts: a session must not begin on what has
        // ended.
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

    /// Ends this browser's session.
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

    /// The digest under which it is kept that this browser asked for a code.
    pub fn asks(&self, desk: &Desk) -> String {
        asks(desk, &self.key)
    }

    /// The digest under which this browser's session is kept.
    pub fn digest(&self, desk: &Desk) -> String {
        digest(desk, &self.key)
    }
}

/// Where a request goes, with its query.
pub(super) fn path_of(request: &HttpRequest) -> String {
    request
        .uri()
        .path_and_query()
        .map_or_else(|| "/".to_owned(), ToString::to_string)
}

/// Remembers a language in the browser.
pub(super) fn remember_language(desk: &Desk, language: Language, response: &mut HttpResponse) {
    let mut cookie = cookie(desk, LANGUAGE, language.code());
    cookie.set_max_age(CookieDuration::days(365));
    let _ = response.add_cookie(&cookie);
}

/// The session of a key.
async fn find(desk: &Desk, key: &str) -> Result<Option<SessionRow>, Failed> {
    let log = desk.commands.log();
    let now = desk.commands.now().as_microsecond();
    Ok(sessions::find(log.store(), log.organisation(), &digest(desk, key), now).await?)
}

/// Whoever's session it is, if it still stands: one that is used is good for longer, one that has
/// ended is removed.
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
    // Whoever was given a role since has a session that was a group's, and good for longer. What
    // somebody began with an address that they have not shown to be theirs ends once a role is
    // proposed for whoever has it.
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

/// Whoever has not shown that the address is theirs acts for their new group, and in no role.
fn narrowed(proven: bool) -> Option<BTreeSet<Role>> {
    (!proven).then(BTreeSet::new)
}

/// Until when a session is good that began at one time and was used last at another.
fn expires_at(signed: &SignedIn, started_at: i64, seen_at: i64) -> i64 {
    let (idle, most) = if signed.reader.roles.is_empty() {
        GROUP
    } else {
        STAFF
    };
    (seen_at + idle).min(started_at + most)
}

/// The digest under which it is kept that a browser asked for a code, by the browser's key.
pub(super) fn asks(desk: &Desk, key: &str) -> String {
    desk.commands
        .log()
        .vault()
        .secret_of("asks for a code", key)
}

fn digest(desk: &Desk, key: &str) -> String {
    desk.commands.log().vault().secret_of("session", key)
}

/// The name of the cookie that holds a browser's key. Where browsers come by TLS, none but this
/// host can have set it.
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

/// A new key for a browser.
pub(super) fn new_key() -> String {
    let mut secret = [0_u8; 32];
    OsRng.fill_bytes(&mut secret);
    to_hex(&secret)
}

fn is_key(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
