//! What the tests share: the macros that make a test of a function, and the service,
//! browser and data that they work with.

#[macro_use]
pub mod each_engine;
pub mod browser;
pub mod encrypted_pdf;
pub mod fixtures;
pub mod folders;
pub mod in_memory_domain;
pub mod migrated;
pub mod postgres;
pub mod random;
pub mod replay;
pub mod scenario;
pub mod seeded;
pub mod service;
pub mod steps;
pub mod test_app;
