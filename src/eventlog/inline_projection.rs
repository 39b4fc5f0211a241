//! Inline projection: view rows written in the transaction of the events that they derive from.
//!
//! It is used while this process's projector state is at the end of the log, or close enough behind
//! it that the tail cache has the events between. A client then reads its own write without waiting
//! for the projector. If it cannot be used the events are written without rows, and the projector
//! adds them later.
//!
//! The writer claims a lease ([`InlineProjection::try_lease`]), folds the batch
//! ([`InlineLease::fold_batch`]), and calls [`InlineLease::finish`] after the commit. The
//! implementation is the projector's shared state in `projections`.

use futures::future::BoxFuture;

use crate::store::events::EventRow;
use crate::store::projection_commit::ProjectionCommit;
use crate::store::{StoreError, Tx};

/// Projector state that an append can update together with its events.
pub trait InlineProjection: Send + Sync {
    /// Takes an exclusive lease on the projector state. Returns `None`, without waiting, if the
    /// projector has it, or if no state is cached.
    fn try_lease(&self) -> Option<Box<dyn InlineLease>>;
}

/// Exclusive lease on the projector state during an append. Dropping it after a successful
/// [`Self::fold_batch`], without calling [`Self::finish`], discards the cached state: the projector
/// then reads its positions from the database again.
pub trait InlineLease: Send {
    /// The position of the next event to fold.
    fn next_position(&self) -> i64;

    /// Folds `between`, the events after the state's position that are already in the log, and then
    /// `events`, the ones being appended. Returns `None` if a projection fails on an event: then
    /// the events must be written without rows.
    ///
    /// Rows that are not cached are read through `tx`. Without a transaction this fails with
    /// [`StoreError::CacheMiss`], and the state is unchanged.
    fn fold_batch<'a>(
        &'a mut self,
        tx: Option<&'a mut Tx>,
        organisation: &'a str,
        between: &'a [EventRow],
        events: &'a [EventRow],
    ) -> BoxFuture<'a, Result<Option<ProjectionCommit>, StoreError>>;

    /// Call after the commit: keeps the new state, and notifies those who wait for the read models.
    fn finish(self: Box<Self>);
}
