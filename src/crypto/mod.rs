//! Keys, and what they encrypt: personal values and files.
//!
//! # Envelope encryption
//!
//! A personal value is encrypted by its subject's key, and that key by the key-encryption key: see
//! [`vault`]. Destroying a subject's key destroys every value of the subject, in backups too
//! (crypto-shredding).
//!
//! # Key files
//!
//! [`keys`] reads the organisation's keys from files and creates missing ones.

pub mod file_encryption;
pub mod keys;
pub mod personal_rows;
pub mod rotation;
pub mod row_opener;
pub mod vault;
