//! How far projections and subscriptions have read the log, for monitoring.

use super::{ViewError, Views};
pub use crate::store::checkpoints::ProjectionPosition;
use crate::store::{checkpoints, subscriptions};

impl Views {
    /// The positions of all generations of all projections.
    pub async fn projection_positions(&self) -> Result<Vec<ProjectionPosition>, ViewError> {
        Ok(checkpoints::all(self.log.store(), self.log.organisation()).await?)
    }

    /// All subscriptions and webhooks by name, each with the position that it reads next.
    pub async fn subscription_positions(&self) -> Result<Vec<(String, i64)>, ViewError> {
        Ok(subscriptions::all(self.log.store(), self.log.organisation()).await?)
    }
}
