//! Public pages about barriers: the list of those that were passed on with their answers, and the
//! form that reports one without an account.

mod about;
mod list;
mod tell;
mod words;

use actix_web::{HttpRequest, web};

use super::{PageError, kept_form};
use crate::auth::links::{LinkPurpose, LinkRow};
use crate::domain::PersonId;
use crate::http::AppState;

pub(super) use about::{AboutChoices, EnteredBarrier};
pub(super) use words::{ShownAnswer, outcome_tag};

/// The address of the form for a visitor who is signed in. What a newcomer typed is filled in there
/// after they sign in.
pub(super) const OWN_FORM_PATH: &str = "/my/barriers/new";
/// The name of the form, on the public page and on that of somebody who is signed in.
pub(super) const BARRIER_FORM: &str = "barrier";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/heard").route(web::get().to(list::show)))
        .service(
            web::resource("/heard/tell")
                .route(web::get().to(tell::show_words))
                .route(web::post().to(tell::submit_words)),
        )
        .service(
            web::resource("/heard/tell/you")
                .route(web::get().to(tell::show_words))
                .route(web::post().to(tell::submit_person)),
        )
        .service(web::resource("/heard/told").route(web::get().to(tell::show_told)));
}

/// Whether a link hands over a barrier that was typed with the address of its person.
pub(super) fn gives_words(link: &LinkRow) -> bool {
    matches!(LinkPurpose::of(link), Some((LinkPurpose::TellBarrier, _)))
}

/// Gives the barrier that was typed in this browser with the address of a link's person to that
/// person, as a kept form.
pub(super) async fn take_over(
    request: &HttpRequest,
    app: &AppState,
    link: &LinkRow,
    person: PersonId,
) -> Result<(), PageError> {
    match LinkPurpose::of(link) {
        Some((LinkPurpose::TellBarrier, stranger)) => {
            kept_form::hand_over(request, app, [stranger, person]).await
        }
        _ => Ok(()),
    }
}
