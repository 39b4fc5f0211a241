//! The web address that an entry of the directory shows.

use crate::domain::organisation::parse_web_address;
use crate::domain::text::text_type;

text_type!(
    /// The address of a website. Everyone sees it as a link, so it has no password and no query.
    Website, parse_web_address,
    "An https address without a password, a query or a fragment, of at most 300 characters; http \
        only to localhost",
    "^https?://[A-Za-z0-9.:\\[\\]-]+(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?$", 300,
    "https://bowls.example.org"
);
