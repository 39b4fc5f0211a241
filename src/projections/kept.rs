//! What a process knows of its views from one batch to the next: its follower goes on from there,
//! and so do its appends, which bring the views along.

use std::sync::Arc;
use std::time::Instant;

use futures::future::BoxFuture;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::batch::{Fold, Page, Taken, take};
use crate::log::along::{Along, Claimed};
use crate::store::events::EventRow;
use crate::store::moves::Moves;
use crate::store::{Source, StoreError, Tx};

/// Valid for as long as nobody else moves the checkpoints.
pub(super) struct Kept {
    pub(super) next_position: i64,
    pub(super) folds: Vec<Fold>,
    /// When it was last held against what is stored.
    pub(super) looked: Instant,
    /// An append brought it here.
    pub(super) brought: bool,
}

/// What is kept, if anything is, and how far the views are as far as this process knows.
#[derive(Clone, Default)]
pub(super) struct Shared {
    pub(super) kept: Arc<Mutex<Option<Kept>>>,
    pub(super) progress: Arc<watch::Sender<i64>>,
}

impl Kept {
    /// What was just found stored: every fold will read next at this position.
    pub(super) fn looked_up(next_position: i64, folds: Vec<Fold>) -> Self {
        Self {
            next_position,
            folds,
            looked: Instant::now(),
            brought: false,
        }
    }

    /// Notes that everything has moved to a position.
    pub(super) fn advance(&mut self, next: i64) {
        self.advance_ahead(next, next);
    }

    /// The same, where what was folded since another position is not stored yet.
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

/// The views, while an append that brings them along is under way.
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
            // A view that cannot be made is for the follower to stop, and keeps nobody from
            // writing.
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
