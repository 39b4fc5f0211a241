//! The directory for other programs, in the profile Open Referral UK 3.0. It is open to all.

use actix_web::http::header::{CACHE_CONTROL, ETAG};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::AppState;
use super::api::method_not_allowed;
use super::problem::{ErrorCode, Problem};
use crate::clock::day_of;
use crate::export::open_referral::{
    CONTRACT, OfferedService, OpenReferral, PROFILE, VERSION, page_of, read,
};

/// Where the profile's addresses begin.
const PREFIX: &str = "/open-referral";
/// The entries of a page, unless the query says another number.
const PER_PAGE: usize = 50;
const PER_PAGE_MAX: usize = 500;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    let get = |path: &str| {
        web::resource(format!("{PREFIX}{path}"))
            .default_service(method_not_allowed("GET".to_owned()))
    };
    config
        .service(get("").route(web::get().to(about)))
        .service(get("/").route(web::get().to(about)))
        .service(get("/services").route(web::get().to(services)))
        .service(get("/services/{id}").route(web::get().to(service)))
        .service(get("/service_at_locations").route(web::get().to(at_locations)))
        .service(get("/service_at_locations/{id}").route(web::get().to(at_location)))
        .service(get("/taxonomies").route(web::get().to(taxonomies)))
        .service(get("/taxonomies/{id}").route(web::get().to(taxonomy)))
        .service(get("/taxonomy_terms").route(web::get().to(terms)))
        .service(get("/taxonomy_terms/{id}").route(web::get().to(term)));
}

/// What a program asks for in a list.
struct FeedQuery {
    page: usize,
    per_page: usize,
    search: String,
    /// The id of a theme; empty for all.
    term: String,
    /// The id of the taxonomy; empty for all.
    taxonomy: String,
}

impl FeedQuery {
    fn parse(request: &HttpRequest) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> =
            serde_html_form::from_str(request.query_string()).unwrap_or_default();
        let value = |name: &str| {
            let found = pairs.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.trim().to_owned())
        };
        let number = |name: &'static str, otherwise: usize, most: usize| match value(name) {
            None => Ok(otherwise),
            Some(text) => {
                let number = text.parse::<usize>().ok();
                number
                    .filter(|number| (1..=most).contains(number))
                    .ok_or_else(|| {
                        ErrorCode::InvalidQuery
                            .problem(format!("this is a number from 1 to {most}"))
                            .with_field(name)
                    })
            }
        };
        Ok(Self {
            page: number("page", 1, 1_000_000)?,
            per_page: number("per_page", PER_PAGE, PER_PAGE_MAX)?,
            search: value("search").unwrap_or_default(),
            term: value("taxonomy_term_id").unwrap_or_default(),
            taxonomy: value("taxonomy_id").unwrap_or_default(),
        })
    }

    fn fits(&self, service: &OfferedService, feed: &OpenReferral) -> bool {
        let has_term = || {
            service
                .terms
                .iter()
                .any(|term| term.to_string() == self.term)
        };
        let is_taxonomy =
            || feed.taxonomy.get("id").and_then(Value::as_str) == Some(self.taxonomy.as_str());
        (self.search.is_empty() || service.says(&self.search))
            && (self.term.is_empty() || has_term())
            && (self.taxonomy.is_empty() || (is_taxonomy() && !service.terms.is_empty()))
    }

    fn answer(&self, items: &[Value]) -> HttpResponse {
        json_response(&page_of(items, self.page, self.per_page))
    }
}

/// An answer that programs ask for again each time, and download only if it changed.
fn json_response(body: &Value) -> HttpResponse {
    let text = body.to_string();
    let tag = hex::encode(&Sha256::digest(&text)[..16]);
    HttpResponse::Ok()
        .insert_header((ETAG, format!("\"{tag}\"")))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .content_type("application/json")
        .body(text)
}

async fn feed(app: &AppState) -> Result<OpenReferral, Problem> {
    let office = app.commands.organisation().0;
    let today = day_of(app.commands.now());
    Ok(read(&app.views, office, &app.site.places, today).await?)
}

/// The one of some records with the id in the address.
fn found(
    request: &HttpRequest,
    items: impl IntoIterator<Item = Value>,
) -> Result<HttpResponse, Problem> {
    let id: Option<Uuid> = request.match_info().query("id").parse().ok();
    let wanted = id.map(|id| json!(id));
    let mut items = items.into_iter();
    let item = items.find(|item| wanted.is_some() && item.get("id") == wanted.as_ref());
    item.map(|item| json_response(&item))
        .ok_or_else(|| ErrorCode::NotFound.problem("the directory has no such record"))
}

async fn about() -> HttpResponse {
    json_response(&json!({
        "version": VERSION,
        "profile": PROFILE,
        "openapi_url": CONTRACT,
    }))
}

async fn services(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let query = FeedQuery::parse(&request)?;
    let feed = feed(&app).await?;
    let fitting = feed.services.iter().filter(|one| query.fits(one, &feed));
    let items: Vec<Value> = fitting.map(OfferedService::short).collect();
    Ok(query.answer(&items))
}

async fn service(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let feed = feed(&app).await?;
    found(&request, feed.services.into_iter().map(|one| one.full))
}

async fn at_locations(
    request: HttpRequest,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let query = FeedQuery::parse(&request)?;
    let feed = feed(&app).await?;
    let fitting = feed.services.iter().filter(|one| query.fits(one, &feed));
    let services: Vec<Value> = fitting.map(|one| json!(one.id)).collect();
    let is_wanted = |at: &&Value| at.get("service_id").is_some_and(|id| services.contains(id));
    let items: Vec<Value> = feed
        .service_at_locations
        .iter()
        .filter(is_wanted)
        .cloned()
        .collect();
    Ok(query.answer(&items))
}

async fn at_location(
    request: HttpRequest,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    found(&request, feed(&app).await?.service_at_locations)
}

async fn taxonomies(
    request: HttpRequest,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let query = FeedQuery::parse(&request)?;
    Ok(query.answer(&[feed(&app).await?.taxonomy]))
}

async fn taxonomy(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    found(&request, [feed(&app).await?.taxonomy])
}

async fn terms(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let query = FeedQuery::parse(&request)?;
    Ok(query.answer(&feed(&app).await?.terms))
}

async fn term(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    found(&request, feed(&app).await?.terms)
}
