//! The public pages: home, help, privacy, accessibility, impact, learning, open data, shared
//! statements, and the people and mails of a demonstration.

mod demo;
mod documents;
mod home;
mod impact;
mod impact_aims;
mod impact_gatherings;
mod impact_network;
mod learning;
mod mails;
mod open_data;
mod statement;

use actix_web::web;

pub(super) use impact::{names_of_groups, order_by_sign};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/").route(web::get().to(home::show)))
        .service(web::resource("/help").route(web::get().to(home::help)))
        .service(web::resource("/privacy").route(web::get().to(documents::privacy)))
        .service(web::resource("/accessibility").route(web::get().to(documents::accessibility)))
        .service(web::resource("/open-data").route(web::get().to(open_data::show)))
        .service(web::resource("/statement/{link}/{secret}").route(web::get().to(statement::show)))
        .service(web::resource("/impact").route(web::get().to(impact::show)))
        .service(web::resource("/learning").route(web::get().to(learning::show)))
        .service(
            web::resource("/impact/{grant}/{file}").route(web::get().to(super::my::story_picture)),
        )
        .service(
            web::resource("/demo")
                .route(web::get().to(demo::show))
                .route(web::post().to(demo::submit)),
        )
        .service(web::resource("/mails").route(web::get().to(mails::list)))
        .service(web::resource("/mails/{mail}").route(web::get().to(mails::show)));
}
