//! The API, its limits, and what other systems receive.

pub mod access_trail;
pub mod api;
pub mod event_delivery;
pub mod graceful_shutdown;
pub mod integrators;
pub mod limits;
pub mod problems;
pub mod webhooks;
