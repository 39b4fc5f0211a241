//! The stylesheet and the icon. The stylesheet's address contains a digest of its content, so that
//! browsers may cache it for ever.

use std::sync::LazyLock;

use actix_web::{HttpResponse, web};
use sha2::{Digest as _, Sha256};

const STYLES: &str = concat!(
    include_str!("../../../assets/govuk.css"),
    "\n",
    include_str!("../../../assets/pages.css")
);

pub(super) static STYLES_PATH: LazyLock<String> = LazyLock::new(|| {
    format!(
        "/assets/{}.css",
        &hex::encode(Sha256::digest(STYLES.as_bytes()))[..16]
    )
});

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource(STYLES_PATH.as_str()).route(web::get().to(styles)));
    config.service(web::resource("/assets/icon.svg").route(web::get().to(icon)));
}

async fn styles() -> HttpResponse {
    let headers = ("Cache-Control", "public, max-age=31536000, immutable");
    HttpResponse::Ok()
        .insert_header(headers)
        .content_type("text/css; charset=utf-8")
        .body(STYLES)
}

async fn icon() -> HttpResponse {
    let headers = ("Cache-Control", "public, max-age=86400");
    HttpResponse::Ok()
        .insert_header(headers)
        .content_type("image/svg+xml")
        .body(include_str!("../../../assets/icon.svg"))
}
