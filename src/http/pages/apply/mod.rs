//! The pages for applying: open rounds, eligibility, the group and the person, then one question
//! per page.

mod answer;
mod begin;
mod check;
mod refused;
pub(super) mod sections;
mod start;

use actix_web::web;

pub(super) use answer::amount;
pub(super) use refused::says as refusal_says;
pub(super) use sections::activities;
pub(super) use start::{OpenRound, open_rounds};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/apply").route(web::get().to(start::rounds)))
        .service(web::resource("/apply/{fund}/{round}").route(web::get().to(start::start)))
        .service(
            web::resource("/apply/{fund}/{round}/form").route(web::get().to(start::blank_form)),
        )
        .service(
            web::resource("/apply/{fund}/{round}/fits/{number}")
                .route(web::get().to(start::fits))
                .route(web::post().to(start::fits_or_not)),
        )
        .service(
            web::resource("/apply/{fund}/{round}/not-now/{number}")
                .route(web::get().to(start::not_now)),
        )
        .service(
            web::resource("/apply/{fund}/{round}/group")
                .route(web::get().to(begin::group))
                .route(web::post().to(begin::with_group)),
        )
        .service(
            web::resource("/apply/{fund}/{round}/you")
                .route(web::get().to(begin::you))
                .route(web::post().to(begin::begin)),
        )
        .service(
            web::resource("/my/applications/{id}/check")
                .route(web::get().to(check::check))
                .route(web::post().to(check::submit)),
        )
        .service(web::resource("/my/applications/{id}/done").route(web::get().to(check::done)))
        .service(web::resource("/my/applications/{id}/later").route(web::get().to(check::later)))
        .service(
            web::resource("/my/applications/{id}/answer/{section}")
                .route(web::get().to(answer::ask))
                .route(web::post().to(answer::save)),
        );
}
