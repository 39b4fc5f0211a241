//! Exported logs, checkpoints and both verifiers.

pub mod auditing;
pub mod signatures;
pub mod take_backs;
pub mod tampering;
pub mod transparency_log;
