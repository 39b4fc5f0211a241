//! The verdict on an exported folder, for tasks that answer a question from it.

use std::path::Path;

use super::TaskError;
use super::audit::not_checked;
use crate::audit::{self, Finding};

/// Whether a folder holds, checked with its own key before a question about it is answered.
#[derive(Debug)]
pub(super) struct FolderVerdict(Result<(), TaskError>);

impl FolderVerdict {
    /// Verifies a folder. If it does not hold, standard error says so before the answer.
    pub(super) fn of(folder: &Path) -> Self {
        match audit::verify_with_own_key(folder) {
            Ok(report) => Self::of_findings(folder, &report.findings),
            Err(error) => {
                eprintln!("THIS FOLDER COULD NOT BE CHECKED, so nothing of it can be relied on.");
                Self(Err(not_checked(error)))
            }
        }
    }

    /// Makes the verdict from the findings of a verification. Writes a warning to standard error
    /// if there are any.
    pub(super) fn of_findings(folder: &Path, findings: &[Finding]) -> Self {
        let Some(warning) = audit::warning_of(findings) else {
            return Self(Ok(()));
        };
        let folder = folder.display();
        eprintln!("{warning}\nFor all of them: microgrants audit verify {folder}");
        Self(Err(TaskError::DoesNotHold(findings.len())))
    }

    /// The result of the task after its question was answered. A folder that fails verification
    /// takes precedence over an error of the answer.
    pub(super) fn and_answer(self, answer: Result<(), TaskError>) -> Result<(), TaskError> {
        if let (Err(_), Err(error)) = (&self.0, &answer) {
            eprintln!("microgrants: {error}");
        }
        self.0.and(answer)
    }
}
