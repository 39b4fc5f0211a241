//! The pages for members of a group: its applications and grants, what it is asked to do, and what
//! it can do. And for people who sign up for gatherings, or lead them.

mod agreement;
mod application;
mod draft;
mod gathering;
mod gatherings;
mod grant;
mod grant_page;
mod group_name;
mod members;
mod news;
mod notices;
mod overview;
mod papers;
mod payee;
mod photographs;
mod receipt;
mod report;
mod session;
mod states;
mod to_do;
mod update;

use actix_web::web;

pub(super) use agreement::signer_names;
pub(super) use papers::story_picture;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::redirect("/my/", "/my"))
        .service(
            web::resource("/my")
                .route(web::get().to(overview::show))
                .route(web::post().to(overview::answer_invitation)),
        )
        .service(
            web::resource("/my/groups/{id}/invite")
                .route(web::get().to(members::show))
                .route(web::post().to(members::submit)),
        )
        .service(
            web::resource("/my/groups/{id}/invite-again")
                .route(web::post().to(members::invite_again)),
        )
        .service(
            web::resource("/my/groups/{id}/name")
                .route(web::get().to(group_name::show))
                .route(web::post().to(group_name::submit)),
        )
        .service(
            web::resource("/my/applications/{id}")
                .route(web::get().to(application::show))
                .route(web::post().to(application::submit)),
        )
        .service(web::resource("/my/applications/{id}/receipt").route(web::get().to(receipt::show)))
        .service(
            web::resource("/my/applications/{id}/receipt/{position}")
                .route(web::get().to(receipt::proof)),
        );
    configure_grants(config);
    configure_gatherings(config);
}

fn configure_gatherings(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/my/gatherings/{id}")
                .route(web::get().to(gathering::show))
                .route(web::post().to(gathering::submit)),
        )
        .service(
            web::resource("/my/gatherings/{id}/sessions/{number}")
                .route(web::get().to(session::show))
                .route(web::post().to(session::submit)),
        );
}

fn configure_grants(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/my/grants/{id}")
                .route(web::get().to(grant::show))
                .route(web::post().to(grant::submit)),
        )
        .service(web::resource("/my/grants/{id}/agreement").route(web::get().to(agreement::show)))
        .service(
            web::resource("/my/grants/{id}/payee")
                .route(web::get().to(payee::show))
                .route(web::post().to(payee::submit)),
        )
        .service(
            web::resource("/my/grants/{id}/files").route(web::post().to(papers::upload_documents)),
        )
        .service(
            web::resource("/my/grants/{id}/files/{file}").route(web::get().to(papers::download)),
        )
        .service(
            web::resource("/my/grants/{id}/news")
                .route(web::get().to(news::show))
                .route(web::post().to(news::submit)),
        )
        .service(
            web::resource("/my/grants/{id}/news/{number}").route(web::get().to(news::show_sent)),
        )
        .service(
            web::resource("/my/grants/{id}/updates/{number}")
                .route(web::get().to(update::show))
                .route(web::post().to(update::submit)),
        );
}
