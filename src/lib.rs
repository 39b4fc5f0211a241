//! Microgrants: apply, award, pay, report and close, with every change an immutable event.
pub mod audit;
pub mod backup;
pub mod cli;
pub mod commands;
pub mod config;
pub mod domain;
pub mod erasure;
pub mod files;
pub mod http;
pub mod jobs;
pub mod log;
pub mod mail;
pub mod projections;
pub mod seal;
pub mod store;
pub mod views;
