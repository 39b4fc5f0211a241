//! What keeps pages to themselves: where a form came from, and what a browser may load.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, ORIGIN};

use super::{Failed, Visitor};
use crate::http::problem::Fault;
use crate::mail::links::same;

/// What every page lets the browser do: load our styles, pictures from here, and send forms here. No script runs.
pub const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Refuses a form that was not sent from one of our own pages: by where the browser says that it came from, and by the
/// page's token.
pub(super) fn own_page(request: &HttpRequest, token: &str, visitor: &Visitor) -> Result<(), Failed> {
    own_origin(request)?;
    if visitor.new || !same(token, &visitor.csrf) {
        return Err(foreign());
    }
    Ok(())
}

/// Refuses a request that the browser says was sent from elsewhere.
pub(super) fn own_origin(request: &HttpRequest) -> Result<(), Failed> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    match header("sec-fetch-site") {
        Some("same-origin" | "none") => Ok(()),
        Some(_) => Err(foreign()),
        None => {
            let Some(origin) = header(ORIGIN.as_str()) else { return Ok(()) };
            let host = origin.split_once("://").map(|(_, host)| host);
            if host.is_some() && host == header(HOST.as_str()) { Ok(()) } else { Err(foreign()) }
        }
    }
}

fn foreign() -> Failed {
    Fault::ForeignForm.problem("this form did not come from a page of ours, or the page has stood open for too long").into()
}
