//! Group commit: collects the appends that are written in one transaction.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::{Append, BATCH_MAX, ReplySender};

/// The longest wait for as many appends as the previous batch had.
const LINGER_MAX: Duration = Duration::from_micros(150);

/// Fills `batch` with waiting appends. Returns `false` once the queue is closed and empty.
///
/// It lingers until the batch is as large as the previous one, or [`LINGER_MAX`] is over. Callers
/// that were answered together come back together; without the wait the first of them would be
/// committed alone while the others wait for that. A single caller never waits.
pub(super) async fn next_batch(
    waiting: &mut mpsc::Receiver<(Append, ReplySender)>,
    batch: &mut Vec<(Append, ReplySender)>,
    previous: usize,
) -> bool {
    if waiting.recv_many(batch, BATCH_MAX).await == 0 {
        return false;
    }
    let since = Instant::now();
    while batch.len() < previous.min(BATCH_MAX) && since.elapsed() < LINGER_MAX {
        tokio::task::yield_now().await;
        while batch.len() < BATCH_MAX
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
    }
    true
}
