//! Asking for a sign-in link, signing in with the code from its mail, signing out, and the choice
//! of the language.
//!
//! # No disclosure
//!
//! Asking for a link has the same response whether or not someone has the address; so has entering
//! a wrong code. A code works only in the browser that asked for it, so no page needs to contain
//! the address.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::form_reader::email_error;
use super::visitor::remember_language;
use super::{
    FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, render_form_page,
    see_other, sign_in_link,
};
use crate::auth::links::{self, LinkPurpose, LinkRow, UnprovenSessions, WRONG_CODES_MAX};
use crate::domain::PersonId;
use crate::domain::language::Language;
use crate::domain::personal_data::parse_email;
use crate::http::AppState;
use crate::mail::warnings;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/sign-in")
                .route(web::get().to(show))
                .route(web::post().to(submit)),
        )
        .service(
            web::resource("/sign-in/code")
                .route(web::get().to(show_code))
                .route(web::post().to(submit_code)),
        )
        .service(
            web::resource("/sign-in/{token}")
                .route(web::get().to(sign_in_link::show))
                .route(web::post().to(sign_in_link::submit)),
        )
        .service(web::resource("/sign-out").route(web::post().to(sign_out)))
        .service(web::resource("/language/{language}").route(web::get().to(change_language)));
}

#[derive(Template)]
#[template(path = "open/sign_in.html")]
struct SignInPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    to: String,
    /// A form that came too late was kept.
    kept: bool,
    /// Whether the form had files, which the visitor must choose again.
    had_files: bool,
}

#[derive(Template)]
#[template(path = "open/code.html")]
struct SignInCodePage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    to: String,
}

impl SignInPage {
    /// Whether a page that needs someone to be signed in led here.
    fn is_needed(&self) -> bool {
        !matches!(self.to.as_str(), "" | "/")
    }
}

/// The path, if it is a path of this service; otherwise a redirect could lead to another site.
pub(super) fn local_path(to: &str) -> Option<&str> {
    let own = to.starts_with('/')
        && !to.starts_with("//")
        && to
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    Some(to).filter(|_| own)
}

pub(super) fn query_param(request: &HttpRequest, name: &str) -> String {
    let pairs: Vec<(String, String)> =
        serde_html_form::from_str(request.query_string()).unwrap_or_default();
    pairs
        .into_iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
        .unwrap_or_default()
}

async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let to = query_param(&request, "to");
    let kept = query_param(&request, "kept");
    render(&visitor, &app, None, to, &kept).await
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    rejected: Option<FormErrors>,
    to: String,
    kept: &str,
) -> Result<HttpResponse, PageError> {
    let forms = PageForms::new(visitor, rejected);
    let mut shell = PageContext::load(
        visitor,
        app,
        super::i18n::translate("Sign in", visitor.language),
    )
    .await?;
    let wrong = forms.error_summary();
    shell.has_errors = !wrong.is_empty();
    let sheet = SignInPage {
        page: shell,
        forms,
        wrong,
        to,
        kept: matches!(kept, "yes" | "files"),
        had_files: kept == "files",
    };
    render_form_page(visitor, app, sheet.page.has_errors, &sheet)
}

async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    app.site.limits.check_sign_in(&request)?;
    let to = local_path(posted.text("to")).unwrap_or("/").to_owned();
    let email = match parse_email(posted.text("email")) {
        Ok(email) => email,
        Err(error) => {
            let says = super::i18n::translate(email_error(&error), visitor.language).to_owned();
            let wrong = vec![("email".into(), says)];
            let rejected = FormErrors::new("sign-in", &posted, wrong);
            return render(&visitor, &app, Some(rejected), to, posted.text("kept")).await;
        }
    };
    send_link(&app, &email, None, &visitor.code_request_digest(&app)).await?;
    let query = serde_html_form::to_string([("to", &to)]).unwrap_or_default();
    Ok(see_other(&format!("/sign-in/code?{query}")))
}

/// Mails a sign-in link, with a code for one browser, to the person with this address. The response
/// does not reveal whether there is one.
pub(super) async fn send_link(
    app: &AppState,
    email: &str,
    purpose: Option<(LinkPurpose, PersonId)>,
    browser: &str,
) -> Result<(), PageError> {
    let holder = links::holder_of_address(app.commands.log(), email).await?;
    if app.site.limits.allow_link(email) {
        links::issue_by_mail(&app.commands, holder, purpose, browser).await?;
    }
    Ok(())
}

async fn show_code(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    render_code(&visitor, &app, None, query_param(&request, "to")).await
}

async fn render_code(
    visitor: &Visitor,
    app: &AppState,
    rejected: Option<FormErrors>,
    to: String,
) -> Result<HttpResponse, PageError> {
    let forms = PageForms::new(visitor, rejected);
    let mut shell = PageContext::load(
        visitor,
        app,
        super::i18n::translate("Check your email", visitor.language),
    )
    .await?;
    shell.back = Some("/sign-in".to_owned());
    let wrong = forms.error_summary();
    shell.has_errors = !wrong.is_empty();
    let sheet = SignInCodePage {
        page: shell,
        forms,
        wrong,
        to,
    };
    render_form_page(visitor, app, sheet.page.has_errors, &sheet)
}

async fn submit_code(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    app.site.limits.check_sign_in(&request)?;
    let to = local_path(posted.text("to")).unwrap_or("/").to_owned();
    if let Some(link) = check_code(&app, &visitor, posted.text("code")).await? {
        // Only the page of the link asks whether to join its group; a code never joins.
        let link = LinkRow {
            joins: String::new(),
            ..link
        };
        let link = (&link, UnprovenSessions::End);
        return sign_in_link::redeem(&request, &visitor, &app, link, &to).await;
    }
    crate::http::monitoring::count_wrong_code();
    let says = super::i18n::translate(
        "This code is wrong, or it has run out. Check your newest email, or ask for a new link.",
        visitor.language,
    );
    let rejected = FormErrors::new("code", &posted, vec![("code".into(), says.to_owned())]);
    render_code(&visitor, &app, Some(rejected), to).await
}

/// The link that this browser asked for last, if `typed` is its code. At the last wrong attempt the
/// person is warned by mail.
async fn check_code(
    app: &AppState,
    visitor: &Visitor,
    typed: &str,
) -> Result<Option<LinkRow>, PageError> {
    let browser = visitor.code_request_digest(app);
    let Some(attempt) = links::try_code(&app.commands, &browser, typed).await? else {
        return Ok(None);
    };
    let link = attempt.link;
    let known = !link.person.is_empty();
    let may = app
        .site
        .limits
        .allow_code(if known { &link.person } else { &link.browser });
    if attempt.is_right && may {
        return Ok(Some(link));
    }
    if known && link.wrong_codes >= WRONG_CODES_MAX {
        warnings::warn_of_wrong_codes(&app.commands, &link).await?;
    }
    Ok(None)
}

async fn sign_out(sent: PostedForm, app: web::Data<AppState>) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, .. } = sent;
    let mut response = see_other("/");
    visitor.end(&app, &mut response).await?;
    Ok(response)
}

/// Changes the language, and redirects to the page.
async fn change_language(
    request: HttpRequest,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let language: Language = request
        .match_info()
        .query("language")
        .parse()
        .map_err(|_| PageError::not_found())?;
    let to = query_param(&request, "to");
    let mut response = see_other(local_path(&to).unwrap_or("/"));
    remember_language(&app, language, &mut response);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_our_own_is_gone_to() {
        assert_eq!(local_path("/my/grants?x=1"), Some("/my/grants?x=1"));
        for elsewhere in [
            "",
            "my",
            "https://elsewhere.example",
            "//elsewhere.example",
            "/\\elsewhere.example",
            "/\t/elsewhere.example",
            "/\n/x",
            "/é",
        ] {
            assert_eq!(local_path(elsewhere), None, "{elsewhere:?}");
        }
    }
}
