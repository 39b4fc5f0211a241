//! The auditor's work, for which neither the server nor its database is needed: a folder with the whole log, and whether
//! everything in it holds.

mod export;
mod findings;
pub mod folder;
mod invariants;
mod prove;
mod verify;
pub mod written;

pub use export::{ExportError, Exported, export, export_in};
pub use findings::{Finding, Rule};
pub use invariants::Replay;
pub use prove::prove;
pub use verify::{AuditError, Report, Trusted, verify};
