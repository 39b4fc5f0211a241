//! The event log: appends, caches, encryption, races, faults and crashes.

pub mod appends;
pub mod cqrs_es_compat;
pub mod crashes;
pub mod database_lock;
pub mod earlier_version;
pub mod encryption;
pub mod faults;
pub mod golden;
pub mod head_cache;
pub mod inline_projections;
pub mod races;
pub mod slow_commits;
