//! The contract as files: `/openapi.yaml` and `/openapi.json`. Each is rendered, compressed and
//! hashed once per process.

use std::io::Write as _;
use std::sync::OnceLock;

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderName, IF_NONE_MATCH, VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::api::method_not_allowed;
use super::openapi::{openapi_json, openapi_yaml};

/// Clients may cache the contract for an hour: it changes only with the program.
const CACHE_POLICY: &str = "public, max-age=3600";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    let file = |path: &'static str, file: fn() -> &'static PrecompressedFile| {
        let answer = move |request: HttpRequest| std::future::ready(file().respond(&request));
        let resource = web::resource(path).route(web::get().to(answer));
        resource.default_service(method_not_allowed("GET".to_owned()))
    };
    config
        .service(file("/openapi.yaml", yaml))
        .service(file("/openapi.json", json));
}

fn yaml() -> &'static PrecompressedFile {
    static FILE: OnceLock<PrecompressedFile> = OnceLock::new();
    FILE.get_or_init(|| PrecompressedFile::new("application/yaml", openapi_yaml()))
}

fn json() -> &'static PrecompressedFile {
    static FILE: OnceLock<PrecompressedFile> = OnceLock::new();
    FILE.get_or_init(|| PrecompressedFile::new("application/json", openapi_json().to_string()))
}

/// A file that does not change while the program runs, plain and compressed.
struct PrecompressedFile {
    media: &'static str,
    plain: Bytes,
    /// Compressed with gzip; empty if the compression failed.
    gzipped: Bytes,
    digest: String,
}

impl PrecompressedFile {
    fn new(media: &'static str, text: String) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let packed = encoder
            .write_all(text.as_bytes())
            .and_then(|()| encoder.finish())
            .unwrap_or_default();
        let digest = hex::encode(&Sha256::digest(&text)[..16]);
        Self {
            media,
            plain: text.into(),
            gzipped: packed.into(),
            digest,
        }
    }

    fn respond(&self, request: &HttpRequest) -> HttpResponse {
        let header = |name: HeaderName| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let accepts = header(ACCEPT_ENCODING);
        let packed = !self.gzipped.is_empty() && accepts.is_some_and(accepts_gzip);
        // The two encodings are different representations, so each has its own ETag.
        let tags = [
            format!("\"{}\"", self.digest),
            format!("\"{}-gzip\"", self.digest),
        ];
        let known = header(IF_NONE_MATCH).is_some_and(|known| {
            known == "*" || tags.iter().any(|tag| known.contains(tag.as_str()))
        });
        let mut answer = if known {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        let [plain_tag, packed_tag] = tags;
        answer.insert_header((ETAG, if packed { packed_tag } else { plain_tag }));
        answer
            .insert_header((CACHE_CONTROL, CACHE_POLICY))
            .insert_header((VARY, "accept-encoding"));
        if known {
            return answer.finish();
        }
        answer.content_type(self.media);
        if packed {
            return answer
                .insert_header((CONTENT_ENCODING, "gzip"))
                .body(self.gzipped.clone());
        }
        // Declaring an encoding stops the `Compress` middleware from compressing the file again for
        // each request with another `Accept-Encoding`.
        if accepts.is_some() {
            answer.insert_header((CONTENT_ENCODING, "identity"));
        }
        answer.body(self.plain.clone())
    }
}

/// Whether an `Accept-Encoding` header accepts gzip.
fn accepts_gzip(accepts: &str) -> bool {
    let mut offers = accepts
        .split(',')
        .map(|offer| offer.split_once(';').unwrap_or((offer, "")));
    offers.any(|(coding, weight)| {
        coding.trim().eq_ignore_ascii_case("gzip")
            && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_packed_for_those_who_take_it() {
        for accepts in ["gzip", "br, gzip", "gzip;q=0.5, *", "GZIP"] {
            assert!(accepts_gzip(accepts), "{accepts}");
        }
        for accepts in ["", "identity", "deflate", "gzip;q=0", "gzip; q=0.0"] {
            assert!(!accepts_gzip(accepts), "{accepts}");
        }
    }
}
