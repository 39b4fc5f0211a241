//! What was found not to hold: where, which rule, and what was seen.

use std::fmt;

use serde::Serialize;

/// What an audit holds a log against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Rule {
    /// Every file is the one that the manifest names.
    Manifest,
    /// Every line is an event in its canonical form, and can be read.
    Readable,
    /// Positions are dense and begin at 0.
    Dense,
    /// Each stream's sequences are dense and begin at 1.
    Sequence,
    /// Times never fall as positions rise.
    Time,
    /// The event is the one that was sealed.
    Sealed,
    /// The head is signed with the known key, and is over what the log says.
    Head,
    /// Nothing stands after the last signed head.
    Beyond,
    /// An award is all of its events, or none.
    WholeAward,
    /// Awards are within the bounds, by the panel, and nobody present had an interest.
    Award,
    /// Who scores has declared that there is no interest.
    Score,
    /// No more is committed than is free; no more is paid than was awarded.
    Budget,
    /// Two different people acted.
    FourEyes,
    /// Money is moved by two people who are not connected with the group.
    Independence,
    /// Money goes to a payee that was verified.
    Payee,
    /// The tables beside the log are what the events say.
    Told,
    /// What a service shows is what a replay gives.
    View,
}

/// How many findings are kept: after so many the log is past reading.
pub(super) const FINDINGS_MOST: usize = 1000;

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The first position that it is about, where it is about the log.
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
