//! What leaves for the world that is there already: open data, spreadsheets, files for the bank and
//! for the funder.

pub mod held;
pub mod open_data;
pub mod sheets;
