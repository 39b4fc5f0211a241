//! The engine: stores the rows of all projections, inline with an append or in the background, and
//! rebuilds them.

pub mod catch_up;
pub mod event_batch;
pub mod fold;
pub mod projector;
pub mod projector_state;
pub mod rebuild;
