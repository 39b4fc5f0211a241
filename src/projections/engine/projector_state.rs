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

use crate::eventlog::inline_projection::{InlineLease, InlineProjection};
use crate::projections::engine::event_batch::{
    EventPage, FoldOutput, GenerationState, load_and_fold,
};
use crate::store::events::EventRow;
use crate::store::projection_commit::ProjectionCommit;
use crate::store::{Executor, StoreError, Tx};

/// Positions and cached rows of all live projections. Valid as long as no other process advances a
/// position.
pub(in crate::projections) struct ProjectorState {
    pub(in crate::projections) next_position: i64,
    pub(in crate::projections) generations: Vec<GenerationState>,
    /// When it was last compared with the stored positions.
    pub(in crate::projections) checked_at: Instant,
    /// Whether an append advanced it last, not the projector.
    pub(in crate::projections) advanced_inline: bool,
}

/// The state, if there is one, and the progress of the views as far as this process knows.
#[derive(Clone, Default)]
pub(in crate::projections) struct SharedState {
    pub(in crate::projections) state: Arc<Mutex<Option<ProjectorState>>>,
    pub(in crate::projections) progress: Arc<watch::Sender<i64>>,
}

impl ProjectorState {
    /// The state after the stored positions were read. All generations are at `next_position`.
    pub(in crate::projections) fn from_stored(
        next_position: i64,
        generations: Vec<GenerationState>,
    ) -> Self {
        Self {
            next_position,
            generations,
            checked_at: Instant::now(),
            advanced_inline: false,
        }
    }

    /// Advances all generations to a position.
    pub(in crate::projections) fn advance(&mut self, next: i64) {
        self.advance_unstored(next, next);
    }

    /// Advances all generations to a position, and keeps the rows changed since `keep_since`, which
    /// are not stored yet.
    pub(in crate::projections) fn advance_unstored(&mut self, next: i64, keep_since: i64) {
        self.next_position = next;
        for fold in &mut self.generations {
            fold.advance_to(next, keep_since);
        }
    }
}

impl SharedState {
    pub(in crate::projections) fn set_progress(&self, next: i64) {
        self.progress
            .send_if_modified(|seen| std::mem::replace(seen, next) != next);
    }
}

impl InlineProjection for SharedState {
    fn try_lease(&self) -> Option<Box<dyn InlineLease>> {
        let kept = Arc::clone(&self.state).try_lock_owned().ok()?;
        let next_position = kept.as_ref()?.next_position;
        Some(Box::new(InlineUpdate {
            shared: self.clone(),
            guard: kept,
            next_position,
            folded: None,
        }))
    }
}

/// The lease of an append on the state, until its transaction has ended. If it is dropped after
/// events were folded, without a report that they are stored, the state is lost, and the projector
/// starts again.
struct InlineUpdate {
    shared: SharedState,
    guard: OwnedMutexGuard<Option<ProjectorState>>,
    next_position: i64,
    folded: Option<ProjectorState>,
}

impl InlineLease for InlineUpdate {
    fn next_position(&self) -> i64 {
        self.next_position
    }

    fn fold_batch<'a>(
        &'a mut self,
        tx: Option<&'a mut Tx>,
        organisation: &'a str,
        between: &'a [EventRow],
        events: &'a [EventRow],
    ) -> BoxFuture<'a, Result<Option<ProjectionCommit>, StoreError>> {
        Box::pin(async move {
            let Some(mut known) = self.guard.take() else {
                return Ok(None);
            };
            let page = EventPage::decode(between.iter().chain(events));
            let mut source = tx.map(Executor::Transaction);
            let FoldOutput {
                commit: moves,
                failures: stopped,
            } = match load_and_fold(source.as_mut(), organisation, &mut known.generations, &page)
                .await
            {
                Ok(taken) => taken,
                Err(error) => {
                    *self.guard = Some(known);
                    return Err(error);
                }
            };
            // A failing projection must not prevent the append. The events are written without view
            // rows, and the projector records the failure.
            if !stopped.is_empty() {
                return Ok(None);
            }
            self.next_position = page.end(self.next_position);
            self.folded = Some(known);
            Ok(Some(moves))
        })
    }

    fn finish(mut self: Box<Self>) {
        if let Some(mut known) = self.folded.take() {
            known.advance(self.next_position);
            known.advanced_inline = true;
            *self.guard = Some(known);
            self.shared.set_progress(self.next_position);
        }
    }
}
