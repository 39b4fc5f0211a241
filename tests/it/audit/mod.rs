//! Exported logs, checkpoints and both verifiers.

mod answers;
pub mod auditing;
mod barrier_stories;
pub mod books;
mod broken_rules;
mod gathering_stories;
mod key_rotation;
mod line_forms;
mod number_bounds;
mod replayed_rules;
mod rotated_keys;
pub mod signatures;
mod stories;
pub mod take_backs;
pub mod tampered_export;
pub mod tampering;
pub mod transparency_log;
mod verify_fuzz;
