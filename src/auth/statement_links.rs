//! Addresses of shared statements. The secret in an address is derived from the link's content and
//! a key outside the database, and is not stored. If a restored backup lacks a link and its number
//! is used again, the old address therefore does not open the new statement.

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
