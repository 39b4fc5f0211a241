//! Catching up where the end of the log is far: the next events are read and folded while the rows of those before are stored.

use super::batch::{FAR, Page, Taken, fold, load};
use super::follow::{ProjectionError, Projector};
use super::kept::Kept;
use crate::log::LogError;
use crate::store::moves::Moves;
use crate::store::{Source, StoreError};

impl Projector {
    /// Goes on to the end of the log; `None` when somebody else moved a checkpoint or something is amiss.
    pub(super) async fn catch_up(&self, mut known: Kept) -> Result<Option<Kept>, ProjectionError> {
        let mut waiting = Moves::default();
        loop {
            let from = known.next_position;
            let (stored, ahead) = tokio::join!(self.store(&waiting), self.fold_ahead(known));
            if !stored? {
                return Ok(None);
            }
            self.passed_to(from);
            self.describe().await?;
            let taken;
            (known, taken) = ahead?;
            if !taken.stopped.is_empty() {
                return Ok(None);
            }
            if known.next_position == from {
                return Ok(Some(known));
            }
            waiting = taken.moves;
        }
    }

    async fn store(&self, moves: &Moves) -> Result<bool, StoreError> {
        if moves.moves.is_empty() { Ok(true) } else { moves.store(self.log().store(), self.log().organisation()).await }
    }

    /// Folds the next events, on a thread where nobody waits for anything else. What they touch and was folded before, but may not
    /// be stored yet, is still known.
    async fn fold_ahead(&self, mut known: Kept) -> Result<(Kept, Taken), ProjectionError> {
        let (store, organisation, from) = (self.log().store(), self.log().organisation(), known.next_position);
        let page = Page::read(&mut Source::Outside(store), organisation, from, FAR).await?;
        let touched = load(&mut Source::Outside(store), organisation, &mut known.folds, &page).await?;
        let folded = tokio::task::spawn_blocking(move || {
            let taken = fold(&mut known.folds, &page, &touched);
            known.advance_ahead(page.end(from), from);
            (known, taken)
        });
        folded.await.map_err(|_| ProjectionError::Log(LogError::Lost))
    }
}
