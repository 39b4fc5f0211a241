//! Findings: which rule is broken, at which position, and how.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;
use uuid::Uuid;

use crate::domain::Rule;
use crate::domain::text::is_invisible;

/// A rule of the format of a folder.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    strum::EnumIter,
    strum::EnumMessage,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum FormRule {
    #[strum(message = "Every file has the digest in the manifest, and the folder has no others.")]
    Manifest,
    #[strum(
        message = "Every line is an event in canonical form whose payload can be decoded. Its ids, \
                   version, names and metadata have the form of a log."
    )]
    Readable,
    #[strum(
        message = "Positions begin at 0 and have no gap. The events of a command follow each \
                   other, and its id does not come back."
    )]
    Dense,
    #[strum(message = "The sequences of each record begin at 1 and have no gap.")]
    Sequence,
    #[strum(
        message = "Times never fall as positions rise. An event was decided at most 60 seconds \
                   before it was recorded, and at most 5 seconds after."
    )]
    Time,
    #[strum(message = "Each event has the hash that is under the head.")]
    Sealed,
    #[strum(message = "Each head is signed with the trusted key and agrees with the events.")]
    Head,
    #[strum(message = "No event follows the last head.")]
    Beyond,
    #[strum(message = "The tables in the folder follow from the events.")]
    Told,
    #[strum(message = "The stored read models equal a replay of the log (`audit diff`).")]
    View,
}

/// The rule that a finding is about: one of the format, or one of the table of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum FindingRule {
    Form(FormRule),
    Domain(Rule),
}

impl FindingRule {
    /// The name in findings, in kebab case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Form(rule) => rule.into(),
            Self::Domain(rule) => rule.into(),
        }
    }
}

impl From<FormRule> for FindingRule {
    fn from(rule: FormRule) -> Self {
        Self::Form(rule)
    }
}

impl From<Rule> for FindingRule {
    fn from(rule: Rule) -> Self {
        Self::Domain(rule)
    }
}

/// The most findings that are reported. A log with more is beyond reading.
const FINDINGS_MAX: usize = 1000;

/// The most characters of a finding. A folder can have texts of any length.
const SAYS_CHARS_MAX: usize = 500;

/// A text as it can be printed on one line. A finding can quote what the folder says, and the
/// folder must not write lines of its own to the auditor's terminal.
fn printable(text: impl Into<String>) -> String {
    let text: String = text.into();
    let shown = |letter: char| match letter {
        '\u{2028}' | '\u{2029}' => ' ',
        letter if is_invisible(letter) => ' ',
        letter => letter,
    };
    text.chars().take(SAYS_CHARS_MAX).map(shown).collect()
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The first position that it is about, if it is about the events.
    pub position: Option<i64>,
    pub rule: FindingRule,
    pub says: String,
    /// How many later findings about the same rule and the same record were folded into it.
    pub follow_ups: usize,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = self.rule.name();
        match self.position {
            Some(position) => write!(f, "position {position}: {rule}: {}", self.says)?,
            None => write!(f, "{rule}: {}", self.says)?,
        }
        match self.follow_ups {
            0 => Ok(()),
            more => write!(f, " (and {more} later because of it)"),
        }
    }
}

/// The warning before every answer from a folder that does not hold. None if there are no findings.
#[must_use]
pub fn warning_of(findings: &[Finding]) -> Option<String> {
    let first = findings.first()?;
    Some(format!(
        "THIS LOG DOES NOT HOLD: {} findings, and nothing below can be relied on. The first: \
         {first}",
        findings.len()
    ))
}

/// The findings so far. One broken event makes many later ones look broken: a finding about the
/// same rule and the same record as an earlier one is counted in the earlier one.
#[derive(Default)]
pub struct Findings {
    all: Vec<Finding>,
    /// By rule and record: the place of the first finding.
    first: HashMap<(FindingRule, Uuid), usize>,
}

impl Findings {
    /// Adds a finding that is about the folder or about one position.
    pub fn add(
        &mut self,
        position: Option<i64>,
        rule: impl Into<FindingRule>,
        says: impl Into<String>,
    ) {
        if self.all.len() < FINDINGS_MAX {
            self.all.push(Finding {
                position,
                rule: rule.into(),
                says: printable(says),
                follow_ups: 0,
            });
        }
    }

    /// Adds a finding about a record, or counts it in an earlier finding about the same.
    pub fn add_about(
        &mut self,
        record: Uuid,
        position: i64,
        rule: impl Into<FindingRule>,
        says: impl Into<String>,
    ) {
        let rule = rule.into();
        if let Some(first) = self.first.get(&(rule, record)) {
            if let Some(first) = self.all.get_mut(*first) {
                first.follow_ups += 1;
            }
        } else if self.all.len() < FINDINGS_MAX {
            self.first.insert((rule, record), self.all.len());
            self.add(Some(position), rule, says);
        }
    }

    /// Adds the findings of another check.
    pub(super) fn extend(&mut self, others: Self) {
        let room = FINDINGS_MAX.saturating_sub(self.all.len());
        self.all.extend(others.all.into_iter().take(room));
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All findings, those about the folder first, then by position.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Finding> {
        self.all.sort_by_key(|finding| finding.position);
        self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_writes_no_lines_of_its_own() {
        let mut findings = Findings::default();
        let quoted = format!(
            "it is \u{1b}[2J\n12 events hold\u{202e}{}",
            "x".repeat(9000)
        );
        findings.add(Some(3), FormRule::Readable, quoted);
        let says = findings.sorted().remove(0).to_string();
        assert!(says.starts_with("position 3: readable: it is  [2J 12 events hold x"));
        assert!(says.chars().count() < 600, "{says}");
    }
}
