//! The task `audit explain --introduction`: the story of an introduction, from an exported folder.

use std::path::Path;

use uuid::Uuid;

use super::TaskError;
use super::audit::not_checked;
use super::folder_verdict::FolderVerdict;
use crate::audit::{self, FolderCheck};

pub(super) fn explain(folder: &Path, introduction: Uuid) -> Result<(), TaskError> {
    let check = FolderCheck::of(folder).map_err(not_checked)?;
    let verdict = FolderVerdict::of_findings(folder, &check.findings);
    let story = audit::explain_introduction(folder, &check, introduction).map_err(not_checked);
    let printed = story.and_then(|story| {
        let unknown = || not_checked(format!("no introduction in this log is {introduction}"));
        print_line!("{}", story.ok_or_else(unknown)?.to_string().trim_end());
        Ok(())
    });
    verdict.and_answer(printed)
}
