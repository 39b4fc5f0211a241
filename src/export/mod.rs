//! Exports: open data of 360Giving, spreadsheets, and subject access reports.

pub mod open_data;
pub mod spreadsheets;
pub mod subject_access;
