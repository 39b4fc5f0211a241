//! Authentication of people and programs: sign-in links and codes, browser sessions, and API
//! tokens.
//!
//! # Basis
//!
//! A session or token records the roles that its person held when it began, and a count of how
//! often access that rests on them had been ended by then. It is valid while the person still holds
//! these roles and the count is unchanged.

mod access;
mod ed25519_provider;
pub mod founding;
pub mod kept_forms;
pub mod links;
pub mod new_address;
pub mod sessions;
pub mod statement_links;
mod token_cache;
pub mod tokens;

use crate::eventlog::LogError;
pub use access::{OpenAccess, SignedIn, load_signed_in, open_access};

/// Why someone is not authenticated.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    #[error("this token is not from this service")]
    ForeignToken,
    #[error("this token has expired")]
    TokenExpired,
    #[error("this token has been ended, or is not from this service")]
    TokenEnded,
    #[error("we do not know the person this token belongs to")]
    UnknownPerson,
    #[error(transparent)]
    Log(#[from] LogError),
}
