//! Kept forms: a form that is submitted after the session has ended, or from a page of an earlier
//! session, is kept. Once its person has signed in, its page shows it filled in. The service never
//! submits a kept form itself, so the protection against CSRF is unchanged.
//!
//! A form that was sent twice from the same rendered page with different values is kept too: the
//! first values are saved, and the error page and the form's page show the later ones.
//!
//! A form is kept only if the browser's headers show that a page of this service sent it, and if
//! the mark in its hidden field shows that the page was made for a signed-in person.

use actix_multipart::Multipart;
use actix_web::body::MessageBody;
use actix_web::cookie::Cookie;
use actix_web::cookie::time::Duration;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::ORIGIN;
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpRequest, web};
use futures::TryStreamExt as _;

use super::form::SURE;
use super::kept_files::{DROP_FILE, KEPT_FILE, LateFiles};
use super::layout::url_encoded;
use super::sign_in::local_path;
use super::visitor::{build_cookie, is_browser_key, new_browser_key, path_of, send_cookie};
use super::{FormData, FormErrors, PageError, Visitor, csrf, multipart};
use crate::auth::kept_forms::{self, CHOSEN_FILE, KEPT_FORM_MINUTES, KeptFile, KeptForm, LateFile};
use crate::auth::links::constant_time_eq;
use crate::domain::PersonId;
use crate::http::AppState;

/// The hidden field with the digest of the person for whom a page was made.
pub(super) const TYPED_BY: &str = "typed_by";
/// Fields that are not filled in again: those of one rendered page, the box that confirms, and a
/// password, which is not kept.
const OF_ONE_SHOWING: [&str; 9] = [
    "csrf", "key", "at", "form", TYPED_BY, SURE, "password", KEPT_FILE, DROP_FILE,
];
/// The pages that need someone to be signed in.
const ROOMS: [&str; 3] = ["/my", "/desk", "/account"];
/// The most bytes of the fields of a form with files.
const TEXT_BYTES_MAX: usize = 128 * 1024;
/// The most letters of a file's name that a page shows.
const FILE_NAME_MAX: usize = 100;

/// Checks that a form was submitted from a page of this service. If it comes too late, because
/// nobody is signed in, or from a page of an earlier session, it is kept, and the error leads to
/// where it can be sent again.
pub(super) async fn check_form(
    request: &HttpRequest,
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
) -> Result<(), PageError> {
    check_form_with_files(request, app, visitor, posted, &[]).await
}

/// Checks a form as [`check_form`] does. If it comes too late, its files are kept with it.
pub(super) async fn check_form_with_files(
    request: &HttpRequest,
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
    files: &[LateFile],
) -> Result<(), PageError> {
    let checked = csrf::check_form(request, posted.text("csrf"), visitor);
    if checked.is_ok() && (visitor.signed_in.is_some() || !needs_sign_in(request.path())) {
        if let Some(form) = keepable_form(request, app, visitor, posted) {
            request.extensions_mut().insert(ArrivedForm(form));
        }
        return note_sent_again(request, app, visitor, posted).await;
    }
    if let Some(kept) = keep(request, app, visitor, posted, files).await? {
        return Err(kept);
    }
    if names_own_site(request) {
        let unsaved = UnsavedForm {
            values: values_to_keep(posted),
            page: page_of(request, posted),
        };
        request.extensions_mut().insert(unsaved);
    }
    checked
}

/// Keeps a form with files if it comes too late, as [`check_form`] does. Files for which there is
/// no room are named, to be chosen again. Fails if nobody is signed in.
pub(super) async fn require_signed_in(
    request: &HttpRequest,
    app: &AppState,
    visitor: &Visitor,
    mut body: Multipart,
) -> Result<Multipart, PageError> {
    if visitor.signed_in.is_some() {
        return Ok(body);
    }
    let (mut pairs, mut late) = (Vec::new(), LateFiles::default());
    if names_own_site(request) {
        let is_kept = |posted: &FormData| is_keepable(request, app, visitor, posted);
        read_texts(&mut body, &mut pairs, (&mut late, is_kept)).await?;
    }
    let posted = FormData::new(pairs);
    let kept = keep(request, app, visitor, &posted, &late.files).await?;
    Err(kept.unwrap_or_else(|| PageError::SignInRequired(visitor.path.clone())))
}

/// Adds the text fields of a form, and its files if the fields before them say that they are kept,
/// otherwise their names. How long a file may take is limited, as for any body.
pub(super) async fn read_texts(
    body: &mut Multipart,
    pairs: &mut Vec<(String, String)>,
    (late, is_kept): (&mut LateFiles, impl Fn(&FormData) -> bool),
) -> Result<(), PageError> {
    let mut length = 0;
    while let Some(mut field) = body.try_next().await.map_err(multipart::incomplete_form)? {
        let file = field
            .content_disposition()
            .and_then(|disposition| disposition.get_filename())
            .map(str::to_owned);
        if let Some(file) = file {
            length += file.len();
            if length <= TEXT_BYTES_MAX {
                let tries = is_kept(&FormData::new(pairs.clone()));
                if !tries || !late.read(&mut field, &file).await? {
                    pairs.extend(chosen_file(&file));
                }
            }
            continue;
        }
        let name = field.name().unwrap_or_default().to_owned();
        length += name.len();
        let text = multipart::text(&mut field, TEXT_BYTES_MAX.saturating_sub(length)).await?;
        length += text.len();
        pairs.push((name, text));
    }
    Ok(())
}

/// The field with the name of a file, if one was chosen. A name that is too long is cut.
pub(super) fn chosen_file(name: &str) -> Option<(String, String)> {
    let shown = shown_name(name);
    (!shown.is_empty()).then(|| (CHOSEN_FILE.to_owned(), shown))
}

/// The name of a file as pages show it.
pub(super) fn shown_name(name: &str) -> String {
    name.chars().take(FILE_NAME_MAX).collect()
}

/// Keeps a form. The error leads to signing in, or to the form's page if its person has signed in
/// again meanwhile. `None` if it is not kept.
async fn keep(
    request: &HttpRequest,
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
    files: &[LateFile],
) -> Result<Option<PageError>, PageError> {
    let Some(form) = keepable_form(request, app, visitor, posted) else {
        return Ok(None);
    };
    let Some(KeptForm { page, values, .. }) = store(request, app, form, files).await? else {
        return Ok(None);
    };
    let to = if visitor.signed_in.is_some() {
        page
    } else {
        let is_missing = values.iter().any(|(name, _)| name == CHOSEN_FILE);
        let kept = if is_missing { "files" } else { "yes" };
        format!("/sign-in?kept={kept}&to={}", url_encoded(&page))
    };
    Ok(Some(PageError::FormKept(to)))
}

/// The form in the shape in which it is kept. `None` if it cannot be kept.
fn keepable_form(
    request: &HttpRequest,
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
) -> Option<KeptForm> {
    if !is_keepable(request, app, visitor, posted) {
        return None;
    }
    Some(KeptForm {
        form: posted.text("form").to_owned(),
        typed_by: posted.text(TYPED_BY).to_owned(),
        values: values_to_keep(posted),
        page: page_of(request, posted),
        sent_before: false,
        files: Vec::new(),
    })
}

/// The address of the page that has a form.
fn page_of(request: &HttpRequest, posted: &FormData) -> String {
    local_path(posted.text("at"))
        .filter(|page| needs_sign_in(page))
        .map_or_else(|| path_of(request), str::to_owned)
}

fn values_to_keep(posted: &FormData) -> Vec<(String, String)> {
    let values = posted
        .pairs()
        .iter()
        .filter(|(name, _)| !OF_ONE_SHOWING.contains(&name.as_str()));
    values.cloned().collect()
}

/// Stores a form for the browser of a request. Returns the form as it is kept.
async fn store(
    request: &HttpRequest,
    app: &AppState,
    form: KeptForm,
    files: &[LateFile],
) -> Result<Option<KeptForm>, PageError> {
    let secret = secret_of(request, app).unwrap_or_else(new_browser_key);
    let stored = kept_forms::keep_with_files(&app.commands, &secret, form, files).await?;
    if stored.is_some() {
        send_cookie(request, kept_cookie(app, &secret));
    }
    Ok(stored)
}

/// Keeps a rejected form of a visitor who is signed in, with its files. Returns the files that its
/// page then shows.
pub(super) async fn keep_rejected(
    request: &HttpRequest,
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
    files: &[LateFile],
) -> Result<Vec<KeptFile>, PageError> {
    let Some(form) = keepable_form(request, app, visitor, posted) else {
        return Ok(Vec::new());
    };
    let stored = store(request, app, form, files).await?;
    Ok(stored.map(|form| form.files).unwrap_or_default())
}

/// The form that was kept for the page of a sent form, with the secret of the browser.
pub(super) async fn kept_of(
    request: &HttpRequest,
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
) -> Result<Option<(String, KeptForm)>, PageError> {
    let Some(secret) = secret_of(request, app) else {
        return Ok(None);
    };
    let page = local_path(posted.text("at")).unwrap_or(request.path());
    let kept = kept_forms::of_page(&app.commands, &secret, &visitor.typed_by, page).await?;
    let own = kept.filter(|kept| kept.form == posted.text("form"));
    Ok(own.map(|form| (secret, form)))
}

/// A form that was accepted for reading, in case it was sent before with other values.
struct ArrivedForm(KeptForm);

/// Notes the values of a form again after its files were stored, so that they name the files.
pub(super) fn note_values(request: &HttpRequest, posted: &FormData) {
    if let Some(arrived) = request.extensions_mut().get_mut::<ArrivedForm>() {
        arrived.0.values = values_to_keep(posted);
    }
}

/// A form from a page of this service that was neither accepted nor kept: another person has signed
/// in meanwhile, or the browser has lost its key.
struct UnsavedForm {
    values: Vec<(String, String)>,
    page: String,
}

/// The texts in a form that was not accepted.
pub(super) struct OtherWords {
    /// The texts of the fields with several words.
    pub texts: Vec<String>,
    /// The page of the form.
    pub page: String,
    /// The form was sent before with other words, and its page shows these filled in.
    pub sent_before: bool,
}

impl OtherWords {
    fn new(values: Vec<(String, String)>, page: String) -> Self {
        let texts = values.into_iter().map(|(_, value)| value);
        Self {
            texts: texts
                .filter(|text| text.trim().contains(char::is_whitespace))
                .collect(),
            page,
            sent_before: false,
        }
    }
}

/// What was typed into a form that was refused because its page was made for somebody else, or for
/// nobody. The person in front of the browser sees it on that page anyway.
pub(super) fn unsaved_words(request: &HttpRequest) -> Option<OtherWords> {
    let unsaved = request.extensions_mut().remove::<UnsavedForm>()?;
    Some(OtherWords::new(unsaved.values, unsaved.page)).filter(|words| !words.texts.is_empty())
}

/// Keeps the form of a request, whose key was used for other values. `None` if the request had no
/// form that can be kept.
pub(super) async fn keep_other_values(request: &HttpRequest, app: &AppState) -> Option<OtherWords> {
    let ArrivedForm(form) = request.extensions_mut().remove::<ArrivedForm>()?;
    let form = KeptForm {
        sent_before: true,
        ..form
    };
    if let Err(error) = store(request, app, form.clone(), &[]).await {
        tracing::warn!(%error, "a form that was sent before could not be kept");
    }
    Some(OtherWords {
        sent_before: true,
        ..OtherWords::new(form.values, form.page)
    })
}

/// Keeps a form of a visitor who is signed in, so that its page shows it again, for example in
/// another language.
pub(super) async fn keep_as_typed(
    request: &HttpRequest,
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
) -> Result<(), PageError> {
    visitor.require_signed_in()?;
    keep(request, app, visitor, posted, &[]).await?;
    Ok(())
}

/// Whether a form that comes too late can be kept: it is from a page of this service that was made
/// for somebody, and no other person has signed in meanwhile.
pub(super) fn is_keepable(
    request: &HttpRequest,
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
) -> bool {
    let typed_by = posted.text(TYPED_BY);
    let is_own = if visitor.signed_in.is_some() {
        constant_time_eq(typed_by, &visitor.typed_by)
    } else {
        kept_forms::is_typed_by(app.commands.log().vault(), typed_by)
    };
    is_own && needs_sign_in(request.path()) && names_own_site(request)
}

/// A kept form that its person has sent again with a request.
struct SentAgain {
    secret: String,
    typed_by: String,
    page: String,
}

/// Notes with the request that it sends a kept form again.
async fn note_sent_again(
    request: &HttpRequest,
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
) -> Result<(), PageError> {
    if let Some((secret, _)) = kept_of(request, app, visitor, posted).await? {
        let page = local_path(posted.text("at")).unwrap_or(request.path());
        let sent = SentAgain {
            typed_by: visitor.typed_by.clone(),
            page: page.to_owned(),
            secret,
        };
        request.extensions_mut().insert(sent);
    }
    Ok(())
}

/// Middleware that deletes a kept form once it was sent again and answered without an error. After
/// an error its page still shows it. If it cannot be deleted, it expires.
pub(in crate::http) async fn forget_sent_forms(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let answer = next.call(request).await?;
    let sent = answer.request().extensions_mut().remove::<SentAgain>();
    let failed = answer.status().is_client_error() || answer.status().is_server_error();
    let app = answer.request().app_data::<web::Data<AppState>>();
    if let (Some(sent), Some(app), false) = (sent, app, failed) {
        let SentAgain {
            secret,
            typed_by,
            page,
        } = &sent;
        if let Err(error) = kept_forms::remove(&app.commands, secret, typed_by, page).await {
            tracing::warn!(%error, "a kept form could not be deleted; it expires");
        }
    }
    Ok(answer)
}

/// The form of the requested page that was kept for the visitor.
pub(super) async fn of_page(
    request: &HttpRequest,
    app: &AppState,
    visitor: &Visitor,
) -> Result<Option<FormErrors>, PageError> {
    if request.method() != Method::GET
        || visitor.signed_in.is_none()
        || !needs_sign_in(request.path())
    {
        return Ok(None);
    }
    let Some(secret) = secret_of(request, app) else {
        return Ok(None);
    };
    let (own, page) = (&visitor.typed_by, request.path());
    let kept = kept_forms::of_page(&app.commands, &secret, own, page).await?;
    Ok(kept.map(|kept| FormErrors {
        sent_before: kept.sent_before,
        files: kept.files,
        ..FormErrors::kept(kept.form, kept.values)
    }))
}

/// The address of the page of the newest form that was kept for a person who signs in in this
/// browser. Files that it keeps for other people are deleted.
pub(super) async fn page_of_newest(
    request: &HttpRequest,
    app: &AppState,
    person: PersonId,
) -> Result<Option<String>, PageError> {
    let Some(secret) = secret_of(request, app) else {
        return Ok(None);
    };
    kept_forms::remove_files_of_others(&app.commands, &secret, person).await?;
    let own = kept_forms::typed_by(app.commands.log().vault(), person);
    let kept = kept_forms::newest(&app.commands, &secret, &own).await?;
    Ok(kept.map(|kept| kept.page))
}

/// Gives the newest form that somebody sent in this browser, before they had proven their address,
/// to the person whose address it is and who has joined their group.
pub(super) async fn hand_over(
    request: &HttpRequest,
    app: &AppState,
    people: [PersonId; 2],
) -> Result<(), PageError> {
    if let Some(secret) = secret_of(request, app) {
        let vault = app.commands.log().vault();
        let [from, to] = people.map(|person| kept_forms::typed_by(vault, person));
        kept_forms::hand_over(&app.commands, &secret, &from, &to).await?;
    }
    Ok(())
}

/// Keeps what somebody typed on a public page, before they had proven their address, for the form
/// of a page that they see once they have.
pub(super) async fn keep_for_newcomer(
    request: &HttpRequest,
    app: &AppState,
    person: PersonId,
    (page, form): (&str, &str),
    values: Vec<(String, String)>,
) -> Result<(), PageError> {
    let form = KeptForm {
        page: page.to_owned(),
        form: form.to_owned(),
        typed_by: kept_forms::typed_by(app.commands.log().vault(), person),
        values,
        sent_before: false,
        files: Vec::new(),
    };
    store(request, app, form, &[]).await?;
    Ok(())
}

fn needs_sign_in(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    ROOMS.iter().any(|room| {
        path.strip_prefix(room)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Whether the browser's headers say that a page of this service sent the request. Without these
/// headers a form may be accepted, but it is not kept.
fn names_own_site(request: &HttpRequest) -> bool {
    let headers = request.headers();
    csrf::check_origin(request).is_ok()
        && (headers.contains_key("sec-fetch-site") || headers.contains_key(ORIGIN))
}

/// The secret of the browser's kept forms, if it has one.
fn secret_of(request: &HttpRequest, app: &AppState) -> Option<String> {
    request
        .cookie(cookie_name(app))
        .map(|cookie| cookie.value().to_owned())
        .filter(|secret| is_browser_key(secret))
}

/// With TLS the cookie has the prefix `__Host-`, as that of the session has.
fn cookie_name(app: &AppState) -> &'static str {
    if app.site.is_secure() {
        "__Host-kept-form"
    } else {
        "kept-form"
    }
}

fn kept_cookie(app: &AppState, secret: &str) -> Cookie<'static> {
    let mut cookie = build_cookie(app, cookie_name(app), secret);
    cookie.set_max_age(Duration::minutes(KEPT_FORM_MINUTES));
    cookie
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_members_and_the_office_keep_forms() {
        for path in ["/my", "/my?done=x", "/desk/do/a", "/account"] {
            assert!(needs_sign_in(path), "{path}");
        }
        for path in ["/", "/sign-in", "/mystery", "/apply/f/r/you", ""] {
            assert!(!needs_sign_in(path), "{path}");
        }
    }
}
