//! The pages for members of a group: its applications and grants, what it is asked to do, and what
//! it can do. And for people who sign up for gatherings, or lead them.

mod agreed;
mod agreement;
mod application;
mod barriers;
mod draft;
mod entries;
mod entry;
mod feelings;
mod gathering;
mod gatherings;
mod grant;
mod grant_page;
mod group_name;
mod hours;
mod introduction;
mod introduction_ask;
mod introductions;
mod members;
mod news;
mod notices;
mod overview;
mod papers;
mod payee;
mod photographs;
mod pledges;
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
    configure_feelings(config);
    configure_grants(config);
    configure_gatherings(config);
    config
        .service(
            web::resource("/my/entries/{id}")
                .route(web::get().to(entry::show))
                .route(web::post().to(entry::submit)),
        )
        .service(
            web::resource("/my/hours/new")
                .route(web::get().to(hours::show))
                .route(web::post().to(hours::submit)),
        );
    configure_introductions(config);
}

fn configure_introductions(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/my/introductions/ask")
                .route(web::get().to(introduction_ask::show))
                .route(web::post().to(introduction_ask::submit)),
        )
        .service(
            web::resource("/my/introductions/{id}")
                .route(web::get().to(introduction::show))
                .route(web::post().to(introduction::submit)),
        )
        .service(
            web::resource("/my/agreed")
                .route(web::get().to(agreed::show))
                .route(web::post().to(agreed::submit)),
        );
    configure_barriers(config);
}

/// What the people of a group answer to the questions of the aims, as numbers.
fn configure_feelings(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/my/groups/{id}/feelings").route(web::get().to(feelings::show)))
        .service(
            web::resource("/my/groups/{id}/feelings/slips").route(web::get().to(feelings::slips)),
        )
        .service(
            web::resource("/my/groups/{id}/feelings/ask/{question}")
                .route(web::get().to(feelings::show_new))
                .route(web::post().to(feelings::give)),
        )
        .service(
            web::resource("/my/groups/{id}/feelings/correct/{tally}")
                .route(web::get().to(feelings::show_correction))
                .route(web::post().to(feelings::correct)),
        );
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

fn configure_barriers(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/my/barriers/new")
                .route(web::get().to(barriers::show_new))
                .route(web::post().to(barriers::submit_new)),
        )
        .service(web::resource("/my/barriers/{id}").route(web::get().to(barriers::show)))
        .service(
            web::resource("/my/pledges")
                .route(web::get().to(pledges::show))
                .route(web::post().to(pledges::submit)),
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
