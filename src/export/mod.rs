//! Exports: the calendar of gatherings, open data of 360Giving and of Open Referral UK,
//! spreadsheets, and subject access reports.

pub mod calendar;
pub mod open_data;
pub mod open_referral;
pub mod spreadsheets;
pub mod subject_access;
