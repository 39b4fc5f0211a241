//! Checks of a grant: what must be seen before money leaves.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::GrantRow;
use crate::domain::GrantEvent;
use crate::domain::text::Slug;

/// The state of a check, with its latest note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Check)]
pub struct CheckRow {
    /// `outstanding`, `passed`, `failed`, `waiver_proposed` or `waived`.
    pub state: String,
    pub note: Option<String>,
    /// The last day on which a passed check counts.
    #[schema(value_type = Option<String>, format = "date")]
    pub good_until: Option<Date>,
    /// The text of the condition, if the check is a condition of the award.
    pub condition: Option<String>,
}

impl CheckRow {
    /// Whether nothing more is needed for it.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.state.as_str(), "passed" | "waived")
    }

    fn outstanding(condition: Option<String>) -> Self {
        Self {
            state: "outstanding".into(),
            note: None,
            good_until: None,
            condition,
        }
    }
}

/// The checks of a new offer: those of the fund, and the conditions of the award.
pub(super) fn outstanding_checks(offer: &GrantEvent) -> BTreeMap<Slug, CheckRow> {
    let GrantEvent::GrantOffered {
        checks, conditions, ..
    } = offer
    else {
        return BTreeMap::new();
    };
    let conditions = conditions.iter().map(|(check, condition)| {
        let text = condition.text.to_string();
        (check.clone(), CheckRow::outstanding(Some(text)))
    });
    checks
        .iter()
        .map(|check| (check.clone(), CheckRow::outstanding(None)))
        .chain(conditions)
        .collect()
}

impl GrantRow {
    pub(super) fn apply_check(&mut self, happened: &GrantEvent) {
        use GrantEvent as E;
        let (check, state, note, until) = match happened {
            E::CheckRequested { check, note, .. } => {
                (check, "outstanding", Some(note.to_string()), None)
            }
            E::CheckPassed {
                check,
                note,
                good_until,
                ..
            } => (check, "passed", Some(note.to_string()), *good_until),
            E::CheckReused {
                check, good_until, ..
            } => (check, "passed", None, Some(*good_until)),
            E::CheckFailed { check, note, .. } => (check, "failed", Some(note.to_string()), None),
            E::WaiverProposed { check, reason, .. } => {
                (check, "waiver_proposed", Some(reason.to_string()), None)
            }
            E::CheckWaived { check, .. } => (
                check,
                "waived",
                self.checks.get(check).and_then(|row| row.note.clone()),
                None,
            ),
            _ => return,
        };
        let condition = self.checks.get(check).and_then(|row| row.condition.clone());
        self.checks.insert(
            check.clone(),
            CheckRow {
                state: state.to_owned(),
                note,
                good_until: until,
                condition,
            },
        );
    }
}
