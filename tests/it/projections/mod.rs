//! Read models: rebuilt equals live, and figures.

pub mod budget_by_funder;
pub mod read_models;
pub mod sums;
