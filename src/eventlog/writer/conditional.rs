//! The optimistic path: a batch that is resolved from the head cache, and written if the head is
//! unchanged.

use super::in_doubt::{IfNotWritten, InDoubtCommit};
use super::{Append, Step, ViewRows, WriterTask};
use crate::store::events::{self, WriteError, WriteOutcome};

impl WriterTask {
    /// Everything that keeps the batch from being written leads to the locked path: the cache must
    /// not reject an append.
    pub(super) async fn write_if_head_matches(&mut self, appends: &[Append]) -> Step {
        const LOCKED: Step = Step::Locked(ViewRows::Included);
        let Some((head, snapshot)) = self.head_cache.snapshot(&self.organisation, appends) else {
            return LOCKED;
        };
        let Ok(batch) = self.resolve(appends, head, snapshot) else {
            return LOCKED;
        };
        if batch.accepted.len() < appends.len() {
            return LOCKED;
        }
        let rows = batch.rows(&self.organisation);
        let Ok(inline) = self.fold_inline(None, head, &rows.events).await else {
            return LOCKED;
        };
        let stored = rows.to_store(inline.as_ref().map(|(_, views)| views), Some(head));
        match events::write_if_head_matches(&self.store, &self.organisation, &stored).await {
            Ok(WriteOutcome::NotWritten) => LOCKED,
            Ok(wrote) => {
                let before = self.head_cache.take_head();
                self.after_commit(before, batch, rows, inline, wrote)
            }
            Err(WriteError::BeforeCommit(error)) => {
                tracing::debug!(%error, "a conditional write failed");
                LOCKED
            }
            Err(WriteError::InDoubt(cause)) => {
                self.head_cache.take_head();
                Step::InDoubt(InDoubtCommit {
                    cause,
                    outcomes: batch.outcomes,
                    if_not_written: IfNotWritten::WriteUnderLock,
                })
            }
        }
    }
}
