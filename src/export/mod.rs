//! Exports: open data of 360Giving, spreadsheets, and subject access reports.

pub mod held;
pub mod open_data;
pub mod sheets;
