//! Addresses of shared statements. The secret in an address is derived from a key outside the
//! database and from what the link shows. It is stored nowhere, and an address of a link that was
//! lost with a restored backup does not open another statement with the same number.

use super::links::constant_time_eq;
use crate::crypto::vault::Vault;
use crate::domain::organisation::StatementLink;

/// Path of the page that a link opens.
#[must_use]
pub fn path(vault: &Vault, number: u32, link: &StatementLink) -> String {
    format!("/statement/{number}/{}", secret(vault, number, link))
}

/// Whether a secret is that of the link.
#[must_use]
pub fn is_secret(vault: &Vault, number: u32, link: &StatementLink, typed: &str) -> bool {
    constant_time_eq(&secret(vault, number, link), typed)
}

fn secret(vault: &Vault, number: u32, link: &StatementLink) -> String {
    let StatementLink {
        funder,
        from,
        until,
        expires_on,
    } = link;
    let shown = format!("{number}/{funder}/{from}/{until}/{expires_on}");
    vault.derive_secret("statement", &shown)
}
