//! Rebuilding a projection: a new generation is folded from the whole log while the live one
//! serves, and replaces it in one commit when it has caught up.

use crate::projections::AnyProjection;
use crate::projections::engine::event_batch::{BATCH_SIZE, GenerationState};
use crate::projections::engine::projector::{ProjectionError, Projector};
use crate::store::checkpoints::{self, ProjectionPosition};
use crate::store::{StoreError, Tx, view_rows};

impl Projector {
    /// Builds a new generation of a projection, and replaces the live one when it has caught up.
    /// Returns the number of the generation. Generations that an earlier rebuild abandoned are
    /// removed. [`ProjectionError::Unknown`] if there is no such projection.
    pub async fn rebuild(&self, name: &str) -> Result<i64, ProjectionError> {
        let projection = AnyProjection::by_name(name)
            .ok_or_else(|| ProjectionError::Unknown(name.to_owned()))?;
        let organisation = self.log().organisation();
        let mut tx = self.log().store().begin().await?;
        let known = checkpoints::lock(&mut tx, organisation).await?;
        for abandoned in known
            .iter()
            .filter(|one| one.name == name && one.state == "building")
        {
            self.remove_generation(&mut tx, projection, abandoned)
                .await?;
        }
        let generation = self.start_generation(&mut tx, projection, &known).await?;
        tx.commit().await?;
        let mut kept = None;
        while !self.build_batch(name, generation, &mut kept).await? {}
        self.remove_retired(projection).await?;
        Ok(generation)
    }

    /// Folds the next events into the generation being built. The last argument is its state in
    /// memory between batches. Returns whether it has replaced the live one.
    async fn build_batch(
        &self,
        name: &str,
        generation: i64,
        kept: &mut Option<GenerationState>,
    ) -> Result<bool, ProjectionError> {
        let organisation = self.log().organisation();
        let mut tx = self.log().store().begin_derived().await?;
        let known = checkpoints::lock(&mut tx, organisation).await?;
        let of = |state: &str| {
            known
                .iter()
                .find(|one| one.name == name && one.state == state)
                .cloned()
        };
        let building = known
            .iter()
            .find(|one| one.name == name && one.generation == generation)
            .cloned();
        let stopped = |cause: String| ProjectionError::Stopped {
            name: name.to_owned(),
            cause,
        };
        let building = building.ok_or_else(|| stopped("another rebuild took its place".into()))?;
        let from = building.next_position;
        // The state in memory is valid unless another process advanced the same generation.
        let fold = kept
            .take()
            .filter(|fold| fold.is_generation(name, generation) && fold.next_position == from)
            .or_else(|| GenerationState::from_checkpoint(&building));
        let (mut folds, next, why) = self
            .fold_locked(
                &mut tx,
                fold.into_iter().collect(),
                std::slice::from_ref(&building),
            )
            .await?;
        if let Some(cause) = why {
            return Err(stopped(cause));
        }
        let caught_up =
            of("live").is_none_or(|live| live.next_position <= next && next - from < BATCH_SIZE);
        if caught_up {
            if let Some(live) = of("live") {
                checkpoints::save(
                    &mut tx,
                    organisation,
                    &ProjectionPosition {
                        state: "retired".into(),
                        ..live
                    },
                )
                .await?;
            }
            let live = ProjectionPosition {
                state: "live".into(),
                next_position: next,
                ..building
            };
            checkpoints::save(&mut tx, organisation, &live).await?;
        }
        tx.commit().await?;
        *kept = folds.pop();
        Ok(caught_up)
    }

    async fn remove_retired(&self, projection: AnyProjection) -> Result<(), ProjectionError> {
        let organisation = self.log().organisation();
        let mut tx = self.log().store().begin().await?;
        let known = checkpoints::lock(&mut tx, organisation).await?;
        for retired in known
            .iter()
            .filter(|one| one.name == projection.name && one.state == "retired")
        {
            self.remove_generation(&mut tx, projection, retired).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Removes a generation and its rows.
    async fn remove_generation(
        &self,
        tx: &mut Tx,
        projection: AnyProjection,
        generation: &ProjectionPosition,
    ) -> Result<(), StoreError> {
        let organisation = self.log().organisation();
        view_rows::remove_generation(
            tx,
            &format!("view_{}", projection.name),
            organisation,
            generation.generation,
        )
        .await?;
        if projection.name == "places" {
            view_rows::remove_generation(tx, "postings", organisation, generation.generation)
                .await?;
        }
        checkpoints::remove(tx, organisation, generation).await
    }

    /// Rebuilds a projection whose rows have an older schema version than this program's. Processes
    /// that start at the same time build the same generation together. If the rebuild fails, the
    /// live projection stops with the error.
    pub(in crate::projections) async fn migrate_rows(
        &self,
        projection: AnyProjection,
    ) -> Result<(), ProjectionError> {
        let (organisation, name) = (self.log().organisation(), projection.name);
        tracing::info!(
            projection = name,
            "its rows are of another shape; they are made anew from the log"
        );
        let mut kept = None;
        loop {
            let mut tx = self.log().store().begin().await?;
            let known: Vec<_> = checkpoints::lock(&mut tx, organisation)
                .await?
                .into_iter()
                .filter(|one| one.name == name)
                .collect();
            let Some(live) = known.iter().find(|one| one.state == "live") else {
                return Ok(());
            };
            if live.shape == projection.schema_version {
                return Ok(());
            }
            if live.shape > projection.schema_version {
                return Err(ProjectionError::SchemaTooNew(name.to_owned()));
            }
            let under_way = known
                .iter()
                .find(|one| one.state == "building" && one.shape == projection.schema_version);
            let generation = match under_way {
                Some(building) => building.generation,
                None => self.start_generation(&mut tx, projection, &known).await?,
            };
            tx.commit().await?;
            match self.build_batch(name, generation, &mut kept).await {
                Ok(false) => {}
                Ok(true) => return self.remove_retired(projection).await,
                // Another process finished the rebuild, or the rebuild failed.
                Err(ProjectionError::Stopped { cause, .. }) => {
                    let mut tx = self.log().store().begin().await?;
                    let known = checkpoints::lock(&mut tx, organisation).await?;
                    let of = |state: &str| {
                        known
                            .iter()
                            .find(|one| one.name == name && one.state == state)
                            .cloned()
                    };
                    if let (Some(live), Some(_)) = (
                        of("live").filter(|live| live.shape != projection.schema_version),
                        of("building"),
                    ) {
                        tracing::error!(
                            projection = name, %cause,
                            "its rows cannot be made anew; it stands still"
                        );
                        checkpoints::save(
                            &mut tx,
                            organisation,
                            &ProjectionPosition {
                                error: Some(cause),
                                ..live
                            },
                        )
                        .await?;
                        tx.commit().await?;
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Creates a new generation, with a number above all known ones.
    async fn start_generation(
        &self,
        tx: &mut Tx,
        projection: AnyProjection,
        known: &[ProjectionPosition],
    ) -> Result<i64, StoreError> {
        let AnyProjection {
            name,
            schema_version: shape,
            ..
        } = projection;
        let generation = known
            .iter()
            .filter(|one| one.name == name)
            .map(|one| one.generation)
            .max()
            .unwrap_or_default()
            + 1;
        let building = ProjectionPosition {
            name: name.to_owned(),
            generation,
            next_position: 0,
            state: "building".into(),
            error: None,
            shape,
        };
        checkpoints::save(tx, self.log().organisation(), &building).await?;
        Ok(generation)
    }
}
