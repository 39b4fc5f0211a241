//! Protection against cross-site request forgery (CSRF), and the content security policy of all
//! pages.
//!
//! # Two checks
//!
//! A form is accepted only if the browser's `Sec-Fetch-Site` or `Origin` header names this service,
//! and if it contains the CSRF token of the visitor's browser key.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, ORIGIN};
use chacha20poly1305::aead::OsRng;
use chacha20poly1305::aead::rand_core::RngCore as _;

use super::{PageError, Visitor};
use crate::auth::links::constant_time_eq;
use crate::http::problem::ErrorCode;

/// The Content-Security-Policy of all pages: styles and images of this service, forms to this
/// service, no scripts.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Refuses a form that was not submitted from a page of this service: checks the browser's headers
/// and the CSRF token.
pub(super) fn check_form(
    request: &HttpRequest,
    token: &str,
    visitor: &Visitor,
) -> Result<(), PageError> {
    check_origin(request)?;
    let own = unmask_token(token)
        .zip(unmask_token(&visitor.csrf))
        .is_some_and(|(given, own)| constant_time_eq(&given, &own));
    if visitor.is_new || !own {
        Err(foreign_form())
    } else {
        Ok(())
    }
}

/// A CSRF token as it is written into one page, `XORed` with a random pad. It differs on each page,
/// so that the sizes of compressed responses reveal nothing about it (the BREACH attack).
pub(super) fn mask_token(secret: &str) -> String {
    let secret = hex::decode(secret).ok().unwrap_or_default();
    let mut pad = vec![0_u8; secret.len()];
    OsRng.fill_bytes(&mut pad);
    let hidden: Vec<u8> = pad
        .iter()
        .zip(&secret)
        .map(|(pad, byte)| pad ^ byte)
        .collect();
    hex::encode(&pad) + &hex::encode(&hidden)
}

/// The CSRF token behind a masked one.
fn unmask_token(token: &str) -> Option<String> {
    let bytes = hex::decode(token).ok()?;
    let (pad, hidden) = bytes.split_at(bytes.len() / 2);
    let secret: Vec<u8> = pad
        .iter()
        .zip(hidden)
        .map(|(pad, byte)| pad ^ byte)
        .collect();
    (pad.len() == hidden.len()).then(|| hex::encode(&secret))
}

/// Refuses a request that was sent by a page of another site, according to the browser's headers. A
/// request without these headers passes.
pub(super) fn check_origin(request: &HttpRequest) -> Result<(), PageError> {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    match header("sec-fetch-site") {
        Some("same-origin" | "none") => Ok(()),
        Some(_) => Err(foreign_form()),
        None => {
            let Some(origin) = header(ORIGIN.as_str()) else {
                return Ok(());
            };
            let host = origin.split_once("://").map(|(_, host)| host);
            if host.is_some() && host == header(HOST.as_str()) {
                Ok(())
            } else {
                Err(foreign_form())
            }
        }
    }
}

fn foreign_form() -> PageError {
    ErrorCode::ForeignForm
        .problem("this page was open for too long, or the form did not come from our website")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_looks_different_on_each_page_and_is_the_same() {
        let secret = "5a".repeat(32);
        let (one, two) = (mask_token(&secret), mask_token(&secret));
        assert_ne!(one, two);
        assert!(!one.contains(&secret) && one.len() == 128);
        assert_eq!(
            (unmask_token(&one), unmask_token(&two)),
            (Some(secret.clone()), Some(secret))
        );
        assert_eq!(unmask_token("abc"), None);
        assert_ne!(unmask_token(""), unmask_token(&one));
    }
}
