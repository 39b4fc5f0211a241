//! Open data in the 360Giving standard, for everybody: the current grants at a stable address, with
//! an ETag.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, ETAG};
use actix_web::{HttpResponse, web};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use super::Desk;
use super::api::not_allowed_but;
use super::problem::{Fault, Problem};
use crate::export::open_data::{Checked, Places, Publisher, package};
use crate::log::keys::to_hex;
use crate::log::record::day_of;

/// The publication, with a cache of the newest package.
pub struct OpenData {
    publisher: Publisher,
    places: Places,
    made: Mutex<Option<(i64, Arc<Made>)>>,
}

/// A rendered package. It is used until an event changes the published grants.
pub struct Made {
    pub checked: Checked,
    json: String,
    csv: String,
    /// A digest of the JSON, for the ETag.
    tag: String,
}

impl OpenData {
    #[must_use]
    pub fn by(publisher: Publisher, places: Places) -> Self {
        Self {
            publisher,
            places,
            made: Mutex::new(None),
        }
    }

    /// The current package, from the cache unless an event changed the published grants. The lock
    /// is held while a package is rendered, so that concurrent requests render it once.
    pub async fn now(&self, desk: &Desk) -> Result<Arc<Made>, Problem> {
        let through = desk.views.published_through().await?;
        let mut made = self.made.lock().await;
        if let Some((known, made)) = &*made
            && *known == through
        {
            return Ok(Arc::clone(made));
        }
        let published = desk.views.published().await?;
        let checked = package(
            &published,
            &self.publisher,
            &self.places,
            day_of(desk.commands.now()),
        );
        let (json, csv) = (checked.package.json(), checked.package.csv());
        let tag = to_hex(&Sha256::digest(&json)[..16]);
        let new = Arc::new(Made {
            checked,
            json,
            csv,
            tag,
        });
        *made = Some((published.through, Arc::clone(&new)));
        Ok(new)
    }
}

pub(super) fn configure(config: &mut web::ServiceConfig) {
    let get = |path: &str| {
        web::resource(path.to_owned()).default_service(not_allowed_but("GET".to_owned()))
    };
    config
        .service(get("/open-data/360giving.json").route(web::get().to(json)))
        .service(get("/open-data/360giving.csv").route(web::get().to(csv)));
}

async fn json(desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let made = made(&desk).await?;
    Ok(answer(&made.tag, "json", "application/json", &made.json))
}

async fn csv(desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let made = made(&desk).await?;
    Ok(answer(
        &made.tag,
        "csv",
        "text/csv; charset=utf-8",
        &made.csv,
    ))
}

async fn made(desk: &Desk) -> Result<Arc<Made>, Problem> {
    let open_data =
        desk.site.open_data.as_ref().ok_or_else(|| {
            Fault::NotFound.problem("this organisation publishes no open data here")
        })?;
    let made = open_data.now(desk).await?;
    if made.checked.package.grants.is_empty() {
        return Err(Fault::NotFound.problem("no grant has been accepted yet: there is nothing to publish. The first one will stand here"));
    }
    Ok(made)
}

/// A response with an ETag and without caching, so that clients revalidate each time.
fn answer(tag: &str, kind: &str, media: &str, text: &str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, format!("\"{tag}-{kind}\"")))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("inline; filename=\"360giving.{kind}\""),
        ))
        .content_type(media)
        .body(text.to_owned())
}
