//! Catching up when the end of the log is far away: the next events are read and folded while the
//! rows of the previous ones are being stored.

use crate::projections::engine::event_batch::{
    CATCH_UP_BATCH_SIZE, EventPage, FoldOutput, fold, load_rows,
};
use crate::projections::engine::projector::{ProjectionError, Projector};
use crate::projections::engine::projector_state::ProjectorState;
use crate::store::Executor;
use crate::store::projection_commit::ProjectionCommit;

impl Projector {
    /// Folds and stores batches until the end of the log is near. Returns `None` if another process
    /// advanced a projection, or one failed.
    pub(in crate::projections) async fn catch_up(
        &self,
        mut known: ProjectorState,
    ) -> Result<Option<ProjectorState>, ProjectionError> {
        let (store, organisation) = (self.log().store(), self.log().organisation());
        let mut waiting = ProjectionCommit::default();
        loop {
            let from = known.next_position;
            let (stored, ahead) =
                tokio::join!(waiting.store(store, organisation), self.fold_ahead(known));
            if !stored? {
                return Ok(None);
            }
            self.shared.set_progress(from);
            self.analyse_tables().await;
            let (next, taken) = ahead?;
            if !taken.failures.is_empty() {
                return Ok(None);
            }
            if next.next_position - from < CATCH_UP_BATCH_SIZE {
                if !taken.commit.store(store, organisation).await? {
                    return Ok(None);
                }
                self.shared.set_progress(next.next_position);
                return Ok(Some(next));
            }
            (known, waiting) = (next, taken.commit);
        }
    }

    /// Folds the next events on a blocking thread. The previous batch may not be stored yet, so its
    /// rows must still be in the cache.
    async fn fold_ahead(
        &self,
        mut known: ProjectorState,
    ) -> Result<(ProjectorState, FoldOutput), ProjectionError> {
        let (store, organisation, from) = (
            self.log().store(),
            self.log().organisation(),
            known.next_position,
        );
        let page = EventPage::read(
            &mut Executor::Pool(store),
            organisation,
            from,
            CATCH_UP_BATCH_SIZE,
        )
        .await?;
        let touched = load_rows(
            Some(&mut Executor::Pool(store)),
            organisation,
            &mut known.generations,
            &page,
        )
        .await?;
        let folded = tokio::task::spawn_blocking(move || {
            let taken = fold(&mut known.generations, &page, &touched);
            // The rows of this batch are stored while the next one is loaded, so they stay cached.
            // Those of earlier batches are stored by then.
            known.advance_unstored(page.end(from), from);
            (known, taken)
        });
        Ok(folded.await?)
    }
}
