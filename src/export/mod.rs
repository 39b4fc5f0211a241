//! Exports: the calendar of gatherings, the network, open data of 360Giving and of Open Referral
//! UK, spreadsheets, and subject access reports.

pub mod calendar;
pub mod network;
pub mod open_data;
pub mod open_referral;
pub mod spreadsheets;
pub mod subject_access;
pub mod value;
