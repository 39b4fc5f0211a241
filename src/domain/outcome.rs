//! Outcomes of grants, coded to the signs of success that the organisation adopted.

use serde::{Deserialize, Serialize};

use super::personal_data::PersonalInput;
use super::text::{Line, Prose, Slug};

/// A sign of success. The framework of 2018 has eight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    pub sign: Slug,
    pub title: Line,
    pub meaning: Prose,
}

/// How strongly a change is visible.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Strength {
    None,
    Some,
    Strong,
}

impl Strength {
    /// 0, 1 or 2, for comparing the group's report with staff's assessment.
    #[must_use]
    pub fn points(self) -> i64 {
        match self {
            Self::None => 0,
            Self::Some => 1,
            Self::Strong => 2,
        }
    }
}

/// A group's report on one sign, in its own words.
#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportedOutcome {
    pub sign: Slug,
    pub strength: Strength,
    pub words: PersonalInput,
}
