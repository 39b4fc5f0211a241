//! Exports: the calendar of gatherings, the network, open data of 360Giving, spreadsheets, and
//! subject access reports.

pub mod calendar;
pub mod network;
pub mod open_data;
pub mod spreadsheets;
pub mod subject_access;
pub mod value;
