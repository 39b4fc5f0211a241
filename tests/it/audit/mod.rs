//! Exported logs, checkpoints and both verifiers.

pub mod auditing;
pub mod tampering;
pub mod transparency_log;
