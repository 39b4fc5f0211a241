//! The actions on a grant, by parts of its page.

mod checks;
mod endings;
mod offer;
mod payments;
mod returns;
mod variations;

use super::DeskRequest;
use super::action::{Action, ActionSpec};
use super::papers::purpose_name;
use crate::domain::file::FilePurpose;
use crate::domain::language::day_text;
use crate::domain::{Command, GrantCommand, GrantId};
use crate::http::pages::{PageError, PageForms};
use crate::projections::{FileRow, GrantRow};

pub(super) use checks::CheckView;
pub(super) use payments::verify_payee;
pub(super) use variations::VariationView;

/// The values from which all actions on a grant are made.
pub(super) struct GrantActions<'a> {
    pub request: &'a DeskRequest<'a>,
    pub forms: &'a PageForms,
    pub row: &'a GrantRow,
    /// Who can be chosen as present, by id and name.
    pub panel: &'a [(String, String)],
}

impl GrantActions<'_> {
    pub(super) fn spec(&self, title: impl Into<String>, command: GrantCommand) -> ActionSpec {
        ActionSpec::new(title, Command::Grant(GrantId(self.row.id), command))
    }

    pub(super) async fn offered(&self, table: Vec<ActionSpec>) -> Result<Vec<Action>, PageError> {
        self.request.actions(self.forms, table).await
    }
}

/// A choice of one of the group's files with these purposes, named by purpose and day.
pub(super) fn file_choices(files: &[FileRow], purposes: &[FilePurpose]) -> Vec<(String, String)> {
    files
        .iter()
        .filter(|file| purposes.contains(&file.purpose))
        .map(|file| {
            (
                file.file.to_string(),
                format!("{}, {}", purpose_name(file.purpose), day_text(file.kept_on)),
            )
        })
        .collect()
}
