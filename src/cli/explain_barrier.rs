//! The task `audit explain --barrier`: the story of a barrier, from an exported folder.

use std::path::Path;

use uuid::Uuid;

use super::TaskError;
use super::audit::not_checked;
use super::folder_verdict::FolderVerdict;
use crate::audit::{self, FolderCheck};

pub(super) fn explain(folder: &Path, barrier: Uuid) -> Result<(), TaskError> {
    let check = FolderCheck::of(folder).map_err(not_checked)?;
    let verdict = FolderVerdict::of_findings(folder, &check.findings);
    let story = audit::explain_barrier(folder, &check, barrier).map_err(not_checked);
    let printed = story.and_then(|story| {
        let unknown = || not_checked(format!("no barrier in this log is {barrier}"));
        print_line!("{}", story.ok_or_else(unknown)?.to_string().trim_end());
        Ok(())
    });
    verdict.and_answer(printed)
}
