//! The pages: rendered here, usable without a script, in English or in a group's own language.
//!
//! A page's handler reads what is asked, looks at views, and renders a template; what people send
//! becomes the same commands that the API takes. One folder a journey: `apply`, `my` (a group's
//! own), `desk` (staff); `open` for everybody.

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

/// The address of the styles.
pub(crate) fn styles() -> &'static str {
    &assets::ADDRESS
}

/// Registers every page.
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

/// The page for an address at which there is nothing.
pub(super) fn nothing_here() -> HttpResponse {
    actix_web::ResponseError::error_response(&Failed::nothing())
}

/// A page that was rendered.
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

/// A page with forms: whoever has no key yet is given one, and what is wrong is no success.
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

/// Leads on to another page after something was done.
fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header(("Location", path))
        .finish()
}

/// What a check asks for, in a group's words.
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
