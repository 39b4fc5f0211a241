//! The HTML pages. They are rendered by the server, work without scripts, and are in English or in
//! the group's language.
//!
//! A handler parses the request, queries views and renders a template. A submitted form becomes the
//! same commands as a request to the API.
//!
//! `apply` is for applying, `my` for the members of a group, `desk` for staff, `open` for
//! everybody.

mod account;
mod apply;
mod assets;
mod components;
mod desk;
mod failed;
mod figures;
mod form;
mod guard;
mod held;
mod my;
mod open;
mod own;
mod reading;
mod sealed;
pub mod sent_file;
mod shell;
mod signin;
mod tokens;
mod upload;
mod visitor;
mod words;

use actix_web::{HttpResponse, web};
use askama::Template;

pub(super) use failed::Failed;
pub(super) use form::{Form, Forms, Posted, Rejected, Sent};
pub use guard::POLICY;
pub(super) use shell::Shell;
pub(super) use visitor::{Visitor, renew};

/// The address of the stylesheet. Its name contains a digest of the content.
pub(crate) fn styles() -> &'static str {
    &assets::ADDRESS
}

/// Registers all pages.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .configure(assets::configure)
        .configure(account::configure)
        .configure(signin::configure)
        .configure(apply::configure)
        .configure(my::configure)
        .configure(open::configure)
        .configure(desk::configure);
}

/// The error page for an unknown address.
pub(super) fn nothing_here() -> HttpResponse {
    actix_web::ResponseError::error_response(&Failed::nothing())
}

/// Renders a page with status 200.
fn page(template: &impl Template) -> Result<HttpResponse, Failed> {
    answer(HttpResponse::Ok(), template)
}

fn answer(
    mut response: actix_web::HttpResponseBuilder,
    template: &impl Template,
) -> Result<HttpResponse, Failed> {
    let body = template.render().map_err(|error| Failed::broken(&error))?;
    Ok(response.content_type("text/html; charset=utf-8").body(body))
}

/// Renders a page with forms. The status is 422 if a form was rejected (`wrong`). A browser without
/// a key gets one.
fn shown(
    visitor: &Visitor,
    desk: &crate::http::Desk,
    wrong: bool,
    template: &impl Template,
) -> Result<HttpResponse, Failed> {
    let mut response = answer(
        if wrong {
            HttpResponse::UnprocessableEntity()
        } else {
            HttpResponse::Ok()
        },
        template,
    )?;
    visitor.greet(desk, &mut response);
    Ok(response)
}

/// Redirects to a page after a form was accepted.
fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header(("Location", path))
        .finish()
}

/// A description, for groups, of what they must provide for a check.
pub(crate) fn check_says(
    check: &crate::domain::text::Slug,
    language: crate::domain::language::Language,
) -> String {
    use words::say;
    match check.as_str() {
        "governing-document" => say(
            "Your rules, or a page that says who you are and what you do",
            language,
        )
        .to_owned(),
        "identity" => say("Who two of you are", language).to_owned(),
        "safeguarding" => say(
            "A plan to keep children, and adults who need looking after, safe",
            language,
        )
        .to_owned(),
        other => apply::sections::place(other),
    }
}
