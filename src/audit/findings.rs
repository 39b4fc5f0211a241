//! Findings: which rule is broken, at which position, and how.

use std::fmt;

use serde::Serialize;

/// A rule that the verifier checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Rule {
    /// Every file has the digest in the manifest.
    Manifest,
    /// Every line is an event in canonical form whose payload can be decoded.
    Readable,
    /// Positions begin at 0 and have no gap.
    Dense,
    /// The sequences of each stream begin at 1 and have no gap.
    Sequence,
    /// Times never fall as positions rise.
    Time,
    /// The event has the hash that is under the checkpoint.
    Sealed,
    /// Each checkpoint is signed with the trusted key and agrees with the events.
    Head,
    /// No event follows the last checkpoint.
    Beyond,
    /// An award is complete: decision, commitment and offer are in one command, with the same
    /// amount.
    WholeAward,
    /// Awards are within the bounds and made by the panel, which also approves another amount or
    /// purpose, and everyone present had declared that they have no interest.
    Award,
    /// A person who scores has declared that they have no interest.
    Score,
    /// No more is committed than is free, and no more is paid than was awarded.
    Budget,
    /// Two different people acted where two are needed.
    FourEyes,
    /// People sign agreements for themselves, each once, and staff share statements in their own
    /// name.
    Signature,
    /// The people who move money are two, and not connected with the group.
    Independence,
    /// Money goes to a verified payee.
    Payee,
    /// Someone in the group could be reached when an application was submitted.
    Reach,
    /// The tables in the folder follow from the events.
    Told,
    /// The stored read models equal a replay of the log.
    View,
}

/// The most findings that are reported. A log with more is beyond reading.
pub(super) const FINDINGS_MAX: usize = 1000;

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The first position that it is about, if it is about the events.
    pub position: Option<i64>,
    pub rule: Rule,
    pub says: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule: &str = self.rule.into();
        match self.position {
            Some(position) => write!(f, "position {position}: {rule}: {}", self.says),
            None => write!(f, "{rule}: {}", self.says),
        }
    }
}
