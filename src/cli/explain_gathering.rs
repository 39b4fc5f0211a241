//! The task `audit explain --gathering`: the story of a gathering, from an exported folder.

use std::path::Path;

use uuid::Uuid;

use super::TaskError;
use super::audit::not_checked;
use super::folder_verdict::FolderVerdict;
use crate::audit::{self, FolderCheck};

pub(super) fn explain(folder: &Path, gathering: Uuid) -> Result<(), TaskError> {
    let check = FolderCheck::of(folder).map_err(not_checked)?;
    let verdict = FolderVerdict::of_findings(folder, &check.findings);
    let story = audit::explain_gathering(folder, &check, gathering).map_err(not_checked);
    let printed = story.and_then(|story| {
        let unknown = || not_checked(format!("no gathering in this log is {gathering}"));
        print_line!("{}", story.ok_or_else(unknown)?.to_string().trim_end());
        Ok(())
    });
    verdict.and_answer(printed)
}
