//! Rules: lifecycle, conflicts, second people, every command in every state.

pub mod assets;
pub mod bank_facts;
pub mod blank_streams;
pub mod conflicts;
pub mod connections;
pub mod extreme_values;
pub mod gatherings;
pub mod groups;
pub mod later_connections;
pub mod lifecycle;
pub mod matrix;
pub mod model;
pub mod office_of_two;
pub mod pledges_and_barriers;
pub mod random_histories;
pub mod refusals;
pub mod requested_changes;
pub mod reviewed_inputs;
pub mod sybil_attacks;
pub mod themes;
pub mod two_people;
