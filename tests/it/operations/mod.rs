//! What an operator and the service itself do: command line, backups, mails, imports, exports.

pub mod backup;
pub mod bank;
pub mod checkpoint_mails;
pub mod cli;
pub mod durable_mails;
pub mod erasure;
pub mod files;
mod forged_backups;
pub mod held_letters;
pub mod import_values;
pub mod importing;
pub mod jobs;
pub mod mail_texts;
pub mod mails;
pub mod new_origins;
pub mod open_data;
pub mod payment_messages;
pub mod seeds;
pub mod sent_files;
pub mod settings;
pub mod statement_lines;
pub mod statements;
pub mod subject_access;
pub mod taking_back;
pub mod telling;
pub mod unknown_names;
pub mod upgrades;
