//! Open data in the 360Giving standard, for everyone: the current grants at a stable address, with
//! an ETag.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, ETAG};
use actix_web::{HttpResponse, web};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use super::AppState;
use super::api::method_not_allowed;
use super::problem::{ErrorCode, Problem};
use crate::clock::day_of;
use crate::export::open_data::{CheckedPackage, Places, Publisher, build_package};

/// The publication, with a cache of the newest package.
pub struct OpenData {
    publisher: Publisher,
    places: Places,
    cached: Mutex<Option<(i64, Arc<CachedPackage>)>>,
}

/// A rendered package. It is used until an event changes the published grants.
pub struct CachedPackage {
    pub checked: CheckedPackage,
    json: String,
    csv: String,
    /// A digest of the JSON, for the ETag.
    tag: String,
}

impl OpenData {
    #[must_use]
    pub fn new(publisher: Publisher, places: Places) -> Self {
        Self {
            publisher,
            places,
            cached: Mutex::new(None),
        }
    }

    /// The current package, from the cache unless an event changed the published grants. The lock
    /// is held while a package is rendered, so that concurrent requests render it once.
    pub async fn current(&self, app: &AppState) -> Result<Arc<CachedPackage>, Problem> {
        let through = app.views.published_through().await?;
        let mut made = self.cached.lock().await;
        if let Some((known, made)) = &*made
            && *known == through
        {
            return Ok(Arc::clone(made));
        }
        let published = app.views.published().await?;
        let checked = build_package(
            &published,
            &self.publisher,
            &self.places,
            day_of(app.commands.now()),
        );
        let (json, csv) = (checked.package.to_json(), checked.package.to_csv());
        let tag = hex::encode(&Sha256::digest(&json)[..16]);
        let new = Arc::new(CachedPackage {
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
        web::resource(path.to_owned()).default_service(method_not_allowed("GET".to_owned()))
    };
    config
        .service(get("/open-data/360giving.json").route(web::get().to(json)))
        .service(get("/open-data/360giving.csv").route(web::get().to(csv)));
}

async fn json(app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let made = current_package(&app).await?;
    Ok(package_response(
        &made.tag,
        "json",
        "application/json",
        &made.json,
    ))
}

async fn csv(app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let made = current_package(&app).await?;
    Ok(package_response(
        &made.tag,
        "csv",
        "text/csv; charset=utf-8",
        &made.csv,
    ))
}

async fn current_package(app: &AppState) -> Result<Arc<CachedPackage>, Problem> {
    let open_data = app.site.open_data.as_ref().ok_or_else(|| {
        ErrorCode::NotFound.problem("this organisation publishes no open data here")
    })?;
    let made = open_data.current(app).await?;
    if made.checked.package.grants.is_empty() {
        return Err(ErrorCode::NotFound.problem(
            "no grant has been accepted yet, so there is \
                nothing to publish. The first one will be here",
        ));
    }
    Ok(made)
}

/// A response with an ETag and without caching, so that clients revalidate each time.
fn package_response(tag: &str, kind: &str, media: &str, text: &str) -> HttpResponse {
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
