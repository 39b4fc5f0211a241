//! The HTML pages. They are rendered by the server, work without scripts, and are in English or in
//! the group's language.
//!
//! A handler parses the request, queries views and renders a template. A submitted form becomes the
//! same commands as a request to the API.
//!
//! `apply` has the pages for applying, `gatherings` those for booking a session, `directory` the
//! public directory, `heard` the barriers, `champions` the pledges, `my` the pages of group
//! members, `desk` those of staff, and `public` the other public pages.

mod account;
mod account_contact;
mod account_email;
mod aim_words;
mod apply;
mod assets;
mod begin;
mod bounced;
mod champions;
mod charts;
mod components;
mod csrf;
mod days;
mod desk;
mod device;
mod directory;
mod error;
mod error_page;
mod file_upload;
mod flower;
mod form;
mod form_reader;
mod fund_texts;
mod gatherings;
mod group_files;
mod heard;
mod i18n;
mod icons;
mod kept_files;
mod kept_form;
mod language_buttons;
mod layout;
mod log_proof;
pub mod multipart;
mod my;
mod network_drawing;
mod network_layout;
mod newcomer;
mod ownership;
mod phone;
mod public;
mod question_field;
mod sign_in;
mod sign_in_link;
mod site;
mod statement_sheet;
mod subject_access;
mod tallies;
mod theme;
mod theme_names;
mod tokens;
mod visitor;
mod words;
mod year_chart;

use actix_web::{HttpResponse, web};
use askama::Template;

pub use csrf::CONTENT_SECURITY_POLICY;
pub(super) use error::PageError;
pub(super) use error_page::{accepts_html, render_errors};
pub(super) use form::{Form, FormData, FormErrors, PageForms, PostedForm};
pub(super) use icons::icon;
pub(super) use kept_form::forget_sent_forms;
pub(super) use layout::{PageContext, PageWidth};
pub use theme::theme_path;
pub(super) use visitor::{Visitor, send_cookies};

pub(crate) use assets::asset_path;

/// Registers all pages.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .configure(assets::configure)
        .configure(theme::configure)
        .configure(account::configure)
        .configure(sign_in::configure)
        .configure(begin::configure)
        .configure(apply::configure)
        .configure(gatherings::configure)
        .configure(directory::configure)
        .configure(heard::configure)
        .configure(champions::configure)
        .configure(my::configure)
        .configure(public::configure)
        .configure(desk::configure);
}

/// The error page for an unknown address.
pub(super) fn not_found_page() -> HttpResponse {
    HttpResponse::from_error(PageError::not_found())
}

/// Renders a page with status 200.
fn render_page(template: &impl Template) -> Result<HttpResponse, PageError> {
    render_to(HttpResponse::Ok(), template)
}

fn render_to(
    mut response: actix_web::HttpResponseBuilder,
    template: &impl Template,
) -> Result<HttpResponse, PageError> {
    let body = template
        .render()
        .map_err(|error| PageError::internal(&error))?;
    Ok(response.content_type("text/html; charset=utf-8").body(body))
}

/// Renders a page with forms. The status is 422 if a form was rejected (`wrong`). A browser without
/// a key gets one.
fn render_form_page(
    visitor: &Visitor,
    app: &crate::http::AppState,
    wrong: bool,
    template: &impl Template,
) -> Result<HttpResponse, PageError> {
    let mut response = render_to(
        if wrong {
            HttpResponse::UnprocessableEntity()
        } else {
            HttpResponse::Ok()
        },
        template,
    )?;
    visitor.set_new_key_cookie(app, &mut response);
    Ok(response)
}

/// Redirects to a page after a form was accepted.
fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header(("Location", path))
        .finish()
}
