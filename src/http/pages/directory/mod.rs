//! Public pages of the directory: what people, groups and places nearby offer and wish for. They
//! show only what staff published, and no person.

mod entry;
mod list;
mod words;

use actix_web::web;

use super::PageError;
use crate::domain::GroupId;
use crate::domain::text::contains_url;
use crate::http::AppState;

pub(super) use words::{KINDS, kind_name, way_name};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/directory").route(web::get().to(list::show)))
        .service(web::resource("/directory/{entry}").route(web::get().to(entry::show)));
}

/// The name of the group that holds an entry. Old names with a web address are not shown.
async fn group_name(app: &AppState, group: Option<GroupId>) -> Result<Option<String>, PageError> {
    let Some(group) = group else {
        return Ok(None);
    };
    let names = app
        .views
        .names_of_groups([group.to_string()].into())
        .await?;
    Ok(names.into_values().find(|name| !contains_url(name)))
}
