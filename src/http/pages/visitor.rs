//! The visitor of a page: browser key, session, person, and language.
//!
//! # Browser keys
//!
//! Each browser has a random key in a cookie. It is the basis of the CSRF token, and its digest
//! identifies a session once someone signs in. Signing in always makes a new key, so that a
//! planted key is useless (session fixation).

use actix_web::body::MessageBody;
use actix_web::cookie::{Cookie, SameSite, time::Duration as CookieDuration};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HOST, USER_AGENT};
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, web};
use chacha20poly1305::aead::OsRng;
use chacha20poly1305::aead::rand_core::RngCore as _;

use super::{FormErrors, PageError, csrf, kept_form};
use crate::auth::links;
use crate::auth::sessions::{self, NewSession, SessionRow, SessionsToEnd};
use crate::auth::{SignedIn, kept_forms};
use crate::domain::PersonId;
use crate::domain::language::Language;
use crate::http::AppState;
use crate::http::body_timeout::KeepAliveAllowed;

const SESSION_COOKIE: &str = "session";
const LANGUAGE_COOKIE: &str = "language";

/// Who requests a page.
pub struct Visitor {
    /// The browser's key. Its digest identifies the session, if someone is signed in.
    pub browser_key: String,
    /// The key is new: the browser sent none.
    pub is_new: bool,
    pub signed_in: Option<SignedIn>,
    /// The person has proven that the e-mail address is theirs.
    pub proven: bool,
    pub language: Language,
    pub csrf: String,
    /// The digest by which forms name the person who is signed in; empty if nobody is.
    pub typed_by: String,
    /// The form of the requested page that was kept until the visitor signed in again.
    pub kept: Option<FormErrors>,
    /// The request's path with its query.
    pub path: String,
}

/// Cookies that are sent with any response to a request, also with an error: that of a session
/// whose lifetime was extended, and that of a kept form.
#[derive(Default)]
struct CookiesToSend(Vec<Cookie<'static>>);

/// Has a cookie sent with the response to a request.
pub(super) fn send_cookie(request: &HttpRequest, cookie: Cookie<'static>) {
    let mut extensions = request.extensions_mut();
    let mut cookies = extensions.remove::<CookiesToSend>().unwrap_or_default();
    cookies.0.push(cookie);
    extensions.insert(cookies);
}

/// Middleware that sends the cookies of [`send_cookie`], unless the response sets them itself.
pub(in crate::http) async fn send_cookies(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let mut answer = next.call(request).await?;
    let cookies = answer.request().extensions_mut().remove::<CookiesToSend>();
    for cookie in cookies.unwrap_or_default().0 {
        let is_set = answer
            .response()
            .cookies()
            .any(|given| given.name() == cookie.name());
        if !is_set {
            answer.response_mut().add_cookie(&cookie)?;
        }
    }
    Ok(answer)
}

impl FromRequest for Visitor {
    type Error = PageError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = request
                .app_data::<web::Data<AppState>>()
                .cloned()
                .ok_or_else(PageError::app_state_missing)?;
            Self::from_http(&request, &app).await
        })
    }
}

impl Visitor {
    /// The visitor of a request. A form counts towards the rate limits.
    pub(super) async fn from_http(
        request: &HttpRequest,
        app: &AppState,
    ) -> Result<Self, PageError> {
        let mut visitor = Self::identify(request, app).await?;
        visitor.kept = kept_form::of_page(request, app, &visitor).await?;
        if request.method() == Method::POST {
            let signed = visitor.signed_in.as_ref();
            app.site.limits.check_form(
                request,
                signed.map(|signed| (visitor.browser_key.as_str(), &signed.reader)),
            )?;
        }
        Ok(visitor)
    }

    /// The visitor of a request, outside the rate limits.
    pub(super) async fn identify(request: &HttpRequest, app: &AppState) -> Result<Self, PageError> {
        let host = request.headers().get(HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        app.site.note_host(&app.commands, host).await;
        let held = request
            .cookie(session_cookie_name(app))
            .map(|cookie| cookie.value().to_owned())
            .filter(|key| is_browser_key(key));
        let language = language_of(request);
        let new = held.is_none();
        let key = held.unwrap_or_else(new_browser_key);
        let session = if new {
            None
        } else {
            sessions::find(&app.commands, &key).await?
        };
        let proven = session.as_ref().is_some_and(|session| session.proven == 1);
        let signed = match &session {
            Some(session) => resume_session(request, app, session, &key).await?,
            None => None,
        };
        let path = path_of(request);
        if proven && signed.is_some() {
            request.extensions_mut().insert(KeepAliveAllowed);
        }
        let vault = app.commands.log().vault();
        let csrf = csrf::mask_token(&vault.derive_secret("page token", &key));
        let typed_by = signed
            .as_ref()
            .map(|signed| kept_forms::typed_by(vault, signed.reader.person))
            .unwrap_or_default();
        Ok(Self {
            browser_key: key,
            is_new: new,
            signed_in: signed,
            proven,
            language,
            csrf,
            typed_by,
            kept: None,
            path,
        })
    }

    /// A visitor known only from the request, because the database cannot be read.
    pub(super) fn unknown(request: &HttpRequest) -> Self {
        Self {
            browser_key: String::new(),
            is_new: true,
            signed_in: None,
            proven: false,
            language: language_of(request),
            csrf: String::new(),
            typed_by: String::new(),
            kept: None,
            path: path_of(request),
        }
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

    /// The person, if they are staff or an auditor. For members of groups the page does not exist,
    /// and for connectors most do not.
    pub fn require_staff(&self) -> Result<&SignedIn, PageError> {
        self.require_staff_at(&self.path)
    }

    /// The same for the page at an address that is not the request's own.
    pub fn require_staff_at(&self, address: &str) -> Result<&SignedIn, PageError> {
        let signed = self.require_signed_in()?;
        let reader = &signed.reader;
        if reader.sees_all() || (reader.works_with_people() && is_open_to_connectors(address)) {
            Ok(signed)
        } else {
            Err(PageError::not_found())
        }
    }

    /// Sends a new key to a browser that has none.
    pub fn set_new_key_cookie(&self, app: &AppState, response: &mut HttpResponse) {
        if self.is_new {
            let _ = response.add_cookie(&build_cookie(
                app,
                session_cookie_name(app),
                &self.browser_key,
            ));
        }
    }

    /// Signs the person of a request in under a new key. A key that someone else planted in the
    /// browser is never used.
    pub async fn start_session(
        request: &HttpRequest,
        app: &AppState,
        person: PersonId,
        proven: bool,
        key: &str,
        response: &mut HttpResponse,
    ) -> Result<(), PageError> {
        let device = request
            .headers()
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let session = NewSession {
            person,
            proven,
            device,
            key,
        };
        sessions::open(&app.commands, session).await?;
        response
            .add_cookie(&build_cookie(app, session_cookie_name(app), key))
            .map_err(|error| PageError::internal(&error))
    }

    /// Ends the session of this browser, and removes its cookie.
    pub async fn end(&self, app: &AppState, response: &mut HttpResponse) -> Result<(), PageError> {
        if let Some(signed) = &self.signed_in {
            sessions::end(
                app.commands.log(),
                signed.reader.person,
                SessionsToEnd::One(&self.digest(app)),
            )
            .await?;
        }
        response
            .add_removal_cookie(&build_cookie(app, session_cookie_name(app), ""))
            .map_err(|error| PageError::internal(&error))
    }

    /// The digest of the browser's key under which its request for a code is stored.
    pub fn code_request_digest(&self, app: &AppState) -> String {
        links::browser_digest(app.commands.log().vault(), &self.browser_key)
    }

    /// The digest of the browser's key under which its session is stored.
    pub fn digest(&self, app: &AppState) -> String {
        sessions::digest(app.commands.log().vault(), &self.browser_key)
    }
}

/// The language that the visitor chose.
fn language_of(request: &HttpRequest) -> Language {
    request
        .cookie(LANGUAGE_COOKIE)
        .and_then(|cookie| cookie.value().parse().ok())
        .unwrap_or_default()
}

/// The rooms of the desk that connectors enter: none shows an application, a score, an account or
/// a sum of money.
const CONNECTOR_ROOMS: [&str; 6] = [
    "gatherings",
    "assets",
    "introductions",
    "barriers",
    "learning",
    "network",
];

/// The lists of these rooms that connectors take as spreadsheets.
const CONNECTOR_SHEETS: [&str; 3] = ["gatherings", "assets", "barriers"];

/// The forms of the desk that connectors send, by the first step after `/desk/do/`: commands, whose
/// permissions the domain checks, pages of the rooms above, and views of their lists.
const CONNECTOR_FORMS: [&str; 10] = [
    "gatherings",
    "gathering-sign-up",
    "attendance",
    "assets",
    "introductions",
    "talk",
    "barriers",
    "people",
    "organisation",
    "views",
];

fn is_open_to_connectors(address: &str) -> bool {
    let path = address.split('?').next().unwrap_or_default();
    let mut steps = path.split('/').skip(1);
    match (steps.next(), steps.next(), steps.next()) {
        (Some("desk"), None, _) => true,
        (Some("desk"), Some("do" | "try"), Some(form)) => CONNECTOR_FORMS.contains(&form),
        (Some("desk"), Some("sheets"), Some(file)) => {
            let list = file.split('.').next().unwrap_or_default();
            CONNECTOR_SHEETS.contains(&list)
        }
        (Some("desk"), Some(room), _) => CONNECTOR_ROOMS.contains(&room),
        _ => false,
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
pub(super) fn remember_language(app: &AppState, language: Language, response: &mut HttpResponse) {
    let mut cookie = build_cookie(app, LANGUAGE_COOKIE, language.code());
    cookie.set_max_age(CookieDuration::days(365));
    let _ = response.add_cookie(&cookie);
}

/// The person of a session, if the session is still valid. If its lifetime was extended, the
/// response sends the cookie again.
async fn resume_session(
    request: &HttpRequest,
    app: &AppState,
    session: &SessionRow,
    key: &str,
) -> Result<Option<SignedIn>, PageError> {
    let Some(resumed) = sessions::resume(&app.commands, session).await? else {
        return Ok(None);
    };
    if resumed.extended {
        send_cookie(request, build_cookie(app, session_cookie_name(app), key));
    }
    Ok(Some(resumed.signed_in))
}

/// The name of the session cookie. With TLS it has the prefix `__Host-`: browsers then accept it
/// only from this host, not from a sibling domain.
fn session_cookie_name(app: &AppState) -> &'static str {
    if app.site.is_secure() {
        "__Host-session"
    } else {
        SESSION_COOKIE
    }
}

pub(super) fn build_cookie<'a>(app: &AppState, name: &'a str, value: &str) -> Cookie<'a> {
    let cookie = Cookie::build(name, value.to_owned())
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax);
    cookie
        .secure(app.site.is_secure())
        .max_age(CookieDuration::days(30))
        .finish()
}

/// A new random key for a browser.
pub(super) fn new_browser_key() -> String {
    let mut secret = [0_u8; 32];
    OsRng.fill_bytes(&mut secret);
    hex::encode(secret)
}

pub(super) fn is_browser_key(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
