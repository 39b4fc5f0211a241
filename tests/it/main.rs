//! Integration tests that need a database or a running service, on both engines. The folders mirror
//! `src`; see `docs/development/testing.md`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[macro_use]
mod support;

mod audit;
mod domain;
mod http;
mod log;
mod operations;
mod pages;
mod projections;
mod security;
mod structure;
mod words;
