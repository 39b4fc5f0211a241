//! Microgrants: apply, award, pay, report and close, with every change an immutable event.
pub mod cli;
pub mod commands;
pub mod config;
pub mod domain;
pub mod http;
pub mod log;
pub mod projections;
pub mod store;
pub mod views;
