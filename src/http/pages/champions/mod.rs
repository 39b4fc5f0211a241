//! Champions: the page of pledges with their figures, and taking pledges with or without an
//! account.

mod take;
mod taken_over;

use actix_web::web;

use crate::domain::language::Language;
use crate::domain::organisation::Pledge;
use crate::domain::text::Slug;
use crate::projections::OrganisationRow;

pub(super) use taken_over::{promised, take_over};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/champions")
                .route(web::get().to(take::show))
                .route(web::post().to(take::submit)),
        )
        .service(web::resource("/champions/thanks").route(web::get().to(take::show_thanks)));
}

/// The words of a pledge, including one that is no longer in force.
pub(super) fn pledge_words(own: &OrganisationRow, key: &Slug, language: Language) -> String {
    let mut all = own.pledges.iter().chain(&own.former_pledges);
    let found = all.find(|pledge: &&Pledge| pledge.pledge == *key);
    found.map_or_else(
        || key.to_string(),
        |pledge| pledge.words_in(language).to_owned(),
    )
}
