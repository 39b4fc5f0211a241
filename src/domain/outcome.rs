//! What changed, coded to the signs of success of the framework that the organisation adopted.

use serde::{Deserialize, Serialize};

use super::sealed::Personal;
use super::text::{Line, Prose, Slug};

/// One sign of success: in the framework of 2018 there are eight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    pub sign: Slug,
    pub title: Line,
    pub meaning: Prose,
}

/// How strongly a change shows.
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
    /// 0, 1 or 2: for comparing what the group says with what staff judge.
    #[must_use]
    pub fn points(self) -> i64 {
        match self {
            Self::None => 0,
            Self::Some => 1,
            Self::Strong => 2,
        }
    }
}

/// What a group says of one sign, in its own words.
#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeSaid {
    pub sign: Slug,
    pub strength: Strength,
    pub words: Personal,
}
