//! Exported logs, checkpoints and both verifiers.

pub mod auditing;
mod broken_rules;
mod line_forms;
mod key_rotation;
pub mod signatures;
pub mod take_backs;
pub mod tampering;
pub mod transparency_log;
