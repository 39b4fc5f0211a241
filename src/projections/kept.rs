//! The projector's state in memory, shared by the projector and by inline projection.
//!
//! # Lock
//!
//! A mutex gives the state to one of them at a time. The projector waits for it. An append only
//! tries to lock it, and holds it until its transaction has ended; if the projector is at work, the
//! append is not projected inline.
//!
//! # Losing the state
//!
//! Either of them removes the state, and puts it back once the rows are stored. If they are not,
//! the state stays empty, and the projector starts again from the stored rows. Only if an append
//! could not load rows, and so folded nothing, is the state put back unchanged.

use std::sync::Arc;
use std::time::Instant;

use futures::future::BoxFuture;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::batch::{Fold, Page, Taken, take};
use crate::log::along::{Along, Claimed};
use crate::store::events::EventRow;
use crate::store::moves::Moves;
use crate::store::{Source, StoreError, Tx};

/// Positions and cached rows of all live projections. Valid as long as no other process advances a
/// position.
pub(super) struct Kept {
    pub(super) next_position: i64,
    pub(super) folds: Vec<Fold>,
    /// When it was last compared with the stored positions.
    pub(super) looked: Instant,
    /// Whether an append advanced it last, not the projector.
    pub(super) brought: bool,
}

/// The state, if there is one, and the progress of the views as far as this process knows.
#[derive(Clone, Default)]
pub(super) struct Shared {
    pub(super) kept: Arc<Mutex<Option<Kept>>>,
    pub(super) progress: Arc<watch::Sender<i64>>,
}

impl Kept {
    /// The state after the stored positions were read. All generations are at `next_position`.
    pub(super) fn looked_up(next_position: i64, folds: Vec<Fold>) -> Self {
        Self {
            next_position,
            folds,
            looked: Instant::now(),
            brought: false,
        }
    }

    /// Advances all generations to a position.
    pub(super) fn advance(&mut self, next: i64) {
        self.advance_ahead(next, next);
    }

    /// Advances all generations to a position, and keeps the rows changed since `keep_since`, which
    /// are not stored yet.
    pub(super) fn advance_ahead(&mut self, next: i64, keep_since: i64) {
        self.next_position = next;
        for fold in &mut self.folds {
            fold.moved(next, keep_since);
        }
    }
}

impl Shared {
    pub(super) fn passed_to(&self, next: i64) {
        self.progress
            .send_if_modified(|seen| std::mem::replace(seen, next) != next);
    }
}

impl Along for Shared {
    fn claim(&self) -> Option<Box<dyn Claimed>> {
        let kept = Arc::clone(&self.kept).try_lock_owned().ok()?;
        let next_position = kept.as_ref()?.next_position;
        Some(Box::new(UnderWay {
            shared: self.clone(),
            kept,
            next_position,
            known: None,
        }))
    }
}

/// The lease of an append on the state, until its transaction has ended. If it is dropped after
/// events were folded, without a report that they are stored, the state is lost, and the projector
/// starts again.
struct UnderWay {
    shared: Shared,
    kept: OwnedMutexGuard<Option<Kept>>,
    next_position: i64,
    known: Option<Kept>,
}

impl Claimed for UnderWay {
    fn next_position(&self) -> i64 {
        self.next_position
    }

    fn take<'a>(
        &'a mut self,
        tx: Option<&'a mut Tx>,
        organisation: &'a str,
        between: &'a [EventRow],
        events: &'a [EventRow],
    ) -> BoxFuture<'a, Result<Option<Moves>, StoreError>> {
        Box::pin(async move {
            let Some(mut known) = self.kept.take() else {
                return Ok(None);
            };
            let page = Page::of(between.iter().chain(events));
            let mut source = tx.map(Source::Within);
            let Taken { moves, stopped } =
                match take(source.as_mut(), organisation, &mut known.folds, &page).await {
                    Ok(taken) => taken,
                    Err(error) => {
                        *self.kept = Some(known);
                        return Err(error);
                    }
                };
            // A failing projection must not prevent the append. The events are written without view
            // rows, and the projector records the failure.
            if !stopped.is_empty() {
                return Ok(None);
            }
            self.next_position = page.end(self.next_position);
            self.known = Some(known);
            Ok(Some(moves))
        })
    }

    fn stored(mut self: Box<Self>) {
        if let Some(mut known) = self.known.take() {
            known.advance(self.next_position);
            known.brought = true;
            *self.kept = Some(known);
            self.shared.passed_to(self.next_position);
        }
    }
}
