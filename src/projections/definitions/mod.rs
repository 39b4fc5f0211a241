//! The projections: for each table, which rows an event affects, and what each row is after it.

pub mod agreements;
pub mod answers;
pub mod applications;
pub mod corrections;
pub mod day_index;
pub mod files;
pub mod funds;
pub mod gatherings;
pub mod grants;
pub mod groups;
pub mod identifiers;
pub mod moment;
pub mod organisations;
pub mod past_grants;
pub mod payment_batches;
pub mod payments;
pub mod people;
pub mod posting_dimensions;
pub mod published;
pub mod sessions;
pub mod sign_ups;
pub mod updates;
pub mod waiting;
