//! The pages for applying: open rounds, eligibility, the group and the person, then one question
//! per page.

mod answer;
mod answer_command;
pub(super) mod answer_files;
mod applicant;
mod applicant_group;
mod applicant_person;
mod refusal_text;
mod review_answers;
pub(super) mod sections;
mod start;

use actix_web::{guard, web};

pub(super) use answer_command::parse_amount;
pub(super) use applicant::correction_notice;
pub(super) use refusal_text::refusal_text as refusal_says;
pub(super) use start::{OpenRound, open_rounds};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/apply").route(web::get().to(start::show_rounds)))
        .service(web::resource("/apply/{fund}/{round}").route(web::get().to(start::show)))
        .service(
            web::resource("/apply/{fund}/{round}/form").route(web::get().to(start::blank_form)),
        )
        .service(
            web::resource("/apply/{fund}/{round}/fits")
                .route(web::get().to(start::show_eligibility))
                .route(web::post().to(start::submit_eligibility)),
        )
        .service(
            web::resource("/apply/{fund}/{round}/not-now/{number}")
                .route(web::get().to(start::show_not_eligible)),
        )
        .service(
            web::resource("/apply/{fund}/{round}/group")
                .route(web::get().to(applicant_group::show))
                .route(web::post().to(applicant_group::submit)),
        )
        .service(
            web::resource("/apply/{fund}/{round}/you")
                .route(web::get().to(applicant_person::show))
                .route(web::post().to(applicant_person::submit)),
        )
        .service(
            web::resource("/my/applications/{id}/check")
                .route(web::get().to(review_answers::show))
                .route(web::post().to(review_answers::submit)),
        )
        .service(
            web::resource("/my/applications/{id}/done")
                .route(web::get().to(review_answers::show_submitted)),
        )
        .service(
            web::resource("/my/applications/{id}/later")
                .route(web::get().to(review_answers::show_saved)),
        )
        .service(
            web::resource("/my/applications/{id}/answer/{section}")
                .route(web::get().to(answer::show))
                .route(
                    web::post()
                        .guard(guard::fn_guard(answer_files::is_multipart))
                        .to(answer_files::submit),
                )
                .route(web::post().to(answer::submit)),
        )
        .service(
            web::resource("/my/applications/{id}/files/{file}")
                .route(web::get().to(answer_files::download)),
        );
}
