//! The API, its limits, and what other systems receive.

pub mod access_trail;
pub mod api;
pub mod api_journey;
pub mod assets;
pub mod bad_input;
pub mod barriers;
pub mod conditional_requests;
pub mod contract;
pub mod event_delivery;
pub mod gatherings;
pub mod graceful_shutdown;
pub mod header_client;
pub mod integrators;
pub mod introductions;
pub mod library;
pub mod limits;
pub mod lists;
pub mod network;
pub mod open_referral;
pub mod problems;
pub mod unproven_people;
pub mod value;
pub mod webhooks;
