//! Pages of groups and of the office.

pub mod form_retries;
pub mod group_pages;
pub mod journeys;
pub mod sign_in;
pub mod spreadsheets;
