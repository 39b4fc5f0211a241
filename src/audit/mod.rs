//! The verifier: exports the log into a folder, checks such a folder, and proves events from it.
//!
//! Only the export, and a comparison of the folder with the stored read models, need the service's
//! database.

mod derived_tables;
mod event_catalogue;
mod event_schemas;
mod explain;
mod export;
pub mod export_layout;
mod findings;
mod folder_form;
mod key_history;
pub mod ledger;
mod line_form;
mod log_reader;
pub mod manifest;
mod prove;
mod read_ahead;
mod rule_table;
mod rules;
mod sample;
mod scratch_replay;
mod verify;
mod view_difference;
mod witness;

pub use event_catalogue::events_markdown;
pub use event_schemas::write_event_schemas;
pub use explain::{
    BarrierStory, FileEvidence, GatheringStory, GrantEventLine, GrantStory, IntroductionStory,
    StoryDay, StoryLine, StoryPayment, explain, explain_barrier, explain_gathering,
    explain_introduction,
};
pub use export::{ExportError, ExportSummary, export, export_in};
pub use findings::{Finding, FindingRule, Findings, FormRule, warning_of};
pub use log_reader::FolderCheck;
pub use prove::prove;
pub use rule_table::rules_markdown;
pub use rules::{RuleChecker, RuleReport};
pub use sample::{GrantSample, SampledGrant, sample};
pub use scratch_replay::{COMPUTED_VIEWS, ScratchDatabase, projection_named};
pub use verify::{AuditError, Report, Trusted, or_report_failure, verify, verify_with_own_key};
pub use witness::{CheckpointSource, WitnessError, WitnessReport, witness};
