//! Whether a row awaits a confirmation: a column by which the desk selects rows.

use serde::{Deserialize, Serialize};

/// Whether a record awaits a confirmation.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Waiting {
    #[default]
    Nothing,
    Waiting,
}

impl From<bool> for Waiting {
    fn from(waits: bool) -> Self {
        if waits { Self::Waiting } else { Self::Nothing }
    }
}
