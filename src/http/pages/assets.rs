//! The stylesheet, the icon and the pictures of the pages. The address of each contains a digest
//! of its content, so that browsers may cache it for ever.

use std::sync::LazyLock;

use actix_web::{HttpResponse, web};
use sha2::{Digest as _, Sha256};

/// A file that pages load.
struct StaticFile {
    name: &'static str,
    content_type: &'static str,
    content: &'static [u8],
}

macro_rules! assets {
    ($($name:literal: $kind:literal),+ $(,)?) => {
        /// All files that pages load.
        const ASSETS: &[StaticFile] = &[$(StaticFile {
            name: $name,
            content_type: $kind,
            content: include_bytes!(concat!("../../../assets/", $name)),
        }),+];
    };
}

assets! {
    "site.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "pictures/lost.svg": "image/svg+xml",
    "pictures/seedling.svg": "image/svg+xml",
    "pictures/street.jpg": "image/jpeg",
}

/// The address of each file, in the order of [`ASSETS`].
static PATHS: LazyLock<Vec<String>> = LazyLock::new(|| ASSETS.iter().map(path_of).collect());

fn path_of(asset: &StaticFile) -> String {
    let digest = hex::encode(Sha256::digest(asset.content));
    let (name, ending) = asset.name.rsplit_once('.').unwrap_or((asset.name, ""));
    format!("/assets/{name}-{}.{ending}", &digest[..16])
}

/// The address of a file in `assets`. Empty for an unknown name; a test compares the names in the
/// templates with the table.
pub(crate) fn asset_path(name: &str) -> &'static str {
    ASSETS
        .iter()
        .position(|asset| asset.name == name)
        .and_then(|at| PATHS.get(at))
        .map_or("", String::as_str)
}

pub(super) fn configure(config: &mut web::ServiceConfig) {
    for (asset, path) in ASSETS.iter().zip(PATHS.iter()) {
        config.service(web::resource(path.as_str()).route(web::get().to(async || {
            HttpResponse::Ok()
                .insert_header(("Cache-Control", "public, max-age=31536000, immutable"))
                .content_type(asset.content_type)
                .body(asset.content)
        })));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The budget of a page on an old phone: the stylesheet alone.
    const STYLES_MAX: usize = 60_000;

    #[test]
    fn the_stylesheet_is_small() {
        let styles = ASSETS
            .iter()
            .find(|asset| asset.name == "site.css")
            .unwrap();
        assert!(
            styles.content.len() <= STYLES_MAX,
            "{}",
            styles.content.len()
        );
    }

    #[test]
    fn an_address_has_a_digest() {
        let path = asset_path("pictures/lost.svg");
        assert!(
            path.starts_with("/assets/pictures/lost-") && path.rsplit('.').next() == Some("svg"),
            "{path}"
        );
        assert_eq!(asset_path("other.svg"), "");
    }
}
