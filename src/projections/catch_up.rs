//! Catching up when the end of the log is far away: the next events are read and folded while the
//! rows of the previous ones are being stored.

use super::batch::{FAR, Page, Taken, fold, load};
use super::follow::{ProjectionError, Projector};
use super::kept::Kept;
use crate::store::Source;
use crate::store::moves::Moves;

impl Projector {
    /// Folds and stores batches until the end of the log is near. Returns `None` if another process
    /// advanced a projection, or one failed.
    pub(super) async fn catch_up(&self, mut known: Kept) -> Result<Option<Kept>, ProjectionError> {
        let (store, organisation) = (self.log().store(), self.log().organisation());
        let mut waiting = Moves::default();
        loop {
            let from = known.next_position;
            let (stored, ahead) =
                tokio::join!(waiting.store(store, organisation), self.fold_ahead(known));
            if !stored? {
                return Ok(None);
            }
            self.shared.passed_to(from);
            self.describe().await;
            let (next, taken) = ahead?;
            if !taken.stopped.is_empty() {
                return Ok(None);
            }
            if next.next_position - from < FAR {
                if !taken.moves.store(store, organisation).await? {
                    return Ok(None);
                }
                self.shared.passed_to(next.next_position);
                return Ok(Some(next));
            }
            (known, waiting) = (next, taken.moves);
        }
    }

    /// Folds the next events on a blocking thread. The previous batch may not be stored yet, so its
    /// rows must still be in the cache.
    async fn fold_ahead(&self, mut known: Kept) -> Result<(Kept, Taken), ProjectionError> {
        let (store, organisation, from) = (
            self.log().store(),
            self.log().organisation(),
            known.next_position,
        );
        let page = Page::read(&mut Source::Outside(store), organisation, from, FAR).await?;
        let touched = load(
            Some(&mut Source::Outside(store)),
            organisation,
            &mut known.folds,
            &page,
        )
        .await?;
        let folded = tokio::task::spawn_blocking(move || {
            let taken = fold(&mut known.folds, &page, &touched);
            // The rows of this batch are stored while the next one is loaded, so they stay cached.
            // Those of earlier batches are stored by then.
            known.advance_ahead(page.end(from), from);
            (known, taken)
        });
        Ok(folded.await?)
    }
}
