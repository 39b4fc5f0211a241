//! Security: access, forged tokens, hostile bodies, markup in texts, cross-site requests, and
//! secrets in the trace output.

mod access_matrix;
mod csrf;
mod file_permissions;
mod forged_tokens;
pub mod fuzz_corpus;
mod hostile_bodies;
mod log_leaks;
mod member_visibility;
pub mod plain_digests;
mod uploads;
mod xss;
