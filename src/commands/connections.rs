//! Connections of people with an application, for readers: the same rules that decisions use.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::Commands;
use crate::domain::{Application, Connections, Group};
use crate::eventlog::LogError;

/// Maximum age of a cached aggregate that is used for reading.
const STATE_AGE_MAX: Duration = Duration::from_secs(1);

/// The aggregates that determine who is connected with an application.
pub struct ConnectedStreams {
    application: Arc<Application>,
    group: Arc<Group>,
    relatives: Vec<Arc<Group>>,
}

impl ConnectedStreams {
    #[must_use]
    pub fn connections(&self) -> Connections<'_> {
        Connections::new(
            &self.group,
            self.relatives.iter().map(AsRef::as_ref).collect(),
            vec![&self.application],
        )
    }
}

impl Commands {
    /// Loads the aggregates that determine who is connected with an application: the application,
    /// its group, and all groups merged with that group. `None` if the application does not exist.
    pub async fn connected_streams(
        &self,
        application: Uuid,
    ) -> Result<Option<ConnectedStreams>, LogError> {
        let application = self
            .log
            .load_recent::<Application>(application, STATE_AGE_MAX)
            .await?
            .state;
        let Some(place) = application.target() else {
            return Ok(None);
        };
        let own = place.group;
        let group = self
            .log
            .load_recent::<Group>(own.0, STATE_AGE_MAX)
            .await?
            .state;
        let (mut met, mut relatives) = (vec![own], Vec::new());
        let mut waiting: Vec<_> = group
            .merged_into()
            .into_iter()
            .chain(group.absorbed_groups())
            .collect();
        while let Some(next) = waiting.pop() {
            if met.contains(&next) {
                continue;
            }
            met.push(next);
            let state = self
                .log
                .load_recent::<Group>(next.0, STATE_AGE_MAX)
                .await?
                .state;
            waiting.extend(
                state
                    .merged_into()
                    .into_iter()
                    .chain(state.absorbed_groups()),
            );
            relatives.push(state);
        }
        Ok(Some(ConnectedStreams {
            application,
            group,
            relatives,
        }))
    }
}
