//! Whether a row waits for somebody to confirm something: a column by which the desk finds it.

use serde::{Deserialize, Serialize};

/// Whether something of a row waits to be confirmed.
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
