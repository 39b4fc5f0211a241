//! The checks before money is paid: passing, requesting, failing, reusing and waiving them.

use jiff::civil::Date;

use super::{GrantActions, file_choices};
use crate::domain::GrantCommand as C;
use crate::domain::file::FilePurpose;
use crate::domain::grant::{CheckNote, CheckRef, PassCheck};
use crate::domain::text::Slug;
use crate::http::pages::PageError;
use crate::http::pages::desk::action::{Action, ActionSpec, sample};
use crate::http::pages::words::{Tag, check_name, check_tag};
use crate::projections::FileRow;

/// A check that the grant needs.
pub(in crate::http::pages::desk) struct CheckView {
    pub name: String,
    pub tag: Tag,
    pub note: Option<String>,
    pub good_until: Option<Date>,
    pub acts: Vec<Action>,
}

impl GrantActions<'_> {
    /// The grant's checks, each with the actions that the reader may take.
    pub async fn checks(&self, files: &[FileRow]) -> Result<Vec<CheckView>, PageError> {
        let documents = file_choices(files, &[FilePurpose::Document]);
        let evidence: Vec<_> = std::iter::once((String::new(), "none".to_owned()))
            .chain(documents)
            .collect();
        let mut views = Vec::new();
        for (check, standing) in &self.row.checks {
            let mut table = vec![self.pass_check(check, evidence.clone())];
            if standing.state == "outstanding" {
                table.extend(self.outstanding_check(check));
            }
            let confirm = C::ConfirmWaiver(CheckRef {
                check: check.clone(),
            });
            table.push(self.check(check, "confirm", "Agree to skip this check", confirm));
            views.push(CheckView {
                name: standing
                    .condition
                    .clone()
                    .unwrap_or_else(|| check_name(check.as_str())),
                tag: check_tag(&standing.state),
                note: standing.note.clone(),
                good_until: standing.good_until,
                acts: self.offered(table).await?,
            });
        }
        Ok(views)
    }

    /// An action on one check. A page has one form of it for each check.
    fn check(&self, check: &Slug, form: &str, title: &str, command: C) -> ActionSpec {
        self.spec(title, command)
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
        self.check(check, "pass", "Passed", pass)
            .text_area("note", "What you saw")
            .day("good_until", "Valid until, if other grants can use it")
            .select("evidence", "The file that shows it", evidence)
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
            self.check(check, "request", "Ask the group", C::RequestCheck(note()))
                .text_area("note", "What do you need?")
                .hint("The group gets this by email."),
            self.check(check, "fail", "Not accepted", C::FailCheck(note()))
                .text_area("note", "Why"),
            self.check(check, "reuse", "Use last year’s check", reuse),
            self.check(
                check,
                "waive",
                "Ask to skip this check",
                C::ProposeWaiver(note()),
            )
            .text_area("note", "Why"),
        ]
    }
}
