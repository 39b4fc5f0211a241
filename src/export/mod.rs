//! Exports: the calendar of gatherings, open data of 360Giving, spreadsheets, and subject access
//! reports.

pub mod calendar;
pub mod open_data;
pub mod spreadsheets;
pub mod subject_access;
