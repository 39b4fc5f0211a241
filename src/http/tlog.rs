//! The transparency log as static files, for everyone: the newest checkpoint, the public key and
//! the tiles of the Merkle tree (C2SP tlog-tiles).
//!
//! Tiles contain hashes only. The events themselves are for auditors, who get them from `audit
//! export`.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};

use super::AppState;
use super::api::method_not_allowed;
use super::problem::{ErrorCode, Problem};
use crate::transparency::merkle::{FULL_TILE_LEN, Hash};
use crate::transparency::{self, TileCoordinates};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    let get = |path: &str| {
        web::resource(path.to_owned()).default_service(method_not_allowed("GET".to_owned()))
    };
    config
        .service(get("/log/checkpoint").route(web::get().to(checkpoint)))
        .service(get("/log/key").route(web::get().to(key)))
        .service(get("/log/tile/{level}/{tile:.+}").route(web::get().to(tile)));
}

async fn checkpoint(app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let head = transparency::newest_checkpoint(app.commands.log())
        .await?
        .ok_or_else(no_checkpoint)?;
    Ok(text(head.note))
}

async fn key(app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let known = transparency::find_log(app.commands.log())
        .await?
        .ok_or_else(no_checkpoint)?;
    Ok(text(format!("{}\n", known.verifier)))
}

fn text(body: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(body)
}

fn no_checkpoint() -> Problem {
    ErrorCode::NotFound.problem("nothing has been signed yet")
}

async fn tile(
    path: web::Path<(String, String)>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let none = || ErrorCode::NotFound.problem("there is no such tile");
    let (level, tile) = path.into_inner();
    let (at, width) = parse_tile_path(&level, &tile).ok_or_else(none)?;
    let hashes = transparency::tile(app.commands.log(), at)
        .await?
        .ok_or_else(none)?;
    let hashes = hashes.get(..width * size_of::<Hash>()).ok_or_else(none)?;
    let kept = (CACHE_CONTROL, "public, max-age=31536000, immutable");
    Ok(HttpResponse::Ok()
        .insert_header(kept)
        .content_type("application/octet-stream")
        .body(hashes.to_vec()))
}

/// Parses the path of a tile into its level and index, and how many of its hashes are requested:
/// `000`, `x001/x234/067`, or `067.p/9` for the first nine. Each tile has exactly one path.
fn parse_tile_path(level: &str, path: &str) -> Option<(TileCoordinates, usize)> {
    let plain = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
    };
    let level: i64 = Some(level)
        .filter(|level| plain(level))?
        .parse()
        .ok()
        .filter(|level| *level < 64)?;
    let (path, width) = match path.split_once(".p/") {
        Some((path, width)) => (
            path,
            Some(width)
                .filter(|width| plain(width))?
                .parse()
                .ok()
                .filter(|width| (1..FULL_TILE_LEN).contains(width))?,
        ),
        None => (path, FULL_TILE_LEN),
    };
    let parts: Vec<&str> = path.split('/').collect();
    let (last, before) = parts.split_last()?;
    let mut tile: i64 = 0;
    let thousands = before
        .iter()
        .map(|part| part.strip_prefix('x'))
        .chain([Some(*last)]);
    for (at, part) in thousands.enumerate() {
        let part =
            part.filter(|part| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        if at == 0 && part == "000" && !before.is_empty() {
            return None;
        }
        tile = tile.checked_mul(1000)?.checked_add(part.parse().ok()?)?;
    }
    Some(((level, tile), width))
}

#[cfg(test)]
mod tests {
    use super::parse_tile_path;

    #[test]
    fn a_tile_has_one_address() {
        assert_eq!(parse_tile_path("0", "000"), Some(((0, 0), 256)));
        assert_eq!(
            parse_tile_path("1", "x001/x234/067"),
            Some(((1, 1_234_067), 256))
        );
        assert_eq!(parse_tile_path("0", "067.p/9"), Some(((0, 67), 9)));
        for (level, path) in [
            ("00", "000"),
            ("64", "000"),
            ("0", "0"),
            ("0", "x000/001"),
            ("0", "001/002"),
            ("0", "x001"),
            ("0", "000.p/0"),
            ("0", "000.p/256"),
            ("0", "000.p/09"),
            ("-1", "000"),
            ("0", ""),
            ("0", "../000"),
        ] {
            assert_eq!(parse_tile_path(level, path), None, "{level}/{path}");
        }
    }
}
