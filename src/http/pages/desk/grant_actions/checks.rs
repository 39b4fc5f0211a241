//! The checks before money is paid: passing, requesting, failing, reusing and waiving them.

use super::{GrantActions, file_choices};
use crate::domain::GrantCommand as C;
use crate::domain::file::FilePurpose;
use crate::domain::grant::{CheckNote, CheckRef, PassCheck};
use crate::domain::text::Slug;
use crate::http::pages::PageError;
use crate::http::pages::desk::action::{Action, ActionSpec, sample};
use crate::projections::FileRow;

impl GrantActions<'_> {
    pub async fn checks(&self, files: &[FileRow]) -> Result<Vec<Action>, PageError> {
        let documents = file_choices(files, &[FilePurpose::Document]);
        let evidence: Vec<_> = std::iter::once((String::new(), "none".to_owned()))
            .chain(documents)
            .collect();
        let mut table = Vec::new();
        for (check, standing) in &self.row.checks {
            table.push(self.pass_check(check, evidence.clone()));
            if standing.state == "outstanding" {
                table.extend(self.outstanding_check(check));
            }
            let confirm = C::ConfirmWaiver(CheckRef {
                check: check.clone(),
            });
            table.push(self.check(check, "confirm", "confirm that it is waived", confirm));
        }
        self.offered(table).await
    }

    /// An action on one check. A page has one form of it for each check.
    fn check(&self, check: &Slug, form: &str, title: &str, command: C) -> ActionSpec {
        let name = check.as_str().replace('-', " ");
        self.spec(format!("{name}: {title}"), command)
            .form(format!("{form}-{check}"))
            .hidden("check", check)
    }

    fn pass_check(&self, check: &Slug, evidence: Vec<(String, String)>) -> ActionSpec {
        let pass = C::PassCheck(PassCheck {
            check: check.clone(),
            note: sample("note"),
            good_until: None,
            evidence: None,
        });
        self.check(check, "pass", "it passed", pass)
            .text_area("note", "What was seen")
            .day(
                "good_until",
                "Until when it is good, if other grants can rest on it",
            )
            .select("evidence", "Which file shows it", evidence)
    }

    fn outstanding_check(&self, check: &Slug) -> [ActionSpec; 4] {
        let note = || CheckNote {
            check: check.clone(),
            note: sample("note"),
        };
        let reuse = C::ReuseCheck(CheckRef {
            check: check.clone(),
        });
        [
            self.check(check, "request", "ask the group", C::RequestCheck(note()))
                .text_area("note", "What you need")
                .hint("The group gets a mail."),
            self.check(check, "fail", "it failed", C::FailCheck(note()))
                .text_area("note", "Why"),
            self.check(check, "reuse", "rest on the one on file", reuse),
            self.check(
                check,
                "waive",
                "propose to waive it",
                C::ProposeWaiver(note()),
            )
            .text_area("note", "Why"),
        ]
    }
}
