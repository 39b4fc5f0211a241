//! The verifier: exports the log into a folder, checks such a folder, and proves events from it.
//!
//! Only the export, and a comparison of the folder with the stored read models, need the service's
//! database.

mod ahead;
mod explain;
mod export;
mod findings;
pub mod folder;
mod invariants;
mod people;
mod prove;
mod replayed;
mod told;
mod verify;
mod witness;
pub mod written;

pub use explain::explain;
pub use export::{ExportError, Exported, export, export_in};
pub use findings::{Finding, Rule};
pub use invariants::Replay;
pub use people::PeopleWatch;
pub use prove::prove;
pub use replayed::{Replayed, SUMS, table};
pub use verify::{AuditError, Report, Trusted, verify};
pub use witness::{Source, WitnessError, Witnessed, witness};
